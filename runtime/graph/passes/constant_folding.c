/* What depends on constants alone becomes a constant; so do shape values that are known exactly although
 * their inputs are not constants, which is what makes the sub-graphs that compute shapes vanish.
 *
 * Left alone: results above SIZE_LIMIT (a device may do those with its own kernels), and the Converts that
 * decompress weights, so that a device reads the weights as the model stores them; but not those of
 * convolutions, which are computed at any size. */
#include "passes.h"

#include "element.h"
#include "log.h"
#include "match.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((size_t)4 << 20)

/* Decompressed constants up to this many elements are no weights to speak of: biases, scales, numbers of
 * formulas. */
#define SMALL_CONVERT 16384

/* An operation that may be run ahead of time. */
static bool may_fold(const struct vt_node *node)
{
    unsigned never = VT_OP_RANDOM | VT_OP_STATEFUL | VT_OP_SINK | VT_OP_BODY | VT_OP_NO_FOLD | VT_OP_UNKNOWN;

    return !(node->op->flags & never) && node->op->eval && node->n_in > 0;
}

/* Convert from a compressed type to a float type. Sub-16-bit ones stay at any size, since zero points and
 * scales are small too and the whole chain has to stay recognisable. */
static bool decompresses(const struct vt_node *node)
{
    const struct vt_node *src = vt_node_src(node, 0);
    enum vt_type from, to;

    if (!vt_node_is(node, "Convert") || !vt_node_is(src, "Constant")) {
        return false;
    }
    from = src->constant.type;
    to = node->out[0].v.type;
    if (!vt_is_float(to) || from == to || from == VT_BOOLEAN || vt_type_info(from)->bits > 16) {
        return false;
    }
    return vt_type_info(from)->bits < 16 || vt_tensor_count(&src->constant) > SMALL_CONVERT;
}

/* Whether all that comes of a node are the weights of convolutions, through steps that work element by
 * element or rearrange. Integers with scales are no form in which a device keeps those. */
