/* The graph as it is executed, for display: the nodes after all passes, each with the kernel that runs it.
 * The entries have the names that OpenVINO's execution graphs have. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    const struct vt_host *host;
    const struct cpu_plan *plan; /* NULL: none yet */
    struct vt_graph *to;
    struct vt_node **made; /* per node of the graph that is shown; NULL for constants */
    int order;
    struct vt_error *err;
};

/* "1,3,?,2..5" as Parameters take it, of a known rank. */
static void shape_text(const struct vt_pshape *shape, char *text, size_t size)
{
    size_t n = 0;

    text[0] = 0;
    for (int i = 0; i < shape->rank && n < size; i++) {
        struct vt_dim d = shape->dims[i];
        const char *comma = i ? "," : "";

        if (vt_dim_is_static(d)) {
            n += (size_t)snprintf(text + n, size - n, "%s%lld", comma, (long long)d.min);
        } else if (d.max < 0) {
            n += d.min ? (size_t)snprintf(text + n, size - n, "%s%lld..", comma, (long long)d.min)
                       : (size_t)snprintf(text + n, size - n, "%s?", comma);
        } else {
            n += (size_t)snprintf(text + n, size - n, "%s%lld..%lld", comma, (long long)d.min,
                                  (long long)d.max);
        }
    }
}

static const struct cpu_step *step_of(const struct copy *c, const struct vt_node *node)
{
    for (int i = 0; c->plan && i < c->plan->n_steps; i++) {
        if (c->plan->steps[i].node == node) {
            return &c->plan->steps[i];
        }
    }
    return NULL;
}

/* Nodes whose result is a constant take no part in an inference. */
static bool takes_part(const struct copy *c, const struct vt_node *node)
{
    return !c->host->node_constant(node);
}

static int input_count(const struct copy *c, const struct vt_node *node)
{
    int n = 0;

    for (int i = 0; i < c->host->node_n_in(node); i++) {
        struct vt_edge e = c->host->node_in(node, i);

        n += e.src && takes_part(c, e.src);
    }
    return n;
}

/* "NCHW" and "NHWC" in their general forms. */
static const char *layout_of(const struct copy *c, const struct cpu_step *step)
{
    const struct cpu_value *v =
        step && step->n_out && step->out[0] >= 0 ? &c->plan->values[step->out[0]] : NULL;

    return !v ? "undef" : v->layout == CPU_NXC ? "channels_last" : "plain";
}

static int describe(const struct copy *c, struct vt_node *to, const struct vt_node *node,
                    const struct cpu_step *step, bool attributes)
{
    const struct vt_host *h = c->host;
    const char *fused = h->node_fused(node), *type = h->node_op(node);
    const char *precision = h->node_n_out(node) ? vt_type_info(h->node_value(node, 0)->type)->name : "undef";
    char names[4096], order[16];
    const char *entries[][2] = {{"execOrder", order},
                                {"execTimeMcs", "not_executed"},
                                {"layerType", type},
                                {"originalLayersNames", names},
                                {"outputLayouts", layout_of(c, step)},
                                {"outputPrecisions", precision},
                                {"primitiveType", step      ? step->kernel
                                                  : c->plan ? "none"
                                                            : "undef"},
                                {"runtimePrecision", precision}};
    size_t n;
    int status = VT_OK;

    snprintf(order, sizeof(order), "%d", c->order);
    /* The list of what was fused begins with the node's own name where the node is one of the originals. */
    n = strlen(h->node_name(node));
    if (fused && strncmp(fused, h->node_name(node), n) == 0 && (fused[n] == ',' || !fused[n])) {
        snprintf(names, sizeof(names), "%s", fused);
    } else {
        snprintf(names, sizeof(names), "%s%s%s", h->node_name(node), fused ? "," : "", fused ? fused : "");
    }
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]) && status == VT_OK; i++) {
        status = attributes ? h->node_set_attr(to, entries[i][0], entries[i][1], c->err)
                            : h->node_add_rt_info(to, entries[i][0], "0", entries[i][1], c->err);
    }
    return status;
}

