/* The joint choice of implementations and layouts. */
#include "model.h"

#include <stdlib.h>

#define CPU_IMPL(op, impl) extern const struct cpu_impl cpu_impl_##impl;
#include "impls.def"
#undef CPU_IMPL

static const struct {
    const char *op; /* "*": any */
    const struct cpu_impl *impl;
} impls[] = {
#define CPU_IMPL(op, impl) {op, &cpu_impl_##impl},
#include "impls.def"
#undef CPU_IMPL
};

#define IMPLS ((int)(sizeof(impls) / sizeof(impls[0])))

bool cpu_takes_unknown(const char *op)
{
    for (int i = 0; i < IMPLS; i++) {
        if (impls[i].impl->takes_unknown && strcmp(impls[i].op, op) == 0) {
            return true;
        }
    }
    return false;
}

static void log_refusal(void *ctx, const struct cpu_op *op, const struct cpu_impl *impl, const char *reason)
{
    char line[512];

    (void)ctx;
    snprintf(line, sizeof(line), "%s '%s': not %s, %s", op->type, op->host->node_name(op->node), impl->name,
             reason);
    op->host->trace(VT_LOG_DISPATCH, line);
}

typedef void refusal_fn(void *ctx, const struct cpu_op *op, const struct cpu_impl *impl, const char *reason);

/* The first candidate that supports the node; with `after`, the first behind that one. `refused`, or NULL, is
 * told of those in front of it. */
static const struct cpu_impl *find_impl(const struct cpu_op *op, const struct cpu_impl *after,
                                        refusal_fn *refused, void *ctx)
{
    for (int i = 0; i < IMPLS; i++) {
        const struct cpu_impl *impl = impls[i].impl;
        const char *reason = NULL;

        if (strcmp(impls[i].op, op->type) != 0 && strcmp(impls[i].op, "*") != 0) {
            continue;
        }
        if (after) {
            after = impl == after ? NULL : after;
            continue;
        }
        if (impl->supports(op, &reason)) {
            return impl;
        }
        if (refused) {
            refused(ctx, op, impl, reason ? reason : "it does not fit");
        }
    }
    return NULL;
}

/* The operation that stands for weights of few bits, behind an input; else NULL. */
static const struct vt_node *stored_of(const struct vt_host *host, const struct vt_node *node, int input)
{
    struct vt_edge e = host->node_in(node, input);
    bool is = e.src && host->node_opset(e.src) == 0 && strcmp(host->node_op(e.src), "CompressedWeights") == 0;

    return is && host->node_constant(host->node_in(e.src, 0).src) ? e.src : NULL;
}

const struct vt_node *cpu_constant_of(const struct vt_host *host, const struct vt_node *node, int input)
{
    struct vt_edge e = host->node_in(node, input);
    const struct vt_node *stored = stored_of(host, node, input);

    if (!e.src) {
        return NULL;
    }
    if (host->node_constant(e.src)) {
        return e.src;
    }
    if (stored) {
        return host->node_in(stored, 0).src;
    }
    if (strcmp(host->node_op(e.src), "Convert") == 0 && host->node_value(e.src, 0)->type == VT_F32) {
        struct vt_edge inner = host->node_in(e.src, 0);
        const struct vt_tensor *t = inner.src ? host->node_constant(inner.src) : NULL;

        if (t && (t->type == VT_F16 || t->type == VT_BF16)) {
            return inner.src;
        }
    }
    return NULL;
}

/* ---- nodes with concrete shapes
 * ------------------------------------------------------------------------------------ */

/* False: out of memory, which includes a size that no memory has. */
static bool fill_arg(struct cpu_region *region, struct cpu_arg *arg, const struct vt_value *v)
{
    struct vt_tensor t;
    int64_t *dims;

    arg->type = v->type;
    arg->rank = -1;
    if (!vt_pshape_is_static(&v->shape)) {
        return true;
    }
    dims = cpu_region_array(region, (size_t)v->shape.rank, sizeof(*dims));
    if (!dims) {
        return false;
    }
    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = v->shape.dims[i].min;
    }
    if (!vt_tensor_describe(&t, v->type, v->shape.rank, dims)) {
        return false;
    }
    arg->count = vt_tensor_count(&t);
    arg->rank = v->shape.rank;
    arg->dims = dims;
    return true;
}

static const struct vt_node *input_of(const struct vt_host *host, const struct vt_node *node, int input)
{
    return input < host->node_n_in(node) ? host->node_in(node, input).src : NULL;
}

