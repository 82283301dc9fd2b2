/* One operation, written as text:
 *
 *     NAME OPSET OUTPUTS
 *     p TYPE SHAPE            an input: a parameter of a partial shape
 *     s TYPE SHAPE            the shape of such a parameter: values of which only bounds are known
 *     c TYPE SHAPE NUMBERS    a constant; missing numbers are 0
 *     -                       an input that is left out
 *     ATTRIBUTE=VALUE
 *
 * Inference must answer with an error or a result; when all shapes turn out small and known, the reference
 * runs on some values, and what it yields must be what was inferred. Folding constants must change nothing.
 */
#include "element.h"
#include "graph.h"
#include "hash.h"
#include "passes.h"
#include "shape.h"
#include "state.h"
#include "vt/strings.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t room);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

#define MAX_IN       16
#define MAX_OUT      8
#define MAX_TEXT     4096
#define MAX_ELEMENTS 4096
#define MAX_VALUES   ((size_t)64 << 20) /* what may be known of a graph this small */

/* A size that nobody can have is refused by the allocator, as it would be without a sanitizer. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1";
}

/* ---- mutation: words and lines */

static const char *const words[] = {
    "-1",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "8",
    "16",
    "100",
    "-2",
    "-9223372036854775808",
    "1e9",
    "0.5",
    "nan",
    "1e30",
    "f32",
    "i64",
    "i32",
    "f16",
    "u8",
    "u4",
    "f64",
    "u64",
    "9223372036854775807",
    "?",
    "1..4",
    "0..",
    "true",
    "false",
    "p",
    "s",
    "c",
    "...",
    "-",
    "",
    "1,1",
    "2,2,3,4",
    "65536",
    "2147483647",
    "4294967296",
    "boolean",
    "string",
    "u1",
    "i8",
    "bf16",
    "-3",
    "6",
    "9",
    "1e-3",
    "-inf",
};

static unsigned pick(unsigned *seed, size_t n)
{
    *seed = *seed * 1103515245u + 12345u;
    return n ? (unsigned)((*seed >> 8) % n) : 0;
}

static bool is_word(uint8_t c)
{
    return isalnum(c) || c == '_' || c == '.' || c == '-' || c == '+' || c == '?';
}

static size_t splice(uint8_t *data, size_t bytes, size_t room, size_t from, size_t to, const void *text,
                     size_t n)
{
    if (from > to || to > bytes || bytes - (to - from) + n > room) {
        return bytes;
    }
    memmove(data + from + n, data + to, bytes - to);
    memcpy(data + from, text, n);
    return bytes - (to - from) + n;
}

/* The word, of which there is one at or behind a random place. */
static bool find_word(const uint8_t *data, size_t bytes, unsigned *seed, size_t *from, size_t *to)
{
    size_t at = pick(seed, bytes);

    while (at < bytes && !is_word(data[at])) {
        at++;
    }
    *from = *to = at;
    while (*from > 0 && is_word(data[*from - 1])) {
        --*from;
    }
    while (*to < bytes && is_word(data[*to])) {
        ++*to;
    }
    return *to > *from;
}

static size_t change_word(uint8_t *data, size_t bytes, size_t room, unsigned *seed)
{
    size_t from, to, a, b;
    char copy[64];

    if (!find_word(data, bytes, seed, &from, &to)) {
        return bytes;
    }
    if (pick(seed, 4) == 0 && find_word(data, bytes, seed, &a, &b) && b - a < sizeof(copy)) {
        memcpy(copy, data + a, b - a);
        return splice(data, bytes, room, from, to, copy, b - a);
    }
    a = pick(seed, sizeof(words) / sizeof(words[0]));
    return splice(data, bytes, room, from, to, words[a], strlen(words[a]));
}

