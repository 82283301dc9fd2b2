#include "conv_shape.h"

#include "shape.h"

#include <strings.h>

static bool has_attr(const struct vt_node *node, const char *name)
{
    for (const struct vt_attr_def *a = node->op->attrs; a && a->name; a++) {
        if (strcmp(a->name, name) == 0) {
            return true;
        }
    }
    return false;
}

int vt_window_spatial(const struct vt_node *node)
{
    static const char *const names[] = {"kernel", "strides", "dilations", "pads_begin", "pads_end"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        int64_t n = 0;

        if (has_attr(node, names[i])) {
            vt_attr_i64s(node, names[i], &n);
        }
        if (n > 0 && n <= VT_MAX_SPATIAL) {
            return (int)n;
        }
    }
    return -1;
}

static int read_list(const struct vt_node *node, const char *name, int n, int64_t fallback, int64_t *list,
                     struct vt_error *err)
{
    int64_t have = 0;
    const int64_t *v = has_attr(node, name) ? vt_attr_i64s(node, name, &have) : NULL;

    if (have && have != n) {
        return vt_fail(err, VT_E_INVALID, "attribute %s has %lld numbers for %d spatial axes", name,
                       (long long)have, n);
    }
    for (int i = 0; i < n; i++) {
        list[i] = have ? v[i] : fallback;
    }
    return VT_OK;
}

static enum vt_auto_pad read_auto_pad(const struct vt_node *node)
{
    if (vt_attr_is(node, "auto_pad", "same_upper")) {
        return VT_PAD_SAME_UPPER;
    }
    if (vt_attr_is(node, "auto_pad", "same_lower")) {
        return VT_PAD_SAME_LOWER;
    }
    return vt_attr_is(node, "auto_pad", "valid") ? VT_PAD_VALID : VT_PAD_EXPLICIT;
}

int vt_window_read(const struct vt_node *node, int n, struct vt_window *w, struct vt_error *err)
{
    int status = VT_OK;

    *w = (struct vt_window){.n = n, .auto_pad = read_auto_pad(node)};
    status = status ? status : read_list(node, "kernel", n, 1, w->kernel, err);
    status = status ? status : read_list(node, "strides", n, 1, w->stride, err);
    status = status ? status : read_list(node, "dilations", n, 1, w->dilation, err);
    status = status ? status : read_list(node, "pads_begin", n, 0, w->pad_begin, err);
    status = status ? status : read_list(node, "pads_end", n, 0, w->pad_end, err);
    status = status ? status : read_list(node, "output_padding", n, 0, w->output_padding, err);
    if (has_attr(node, "rounding_type")) {
        w->rounding = vt_attr_is(node, "rounding_type", "ceil")         ? VT_ROUND_CEIL
                      : vt_attr_is(node, "rounding_type", "ceil_torch") ? VT_ROUND_CEIL_TORCH
                                                                        : VT_ROUND_FLOOR;
    }
    for (int i = 0; i < n && w->auto_pad != VT_PAD_EXPLICIT; i++) {
        w->pad_begin[i] = w->pad_end[i] = 0; /* ignored; "same" is resolved with the extents */
    }
    return status;
}

/* Positions of a window over `in` elements, padding included; 0 where it does not fit. */
static int64_t positions(const struct vt_window *w, int axis, int64_t in, int64_t kernel)
{
    int64_t stride = w->stride[axis], room, n;

    if (__builtin_add_overflow(in, w->pad_begin[axis] + w->pad_end[axis], &room)) {
        return INT64_MAX;
    }
    room -= (kernel - 1) * w->dilation[axis] + 1;
    if (room < 0) {
        return 0;
    }
    n = w->rounding == VT_ROUND_FLOOR ? room / stride : room / stride + (room % stride != 0);
    if (w->rounding == VT_ROUND_CEIL_TORCH && n * stride >= in + w->pad_begin[axis]) {
        n--;
    }
    return n + 1;
}

/* "same" gives one position a stride. Rounding up may add one more, where the kernel is shorter than the
 * stride. */
static struct vt_dim same_out(const struct vt_window *w, int axis, struct vt_dim in, struct vt_dim kernel)
{
    int64_t stride = w->stride[axis];
    struct vt_dim out = {in.min / stride + (in.min % stride != 0),
                         in.max < 0 ? -1 : in.max / stride + (in.max % stride != 0)};

