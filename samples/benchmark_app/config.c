/* Properties in files: {"CPU": {"NUM_STREAMS": "2"}}. Reading needs jansson. */
#include "bench.h"
#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef SAMPLES_JANSSON
#include <jansson.h>
#endif

struct config_entry {
    char *device, *key, *value;
};

static void free_entry(struct config_entry *entry)
{
    free(entry->device);
    free(entry->key);
    free(entry->value);
}

void bench_note_property(struct bench *b, const char *device, const char *key, const char *value)
{
    struct config_entry *grown = realloc(b->config, (b->config_count + 1) * sizeof(*grown));
    struct config_entry entry = {strdup(device), strdup(key), strdup(value)};
    b->config = grown ? grown : b->config;
    if (!grown || !entry.device || !entry.key || !entry.value) {
        free_entry(&entry);
        return;
    }
    b->config[b->config_count++] = entry;
}

bool bench_has_property(const struct bench *b, const char *device, const char *key)
{
    for (size_t i = 0; i < b->config_count; i++) {
        if (strcmp(b->config[i].device, device) == 0 && strcmp(b->config[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

void bench_forget_config(struct bench *b)
{
    for (size_t i = 0; i < b->config_count; i++) {
        free_entry(&b->config[i]);
    }
    free(b->config);
}

/* Whether a later entry sets the same property: that one counts. */
static bool is_replaced(const struct bench *b, size_t index)
{
    for (size_t i = index + 1; i < b->config_count; i++) {
        if (strcmp(b->config[i].device, b->config[index].device) == 0 &&
            strcmp(b->config[i].key, b->config[index].key) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_first_of_device(const struct bench *b, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(b->config[i].device, b->config[index].device) == 0) {
            return false;
        }
    }
    return true;
}

static void write_device(const struct bench *b, const char *device, FILE *file)
{
    const char *comma = "";
    report_write_json_text(file, device);
    fprintf(file, ": {");
    for (size_t i = 0; i < b->config_count; i++) {
        if (strcmp(b->config[i].device, device) == 0 && !is_replaced(b, i)) {
            fprintf(file, "%s\n    ", comma);
            report_write_json_text(file, b->config[i].key);
            fprintf(file, ": ");
            report_write_json_text(file, b->config[i].value);
            comma = ",";
        }
    }
    fprintf(file, "\n  }");
}

int bench_dump_config(struct bench *b)
{
    const char *path = b->options.dump_config, *comma = "";
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!path) {
        return 0;
    }
    if (!file) {
        return message_fail(&b->message, "-dump_config: cannot write %s: %s", path, strerror(errno));
    }
    fprintf(file, "{");
    for (size_t i = 0; i < b->config_count; i++) {
        if (is_first_of_device(b, i)) {
            fprintf(file, "%s\n  ", comma);
            write_device(b, b->config[i].device, file);
            comma = ",";
        }
    }
    fprintf(file, "\n}\n");
    if (report_close(file, path, &b->message) < 0) {
        return -1;
    }
    console_info("Configuration is written to %s", path);
    return 0;
}

#ifdef SAMPLES_JANSSON
static int set_one(struct bench *b, const char *device, const char *key, json_t *value)
{
    char number[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "YES" : "NO";
    }
    if (!text) {
        return message_fail(&b->message, "-load_config: %s of device %s is no text", key, device);
    }
    bench_note_property(b, device, key, text);
    return runtime_check(ov_core_set_property(b->core, device, key, text), &b->message,
                         "-load_config: %s of device %s", key, device);
}

static int set_all(struct bench *b, json_t *root)
{
    const char *device, *key;
    json_t *properties, *value;
    json_object_foreach(root, device, properties)
    {
        if (!json_is_object(properties)) {
            return message_fail(&b->message, "-load_config: device %s has no list of properties", device);
        }
        json_object_foreach(properties, key, value)
        {
            if (set_one(b, device, key, value) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

int bench_load_config(struct bench *b)
{
    json_error_t error;
    if (!b->options.load_config) {
        return 0;
    }
    json_t *root = json_load_file(b->options.load_config, 0, &error);
    if (!root) {
        return message_fail(&b->message, "-load_config: %s:%d: %s", b->options.load_config, error.line,
                            error.text);
    }
    int rc = json_is_object(root)
                 ? set_all(b, root)
                 : message_fail(&b->message, "-load_config: %s holds no object", b->options.load_config);
    json_decref(root);
    return rc;
}
#else
int bench_load_config(struct bench *b)
{
    return b->options.load_config
               ? message_fail(&b->message, "not implemented: -load_config (built without jansson)")
               : 0;
}
#endif