static bool fill_stored(const struct vt_host *host, struct cpu_region *region, struct cpu_arg *arg,
                        const struct vt_node *node)
{
    struct cpu_stored *s;

    if (!node) {
        return true;
    }
    s = cpu_region_array(region, 1, sizeof(*s));
    if (s) {
        *s = (struct cpu_stored){node, input_of(host, node, 0), input_of(host, node, 1),
                                 input_of(host, node, 2)};
        arg->stored = s;
    }
    return s;
}

static bool fill_op(struct cpu_model *model, struct cpu_region *region, struct cpu_choice *c,
                    const struct vt_node *node)
{
    const struct vt_host *host = model->host;
    struct cpu_op *op = &c->op;
    struct cpu_constant_use *uses;

    op->host = host;
    op->model = model;
    op->node = node;
    op->type = host->node_op(node);
    op->n_in = host->node_n_in(node);
    op->n_out = host->node_n_out(node);
    op->isa = model->isa;
    op->threads = model->config.threads;
    op->accurate = model->config.accurate;
    op->in = cpu_region_array(region, (size_t)op->n_in, sizeof(*op->in));
    op->out = cpu_region_array(region, (size_t)op->n_out, sizeof(*op->out));
    uses = cpu_region_array(region, (size_t)op->n_in, sizeof(*uses));
    if (!op->in || !op->out || !uses) {
        return false;
    }
    for (int i = 0; i < op->n_in; i++) {
        struct vt_edge e = host->node_in(node, i);

        if (!e.src) {
            continue;
        }
        op->in[i].constant = cpu_constant_of(host, node, i);
        op->in[i].use = &uses[i];
        op->in[i].raw = op->in[i].constant ? host->node_constant(op->in[i].constant) : NULL;
        if (!fill_arg(region, &op->in[i], host->node_value(e.src, e.port)) ||
            !fill_stored(host, region, &op->in[i], stored_of(host, node, i))) {
            return false;
        }
        c->dynamic |= op->in[i].rank < 0;
    }
    for (int i = 0; i < op->n_out; i++) {
        if (!fill_arg(region, &op->out[i], host->node_value(node, i))) {
            return false;
        }
        c->dynamic |= op->out[i].rank < 0;
    }
    return true;
}

struct first_reason {
    char *text;
    size_t size;
};

static void keep_first(void *ctx, const struct cpu_op *op, const struct cpu_impl *impl, const char *reason)
{
    const struct first_reason *first = ctx;

    (void)op;
    if (!*first->text) {
        snprintf(first->text, first->size, "not %s: %s", impl->name, reason);
    }
}

const struct cpu_impl *cpu_impl_judge(struct cpu_model *model, struct cpu_region *region,
                                      const struct vt_node *node, char *reason, size_t size)
{
    struct first_reason first = {reason, size};
    struct cpu_choice c = {0};

    *reason = 0;
    return fill_op(model, region, &c, node) ? find_impl(&c.op, NULL, keep_first, &first) : NULL;
}

/* Parameters, constants and results take no step; a decompression Convert and weights of few bits are read
 * through by their consumers, who make the value when they need it. */
static bool needs_step(const struct cpu_choice *c)
{
    const char *type = c->op.type;

    if (strcmp(type, "Parameter") == 0 || strcmp(type, "Constant") == 0 || strcmp(type, "Result") == 0) {
        return false;
    }
    if (strcmp(type, "CompressedWeights") == 0 && c->op.in[0].raw) {
        return false;
    }
    if (strcmp(type, "Convert") == 0 && c->op.in[0].raw && c->op.out[0].type == VT_F32 &&
        (c->op.in[0].type == VT_F16 || c->op.in[0].type == VT_BF16)) {
        return false;
    }
    return true;
}

static double bytes_moved(const struct cpu_op *op)
{
    double bytes = 0;

    for (int i = 0; i < op->n_in; i++) {
        bytes += op->in[i].type ? (double)op->in[i].count * vt_type_info(op->in[i].type)->bits / 8 : 0;
    }
    for (int i = 0; i < op->n_out; i++) {
        bytes += (double)op->out[i].count * vt_type_info(op->out[i].type)->bits / 8;
    }
    return bytes;
}

static void take_impl(struct cpu_choice *c, const struct cpu_impl *impl)
{
    c->impl = impl;
    if (impl->options) {
        c->n_options = impl->options(&c->op, c->options);
    } else {
        c->options[0] = (struct cpu_option){.cost = bytes_moved(&c->op) / 8};
        c->n_options = 1;
    }
}

