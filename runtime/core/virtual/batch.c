/* BATCH: compiling for one row and for many; compiled models as the core sees them. */
#include "batch.h"

#include "element.h"
#include "graph.h"
#include "log.h"

#include <stdlib.h>

static void destroy(void *compiled)
{
    struct vt_batch *b = compiled;

    vt_batch_finish_gatherings(b);
    vt_compiled_unref(b->many);
    vt_members_finish(&b->members);
    vt_virtual_config_finish(&b->config);
    free(b->rows[VT_INPUT]);
    free(b->rows[VT_OUTPUT]);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- compiling */

/* "BATCH:CPU(4)" says it, else the device: 1 when it has no wish. */
static int batch_size(const struct vt_batch *b)
{
    const struct vt_member *m = &b->members.items[0];
    const char *hint = vt_settings_get(&b->config.pass, "PERFORMANCE_HINT_NUM_REQUESTS");
    int requests = hint ? atoi(hint) : 0, size = 1;
    char *value = NULL;

    if (m->amount) {
        return m->amount;
    }
    if (vt_core_get_property(b->plugin->core, m->name, "OPTIMAL_BATCH_SIZE", &value, NULL) == VT_OK) {
        size = atoi(value);
        free(value);
    }
    size = size < 1 ? 1 : size > 4096 ? 4096 : size;
    return requests > 0 && requests < size ? requests : size;
}

/* Rows are copied as whole bytes. */
static bool describe_rows(struct vt_batch *b, const struct vt_model *model)
{
    for (int side = 0; side < 2; side++) {
        b->rows[side] = calloc((size_t)model->n_io[side] + 1, sizeof(struct vt_tensor));
        for (int i = 0; b->rows[side] && i < model->n_io[side]; i++) {
            const struct vt_io *io = &model->io[side][i];
            int64_t dims[VT_MAX_RANK];

            if (io->type == VT_DYNAMIC || io->type == VT_STRING || vt_type_info(io->type)->bits < 8 ||
                !vt_pshape_is_static(&io->shape)) {
                return false;
            }
            for (int d = 0; d < io->shape.rank; d++) {
                dims[d] = io->shape.dims[d].min;
            }
            if (!vt_tensor_describe(&b->rows[side][i], io->type, io->shape.rank, dims)) {
                return false;
            }
        }
        if (!b->rows[side]) {
            return false;
        }
    }
    return true;
}

/* Whether all that a constant does is to give Reshapes of a batch of 1 their shape. */
static bool shapes_one_row(const struct vt_node *constant)
{
    const struct vt_output *out = &constant->out[0];

    if (!vt_node_is(constant, "Constant") || !vt_is_integral(out->v.type) || constant->constant.rank != 1 ||
        constant->constant.dims[0] < 1 || vt_get_i64(&constant->constant, 0) != 1) {
        return false;
    }
    for (int i = 0; i < out->n_uses; i++) {
        const struct vt_node *node = out->uses[i].node;
        const struct vt_value *data = vt_node_in(node, 0);

        if (!vt_node_is(node, "Reshape") || out->uses[i].input != 1 || data->shape.rank < 1 ||
            data->shape.dims[0].min != 1 || data->shape.dims[0].max != 1) {
            return false;
        }
        for (int64_t k = 1; k < constant->constant.dims[0] && !vt_attr_bool(node, "special_zero"); k++) {
            if (vt_get_i64(&constant->constant, k) == 0) {
                return false;
            }
        }
    }
    return out->n_uses > 0;
}

/* Files often spell the 1 of the batch in the shapes of Reshapes: "as many as there are" is meant. The data
 * may be part of a mapped file, so a copy of it is changed. */
static int loosen_reshapes(struct vt_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        struct vt_node *node = graph->nodes[i];
        void *data;

        if (!shapes_one_row(node)) {
            continue;
        }
        data = vt_arena_copy(&graph->arena, node->constant.data, node->constant.bytes);
        if (!data) {
            return VT_E_NOMEM;
        }
        node->constant.data = data;
        node->blob = NULL;
        vt_set_i64(&node->constant, 0, 0);
        for (int k = 0; k < node->out[0].n_uses; k++) {
            int status = vt_attr_set_i64(node->out[0].uses[k].node, "special_zero", 1);

            if (status) {
                return status;
            }
        }
    }
    return VT_OK;
}

