/* Models that classify one picture: one input, one output. */
#ifndef SAMPLES_CLASSIFIER_H
#define SAMPLES_CLASSIFIER_H

#include "classes.h"
#include "runtime.h"

#include <stdbool.h>

/* Describes the one input (the caller finishes it, also after an error); an open batch is taken as 1. 0, or
   -1 with a message for other numbers of inputs and outputs, and for other open dimensions. */
int classifier_find_input(const ov_model_t *model, struct port_info *input, struct message *message);

/* Prints the `top` best classes of the first picture of a batch; `raw`: the output as it is instead of
   probabilities. */
int classifier_print(const ov_tensor_t *output, const struct labels *labels, size_t top, bool raw,
                     const char *picture, struct message *message);

#endif
