/* Small helpers around the runtime's C API. */
#ifndef SAMPLES_RUNTIME_H
#define SAMPLES_RUNTIME_H

#include "message.h"
#include "shape.h"

#include <openvino/c/openvino.h>

/* What one input or output of a model looks like. Inputs and outputs without a name are called input0,
 * output1, … */
struct port_info {
    char *name;
    ov_element_type_e type;
    bool has_shape; /* false where the number of dimensions is open or above SHAPE_MAX_RANK */
    struct shape shape;
};

/* Turns a status into 0, or -1 with "WHAT: the runtime's own message". */
int runtime_check(ov_status_e status, struct message *message, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Describes a port (and frees it, also on error). A port without such a shape is an error, too, but has its
   name and type. The caller finishes `info`, also after an error. */
int runtime_describe_port(ov_output_const_port_t *port, const char *kind, size_t index,
                          struct port_info *info, struct message *message);
void port_info_finish(struct port_info *info);

/* Creates a tensor of a static shape. */
int runtime_create_tensor(ov_element_type_e type, const struct shape *shape, ov_tensor_t **tensor,
                          struct message *message);

/* Gives the model's inputs 0 to count - 1 their shapes, all in one step: one by one they would contradict
   each other on the way. */
int runtime_reshape(const ov_model_t *model, const struct shape *shapes, size_t count,
                    struct message *message);

/* The shape of a tensor. */
int runtime_tensor_shape(const ov_tensor_t *tensor, struct shape *shape, struct message *message);

#endif
