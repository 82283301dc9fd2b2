/* From the wire format to structs. Each message is walked twice: once to count what it repeats, once to fill.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

int onnx_model_fail(struct onnx_model *m, int code, const char *fmt, ...)
{
    char text[VT_ERROR_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return vt_fail(m->err, code, "%s: %s", m->label, text);
}

/* A message that is there already stays, with its code. */
static int damaged(struct onnx_model *m, const uint8_t *at, const char *what)
{
    onnx_model_fail(m, VT_E_FORMAT, "byte %zu: the model is damaged or cut off (in %s)",
                    (size_t)(at - m->bytes.p), what);
    return m->err->code;
}

static int no_memory(struct onnx_model *m)
{
    return onnx_model_fail(m, VT_E_NOMEM, "out of memory");
}

/* ---- fields */

static int want(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                enum onnx_wire_kind kind, const char *what)
{
    return f->kind == kind ? VT_OK : damaged(m, w->p, what);
}

static int take_text(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                     const char *what, const char **text)
{
    int status = want(m, w, f, ONNX_BYTES, what);

    if (status) {
        return status;
    }
    if (f->bytes.n && memchr(f->bytes.p, 0, f->bytes.n)) {
        return onnx_model_fail(m, VT_E_FORMAT, "byte %zu: a name holds a zero byte (in %s)",
                               (size_t)(f->bytes.p - m->bytes.p), what);
    }
    *text = onnx_arena_text(&m->arena, f->bytes.p, f->bytes.n);
    return *text ? VT_OK : no_memory(m);
}

static int take_int(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                    const char *what, int64_t *value)
{
    *value = (int64_t)f->value;
    return want(m, w, f, ONNX_VARINT, what);
}

/* How often fields 0..29 occur in a message. */
static int count_fields(struct onnx_model *m, struct onnx_bytes message, const char *what, int counts[30])
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    memset(counts, 0, 30 * sizeof(*counts));
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number < 30 && ++counts[f.number] > ONNX_MAX_PARTS) {
            return onnx_model_fail(m, VT_E_RANGE, "more than %d parts in %s", ONNX_MAX_PARTS, what);
        }
    }
    return status ? damaged(m, w.p, what) : VT_OK;
}

static void *array(struct onnx_model *m, int n, size_t size, int *status)
{
    void *p = *status ? NULL : onnx_arena_alloc(&m->arena, (size_t)n, size);

    *status = *status ? *status : p ? VT_OK : no_memory(m);
    return p;
}

static int take_ints(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                     int64_t **values, int *n)
{
    int64_t count = onnx_numbers_count(message, number, ONNX_VARINT);
    struct onnx_numbers it = onnx_numbers(message, number, ONNX_VARINT);
    uint64_t value;

    if (count < 0 || count > INT32_MAX) {
        return damaged(m, message.p, what);
    }
    *values = onnx_arena_alloc(&m->arena, (size_t)count, sizeof(**values));
    if (!*values) {
        return no_memory(m);
    }
    for (*n = 0; onnx_numbers_next(&it, &value) > 0; ++*n) {
        (*values)[*n] = (int64_t)value;
    }
    return VT_OK;
}

static float bits_to_float(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float f;

    memcpy(&f, &low, sizeof(f));
    return f;
}

static int take_floats(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                       float **values, int *n)
{
    int64_t count = onnx_numbers_count(message, number, ONNX_FIXED32);
    struct onnx_numbers it = onnx_numbers(message, number, ONNX_FIXED32);
    uint64_t value;

    if (count < 0 || count > INT32_MAX) {
        return damaged(m, message.p, what);
    }
    *values = onnx_arena_alloc(&m->arena, (size_t)count, sizeof(**values));
    if (!*values) {
        return no_memory(m);
    }
    for (*n = 0; onnx_numbers_next(&it, &value) > 0; ++*n) {
        (*values)[*n] = bits_to_float(value);
    }
    return VT_OK;
}

/* ---- tensors */

static int parse_i64(struct onnx_model *m, const char *text, const char *key, int64_t *value)
{
    char *end;

    *value = strtoll(text, &end, 10);
    if (end == text || *end || *value < 0) {
        return onnx_model_fail(m, VT_E_FORMAT, "external data: %s is \"%.40s\"", key, text);
    }
    return VT_OK;
}

