/* From a graph with static parameters to a flat list of steps. */
#include "plan.h"

#include <stdlib.h>

void *cpu_plan_alloc(struct cpu_build *b, size_t bytes)
{
    return cpu_region_alloc(&b->plan->region, bytes);
}

const struct cpu_value *cpu_build_in(struct cpu_build *b, const struct cpu_step *step, int i)
{
    return i < step->n_in && step->in[i] >= 0 ? &b->plan->values[step->in[i]] : NULL;
}

const struct cpu_value *cpu_build_out(struct cpu_build *b, const struct cpu_step *step, int i)
{
    return &b->plan->values[step->out[i]];
}

/* Waking a sleeping thread and waiting for it costs about this much; below it a second thread is no gain. */
#define HANDOVER_NS 1500.0

/* Whether all the work of a step is worth less than two hand-overs. */
static bool too_little(const struct cpu_option *option)
{
    return option->cost < 2 * HANDOVER_NS;
}

int64_t cpu_pieces(const struct cpu_op *op, double ns)
{
    double pieces = ns / HANDOVER_NS;

    if (op->threads == 1 || pieces < 2) {
        return 1;
    }
    return pieces > 256 ? 256 : (int64_t)pieces;
}

struct cpu_step *cpu_step_add(struct cpu_build *b, int n_in, int n_out, struct vt_error *err)
{
    struct cpu_plan *plan = b->plan;
    struct cpu_step *step;
    int *ports;

    if (plan->n_steps == b->cap_steps) {
        int wider = b->cap_steps ? b->cap_steps * 2 : 64;
        struct cpu_step *steps = cpu_region_array(&plan->region, (size_t)wider, sizeof(*steps));

        if (!steps) {
            vt_fail(err, VT_E_NOMEM, "out of memory");
            return NULL;
        }
        if (plan->n_steps) {
            memcpy(steps, plan->steps, (size_t)plan->n_steps * sizeof(*steps));
        }
        plan->steps = steps;
        b->cap_steps = wider;
    }
    step = &plan->steps[plan->n_steps];
    *step = (struct cpu_step){.n_in = n_in, .n_out = n_out};
    ports = cpu_plan_alloc(b, (size_t)(n_in + n_out) * sizeof(int));
    if (!ports) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    step->in = ports;
    step->out = ports + n_in;
    plan->n_steps++;
    return step;
}