    if (w->rounding != VT_ROUND_FLOOR && vt_dim_is_static(kernel)) {
        struct vt_window padded = *w;

        vt_window_resolve(&padded, axis, in.min, out.min, kernel.min, false);
        if (vt_dim_is_static(in)) {
            return vt_dim_fixed(positions(&padded, axis, in.min, kernel.min));
        }
        out.max += out.max >= 0;
    }
    return out;
}

int vt_window_out(const struct vt_window *w, int axis, struct vt_dim in, struct vt_dim kernel,
                  struct vt_dim *out, struct vt_error *err)
{
    *out = vt_dim_any();
    if (w->auto_pad == VT_PAD_SAME_UPPER || w->auto_pad == VT_PAD_SAME_LOWER) {
        *out = same_out(w, axis, in, kernel);
        return VT_OK;
    }
    if (!vt_dim_is_static(kernel)) {
        return VT_OK;
    }
    if (kernel.min < 1 || kernel.min > INT32_MAX) {
        return vt_fail(err, VT_E_SHAPE, "the kernel has %lld elements on spatial axis %d",
                       (long long)kernel.min, axis);
    }
    if (in.max >= 0 && positions(w, axis, in.max, kernel.min) == 0) {
        return vt_fail(
            err, VT_E_SHAPE,
            "a kernel of %lld with dilation %lld does not fit %lld elements padded by %lld and %lld "
            "(spatial axis %d)",
            (long long)kernel.min, (long long)w->dilation[axis], (long long)in.max,
            (long long)w->pad_begin[axis], (long long)w->pad_end[axis], axis);
    }
    out->min = positions(w, axis, in.min, kernel.min);
    out->max = in.max < 0 ? -1 : positions(w, axis, in.max, kernel.min);
    if (out->min == 0) {
        out->min = 1; /* a run with fewer elements than the kernel fails */
    }
    return VT_OK;
}

int vt_window_back(const struct vt_window *w, int axis, struct vt_dim in, struct vt_dim kernel,
                   struct vt_dim *out, struct vt_error *err)
{
    int64_t extra, lo, hi = -1;

    *out = vt_dim_any();
    if (!vt_dim_is_static(kernel)) {
        return VT_OK;
    }
    if (kernel.min < 1 || kernel.min > INT32_MAX) {
        return vt_fail(err, VT_E_SHAPE, "the kernel has %lld elements on spatial axis %d",
                       (long long)kernel.min, axis);
    }
    extra = (kernel.min - 1) * w->dilation[axis] + 1 - w->pad_begin[axis] - w->pad_end[axis] +
            w->output_padding[axis];
    if ((in.max >= 0 && __builtin_mul_overflow(in.max - 1, w->stride[axis], &hi)) ||
        __builtin_mul_overflow(in.min - 1, w->stride[axis], &lo) || __builtin_add_overflow(lo, extra, &lo) ||
        (in.max >= 0 && __builtin_add_overflow(hi, extra, &hi))) {
        return vt_fail(err, VT_E_SHAPE, "spatial axis %d gets too large", axis);
    }
    if (in.max >= 0 && hi < 0) {
        return vt_fail(err, VT_E_SHAPE, "spatial axis %d would have %lld elements", axis, (long long)hi);
    }
    if (lo < 1 && !vt_dim_is_static(in)) {
        lo = 1; /* nothing comes from nothing */
    }
    *out = (struct vt_dim){lo < 0 ? 0 : lo, in.max < 0 ? -1 : hi};
    return VT_OK;
}

void vt_window_resolve(struct vt_window *w, int axis, int64_t large, int64_t small, int64_t kernel,
                       bool transposed)
{
    int64_t stride = w->stride[axis], n = transposed ? small : large / stride + (large % stride != 0);
    int64_t total = (n - 1) * stride + (kernel - 1) * w->dilation[axis] + 1 - large;
    bool more_before = (w->auto_pad == VT_PAD_SAME_LOWER) != transposed;

    if (w->auto_pad != VT_PAD_SAME_UPPER && w->auto_pad != VT_PAD_SAME_LOWER) {
        return;
    }
    total += transposed ? w->output_padding[axis] : 0;
    total = total < 0 ? 0 : total;
    w->pad_begin[axis] = more_before ? total - total / 2 : total / 2;
    w->pad_end[axis] = total - w->pad_begin[axis];
}
