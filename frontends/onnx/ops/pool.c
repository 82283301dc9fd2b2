/* Poolings. */
#include "extents.h"
#include "window.h"

#include <stdio.h>
#include <string.h>

/* What all poolings have. */
struct pool {
    struct onnx_value data;
    struct onnx_window w;
    int64_t kernel[ONNX_MAX_SPATIAL];
    bool ceil;
};

static int read_pool(struct onnx_node *n, struct pool *p)
{
    int count = 0, rank;
    const int64_t *kernel = onnx_attr_is(n, "kernel_shape", &count);

    *p = (struct pool){.data = onnx_in(n, 0)};
    rank = onnx_rank(n, p->data);
    if (!kernel) {
        return onnx_fail(n, VT_E_FORMAT, "attribute kernel_shape is missing");
    }
    if (onnx_window_read(n, rank < 0 ? count : rank - 2, &p->w)) {
        return onnx_status(n);
    }
    /* With auto_pad windows lie in what is there, so that there is nothing to round up. */
    p->ceil = onnx_attr_i(n, "ceil_mode", 0) != 0 && strcmp(p->w.auto_pad, "explicit") == 0;
    return onnx_spatial_list(n, "kernel_shape", p->w.spatial, 1, p->kernel);
}

static const char *pool_attrs(struct onnx_node *n, const struct pool *p, bool dilations)
{
    char *text = onnx_alloc(n, 1024);

    if (!text) {
        return "";
    }
    snprintf(text, 1024, "kernel=%s;rounding_type=%s;%s", onnx_list(n, p->kernel, p->w.spatial),
             p->ceil ? "ceil_torch" : "floor", onnx_window_attrs(n, &p->w, dilations));
    return text;
}

static bool dilated(const struct pool *p)
{
    for (int i = 0; i < p->w.spatial; i++) {
        if (p->w.dilation[i] != 1) {
            return true;
        }
    }
    return false;
}

/* ---- maximum */

/* Indices count the whole input with rows first; with storage_order 1 the elements of a plane are counted
 * with columns first. */
static struct onnx_value columns_first(struct onnx_node *n, const struct pool *p, struct onnx_value index)
{
    struct onnx_value extent[ONNX_MAX_SPATIAL], rest = index, step = onnx_i64(n, 1), out = ONNX_ABSENT;
    struct onnx_value place[ONNX_MAX_SPATIAL], whole = step;

    for (int i = p->w.spatial - 1; i >= 0; i--) {
        extent[i] = onnx_extent(n, p->data, 2 + i);
        place[i] = onnx_binary(n, "FloorMod", 1, rest, extent[i]);
        rest = onnx_div(n, rest, extent[i]);
        whole = onnx_mul(n, whole, extent[i]);
    }
    out = onnx_mul(n, rest, whole);
    for (int i = 0; i < p->w.spatial; i++) {
        out = onnx_add(n, out, onnx_mul(n, place[i], step));
        step = onnx_mul(n, step, extent[i]);
    }
    return out;
}

int onnx_max_pool(struct onnx_node *n)
{
    struct onnx_value v, index;
    struct pool p;

    if (read_pool(n, &p)) {
        return onnx_status(n);
    }
    v = onnx_op(n, "MaxPool", p.ceil ? 14 : 8, ONNX_IN(p.data), "%s;index_element_type=i64;axis=0",
                pool_attrs(n, &p, true));
    onnx_out(n, 0, v);
    if (onnx_has_out(n, 1)) {
        index = onnx_port(v, 1);
        onnx_out(n, 1, onnx_attr_i(n, "storage_order", 0) == 1 ? columns_first(n, &p, index) : index);
    }
    return onnx_status(n);
}

/* ---- average */

/* Rounding up lets windows stick out behind the padding, but none begins there. */
static struct onnx_value drop_late(struct onnx_node *n, const struct pool *p, struct onnx_value sums,
                                   const struct onnx_window *w)
{
    for (int i = 0; i < w->spatial; i++) {
        struct onnx_value room =
            onnx_add(n, onnx_extent(n, p->data, 2 + i), ONNX_I64S(n, w->begin[i] + w->stride[i] - 1));

        sums = onnx_op(n, "Slice", 8,
                       ONNX_IN(sums, ONNX_I64S(n, 0), onnx_div(n, room, ONNX_I64S(n, w->stride[i])),
                               ONNX_I64S(n, 1), ONNX_I64S(n, 2 + i)),
                       NULL);
    }
    return sums;
}

