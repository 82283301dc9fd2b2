/* What convolutions and matrix products have in common when they take in the operations that follow them: a
 * scale and a shift per column (channel), then a program (vt/post.h). */
#ifndef VT_PASSES_FUSION_H
#define VT_PASSES_FUSION_H

#include "program.h"

#define VT_FUSION_OPERANDS 4 /* the first input of the fused operations that is an operand of the program */
#define VT_FUSION_NODES    32

struct vt_fusion {
    const char *pass;
    struct vt_node *root;
    struct vt_port tail; /* output of the last operation taken in */
    int axis;            /* of the columns in the result */
    int64_t columns;     /* 0: no scale and shift per column */
    double *scale, *shift, *values;
    bool scaled, shifted;
    struct vt_program program;
    struct vt_node *taken[VT_FUSION_NODES]; /* after the root, in order */
    int n_taken;
};

/* Begin at a node; `columns` elements along `axis` of the result, or 0. When the root is a fused operation
 * already its scale, bias and program are where this goes on. `accept` decides about operands (its context is
 * the fusion). VT_E_NOMEM, or VT_OK. */
int vt_fusion_init(struct vt_fusion *f, const char *pass, struct vt_node *root, int axis, int64_t columns,
                   bool (*accept)(const void *ctx, struct vt_port operand), struct vt_error *err);
void vt_fusion_finish(struct vt_fusion *f);

/* Take in consumers one after the other as far as they go. */
void vt_fusion_extend(struct vt_fusion *f);

/* The fused node `op` of the internal opset with the root's inputs 0 and 1 and all that was taken in, not yet
 * in the root's place: attributes that differ by name are left to the caller. */
struct vt_node *vt_fusion_build(struct vt_fusion *f, const char *op, struct vt_error *err);

/* Put it in the place of the last operation taken in. When the operation refuses these inputs, everything
 * stays as it was. */
int vt_fusion_replace(struct vt_fusion *f, struct vt_node *now, struct vt_error *err);

/* The operand varies along the columns only, or not at all, and fits the result. */
bool vt_fusion_per_column(const struct vt_fusion *f, struct vt_port operand);

#endif
