/* Reading small ONNX models through the frontend's table. Each test program includes this once. */
#ifndef ONNX_TEST_H
#define ONNX_TEST_H

#include "graph.h"
#include "host.h"
#include "map.h"
#include "onnx_write.h"
#include "vt/frontend.h"

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor);

/* ---- reading */

static UNUSED int read_bytes(const void *data, size_t n, struct vt_graph **graph, struct vt_error *err)
{
    /* A copy of exactly these bytes, which is gone afterwards. */
    uint8_t *copy = malloc(n + !n);
    int status;

    assert_non_null(copy);
    memcpy(copy, data, n);
    status =
        vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR)->read_memory(vt_core_host(), copy, n, NULL, graph, err);
    free(copy);
    return status;
}

/* Takes the model. */
static UNUSED struct vt_graph *read_ok(struct msg *m)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    if (read_bytes(m->data, m->n, &graph, &err)) {
        fail_msg("%s", err.text);
    }
    assert_non_null(graph);
    msg_free(m);
    return graph;
}

/* Takes the model; the message has to hold `part`. */
static UNUSED void read_fails(struct msg *m, int code, const char *part)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};
    int status = read_bytes(m->data, m->n, &graph, &err);

    assert_null(graph);
    if (status != code || err.code != code || !strstr(err.text, part)) {
        fail_msg("status %d, wanted %d, message: %s", status, code, err.text);
    }
    msg_free(m);
}

static UNUSED struct vt_node *find_node(struct vt_graph *graph, const char *name)
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
