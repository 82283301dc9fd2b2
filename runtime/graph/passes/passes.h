/* Passes rewrite a graph in place. Each leaves it sorted and inferred. */
#ifndef VT_PASSES_H
#define VT_PASSES_H

#include "graph.h"

#define VT_PASS(x) int vt_pass_##x(struct vt_graph *graph, struct vt_error *err);
#include "passes.def"
#undef VT_PASS

/* Run passes by name, separated by commas, in the given order. */
int vt_passes_run(struct vt_graph *graph, const char *names, struct vt_error *err);

#endif
