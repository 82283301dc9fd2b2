/* Older and rarer forms of operations become the form that devices have kernels for: boolean masks of
 * attention, the first versions of Interpolate and MVN, reductions over axes that lie apart, limits of whole
 * numbers. */
#include "passes.h"

#include "element.h"
#include "interpolate.h"
#include "lines.h"
#include "match.h"

#include <math.h>

static const char *const pass = "common_forms";

static int rank_of(struct vt_port port)
{
    return vt_port_output(port)->v.shape.rank;
}

static struct vt_port number(const struct vt_node *node, float value, struct vt_error *err)
{
    struct vt_node *constant = vt_constant_f32(node->graph, node->name, value, err);

    return constant ? vt_port_of(constant, 0) : (struct vt_port){0};
}

/* ---- ScaledDotProductAttention: a score whose mask is false is minus infinity, and adding that is the same
 */

enum { MASK = 3 };

static bool has_boolean_mask(const struct vt_node *node)
{
    return node->n_in > MASK && node->in[MASK].node && !vt_attr_bool(node, "causal") &&
           vt_port_output(node->in[MASK])->v.type == VT_BOOLEAN && vt_match_is_f32(node->in[0]);
}

static int add_mask(struct vt_node *node, struct vt_error *err)
{
    struct vt_port zero, hidden;
    struct vt_node *mask;

    if (!has_boolean_mask(node)) {
        return VT_OK;
    }
    zero = number(node, 0, err);
    hidden = number(node, -INFINITY, err);
    mask = zero.node && hidden.node ? vt_node_build(node->graph, "Select", 1, node->name, 3,
                                                    (struct vt_port[]){node->in[MASK], zero, hidden}, err)
                                    : NULL;
    if (!mask || vt_node_infer(mask, err)) {
        return vt_failed(err);
    }
    return vt_node_set_input(node, MASK, vt_port_of(mask, 0)) ? vt_failed(err) : VT_OK;
}

/* ---- Interpolate-1 */

/* In the words of version 4. */
static int set_words(struct vt_node *now, const struct vt_interpolate *p)
{
    static const char *const modes[] = {[VT_NEAREST] = "nearest",
                                        [VT_LINEAR] = "linear",
                                        [VT_LINEAR_ONNX] = "linear_onnx",
                                        [VT_CUBIC] = "cubic"};
    static const char *const coordinates[] = {
        [VT_HALF_PIXEL] = "half_pixel", [VT_ASYMMETRIC] = "asymmetric", [VT_ALIGN_CORNERS] = "align_corners"};
    int status = vt_attr_set_str(now, "mode", modes[p->mode]);

    status = status ? status : vt_attr_set_str(now, "shape_calculation_mode", "sizes");
    status =
        status ? status : vt_attr_set_str(now, "coordinate_transformation_mode", coordinates[p->coordinates]);
    status = status ? status : vt_attr_set_str(now, "nearest_mode", "simple");
    return status ? status : vt_attr_set_f64(now, "cube_coeff", p->cube_coeff);
}

static int renew_interpolate(struct vt_node *node, struct vt_error *err)
{
    struct vt_interpolate p;
    struct vt_port scales, axes;
    struct vt_node *now;
    const int64_t *listed;
    int64_t n;

    if (node->op->opset >= 4 || rank_of(node->in[0]) < 0 ||
        vt_interpolate_read(node, node->n_in, rank_of(node->in[0]), &p, NULL) || p.mode == VT_AREA) {
        return VT_OK;
    }
    listed = vt_attr_i64s(node, "axes", &n);
    axes = vt_rewrite_i64s(node, n, listed, err);
    scales = number(node, 1, err); /* nobody looks at it */
    now = axes.node && scales.node
              ? vt_node_build(node->graph, "Interpolate", 4, node->name, 4,
                              (struct vt_port[]){node->in[0], node->in[1], scales, axes}, err)
              : NULL;
    if (!now || vt_rewrite_copy_attrs(now, node) || set_words(now, &p)) {
        return vt_failed(err);
    }
    return vt_rewrite_replace(pass, node, now, err);
}

/* ---- MVN of the second opset: all axes but the batch, or but batch and channels, unless some are listed */

static int renew_mvn(struct vt_node *node, struct vt_error *err)
{
    int64_t all[VT_MAX_RANK], n;
    const int64_t *listed;
    struct vt_port axes;
    struct vt_node *now;
    int rank = rank_of(node->in[0]), first = vt_attr_bool(node, "across_channels") ? 1 : 2;

    if (node->op->opset >= 6 || rank <= first) {
        return VT_OK;
    }
    listed = vt_attr_i64s(node, "reduction_axes", &n);
    for (int i = first; i < rank && n == 0; i++) {
        all[i - first] = i;
    }
    axes = n ? vt_rewrite_i64s(node, n, listed, err) : vt_rewrite_i64s(node, rank - first, all, err);
    now = axes.node ? vt_node_build(node->graph, "MVN", 6, node->name, 2,
                                    (struct vt_port[]){node->in[0], axes}, err)
                    : NULL;
    if (!now || vt_rewrite_copy_attrs(now, node)) {
        return vt_failed(err);
    }
    return vt_rewrite_replace(pass, node, now, err);
}

/* ---- reductions: over the last neighbours first, with what is left behind them, until the axes are
 * neighbours; each of these is the same in parts */

