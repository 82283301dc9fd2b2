/* Inputs, outputs and attributes of a node while it is translated. */
#include "translate.h"

#include <string.h>

/* ---- errors */

const char *onnx_node_label(const struct onnx_node_def *d)
{
    return *d->name ? d->name : d->n_out && *d->out[0] ? d->out[0] : "";
}

static int context(struct onnx_node *n)
{
    return vt_context(n->t->err, "%s: node '%.200s%.200s' (%s%s%.100s-%d): ", n->t->m->label,
                      n->scope->prefix, onnx_node_label(n->def), n->def->domain, *n->def->domain ? "." : "",
                      n->def->op, n->opset);
}

int onnx_fail(struct onnx_node *n, int code, const char *fmt, ...)
{
    char text[VT_ERROR_TEXT / 2];
    va_list ap;

    if (n->status) {
        return n->status;
    }
    n->status = code < 0 ? code : VT_E_INTERNAL;
    if (n->t->err->code) {
        return n->status;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    vt_fail(n->t->err, n->status, "%s", text);
    context(n);
    return n->status;
}

int onnx_pass(struct onnx_node *n, int status)
{
    n->status = n->status ? n->status : status;
    return n->status;
}

int onnx_host_failed(struct onnx_node *n, int status)
{
    if (!n->status) {
        n->status = status < 0 ? status : VT_E_INTERNAL;
        vt_fail(n->t->err, n->status, "it cannot be built");
        context(n);
    }
    return n->status;
}

int onnx_status(const struct onnx_node *n)
{
    return n->status;
}

void *onnx_alloc(struct onnx_node *n, size_t bytes)
{
    void *p = n->status ? NULL : onnx_arena_alloc(&n->t->m->arena, bytes, 1);

    if (!p) {
        onnx_fail(n, VT_E_NOMEM, "out of memory (%zu bytes)", bytes);
    }
    return p;
}

/* ---- the node */

const char *onnx_op_type(const struct onnx_node *n)
{
    return n->def->op;
}

int onnx_opset(const struct onnx_node *n)
{
    return n->opset;
}

int onnx_n_in(const struct onnx_node *n)
{
    return n->n_in;
}

int onnx_n_out(const struct onnx_node *n)
{
    return n->n_out;
}

/* ---- inputs */

struct onnx_entry *onnx_in_entry(struct onnx_node *n, int input)
{
    const char *name = input >= 0 && input < n->def->n_in ? n->def->in[input] : "";
    struct onnx_entry *e = NULL;
    char hint[160];
    int status;

    if (n->status || !*name) {
        return NULL;
    }
    status = onnx_lookup(n->t, n->scope, name, &e);
    if (status) {
        n->status = status;
        return NULL;
    }
    if (!e && onnx_names_get(&n->scope->later, name)) {
        onnx_fail(n, VT_E_FORMAT, "it reads '%.200s', which a later node yields: nodes have to be in order",
                  name);
        return NULL;
    }
    if (!e) {
        onnx_name_hint(n->scope, name, hint, sizeof(hint));
        onnx_fail(n, VT_E_FORMAT, "it reads '%.200s', which nothing yields%s", name, hint);
        return NULL;
    }
    return e->kind == ONNX_LEFT_OUT ? NULL : e;
}

bool onnx_has_in(const struct onnx_node *n, int input)
{
    const char *name = input >= 0 && input < n->def->n_in ? n->def->in[input] : "";
    const struct onnx_entry *e;

    if (!*name) {
        return false;
    }
    for (const struct onnx_scope *s = n->scope; s; s = s->outer) {
        e = onnx_names_get(&s->names, name);
        if (e) {
            return e->kind != ONNX_LEFT_OUT;
        }
    }
    return true; /* reading it tells what is wrong */
}

struct onnx_value onnx_in_opt(struct onnx_node *n, int input)
{
    struct onnx_entry *e = onnx_in_entry(n, input);

    if (e && e->kind == ONNX_SEQUENCE) {
        onnx_fail(n, VT_E_TYPE, "input %d, '%.200s', is %s, not a tensor", input, n->def->in[input],
                  e->sequence->kind == ONNX_LIST ? "a sequence" : "an optional without a value");
        return ONNX_ABSENT;
    }
    return e ? e->value : ONNX_ABSENT;
}

struct onnx_value onnx_in(struct onnx_node *n, int input)
{
    struct onnx_value v = onnx_in_opt(n, input);

    if (!v.node && !n->status) {
        onnx_fail(n, VT_E_FORMAT, "input %d is left out", input);
    }
    return v;
}

/* ---- outputs */

bool onnx_has_out(const struct onnx_node *n, int output)
{
    return output >= 0 && output < n->n_out && *n->def->out[output];
}

/* Give the value the output's name. */
static int name_value(struct onnx_node *n, const char *out, struct onnx_value *value)
{
    const struct vt_host *host = n->t->host;
    bool result = onnx_names_get(&n->scope->results, out) != NULL;
    bool mine = host->node_index(value->node) >= n->first && !onnx_is_brought(n->t, value->node);
    const char *name;
    int status;

    if (result && !n->scope->root && !n->scope->body) {
        return VT_OK; /* the caller of the function or the owner of the branch names it */
    }
    if (result && n->scope->root && !mine) {
        /* A node of its own, so that the model's output has its own name first. */
        *value = onnx_unary(n, "Identity", 16, *value);
        mine = true;
    }
    name = n->status ? NULL : onnx_arena_printf(&n->t->m->arena, "%s%s", n->scope->prefix, out);
    if (!name) {
        return onnx_fail(n, VT_E_NOMEM, "out of memory");
    }
    status = mine ? host->node_set_name(value->node, name, n->t->err) : VT_OK;
    status = status ? status : host->node_add_tensor_name(value->node, value->port, name, n->t->err);
    return status ? onnx_host_failed(n, status) : VT_OK;
}

int onnx_out(struct onnx_node *n, int output, struct onnx_value value)
{
    struct onnx_entry *e;

    if (n->status || !onnx_has_out(n, output)) {
        return n->status;
    }
    if (!value.node || value.port < 0 || value.port >= n->t->host->node_n_out(value.node)) {
        return onnx_fail(n, VT_E_INTERNAL, "output %d has no value", output);
    }
    if (name_value(n, n->def->out[output], &value)) {
        return n->status;
    }
    e = onnx_define(n->t, n->scope, n->def->out[output], ONNX_VALUE);
    if (!e) {
        return onnx_pass(n, n->t->err->code);
    }
    e->value = value;
    return VT_OK;
}

int onnx_out_entry(struct onnx_node *n, int output, const struct onnx_entry *entry)
{
    if (entry->kind == ONNX_SEQUENCE) {
        return onnx_out_sequence(n, output, entry->sequence->kind, entry->sequence->values,
                                 entry->sequence->n);
    }
    return onnx_out(n, output, entry->value);
}

/* ---- sequences */

const struct onnx_sequence *onnx_in_sequence(struct onnx_node *n, int input)
{
    struct onnx_entry *e = onnx_in_entry(n, input);

    return e && e->kind == ONNX_SEQUENCE ? e->sequence : NULL;
}

enum onnx_sequence_kind onnx_sequence_kind(const struct onnx_sequence *s)
{
    return s->kind;
}

int onnx_sequence_length(const struct onnx_sequence *s)
{
    return s->n;
}

struct onnx_value onnx_sequence_at(const struct onnx_sequence *s, int index)
{
    return index >= 0 && index < s->n ? s->values[index] : ONNX_ABSENT;
}

int onnx_out_sequence(struct onnx_node *n, int output, enum onnx_sequence_kind kind,
                      const struct onnx_value *values, int count)
{
    struct onnx_sequence *s;
    struct onnx_entry *e;

    if (n->status || !onnx_has_out(n, output)) {
        return n->status;
    }
    s = onnx_alloc(n, sizeof(*s));
    if (s) {
        s->values = onnx_alloc(n, (size_t)count * sizeof(*s->values));
    }
    if (n->status) {
        return n->status;
    }
    s->kind = kind;
    s->n = count;
    for (int i = 0; i < count; i++) {
        s->values[i] = values[i];
        if (!values[i].node) {
            return onnx_fail(n, VT_E_INTERNAL, "element %d of output %d has no value", i, output);
        }
    }
    e = onnx_define(n->t, n->scope, n->def->out[output], ONNX_SEQUENCE);
    if (!e) {
        return onnx_pass(n, n->t->err->code);
    }
    e->sequence = s;
    return VT_OK;
}

/* ---- attributes */

static const struct onnx_attr *attr_of(const struct onnx_attr *attrs, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(attrs[i].name, name) == 0) {
            return &attrs[i];
        }
    }
    return NULL;
}

