#ifndef VT_SPARSE_FILL_EMPTY_ROWS_UNPACKED_H
#define VT_SPARSE_FILL_EMPTY_ROWS_UNPACKED_H

#include "vt/op.h"

int vt_sparse_fill_empty_rows_unpacked_ref(struct vt_eval *e);

#endif
