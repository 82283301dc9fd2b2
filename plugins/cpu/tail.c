/* What comes behind shapes that the data decides.
 *
 * A plan knows the shapes of what is in front of NonZero, NonMaxSuppression, a variable and their like, but
 * not of what is behind. Where there is work behind, it becomes a graph of its own, whose parameters are all
 * that it reads: the last step of the plan finds or makes a plan for the shapes that came out, and so on. */
#include "plan.h"

#include <stdlib.h>

/* Operations for which making plans at run time pays: little else is heavier than its reference. */
static bool heavy(const char *type)
{
    static const char *const parts[] = {"MatMul", "Convolution", "Attention", "Sequence",  "Cell",
                                        "Loop",   "Iterator",    "Interpol",  "ROI",       "Einsum",
                                        "Pool",   "Softmax",     "Normaliz",  "LayerNorm", "GridSample"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(type, parts[i])) {
            return true;
        }
    }
    return strcmp(type, "If") == 0;
}

bool cpu_reads_unknown(const struct cpu_choice *c)
{
    unsigned allowed = c->impl ? c->impl->takes_unknown : 0;

    for (int i = 0; i < c->op.n_in; i++) {
        if (c->op.in[i].type != VT_DYNAMIC && c->op.in[i].rank < 0 && !(i < 32 && allowed >> i & 1)) {
            return true;
        }
    }
    return false;
}

bool cpu_is_heavy(const struct cpu_op *op)
{
    return heavy(op->type);
}

static void log_first(const struct vt_host *host, const struct cpu_op *op)
{
    char line[512];

    snprintf(line, sizeof(line), "%s '%s': from here on planned when the shapes are known", op->type,
             host->node_name(op->node));
    host->trace(VT_LOG_DISPATCH, line);
}

/* From work whose shapes are not known on, everything is late. What little is in front runs by its
 * references. */
int cpu_tail_find(struct cpu_build *b, struct vt_error *err)
{
    bool any = false, reads_late = false, writes_early = false;

    if (!VT_TABLE_HAS(b->host, graph_part)) {
        return VT_OK;
    }
    b->late = cpu_region_array(&b->temp, (size_t)b->n_nodes + 1, sizeof(*b->late));
    if (!b->late) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < b->n_nodes; i++) {
        const struct cpu_choice *c = &b->choices[i];
        unsigned flags = b->host->node_flags(c->op.node);
        bool late = heavy(c->op.type) && cpu_reads_unknown(c);

        for (int k = 0; k < c->op.n_in && !late; k++) {
            struct vt_edge e = b->host->node_in(c->op.node, k);

            late = e.src && b->late[b->host->node_index(e.src)];
        }
        if (late && !any && b->host->log_enabled(VT_LOG_DISPATCH)) {
            log_first(b->host, &c->op);
        }
        b->late[i] = late;
        any |= late;
        reads_late |= late && (flags & VT_OP_STATEFUL) && !(flags & VT_OP_SINK);
        writes_early |= !late && (flags & VT_OP_SINK);
    }
    if (!any || (reads_late && writes_early)) {
        b->late = NULL;
    }
    for (int i = 0; b->late && i < b->n_nodes; i++) {
        if (b->late[i]) {
            b->choices[i].impl = NULL;
        }
    }
    return VT_OK;
}

bool cpu_tail_has(const struct cpu_build *b, const struct vt_node *node)
{
    return b->late && b->late[b->host->node_index(node)];
}

/* ---- the step */

struct tail {
    struct cpu_plans *plans;
    struct vt_tensor *in; /* what is known of the inputs */
};

struct job {
    const struct cpu_step *step;
    struct cpu_run *run;
};

static void *result_memory(void *ctx, int port, const struct vt_tensor *want, int *status,
                           struct vt_error *err)
{
    struct job *j = ctx;
    void *memory = cpu_output_now(j->run, j->step, port, want->type, want->rank, want->dims);

    (void)err;
    if (!memory) {
        *status = VT_E_NOMEM;
    }
    return memory;
}

