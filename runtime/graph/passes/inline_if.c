/* The branch of an If whose condition is known takes its place. Conditions are often questions about shapes,
 * which are known when a model is compiled although they were not when it was written. */
#include "passes.h"

#include "element.h"
#include "match.h"

static bool condition_of(const struct vt_node *node, bool *condition)
{
    const struct vt_value *v = &vt_port_output(node->in[0])->v;

    if (v->bounds && v->bounds->n == 1 && v->bounds->lo[0] == v->bounds->hi[0]) {
        *condition = v->bounds->lo[0] != 0;
        return true;
    }
    if (v->constant && vt_tensor_count(v->constant) == 1 && vt_is_integral(v->type)) {
        *condition = vt_get_i64(v->constant, 0) != 0;
        return true;
    }
    return false;
}

static int inline_known(struct vt_graph *graph, bool *changed, struct vt_error *err)
{
    int n = graph->n_nodes, status = VT_OK;

    *changed = false;
    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];
        bool condition;

        if (!vt_node_is(node, "If") || node->n_bodies != 2 || !node->in[0].node ||
            !condition_of(node, &condition)) {
            continue;
        }
        status = vt_node_inline_body(node, condition ? 0 : 1, err);
        *changed |= status == VT_OK;
        status = status == VT_E_UNSUPPORTED ? VT_OK : status;
    }
    return status;
}

int vt_pass_inline_if(struct vt_graph *graph, struct vt_error *err)
{
    bool changed = true;
    int status = vt_graph_sort(graph, err);

    /* A branch may hold an If of its own. */
    while (status == VT_OK && changed) {
        status = inline_known(graph, &changed, err);
        if (status == VT_OK && changed) {
            status = vt_graph_sort(graph, err);
            status = status ? status : vt_graph_infer(graph, err);
        }
    }
    return status;
}
