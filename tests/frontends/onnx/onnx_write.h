/* Small ONNX models, written to the wire. Each test program includes this once. */
#ifndef ONNX_WRITE_H
#define ONNX_WRITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

/* A message that grows. */
struct msg {
    uint8_t *data;
    size_t n;
};

enum { FLOAT = 1, INT8 = 3, INT32 = 6, INT64 = 7, STRING = 8, BOOL = 9, FLOAT16 = 10, DOUBLE = 11 };

static inline struct msg *msg(void)
{
    struct msg *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    return m;
}

static inline void msg_free(struct msg *m)
{
    free(m->data);
    free(m);
}

static inline void put_raw(struct msg *m, const void *data, size_t n)
{
    m->data = realloc(m->data, m->n + n + 1);
    assert_non_null(m->data);
    if (n) {
        memcpy(m->data + m->n, data, n);
    }
    m->n += n;
}

static inline void put_number(struct msg *m, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));

        put_raw(m, &byte, 1);
        v >>= 7;
    } while (v);
}

static inline void put_int(struct msg *m, unsigned field, int64_t v)
{
    put_number(m, field << 3);
    put_number(m, (uint64_t)v);
}

static inline void put_float(struct msg *m, unsigned field, float v)
{
    put_number(m, field << 3 | 5);
    put_raw(m, &v, sizeof(v));
}

static inline void put_bytes(struct msg *m, unsigned field, const void *data, size_t n)
{
    put_number(m, field << 3 | 2);
    put_number(m, n);
    put_raw(m, data, n);
}

static inline void put_text(struct msg *m, unsigned field, const char *text)
{
    put_bytes(m, field, text, strlen(text));
}

/* Takes `part`. */
static inline void put(struct msg *m, unsigned field, struct msg *part)
{
    put_bytes(m, field, part->data, part->n);
    msg_free(part);
}

/* Each of "a,b,,c" as a text. */
static inline void put_names(struct msg *m, unsigned field, const char *names)
{
    while (*names) {
        size_t n = strcspn(names, ",");

        put_bytes(m, field, names, n);
        names += n + (names[n] == ',');
    }
}

/* ---- the parts of a model */

static UNUSED struct msg *node_in(const char *domain, const char *op, const char *name, const char *in,
                                  const char *out)
{
    struct msg *m = msg();

    put_names(m, 1, in);
    put_names(m, 2, out);
    put_text(m, 3, name);
    put_text(m, 4, op);
    put_text(m, 7, domain);
    return m;
}

static UNUSED struct msg *node(const char *op, const char *name, const char *in, const char *out)
{
    return node_in("", op, name, in, out);
}

static UNUSED struct msg *attr(const char *name, int type)
{
    struct msg *m = msg();

    put_text(m, 1, name);
    put_int(m, 20, type);
    return m;
}

static UNUSED struct msg *attr_int(const char *name, int64_t v)
{
    struct msg *m = attr(name, 2);

    put_int(m, 3, v);
    return m;
}

static UNUSED struct msg *attr_msg(const char *name, int type, unsigned field, struct msg *part)
{
    struct msg *m = attr(name, type);

    put(m, field, part);
    return m;
}

static UNUSED struct msg *attr_tensor(const char *name, struct msg *tensor)
{
    return attr_msg(name, 4, 5, tensor);
}

static UNUSED struct msg *attr_graph(const char *name, struct msg *graph)
{
    return attr_msg(name, 5, 6, graph);
}

/* Dimensions "2,n,-1"; NULL: no shape at all. */
static UNUSED struct msg *info(const char *name, int type, const char *dims)
{
    struct msg *m = msg(), *t = msg(), *tensor = msg(), *shape = msg();

    put_int(tensor, 1, type);
    while (dims && *dims) {
        struct msg *d = msg();
        char *end;
        int64_t v = strtoll(dims, &end, 10);

        if (end == dims) {
            put_bytes(d, 2, dims, strcspn(dims, ","));
            end = (char *)(uintptr_t)dims + strcspn(dims, ",");
        } else {
            put_int(d, 1, v);
        }
        put(shape, 1, d);
        dims = end + (*end == ',');
    }
    if (dims) {
        put(tensor, 2, shape);
    } else {
        msg_free(shape);
    }
    put(t, 1, tensor);
    put_text(m, 1, name);
    put(m, 2, t);
    return m;
}

/* Without data. */
static UNUSED struct msg *tensor(const char *name, int type, const char *dims)
{
    struct msg *m = msg();

    while (*dims) {
        char *end;

        put_int(m, 1, strtoll(dims, &end, 10));
        dims = end + (*end == ',');
    }
    put_int(m, 2, type);
    put_text(m, 8, name);
    return m;
}

static UNUSED struct msg *tensor_raw(const char *name, int type, const char *dims, const void *data, size_t n)
{
    struct msg *m = tensor(name, type, dims);

    put_bytes(m, 9, data, n);
    return m;
}

#define TENSOR(name, type, dims, ctype, ...)                                                                 \
    tensor_raw(name, type, dims, (const ctype[]){__VA_ARGS__}, sizeof((const ctype[]){__VA_ARGS__}))

/* A model with one graph and the default domain in version `opset`; takes the graph. */
static UNUSED struct msg *model(struct msg *graph, int opset)
{
    struct msg *m = msg(), *import = msg();

    put_int(m, 1, 8);
    put_text(m, 2, "test");
    put(m, 7, graph);
    put_text(import, 1, "");
    put_int(import, 2, opset);
    put(m, 8, import);
    return m;
}

static UNUSED void add_import(struct msg *to, unsigned field, const char *domain, int version)
{
    struct msg *import = msg();

    put_text(import, 1, domain);
    put_int(import, 2, version);
    put(to, field, import);
}

/* Nodes are put first, so that a test can begin with them. */
static UNUSED struct msg *graph_of(struct msg *node)
{
    struct msg *g = msg();

    put_text(g, 2, "g");
    put(g, 1, node);
    return g;
}

#endif
