#include "property.h"

#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum kind {
    READ_ONLY,
    BOOLEAN,   /* reads back YES or NO */
    WORD,      /* one of `allowed`, exactly */
    COUNT,     /* a non-negative integer */
    STREAMS,   /* AUTO, NUMA, -1, -2 or a count */
    PRECISION, /* an element type this device computes in */
    NUMBER,    /* a float in 0..1 */
    TEXT,
    EMPTY, /* nothing but the empty text */
};

static const struct row {
    const char *key;
    enum kind kind;
    const char *value; /* default, or the fixed value; NULL: made by read_only() */
    const char *allowed;
    bool compiled; /* compiled models have it too */
    bool hidden;   /* can be used but is not listed */
} rows[] = {
    {"SUPPORTED_PROPERTIES", READ_ONLY, NULL, NULL, true, false},
    {"AVAILABLE_DEVICES", READ_ONLY, "", NULL, false, false},
    {"RANGE_FOR_ASYNC_INFER_REQUESTS", READ_ONLY, "1 1 1", NULL, false, false},
    {"RANGE_FOR_STREAMS", READ_ONLY, NULL, NULL, false, false},
    {"EXECUTION_DEVICES", READ_ONLY, "CPU", NULL, true, false},
    {"FULL_DEVICE_NAME", READ_ONLY, NULL, NULL, false, false},
    {"OPTIMIZATION_CAPABILITIES", READ_ONLY, "FP32 EXPORT_IMPORT", NULL, false, false},
    {"DEVICE_TYPE", READ_ONLY, "integrated", NULL, false, false},
    {"DEVICE_ARCHITECTURE", READ_ONLY, NULL, NULL, false, false},
    {"NETWORK_NAME", READ_ONLY, NULL, NULL, true, true},
    {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", READ_ONLY, NULL, NULL, true, true},
    {"NUM_STREAMS", STREAMS, "1", NULL, true, false},
    {"INFERENCE_NUM_THREADS", COUNT, "0", NULL, true, false},
    {"PERF_COUNT", BOOLEAN, "NO", NULL, true, false},
    {"INFERENCE_PRECISION_HINT", PRECISION, "f32", NULL, true, false},
    {"PERFORMANCE_HINT", WORD, "LATENCY", "LATENCY|THROUGHPUT|CUMULATIVE_THROUGHPUT", true, false},
    {"EXECUTION_MODE_HINT", WORD, "PERFORMANCE", "PERFORMANCE|ACCURACY", true, false},
    {"PERFORMANCE_HINT_NUM_REQUESTS", COUNT, "0", NULL, true, false},
    {"ENABLE_CPU_PINNING", BOOLEAN, "NO", NULL, true, false},
    {"ENABLE_CPU_RESERVATION", BOOLEAN, "NO", NULL, true, false},
    {"SCHEDULING_CORE_TYPE", WORD, "ANY_CORE", "ANY_CORE|PCORE_ONLY|ECORE_ONLY", true, false},
    {"MODEL_DISTRIBUTION_POLICY", EMPTY, "", NULL, true, false},
    {"ENABLE_HYPER_THREADING", BOOLEAN, "YES", NULL, true, false},
    {"DEVICE_ID", EMPTY, "", NULL, false, false},
    {"CPU_DENORMALS_OPTIMIZATION", BOOLEAN, "YES", NULL, true, false},
    {"LOG_LEVEL", WORD, "LOG_NONE", "LOG_NONE|LOG_ERROR|LOG_WARNING|LOG_INFO|LOG_DEBUG|LOG_TRACE", true,
     false},
    {"CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE", NUMBER, "1", NULL, true, false},
    {"DYNAMIC_QUANTIZATION_GROUP_SIZE", COUNT, "0", NULL, true, false},
    {"KV_CACHE_PRECISION", WORD, "f32", "f32|f16|bf16|u8|u4|u3", true, false},
    {"CACHE_DIR", TEXT, "", NULL, false, true},
    {"CACHE_MODE", TEXT, "OPTIMIZE_SPEED", NULL, false, true},
    {"ENABLE_MMAP", BOOLEAN, "YES", NULL, false, true},
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= CPU_PROPERTY_MAX,
               "every row has a place in struct cpu_properties");

static int find(const char *key)
{
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return i;
        }
    }
    return -1;
}

static int unknown(const char *key, struct vt_error *err)
{
    return vt_fail(err, VT_E_NOT_FOUND,
                   "the CPU device has no property %s; SUPPORTED_PROPERTIES lists what it has", key);
}

