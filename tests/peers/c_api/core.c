/* The core: creation, devices, versions, properties, reading models, contexts, extensions. */
#include "report.h"

#include <wchar.h>

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file || fputs(text, file) < 0 || fclose(file)) {
        exit(1);
    }
}

static void creation(void)
{
    ov_core_t *core = NULL;

    CALL(ov_core_create(NULL));
    CALL(ov_core_create_with_config(NULL, &core));
    CALL(ov_core_create_with_config_unicode(NULL, &core));
    CALL(ov_core_create_with_config("nosuch.xml", &core));
    CALL(ov_core_create_with_config_unicode(L"nosuch.xml", &core));
    write_file("broken.xml", "<ie><plug");
    CALL(ov_core_create_with_config("broken.xml", &core));
    write_file("nodevice.xml", "<ie><plugins><plugin name='XPU' location='libnosuch.so'/></plugins></ie>");
    if (CALL(ov_core_create_with_config("nodevice.xml", &core)) == OK) {
        char *value = NULL;

        CALL(ov_core_get_property(core, "XPU", "FULL_DEVICE_NAME", &value));
        ov_core_free(core);
    }
    if (CALL(ov_core_create_with_config("", &core)) == OK) {
        ov_core_free(core);
    }
    if (CALL(ov_core_create_with_config_unicode(L"nodevice.xml", &core)) == OK) {
        ov_core_free(core);
    }
}

static void devices(const ov_core_t *core)
{
    static const char *const names[] = {"CPU",  "CPU.0",    "XPU",       "",           "cpu",
                                        "AUTO", "AUTO:CPU", "MULTI:CPU", "HETERO:CPU", "BATCH:CPU(4)"};
    ov_available_devices_t list = {NULL, 0};
    ov_version_t version = {NULL, NULL};

    CALL(ov_get_openvino_version(&version));
    printf("  both texts %d\n", version.buildNumber && version.description);
    ov_version_free(&version);
    printf("  freed %d\n", !version.buildNumber && !version.description);
    CALL(ov_get_openvino_version(NULL));
    CALL(ov_core_get_available_devices(core, &list));
    for (size_t i = 0; i < list.size; i++) {
        if (strcmp(list.devices[i], "REFDEV") != 0) { /* ours has it in its build tree */
            report_text("device", list.devices[i]);
        }
    }
    ov_available_devices_free(&list);
    printf("  freed %zu %d\n", list.size, list.devices == NULL);
    CALL(ov_core_get_available_devices(NULL, &list));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ov_core_version_list_t versions = {NULL, 0};

        report_text("versions of", names[i]);
        if (CALL(ov_core_get_versions_by_device_name(core, names[i], &versions)) == OK) {
            for (size_t k = 0; k < versions.size; k++) {
                report_text("device", versions.versions[k].device_name);
            }
            ov_core_versions_free(&versions);
        }
    }
    CALL(ov_core_get_versions_by_device_name(core, NULL, NULL));
}

static void round_trip(const ov_core_t *core, const char *device, const char *key, const char *value)
{
    char *got = NULL;
    int set = ov_core_set_property(core, device, key, value),
        get = ov_core_get_property(core, device, key, &got);

    printf("%s.%s=%s: set %d, get %d '%s'\n", device, key, value, set, get, got ? got : "");
    ov_free(got);
}

