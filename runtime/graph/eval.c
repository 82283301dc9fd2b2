/* The reference interpreter. */
#include "graph.h"
#include "heap.h"
#include "state.h"
#include "texts.h"

int vt_eval_output(struct vt_eval *e, int port, enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_tensor *t = &e->out[port];
    void *given = e->made && !e->made[port] ? t->data : NULL;
    size_t bytes = t->bytes;

    if (given) {
        /* The caller's memory, made for the inferred shape. */
        if (!vt_tensor_describe(t, type, rank, dims) || t->bytes != bytes) {
            t->data = given;
            return vt_fail(e->err, VT_E_SHAPE, "output %d has another size than was inferred", port);
        }
        t->data = given;
        return VT_OK;
    }
    vt_tensor_free(t);
    if (!vt_tensor_describe(t, type, rank, dims)) {
        return vt_fail(e->err, VT_E_SHAPE, "output %d is too large", port);
    }
    return vt_tensor_alloc(t, e->err);
}

char *vt_eval_text(struct vt_eval *e, size_t bytes)
{
    char *text = e->states ? vt_arena_alloc(&e->states->texts, bytes ? bytes : 1) : NULL;

    if (!text) {
        vt_fail(e->err, e->states ? VT_E_NOMEM : VT_E_INTERNAL, "no memory for %zu bytes of strings", bytes);
    }
    return text;
}

/* A reference that computes would take an element of a string for a number. */
static int check_strings(const struct vt_node *node, const struct vt_tensor *in, struct vt_error *err)
{
    for (int i = 0; i < node->n_in; i++) {
        if (in[i].type == VT_STRING && !vt_op_takes_strings(node->op, i)) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s of strings (input %d), node '%s'",
                           node->op->name, i, node->name);
        }
    }
    return VT_OK;
}

/* An extension may say anything: what the caller has made room for must hold it. */
static int check_room(const struct vt_node *node, const struct vt_tensor *out, const size_t *room,
                      struct vt_error *err)
{
    for (int i = 0; i < node->n_out; i++) {
        if (out[i].type == VT_STRING) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: strings made by an extension, output %d",
                           i);
        }
        if (out[i].data && out[i].rank >= 0 && out[i].bytes > room[i]) {
            return vt_fail(err, VT_E_SHAPE, "output %d needs %zu bytes, and %zu were made ready", i,
                           out[i].bytes, room[i]);
        }
    }
    return VT_OK;
}

/* The shapes that follow from the inputs. */
static int shape_outputs(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                         struct vt_error *err)
{
    size_t few[8];
    size_t *room = node->n_out <= 8 ? few : vt_temp_zero((size_t)node->n_out, sizeof(*room));
    int status;

    if (!(node->op->flags & VT_OP_EXTENSION)) {
        status = vt_node_shapes(node, in, out, err);
    } else if (!room) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    } else {
        for (int i = 0; i < node->n_out; i++) {
            room[i] = out[i].bytes;
        }
        status = vt_node_shapes(node, in, out, err);
        status = status ? status : check_room(node, out, room, err);
    }
    if (room != few) {
        vt_temp_free(room);
    }
    return status;
}

/* Elements below a byte may leave bits of the last bytes unused: zero, so that results are always the same.
 */
static void clear_padding(struct vt_tensor *t)
{
    size_t last = vt_type_info(t->type)->bits % 3 ? 1 : 3; /* u3 and u6 come in groups of three bytes */

    if (vt_type_info(t->type)->bits < 8 && t->rank >= 0 && t->bytes >= last) {
        memset((char *)t->data + t->bytes - last, 0, last);
    }
}

