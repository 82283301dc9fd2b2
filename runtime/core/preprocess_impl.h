/* What the files of pre-processing share: preprocess_build.c and preprocess_steps.c. */
#ifndef VT_PREPROCESS_IMPL_H
#define VT_PREPROCESS_IMPL_H

#include "graph.h"
#include "preprocess.h"

/* A picture on its way through the steps. */
struct vt_prep_way {
    struct vt_graph *graph;
    const char *name; /* of the model's input, for nodes and messages */
    struct vt_port planes[VT_MAX_PLANES];
    int n_planes;
    enum vt_color color;
    struct vt_layout layout;        /* now; may be unset */
    const struct vt_layout *target; /* what the model expects; may be unset */
    struct vt_pshape shape;         /* of the model's input */
    enum vt_type type;
    int step; /* number of the step, for the names of nodes */
    struct vt_error *err;
};

/* Do one step. Errors name the input and the step. */
int vt_prep_apply(struct vt_prep_way *way, const struct vt_prep_step *step);

/* Append `node` inputs[] -> output 0; `attrs` is "name=text;name=text" or "". */
int vt_prep_node(struct vt_prep_way *way, const char *op, int opset, int n_in, const struct vt_port *in,
                 const char *attrs, struct vt_port *out);

#endif
