/* Ports: the inputs and outputs of a model or compiled model. A port keeps its model alive. The const and the
 * other kind are different types for historical reasons; the latter can be used to reshape the model. */
#ifndef OPENVINO_C_OV_NODE_H
#define OPENVINO_C_OV_NODE_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_partial_shape.h"
#include "openvino/c/ov_shape.h"

typedef struct ov_output_const_port ov_output_const_port_t;
typedef struct ov_output_port ov_output_port_t;

/* The static shape of a port, for ov_shape_free(); GENERAL_ERROR when the shape is dynamic. */
OPENVINO_C_API(ov_status_e)
ov_const_port_get_shape(const ov_output_const_port_t *port, ov_shape_t *tensor_shape);

OPENVINO_C_API(ov_status_e) ov_port_get_shape(const ov_output_port_t *port, ov_shape_t *tensor_shape);

/* One of the port's tensor names, always the same one: a new string for ov_free(). GENERAL_ERROR when it has
 * none. */
OPENVINO_C_API(ov_status_e) ov_port_get_any_name(const ov_output_const_port_t *port, char **tensor_name);

/* The result goes to ov_partial_shape_free(). */
OPENVINO_C_API(ov_status_e)
ov_port_get_partial_shape(const ov_output_const_port_t *port, ov_partial_shape_t *partial_shape);

OPENVINO_C_API(ov_status_e)
ov_port_get_element_type(const ov_output_const_port_t *port, ov_element_type_e *tensor_type);

OPENVINO_C_API(void) ov_output_port_free(ov_output_port_t *port);

OPENVINO_C_API(void) ov_output_const_port_free(ov_output_const_port_t *port);

#endif
