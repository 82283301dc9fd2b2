/* Whole tensors as arrays of double, for references whose inner loops would drown in element access. */
#ifndef VT_DOUBLES_H
#define VT_DOUBLES_H

#include "graph.h"

/* A malloc'ed copy of all elements, widened; NULL and an error when out of memory. Never NULL for an empty
 * tensor. */
double *vt_doubles(const struct vt_tensor *t, struct vt_error *err);

/* `n` zeros. */
double *vt_doubles_zero(int64_t n, struct vt_error *err);

/* Store one result: floats round to nearest even, integers truncate and then wrap. */
void vt_store_double(struct vt_tensor *t, int64_t index, double value);

/* Store `n` results from element `at` on. */
void vt_store_doubles(struct vt_tensor *t, int64_t at, const double *values, int64_t n);

#endif
