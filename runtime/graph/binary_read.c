#include "binary.h"

#include "extension.h"
#include "graph.h"
#include "map.h"
#include "texts.h"
#include "vt/checked.h"

#include <stdlib.h>

struct reader {
    const unsigned char *begin, *at, *end;
    const struct vt_graph_space *spaces;
    int n_spaces;
    struct vt_blob *hole; /* absent constants; NULL: there are none */
    struct vt_error *err;
    int status;
};

/* The first failure counts; reading goes on with zeros. */
static void bad(struct reader *r, const char *what)
{
    if (r->status == VT_OK) {
        r->status = vt_fail(r->err, VT_E_FORMAT, "the graph is damaged at byte %zu: %s",
                            (size_t)(r->at - r->begin), what);
    }
    r->at = r->end;
}

static void no_memory(struct reader *r)
{
    if (r->status == VT_OK) {
        r->status = vt_fail(r->err, VT_E_NOMEM, "out of memory reading a graph");
    }
    r->at = r->end;
}

static uint64_t get_number(struct reader *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        unsigned char b = *r->at++;

        value |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            return value;
        }
    }
    bad(r, "a number does not end");
    return 0;
}

static int64_t get_signed(struct reader *r)
{
    uint64_t value = get_number(r);

    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

/* A number of things that take at least one byte each. */
static int get_count(struct reader *r)
{
    uint64_t n = get_number(r);

    if (n > (uint64_t)(r->end - r->at) || n > VT_MAX_NODES) {
        bad(r, "a count is too large");
        return 0;
    }
    return (int)n;
}

/* A small signed number. */
static int get_int(struct reader *r)
{
    int64_t value = get_signed(r);

    if (value != (int32_t)value) {
        bad(r, "a number is out of range");
        return 0;
    }
    return (int)value;
}

static const void *get_bytes(struct reader *r, size_t n)
{
    const unsigned char *p = r->at;

    if (n > (size_t)(r->end - r->at)) {
        bad(r, "it is cut off");
        return NULL;
    }
    r->at += n;
    return p;
}

/* A text in the arena; NULL for a missing one, "" after a failure. */
static const char *get_text(struct reader *r, struct vt_arena *arena)
{
    uint64_t n = get_number(r);
    const char *p;
    char *text;

    if (!n) {
        return r->status ? "" : NULL;
    }
    if (n - 1 > (uint64_t)(r->end - r->at)) {
        bad(r, "a text is cut off");
        return "";
    }
    p = get_bytes(r, (size_t)n - 1);
    if (!p || memchr(p, 0, (size_t)n - 1)) {
        bad(r, "a text holds a zero byte");
        return "";
    }
    text = vt_arena_alloc(arena, (size_t)n);
    if (!text) {
        no_memory(r);
        return "";
    }
    memcpy(text, p, (size_t)n - 1);
    return text;
}

static const char *get_name(struct reader *r, struct vt_arena *arena)
{
    const char *text = get_text(r, arena);

    return text ? text : "";
}

/* The name of an operation, into `name`. */
static void get_word(struct reader *r, char name[128])
{
    uint64_t n = get_number(r);
    const char *p = n && n <= 128 ? get_bytes(r, (size_t)n - 1) : NULL;

    if (p) {
        memcpy(name, p, (size_t)n - 1);
    } else {
        bad(r, "the name of an operation is missing");
    }
    name[p ? n - 1 : 0] = 0;
}

static void get_shape(struct reader *r, struct vt_pshape *shape)
{
    int rank = get_int(r);

    *shape = (struct vt_pshape){.rank = -1};
    if (rank < -1 || rank > VT_MAX_RANK) {
        bad(r, "a rank is out of range");
        return;
    }
    shape->rank = rank;
    for (int i = 0; i < rank; i++) {
        struct vt_dim d = {get_signed(r), get_signed(r)};

        if (d.min < 0 || d.max < -1 || (d.max >= 0 && d.max < d.min)) {
            bad(r, "a dimension is no interval");
            d = vt_dim_any();
        }
        shape->dims[i] = d;
    }
}

static struct vt_rt_info *get_rt_info(struct reader *r, struct vt_arena *arena)
{
    struct vt_rt_info *first = NULL, **to = &first;

    for (int n = get_count(r); n > 0 && !r->status; n--) {
        struct vt_rt_info *item = vt_arena_alloc(arena, sizeof(*item));

        if (!item) {
            no_memory(r);
            break;
        }
        item->name = get_name(r, arena);
        item->version = get_text(r, arena);
        item->value = get_text(r, arena);
        *to = item;
        to = &item->next;
    }
    return first;
}

/* ---- attributes */

static void get_i64s(struct reader *r, struct vt_arena *arena, union vt_attr_value *v)
{
    int n = get_count(r);
    int64_t *list = vt_arena_array(arena, (size_t)n, sizeof(*list));

    if (!list) {
        no_memory(r);
        return;
    }
    for (int i = 0; i < n; i++) {
        list[i] = get_signed(r);
    }
    v->i64s.v = list;
    v->i64s.n = n;
}

static void get_f64s(struct reader *r, struct vt_arena *arena, union vt_attr_value *v)
{
    int n = get_count(r);
    const void *data = get_bytes(r, (size_t)n * sizeof(double));
    double *list = data ? vt_arena_copy(arena, data, (size_t)n * sizeof(double)) : NULL;

    if (!list) {
        no_memory(r);
        return;
    }
    v->f64s.v = list;
    v->f64s.n = n;
}

static void get_attr(struct reader *r, struct vt_arena *arena, const struct vt_attr_def *def,
                     union vt_attr_value *v)
{
    struct vt_pshape shape;
    const void *data;

    *v = (union vt_attr_value){0};
    switch (def->type) {
    case VT_ATTR_I64:
    case VT_ATTR_BOOL:
    case VT_ATTR_TYPE: v->i = get_signed(r); break;
    case VT_ATTR_F64:
        data = get_bytes(r, sizeof(v->f));
        if (data) {
            memcpy(&v->f, data, sizeof(v->f));
        }
        break;
    case VT_ATTR_STR: v->s = get_text(r, arena); break;
    case VT_ATTR_I64S: get_i64s(r, arena, v); break;
    case VT_ATTR_F64S: get_f64s(r, arena, v); break;
    case VT_ATTR_SHAPE:
        if (get_number(r)) {
            get_shape(r, &shape);
            v->shape = vt_arena_copy(arena, &shape, sizeof(shape));
            if (!v->shape) {
                no_memory(r);
            }
        }
        break;
    }
    if (!r->status && !vt_attr_value_ok(def, v)) {
        bad(r, "an attribute has a value that is not allowed");
    }
}

static void get_attrs(struct reader *r, struct vt_node *node)
{
    const struct vt_attr_def *attrs = node->op->attrs;
    uint64_t given = get_number(r);

    for (int i = 0; attrs && attrs[i].name && !r->status; i++) {
        if (i >= 64 || given >> i & 1) {
            get_attr(r, &node->graph->arena, &attrs[i], &node->attrs[i]);
            node->attrs_given |= i < 64 ? (uint64_t)1 << i : 0;
        } else if (attrs[i].required) {
            bad(r, "a required attribute is missing");
        }
    }
}

/* ---- nodes */

static void get_inputs(struct reader *r, struct vt_node *node)
{
    struct vt_graph *graph = node->graph;

    for (int i = 0; i < node->n_in && !r->status; i++) {
        uint64_t index = get_number(r);
        uint64_t port = index ? get_number(r) : 0;

        if (!index) {
            continue;
        }
        /* Nodes come in topological order. */
        if (index - 1 >= (uint64_t)node->index || port >= (uint64_t)graph->nodes[index - 1]->n_out) {
            bad(r, "an edge leads nowhere");
        } else if (vt_node_set_input(node, i, vt_port_of(graph->nodes[index - 1], (int)port))) {
            no_memory(r);
        }
    }
}

static void get_output_names(struct reader *r, struct vt_node *node)
{
    struct vt_arena *arena = &node->graph->arena;

    for (int i = 0; i < node->n_out && !r->status; i++) {
        for (int n = get_count(r); n > 0 && !r->status; n--) {
            const char *name = get_name(r, arena);

            if (vt_output_add_name(node->graph, &node->out[i], name)) {
                no_memory(r);
            }
        }
    }
}

static struct vt_graph *get_graph(struct reader *r, int depth);

static void get_maps(struct reader *r, struct vt_node *node, struct vt_body *body)
{
    int n = get_count(r);
    size_t room = 1;

    while (room < (size_t)n) {
        room *= 2; /* what adding one more counts on */
    }
    body->maps = n ? vt_arena_array(&node->graph->arena, room, sizeof(*body->maps)) : NULL;
    if (n && !body->maps) {
        no_memory(r);
        return;
    }
    for (int i = 0; i < n && !r->status; i++) {
        struct vt_body_map *m = &body->maps[i];

        m->kind = (enum vt_body_map_kind)(get_number(r) & 0xff);
        m->outer = get_int(r);
        m->inner = get_int(r);
        m->back = get_int(r);
        m->axis = get_signed(r);
        m->start = get_signed(r);
        m->end = get_signed(r);
        m->stride = get_signed(r);
        m->part_size = get_signed(r);
        if (!r->status && !vt_body_map_fits(node, body->graph, m)) {
            bad(r, "a sub-graph is mapped to a port that does not exist");
        }
        body->n_maps = i + 1;
    }
}

static void get_bodies(struct reader *r, struct vt_node *node, int depth)
{
    int n = get_count(r);

    if (n && (!(node->op->flags & VT_OP_BODY) || depth >= VT_MAX_GRAPH_DEPTH || n > 2)) {
        bad(r, "there are sub-graphs where none may be");
        return;
    }
    if (!n) {
        return;
    }
    node->bodies = vt_arena_array(&node->graph->arena, (size_t)n, sizeof(*node->bodies));
    if (!node->bodies) {
        no_memory(r);
        return;
    }
    for (int i = 0; i < n && !r->status; i++) {
        struct vt_graph *body = get_graph(r, depth + 1);

        if (!body) {
            return;
        }
        node->bodies[i].graph = body;
        node->n_bodies = i + 1;
        if (node->graph->depth < body->depth + 1) {
            node->graph->depth = body->depth + 1;
        }
        get_maps(r, node, &node->bodies[i]);
    }
}

/* ---- constants */

static void place_inline(struct reader *r, struct vt_node *node, struct vt_tensor *t)
{
    const void *data = get_bytes(r, t->bytes);

    if (data && t->bytes) {
        t->data = vt_arena_copy(&node->graph->arena, data, t->bytes);
        if (!t->data) {
            no_memory(r);
        }
    }
}

static void place_strings(struct reader *r, struct vt_node *node, struct vt_tensor *t)
{
    uint64_t n = get_number(r);
    size_t bytes = n > (uint64_t)(r->end - r->at) ? 0 : (size_t)n;
    const void *packed = get_bytes(r, bytes);
    /* Each string takes four bytes of the form. */
    bool fits = !r->status && packed && bytes == n && (uint64_t)vt_tensor_count(t) <= bytes / 4;
    struct vt_blob *texts;

    t->data = fits ? malloc(t->bytes + 1) : NULL;
    if (fits && !t->data) {
        no_memory(r);
    } else if (!fits || !vt_strings_unpack(t, packed, bytes)) {
        bad(r, "the strings of a constant are damaged");
    } else if (t->bytes) {
        texts = vt_strings_keep(t);
        free(t->data);
        t->data = texts ? (void *)(uintptr_t)texts->data : NULL;
        node->blob = texts;
        if (!texts || vt_graph_hold_blob(node->graph, texts)) {
            no_memory(r);
        }
        vt_blob_unref(texts);
        return;
    }
    free(t->data);
    t->data = NULL;
}

static void place_in_space(struct reader *r, struct vt_node *node, struct vt_tensor *t, int space)
{
    uint64_t offset = get_number(r);
    const struct vt_graph_space *s = &r->spaces[space - 1];

    if (r->status || !vt_range_fits(offset, t->bytes, s->bytes)) {
        bad(r, "a constant lies outside of the data");
        return;
    }
    t->data = (char *)(uintptr_t)s->blob->data + s->offset + (size_t)offset;
    node->blob = s->blob;
    if (vt_graph_hold_blob(node->graph, s->blob)) {
        no_memory(r);
    }
}

/* What weights are made of; anything else may hold shapes and indices, which inference reads. */
static bool may_be_absent(enum vt_type type)
{
    return type == VT_F32 || type == VT_F16 || type == VT_BF16 ||
           (vt_type_info(type)->bits <= 8 && type != VT_BOOLEAN && type != VT_STRING);
}

static void place_absent(struct reader *r, struct vt_node *node, struct vt_tensor *t)
{
    uint64_t offset = get_number(r);

    if (!may_be_absent(t->type)) {
        bad(r, "a constant that must be there is absent");
    } else if (!r->hole || !vt_range_fits(offset, t->bytes, r->hole->size)) {
        bad(r, "an absent constant has no place");
    } else {
        t->data = (char *)(uintptr_t)r->hole->data + (size_t)offset;
        node->blob = r->hole;
        if (vt_graph_hold_blob(node->graph, r->hole)) {
            no_memory(r);
        }
    }
}

static void get_constant(struct reader *r, struct vt_node *node)
{
    uint64_t type = get_number(r), rank = get_number(r);
    int64_t dims[VT_MAX_RANK];
    int space;

    if (type >= VT_TYPE_COUNT || type == VT_DYNAMIC || rank > VT_MAX_RANK) {
        bad(r, "a constant has a type or rank that there is not");
        return;
    }
    for (uint64_t i = 0; i < rank; i++) {
        dims[i] = (int64_t)get_number(r);
    }
    space = get_int(r);
    if (r->status || !vt_tensor_describe(&node->constant, (enum vt_type)type, (int)rank, dims)) {
        bad(r, "a constant has no possible shape");
    } else if (type == VT_STRING) {
        place_strings(r, node, &node->constant);
    } else if (space == VT_PLACE_INLINE) {
        place_inline(r, node, &node->constant);
    } else if (space == VT_PLACE_ABSENT) {
        place_absent(r, node, &node->constant);
    } else if (space > 0 && space <= r->n_spaces) {
        place_in_space(r, node, &node->constant, space);
    } else {
        bad(r, "a constant lies in data that there is not");
    }
}

/* The operation must be there as it was when the graph was written: what it has folded is in the graph. */
static const struct vt_op_def *get_extension_op(struct reader *r, struct vt_graph *graph, const char *word)
{
    const char *opset = get_name(r, &graph->arena), *extension = get_name(r, &graph->arena);
    const void *identity = get_bytes(r, sizeof(uint64_t));
    const struct vt_op_def *op = identity ? vt_extension_find(word, opset) : NULL;

    if (!identity || r->status) {
        return NULL;
    }
    if (!op) {
        r->status =
            vt_fail(r->err, VT_E_NOT_FOUND,
                    "operation %s (%s) comes from the extension '%.200s', which was not added to this core: "
                    "ov_core_add_extension() has to come first",
                    word, opset, extension);
    } else if (memcmp(identity, &vt_extension_of(op)->identity, sizeof(uint64_t)) != 0) {
        r->status =
            vt_fail(r->err, VT_E_ABI,
                    "operation %s (%s): the extension '%s' is another build than the one with which this "
                    "was compiled; compile the model again",
                    word, opset, vt_extension_of(op)->path);
    }
    if (r->status) {
        r->at = r->end;
    }
    return r->status ? NULL : op;
}

static const struct vt_op_def *get_op(struct reader *r, struct vt_graph *graph)
{
    char word[128];
    const struct vt_op_def *op;
    uint64_t opset;

    get_word(r, word);
    opset = get_number(r);
    if (!r->status && opset == VT_BINARY_EXTENSION) {
        return get_extension_op(r, graph, word);
    }
    op = r->status || opset > 1000 ? NULL : vt_op_find(word, (int)opset);
    if (op && op->opset != (int)opset) {
        op = NULL;
    }
    if (!op) {
        bad(r, "there is no such operation");
    }
    return op;
}

static void get_node(struct reader *r, struct vt_graph *graph, int depth)
{
    const struct vt_op_def *op = get_op(r, graph);
    const char *name, *fused;
    struct vt_node *node;
    int n_in, n_out;

    name = get_name(r, &graph->arena);
    fused = get_text(r, &graph->arena);
    n_in = get_count(r);
    n_out = get_count(r);
    if (r->status || !op) {
        return;
    }
    if (op->n_out >= 0 ? n_out != op->n_out : n_out > 65536) {
        bad(r, "the number of outputs is wrong");
        return;
    }
    node = vt_node_create(graph, op, name, n_in, n_out, r->err);
    if (!node) {
        r->status = r->err && r->err->code ? r->err->code : VT_E_FORMAT;
        return;
    }
    node->fused_names = fused;
    get_attrs(r, node);
    get_inputs(r, node);
    get_output_names(r, node);
    get_bodies(r, node, depth);
    node->rt_info = get_rt_info(r, &graph->arena);
    if (!r->status && vt_node_is(node, "Constant")) {
        get_constant(r, node);
    }
}

/* The nodes of a list in their order: each once, and all. */
static void get_list(struct reader *r, const struct vt_graph *graph, struct vt_node **list, int n)
{
    bool *seen = calloc((size_t)graph->n_nodes + 1, sizeof(*seen));
    struct vt_node **sorted = calloc((size_t)n + 1, sizeof(struct vt_node *));

    if (!seen || !sorted) {
        no_memory(r);
    } else if (get_count(r) != n) {
        bad(r, "a list of nodes has the wrong length");
    }
    for (int i = 0; i < n && !r->status; i++) {
        seen[list[i]->index] = true;
    }
    for (int i = 0; i < n && !r->status; i++) {
        uint64_t index = get_number(r);

        if (index >= (uint64_t)graph->n_nodes || !seen[index]) {
            bad(r, "a list of nodes names a wrong one");
        } else {
            seen[index] = false;
            sorted[i] = graph->nodes[index];
        }
    }
    if (!r->status && n) {
        memcpy(list, sorted, (size_t)n * sizeof(*sorted));
    }
    free(seen);
    free(sorted);
}

/* Read and inferred; NULL after a failure. */
static struct vt_graph *get_graph(struct reader *r, int depth)
{
    struct vt_graph *graph = vt_graph_create("");
    int n;

    if (!graph) {
        no_memory(r);
        return NULL;
    }
    graph->name = get_name(r, &graph->arena);
    n = get_count(r);
    for (int i = 0; i < n && !r->status; i++) {
        get_node(r, graph, depth);
    }
    get_list(r, graph, graph->params, graph->n_params);
    get_list(r, graph, graph->results, graph->n_results);
    get_list(r, graph, graph->sinks, graph->n_sinks);
    graph->rt_info = get_rt_info(r, &graph->arena);
    if (!r->status) {
        r->status = vt_graph_infer(graph, r->err);
    }
    if (r->status) {
        vt_graph_destroy(graph);
        return NULL;
    }
    return graph;
}

int vt_graph_read(const void *data, size_t bytes, const struct vt_graph_space *spaces, int n_spaces,
                  size_t absent, struct vt_graph **graph, struct vt_error *err)
{
    struct vt_error unseen = {0};
    struct reader r = {
        .begin = data, .at = data, .spaces = spaces, .n_spaces = n_spaces, .err = err ? err : &unseen};
    struct vt_graph *made;

    r.end = r.begin + bytes;
    if (absent) {
        r.hole = vt_blob_hole(absent);
        if (!r.hole) {
            return vt_fail(err, VT_E_NOMEM, "no address space for %zu bytes", absent);
        }
    }
    made = get_graph(&r, 0);
    vt_blob_unref(r.hole);
    if (made && r.at != r.end) {
        bad(&r, "there is more behind it");
    }
    if (r.status) {
        vt_graph_destroy(made);
        return r.status;
    }
    *graph = made;
    return VT_OK;
}
