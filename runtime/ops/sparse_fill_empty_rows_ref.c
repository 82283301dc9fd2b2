#include "sparse_fill_empty_rows.h"

#include "element.h"
#include "graph.h"
#include "heap.h"

struct sparse {
    const struct vt_tensor *values, *indices, *filler;
    int64_t n, rows, columns;
};

static int check(const struct sparse *s, struct vt_error *err)
{
    if (s->rows < 0 || s->columns < 0 || (s->columns == 0 && s->rows)) {
        return vt_fail(err, VT_E_INVALID, "dense_shape is [%lld, %lld]", (long long)s->rows,
                       (long long)s->columns);
    }
    for (int64_t i = 0; i < s->n; i++) {
        int64_t row = vt_get_i64(s->indices, 2 * i), column = vt_get_i64(s->indices, 2 * i + 1);

        if (row < 0 || row >= s->rows || column < 0 || column >= s->columns) {
            return vt_fail(err, VT_E_RANGE,
                           "indices[%lld] is [%lld, %lld], outside of dense_shape [%lld, %lld]", (long long)i,
                           (long long)row, (long long)column, (long long)s->rows, (long long)s->columns);
        }
    }
    return VT_OK;
}

/* Entries row by row, those of a row in their order; a row without any gets the default in column 0. */
static void fill(struct vt_eval *e, const struct sparse *s, const int64_t *count, int64_t *at)
{
    int64_t place = 0;

    for (int64_t row = 0; row < s->rows; row++) {
        vt_set_i64(&e->out[2], row, count[row] == 0);
        at[row] = place;
        if (count[row] == 0) {
            vt_set_i64(&e->out[0], 2 * place, row);
            vt_set_i64(&e->out[0], 2 * place + 1, 0);
            vt_move_element(&e->out[1], place, s->filler, 0);
        }
        place += count[row] ? count[row] : 1;
    }
    for (int64_t i = 0; i < s->n; i++) {
        int64_t to = at[vt_get_i64(s->indices, 2 * i)]++;

        vt_move_element(&e->out[0], 2 * to, s->indices, 2 * i);
        vt_move_element(&e->out[0], 2 * to + 1, s->indices, 2 * i + 1);
        vt_move_element(&e->out[1], to, s->values, i);
    }
}

int vt_sparse_fill_empty_rows_ref(struct vt_eval *e)
{
    struct sparse s = {&e->in[0], &e->in[2], &e->in[3], e->in[0].dims[0], 0, 0};
    int64_t total = s.n, dims[2] = {0, 2};
    int64_t *count;
    int status;

    s.rows = vt_get_i64(&e->in[1], 0);
    s.columns = vt_get_i64(&e->in[1], 1);
    status = check(&s, e->err);
    if (status) {
        return status;
    }
    count = s.rows < INT64_MAX / 32 ? vt_temp_zero((size_t)s.rows * 2 + 1, sizeof(*count)) : NULL;
    if (!count) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld rows", (long long)s.rows);
    }
    for (int64_t i = 0; i < s.n; i++) {
        count[vt_get_i64(s.indices, 2 * i)]++;
    }
    for (int64_t row = 0; row < s.rows; row++) {
        total += count[row] == 0;
    }
    dims[0] = total;
    status = vt_eval_output(e, 0, e->in[2].type, 2, dims);
    status = status ? status : vt_eval_output(e, 1, s.values->type, 1, &total);
    status = status ? status : vt_eval_output(e, 2, VT_BOOLEAN, 1, &s.rows);
    if (status == VT_OK) {
        fill(e, &s, count, count + s.rows);
    }
    vt_temp_free(count);
    return status;
}
