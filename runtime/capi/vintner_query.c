/* What a device would do with a model. */
#include "vintner.h"

#include "arena.h"
#include "capi.h"
#include "graph.h"

#include <stdlib.h>

/* Behind the public list: what frees it with its texts. */
struct answer {
    struct vt_arena arena;
    size_t n, room;
    const char *device;
    bool failed;
    vt_query_node_t nodes[];
};

static const char *keep(struct answer *a, const char *text)
{
    const char *copy = text ? vt_arena_strdup(&a->arena, text) : NULL;

    a->failed |= text && !copy;
    return copy;
}

static void take(void *ctx, const struct vt_node_support *support)
{
    struct answer *a = ctx;

    if (vt_node_is(support->node, "Constant") || a->n == a->room) {
        return;
    }
    a->nodes[a->n++] = (vt_query_node_t){.node_name = keep(a, support->node->name),
                                         .node_type = keep(a, support->node->op->name),
                                         .device = support->supported ? keep(a, a->device) : NULL,
                                         .kernel = keep(a, support->kernel),
                                         .precision = keep(a, support->precision),
                                         .reason = keep(a, support->reason)};
}

static void answer_free(struct answer *a)
{
    if (a) {
        vt_arena_finish(&a->arena);
        free(a);
    }
}

ov_status_e vt_core_query_model(const ov_core_t *core, const ov_model_t *model, const char *device_name,
                                size_t num_properties, const ov_property_t *properties, vt_query_t *query)
{
    struct vt_error err = {0};
    struct vt_capi_config list;
    struct answer *a;
    ov_status_e given;
    size_t room;
    int status;

    if (!core || !model || !device_name || !query || (num_properties && !properties)) {
        return INVALID_C_PARAM;
    }
    given = vt_capi_config_props(&list, num_properties, properties);
    if (given != OK) {
        return given;
    }
    room = (size_t)vt_capi_model(model)->graph->n_nodes;
    a = calloc(1, sizeof(*a) + room * sizeof(a->nodes[0]));
    if (a) {
        a->room = room;
        a->device = device_name;
        status =
            vt_core_query(vt_capi_core(core), vt_capi_model(model), device_name, &list.config, take, a, &err);
        status = status == VT_OK && a->failed ? vt_fail(&err, VT_E_NOMEM, "out of memory") : status;
    } else {
        status = vt_fail(&err, VT_E_NOMEM, "out of memory");
    }
    vt_capi_config_finish(&list);
    if (status) {
        answer_free(a);
        return vt_capi_status(status, &err);
    }
    *query = (vt_query_t){a->nodes, a->n};
    return OK;
}

void vt_query_free(vt_query_t *query)
{
    if (query && query->nodes) {
        answer_free((struct answer *)(void *)((char *)query->nodes - offsetof(struct answer, nodes)));
        *query = (vt_query_t){NULL, 0};
    }
}