/* Zeros around the spatial axes that count as elements. */
static struct onnx_value padded(struct onnx_node *n, struct onnx_value v, struct onnx_window *w)
{
    int64_t begin[2 + ONNX_MAX_SPATIAL] = {0}, end[2 + ONNX_MAX_SPATIAL] = {0};

    for (int i = 0; i < w->spatial; i++) {
        begin[2 + i] = w->begin[i];
        end[2 + i] = w->end[i];
        w->begin[i] = w->end[i] = 0;
    }
    return onnx_op(n, "Pad", 1,
                   ONNX_IN(v, onnx_i64s(n, begin, 2 + w->spatial), onnx_i64s(n, end, 2 + w->spatial),
                           onnx_number_like(n, v, 0)),
                   "pad_mode=constant");
}

static bool has_pads(const struct onnx_window *w)
{
    for (int i = 0; i < w->spatial; i++) {
        if (w->begin[i] || w->end[i]) {
            return true;
        }
    }
    return false;
}

int onnx_average_pool(struct onnx_node *n)
{
    bool include = onnx_attr_i(n, "count_include_pad", 0) != 0;
    struct onnx_window w;
    struct onnx_value v;
    struct pool p, q;
    int opset;

    if (read_pool(n, &p)) {
        return onnx_status(n);
    }
    q = p;
    w = p.w;
    /* The padding counts, but not what rounding up adds behind it. */
    if (include && p.ceil && has_pads(&w)) {
        q.data = padded(n, p.data, &q.w);
        include = false;
    }
    opset = dilated(&q) ? 16 : q.ceil ? 14 : 1;
    v = onnx_op(n, "AvgPool", opset, ONNX_IN(q.data), "%s;exclude-pad=%s", pool_attrs(n, &q, opset == 16),
                include ? "false" : "true");
    return onnx_out(n, 0, q.data.node != p.data.node ? drop_late(n, &p, v, &w) : v);
}

/* ---- Lp */

/* p of the norm: a float in version 1 of the operators. */
static double order(struct onnx_node *n)
{
    double p = onnx_opset(n) < 2 ? onnx_attr_f(n, "p", 2) : (double)onnx_attr_i(n, "p", 2);

    if (!(p > 0)) {
        onnx_fail(n, VT_E_INVALID, "attribute p must be positive, not %g", p);
        return 1;
    }
    return p;
}

static struct onnx_value to_power(struct onnx_node *n, struct onnx_value v, double power)
{
    return power == 1 ? v : onnx_binary(n, "Power", 1, v, onnx_number_like(n, v, power));
}

/* Sums under windows: a convolution of every plane with ones. */
static struct onnx_value window_sums(struct onnx_node *n, const struct pool *p, struct onnx_value v)
{
    struct onnx_window w = p->w;
    struct onnx_value ones, planes, spatial = onnx_extents(n, v, 2, 2 + w.spatial);
    int64_t dims[2 + ONNX_MAX_SPATIAL] = {1, 1};

    planes = onnx_reshape_to(n, v, onnx_concat(n, ONNX_IN(ONNX_I64S(n, -1, 1), spatial), 0));
    for (int i = 0; i < w.spatial; i++) {
        dims[2 + i] = p->kernel[i];
        w.end[i] += p->ceil ? w.stride[i] - 1 : 0;
    }
    ones = onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number_like(n, v, 1), onnx_i64s(n, dims, 2 + w.spatial)),
                   "mode=numpy");
    planes = onnx_op(n, "Convolution", 1, ONNX_IN(planes, ones), "%s", onnx_window_attrs(n, &w, true));
    planes = p->ceil ? drop_late(n, p, planes, &w) : planes;
    return onnx_reshape_to(
        n, planes, onnx_concat(n, ONNX_IN(onnx_extents(n, v, 0, 2), onnx_extents(n, planes, 2, 0)), 0));
}

