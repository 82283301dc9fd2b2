#include "concat.h"

#include "move.h"

int vt_concat_ref(struct vt_eval *e)
{
    int64_t axis = vt_eval_axis(vt_attr_i64(e->node, "axis"), e->out[0].rank), at = 0;
    struct vt_lines to = vt_lines_of(&e->out[0], axis);

    for (int i = 0; i < e->n_in; i++) {
        int64_t n = e->in[i].dims[axis];

        for (int64_t o = 0; o < to.outer; o++) {
            vt_move_run(&e->out[0], (o * to.n + at) * to.inner, &e->in[i], o * n * to.inner, n * to.inner);
        }
        at += n;
    }
    return VT_OK;
}
