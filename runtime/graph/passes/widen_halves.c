/* Models that compute in f16 or bf16 compute in f32 instead, for devices whose kernels do: what goes in and
 * out keeps its type, and a Convert stands behind the one and in front of the other. Results in between are
 * not rounded any more, so they are nearer to those of the formula.
 *
 * Variables, random numbers, bits and bodies keep their types, too. Bodies are graphs to which the pass is
 * applied by itself. */
#include "passes.h"

#include "match.h"

#include <stdlib.h>

static bool is_half(enum vt_type type)
{
    return type == VT_F16 || type == VT_BF16;
}

/* Whose types are not this pass's to change. */
static bool keeps(const struct vt_node *node)
{
    static const char *const names[] = {"Parameter", "Constant",      "Result",  "ReadValue",
                                        "Assign",    "RandomUniform", "BitCast", "FakeConvert"};

    if (node->op->flags & (VT_OP_UNKNOWN | VT_OP_EXTENSION | VT_OP_BODY)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vt_node_is(node, names[i])) {
            return true;
        }
    }
    return false;
}

static bool computes_half(const struct vt_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        for (int o = 0; o < node->n_out && !keeps(node); o++) {
            if (is_half(node->out[o].v.type) && !vt_node_is(node, "Convert")) {
                return true;
            }
        }
    }
    return false;
}

static struct vt_node *convert(struct vt_port src, enum vt_type type, struct vt_error *err)
{
    struct vt_node *now = vt_node_build(src.node->graph, "Convert", 1, src.node->name, 1, &src, err);

    if (!now || vt_attr_set_i64(now, "destination_type", type)) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    return now;
}

/* Consumers that compute read an output of a node that keeps its type through a Convert. */
static int widen_output(struct vt_node *node, int output, struct vt_error *err)
{
    struct vt_output *out = &node->out[output];
    int n = out->n_uses, status = VT_OK;
    struct vt_use *uses = malloc(((size_t)n + 1) * sizeof(*uses));
    struct vt_node *wide = NULL;

    if (!uses) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (n) {
        memcpy(uses, out->uses, (size_t)n * sizeof(*uses));
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        if (keeps(uses[i].node) || (vt_node_is(uses[i].node, "Convert") && vt_node_is(node, "Constant"))) {
            continue;
        }
        wide = wide ? wide : convert(vt_port_of(node, output), VT_F32, err);
        status = wide ? vt_node_set_input(uses[i].node, uses[i].input, vt_port_of(wide, 0)) : VT_E_NOMEM;
    }
    free(uses);
    return status;
}

/* A node that keeps its type reads what is computed through a Convert back. */
static int narrow_input(struct vt_node *node, int input, struct vt_error *err)
{
    struct vt_port src = node->in[input];
    struct vt_node *back;

    if (!src.node || keeps(src.node) || !is_half(vt_port_output(src)->v.type)) {
        return VT_OK;
    }
    back = convert(src, vt_port_output(src)->v.type, err);
    return back ? vt_node_set_input(node, input, vt_port_of(back, 0)) : VT_E_NOMEM;
}

static int visit(struct vt_node *node, struct vt_error *err)
{
    int status = VT_OK;

    if (keeps(node)) {
        for (int i = 0; i < node->n_in && status == VT_OK; i++) {
            status = narrow_input(node, i, err);
        }
        for (int o = 0; o < node->n_out && status == VT_OK; o++) {
            status = is_half(node->out[o].v.type) ? widen_output(node, o, err) : VT_OK;
        }
        return status;
    }
    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        if (node->op->attrs[i].type == VT_ATTR_TYPE && is_half((enum vt_type)node->attrs[i].i)) {
            node->attrs[i].i = VT_F32; /* Convert, Range, Eye */
        }
    }
    return VT_OK;
}

/* Types are looked at before any of them changes: inference comes last. */
int vt_pass_widen_halves(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    if (status || !computes_half(graph)) {
        return status;
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        status = visit(graph->nodes[i], err);
    }
    status = status ? status : vt_graph_sort(graph, err);
    return status ? status : vt_graph_infer(graph, err);
}
