/* ai.onnx.preview.FlexAttention: attention whose scores and probabilities go through graphs of the model. */
#include "../translate.h"
#include "extents.h"

/* The value that a graph with one input and one output makes of `v`; v itself without a graph. */
static struct onnx_value modified(struct onnx_node *n, const char *attr, struct onnx_value v)
{
    const struct onnx_graph *g = onnx_attr_graph(n, attr);
    struct onnx_entry *e;
    struct onnx_scope s;
    int status;

    if (!g || onnx_status(n)) {
        return v;
    }
    if (g->n_in != 1 || g->n_out != 1) {
        onnx_fail(n, VT_E_FORMAT, "attribute %s must have one input and one output", attr);
        return ONNX_ABSENT;
    }
    status = onnx_scope_init(n->t, &s, n->scope, n->graph, false);
    if (status == VT_OK) {
        s.prefix =
            onnx_arena_printf(&n->t->m->arena, "%s%s/%s/", n->scope->prefix, onnx_node_label(n->def), attr);
        status = s.prefix ? VT_OK : VT_E_NOMEM;
    }
    status = status ? status : onnx_define_inits(n->t, &s, g);
    if (status == VT_OK) {
        e = onnx_define(n->t, &s, g->in[0].name, ONNX_VALUE);
        status = e ? VT_OK : n->t->err->code;
        if (e) {
            e->value = v;
        }
    }
    status = status ? status : onnx_translate_nodes(n->t, &s, g->nodes, g->n_nodes);
    status = status ? status : onnx_output_entry(n->t, &s, g->out[0].name, &e);
    if (status) {
        onnx_pass(n, status);
        return ONNX_ABSENT;
    }
    if (e->kind != ONNX_VALUE) {
        onnx_fail(n, VT_E_FORMAT, "attribute %s gives no tensor", attr);
        return ONNX_ABSENT;
    }
    return e->value;
}

/* Heads [batch, heads, ...] as [batch, heads / groups, groups, ...]; with groups 0 an axis of 1 for them. */
static struct onnx_value in_groups(struct onnx_node *n, struct onnx_value v, int64_t groups)
{
    static const int64_t second = 2;
    int64_t dims[] = {onnx_dim(n, v, 1) / (groups ? groups : 1), groups};

    if (groups == 0) {
        return onnx_unsqueeze(n, v, &second, 1);
    }
    return onnx_reshape_to(
        n, v,
        onnx_concat(n, ONNX_IN(onnx_extent(n, v, 0), onnx_i64s(n, dims, 2), onnx_extents(n, v, 2, 4)), 0));
}

/* [batch, heads / groups, groups, ...] as [batch, heads, ...]. */
static struct onnx_value joined(struct onnx_node *n, struct onnx_value v, int64_t heads)
{
    return onnx_reshape_to(
        n, v,
        onnx_concat(n, ONNX_IN(onnx_extent(n, v, 0), ONNX_I64S(n, heads), onnx_extents(n, v, 3, 5)), 0));
}

static struct onnx_value product(struct onnx_node *n, struct onnx_value a, struct onnx_value b, bool flip)
{
    return onnx_op(n, "MatMul", 1, ONNX_IN(a, b), "transpose_a=false;transpose_b=%s",
                   flip ? "true" : "false");
}

static struct onnx_value scale_of(struct onnx_node *n, struct onnx_value q)
{
    struct onnx_value size;

    if (onnx_has_attr(n, "scale")) {
        return onnx_number_like(n, q, (double)onnx_attr_f(n, "scale", 1));
    }
    size = onnx_convert_like(n, onnx_squeeze(n, onnx_extent(n, q, 3), NULL, 0), q);
    return onnx_div(n, onnx_number_like(n, q, 1), onnx_unary(n, "Sqrt", 1, size));
}

int onnx_flex_attention(struct onnx_node *n)
{
    struct onnx_value q = onnx_in(n, 0), k = onnx_in(n, 1), v = onnx_in(n, 2), scores, scale;
    enum vt_type type = onnx_type(n, q), wide = type == VT_F64 ? VT_F64 : VT_F32;
    int64_t heads = onnx_dim(n, q, 1), kv_heads = onnx_dim(n, k, 1), groups;

    if (onnx_rank(n, q) != 4 || heads < 1 || kv_heads < 1 || heads % kv_heads) {
        return onnx_fail(n, VT_E_SHAPE,
                         "query and key must have 4 axes and known numbers of heads that divide");
    }
    if (onnx_has_attr(n, "softmax_precision")) {
        wide = onnx_type_of_proto(n, onnx_attr_i(n, "softmax_precision", 1));
    }
    groups = heads / kv_heads;
    q = onnx_widen(n, q);
    scale = scale_of(n, q);
    k = onnx_widen(n, k);
    v = onnx_widen(n, v);
    if (groups > 1) {
        q = in_groups(n, q, groups);
        k = in_groups(n, k, 0);
        v = in_groups(n, v, 0);
    }
    scores = onnx_mul(n, product(n, q, k, true), scale);
    scores = onnx_convert(n, groups > 1 ? joined(n, scores, heads) : scores, wide);
    scores = modified(n, "score_mod", scores);
    scores = onnx_op(n, "Softmax", 8, ONNX_IN(scores), "axis=-1");
    scores = onnx_convert_like(n, modified(n, "prob_mod", scores), v);
    if (groups > 1) {
        scores = product(n, in_groups(n, scores, groups), v, false);
        return onnx_out(n, 0, onnx_convert_like(n, joined(n, scores, heads), onnx_in(n, 0)));
    }
    return onnx_out(n, 0, onnx_convert_like(n, product(n, scores, v, false), onnx_in(n, 0)));
}
