/* What If, Loop and Scan share. */
#ifndef ONNX_CONTROL_H
#define ONNX_CONTROL_H

#include "translate.h"

/* A body while it is made. */
struct onnx_body {
    const struct onnx_graph *def;
    struct onnx_scope scope;
    struct vt_graph *graph;
    struct vt_value *results; /* type and shape of each Result, once it is finished */
    int n_results;
};

/* An empty graph in a scope that sees the node's names. The caller defines inputs, translates, adds results,
 * finishes. */
int onnx_body_begin(struct onnx_node *n, struct onnx_body *b, const struct onnx_graph *def);
/* The nodes of the body, whose inputs are defined. */
int onnx_body_nodes(struct onnx_node *n, struct onnx_body *b);
/* A body input that is a Parameter; its index. Negative after an error. */
int onnx_body_param(struct onnx_node *n, struct onnx_body *b, int input, enum vt_type type,
                    const struct vt_pshape *shape);
/* A Result for the value; its index. Negative after an error. */
int onnx_body_result(struct onnx_node *n, struct onnx_body *b, const char *name, struct onnx_value value);
/* The value of output i of the body; absent after an error. */
struct onnx_value onnx_body_output(struct onnx_node *n, struct onnx_body *b, int output);
int onnx_body_finish(struct onnx_node *n, struct onnx_body *b);
/* Give the body up. */
void onnx_body_drop(struct onnx_node *n, struct onnx_body *b);

int onnx_body_captures(const struct onnx_body *b);
/* Hand the body to its node and connect what it captured to inputs from `input` on. */
int onnx_body_attach(struct onnx_node *n, struct vt_node *node, struct onnx_body *b, int index, int input);
int onnx_map(struct onnx_node *n, struct vt_node *node, int index, const struct vt_body_map *map);

#define ONNX_MAX_ROUNDS 1024 /* of a loop that is unrolled */

/* A graph in the place of the node, for inputs that may be sequences; `out` is filled for each of its
 * outputs. `round` tells the names apart. (inline.c) */
int onnx_inline(struct onnx_node *n, const struct onnx_graph *g, int64_t round, const struct onnx_entry *in,
                struct onnx_entry *out);
/* A Loop round by round. (inline.c) */
int onnx_unroll(struct onnx_node *n, const struct onnx_graph *def, int carried, int scans);

/* Whether what comes back fits into a Parameter of this shape; else the shape is widened until it does. */
bool onnx_body_widen(struct vt_pshape *shape, const struct vt_pshape *back, bool give_up);

#endif
