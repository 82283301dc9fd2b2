/* Pieces of IR texts, and reading them through the frontend's table. Each test program includes this once. */
#ifndef IR_TEST_H
#define IR_TEST_H

#include "graph.h"
#include "host_graph.h"
#include "map.h"
#include "vt/frontend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor);

#define NET(version, layers, edges)                                                                          \
    "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"" version "\">\n<layers>\n" layers                   \
    "</layers>\n<edges>\n" edges "</edges>\n</net>\n"

#define LAYER(id, name, type, opset, inside)                                                                 \
    "<layer id=\"" id "\" name=\"" name "\" type=\"" type "\" version=\"" opset "\">" inside "</layer>\n"

#define PORT(id, precision, dims) "<port id=\"" id "\" precision=\"" precision "\">" dims "</port>"
#define DIM(n)                    "<dim>" n "</dim>"
#define IN(ports)                 "<input>" ports "</input>"
#define OUT(ports)                "<output>" ports "</output>"

#define PARAM(id, name, shape)                                                                               \
    LAYER(id, name, "Parameter", "opset1",                                                                   \
          "<data shape=\"" shape "\" element_type=\"f32\"/>" OUT(PORT("0", "FP32", DIM("2") DIM("3"))))

#define SOFTMAX(id, name, axis)                                                                              \
    LAYER(id, name, "SoftMax", "opset8",                                                                     \
          "<data axis=\"" axis "\"/>" IN(PORT("0", "FP32", "")) OUT(PORT("1", "FP32", "")))

#define RESULT(id, name) LAYER(id, name, "Result", "opset1", IN(PORT("0", "FP32", "")))

#define CONST(id, name, type, shape, offset, size)                                                           \
    LAYER(id, name, "Const", "opset1",                                                                       \
          "<data element_type=\"" type "\" shape=\"" shape "\" offset=\"" offset "\" size=\"" size           \
          "\"/>" OUT(PORT("0", "FP32", "")))

#define EDGE(from, from_port, to, to_port)                                                                   \
    "<edge from-layer=\"" from "\" from-port=\"" from_port "\" to-layer=\"" to "\" to-port=\"" to_port       \
    "\"/>\n"

/* x -> softmax -> result */
#define SMALL                                                                                                \
    NET("11", PARAM("0", "x", "2,3") SOFTMAX("1", "s", "1") RESULT("2", "r"),                                \
        EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0"))

static inline struct vt_host *ir_host(void)
{
    static struct vt_host host = {.abi = VT_ABI_HEADER(struct vt_host)};

    vt_host_fill_graph(&host);
    return &host;
}

/* The text without its NUL; `weights` may be NULL. */
static inline int ir_read(const char *text, const void *weights, size_t bytes, struct vt_graph **graph,
                          struct vt_error *err)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct vt_blob *blob = weights ? vt_blob_copy(weights, bytes) : NULL;
    int status = frontend->read_memory(ir_host(), text, strlen(text), blob, graph, err);

    vt_blob_unref(blob);
    return status;
}

/* Reads what must be right. */
static inline struct vt_graph *ir_read_ok(const char *text, const void *weights, size_t bytes)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    if (ir_read(text, weights, bytes, &graph, &err)) {
        fail_msg("%s", err.text);
    }
    assert_non_null(graph);
    return graph;
}

static inline struct vt_node *ir_node(struct vt_graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        if (strcmp(graph->nodes[i]->name, name) == 0) {
            return graph->nodes[i];
        }
    }
    fail_msg("no node '%s'", name);
    return NULL;
}

#endif
