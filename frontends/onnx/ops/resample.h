/* Resizing in all the ways that ONNX describes and the operation Interpolate does not have. */
#ifndef ONNX_RESAMPLE_H
#define ONNX_RESAMPLE_H

#include "../onnx.h"

/* The words of Resize, and its numbers for each of n_axes axes as f64 tensors of one element. */
struct onnx_resample {
    const char *mode;       /* "nearest", "linear", "cubic" */
    const char *coordinate; /* coordinate_transformation_mode */
    const char *nearest;    /* nearest_mode */
    double cubic_a, outside;
    bool antialias, exclude_outside, crop;
    int n_axes;
    int axes[VT_MAX_RANK];
    bool stays[VT_MAX_RANK];             /* the axis is not resized at all */
    struct onnx_value size[VT_MAX_RANK]; /* new extent, a whole number */
    struct onnx_value scale[VT_MAX_RANK];
    struct onnx_value begin[VT_MAX_RANK], end[VT_MAX_RANK]; /* region of interest, with `crop` */
};

/* One axis after the other: a Gather by indices, or a product with a matrix of weights, which both are made
 * of operations, so that extents may be open; where they are known all that becomes a constant. */
struct onnx_value onnx_resample(struct onnx_node *n, struct onnx_value v, const struct onnx_resample *r);

#endif
