#include "shuffle_channels.h"

#include "move.h"

int vt_shuffle_channels_ref(struct vt_eval *e)
{
    int64_t axis = vt_eval_axis(vt_attr_i64(e->node, "axis"), e->in[0].rank),
            group = vt_attr_i64(e->node, "group");
    struct vt_lines l = vt_lines_of(&e->in[0], axis);
    int64_t per = l.n / group;

    /* [outer, group, per, inner] -> [outer, per, group, inner] */
    const int64_t dims[] = {l.outer, per, group, l.inner};
    const int64_t from[] = {l.n * l.inner, l.inner, per * l.inner, 1};
    int64_t to[4];

    vt_move_strides(4, dims, to);
    vt_move_block(4, dims, &e->out[0], 0, to, &e->in[0], 0, from);
    return VT_OK;
}