/* All inputs with `rows` as their first dim. VT_E_SHAPE and others when the model cannot be so. */
static int widen(const struct vt_model *model, int64_t rows, struct vt_model **many, struct vt_error *err)
{
    size_t n = (size_t)model->n_io[VT_INPUT];
    struct vt_pshape *shapes = calloc(n + 1, sizeof(*shapes));
    int *index = calloc(n + 1, sizeof(*index));
    int status =
        shapes && index ? vt_model_clone(model, many, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK && loosen_reshapes((*many)->graph)) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; status == VT_OK && i < (int)n; i++) {
        shapes[i] = model->io[VT_INPUT][i].shape;
        index[i] = i;
        shapes[i].dims[0] = vt_dim_fixed(rows);
        if (shapes[i].rank < 1) {
            status = vt_fail(err, VT_E_SHAPE, "input %d is a scalar", i);
        }
    }
    status = status ? status : vt_model_reshape(*many, (int)n, index, shapes, err);
    free(shapes);
    free(index);
    return status;
}

static int compile_many(struct vt_batch *b, const struct vt_model *model, struct vt_model **many,
                        struct vt_error *err)
{
    char reason[400];
    int status;

    if (!describe_rows(b, model)) {
        return vt_fail(err, VT_E_SHAPE, "a port has a dynamic shape, or a type of less than a byte");
    }
    status = widen(model, b->size, many, err);
    if (status == VT_OK &&
        !vt_batch_rows_independent(model->graph, (*many)->graph, b->size, reason, sizeof(reason))) {
        status = vt_fail(err, VT_E_SHAPE, "%s", reason);
    }
    return status ? status
                  : vt_member_build(b->plugin->core, &b->members.items[0], *many, &b->config.pass, &b->many,
                                    err);
}

/* Without a batch, or on a device that does not take it, inferences run alone. */
static void build_many(struct vt_batch *b, const struct vt_model *model)
{
    struct vt_model *many = NULL;
    struct vt_error err = {0};

    if (b->size > 1 && compile_many(b, model, &many, &err)) {
        vt_log(VT_LOG_INFO, "BATCH: inferences of model '%s' run one by one: %s", vt_model_name(model),
               err.text);
    }
    vt_model_unref(many);
}

static int build(struct vt_batch *b, const struct vt_model *model, struct vt_error *err)
{
    int status;

    if (vt_graph_is_stateful(model->graph)) {
        return vt_fail(
            err, VT_E_UNSUPPORTED,
            "not implemented: BATCH of a model with variable states ('%s'), whose rows would share them",
            vt_model_name(model));
    }
    status = vt_member_compile(b->plugin->core, &b->members.items[0], model, &b->config.pass, err);
    if (status == VT_OK) {
        b->size = batch_size(b);
        build_many(b, model);
    }
    return status;
}

int vt_batch_compile(struct vt_virtual *v, struct vt_model *model, struct vt_members *members,
                     struct vt_virtual_config *config, void **compiled, struct vt_error *err)
{
    struct vt_batch *b = calloc(1, sizeof(*b));
    int status;

