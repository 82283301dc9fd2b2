#include "binary.h"

#include "extension.h"
#include "graph.h"
#include "texts.h"

#include <stdlib.h>

#define BUFFER 4096

struct writer {
    int (*place)(void *ctx, const struct vt_node *constant, struct vt_graph_place *place);
    int (*write)(void *ctx, const void *data, size_t bytes);
    void *ctx;
    struct vt_error *err;
    int status; /* the first failure */
    size_t n;
    unsigned char buffer[BUFFER];
};

static void flush(struct writer *w)
{
    if (w->status == VT_OK && w->n) {
        w->status = w->write(w->ctx, w->buffer, w->n);
    }
    w->n = 0;
}

static void put(struct writer *w, const void *data, size_t bytes)
{
    if (w->n + bytes > BUFFER) {
        flush(w);
    }
    if (bytes > BUFFER) {
        w->status = w->status ? w->status : w->write(w->ctx, data, bytes);
    } else if (bytes) {
        memcpy(w->buffer + w->n, data, bytes);
        w->n += bytes;
    }
}

static void put_number(struct writer *w, uint64_t value)
{
    unsigned char b[10];
    size_t n = 0;

    do {
        b[n] = (unsigned char)(value & 0x7f);
        value >>= 7;
        b[n] |= value ? 0x80 : 0;
        n++;
    } while (value);
    put(w, b, n);
}

