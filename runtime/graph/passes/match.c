#include "match.h"

#include "element.h"
#include "log.h"

#include <math.h>
#include <stdlib.h>

/* ---- edges */

bool vt_match_single(struct vt_port port)
{
    return port.node && vt_port_output(port)->n_uses == 1;
}

struct vt_node *vt_match_consumer(struct vt_port port, int *input)
{
    struct vt_use use;

    if (!vt_match_single(port)) {
        return NULL;
    }
    use = vt_port_output(port)->uses[0];
    *input = use.input;
    return vt_node_is(use.node, "Result") ? NULL : use.node;
}

struct vt_node *vt_match_inner(struct vt_port port, const char *op)
{
    return vt_match_single(port) && vt_node_is(port.node, op) ? port.node : NULL;
}

static bool has_attr(const struct vt_node *node, const char *name)
{
    for (const struct vt_attr_def *a = node->op->attrs; a && a->name; a++) {
        if (strcmp(a->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool broadcasts_by_numpy(const struct vt_node *node)
{
    return !has_attr(node, "auto_broadcast") || vt_attr_is(node, "auto_broadcast", "numpy");
}

bool vt_match_elementwise(const struct vt_node *node)
{
    if (!(node->op->flags & VT_OP_ELEMENTWISE) || node->n_out != 1 || node->out[0].v.type != VT_F32) {
        return false;
    }
    for (int i = 0; i < node->n_in; i++) {
        if (!node->in[i].node || !vt_match_is_f32(node->in[i])) {
            return false;
        }
    }
    return broadcasts_by_numpy(node);
}

/* ---- types and shapes */

bool vt_match_is_f32(struct vt_port port)
{
    return port.node && vt_port_output(port)->v.type == VT_F32;
}

bool vt_match_same_shape(const struct vt_pshape *a, const struct vt_pshape *b)
{
    if (a->rank != b->rank || !vt_pshape_is_static(a) || !vt_pshape_is_static(b)) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i].min != b->dims[i].min) {
            return false;
        }
    }
    return true;
}

bool vt_match_fits(const struct vt_pshape *operand, const struct vt_pshape *result)
{
    int shift = result->rank - operand->rank;

    if (operand->rank == 0) {
        return true;
    }
    if (operand->rank < 0 || result->rank < 0 || shift < 0) {
        return false;
    }
    for (int i = 0; i < operand->rank; i++) {
        struct vt_dim d = operand->dims[i], r = result->dims[i + shift];

        if (!vt_dim_is_static(d) || (d.min != 1 && !(vt_dim_is_static(r) && r.min == d.min))) {
            return false;
        }
    }
    return true;
}

int64_t vt_match_count(const struct vt_pshape *shape)
{
    int64_t n = 1;

    if (!vt_pshape_is_static(shape)) {
        return -1;
    }
    for (int i = 0; i < shape->rank; i++) {
        if (__builtin_mul_overflow(n, shape->dims[i].min, &n)) {
            return -1;
        }
    }
    return n;
}

/* ---- constants */

const struct vt_tensor *vt_match_constant(struct vt_port port)
{
    struct vt_node *node = port.node;

    if (node && vt_node_is(node, "Convert") && vt_is_float(node->out[0].v.type) && node->n_in == 1) {
        struct vt_node *src = node->in[0].node;

        if (src && vt_node_is(src, "Constant") && vt_is_float(src->constant.type) &&
            vt_type_info(src->constant.type)->bits >= 16 && node->out[0].v.type == VT_F32) {
            node = src;
        }
    }
    return node && vt_node_is(node, "Constant") ? &node->constant : NULL;
}

static bool constant_chain(struct vt_port port, int depth)
{
    static const char *const through[] = {"Convert", "Subtract",  "Multiply",
                                          "Reshape", "Transpose", "CompressedWeights"};

    if (!port.node || vt_node_is(port.node, "Constant")) {
        return port.node != NULL;
    }
    for (size_t i = 0; depth < 8 && i < sizeof(through) / sizeof(through[0]); i++) {
        if (vt_node_is(port.node, through[i])) {
            for (int k = 0; k < port.node->n_in; k++) {
                if (port.node->in[k].node && !constant_chain(port.node->in[k], depth + 1)) {
                    return false;
                }
            }
            return true;
        }
    }
    return false;
}

bool vt_match_constant_chain(struct vt_port port)
{
    return constant_chain(port, 0);
}

bool vt_match_scalar(struct vt_port port, struct vt_port other, double *value)
{
    const struct vt_tensor *t = vt_match_constant(port);
    int rank = other.node ? vt_port_output(other)->v.shape.rank : -1;

    if (!t || vt_tensor_count(t) != 1 || (t->rank && t->rank > rank) || t->type == VT_STRING) {
        return false;
    }
    *value = vt_get_f64(t, 0);
    return true;
}

bool vt_match_near(double value, double wanted)
{
    uint16_t half = 0;
    struct vt_tensor t = {.type = VT_F16, .data = &half, .bytes = sizeof(half)};

    vt_set_f64(&t, 0, wanted);
    return fabs(value - wanted) <= 1e-5 * fabs(wanted) || value == vt_get_f64(&t, 0);
}

bool vt_match_all(struct vt_port port, double value)
{
    const struct vt_tensor *t = vt_match_constant(port);
    int64_t n = t ? vt_tensor_count(t) : 0;

    /* A large tensor of one value would cost time to recognise and is not what models contain. */
    if (n == 0 || n > 65536 || t->type == VT_STRING) {
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        if (vt_get_f64(t, i) != value) {
            return false;
        }
    }
    return true;
}

bool vt_match_per_axis(struct vt_port port, int rank, int axis, int64_t n, double *values)
{
    const struct vt_tensor *t = vt_match_constant(port);
    int64_t count = t ? vt_tensor_count(t) : 0;
    int at;

    if (!t || t->rank > rank || !vt_is_float(t->type) || (count != 1 && count != n)) {
        return false;
    }
    at = axis - (rank - t->rank);
    for (int i = 0; i < t->rank; i++) {
        if (t->dims[i] != 1 && i != at) {
            return false;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = vt_get_f64(t, count == 1 ? 0 : i);
    }
    return true;
}

bool vt_match_i64s(struct vt_port port, int64_t *values, int max, int *n)
{
    const struct vt_tensor *t = port.node && vt_node_is(port.node, "Constant") ? &port.node->constant : NULL;

    if (!t || t->rank > 1 || !vt_is_integral(t->type) || vt_tensor_count(t) > max) {
        return false;
    }
    *n = (int)vt_tensor_count(t);
    for (int i = 0; i < *n; i++) {
        values[i] = vt_get_i64(t, i);
    }
    return true;
}

bool vt_match_with_scalar(const struct vt_node *node, double *value, struct vt_port *other, bool *first)
{
    if (node->n_in != 2 || node->n_out != 1 || !broadcasts_by_numpy(node)) {
        return false;
    }
    for (int i = 1; i >= 0; i--) {
        if (vt_match_scalar(node->in[i], node->in[1 - i], value)) {
            *other = node->in[1 - i];
            *first = i == 0;
            return true;
        }
    }
    return false;
}

/* ---- changes */

int vt_rewrite_copy_attrs(struct vt_node *dst, const struct vt_node *src)
{
    for (int i = 0; dst->op->attrs && dst->op->attrs[i].name; i++) {
        for (int k = 0; src->op->attrs && src->op->attrs[k].name; k++) {
            const struct vt_attr_def *d = &dst->op->attrs[i], *s = &src->op->attrs[k];

            if (d->type == s->type && strcmp(d->name, s->name) == 0) {
                dst->attrs[i] = src->attrs[k]; /* both live in the graph's arena or in the schema */
                if (i < 64 && k < 64 && src->attrs_given >> k & 1) {
                    dst->attrs_given |= (uint64_t)1 << i;
                }
            }
        }
    }
    return VT_OK;
}

struct vt_port vt_rewrite_i64s(const struct vt_node *node, int64_t n, const int64_t *values,
                               struct vt_error *err)
{
    struct vt_node *list = vt_constant_i64s(node->graph, node->name, 1, n, values, err);

    return list ? vt_port_of(list, 0) : (struct vt_port){0};
}

struct vt_node *vt_rewrite_f32s(struct vt_graph *graph, const char *name, int64_t n, const double *values,
                                struct vt_error *err)
{
    struct vt_tensor t;
    struct vt_node *node = NULL;

    if (!vt_tensor_describe(&t, VT_F32, 1, &n)) {
        vt_fail(err, VT_E_RANGE, "a constant of %lld elements is too large", (long long)n);
        return NULL;
    }
    if (vt_tensor_alloc(&t, err) == VT_OK) {
        for (int64_t i = 0; i < n; i++) {
            vt_set_f64(&t, i, values[i]);
        }
        node = vt_constant_create(graph, name, &t, NULL, err);
        vt_tensor_free(&t);
    }
    return node;
}

static bool is_unused(const struct vt_node *node)
{
    if (vt_node_is(node, "Parameter") || vt_node_is(node, "Result") || node->op->flags & VT_OP_SINK) {
        return false;
    }
    for (int i = 0; i < node->n_out; i++) {
        if (node->out[i].n_uses) {
            return false;
        }
    }
    return true;
}

/* What the depth leaves over is dropped when the graph is sorted. */
static void prune(struct vt_node *node, int depth)
{
    struct vt_port *in = node->in;
    int n = node->n_in;

    if (node->dead || !is_unused(node)) {
        return;
    }
    for (int i = 0; i < n && depth < 64; i++) {
        struct vt_node *src = in[i].node;

        if (src) {
            vt_node_set_input(node, i, (struct vt_port){NULL, 0});
            prune(src, depth + 1);
        }
    }
    vt_node_remove(node);
}

void vt_rewrite_prune(struct vt_node *node)
{
    prune(node, 0);
}

int vt_rewrite_replace(const char *pass, struct vt_node *old, struct vt_node *now, struct vt_error *err)
{
    int status = vt_node_infer(now, err);

    if (status == VT_OK) {
        vt_trace(VT_LOG_PASSES, "%s: %s '%s' is now part of %s '%s'", pass, old->op->name, old->name,
                 now->op->name, now->name);
        vt_node_fused(now, old);
        status = vt_port_replace(vt_port_of(old, 0), vt_port_of(now, 0));
    }
    if (status == VT_OK) {
        vt_rewrite_prune(old);
    }
    return status == VT_E_NOMEM ? vt_fail(err, status, "out of memory") : status;
}

int vt_rewrite_bypass(const char *pass, struct vt_node *old, int index, struct vt_port now)
{
    int status;

    vt_trace(VT_LOG_PASSES, "%s: %s '%s' is not needed, '%s' takes its place", pass, old->op->name, old->name,
             now.node->name);
    status = vt_port_replace(vt_port_of(old, index), now);
    if (status == VT_OK) {
        vt_rewrite_prune(old);
    }
    return status;
}
