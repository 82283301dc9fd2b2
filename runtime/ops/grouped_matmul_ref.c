#include "grouped_matmul.h"

#include "element.h"

/* Row `row` of the source by matrix `group`. */
static void multiply(struct vt_eval *e, int64_t row, int64_t group)
{
    const struct vt_tensor *a = &e->in[0], *b = &e->in[1];
    int64_t inner = b->dims[2], columns = b->dims[1];

    for (int64_t n = 0; n < columns; n++) {
        int64_t at = (group * columns + n) * inner;
        double real = 0;
        uint64_t whole = 0;

        for (int64_t k = 0; k < inner; k++) {
            if (vt_is_integral(a->type)) {
                whole += (uint64_t)vt_get_i64(a, row * inner + k) * (uint64_t)vt_get_i64(b, at + k);
            } else {
                real += vt_get_f64(a, row * inner + k) * vt_get_f64(b, at + k);
            }
        }
        if (vt_is_integral(a->type)) {
            vt_set_i64(&e->out[0], row * columns + n, (int64_t)whole);
        } else {
            vt_set_f64(&e->out[0], row * columns + n, real);
        }
    }
}

/* Rows behind the last end belong to no group: zero. */
static int ragged(struct vt_eval *e)
{
    int64_t groups = e->in[1].dims[0], columns = e->in[1].dims[1], total = e->in[0].dims[0], row = 0;

    for (int64_t g = 0; g < groups; g++) {
        int64_t end = vt_get_i64(&e->in[2], g);

        if (end < row || end > total) {
            return vt_fail(e->err, VT_E_RANGE, "offsets[%lld] is %lld, outside of %lld to %lld", (long long)g,
                           (long long)end, (long long)row, (long long)total);
        }
        for (; row < end; row++) {
            multiply(e, row, g);
        }
    }
    for (int64_t i = row * columns; i < total * columns; i++) {
        vt_set_i64(&e->out[0], i, 0);
    }
    return VT_OK;
}

int vt_grouped_matmul_ref(struct vt_eval *e)
{
    int64_t rows = e->in[0].dims[1];

    if (e->in[0].rank == 2) {
        return ragged(e);
    }
    for (int64_t i = 0; i < e->in[0].dims[0] * rows; i++) {
        multiply(e, i, i / rows);
    }
    return VT_OK;
}
