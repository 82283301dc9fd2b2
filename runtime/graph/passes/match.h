/* What passes ask of a graph before they change it, and the few ways in which they change it. */
#ifndef VT_PASSES_MATCH_H
#define VT_PASSES_MATCH_H

#include "graph.h"

/* ---- edges */

/* The only consumer of an output, with the number of the input that reads it; NULL when there are none or
 * several, or when it is a Result. */
struct vt_node *vt_match_consumer(struct vt_port port, int *input);

/* Whether exactly one input reads this output. */
bool vt_match_single(struct vt_port port);

/* The node behind a port when it is the named operation and nobody else reads it, else NULL. */
struct vt_node *vt_match_inner(struct vt_port port, const char *op);

static inline bool vt_match_same(struct vt_port a, struct vt_port b)
{
    return a.node == b.node && a.index == b.index;
}

/* An element-wise operation of f32 with one output whose broadcasting is numpy's. */
bool vt_match_elementwise(const struct vt_node *node);

/* ---- types and shapes */

/* f32 for sure. */
bool vt_match_is_f32(struct vt_port port);

/* Both shapes are static and equal. */
bool vt_match_same_shape(const struct vt_pshape *a, const struct vt_pshape *b);

/* Broadcasting `operand` to `result` leaves `result` as it is, whatever the open dimensions turn out to be.
 */
bool vt_match_fits(const struct vt_pshape *operand, const struct vt_pshape *result);

/* Number of elements of a static shape, or -1. */
int64_t vt_match_count(const struct vt_pshape *shape);

/* ---- constants; a Convert between float types is looked through, so that constants which a model stores as
 * f16 are seen with their values */

/* NULL when the port is no constant. */
const struct vt_tensor *vt_match_constant(struct vt_port port);

/* A constant, or a chain that decompresses or rearranges one: what a device computes once. */
bool vt_match_constant_chain(struct vt_port port);

/* One element, and no more dimensions than `other`, so that it never widens `other`. */
bool vt_match_scalar(struct vt_port port, struct vt_port other, double *value);

/* A constant of at most 65536 elements that are all exactly `value`. */
bool vt_match_all(struct vt_port port, double value);

/* Equality with a constant of a formula: relative error below 1e-5, or its value rounded to f16. */
bool vt_match_near(double value, double wanted);

/* A constant that broadcasts to a result of this rank along `axis` alone, where the result has `n` elements:
 * its values there in `values`. */
bool vt_match_per_axis(struct vt_port port, int rank, int axis, int64_t n, double *values);

/* A small integer constant of rank 0 or 1. */
bool vt_match_i64s(struct vt_port port, int64_t *values, int max, int *n);

/* A binary operation whose one input is a constant as vt_match_scalar wants it: its value, and the other
 * input. `first`: the constant is input 0. */
bool vt_match_with_scalar(const struct vt_node *node, double *value, struct vt_port *other, bool *first);

/* ---- changes; NULL or a status on failure, with the message in err */

/* Attributes that both operations have by name and type. */
int vt_rewrite_copy_attrs(struct vt_node *dst, const struct vt_node *src);

/* i64 constant of rank 1, named after the node; a port without a node on failure. */
struct vt_port vt_rewrite_i64s(const struct vt_node *node, int64_t n, const int64_t *values,
                               struct vt_error *err);

/* f32 constant of rank 1. */
struct vt_node *vt_rewrite_f32s(struct vt_graph *graph, const char *name, int64_t n, const double *values,
                                struct vt_error *err);

/* `now` takes the place of output 0 of `old`: consumers, tensor names, the friendly name and the profile. It
 * has been built but not inferred. */
int vt_rewrite_replace(const char *pass, struct vt_node *old, struct vt_node *now, struct vt_error *err);

/* Consumers of output `index` of `old` read `now`, which is there already: `old` did nothing. */
int vt_rewrite_bypass(const char *pass, struct vt_node *old, int index, struct vt_port now);

/* Take a node without consumers out now, and what only it read, so that the uses of what stays are right
 * before the next sort. Nodes taken out are marked dead. */
void vt_rewrite_prune(struct vt_node *node);

#endif