int cpu_step_memory(struct cpu_build *b, struct cpu_step *step, int64_t floats, struct vt_error *err)
{
    struct cpu_value v = {.parent = -1, .place = CPU_AT_ARENA, .first = -1, .last = -1};
    int *out = cpu_plan_alloc(b, (size_t)(step->n_out + 1) * sizeof(*out));

    if (!out || !vt_tensor_describe(&v.t, VT_F32, 1, &floats)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    v.bytes = v.t.bytes;
    memcpy(out, step->out, (size_t)step->n_out * sizeof(*out));
    out[step->n_out] = cpu_value_add(b, &v);
    if (out[step->n_out] < 0) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    step->out = out;
    return step->n_out++;
}

/* ---- nodes
 * ----------------------------------------------------------------------------------------------------------
 */

static void note_reads(struct cpu_build *b, const int *in, const struct cpu_choice *c)
{
    for (int i = 0; i < c->op.n_in; i++) {
        struct vt_edge e = b->host->node_in(c->op.node, i);
        size_t offset;
        int value;

        (void)in;
        if (!e.src || c->op.in[i].raw) {
            continue;
        }
        /* Reads are counted at the tensor's first form, whichever form this node reads. */
        value = b->forms[cpu_tensor_id(b, e.src, e.port)].value[CPU_PLAIN];
        if (value < 0) {
            value = b->forms[cpu_tensor_id(b, e.src, e.port)].value[CPU_NXC];
        }
        if (value >= 0) {
            b->pending[cpu_value_root(b->plan, value, &offset)]--;
        }
    }
}

static void log_step(const struct cpu_build *b, const struct cpu_choice *c, const struct cpu_step *step)
{
    char line[512];

    if (b->host->log_enabled(VT_LOG_DISPATCH)) {
        snprintf(line, sizeof(line), "%s '%s': %s, layout %s -> %s", c->op.type,
                 b->host->node_name(c->op.node), step ? step->kernel : c->impl->name,
                 c->options[c->chosen].in ? "nxc" : "plain", c->options[c->chosen].out ? "nxc" : "plain");
        b->host->trace(VT_LOG_DISPATCH, line);
    }
}

static int build_node(struct cpu_build *b, struct cpu_choice *c, struct vt_error *err)
{
    int *in = cpu_region_array(&b->temp, (size_t)c->op.n_in, sizeof(*in));
    int *out = cpu_region_array(&b->temp, (size_t)c->op.n_out, sizeof(*out));
    struct cpu_step *step;
    int status;

    if (!in || !out) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < c->op.n_in; i++) {
        in[i] = cpu_input_value(b, c, i, err);
        if (in[i] < CPU_LEFT_OUT) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    for (int i = 0; i < c->op.n_out; i++) {
        out[i] = cpu_output_value(b, c, i, in, c->op.n_in, err);
        if (out[i] < 0) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    note_reads(b, in, c);
    if (c->impl->flags & CPU_ALIAS) {
        log_step(b, c, NULL);
        return VT_OK;
    }
    step = cpu_step_add(b, c->op.n_in, c->op.n_out, err);
    if (!step) {
        return VT_E_NOMEM;
    }
    memcpy((int *)step->in, in, (size_t)c->op.n_in * sizeof(*in));
    memcpy((int *)step->out, out, (size_t)c->op.n_out * sizeof(*out));
    step->node = c->op.node;
    step->kernel = c->impl->name;
    step->serial = too_little(&c->options[c->chosen]);
    if (b->ahead && c->impl->form_varies && c->impl->form_varies(&c->op)) {
        return VT_OK; /* this plan is never run; the step tells how long its tensors live */
    }
    status = c->impl->prepare(b, &c->op, &c->options[c->chosen], step, err);
    if (status) {
        vt_fail(err, status, "%s cannot be prepared", c->impl->name);
        return vt_context(err, "node '%s' (%s): ", b->host->node_name(c->op.node), c->op.type);
    }
    log_step(b, c, step);
    if (!step->run) { /* everything is in place already */
        b->plan->n_steps--;
    }
    return VT_OK;
}

static int build_parameters(struct cpu_build *b)
{
    int n = b->host->graph_n_params(b->graph);

    for (int i = 0; i < n; i++) {
        const struct vt_node *node = b->host->graph_param(b->graph, i);
        const struct cpu_arg *arg = &b->choices[b->host->node_index(node)].op.out[0];
        struct cpu_value v = {.place = CPU_AT_INPUT, .port = i, .parent = -1};
        int value;

        v.t = (struct vt_tensor){.type = arg->type, .rank = -1};
        if (arg->rank >= 0) {
            vt_tensor_describe(&v.t, arg->type, arg->rank, arg->dims);
        }
        v.bytes = v.t.bytes;
        value = cpu_value_add(b, &v);
        if (value < 0) {
            return VT_E_NOMEM;
        }
        b->forms[cpu_tensor_id(b, node, 0)].value[CPU_PLAIN] = value;
    }
    return VT_OK;
}

/* A result reads a plain value. It is made in the output's memory when it is all of an arena buffer that no
 * other result claims, else copied there. */
static int build_result(struct cpu_build *b, int port, struct vt_error *err)
{
    const struct vt_node *node = b->host->graph_result(b->graph, port);
    struct cpu_choice *c = &b->choices[b->host->node_index(node)];
    static const struct cpu_impl reader = {.name = "result"};
    struct cpu_value v = {.place = CPU_AT_OUTPUT, .port = port, .parent = -1};
    size_t offset;
    int value, root;

    c->impl = &reader;
    value = cpu_input_value(b, c, 0, err);
    c->impl = NULL;
    if (value < 0) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    root = cpu_value_root(b->plan, value, &offset);
    if (b->plan->values[value].t.rank < 0) {
        b->plan->results[port] = value;
        return VT_OK;
    }
    if (b->plan->values[root].place == CPU_AT_ARENA && offset == 0 &&
        b->plan->values[root].bytes == b->plan->values[value].t.bytes) {
        b->plan->values[root].place = CPU_AT_OUTPUT;
        b->plan->values[root].port = port;
        b->plan->results[port] = value;
        return VT_OK;
    }
    v.t = b->plan->values[value].t;
    v.t.data = NULL;
    v.bytes = v.t.bytes;
    root = cpu_value_add(b, &v);
    if (root < 0) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    b->plan->results[port] = root;
    return v.bytes ? cpu_reorder_step(b, value, root, err) : VT_OK;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------- */

static int build_tables(struct cpu_build *b, struct vt_error *err)
{
    const struct vt_host *host = b->host;
    int tensors = 0;

    b->n_nodes = host->graph_n_nodes(b->graph);
    b->choices = cpu_select(b->model, b->graph, &b->temp, err);
    b->tensor_base = cpu_region_array(&b->temp, (size_t)b->n_nodes, sizeof(int));
    if (!b->choices || !b->tensor_base) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < b->n_nodes; i++) {
        b->tensor_base[i] = tensors;
        tensors += b->choices[i].op.n_out;
    }
    b->forms = cpu_region_array(&b->temp, (size_t)tensors, sizeof(*b->forms));
    b->slices = cpu_region_array(&b->temp, (size_t)tensors, sizeof(*b->slices));
    b->plan->n_results = host->graph_n_results(b->graph);
    b->plan->results = cpu_region_array(&b->plan->region, (size_t)b->plan->n_results, sizeof(int));
    if (!b->forms || !b->slices || !b->plan->results) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < tensors; i++) {
        b->forms[i].value[0] = b->forms[i].value[1] = -1;
        b->slices[i].node = -1;
    }
    return VT_OK;
}

/* A Convert or weights of few bits, without a step of their own: those behind them read the constants. */
static bool seen_through(const struct cpu_choice *c)
{
    return !c->impl && (strcmp(c->op.type, "Convert") == 0 || strcmp(c->op.type, "CompressedWeights") == 0);
}

static void uncover(const struct vt_host *host, const struct cpu_arg *arg, bool *covered)
{
    covered[host->node_index(arg->constant)] = false;
    if (arg->stored && arg->stored->scale) {
        covered[host->node_index(arg->stored->scale)] = false;
    }
    if (arg->stored && arg->stored->zero) {
        covered[host->node_index(arg->stored->zero)] = false;
    }
}

/* Which constants the plan has in packed forms only. */
static int note_covered(struct cpu_build *b, struct vt_error *err)
{
    bool *covered = calloc((size_t)b->n_nodes + 1, sizeof(*covered));

    if (!covered) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    memset(covered, true, (size_t)b->n_nodes);
    for (int i = 0; i < b->n_nodes; i++) {
        const struct cpu_choice *c = &b->choices[i];

        for (int k = 0; k < c->op.n_in && !seen_through(c); k++) {
            const struct cpu_arg *arg = &c->op.in[k];

            if (arg->constant && (!arg->use->packed || arg->use->read)) {
                uncover(b->host, arg, covered);
            }
        }
    }
    free(b->model->covered);
    b->model->covered = covered;
    return VT_OK;
}

static int build_steps(struct cpu_build *b, struct vt_error *err)
{
    int status = build_parameters(b);

    if (status == VT_OK) {
        status = cpu_tail_find(b, err);
    }
    if (status == VT_OK) {
        status = cpu_find_slices(b);
    }
    for (int i = 0; i < b->n_nodes && status == VT_OK; i++) {
        if (b->choices[i].impl) {
            status = build_node(b, &b->choices[i], err);
        }
    }
    if (status == VT_OK) {
        status = cpu_tail_build(b, err);
    }
    for (int i = 0; i < b->plan->n_results && status == VT_OK; i++) {
        bool late = cpu_tail_has(b, b->host->graph_result(b->graph, i));

        status = late ? VT_OK : build_result(b, i, err);
    }
    return status;
}

static bool at_port(const struct cpu_plan *plan, int value)
{
    enum cpu_place place = plan->values[plan->values[value].root].place;

    return place == CPU_AT_INPUT || place == CPU_AT_OUTPUT;
}

static int note_ports(struct cpu_plan *plan, struct vt_error *err)
{
    int n = 0;

    for (int i = 0; i < plan->n_values; i++) {
        n += at_port(plan, i);
    }
    plan->ports = cpu_region_array(&plan->region, (size_t)n, sizeof(int));
    if (!plan->ports) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < plan->n_values; i++) {
        if (at_port(plan, i)) {
            plan->ports[plan->n_ports++] = i;
        }
    }
    return VT_OK;
}