static int parse_external(struct onnx_model *m, struct onnx_bytes message, struct onnx_tensor *t)
{
    struct onnx_wire w = onnx_wire(message);
    const char *key = "", *value = "";
    struct onnx_field f;
    int status;

    while ((status = onnx_wire_next(&w, &f)) > 0) {
        status = f.number == 1   ? take_text(m, &w, &f, "external data", &key)
                 : f.number == 2 ? take_text(m, &w, &f, "external data", &value)
                                 : VT_OK;
        if (status) {
            return status;
        }
    }
    if (status) {
        return damaged(m, w.p, "external data");
    }
    if (strcmp(key, "location") == 0) {
        t->file = value;
    } else if (strcmp(key, "offset") == 0) {
        return parse_i64(m, value, key, &t->offset);
    } else if (strcmp(key, "length") == 0) {
        return parse_i64(m, value, key, &t->length);
    }
    return VT_OK;
}

static int parse_tensor(struct onnx_model *m, struct onnx_bytes message, struct onnx_tensor *t)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int64_t location = 0;
    int status;

    *t = (struct onnx_tensor){.name = "", .message = message, .length = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        switch (f.number) {
        case 2: status = take_int(m, &w, &f, "a tensor", &t->data_type); break;
        case 3: t->segment = true; break;
        case 8: status = take_text(m, &w, &f, "a tensor", &t->name); break;
        case 9:
            status = want(m, &w, &f, ONNX_BYTES, "a tensor");
            t->raw = f.bytes;
            break;
        case 13:
            status = want(m, &w, &f, ONNX_BYTES, "a tensor");
            status = status < 0 ? status : parse_external(m, f.bytes, t);
            break;
        case 14: status = take_int(m, &w, &f, "a tensor", &location); break;
        default: break;
        }
        if (status < 0) {
            return status;
        }
    }
    t->external = location == 1;
    return status ? damaged(m, w.p, "a tensor") : take_ints(m, message, 1, "a tensor", &t->dims, &t->n_dims);
}

static int parse_sparse(struct onnx_model *m, struct onnx_bytes message, struct onnx_sparse *s)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    s->name = "";
    s->values = s->indices = (struct onnx_tensor){.name = "", .length = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1 || f.number == 2) {
            status = want(m, &w, &f, ONNX_BYTES, "a sparse tensor");
            status = status ? status : parse_tensor(m, f.bytes, f.number == 1 ? &s->values : &s->indices);
            if (status) {
                return status;
            }
        }
    }
    s->name = s->values.name;
    return status ? damaged(m, w.p, "a sparse tensor")
                  : take_ints(m, message, 3, "a sparse tensor", &s->dims, &s->n_dims);
}

/* ---- attributes */

static int parse_graph(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_graph **graph);

/* Files from before types were written. */
static enum onnx_attr_type guess_type(const int counts[30])
{
    static const struct {
        int field;
        enum onnx_attr_type type;
    } rows[] = {{2, ONNX_FLOAT},    {3, ONNX_INT},     {4, ONNX_STRING},  {5, ONNX_TENSOR},
                {6, ONNX_GRAPH},    {7, ONNX_FLOATS},  {8, ONNX_INTS},    {9, ONNX_STRINGS},
                {10, ONNX_TENSORS}, {11, ONNX_GRAPHS}, {22, ONNX_SPARSE}, {23, ONNX_SPARSES},
                {14, ONNX_TYPE},    {15, ONNX_TYPES}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (counts[rows[i].field]) {
            return rows[i].type;
        }
    }
    return ONNX_INTS; /* an empty list */
}

static int attr_message(struct onnx_model *m, const struct onnx_field *f, int depth, struct onnx_attr *a)
{
    struct onnx_tensor *tensor;
    struct onnx_sparse *sparse;
    struct onnx_graph *graph = NULL;
    int status = VT_OK;

    switch (f->number) {
    case 5:
        tensor = array(m, 1, sizeof(*tensor), &status);
        status = status ? status : parse_tensor(m, f->bytes, tensor);
        a->tensor = tensor;
        break;
    case 6:
        status = parse_graph(m, f->bytes, depth + 1, &graph);
        a->graph = graph;
        break;
    case 22:
        sparse = array(m, 1, sizeof(*sparse), &status);
        status = status ? status : parse_sparse(m, f->bytes, sparse);
        a->sparse = sparse;
        break;
    default: a->type_proto = f->bytes; break;
    }
    return status;
}

