/* One inference of many rows, and who takes part in it. Everything here belongs to the batch's lock, except
 * that a member copies its own rows without it. */
#ifndef VT_BATCH_GATHERING_H
#define VT_BATCH_GATHERING_H

#include "batch.h"
#include "buffer.h"

enum vt_gathering_phase {
    VT_GATHERING_IDLE,
    VT_GATHERING_OPEN,    /* takes members */
    VT_GATHERING_FULL,    /* complete; the last one to have copied its inputs runs it */
    VT_GATHERING_DONE,    /* outputs can be taken, or `status` says why not */
    VT_GATHERING_EXPIRED, /* its members run alone */
};

struct vt_gathering {
    enum vt_gathering_phase phase;
    void *sub;                /* request of the model of many rows */
    struct vt_buffer **io[2]; /* by side and port: all rows */
    bool *taken;              /* by row */
    int members, copied;      /* that joined, and whose inputs are there */
    int inside;               /* members that have not left yet */
    int status;
    struct timespec deadline;
    pthread_cond_t changed;
    const struct vt_profile *profile;
    int n_profile;
    struct vt_gathering *next;
};

/* The gathering that takes members, with the lock held; NULL when there is no memory for one. */
struct vt_gathering *vt_batch_open_gathering(struct vt_batch *batch);

#endif
