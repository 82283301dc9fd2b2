/* What a graph keeps of the shapes that its model declares. An application may reshape a model, so nothing in
 * the graph may come from extents that can change: the nodes are translated with all extents of inputs open.
 * Where an operator cannot be said that way, the extents that it takes are kept, and an input refuses another
 * one. */
#include "translate.h"

#include <string.h>

#define MAX_SETS 12 /* of extents that are opened or kept together */

/* Extents of one number at one axis: of a batch, of a sequence, of channels. */
struct set {
    int axis;
    int64_t extent;
};

static void warn_of_newer(struct onnx_model *m)
{
    int version = onnx_import_version(&m->imports, "");
    char text[512];

    if (version > ONNX_NEWEST) {
        snprintf(text, sizeof(text),
                 "%.300s: it uses opset %d; up to %d is known, later meanings of operators are not", m->label,
                 version, ONNX_NEWEST);
        m->host->log(VT_LOG_WARNING, text);
    }
}

static bool is_declared(const struct vt_pshape *shape, int axis)
{
    return axis < shape->rank && vt_dim_is_static(shape->dims[axis]);
}

/* All open but for the ranks. Whether that opens any. */
static bool open_all(const struct onnx_graph *g, struct onnx_kept *kept)
{
    bool any = false;

    for (int i = 0; i < g->n_in; i++) {
        kept[i].shape = g->in[i].shape;
        for (int k = 0; k < kept[i].shape.rank; k++) {
            any |= is_declared(&kept[i].shape, k);
            kept[i].shape.dims[k] = vt_dim_any();
        }
    }
    return any;
}

static void keep_all(const struct onnx_graph *g, struct onnx_kept *kept)
{
    for (int i = 0; i < g->n_in; i++) {
        kept[i].shape = g->in[i].shape;
    }
}

/* The sets, batches first; extents that there is no room for stay kept. */
static int find_sets(const struct onnx_graph *g, struct set *sets)
{
    int n = 0;

    for (int axis = 0; axis < VT_MAX_RANK; axis++) {
        for (int i = 0; i < g->n_in && n < MAX_SETS; i++) {
            int64_t extent = is_declared(&g->in[i].shape, axis) ? g->in[i].shape.dims[axis].min : -1;
            int at = 0;

            while (at < n && (sets[at].axis != axis || sets[at].extent != extent)) {
                at++;
            }
            if (at == n && extent >= 0) {
                sets[n++] = (struct set){axis, extent};
            }
        }
    }
    return n;
}

/* Open the extents of a set, or keep them for a reason. */
static void change_set(const struct onnx_graph *g, struct onnx_kept *kept, const struct set *set,
                       const char *why)
{
    for (int i = 0; i < g->n_in; i++) {
        const struct vt_pshape *declared = &g->in[i].shape;

        if (is_declared(declared, set->axis) && declared->dims[set->axis].min == set->extent) {
            kept[i].shape.dims[set->axis] = why ? declared->dims[set->axis] : vt_dim_any();
            kept[i].why = kept[i].why ? kept[i].why : why;
        }
    }
}

/* Why a translation failed, which is why something is kept. NULL: out of memory. */
static const char *reason(struct onnx_model *m)
{
    const char *node = strstr(m->err->text, ": node '");
    const char *why = onnx_arena_printf(&m->arena, "since %s", node ? node + 2 : m->err->text);

    *m->err = (struct vt_error){0};
    return why;
}

/* One line for each input that will refuse other extents. */
static void tell_kept(struct onnx_model *m, const struct onnx_kept *kept)
{
    for (int i = 0; i < m->graph->n_in; i++) {
        const char *line = !kept[i].why
                               ? NULL
                               : onnx_arena_printf(&m->arena, "%s: input '%s' keeps some of its extents, %s",
                                                   m->label, m->graph->in[i].name, kept[i].why);

        if (line) {
            m->host->log(VT_LOG_INFO, line);
        }
    }
}

/* From all kept, for which there is `graph`, to as few as will do. */
static struct vt_graph *keep_few(struct onnx_model *m, struct onnx_kept *kept, struct vt_graph *graph)
{
    int n_nodes, budget = ONNX_MAX_NODES;
    struct set sets[MAX_SETS];
    int n = find_sets(m->graph, sets);

    for (int i = 0; i < n && budget > 0; i++) {
        struct vt_graph *opened;
        const char *why;

        change_set(m->graph, kept, &sets[i], NULL);
        opened = onnx_translate_kept(m, kept, &n_nodes);
        budget -= n_nodes;
        if (opened) {
            m->host->graph_destroy(graph);
            graph = opened;
            continue;
        }
        why = reason(m);
        change_set(m->graph, kept, &sets[i], why ? why : "out of memory");
    }
    tell_kept(m, kept);
    return graph;
}

int onnx_translate_model(struct onnx_model *m, struct vt_graph **graph)
{
    struct onnx_kept *kept = onnx_arena_alloc(&m->arena, (size_t)m->graph->n_in + 1, sizeof(*kept));
    int n_nodes, status = onnx_check_operators(m);
    struct vt_graph *made;
    bool opened;

    if (status || !kept) {
        return status ? status : onnx_model_fail(m, VT_E_NOMEM, "out of memory");
    }
    warn_of_newer(m);
    opened = open_all(m->graph, kept);
    made = onnx_translate_kept(m, kept, &n_nodes);
    if (!made && opened && m->err->code != VT_E_NOMEM) {
        *m->err = (struct vt_error){0};
        keep_all(m->graph, kept);
        made = onnx_translate_kept(m, kept, &n_nodes);
        made = made ? keep_few(m, kept, made) : NULL;
    }
    if (!made) {
        return m->err->code;
    }
    *graph = made;
    return VT_OK;
}
