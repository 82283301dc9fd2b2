#include "split.h"

#include "move.h"

int vt_split_ref(struct vt_eval *e)
{
    int64_t axis = vt_eval_axis(vt_get_i64(&e->in[1], 0), e->in[0].rank), at = 0;
    struct vt_lines from = vt_lines_of(&e->in[0], axis);

    for (int i = 0; i < e->n_out; i++) {
        int64_t n = e->out[i].dims[axis];

        for (int64_t o = 0; o < from.outer; o++) {
            vt_move_run(&e->out[i], o * n * from.inner, &e->in[0], (o * from.n + at) * from.inner,
                        n * from.inner);
        }
        at += n;
    }
    return VT_OK;
}