static void properties(const ov_core_t *core)
{
    static const char *const pairs[][2] = {{"NUM_STREAMS", "1"},
                                           {"NUM_STREAMS", "AUTO"},
                                           {"NUM_STREAMS", "x"},
                                           {"NUM_STREAMS", "2"},
                                           {"INFERENCE_NUM_THREADS", "2"},
                                           {"INFERENCE_NUM_THREADS", "-1"},
                                           {"INFERENCE_NUM_THREADS", "0"},
                                           {"PERFORMANCE_HINT", "THROUGHPUT"},
                                           {"PERFORMANCE_HINT_NUM_REQUESTS", "4"},
                                           {"PERFORMANCE_HINT_NUM_REQUESTS", "x"},
                                           {"EXECUTION_MODE_HINT", "ACCURACY"},
                                           {"EXECUTION_MODE_HINT", "x"},
                                           {"EXECUTION_MODE_HINT", "PERFORMANCE"},
                                           {"ENABLE_CPU_PINNING", "NO"},
                                           {"ENABLE_CPU_PINNING", "TRUE"},
                                           {"ENABLE_CPU_PINNING", "false"},
                                           {"ENABLE_CPU_PINNING", "maybe"},
                                           {"ENABLE_HYPER_THREADING", "NO"},
                                           {"PERF_COUNT", "YES"},
                                           {"PERF_COUNT", "x"},
                                           {"LOG_LEVEL", "LOG_DEBUG"},
                                           {"LOG_LEVEL", "LOG_NONE"},
                                           {"LOG_LEVEL", "x"},
                                           {"CACHE_DIR", ""},
                                           {"SCHEDULING_CORE_TYPE", "PCORE_ONLY"},
                                           {"SCHEDULING_CORE_TYPE", "x"},
                                           {"SCHEDULING_CORE_TYPE", "ANY_CORE"},
                                           {"NOSUCH", "1"},
                                           {"FULL_DEVICE_NAME", "x"},
                                           {"DEVICE_TYPE", "x"}};
    ov_property_t two[] = {{"NUM_STREAMS", "1"}, {"PERF_COUNT", "NO"}};
    char *value = NULL;

    MUST(ov_core_get_property(core, "CPU", "DEVICE_TYPE", &value)); /* opens the plugin */
    report_text("type", value);
    ov_free(value);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        round_trip(core, "CPU", pairs[i][0], pairs[i][1]);
    }
    CALL(ov_core_set_properties(core, "CPU", 2, two));
    CALL(ov_core_set_properties(core, "CPU", 0, NULL));
    CALL(ov_core_set_properties(core, "XPU", 2, two));
    CALL(ov_core_set_property(core, "XPU", "NUM_STREAMS", "1"));
    CALL(ov_core_set_property(NULL, "CPU", "NUM_STREAMS", "1"));
    CALL(ov_core_set_property(core, "CPU", (char *)NULL, "1"));
    CALL(ov_core_get_property(core, NULL, "NUM_STREAMS", &value));
    CALL(ov_core_get_property(core, "CPU", NULL, &value));
    CALL(ov_core_get_property(core, "CPU", "NUM_STREAMS", NULL));
    CALL(ov_core_get_property(core, "XPU", "NUM_STREAMS", &value));
    CALL(ov_core_get_property(core, "AUTO:CPU", "NUM_STREAMS", &value));
}

static void read(ov_status_e status, ov_model_t **model)
{
    char *name = NULL;

    if (status == OK) {
        MUST(ov_model_get_friendly_name(*model, &name));
        report_text("read", name);
        ov_free(name);
        ov_model_free(*model);
        *model = NULL;
    }
}

