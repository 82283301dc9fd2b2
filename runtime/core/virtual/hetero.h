/* HETERO: a model divided into parts, each compiled for one device.
 *
 * An edge is a tensor that goes from one part to others. Requests own a buffer for each; those of static
 * shape are made and bound once, so that an inference allocates nothing. */
#ifndef VT_HETERO_H
#define VT_HETERO_H

#include "virtual_impl.h"

/* Where an input of a part comes from, or where an output goes: a port of the whole model or an edge. */
struct vt_wire {
    int port; /* -1: an edge */
    int edge;
};

struct vt_hetero_part {
    int member;
    struct vt_compiled *compiled;
    struct vt_wire *in, *out;
    int n_in, n_out;
};

struct vt_hetero_edge {
    enum vt_type type;
    struct vt_pshape shape;
};

struct vt_hetero {
    struct vt_virtual *plugin;
    struct vt_members members;
    struct vt_virtual_config config;
    struct vt_graph *graph; /* the whole, with the device of each node as its affinity; NULL when imported */
    int n_io[2];
    struct vt_hetero_part *parts; /* in the order in which they run */
    int n_parts;
    struct vt_hetero_edge *edges;
    int n_edges;
};

/* hetero_cut.c: the model of part `index`, with its wires; edges that it writes are appended to the model's,
 * numbered in `edge_of[node * max_out + port]` (0: none, else number + 1). */
struct vt_cut {
    struct vt_hetero *hetero;
    const int *part_of;
    int *edge_of;
    int max_out;
    int capacity; /* of hetero->edges */
};
int vt_cut_init(struct vt_cut *cut, struct vt_hetero *hetero, const int *part_of, struct vt_error *err);
void vt_cut_finish(struct vt_cut *cut);
int vt_cut_part(struct vt_cut *cut, int index, struct vt_model **model, struct vt_error *err);

/* hetero_export.c */
int vt_hetero_export(void *compiled, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                     struct vt_error *err);

/* hetero_request.c */
int vt_hetero_create_request(void *compiled, void **request, struct vt_error *err);

#endif
