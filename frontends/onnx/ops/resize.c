/* Resizing of pictures. */
#include "extents.h"
#include "resample.h"

#include <string.h>

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

/* An input that is there and not known to be empty: files may give scales or sizes without elements. */
static struct onnx_value filled(struct onnx_node *n, int input)
{
    struct onnx_value v = onnx_in_opt(n, input);

    return v.node && onnx_dim(n, v, 0) == 0 && onnx_rank(n, v) == 1 ? ONNX_ABSENT : v;
}

/* ---- what Interpolate has */

static struct onnx_value interpolate(struct onnx_node *n, const char *mode, const char *coordinate,
                                     const char *nearest, double a, struct onnx_value scales,
                                     struct onnx_value sizes, struct onnx_value axes)
{
    struct onnx_value in[3] = {onnx_in(n, 0), scales.node ? scales : sizes, axes};

    return onnx_op(n, "Interpolate", 11, in, axes.node ? 3 : 2,
                   "mode=%s;shape_calculation_mode=%s;coordinate_transformation_mode=%s;nearest_mode=%s;"
                   "antialias=false;cube_coeff=%.9g",
                   is(mode, "linear") ? "linear_onnx" : mode, scales.node ? "scales" : "sizes", coordinate,
                   nearest, a);
}

/* Version 10 and its forerunner: x / scale, and for nearest the element before it, after it when shrinking.
 */
static int simple(struct onnx_node *n, struct onnx_value scales)
{
    const char *mode = onnx_attr_s(n, "mode", "nearest");

    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (!is(mode, "nearest") && !is(mode, "linear") && !is(mode, "bilinear")) {
        return onnx_fail(n, VT_E_INVALID, "attribute mode: there is no \"%s\"", mode);
    }
    return onnx_out(n, 0,
                    interpolate(n, is(mode, "nearest") ? mode : "linear", "asymmetric", "simple", -0.75,
                                onnx_convert(n, scales, VT_F32), ONNX_ABSENT, ONNX_ABSENT));
}

int onnx_upsample(struct onnx_node *n)
{
    int count = 0;
    const float *v = onnx_attr_fs(n, "scales", &count);
    int64_t dims[1] = {count};
    struct vt_tensor t;

    if (onnx_opset(n) >= 9) {
        return simple(n, onnx_in(n, 1));
    }
    if (!v) {
        return onnx_fail(n, VT_E_FORMAT, "attribute scales is missing");
    }
    vt_tensor_describe(&t, VT_F32, 1, dims);
    t.data = (void *)(uintptr_t)v;
    return simple(n, onnx_constant(n, &t));
}

/* ---- everything else */

static int read_words(struct onnx_node *n, struct onnx_resample *r)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    int known = 0;

    *r = (struct onnx_resample){.mode = onnx_attr_s(n, "mode", "nearest"),
                                .coordinate = onnx_attr_s(n, "coordinate_transformation_mode", "half_pixel"),
                                .nearest = onnx_attr_s(n, "nearest_mode", "round_prefer_floor"),
                                .cubic_a = (double)onnx_attr_f(n, "cubic_coeff_a", -0.75f),
                                .outside = (double)onnx_attr_f(n, "extrapolation_value", 0),
                                .antialias = onnx_attr_i(n, "antialias", 0) != 0,
                                .exclude_outside = onnx_attr_i(n, "exclude_outside", 0) != 0};
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    for (int i = 0; i < 3; i++) {
        known |= is(r->mode, modes[i]) ? 1 : 0;
    }
    for (int i = 0; i < 7; i++) {
        known |= is(r->coordinate, coordinates[i]) ? 2 : 0;
    }
    for (int i = 0; i < 4; i++) {
        known |= is(r->nearest, roundings[i]) ? 4 : 0;
    }
    if (known != 7) {
        return onnx_fail(n, VT_E_INVALID, "attribute %s: there is no \"%s\"",
                         !(known & 1)   ? "mode"
                         : !(known & 2) ? "coordinate_transformation_mode"
                                        : "nearest_mode",
                         !(known & 1)   ? r->mode
                         : !(known & 2) ? r->coordinate
                                        : r->nearest);
    }
    r->crop = is(r->coordinate, "tf_crop_and_resize");
    r->antialias &= !is(r->mode, "nearest");
    r->exclude_outside &= is(r->mode, "cubic") || r->antialias;
    return VT_OK;
}

static int read_axes(struct onnx_node *n, struct onnx_resample *r)
{
    int count = 0, rank = onnx_need_rank(n, onnx_in(n, 0));
    const int64_t *axes = onnx_attr_is(n, "axes", &count);

    if (axes && (count < 1 || count > rank)) {
        return onnx_fail(n, VT_E_INVALID, "attribute axes has %d numbers for %d axes", count, rank);
    }
    r->n_axes = axes ? count : rank;
    for (int i = 0; i < r->n_axes; i++) {
        r->axes[i] = axes ? (int)onnx_axis(n, axes[i], rank) : i;
    }
    return onnx_status(n);
}

static struct onnx_value element(struct onnx_node *n, struct onnx_value v, int i)
{
    return onnx_slice_axis(n, v, 0, i, i + 1);
}

/* Extents of all listed axes, in f64. */
static struct onnx_value listed_extents(struct onnx_node *n, const struct onnx_resample *r)
{
    int64_t axes[VT_MAX_RANK];
    struct onnx_value shape = onnx_extents(n, onnx_in(n, 0), 0, 0);

