#include "reverse.h"

#include "move.h"

int vt_reverse_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t from[VT_MAX_RANK], to[VT_MAX_RANK], base = 0, n = vt_tensor_count(&e->in[1]);
    bool mask = vt_attr_is(e->node, "mode", "mask"), back[VT_MAX_RANK] = {false};

    for (int64_t i = 0; i < n; i++) {
        int64_t v = vt_get_i64(&e->in[1], i);

        back[mask ? i : vt_eval_axis(v, src->rank)] |= mask ? v != 0 : true;
    }
    vt_strides(src, to);
    for (int i = 0; i < src->rank; i++) {
        from[i] = back[i] ? -to[i] : to[i];
        base += back[i] ? (src->dims[i] - 1) * to[i] : 0;
    }
    vt_move_block(src->rank, src->dims, &e->out[0], 0, to, src, base, from);
    return VT_OK;
}