/* Drop a line, or write it twice. */
static size_t change_line(uint8_t *data, size_t bytes, size_t room, unsigned *seed)
{
    size_t from = pick(seed, bytes), to;
    char copy[256];

    while (from > 0 && data[from - 1] != '\n') {
        from--;
    }
    for (to = from; to < bytes && data[to] != '\n';) {
        to++;
    }
    to += to < bytes;
    if (pick(seed, 2) || to - from > sizeof(copy)) {
        return splice(data, bytes, room, from, to, "", 0);
    }
    memcpy(copy, data + from, to - from);
    return splice(data, bytes, room, to, to, copy, to - from);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed)
{
    unsigned kind = pick(&seed, 16);

    if (!bytes || kind == 0) {
        return LLVMFuzzerMutate(data, bytes, room);
    }
    for (unsigned i = 0; i <= kind % 3; i++) {
        bytes = kind < 13 ? change_word(data, bytes, room, &seed) : change_line(data, bytes, room, &seed);
    }
    return bytes;
}

/* ---- values */

static unsigned next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static void fill(uint64_t *state, struct vt_tensor *t)
{
    static const int64_t odd[] = {INT64_MIN,        INT64_MAX, INT32_MIN, INT32_MAX,
                                  (int64_t)1 << 32, -1,        1000,      65536};
    static const double odd_reals[] = {0.0, -0.0, 1e-40, 3e38, -3e38, 1e300, (double)INFINITY, (double)NAN};
    static const char *const texts[] = {"", "a", "ab", "a text of more than sixteen bytes"};
    unsigned wild = next(state) % 4 ? 0 : 16; /* of 256 elements */

    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        unsigned r = next(state);
        bool is_odd = r % 256 < wild;

        if (t->type == VT_STRING) {
            vt_string_set(t, i, texts[r % 4], strlen(texts[r % 4]));
        } else if (vt_is_integral(t->type)) {
            vt_set_i64(t, i, is_odd ? odd[r / 256 % 8] : (int64_t)(r / 256 % 4));
        } else {
            vt_set_f64(t, i, is_odd ? odd_reals[r / 256 % 8] : (r / 256 % 64) / 16.0 - 1);
        }
    }
}

/* ---- building */

static struct vt_node *parameter(struct vt_graph *g, const char *type, const char *shape)
{
    struct vt_node *node = vt_node_build(g, "Parameter", 1, "x", 0, NULL, NULL);

    return node && !vt_attr_set_text(node, "element_type", type, NULL) &&
                   !vt_attr_set_text(node, "shape", shape, NULL)
               ? node
               : NULL;
}

static struct vt_node *shape_of(struct vt_graph *g, const char *type, const char *shape)
{
    struct vt_node *node = parameter(g, "f32", shape);
    struct vt_port port = vt_port_of(node, 0);

    node = node ? vt_node_build(g, "ShapeOf", 3, "s", 1, &port, NULL) : NULL;
    return node && !vt_attr_set_text(node, "output_type", type, NULL) ? node : NULL;
}

static struct vt_node *constant(struct vt_graph *g, const char *type, const char *shape, const char *numbers)
{
    struct vt_node *pattern = parameter(g, type, shape), *node;
    const struct vt_pshape *s = pattern ? vt_attr_shape(pattern, "shape") : NULL;
    int64_t dims[VT_MAX_RANK], count = 1;
    struct vt_tensor t;

    for (int i = 0; s && i < s->rank; i++) {
        dims[i] = s->dims[i].min;
        if (dims[i] > MAX_ELEMENTS || (count *= dims[i]) > MAX_ELEMENTS) {
            return NULL;
        }
    }
    if (!s || s->rank < 0 ||
        !vt_tensor_describe(&t, (enum vt_type)vt_attr_i64(pattern, "element_type"), s->rank, dims) ||
        t.type == VT_DYNAMIC || vt_tensor_alloc(&t, NULL)) {
        return NULL;
    }
    for (int64_t i = 0; t.type != VT_STRING && i < count; i++) {
        char *end;

        numbers += strspn(numbers, " ,");
        if (vt_is_integral(t.type)) {
            vt_set_i64(&t, i, strtoll(numbers, &end, 10));
        } else {
            vt_set_f64(&t, i, strtod(numbers, &end));
        }
        numbers = end;
    }
    node = vt_constant_create(g, "c", &t, NULL, NULL);
    vt_tensor_free(&t);
    return node;
}

