/* LinearAttention: a state S [batch, heads, key size, value size] that every position decays and writes to,
 *
 *     S = exp(decay) S,  S = S + beta k (v - S^T k) or S + k v,  out = scale q^T S
 *
 * One position is written out, more are the body of a TensorIterator. */
#include "../control.h"
#include "extents.h"

#include <string.h>

enum { QUERY, KEY, VALUE, STATE, DECAY, BETA, INPUTS };

struct linear {
    int64_t heads, groups; /* of key and value; queries for each of them */
    bool gated, delta;
    struct onnx_value in[INPUTS]; /* f32; absent where the rule has no use for it */
    struct onnx_value scale;
};

/* [batch, 1, heads * size] as [batch, heads, rows, columns] of which one is -1. */
static struct onnx_value heads_of(struct onnx_node *n, struct onnx_value v, int64_t heads, int64_t rows,
                                  int64_t columns)
{
    return onnx_reshape(n, v, (const int64_t[]){0, heads, rows, columns}, 4, true);
}

static struct onnx_value product(struct onnx_node *n, struct onnx_value a, struct onnx_value b, bool flip)
{
    return onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=%s;transpose_b=false",
                   flip ? "true" : "false");
}

/* One position: in[] as the operator has them, with a length of 1. `scale` may be absent. The new state goes
 * to *state. */
static struct onnx_value step(struct onnx_node *n, const struct linear *l, const struct onnx_value *in,
                              struct onnx_value scale, struct onnx_value *state)
{
    struct onnx_value key = heads_of(n, in[KEY], l->heads, -1, 1),
                      value = heads_of(n, in[VALUE], l->heads, 1, -1);
    struct onnx_value s = in[STATE], out;

    if (l->gated) {
        s = onnx_mul(n, s, onnx_unary(n, "Exp", 1, heads_of(n, in[DECAY], l->heads, -1, 1)));
    }
    if (l->delta) {
        value = onnx_sub(n, value, product(n, key, s, true));
        value = onnx_mul(n, value, onnx_reshape(n, in[BETA], (const int64_t[]){0, -1, 1, 1}, 4, true));
    }
    s = onnx_add(n, s, onnx_mul(n, key, value));
    out = product(n, heads_of(n, in[QUERY], l->heads, l->groups, -1), s, false);
    *state = s;
    out = scale.node ? onnx_mul(n, out, scale) : out;
    return onnx_reshape(n, out, (const int64_t[]){0, 1, -1}, 3, true);
}

/* ---- many positions */

static const char *const names[INPUTS] = {"query", "key", "value", "state", "decay", "beta"};

struct loop {
    struct onnx_body body;
    int param[INPUTS], input[INPUTS]; /* of the body, of the node */
    int n_in, out, state;             /* Results */
};

static int make_body(struct onnx_node *n, const struct linear *l, struct onnx_graph *def, struct loop *p)
{
    struct onnx_value in[INPUTS] = {{0}}, out, state;
    struct onnx_node inside;

    if (onnx_body_begin(n, &p->body, def)) {
        return onnx_status(n);
    }
    for (int i = 0; i < INPUTS && !onnx_status(n); i++) {
        struct vt_pshape shape;

        if (!l->in[i].node) {
            continue;
        }
        shape = *onnx_shape(n, l->in[i]);
        if (i != STATE && shape.rank == 3) {
            shape.dims[1] = vt_dim_fixed(1);
        }
        p->param[i] = onnx_body_param(n, &p->body, i, VT_F32, &shape);
        p->input[i] = p->n_in++;
        if (!onnx_status(n)) {
            in[i] = (struct onnx_value){n->t->host->graph_param(p->body.graph, p->param[i]), 0};
        }
    }
    inside = onnx_inside(n, &p->body.scope);
    out = step(&inside, l, in, ONNX_ABSENT, &state);
    onnx_pass(n, onnx_status(&inside));
    p->state = onnx_body_result(n, &p->body, "state_out", state);
    p->out = onnx_body_result(n, &p->body, "out", out);
    return onnx_body_finish(n, &p->body);
}

static int wire(struct onnx_node *n, const struct linear *l, struct loop *p, struct vt_node *node)
{
    struct vt_body_map map;

    for (int i = 0; i < INPUTS && !onnx_status(n); i++) {
        if (l->in[i].node &&
            n->t->host->node_connect(node, p->input[i], l->in[i].node, l->in[i].port, n->t->err)) {
            return onnx_host_failed(n, n->t->err->code);
        }
    }
    onnx_body_attach(n, node, &p->body, 0, p->n_in);
    for (int i = 0; i < INPUTS && !onnx_status(n); i++) {
        map = (struct vt_body_map){.kind = i == STATE ? VT_MAP_MERGED : VT_MAP_SLICED,
                                   .outer = p->input[i],
                                   .inner = p->param[i],
                                   .back = p->state,
                                   .axis = 1,
                                   .end = -1,
                                   .stride = 1,
                                   .part_size = 1};
        if (l->in[i].node) {
            onnx_map(n, node, 0, &map);
        }
    }
    map = (struct vt_body_map){.kind = VT_MAP_OUTPUT, .outer = 0, .inner = p->state};
    onnx_map(n, node, 0, &map);
    map = (struct vt_body_map){.kind = VT_MAP_CONCAT,
                               .outer = 1,
                               .inner = p->out,
                               .axis = 1,
                               .end = -1,
                               .stride = 1,
                               .part_size = 1};
    return onnx_map(n, node, 0, &map);
}