/* One field of an attribute; numbers are taken elsewhere. */
static int attr_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f, int depth,
                      struct onnx_attr *a, struct onnx_tensor *tensors, int n[2])
{
    int64_t type;
    int status;

    switch (f->number) {
    case 1: return take_text(m, w, f, "an attribute", &a->name);
    case 2: a->f = bits_to_float(f->value); return want(m, w, f, ONNX_FIXED32, "an attribute");
    case 3: return take_int(m, w, f, "an attribute", &a->i);
    case 4: a->s = f->bytes; return want(m, w, f, ONNX_BYTES, "an attribute");
    case 5:
    case 6:
    case 14:
    case 22:
        status = want(m, w, f, ONNX_BYTES, "an attribute");
        return status ? status : attr_message(m, f, depth, a);
    case 9:
        status = want(m, w, f, ONNX_BYTES, "an attribute");
        if (status == VT_OK) {
            a->strings[n[0]] = onnx_arena_text(&m->arena, f->bytes.p, f->bytes.n);
            status = a->strings[n[0]++] ? VT_OK : no_memory(m);
        }
        return status;
    case 10:
        status = want(m, w, f, ONNX_BYTES, "an attribute");
        return status ? status : parse_tensor(m, f->bytes, &tensors[n[1]++]);
    case 20:
        status = take_int(m, w, f, "an attribute", &type);
        a->type = (enum onnx_attr_type)(type >= 0 && type <= ONNX_TYPES ? type : 0);
        return status;
    case 21: return take_text(m, w, f, "an attribute", &a->ref);
    default: return VT_OK;
    }
}

static int parse_attr(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_attr *a)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], n[2] = {0, 0}, status = count_fields(m, message, "an attribute", counts);
    struct onnx_tensor *tensors;
    struct onnx_field f;

    a->name = "";
    a->strings = array(m, counts[9], sizeof(*a->strings), &status);
    a->tensors = tensors = array(m, counts[10], sizeof(*tensors), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = attr_field(m, &w, &f, depth, a, tensors, n);
    }
    if (status) {
        return damaged(m, w.p, "an attribute");
    }
    if (a->ref && !*a->ref) {
        a->ref = NULL;
    }
    a->type = a->type || a->ref ? a->type : guess_type(counts);
    switch (a->type) {
    case ONNX_INTS: return take_ints(m, message, 8, "an attribute", &a->ints, &a->n);
    case ONNX_FLOATS: return take_floats(m, message, 7, "an attribute", &a->floats, &a->n);
    case ONNX_STRINGS: a->n = n[0]; return VT_OK;
    case ONNX_TENSORS: a->n = n[1]; return VT_OK;
    default: return VT_OK;
    }
}

/* ---- nodes */

static int trim(const char **names, int n)
{
    while (n && !*names[n - 1]) {
        n--;
    }
    return n;
}

static const char *domain_name(const char *domain)
{
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

static int parse_node(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_node_def *d)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], status = count_fields(m, message, "a node", counts);
    struct onnx_field f;

    d->name = d->op = d->domain = d->overload = "";
    d->in = array(m, counts[1], sizeof(*d->in), &status);
    d->out = array(m, counts[2], sizeof(*d->out), &status);
    d->attrs = array(m, counts[5], sizeof(*d->attrs), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        switch (f.number) {
        case 1: status = take_text(m, &w, &f, "a node", &d->in[d->n_in++]); break;
        case 2: status = take_text(m, &w, &f, "a node", &d->out[d->n_out++]); break;
        case 3: status = take_text(m, &w, &f, "a node", &d->name); break;
        case 4: status = take_text(m, &w, &f, "a node", &d->op); break;
        case 5:
            status = want(m, &w, &f, ONNX_BYTES, "a node");
            status = status ? status : parse_attr(m, f.bytes, depth, &d->attrs[d->n_attrs++]);
            break;
        case 7: status = take_text(m, &w, &f, "a node", &d->domain); break;
        case 8: status = take_text(m, &w, &f, "a node", &d->overload); break;
        default: status = VT_OK;
        }
    }
    if (status) {
        return damaged(m, w.p, "a node");
    }
    d->domain = domain_name(d->domain);
    d->n_in = trim(d->in, d->n_in);
    d->n_out = trim(d->out, d->n_out);
    return VT_OK;
}

/* ---- types of inputs and outputs */