const struct onnx_attr *onnx_find_attr(const struct onnx_node *n, const char *name)
{
    const struct onnx_attr *a = attr_of(n->def->attrs, n->def->n_attrs, name);
    const struct onnx_call *call = n->scope->call;

    while (a && a->ref) {
        const struct onnx_attr *given;

        if (!call) {
            return NULL;
        }
        given = attr_of(call->caller->def->attrs, call->caller->def->n_attrs, a->ref);
        if (given) {
            a = given;
            call = call->caller->scope->call;
        } else {
            return attr_of(call->function->defaults, call->function->n_defaults, a->ref);
        }
    }
    return a;
}

bool onnx_has_attr(const struct onnx_node *n, const char *name)
{
    return onnx_find_attr(n, name) != NULL;
}

static const struct onnx_attr *typed(struct onnx_node *n, const char *name, enum onnx_attr_type type)
{
    static const char *const names[] = {
        "undefined", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH", "FLOATS", "INTS",
        "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE",  "TYPES"};
    const struct onnx_attr *a = n->status ? NULL : onnx_find_attr(n, name);

    if (a && a->type != type) {
        onnx_fail(n, VT_E_FORMAT, "attribute '%s' is of type %s, it should be %s", name, names[a->type],
                  names[type]);
        return NULL;
    }
    return a;
}

