/* hello_query_device: the devices of the runtime and what each of their properties holds. */
#include "../common/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(FILE *file)
{
    fprintf(file,
            "hello_query_device\n\n"
            "Lists the devices of the runtime with their properties. Mutable: the property can be set.\n"
            "Exit code: 0, or 1 after an error.\n");
}

/* A property counts as mutable when the value it has can be set again. That is tried on a core of its own, so
   that nothing changes for the one that is asked; its device is asked something first, because values for
   devices not yet loaded are not checked. */
static bool is_mutable(const ov_core_t *trial, const char *device, const char *key, const char *value)
{
    ov_property_t property = {key, value};
    return ov_core_set_properties(trial, device, 1, &property) == OK;
}

static void print_property(const ov_core_t *core, const ov_core_t *trial, const char *device, const char *key)
{
    char *value = NULL;
    if (ov_core_get_property(core, device, key, &value) != OK || !value) {
        printf("[ INFO ] \t\tImmutable: %s : UNSUPPORTED TYPE\n", key);
        return;
    }
    printf("[ INFO ] \t\t%s: %s : %s\n", is_mutable(trial, device, key, value) ? "Mutable" : "Immutable", key,
           *value ? value : "\"\"");
    ov_free(value);
}

static int print_device(const ov_core_t *core, const ov_core_t *trial, const char *device,
                        struct message *message)
{
    char *keys = NULL, *rest = NULL;
    printf("[ INFO ] %s\n[ INFO ] \tSUPPORTED_PROPERTIES: \n", device);
    if (runtime_check(ov_core_get_property(core, device, ov_property_key_supported_properties, &keys),
                      message, "properties of %s", device) < 0) {
        return -1;
    }
    char *loaded = NULL;
    if (ov_core_get_property(trial, device, ov_property_key_supported_properties, &loaded) == OK) {
        ov_free(loaded);
    }
    for (char *key = strtok_r(keys, " ,", &rest); key; key = strtok_r(NULL, " ,", &rest)) {
        if (strcmp(key, "SUPPORTED_PROPERTIES") != 0) {
            print_property(core, trial, device, key);
        }
    }
    printf("[ INFO ] \n");
    ov_free(keys);
    return 0;
}

static int print_devices(const ov_core_t *core, const ov_core_t *trial, struct message *message)
{
    ov_available_devices_t devices = {0};
    if (runtime_check(ov_core_get_available_devices(core, &devices), message, "listing the devices") < 0) {
        return -1;
    }
    printf("[ INFO ] Available devices: \n");
    int rc = 0;
    for (size_t i = 0; i < devices.size && rc == 0; i++) {
        rc = print_device(core, trial, devices.devices[i], message);
    }
    ov_available_devices_free(&devices);
    return rc;
}

static int run(struct message *message)
{
    ov_version_t version = {0};
    if (ov_get_openvino_version(&version) == OK) {
        printf("[ INFO ] %s\n[ INFO ] Build ................................. %s\n[ INFO ] \n",
               version.description, version.buildNumber);
        ov_version_free(&version);
    }
    ov_core_t *core = NULL, *trial = NULL;
    int rc = -1;
    if (runtime_check(ov_core_create(&core), message, "loading the runtime") == 0 &&
        runtime_check(ov_core_create(&trial), message, "loading the runtime") == 0) {
        rc = print_devices(core, trial, message);
    }
    ov_core_free(trial);
    ov_core_free(core);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc != 1) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    struct message message = {""};
    if (run(&message) < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
