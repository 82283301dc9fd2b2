/* custom_operation: run a model with operations that an extension brings along. */
#include "../common/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(FILE *file)
{
    fprintf(file,
            "custom_operation EXTENSION MODEL NUMBERS [DEVICE]\n\n"
            "Loads a shared object with operations (libcustom_operations.so), reads a model that uses them\n"
            "(samples/custom_operation/model.xml) and runs it once with the numbers, \"-1,0.5,2\".\n"
            "Prints the elements that it selects. DEVICE: CPU unless given. Exit code: 0, or 1 after an\n"
            "error.\n");
}

/* "-1,0.5,2" as a tensor of rank 1. */
static ov_tensor_t *parse_numbers(const char *text, struct message *message)
{
    int64_t n = 1;
    for (const char *at = text; *at; at++) {
        n += *at == ',';
    }
    ov_shape_t shape = {.rank = 1, .dims = &n};
    ov_tensor_t *tensor = NULL;
    void *data = NULL;
    if (runtime_check(ov_tensor_create(F32, shape, &tensor), message, "%lld numbers", (long long)n) < 0 ||
        runtime_check(ov_tensor_data(tensor, &data), message, "their memory") < 0) {
        ov_tensor_free(tensor);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        char *end;
        ((float *)data)[i] = strtof(text, &end);
        if (end == text || (*end && *end != ',')) {
            message_fail(message, "'%s' is no number", text);
            ov_tensor_free(tensor);
            return NULL;
        }
        text = end + 1;
    }
    return tensor;
}

static int print_selected(const ov_infer_request_t *request, struct message *message)
{
    ov_tensor_t *values = NULL, *places = NULL;
    void *value = NULL, *place = NULL;
    size_t n = 0;
    int rc =
        runtime_check(ov_infer_request_get_tensor(request, "values", &values), message, "output 'values'");
    rc = rc == 0 ? runtime_check(ov_infer_request_get_tensor(request, "places", &places), message,
                                 "output 'places'")
                 : rc;
    rc = rc == 0 ? runtime_check(ov_tensor_get_size(values, &n), message, "size of 'values'") : rc;
    if (rc == 0 && n) {
        rc = runtime_check(ov_tensor_data(values, &value), message, "'values'");
        rc = rc == 0 ? runtime_check(ov_tensor_data(places, &place), message, "'places'") : rc;
    }
    if (rc == 0) {
        printf("[ INFO ] %zu selected\n", n);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        printf("[ INFO ]     x[%lld] gives %.6f\n", (long long)((int64_t *)place)[i],
               (double)((float *)value)[i]);
    }
    ov_tensor_free(values);
    ov_tensor_free(places);
    return rc;
}

static int infer(const ov_compiled_model_t *compiled, const ov_tensor_t *numbers, struct message *message)
{
    ov_infer_request_t *request = NULL;
    int rc = runtime_check(ov_compiled_model_create_infer_request(compiled, &request), message, "request");
    rc = rc == 0 ? runtime_check(ov_infer_request_set_tensor(request, "x", numbers), message, "input 'x'")
                 : rc;
    rc = rc == 0 ? runtime_check(ov_infer_request_infer(request), message, "inference") : rc;
    rc = rc == 0 ? print_selected(request, message) : rc;
    ov_infer_request_free(request);
    return rc;
}

static int run(char **argv, const ov_tensor_t *numbers, struct message *message)
{
    const char *device = argv[4] ? argv[4] : "CPU";
    ov_core_t *core = NULL;
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    /* From here on the models that this core reads may use the extension's operations. */
    rc = rc == 0 ? runtime_check(ov_core_add_extension(core, argv[1]), message, "extension %s", argv[1]) : rc;
    rc = rc == 0
             ? runtime_check(ov_core_read_model(core, argv[2], NULL, &model), message, "reading %s", argv[2])
             : rc;
    rc = rc == 0 ? runtime_check(ov_core_compile_model(core, model, device, 0, &compiled), message,
                                 "compiling for %s", device)
                 : rc;
    rc = rc == 0 ? infer(compiled, numbers, message) : rc;
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
    return rc;
}

int main(int argc, char **argv)
{
    struct message message = {""};
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 4 || argc > 5) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    ov_tensor_t *numbers = parse_numbers(argv[3], &message);
    int rc = numbers ? run(argv, numbers, &message) : -1;
    ov_tensor_free(numbers);
    if (rc < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
