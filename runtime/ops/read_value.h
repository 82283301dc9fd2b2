/* ReadValue and Assign: the variable states of a request. */
#ifndef VT_READ_VALUE_H
#define VT_READ_VALUE_H

#include "vt/op.h"

int vt_read_value_ref(struct vt_eval *e);
int vt_assign_ref(struct vt_eval *e);

#endif
