#include "property.h"

#include "model.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

enum kind {
    READ_ONLY,
    BOOLEAN,   /* reads back YES or NO */
    WORD,      /* one of `allowed`, exactly */
    COUNT,     /* a non-negative integer */
    SIZE,      /* the same, -1 is the largest there is */
    STREAMS,   /* AUTO, NUMA, -1, -2 or a count */
    PRECISION, /* an element type for the arithmetic */
    NUMBER,    /* a float in 0..1 */
    IGNORED,   /* any text; nothing is kept */
};

/* Where a property is there. */
enum where {
    DEVICE = 1 << 0,
    COMPILED = 1 << 1,
    BOTH = DEVICE | COMPILED,
    HIDDEN = 1 << 2, /* can be used but is not listed */
};

#define CACHE_TYPES "f32|f16|bf16|i8|u8|u4|u3"

/* In the order in which SUPPORTED_PROPERTIES lists them. docs/PROPERTIES.md says what each does. */
static const struct row {
    const char *key;
    enum kind kind;
    unsigned where;
    const char *value; /* default, or the fixed value; NULL: made when asked */
    const char *allowed;
    const char *executed; /* what compiled models answer whatever was asked for; NULL: what was set */
} rows[] = {
    {"SUPPORTED_PROPERTIES", READ_ONLY, BOTH, NULL, NULL, NULL},
    {"AVAILABLE_DEVICES", READ_ONLY, DEVICE, "", NULL, NULL},
    {"RANGE_FOR_ASYNC_INFER_REQUESTS", READ_ONLY, DEVICE, "1 1 1", NULL, NULL},
    {"RANGE_FOR_STREAMS", READ_ONLY, DEVICE, NULL, NULL, NULL},
    {"EXECUTION_DEVICES", READ_ONLY, DEVICE, "CPU", NULL, NULL},
    {"FULL_DEVICE_NAME", READ_ONLY, DEVICE, NULL, NULL, NULL},
    {"OPTIMIZATION_CAPABILITIES", READ_ONLY, DEVICE, "WINOGRAD FP32 EXPORT_IMPORT", NULL, NULL},
    {"DEVICE_TYPE", READ_ONLY, DEVICE, "integrated", NULL, NULL},
    {"DEVICE_ARCHITECTURE", READ_ONLY, DEVICE, NULL, NULL, NULL},
    {"COMPATIBILITY_CHECK", READ_ONLY, DEVICE, "NOT_APPLICABLE", NULL, NULL},
    {"NETWORK_NAME", READ_ONLY, COMPILED, NULL, NULL, NULL},
    {"OPTIMAL_NUMBER_OF_INFER_REQUESTS", READ_ONLY, COMPILED, NULL, NULL, NULL},
    {"NUM_STREAMS", STREAMS, BOTH, "", NULL, NULL},
    {"INFERENCE_NUM_THREADS", COUNT, BOTH, "0", NULL, NULL},
    {"PERF_COUNT", BOOLEAN, BOTH, "NO", NULL, NULL},
    {"INFERENCE_PRECISION_HINT", PRECISION, BOTH, "f32", NULL, "f32"},
    {"PERFORMANCE_HINT", WORD, BOTH, "LATENCY", "LATENCY|THROUGHPUT|CUMULATIVE_THROUGHPUT", NULL},
    {"EXECUTION_MODE_HINT", WORD, BOTH, "PERFORMANCE", "PERFORMANCE|ACCURACY", NULL},
    {"PERFORMANCE_HINT_NUM_REQUESTS", COUNT, BOTH, "0", NULL, NULL},
    {"ENABLE_CPU_PINNING", BOOLEAN, BOTH, "NO", NULL, NULL},
    {"ENABLE_CPU_RESERVATION", BOOLEAN, BOTH, "NO", NULL, NULL},
    {"SCHEDULING_CORE_TYPE", WORD, BOTH, "ANY_CORE", "ANY_CORE|PCORE_ONLY|ECORE_ONLY", NULL},
    {"MODEL_DISTRIBUTION_POLICY", WORD, BOTH, "", "TENSOR_PARALLEL|", ""},
    {"ENABLE_HYPER_THREADING", BOOLEAN, BOTH, "YES", NULL, NULL},
    {"EXECUTION_DEVICES", READ_ONLY, COMPILED, "CPU", NULL, NULL},
    {"DEVICE_ID", WORD, DEVICE, "", "", NULL},
    {"CPU_DENORMALS_OPTIMIZATION", BOOLEAN, BOTH, "YES", NULL, NULL},
    {"LOG_LEVEL", WORD, BOTH, "LOG_NONE", "LOG_NONE|LOG_ERROR|LOG_WARNING|LOG_INFO|LOG_DEBUG|LOG_TRACE",
     NULL},
    {"CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE", NUMBER, BOTH, "1", NULL, "1"},
    {"ENABLE_TENSOR_PARALLEL", BOOLEAN, BOTH, "NO", NULL, "NO"},
    {"TBB_PARTITIONER", WORD, BOTH, "NONE", "NONE|STATIC|AUTO", "STATIC"},
    {"DYNAMIC_QUANTIZATION_GROUP_SIZE", SIZE, BOTH, "0", NULL, "0"},
    {"KV_CACHE_PRECISION", WORD, BOTH, "f32", CACHE_TYPES, "f32"},
    {"KEY_CACHE_PRECISION", WORD, BOTH, "f32", CACHE_TYPES, "f32"},
    {"VALUE_CACHE_PRECISION", WORD, BOTH, "f32", CACHE_TYPES, "f32"},
    {"KEY_CACHE_GROUP_SIZE", SIZE, BOTH, "0", NULL, "0"},
    {"VALUE_CACHE_GROUP_SIZE", SIZE, BOTH, "0", NULL, "0"},
    {"RUNTIME_REQUIREMENTS", READ_ONLY, COMPILED, NULL, NULL, NULL},
    {"ENABLE_WEIGHTLESS", BOOLEAN, DEVICE, "NO", NULL, NULL},
    {"WEIGHTS_PATH", IGNORED, DEVICE, "", NULL, NULL},
    {"EXCLUSIVE_ASYNC_REQUESTS", WORD, BOTH | HIDDEN, "NO", "NO", NULL},
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= CPU_PROPERTY_MAX,
               "every row has a place in struct cpu_properties");

