/* From the model to the graph. */
#include "translate.h"

#include <string.h>

/* ---- nodes */

/* A view on a node of the model, ready for its translator. */
static struct onnx_node node_of(struct onnx_translation *t, struct onnx_scope *s,
                                const struct onnx_node_def *d)
{
    struct onnx_node n = {
        .t = t, .def = d, .scope = s, .graph = s->graph, .n_in = d->n_in, .n_out = d->n_out};

    n.opset = onnx_import_version(s->imports, d->domain);
    n.first = t->host->graph_n_nodes(s->graph);
    while (n.n_in && !onnx_has_in(&n, n.n_in - 1)) {
        n.n_in--;
    }
    return n;
}

struct onnx_node onnx_inside(const struct onnx_node *n, struct onnx_scope *scope)
{
    struct onnx_node inside = *n;

    inside.scope = scope;
    inside.graph = scope->graph;
    inside.first = 0;
    return inside;
}

static int translate_node(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_node_def *d)
{
    struct onnx_node n = node_of(t, s, d);
    int since, status;
    onnx_translator translator = onnx_find_translator(d->domain, d->op, n.opset, &since);
    struct onnx_function *f = onnx_find_function(t->m, d);

    if (!translator && onnx_is_extension(t->host, d)) {
        status = onnx_call_extension(&n);
    } else if (f && onnx_function_wins(d, translator)) {
        status = onnx_call_function(&n, f);
    } else if (translator) {
        status = translator(&n);
    } else {
        status = onnx_fail(&n, VT_E_UNSUPPORTED, "not implemented: the operator"); /* checked before */
    }
    status = n.status ? n.status : status;
    if (status) {
        return onnx_fail(&n, status, "it cannot be translated");
    }
    for (int i = 0; i < d->n_out; i++) {
        if (*d->out[i] && !onnx_names_get(&s->names, d->out[i])) {
            return onnx_fail(&n, VT_E_UNSUPPORTED, "not implemented: output %d, '%.200s'", i, d->out[i]);
        }
    }
    return VT_OK;
}

int onnx_translate_nodes(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_node_def *nodes,
                         int n)
{
    int status = VT_OK;

    for (int i = 0; i < n; i++) {
        for (int k = 0; k < nodes[i].n_out; k++) {
            if (*nodes[i].out[k] &&
                !onnx_names_put(&t->m->arena, &s->later, nodes[i].out[k], (void *)(uintptr_t)&nodes[i])) {
                return onnx_model_fail(t->m, VT_E_NOMEM, "out of memory");
            }
        }
    }
    for (int i = 0; i < n && status == VT_OK; i++) {
        status = translate_node(t, s, &nodes[i]);
    }
    return status;
}

/* ---- initializers, inputs, outputs */

int onnx_define_inits(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_graph *g)
{
    struct onnx_entry *e;

    for (int i = 0; i < g->n_inits; i++) {
        e = onnx_define(t, s, g->inits[i].name, ONNX_VALUE);
        if (!e) {
            return t->err->code;
        }
        e->init = &g->inits[i];
    }
    for (int i = 0; i < g->n_sparse_inits; i++) {
        e = onnx_define(t, s, g->sparse_inits[i].name, ONNX_VALUE);
        if (!e) {
            return t->err->code;
        }
        e->sparse = &g->sparse_inits[i];
    }
    return VT_OK;
}

static int info_type(struct onnx_model *m, const struct onnx_info *info, const char *role, enum vt_type *type)
{
    const char *missing;

    if (info->kind == ONNX_INFO_OTHER) {
        return onnx_model_fail(m, VT_E_UNSUPPORTED, "not implemented: %s '%s' is %s", role, info->name,
                               info->what);
    }
    *type = onnx_proto_type(info->elem_type, &missing);
    if (*type == VT_DYNAMIC && missing) {
        return onnx_model_fail(m, VT_E_UNSUPPORTED, "not implemented: %s '%s' is of type %s", role,
                               info->name, missing);
    }
    if (*type == VT_DYNAMIC) {
        return onnx_model_fail(m, VT_E_FORMAT, "%s '%s' has no element type", role, info->name);
    }
    return VT_OK;
}

