/* Handles under which plugins and frontends know a model. All access goes through the host table (vt/host.h).
 */
#ifndef VT_GRAPH_H
#define VT_GRAPH_H

#include "vt/tensor.h"

struct vt_graph;
struct vt_node;
struct vt_blob;
struct vt_state_store;
struct vt_heap;

/* An edge seen from its consumer; src NULL when the optional input is left out. */
struct vt_edge {
    const struct vt_node *src;
    int port;
};

/* How a sub-graph is wired to its node (If, Loop, TensorIterator). Indices of body parameters and results
 * count the body's `params` and `results`. */
enum vt_body_map_kind {
    VT_MAP_INPUT,     /* node input -> body parameter, whole */
    VT_MAP_SLICED,    /* node input -> body parameter, a slice along `axis` each iteration */
    VT_MAP_MERGED,    /* node input -> body parameter first, then `back` (a body result) */
    VT_MAP_OUTPUT,    /* body result of the last iteration -> node output */
    VT_MAP_CONCAT,    /* body results of all iterations joined along `axis` -> node output */
    VT_MAP_CONDITION, /* Loop: body result that says whether to go on */
    VT_MAP_COUNTER,   /* Loop: body parameter that takes the iteration number */
};

struct vt_body_map {
    enum vt_body_map_kind kind;
    int outer; /* node input or output */
    int inner; /* body parameter or result */
    int back;  /* VT_MAP_MERGED: body result */
    int64_t axis, start, end, stride, part_size;
};

/* Where the data of a Constant is in a graph's binary form: in the form itself, in one of the spaces that go
 * with it, or nowhere. */
enum { VT_PLACE_INLINE = 0, VT_PLACE_ABSENT = -1 };

struct vt_graph_place {
    int space;       /* VT_PLACE_..., or the number of a space, from 1 */
    uint64_t offset; /* in the space */
};

/* A part of a blob in which Constants have their data. */
struct vt_graph_space {
    struct vt_blob *blob;
    size_t offset, bytes;
};

#endif