static int choose_impl(struct cpu_choice *c, struct vt_error *err)
{
    const struct vt_host *host = c->op.host;
    const struct cpu_impl *impl =
        find_impl(&c->op, NULL, host->log_enabled(VT_LOG_DISPATCH) ? log_refusal : NULL, NULL);

    if (!impl) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s (opset%d), node '%s'", c->op.type,
                       host->node_opset(c->op.node), host->node_name(c->op.node));
    }
    take_impl(c, impl);
    return VT_OK;
}

/* ---- implementations whose weights grow
 * ------------------------------------------------------------------------ */

/* A node whose best candidate needs larger weights than the next. */
struct rival {
    struct cpu_choice *choice;
    const struct cpu_impl *modest;
    size_t growth;
    double gain; /* nanoseconds saved a byte */
};

static int more_gain_first(const void *a, const void *b)
{
    const struct rival *x = a, *y = b;

    if (x->gain != y->gain) {
        return x->gain < y->gain ? 1 : -1;
    }
    return x->choice < y->choice ? -1 : 1;
}

static size_t static_bytes(const struct vt_host *host, const struct vt_node *node)
{
    const struct vt_value *v = host->node_value(node, 0);
    struct vt_tensor t;
    int64_t dims[VT_MAX_RANK];

    if (v->type == VT_DYNAMIC || !vt_pshape_is_static(&v->shape)) {
        return 0;
    }
    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = v->shape.dims[i].min;
    }
    vt_tensor_describe(&t, v->type, v->shape.rank, dims);
    return t.bytes;
}

/* How much packed forms may exceed the model's own weights in f32: enough for the layers that gain most,
 * little beside the whole, with what the application's tensors take counted in. */
static size_t growth_allowed(struct cpu_model *model, struct vt_graph *graph)
{
    const struct vt_host *host = model->host;
    int n = host->graph_n_nodes(graph);
    size_t bytes = 0, io = 0;

    for (int i = 0; i < n; i++) {
        const struct vt_tensor *t = host->node_constant(host->graph_node(graph, i));

        bytes += t && vt_type_info(t->type)->is_float ? (size_t)vt_tensor_count(t) * sizeof(float) : 0;
    }
    bytes = bytes / 7 + ((size_t)6 << 20);
    for (int i = 0; i < host->graph_n_params(graph); i++) {
        io += static_bytes(host, host->graph_param(graph, i));
    }
    for (int i = 0; i < host->graph_n_results(graph); i++) {
        struct vt_edge e = host->node_in(host->graph_result(graph, i), 0);

        io += e.src && e.port == 0 ? static_bytes(host, e.src) : 0;
    }
    return bytes > io ? bytes - io : 0;
}

/* Let those grow that save most time a byte; the others take their modest candidate. */
static int bound_growth(struct cpu_model *model, struct vt_graph *graph, struct cpu_choice *choices, int n)
{
    struct rival *rivals = calloc((size_t)n + 1, sizeof(*rivals));
    size_t left = growth_allowed(model, graph);
    int count = 0;

    if (!rivals) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < n; i++) {
        struct cpu_choice *c = &choices[i];
        size_t growth = c->impl && c->impl->growth ? c->impl->growth(&c->op) : 0;
        const struct cpu_impl *modest = growth ? find_impl(&c->op, c->impl, NULL, NULL) : NULL;

        if (modest) {
            double cost = c->options[0].cost;
            struct cpu_choice other = {.op = c->op};

            take_impl(&other, modest);
            rivals[count++] =
                (struct rival){c, modest, growth, (other.options[0].cost - cost) / (double)growth};
        }
    }
    qsort(rivals, (size_t)count, sizeof(*rivals), more_gain_first);
    for (int i = 0; i < count; i++) {
        struct cpu_choice *c = rivals[i].choice;

        if (rivals[i].growth <= left) {
            left -= rivals[i].growth;
            continue;
        }
        if (model->host->log_enabled(VT_LOG_DISPATCH)) {
            log_refusal(NULL, &c->op, c->impl, "its weights would take too much memory");
        }
        take_impl(c, rivals[i].modest);
    }
    free(rivals);
    return VT_OK;
}

/* ---- weighing
 * --------------------------------------------------------------------------------------------------- */

enum cpu_layout cpu_option_input_layout(const struct cpu_choice *c, int input)
{
    const struct cpu_option *o = &c->options[c->chosen];

