/* Topological order and removal of dead nodes. */
#include "graph.h"

#include <stdlib.h>

enum { UNSEEN = 0, OPEN = 1, DONE = 2 };

/* Depth-first with an explicit stack: a chain of a million nodes must not overflow the C stack. */
struct frame {
    struct vt_node *node;
    int next_input;
};

struct sorter {
    struct vt_node **order;
    int n;
    struct frame *stack;
    int depth;
    uint32_t base; /* marks base + OPEN, base + DONE; anything else is unseen */
};

static int visit(struct sorter *s, struct vt_node *root, struct vt_error *err)
{
    if (root->mark == s->base + DONE) {
        return VT_OK;
    }
    root->mark = s->base + OPEN;
    s->stack[s->depth++] = (struct frame){root, 0};
    while (s->depth) {
        struct frame *top = &s->stack[s->depth - 1];
        struct vt_node *src;

        if (top->next_input == top->node->n_in) {
            top->node->mark = s->base + DONE;
            s->order[s->n++] = top->node;
            s->depth--;
            continue;
        }
        src = top->node->in[top->next_input++].node;
        if (!src || src->mark == s->base + DONE) {
            continue;
        }
        if (src->mark == s->base + OPEN) {
            return vt_fail(err, VT_E_FORMAT, "the edges form a cycle through node '%s' (%s)", src->name,
                           src->op->name);
        }
        src->mark = s->base + OPEN;
        s->stack[s->depth++] = (struct frame){src, 0};
    }
    return VT_OK;
}

/* Consumers must not name nodes that are gone. */
static void drop_dead_uses(struct vt_graph *graph, uint32_t live)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        struct vt_node *node = graph->nodes[i];

        if (node->mark == live) {
            continue;
        }
        vt_node_remove(node);
        for (int b = 0; b < node->n_bodies; b++) {
            vt_graph_destroy(node->bodies[b].graph);
        }
        node->n_bodies = 0;
    }
}

static void compact_list(struct vt_node **list, int *n, uint32_t live)
{
    int kept = 0;

    for (int i = 0; i < *n; i++) {
        if (list[i]->mark == live) {
            list[kept++] = list[i];
        }
    }
    *n = kept;
}

static int visit_roots(struct sorter *s, struct vt_graph *graph, struct vt_error *err)
{
    int status = VT_OK;

    /* Parameters first and in their order; they stay even when nothing reads them. */
    for (int i = 0; i < graph->n_params && !status; i++) {
        status = graph->params[i]->dead ? VT_OK : visit(s, graph->params[i], err);
    }
    /* An inference reads its variables before it writes them, also where no edge says so. */
    for (int i = 0; i < graph->n_nodes && !status; i++) {
        struct vt_node *node = graph->nodes[i];
        bool reads = (node->op->flags & VT_OP_STATEFUL) && !(node->op->flags & VT_OP_SINK);

        if (reads && !node->dead && graph->n_sinks && node->out[0].n_uses) {
            status = visit(s, node, err);
        }
    }
    for (int i = 0; i < graph->n_sinks && !status; i++) {
        status = graph->sinks[i]->dead ? VT_OK : visit(s, graph->sinks[i], err);
    }
    for (int i = 0; i < graph->n_results && !status; i++) {
        status = graph->results[i]->dead ? VT_OK : visit(s, graph->results[i], err);
    }
    return status;
}

int vt_graph_sort(struct vt_graph *graph, struct vt_error *err)
{
    size_t n = graph->n_nodes ? (size_t)graph->n_nodes : 1;
    struct sorter s = {.order = malloc(n * sizeof(*s.order)), .stack = malloc(n * sizeof(*s.stack))};
    int status;

    graph->mark += 3;
    s.base = graph->mark;
    status = s.order && s.stack ? visit_roots(&s, graph, err) : vt_fail(err, VT_E_NOMEM, "out of memory");
    if (status == VT_OK) {
        uint32_t live = s.base + DONE;

        drop_dead_uses(graph, live);
        compact_list(graph->params, &graph->n_params, live);
        compact_list(graph->results, &graph->n_results, live);
        compact_list(graph->sinks, &graph->n_sinks, live);
        for (int i = 0; i < s.n; i++) {
            graph->nodes[i] = s.order[i];
            graph->nodes[i]->index = i;
        }
        graph->n_nodes = s.n;
    }
    free(s.order);
    free(s.stack);
    return status;
}
