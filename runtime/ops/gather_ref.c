#include "gather.h"

#include "graph.h"
#include "move.h"

/* Negative indices count from the back (from version 8 on; earlier versions leave them undefined). What is
 * out of range gives zeros, as in OpenVINO. */
int vt_gather_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1];
    struct vt_tensor *dst = &e->out[0];
    int64_t axis = vt_eval_axis(vt_get_i64(&e->in[2], 0), data->rank), middle = 1, picks = 1, at;
    int64_t batch =
        e->node->op->opset >= 7 ? vt_eval_axis(vt_attr_i64(e->node, "batch_dims"), index->rank) : 0;
    struct vt_lines l = vt_lines_of(data, axis);

    for (int64_t i = 0; i < axis; i++) {
        middle *= i < batch ? 1 : data->dims[i];
    }
    for (int64_t i = batch; i < index->rank; i++) {
        picks *= index->dims[i];
    }
    for (int64_t o = 0; o < l.outer; o++) {
        for (int64_t k = 0; k < picks; k++) {
            int64_t to = (o * picks + k) * l.inner;

            if (vt_wrap_index(vt_get_i64(index, o / middle * picks + k), l.n, &at)) {
                vt_move_run(dst, to, data, (o * l.n + at) * l.inner, l.inner);
            } else {
                vt_zero_run(dst, to, l.inner);
            }
        }
    }
    return VT_OK;
}
