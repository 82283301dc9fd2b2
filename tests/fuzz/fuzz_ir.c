/* The IR frontend on arbitrary texts, with 64 bytes of weights. What can be read must also survive being
 * cloned, looked at, reshaped, and saved: what was saved can be read, and saving that changes nothing. */
#include "graph.h"
#include "host_graph.h"
#include "map.h"
#include "save_ir.h"
#include "vt/frontend.h"

#include <stdlib.h>

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed);

static const uint8_t weights[64] = {0, 0, 128, 63, 1, 0, 0, 0, 2};

static void walk(const struct vt_host *host, const struct vt_graph *graph)
{
    for (int i = 0; i < host->graph_n_nodes(graph); i++) {
        const struct vt_node *node = host->graph_node(graph, i);

        for (int k = 0; k < host->node_n_in(node); k++) {
            struct vt_edge edge = host->node_in(node, k);

            /* Topological order: what a node reads stands before it. */
            if (edge.src && host->node_index(edge.src) >= i) {
                abort();
            }
        }
        for (int b = 0; b < host->node_n_bodies(node); b++) {
            walk(host, host->node_body(node, b));
        }
    }
}

static void reshape(const struct vt_host *host, struct vt_graph *graph)
{
    int n = host->graph_n_params(graph);
    struct vt_pshape *shapes = calloc((size_t)n + 1, sizeof(*shapes));

    for (int i = 0; shapes && i < n; i++) {
        shapes[i] = host->node_value(host->graph_param(graph, i), 0)->shape;
        for (int k = 0; k < shapes[i].rank; k++) {
            shapes[i].dims[k] = vt_dim_fixed(k + 2);
        }
    }
    if (shapes) {
        host->graph_reshape(graph, shapes, NULL);
        walk(host, graph);
    }
    free(shapes);
}

struct text {
    char *data;
    size_t n;
};

static int write_text(void *user, const void *data, size_t bytes, struct vt_error *err)
{
    struct text *t = user;
    char *wider = realloc(t->data, t->n + bytes + 1);

    if (!wider) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    memcpy(wider + t->n, data, bytes);
    t->data = wider;
    t->n += bytes;
    return VT_OK;
}

/* False when the format cannot hold the model. */
static bool save(const struct vt_graph *graph, struct text *xml, struct text *bin)
{
    struct vt_save_sink to_xml = {write_text, xml}, to_bin = {write_text, bin};
    struct vt_error err = {0};
    int status = vt_save_ir(graph, 0, &to_xml, &to_bin, &err);

    if (status && (status == VT_E_INTERNAL || !err.text[0])) {
        abort();
    }
    return status == VT_OK;
}

