#include "slice.h"

#include "move.h"

int vt_slice_ranges(struct vt_eval *e, int first, struct vt_slice_range *ranges)
{
    const struct vt_tensor *src = &e->in[0];
    bool has_axes = e->n_in > first + 3 && e->in[first + 3].type != VT_DYNAMIC;
    int64_t n = vt_tensor_count(&e->in[first]);

    for (int i = 0; i < src->rank; i++) {
        ranges[i] = (struct vt_slice_range){0, 1, src->dims[i]};
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t axis = vt_eval_axis(has_axes ? vt_get_i64(&e->in[first + 3], i) : i, src->rank);

        ranges[axis] = vt_slice_range_of(vt_get_i64(&e->in[first], i), vt_get_i64(&e->in[first + 1], i),
                                         vt_get_i64(&e->in[first + 2], i), src->dims[axis]);
    }
    return VT_OK;
}

/* The block of input 0's shape that the ranges pick. */
static int64_t block(const struct vt_tensor *t, const struct vt_slice_range *ranges, int64_t *dims,
                     int64_t *strides)
{
    int64_t base = 0;

    vt_strides(t, strides);
    for (int i = 0; i < t->rank; i++) {
        /* Of one element or none the step may be any number. */
        base += ranges[i].count ? ranges[i].first * strides[i] : 0;
        strides[i] = ranges[i].count > 1 ? strides[i] * ranges[i].step : 0;
        dims[i] = ranges[i].count;
    }
    return base;
}

int vt_slice_ref(struct vt_eval *e)
{
    struct vt_slice_range ranges[VT_MAX_RANK];
    int64_t dims[VT_MAX_RANK], from[VT_MAX_RANK], to[VT_MAX_RANK], base;

    vt_slice_ranges(e, 1, ranges);
    base = block(&e->in[0], ranges, dims, from);
    vt_move_strides(e->in[0].rank, dims, to);
    vt_move_block(e->in[0].rank, dims, &e->out[0], 0, to, &e->in[0], base, from);
    return VT_OK;
}

int vt_slice_scatter_ref(struct vt_eval *e)
{
    struct vt_slice_range ranges[VT_MAX_RANK];
    int64_t dims[VT_MAX_RANK], from[VT_MAX_RANK], to[VT_MAX_RANK], base;

    vt_slice_ranges(e, 2, ranges);
    base = block(&e->in[0], ranges, dims, to);
    vt_move_strides(e->in[0].rank, dims, from);
    vt_move_run(&e->out[0], 0, &e->in[0], 0, vt_tensor_count(&e->in[0]));
    vt_move_block(e->in[0].rank, dims, &e->out[0], base, to, &e->in[1], 0, from);
    return VT_OK;
}