static int parse_dim(struct onnx_model *m, struct onnx_bytes message, struct vt_dim *dim)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int64_t value;
    int status;

    *dim = vt_dim_any();
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = take_int(m, &w, &f, "a dimension", &value);
            if (status) {
                return status;
            }
            *dim = value >= 0 ? vt_dim_fixed(value) : vt_dim_any();
        }
    }
    return status ? damaged(m, w.p, "a dimension") : VT_OK;
}

static int parse_shape(struct onnx_model *m, struct onnx_bytes message, const char *name,
                       struct vt_pshape *shape)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    shape->rank = 0;
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number != 1) {
            continue;
        }
        if (shape->rank == VT_MAX_RANK) {
            return onnx_model_fail(m, VT_E_UNSUPPORTED, "not implemented: '%s' has more than %d dimensions",
                                   name, VT_MAX_RANK);
        }
        status = want(m, &w, &f, ONNX_BYTES, "a shape");
        status = status ? status : parse_dim(m, f.bytes, &shape->dims[shape->rank++]);
        if (status) {
            return status;
        }
    }
    return status ? damaged(m, w.p, "a shape") : VT_OK;
}

static int parse_tensor_type(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    info->kind = ONNX_INFO_TENSOR;
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = take_int(m, &w, &f, "a type", &info->elem_type);
        } else if (f.number == 2) {
            status = want(m, &w, &f, ONNX_BYTES, "a type");
            status = status ? status : parse_shape(m, f.bytes, info->name, &info->shape);
        } else {
            status = VT_OK;
        }
        if (status) {
            return status;
        }
    }
    return status ? damaged(m, w.p, "a type") : VT_OK;
}

static int parse_type(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    static const char *const others[10] = {
        [4] = "a sequence", [5] = "a map", [7] = "opaque", [8] = "sparse", [9] = "an optional"};
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = want(m, &w, &f, ONNX_BYTES, "a type");
            status = status ? status : parse_tensor_type(m, f.bytes, info);
            if (status) {
                return status;
            }
        } else if (f.number < 10 && others[f.number]) {
            info->kind = ONNX_INFO_OTHER;
            info->what = others[f.number];
        }
    }
    return status ? damaged(m, w.p, "a type") : VT_OK;
}

static int parse_info(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_bytes type = {NULL, 0};
    struct onnx_field f;
    int status;

    *info = (struct onnx_info){.name = "", .shape.rank = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = take_text(m, &w, &f, "an input or output", &info->name);
        } else if (f.number == 2) {
            status = want(m, &w, &f, ONNX_BYTES, "an input or output");
            type = f.bytes;
        } else {
            status = VT_OK;
        }
        if (status) {
            return status;
        }
    }
    if (status) {
        return damaged(m, w.p, "an input or output");
    }
    return type.p ? parse_type(m, type, info) : VT_OK;
}

/* ---- graphs */

static int graph_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f, int depth,
                       struct onnx_graph *g)
{
    int status = VT_OK;

    switch (f->number) {
    case 2: return take_text(m, w, f, "a graph", &g->name);
    case 1:
    case 5:
    case 11:
    case 12:
    case 15: status = want(m, w, f, ONNX_BYTES, "a graph"); break;
    default: return VT_OK;
    }
    if (status) {
        return status;
    }
    switch (f->number) {
    case 1: return parse_node(m, f->bytes, depth, &g->nodes[g->n_nodes++]);
    case 5: return parse_tensor(m, f->bytes, &g->inits[g->n_inits++]);
    case 11: return parse_info(m, f->bytes, &g->in[g->n_in++]);
    case 12: return parse_info(m, f->bytes, &g->out[g->n_out++]);
    default: return parse_sparse(m, f->bytes, &g->sparse_inits[g->n_sparse_inits++]);
    }
}

static int parse_graph(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_graph **graph)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], status = count_fields(m, message, "a graph", counts);
    struct onnx_graph *g;
    struct onnx_field f;

    if (depth > ONNX_MAX_DEPTH) {
        return onnx_model_fail(m, VT_E_RANGE, "graphs are nested more than %d deep", ONNX_MAX_DEPTH);
    }
    g = array(m, 1, sizeof(*g), &status);
    if (status) {
        return status;
    }
    g->name = "";
    g->nodes = array(m, counts[1], sizeof(*g->nodes), &status);
    g->inits = array(m, counts[5], sizeof(*g->inits), &status);
    g->in = array(m, counts[11], sizeof(*g->in), &status);
    g->out = array(m, counts[12], sizeof(*g->out), &status);
    g->sparse_inits = array(m, counts[15], sizeof(*g->sparse_inits), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = graph_field(m, &w, &f, depth, g);
    }
    *graph = g;
    return status ? damaged(m, w.p, "a graph") : VT_OK;
}

