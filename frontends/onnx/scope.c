/* Names and what they stand for, across functions, branches and bodies. */
#include "translate.h"

#include <ctype.h>
#include <string.h>

int onnx_scope_init(struct onnx_translation *t, struct onnx_scope *s, struct onnx_scope *outer,
                    struct vt_graph *graph, bool body)
{
    *s = (struct onnx_scope){.outer = outer, .graph = graph, .body = body, .prefix = ""};
    if (outer) {
        s->depth = outer->depth + 1;
        s->imports = outer->imports;
        s->call = outer->call;
        s->prefix = outer->prefix;
    }
    if (s->depth > ONNX_MAX_SCOPES) {
        return onnx_model_fail(t->m, VT_E_RANGE, "graphs and functions are nested more than %d deep",
                               ONNX_MAX_SCOPES);
    }
    return VT_OK;
}

static int no_memory(struct onnx_translation *t)
{
    return onnx_model_fail(t->m, VT_E_NOMEM, "out of memory");
}

struct onnx_entry *onnx_define(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                               enum onnx_kind kind)
{
    struct onnx_entry *e;

    if (onnx_names_get(&s->names, name)) {
        onnx_model_fail(t->m, VT_E_FORMAT, "the name '%s' is given twice", name);
        return NULL;
    }
    e = onnx_arena_alloc(&t->m->arena, 1, sizeof(*e));
    if (!e || !onnx_names_put(&t->m->arena, &s->names, name, e)) {
        no_memory(t);
        return NULL;
    }
    e->name = name;
    e->kind = kind;
    return e;
}

/* ---- Parameters */

static int shape_text(const struct vt_pshape *shape, char *text, size_t size)
{
    size_t at = 0;

    snprintf(text, size, "%s", shape->rank < 0 ? "..." : "");
    for (int i = 0; i < shape->rank && at < size; i++) {
        const struct vt_dim *d = &shape->dims[i];
        const char *comma = i ? "," : "";

        if (d->min == d->max) {
            at += (size_t)snprintf(text + at, size - at, "%s%lld", comma, (long long)d->min);
        } else if (d->max < 0) {
            at +=
                (size_t)snprintf(text + at, size - at, d->min ? "%s%lld.." : "%s?", comma, (long long)d->min);
        } else {
            at += (size_t)snprintf(text + at, size - at, "%s%lld..%lld", comma, (long long)d->min,
                                   (long long)d->max);
        }
    }
    return at < size ? VT_OK : VT_E_INTERNAL;
}

int onnx_set_shape(struct onnx_translation *t, struct vt_node *node, const char *attr,
                   const struct vt_pshape *shape)
{
    char text[VT_MAX_RANK * 48];
    int status = shape_text(shape, text, sizeof(text));

    return status ? status : t->host->node_set_attr(node, attr, text, t->err);
}

struct vt_node *onnx_param(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                           enum vt_type type, const struct vt_pshape *shape)
{
    struct vt_node *node = t->host->node_create(s->graph, "Parameter", 1, name, 0, 1, t->err);
    int status = node ? VT_OK : VT_E_NOMEM;

    status = status ? status : t->host->node_set_attr(node, "element_type", vt_type_info(type)->name, t->err);
    status = status ? status : onnx_set_shape(t, node, "shape", shape);
    status = status ? status : t->host->node_add_tensor_name(node, 0, name, t->err);
    status = status ? status : t->host->node_infer(node, t->err);
    if (status) {
        vt_fail(t->err, status, "parameter '%s'", name);
        vt_context(t->err, "%s: ", t->m->label);
        return NULL;
    }
    s->n_params++;
    return node;
}

/* ---- what names bring in */

static int note_brought(struct onnx_translation *t, const struct vt_node *node)
{
    struct onnx_brought *b = onnx_arena_alloc(&t->m->arena, 1, sizeof(*b));

    if (!b) {
        return no_memory(t);
    }
    *b = (struct onnx_brought){node, t->brought};
    t->brought = b;
    return VT_OK;
}

bool onnx_is_brought(const struct onnx_translation *t, const struct vt_node *node)
{
    const struct onnx_brought *b = t->host->node_n_in(node) ? NULL : t->brought;

    while (b && b->node != node) {
        b = b->next;
    }
    return b != NULL;
}

/* ---- capturing */

static bool exactly_known(const struct vt_value *v)
{
    if (!v->bounds || !vt_pshape_is_static(&v->shape) || v->type == VT_DYNAMIC) {
        return false;
    }
    for (int64_t i = 0; i < v->bounds->n; i++) {
        if (v->bounds->lo[i] != v->bounds->hi[i]) {
            return false;
        }
    }
    return vt_type_info(v->type)->bits >= 8;
}

/* Known values as a Constant of their own; NULL without a message when that cannot be. */
static struct vt_node *known_constant(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                                      const struct vt_value *v)
{
    int64_t dims[VT_MAX_RANK];
    struct vt_tensor c;
    unsigned bytes = vt_type_info(v->type)->bits / 8;
    uint8_t *data = onnx_arena_alloc(&t->m->arena, (size_t)v->bounds->n, 8);

    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = v->shape.dims[i].min;
    }
    if (!data || !vt_tensor_describe(&c, v->type, v->shape.rank, dims) ||
        vt_tensor_count(&c) != v->bounds->n) {
        return NULL;
    }
    for (int64_t i = 0; i < v->bounds->n; i++) {
        memcpy(data + (size_t)i * bytes, &v->bounds->lo[i], bytes); /* the low bytes: little endian */
    }
    c.data = c.bytes ? data : NULL;
    return t->host->constant_create(s->graph, name, &c, NULL, t->err);
}

