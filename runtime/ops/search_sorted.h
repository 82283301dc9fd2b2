#ifndef VT_SEARCH_SORTED_H
#define VT_SEARCH_SORTED_H

#include "vt/op.h"

int vt_search_sorted_ref(struct vt_eval *e);

#endif
