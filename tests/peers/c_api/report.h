/* What the comparison programs share. They print statuses and values, one line each, that must be the same on
 * OpenVINO's library and on ours; the texts of messages and addresses are nobody's contract. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvino/c/openvino.h"

/* Run a call that returns a status, print both, give the status. */
#define CALL(call) report_status(#call, (call))

static inline ov_status_e report_status(const char *call, ov_status_e status)
{
    printf("%s -> %d\n", call, (int)status);
    fflush(stdout);
    return status;
}

/* A call that prepares the ground: everything after it is senseless when it fails. */
#define MUST(call)                                                                                           \
    do {                                                                                                     \
        ov_status_e must_status = (call);                                                                    \
        if (must_status != OK) {                                                                             \
            const char *must_text = ov_get_last_err_msg();                                                   \
            fprintf(stderr, "%s:%d: %s -> %d %s\n", __FILE__, __LINE__, #call, (int)must_status,             \
                    must_text ? must_text : "");                                                             \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static inline void report_text(const char *what, const char *text)
{
    printf("  %s: %s\n", what, text ? text : "(null)");
}

static inline void report_shape(const char *what, ov_shape_t shape)
{
    printf("  %s: rank %lld [", what, (long long)shape.rank);
    for (int64_t i = 0; i < shape.rank; i++) {
        printf("%s%lld", i ? "," : "", (long long)shape.dims[i]);
    }
    printf("]\n");
}

static inline void report_pshape(const char *what, ov_partial_shape_t shape)
{
    const char *text = ov_partial_shape_to_string(shape);

    report_text(what, text);
    ov_free(text);
}

/* Name, type and shape of a port. */
static inline void report_port(const char *what, const ov_output_const_port_t *port)
{
    char *name = NULL;
    ov_element_type_e type = DYNAMIC;
    ov_partial_shape_t shape = {{0, 0}, NULL};
    ov_shape_t fixed = {0, NULL};

    printf("  port %s: name status %d", what, (int)ov_port_get_any_name(port, &name));
    printf(" '%s'", name ? name : "");
    printf(", type status %d", (int)ov_port_get_element_type(port, &type));
    printf(" %d", (int)type);
    printf(", shape status %d\n", (int)ov_port_get_partial_shape(port, &shape));
    report_pshape("shape", shape);
    if (!ov_partial_shape_is_dynamic(shape) && ov_const_port_get_shape(port, &fixed) == OK) {
        report_shape("fixed", fixed);
        ov_shape_free(&fixed);
    }
    ov_partial_shape_free(&shape);
    ov_free(name);
}

/* Type, shape, sizes and, for f32, up to eight values with four digits. */
static inline void report_tensor(const char *what, const ov_tensor_t *tensor)
{
    ov_shape_t shape = {0, NULL};
    ov_element_type_e type = DYNAMIC;
    size_t count = 0, bytes = 0;
    void *data = NULL;

    MUST(ov_tensor_get_shape(tensor, &shape));
    MUST(ov_tensor_get_element_type(tensor, &type));
    MUST(ov_tensor_get_size(tensor, &count));
    MUST(ov_tensor_get_byte_size(tensor, &bytes));
    MUST(ov_tensor_data(tensor, &data));
    report_shape(what, shape);
    printf("  type %d, %zu elements, %zu bytes:", (int)type, count, bytes);
    for (size_t i = 0; type == F32 && i < count && i < 8; i++) {
        printf(" %.4g", (double)((float *)data)[i]);
    }
    for (size_t i = 0; type == U8 && i < count && i < 8; i++) {
        printf(" %d", ((unsigned char *)data)[i]);
    }
    printf("\n");
    ov_shape_free(&shape);
}

/* ---- models. `two`: a_t, b_t|alias [1,3] -> Add -> sum|total -> Result; its ReLU -> act -> Result. */

#define PARAMETER(id, name, shape, tensor)                                                                   \
    "<layer id='" id "' name='" name "' type='Parameter' version='opset1'><data shape='" shape               \
    "' element_type='f32'/><output><port id='0' precision='FP32' names='" tensor "'/></output></layer>"
#define RELU(id, name, names)                                                                                \
    "<layer id='" id "' name='" name "' type='ReLU' version='opset1'><input><port id='0' precision='FP32'/>" \
    "</input><output><port id='1' precision='FP32' names='" names "'/></output></layer>"
#define RESULT(id, name)                                                                                     \
    "<layer id='" id "' name='" name "' type='Result' version='opset1'><input><port id='0' "                 \
    "precision='FP32'/></input></layer>"
#define EDGE(from, port, to, input)                                                                          \
    "<edge from-layer='" from "' from-port='" port "' to-layer='" to "' to-port='" input "'/>"
#define NET(name, layers, edges)                                                                             \
    "<?xml version='1.0'?><net name='" name "' version='11'><layers>" layers "</layers><edges>" edges        \
    "</edges></net>"

static const char *const model_two = NET(
    "two",
    PARAMETER("0", "a", "1,3", "a_t")
        PARAMETER("1", "b", "1,3", "b_t,alias") "<layer id='2' name='add' type='Add' version='opset1'><data "
                                                "auto_broadcast='numpy'/><input>"
                                                "<port id='0' precision='FP32'/><port id='1' "
                                                "precision='FP32'/></input><output><port id='2' "
                                                "precision='FP32' names='sum,total'/></output></layer>" RELU(
                                                    "3", "relu", "act") RESULT("4", "r0") RESULT("5", "r1"),
    EDGE("0", "0", "2", "0") EDGE("1", "0", "2", "1") EDGE("2", "2", "3", "0") EDGE("2", "2", "4", "0")
        EDGE("3", "1", "5", "0"));

/* x_t of a shape -> ReLU -> y_t. */
#define ONE(shape)                                                                                           \
    NET("one", PARAMETER("0", "x", shape, "x_t") RELU("1", "op", "y_t") RESULT("2", "res"),                  \
        EDGE("0", "0", "1", "0") EDGE("1", "1", "2", "0"))

static inline ov_model_t *read_text(const ov_core_t *core, const char *text)
{
    ov_model_t *model = NULL;

    MUST(ov_core_read_model_from_memory_buffer(core, text, strlen(text), NULL, &model));
    return model;
}

static inline ov_tensor_t *new_tensor(ov_element_type_e type, int64_t rank, const int64_t *dims)
{
    ov_shape_t shape = {0, NULL};
    ov_tensor_t *tensor = NULL;

    MUST(ov_shape_create(rank, dims, &shape));
    MUST(ov_tensor_create(type, shape, &tensor));
    ov_shape_free(&shape);
    return tensor;
}

/* f32 of shape [rows, columns] holding `first`, first + 1, ... */
static inline ov_tensor_t *new_matrix(int64_t rows, int64_t columns, float first)
{
    ov_tensor_t *tensor = new_tensor(F32, 2, (int64_t[]){rows, columns});
    void *data = NULL;

    MUST(ov_tensor_data(tensor, &data));
    for (int64_t i = 0; i < rows * columns; i++) {
        ((float *)data)[i] = first + (float)i;
    }
    return tensor;
}

#endif
