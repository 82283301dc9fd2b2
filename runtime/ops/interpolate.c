#include "interpolate.h"

#include "graph.h"
#include "shape.h"

#include <math.h>

static int read_pads(const struct vt_node *node, const char *name, int rank, int64_t *pads,
                     struct vt_error *err)
{
    int64_t n;
    const int64_t *v = vt_attr_i64s(node, name, &n);

    for (int64_t i = rank; i < n; i++) {
        if (v[i]) {
            return vt_fail(err, VT_E_INVALID, "attribute %s has %lld numbers for rank %d", name, (long long)n,
                           rank);
        }
    }
    for (int i = 0; i < rank; i++) {
        pads[i] = i < n ? v[i] : 0;
    }
    return VT_OK;
}

static int choice(const struct vt_node *node, const char *name, int n, const char *const *words)
{
    for (int i = 0; i < n; i++) {
        if (vt_attr_is(node, name, words[i])) {
            return i;
        }
    }
    return 0;
}

/* Version 1 asks for positions in words of its own. */
static void read_1(const struct vt_node *node, int rank, struct vt_interpolate *p)
{
    int64_t n;
    const int64_t *axes = vt_attr_i64s(node, "axes", &n);
    bool spatial = rank == 4 && n == 2 && axes[0] + axes[1] == 5 && (axes[0] == 2 || axes[0] == 3),
         padded = false;

    p->mode = vt_attr_is(node, "mode", "nearest") ? VT_NEAREST
              : vt_attr_is(node, "mode", "cubic") ? VT_CUBIC
              : vt_attr_is(node, "mode", "area")  ? VT_AREA
              : rank < 5                          ? VT_LINEAR_ONNX
                                                  : VT_LINEAR;
    for (int i = 0; i < rank; i++) {
        padded |= p->pad_begin[i] || p->pad_end[i];
    }
    p->nearest = VT_SIMPLE;
    p->coordinates = VT_ASYMMETRIC;
    p->cube_coeff = -0.75;
    if (vt_attr_bool(node, "align_corners")) {
        p->coordinates = VT_ALIGN_CORNERS;
    } else if ((p->mode == VT_LINEAR || p->mode == VT_LINEAR_ONNX) && !padded && !spatial) {
        p->coordinates = VT_HALF_PIXEL;
    }
    p->sizes = 1;
    p->scales = p->axes = -1;
}

int vt_interpolate_read(const struct vt_node *node, int n_in, int rank, struct vt_interpolate *p,
                        struct vt_error *err)
{
    static const char *const modes[] = {"nearest", "linear",          "linear_onnx",
                                        "cubic",   "bilinear_pillow", "bicubic_pillow"};
    static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "asymmetric",
                                              "tf_half_pixel_for_nn", "align_corners"};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil",
                                          "simple"};
    int opset = node->op->opset, status;

    *p = (struct vt_interpolate){0};
    status = read_pads(node, "pads_begin", rank, p->pad_begin, err);
    status = status ? status : read_pads(node, "pads_end", rank, p->pad_end, err);
    if (status || opset < 4) {
        read_1(node, rank, p);
        return status;
    }
    p->mode = (enum vt_resample)choice(node, "mode", 6, modes);
    p->coordinates = (enum vt_coordinates)choice(node, "coordinate_transformation_mode", 5, coordinates);
    p->nearest = (enum vt_nearest)choice(node, "nearest_mode", 5, nearest);
    p->by_scales = vt_attr_is(node, "shape_calculation_mode", "scales");
    p->cube_coeff = vt_attr_f64(node, "cube_coeff");
    p->sizes = 1;
    p->scales = opset >= 11 ? 1 : 2;
    p->axes = opset >= 11 ? 2 : 3;
    p->axes = p->axes < n_in ? p->axes : -1;
    return VT_OK;
}

/* ---- inference */

/* False when the axes are not known. */
static bool find_axes(struct vt_infer *c, const struct vt_interpolate *p, int rank, int64_t *axes, int *n)
{
    int64_t listed;
    const int64_t *v;

    if (c->node->op->opset < 4) {
        v = vt_attr_i64s(c->node, "axes", &listed);
        *n = listed > VT_MAX_RANK ? VT_MAX_RANK : (int)listed;
        memcpy(axes, v, (size_t)*n * sizeof(*axes));
        return true;
    }
    if (p->axes >= 0 && c->in[p->axes]) {
        return vt_infer_i64s(c, p->axes, axes, VT_MAX_RANK, n);
    }
    *n = rank;
    for (int i = 0; i < rank; i++) {
        axes[i] = i;
    }
    return true;
}

/* Rounded down in float, with the scale enlarged a little: this is how OpenVINO counts, and sizes must agree.
 */
