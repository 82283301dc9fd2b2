/* What changes a tensor's shape and not its elements, and what asks for the shape. */
#include "parts.h"

int onnx_reshape_op(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), shape;
    int count = 0;

    if (onnx_opset(n) >= 5) {
        shape = onnx_in(n, 1);
    } else {
        const int64_t *dims = onnx_attr_is(n, "shape", &count);

        shape = onnx_i64s(n, dims, count);
    }
    return onnx_out(n, 0,
                    onnx_op(n, "Reshape", 1, ONNX_IN(x, shape), "special_zero=%s",
                            onnx_bool(!onnx_attr_i(n, "allowzero", 0))));
}

int onnx_flatten(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);

    return onnx_out(n, 0, onnx_flatten_at(n, x, onnx_attr_i(n, "axis", 1)));
}

/* Axes are an input from opset 13 on, an attribute before. Absent when there are none. */
static struct onnx_value axes_of(struct onnx_node *n)
{
    int count = 0;
    const int64_t *axes;

    if (onnx_opset(n) >= 13) {
        return onnx_in_opt(n, 1);
    }
    axes = onnx_attr_is(n, "axes", &count);
    return count ? onnx_i64s(n, axes, count) : ONNX_ABSENT;
}

int onnx_squeeze_axes(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), axes = axes_of(n);

    if (!axes.node || onnx_dim(n, axes, 0) == 0) {
        return onnx_out(n, 0, onnx_unary(n, "Squeeze", 1, x));
    }
    return onnx_out(n, 0, onnx_binary(n, "Squeeze", 1, x, axes));
}

int onnx_unsqueeze_axes(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), axes = axes_of(n);

    if (!axes.node && onnx_status(n) == VT_OK) {
        return onnx_fail(n, VT_E_INVALID, "axes are missing");
    }
    if (onnx_dim(n, axes, 0) == 0) {
        return onnx_out(n, 0, x);
    }
    return onnx_out(n, 0, onnx_binary(n, "Unsqueeze", 1, x, axes));
}

/* Without perm all axes turn round, which Transpose does for an empty order. */
int onnx_transpose_axes(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0);
    int64_t nothing = 0;
    int count = 0;
    const int64_t *perm = onnx_attr_is(n, "perm", &count);

    return onnx_out(n, 0, onnx_transpose(n, x, count ? perm : &nothing, count));
}

int onnx_shape_op(struct onnx_node *n)
{
    struct onnx_value shape = onnx_shape_of(n, onnx_in(n, 0));
    int64_t start = onnx_attr_i(n, "start", 0), end = onnx_attr_i(n, "end", INT64_MAX);

    if (start != 0 || end != INT64_MAX) {
        shape = onnx_slice_axis(n, shape, 0, start, end);
    }
    return onnx_out(n, 0, shape);
}

int onnx_size(struct onnx_node *n)
{
    struct onnx_value shape = onnx_shape_of(n, onnx_in(n, 0));

    return onnx_out(n, 0, onnx_reduce_axes(n, "ReduceProd", 1, shape, onnx_i64(n, 0), false));
}

int onnx_expand(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_broadcast(n, onnx_in(n, 0), onnx_in(n, 1), "bidirectional"));
}

int onnx_tile(struct onnx_node *n)
{
    return onnx_out(n, 0, onnx_binary(n, "Tile", 1, onnx_in(n, 0), onnx_in(n, 1)));
}

/* ---- blocks of pixels and channels */

static const char *block_mode(struct onnx_node *n)
{
    const char *mode = onnx_attr_s(n, "mode", "DCR");

    if (mode && strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0) {
        onnx_fail(n, VT_E_INVALID, "attribute mode is \"%s\"", mode);
    }
    return mode && strcmp(mode, "CRD") == 0 ? "depth_first" : "blocks_first";
}

static int blocks(struct onnx_node *n, const char *op)
{
    struct onnx_value x = onnx_in(n, 0);

    return onnx_out(n, 0,
                    onnx_op(n, op, 1, ONNX_IN(x), "mode=%s;block_size=%lld", block_mode(n),
                            (long long)onnx_attr_i(n, "blocksize", 0)));
}

int onnx_depth_to_space(struct onnx_node *n)
{
    return blocks(n, "DepthToSpace");
}

int onnx_space_to_depth(struct onnx_node *n)
{
    return blocks(n, "SpaceToDepth");
}
