#include "lines.h"

#include "element.h"
#include "heap.h"
#include "shape.h"

/* Linear indices of all places of the axes in `mask`, the others at 0. */
static int64_t *offsets(const struct vt_tensor *t, unsigned mask, int64_t *count)
{
    int64_t strides[VT_MAX_RANK], dims[VT_MAX_RANK], step[VT_MAX_RANK], index[VT_MAX_RANK] = {0};
    int64_t n = 0, *list;
    int rank = 0;

    vt_strides(t, strides);
    *count = 1;
    for (int i = 0; i < t->rank; i++) {
        if (mask >> i & 1) {
            dims[rank] = t->dims[i];
            step[rank++] = strides[i];
            *count *= t->dims[i];
        }
    }
    list = vt_temp_alloc((size_t)(*count + 1) * sizeof(*list));
    if (!list || *count == 0) {
        return list;
    }
    do {
        list[n] = 0;
        for (int i = 0; i < rank; i++) {
            list[n] += index[i] * step[i];
        }
        n++;
    } while (vt_next_index(rank, dims, index));
    return list;
}

int vt_lines_init(struct vt_lines *lines, const struct vt_tensor *t, unsigned mask, struct vt_error *err)
{
    lines->outer = offsets(t, ~mask, &lines->n_outer);
    lines->inner = offsets(t, mask, &lines->n_inner);
    if (!lines->outer || !lines->inner) {
        vt_lines_finish(lines);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

void vt_lines_finish(struct vt_lines *lines)
{
    vt_temp_free(lines->outer);
    vt_temp_free(lines->inner);
    lines->outer = lines->inner = NULL;
}

int vt_axes_mask(const struct vt_tensor *axes, int rank, unsigned *mask, struct vt_error *err)
{
    *mask = 0;
    for (int64_t i = 0; axes->type != VT_DYNAMIC && i < vt_tensor_count(axes); i++) {
        int64_t axis = vt_get_i64(axes, i);

        if (axis < -rank || axis >= rank) {
            return vt_fail(err, VT_E_RANGE, "axis %lld is outside of rank %d", (long long)axis, rank);
        }
        *mask |= 1u << (axis < 0 ? axis + rank : axis);
    }
    return VT_OK;
}

int vt_infer_axes(struct vt_infer *c, int input, int rank)
{
    enum vt_type type = c->in[input]->type;
    int64_t axes[VT_MAX_RANK];
    int n, normal, status = VT_OK;

    if (type != VT_DYNAMIC && !vt_is_integral(type)) {
        return vt_fail(c->err, VT_E_TYPE, "input %d must be of an integer type, not %s", input,
                       vt_type_info(type)->name);
    }
    if (c->in[input]->shape.rank > 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d must be a list of axes, not of rank %d", input,
                       c->in[input]->shape.rank);
    }
    if (!vt_infer_i64s(c, input, axes, VT_MAX_RANK, &n)) {
        return VT_OK;
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        status = vt_infer_axis(c, axes[i], rank, &normal);
    }
    return status;
}
