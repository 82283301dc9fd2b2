/* From the wire format to structs. Each message is walked twice: once to count what it repeats, once to fill.
 */
#include "message.h"

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
        tensor = onnx_array(m, 1, sizeof(*tensor), &status);
        status = status ? status : onnx_parse_tensor(m, f->bytes, tensor);
        a->tensor = tensor;
        break;
    case 6:
        status = parse_graph(m, f->bytes, depth + 1, &graph);
        a->graph = graph;
        break;
    case 22:
        sparse = onnx_array(m, 1, sizeof(*sparse), &status);
        status = status ? status : onnx_parse_sparse(m, f->bytes, sparse);
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
    case 1: return onnx_take_text(m, w, f, "an attribute", &a->name);
    case 2: a->f = onnx_float(f->value); return onnx_want(m, w, f, ONNX_FIXED32, "an attribute");
    case 3: return onnx_take_int(m, w, f, "an attribute", &a->i);
    case 4: a->s = f->bytes; return onnx_want(m, w, f, ONNX_BYTES, "an attribute");
    case 5:
    case 6:
    case 14:
    case 22:
        status = onnx_want(m, w, f, ONNX_BYTES, "an attribute");
        return status ? status : attr_message(m, f, depth, a);
    case 9:
        status = onnx_want(m, w, f, ONNX_BYTES, "an attribute");
        if (status == VT_OK) {
            a->strings[n[0]] = onnx_arena_text(&m->arena, f->bytes.p, f->bytes.n);
            status = a->strings[n[0]++] ? VT_OK : onnx_no_memory(m);
        }
        return status;
    case 10:
        status = onnx_want(m, w, f, ONNX_BYTES, "an attribute");
        return status ? status : onnx_parse_tensor(m, f->bytes, &tensors[n[1]++]);
    case 20:
        status = onnx_take_int(m, w, f, "an attribute", &type);
        a->type = (enum onnx_attr_type)(type >= 0 && type <= ONNX_TYPES ? type : 0);
        return status;
    case 21: return onnx_take_text(m, w, f, "an attribute", &a->ref);
    default: return VT_OK;
    }
}

static int parse_attr(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_attr *a)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], n[2] = {0, 0}, status = onnx_count_fields(m, message, "an attribute", counts);
    struct onnx_tensor *tensors;
    struct onnx_field f;

    a->name = "";
    a->strings = onnx_array(m, counts[9], sizeof(*a->strings), &status);
    a->tensors = tensors = onnx_array(m, counts[10], sizeof(*tensors), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = attr_field(m, &w, &f, depth, a, tensors, n);
    }
    if (status) {
        return onnx_damaged(m, w.p, "an attribute");
    }
    if (a->ref && !*a->ref) {
        a->ref = NULL;
    }
    a->type = a->type || a->ref ? a->type : guess_type(counts);
    switch (a->type) {
    case ONNX_INTS: return onnx_take_ints(m, message, 8, "an attribute", &a->ints, &a->n);
    case ONNX_FLOATS: return onnx_take_floats(m, message, 7, "an attribute", &a->floats, &a->n);
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
    int counts[30], status = onnx_count_fields(m, message, "a node", counts);
    struct onnx_field f;

    d->name = d->op = d->domain = d->overload = "";
    d->in = onnx_array(m, counts[1], sizeof(*d->in), &status);
    d->out = onnx_array(m, counts[2], sizeof(*d->out), &status);
    d->attrs = onnx_array(m, counts[5], sizeof(*d->attrs), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        switch (f.number) {
        case 1: status = onnx_take_text(m, &w, &f, "a node", &d->in[d->n_in++]); break;
        case 2: status = onnx_take_text(m, &w, &f, "a node", &d->out[d->n_out++]); break;
        case 3: status = onnx_take_text(m, &w, &f, "a node", &d->name); break;
        case 4: status = onnx_take_text(m, &w, &f, "a node", &d->op); break;
        case 5:
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a node");
            status = status ? status : parse_attr(m, f.bytes, depth, &d->attrs[d->n_attrs++]);
            break;
        case 7: status = onnx_take_text(m, &w, &f, "a node", &d->domain); break;
        case 8: status = onnx_take_text(m, &w, &f, "a node", &d->overload); break;
        default: status = VT_OK;
        }
    }
    if (status) {
        return onnx_damaged(m, w.p, "a node");
    }
    d->domain = domain_name(d->domain);
    d->n_in = trim(d->in, d->n_in);
    d->n_out = trim(d->out, d->n_out);
    return VT_OK;
}

/* ---- graphs */

static int graph_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f, int depth,
                       struct onnx_graph *g)
{
    int status = VT_OK;

