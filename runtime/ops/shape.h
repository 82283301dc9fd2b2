/* Rules that shape inference of many operations shares. Functions return 0 or a negative status with the
 * message in c->err. */
#ifndef VT_SHAPE_H
#define VT_SHAPE_H

#include "graph.h"

/* ---- dimensions as intervals; {0, -1} is unknown. */
struct vt_dim vt_dim_add(struct vt_dim a, struct vt_dim b);
struct vt_dim vt_dim_mul(struct vt_dim a, struct vt_dim b);
/* a - b, at least 0. */
struct vt_dim vt_dim_sub(struct vt_dim a, struct vt_dim b);
/* floor((a) / n), n > 0. */
struct vt_dim vt_dim_div(struct vt_dim a, int64_t n);
bool vt_dim_meet(struct vt_dim a, struct vt_dim b, struct vt_dim *both); /* intersection; false when empty */
bool vt_dim_can_be(struct vt_dim d, int64_t n);

/* Both shapes describe the same tensor: the intersection of what is known. False when they contradict. */
bool vt_pshape_meet(const struct vt_pshape *a, const struct vt_pshape *b, struct vt_pshape *both);

/* A shape that holds for either. */
void vt_pshape_join(const struct vt_pshape *a, const struct vt_pshape *b, struct vt_pshape *either);

/* numpy broadcasting of b into *a. False when they do not fit. */
bool vt_pshape_broadcast(struct vt_pshape *a, const struct vt_pshape *b);

/* "[1,3,?,1..5]" into a buffer, for messages. Returns buf. */
char *vt_pshape_text(const struct vt_pshape *s, char *buf, size_t size);

/* ---- inputs */

/* The type that inputs first..last (inclusive, left-out ones skipped) share; dynamic ones are skipped. */
int vt_infer_same_type(struct vt_infer *c, int first, int last, enum vt_type *type);

/* The same, and it must be a float type (or not known yet). */
int vt_infer_same_float(struct vt_infer *c, int first, int last, enum vt_type *type);

/* The type that an attribute gives to indices or counts: i32 or i64. */
int vt_infer_index_type(struct vt_infer *c, const char *attr, enum vt_type *type);

/* One dimension of an input, unknown where the input has no such axis or an unknown rank. */
struct vt_dim vt_infer_dim(const struct vt_infer *c, int input, int axis);

/* Axis attribute or value: negative counts from the back. Unknown rank: VT_E_SHAPE is not raised and -1 is
 * stored. */
int vt_infer_axis(struct vt_infer *c, int64_t axis, int rank, int *normal);

/* Values of a small integer input when known exactly: *n elements in `values` (room for max). Returns true
 * when known. For a partly known input use vt_infer_bounds. */
bool vt_infer_i64s(const struct vt_infer *c, int input, int64_t *values, int max, int *n);

/* Bounds of a small integer input, element by element. True when there is anything known (count at least). */
bool vt_infer_bounds(const struct vt_infer *c, int input, struct vt_dim *bounds, int max, int *n);

/* Float values of a constant input. */
bool vt_infer_f64s(const struct vt_infer *c, int input, double *values, int max, int *n);

/* The input is of an integer type (or left out, or not known yet); `what` names it in the message. */
int vt_infer_integral(struct vt_infer *c, int input, const char *what);

/* An integer input of one element (rank 0 or 1). *known tells whether its value is known, `value` is it. */
int vt_infer_scalar(struct vt_infer *c, int input, const char *what, int64_t *value, bool *known);

/* An input that lists at most `max` elements (rank 0 or 1), as far as its shape tells. */
int vt_infer_list(struct vt_infer *c, int input, const char *what, int max);

/* Number of elements of a shape input of rank 1 (its static length), or -1. */
int vt_infer_length(const struct vt_infer *c, int input);

/* ---- outputs */

void vt_infer_set(struct vt_infer *c, int output, enum vt_type type, const struct vt_pshape *shape);
/* Type and shape of an input. */
void vt_infer_like(struct vt_infer *c, int output, int input);
/* Of unknown rank. */
void vt_infer_unknown(struct vt_infer *c, int output, enum vt_type type);

/* ---- ready-made infer functions */
int vt_infer_unary(struct vt_infer *c);       /* output 0 like input 0 */
int vt_infer_unary_float(struct vt_infer *c); /* the same, input must be of a float type */

#endif