static int define_params(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_graph *g)
{
    for (int i = 0; i < g->n_in; i++) {
        const struct onnx_info *info = &g->in[i];
        const struct onnx_entry *known = onnx_names_get(&s->names, info->name);
        struct onnx_entry *e;
        enum vt_type type;
        int status;

        if (known && (known->init || known->sparse)) {
            continue; /* an input with a value of its own is a constant */
        }
        status = info_type(t->m, info, "input", &type);
        if (status) {
            return status;
        }
        e = onnx_define(t, s, info->name, ONNX_VALUE);
        if (!e) {
            return t->err->code;
        }
        e->value.node = onnx_param(t, s, info->name, type, &t->kept[i].shape);
        if (!e->value.node) {
            return t->err->code;
        }
    }
    return VT_OK;
}

int onnx_output_entry(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                      struct onnx_entry **entry)
{
    char hint[160];
    int status = onnx_lookup(t, s, name, entry);

    if (status || *entry) {
        return status;
    }
    onnx_name_hint(s, name, hint, sizeof(hint));
    return onnx_model_fail(t->m, VT_E_FORMAT, "nothing yields the output '%s'%s", name, hint);
}

static int add_result(struct onnx_translation *t, struct onnx_scope *s, const char *name)
{
    struct onnx_entry *e;
    struct vt_node *node;
    const char *label = onnx_arena_printf(&t->m->arena, "%s/sink_port_0", name);
    int status = label ? onnx_output_entry(t, s, name, &e) : VT_E_NOMEM;

    if (status) {
        return label ? status : onnx_model_fail(t->m, VT_E_NOMEM, "out of memory");
    }
    if (e->kind != ONNX_VALUE) {
        return onnx_model_fail(t->m, VT_E_UNSUPPORTED, "not implemented: output '%s' is %s", name,
                               e->kind == ONNX_SEQUENCE && e->sequence->kind == ONNX_LIST ? "a sequence"
                                                                                          : "an optional");
    }
    node = t->host->node_create(s->graph, "Result", 1, label, 1, 1, t->err);
    status = node ? t->host->node_connect(node, 0, e->value.node, e->value.port, t->err) : t->err->code;
    return status ? vt_context(t->err, "%s: ", t->m->label) : VT_OK;
}

static int note_results(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_graph *g)
{
    for (int i = 0; i < g->n_out; i++) {
        if (!onnx_names_put(&t->m->arena, &s->results, g->out[i].name, (void *)(uintptr_t)g)) {
            return onnx_model_fail(t->m, VT_E_NOMEM, "out of memory");
        }
    }
    return VT_OK;
}

/* The shapes that the model declares, now that the nodes are made. */
static int declare_params(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_graph *g)
{
    for (int i = 0; i < g->n_in; i++) {
        const struct onnx_entry *e = onnx_names_get(&s->names, g->in[i].name);
        const struct onnx_kept *kept = &t->kept[i];
        int status = VT_OK;

        if (e->init || e->sparse) {
            continue;
        }
        status = onnx_set_shape(t, e->value.node, "shape", &g->in[i].shape);
        status = status ? status : onnx_set_shape(t, e->value.node, "keeps", &kept->shape);
        if (status == VT_OK && kept->why) {
            status = t->host->node_set_attr(e->value.node, "keeps_for", kept->why, t->err);
        }
        if (status) {
            return onnx_model_fail(t->m, status, "input '%s' cannot be made", g->in[i].name);
        }
    }
    return VT_OK;
}

static int translate(struct onnx_translation *t, struct vt_graph *graph)
{
    const struct onnx_graph *g = t->m->graph;
    struct onnx_scope s;
    int status = onnx_scope_init(t, &s, NULL, graph, false);

    s.imports = &t->m->imports;
    s.root = g;
    status = status ? status : onnx_define_inits(t, &s, g);
    status = status ? status : define_params(t, &s, g);
    status = status ? status : note_results(t, &s, g);
    status = status ? status : onnx_translate_nodes(t, &s, g->nodes, g->n_nodes);
    for (int i = 0; i < g->n_out && status == VT_OK; i++) {
        status = add_result(t, &s, g->out[i].name);
    }
    status = status ? status : declare_params(t, &s, g);
    if (status == VT_OK && t->host->graph_finish(graph, t->err)) {
        status = vt_context(t->err, "%s: ", t->m->label);
    }
    return status;
}

struct vt_graph *onnx_translate_kept(struct onnx_model *m, const struct onnx_kept *kept, int *n_nodes)
{
    struct onnx_translation t = {.m = m, .host = m->host, .err = m->err, .kept = kept};
    struct vt_graph *graph = m->host->graph_create(m->graph->name, m->err);

    if (graph && translate(&t, graph)) {
        m->host->graph_destroy(graph);
        graph = NULL;
    }
    *n_nodes = t.n_nodes;
    return graph;
}
