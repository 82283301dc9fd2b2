/* hello_reshape: give a model other input shapes, and run it with them. */
#include "../common/element.h"
#include "../common/random_tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(FILE *file)
{
    fprintf(
        file,
        "hello_reshape MODEL SHAPES [DEVICE]\n\n"
        "Reshapes a model, runs it once with random inputs and prints the shapes of its inputs and outputs\n"
        "before and after. SHAPES: [1,3,320,320] for every input, or in1[1,3,320,320],in2[1,10].\n"
        "DEVICE: CPU unless given. Exit code: 0, or 1 after an error.\n");
}

static int print_ports(const ov_model_t *model, const char *title, struct message *message)
{
    size_t counts[2] = {0, 0};
    int rc = runtime_check(ov_model_inputs_size(model, &counts[0]), message, "number of inputs");
    rc = rc == 0 ? runtime_check(ov_model_outputs_size(model, &counts[1]), message, "number of outputs") : rc;
    printf("[ INFO ] %s\n", title);
    for (size_t side = 0; side < 2 && rc == 0; side++) {
        for (size_t i = 0; i < counts[side] && rc == 0; i++) {
            const char *kind = side ? "output" : "input";
            ov_output_const_port_t *port = NULL;
            struct port_info info = {0};
            char text[SHAPE_MAX_TEXT];
            rc = runtime_check(side ? ov_model_const_output_by_index(model, i, &port)
                                    : ov_model_const_input_by_index(model, i, &port),
                               message, "%s %zu", kind, i);
            rc = rc == 0 ? runtime_describe_port(port, kind, i, &info, message) : rc;
            if (rc == 0) {
                printf("[ INFO ]     %s '%s': %s %s\n", kind, info.name, element_name(info.type),
                       shape_text(&info.shape, text));
            }
            port_info_finish(&info);
        }
    }
    return rc;
}

/* The shape that an input shall have: the one given, or its own. `*used` counts the names that are found. */
static int wanted_shape(const ov_model_t *model, size_t index, const struct shape_list *list,
                        struct shape *shape, size_t *used, struct message *message)
{
    ov_output_const_port_t *port = NULL;
    struct port_info info = {0};
    if (runtime_check(ov_model_const_input_by_index(model, index, &port), message, "input %zu", index) < 0 ||
        runtime_describe_port(port, "input", index, &info, message) < 0) {
        port_info_finish(&info);
        return -1;
    }
    const struct named_shapes *given = shape_list_find(list, info.name);
    *shape = given ? given->shapes[0] : info.shape;
    *used += given && given->name[0];
    int rc = shape_is_static(shape)
                 ? 0
                 : message_fail(message, "input '%s' needs a shape without open dimensions", info.name);
    port_info_finish(&info);
    return rc;
}

static int reshape(const ov_model_t *model, const struct shape_list *list, struct message *message)
{
    size_t inputs = 0, used = 0, named = 0;
    int rc = runtime_check(ov_model_inputs_size(model, &inputs), message, "number of inputs");
    struct shape *shapes = calloc(inputs + 1, sizeof(*shapes));
    rc = rc == 0 && !shapes ? message_fail(message, "no memory") : rc;
    for (size_t i = 0; i < inputs && rc == 0; i++) {
        rc = wanted_shape(model, i, list, &shapes[i], &used, message);
    }
    for (size_t i = 0; i < list->count; i++) {
        named += list->entries[i].name[0] != 0;
    }
    if (rc == 0 && used != named) {
        rc = message_fail(message, "the shapes name an input that the model does not have, or one twice");
    }
    rc = rc == 0 ? runtime_reshape(model, shapes, inputs, message) : rc;
    free(shapes);
    return rc;
}

static int infer(const ov_core_t *core, const ov_model_t *model, const char *device, struct message *message)
{
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    int rc = runtime_check(ov_core_compile_model(core, model, device, 0, &compiled), message,
                           "compiling for %s", device);
    rc = rc == 0
             ? runtime_check(ov_compiled_model_create_infer_request(compiled, &request), message, "request")
             : rc;
    rc = rc == 0 ? random_fill_inputs(compiled, request, message) : rc;
    rc = rc == 0 ? runtime_check(ov_infer_request_infer(request), message, "inference") : rc;
    size_t outputs = 0;
    rc = rc == 0
             ? runtime_check(ov_compiled_model_outputs_size(compiled, &outputs), message, "number of outputs")
             : rc;
    for (size_t i = 0; i < outputs && rc == 0; i++) {
        ov_tensor_t *tensor = NULL;
        struct shape shape;
        char text[SHAPE_MAX_TEXT];
        rc = runtime_check(ov_infer_request_get_output_tensor_by_index(request, i, &tensor), message,
                           "output %zu", i);
        rc = rc == 0 ? runtime_tensor_shape(tensor, &shape, message) : rc;
        if (rc == 0) {
            printf("[ INFO ] The inference gave output %zu the shape %s\n", i, shape_text(&shape, text));
        }
        ov_tensor_free(tensor);
    }
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    return rc;
}

static int run(char **argv, const struct shape_list *shapes, struct message *message)
{
    ov_core_t *core = NULL;
    ov_model_t *model = NULL;
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    rc = rc == 0
             ? runtime_check(ov_core_read_model(core, argv[1], NULL, &model), message, "reading %s", argv[1])
             : rc;
    rc = rc == 0 ? print_ports(model, "Model as it was read:", message) : rc;
    rc = rc == 0 ? reshape(model, shapes, message) : rc;
    rc = rc == 0 ? print_ports(model, "Model after reshaping:", message) : rc;
    rc = rc == 0 ? infer(core, model, argv[3] ? argv[3] : "CPU", message) : rc;
    ov_model_free(model);
    ov_core_free(core);
    return rc;
}

int main(int argc, char **argv)
{
    struct message message = {""};
    struct shape_list shapes = {0};
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 3 || argc > 4) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    int rc = shape_list_parse(argv[2], &shapes, &message);
    rc = rc == 0 ? run(argv, &shapes, &message) : rc;
    shape_list_finish(&shapes);
    if (rc < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