int64_t onnx_attr_i(struct onnx_node *n, const char *name, int64_t def)
{
    const struct onnx_attr *a = typed(n, name, ONNX_INT);

    return a ? a->i : def;
}

float onnx_attr_f(struct onnx_node *n, const char *name, float def)
{
    const struct onnx_attr *a = typed(n, name, ONNX_FLOAT);

    return a ? a->f : def;
}

const char *onnx_attr_s(struct onnx_node *n, const char *name, const char *def)
{
    const struct onnx_attr *a = typed(n, name, ONNX_STRING);
    const char *text = a ? onnx_arena_text(&n->t->m->arena, a->s.p, a->s.n) : def;

    if (a && !text) {
        onnx_fail(n, VT_E_NOMEM, "out of memory");
    }
    return text ? text : def;
}

const int64_t *onnx_attr_is(struct onnx_node *n, const char *name, int *count)
{
    const struct onnx_attr *a = typed(n, name, ONNX_INTS);

    *count = a ? a->n : 0;
    return a ? a->ints : NULL;
}

const float *onnx_attr_fs(struct onnx_node *n, const char *name, int *count)
{
    const struct onnx_attr *a = typed(n, name, ONNX_FLOATS);

    *count = a ? a->n : 0;
    return a ? a->floats : NULL;
}

const char *const *onnx_attr_ss(struct onnx_node *n, const char *name, int *count)
{
    const struct onnx_attr *a = typed(n, name, ONNX_STRINGS);

    *count = a ? a->n : 0;
    return a ? a->strings : NULL;
}

struct onnx_value onnx_attr_tensor(struct onnx_node *n, const char *name)
{
    const struct onnx_attr *a = n->status ? NULL : onnx_find_attr(n, name);
    struct onnx_value v = ONNX_ABSENT;
    const char *fresh;

    if (a && !a->sparse) {
        a = typed(n, name, ONNX_TENSOR);
    }
    if (a && !a->tensor && !a->sparse) {
        onnx_fail(n, VT_E_FORMAT, "attribute '%s' has no tensor", name);
    }
    if (!a || n->status) {
        return v;
    }
    fresh = onnx_fresh_name(n, "Constant");
    if (fresh) {
        v.node = a->sparse ? onnx_sparse_node(n->t->m, n->graph, a->sparse, fresh)
                           : onnx_tensor_node(n->t->m, n->graph, a->tensor, fresh);
        if (!v.node) {
            onnx_pass(n, n->t->err->code);
        }
    }
    return v;
}

const struct onnx_graph *onnx_attr_graph(struct onnx_node *n, const char *name)
{
    const struct onnx_attr *a = typed(n, name, ONNX_GRAPH);

    return a ? a->graph : NULL;
}
