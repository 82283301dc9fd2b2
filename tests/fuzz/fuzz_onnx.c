/* The ONNX frontend on arbitrary bytes. What can be read must also survive being cloned, looked at, reshaped
 * and saved as IR. */
#include "../../frontends/onnx/wire.h"
#include "graph.h"
#include "host.h"
#include "host_graph.h"
#include "save_ir.h"
#include "vt/frontend.h"

#include <stdlib.h>

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed);

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

static int drop(void *user, const void *data, size_t bytes, struct vt_error *err)
{
    (void)user;
    (void)data;
    (void)bytes;
    (void)err;
    return VT_OK;
}

static void save(const struct vt_graph *graph)
{
    struct vt_save_sink sink = {drop, NULL};
    struct vt_error err = {0};
    int status = vt_save_ir(graph, 0, &sink, &sink, &err);

    if (status && (status == VT_E_INTERNAL || !err.text[0])) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    const struct vt_host *host = vt_core_host();
    struct vt_graph *graph = NULL, *copy;
    struct vt_error err = {0};

    frontend->probe(data, bytes);
    if (frontend->read_memory(host, data, bytes, NULL, &graph, &err) == VT_OK) {
        walk(host, graph);
        save(graph);
        copy = host->graph_clone(graph, NULL);
        host->graph_destroy(graph);
        if (copy) {
            reshape(host, copy);
            host->graph_destroy(copy);
        }
    } else if (graph || !err.code || !err.text[0] || err.code == VT_E_INTERNAL) {
        fprintf(stderr, "%d %s\n", err.code, err.text);
        abort(); /* a failure without a message, with a graph, or that is ours */
    }
    return 0;
}

/* ---- mutations that keep the wire format, so that more than the parser is reached ------------------------
 */

static unsigned pick(unsigned *seed, size_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (unsigned)((*seed >> 8) % n);
}

struct out {
    uint8_t *p;
    size_t n, room;
    bool full;
};

static void emit(struct out *o, const void *data, size_t n)
{
    if (n > o->room - o->n) {
        o->full = true;
        return;
    }
    if (n) {
        memcpy(o->p + o->n, data, n);
    }
    o->n += n;
}

static void emit_number(struct out *o, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));

        emit(o, &byte, 1);
        v >>= 7;
    } while (v);
}

static void emit_field(struct out *o, const struct onnx_field *f)
{
    emit_number(o, (uint64_t)f->number << 3 | f->kind);
    if (f->kind == ONNX_BYTES) {
        emit_number(o, f->bytes.n);
        emit(o, f->bytes.p, f->bytes.n);
    } else if (f->kind == ONNX_VARINT) {
        emit_number(o, f->value);
    } else {
        emit(o, &f->value, f->kind == ONNX_FIXED32 ? 4 : 8);
    }
}

static size_t count_fields(struct onnx_bytes message)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    size_t n = 0;
    int status;

    while ((status = onnx_wire_next(&w, &f)) > 0) {
        n++;
    }
    return status ? 0 : n;
}

static void mutate_number(struct onnx_field *f, unsigned *seed)
{
    static const int64_t numbers[] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,    10,      11,        13,        16,        17,
        18, 20, 22, 24, -1, -2, -3, 64, 99, 1024, 1 << 20, INT32_MAX, INT64_MAX, INT64_MIN, INT32_MIN};

    f->value = (uint64_t)numbers[pick(seed, sizeof(numbers) / sizeof(numbers[0]))];
}

static void mutate_text(struct onnx_field *f, unsigned *seed)
{
    static const char *const words[] = {
#define ONNX_OP(domain, name, since, translator) #name,
#include "../../frontends/onnx/ops.def"
#undef ONNX_OP
        "",
        "x",
        "y",
        "z",
        "a",
        "b",
        "c",
        "i",
        "s",
        "axis",
        "axes",
        "body",
        "then_branch",
        "else_branch",
        "value",
        "to",
        "keepdims",
        "perm",
        "pads",
        "mode",
        "size",
        "com.microsoft",
        "ai.onnx.ml",
        "my",
        "SAME_UPPER",
        "linear",
        "cubic",
        "num_scan_inputs",
    };
    const char *word = words[pick(seed, sizeof(words) / sizeof(words[0]))];

    f->bytes = (struct onnx_bytes){(const uint8_t *)word, strlen(word)};
}

static void rewrite(struct out *o, struct onnx_bytes message, unsigned *seed, int depth);

/* One field, changed: what is in it, or dropped, doubled, replaced. */
static void change(struct out *o, struct onnx_field f, unsigned *seed, int depth)
{
    unsigned what = pick(seed, 8);
    uint8_t room[4096];
    struct out inner = {.p = room, .room = sizeof(room)};

    if (f.kind == ONNX_BYTES && depth < 16 && what > 1 && f.bytes.n && count_fields(f.bytes)) {
        rewrite(&inner, f.bytes, seed, depth + 1);
        if (!inner.full) {
            f.bytes = (struct onnx_bytes){room, inner.n};
        }
        emit_field(o, &f);
        return;
    }
    if (what == 0) {
        return;
    }
    if (what == 1) {
        emit_field(o, &f);
    } else if (f.kind == ONNX_BYTES) {
        mutate_text(&f, seed);
    } else {
        mutate_number(&f, seed);
    }
    emit_field(o, &f);
}

static void rewrite(struct out *o, struct onnx_bytes message, unsigned *seed, int depth)
{
    size_t n = count_fields(message), at = n ? pick(seed, n) : 0, from = n ? pick(seed, n) : 0;
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f, other = {0};
    bool swap = pick(seed, 6) == 0;

    for (size_t i = 0; onnx_wire_next(&w, &f) > 0; i++) {
        other = i == from ? f : other;
    }
    w = onnx_wire(message);
    for (size_t i = 0; onnx_wire_next(&w, &f) > 0; i++) {
        if (i != at) {
            emit_field(o, &f);
        } else if (swap) {
            emit_field(o, &other);
        } else {
            change(o, f, seed, depth);
        }
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed)
{
    static uint8_t copy[1 << 16];
    unsigned times = pick(&seed, 3);

    if (pick(&seed, 5) == 0 || !count_fields((struct onnx_bytes){data, bytes})) {
        return LLVMFuzzerMutate(data, bytes, room);
    }
    for (unsigned i = 0; i <= times; i++) {
        struct out o = {.p = copy, .room = room < sizeof(copy) ? room : sizeof(copy)};

        rewrite(&o, (struct onnx_bytes){data, bytes}, &seed, 0);
        if (!o.full && o.n) {
            memcpy(data, copy, o.n);
            bytes = o.n;
        }
    }
    return bytes;
}
