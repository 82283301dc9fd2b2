/* PriorBox-1, PriorBox-8 and PriorBoxClustered-1: boxes around the cells of a grid. */
#include "prior_box.h"

#include "shape.h"

#include <math.h>

static bool has(const double *list, int n, double value)
{
    for (int i = 0; i < n; i++) {
        if (fabs(list[i] - value) < 1e-6) {
            return true;
        }
    }
    return false;
}

int vt_prior_ratios(const struct vt_node *node, double *ratios)
{
    int64_t n_given;
    const double *given = vt_attr_f64s(node, "aspect_ratio", &n_given);
    bool flip = vt_attr_bool(node, "flip");
    int n = 1;

    ratios[0] = 1;
    for (int64_t i = 0; i < n_given; i++) {
        for (int inverse = 0; inverse <= flip; inverse++) {
            double ratio = inverse ? 1 / given[i] : given[i];

            if (!(ratio > 0) || n == VT_PRIOR_RATIOS) {
                return -1;
            }
            if (!has(ratios, n, ratio)) {
                ratios[n++] = ratio;
            }
        }
    }
    return n;
}

#define MAX_COUNT (1 << 20)

static int64_t length(const struct vt_node *node, const char *name)
{
    int64_t n;

    vt_attr_f64s(node, name, &n);
    return n;
}

static int64_t count_plain(const struct vt_node *node)
{
    double ratios[VT_PRIOR_RATIOS], count;
    int n_ratios = vt_prior_ratios(node, ratios);
    int64_t fixed = length(node, "fixed_size"), fixed_ratio = length(node, "fixed_ratio"), n_density;
    int64_t n_min = length(node, "min_size"), n_max = length(node, "max_size");
    const double *density = vt_attr_f64s(node, "density", &n_density);

    if (n_ratios < 0 || n_max > n_min || (n_min == 0 && fixed == 0) || (fixed > 0 && n_density < fixed)) {
        return -1;
    }
    if (fixed > 0) {
        count = (double)n_ratios * (double)fixed;
    } else if (vt_attr_bool(node, "scale_all_sizes")) {
        count = (double)n_ratios * (double)n_min + (double)n_max;
    } else {
        count = (double)n_ratios + (double)n_min - 1;
    }
    for (int64_t i = 0; i < n_density; i++) {
        double boxes = trunc(density[i]) * trunc(density[i]) - 1;

        if (!(density[i] >= 1)) {
            return -1;
        }
        count += boxes * (double)(fixed_ratio > 0 ? fixed_ratio : n_ratios);
    }
    return count <= MAX_COUNT ? (int64_t)count : -1;
}

int64_t vt_prior_count(const struct vt_node *node)
{
    int64_t n;

    if (strcmp(node->op->name, "PriorBox") == 0) {
        return count_plain(node);
    }
    n = length(node, "width");
    return n == length(node, "height") && n <= MAX_COUNT ? n : -1;
}

static int check_sizes(struct vt_infer *c)
{
    for (int i = 0; i < 2; i++) {
        const struct vt_pshape *shape = &c->in[i]->shape;
        int status = vt_infer_integral(c, i, i == 0 ? "the grid" : "the image");

        if (status) {
            return status;
        }
        if (shape->rank >= 0 && (shape->rank != 1 || !vt_dim_can_be(shape->dims[0], 2))) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must be [height, width]", i);
        }
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = {2, {vt_dim_fixed(2), vt_dim_any()}};
    struct vt_dim grid[2] = {vt_dim_any(), vt_dim_any()};
    int64_t boxes = vt_prior_count(c->node), n_variance = length(c->node, "variance"), size[2];
    int status = check_sizes(c), n = 0;

    if (status) {
        return status;
    }
    if (boxes < 0) {
        return vt_fail(c->err, VT_E_INVALID, "the lists of sizes, ratios and densities do not fit together");
    }
    if (n_variance != 0 && n_variance != 1 && n_variance != 4) {
        return vt_fail(c->err, VT_E_INVALID, "variance must have 0, 1 or 4 elements, not %lld",
                       (long long)n_variance);
    }
    if (vt_infer_i64s(c, 0, size, 2, &n) && n == 2 && (size[0] < 0 || size[1] < 0)) {
        return vt_fail(c->err, VT_E_INVALID, "the grid (input 0) has a negative extent");
    }
    if (vt_infer_bounds(c, 0, grid, 2, &n) && n == 2) {
        for (int i = 0; i < 2; i++) {
            grid[i].min = grid[i].min < 0 ? 0 : grid[i].min;
        }
        out.dims[1] = vt_dim_mul(vt_dim_mul(grid[0], grid[1]), vt_dim_fixed(4 * boxes));
    }
    vt_infer_set(c, 0, VT_F32, &out);
    return VT_OK;
}

#define PLAIN_ATTRS                                                                                          \
    {"min_size", VT_ATTR_F64S}, {"max_size", VT_ATTR_F64S}, {"aspect_ratio", VT_ATTR_F64S},                  \
        {"flip", VT_ATTR_BOOL}, {"clip", VT_ATTR_BOOL}, {"step", VT_ATTR_F64},                               \
        {"offset", VT_ATTR_F64, .required = true}, {"variance", VT_ATTR_F64S},                               \
        {"scale_all_sizes", VT_ATTR_BOOL, .def.i = 1}, {"fixed_ratio", VT_ATTR_F64S},                        \
        {"fixed_size", VT_ATTR_F64S},                                                                        \
    {                                                                                                        \
        "density", VT_ATTR_F64S                                                                              \
    }

static const struct vt_attr_def attrs_1[] = {
    PLAIN_ATTRS,
    {0},
};

static const struct vt_attr_def attrs_8[] = {
    PLAIN_ATTRS,
    {"min_max_aspect_ratios_order", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

static const struct vt_attr_def clustered_attrs[] = {
    {"width", VT_ATTR_F64S},
    {"height", VT_ATTR_F64S},
    {"clip", VT_ATTR_BOOL},
    {"step", VT_ATTR_F64},
    {"step_w", VT_ATTR_F64},
    {"step_h", VT_ATTR_F64},
    {"offset", VT_ATTR_F64, .required = true},
    {"variance", VT_ATTR_F64S},
    {0},
};

#define PRIOR(NAME, OPSET, ATTRS, EVAL)                                                                      \
    {                                                                                                        \
        .name = NAME, .opset = OPSET, .min_in = 2, .max_in = 2, .n_out = 1, .attrs = ATTRS, .infer = infer,  \
        .eval = EVAL                                                                                         \
    }

const struct vt_op_def vt_op_prior_box[] = {
    PRIOR("PriorBox", 1, attrs_1, vt_prior_box_ref),
    PRIOR("PriorBox", 8, attrs_8, vt_prior_box_ref),
    PRIOR("PriorBoxClustered", 1, clustered_attrs, vt_prior_box_clustered_ref),
    {0},
};
