#ifndef VT_GATHER_TREE_H
#define VT_GATHER_TREE_H

#include "vt/op.h"

int vt_gather_tree_ref(struct vt_eval *e);

#endif
