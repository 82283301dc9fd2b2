/* A BatchNormInference whose numbers are constants becomes a Multiply and an Add for each channel, which
 * convolutions take in front of them or behind, and element-wise chains too. */
#include "passes.h"

#include "element.h"
#include "match.h"

#include <math.h>

static const char *const pass = "split_batch_norm";

enum { GAMMA, BETA, MEAN, VARIANCE, NUMBERS };

#define MAX_CHANNELS ((int64_t)1 << 16)

/* A constant of one number a channel that broadcasts to `rank` axes,: gamma / sqrt(variance + eps), or beta -
 * mean times that. */
static struct vt_node *per_channel(struct vt_node *node, const struct vt_tensor *const *t, int rank,
                                   bool shift, struct vt_error *err)
{
    double eps = vt_attr_f64(node, "epsilon");
    int64_t dims[VT_MAX_RANK];
    struct vt_node *constant = NULL;
    struct vt_tensor c;

    for (int i = 0; i < rank - 1; i++) {
        dims[i] = i ? 1 : t[GAMMA]->dims[0];
    }
    vt_tensor_describe(&c, VT_F32, rank - 1, dims);
    if (vt_tensor_alloc(&c, err)) {
        return NULL;
    }
    for (int64_t i = 0; i < dims[0]; i++) {
        double a = vt_get_f64(t[GAMMA], i) / sqrt(vt_get_f64(t[VARIANCE], i) + eps);

        vt_set_f64(&c, i, shift ? vt_get_f64(t[BETA], i) - vt_get_f64(t[MEAN], i) * a : a);
    }
    constant = vt_constant_create(node->graph, node->name, &c, NULL, err);
    vt_tensor_free(&c);
    return constant;
}

/* The first opset has the data in the middle. */
static bool match(const struct vt_node *node, struct vt_port *data, const struct vt_tensor **t)
{
    static const int old[] = {0, 1, 3, 4}, now[] = {1, 2, 3, 4};
    const int *at;

    if (!vt_node_is(node, "BatchNormInference") || node->out[0].v.type != VT_F32) {
        return false;
    }
    at = node->op->opset < 5 ? old : now;
    *data = node->in[node->op->opset < 5 ? 2 : 0];
    for (int i = 0; i < NUMBERS; i++) {
        t[i] = vt_match_constant(node->in[at[i]]);
        if (!t[i] || t[i]->rank != 1 || t[i]->dims[0] != t[GAMMA]->dims[0] || !vt_is_float(t[i]->type)) {
            return false;
        }
    }
    return vt_match_is_f32(*data) && vt_port_output(*data)->v.shape.rank >= 2 && t[GAMMA]->dims[0] > 0 &&
           t[GAMMA]->dims[0] <= MAX_CHANNELS;
}

static int split(struct vt_node *node, struct vt_port data, const struct vt_tensor *const *t,
                 struct vt_error *err)
{
    int rank = vt_port_output(data)->v.shape.rank;
    struct vt_node *scale = per_channel(node, t, rank, false, err);
    struct vt_node *shift = per_channel(node, t, rank, true, err), *product, *sum = NULL;

    product = scale && shift ? vt_node_build(node->graph, "Multiply", 1, node->name, 2,
                                             (struct vt_port[]){data, vt_port_of(scale, 0)}, err)
                             : NULL;
    if (product && vt_node_infer(product, err) == VT_OK) {
        sum = vt_node_build(node->graph, "Add", 1, node->name, 2,
                            (struct vt_port[]){vt_port_of(product, 0), vt_port_of(shift, 0)}, err);
    }
    if (!sum) {
        return vt_failed(err);
    }
    return vt_rewrite_replace(pass, node, sum, err);
}

int vt_pass_split_batch_norm(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        const struct vt_tensor *t[NUMBERS];
        struct vt_port data;

        if (!graph->nodes[i]->dead && match(graph->nodes[i], &data, t)) {
            status = split(graph->nodes[i], data, t, err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
