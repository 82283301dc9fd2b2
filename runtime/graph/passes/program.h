/* Building element-wise programs (vt/post.h) out of nodes. */
#ifndef VT_PASSES_PROGRAM_H
#define VT_PASSES_PROGRAM_H

#include "graph.h"
#include "vt/post.h"

struct vt_program {
    double steps[VT_POST_MAX_STEPS * VT_POST_STEP];
    int n; /* steps */
    struct vt_port operands[VT_POST_MAX_STEPS];
    int n_operands;
    int first; /* the input of the fused node that holds operand 0 */
    /* Whether the fused node may read this operand; NULL: any. */
    bool (*accept)(const void *ctx, struct vt_port operand);
    const void *accept_ctx;
};

/* Append what `node`, an element-wise operation of f32, does to its input `side`. False, with the program
 * unchanged, when it is no step or several that the program has room for, or an operand is not accepted. May
 * add a constant to the graph. */
bool vt_program_append(struct vt_program *p, struct vt_node *node, int side);

/* The steps and operands of a node that has a program already, its operands being inputs `first` and up. */
bool vt_program_load(struct vt_program *p, const struct vt_node *node, int first);

/* Write the attribute "post". */
int vt_program_store(const struct vt_program *p, struct vt_node *node);

#endif
