/* From NV12 to what a model takes in, as a part of the model. */
#ifndef HELLO_NV12_PIPELINE_H
#define HELLO_NV12_PIPELINE_H

#include "../common/message.h"
#include "../common/picture_tensor.h"
#include "arguments.h"

/* Puts the conversion in front of `model`, whose one input holds pictures as `layout` says. The new model,
   which the caller frees, takes u8 tensors [batch, height * 3 / 2, width, 1], or with two planes [batch,
   height, width, 1] and [batch, height / 2, width / 2, 2]. */
int pipeline_build(const ov_model_t *model, const struct picture_layout *layout,
                   const struct arguments *arguments, ov_model_t **built, struct message *message);

#endif
