/* Boxes and their regions; grids and samples taken at their points. */
#include "extents.h"

#include <string.h>

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

/* ---- regions */

int onnx_max_roi_pool(struct onnx_node *n)
{
    int count = 0;
    const int64_t *size = onnx_attr_is(n, "pooled_shape", &count);

    if (!size || count != 2) {
        return onnx_fail(n, VT_E_FORMAT, "attribute pooled_shape must have 2 numbers");
    }
    return onnx_out(n, 0,
                    onnx_op(n, "ROIPooling", 2, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)),
                            "pooled_h=%lld;pooled_w=%lld;spatial_scale=%.9g;method=max", (long long)size[0],
                            (long long)size[1], onnx_attr_f(n, "spatial_scale", 1)));
}

int onnx_roi_align(struct onnx_node *n)
{
    const char *mode = onnx_attr_s(n, "mode", "avg"), *shift;

    shift = onnx_attr_s(n, "coordinate_transformation_mode",
                        onnx_opset(n) < 16 ? "output_half_pixel" : "half_pixel");
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    return onnx_out(
        n, 0,
        onnx_op(n, "ROIAlign", is(mode, "max") ? 0 : 9, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2)),
                "pooled_h=%lld;pooled_w=%lld;sampling_ratio=%lld;spatial_scale=%.9g;mode=%s;"
                "aligned_mode=%s",
                (long long)onnx_attr_i(n, "output_height", 1), (long long)onnx_attr_i(n, "output_width", 1),
                (long long)onnx_attr_i(n, "sampling_ratio", 0), onnx_attr_f(n, "spatial_scale", 1),
                is(mode, "max") ? "max_neighbour" : mode,
                is(shift, "half_pixel") ? "half_pixel_for_nn" : "asymmetric"));
}

/* Thresholds come as scalars or with one element. */
static struct onnx_value number_input(struct onnx_node *n, int input, enum vt_type type, double def)
{
    if (!onnx_has_in(n, input)) {
        return onnx_number(n, type, def);
    }
    return onnx_reshape(n, onnx_in(n, input), NULL, 0, false);
}

int onnx_non_max_suppression(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "NonMaxSuppression", 9,
                            ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), number_input(n, 2, VT_I64, 0),
                                    number_input(n, 3, VT_F32, 0), number_input(n, 4, VT_F32, -3.4028234e38)),
                            "box_encoding=%s;sort_result_descending=false;output_type=i64",
                            onnx_attr_i(n, "center_point_box", 0) ? "center" : "corner"));
}

int onnx_image_decoder(struct onnx_node *n)
{
    return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: decoding of pictures within a model");
}

/* ---- grids */

/* The points of an axis of `extent` elements between -1 and 1: of the outer elements' centres, or of their
 * outer borders. */
static struct onnx_value points(struct onnx_node *n, struct onnx_value extent, bool centres)
{
    struct onnx_value zero = onnx_number(n, VT_F32, 0), one = onnx_number(n, VT_F32, 1), step, i;
    struct onnx_value two = onnx_number(n, VT_F32, 2), size = onnx_convert(n, extent, VT_F32);

    i = onnx_op(n, "Range", 4, ONNX_IN(zero, onnx_squeeze(n, size, NULL, 0), one), "output_type=f32");
    if (centres) {
        step = onnx_div(n, two, onnx_binary(n, "Maximum", 1, onnx_sub(n, size, one), one));
        return onnx_sub(n, onnx_mul(n, i, step), one);
    }
    step = onnx_div(n, two, size);
    i = onnx_add(n, i, onnx_number(n, VT_F32, 0.5));
    return onnx_sub(n, onnx_mul(n, i, step), one);
}

/* theta [N, r, r + 1] times (x, y, [z], 1) at each point of a picture of r axes. */
int onnx_affine_grid(struct onnx_node *n)
{
    struct onnx_value theta = onnx_in(n, 0), size = onnx_in(n, 1), parts[4], spatial, grid;
    bool centres = onnx_attr_i(n, "align_corners", 0) != 0;
    int64_t axes = onnx_dim(n, theta, 1);

    axes = axes < 0 ? onnx_dim(n, size, 0) - 2 : axes;
    if (axes != 2 && axes != 3) {
        return onnx_fail(n, VT_E_SHAPE, "theta must be [N, 2, 3] or [N, 3, 4]");
    }
    spatial = onnx_slice_axis(n, size, 0, 2, 2 + axes);
    for (int i = 0; i < axes; i++) {
        struct onnx_value p = points(n, onnx_slice_axis(n, size, 0, 2 + i, 3 + i), centres);
        int64_t dims[4] = {1, 1, 1, 1};

        dims[i] = -1;
        p = onnx_reshape(n, p, dims, (int)axes + 1, false);
        parts[axes - 1 - i] =
            onnx_op(n, "Broadcast", 3, ONNX_IN(p, onnx_concat(n, ONNX_IN(spatial, ONNX_I64S(n, 1)), 0)),
                    "mode=numpy");
    }
    parts[axes] =
        onnx_op(n, "Broadcast", 3,
                ONNX_IN(onnx_number(n, VT_F32, 1), onnx_concat(n, ONNX_IN(spatial, ONNX_I64S(n, 1)), 0)),
                "mode=numpy");
    grid = onnx_concat(n, parts, (int)axes + 1, axes);
    grid = onnx_reshape(n, grid, (const int64_t[]){1, -1, axes + 1}, 3, false);
    grid = onnx_op(n, "MatMul", 1, ONNX_IN(onnx_convert_like(n, grid, theta), theta),
                   "transpose_a=false;transpose_b=true");
    return onnx_out(
        n, 0,
        onnx_reshape_to(n, grid,
                        onnx_concat(n, ONNX_IN(onnx_extent(n, theta, 0), spatial, ONNX_I64S(n, axes)), 0)));
}