static int copy_parameter(struct copy *c, const struct vt_node *node, struct vt_node **made)
{
    const struct vt_value *v = c->host->node_value(node, 0);
    char text[1024];
    int status;

    *made = c->host->node_create(c->to, "Parameter", 1, c->host->node_name(node), 0, 1, c->err);
    if (!*made) {
        return VT_E_NOMEM;
    }
    status = c->host->node_set_attr(*made, "element_type", vt_type_info(v->type)->name, c->err);
    if (status == VT_OK && v->shape.rank >= 0) {
        shape_text(&v->shape, text, sizeof(text));
        status = c->host->node_set_attr(*made, "shape", text, c->err);
    }
    return status;
}

static int copy_other(struct copy *c, const struct vt_node *node, struct vt_node **made)
{
    int n_out = c->host->node_n_out(node), status = VT_OK;

    *made = c->host->node_create_unknown(c->to, c->host->node_op(node), "execution", c->host->node_name(node),
                                         input_count(c, node), n_out, c->err);
    for (int i = 0; *made && i < n_out && status == VT_OK; i++) {
        const struct vt_value *v = c->host->node_value(node, i);

        status = c->host->node_declare_output(*made, i, v->type, &v->shape, c->err);
    }
    return *made ? status : VT_E_NOMEM;
}

static int connect(struct copy *c, const struct vt_node *node, struct vt_node *to)
{
    int input = 0, status = VT_OK;

    for (int i = 0; i < c->host->node_n_in(node) && status == VT_OK; i++) {
        struct vt_edge e = c->host->node_in(node, i);

        if (e.src && takes_part(c, e.src)) {
            status = c->host->node_connect(to, input++, c->made[c->host->node_index(e.src)], e.port, c->err);
        }
    }
    return status;
}

/* A result whose value is a constant: it is shown as an operation without inputs. */
static int constant_result(struct copy *c, const struct vt_node *node, struct vt_node *to)
{
    struct vt_edge e = c->host->node_in(node, 0);
    const struct vt_value *v = c->host->node_value(e.src, e.port);
    struct vt_node *constant =
        c->host->node_create_unknown(c->to, "Const", "execution", c->host->node_name(e.src), 0, 1, c->err);
    int status =
        constant ? c->host->node_declare_output(constant, 0, v->type, &v->shape, c->err) : VT_E_NOMEM;

    return status ? status : c->host->node_connect(to, 0, constant, 0, c->err);
}

static int copy_node(struct copy *c, const struct vt_node *node)
{
    const char *op = c->host->node_op(node);
    bool parameter = strcmp(op, "Parameter") == 0, result = strcmp(op, "Result") == 0;
    struct vt_node **made = &c->made[c->host->node_index(node)];
    int status;

    if (!takes_part(c, node)) {
        return VT_OK;
    }
    if (parameter) {
        status = copy_parameter(c, node, made);
    } else if (result) {
        *made = c->host->node_create(c->to, "Result", 1, c->host->node_name(node), 1, 1, c->err);
        status = *made ? VT_OK : VT_E_NOMEM;
    } else {
        status = copy_other(c, node, made);
    }
    status = status ? status : describe(c, *made, node, step_of(c, node), !parameter && !result);
    if (status == VT_OK && result && !takes_part(c, c->host->node_in(node, 0).src)) {
        status = constant_result(c, node, *made);
    } else {
        status = status ? status : connect(c, node, *made);
    }
    c->order++;
    return status;
}

int cpu_runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err)
{
    struct cpu_model *model = compiled;
    const struct vt_host *host = model->host;
    struct copy c = {.host = host, .err = err};
    const struct vt_graph *from = model->graph;
    struct cpu_plan *plan;
    int n, status = VT_OK;

    /* Plans come and go while other threads infer: one in use stays. */
    plan = cpu_plans_newest(&model->plans);
    c.plan = plan;
    if (plan) {
        from = plan->graph;
    }
    n = host->graph_n_nodes(from);
    c.made = calloc((size_t)n + 1, sizeof(*c.made));
    c.to = c.made ? host->graph_create(host->graph_name(from), err) : NULL;
    if (!c.to) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        status = copy_node(&c, host->graph_node(from, i));
    }
    status = status ? status : host->graph_finish(c.to, err);
    if (plan) {
        cpu_plan_release(plan);
    }
    if (status && c.to) {
        host->graph_destroy(c.to);
    }
    free(c.made);
    *graph = status ? NULL : c.to;
    return status;
}
