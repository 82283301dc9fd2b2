#ifndef VT_OP_BINARY_H
#define VT_OP_BINARY_H

#include "bounds.h"

/* The arithmetic of a binary element-wise operation. */
struct vt_binary {
    const char *name;
    double (*real)(double a, double b);
    /* Exact, wrapping; operands of u64 come as their bits with is_unsigned. */
    int64_t (*whole)(int64_t a, int64_t b, bool is_unsigned);
    /* What is known of the result; NULL: only exact operands tell. */
    struct vt_interval (*range)(struct vt_interval a, struct vt_interval b);
};

/* NULL for a name that is no binary operation. */
const struct vt_binary *vt_binary_find(const char *name);

/* All binary element-wise operations; integers wrap, x / 0 and x mod 0 of integers are 0. */
int vt_binary_ref(struct vt_eval *e);

#endif