void cpu_properties_init(struct cpu_properties *p, const struct vt_host *host)
{
    (void)host;
    for (int i = 0; i < ROWS; i++) {
        snprintf(p->value[i], sizeof(p->value[i]), "%s", rows[i].value ? rows[i].value : "");
    }
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------------ */

static bool parse_count(const char *text, long *value)
{
    char *end;

    errno = 0;
    *value = strtol(text, &end, 10);
    return end != text && !*end && !errno;
}

static const char *boolean_text(const char *text)
{
    static const char *const yes[] = {"YES", "TRUE", "1", "ON"}, *const no[] = {"NO", "FALSE", "0", "OFF"};

    for (int i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            return "YES";
        }
        if (strcasecmp(text, no[i]) == 0) {
            return "NO";
        }
    }
    return NULL;
}

static bool word_in(const char *list, const char *text)
{
    size_t length = strlen(text);

    while (*list) {
        size_t n = strcspn(list, "|");

        if (n == length && memcmp(list, text, n) == 0) {
            return true;
        }
        list += n + (list[n] == '|');
    }
    return false;
}

/* All arithmetic is f32 in this version: f16 and bf16 are hints that a device without them may decline. */
static const char *precision_text(const char *text)
{
    if (strcasecmp(text, "f32") == 0 || strcasecmp(text, "FP32") == 0 || strcasecmp(text, "bf16") == 0 ||
        strcasecmp(text, "f16") == 0) {
        return "f32";
    }
    return strcasecmp(text, "undefined") == 0 || strcasecmp(text, "dynamic") == 0 ? "dynamic" : NULL;
}

/* The normal form of a value, or NULL with a description of what is allowed. */
static const char *normal(const struct row *row, const char *value, const char **allowed)
{
    const char *text = NULL;
    double number;
    char *end;
    long n;

    switch (row->kind) {
    case READ_ONLY: *allowed = NULL; return NULL;
    case BOOLEAN: *allowed = "YES or NO"; return boolean_text(value);
    case WORD: *allowed = row->allowed; return word_in(row->allowed, value) ? value : NULL;
    case COUNT: *allowed = "a number, 0 or more"; return parse_count(value, &n) && n >= 0 ? value : NULL;
    case STREAMS:
        *allowed = "AUTO, NUMA or a number, 0 or more";
        if (strcmp(value, "AUTO") == 0 || strcmp(value, "NUMA") == 0) {
            return value;
        }
        return parse_count(value, &n) && n >= -2 ? value : NULL;
    case PRECISION:
        *allowed = "f32 (f16 and bf16 are computed in f32), undefined";
        text = precision_text(value);
        return text;
    case NUMBER:
        *allowed = "a number from 0 to 1";
        number = strtod(value, &end);
        return end != value && !*end && number >= 0 && number <= 1 ? value : NULL;
    case TEXT: *allowed = "at most 255 bytes"; return strlen(value) < CPU_PROPERTY_TEXT ? value : NULL;
    case EMPTY: *allowed = "the empty text"; return *value ? NULL : value;
    }
    return NULL;
}

