#include "tile.h"

#include "move.h"

/* Each output axis is seen as (repeat, element), of which only the element moves in the source. */
int vt_tile_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t dims[VT_MOVE_MAX_RANK], from[VT_MOVE_MAX_RANK], to[VT_MOVE_MAX_RANK], strides[VT_MAX_RANK];
    int rank = e->out[0].rank;

    vt_strides(src, strides);
    for (int i = 0; i < rank; i++) {
        int s = i - (rank - src->rank);
        int64_t n = s < 0 ? 1 : src->dims[s];

        dims[2 * i] = n ? e->out[0].dims[i] / n : 0;
        from[2 * i] = 0;
        dims[2 * i + 1] = n;
        from[2 * i + 1] = s < 0 ? 0 : strides[s];
    }
    vt_move_strides(2 * rank, dims, to);
    vt_move_block(2 * rank, dims, &e->out[0], 0, to, src, 0, from);
    return VT_OK;
}
