/* HETERO: asking the devices, dividing the model, compiling its parts; compiled models as the core sees them.
 */
#include "hetero.h"

#include "graph.h"
#include "host.h"
#include "host_build.h"
#include "log.h"
#include "partition.h"

#include <stdlib.h>

static void destroy(void *compiled)
{
    struct vt_hetero *h = compiled;

    for (int i = 0; i < h->n_parts; i++) {
        vt_compiled_unref(h->parts[i].compiled);
        free(h->parts[i].in);
        free(h->parts[i].out);
    }
    free(h->parts);
    free(h->edges);
    vt_graph_destroy(h->graph);
    vt_members_finish(&h->members);
    vt_virtual_config_finish(&h->config);
    free(h);
}

/* ---- asking the devices */

struct answers {
    bool *supports;
    int n_nodes;
};

static void take_verdict(void *ctx, const struct vt_node_support *support)
{
    struct answers *a = ctx;
    int index = support->node->index;

    if (index >= 0 && index < a->n_nodes) {
        a->supports[index] = support->supported;
    }
}

static int ask_all(const struct vt_members *members, const struct vt_graph *graph,
                   const struct vt_settings *pass, bool *supports, struct vt_error *err)
{
    for (int i = 0; i < members->n; i++) {
        struct answers a = {supports + (size_t)i * (size_t)graph->n_nodes, graph->n_nodes};
        int status = vt_member_query(&members->items[i], graph, pass, take_verdict, &a, err);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

static int divide(const struct vt_members *members, const struct vt_graph *graph,
                  const struct vt_settings *pass, struct vt_partition *partition, struct vt_error *err)
{
    size_t n = (size_t)members->n;
    bool *supports = calloc(n, (size_t)graph->n_nodes + 1);
    const char **names = calloc(n, sizeof(*names));
    int status;

    *partition = (struct vt_partition){0};
    if (supports && names) {
        for (int i = 0; i < members->n; i++) {
            names[i] = members->items[i].name;
        }
        status = ask_all(members, graph, pass, supports, err);
        if (status == VT_OK) {
            struct vt_placement placement = {graph, members->n, names, supports};

            status = vt_partition_init(partition, &placement, err);
        }
    } else {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    free(supports);
    free(names);
    return status;
}

/* ---- telling where things run */

static int show_devices(struct vt_hetero *h, const struct vt_partition *p, struct vt_error *err)
{
    int status = VT_OK;

    for (int i = 0; i < h->graph->n_nodes && status == VT_OK; i++) {
        int part = p->part_of[i];

        status = part < 0 ? VT_OK
                          : vt_node_set_rt_info(h->graph->nodes[i], "affinity",
                                                h->members.items[p->parts[part].device].name, err);
    }
    return status;
}

/* "TopK (2), Softmax (1)" of the nodes that are not on the first device. */
static int list_fallen(const struct vt_hetero *h, const struct vt_partition *p, char *text, size_t size)
{
    size_t at = 0;
    int fallen = 0;

    *text = 0;
    for (int i = 0; i < h->graph->n_nodes; i++) {
        const char *op = h->graph->nodes[i]->op->name;
        int count = 0;
        bool first = true;

        if (p->device_of[i] <= 0) {
            continue;
        }
        fallen++;
        for (int k = 0; k < h->graph->n_nodes; k++) {
            if (p->device_of[k] > 0 && strcmp(h->graph->nodes[k]->op->name, op) == 0) {
                first &= k >= i;
                count++;
            }
        }
        if (first && at < size) {
            at += (size_t)snprintf(text + at, size - at, "%s%s (%d)", at ? ", " : "", op, count);
        }
    }
    return fallen;
}

static void log_fallen(const struct vt_hetero *h, const struct vt_partition *p)
{
    char text[1500];
    int fallen;

    if (!vt_log_level_enabled(VT_LOG_INFO)) {
        return;
    }
    fallen = list_fallen(h, p, text, sizeof(text));
    vt_log(VT_LOG_INFO, "HETERO: model '%s' has %d parts; %d nodes are not on %s: %s", h->graph->name,
           h->n_parts, fallen, h->members.items[0].name, fallen ? text : "none");
}

/* ---- compiling */

static int compile_part(struct vt_hetero *h, struct vt_cut *cut, int index, struct vt_error *err)
{
    struct vt_hetero_part *part = &h->parts[index];
    struct vt_member *member = &h->members.items[part->member];
    struct vt_model *model = NULL;
    int status = vt_cut_part(cut, index, &model, err);

    status = status ? status
                    : vt_member_build(h->plugin->core, member, model, &h->config.pass, &part->compiled, err);
    vt_model_unref(model);
    if (status == VT_OK && !member->compiled) {
        member->compiled = vt_compiled_ref(part->compiled);
        atomic_store(&member->state, VT_MEMBER_READY);
    }
    return status;
}

static int compile_parts(struct vt_hetero *h, const struct vt_partition *p, struct vt_error *err)
{
    struct vt_cut cut;
    int status;

    h->parts = calloc((size_t)p->n_parts, sizeof(*h->parts));
    if (!h->parts) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    h->n_parts = p->n_parts;
    status = vt_cut_init(&cut, h, p->part_of, err);
    for (int i = 0; i < h->n_parts && status == VT_OK; i++) {
        h->parts[i].member = p->parts[i].device;
        status = compile_part(h, &cut, i, err);
    }
    vt_cut_finish(&cut);
    return status;
}

static int build(struct vt_hetero *h, struct vt_error *err)
{
    struct vt_partition p = {0};
    int status;

    /* Folded here, lest parts exchange tensors whose values are known. */
    status = vt_core_host()->graph_passes(h->graph, "inline_if,constant_folding", err);
    status = status ? status : divide(&h->members, h->graph, &h->config.pass, &p, err);
    status = status ? status : show_devices(h, &p, err);
    status = status ? status : compile_parts(h, &p, err);
    if (status == VT_OK) {
        log_fallen(h, &p);
    }
    vt_partition_finish(&p);
    return status;
}

int vt_hetero_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                      struct vt_virtual_config *config, void **compiled, struct vt_error *err)
{
    struct vt_hetero *h = calloc(1, sizeof(*h));
    int status;

    if (!h) {
        vt_members_finish(members);
        vt_virtual_config_finish(config);
        vt_model_unref(model);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    h->plugin = v;
    h->members = *members;
    h->config = *config;
    h->n_io[VT_INPUT] = model->n_io[VT_INPUT];
    h->n_io[VT_OUTPUT] = model->n_io[VT_OUTPUT];
    h->graph = vt_graph_clone(model->graph, err);
    status = h->graph ? build(h, err) : VT_E_NOMEM;
    vt_model_unref(model);
    if (status) {
        destroy(h);
        return status;
    }
    *compiled = h;
    return VT_OK;
}

int vt_hetero_query(const struct vt_members *members, const struct vt_graph *graph,
                    const struct vt_settings *pass,
                    void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                    struct vt_error *err)
{
    size_t n = (size_t)graph->n_nodes;
    bool *supports = calloc((size_t)members->n, n + 1);
    int status =
        supports ? ask_all(members, graph, pass, supports, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    for (size_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_node_support s = {.node = graph->nodes[i], .reason = "no device of the list can run it"};

        for (int m = 0; m < members->n && !s.supported; m++) {
            if (supports[(size_t)m * n + i]) {
                s = (struct vt_node_support){
                    .node = graph->nodes[i], .supported = true, .kernel = members->items[m].name};
            }
        }
        verdict(ctx, &s);
    }
    free(supports);
    return status;
}

/* ---- what one may ask */

static const struct vt_property keys[] = {
    {"NETWORK_NAME", false},
    {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", false},
    {"EXECUTION_DEVICES", false},
    {"LOADED_FROM_CACHE", false},
    {"HETERO_NUMBER_OF_SUBMODELS", false},
    {"SUPPORTED_PROPERTIES", false},
    {"DEVICE_PROPERTIES", false},
    {"MULTI_DEVICE_PRIORITIES", false},
};

static int properties(void *compiled, const struct vt_property **list, int *n)
{
    (void)compiled;
    *list = keys;
    *n = (int)(sizeof(keys) / sizeof(keys[0]));
    return VT_OK;
}

/* Parts on one device may run side by side for different requests. */
static int most(struct vt_hetero *h, bool optimal)
{
    int n = 1;

    for (int i = 0; i < h->n_parts; i++) {
        struct vt_compiled *c = h->parts[i].compiled;
        int own = optimal ? vt_compiled_number(c, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1)
                          : c->fns->concurrency(c->impl);

        n = own > n ? own : n;
    }
    return n;
}

static int concurrency(void *compiled)
{
    return most(compiled, false);
}

/* Whether every part was. */
static const char *loaded_from_cache(const struct vt_hetero *h)
{
    for (int i = 0; i < h->n_parts; i++) {
        char *value = NULL;
        bool loaded =
            vt_compiled_get_property(h->parts[i].compiled, "LOADED_FROM_CACHE", &value, NULL) == VT_OK &&
            strcmp(value, "YES") == 0;

        free(value);
        if (!loaded) {
            return "NO";
        }
    }
    return "YES";
}

static int get_property(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err)
{
    struct vt_hetero *h = compiled;
    char *text = NULL, number[16];

    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0) {
        snprintf(number, sizeof(number), "%d", most(h, true));
        return vt_put_value(number, buf, size, length);
    }
    if (strcmp(key, "LOADED_FROM_CACHE") == 0) {
        return vt_put_value(loaded_from_cache(h), buf, size, length);
    }
    if (strcmp(key, "HETERO_NUMBER_OF_SUBMODELS") == 0) {
        snprintf(number, sizeof(number), "%d", h->n_parts);
        return vt_put_value(number, buf, size, length);
    }
    if (strcmp(key, "EXECUTION_DEVICES") == 0) {
        text = vt_members_names(&h->members, vt_member_is_ready, " ");
    } else if (strcmp(key, "MULTI_DEVICE_PRIORITIES") == 0) {
        text = vt_members_names(&h->members, NULL, ",");
    } else if (strcmp(key, "DEVICE_PROPERTIES") == 0) {
        text = vt_members_properties(&h->members);
    } else {
        return VT_E_NOT_FOUND;
    }
    if (!text) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    vt_put_value(text, buf, size, length);
    free(text);
    return VT_OK;
}

static int runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err)
{
    const struct vt_hetero *h = compiled;

    if (!h->graph) {
        return vt_fail(err, VT_E_UNSUPPORTED,
                       "not implemented: the runtime model of an imported model of HETERO");
    }
    *graph = vt_graph_clone(h->graph, err);
    return *graph ? VT_OK : vt_fail(err, VT_E_NOMEM, "the graph cannot be copied");
}

static int memory(void *compiled, struct vt_memory_stats *stats)
{
    struct vt_hetero *h = compiled;

    *stats = (struct vt_memory_stats){0};
    for (int i = 0; i < h->n_parts; i++) {
        int status = vt_add_memory(h->parts[i].compiled, stats);

        if (status) {
            return status;
        }
    }
    return VT_OK;
}

const struct vt_compiled_fns vt_hetero_compiled_fns = {
    .abi = VT_ABI_HEADER(struct vt_compiled_fns),
    .destroy = destroy,
    .create_request = vt_hetero_create_request,
    .properties = properties,
    .get_property = get_property,
    .concurrency = concurrency,
    .runtime_graph = runtime_graph,
    .export = vt_hetero_export,
    .memory = memory,
};
