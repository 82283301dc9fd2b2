/* The runtime, its devices and their properties. */
#include "bench.h"
#include "console.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int print_device_versions(struct bench *b)
{
    ov_core_version_list_t list = {0};
    if (runtime_check(ov_core_get_versions_by_device_name(b->core, b->options.device, &list), &b->message,
                      "device %s (-h lists the devices)", b->options.device) < 0) {
        return -1;
    }
    console_info("Device info:");
    for (size_t i = 0; i < list.size; i++) {
        console_info("%s", list.versions[i].device_name);
        console_info("Build ................................. %s", list.versions[i].version.buildNumber);
        console_info("%s", "");
    }
    ov_core_versions_free(&list);
    return 0;
}

/* Libraries with operations, the cache, kernels for the GPU: what belongs to no device's own list. */
static int set_up_core(struct bench *b)
{
    const struct options *options = &b->options;
    char path[4096];
    for (const char *at = options->extensions; at && *at;) {
        size_t length = strcspn(at, ",");
        snprintf(path, sizeof(path), "%.*s", (int)length, at);
        if (runtime_check(ov_core_add_extension(b->core, path), &b->message, "extension %s", path) < 0) {
            return -1;
        }
        console_info("Extensions are loaded: %s", path);
        at += length + (at[length] == ',');
    }
    if (options->cache_dir &&
        runtime_check(ov_core_set_property(b->core, "", ov_property_key_cache_dir, options->cache_dir),
                      &b->message, "-cache_dir %s", options->cache_dir) < 0) {
        return -1;
    }
    if (options->gpu_config &&
        runtime_check(ov_core_set_property(b->core, "GPU", "CONFIG_FILE", options->gpu_config), &b->message,
                      "-c %s", options->gpu_config) < 0) {
        return -1;
    }
    return bench_load_config(b);
}

int bench_load_runtime(struct bench *b)
{
    if (runtime_check(ov_core_create(&b->core), &b->message, "loading the runtime") < 0) {
        return -1;
    }
    ov_version_t version = {0};
    if (ov_get_openvino_version(&version) == OK) {
        console_info("OpenVINO:");
        console_info("Build ................................. %s", version.buildNumber);
        console_info("%s", "");
        report_add_system(&b->report, version.buildNumber);
        ov_version_free(&version);
    }
    return print_device_versions(b) < 0 ? -1 : set_up_core(b);
}

enum { MAX_DEVICES = 16, MAX_PROPERTIES = 12 };

struct device_list {
    size_t count;
    char names[MAX_DEVICES][64];
};

/* The devices that a name such as HETERO:GPU,CPU, MULTI:CPU or BATCH:CPU(4) names; none for AUTO or
 * AUTO:-GPU. */
static void list_devices(const char *device, struct device_list *list)
{
    list->count = 0;
    const char *colon = strchr(device, ':');
    for (const char *at = colon ? colon + 1 : ""; *at && list->count < MAX_DEVICES;) {
        size_t length = strcspn(at, ","), plain = strcspn(at, ",(");
        if (*at != '-') {
            snprintf(list->names[list->count++], sizeof(list->names[0]), "%.*s", (int)plain, at);
        }
        at += length + (at[length] == ',');
    }
}

static bool is_virtual(const char *device)
{
    return strchr(device, ':') || strcmp(device, "AUTO") == 0 || strcmp(device, "MULTI") == 0 ||
           strcmp(device, "HETERO") == 0 || strcmp(device, "BATCH") == 0;
}

struct property_list {
    size_t count;
    ov_property_t items[MAX_PROPERTIES];
    char values[MAX_PROPERTIES][64];
};

static void add_property(struct property_list *list, const char *key, const char *value)
{
    char *copy = list->values[list->count];
    snprintf(copy, sizeof(list->values[0]), "%s", value);
    list->items[list->count++] = (ov_property_t){key, copy};
}

static int set_properties(struct bench *b, const char *device, const struct property_list *list)
{
    if (!list->count) {
        return 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        bench_note_property(b, device, list->items[i].key, list->items[i].value);
    }
    return runtime_check(ov_core_set_properties(b->core, device, list->count, list->items), &b->message,
                         "setting the properties of %s", device);
}

/* Whether a device of its own knows a property; one that has no hints runs as it does. */
static bool device_knows(const struct bench *b, const char *device, const char *key)
{
    char *value = NULL;
    bool known = is_virtual(device) || ov_core_get_property(b->core, device, key, &value) == OK;
    ov_free(value);
    return known;
}

static void hint_properties(const struct bench *b, struct property_list *list)
{
    const char *hint = b->options.hint, *device = b->options.device;
    /* A default must not undo what a file has set, nor ask for what a device does not have. */
    if (!hint && (bench_has_property(b, device, ov_property_key_hint_performance_mode) ||
                  bench_has_property(b, device, ov_property_key_num_streams) ||
                  bench_has_property(b, device, ov_property_key_inference_num_threads) ||
                  !device_knows(b, device, ov_property_key_hint_performance_mode))) {
        hint = "none";
    }
    if (!hint && strncmp(b->options.device, "AUTO", 4) != 0 && strncmp(b->options.device, "MULTI", 5) != 0) {
        hint = "THROUGHPUT";
        console_warn("Performance hint was not explicitly specified in command line or config file. "
                     "Device(%s) performance hint will be set to THROUGHPUT.",
                     device);
    }
    if (hint && strcmp(hint, "none") != 0) {
        add_property(list, ov_property_key_hint_performance_mode, hint);
        if (b->options.requests > 0) {
            char count[24];
            snprintf(count, sizeof(count), "%lld", (long long)b->options.requests);
            add_property(list, ov_property_key_hint_num_requests, count);
        }
    }
}

