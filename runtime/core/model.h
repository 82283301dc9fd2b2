/* A model as users hold it: a graph with the names and shapes of its inputs and outputs.
 *
 * Reading a model from several threads at once is allowed, also while it is compiled; changing it is not.
 * Reference counting may happen on any thread. */
#ifndef VT_MODEL_H
#define VT_MODEL_H

#include "io.h"
#include "vt/graph.h"
#include "vt/status.h"

#include <stdatomic.h>

struct vt_model {
    struct vt_graph *graph; /* sorted and inferred */
    struct vt_io *io[2];    /* by enum vt_side, in the model's order; follows reshapes */
    int n_io[2];
    atomic_int refs;
};

/* Takes the graph over, also on failure. One reference. */
int vt_model_create(struct vt_graph *graph, struct vt_model **model, struct vt_error *err);

/* A deep copy that shares the weights. */
int vt_model_clone(const struct vt_model *model, struct vt_model **copy, struct vt_error *err);

struct vt_model *vt_model_ref(struct vt_model *model);
void vt_model_unref(struct vt_model *model);

const char *vt_model_name(const struct vt_model *model);

/* Whether the shape of any input or output is dynamic. */
bool vt_model_is_dynamic(const struct vt_model *model);

/* After the graph was changed from outside: sort, infer, and look at the ports anew. */
int vt_model_refresh(struct vt_model *model, struct vt_error *err);

/* Give the inputs `index[0..n-1]` new shapes (the last wins when an input is named twice), the others keep
 * theirs, and infer everything anew. VT_E_RANGE for an index that does not exist; when an operation cannot
 * take the shapes its error is returned. On failure the model is as it was. */
int vt_model_reshape(struct vt_model *model, int n, const int *index, const struct vt_pshape *shapes,
                     struct vt_error *err);

#endif