static bool makes_filters(const struct vt_node *node, int depth)
{
    static const char *const steps[] = {"FakeQuantize", "Reshape", "Squeeze", "Transpose", "Unsqueeze"};
    const struct vt_output *out = &node->out[0];

    if (node->n_out != 1 || !out->n_uses || out->n_uses > 16 || depth > 8) {
        return false;
    }
    for (int i = 0; i < out->n_uses; i++) {
        const struct vt_node *user = out->uses[i].node;
        bool step = (user->op->flags & VT_OP_ELEMENTWISE) != 0;

        if (strstr(user->op->name, "Convolution")) {
            if (out->uses[i].input != 1) {
                return false;
            }
            continue;
        }
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            step |= vt_node_is(user, steps[k]);
        }
        if (!step || !makes_filters(user, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* Half floats that become f32 at a convolution are read as they are. */
static bool is_widening(const struct vt_node *node)
{
    const struct vt_node *src = vt_node_src(node, 0);

    return vt_node_is(node, "Convert") && src &&
           (src->out[0].v.type == VT_F16 || src->out[0].v.type == VT_BF16);
}

static bool inputs_constant(const struct vt_node *node)
{
    for (int i = 0; i < node->n_in; i++) {
        const struct vt_node *src = vt_node_src(node, i);

        if (src && !vt_node_is(src, "Constant")) {
            return false;
        }
    }
    return true;
}

static bool size_fits(const struct vt_node *node)
{
    size_t total = 0;

    for (int i = 0; i < node->n_out; i++) {
        const struct vt_value *v = &node->out[i].v;
        int64_t n = vt_match_count(&v->shape);
        size_t bytes;

        if (n < 0) {
            if (node->op->flags & VT_OP_DATA_SHAPE) {
                continue; /* no more than a small multiple of what comes in */
            }
            return false;
        }
        if (!vt_type_bytes(v->type, (uint64_t)n, &bytes)) {
            return false;
        }
        total += bytes;
        if (total > SIZE_LIMIT) {
            return false;
        }
    }
    return true;
}

static int put_constant(struct vt_node *node, int output, const struct vt_tensor *t, struct vt_error *err)
{
    struct vt_node *constant = vt_constant_create(node->graph, node->name, t, NULL, err);

    if (!constant) {
        return vt_failed(err);
    }
    vt_node_fused(constant, node);
    return vt_rewrite_bypass("constant_folding", node, output, vt_port_of(constant, 0));
}

/* A constant of another shape over the same data: no copy, whatever the size. */
static int reshape_constant(struct vt_node *node, struct vt_error *err)
{
    struct vt_node *src = node->in[0].node;
    struct vt_node *now = vt_node_create(node->graph, src->op, node->name, 0, 1, err);
    const struct vt_pshape *shape = &node->out[0].v.shape;
    int status;

    if (!now) {
        return vt_failed(err);
    }
    now->constant = src->constant;
    now->blob = src->blob;
    now->constant.rank = shape->rank;
    for (int i = 0; i < shape->rank; i++) {
        now->constant.dims[i] = shape->dims[i].min;
    }
    vt_node_fused(now, node);
    status = vt_node_infer(now, err);
    return status ? status : vt_rewrite_bypass("constant_folding", node, 0, vt_port_of(now, 0));
}

static bool is_reshape_of_constant(const struct vt_node *node)
{
    bool reshapes =
        vt_node_is(node, "Reshape") || vt_node_is(node, "Squeeze") || vt_node_is(node, "Unsqueeze");
    const struct vt_node *src = reshapes ? vt_node_src(node, 0) : NULL;

    return src && vt_node_is(src, "Constant") && vt_pshape_is_static(&node->out[0].v.shape) &&
           vt_match_count(&node->out[0].v.shape) == vt_tensor_count(&src->constant);
}

static int evaluate(struct vt_node *node, struct vt_error *err)
{
    struct vt_tensor *in = calloc((size_t)node->n_in + 1, sizeof(*in));
    struct vt_tensor *out = calloc((size_t)node->n_out + 1, sizeof(*out));
    struct vt_state_store *texts =
        vt_states_create(); /* those that new strings view, until they are copied */
    bool ready = in && out && texts;
    int n_out = node->n_out, status = ready ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");

    for (int i = 0; status == VT_OK && i < node->n_in; i++) {
        in[i] = node->in[i].node ? node->in[i].node->constant : (struct vt_tensor){.type = VT_DYNAMIC};
    }
    /* A failure here is no failure of the model: the node may never run (a branch, an empty batch). */
    if (status == VT_OK && vt_node_eval(node, in, out, texts, NULL) == VT_OK) {
        for (int i = 0; status == VT_OK && i < n_out; i++) {
            if (vt_port_output(vt_port_of(node, i))->n_uses) {
                status = put_constant(node, i, &out[i], err);
            }
            vt_tensor_free(&out[i]);
        }
    }
    vt_states_destroy(texts);
    free(in);
    free(out);
    return status;
}

/* ---- values known without constants */

static bool value_known(const struct vt_value *v)
{
    if (!v->bounds || !vt_is_integral(v->type) || vt_match_count(&v->shape) != v->bounds->n) {
        return false;
    }
    for (int64_t i = 0; i < v->bounds->n; i++) {
        int64_t lo = v->bounds->lo[i];

        /* The ends of the range stand for "unbounded" as well. */
        if (lo != v->bounds->hi[i] || lo == INT64_MAX || lo == INT64_MIN) {
            return false;
        }
    }
    return true;
}

static int put_value(struct vt_node *node, int output, struct vt_error *err)
{
    const struct vt_value *v = &node->out[output].v;
    struct vt_tensor t;
    int64_t dims[VT_MAX_RANK];
    int status;

    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = v->shape.dims[i].min;
    }
    if (!vt_tensor_describe(&t, v->type, v->shape.rank, dims)) {
        return VT_OK;
    }
    status = vt_tensor_alloc(&t, err);
    if (status == VT_OK) {
        for (int64_t i = 0; i < v->bounds->n; i++) {
            vt_set_i64(&t, i, v->bounds->lo[i]);
        }
        status = put_constant(node, output, &t, err);
        vt_tensor_free(&t);
    }
    return status;
}

static int fold_known_values(struct vt_node *node, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; status == VT_OK && i < node->n_out; i++) {
        if (node->out[i].n_uses && value_known(&node->out[i].v)) {
            status = put_value(node, i, err);
        }
    }
    return status;
}

/* ---- the graph */

/* In a body the values of parameters change from one iteration to the next: there only constants count. */
static int fold_node(struct vt_node *node, bool body, struct vt_error *err)
{
    if (!may_fold(node)) {
        return VT_OK;
    }
    if (is_reshape_of_constant(node) && (!body || inputs_constant(node))) {
        return reshape_constant(node, err);
    }
    if (!body) {
        int status = fold_known_values(node, err);

        if (status || node->dead) {
            return status;
        }
    }
    if (inputs_constant(node) &&
        ((!decompresses(node) && size_fits(node)) || (!is_widening(node) && makes_filters(node, 0)))) {
        return evaluate(node, err);
    }
    return VT_OK;
}

static int fold_bodies(struct vt_node *node, struct vt_error *err);

static int fold_graph(struct vt_graph *graph, bool body, struct vt_error *err)
{
    int n = graph->n_nodes, status = VT_OK;

    if (!body) {
        vt_arena_finish(&graph->values); /* every node is inferred again below */
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];

        if (node->dead) {
            continue;
        }
        status = body ? VT_OK : vt_node_infer(node, err);
        if (status == VT_OK) {
            status = fold_bodies(node, err);
        }
        if (status == VT_OK) {
            status = fold_node(node, body, err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}

static int fold_bodies(struct vt_node *node, struct vt_error *err)
{
    int status = VT_OK;

    for (int b = 0; status == VT_OK && b < node->n_bodies; b++) {
        struct vt_graph *body = node->bodies[b].graph;

        status = vt_graph_sort(body, err);
        if (status == VT_OK) {
            status = fold_graph(body, true, err);
        }
    }
    return status;
}

int vt_pass_constant_folding(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err);

    return status ? status : fold_graph(graph, false, err);
}
