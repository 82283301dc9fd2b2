#ifndef VT_STRING_TENSOR_H
#define VT_STRING_TENSOR_H

#include "vt/op.h"

int vt_string_tensor_pack_ref(struct vt_eval *e);
int vt_string_tensor_unpack_ref(struct vt_eval *e);

#endif
