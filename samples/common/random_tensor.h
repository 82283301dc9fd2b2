/* Random inputs of the small sample programs. */
#ifndef SAMPLES_RANDOM_TENSOR_H
#define SAMPLES_RANDOM_TENSOR_H

#include "runtime.h"

/* Gives every input of a request of a model of fixed shapes random contents, the same ones each time: reals
   from 0 to 1, whole numbers from 0 to 9. 0, or -1 with a message (also for element types without such
   values). */
int random_fill_inputs(const ov_compiled_model_t *compiled, ov_infer_request_t *request,
                       struct message *message);

#endif
