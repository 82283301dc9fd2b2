#include "sparse_fill_empty_rows_unpacked.h"

#include "element.h"

#include <string.h>

static bool is_empty(const struct vt_eval *e, int64_t row, int64_t columns)
{
    for (int64_t i = row * columns; i < (row + 1) * columns; i++) {
        if (vt_get_i64(&e->in[0], i) != vt_get_i64(&e->in[1], i)) {
            return false;
        }
    }
    return true;
}

/* The default text is kept once, behind all others; the first entry of each empty row becomes it. */
int vt_sparse_fill_empty_rows_unpacked_ref(struct vt_eval *e)
{
    const struct vt_tensor *begins = &e->in[0], *symbols = &e->in[2], *filler = &e->in[3];
    int64_t rows = begins->dims[0], n = vt_tensor_count(begins), columns = rows ? n / rows : 0;
    int64_t plain = vt_tensor_count(symbols), total = plain, end = plain + vt_tensor_count(filler);
    int status;

    for (int64_t row = 0; row < rows && total == plain; row++) {
        total = columns && is_empty(e, row, columns) ? end : plain;
    }
    status = vt_eval_output(e, 0, begins->type, begins->rank, begins->dims);
    status = status ? status : vt_eval_output(e, 1, begins->type, begins->rank, begins->dims);
    status = status ? status : vt_eval_output(e, 2, VT_U8, 1, &total);
    status = status ? status : vt_eval_output(e, 3, VT_BOOLEAN, 1, &rows);
    if (status) {
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        vt_move_element(&e->out[0], i, begins, i);
        vt_move_element(&e->out[1], i, &e->in[1], i);
    }
    for (int64_t row = 0; row < rows; row++) {
        bool empty = is_empty(e, row, columns);

        vt_set_i64(&e->out[3], row, empty);
        if (empty && columns) {
            vt_set_i64(&e->out[0], row * columns, plain);
            vt_set_i64(&e->out[1], row * columns, end);
        }
    }
    if (plain) {
        memcpy(e->out[2].data, symbols->data, (size_t)plain);
    }
    if (total > plain) {
        memcpy((char *)e->out[2].data + plain, filler->data, (size_t)(total - plain));
    }
    return VT_OK;
}
