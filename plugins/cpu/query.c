/* What would become of each node of a model: asked without packing a weight. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct query {
    const struct vt_host *host;
    struct cpu_model model;   /* as much of one as choosing needs */
    struct vt_graph *graph;   /* a copy after all passes, NULL: it could not be made */
    struct cpu_region region; /* what choosing allocates */
};

static bool in_list(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = list; at && (at = strstr(at, name)); at += n) {
        if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == 0)) {
            return true;
        }
    }
    return false;
}

/* The node of the rewritten graph that stands for one of the original; NULL when none does any more. */
static const struct vt_node *heir_of(const struct query *q, const struct vt_node *node)
{
    const char *name = q->host->node_name(node);
    int n = q->graph ? q->host->graph_n_nodes(q->graph) : 0;

    for (int i = 0; i < n; i++) {
        const struct vt_node *other = q->host->graph_node(q->graph, i);
        const char *fused = q->host->node_fused(other);

        if (strcmp(q->host->node_name(other), name) == 0 || (fused && in_list(fused, name))) {
            return other;
        }
    }
    return NULL;
}

static bool is_plain(const struct vt_host *host, const struct vt_node *node)
{
    return host->node_constant(node) || strcmp(host->node_op(node), "Parameter") == 0 ||
           strcmp(host->node_op(node), "Result") == 0;
}

static void judge(struct query *q, const struct vt_node *node,
                  void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx)
{
    const struct vt_host *host = q->host;
    struct vt_node_support s = {.node = node, .precision = "f32"};
    const struct vt_node *heir;
    const struct cpu_impl *impl;
    char reason[512] = "";

    s.supported =
        !(host->node_flags(node) & VT_OP_UNKNOWN) && (host->node_has_eval(node) || is_plain(host, node));
    if (!s.supported) {
        s.reason = "no kernel and no reference";
    } else if (q->graph && !is_plain(host, node)) {
        heir = heir_of(q, node);
        impl = heir && !is_plain(host, heir)
                   ? cpu_impl_judge(&q->model, &q->region, heir, reason, sizeof(reason))
                   : NULL;
        s.kernel = impl ? impl->name : NULL;
        s.reason = !impl ? "it takes no step: it is constant, or changes nothing" : *reason ? reason : NULL;
    }
    if (host->node_n_out(node)) {
        s.precision = vt_type_info(host->node_value(node, 0)->type)->name;
    }
    verdict(ctx, &s);
}

int cpu_query(const struct vt_host *host, const struct vt_graph *graph, const struct cpu_config *config,
              void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
              struct vt_error *err)
{
    struct query q = {.host = host};
    int n = host->graph_n_nodes(graph);

    (void)err;
    q.model.host = host;
    q.model.config = *config;
    q.model.isa = cpu_isa_best();
    q.graph = host->graph_clone(graph, NULL);
    /* A model with operations that nobody has may not get through: then the kernels stay unknown. */
    if (q.graph && host->graph_passes(q.graph, cpu_passes, NULL)) {
        host->graph_destroy(q.graph);
        q.graph = NULL;
    }
    for (int i = 0; i < n; i++) {
        judge(&q, host->graph_node(graph, i), verdict, ctx);
    }
    if (q.graph) {
        host->graph_destroy(q.graph);
    }
    cpu_region_finish(&q.region);
    return VT_OK;
}
