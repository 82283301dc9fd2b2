/* Random inputs of the small sample programs. */
#ifndef SAMPLES_RANDOM_TENSOR_H
#define SAMPLES_RANDOM_TENSOR_H

#include "runtime.h"

/* Fills a tensor: reals from 0 to 1, whole numbers from 0 to 9. The same values for the same seed. -1 with a
 * message for element types without such values. */
int random_fill(ov_tensor_t *tensor, uint64_t seed, struct message *message);

/* Gives every input of a request of a model of fixed shapes random contents. */
int random_fill_inputs(const ov_compiled_model_t *compiled, ov_infer_request_t *request,
                       struct message *message);

#endif