/* Allocate what the caller left open; `made` remembers which, for unwinding. */
static int prepare_outputs(const struct vt_node *node, struct vt_tensor *out, bool *made,
                           struct vt_error *err)
{
    for (int i = 0; i < node->n_out; i++) {
        if (out[i].rank < 0 && !(node->op->flags & (VT_OP_DATA_SHAPE | VT_OP_BODY))) {
            return vt_fail(err, VT_E_SHAPE, "the inputs leave the shape of output %d open", i);
        }
        made[i] = !out[i].data;
        if (out[i].rank < 0 && !(node->op->flags & (VT_OP_DATA_SHAPE | VT_OP_BODY | VT_OP_STATEFUL))) {
            return vt_fail(err, VT_E_SHAPE, "the shape of output %d does not follow from the inputs", i);
        }
        if (made[i] && out[i].rank >= 0) {
            bool all = !(node->op->flags & (VT_OP_DATA_SHAPE | VT_OP_BODY | VT_OP_STATEFUL));
            int status = all ? vt_tensor_room(&out[i], err) : vt_tensor_alloc(&out[i], err);

            if (status) {
                return status;
            }
        }
        if (out[i].data) {
            clear_padding(&out[i]);
        }
    }
    return VT_OK;
}

int vt_node_eval(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                 struct vt_state_store *states, struct vt_error *err)
{
    struct vt_eval e = {.node = node,
                        .n_in = node->n_in,
                        .n_out = node->n_out,
                        .in = in,
                        .out = out,
                        .states = states,
                        .err = err};
    bool few[8] = {false};
    bool *made = node->n_out <= 8 ? few : vt_temp_zero((size_t)node->n_out, sizeof(bool));
    int status;

    if (!node->op->eval) {
        status = vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s (opset%d), node '%s'", node->op->name,
                         node->op->opset, node->name);
    } else if (!made) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    } else {
        e.made = made;
        status = check_strings(node, in, err);
        status = status ? status : shape_outputs(node, in, out, err);
        if (status == VT_OK) {
            status = prepare_outputs(node, out, made, err);
        }
        if (status == VT_OK) {
            status = node->op->eval(&e);
        }
        for (int i = 0; status && i < node->n_out; i++) {
            if (made[i]) {
                vt_tensor_free(&out[i]);
            }
        }
    }
    if (made != few) {
        vt_temp_free(made);
    }
    if (status && err && err->code && !strstr(err->text, node->name)) {
        vt_context(err, "node '%s' (%s): ", node->name, node->op->name);
    }
    return status;
}

int vt_node_eval_in(const struct vt_node *node, const struct vt_tensor *in, struct vt_tensor *out,
                    struct vt_state_store *states, struct vt_heap *heap, struct vt_error *err)
{
    struct vt_heap *before = vt_heap_use(heap);
    int status = vt_node_eval(node, in, out, states, err);

    vt_heap_use(before);
    return status;
}

/* ---- a whole graph
 * ------------------------------------------------------------------------------------------- */

struct runner {
    const struct vt_graph *graph;
    struct vt_tensor **values; /* per node, its outputs */
    int **left;                /* per node and output, consumers yet to run */
    struct vt_arena arena;
};

static bool owns_values(const struct vt_node *node)
{
    return !vt_node_is(node, "Parameter") && !vt_node_is(node, "Constant");
}

static int runner_init(struct runner *r, const struct vt_graph *graph)
{
    size_t n = (size_t)graph->n_nodes;

    r->graph = graph;
    r->values = vt_arena_array(&r->arena, n, sizeof(*r->values));
    r->left = vt_arena_array(&r->arena, n, sizeof(*r->left));
    if (!r->values || !r->left) {
        return VT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const struct vt_node *node = graph->nodes[i];

        r->values[i] = vt_arena_array(&r->arena, (size_t)node->n_out, sizeof(struct vt_tensor));
        r->left[i] = vt_arena_array(&r->arena, (size_t)node->n_out, sizeof(int));
        if (!r->values[i] || !r->left[i]) {
            return VT_E_NOMEM;
        }
        for (int o = 0; o < node->n_out; o++) {
            r->left[i][o] = node->out[o].n_uses;
        }
    }
    return VT_OK;
}

