/* Operators of extensions (vintner_extension.h): those of a domain that this frontend does not know. */
#include "translate.h"

#include <string.h>

/* The set in which an extension has an operator. */
static const char *set_of(const struct onnx_node_def *d)
{
    return *d->domain ? d->domain : "ai.onnx";
}

bool onnx_is_extension(const struct vt_host *host, const struct onnx_node_def *d)
{
    return host && VT_TABLE_HAS(host, extension_op) && host->extension_op(d->op, set_of(d));
}

/* As IR files write it; NULL for what has no text, or after an error. */
static const char *attr_text(struct onnx_node *n, const struct onnx_attr *a)
{
    size_t room = 64 + a->s.n + (size_t)(a->type == ONNX_INTS || a->type == ONNX_FLOATS ? a->n : 0) * 24,
           at = 0;
    char *text = onnx_alloc(n, room);

    if (!text) {
        return NULL;
    }
    switch (a->type) {
    case ONNX_INT: snprintf(text, room, "%lld", (long long)a->i); return text;
    case ONNX_FLOAT: snprintf(text, room, "%.9g", (double)a->f); return text;
    case ONNX_STRING:
        if (a->s.n) {
            memcpy(text, a->s.p, a->s.n);
        }
        return text;
    case ONNX_INTS:
        for (int i = 0; i < a->n; i++) {
            at += (size_t)snprintf(text + at, room - at, "%s%lld", i ? "," : "", (long long)a->ints[i]);
        }
        return text;
    case ONNX_FLOATS:
        for (int i = 0; i < a->n; i++) {
            at += (size_t)snprintf(text + at, room - at, "%s%.9g", i ? "," : "", (double)a->floats[i]);
        }
        return text;
    default:
        onnx_fail(
            n, VT_E_UNSUPPORTED,
            "not implemented: attribute '%s' of an extension's operator: only numbers, texts and lists of "
            "numbers are taken",
            a->name);
        return NULL;
    }
}

static int set_attrs(struct onnx_node *n, struct vt_node *node)
{
    for (int i = 0; i < n->def->n_attrs; i++) {
        const char *name = n->def->attrs[i].name, *text;
        const struct onnx_attr *a = onnx_find_attr(n, name);
        int status;

        if (!a) {
            continue; /* refers to an attribute that the function's caller leaves out */
        }
        text = attr_text(n, a);
        if (!text) {
            return n->status;
        }
        status = n->t->host->node_set_attr(node, name, text, n->t->err);
        if (status == VT_E_NOT_FOUND) {
            return onnx_fail(n, VT_E_INVALID, "the extension's operation has no attribute '%s'", name);
        }
        if (status) {
            return onnx_host_failed(n, status);
        }
    }
    return VT_OK;
}

int onnx_call_extension(struct onnx_node *n)
{
    const struct vt_host *host = n->t->host;
    const char *name = onnx_fresh_name(n, n->def->op);
    struct vt_node *node = NULL;
    int status = VT_OK;

    if (name) {
        node = host->node_create_unknown(n->graph, n->def->op, set_of(n->def), name, n->n_in, n->n_out,
                                         n->t->err);
    }
    if (!node) {
        return n->status ? n->status : onnx_host_failed(n, n->t->err->code);
    }
    for (int i = 0; i < n->n_in && !n->status && status == VT_OK; i++) {
        struct onnx_value v = onnx_in_opt(n, i);

        if (v.node) {
            status = host->node_connect(node, i, v.node, v.port, n->t->err);
        }
    }
    if (n->status || status) {
        return n->status ? n->status : onnx_host_failed(n, status);
    }
    status = set_attrs(n, node);
    if (status) {
        return status;
    }
    status = host->node_infer(node, n->t->err);
    if (status) {
        return onnx_host_failed(n, status);
    }
    for (int i = 0; i < n->n_out; i++) {
        onnx_out(n, i, (struct onnx_value){node, i});
    }
    return n->status;
}
