/* A graph as bytes: exact, internal operations, bodies and names included. The form belongs to one version of
 * the runtime; it holds no check sum of its own. Numbers are LEB128, texts length and bytes.
 *
 * The data of Constants may lie beside it, in spaces that the caller keeps: see struct vt_graph_place. */
#ifndef VT_GRAPH_BINARY_H
#define VT_GRAPH_BINARY_H

#include "vt/graph.h"
#include "vt/status.h"

/* In the place of an opset: the operation is an extension's. Its set's name, the extension's name and
 * identity follow. */
#define VT_BINARY_EXTENSION 1001

/* `place` says for each Constant (sub-graphs included) where its data is; NULL: all is inline. It comes back
 * negative to give up. VT_E_UNSUPPORTED for what cannot be written: unknown operations and texts. The graph
 * is sorted. */
int vt_graph_write(const struct vt_graph *graph,
                   int (*place)(void *ctx, const struct vt_node *constant, struct vt_graph_place *place),
                   int (*write)(void *ctx, const void *data, size_t bytes), void *ctx, struct vt_error *err);

/* The bytes may be anything: VT_E_FORMAT for what is no graph; VT_E_NOT_FOUND for operations of an extension
 * that the set in use (graph/extension.h) lacks. Constants in spaces view their blobs, of which
 * the graph takes references; absent ones, which are float, view a hole of `absent` bytes (vt_blob_hole).
 * Types and shapes are inferred. */
int vt_graph_read(const void *data, size_t bytes, const struct vt_graph_space *spaces, int n_spaces,
                  size_t absent, struct vt_graph **graph, struct vt_error *err);

#endif
