#ifndef VT_REVERSE_SEQUENCE_H
#define VT_REVERSE_SEQUENCE_H

#include "vt/op.h"

int vt_reverse_sequence_ref(struct vt_eval *e);

#endif
