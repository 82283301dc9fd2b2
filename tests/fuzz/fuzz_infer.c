/* One operation of the registry, made of bytes: attributes, inputs as parameters of partial shapes, as their
 * shapes (values of which only bounds are known) or as constants. Inference must answer with an error or a
 * result; when all shapes turn out small and known, the reference runs on random values, and what it yields
 * must be what was inferred. Folding constants must change nothing. */
#include "element.h"
#include "graph.h"
#include "passes.h"
#include "shape.h"
#include "state.h"
#include "vt/strings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
const char *__asan_default_options(void);

#define VT_OP(x) extern const struct vt_op_def vt_op_##x[];
#include "ops.def"
#undef VT_OP

static const struct vt_op_def *const tables[] = {
#define VT_OP(x) vt_op_##x,
#include "ops.def"
#undef VT_OP
};

#define MAX_IN       10
#define MAX_OUT      8
#define MAX_ELEMENTS 512
#define MAX_VALUES   ((size_t)64 << 20) /* what may be known of a graph this small */

/* A size that nobody can have is refused by the allocator, as it would be without a sanitizer. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

struct source {
    const uint8_t *at, *end;
};

static unsigned byte(struct source *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static int64_t number(struct source *s)
{
    static const int64_t odd[] = {INT64_MIN,        INT64_MAX, INT32_MIN, INT32_MAX,
                                  (int64_t)1 << 32, -1,        1000,      65536};
    unsigned b = byte(s);

    return b >= 248 ? odd[b - 248] : (int64_t)(int8_t)b / (b & 1 ? 1 : 8);
}

static double real(struct source *s)
{
    static const double odd[] = {0.0, -0.0, 1e-40, 3e38, -3e38, 1e300, (double)INFINITY, (double)NAN};
    unsigned b = byte(s);

    return b >= 248 ? odd[b - 248] : (int8_t)b / 8.0;
}

static enum vt_type type_of(struct source *s)
{
    static const enum vt_type usual[] = {VT_F32, VT_I64, VT_I32, VT_F16, VT_U8, VT_BOOLEAN, VT_I8, VT_F64};
    unsigned b = byte(s);

    return b < 200 ? usual[b % 8] : (enum vt_type)(b % VT_TYPE_COUNT);
}

static const struct vt_op_def *op_of(struct source *s)
{
    unsigned n = 0, pick = byte(s), wanted;

    pick |= byte(s) << 8;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct vt_op_def *d = tables[i]; d->name; d++) {
            n++;
        }
    }
    wanted = pick % n;
    for (size_t i = 0;; i++) {
        for (const struct vt_op_def *d = tables[i]; d->name; d++) {
            if (wanted-- == 0) {
                return d;
            }
        }
    }
}

/* ---- attributes, as texts: the way that all files take */

static void list_text(struct source *s, bool reals, char *text, size_t size)
{
    unsigned n = byte(s) % 7;
    size_t at = 0;

    *text = 0;
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)(reals ? snprintf(text + at, size - at, "%s%g", i ? "," : "", real(s))
                             : snprintf(text + at, size - at, "%s%lld", i ? "," : "", (long long)number(s)));
    }
}

static void word_text(struct source *s, const char *allowed, char *text, size_t size)
{
    unsigned skip = byte(s) % 8;
    const char *word = allowed ? allowed : "ab|a,b->c|ij,jk->ik|sigmoid,tanh,tanh|linear|0|v|same";

    while (skip-- && strchr(word, '|')) {
        word = strchr(word, '|') + 1;
    }
    snprintf(text, size, "%.*s", (int)strcspn(word, "|"), word);
}