    if (!b) {
        vt_members_finish(members);
        vt_virtual_config_finish(config);
        vt_model_unref(model);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    b->plugin = v;
    b->members = *members;
    b->config = *config;
    b->n_io[VT_INPUT] = model->n_io[VT_INPUT];
    b->n_io[VT_OUTPUT] = model->n_io[VT_OUTPUT];
    b->profiles = strcmp(vt_settings_get(&b->config.own, "PERF_COUNT"), "YES") == 0;
    atomic_init(&b->timeout_ms, atoi(vt_settings_get(&b->config.own, "AUTO_BATCH_TIMEOUT")));
    pthread_mutex_init(&b->lock, NULL);
    status = build(b, model, err);
    vt_model_unref(model);
    if (status) {
        destroy(b);
        return status;
    }
    *compiled = b;
    return VT_OK;
}

/* ---- what one may ask */

static const struct vt_property keys[] = {
    {"SUPPORTED_PROPERTIES", false}, {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", false},
    {"NETWORK_NAME", false},         {"EXECUTION_DEVICES", false},
    {"AUTO_BATCH_TIMEOUT", true},
};

static int properties(void *compiled, const struct vt_property **list, int *n)
{
    (void)compiled;
    *list = keys;
    *n = (int)(sizeof(keys) / sizeof(keys[0]));
    return VT_OK;
}

/* As many requests fill every stream's batch. */
static int optimal(const struct vt_batch *b)
{
    struct vt_compiled *c = b->many ? b->many : b->members.items[0].compiled;

    return vt_compiled_number(c, "OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1) * (b->many ? b->size : 1);
}

/* What is not BATCH's is the device's. */
static int get_property(void *compiled, const char *key, char *buf, size_t size, size_t *length,
                        struct vt_error *err)
{
    struct vt_batch *b = compiled;
    char number[16], *text = NULL;
    int status = VT_OK;

    if (strcmp(key, "EXECUTION_DEVICES") == 0) {
        return vt_put_value(b->members.items[0].name, buf, size, length);
    }
    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0) {
        snprintf(number, sizeof(number), "%d", optimal(b));
        return vt_put_value(number, buf, size, length);
    }
    if (strcmp(key, "AUTO_BATCH_TIMEOUT") == 0) {
        snprintf(number, sizeof(number), "%d", atomic_load(&b->timeout_ms));
        return vt_put_value(number, buf, size, length);
    }
    if (strcmp(key, "DEVICE_PROPERTIES") == 0) {
        text = vt_members_properties(&b->members);
        status = text ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
    } else {
        status = vt_compiled_get_property(b->members.items[0].compiled, key, &text, err);
    }
    if (status == VT_OK) {
        vt_put_value(text, buf, size, length);
        free(text);
    }
    return status;
}

static int set_property(void *compiled, const char *key, const char *value, struct vt_error *err)
{
    struct vt_batch *b = compiled;
    char *end;
    long n;

    if (strcmp(key, "AUTO_BATCH_TIMEOUT")) {
        return vt_fail(
            err, VT_E_UNSUPPORTED,
            "not implemented: BATCH cannot change property %s of a compiled model, give it when compiling",
            key);
    }
    n = strtol(value, &end, 10);
    if (end == value || *end || n < 0 || n > INT32_MAX) {
        return vt_fail(err, VT_E_INVALID, "property %s: '%s' is no number from 0 to %d", key, value,
                       INT32_MAX);
    }
    atomic_store(&b->timeout_ms, (int)n);
    return VT_OK;
}

/* Requests wait for one another inside of their runs, so each needs a thread. */
static int concurrency(void *compiled)
{
    struct vt_batch *b = compiled;

    return b->many ? b->size * b->many->fns->concurrency(b->many->impl) : b->members.items[0].concurrency;
}

static int runtime_graph(void *compiled, struct vt_graph **graph, struct vt_error *err)
{
    struct vt_batch *b = compiled;
    struct vt_compiled *c = b->many ? b->many : b->members.items[0].compiled;

    if (!VT_TABLE_HAS(c->fns, runtime_graph)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: the runtime model of device %s", c->device);
    }
    return c->fns->runtime_graph(c->impl, graph, err);
}

static int memory(void *compiled, struct vt_memory_stats *stats)
{
    struct vt_batch *b = compiled;
    int status = vt_members_memory(&b->members, stats);

    return status || !b->many ? status : vt_add_memory(b->many, stats);
}

const struct vt_compiled_fns vt_batch_compiled_fns = {
    .abi = VT_ABI_HEADER(struct vt_compiled_fns),
    .destroy = destroy,
    .create_request = vt_batch_create_request,
    .properties = properties,
    .get_property = get_property,
    .set_property = set_property,
    .concurrency = concurrency,
    .runtime_graph = runtime_graph,
    .memory = memory,
};
