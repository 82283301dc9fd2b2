#ifndef VT_EXTRACT_IMAGE_PATCHES_H
#define VT_EXTRACT_IMAGE_PATCHES_H

#include "vt/op.h"

int vt_extract_image_patches_ref(struct vt_eval *e);

#endif