static int64_t scaled(int64_t n, double scale)
{
    float v = floorf((float)n * ((float)scale + 1e-6f));

    if ((float)scale == 1.0f) {
        return n;
    }
    return isnan(v) || v < 0 ? 0 : v > 1e15f ? (int64_t)1e15 : (int64_t)v;
}

static int resize(struct vt_infer *c, const struct vt_interpolate *p, const int64_t *axes, int n,
                  struct vt_pshape *shape)
{
    struct vt_dim sizes[VT_MAX_RANK];
    double scales[VT_MAX_RANK];
    int count = 0, axis, source = p->by_scales ? p->scales : p->sizes;
    bool known = p->by_scales ? vt_infer_f64s(c, source, scales, VT_MAX_RANK, &count)
                              : vt_infer_bounds(c, source, sizes, VT_MAX_RANK, &count);

    if (known && count < n) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d has %d numbers for %d axes", source, count, n);
    }
    for (int i = 0; i < n; i++) {
        int status = vt_infer_axis(c, axes[i], shape->rank, &axis);
        struct vt_dim *d = &shape->dims[axis < 0 ? 0 : axis];

        if (status) {
            return status;
        }
        if (!known) {
            *d = vt_dim_any();
        } else if (p->by_scales) {
            *d = (struct vt_dim){scaled(d->min, scales[i]), d->max < 0 ? -1 : scaled(d->max, scales[i])};
        } else {
            *d = sizes[i];
            if (d->max == -1 ? d->min == -1 : d->max < 0) {
                return vt_fail(c->err, VT_E_RANGE, "input %d asks for a negative size on axis %d", source,
                               axis);
            }
            d->min = d->min < 0 ? 0 : d->min;
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape shape = c->in[0]->shape;
    struct vt_interpolate p;
    int64_t axes[VT_MAX_RANK];
    int n, status;

    if (shape.rank < 0) {
        vt_infer_unknown(c, 0, c->in[0]->type);
        return VT_OK;
    }
    status = vt_interpolate_read(c->node, c->n_in, shape.rank, &p, c->err);
    if (status) {
        return status;
    }
    for (int i = 0; i < shape.rank; i++) {
        shape.dims[i] = vt_dim_add(shape.dims[i], vt_dim_fixed(p.pad_begin[i] + p.pad_end[i]));
    }
    if (find_axes(c, &p, shape.rank, axes, &n)) {
        status = resize(c, &p, axes, n, &shape);
    } else {
        for (int i = 0; i < shape.rank; i++) {
            shape.dims[i] = vt_dim_any();
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &shape);
    return status;
}

static const struct vt_attr_def attrs_1[] = {
    {"axes", VT_ATTR_I64S, .required = true, .min = 0, .max = VT_MAX_RANK - 1},
    {"mode", VT_ATTR_STR, .required = true, .allowed = "nearest|linear|linear_onnx|cubic|area"},
    {"align_corners", VT_ATTR_BOOL, .def.i = 1},
    {"antialias", VT_ATTR_BOOL},
    {"pads_begin", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {"pads_end", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},
    {0},
};

#define ATTRS(MODES)                                                                                         \
    {"mode", VT_ATTR_STR, .required = true, .allowed = MODES},                                               \
        {"shape_calculation_mode", VT_ATTR_STR, .required = true, .allowed = "sizes|scales"},                \
        {"coordinate_transformation_mode", VT_ATTR_STR, .def.s = "half_pixel",                               \
         .allowed = "half_pixel|pytorch_half_pixel|asymmetric|tf_half_pixel_for_nn|align_corners"},          \
        {"nearest_mode", VT_ATTR_STR, .def.s = "round_prefer_floor",                                         \
         .allowed = "round_prefer_floor|round_prefer_ceil|floor|ceil|simple"},                               \
        {"antialias", VT_ATTR_BOOL}, {"pads_begin", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},               \
        {"pads_end", VT_ATTR_I64S, .min = 0, .max = INT32_MAX},                                              \
    {                                                                                                        \
        "cube_coeff", VT_ATTR_F64, .def.f = -0.75                                                            \
    }

static const struct vt_attr_def attrs_4[] = {
    ATTRS("nearest|linear|linear_onnx|cubic"),
    {0},
};

static const struct vt_attr_def attrs_11[] = {
    ATTRS("nearest|linear|linear_onnx|cubic|bilinear_pillow|bicubic_pillow"),
    {0},
};

const struct vt_op_def vt_op_interpolate[] = {
    {.name = "Interpolate",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs_1,
     .infer = infer,
     .eval = vt_interpolate_ref},
    {.name = "Interpolate",
     .opset = 4,
     .min_in = 3,
     .max_in = 4,
     .n_out = 1,
     .attrs = attrs_4,
     .infer = infer,
     .eval = vt_interpolate_ref},
    {.name = "Interpolate",
     .opset = 11,
     .min_in = 2,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs_11,
     .infer = infer,
     .eval = vt_interpolate_ref},
    {0},
};