static int find(const char *key, unsigned where)
{
    for (int i = 0; i < ROWS; i++) {
        if ((rows[i].where & where) && strcmp(rows[i].key, key) == 0) {
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

    for (;;) {
        size_t n = strcspn(list, "|");

        if (n == length && memcmp(list, text, n) == 0) {
            return true;
        }
        if (!list[n]) {
            return false;
        }
        list += n + 1;
    }
}

/* "A, B or C" from "A|B|C". */
static const char *spell(const char *list, char text[128])
{
    size_t at = 0;

    if (!*list) {
        return "the empty text";
    }
    while (at < 127) {
        size_t n = strcspn(list, "|");
        const char *next = list[n] ? list + n + 1 : NULL;

        at += (size_t)snprintf(text + at, 128 - at, "%.*s", n ? (int)n : 16, n ? list : "the empty text");
        if (!next || at >= 127) {
            break;
        }
        at += (size_t)snprintf(text + at, 128 - at, "%s", strchr(next, '|') ? ", " : " or ");
        list = next;
    }
    return text;
}

/* A size, -1 being the largest, into its usual digits; NULL when it is none. */
static const char *size_text(const char *text, char digits[32])
{
    unsigned long long n;
    char *end;

    if (strcmp(text, "-1") && (*text < '0' || *text > '9')) {
        return NULL;
    }
    errno = 0;
    n = strtoull(text, &end, 10);
    if (*end || errno) {
        return NULL;
    }
    snprintf(digits, 32, "%llu", n);
    return digits;
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

static const char *streams_text(const char *text)
{
    long n;

    if (!*text || strcmp(text, "AUTO") == 0 || strcmp(text, "NUMA") == 0) {
        return *text ? text : "AUTO";
    }
    if (!parse_count(text, &n) || n < -2 || n > INT_MAX) {
        return NULL;
    }
    return n == -1 ? "AUTO" : n == -2 ? "NUMA" : text;
}

static const char *number_text(const char *text)
{
    char *end;
    double number = strtod(text, &end);

    return end != text && !*end && number >= 0 && number <= 1 ? text : NULL;
}

static const char *count_text(const char *text)
{
    long n;

    return parse_count(text, &n) && n >= 0 && n <= INT_MAX ? text : NULL;
}

/* What a value may be, for messages and for making one normal. */
struct answer {
    const char *text;    /* the normal form; NULL: not allowed */
    const char *allowed; /* NULL: nothing */
    char digits[32], words[128];
};

static void judge(const struct row *row, const char *value, struct answer *a)
{
    switch (row->kind) {
    case READ_ONLY: a->allowed = NULL; break;
    case BOOLEAN:
        a->allowed = "YES or NO";
        a->text = boolean_text(value);
        break;
    case WORD:
        a->allowed = spell(row->allowed, a->words);
        a->text = word_in(row->allowed, value) ? value : NULL;
        break;
    case COUNT:
        a->allowed = "a number, 0 or more";
        a->text = count_text(value);
        break;
    case SIZE:
        a->allowed = "a number, 0 or more, or -1 for no limit";
        a->text = size_text(value, a->digits);
        break;
    case STREAMS:
        a->allowed = "AUTO, NUMA or a number, 0 or more";
        a->text = streams_text(value);
        break;
    case PRECISION:
        a->allowed = "f32, dynamic, or f16 and bf16, which are computed in f32";
        a->text = precision_text(value);
        break;
    case NUMBER:
        a->allowed = "a number from 0 to 1";
        a->text = number_text(value);
        break;
    case IGNORED:
        a->allowed = "any text";
        a->text = "";
        break;
    }
    /* Numbers may have any number of zeros in front. */
    if (a->text && strlen(a->text) >= CPU_PROPERTY_TEXT) {
        a->text = NULL;
    }
}

int cpu_property_set(struct cpu_properties *p, const char *key, const char *value, struct vt_error *err)
{
    int i = find(key, DEVICE);
    struct answer a = {0};

    if (i < 0) {
        return unknown(key, err);
    }
    judge(&rows[i], value, &a);
    if (!a.allowed) {
        return vt_fail(err, VT_E_INVALID, "property %s of the CPU device is read-only", key);
    }
    if (!a.text) {
        return vt_fail(err, VT_E_INVALID, "property %s of the CPU device cannot be '%.64s'; allowed: %s", key,
                       value, a.allowed);
    }
    memmove(p->value[i], a.text, strlen(a.text) + 1);
    return VT_OK;
}

/* ---- what the values mean on this machine */

#define MAX_THREADS 1024

static const char *value_of(const struct cpu_properties *p, const char *key)
{
    return p->value[find(key, DEVICE)];
}

bool cpu_properties_are(const struct cpu_properties *p, const char *key, const char *value)
{
    return strcmp(value_of(p, key), value) == 0;
}

/* How many streams for `threads` threads. */
static long count_streams(const struct cpu_properties *p, const struct vt_host *host, int threads)
{
    const char *streams = value_of(p, "NUM_STREAMS");
    long requests = strtol(value_of(p, "PERFORMANCE_HINT_NUM_REQUESTS"), NULL, 10);
    long n = 1;

    if (strcmp(streams, "NUMA") == 0) {
        n = host->cpu()->numa_nodes;
    } else if (*streams && strcmp(streams, "AUTO")) {
        n = strtol(streams, NULL, 10);
    } else if (*streams || !cpu_properties_are(p, "PERFORMANCE_HINT", "LATENCY")) {
        /* Throughput: a stream for each thread, as many as requests are announced. */
        n = requests > 0 && requests < threads ? requests : threads;
    }
    return n > threads ? threads : n;
}

int cpu_properties_resolve(const struct cpu_properties *p, const struct vt_host *host,
                           struct cpu_config *config, struct vt_error *err)
{
    struct vt_cpus_wish wish = {0};
    long n, threads;
    int status;

    *config =
        (struct cpu_config){.perf_count = cpu_properties_are(p, "PERF_COUNT", "YES"),
                            .accurate = cpu_properties_are(p, "EXECUTION_MODE_HINT", "ACCURACY"),
                            .keep_subnormals = cpu_properties_are(p, "CPU_DENORMALS_OPTIMIZATION", "NO"),
                            .pin = cpu_properties_are(p, "ENABLE_CPU_PINNING", "YES"),
                            .reserve = cpu_properties_are(p, "ENABLE_CPU_RESERVATION", "YES")};
    wish.type = cpu_properties_are(p, "SCHEDULING_CORE_TYPE", "PCORE_ONLY")   ? VT_CORES_PERFORMANCE
                : cpu_properties_are(p, "SCHEDULING_CORE_TYPE", "ECORE_ONLY") ? VT_CORES_EFFICIENT
                                                                              : VT_CORES_ANY;
    wish.one_per_core =
        cpu_properties_are(p, "ENABLE_HYPER_THREADING", "NO") && host->cpu()->cores < host->cpu()->threads;
    /* Somebody else's thread on a reserved processor would undo what was asked for. */
    wish.listed = config->pin = config->pin || config->reserve;
    wish.reserve = config->reserve;
    config->single = cpu_properties_are(p, "NUM_STREAMS", "0");
    threads = config->single ? 1 : strtol(value_of(p, "INFERENCE_NUM_THREADS"), NULL, 10);
    wish.max = threads > 0 && threads < MAX_THREADS ? (int)threads : MAX_THREADS;
    status = host->cpus_choose(&wish, &config->cpus, &config->n_cpus, err);
    if (status) {
        return status;
    }
    config->core_type = wish.type;
    n = count_streams(p, host, config->n_cpus);
    config->streams = n < 1 ? 1 : n > 256 ? 256 : (int)n;
    config->threads = config->n_cpus / config->streams;
    return VT_OK;
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------------- */

static int put(const char *text, char *buf, size_t size, size_t *length)
{
    *length = strlen(text);
    if (size) {
        snprintf(buf, size, "%s", text);
    }
    return VT_OK;
}

static int put_number(long n, char *buf, size_t size, size_t *length)
{
    char text[32];

    snprintf(text, sizeof(text), "%ld", n);
    return put(text, buf, size, length);
}

static int put_list(unsigned where, char *buf, size_t size, size_t *length)
{
    char text[2048] = "";
    size_t n = 0;

    for (int i = 0; i < ROWS; i++) {
        if ((rows[i].where & (where | HIDDEN)) == where) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", rows[i].key);
        }
    }
    return put(text, buf, size, length);
}

static const char *architecture(void)
{
#if defined(__x86_64__)
    return "intel64";
#elif defined(__aarch64__)
    return "arm64";
#else
    return "unknown";
#endif
}

int cpu_property_get(const struct cpu_properties *p, const struct vt_host *host, const char *key, char *buf,
                     size_t size, size_t *length, struct vt_error *err)
{
    int i = find(key, DEVICE);
    char text[64];

    if (i < 0) {
        return unknown(key, err);
    }
    if (rows[i].kind == STREAMS) {
        /* How many AUTO and NUMA are is known once a model is compiled. */
        return put(p->value[i][0] >= '0' && p->value[i][0] <= '9' ? p->value[i] : "1", buf, size, length);
    }
    if (rows[i].value) {
        return put(p->value[i], buf, size, length);
    }
    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return put_list(DEVICE, buf, size, length);
    }
    if (strcmp(key, "FULL_DEVICE_NAME") == 0) {
        return put(host->cpu()->brand, buf, size, length);
    }
    if (strcmp(key, "DEVICE_ARCHITECTURE") == 0) {
        return put(architecture(), buf, size, length);
    }
    snprintf(text, sizeof(text), "1 %d", host->cpu()->threads);
    return put(text, buf, size, length);
}

static int fill_list(struct vt_property *list, unsigned where)
{
    int n = 0;

    for (int i = 0; i < ROWS; i++) {
        if (rows[i].where & where) {
            list[n++] = (struct vt_property){rows[i].key, where == DEVICE && rows[i].kind != READ_ONLY,
                                             (rows[i].where & HIDDEN) != 0};
        }
    }
    return n;
}

int cpu_property_list(const struct vt_property **list, int *n)
{
    static _Thread_local struct vt_property all[CPU_PROPERTY_MAX];

    *n = fill_list(all, DEVICE);
    *list = all;
    return VT_OK;
}

int cpu_compiled_property_list(const struct vt_property **list, int *n)
{
    static _Thread_local struct vt_property all[CPU_PROPERTY_MAX];

    *n = fill_list(all, COMPILED);
    *list = all;
    return VT_OK;
}

/* What depends on how the model was compiled; NULL for other keys. */
static const char *compiled_text(const struct cpu_model *model, const char *key)
{
    static const char *const core_types[] = {"ANY_CORE", "PCORE_ONLY", "ECORE_ONLY"};
    const struct vt_cpu_info *cpu = model->host->cpu();

    if (strcmp(key, "NETWORK_NAME") == 0) {
        return model->host->graph_name(model->graph);
    }
    if (strcmp(key, "SCHEDULING_CORE_TYPE") == 0) {
        return core_types[model->config.core_type];
    }
    if (strcmp(key, "ENABLE_CPU_PINNING") == 0) {
        return model->config.pin ? "YES" : "NO";
    }
    if (strcmp(key, "ENABLE_HYPER_THREADING") == 0 && cpu->cores >= cpu->threads) {
        return "NO";
    }
    if (strcmp(key, "PERFORMANCE_HINT") == 0 &&
        cpu_properties_are(&model->properties, "NUM_STREAMS", "AUTO")) {
        return "THROUGHPUT";
    }
    return NULL;
}

int cpu_compiled_property_get(struct cpu_model *model, const char *key, char *buf, size_t size,
                              size_t *length, struct vt_error *err)
{
    const struct cpu_config *config = &model->config;
    int i = find(key, COMPILED);
    const char *text;
    char made[96];

    if (i < 0) {
        return vt_fail(err, VT_E_NOT_FOUND, "a model compiled for the CPU has no property %s", key);
    }
    text = rows[i].executed ? rows[i].executed : compiled_text(model, key);
    if (text) {
        return put(text, buf, size, length);
    }
    if (strcmp(key, "SUPPORTED_PROPERTIES") == 0) {
        return put_list(COMPILED, buf, size, length);
    }
    if (strcmp(key, "NUM_STREAMS") == 0) {
        return put_number(config->single ? 0 : config->streams, buf, size, length);
    }
    if (strcmp(key, "OPTIMAL_NUMBER_OF_INFER_REQUESTS") == 0) {
        return put_number(config->streams, buf, size, length);
    }
    if (strcmp(key, "INFERENCE_NUM_THREADS") == 0) {
        return put_number(config->single ? 0 : config->streams * config->threads, buf, size, length);
    }
    if (strcmp(key, "RUNTIME_REQUIREMENTS") == 0) {
        snprintf(made, sizeof(made), "meta=1.0;vintner=%s;isa=%s", VT_VERSION_TEXT, cpu_isa_name(model->isa));
        return put(made, buf, size, length);
    }
    return put(model->properties.value[i], buf, size, length);
}
