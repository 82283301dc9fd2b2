/* Types, partial shapes and known values, node by node. */
#include "graph.h"

#include "element.h"

#include <stdlib.h>

static void *arena_alloc(void *ctx, size_t bytes)
{
    return vt_arena_alloc(ctx, bytes);
}

/* ---- bounds
 * ------------------------------------------------------------------------------------------------- */

static struct vt_bounds *bounds_create(struct vt_arena *arena, int64_t n)
{
    struct vt_bounds *b = vt_arena_alloc(arena, sizeof(*b));

    if (b) {
        b->n = n;
        b->lo = vt_arena_array(arena, (size_t)n, sizeof(int64_t));
        b->hi = vt_arena_array(arena, (size_t)n, sizeof(int64_t));
    }
    return b && b->lo && b->hi ? b : NULL;
}

/* The bounds of a small integer constant are its values. */
static const struct vt_bounds *bounds_of_constant(struct vt_arena *arena, const struct vt_tensor *t)
{
    int64_t n = vt_tensor_count(t);
    struct vt_bounds *b;

    if (!vt_is_integral(t->type) || n > VT_BOUNDS_MAX) {
        return NULL;
    }
    b = bounds_create(arena, n);
    for (int64_t i = 0; b && i < n; i++) {
        b->lo[i] = b->hi[i] = vt_get_i64(t, i);
        if (t->type == VT_U64 && b->lo[i] < 0) {
            return NULL; /* more than an interval can hold */
        }
    }
    return b;
}

static const struct vt_bounds *bounds_of(struct vt_arena *arena, const struct vt_value *v)
{
    return v->bounds || !v->constant ? v->bounds : bounds_of_constant(arena, v->constant);
}

static bool bounds_exact(const struct vt_bounds *b)
{
    for (int64_t i = 0; i < b->n; i++) {
        if (b->lo[i] != b->hi[i]) {
            return false;
        }
    }
    return true;
}

/* Run the reference with lower or upper bounds in the place of values. Everything is computed as i64, so that
 * "unbounded" fits. */
struct bounds_run {
    struct vt_arena *arena;
    struct vt_infer *c;
    const struct vt_bounds **in;
    struct vt_tensor *tensors, *results;
};

static bool input_moves(const struct vt_op_def *op, int input)
{
    return op->moves >> (input < 31 ? input : 31) & 1;
}

/* The exact values of an input that does more than move, in its own type. */
static bool fill_exact(struct bounds_run *r, int input, struct vt_tensor *t)
{
    const struct vt_value *v = r->c->in[input];
    const struct vt_bounds *b = r->in[input];

    if (v->constant) {
        *t = *v->constant;
        return true;
    }
    *t = (struct vt_tensor){.type = v->type, .rank = v->shape.rank};
    for (int k = 0; k < v->shape.rank; k++) {
        t->dims[k] = v->shape.dims[k].min;
    }
    if (!vt_type_bytes(v->type, (uint64_t)b->n, &t->bytes)) {
        return false;
    }
    t->data = vt_arena_alloc(r->arena, t->bytes);
    for (int64_t k = 0; t->data && k < b->n; k++) {
        vt_set_i64(t, k, b->lo[k]);
        if (vt_get_i64(t, k) != b->lo[k]) {
            return false;
        }
    }
    return t->data;
}

static bool fill_inputs(struct bounds_run *r, bool upper)
{
    for (int i = 0; i < r->c->n_in; i++) {
        const struct vt_value *v = r->c->in[i];
        struct vt_tensor *t = &r->tensors[i];

        *t = (struct vt_tensor){.type = VT_DYNAMIC};
        if (!v) {
            continue;
        }
        if (!r->in[i]) {
            *t = *v->constant; /* a known value of another type */
            continue;
        }
        if (!input_moves(r->c->node->op, i)) {
            if (!fill_exact(r, i, t)) {
                return false;
            }
            continue;
        }
        *t = (struct vt_tensor){.type = VT_I64, .rank = v->shape.rank};
        for (int k = 0; k < v->shape.rank; k++) {
            t->dims[k] = v->shape.dims[k].min;
        }
        t->bytes = (size_t)r->in[i]->n * sizeof(int64_t);
        t->data = upper ? r->in[i]->hi : r->in[i]->lo;
    }
    return true;
}