    if (!c->impl || c->op.in[input].rank < 3 || c->impl->always_plain >> input & 1) {
        return CPU_PLAIN;
    }
    /* Axis 1 of an operand that broadcasts along leading axes is not the result's channel. */
    if (input > 0 && c->op.in[input].rank < c->op.out[0].rank) {
        return CPU_PLAIN;
    }
    return input == 0 ? o->in : o->rest;
}

/* Nanoseconds to change the layout of a tensor; nothing when both forms are the same bytes. */
static double reorder_cost(const struct cpu_arg *arg, enum cpu_layout a, enum cpu_layout b)
{
    int64_t spatial = 1;

    if (a == b || arg->rank < 3) {
        return 0;
    }
    for (int i = 2; i < arg->rank; i++) {
        spatial *= arg->dims[i];
    }
    if (arg->dims[1] == 1 || spatial == 1) {
        return 0;
    }
    return 500 + (double)arg->count * 8 / 6;
}

static enum cpu_layout output_layout(const struct cpu_choice *c, int output)
{
    return c->impl && c->op.out[output].rank >= 3 ? c->options[c->chosen].out : CPU_PLAIN;
}

struct weigher {
    const struct vt_host *host;
    struct cpu_choice *choices;
};

static double edges_cost(const struct weigher *w, struct cpu_choice *c, bool ahead)
{
    const struct vt_host *host = w->host;
    double cost = 0;

    for (int i = 0; i < c->op.n_in; i++) {
        struct vt_edge e = host->node_in(c->op.node, i);

        if (e.src && !c->op.in[i].raw) {
            cost += reorder_cost(&c->op.in[i], output_layout(&w->choices[host->node_index(e.src)], e.port),
                                 cpu_option_input_layout(c, i));
        }
    }
    for (int o = 0; ahead && o < c->op.n_out; o++) {
        int uses = host->node_n_uses(c->op.node, o);

        for (int u = 0; u < uses; u++) {
            int input;
            const struct vt_node *user = host->node_use(c->op.node, o, u, &input);

            cost += reorder_cost(&c->op.out[o], output_layout(c, o),
                                 cpu_option_input_layout(&w->choices[host->node_index(user)], input));
        }
    }
    return cost;
}

static bool improve(const struct weigher *w, struct cpu_choice *c, bool ahead)
{
    int best = c->chosen, was = c->chosen;
    double best_cost = 0;

    for (int k = 0; k < c->n_options; k++) {
        double cost;

        c->chosen = k;
        cost = c->options[k].cost + edges_cost(w, c, ahead);
        if (k == 0 || cost < best_cost) {
            best = k;
            best_cost = cost;
        }
    }
    c->chosen = best;
    return best != was;
}

/* First everyone follows the producers, so that chains of layout-neutral nodes start out in one layout:
 * changing them one by one later would only move a reorder along the chain. Then sweeps in both directions
 * until nothing improves. */
static void weigh(struct cpu_model *model, struct cpu_choice *choices, int n)
{
    struct weigher w = {model->host, choices};
    bool changed = true;

    for (int i = 0; i < n; i++) {
        if (choices[i].n_options > 1) {
            improve(&w, &choices[i], false);
        }
    }
    for (int round = 0; changed && round < 6; round++) {
        changed = false;
        for (int i = 0; i < n; i++) {
            changed |= choices[i].n_options > 1 && improve(&w, &choices[i], true);
        }
        for (int i = n - 1; i >= 0; i--) {
            changed |= choices[i].n_options > 1 && improve(&w, &choices[i], true);
        }
    }
}

struct cpu_choice *cpu_select(struct cpu_model *model, struct vt_graph *graph, struct cpu_region *region,
                              struct vt_error *err)
{
    const struct vt_host *host = model->host;
    int n = host->graph_n_nodes(graph);
    struct cpu_choice *choices = cpu_region_array(region, (size_t)n, sizeof(*choices));

    for (int i = 0; choices && i < n; i++) {
        if (!fill_op(model, region, &choices[i], host->graph_node(graph, i))) {
            choices = NULL;
        } else if (needs_step(&choices[i]) && choose_impl(&choices[i], err)) {
            return NULL;
        }
    }
    if (choices && bound_growth(model, graph, choices, n)) {
        choices = NULL;
    }
    if (!choices) {
        vt_fail(err, VT_E_NOMEM, "out of memory compiling model '%s'", host->graph_name(graph));
        return NULL;
    }
    weigh(model, choices, n);
    return choices;
}
