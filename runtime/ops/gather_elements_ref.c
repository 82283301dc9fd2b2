#include "gather_elements.h"

#include "move.h"

int vt_gather_elements_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1];
    int64_t axis = vt_eval_axis(vt_attr_i64(e->node, "axis"), data->rank), at;
    struct vt_lines from = vt_lines_of(data, axis), to = vt_lines_of(index, axis);

    for (int64_t o = 0; o < to.outer; o++) {
        for (int64_t i = 0; i < to.n; i++) {
            for (int64_t k = 0; k < to.inner; k++) {
                int64_t dst = (o * to.n + i) * to.inner + k;

                if (!vt_wrap_index(vt_get_i64(index, dst), from.n, &at)) {
                    return vt_fail(e->err, VT_E_RANGE,
                                   "index %lld is outside of the %lld elements of axis %lld",
                                   (long long)vt_get_i64(index, dst), (long long)from.n, (long long)axis);
                }
                vt_move_element(&e->out[0], dst, data, (o * from.n + at) * from.inner + k);
            }
        }
    }
    return VT_OK;
}