    switch (f->number) {
    case 2: return onnx_take_text(m, w, f, "a graph", &g->name);
    case 1:
    case 5:
    case 11:
    case 12:
    case 15: status = onnx_want(m, w, f, ONNX_BYTES, "a graph"); break;
    default: return VT_OK;
    }
    if (status) {
        return status;
    }
    switch (f->number) {
    case 1: return parse_node(m, f->bytes, depth, &g->nodes[g->n_nodes++]);
    case 5: return onnx_parse_tensor(m, f->bytes, &g->inits[g->n_inits++]);
    case 11: return onnx_parse_info(m, f->bytes, &g->in[g->n_in++]);
    case 12: return onnx_parse_info(m, f->bytes, &g->out[g->n_out++]);
    default: return onnx_parse_sparse(m, f->bytes, &g->sparse_inits[g->n_sparse_inits++]);
    }
}

static int parse_graph(struct onnx_model *m, struct onnx_bytes message, int depth, struct onnx_graph **graph)
{
    struct onnx_wire w = onnx_wire(message);
    int counts[30], status = onnx_count_fields(m, message, "a graph", counts);
    struct onnx_graph *g;
    struct onnx_field f;

    if (depth > ONNX_MAX_DEPTH) {
        return onnx_model_fail(m, VT_E_RANGE, "graphs are nested more than %d deep", ONNX_MAX_DEPTH);
    }
    g = onnx_array(m, 1, sizeof(*g), &status);
    if (status) {
        return status;
    }
    g->name = "";
    g->nodes = onnx_array(m, counts[1], sizeof(*g->nodes), &status);
    g->inits = onnx_array(m, counts[5], sizeof(*g->inits), &status);
    g->in = onnx_array(m, counts[11], sizeof(*g->in), &status);
    g->out = onnx_array(m, counts[12], sizeof(*g->out), &status);
    g->sparse_inits = onnx_array(m, counts[15], sizeof(*g->sparse_inits), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = graph_field(m, &w, &f, depth, g);
    }
    *graph = g;
    return status ? onnx_damaged(m, w.p, "a graph") : VT_OK;
}

/* ---- the model */

static int parse_import(struct onnx_model *m, struct onnx_bytes message, struct onnx_import *import)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    import->domain = "";
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        status = f.number == 1   ? onnx_take_text(m, &w, &f, "an import", &import->domain)
                 : f.number == 2 ? onnx_take_int(m, &w, &f, "an import", &import->version)
                                 : VT_OK;
        if (status) {
            return status;
        }
    }
    import->domain = domain_name(import->domain);
    return status ? onnx_damaged(m, w.p, "an import") : VT_OK;
}

static int function_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                          struct onnx_function *fn)
{
    int status = VT_OK;

    switch (f->number) {
    case 1: return onnx_take_text(m, w, f, "a function", &fn->name);
    case 4: return onnx_take_text(m, w, f, "a function", &fn->in[fn->n_in++]);
    case 5: return onnx_take_text(m, w, f, "a function", &fn->out[fn->n_out++]);
    case 10: return onnx_take_text(m, w, f, "a function", &fn->domain);
    case 13: return onnx_take_text(m, w, f, "a function", &fn->overload);
    case 7:
    case 9:
    case 11: status = onnx_want(m, w, f, ONNX_BYTES, "a function"); break;
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
    int counts[30], status = onnx_count_fields(m, message, "a function", counts);
    struct onnx_field f;

    fn->name = fn->domain = fn->overload = "";
    fn->in = onnx_array(m, counts[4], sizeof(*fn->in), &status);
    fn->out = onnx_array(m, counts[5], sizeof(*fn->out), &status);
    fn->nodes = onnx_array(m, counts[7], sizeof(*fn->nodes), &status);
    fn->imports.list = onnx_array(m, counts[9], sizeof(*fn->imports.list), &status);
    fn->defaults = onnx_array(m, counts[11], sizeof(*fn->defaults), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = function_field(m, &w, &f, fn);
    }
    fn->domain = domain_name(fn->domain);
    return status ? onnx_damaged(m, w.p, "a function") : VT_OK;
}

static int model_field(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f)
{
    int status;

    if (f->number != 7 && f->number != 8 && f->number != 25) {
        return VT_OK;
    }
    status = onnx_want(m, w, f, ONNX_BYTES, "the model");
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
    int counts[30], status = onnx_count_fields(m, m->bytes, "the model", counts);
    struct onnx_field f;

    m->imports.list = onnx_array(m, counts[8], sizeof(*m->imports.list), &status);
    m->functions = onnx_array(m, counts[25], sizeof(*m->functions), &status);
    while (!status && (status = onnx_wire_next(&w, &f)) > 0) {
        status = model_field(m, &w, &f);
    }
    if (status) {
        return onnx_damaged(m, w.p, "the model");
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
