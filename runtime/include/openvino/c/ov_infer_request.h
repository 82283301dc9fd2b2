/* Inference requests: one run of a compiled model at a time, with its tensors.
 *
 * One thread at a time may use a request, except for ov_infer_request_wait(), _wait_for() and _cancel(),
 * which any thread may call. While a request runs, everything else on it is answered with REQUEST_BUSY.
 * Requests of one compiled model run side by side, as many as the device has streams. */
#ifndef OPENVINO_C_OV_INFER_REQUEST_H
#define OPENVINO_C_OV_INFER_REQUEST_H

#include "openvino/c/ov_common.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_tensor.h"

typedef struct ov_infer_request ov_infer_request_t;

/* Called when an asynchronous inference has ended, well, with an error or cancelled, on a thread of the
 * library. All functions may be called from within, except waiting without a limit; the request may be
 * started again. NULL as function means none. */
typedef struct {
    void(OPENVINO_C_API_CALLBACK *callback_func)(void *args);
    void *args;
} ov_callback_t;

/* What one node cost in the last inference. Times are in microseconds. */
typedef struct {
    enum Status {
        NOT_RUN,       /* nothing measured: fused into another node, or measuring is off */
        OPTIMIZED_OUT, /* needs no work */
        EXECUTED
    } status;
    int64_t real_time;
    int64_t cpu_time;
    const char *node_name;
    const char *exec_type; /* implementation and precision */
    const char *node_type; /* operation */
} ov_profiling_info_t;

typedef struct {
    ov_profiling_info_t *profiling_infos;
    size_t size;
} ov_profiling_info_list_t;

/* Let an input or output use the memory of `tensor`, which the request keeps alive; nothing is copied.
 * GENERAL_ERROR when there is no such name, index or port, or element type or shape do not fit the port. An
 * output tensor set for a dynamic port is reshaped by the inference. The functions differ in how they name
 * the port; those without a name need a model with one input, or one output. */
OPENVINO_C_API(ov_status_e)
ov_infer_request_set_tensor(ov_infer_request_t *infer_request, const char *tensor_name,
                            const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_tensor_by_port(ov_infer_request_t *infer_request, const ov_output_port_t *port,
                                    const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_tensor_by_const_port(ov_infer_request_t *infer_request,
                                          const ov_output_const_port_t *port, const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_input_tensor_by_index(ov_infer_request_t *infer_request, const size_t idx,
                                           const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_input_tensor(ov_infer_request_t *infer_request, const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_output_tensor_by_index(ov_infer_request_t *infer_request, const size_t idx,
                                            const ov_tensor_t *tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_set_output_tensor(ov_infer_request_t *infer_request, const ov_tensor_t *tensor);

/* A new handle, for ov_tensor_free(), to the tensor that an input or output uses. A dynamic dimension is 0 at
 * first; an output has its shape after the inference, an input may be given one with ov_tensor_set_shape().
 * Results stay valid until the request runs again, also when the request is freed. */
OPENVINO_C_API(ov_status_e)
ov_infer_request_get_tensor(const ov_infer_request_t *infer_request, const char *tensor_name,
                            ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_tensor_by_const_port(const ov_infer_request_t *infer_request,
                                          const ov_output_const_port_t *port, ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_tensor_by_port(const ov_infer_request_t *infer_request, const ov_output_port_t *port,
                                    ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_input_tensor_by_index(const ov_infer_request_t *infer_request, const size_t idx,
                                           ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_input_tensor(const ov_infer_request_t *infer_request, ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_output_tensor_by_index(const ov_infer_request_t *infer_request, const size_t idx,
                                            ov_tensor_t **tensor);

OPENVINO_C_API(ov_status_e)
ov_infer_request_get_output_tensor(const ov_infer_request_t *infer_request, ov_tensor_t **tensor);

/* Run and return when done. Calls no callback. INFER_CANCELLED when another thread cancelled it. */
OPENVINO_C_API(ov_status_e) ov_infer_request_infer(ov_infer_request_t *infer_request);

/* Ask a running inference to end soon; waiting for it then gives INFER_CANCELLED. Does nothing to an idle
 * request. */
OPENVINO_C_API(ov_status_e) ov_infer_request_cancel(ov_infer_request_t *infer_request);

/* Begin to run and return at once. */
OPENVINO_C_API(ov_status_e) ov_infer_request_start_async(ov_infer_request_t *infer_request);

/* Wait until the inference that was started has ended and its callback has returned; the result is that of
 * the inference, also when asked again. OK when nothing was started. */
OPENVINO_C_API(ov_status_e) ov_infer_request_wait(ov_infer_request_t *infer_request);

/* The same, for `timeout` milliseconds at most; RESULT_NOT_READY when the time is up, or when nothing was
 * started. GENERAL_ERROR for a negative time. */
OPENVINO_C_API(ov_status_e)
ov_infer_request_wait_for(ov_infer_request_t *infer_request, const int64_t timeout);

/* Set the function that is called after each asynchronous inference. The struct is copied. */
OPENVINO_C_API(ov_status_e)
ov_infer_request_set_callback(ov_infer_request_t *infer_request, const ov_callback_t *callback);

/* A request that runs is waited for, its callback is not called any more. Tensors stay valid. */
OPENVINO_C_API(void) ov_infer_request_free(ov_infer_request_t *infer_request);

/* What each node cost, in order of execution, for ov_profiling_info_list_free(). Without the property
 * ov_property_key_enable_profiling all times are 0. */
OPENVINO_C_API(ov_status_e)
ov_infer_request_get_profiling_info(const ov_infer_request_t *infer_request,
                                    ov_profiling_info_list_t *profiling_infos);

/* Free the entries; the struct itself is the caller's. */
OPENVINO_C_API(void) ov_profiling_info_list_free(ov_profiling_info_list_t *profiling_infos);

#endif
