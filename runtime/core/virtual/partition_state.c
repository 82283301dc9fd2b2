/* Which nodes hang together through the model's variables. */
#include "partition.h"

#include <stdlib.h>

struct grouper {
    const struct vt_graph *graph;
    const bool *fixed;
    int n;
    int *group;
    bool *below, *above; /* of one group: nodes that it reaches, nodes that reach it */
};

static const char *variable_of(const struct vt_node *node)
{
    return node->op->flags & VT_OP_STATEFUL ? vt_attr_str(node, "variable_id") : NULL;
}

/* Sub-graphs may read and write variables too: *index counts them. NULL behind the last. */
static const char *nth_variable(const struct vt_node *node, int *index)
{
    const char *name = variable_of(node);

    if (name && (*index)-- == 0) {
        return name;
    }
    for (int b = 0; b < node->n_bodies; b++) {
        for (int i = 0; i < node->bodies[b].graph->n_nodes; i++) {
            name = nth_variable(node->bodies[b].graph->nodes[i], index);
            if (name) {
                return name;
            }
        }
    }
    return NULL;
}

static bool shares_variable(const struct vt_node *a, const struct vt_node *b)
{
    for (int i = 0;; i++) {
        int index = i;
        const char *x = nth_variable(a, &index), *y;

        if (!x) {
            return false;
        }
        for (int k = 0;; k++) {
            index = k;
            y = nth_variable(b, &index);
            if (!y) {
                break;
            }
            if (strcmp(x, y) == 0) {
                return true;
            }
        }
    }
}

static void merge(struct grouper *g, int into, int from)
{
    for (int i = 0; i < g->n && from != into; i++) {
        g->group[i] = g->group[i] == from ? into : g->group[i];
    }
}

/* A group of its own for each node with a variable, joined with those before it that share one. */
static int seed(struct grouper *g, bool one)
{
    int n = 0;

    for (int i = 0; i < g->n; i++) {
        int index = 0;

        g->group[i] = -1;
        if (!nth_variable(g->graph->nodes[i], &index)) {
            continue;
        }
        g->group[i] = n++;
        for (int k = 0; k < i; k++) {
            if (g->group[k] >= 0 && (one || shares_variable(g->graph->nodes[k], g->graph->nodes[i]))) {
                merge(g, g->group[k], g->group[i]);
            }
        }
    }
    return n;
}

static bool can_join(const struct grouper *g, int i)
{
    const struct vt_node *node = g->graph->nodes[i];

    return !g->fixed[i] && !vt_node_is(node, "Parameter") && !vt_node_is(node, "Result");
}

/* Take in what lies between members. True when anything changed. */
static bool close_group(struct grouper *g, int group)
{
    bool changed = false;

    for (int i = 0; i < g->n; i++) {
        const struct vt_node *node = g->graph->nodes[i];

        g->below[i] = g->group[i] == group;
        for (int k = 0; k < node->n_in && !g->below[i]; k++) {
            g->below[i] = node->in[k].node && g->below[node->in[k].node->index];
        }
    }
    for (int i = 0; i < g->n; i++) {
        g->above[i] = g->group[i] == group;
    }
    for (int i = g->n - 1; i >= 0; i--) {
        const struct vt_node *node = g->graph->nodes[i];

        for (int k = 0; k < node->n_in && g->above[i]; k++) {
            if (node->in[k].node) {
                g->above[node->in[k].node->index] = true;
            }
        }
    }
    for (int i = 0; i < g->n; i++) {
        if (g->below[i] && g->above[i] && g->group[i] != group && can_join(g, i)) {
            if (g->group[i] >= 0) {
                merge(g, group, g->group[i]);
            }
            g->group[i] = group;
            changed = true;
        }
    }
    return changed;
}

/* What reads a member that lies between reading and writing: the attention over a KV cache. */
static bool widen_group(struct grouper *g, int group)
{
    bool changed = false;
    bool *readers = g->below;

    for (int i = 0; i < g->n; i++) {
        const struct vt_node *node = g->graph->nodes[i];

        readers[i] = false;
        for (int k = 0; k < node->n_in && g->group[i] != group && can_join(g, i); k++) {
            readers[i] |= node->in[k].node && g->group[node->in[k].node->index] == group;
        }
    }
    for (int i = 0; i < g->n; i++) {
        if (readers[i]) {
            if (g->group[i] >= 0) {
                merge(g, group, g->group[i]);
            }
            g->group[i] = group;
            changed = true;
        }
    }
    return changed;
}

static void close_all(struct grouper *g, int n)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (int group = 0; group < n; group++) {
            changed |= close_group(g, group);
        }
    }
}

/* Numbers from 0 without gaps. */
static int renumber(struct grouper *g, int n)
{
    int *now = calloc((size_t)n + 1, sizeof(int)), next = 0;

    if (!now) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < g->n; i++) {
        int old = g->group[i];

        if (old >= 0) {
            now[old] = now[old] ? now[old] : ++next;
            g->group[i] = now[old] - 1;
        }
    }
    free(now);
    return next;
}

int vt_partition_groups(const struct vt_graph *graph, const bool *fixed, bool wide, bool one, int *group)
{
    struct grouper g = {.graph = graph, .fixed = fixed, .n = graph->n_nodes, .group = group};
    int n;

    g.below = calloc((size_t)g.n + 1, sizeof(bool));
    g.above = calloc((size_t)g.n + 1, sizeof(bool));
    if (!g.below || !g.above) {
        free(g.below);
        free(g.above);
        return VT_E_NOMEM;
    }
    n = seed(&g, one);
    close_all(&g, n);
    for (int i = 0; wide && i < n; i++) {
        widen_group(&g, i);
    }
    if (wide) {
        close_all(&g, n);
    }
    n = renumber(&g, n);
    free(g.below);
    free(g.above);
    return n;
}
