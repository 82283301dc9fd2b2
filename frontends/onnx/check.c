/* All that is missing is said at once, before anything is translated. */
#include "translate.h"

#include <string.h>

struct missing {
    const struct onnx_node_def *first;
    int opset, since, count;
    struct missing *next;
};

struct walk {
    struct onnx_model *m;
    struct missing *list, **end;
    int kinds, nodes;
};

static int note(struct walk *w, const struct onnx_node_def *d, int opset, int since)
{
    struct missing *item;

    w->nodes++;
    for (item = w->list; item; item = item->next) {
        if (strcmp(item->first->op, d->op) == 0 && strcmp(item->first->domain, d->domain) == 0) {
            item->count++;
            return VT_OK;
        }
    }
    item = onnx_arena_alloc(&w->m->arena, 1, sizeof(*item));
    if (!item) {
        return onnx_model_fail(w->m, VT_E_NOMEM, "out of memory");
    }
    *item = (struct missing){.first = d, .opset = opset, .since = since, .count = 1};
    *w->end = item;
    w->end = &item->next;
    w->kinds++;
    return VT_OK;
}

static int look(struct walk *w, const struct onnx_imports *imports, const struct onnx_node_def *nodes, int n);

static int look_at_function(struct walk *w, struct onnx_function *f)
{
    if (f->looked_at) {
        return VT_OK;
    }
    f->looked_at = true;
    return look(w, &f->imports, f->nodes, f->n_nodes);
}

static int look_at_node(struct walk *w, const struct onnx_imports *imports, const struct onnx_node_def *d)
{
    int since, opset = onnx_import_version(imports, d->domain), status = VT_OK;
    onnx_translator translator = onnx_find_translator(d->domain, d->op, opset, &since);
    struct onnx_function *f = onnx_find_function(w->m, d);

    if (!translator && onnx_is_extension(w->m->host, d)) {
        return VT_OK;
    }
    if (f && onnx_function_wins(d, translator)) {
        status = look_at_function(w, f);
    } else if (!translator) {
        status = note(w, d, opset, since);
    }
    for (int i = 0; i < d->n_attrs && status == VT_OK; i++) {
        const struct onnx_graph *g = d->attrs[i].graph;

        status = g ? look(w, imports, g->nodes, g->n_nodes) : VT_OK;
    }
    return status;
}

static int look(struct walk *w, const struct onnx_imports *imports, const struct onnx_node_def *nodes, int n)
{
    int status = VT_OK;

    for (int i = 0; i < n && status == VT_OK; i++) {
        status = look_at_node(w, imports, &nodes[i]);
    }
    return status;
}

static int report(struct walk *w)
{
    char text[VT_ERROR_TEXT * 2 / 3];
    size_t at = 0;
    int told = 0;

    for (const struct missing *i = w->list; i && at < sizeof(text) - 320; i = i->next, told++) {
        const struct onnx_node_def *d = i->first;

        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.60s%s%.60s-%d (%d node%s, first '%.80s')",
                               told ? ", " : "", d->domain, *d->domain ? "." : "", d->op, i->opset, i->count,
                               i->count > 1 ? "s" : "", onnx_node_label(d));
        if (i->since) {
            at += (size_t)snprintf(text + at, sizeof(text) - at, " (there is one from version %d on)",
                                   i->since);
        }
    }
    return onnx_model_fail(w->m, VT_E_UNSUPPORTED,
                           "not implemented: %d operator%s without a translator: %s%s", w->kinds,
                           w->kinds > 1 ? "s" : "", text, told < w->kinds ? ", and more" : "");
}

int onnx_check_operators(struct onnx_model *m)
{
    struct walk w = {.m = m};
    int status;

    w.end = &w.list;
    status = look(&w, &m->imports, m->graph->nodes, m->graph->n_nodes);
    return status ? status : w.list ? report(&w) : VT_OK;
}
