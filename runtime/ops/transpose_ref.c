#include "transpose.h"

#include "move.h"

int vt_transpose_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    int64_t from[VT_MAX_RANK], src_strides[VT_MAX_RANK], to[VT_MAX_RANK];
    bool reversed = vt_tensor_count(&e->in[1]) == 0;

    vt_strides(src, src_strides);
    vt_strides(dst, to);
    for (int i = 0; i < src->rank; i++) {
        int64_t axis = reversed ? src->rank - 1 - i : vt_eval_axis(vt_get_i64(&e->in[1], i), src->rank);

        from[i] = src_strides[axis];
    }
    vt_move_block(src->rank, dst->dims, dst, 0, to, src, 0, from);
    return VT_OK;
}
