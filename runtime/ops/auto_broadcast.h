/* Broadcasting of inputs to an output: the attribute auto_broadcast at inference, and a walk through the
 * output for references. */
#ifndef VT_AUTO_BROADCAST_H
#define VT_AUTO_BROADCAST_H

#include "vt/op.h"

#define VT_AUTO_BROADCAST_ATTR                                                                               \
    {                                                                                                        \
        "auto_broadcast", VT_ATTR_STR, .def.s = "numpy", .allowed = "numpy|none|pdpd|explicit"               \
    }

/* Shape that inputs first..last (inclusive) have together by the node's auto_broadcast: "none" wants equal
 * shapes, "pdpd" broadcasts the later ones into the first, "numpy" both ways. */
int vt_infer_auto_broadcast(struct vt_infer *c, int first, int last, struct vt_pshape *shape);

/* The same for one more input, on top of *shape. */
int vt_infer_auto_broadcast_input(struct vt_infer *c, int input, struct vt_pshape *shape);

#define VT_WALK_INPUTS 6

/* A row-major walk through a shape, with the element of each input that broadcasts to the place. */
struct vt_walk {
    int rank, n;
    int64_t dims[VT_MAX_RANK], index[VT_MAX_RANK];
    int64_t step[VT_WALK_INPUTS][VT_MAX_RANK];
    int64_t at[VT_WALK_INPUTS]; /* linear index in each input */
};

/* Begin at the first element of a shape; shapes of inputs are aligned at the right, and an input of type
 * VT_DYNAMIC (left out) stays at 0. */
void vt_walk_init(struct vt_walk *w, int rank, const int64_t *dims, int n, const struct vt_tensor *in);

/* Go to the next place; after the last one the walk is at the first again. */
void vt_walk_next(struct vt_walk *w);

#endif
