#ifndef VT_SPARSE_FILL_EMPTY_ROWS_H
#define VT_SPARSE_FILL_EMPTY_ROWS_H

#include "vt/op.h"

int vt_sparse_fill_empty_rows_ref(struct vt_eval *e);

#endif
