#ifndef VT_OP_EINSUM_H
#define VT_OP_EINSUM_H

#include "vt/op.h"

#define VT_EINSUM_INPUTS 16
/* Labels: A..Z are 0..25, a..z 26..51, then the dimensions under an ellipsis, the last of which is the
 * highest. */
#define VT_EINSUM_LABELS (52 + VT_MAX_RANK)

/* Labels of one subscript; an ellipsis that is not expanded yet (the rank is unknown) is no label. */
struct vt_einsum_term {
    int n;
    int8_t labels[VT_MAX_RANK];
    bool ellipsis; /* has one */
    bool open;     /* has one whose width is not known */
};

struct vt_einsum {
    int n_in;
    struct vt_einsum_term in[VT_EINSUM_INPUTS], out;
};

/* Read an equation for inputs of the given ranks (-1 unknown). Errors say what is wrong with which subscript.
 */
int vt_einsum_parse(struct vt_einsum *e, const char *equation, int n_in, const int *ranks,
                    struct vt_error *err);

/* Sums of products over the labels that the output lacks; integers wrap. */
int vt_einsum_ref(struct vt_eval *e);

#endif
