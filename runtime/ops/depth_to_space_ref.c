#include "depth_to_space.h"

#include "move.h"

/* Both operations walk N, C, D1, b1, D2, b2, ...: in the tensor with large spatial axes (D, b) lie inside one
 * another, in the one with many channels the blocks are part of the channel axis. */
struct walk {
    int rank;
    int64_t dims[VT_MOVE_MAX_RANK], space[VT_MOVE_MAX_RANK], depth[VT_MOVE_MAX_RANK];
};

static void plan(struct walk *w, const struct vt_node *node, const struct vt_tensor *space,
                 const struct vt_tensor *depth)
{
    int64_t s[VT_MAX_RANK], d[VT_MAX_RANK], block = vt_attr_i64(node, "block_size");
    bool blocks_first = vt_attr_is(node, "mode", "blocks_first");
    int64_t step, channels = space->dims[1];

    vt_strides(space, s);
    vt_strides(depth, d);
    w->rank = 2 + 2 * (space->rank - 2);
    for (int i = 0; i < 2; i++) {
        w->dims[i] = space->dims[i];
        w->space[i] = s[i];
    }
    /* Channel of the deep tensor: (b1, b2, ..., c) with the blocks first, else (c, b1, b2, ...). */
    step = d[1] * (blocks_first ? channels : 1);
    for (int i = space->rank - 1; i >= 2; i--) {
        int at = 2 + 2 * (i - 2);

        w->dims[at] = depth->dims[i];
        w->space[at] = s[i] * block;
        w->depth[at] = d[i];
        w->dims[at + 1] = block;
        w->space[at + 1] = s[i];
        w->depth[at + 1] = step;
        step *= block;
    }
    w->depth[0] = d[0];
    w->depth[1] = blocks_first ? d[1] : step;
}

int vt_depth_to_space_ref(struct vt_eval *e)
{
    struct walk w;

    plan(&w, e->node, &e->out[0], &e->in[0]);
    vt_move_block(w.rank, w.dims, &e->out[0], 0, w.space, &e->in[0], 0, w.depth);
    return VT_OK;
}

int vt_space_to_depth_ref(struct vt_eval *e)
{
    struct walk w;

    plan(&w, e->node, &e->in[0], &e->out[0]);
    vt_move_block(w.rank, w.dims, &e->out[0], 0, w.depth, &e->in[0], 0, w.space);
    return VT_OK;
}
