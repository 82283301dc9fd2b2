/* From a graph to a list of steps: each output of a node gets a slot, each step knows the slots it reads. */
#include "refdev.h"

#include <stdlib.h>

static void destroy(void *compiled)
{
    struct refdev_compiled *c = compiled;

    if (c) {
        c->host->graph_destroy(c->graph);
        free(c->steps);
        free(c->slots_in);
        free(c->last_use);
        free(c);
    }
}

/* What the graph needs in total. */
static int count(struct refdev_compiled *c, int *n_in, struct vt_error *err)
{
    const struct vt_host *host = c->host;

    *n_in = 0;
    c->n_steps = host->graph_n_nodes(c->graph);
    for (int i = 0; i < c->n_steps; i++) {
        const struct vt_node *node = host->graph_node(c->graph, i);
        int in = host->node_n_in(node);

        if (!refdev_can_run(host, node)) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s (opset%d), node '%s'",
                           host->node_op(node), host->node_opset(node), host->node_name(node));
        }
        *n_in += in;
        c->n_slots += host->node_n_out(node);
        c->max_in = in > c->max_in ? in : c->max_in;
    }
    return VT_OK;
}

static void number_ports(struct refdev_compiled *c)
{
    const struct vt_host *host = c->host;

    c->n_params = host->graph_n_params(c->graph);
    c->n_results = host->graph_n_results(c->graph);
    for (int i = 0; i < c->n_steps; i++) {
        c->steps[i].param = c->steps[i].result = -1;
    }
    for (int i = 0; i < c->n_params; i++) {
        c->steps[host->node_index(host->graph_param(c->graph, i))].param = i;
    }
    for (int i = 0; i < c->n_results; i++) {
        c->steps[host->node_index(host->graph_result(c->graph, i))].result = i;
    }
}

/* Nodes come in topological order, so the slots of an input are known when its reader comes. */
static void fill_steps(struct refdev_compiled *c)
{
    const struct vt_host *host = c->host;
    int slot = 0, in = 0;

    for (int i = 0; i < c->n_steps; i++) {
        struct refdev_step *s = &c->steps[i];

        s->node = host->graph_node(c->graph, i);
        s->n_in = host->node_n_in(s->node);
        s->n_out = host->node_n_out(s->node);
        s->in = c->slots_in + in;
        s->out = slot;
        in += s->n_in;
        slot += s->n_out;
        for (int k = 0; k < s->n_in; k++) {
            struct vt_edge edge = host->node_in(s->node, k);

            s->in[k] = edge.src ? c->steps[host->node_index(edge.src)].out + edge.port : -1;
            if (edge.src) {
                c->last_use[s->in[k]] = i;
            }
        }
        /* An output that nobody reads is freed right away. */
        for (int k = 0; k < s->n_out; k++) {
            c->last_use[s->out + k] = i;
        }
    }
}

static int apply_config(struct refdev_compiled *c, const struct vt_config *config, struct vt_error *err)
{
    for (int i = 0; i < config->n; i++) {
        int status = refdev_set(&c->settings, config->keys[i], config->values[i], err);

        if (status) {
            return vt_context(err, "property %s: ", config->keys[i]);
        }
    }
    return VT_OK;
}

int refdev_compile(void *plugin, const char *device_id, struct vt_graph *graph,
                   const struct vt_config *config, void **compiled, struct vt_error *err)
{
    struct refdev_plugin *p = plugin;
    struct refdev_compiled *c = calloc(1, sizeof(*c));
    int n_in, status;

    (void)device_id;
    if (!c) {
        p->host->graph_destroy(graph);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    c->host = p->host;
    c->graph = graph;
    c->settings = p->settings;
    status = apply_config(c, config, err);
    status = status ? status : count(c, &n_in, err);
    if (status == VT_OK) {
        c->steps = calloc((size_t)c->n_steps + 1, sizeof(*c->steps));
        c->slots_in = calloc((size_t)n_in + 1, sizeof(int));
        c->last_use = calloc((size_t)c->n_slots + 1, sizeof(int));
        if (!c->steps || !c->slots_in || !c->last_use) {
            status = vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    if (status) {
        destroy(c);
        return status;
    }
    number_ports(c);
    fill_steps(c);
    *compiled = c;
    return VT_OK;
}

static int properties(void *compiled, const struct vt_property **list, int *n)
{
    (void)compiled;
    return refdev_properties(list, n);
}

static int get_property(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err)
{
    (void)err;
    return refdev_get(&((struct refdev_compiled *)compiled)->settings, key, buf, size, length);
}

static int concurrency(void *compiled)
{
    return ((struct refdev_compiled *)compiled)->settings.num_streams;
}

static int runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err)
{
    struct refdev_compiled *c = compiled;

    *graph = c->host->graph_clone(c->graph, err);
    return *graph ? VT_OK : vt_fail(err, VT_E_NOMEM, "the graph cannot be copied");
}

const struct vt_compiled_fns refdev_compiled_fns = {
    .abi = VT_ABI_HEADER(struct vt_compiled_fns),
    .destroy = destroy,
    .create_request = refdev_create_request,
    .properties = properties,
    .get_property = get_property,
    .concurrency = concurrency,
    .runtime_graph = runtime_graph,
};