static void save_and_read(const struct vt_frontend *frontend, const struct vt_host *host,
                          const struct vt_graph *graph)
{
    struct text xml[2] = {{0}}, bin[2] = {{0}};
    struct vt_blob *blob;
    struct vt_graph *back = NULL;
    struct vt_error err = {0};

    if (save(graph, &xml[0], &bin[0])) {
        blob = vt_blob_copy(bin[0].n ? bin[0].data : "", bin[0].n);
        if (frontend->read_memory(host, xml[0].data, xml[0].n, blob, &back, &err)) {
            fprintf(stderr, "%s\n%.*s\n", err.text, (int)xml[0].n, xml[0].data);
            abort();
        }
        if (!save(back, &xml[1], &bin[1]) || xml[0].n != xml[1].n || bin[0].n != bin[1].n ||
            memcmp(xml[0].data, xml[1].data, xml[0].n) ||
            (bin[0].n && memcmp(bin[0].data, bin[1].data, bin[0].n))) {
            fprintf(stderr, "%.*s\n%.*s\n", (int)xml[0].n, xml[0].data, (int)xml[1].n, xml[1].data);
            abort();
        }
        host->graph_destroy(back);
        vt_blob_unref(blob);
    }
    for (int i = 0; i < 2; i++) {
        free(xml[i].data);
        free(bin[i].data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct vt_host host = {.abi = VT_ABI_HEADER(struct vt_host)};
    struct vt_blob *blob = vt_blob_copy(weights, sizeof(weights));
    struct vt_graph *graph = NULL, *copy;
    struct vt_error err = {0};

    vt_host_fill_graph(&host);
    if (frontend->read_memory(&host, data, bytes, blob, &graph, &err) == VT_OK) {
        walk(&host, graph);
        save_and_read(frontend, &host, graph);
        copy = host.graph_clone(graph, NULL);
        host.graph_destroy(graph);
        if (copy) {
            reshape(&host, copy);
            host.graph_destroy(copy);
        }
    } else if (graph || !err.code || !err.text[0]) {
        abort(); /* a failure without a message, or with a graph */
    }
    vt_blob_unref(blob);
    return 0;
}

/* ---- mutations that keep a text well-formed, so that more than the parser is reached ---------------------
 */

static unsigned pick(unsigned *seed, size_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (unsigned)((*seed >> 8) % n);
}

/* The `which`th place of a character, or `bytes`. */
static size_t find(const uint8_t *data, size_t bytes, char c, size_t which)
{
    for (size_t i = 0; i < bytes; i++) {
        if (data[i] == (uint8_t)c && !which--) {
            return i;
        }
    }
    return bytes;
}

static size_t count(const uint8_t *data, size_t bytes, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        n += data[i] == (uint8_t)c;
    }
    return n;
}

/* Put `fill` in the place of [from, to); the new length, or the old one when there is no room. */
static size_t splice(uint8_t *data, size_t bytes, size_t room, size_t from, size_t to, const void *fill,
                     size_t n)
{
    if (bytes - (to - from) + n > room) {
        return bytes;
    }
    memmove(data + from + n, data + to, bytes - to);
    memcpy(data + from, fill, n);
    return bytes - (to - from) + n;
}

/* Another value for one attribute: a word of the list, or the value of another attribute. */
static size_t change_value(uint8_t *data, size_t bytes, size_t room, unsigned *seed)
{
    static const char *const words[] = {
        "0",
        "1",
        "2",
        "3",
        "-1",
        "-2",
        "7",
        "16",
        "17",
        "64",
        "1000000",
        "",
        "?",
        "...",
        "1,2",
        "2,?",
        "1..",
        "..4",
        "0,0",
        "-1,-1",
        "1,1,1",
        "2,3,4,5",
        "f32",
        "f16",
        "i64",
        "i32",
        "u4",
        "u1",
        "nf4",
        "bf16",
        "dynamic",
        "boolean",
        "string",
        "0.5",
        "nan",
        "-inf",
        "1e300",
        "explicit",
        "same_upper",
        "valid",
        "numpy",
        "pdpd",
        "bidirectional",
        "none",
        "true",
        "false",
        "9223372036854775807",
        "-9223372036854775808",
        "4294967296",
        "1099511627776",
        "opset1",
        "opset4",
        "opset8",
        "opset13",
        "opset16",
        "opset99",
    };
    size_t quotes = count(data, bytes, '"') / 2, from, to, a, b;
    char value[256];

    if (!quotes) {
        return bytes;
    }
    a = pick(seed, quotes);
    from = find(data, bytes, '"', 2 * a) + 1;
    to = find(data, bytes, '"', 2 * a + 1);
    if (pick(seed, 3)) {
        const char *word = words[pick(seed, sizeof(words) / sizeof(words[0]))];

        return from <= to ? splice(data, bytes, room, from, to, word, strlen(word)) : bytes;
    }
    b = pick(seed, quotes);
    a = find(data, bytes, '"', 2 * b) + 1;
    b = find(data, bytes, '"', 2 * b + 1);
    if (from > to || a > b || b - a > sizeof(value)) {
        return bytes;
    }
    memcpy(value, data + a, b - a);
    return splice(data, bytes, room, from, to, value, b - a);
}

/* Drop or double an element without content. */
static size_t change_element(uint8_t *data, size_t bytes, size_t room, unsigned *seed)
{
    size_t n = count(data, bytes, '<'), from, to;
    char copy[512];

    if (!n) {
        return bytes;
    }
    from = find(data, bytes, '<', pick(seed, n));
    to = from + find(data + from, bytes - from, '>', 0);
    if (to >= bytes || to + 1 - from > sizeof(copy) || data[to - 1] != '/') {
        return bytes;
    }
    to++;
    if (pick(seed, 2)) {
        return splice(data, bytes, room, from, to, "", 0);
    }
    memcpy(copy, data + from, to - from);
    return splice(data, bytes, room, to, to, copy, to - from);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed)
{
    unsigned kind = pick(&seed, 8);

    for (unsigned i = 0; i <= kind % 3 && kind > 1; i++) {
        bytes = kind < 6 ? change_value(data, bytes, room, &seed) : change_element(data, bytes, room, &seed);
    }
    return kind > 1 ? bytes : LLVMFuzzerMutate(data, bytes, room);
}