static int complete(struct cpu_plan *plan, struct vt_error *err)
{
    static atomic_ullong ids;

    plan->id = atomic_fetch_add(&ids, 1) + 1;
    for (int i = 0; i < plan->n_values; i++) {
        struct cpu_value *v = &plan->values[i];

        v->root = cpu_value_root(plan, i, &v->root_offset);
        plan->has_dynamic |= v->place == CPU_AT_DYNAMIC;
    }
    if (note_ports(plan, err)) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < plan->n_steps; i++) {
        size_t scratch = (plan->steps[i].scratch + 63) & ~(size_t)63;

        plan->scratch_bytes = scratch > plan->scratch_bytes ? scratch : plan->scratch_bytes;
    }
    plan->arena_bytes = cpu_plan_memory(plan);
    return plan->arena_bytes == SIZE_MAX ? vt_fail(err, VT_E_NOMEM, "out of memory") : VT_OK;
}

void cpu_plan_destroy(const struct vt_host *host, struct cpu_plan *plan)
{
    if (!plan) {
        return;
    }
    for (struct cpu_plans *inner = plan->inner; inner; inner = inner->next) {
        cpu_plans_finish(inner);
    }
    if (plan->owns_graph) {
        host->graph_destroy(plan->graph);
    }
    cpu_region_finish(&plan->region);
    free(plan);
}

