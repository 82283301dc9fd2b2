#include "op_text.h"

#include "element.h"
#include "host.h"
#include "shape.h"
#include "vt/strings.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IN = 16, MAX_OUT = 8, MAX_NODES = 12, MAX_DEPTH = 2, MAX_ROUNDS = 8 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t room);

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
    "2..3",
    "..5",
    "?,?",
    "?,4",
    "1..3,?,8",
};

static const char *const lines[] = {
    "@0 0\n",
    "@1 0\n",
    "@2 0\n",
    "@0 1\n",
    "#0\n",
    "#1\n",
    "#2\n",
    "p f32 ?,?\n",
    "p f32 1..4,8\n",
    "p f32 2,3,4\n",
    "p i64 ?\n",
    "c i64 1 -1\n",
    "c i64  1\n",
    "c f32  0.5\n",
    "s i64 ?,3\n",
    "=@0 0\n",
    "=@1 0\n",
    "=#0\n",
    "Relu 1 1\n@0 0\n",
    "Sigmoid 1 1\n@0 0\n",
    "Add 1 1\n@0 0\n@1 0\n",
    "Multiply 1 1\n@0 0\n#0\n",
    "Convert 1 1\n@0 0\ndestination_type=f16\n",
    "ShapeOf 3 1\n@0 0\n",
    "Concat 1 1\n@0 0\n#0\naxis=0\n",
    "Transpose 1 1\n@0 0\nc i64 2 1 0\n",
    "Reshape 1 1\n@0 0\nc i64 1 -1\nspecial_zero=true\n",
    "ReduceSum 1 1\n@0 0\nc i64 1 -1\nkeep_dims=true\n",
    "Gather 8 1\n@0 0\np i32 ?\nc i32  0\n",
    "NonZero 3 1\n@0 0\n",
    "Squeeze 1 1\n@0 0\n",
    "Softmax 8 1\n@0 0\naxis=-1\n",
    "MatMul 1 1\n@0 0\np f32 ?,?\n",
    "Result 1 1\n@0 0\n",
    ">0 0\n",
    ">0 0 0 0 -1 1 1\n",
    ">1 1\n",
    ">2 1 1 -1 0 -1 1\n",
    "~0 0 0\n",
    "~2 1 1\n",
    "<0 0\n",
    "<1 1\n",
    "<0 0 0 0 -1 1 1\n",
    "?0\n",
    "+0\n",
    "{\nRelu 1 1\np f32 ...\n}\n",
    "{\nAdd 1 1\np f32 ?,?\np f32 ?,?\n}\n",
    "If 8 1\np boolean \np f32 ?,2\n{\nRelu 1 1\np f32 ...\n}\n>1 0\n<0 0\n{\nNegative 1 1\np f32 ...\n}\n>1 "
    "0\n<0 0\n",
    "TensorIterator 1 1\np f32 ?,?\n{\nSigmoid 1 1\np f32 ...\n}\n>0 0 0 0 -1 1 1\n<0 0 0 0 -1 1 1\n",
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

static size_t line_at(const uint8_t *data, size_t from)
{
    while (from > 0 && data[from - 1] != '\n') {
        from--;
    }
    return from;
}

/* Drop a line, write it twice, or put in or take another one. */
static size_t change_line(uint8_t *data, size_t bytes, size_t room, unsigned *seed)
{
    size_t from = line_at(data, pick(seed, bytes)), to = from;
    unsigned what = pick(seed, 6);
    char copy[256];

    while (to < bytes && data[to] != '\n') {
        to++;
    }
    to += to < bytes;
    if (what >= 3) {
        const char *line = lines[pick(seed, sizeof(lines) / sizeof(lines[0]))];

        return splice(data, bytes, room, from, what == 3 ? to : from, line, strlen(line));
    }
    if (what || to - from > sizeof(copy)) {
        return splice(data, bytes, room, from, to, "", 0);
    }
    memcpy(copy, data + from, to - from);
    return splice(data, bytes, room, to, to, copy, to - from);
}

size_t op_text_mutate(uint8_t *data, size_t bytes, size_t room, unsigned seed)
{
    unsigned kind = pick(&seed, 16);

    if (!bytes || kind == 0) {
        return LLVMFuzzerMutate(data, bytes, room);
    }
    for (unsigned i = 0; i <= kind % 3; i++) {
        bytes = kind < 11 ? change_word(data, bytes, room, &seed) : change_line(data, bytes, room, &seed);
    }
    return bytes;
}

/* The nodes of one text behind those of another, or inside. */
size_t op_text_cross(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes, uint8_t *out,
                     size_t room, unsigned seed)
{
    size_t cut = pick(&seed, 3) ? a_bytes : line_at(a, pick(&seed, a_bytes + 1)), n;

    if (a_bytes > room) {
        return 0;
    }
    memcpy(out, a, a_bytes);
    n = splice(out, a_bytes, room, cut, cut, b, b_bytes);
    if (cut == a_bytes && a_bytes && a[a_bytes - 1] != '\n') {
        n = splice(out, n, room, cut, cut, "\n", 1);
    }
    return op_text_mutate(out, n, room, seed);
}

/* ---- values */

unsigned op_text_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

void op_text_fill(uint64_t *state, struct vt_tensor *t, unsigned wild)
{
    static const int64_t odd[] = {INT64_MIN,        INT64_MAX, INT32_MIN, INT32_MAX,
                                  (int64_t)1 << 32, -1,        1000,      65536};
    static const double odd_reals[] = {0.0, -0.0, 1e-40, 3e38, -3e38, 1e300, (double)INFINITY, (double)NAN};
    static const char *const texts[] = {"", "a", "ab", "a text of more than sixteen bytes"};

    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        unsigned r = op_text_next(state);
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

struct reader {
    struct vt_graph *g;
    char **at; /* lines to come, NULL behind the last */
    struct vt_node *nodes[MAX_NODES];
    struct vt_port results[MAX_OUT];
    int n_nodes, n_results, depth;
};

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

static bool constant_tensor(const char *type, const char *shape, struct vt_tensor *t)
{
    struct vt_graph *g = vt_graph_create("shape");
    struct vt_node *pattern = g ? parameter(g, type, shape) : NULL;
    const struct vt_pshape *s = pattern ? vt_attr_shape(pattern, "shape") : NULL;
    int64_t dims[VT_MAX_RANK];
    bool good = s && op_text_small(s, TEXT_ELEMENTS);

    for (int i = 0; good && i < s->rank; i++) {
        dims[i] = s->dims[i].min;
    }
    good = good && vt_tensor_describe(t, (enum vt_type)vt_attr_i64(pattern, "element_type"), s->rank, dims) &&
           t->type != VT_DYNAMIC && !vt_tensor_alloc(t, NULL);
    vt_graph_destroy(g);
    return good;
}

static struct vt_node *constant(struct vt_graph *g, const char *type, const char *shape, const char *numbers)
{
    struct vt_node *node;
    struct vt_tensor t;

    if (!constant_tensor(type, shape, &t)) {
        return NULL;
    }
    for (int64_t i = 0; t.type != VT_STRING && i < vt_tensor_count(&t); i++) {
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

/* "@NODE PORT" or "#PARAM" */
static bool find_port(const struct reader *r, const char *text, struct vt_port *port)
{
    int node = 0, out = 0;

    if (sscanf(text + 1, "%d %d", &node, &out) < 1 || node < 0 || out < 0) {
        return false;
    }
    if (*text == '#') {
        *port = node < r->g->n_params ? vt_port_of(r->g->params[node], 0) : *port;
        return node < r->g->n_params;
    }
    if (*text != '@' || node >= r->n_nodes || out >= r->nodes[node]->n_out ||
        vt_node_is(r->nodes[node], "Result")) {
        return false;
    }
    *port = vt_port_of(r->nodes[node], out);
    return true;
}

/* One line of the text that is an input; false: it is none, or it is wrong. */
static bool add_input(const struct reader *r, char *line, struct vt_port *port)
{
    char *type = line + 1 + strspn(line + 1, " "), *shape = type + strcspn(type, " "), *rest;

    if (line[0] == '@' || line[0] == '#') {
        return find_port(r, line, port);
    }
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
    port->node = line[0] == 'p'   ? parameter(r->g, type, shape)
                 : line[0] == 's' ? shape_of(r->g, type, shape)
                 : line[0] == 'c' ? constant(r->g, type, shape, rest)
                                  : NULL;
    return port->node != NULL;
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

static bool is_input(const char *line)
{
    return *line && strchr("@#-", *line) ? true : *line && strchr("psc", *line) && line[1] == ' ';
}

static struct vt_graph *read_graph(char **at, int depth, char ***end);

static bool add_body(struct reader *r, struct vt_node *node)
{
    struct vt_graph *body = r->depth < MAX_DEPTH ? read_graph(r->at + 1, r->depth + 1, &r->at) : NULL;

    if (!body || !*r->at || vt_core_host()->node_add_body(node, body, NULL)) {
        vt_graph_destroy(body);
        return false;
    }
    return true;
}

static bool add_map(struct vt_node *node, const char *line)
{
    struct vt_body_map map = {.outer = -1};
    long long v[7] = {0, 0, 0, 0, -1, 1, 1};
    int n = sscanf(line + 1, "%lld %lld %lld %lld %lld %lld %lld", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
                   &v[6]);

    if (n < 1 || v[0] < INT32_MIN || v[0] > INT32_MAX || v[1] < INT32_MIN || v[1] > INT32_MAX) {
        return false;
    }
    map.kind = *line == '>'   ? n > 2 ? VT_MAP_SLICED : VT_MAP_INPUT
               : *line == '<' ? n > 2 ? VT_MAP_CONCAT : VT_MAP_OUTPUT
               : *line == '~' ? VT_MAP_MERGED
               : *line == '?' ? VT_MAP_CONDITION
                              : VT_MAP_COUNTER;
    map.inner = (int)(*line == '>' || *line == '~' ? v[1] : v[0]);
    if (strchr("><~", *line)) {
        map.outer = (int)(*line == '<' ? v[1] : v[0]);
    }
    map.back = *line == '~' && v[2] >= 0 && v[2] < INT32_MAX ? (int)v[2] : 0;
    if (n > 2 && *line != '~') {
        map.axis = v[2];
        map.start = v[3];
        map.end = v[4];
        map.stride = v[5];
        map.part_size = v[6];
    }
    return vt_core_host()->node_map_body(node, node->n_bodies - 1, &map, NULL) == VT_OK;
}

/* What stands behind a node's inputs. */
static bool add_more(struct reader *r, struct vt_node *node, char *line)
{
    char *value = strchr(line, '=');

    if (*line == '{') {
        return (node->op->flags & VT_OP_BODY) && add_body(r, node);
    }
    if (strchr("><~?+", *line)) {
        return add_map(node, line);
    }
    if (!value) {
        return false;
    }
    *value++ = 0;
    return vt_attr_set_text(node, line, value, NULL) == VT_OK;
}

/* A node from its first line on; r->at comes to stand behind it. */
static struct vt_node *read_node(struct reader *r)
{
    struct vt_port ports[MAX_IN];
    const struct vt_op_def *op;
    struct vt_node *node;
    char name[64];
    int n_in = 0, opset, n_out;

    if (sscanf(*r->at++, "%63s %d %d", name, &opset, &n_out) != 3 || n_out < 0 || n_out > MAX_OUT ||
        strcmp(name, "Constant") == 0 || strcmp(name, "Parameter") == 0) {
        return NULL;
    }
    op = vt_op_find(name, opset);
    for (; op && *r->at && is_input(*r->at); r->at++) {
        if (n_in == MAX_IN || !add_input(r, *r->at, &ports[n_in++])) {
            return NULL;
        }
    }
    if (!op || n_in < op->min_in || !(op->flags & VT_OP_VARIADIC || n_in <= op->max_in)) {
        return NULL;
    }
    node = vt_node_create(r->g, op, "node", n_in, op->n_out < 0 ? n_out : -1, NULL);
    for (int i = 0; node && i < n_in; i++) {
        if (ports[i].node && vt_node_set_input(node, i, ports[i])) {
            return NULL;
        }
    }
    for (; node && *r->at && **r->at != '}' && (strpbrk(*r->at, "={") || strchr("><~?+", **r->at)); r->at++) {
        if (**r->at == '=') {
            break;
        }
        if (!add_more(r, node, *r->at)) {
            return NULL;
        }
    }
    return node && required_given(node) ? node : NULL;
}

static bool add_results(struct reader *r)
{
    bool read[MAX_NODES][MAX_OUT + 8] = {{false}};

    for (int i = 0; i < r->n_results; i++) {
        if (!vt_node_build(r->g, "Result", 1, "r", 1, &r->results[i], NULL)) {
            return false;
        }
    }
    for (int i = 0; i < r->n_nodes; i++) {
        for (int k = 0; k < r->nodes[i]->n_in; k++) {
            struct vt_port p = r->nodes[i]->in[k];

            for (int j = 0; p.node && j < i; j++) {
                if (r->nodes[j] == p.node && p.index < MAX_OUT + 8) {
                    read[j][p.index] = true;
                }
            }
        }
    }
    for (int i = 0; !r->n_results && i < r->n_nodes; i++) {
        for (int k = 0; k < r->nodes[i]->n_out && k < MAX_OUT + 8; k++) {
            struct vt_port port = vt_port_of(r->nodes[i], k);

            if (!read[i][k] && !vt_node_is(r->nodes[i], "Result") &&
                !vt_node_build(r->g, "Result", 1, "r", 1, &port, NULL)) {
                return false;
            }
        }
    }
    return r->n_nodes || r->n_results;
}

/* A graph up to a } or the end, at which *end comes to point. */
static struct vt_graph *read_graph(char **at, int depth, char ***end)
{
    struct reader r = {.g = vt_graph_create("fuzz"), .at = at, .depth = depth};
    bool good = r.g != NULL;

    while (good && *r.at && **r.at != '}') {
        if (**r.at == '=') {
            good = r.n_results < MAX_OUT && find_port(&r, *r.at + 1, &r.results[r.n_results]);
            r.n_results++;
            r.at++;
        } else if (is_input(*r.at)) { /* a body's parameters may stand alone */
            struct vt_port port;

            good = **r.at == 'p' && add_input(&r, *r.at++, &port);
        } else {
            good = r.n_nodes < MAX_NODES && (r.nodes[r.n_nodes] = read_node(&r)) != NULL;
            r.n_nodes++;
        }
    }
    *end = r.at;
    if (!good || !add_results(&r) || vt_graph_sort(r.g, NULL)) {
        vt_graph_destroy(r.g);
        return NULL;
    }
    return r.g;
}

struct vt_graph *op_text_graph(const uint8_t *data, size_t bytes)
{
    char *text = bytes < TEXT_MAX ? strndup((const char *)data, bytes) : NULL, *save = NULL, *list[129],
         **end;
    struct vt_graph *g = NULL;
    int n = 0;

    for (char *at = text ? strtok_r(text, "\n", &save) : NULL; at && n < 128;
         at = strtok_r(NULL, "\n", &save)) {
        list[n++] = at;
    }
    list[n] = NULL;
    if (n) {
        g = read_graph(list, 0, &end);
        if (g && *end) {
            vt_graph_destroy(g);
            g = NULL;
        }
    }
    free(text);
    return g;
}

/* ---- looking at graphs */

bool op_text_small(const struct vt_pshape *shape, int64_t most)
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

static bool few_rounds(const struct vt_node *node)
{
    const struct vt_node *trips = vt_node_src(node, 0);
    int64_t n;

    if (!vt_node_is(node, "Loop")) {
        return true;
    }
    if (trips && vt_node_is(trips, "Parameter")) {
        return true; /* filled with small numbers */
    }
    if (!trips || !vt_node_is(trips, "Constant") || !vt_is_integral(trips->constant.type) ||
        vt_tensor_count(&trips->constant) != 1) {
        return false;
    }
    n = vt_get_i64(&trips->constant, 0);
    return n >= 0 && n <= MAX_ROUNDS;
}

bool op_text_runs(const struct vt_graph *g, bool *bodies, bool *random)
{
    bool open = *bodies; /* whether shapes may depend on data from here on */

    for (int i = 0; i < g->n_nodes; i++) {
        const struct vt_node *node = g->nodes[i];

        open |= (node->op->flags & (VT_OP_DATA_SHAPE | VT_OP_BODY)) != 0;
        *random |= (node->op->flags & VT_OP_RANDOM) != 0;
        *bodies |= node->n_bodies > 0;
        if (!node->op->eval && !vt_node_is(node, "Parameter") && !vt_node_is(node, "Result") &&
            !vt_node_is(node, "Constant")) {
            return false;
        }
        if (!few_rounds(node)) {
            return false;
        }
        for (int b = 0; b < node->n_bodies; b++) {
            if (!op_text_runs(node->bodies[b].graph, bodies, random)) {
                return false;
            }
        }
        for (int k = 0; k < node->n_out; k++) {
            const struct vt_pshape *shape = &node->out[k].v.shape;

            if (vt_pshape_is_static(shape) ? !op_text_small(shape, 16 * TEXT_ELEMENTS) : !open) {
                return false;
            }
        }
    }
    return true;
}

static void show(const struct vt_graph *g, int depth)
{
    for (int i = 0; i < g->n_nodes; i++) {
        const struct vt_node *node = g->nodes[i];
        char text[300];

        fprintf(stderr, "%*s%d %s-%d(", 2 * depth, "", i, node->op->name, node->op->opset);
        for (int k = 0; k < node->n_in; k++) {
            fprintf(stderr, "%s%d.%d", k ? ", " : "", node->in[k].node ? node->in[k].node->index : -1,
                    node->in[k].index);
        }
        fprintf(stderr, ")");
        for (int k = 0; k < node->n_out; k++) {
            const struct vt_value *v = &node->out[k].v;

            fprintf(stderr, " %s%s%s", vt_type_info(v->type)->name,
                    vt_pshape_text(&v->shape, text, sizeof(text)), v->bounds ? " bounds" : "");
        }
        fprintf(stderr, "\n");
        for (int b = 0; b < node->n_bodies; b++) {
            show(node->bodies[b].graph, depth + 1);
        }
    }
}

void op_text_die(const struct vt_graph *g, const char *what)
{
    fprintf(stderr, "%s\n", what);
    show(g, 0);
    abort();
}