/* What belongs to a device itself, also where it works behind a virtual one. */
static void device_properties(struct bench *b, const char *device, struct property_list *list)
{
    char value[64];
    if (b->profiling) {
        add_property(list, ov_property_key_enable_profiling, "YES");
    }
    if (b->options.streams && options_value_for_device(b->options.streams, device, value, sizeof(value))) {
        add_property(list, ov_property_key_num_streams, strcasecmp(value, "AUTO") == 0 ? "AUTO" : value);
    }
    if (b->options.threads >= 0 && strncmp(device, "CPU", 3) == 0) {
        snprintf(value, sizeof(value), "%lld", (long long)b->options.threads);
        add_property(list, ov_property_key_inference_num_threads, value);
    }
    if (b->options.pin && strncmp(device, "CPU", 3) == 0) {
        add_property(list, ov_property_key_hint_enable_cpu_pinning, b->options.pin);
    }
    if (b->options.infer_precision &&
        options_value_for_device(b->options.infer_precision, device, value, sizeof(value))) {
        add_property(list, ov_property_key_hint_inference_precision, value);
    }
}

/* AUTO and the like without names stand for every device that is there. */
static int list_all_devices(struct bench *b, struct device_list *list)
{
    ov_available_devices_t devices = {0};
    if (runtime_check(ov_core_get_available_devices(b->core, &devices), &b->message, "listing the devices") <
        0) {
        return -1;
    }
    list->count = 0;
    for (size_t i = 0; i < devices.size && list->count < MAX_DEVICES; i++) {
        snprintf(list->names[list->count++], sizeof(list->names[0]), "%s", devices.devices[i]);
    }
    ov_available_devices_free(&devices);
    return 0;
}

/* Sets the properties of every device behind a virtual one. Devices that nobody named may lack some of them.
 */
static int configure_members(struct bench *b)
{
    struct device_list devices;
    list_devices(b->options.device, &devices);
    bool named = devices.count > 0;
    if (!named && list_all_devices(b, &devices) < 0) {
        return -1;
    }
    for (size_t i = 0; i < devices.count; i++) {
        struct property_list own = {0};
        device_properties(b, devices.names[i], &own);
        if (set_properties(b, devices.names[i], &own) < 0) {
            if (named) {
                return -1;
            }
            console_warn("%s", b->message.text);
        }
    }
    return 0;
}

int bench_configure_device(struct bench *b)
{
    const struct options *options = &b->options;
    b->profiling = options->counters == 1 || options->counters_order ||
                   (options->report_type && strcmp(options->report_type, "no_counters") != 0);
    if (b->profiling && options->counters != 1 && !options->counters_order) {
        console_warn("Turn on performance counters for %s device since report type is %s.", options->device,
                     options->report_type);
    }
    struct property_list list = {0};
    hint_properties(b, &list);
    if (!is_virtual(options->device)) {
        device_properties(b, options->device, &list);
        return set_properties(b, options->device, &list);
    }
    return set_properties(b, options->device, &list) < 0 ? -1 : configure_members(b);
}

char *bench_get_property(const struct bench *b, const char *key)
{
    char *value = NULL;
    return ov_compiled_model_get_property(b->compiled, key, &value) == OK ? value : NULL;
}

void bench_print_properties(struct bench *b)
{
    console_info("Model:");
    char *keys = bench_get_property(b, ov_property_key_supported_properties);
    char *rest = keys;
    for (char *key = keys ? strtok_r(keys, " ,", &rest) : NULL; key; key = strtok_r(NULL, " ,", &rest)) {
        char *value = strcmp(key, "SUPPORTED_PROPERTIES") == 0 ? NULL : bench_get_property(b, key);
        if (value) {
            console_info("  %s: %s", key, value);
        }
        ov_free(value);
    }
    ov_free(keys);
}

void bench_print_devices(void)
{
    ov_core_t *core = NULL;
    ov_available_devices_t devices = {0};
    printf("\nAvailable devices:\n");
    if (ov_core_create(&core) != OK || ov_core_get_available_devices(core, &devices) != OK) {
        printf("  (the runtime could not be loaded)\n");
    }
    for (size_t i = 0; i < devices.size; i++) {
        char *name = NULL;
        bool named =
            ov_core_get_property(core, devices.devices[i], ov_property_key_device_full_name, &name) == OK &&
            name;
        printf("  %s%s%s\n", devices.devices[i], named ? "  " : "", named ? name : "");
        ov_free(name);
    }
    if (devices.size) {
        ov_available_devices_free(&devices);
    }
    ov_core_free(core);
}
