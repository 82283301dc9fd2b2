/* What the tests of the C API share: models as text, one check of a call's status and message. */
#ifndef CAPI_TEST_H
#define CAPI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvino/c/openvino.h"

/* ---- models. `two`: a_t, b_t|alias [1,3] -> Add -> sum|total -> Result; its ReLU -> act -> Result. */

#define LAYER_PARAM(id, name, shape, names)                                                                  \
    "<layer id=\"" id "\" name=\"" name "\" type=\"Parameter\" version=\"opset1\"><data shape=\"" shape      \
    "\" element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" names=\"" names                      \
    "\"/></output></layer>"
#define LAYER_RESULT(id, name)                                                                               \
    "<layer id=\"" id "\" name=\"" name                                                                      \
    "\" type=\"Result\" version=\"opset1\"><input><port id=\"0\" precision=\"FP32\"/></input></layer>"
#define LAYER_RELU(id, name, names)                                                                          \
    "<layer id=\"" id "\" name=\"" name                                                                      \
    "\" type=\"ReLU\" version=\"opset1\"><input><port id=\"0\" precision=\"FP32\"/></input><output><port "   \
    "id=\"1\" precision=\"FP32\"" names "/></output></layer>"
#define EDGE(from, port, to, at)                                                                             \
    "<edge from-layer=\"" from "\" from-port=\"" port "\" to-layer=\"" to "\" to-port=\"" at "\"/>"

#define MODEL_TWO                                                                                            \
    "<?xml version=\"1.0\"?><net name=\"two\" version=\"11\"><layers>" LAYER_PARAM("0", "a", "1,3", "a_t")   \
        LAYER_PARAM("1", "b", "1,3",                                                                         \
                    "b_t,alias") "<layer id=\"2\" name=\"add\" "                                             \
                                 "type=\"Add\" version=\"opset1\"><data "                                    \
                                 "auto_broadcast=\"numpy\"/><input><port id=\"0\" "                          \
                                 "precision=\"FP32\"/><port id=\"1\" "                                       \
                                 "precision=\"FP32\"/></input><output><port id=\"2\" "                       \
                                 "precision=\"FP32\" names=\"sum,total\"/></output></layer>" LAYER_RELU(     \
                                     "3", "relu", " names=\"act\"") LAYER_RESULT("4", "r0")                  \
                                     LAYER_RESULT("5", "r1") "</layers><edges>" EDGE("0", "0", "2", "0")     \
                                         EDGE("1", "0", "2", "1") EDGE("2", "2", "3", "0")                   \
                                             EDGE("2", "2", "4", "0")                                        \
                                                 EDGE("3", "1", "5", "0") "</edges></net>"

/* x_t of the given shape -> ReLU -> an output without names. */
#define MODEL_ONE(shape)                                                                                     \
    "<?xml version=\"1.0\"?><net name=\"one\" version=\"11\"><layers>" LAYER_PARAM("0", "x", shape, "x_t")   \
        LAYER_RELU("1", "op", "") LAYER_RESULT("2", "res") "</layers><edges>" EDGE("0", "0", "1", "0")       \
            EDGE("1", "1", "2", "0") "</edges></net>"

/* ---- checks */

/* `text`: NULL when the call must leave no message, else a part of it ("" for any). */
static inline void check_call(ov_status_e got, ov_status_e want, const char *text, const char *call,
                              const char *file, int line)
{
    const char *message = ov_get_last_err_msg();

    if (got != want) {
        print_error("%s -> %d, expected %d: %s\n", call, got, want, message ? message : "(no message)");
        _fail(file, line);
    }
    if ((message != NULL) != (text != NULL) || (text && !strstr(message, text))) {
        print_error("%s: message '%s', expected '%s'\n", call, message ? message : "(none)",
                    text ? text : "(none)");
        _fail(file, line);
    }
    ov_free(message);
}

/* ov_core_free(NULL) clears the last error. */
#define CHECK(call, status, text)                                                                            \
    do {                                                                                                     \
        ov_core_free(NULL);                                                                                  \
        check_call((call), (status), (text), #call, __FILE__, __LINE__);                                     \
    } while (0)
#define PASS(call) CHECK(call, OK, NULL)
#define BAD(call)  CHECK(call, INVALID_C_PARAM, NULL)

/* ---- objects */

static inline ov_core_t *new_core(void)
{
    ov_core_t *core = NULL;

    PASS(ov_core_create(&core));
    return core;
}

static inline ov_model_t *read_text(ov_core_t *core, const char *text)
{
    ov_model_t *model = NULL;

    PASS(ov_core_read_model_from_memory_buffer(core, text, strlen(text), NULL, &model));
    return model;
}

static inline ov_tensor_t *new_f32(int64_t rank, int64_t d0, int64_t d1, float first)
{
    int64_t dims[2] = {d0, d1};
    ov_shape_t shape = {rank, dims};
    ov_tensor_t *tensor = NULL;
    size_t n;
    void *data;

    PASS(ov_tensor_create(F32, shape, &tensor));
    PASS(ov_tensor_get_size(tensor, &n));
    PASS(ov_tensor_data(tensor, &data));
    for (size_t i = 0; i < n; i++) {
        ((float *)data)[i] = first + (float)i;
    }
    return tensor;
}

static inline float element(const ov_tensor_t *tensor, size_t i)
{
    size_t n;
    void *data;

    PASS(ov_tensor_get_size(tensor, &n));
    assert_true(i < n);
    PASS(ov_tensor_data(tensor, &data));
    return ((float *)data)[i];
}

static inline void assert_text(const char *got, const char *want)
{
    assert_non_null(got);
    assert_string_equal(got, want);
    ov_free(got);
}

/* The devices on which requests are tested: those of the build. At least one is there. */
static inline ov_available_devices_t all_devices(ov_core_t *core)
{
    ov_available_devices_t devices = {0};

    PASS(ov_core_get_available_devices(core, &devices));
    assert_true(devices.size > 0);
    return devices;
}

/* Call a test for each device; `arg` is its name. */
static inline void on_each_device(void (*test)(ov_core_t *core, const char *device))
{
    ov_core_t *core = new_core();
    ov_available_devices_t devices = all_devices(core);

    for (size_t i = 0; i < devices.size; i++) {
        print_message("device %s\n", devices.devices[i]);
        test(core, devices.devices[i]);
    }
    ov_available_devices_free(&devices);
    assert_null(devices.devices);
    ov_core_free(core);
}

/* The reference device is a shared object, which a static build does not find. */
static inline bool has_device(const char *name)
{
    ov_core_t *core = new_core();
    ov_available_devices_t devices = all_devices(core);
    bool found = false;

    for (size_t i = 0; i < devices.size; i++) {
        found = found || strcmp(devices.devices[i], name) == 0;
    }
    ov_available_devices_free(&devices);
    ov_core_free(core);
    return found;
}

static inline ov_infer_request_t *new_request(ov_core_t *core, const char *text, const char *device)
{
    ov_model_t *model = read_text(core, text);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;

    PASS(ov_core_compile_model(core, model, device, 2, &compiled, "NUM_STREAMS", "1"));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    return request;
}

#endif
