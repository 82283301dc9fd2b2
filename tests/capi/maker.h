/* Models of the C API's tests, made layer by layer: each function appends a layer and returns its number;
 * output i of a layer is OUT(layer, i). */
#ifndef MAKER_H
#define MAKER_H

#include "capi_test.h"

struct maker {
    char layers[32768], edges[8192];
    size_t at, edges_at;
    int n; /* layers */
    unsigned char weights[4096];
    size_t bytes;
};

#define ADD(m, ...)                                                                                          \
    ((m)->at += (size_t)snprintf((m)->layers + (m)->at, sizeof((m)->layers) - (m)->at, __VA_ARGS__))

static inline int parameter(struct maker *m, const char *type, const char *shape)
{
    ADD(m,
        "<layer id=\"%d\" name=\"p%d\" type=\"Parameter\" version=\"opset1\"><data shape=\"%s\" "
        "element_type=\"%s\"/><output><port id=\"0\"/></output></layer>",
        m->n, m->n, shape, type);
    return m->n++;
}

static inline int constant(struct maker *m, const char *type, const char *shape, const void *data,
                           size_t bytes)
{
    ADD(m,
        "<layer id=\"%d\" name=\"c%d\" type=\"Const\" version=\"opset1\"><data element_type=\"%s\" "
        "shape=\"%s\" offset=\"%zu\" size=\"%zu\"/><output><port id=\"0\"/></output></layer>",
        m->n, m->n, type, shape, m->bytes, bytes);
    assert_true(m->bytes + bytes <= sizeof(m->weights));
    memcpy(m->weights + m->bytes, data, bytes);
    m->bytes += bytes;
    return m->n++;
}

static inline int numbers(struct maker *m, const char *shape, int n, const int64_t *v)
{
    return constant(m, "i64", shape, v, (size_t)n * sizeof(*v));
}

#define I64S(m, ...)                                                                                         \
    numbers(m, (const char *[]){"0", "1", "2", "3", "4"}[sizeof((int64_t[]){__VA_ARGS__}) / 8],              \
            sizeof((int64_t[]){__VA_ARGS__}) / 8, (int64_t[]){__VA_ARGS__})
#define I64(m, v) numbers(m, "", 1, (int64_t[]){v})

static inline int layer(struct maker *m, const char *type, const char *opset, const char *data, int n_out,
                        int n_in, const int *in)
{
    ADD(m, "<layer id=\"%d\" name=\"n%d\" type=\"%s\" version=\"%s\">%s%s%s<input>", m->n, m->n, type, opset,
        *data && *data != '<' ? "<data " : "", *data != '<' ? data : "", *data && *data != '<' ? "/>" : "");
    for (int i = 0; i < n_in; i++) {
        ADD(m, "<port id=\"%d\"/>", i);
        m->edges_at +=
            (size_t)snprintf(m->edges + m->edges_at, sizeof(m->edges) - m->edges_at,
                             "<edge from-layer=\"%d\" from-port=\"%d\" to-layer=\"%d\" to-port=\"%d\"/>",
                             in[i] % 1000, in[i] / 1000, m->n, i);
    }
    ADD(m, "</input>%s", n_out ? "<output>" : "");
    for (int i = 0; i < n_out; i++) {
        ADD(m, "<port id=\"%d\"/>", n_in + i);
    }
    ADD(m, "%s%s</layer>", n_out ? "</output>" : "", *data == '<' ? data : "");
    return m->n++ + 1000 * n_in;
}

#define LAYER(m, type, opset, data, n_out, ...)                                                              \
    layer(m, type, opset, data, n_out, sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})
/* Output `i` of a layer. */
#define OUT(node, i) ((node) + 1000 * (i))

static inline void result(struct maker *m, int node)
{
    LAYER(m, "Result", "opset1", "", 0, node);
}

static inline char *finish(const struct maker *m)
{
    size_t room = m->at + m->edges_at + 200;
    char *text = malloc(room);

    assert_non_null(text);
    snprintf(text, room,
             "<?xml version=\"1.0\"?><net name=\"s\" version=\"11\"><layers>%s</layers><edges>%s"
             "</edges></net>",
             m->layers, m->edges);
    return text;
}

static inline ov_status_e read_made(ov_core_t *core, const struct maker *m, ov_model_t **model)
{
    char *text = finish(m);
    int64_t dims[1] = {(int64_t)m->bytes};
    ov_tensor_t *weights = NULL;
    ov_status_e status;

    PASS(ov_tensor_create(U8, (ov_shape_t){1, dims}, &weights));
    if (m->bytes) {
        void *data;

        PASS(ov_tensor_data(weights, &data));
        memcpy(data, m->weights, m->bytes);
    }
    status = ov_core_read_model_from_memory_buffer(core, text, strlen(text), weights, model);
    ov_tensor_free(weights);
    free(text);
    return status;
}

#endif