static void log_plan(const struct cpu_build *b)
{
    char line[256];

    if (b->host->log_enabled(VT_LOG_MEMORY)) {
        snprintf(
            line, sizeof(line),
            "plan of '%s': %d steps, %d values, arena %zu bytes (at least %zu), scratch %zu bytes a thread",
            b->host->graph_name(b->graph), b->plan->n_steps, b->plan->n_values, b->plan->arena_bytes,
            cpu_plan_least(b->plan), b->plan->scratch_bytes);
        b->host->trace(VT_LOG_MEMORY, line);
    }
}

struct cpu_plan *cpu_plan_create(struct cpu_model *model, struct vt_graph *graph, bool owns_graph, bool ahead,
                                 struct vt_error *err)
{
    struct cpu_plan *plan = calloc(1, sizeof(*plan));
    struct cpu_build b = {.model = model, .host = model->host, .graph = graph, .plan = plan, .ahead = ahead};
    int status;

    if (!plan) {
        if (owns_graph) {
            model->host->graph_destroy(graph);
        }
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    plan->graph = graph;
    plan->owns_graph = owns_graph;
    status = build_tables(&b, err);
    if (status == VT_OK) {
        status = build_steps(&b, err);
    }
    if (status == VT_OK) {
        status = complete(plan, err);
    }
    if (status == VT_OK && graph == model->graph) {
        status = note_covered(&b, err);
    }
    if (status == VT_OK) {
        log_plan(&b);
    }
    cpu_region_finish(&b.temp);
    if (status) {
        vt_fail(err, status, "compiling model '%s' failed", model->host->graph_name(graph));
        cpu_plan_destroy(model->host, plan);
        return NULL;
    }
    return plan;
}
