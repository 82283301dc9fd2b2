/* Convolutions take in what follows them: batch normalisation, scales and biases per channel as two vectors
 * (the weights stay the views into the model's file that they are), then activations and a residual sum. */
#include "passes.h"

#include "fusion.h"
#include "match.h"

static const struct {
    const char *op, *fused;
    bool grouped, transposed;
} kinds[] = {
    {"Convolution", "FusedConvolution", false, false},
    {"GroupConvolution", "FusedConvolution", true, false},
    {"FusedConvolution", "FusedConvolution", false, false},
    {"ConvolutionBackpropData", "FusedConvolutionBackpropData", false, true},
    {"GroupConvolutionBackpropData", "FusedConvolutionBackpropData", true, true},
    {"FusedConvolutionBackpropData", "FusedConvolutionBackpropData", false, true},
};

static int kind_of(const struct vt_node *node)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (vt_node_is(node, kinds[i].op)) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_grouped(const struct vt_node *node, int kind)
{
    return node->op->opset == 0 ? vt_attr_bool(node, "grouped") : kinds[kind].grouped;
}

/* Output channels, 0 when they are not known. */
static int64_t channels_of(const struct vt_node *node, int kind)
{
    const struct vt_pshape *w = &vt_port_output(node->in[1])->v.shape;
    bool grouped = is_grouped(node, kind);
    int at = (grouped ? 1 : 0) + (kinds[kind].transposed ? 1 : 0);
    int64_t n;

    if (w->rank < (grouped ? 3 : 2) || !vt_dim_is_static(w->dims[at]) || !vt_dim_is_static(w->dims[0])) {
        return 0;
    }
    if (!grouped) {
        return w->dims[at].min;
    }
    return __builtin_mul_overflow(w->dims[0].min, w->dims[at].min, &n) ? 0 : n;
}

/* A number, a constant per channel, or another feature map of the result's very shape. */
static bool accept(const void *ctx, struct vt_port operand)
{
    const struct vt_fusion *f = ctx;

    if (vt_match_constant(operand)) {
        return vt_fusion_per_column(f, operand);
    }
    return vt_match_same_shape(&vt_port_output(operand)->v.shape, &f->root->out[0].v.shape);
}

/* The spatial shape that a transposed convolution is told by an input becomes an attribute. False when it is
 * no constant. */
static bool take_output_shape(const struct vt_node *root, struct vt_node *now)
{
    int64_t shape[VT_MAX_RANK];
    int n;

    if (root->op->opset == 0 || root->n_in < 3 || !root->in[2].node) {
        return true;
    }
    return vt_match_i64s(root->in[2], shape, VT_MAX_RANK, &n) &&
           vt_attr_set_i64s(now, "output_shape", n, shape) == VT_OK;
}

static int fuse(struct vt_fusion *f, int kind, struct vt_error *err)
{
    struct vt_node *now = vt_fusion_build(f, kinds[kind].fused, err);

    if (!now) {
        return vt_failed(err);
    }
    if (!take_output_shape(f->root, now)) {
        vt_rewrite_prune(now);
        return VT_OK;
    }
    if (f->root->op->opset) {
        vt_attr_set_i64(now, "grouped", kinds[kind].grouped);
    }
    return vt_fusion_replace(f, now, err);
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    struct vt_fusion f;
    int kind = kind_of(node), status;

    if (kind < 0 || node->out[0].v.type != VT_F32 || node->out[0].v.shape.rank < 3 ||
        !vt_op_find(kinds[kind].fused, 0)) {
        return VT_OK;
    }
    status = vt_fusion_init(&f, "fuse_conv", node, 1, channels_of(node, kind), accept, err);
    if (status == VT_OK) {
        vt_fusion_extend(&f);
        status = f.n_taken ? fuse(&f, kind, err) : VT_OK;
        vt_fusion_finish(&f);
    }
    return status;
}

int vt_pass_fuse_conv(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err);

    /* From the back: of two convolutions that are added up, the later one takes the sum in. */
    for (int i = graph->n_nodes - 1; i >= 0 && status == VT_OK; i--) {
        if (!graph->nodes[i]->dead) {
            status = visit(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
