#include "random_tensor.h"

#include "element.h"

static int fill(ov_tensor_t *tensor, uint64_t seed, struct message *message)
{
    ov_element_type_e type = DYNAMIC;
    size_t count = 0;
    void *data = NULL;
    if (runtime_check(ov_tensor_get_element_type(tensor, &type), message, "element type") < 0 ||
        runtime_check(ov_tensor_get_size(tensor, &count), message, "size of a tensor") < 0 ||
        runtime_check(ov_tensor_data(tensor, &data), message, "data of a tensor") < 0) {
        return -1;
    }
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double unit = (double)(state >> 40) / 16777216;
        if (!element_store(type, data, i, element_is_real(type) ? unit : (double)(int)(unit * 10))) {
            return message_fail(message, "not implemented: random values of type %s", element_name(type));
        }
    }
    return 0;
}

int random_fill_inputs(const ov_compiled_model_t *compiled, ov_infer_request_t *request,
                       struct message *message)
{
    size_t inputs = 0;
    int rc = runtime_check(ov_compiled_model_inputs_size(compiled, &inputs), message, "number of inputs");
    for (size_t i = 0; i < inputs && rc == 0; i++) {
        ov_output_const_port_t *port = NULL;
        struct port_info info = {0};
        ov_tensor_t *tensor = NULL;
        rc = runtime_check(ov_compiled_model_input_by_index(compiled, i, &port), message, "input %zu", i);
        rc = rc == 0 ? runtime_describe_port(port, "input", i, &info, message) : rc;
        if (rc == 0 && !shape_is_static(&info.shape)) {
            char text[SHAPE_MAX_TEXT];
            rc = message_fail(
                message, "input '%s' has the open shape %s: give a shape with hello_reshape or benchmark_app",
                info.name, shape_text(&info.shape, text));
        }
        rc = rc == 0 ? runtime_check(ov_infer_request_get_input_tensor_by_index(request, i, &tensor), message,
                                     "input %zu", i)
                     : rc;
        rc = rc == 0 ? fill(tensor, i + 1, message) : rc;
        ov_tensor_free(tensor);
        port_info_finish(&info);
    }
    return rc;
}