static struct onnx_value iterate(struct onnx_node *n, const struct linear *l, struct onnx_value *state)
{
    struct onnx_info infos[INPUTS];
    struct onnx_graph def = {.name = "linear_attention", .in = infos, .n_in = INPUTS};
    struct loop p = {.n_in = 0};
    struct vt_node *node = NULL;

    for (int i = 0; i < INPUTS; i++) {
        infos[i] = (struct onnx_info){.name = names[i]};
    }
    if (make_body(n, l, &def, &p) == VT_OK) {
        node = n->t->host->node_create(n->graph, "TensorIterator", 1, onnx_fresh_name(n, "TensorIterator"),
                                       p.n_in, 2, n->t->err);
        if (!node || (wire(n, l, &p, node) == VT_OK && n->t->host->node_infer(node, n->t->err))) {
            onnx_host_failed(n, n->t->err->code);
        }
    }
    onnx_body_drop(n, &p.body);
    if (onnx_status(n)) {
        return ONNX_ABSENT;
    }
    *state = (struct onnx_value){node, 0};
    return onnx_mul(n, (struct onnx_value){node, 1}, l->scale);
}

/* ---- the operator */

static int read_rule(struct onnx_node *n, struct linear *l)
{
    const char *rule = onnx_attr_s(n, "update_rule", "gated_delta");
    int64_t queries = onnx_attr_i(n, "q_num_heads", 0);

    *l = (struct linear){.heads = onnx_attr_i(n, "kv_num_heads", 0)};
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (l->heads < 1 || queries < 1 || queries % l->heads) {
        return onnx_fail(n, VT_E_INVALID, "attributes q_num_heads %lld and kv_num_heads %lld",
                         (long long)queries, (long long)l->heads);
    }
    l->groups = queries / l->heads;
    l->gated = strncmp(rule, "gated", 5) == 0;
    l->delta = strstr(rule, "delta") != NULL;
    if (strcmp(rule, "linear") && strcmp(rule, "gated") && strcmp(rule, "delta") &&
        strcmp(rule, "gated_delta")) {
        return onnx_fail(n, VT_E_INVALID, "attribute update_rule: there is no \"%s\"", rule);
    }
    for (int i = 0; i < INPUTS; i++) {
        bool used = i == DECAY ? l->gated : i == BETA ? l->delta : i != STATE || onnx_has_in(n, i);

        l->in[i] = used ? onnx_convert(n, onnx_in(n, i), VT_F32) : ONNX_ABSENT;
    }
    return onnx_status(n);
}

static struct onnx_value size_of_heads(struct onnx_node *n, struct onnx_value v, int64_t heads)
{
    return onnx_div(n, onnx_extent(n, v, 2), ONNX_I64S(n, heads));
}

/* Attribute `scale`, or 1 / sqrt(key size). */
static struct onnx_value scale_of(struct onnx_node *n, const struct linear *l)
{
    float scale = onnx_attr_f(n, "scale", 0);
    struct onnx_value size;

    if (scale != 0) {
        return onnx_number(n, VT_F32, (double)scale);
    }
    size = onnx_convert(n, size_of_heads(n, l->in[QUERY], l->heads * l->groups), VT_F32);
    return onnx_div(n, onnx_number(n, VT_F32, 1), onnx_unary(n, "Sqrt", 1, size));
}

int onnx_linear_attention(struct onnx_node *n)
{
    struct onnx_value state = ONNX_ABSENT, out, q = onnx_in(n, QUERY);
    struct linear l;

    if (read_rule(n, &l)) {
        return onnx_status(n);
    }
    l.scale = scale_of(n, &l);
    if (!l.in[STATE].node) {
        struct onnx_value shape =
            onnx_concat(n,
                        ONNX_IN(onnx_extent(n, q, 0), ONNX_I64S(n, l.heads),
                                size_of_heads(n, l.in[KEY], l.heads), size_of_heads(n, l.in[VALUE], l.heads)),
                        0);

        l.in[STATE] = onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number(n, VT_F32, 0), shape), "mode=numpy");
    }
    out = onnx_dim(n, q, 1) == 1 ? step(n, &l, l.in, l.scale, &state) : iterate(n, &l, &state);
    onnx_out(n, 0, onnx_convert_like(n, out, q));
    return onnx_out(n, 1, onnx_convert_like(n, state, onnx_has_in(n, STATE) ? onnx_in(n, STATE) : q));
}
