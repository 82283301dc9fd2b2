/* Compiling in every way, compiled models, their ports and properties, export and import, hints. */
#include "report.h"

#include <wchar.h>

static void show_property(const ov_compiled_model_t *compiled, const char *key)
{
    char *value = NULL;

    printf("%s: status %d", key, (int)ov_compiled_model_get_property(compiled, key, &value));
    printf(" '%s'\n", value ? value : "");
    ov_free(value);
}

static void with(const ov_core_t *core, const ov_model_t *model, const char *key, const char *value,
                 const char *key2, const char *value2)
{
    static const char *const keys[] = {"NUM_STREAMS",
                                       "INFERENCE_NUM_THREADS",
                                       "PERFORMANCE_HINT",
                                       "PERFORMANCE_HINT_NUM_REQUESTS",
                                       "OPTIMAL_NUMBER_OF_INFER_REQUESTS",
                                       "EXECUTION_DEVICES",
                                       "PERF_COUNT",
                                       "NETWORK_NAME"};
    ov_property_t properties[] = {{key, value}, {key2, value2}};
    ov_compiled_model_t *compiled = NULL;

    printf("# %s=%s %s=%s\n", key ? key : "", value ? value : "", key2 ? key2 : "", value2 ? value2 : "");
    if (CALL(ov_core_compile_model_props(core, model, "CPU", !!key + (size_t) !!key2, properties,
                                         &compiled)) != OK) {
        return;
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        show_property(compiled, keys[i]);
    }
    ov_compiled_model_free(compiled);
}

static void hints(const ov_core_t *core, const ov_model_t *model)
{
    with(core, model, NULL, NULL, NULL, NULL);
    with(core, model, "PERFORMANCE_HINT", "LATENCY", NULL, NULL);
    with(core, model, "PERFORMANCE_HINT", "THROUGHPUT", NULL, NULL);
    with(core, model, "PERFORMANCE_HINT", "THROUGHPUT", "PERFORMANCE_HINT_NUM_REQUESTS", "1");
    with(core, model, "NUM_STREAMS", "1", "PERF_COUNT", "YES");
    with(core, model, "NUM_STREAMS", "2", "INFERENCE_NUM_THREADS", "1");
    with(core, model, "INFERENCE_NUM_THREADS", "1", NULL, NULL);
    with(core, model, "NUM_STREAMS", "abc", NULL, NULL);
    with(core, model, "PERFORMANCE_HINT", "FAST", NULL, NULL);
    with(core, model, "NOSUCH", "1", NULL, NULL);
    with(core, model, "FULL_DEVICE_NAME", "x", NULL, NULL);
    with(core, model, "INFERENCE_PRECISION_HINT", "f99", NULL, NULL);
    with(core, model, "NUM_STREAMS", NULL, NULL, NULL);
}

