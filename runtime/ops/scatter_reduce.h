/* Scattering with a reduction: what ScatterElementsUpdate-12 and ScatterNDUpdate-15 do with several updates
 * of one element. Floats are reduced in double and rounded once; integers wrap; the mean of integers
 * truncates. */
#ifndef VT_SCATTER_REDUCE_H
#define VT_SCATTER_REDUCE_H

#include "vt/op.h"

enum vt_scatter_kind {
    VT_SCATTER_NONE, /* the last update wins */
    VT_SCATTER_SUM,
    VT_SCATTER_SUB,
    VT_SCATTER_PROD,
    VT_SCATTER_MIN,
    VT_SCATTER_MAX,
    VT_SCATTER_MEAN,
};

struct vt_scatter {
    enum vt_scatter_kind kind;
    bool use_init; /* the element of data takes part */
    struct vt_tensor *dst;
    double *reals; /* running values, one of the two */
    int64_t *ints;
    int64_t *count; /* how many values went in */
};

enum vt_scatter_kind vt_scatter_kind_of(const char *reduction);

/* Copy data to dst and start. Pair with vt_scatter_finish, which also runs after a failure. */
int vt_scatter_init(struct vt_scatter *s, enum vt_scatter_kind kind, bool use_init, struct vt_tensor *dst,
                    const struct vt_tensor *data, struct vt_error *err);
void vt_scatter_put(struct vt_scatter *s, int64_t to, const struct vt_tensor *updates, int64_t from);
/* Store the results. */
void vt_scatter_finish(struct vt_scatter *s);

#endif