/* Small negative numbers stay short. */
static void put_signed(struct writer *w, int64_t value)
{
    put_number(w, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

/* Length plus one; 0 is NULL. */
static void put_text(struct writer *w, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    put_number(w, text ? n + 1 : 0);
    put(w, text, n);
}

static void put_shape(struct writer *w, const struct vt_pshape *shape)
{
    put_signed(w, shape->rank);
    for (int i = 0; i < shape->rank; i++) {
        put_signed(w, shape->dims[i].min);
        put_signed(w, shape->dims[i].max);
    }
}

static void put_rt_info(struct writer *w, const struct vt_rt_info *list)
{
    uint64_t n = 0;

    for (const struct vt_rt_info *i = list; i; i = i->next) {
        n++;
    }
    put_number(w, n);
    for (; list; list = list->next) {
        put_text(w, list->name);
        put_text(w, list->version);
        put_text(w, list->value);
    }
}

static void put_attr(struct writer *w, enum vt_attr_type type, const union vt_attr_value *v)
{
    switch (type) {
    case VT_ATTR_I64:
    case VT_ATTR_BOOL:
    case VT_ATTR_TYPE: put_signed(w, v->i); return;
    case VT_ATTR_F64: put(w, &v->f, sizeof(v->f)); return;
    case VT_ATTR_STR: put_text(w, v->s); return;
    case VT_ATTR_I64S:
        put_number(w, (uint64_t)v->i64s.n);
        for (int64_t i = 0; i < v->i64s.n; i++) {
            put_signed(w, v->i64s.v[i]);
        }
        return;
    case VT_ATTR_F64S:
        put_number(w, (uint64_t)v->f64s.n);
        put(w, v->f64s.v, (size_t)v->f64s.n * sizeof(double));
        return;
    case VT_ATTR_SHAPE:
        put_number(w, v->shape != NULL);
        if (v->shape) {
            put_shape(w, v->shape);
        }
        return;
    }
}

/* Those that were set; the rest are the operation's defaults again. */
static void put_attrs(struct writer *w, const struct vt_node *node)
{
    put_number(w, node->attrs_given);
    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        if (i >= 64 || node->attrs_given >> i & 1) {
            put_attr(w, node->op->attrs[i].type, &node->attrs[i]);
        }
    }
}

static int put_piece(void *ctx, const void *data, size_t bytes)
{
    struct writer *w = ctx;

    put(w, data, bytes);
    return w->status;
}

/* Always in the form itself: the elements hold addresses. */
static void put_strings(struct writer *w, const struct vt_tensor *t)
{
    size_t bytes;
    int status = vt_strings_packed_bytes(t, &bytes, w->err);

    w->status = w->status ? w->status : status;
    put_number(w, bytes);
    vt_strings_pack(t, put_piece, w);
}

static void put_constant(struct writer *w, const struct vt_node *node)
{
    const struct vt_tensor *t = &node->constant;
    struct vt_graph_place place = {VT_PLACE_INLINE, 0};

    if (w->place && t->bytes && t->type != VT_STRING && w->status == VT_OK) {
        w->status = w->place(w->ctx, node, &place);
    }
    put_number(w, (uint64_t)t->type);
    put_number(w, (uint64_t)t->rank);
    for (int i = 0; i < t->rank; i++) {
        put_number(w, (uint64_t)t->dims[i]);
    }
    put_signed(w, place.space);
    if (t->type == VT_STRING) {
        put_strings(w, t);
    } else if (place.space == VT_PLACE_INLINE) {
        put(w, t->data, t->bytes);
    } else {
        put_number(w, place.offset);
    }
}

static void put_graph(struct writer *w, const struct vt_graph *graph);

static void put_bodies(struct writer *w, const struct vt_node *node)
{
    put_number(w, (uint64_t)node->n_bodies);
    for (int i = 0; i < node->n_bodies; i++) {
        const struct vt_body *b = &node->bodies[i];

        put_graph(w, b->graph);
        put_number(w, (uint64_t)b->n_maps);
        for (int k = 0; k < b->n_maps; k++) {
            const struct vt_body_map *m = &b->maps[k];

            put_number(w, (uint64_t)m->kind);
            put_signed(w, m->outer);
            put_signed(w, m->inner);
            put_signed(w, m->back);
            put_signed(w, m->axis);
            put_signed(w, m->start);
            put_signed(w, m->end);
            put_signed(w, m->stride);
            put_signed(w, m->part_size);
        }
    }
}

static void put_op(struct writer *w, const struct vt_op_def *op)
{
    const struct vt_extension_op *own = vt_extension_op_of(op);

    if (!own) {
        put_text(w, op->name);
        put_number(w, (uint64_t)op->opset);
        return;
    }
    put_text(w, own->name);
    put_number(w, VT_BINARY_EXTENSION);
    put_text(w, own->opset);
    put_text(w, own->owner->name);
    put(w, &own->owner->identity, sizeof(own->owner->identity));
}

static void put_node(struct writer *w, const struct vt_node *node)
{
    if (node->op->flags & VT_OP_UNKNOWN) {
        w->status = vt_fail(w->err, VT_E_UNSUPPORTED,
                            "not implemented: writing node '%s', whose operation %s "
                            "is unknown",
                            node->name, node->op->name);
        return;
    }
    put_op(w, node->op);
    put_text(w, node->name);
    put_text(w, node->fused_names);
    put_number(w, (uint64_t)node->n_in);
    put_number(w, (uint64_t)node->n_out);
    put_attrs(w, node);
    for (int i = 0; i < node->n_in; i++) {
        put_number(w, node->in[i].node ? (uint64_t)node->in[i].node->index + 1 : 0);
        if (node->in[i].node) {
            put_number(w, (uint64_t)node->in[i].index);
        }
    }
    for (int i = 0; i < node->n_out; i++) {
        put_number(w, (uint64_t)node->out[i].n_names);
        for (int k = 0; k < node->out[i].n_names; k++) {
            put_text(w, node->out[i].names[k]);
        }
    }
    put_bodies(w, node);
    put_rt_info(w, node->rt_info);
    if (vt_node_is(node, "Constant")) {
        put_constant(w, node);
    }
}

static void put_list(struct writer *w, struct vt_node *const *list, int n)
{
    put_number(w, (uint64_t)n);
    for (int i = 0; i < n; i++) {
        put_number(w, (uint64_t)list[i]->index);
    }
}

static void put_graph(struct writer *w, const struct vt_graph *graph)
{
    put_text(w, graph->name);
    put_number(w, (uint64_t)graph->n_nodes);
    for (int i = 0; i < graph->n_nodes && w->status == VT_OK; i++) {
        put_node(w, graph->nodes[i]);
    }
    put_list(w, graph->params, graph->n_params);
    put_list(w, graph->results, graph->n_results);
    put_list(w, graph->sinks, graph->n_sinks);
    put_rt_info(w, graph->rt_info);
}

int vt_graph_write(const struct vt_graph *graph,
                   int (*place)(void *ctx, const struct vt_node *constant, struct vt_graph_place *place),
                   int (*write)(void *ctx, const void *data, size_t bytes), void *ctx, struct vt_error *err)
{
    struct writer *w = calloc(1, sizeof(*w));
    int status;

    if (!w) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    w->place = place;
    w->write = write;
    w->ctx = ctx;
    w->err = err;
    put_graph(w, graph);
    flush(w);
    status = w->status;
    free(w);
    return status ? vt_fail(err, status, "model '%s' cannot be written", graph->name) : VT_OK;
}
