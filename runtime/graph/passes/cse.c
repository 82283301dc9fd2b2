/* Common subexpressions: of nodes with the same operation, attributes and inputs the first stays. */
#include "passes.h"

#include "hash.h"
#include "log.h"
#include "match.h"

#include <stdlib.h>

/* Constants above this are compared by no one: models rarely store large ones twice. */
#define CONSTANT_LIMIT 4096

struct table {
    struct vt_node **slots;
    uint64_t *hashes;
    size_t mask;
};

static bool may_merge(const struct vt_node *node)
{
    unsigned never = VT_OP_RANDOM | VT_OP_STATEFUL | VT_OP_SINK | VT_OP_BODY | VT_OP_UNKNOWN;

    if (node->op->flags & never || vt_node_is(node, "Parameter") || vt_node_is(node, "Result")) {
        return false;
    }
    if (vt_node_is(node, "Constant")) {
        return node->constant.bytes <= CONSTANT_LIMIT && node->constant.type != VT_STRING;
    }
    return node->n_in > 0;
}

static uint64_t hash_attr(const struct vt_attr_def *def, const union vt_attr_value *v, uint64_t seed)
{
    switch (def->type) {
    case VT_ATTR_F64: return vt_hash(&v->f, sizeof(v->f), seed);
    case VT_ATTR_STR: return v->s ? vt_hash(v->s, strlen(v->s), seed) : seed;
    case VT_ATTR_I64S: return vt_hash(v->i64s.v, (size_t)v->i64s.n * sizeof(int64_t), seed);
    case VT_ATTR_F64S: return vt_hash(v->f64s.v, (size_t)v->f64s.n * sizeof(double), seed);
    case VT_ATTR_SHAPE: return seed; /* left to the comparison */
    default: return vt_hash_u64((uint64_t)v->i, seed);
    }
}

static uint64_t hash_node(const struct vt_node *node)
{
    uint64_t h = vt_hash_u64((uint64_t)(uintptr_t)node->op, (uint64_t)node->n_out);

    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        h = hash_attr(&node->op->attrs[i], &node->attrs[i], h);
    }
    for (int i = 0; i < node->n_in; i++) {
        h = vt_hash_u64((uint64_t)(uintptr_t)node->in[i].node, h);
        h = vt_hash_u64((uint64_t)node->in[i].index, h);
    }
    if (vt_node_is(node, "Constant")) {
        h = vt_hash_u64((uint64_t)node->constant.type, h);
        h = vt_hash(node->constant.dims, (size_t)node->constant.rank * sizeof(int64_t), h);
        h = vt_hash(node->constant.data, node->constant.bytes, h);
    }
    return h;
}

static bool same_shape_attr(const struct vt_pshape *a, const struct vt_pshape *b)
{
    if (!a || !b || a->rank != b->rank) {
        return a == b;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i].min != b->dims[i].min || a->dims[i].max != b->dims[i].max) {
            return false;
        }
    }
    return true;
}

static bool same_attr(const struct vt_attr_def *def, const union vt_attr_value *a,
                      const union vt_attr_value *b)
{
    switch (def->type) {
    case VT_ATTR_F64: return memcmp(&a->f, &b->f, sizeof(a->f)) == 0;
    case VT_ATTR_STR: return a->s && b->s ? strcmp(a->s, b->s) == 0 : a->s == b->s;
    case VT_ATTR_SHAPE: return same_shape_attr(a->shape, b->shape);
    case VT_ATTR_I64S:
        return a->i64s.n == b->i64s.n &&
               (!a->i64s.n || memcmp(a->i64s.v, b->i64s.v, (size_t)a->i64s.n * sizeof(int64_t)) == 0);
    case VT_ATTR_F64S:
        return a->f64s.n == b->f64s.n &&
               (!a->f64s.n || memcmp(a->f64s.v, b->f64s.v, (size_t)a->f64s.n * sizeof(double)) == 0);
    default: return a->i == b->i;
    }
}

static bool same_constant(const struct vt_tensor *a, const struct vt_tensor *b)
{
    return a->type == b->type && a->rank == b->rank && a->bytes == b->bytes &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(int64_t)) == 0 &&
           (!a->bytes || memcmp(a->data, b->data, a->bytes) == 0);
}

static bool same_node(const struct vt_node *a, const struct vt_node *b)
{
    if (a->op != b->op || a->n_in != b->n_in || a->n_out != b->n_out) {
        return false;
    }
    for (int i = 0; i < a->n_in; i++) {
        if (!vt_match_same(a->in[i], b->in[i])) {
            return false;
        }
    }
    for (int i = 0; a->op->attrs && a->op->attrs[i].name; i++) {
        if (!same_attr(&a->op->attrs[i], &a->attrs[i], &b->attrs[i])) {
            return false;
        }
    }
    return !vt_node_is(a, "Constant") || same_constant(&a->constant, &b->constant);
}

/* The node that was here first, or NULL after entering this one. */
static struct vt_node *enter(struct table *t, struct vt_node *node)
{
    uint64_t h = hash_node(node);
    size_t at = (size_t)h & t->mask;

    for (; t->slots[at]; at = (at + 1) & t->mask) {
        if (t->hashes[at] == h && same_node(t->slots[at], node)) {
            return t->slots[at];
        }
    }
    t->slots[at] = node;
    t->hashes[at] = h;
    return NULL;
}

static int merge(struct vt_node *first, struct vt_node *node)
{
    int status = VT_OK, n = node->n_out;

    vt_trace(VT_LOG_PASSES, "cse: %s '%s' is the same as '%s'", node->op->name, node->name, first->name);
    if (!vt_node_is(node, "Constant")) {
        vt_node_fused(first, node);
    }
    for (int i = 0; status == VT_OK && i < n; i++) {
        status = vt_port_replace(vt_port_of(node, i), vt_port_of(first, i));
    }
    vt_rewrite_prune(node);
    return status;
}

static int walk(struct vt_graph *graph, struct table *t, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < graph->n_nodes && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i], *first;

        for (int b = 0; b < node->n_bodies && status == VT_OK; b++) {
            status = vt_pass_cse(node->bodies[b].graph, err);
        }
        if (status == VT_OK && !node->dead && may_merge(node)) {
            first = enter(t, node);
            if (first) {
                status = merge(first, node);
            }
        }
    }
    return status;
}

int vt_pass_cse(struct vt_graph *graph, struct vt_error *err)
{
    size_t size = 16;
    struct table t;
    int status = vt_graph_sort(graph, err);

    while (size < 2 * (size_t)graph->n_nodes) {
        size *= 2;
    }
    t = (struct table){calloc(size, sizeof(*t.slots)), calloc(size, sizeof(*t.hashes)), size - 1};
    if (status == VT_OK) {
        status = t.slots && t.hashes ? walk(graph, &t, err) : vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    free(t.slots);
    free(t.hashes);
    return status ? status : vt_graph_sort(graph, err);
}