int onnx_lp_pool(struct onnx_node *n)
{
    double power = order(n);
    struct onnx_value v;
    struct pool p;

    if (read_pool(n, &p)) {
        return onnx_status(n);
    }
    v = to_power(n, onnx_unary(n, "Abs", 1, p.data), power);
    return onnx_out(n, 0, to_power(n, window_sums(n, &p, v), 1 / power));
}

/* ---- over all spatial axes */

static struct onnx_value over_spatial(struct onnx_node *n, const char *op, int opset, struct onnx_value v)
{
    return onnx_op(n, op, opset, ONNX_IN(v, onnx_axes_from(n, v, 2)), "keep_dims=true");
}

int onnx_global_average_pool(struct onnx_node *n)
{
    return onnx_out(n, 0, over_spatial(n, "ReduceMean", 1, onnx_in(n, 0)));
}

int onnx_global_max_pool(struct onnx_node *n)
{
    return onnx_out(n, 0, over_spatial(n, "ReduceMax", 1, onnx_in(n, 0)));
}

int onnx_global_lp_pool(struct onnx_node *n)
{
    struct onnx_value v = onnx_in(n, 0);
    double power = order(n);

    if (power == 1 || power == 2) {
        return onnx_out(n, 0, over_spatial(n, power == 1 ? "ReduceL1" : "ReduceL2", 4, v));
    }
    v = over_spatial(n, "ReduceSum", 1, to_power(n, onnx_unary(n, "Abs", 1, v), power));
    return onnx_out(n, 0, to_power(n, v, 1 / power));
}

/* ---- back from indices */

/* Extents (in - 1) stride + kernel - pads of the spatial axes. */
static struct onnx_value unpooled(struct onnx_node *n, const struct pool *p)
{
    int64_t more[ONNX_MAX_SPATIAL];

    for (int i = 0; i < p->w.spatial; i++) {
        more[i] = p->kernel[i] - p->w.stride[i] - p->w.begin[i] - p->w.end[i];
    }
    return onnx_concat(n,
                       ONNX_IN(onnx_extents(n, p->data, 0, 2),
                               onnx_add(n,
                                        onnx_mul(n, onnx_extents(n, p->data, 2, 2 + p->w.spatial),
                                                 onnx_i64s(n, p->w.stride, p->w.spatial)),
                                        onnx_i64s(n, more, p->w.spatial))),
                       0);
}

/* Zeros of the shape with the data at the places that the indices count. */
static struct onnx_value spread(struct onnx_node *n, struct onnx_value data, struct onnx_value index,
                                struct onnx_value shape)
{
    static const int64_t flat = -1;
    struct onnx_value count = onnx_op(n, "ReduceProd", 1, ONNX_IN(shape, ONNX_I64S(n, 0)), "keep_dims=true");
    struct onnx_value zeros =
        onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number_like(n, data, 0), count), "mode=numpy");

    zeros = onnx_op(n, "ScatterElementsUpdate", 3,
                    ONNX_IN(zeros, onnx_reshape(n, index, &flat, 1, false),
                            onnx_reshape(n, data, &flat, 1, false), onnx_i64(n, 0)),
                    NULL);
    return onnx_reshape_to(n, zeros, shape);
}

/* Indices count the elements of the extents that follow from the window. Others that the file asks for get
 * zeros at their ends. */
int onnx_max_unpool(struct onnx_node *n)
{
    struct onnx_value out, shape;
    struct pool p;

    if (read_pool(n, &p)) {
        return onnx_status(n);
    }
    shape = unpooled(n, &p);
    out = spread(n, p.data, onnx_in(n, 1), shape);
    if (onnx_has_in(n, 2)) {
        struct onnx_value more = onnx_sub(n, onnx_in(n, 2), shape);

        out = onnx_op(n, "Pad", 1,
                      ONNX_IN(out, onnx_mul(n, more, onnx_i64(n, 0)), more, onnx_number_like(n, out, 0)),
                      "pad_mode=constant");
    }
    return onnx_out(n, 0, out);
}