static void shape_text(struct source *s, char *text, size_t size)
{
    unsigned n = byte(s) % 8;
    size_t at = 0;

    *text = 0;
    if (n == 7) {
        snprintf(text, size, "...");
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned b = byte(s);
        const char *comma = i ? "," : "";

        if (b < 180) {
            at += (size_t)snprintf(text + at, size - at, "%s%u", comma, b % 9);
        } else if (b < 200) {
            at += (size_t)snprintf(text + at, size - at, "%s?", comma);
        } else if (b < 240) {
            at += (size_t)snprintf(text + at, size - at, "%s%u..%u", comma, b % 4, b % 4 + byte(s) % 16);
        } else {
            at += (size_t)snprintf(text + at, size - at, "%s%lld", comma,
                                   b & 1 ? (long long)1 << 39 : (long long)INT32_MAX);
        }
    }
}

static bool set_attrs(struct source *s, struct vt_node *node)
{
    const struct vt_attr_def *def = node->op->attrs;
    unsigned given = byte(s) | byte(s) << 8;

    for (int i = 0; def && def[i].name; i++) {
        char text[512];

        if (!def[i].required && !(given >> (i % 16) & 1)) {
            continue;
        }
        switch (def[i].type) {
        case VT_ATTR_I64: snprintf(text, sizeof(text), "%lld", (long long)number(s)); break;
        case VT_ATTR_F64: snprintf(text, sizeof(text), "%g", real(s)); break;
        case VT_ATTR_BOOL: snprintf(text, sizeof(text), "%u", byte(s) & 1); break;
        case VT_ATTR_STR: word_text(s, def[i].allowed, text, sizeof(text)); break;
        case VT_ATTR_I64S: list_text(s, false, text, sizeof(text)); break;
        case VT_ATTR_F64S: list_text(s, true, text, sizeof(text)); break;
        case VT_ATTR_TYPE: snprintf(text, sizeof(text), "%s", vt_type_info(type_of(s))->name); break;
        case VT_ATTR_SHAPE: shape_text(s, text, sizeof(text)); break;
        }
        if (vt_attr_set_text(node, def[i].name, text, NULL)) {
            return false;
        }
    }
    return true;
}

/* ---- inputs */

static void fill(struct source *s, struct vt_tensor *t)
{
    static const char *const words[] = {"", "a", "ab", "a text of more than sixteen bytes"};

    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        if (t->type == VT_STRING) {
            const char *word = words[byte(s) % 4];

            vt_string_set(t, i, word, strlen(word));
        } else if (vt_is_integral(t->type)) {
            vt_set_i64(t, i, number(s));
        } else {
            vt_set_f64(t, i, real(s));
        }
    }
}

static struct vt_node *parameter(struct source *s, struct vt_graph *g, enum vt_type type)
{
    struct vt_node *node = vt_node_build(g, "Parameter", 1, "x", 0, NULL, NULL);
    char text[512];

    shape_text(s, text, sizeof(text));
    if (!node || vt_attr_set_i64(node, "element_type", type) || vt_attr_set_text(node, "shape", text, NULL)) {
        return NULL;
    }
    return node;
}

static struct vt_node *constant(struct source *s, struct vt_graph *g, enum vt_type type)
{
    int64_t dims[4], count = 1;
    int rank = (int)(byte(s) % 5);
    struct vt_tensor t;
    struct vt_node *node;

    for (int i = 0; i < rank; i++) {
        dims[i] = byte(s) % 6;
        count *= dims[i];
    }
    if (type == VT_DYNAMIC || count > MAX_ELEMENTS || !vt_tensor_describe(&t, type, rank, dims) ||
        vt_tensor_alloc(&t, NULL)) {
        return NULL;
    }
    fill(s, &t);
    node = vt_constant_create(g, "c", &t, NULL, NULL);
    vt_tensor_free(&t);
    return node;
}

static struct vt_node *input(struct source *s, struct vt_graph *g, unsigned kind, enum vt_type type)
{
    struct vt_node *node;
    struct vt_port port;