    for (int i = 0; i < r->n_axes; i++) {
        axes[i] = r->axes[i];
    }
    return onnx_convert(n, onnx_gather_axis(n, shape, onnx_i64s(n, axes, r->n_axes), 0), VT_F64);
}

/* The scale that all axes have under a policy other than "stretch", [1]. */
static struct onnx_value common_scale(struct onnx_node *n, struct onnx_value scales, const char *policy)
{
    return onnx_op(n, is(policy, "not_larger") ? "ReduceMin" : "ReduceMax", 1,
                   ONNX_IN(scales, ONNX_I64S(n, 0)), "keep_dims=true");
}

/* Whether the file gives this scale for 1, or the extent that the axis has. */
static bool stays(struct onnx_node *n, const struct onnx_resample *r, int i)
{
    const struct vt_tensor *t = onnx_tensor_of(n, filled(n, 2));
    int64_t count = 0;
    const int64_t *sizes;
    float scale;

    if (t && t->type == VT_F32 && vt_tensor_count(t) > i) {
        memcpy(&scale, (const float *)t->data + i, sizeof(scale));
        return scale == 1 && !r->crop;
    }
    sizes = t || !onnx_has_in(n, 3) ? NULL : onnx_known(n, onnx_in(n, 3), &count);
    return sizes && count > i && sizes[i] == onnx_dim(n, onnx_in(n, 0), r->axes[i]) && !r->crop &&
           is(onnx_attr_s(n, "keep_aspect_ratio_policy", "stretch"), "stretch");
}

static void split_numbers(struct onnx_node *n, struct onnx_resample *r, struct onnx_value sizes,
                          struct onnx_value scales, struct onnx_value roi)
{
    for (int i = 0; i < r->n_axes; i++) {
        r->stays[i] = stays(n, r, i);
        r->size[i] = element(n, sizes, i);
        r->scale[i] = element(n, scales, i);
        if (r->crop) {
            r->begin[i] = element(n, roi, i);
            r->end[i] = element(n, roi, i + r->n_axes);
        }
    }
}

static int resample(struct onnx_node *n, struct onnx_resample *r, struct onnx_value scales,
                    struct onnx_value sizes)
{
    const char *policy = onnx_attr_s(n, "keep_aspect_ratio_policy", "stretch");
    struct onnx_value in, roi = ONNX_ABSENT, half = onnx_number(n, VT_F64, 0.5);

    if (read_axes(n, r)) {
        return onnx_status(n);
    }
    in = listed_extents(n, r);
    if (r->crop) {
        roi = onnx_convert(n, onnx_in(n, 1), VT_F64);
    }
    if (scales.node) {
        scales = onnx_convert(n, scales, VT_F64);
        sizes = onnx_mul(n, in, scales);
        sizes = onnx_unary(n, "Floor", 1, sizes);
    } else {
        sizes = onnx_convert(n, sizes, VT_F64);
        scales = onnx_div(n, sizes, in);
        if (!is(policy, "stretch")) {
            scales = onnx_op(n, "Broadcast", 3,
                             ONNX_IN(common_scale(n, scales, policy), ONNX_I64S(n, r->n_axes)), "mode=numpy");
            sizes = onnx_unary(n, "Floor", 1, onnx_add(n, onnx_mul(n, scales, in), half));
        }
    }
    split_numbers(n, r, sizes, scales, roi);
    return onnx_out(n, 0, onnx_resample(n, onnx_in(n, 0), r));
}

/* Scales that are no whole numbers: where corners are aligned, ONNX then counts with a fraction of an element
 * at the end, which Interpolate does not. */
static bool uneven(struct onnx_node *n, struct onnx_value scales)
{
    const struct vt_tensor *t = onnx_tensor_of(n, scales);
    float scale;

    if (!t || t->type != VT_F32) {
        return scales.node != NULL;
    }
    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        memcpy(&scale, (const float *)t->data + i, sizeof(scale));
        if (scale != (float)(int64_t)scale) {
            return true;
        }
    }
    return false;
}

int onnx_resize(struct onnx_node *n)
{
    struct onnx_value scales, sizes, axes = ONNX_ABSENT;
    struct onnx_resample r;
    bool stretch;
    int count = 0;
    const int64_t *listed = onnx_attr_is(n, "axes", &count);

    if (onnx_opset(n) < 11) {
        return simple(n, onnx_in(n, 1));
    }
    scales = filled(n, 2);
    sizes = scales.node ? ONNX_ABSENT : filled(n, 3);
    if (read_words(n, &r)) {
        return onnx_status(n);
    }
    if (!scales.node && !sizes.node) {
        return onnx_fail(n, VT_E_FORMAT, "neither scales nor sizes");
    }
    stretch = scales.node || is(onnx_attr_s(n, "keep_aspect_ratio_policy", "stretch"), "stretch");
    stretch = stretch && !(is(r.coordinate, "align_corners") && uneven(n, scales));
    if (r.crop || r.antialias || r.exclude_outside || !stretch || is(r.coordinate, "half_pixel_symmetric")) {
        return resample(n, &r, scales, sizes);
    }
    axes = listed ? onnx_i64s(n, listed, count) : axes;
    return onnx_out(n, 0,
                    interpolate(n, r.mode, r.coordinate, r.nearest, r.cubic_a,
                                scales.node ? onnx_convert(n, scales, VT_F32) : scales, sizes, axes));
}