static bool run_reference(struct bounds_run *r, int64_t **out, bool upper)
{
    struct vt_infer *c = r->c;
    bool ok = fill_inputs(r, upper);

    for (int i = 0; i < c->n_out; i++) {
        r->results[i] = (struct vt_tensor){0};
    }
    ok = ok && vt_node_eval(c->node, r->tensors, r->results, NULL, NULL) == VT_OK;
    for (int i = 0; i < c->n_out; i++) {
        int64_t n = ok ? vt_tensor_count(&r->results[i]) : 0;

        out[i] = ok && n <= VT_BOUNDS_MAX ? vt_arena_array(r->arena, (size_t)n, sizeof(int64_t)) : NULL;
        for (int64_t k = 0; out[i] && k < n; k++) {
            out[i][k] = vt_get_i64(&r->results[i], k);
        }
        vt_tensor_free(&r->results[i]);
    }
    return ok;
}

/* Bounds that say nothing: what an input with unknown values that only move brings along, so that its
 * neighbours (the other inputs of a Concat) stay known. */
static const struct vt_bounds *bounds_unknown(struct vt_arena *arena, const struct vt_value *v)
{
    int64_t n = 1;
    struct vt_bounds *b;

    for (int i = 0; i < v->shape.rank; i++) {
        if (__builtin_mul_overflow(n, v->shape.dims[i].min, &n) || n > VT_BOUNDS_MAX) {
            return NULL;
        }
    }
    b = vt_is_integral(v->type) ? bounds_create(arena, n) : NULL;
    for (int64_t i = 0; b && i < n; i++) {
        b->lo[i] = vt_type_info(v->type)->is_signed ? INT64_MIN : 0;
        b->hi[i] = v->type == VT_BOOLEAN ? 1 : INT64_MAX;
    }
    return b;
}

/* Whether the reference may be run: every input that moves has bounds, every other one is known exactly. */
static bool bounds_ready(struct bounds_run *r)
{
    bool any = false;

    for (int i = 0; i < r->c->n_in; i++) {
        const struct vt_value *v = r->c->in[i];

        if (!v) {
            continue;
        }
        if (v->shape.rank < 0 || !vt_pshape_is_static(&v->shape)) {
            return false;
        }
        r->in[i] = bounds_of(r->arena, v);
        any |= r->in[i] != NULL;
        if (!r->in[i] && !v->constant && input_moves(r->c->node->op, i)) {
            r->in[i] = bounds_unknown(r->arena, v);
        }
        if (!r->in[i] && (!v->constant || vt_tensor_count(v->constant) > VT_BOUNDS_MAX)) {
            return false;
        }
        if (r->in[i] && !input_moves(r->c->node->op, i) && !bounds_exact(r->in[i])) {
            return false;
        }
    }
    return any;
}

static bool outputs_want_bounds(const struct vt_infer *c)
{
    bool any = false;

    for (int i = 0; i < c->n_out; i++) {
        const struct vt_value *v = &c->out[i];
        int64_t n = 1;

        if (!vt_is_integral(v->type) || !vt_pshape_is_static(&v->shape)) {
            return false;
        }
        for (int k = 0; k < v->shape.rank; k++) {
            if (v->shape.dims[k].min > VT_BOUNDS_MAX) {
                return false;
            }
            n *= v->shape.dims[k].min;
            if (n > VT_BOUNDS_MAX) {
                return false;
            }
        }
        any = true;
    }
    return any;
}

static void bounds_by_reference(struct vt_infer *c, struct vt_arena *arena)
{
    const struct vt_op_def *op = c->node->op;
    struct bounds_run r = {.arena = arena, .c = c};
    int64_t **lo, **hi;

    if (!op->eval || op->flags & (VT_OP_RANDOM | VT_OP_STATEFUL | VT_OP_BODY | VT_OP_DATA_SHAPE) ||
        !outputs_want_bounds(c)) {
        return;
    }
    r.in = vt_arena_array(arena, (size_t)c->n_in, sizeof(*r.in));
    r.tensors = vt_arena_array(arena, (size_t)c->n_in, sizeof(*r.tensors));
    r.results = vt_arena_array(arena, (size_t)c->n_out, sizeof(*r.results));
    lo = vt_arena_array(arena, (size_t)c->n_out, sizeof(*lo));
    hi = vt_arena_array(arena, (size_t)c->n_out, sizeof(*hi));
    if (!r.in || !r.tensors || !r.results || !lo || !hi || !bounds_ready(&r) ||
        !run_reference(&r, lo, false) || !run_reference(&r, hi, true)) {
        return;
    }
    for (int i = 0; i < c->n_out; i++) {
        struct vt_bounds *b = vt_arena_alloc(arena, sizeof(*b));
        int64_t n = 1;

        for (int k = 0; k < c->out[i].shape.rank; k++) {
            n *= c->out[i].shape.dims[k].min;
        }
        if (b && lo[i] && hi[i]) {
            *b = (struct vt_bounds){n, lo[i], hi[i]};
            c->out[i].bounds = b;
        }
    }
}