static int run_tail(const struct cpu_step *step, struct cpu_run *run)
{
    const struct tail *tail = step->data;
    struct vt_tensor *in = cpu_frame_buffer(run->frame, 0, (size_t)(step->n_in + 1) * sizeof(*in));
    struct job j = {step, run};
    struct cpu_ports ports = {in, result_memory, &j};

    if (!in) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < step->n_in; i++) {
        int value = step->in[i];

        if (run->plan->values[value].t.rank < 0) {
            in[i] = run->dynamic[value];
        } else {
            in[i] = tail->in[i];
            in[i].data = run->data[value];
        }
    }
    return cpu_run_inner(run, tail->plans, &ports);
}

/* The value of an edge: that of any of its late readers. */
static int edge_value(struct cpu_build *b, struct vt_edge e, struct vt_error *err)
{
    static const struct cpu_impl reader = {.name = "tail"};
    int uses = b->host->node_n_uses(e.src, e.port);

    for (int u = 0; u < uses; u++) {
        int input, value;
        const struct vt_node *user = b->host->node_use(e.src, e.port, u, &input);
        struct cpu_choice *c = &b->choices[b->host->node_index(user)];

        if (b->late[b->host->node_index(user)]) {
            c->chosen = 0;
            c->options[0] = (struct cpu_option){.cost = 0}; /* plain */
            c->impl = &reader;
            value = cpu_input_value(b, c, input, err);
            c->impl = NULL;
            return value;
        }
    }
    return -1;
}

static int result_port(const struct cpu_build *b, const struct vt_node *node)
{
    int port = 0;

    while (b->host->graph_result(b->graph, port) != node) {
        port++;
    }
    return port;
}

/* Outputs of the step: the results inside, in the order of their nodes. */
static int add_results(struct cpu_build *b, struct cpu_step *step, struct vt_error *err)
{
    int n = 0;

    for (int i = 0; i < b->n_nodes; i++) {
        const struct cpu_op *op = &b->choices[i].op;
        struct cpu_value v = {.place = CPU_AT_DYNAMIC, .parent = -1, .first = -1, .last = -1};

        if (!b->late[i] || strcmp(op->type, "Result") != 0) {
            continue;
        }
        v.t.type = op->in[0].type;
        v.t.rank = -1;
        ((int *)step->out)[n] = cpu_value_add(b, &v);
        if (step->out[n] < 0) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        b->plan->results[result_port(b, op->node)] = step->out[n++];
    }
    return VT_OK;
}

static int fill_step(struct cpu_build *b, struct tail *tail, struct cpu_step *step, struct vt_error *err)
{
    int n = step->n_in;

    tail->in = cpu_plan_alloc(b, (size_t)(n + 1) * sizeof(*tail->in));
    if (!tail->in) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        tail->in[i] = b->plan->values[step->in[i]].t;
    }
    step->run = run_tail;
    step->data = tail;
    step->kernel = "plan";
    return add_results(b, step, err);
}

/* Values first: reorders that they need are steps in front. */
static int add_step(struct cpu_build *b, struct vt_graph *part, const struct vt_edge *edges, int n,
                    struct vt_error *err)
{
    struct tail *tail = cpu_plan_alloc(b, sizeof(*tail));
    int *values = cpu_region_array(&b->temp, (size_t)n + 1, sizeof(*values));
    struct cpu_step *step;

    if (!tail || !values) {
        b->host->graph_destroy(part);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    tail->plans = cpu_plans_inner(b, part, true, err);
    if (!tail->plans) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < n; i++) {
        values[i] = edge_value(b, edges[i], err);
        if (values[i] < 0) {
            return vt_fail(err, VT_E_INTERNAL, "an input of what depends on the data has no value");
        }
    }
    step = cpu_step_add(b, n, b->host->graph_n_results(part), err);
    if (!step) {
        return VT_E_NOMEM;
    }
    memcpy((int *)step->in, values, (size_t)n * sizeof(*values));
    return fill_step(b, tail, step, err);
}

int cpu_tail_build(struct cpu_build *b, struct vt_error *err)
{
    struct vt_edge *edges;
    struct vt_graph *part;
    size_t inputs = 1;
    int n = 0;

    if (!b->late) {
        return VT_OK;
    }
    for (int i = 0; i < b->n_nodes; i++) {
        inputs += (size_t)b->choices[i].op.n_in;
    }
    edges = cpu_region_array(&b->temp, inputs, sizeof(*edges));
    if (!edges) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    part = b->host->graph_part(b->graph, b->late, edges, &n, err);
    return part ? add_step(b, part, edges, n, err) : VT_E_NOMEM;
}