static void runner_finish(struct runner *r)
{
    for (int i = 0; r->values && i < r->graph->n_nodes; i++) {
        const struct vt_node *node = r->graph->nodes[i];

        for (int o = 0; r->values[i] && owns_values(node) && o < node->n_out; o++) {
            vt_tensor_free(&r->values[i][o]);
        }
    }
    vt_arena_finish(&r->arena);
}

static void release_inputs(struct runner *r, const struct vt_node *node)
{
    for (int i = 0; i < node->n_in; i++) {
        struct vt_port src = node->in[i];

        if (src.node && --r->left[src.node->index][src.index] == 0 && owns_values(src.node)) {
            vt_tensor_free(&r->values[src.node->index][src.index]);
        }
    }
}

static int run_node(struct runner *r, const struct vt_node *node, struct vt_state_store *states,
                    struct vt_error *err)
{
    struct vt_tensor few[8] = {0};
    struct vt_tensor *in = node->n_in <= 8 ? few : vt_temp_zero((size_t)node->n_in, sizeof(*in));
    int status;

    if (!in) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < node->n_in; i++) {
        struct vt_port src = node->in[i];

        in[i] = src.node ? r->values[src.node->index][src.index] : (struct vt_tensor){.type = VT_DYNAMIC};
    }
    status = vt_node_eval(node, in, r->values[node->index], states, err);
    if (in != few) {
        vt_temp_free(in);
    }
    release_inputs(r, node);
    for (int o = 0; o < node->n_out && status == VT_OK; o++) {
        if (r->left[node->index][o] == 0) {
            vt_tensor_free(&r->values[node->index][o]);
        }
    }
    return status;
}

static int collect_result(struct runner *r, const struct vt_node *node, struct vt_tensor *out,
                          struct vt_error *err)
{
    struct vt_port src = node->in[0];
    struct vt_tensor *value = &r->values[src.node->index][src.index];
    int status;

    *out = *value;
    if (owns_values(src.node) && r->left[src.node->index][src.index] == 1) {
        r->left[src.node->index][src.index] = 0;
        value->data = NULL; /* the last consumer takes the memory */
        return VT_OK;
    }
    status = vt_tensor_alloc(out, err);
    if (status == VT_OK && out->bytes) {
        memcpy(out->data, value->data, out->bytes);
    }
    release_inputs(r, node);
    return status;
}

static int index_of(struct vt_node *const *list, int n, const struct vt_node *node)
{
    for (int i = 0; i < n; i++) {
        if (list[i] == node) {
            return i;
        }
    }
    return -1;
}

int vt_graph_eval(const struct vt_graph *graph, const struct vt_tensor *in, struct vt_tensor *out,
                  struct vt_state_store *states, struct vt_error *err)
{
    struct runner r = {.arena.brief = true};
    int status = runner_init(&r, graph) ? vt_fail(err, VT_E_NOMEM, "out of memory") : VT_OK;

    for (int i = 0; i < graph->n_results; i++) {
        out[i].data = NULL;
    }
    for (int i = 0; i < graph->n_nodes && status == VT_OK; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (states && atomic_load_explicit(&states->cancelled, memory_order_relaxed)) {
            status = vt_fail(err, VT_E_CANCELLED, "the inference was cancelled");
        } else if (vt_node_is(node, "Parameter")) {
            r.values[i][0] = in[index_of(graph->params, graph->n_params, node)];
        } else if (vt_node_is(node, "Constant")) {
            r.values[i][0] = node->constant;
        } else if (vt_node_is(node, "Result")) {
            status = collect_result(&r, node, &out[index_of(graph->results, graph->n_results, node)], err);
        } else {
            status = run_node(&r, node, states, err);
        }
    }
    for (int i = 0; status && i < graph->n_results; i++) {
        vt_tensor_free(&out[i]);
    }
    runner_finish(&r);
    return status;
}
