#include "scatter_update.h"

#include "move.h"

int vt_scatter_update_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1], *updates = &e->in[2];
    int64_t axis = vt_eval_axis(vt_get_i64(&e->in[3], 0), data->rank), picks = vt_tensor_count(index), at;
    struct vt_lines l = vt_lines_of(data, axis);

    if (vt_tensor_count(updates) != l.outer * picks * l.inner) {
        return vt_fail(e->err, VT_E_SHAPE, "input 2 (updates) has %lld elements, wanted %lld",
                       (long long)vt_tensor_count(updates), (long long)(l.outer * picks * l.inner));
    }
    vt_move_run(&e->out[0], 0, data, 0, vt_tensor_count(data));
    for (int64_t k = 0; k < picks; k++) {
        if (!vt_wrap_index(vt_get_i64(index, k), l.n, &at)) {
            return vt_fail(e->err, VT_E_RANGE, "index %lld is outside of the %lld elements of axis %lld",
                           (long long)vt_get_i64(index, k), (long long)l.n, (long long)axis);
        }
        for (int64_t o = 0; o < l.outer; o++) {
            vt_move_run(&e->out[0], (o * l.n + at) * l.inner, updates, (o * picks + k) * l.inner, l.inner);
        }
    }
    return VT_OK;
}
