#include "strided_slice.h"

#include "graph.h"
#include "move.h"
#include "slice_range.h"

/* Range of one axis that the specification names. */
static int axis_range(struct vt_eval *e, const struct vt_strided_axis *a, int64_t n, struct vt_slice_range *r)
{
    bool has_step = e->n_in > 3 && e->in[3].type != VT_DYNAMIC;
    int64_t step = has_step ? vt_get_i64(&e->in[3], a->at) : 1;
    int64_t begin = vt_get_i64(&e->in[1], a->at), end = vt_get_i64(&e->in[2], a->at);

    if (a->shrink) {
        begin += a->whole_begin ? -begin : begin < 0 ? n : 0;
        if (n == 0) {
            return vt_fail(e->err, VT_E_RANGE, "an empty axis cannot be shrunk");
        }
        begin = begin < 0 ? 0 : begin >= n ? n - 1 : begin;
        *r = (struct vt_slice_range){begin, 1, 1};
        return VT_OK;
    }
    begin = a->whole_begin ? (step > 0 ? 0 : INT64_MAX) : begin;
    end = a->whole_end ? (step > 0 ? INT64_MAX : INT64_MIN) : end;
    *r = vt_slice_range_of(begin, end, step, n);
    return VT_OK;
}

int vt_strided_slice_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_strided_axis axes[VT_STRIDED_MAX_AXES];
    int64_t strides[VT_MAX_RANK], dims[VT_MAX_RANK], to[VT_MAX_RANK], from[VT_MAX_RANK], base = 0;
    int n = (int)vt_tensor_count(&e->in[1]), count = vt_strided_axes(e->node, src->rank, n, axes), rank = 0;

    vt_strides(src, strides);
    for (int i = 0; i < count; i++) {
        struct vt_slice_range r = {0, 1, 1};

        if (axes[i].src < 0) {
            dims[rank] = 1;
            from[rank++] = 0;
            continue;
        }
        if (axes[i].at < 0) {
            r.count = src->dims[axes[i].src];
        } else {
            int status = axis_range(e, &axes[i], src->dims[axes[i].src], &r);

            if (status) {
                return status;
            }
        }
        base += r.first * strides[axes[i].src];
        if (!axes[i].shrink) {
            dims[rank] = r.count;
            from[rank++] = r.step * strides[axes[i].src];
        }
    }
    vt_move_strides(rank, dims, to);
    vt_move_block(rank, dims, &e->out[0], 0, to, src, base, from);
    return VT_OK;
}
