/* Matrix products take in what follows them: with constant weights a scale and a bias per column, then
 * activations and a residual sum; between two activations numbers and masks that broadcast to the result. */
#include "passes.h"

#include "fusion.h"
#include "match.h"

#define MAX_BATCHED_RANK 5

/* One matrix of constant weights that serves every row of the left side. */
static bool has_weights(const struct vt_node *node)
{
    const struct vt_pshape *a = &vt_port_output(node->in[0])->v.shape;
    const struct vt_pshape *b = &vt_port_output(node->in[1])->v.shape;

    if (vt_attr_bool(node, "transpose_a") || b->rank < 2 || a->rank < b->rank ||
        !vt_match_constant_chain(node->in[1]) || vt_match_constant_chain(node->in[0])) {
        return false;
    }
    for (int i = 0; i < b->rank - 2; i++) {
        if (!vt_dim_is_static(b->dims[i]) || b->dims[i].min != 1) {
            return false;
        }
    }
    return true;
}

/* Per column, a number, or one value for each element of the result: rows of a product with weights have one
 * stride. */
static bool accept_with_weights(const void *ctx, struct vt_port operand)
{
    const struct vt_fusion *f = ctx;

    return vt_fusion_per_column(f, operand) ||
           vt_match_same_shape(&vt_port_output(operand)->v.shape, &f->root->out[0].v.shape);
}

static bool accept_any(const void *ctx, struct vt_port operand)
{
    const struct vt_fusion *f = ctx;

    return vt_match_fits(&vt_port_output(operand)->v.shape, &f->root->out[0].v.shape);
}

static int fuse(struct vt_fusion *f, struct vt_error *err)
{
    struct vt_node *now = vt_fusion_build(f, "FusedMatMul", err);

    if (!now) {
        return vt_failed(err);
    }
    return vt_fusion_replace(f, now, err);
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    const struct vt_pshape *out = &node->out[0].v.shape;
    struct vt_fusion f;
    bool weights;
    int64_t columns = 0;
    int status;

    if ((!vt_node_is(node, "MatMul") && !vt_node_is(node, "FusedMatMul")) || node->out[0].v.type != VT_F32 ||
        out->rank < 2 || vt_port_output(node->in[0])->v.shape.rank < 2 ||
        vt_port_output(node->in[1])->v.shape.rank < 2 || !vt_op_find("FusedMatMul", 0)) {
        return VT_OK;
    }
    weights = has_weights(node);
    if (weights && vt_dim_is_static(out->dims[out->rank - 1])) {
        columns = out->dims[out->rank - 1].min;
    } else if (!weights && out->rank > MAX_BATCHED_RANK) {
        return VT_OK;
    }
    status = vt_fusion_init(&f, "fuse_matmul", node, out->rank - 1, columns,
                            weights ? accept_with_weights : accept_any, err);
    if (status == VT_OK) {
        vt_fusion_extend(&f);
        status = f.n_taken ? fuse(&f, err) : VT_OK;
        vt_fusion_finish(&f);
    }
    return status;
}

int vt_pass_fuse_matmul(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err);

    /* From the back: of two products that are added up, the later one takes the sum in. */
    for (int i = graph->n_nodes - 1; i >= 0 && status == VT_OK; i--) {
        if (!graph->nodes[i]->dead) {
            status = visit(graph->nodes[i], err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