    if (kind & 1) {
        return constant(s, g, type);
    }
    node = parameter(s, g, type);
    if (!node || kind != 2) {
        return node;
    }
    port = vt_port_of(node, 0);
    node = vt_node_build(g, "ShapeOf", 3, "s", 1, &port, NULL);
    return node && vt_attr_set_text(node, "output_type", type == VT_I32 ? "i32" : "i64", NULL) == VT_OK
               ? node
               : NULL;
}

/* ---- one graph */

static struct vt_node *build(struct source *s, struct vt_graph *g)
{
    const struct vt_op_def *op = op_of(s);
    int most = op->flags & VT_OP_VARIADIC ? 5 : op->max_in, n_in, n_out = op->n_out;
    enum vt_type shared = type_of(s);
    struct vt_port ports[MAX_IN] = {0};
    struct vt_node *node;

    most = most > MAX_IN ? MAX_IN : most;
    n_in = op->min_in + (most > op->min_in ? (int)(byte(s) % (unsigned)(most - op->min_in + 1)) : 0);
    if (n_in > MAX_IN || strcmp(op->name, "Constant") == 0) {
        return NULL;
    }
    if (n_out < 0) {
        n_out = 1 + (int)(byte(s) % MAX_OUT);
    }
    for (int i = 0; i < n_in; i++) {
        unsigned kind = byte(s);

        if (i >= op->min_in && kind % 16 == 15) {
            continue; /* left out */
        }
        ports[i].node = input(s, g, kind % 4, kind & 16 ? type_of(s) : i && kind & 32 ? VT_I64 : shared);
        if (!ports[i].node) {
            return NULL;
        }
    }
    node = vt_node_create(g, op, "node", n_in, n_out, NULL);
    for (int i = 0; node && i < n_in; i++) {
        if (ports[i].node && vt_node_set_input(node, i, ports[i])) {
            return NULL;
        }
    }
    if (!node || !set_attrs(s, node)) {
        return NULL;
    }
    for (int i = 0; i < node->n_out; i++) {
        struct vt_port port = vt_port_of(node, i);

        if (!vt_node_is(node, "Result") && !vt_node_build(g, "Result", 1, "r", 1, &port, NULL)) {
            return NULL;
        }
    }
    return node;
}

/* Whether the shape is known and small. */
static bool small(const struct vt_pshape *shape, int64_t most)
{
    int64_t count = 1;

    if (!vt_pshape_is_static(shape)) {
        return false;
    }
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dims[i].min > most || (count *= shape->dims[i].min) > most) {
            return false;
        }
    }
    return true;
}

static bool may_run(const struct vt_graph *g, const struct vt_node *node)
{
    bool open = node->op->flags & VT_OP_DATA_SHAPE;

    for (int i = 0; i < g->n_params; i++) {
        if (!small(&g->params[i]->out[0].v.shape, MAX_ELEMENTS) ||
            g->params[i]->out[0].v.type == VT_DYNAMIC) {
            return false;
        }
    }
    for (int i = 0; i < node->n_out; i++) {
        if (!open && !small(&node->out[i].v.shape, 64 * MAX_ELEMENTS)) {
            return false;
        }
    }
    return node->op->eval && !(node->op->flags & VT_OP_BODY);
}

struct values {
    struct vt_tensor in[2 * MAX_IN], out[MAX_OUT + 8];
    struct vt_state_store *states;
};

static void finish(struct values *v)
{
    for (size_t i = 0; i < sizeof(v->in) / sizeof(v->in[0]); i++) {
        vt_tensor_free(&v->in[i]);
    }
    for (size_t i = 0; i < sizeof(v->out) / sizeof(v->out[0]); i++) {
        vt_tensor_free(&v->out[i]);
    }
    vt_states_destroy(v->states);
}

