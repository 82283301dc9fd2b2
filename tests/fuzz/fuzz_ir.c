/* The IR frontend on arbitrary texts, with 64 bytes of weights. What can be read must also survive being
 * cloned, looked at and reshaped. */
#include "graph.h"
#include "host_graph.h"
#include "map.h"
#include "vt/frontend.h"

#include <stdlib.h>

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

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
