/* BATCH: inferences of several requests that come at about the same time are run as one.
 *
 * Two models are compiled: the one that was given, for one row, and the same with `size` rows. A gathering is
 * one inference of the latter: requests join it, copy their inputs into its rows, and the one that completes
 * it runs it. When it is not complete in time, its members run alone. */
#ifndef VT_BATCH_H
#define VT_BATCH_H

#include "virtual_impl.h"

struct vt_gathering;

struct vt_batch {
    struct vt_virtual *plugin;
    struct vt_members members; /* one, compiled for one row */
    struct vt_virtual_config config;
    struct vt_compiled *many; /* for `size` rows; NULL: every inference runs alone */
    int size;
    int n_io[2];
    struct vt_tensor *rows[2]; /* by side and port: type, shape and bytes of one row */
    atomic_int timeout_ms;
    bool profiles;

    pthread_mutex_t lock;      /* around all gatherings */
    struct vt_gathering *open; /* that takes members; NULL: the next one begins one */
    struct vt_gathering *all;  /* in no order */
};

/* batch_rows.c: whether a model's rows are independent of one another: each output has the batch as its first
 * dim, and row i of it depends on row i of the inputs alone. `one` is the model for one row, `many` the same
 * for `rows`. *reason says why not. */
bool vt_batch_rows_independent(const struct vt_graph *one, const struct vt_graph *many, int64_t rows,
                               char *reason, size_t size);

/* batch_request.c */
int vt_batch_create_request(void *compiled, void **request, struct vt_error *err);

/* batch_gathering.c */
void vt_batch_finish_gatherings(struct vt_batch *batch);

#endif