static bool in_parts(const struct vt_node *node)
{
    static const char *const ops[] = {"ReduceSum", "ReduceMean",       "ReduceMax",
                                      "ReduceMin", "ReduceProd",       "ReduceL1",
                                      "ReduceL2",  "ReduceLogicalAnd", "ReduceLogicalOr"};

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (vt_node_is(node, ops[i])) {
            return true;
        }
    }
    return false;
}

/* Axes of one element, which neither part others nor have to be reduced. */
static unsigned ones_of(const struct vt_pshape *shape)
{
    unsigned ones = 0;

    for (int i = 0; i < shape->rank; i++) {
        ones |= (unsigned)(vt_dim_is_static(shape->dims[i]) && shape->dims[i].min == 1) << i;
    }
    return ones;
}

/* The last run of neighbours in a mask. */
static unsigned last_run(unsigned mask, unsigned ones, int rank)
{
    unsigned run = 0;

    for (int i = rank - 1; i >= 0; i--) {
        if (mask >> i & 1) {
            run |= 1u << i;
        } else if (run && !(ones >> i & 1)) {
            break;
        }
    }
    return run;
}

static struct vt_node *reduce(const struct vt_node *node, struct vt_port x, unsigned mask, bool keep,
                              struct vt_error *err)
{
    int64_t axes[VT_MAX_RANK], n = 0;
    struct vt_port list;
    struct vt_node *now;

    for (int i = 0; i < VT_MAX_RANK; i++) {
        if (mask >> i & 1) {
            axes[n++] = i;
        }
    }
    list = vt_rewrite_i64s(node, n, axes, err);
    now = list.node ? vt_node_build(node->graph, node->op->name, node->op->opset, node->name, 2,
                                    (struct vt_port[]){x, list}, err)
                    : NULL;
    return now && vt_attr_set_i64(now, "keep_dims", keep) == VT_OK ? now : NULL;
}

static int divide_reduction(struct vt_node *node, struct vt_error *err)
{
    struct vt_port x = node->in[0];
    const struct vt_tensor *axes = vt_match_constant(node->in[1]);
    enum vt_type type = node->out[0].v.type;
    unsigned mask, ones, run;
    int rank = rank_of(x);
    struct vt_node *now;

    /* Parts of a mean or a length of whole numbers would be rounded. */
    if (rank < 0 || !axes || vt_axes_mask(axes, rank, &mask, NULL) ||
        (type != VT_F32 && type != VT_BOOLEAN)) {
        return VT_OK;
    }
    ones = ones_of(&vt_port_output(x)->v.shape);
    for (unsigned rest = mask & ~ones; run = last_run(rest, ones, rank), run != rest; rest &= ~run) {
        now = reduce(node, x, run, true, err);
        if (!now || vt_node_infer(now, err)) {
            return vt_failed(err);
        }
        x = vt_port_of(now, 0);
        ones |= run;
    }
    if (vt_match_same(x, node->in[0])) {
        return VT_OK;
    }
    now = reduce(node, x, mask, vt_attr_bool(node, "keep_dims"), err);
    return now ? vt_rewrite_replace(pass, node, now, err) : vt_failed(err);
}

/* ---- Clamp of whole numbers: by the greater and the smaller of two, which have loops for integers */

static struct vt_node *bound(struct vt_node *node, struct vt_port x, const char *op, double value,
                             struct vt_error *err)
{
    struct vt_node *constant = NULL;
    struct vt_tensor t;

    vt_tensor_describe(&t, node->out[0].v.type, 0, NULL);
    if (vt_tensor_alloc(&t, err) == VT_OK) {
        vt_set_i64(&t, 0, (int64_t)value);
        constant = vt_constant_create(node->graph, node->name, &t, NULL, err);
        vt_tensor_free(&t);
    }
    return constant ? vt_node_build(node->graph, op, 1, node->name, 2,
                                    (struct vt_port[]){x, vt_port_of(constant, 0)}, err)
                    : NULL;
}

static int clamp_whole(struct vt_node *node, struct vt_error *err)
{
    double low = ceil(vt_attr_f64(node, "min")), high = floor(vt_attr_f64(node, "max"));
    enum vt_type type = node->out[0].v.type;
    double limit = type == VT_I32 ? 0x1p31 : 0x1p53; /* beyond that doubles leave whole numbers out */
    struct vt_node *above, *now;

    if ((type != VT_I32 && type != VT_I64) || !(low <= high) || low < -limit || high >= limit) {
        return VT_OK;
    }
    above = bound(node, node->in[0], "Maximum", low, err);
    if (!above || vt_node_infer(above, err)) {
        return vt_failed(err);
    }
    now = bound(node, vt_port_of(above, 0), "Minimum", high, err);
    return now ? vt_rewrite_replace(pass, node, now, err) : vt_failed(err);
}

/* ---- the pass */

static int renew(struct vt_node *node, struct vt_error *err)
{
    if (vt_node_is(node, "ScaledDotProductAttention")) {
        return add_mask(node, err);
    }
    if (vt_node_is(node, "Interpolate")) {
        return renew_interpolate(node, err);
    }
    if (vt_node_is(node, "MVN")) {
        return renew_mvn(node, err);
    }
    if (vt_node_is(node, "Clamp")) {
        return clamp_whole(node, err);
    }
    return in_parts(node) ? divide_reduction(node, err) : VT_OK;
}

int vt_pass_common_forms(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        if (!graph->nodes[i]->dead) {
            status = renew(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