static bool prepare(struct source *s, const struct vt_graph *g, struct values *v)
{
    v->states = vt_states_create();
    if (!v->states || g->n_params > 2 * MAX_IN || g->n_results > MAX_OUT + 8) {
        return false;
    }
    for (int i = 0; i < g->n_params; i++) {
        const struct vt_value *p = &g->params[i]->out[0].v;
        int64_t dims[VT_MAX_RANK];

        for (int k = 0; k < p->shape.rank; k++) {
            dims[k] = p->shape.dims[k].min;
        }
        if (!vt_tensor_describe(&v->in[i], p->type, p->shape.rank, dims) ||
            vt_tensor_alloc(&v->in[i], NULL)) {
            return false;
        }
        fill(s, &v->in[i]);
    }
    return true;
}

static void expect(bool holds, const struct vt_node *node, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s-%d: %s\n", node->op->name, node->op->opset, what);
        for (int i = 0; i < node->n_in; i++) {
            const struct vt_value *v = vt_node_in(node, i);
            char text[300];

            fprintf(stderr, "input %d: %s %s%s\n", i, v ? vt_type_info(v->type)->name : "left out",
                    v ? vt_pshape_text(&v->shape, text, sizeof(text)) : "", v && v->bounds ? ", bounds" : "");
        }
        abort();
    }
}

static void check_results(const struct vt_graph *g, const struct vt_node *node, const struct values *v)
{
    for (int i = 0; i < g->n_results && !vt_node_is(node, "Result"); i++) {
        const struct vt_value *want = vt_node_in(g->results[i], 0);
        const struct vt_tensor *t = &v->out[i];

        expect(want->type == VT_DYNAMIC || want->type == t->type, node, "another type than was inferred");
        expect(vt_pshape_accepts(&want->shape, t->rank, t->dims), node, "another shape than was inferred");
        expect(!t->bytes || t->data, node, "no data");
        for (int64_t k = 0; want->bounds && k < want->bounds->n; k++) {
            int64_t x = vt_get_i64(t, k);

            expect(t->type == VT_U64 || (x >= want->bounds->lo[k] && x <= want->bounds->hi[k]), node,
                   "a value outside of its bounds");
        }
    }
}

/* With all that is constant folded, the results are the same to the bit. */
static void check_folded(const struct vt_graph *g, const struct vt_node *node, struct values *v)
{
    unsigned loose = VT_OP_RANDOM | VT_OP_STATEFUL;
    struct vt_graph *folded = node->op->flags & loose ? NULL : vt_graph_clone(g, NULL);
    struct vt_tensor out[MAX_OUT + 8] = {0};

    if (folded && vt_passes_run(folded, "constant_folding", NULL) == VT_OK &&
        vt_graph_eval(folded, v->in, out, v->states, NULL) == VT_OK) {
        for (int i = 0; i < g->n_results; i++) {
            expect(out[i].bytes == v->out[i].bytes && out[i].type == v->out[i].type, node,
                   "folding changes a shape");
            expect(!out[i].bytes || out[i].type == VT_STRING ||
                       !memcmp(out[i].data, v->out[i].data, out[i].bytes),
                   node, "folding changes a value");
            vt_tensor_free(&out[i]);
        }
    }
    vt_graph_destroy(folded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct source s = {data, data + bytes};
    struct vt_graph *g = vt_graph_create("fuzz");
    struct values v = {0};
    struct vt_error err = {0};
    struct vt_node *node = g ? build(&s, g) : NULL;

    if (node && vt_graph_sort(g, &err) == VT_OK) {
        int status = vt_graph_infer(g, &err);

        expect(status == VT_OK || err.text[0], node, "an error without a message");
        expect(g->values.bytes < MAX_VALUES, node, "too much memory for what is known");
        if (status == VT_OK && may_run(g, node) && prepare(&s, g, &v)) {
            status = vt_graph_eval(g, v.in, v.out, v.states, &err);
            expect(status == VT_OK || err.text[0], node, "an error without a message");
            if (status == VT_OK) {
                check_results(g, node, &v);
                check_folded(g, node, &v);
            }
        }
    }
    finish(&v);
    vt_graph_destroy(g);
    return 0;
}
