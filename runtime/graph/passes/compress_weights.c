/* Weights of matrix products and tables of Gather that a model stores in few bits become one node that names
 * what is stored, so that a device reads them as they are:
 *
 *   Constant -> Convert -> [Subtract(zero point)] -> [Multiply(scale)] -> [Reshape] -> [Convert] -> MatMul,
 * Gather
 *
 * Zero point and scale may be stored in few bits behind a Convert as well. Other readers of the chain keep
 * it. */
#include "passes.h"

#include "element.h"
#include "log.h"
#include "match.h"

static const char pass[] = "compress_weights";

struct chain {
    struct vt_node *data, *scale, *zero; /* Constants */
    struct vt_node *reshape;             /* NULL: none */
};

static bool is_float_convert(const struct vt_node *node)
{
    return node && vt_node_is(node, "Convert") && vt_is_float(node->out[0].v.type) && node->in[0].node;
}

/* A constant of few bits. */
static bool is_stored(const struct vt_node *node)
{
    enum vt_type type = node && vt_node_is(node, "Constant") ? node->constant.type : VT_DYNAMIC;
    unsigned bits = vt_type_info(type)->bits;

    return bits > 0 && bits <= 8 && type != VT_BOOLEAN && type != VT_U1;
}

/* The Constant of a scale or a zero point: a float, or anything behind a Convert to one. */
static struct vt_node *parameter(struct vt_port port)
{
    struct vt_node *node = port.node;

    if (is_float_convert(node)) {
        node = node->in[0].node;
    }
    if (!vt_node_is(node, "Constant") || node->constant.type == VT_STRING) {
        return NULL;
    }
    return node == port.node && !vt_is_float(node->constant.type) ? NULL : node;
}

/* Broadcasting `operand` leaves the shape of `data` as it is. */
static bool fits(const struct vt_node *operand, const struct vt_node *data)
{
    struct vt_pshape a = vt_pshape_of(&operand->constant), b = vt_pshape_of(&data->constant);

    return vt_match_fits(&a, &b);
}

static bool by_numpy(const struct vt_node *node)
{
    return vt_attr_is(node, "auto_broadcast", "numpy");
}

/* A number's Convert, perhaps behind a Subtract. */
static bool match_number(struct vt_node *node, struct chain *c)
{
    if (node && vt_node_is(node, "Subtract") && by_numpy(node)) {
        c->zero = parameter(node->in[1]);
        node = c->zero ? node->in[0].node : NULL;
    }
    if (!is_float_convert(node) || !is_stored(node->in[0].node)) {
        return false;
    }
    c->data = node->in[0].node;
    return !c->zero || fits(c->zero, c->data);
}

static bool match_chain(struct vt_node *node, struct chain *c)
{
    *c = (struct chain){0};
    if (is_float_convert(node) && !is_stored(node->in[0].node)) {
        node = node->in[0].node;
    }
    if (vt_node_is(node, "Reshape") && node->in[0].node && vt_pshape_is_static(&node->out[0].v.shape)) {
        c->reshape = node;
        node = node->in[0].node;
    }
    if (!vt_node_is(node, "Multiply")) {
        return match_number(node, c);
    }
    for (int i = 1; i >= 0; i--) {
        c->scale = parameter(node->in[i]);
        c->zero = NULL;
        if (c->scale && by_numpy(node) && match_number(node->in[1 - i].node, c)) {
            return fits(c->scale, c->data);
        }
    }
    return false;
}

/* A parameter that is stored as f64 or as an integer too wide for f32 is left alone. */
static bool narrow(const struct vt_node *parameter)
{
    return !parameter || vt_type_info(parameter->constant.type)->bits <= 16 ||
           parameter->constant.type == VT_F32;
}

static int compress(struct vt_node *user, int input, struct vt_error *err)
{
    struct vt_port tail = user->in[input];
    struct vt_node *now, *old = tail.node;
    const struct vt_pshape *shape;
    int64_t dims[VT_MAX_RANK];
    struct chain c;
    int status;

    if (!old || !vt_match_is_f32(tail) || !match_chain(old, &c) || !narrow(c.scale) || !narrow(c.zero)) {
        return VT_OK;
    }
    shape = &old->out[0].v.shape;
    for (int i = 0; i < shape->rank; i++) {
        dims[i] = shape->dims[i].min;
    }
    struct vt_port in[3] = {vt_port_of(c.data, 0), {c.scale, 0}, {c.zero, 0}};
    now = vt_node_build(user->graph, "CompressedWeights", 0, old->name,
                        c.zero    ? 3
                        : c.scale ? 2
                                  : 1,
                        in, err);
    if (!now || vt_attr_set_i64s(now, "shape", shape->rank, dims) || vt_node_infer(now, err)) {
        return err && err->code ? err->code : vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    /* All products and tables that read the chain share the node. */
    for (int i = old->out[0].n_uses - 1; i >= 0; i--) {
        struct vt_use use = old->out[0].uses[i];
        bool takes = (vt_node_is(use.node, "MatMul") && use.input == 1) ||
                     (vt_node_is(use.node, "Gather") && use.input == 0);

        status = takes ? vt_node_set_input(use.node, use.input, vt_port_of(now, 0)) : VT_OK;
        if (status) {
            return vt_fail(err, status, "out of memory");
        }
    }
    vt_trace(VT_LOG_PASSES, "%s: '%s' stays %s", pass, old->name, vt_type_info(c.data->constant.type)->name);
    vt_node_fused(now, old);
    vt_rewrite_prune(old);
    return VT_OK;
}

int vt_pass_compress_weights(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];

        if (!node->dead && vt_node_is(node, "MatMul")) {
            status = compress(node, 1, err);
        } else if (!node->dead && vt_node_is(node, "Gather")) {
            status = compress(node, 0, err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
