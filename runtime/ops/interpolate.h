#ifndef VT_INTERPOLATE_H
#define VT_INTERPOLATE_H

#include "vt/op.h"

enum vt_resample {
    VT_NEAREST,
    VT_LINEAR,
    VT_LINEAR_ONNX,
    VT_CUBIC,
    VT_BILINEAR_PILLOW,
    VT_BICUBIC_PILLOW,
    VT_AREA
};
enum vt_coordinates {
    VT_HALF_PIXEL,
    VT_PYTORCH_HALF_PIXEL,
    VT_ASYMMETRIC,
    VT_TF_HALF_PIXEL,
    VT_ALIGN_CORNERS
};
enum vt_nearest { VT_PREFER_FLOOR, VT_PREFER_CEIL, VT_NEAREST_FLOOR, VT_NEAREST_CEIL, VT_SIMPLE };

/* The attributes of any version in the terms of version 4. */
struct vt_interpolate {
    enum vt_resample mode;
    enum vt_coordinates coordinates;
    enum vt_nearest nearest;
    bool by_scales;
    double cube_coeff;
    int64_t pad_begin[VT_MAX_RANK], pad_end[VT_MAX_RANK];
    int sizes, scales, axes; /* input numbers, -1 where the version has none */
};

/* `rank` of the data. */
int vt_interpolate_read(const struct vt_node *node, int n_in, int rank, struct vt_interpolate *p,
                        struct vt_error *err);

int vt_interpolate_ref(struct vt_eval *e);

#endif
