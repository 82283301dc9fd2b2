/* Windows that slide over the spatial axes: what convolutions and poolings, plain or fused, share. */
#ifndef VT_CONV_SHAPE_H
#define VT_CONV_SHAPE_H

#include "graph.h"

#define VT_MAX_SPATIAL 3

enum vt_auto_pad { VT_PAD_EXPLICIT, VT_PAD_SAME_UPPER, VT_PAD_SAME_LOWER, VT_PAD_VALID };
/* CEIL_TORCH is CEIL, but the last window must begin inside the data or the padding before it. */
enum vt_rounding { VT_ROUND_FLOOR, VT_ROUND_CEIL, VT_ROUND_CEIL_TORCH };

/* The attributes of a window; each list has n elements. */
struct vt_window {
    int n;
    int64_t kernel[VT_MAX_SPATIAL]; /* of pooling; convolutions take it from the weights */
    int64_t stride[VT_MAX_SPATIAL], dilation[VT_MAX_SPATIAL];
    int64_t pad_begin[VT_MAX_SPATIAL], pad_end[VT_MAX_SPATIAL]; /* may be negative */
    int64_t output_padding[VT_MAX_SPATIAL];                     /* of transposed convolutions */
    enum vt_auto_pad auto_pad;
    enum vt_rounding rounding;
};

/* Schema rows of strides, dilations, pads and auto_pad. */
#define VT_WINDOW_ATTRS                                                                                      \
    {"strides", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},                                                   \
        {"dilations", VT_ATTR_I64S, .min = 1, .max = INT32_MAX},                                             \
        {"pads_begin", VT_ATTR_I64S, .min = -INT32_MAX, .max = INT32_MAX},                                   \
        {"pads_end", VT_ATTR_I64S, .min = -INT32_MAX, .max = INT32_MAX},                                     \
    {                                                                                                        \
        "auto_pad", VT_ATTR_STR, .def.s = "explicit",                                                        \
                                 .allowed = "explicit|notset|same_upper|same_lower|valid"                    \
    }

/* Number of spatial axes that the attributes tell, or -1. */
int vt_window_spatial(const struct vt_node *node);

/* Read what the node's schema has of: kernel, strides, dilations, pads_begin, pads_end, output_padding,
 * auto_pad, rounding_type. An absent or empty list stands for ones (pads: zeros); other lengths than n are
 * errors. */
int vt_window_read(const struct vt_node *node, int n, struct vt_window *w, struct vt_error *err);

/* Extent of one output axis of a convolution or pooling. VT_E_SHAPE when the window does not fit a known
 * extent. */
int vt_window_out(const struct vt_window *w, int axis, struct vt_dim in, struct vt_dim kernel,
                  struct vt_dim *out, struct vt_error *err);

/* Extent of one output axis of a transposed convolution without given output shape. */
int vt_window_back(const struct vt_window *w, int axis, struct vt_dim in, struct vt_dim kernel,
                   struct vt_dim *out, struct vt_error *err);

/* Turn auto_pad into pads for concrete extents of axis `axis`: `large` is the side that is padded (input of a
 * convolution, output of a transposed one), `small` the other. */
void vt_window_resolve(struct vt_window *w, int axis, int64_t large, int64_t small, int64_t kernel,
                       bool transposed);

#endif