/* ---- one node
 * ------------------------------------------------------------------------------------------------ */

static int infer_values(struct vt_infer *c, struct vt_arena *arena, bool with_bounds)
{
    const struct vt_op_def *op = c->node->op;
    int status;

    for (int i = 0; i < op->min_in && i < c->n_in; i++) {
        if (!c->in[i]) {
            return vt_fail(c->err, VT_E_INVALID, "input %d is not connected", i);
        }
    }
    for (int i = 0; i < c->n_out; i++) {
        c->out[i] = (struct vt_value){.type = VT_DYNAMIC, .shape.rank = -1};
    }
    status = op->infer(c);
    if (status || !with_bounds) {
        return status;
    }
    if (op->bounds) {
        return outputs_want_bounds(c) ? op->bounds(c) : VT_OK;
    }
    bounds_by_reference(c, arena);
    return VT_OK;
}

int vt_node_infer(struct vt_node *node, struct vt_error *err)
{
    struct vt_arena *arena = &node->graph->values;
    const struct vt_value **in = malloc(((size_t)node->n_in + 1) * sizeof(*in));
    struct vt_value *out = malloc(((size_t)node->n_out + 1) * sizeof(*out));
    struct vt_infer c = {.node = node,
                         .n_in = node->n_in,
                         .n_out = node->n_out,
                         .in = in,
                         .out = out,
                         .alloc = arena_alloc,
                         .alloc_ctx = arena,
                         .err = err};
    int status;

    if (!in || !out) {
        free(in);
        free(out);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < node->n_in; i++) {
        in[i] = vt_node_in(node, i);
    }
    status = infer_values(&c, arena, true);
    for (int i = 0; status == VT_OK && i < node->n_out; i++) {
        node->out[i].v = out[i];
    }
    free(in);
    free(out);
    if (status && err && !err->code) {
        vt_fail(err, status, "the inputs do not fit");
    }
    if (status && node->op->opset < 0) {
        return vt_context(err, "node '%s' (%s): ", node->name, node->op->name);
    }
    return status ? vt_context(err, "node '%s' (%s-%d): ", node->name, node->op->name, node->op->opset)
                  : VT_OK;
}

int vt_graph_infer(struct vt_graph *graph, struct vt_error *err)
{
    vt_arena_finish(&graph->values);
    for (int i = 0; i < graph->n_nodes; i++) {
        int status = vt_node_infer(graph->nodes[i], err);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* ---- concrete shapes
 * ----------------------------------------------------------------------------------------- */

int vt_node_shapes(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                   struct vt_error *err)
{
    struct vt_arena arena = {.brief = true};
    size_t n_in = (size_t)node->n_in, n_out = (size_t)node->n_out;
    struct vt_value *values = vt_arena_array(&arena, n_in, sizeof(*values));
    const struct vt_value **refs = vt_arena_array(&arena, n_in, sizeof(*refs));
    struct vt_value *result = vt_arena_array(&arena, n_out, sizeof(*result));
    struct vt_infer c = {.node = node,
                         .n_in = node->n_in,
                         .n_out = node->n_out,
                         .in = refs,
                         .out = result,
                         .alloc = arena_alloc,
                         .alloc_ctx = &arena,
                         .err = err,
                         .at_run = true};
    int status = values && refs && result ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");

    for (int i = 0; status == VT_OK && i < node->n_in; i++) {
        if (in[i].type != VT_DYNAMIC) {
            bool known = in[i].data || !in[i].bytes;

            values[i] = (struct vt_value){in[i].type, vt_pshape_of(&in[i]), NULL, known ? &in[i] : NULL};
            refs[i] = &values[i];
        }
    }
    if (status == VT_OK) {
        status = infer_values(&c, &arena, false);
    }
    for (int i = 0; status == VT_OK && i < node->n_out; i++) {
        int64_t dims[VT_MAX_RANK];

        if (!vt_pshape_is_static(&result[i].shape)) {
            out[i].type = result[i].type;
            out[i].rank = -1;
            continue;
        }
        for (int k = 0; k < result[i].shape.rank; k++) {
            dims[k] = result[i].shape.dims[k].min;
        }
        void *data = out[i].data;
        if (!vt_tensor_describe(&out[i], result[i].type, result[i].shape.rank, dims)) {
            status = vt_fail(err, VT_E_SHAPE, "output %d is too large", i);
        }
        out[i].data = data;
    }
    vt_arena_finish(&arena);
    return status;
}