/* The value of an outer graph, in this one: constants and known values again, all else as a Parameter. */
static int capture(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                   struct onnx_value outer, struct onnx_value *inner)
{
    const struct vt_value *v = t->host->node_value(outer.node, outer.port);
    struct onnx_capture *c;

    *inner = ONNX_ABSENT;
    if (t->host->node_constant(outer.node)) {
        inner->node = t->host->constant_clone(s->graph, outer.node, name, t->err);
        return inner->node ? note_brought(t, inner->node) : vt_context(t->err, "%s: ", t->m->label);
    }
    if (exactly_known(v)) {
        inner->node = known_constant(t, s, name, v);
        return inner->node ? note_brought(t, inner->node) : no_memory(t);
    }
    c = onnx_arena_alloc(&t->m->arena, 1, sizeof(*c));
    if (!c) {
        return no_memory(t);
    }
    inner->node = c->param = onnx_param(t, s, name, v->type, &v->shape);
    c->outer = outer;
    if (!c->param) {
        return t->err->code;
    }
    *(s->last ? &s->last->next : &s->captures) = c;
    s->last = c;
    return note_brought(t, c->param);
}

static int capture_sequence(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_entry *outer,
                            struct onnx_entry *e)
{
    const struct onnx_sequence *from = outer->sequence;
    struct onnx_sequence *to = onnx_arena_alloc(&t->m->arena, 1, sizeof(*to));
    int status = VT_OK;

    if (!to) {
        return no_memory(t);
    }
    *to = *from;
    to->values = onnx_arena_alloc(&t->m->arena, (size_t)from->n, sizeof(*to->values));
    if (!to->values) {
        return no_memory(t);
    }
    for (int i = 0; i < from->n && status == VT_OK; i++) {
        status = capture(t, s, outer->name, from->values[i], &to->values[i]);
    }
    e->sequence = to;
    return status;
}

static int bring_in(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_entry *outer,
                    struct onnx_entry **entry)
{
    struct onnx_entry *e = onnx_define(t, s, outer->name, outer->kind);

    if (!e) {
        return t->err->code;
    }
    *entry = e;
    if (outer->kind == ONNX_LEFT_OUT) {
        return VT_OK;
    }
    if (outer->kind == ONNX_SEQUENCE) {
        return capture_sequence(t, s, outer, e);
    }
    return capture(t, s, outer->name, outer->value, &e->value);
}

/* ---- looking up */

static int build_init(struct onnx_translation *t, struct onnx_scope *s, struct onnx_entry *e)
{
    const char *name = onnx_arena_printf(&t->m->arena, "%s%s", s->prefix, e->name);

    if (!name) {
        return no_memory(t);
    }
    e->value.node = e->init ? onnx_tensor_node(t->m, s->graph, e->init, name)
                            : onnx_sparse_node(t->m, s->graph, e->sparse, name);
    if (!e->value.node) {
        return t->err->code;
    }
    return t->host->node_add_tensor_name(e->value.node, 0, name, t->err)
               ? vt_context(t->err, "%s: ", t->m->label)
               : note_brought(t, e->value.node);
}

int onnx_lookup(struct onnx_translation *t, struct onnx_scope *s, const char *name, struct onnx_entry **entry)
{
    int status;

    *entry = onnx_names_get(&s->names, name);
    if (*entry) {
        bool unbuilt = (*entry)->kind == ONNX_VALUE && !(*entry)->value.node;

        return unbuilt ? build_init(t, s, *entry) : VT_OK;
    }
    if (!s->outer) {
        return VT_OK;
    }
    status = onnx_lookup(t, s->outer, name, entry);
    return status || !*entry || !s->body ? status : bring_in(t, s, *entry, entry);
}

/* ---- hints */

/* Edit distance without case, of texts that are not too long; more than `limit` counts as limit + 1. */
static int distance(const char *a, const char *b, int limit)
{
    enum { LONGEST = 64 };
    int row[LONGEST + 1], n = (int)strnlen(a, LONGEST + 1), k = (int)strnlen(b, LONGEST + 1);

    if (n > LONGEST || k > LONGEST || n - k > limit || k - n > limit) {
        return limit + 1;
    }
    for (int j = 0; j <= k; j++) {
        row[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int corner = row[0];

        row[0] = i;
        for (int j = 1; j <= k; j++) {
            int change = corner + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            corner = row[j];
            row[j] = best < change ? best : change;
        }
    }
    return row[k];
}

static void offer(const struct onnx_names *names, const char *name, const char **best, int *nearest)
{
    for (size_t i = 0; i < names->capacity; i++) {
        const char *key = names->slots[i].key;
        int d = key ? distance(name, key, *nearest) : *nearest;

        if (key && d < *nearest) {
            *nearest = d;
            *best = key;
        }
    }
}

void onnx_name_hint(const struct onnx_scope *s, const char *name, char *text, size_t size)
{
    int nearest = (int)strnlen(name, 64) / 3 + 2;
    const char *best = NULL;

    for (; s; s = s->outer) {
        offer(&s->names, name, &best, &nearest);
    }
    snprintf(text, size, "%s%.100s%s", best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
}
