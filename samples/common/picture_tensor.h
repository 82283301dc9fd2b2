/* Pictures as input tensors. */
#ifndef SAMPLES_PICTURE_TENSOR_H
#define SAMPLES_PICTURE_TENSOR_H

#include "image.h"
#include "shape.h"

#include <openvino/c/openvino.h>

/* Where a picture lies in a tensor. Strides count elements. */
struct picture_layout {
    const char *letters; /* such as NCHW: what was given, or the guess */
    size_t width, height, channels;
    size_t row_stride, column_stride, channel_stride;
};

/* Finds the picture of a static shape of rank 2 to 4. `layout`: letters such as NCHW or NHWC, or "" to guess:
   the channels are the dimension of 1 or 3 in front of, or else behind, the two others. 0, or -1 with a
   message. */
int picture_layout_find(const struct shape *shape, const char *layout, struct picture_layout *found,
                        struct message *message);

/* Resizes and converts `image` and stores (sample - mean) * scale at element `offset` of a tensor's data.
   `reverse` stores the channels as blue, green, red. The tensor has room for the picture. */
int picture_store(const struct image *image, const struct picture_layout *layout, ov_element_type_e type,
                  void *data, size_t offset, double mean, double scale, bool reverse,
                  struct message *message);

#endif