static void reading(const ov_core_t *core, const char *path)
{
    static const char *const files[] = {"empty.xml",   "junk.xml", "short.xml", "two.ir",
                                        "v7.xml",      "v10.xml",  "v99.xml",   "nosuch.xml",
                                        "nosuch.onnx", "",         "."};
    ov_model_t *model = NULL;
    ov_tensor_t *weights = new_tensor(U8, 1, (int64_t[]){16});
    wchar_t wide[1024];
    size_t length = strlen(model_two);
    char head[256];

    snprintf(head, sizeof(head), "%.200s", model_two);
    write_file("empty.xml", "");
    write_file("junk.xml", "this is no model\n");
    write_file("short.xml", head);
    write_file("two.ir", model_two);
    write_file("v7.xml", "<?xml version='1.0'?><net name='v' version='7'><layers/><edges/></net>");
    write_file("v10.xml", "<?xml version='1.0'?><net name='v' version='10'><layers/><edges/></net>");
    write_file("v99.xml", "<?xml version='1.0'?><net name='v' version='99'><layers/><edges/></net>");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        report_text("file", files[i]);
        read(CALL(ov_core_read_model(core, files[i], NULL, &model)), &model);
    }
    read(CALL(ov_core_read_model(core, path, NULL, &model)), &model);
    read(CALL(ov_core_read_model(core, path, "", &model)), &model);
    read(CALL(ov_core_read_model(core, path, "nosuch.bin", &model)), &model);
    read(CALL(ov_core_read_model(core, path, "junk.xml", &model)), &model);
    read(CALL(ov_core_read_model(core, NULL, NULL, &model)), &model);
    read(CALL(ov_core_read_model(NULL, path, NULL, &model)), &model);
    CALL(ov_core_read_model(core, path, NULL, NULL));
    mbstowcs(wide, path, 1024);
    read(CALL(ov_core_read_model_unicode(core, wide, NULL, &model)), &model);
    read(CALL(ov_core_read_model_unicode(core, wide, L"", &model)), &model);
    read(CALL(ov_core_read_model_unicode(core, L"n\u00f6.xml", NULL, &model)), &model);
    read(CALL(ov_core_read_model_unicode(core, NULL, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, model_two, length, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, model_two, length + 1, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, model_two, length, weights, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, model_two, length - 9, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, model_two, 0, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, NULL, length, NULL, &model)), &model);
    read(CALL(ov_core_read_model_from_memory_buffer(core, "junk", 4, NULL, &model)), &model);
    ov_tensor_free(weights);
}

static void contexts(const ov_core_t *core)
{
    ov_remote_context_t *context = NULL;
    ov_tensor_t *tensor = new_tensor(F32, 1, (int64_t[]){4}), *remote = NULL;
    ov_shape_t shape = {1, (int64_t[]){4}};
    size_t size = 0;
    char *text = NULL;

    CALL(ov_core_create_context(core, "CPU", 0, &context));
    CALL(ov_core_create_context(core, "CPU", 1, &context, "CONTEXT_TYPE"));
    CALL(ov_core_create_context(core, "CPU", 2, &context, "CONTEXT_TYPE", "OCL"));
    CALL(ov_core_create_context(core, NULL, 0, &context));
    CALL(ov_core_create_context_props(core, "CPU", 0, NULL, &context));
    CALL(ov_core_get_default_context(core, "CPU", &context));
    CALL(ov_core_get_default_context(core, NULL, &context));
    CALL(ov_remote_context_create_tensor(NULL, F32, shape, 0, &remote));
    CALL(ov_remote_context_create_tensor_props(NULL, F32, shape, 0, NULL, &remote));
    CALL(ov_remote_context_create_host_tensor(NULL, F32, shape, &remote));
    CALL(ov_remote_context_get_device_name(NULL, &text));
    CALL(ov_remote_context_get_params(NULL, &size, &text));
    CALL(ov_remote_tensor_get_params(tensor, &size, &text));
    CALL(ov_remote_tensor_get_device_name(tensor, &text));
    CALL(ov_remote_tensor_get_params(NULL, &size, &text));
    CALL(ov_remote_tensor_get_device_name(NULL, &text));
    ov_remote_context_free(NULL);
    ov_tensor_free(tensor);
}

int main(int argc, char **argv)
{
    ov_core_t *core = NULL;

    creation();
    MUST(ov_core_create(&core));
    devices(core);
    properties(core);
    reading(core, argc > 1 ? argv[1] : "");
    contexts(core);
    CALL(ov_core_add_extension(core, NULL));
    CALL(ov_core_add_extension(core, "nosuch.so"));
    CALL(ov_core_add_extension(NULL, "nosuch.so"));
    ov_core_free(core);
    ov_shutdown();
    return 0;
}