/* One line of the text that is an input; false: it is none, or it is wrong. */
static bool add_input(struct vt_graph *g, char *line, struct vt_port *port)
{
    char *type = line + 1 + strspn(line + 1, " "), *shape = type + strcspn(type, " "), *rest;

    if (*shape) {
        *shape++ = 0;
    }
    rest = shape + strcspn(shape, " ");
    if (*rest) {
        *rest++ = 0;
    }
    *port = (struct vt_port){NULL, 0};
    if (line[0] == '-') {
        return true;
    }
    port->node = line[0] == 'p'   ? parameter(g, type, shape)
                 : line[0] == 's' ? shape_of(g, type, shape)
                                  : constant(g, type, shape, rest);
    return port->node != NULL;
}

static struct vt_node *connect(struct vt_graph *g, const struct vt_op_def *op, int n_out, int n_in,
                               const struct vt_port *ports)
{
    struct vt_node *node = vt_node_create(g, op, "node", n_in, op->n_out < 0 ? n_out : -1, NULL);

    for (int i = 0; node && i < n_in; i++) {
        if (ports[i].node && vt_node_set_input(node, i, ports[i])) {
            return NULL;
        }
    }
    for (int i = 0; node && i < node->n_out && !vt_node_is(node, "Result"); i++) {
        struct vt_port port = vt_port_of(node, i);

        if (!vt_node_build(g, "Result", 1, "r", 1, &port, NULL)) {
            return NULL;
        }
    }
    return node;
}

static bool required_given(const struct vt_node *node)
{
    for (int i = 0; node->op->attrs && node->op->attrs[i].name; i++) {
        if (node->op->attrs[i].required && !(i < 64 && node->attrs_given >> i & 1)) {
            return false;
        }
    }
    return true;
}

/* `text` is cut to pieces. NULL for what no frontend would build. */
static struct vt_node *build(struct vt_graph *g, char *text)
{
    char *lines[64], name[64];
    int n = 0, n_in = 0, opset, n_out;
    struct vt_port ports[MAX_IN];
    const struct vt_op_def *op;
    struct vt_node *node;

    for (char *at = strtok_r(text, "\n", &text); at && n < 64; at = strtok_r(NULL, "\n", &text)) {
        lines[n++] = at;
    }
    if (!n || sscanf(lines[0], "%63s %d %d", name, &opset, &n_out) != 3 || n_out < 0 || n_out > MAX_OUT ||
        strcmp(name, "Constant") == 0) {
        return NULL;
    }
    op = vt_op_find(name, opset);
    for (int i = 1; op && i < n; i++) {
        if (!strchr(lines[i], '=') && (n_in == MAX_IN || !add_input(g, lines[i], &ports[n_in++]))) {
            return NULL;
        }
    }
    node = op && n_in >= op->min_in && (op->flags & VT_OP_VARIADIC || n_in <= op->max_in)
               ? connect(g, op, n_out, n_in, ports)
               : NULL;
    for (int i = 1; node && i < n; i++) {
        char *value = strchr(lines[i], '=');

        if (value) {
            *value++ = 0;
            if (vt_attr_set_text(node, lines[i], value, NULL)) {
                return NULL;
            }
        }
    }
    return node && required_given(node) ? node : NULL;
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
        if (!open && !small(&node->out[i].v.shape, 16 * MAX_ELEMENTS)) {
            return false;
        }
    }
    return node->op->eval && !(node->op->flags & VT_OP_BODY);
}

struct values {
    struct vt_tensor in[MAX_IN], out[MAX_OUT + 8];
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

static bool prepare(uint64_t *state, const struct vt_graph *g, struct values *v)
{
    v->states = vt_states_create();
    if (!v->states || g->n_params > MAX_IN || g->n_results > MAX_OUT + 8) {
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
        fill(state, &v->in[i]);
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
    uint64_t state = vt_hash(data, bytes, 0);
    struct vt_graph *g = vt_graph_create("fuzz");
    struct values v = {0};
    struct vt_error err = {0};
    char *text = bytes < MAX_TEXT ? strndup((const char *)data, bytes) : NULL;
    struct vt_node *node = g && text ? build(g, text) : NULL;

    if (node && vt_graph_sort(g, &err) == VT_OK) {
        int status = vt_graph_infer(g, &err);

        expect(status == VT_OK || err.text[0], node, "an error without a message");
        expect(g->values.bytes < MAX_VALUES, node, "too much memory for what is known");
        if (status == VT_OK && may_run(g, node) && prepare(&state, g, &v)) {
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
    free(text);
    return 0;
}
