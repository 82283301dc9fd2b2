#include "broadcast.h"

#include "move.h"

/* Axis of the output that takes axis `i` of the input. */
static int64_t target_axis(const struct vt_eval *e, int i)
{
    if (vt_attr_is(e->node, "mode", "explicit") || vt_attr_is(e->node, "mode", "none")) {
        return vt_get_i64(&e->in[2], i);
    }
    return vt_attr_is(e->node, "mode", "pdpd") ? i : i + e->out[0].rank - e->in[0].rank;
}

int vt_broadcast_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t strides[VT_MAX_RANK], from[VT_MAX_RANK] = {0}, to[VT_MAX_RANK];

    vt_strides(src, strides);
    vt_strides(&e->out[0], to);
    for (int i = 0; i < src->rank; i++) {
        from[target_axis(e, i)] = src->dims[i] == 1 ? 0 : strides[i];
    }
    vt_move_block(e->out[0].rank, e->out[0].dims, &e->out[0], 0, to, src, 0, from);
    return VT_OK;
}