static void variadic(const ov_core_t *core, const ov_model_t *model, const char *path)
{
    ov_compiled_model_t *compiled = NULL;
    ov_property_t property = {"NUM_STREAMS", "1"};
    wchar_t wide[1024];

#define COMPILE(call)                                                                                        \
    do {                                                                                                     \
        if (CALL(call) == OK) {                                                                              \
            show_property(compiled, "NUM_STREAMS");                                                          \
            ov_compiled_model_free(compiled);                                                                \
        }                                                                                                    \
    } while (0)
    mbstowcs(wide, path, 1024);
    COMPILE(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    COMPILE(ov_core_compile_model(core, model, "CPU", 2, &compiled, "NUM_STREAMS", "1"));
    COMPILE(ov_core_compile_model(core, model, "CPU", 1, &compiled, "NUM_STREAMS"));
    COMPILE(ov_core_compile_model(core, model, "CPU", 2, &compiled, "NUM_STREAMS", (char *)NULL));
    COMPILE(ov_core_compile_model(core, model, "XPU", 0, &compiled));
    COMPILE(ov_core_compile_model(core, model, "", 0, &compiled));
    COMPILE(ov_core_compile_model(NULL, model, "CPU", 0, &compiled));
    COMPILE(ov_core_compile_model(core, NULL, "CPU", 0, &compiled));
    COMPILE(ov_core_compile_model(core, model, "CPU", 0, NULL));
    COMPILE(ov_core_compile_model_from_file(core, path, "CPU", 0, &compiled));
    COMPILE(ov_core_compile_model_from_file(core, "nosuch.xml", "CPU", 0, &compiled));
    COMPILE(ov_core_compile_model_from_file(core, path, "CPU", 2, &compiled, "NUM_STREAMS", "1"));
    COMPILE(ov_core_compile_model_from_file_props(core, path, "CPU", 1, &property, &compiled));
    COMPILE(ov_core_compile_model_from_file_props(core, path, "CPU", 1, NULL, &compiled));
    COMPILE(ov_core_compile_model_from_file_unicode(core, wide, "CPU", 2, &compiled, "NUM_STREAMS", "1"));
    COMPILE(ov_core_compile_model_from_file_unicode_props(core, wide, "CPU", 1, &property, &compiled));
    COMPILE(ov_core_compile_model_from_file_unicode_props(core, NULL, "CPU", 0, NULL, &compiled));
    COMPILE(ov_core_compile_model_with_context(core, model, NULL, 0, &compiled));
    COMPILE(ov_core_compile_model_with_context_props(core, model, NULL, 0, NULL, &compiled));
}

static void ports(const ov_compiled_model_t *compiled)
{
    static const char *const names[] = {"a_t", "alias", "total", "act", "x_t", "y_t", "nosuch", ""};
    ov_output_const_port_t *c = NULL;
    size_t n = 0;

#define PORT(call)                                                                                           \
    do {                                                                                                     \
        if (CALL(call) == OK) {                                                                              \
            report_port("", c);                                                                              \
            ov_output_const_port_free(c);                                                                    \
        }                                                                                                    \
    } while (0)
    CALL(ov_compiled_model_inputs_size(compiled, &n));
    printf("  %zu inputs\n", n);
    CALL(ov_compiled_model_outputs_size(compiled, &n));
    printf("  %zu outputs\n", n);
    PORT(ov_compiled_model_input(compiled, &c));
    PORT(ov_compiled_model_output(compiled, &c));
    for (size_t i = 0; i < 3; i++) {
        PORT(ov_compiled_model_input_by_index(compiled, i, &c));
        PORT(ov_compiled_model_output_by_index(compiled, i, &c));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        report_text("tensor", names[i]);
        PORT(ov_compiled_model_input_by_name(compiled, names[i], &c));
        PORT(ov_compiled_model_output_by_name(compiled, names[i], &c));
    }
    CALL(ov_compiled_model_inputs_size(NULL, &n));
    CALL(ov_compiled_model_outputs_size(compiled, NULL));
    CALL(ov_compiled_model_input(NULL, &c));
    CALL(ov_compiled_model_output_by_name(compiled, NULL, &c));
}

static void properties(const ov_compiled_model_t *compiled)
{
    ov_property_t property = {"NUM_STREAMS", "1"};
    ov_remote_context_t *context = NULL;
    char *value = NULL;

    show_property(compiled, "EXECUTION_DEVICES");
    show_property(compiled, "NOSUCH");
    CALL(ov_compiled_model_get_property(compiled, NULL, &value));
    CALL(ov_compiled_model_get_property(compiled, "NUM_STREAMS", NULL));
    CALL(ov_compiled_model_get_property(NULL, "NUM_STREAMS", &value));
    CALL(ov_compiled_model_set_property(compiled, "NUM_STREAMS", "1"));
    CALL(ov_compiled_model_set_property(NULL, "NUM_STREAMS", "1"));
    CALL(ov_compiled_model_set_properties(compiled, 1, &property));
    CALL(ov_compiled_model_set_properties(compiled, 1, NULL));
    CALL(ov_compiled_model_get_context(compiled, &context));
    CALL(ov_compiled_model_get_context(NULL, &context));
}

static void runtime_model(const ov_compiled_model_t *compiled)
{
    ov_model_t *model = NULL;
    char *name = NULL;

    if (CALL(ov_compiled_model_get_runtime_model(compiled, &model)) == OK) {
        MUST(ov_model_get_friendly_name(model, &name));
        report_text("name", name);
        ov_free(name);
        ov_model_free(model);
    }
    CALL(ov_compiled_model_get_runtime_model(NULL, &model));
}

static void infer(const ov_compiled_model_t *compiled)
{
    ov_infer_request_t *request = NULL;
    ov_tensor_t *a = new_matrix(1, 3, -1), *b = new_matrix(1, 3, 0.25f), *sum = NULL;

    MUST(ov_compiled_model_create_infer_request(compiled, &request));
    MUST(ov_infer_request_set_tensor(request, "a_t", a));
    MUST(ov_infer_request_set_tensor(request, "b_t", b));
    CALL(ov_infer_request_infer(request));
    MUST(ov_infer_request_get_tensor(request, "sum", &sum));
    report_tensor("sum", sum);
    ov_tensor_free(a);
    ov_tensor_free(b);
    ov_tensor_free(sum);
    ov_infer_request_free(request);
}

static char *load(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *data = malloc(1 << 20);

    *bytes = file && data ? fread(data, 1, 1 << 20, file) : 0;
    if (file) {
        fclose(file);
    }
    return data;
}

static void export_import(const ov_core_t *core, const ov_compiled_model_t *compiled)
{
    ov_compiled_model_t *imported = NULL;
    size_t bytes = 0;
    char *data;

    CALL(ov_compiled_model_export_model(compiled, NULL));
    CALL(ov_compiled_model_export_model(NULL, "two.blob"));
    CALL(ov_compiled_model_export_model(compiled, "nosuch/two.blob"));
    CALL(ov_compiled_model_export_model(compiled, "two.blob"));
    data = load("two.blob", &bytes);
    printf("  blob has bytes: %d\n", bytes > 0);
    if (CALL(ov_core_import_model(core, data, bytes, "CPU", &imported)) == OK) {
        ports(imported);
        infer(imported);
        ov_compiled_model_free(imported);
    }
    CALL(ov_core_import_model(core, NULL, bytes, "CPU", &imported));
    CALL(ov_core_import_model(core, data, bytes, "XPU", &imported));
    CALL(ov_core_import_model(core, data, bytes, NULL, &imported));
    CALL(ov_core_import_model(NULL, data, bytes, "CPU", &imported));
    CALL(ov_core_import_model(core, "junk", 4, "CPU", &imported));
    free(data);
}

int main(int argc, char **argv)
{
    ov_core_t *core = NULL;
    ov_model_t *model;
    ov_compiled_model_t *compiled = NULL;

    MUST(ov_core_create(&core));
    model = read_text(core, model_two);
    variadic(core, model, argc > 1 ? argv[1] : "");
    hints(core, model);
    MUST(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    ports(compiled);
    properties(compiled);
    runtime_model(compiled);
    infer(compiled);
    export_import(core, compiled);
    ov_compiled_model_free(compiled);
    ov_compiled_model_free(NULL);
    ov_model_free(model);
    ov_core_free(core);
    return 0;
}
