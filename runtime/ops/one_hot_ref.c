#include "one_hot.h"

#include "graph.h"
#include "move.h"

int vt_one_hot_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    bool wrap = e->node->op->opset >= 16 && vt_attr_is(e->node, "negative_indices_mode", "normalize");
    struct vt_lines l = vt_lines_of(dst, vt_eval_axis(vt_attr_i64(e->node, "axis"), dst->rank));
    int64_t n = vt_tensor_count(&e->in[0]);

    for (int64_t i = 0; i < vt_tensor_count(dst); i++) {
        vt_move_element(dst, i, &e->in[3], 0);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t k = vt_get_i64(&e->in[0], i);

        k += wrap && k < 0 ? l.n : 0;
        if (k >= 0 && k < l.n) {
            vt_move_element(dst, (i / l.inner * l.n + k) * l.inner + i % l.inner, &e->in[2], 0);
        }
    }
    return VT_OK;
}