int cpu_property_set(struct cpu_properties *p, const char *key, const char *value, struct vt_error *err)
{
    int i = find(key);
    const char *allowed = NULL, *text;

    if (i < 0) {
        return unknown(key, err);
    }
    text = normal(&rows[i], value, &allowed);
    if (!text && !allowed) {
        return vt_fail(err, VT_E_INVALID, "property %s of the CPU device is read-only", key);
    }
    if (!text) {
        return vt_fail(err, VT_E_INVALID, "property %s of the CPU device cannot be '%.64s'; allowed: %s", key,
                       value, allowed);
    }
    snprintf(p->value[i], sizeof(p->value[i]), "%s", text);
    return VT_OK;
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------------- */

static long count_of(const struct cpu_properties *p, const char *key)
{
    return strtol(p->value[find(key)], NULL, 10);
}

static bool is(const struct cpu_properties *p, const char *key, const char *value)
{
    return strcmp(p->value[find(key)], value) == 0;
}

void cpu_properties_resolve(const struct cpu_properties *p, const struct vt_host *host,
                            struct cpu_config *config)
{
    int machine = host->cpu()->threads, threads = (int)count_of(p, "INFERENCE_NUM_THREADS");
    const char *streams = p->value[find("NUM_STREAMS")];
    long requests = count_of(p, "PERFORMANCE_HINT_NUM_REQUESTS"), n = strtol(streams, NULL, 10);
    bool automatic = strcmp(streams, "AUTO") == 0 || n == -1;

    if (!is(p, "ENABLE_HYPER_THREADING", "YES") && host->cpu()->cores < machine) {
        machine = host->cpu()->cores;
    }
    threads = threads <= 0 ? machine : threads;
    if (automatic || !is(p, "PERFORMANCE_HINT", "LATENCY")) {
        /* Throughput: a stream for each thread, as many as requests are announced. */
        if (automatic || n <= 1) {
            n = threads;
            n = requests > 0 && requests < n ? requests : n;
        }
    }
    n = n < 1 ? 1 : n > 256 ? 256 : n;
    config->streams = (int)n;
    config->threads = threads / (int)n < 1 ? 1 : threads / (int)n;
    config->threads = config->threads > 1024 ? 1024 : config->threads;
    config->perf_count = is(p, "PERF_COUNT", "YES");
    config->accurate = is(p, "EXECUTION_MODE_HINT", "ACCURACY");
}

static int put(const char *text, char *buf, size_t size, size_t *length)
{
    *length = strlen(text);
    if (size) {
        snprintf(buf, size, "%s", text);
    }
    return VT_OK;
}

static int put_list(bool compiled, char *buf, size_t size, size_t *length)
{
    char text[2048] = "";
    size_t n = 0;

    for (int i = 0; i < ROWS; i++) {
        if (compiled ? rows[i].compiled : !rows[i].hidden) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", rows[i].key);
        }
    }
    return put(text, buf, size, length);
}

int cpu_property_get(const struct cpu_properties *p, const struct vt_host *host, const char *key, char *buf,
                     size_t size, size_t *length, struct vt_error *err)
{
    int i = find(key);
    char text[64];

    if (i < 0 || (rows[i].hidden && rows[i].kind == READ_ONLY)) {
        return unknown(key, err);
    }
    if (rows[i].kind != READ_ONLY || rows[i].value) {
        return put(p->value[i], buf, size, length);
    }
    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return put_list(false, buf, size, length);
    }
    if (strcmp(key, "FULL_DEVICE_NAME") == 0) {
        return put(host->cpu()->brand, buf, size, length);
    }
    if (strcmp(key, "DEVICE_ARCHITECTURE") == 0) {
#if defined(__x86_64__)
        return put("intel64", buf, size, length);
#elif defined(__aarch64__)
        return put("arm64", buf, size, length);
#else
        return put("unknown", buf, size, length);
#endif
    }
    snprintf(text, sizeof(text), "1 %d", host->cpu()->threads);
    return put(text, buf, size, length);
}

static void fill_list(struct vt_property *list, int *n, bool compiled)
{
    *n = 0;
    for (int i = 0; i < ROWS; i++) {
        if (compiled ? rows[i].compiled : !rows[i].hidden) {
            list[(*n)++] = (struct vt_property){rows[i].key, !compiled && rows[i].kind != READ_ONLY};
        }
    }
}

int cpu_property_list(const struct vt_property **list, int *n)
{
    static _Thread_local struct vt_property all[CPU_PROPERTY_MAX];

    fill_list(all, n, false);
    *list = all;
    return VT_OK;
}

int cpu_compiled_property_list(const struct vt_property **list, int *n)
{
    static _Thread_local struct vt_property all[CPU_PROPERTY_MAX];

    fill_list(all, n, true);
    *list = all;
    return VT_OK;
}

int cpu_compiled_property_get(struct cpu_model *model, const char *key, char *buf, size_t size,
                              size_t *length, struct vt_error *err)
{
    int i = find(key);
    char text[32];

    if (i < 0 || !rows[i].compiled) {
        return vt_fail(err, VT_E_NOT_FOUND, "a model compiled for the CPU has no property %s", key);
    }
    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return put_list(true, buf, size, length);
    }
    if (strcmp(key, "NETWORK_NAME") == 0) {
        return put(model->host->graph_name(model->graph), buf, size, length);
    }
    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0 || strcmp(key, "NUM_STREAMS") == 0) {
        snprintf(text, sizeof(text), "%d", model->config.streams);
        return put(text, buf, size, length);
    }
    if (strcmp(key, "INFERENCE_NUM_THREADS") == 0) {
        snprintf(text, sizeof(text), "%d", model->config.streams * model->config.threads);
        return put(text, buf, size, length);
    }
    return put(model->properties.value[i], buf, size, length);
}
