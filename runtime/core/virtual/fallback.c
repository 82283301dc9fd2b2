/* A device asked for alone that lacks operations gets the CPU's help. */
#include "graph.h"
#include "log.h"
#include "partition.h"
#include "virtual_impl.h"

#include <stdlib.h>

static bool is_allowed(struct vt_core *core, const struct vt_config *config, const char *device)
{
    const struct vt_core_key *key = vt_core_key_find("ENABLE_CPU_FALLBACK");
    char *value = NULL;
    bool allowed;

    for (int i = 0; config && i < config->n; i++) {
        const char *text = config->values[i];

        if (strcmp(config->keys[i], key->key) == 0) {
            return vt_core_key_check(key, &text, NULL) == VT_OK && strcmp(text, "YES") == 0;
        }
    }
    allowed = vt_core_setting(core, device, key, &value, NULL) == VT_OK && strcmp(value, "YES") == 0;
    free(value);
    return allowed;
}

/* The operations that the device lacks: "TopK, Softmax". */
struct lacks {
    const bool *fixed; /* nodes that HETERO folds before a device sees them */
    char text[1000];
    size_t at;
    int nodes; /* that will be elsewhere */
    bool any;
};

static void take_verdict(void *ctx, const struct vt_node_support *support)
{
    const struct vt_node *node = support->node;
    struct lacks *l = ctx;
    const char *op = node->op->name;
    size_t n = strlen(op);

    /* Ports and weights are the core's business. */
    if (support->supported || vt_node_is(node, "Parameter") || vt_node_is(node, "Result") ||
        vt_node_is(node, "Constant")) {
        return;
    }
    l->any = true;
    if (l->fixed[node->index]) {
        return;
    }
    l->nodes++;
    for (const char *at = strstr(l->text, op); at; at = strstr(at + 1, op)) {
        if ((at == l->text || at[-1] == ' ') && (!at[n] || at[n] == ',')) {
            return;
        }
    }
    if (l->at + n + 3 < sizeof(l->text)) {
        l->at += (size_t)snprintf(l->text + l->at, sizeof(l->text) - l->at, "%s%s", l->at ? ", " : "", op);
    }
}

int vt_fallback_target(struct vt_core *core, const struct vt_model *model, const struct vt_config *config,
                       struct vt_target *target, struct vt_error *err)
{
    struct vt_settings settings = {0};
    struct vt_target cpu;
    struct vt_config own;
    struct lacks lacks = {0};
    bool *fixed;
    char name[VT_DEVICE_NAME];
    int status;

    if (target->module->is_virtual || strcmp(target->module->name, "CPU") == 0 ||
        !is_allowed(core, config, target->module->name) || vt_target_open(core, "CPU", &cpu, NULL)) {
        return VT_OK;
    }
    fixed = calloc((size_t)model->graph->n_nodes + 1, sizeof(*fixed));
    if (!fixed) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    vt_partition_find_fixed(model->graph, fixed);
    lacks.fixed = fixed;
    status = vt_plugin_config(target, config, &settings, &own, err);
    if (status == VT_OK) {
        /* A device that cannot judge may still compile. */
        (void)target->module->fns->query(target->module->impl, model->graph, &own, take_verdict, &lacks,
                                         NULL);
    }
    vt_settings_finish(&settings);
    free(fixed);
    if (status || !lacks.any) {
        return status;
    }
    vt_target_name(target, name);
    if (strlen(name) + sizeof(",CPU") > sizeof(target->id)) {
        return VT_OK;
    }
    if (lacks.nodes) {
        vt_log(VT_LOG_WARNING,
               "model '%s': %d nodes fall back from %s to the CPU (ENABLE_CPU_FALLBACK=NO forbids it): %s",
               vt_model_name(model), lacks.nodes, name, lacks.text);
    }
    target->module = core->virtuals[VT_HETERO];
    snprintf(target->id, sizeof(target->id), "%.240s,CPU", name);
    return VT_OK;
}
