/* Windows that slide over spatial axes, as ONNX's convolutions and poolings describe them. */
#ifndef ONNX_WINDOW_H
#define ONNX_WINDOW_H

#include "../onnx.h"

#define ONNX_MAX_SPATIAL 3

/* Every list has `spatial` numbers. */
struct onnx_window {
    int spatial;
    int64_t stride[ONNX_MAX_SPATIAL], dilation[ONNX_MAX_SPATIAL];
    int64_t begin[ONNX_MAX_SPATIAL], end[ONNX_MAX_SPATIAL]; /* pads; zero where auto_pad says them */
    const char *auto_pad; /* "explicit", "same_upper", "same_lower", "valid" */
};

/* Read strides, dilations, pads and auto_pad; `spatial` below 0: as many axes as the attributes tell. An
 * error for another number of axes than 1 to 3, for lists of another length and for numbers out of range. */
int onnx_window_read(struct onnx_node *n, int spatial, struct onnx_window *w);

/* "strides=..;pads_begin=..;pads_end=..;auto_pad=..", and "dilations=.." where asked for. */
const char *onnx_window_attrs(struct onnx_node *n, const struct onnx_window *w, bool dilations);

/* The numbers of an attribute that has one for each spatial axis, `def` for a missing one. */
int onnx_spatial_list(struct onnx_node *n, const char *name, int spatial, int64_t def, int64_t *list);

/* The convolution that a node says with weights [M, C / group, ...] and its attribute `group`, without a
 * bias. */
struct onnx_value onnx_convolve(struct onnx_node *n, struct onnx_value data, struct onnx_value weights,
                                const struct onnx_window *w);

#endif