/* ---- the model */

static int parse_import(struct onnx_model *m, struct onnx_bytes message, struct onnx_import *import)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    import->domain = "";
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        status = f.number == 1   ? take_text(m, &w, &f, "an import", &import->domain)
                 : f.number == 2 ? take_int(m, &w, &f, "an import", &import->version)
                                 : VT_OK;
        if (status) {
            return status;
        }
    }
    import->domain = domain_name(import->domain);
    return status ? damaged(m, w.p, "an import") : VT_OK;
}

static int function_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                          struct onnx_function *fn)
{
    int status = VT_OK;

    switch (f->number) {
    case 1: return take_text(m, w, f, "a function", &fn->name);
    case 4: return take_text(m, w, f, "a function", &fn->in[fn->n_in++]);
    case 5: return take_text(m, w, f, "a function", &fn->out[fn->n_out++]);
    case 10: return take_text(m, w, f, "a function", &fn->domain);
    case 13: return take_text(m, w, f, "a function", &fn->overload);
    case 7:
    case 9:
    case 11: status = want(m, w, f, ONNX_BYTES, "a function"); break;
    default: return VT_OK;
    }
    if (status) {
        return status;
    }
    switch (f->number) {
    case 7: return parse_node(m, f->bytes, 1, &fn->nodes[fn->n_nodes++]);
    case 9: return parse_import(m, f->bytes, &fn->imports.list[fn->imports.n++]);
    default: return parse_attr(m, f->bytes, 1, &fn->defaults[fn->n_defaults++]);
    }
}

static int parse_function(struct onnx_model *m, struct onnx_bytes message, struct onnx_function *fn)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], status = count_fields(m, message, "a function", counts);
    struct onnx_field f;

    fn->name = fn->domain = fn->overload = "";
    fn->in = array(m, counts[4], sizeof(*fn->in), &status);
    fn->out = array(m, counts[5], sizeof(*fn->out), &status);
    fn->nodes = array(m, counts[7], sizeof(*fn->nodes), &status);
    fn->imports.list = array(m, counts[9], sizeof(*fn->imports.list), &status);
    fn->defaults = array(m, counts[11], sizeof(*fn->defaults), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = function_field(m, &w, &f, fn);
    }
    fn->domain = domain_name(fn->domain);
    return status ? damaged(m, w.p, "a function") : VT_OK;
}

static int model_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f)
{
    int status;

    if (f->number != 7 && f->number != 8 && f->number != 25) {
        return VT_OK;
    }
    status = want(m, w, f, ONNX_BYTES, "the model");
    if (status) {
        return status;
    }
    switch (f->number) {
    case 7: return parse_graph(m, f->bytes, 0, &m->graph);
    case 8: return parse_import(m, f->bytes, &m->imports.list[m->imports.n++]);
    default: return parse_function(m, f->bytes, &m->functions[m->n_functions++]);
    }
}

int onnx_model_parse(struct onnx_model *m)
{
    struct onnx_wire w = onnx_wire(m->bytes);
    int counts[30], status = count_fields(m, m->bytes, "the model", counts);
    struct onnx_field f;

    m->imports.list = array(m, counts[8], sizeof(*m->imports.list), &status);
    m->functions = array(m, counts[25], sizeof(*m->functions), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = model_field(m, &w, &f);
    }
    if (status) {
        return damaged(m, w.p, "the model");
    }
    if (!m->graph) {
        return onnx_model_fail(m, VT_E_FORMAT, "there is no graph in it: this is no ONNX model");
    }
    return VT_OK;
}

void onnx_model_finish(struct onnx_model *m)
{
    for (struct onnx_file *f = m->files; f; f = f->next) {
        m->host->blob_unref(f->blob); /* constants hold their own references */
    }
    onnx_arena_finish(&m->arena);
}

int onnx_import_version(const struct onnx_imports *imports, const char *domain)
{
    for (int i = 0; i < imports->n; i++) {
        if (strcmp(imports->list[i].domain, domain) == 0) {
            int64_t v = imports->list[i].version;

            return v < 1 ? 1 : v > INT32_MAX ? INT32_MAX : (int)v;
        }
    }
    return 1;
}
