/* Properties of the virtual devices. */
#include "virtual_impl.h"

#include <stdlib.h>
#include <strings.h>

enum check { READ_ONLY, BOOL, WORD, NUMBER, TEXT };

struct row {
    const char *key;
    const char *value; /* default */
    enum check check;
    const char *allowed; /* WORD: "A|B" */
    bool pass;           /* goes on to the devices when it was set */
};

#define LOG_WORDS "LOG_NONE|LOG_ERROR|LOG_WARNING|LOG_INFO|LOG_DEBUG|LOG_TRACE"
#define SPREADING                                                                                            \
    {"EXECUTION_MODE_HINT", "PERFORMANCE", WORD, "PERFORMANCE|ACCURACY", true},                              \
        {"FULL_DEVICE_NAME", NULL, READ_ONLY, NULL, false},                                                  \
        {"LOG_LEVEL", "LOG_NONE", WORD, LOG_WORDS, true},                                                    \
        {"MODEL_PRIORITY", "MEDIUM", WORD, "LOW|MEDIUM|HIGH", false},                                        \
        {"MULTI_DEVICE_PRIORITIES", "", TEXT, NULL, false},                                                  \
        {"OPTIMIZATION_CAPABILITIES", NULL, READ_ONLY, NULL, false},                                         \
        {"PERFORMANCE_HINT", "LATENCY", WORD, "LATENCY|THROUGHPUT|CUMULATIVE_THROUGHPUT", true},             \
        {"PERFORMANCE_HINT_NUM_REQUESTS", "0", NUMBER, NULL, true}, {"PERF_COUNT", "NO", BOOL, NULL, true},  \
        {"SCHEDULE_POLICY", "DEVICE_PRIORITY", WORD, "DEVICE_PRIORITY|ROUND_ROBIN|DEFAULT", false},          \
    {                                                                                                        \
        "SUPPORTED_PROPERTIES", NULL, READ_ONLY, NULL, false                                                 \
    }

static const struct row auto_rows[] = {
    {"DEVICE_BIND_BUFFER", "NO", BOOL, NULL, false},
    {"ENABLE_RUNTIME_FALLBACK", "YES", BOOL, NULL, false},
    {"ENABLE_STARTUP_FALLBACK", "YES", BOOL, NULL, false},
    SPREADING,
};

static const struct row multi_rows[] = {
    {"DEVICE_BIND_BUFFER", "NO", BOOL, NULL, false},
    SPREADING,
};

static const struct row hetero_rows[] = {
    {"SUPPORTED_PROPERTIES", NULL, READ_ONLY, NULL, false},
    {"FULL_DEVICE_NAME", NULL, READ_ONLY, NULL, false},
    {"OPTIMIZATION_CAPABILITIES", NULL, READ_ONLY, NULL, false},
    {"MULTI_DEVICE_PRIORITIES", "", TEXT, NULL, false},
    {"MODEL_DISTRIBUTION_POLICY", "", WORD, "", false},
};

static const struct row batch_rows[] = {
    {"SUPPORTED_PROPERTIES", NULL, READ_ONLY, NULL, false},
    {"FULL_DEVICE_NAME", NULL, READ_ONLY, NULL, false},
    {"MULTI_DEVICE_PRIORITIES", "", TEXT, NULL, false},
    {"AUTO_BATCH_TIMEOUT", "1000", NUMBER, NULL, false},
    {"PERF_COUNT", "NO", BOOL, NULL, true},
};

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define MAX_ROWS (COUNT(auto_rows))

static const struct {
    const struct row *rows;
    int n;
} tables[VT_N_VIRTUAL] = {
    [VT_AUTO] = {auto_rows, COUNT(auto_rows)},
    [VT_MULTI] = {multi_rows, COUNT(multi_rows)},
    [VT_HETERO] = {hetero_rows, COUNT(hetero_rows)},
    [VT_BATCH] = {batch_rows, COUNT(batch_rows)},
};

static const struct row *find(enum vt_virtual_kind kind, const char *key)
{
    for (int i = 0; i < tables[kind].n; i++) {
        if (strcmp(tables[kind].rows[i].key, key) == 0) {
            return &tables[kind].rows[i];
        }
    }
    return NULL;
}

bool vt_virtual_has_property(enum vt_virtual_kind kind, const char *key)
{
    return find(kind, key) != NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct vt_property lists[VT_N_VIRTUAL][MAX_ROWS];

static void fill_lists(void)
{
    for (int kind = 0; kind < VT_N_VIRTUAL; kind++) {
        for (int i = 0; i < tables[kind].n; i++) {
            const struct row *row = &tables[kind].rows[i];

            lists[kind][i] = (struct vt_property){row->key, row->check != READ_ONLY};
        }
    }
}

int vt_virtual_properties(const struct vt_virtual *v, const struct vt_property **list, int *n)
{
    pthread_once(&once, fill_lists);
    *list = lists[v->kind];
    *n = tables[v->kind].n;
    return VT_OK;
}

/* ---- values */

static const char *bool_word(const char *value)
{
    static const char *const words[] = {"YES", "NO", "TRUE", "FALSE", "1", "0", "ON", "OFF"};

    for (int i = 0; i < COUNT(words); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            return i % 2 ? "NO" : "YES";
        }
    }
    return NULL;
}

static bool word_in(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (;;) {
        size_t length = strcspn(list, "|");

        if (length == n && memcmp(list, word, n) == 0) {
            return true;
        }
        if (!list[length]) {
            return false;
        }
        list += length + 1;
    }
}

/* Check a value; *value becomes its usual form. */
static int check_value(const struct row *row, const char **value, struct vt_error *err)
{
    const char *word;
    char *end;

    switch (row->check) {
    case BOOL:
        word = bool_word(*value);
        if (!word) {
            return vt_fail(err, VT_E_INVALID, "'%s' is none of YES and NO", *value);
        }
        *value = word;
        return VT_OK;
    case WORD:
        return word_in(row->allowed, *value)
                   ? VT_OK
                   : vt_fail(err, VT_E_INVALID, "'%s' is none of %s", *value,
                             *row->allowed ? row->allowed : "the values that are implemented: only ''");
    case NUMBER:
        if (**value < '0' || **value > '9' || strtoul(*value, &end, 10) > INT32_MAX || *end) {
            return vt_fail(err, VT_E_INVALID, "'%s' is no number from 0 to %d", *value, INT32_MAX);
        }
        return VT_OK;
    default: return VT_OK;
    }
}

/* What the devices of the core can do, each word once, sorted. */
static int capabilities(const struct vt_virtual *v, char *buf, size_t size, size_t *length)
{
    char all[1024] = "", *words[64], *save = NULL;
    size_t at = 0;
    int n = 0;

    for (int i = 0; i < v->core->n_modules; i++) {
        char *value = NULL;

        if (vt_core_get_property(v->core, v->core->modules[i]->name, "OPTIMIZATION_CAPABILITIES", &value,
                                 NULL) == VT_OK &&
            at + strlen(value) + 2 < sizeof(all)) {
            at += (size_t)snprintf(all + at, sizeof(all) - at, "%s ", value);
        }
        free(value);
    }
    for (char *w = strtok_r(all, " ", &save); w && n < 64; w = strtok_r(NULL, " ", &save)) {
        int k = 0;

        while (k < n && strcmp(words[k], w) < 0) {
            k++;
        }
        if ((k == n || strcmp(words[k], w)) && strcmp(w, "EXPORT_IMPORT")) {
            memmove(&words[k + 1], &words[k], (size_t)(n - k) * sizeof(words[0]));
            words[k] = w;
            n++;
        }
    }
    *length = 0;
    if (size) {
        *buf = 0;
    }
    for (int i = 0; i < n; i++) {
        size_t room = *length < size ? size - *length : 0;

        *length += (size_t)snprintf(room ? buf + *length : NULL, room, "%s%s", i ? " " : "", words[i]);
    }
    return VT_OK;
}

int vt_virtual_get_property(struct vt_virtual *v, const char *key, char *buf, size_t size, size_t *length,
                            struct vt_error *err)
{
    const struct row *row = find(v->kind, key);
    const char *value;

    if (!row) {
        return vt_fail(err, VT_E_NOT_FOUND, "no such property");
    }
    if (strcmp(key, "FULL_DEVICE_NAME") == 0) {
        return vt_put_value(vt_virtual_name(v->kind), buf, size, length);
    }
    if (strcmp(key, "OPTIMIZATION_CAPABILITIES") == 0) {
        return v->kind == VT_HETERO ? vt_put_value("EXPORT_IMPORT", buf, size, length)
                                    : capabilities(v, buf, size, length);
    }
    pthread_mutex_lock(&v->lock);
    value = vt_settings_get(&v->settings, key);
    vt_put_value(value ? value : row->value ? row->value : "", buf, size, length);
    pthread_mutex_unlock(&v->lock);
    return VT_OK;
}

int vt_virtual_set_property(struct vt_virtual *v, const char *key, const char *value, struct vt_error *err)
{
    const struct row *row = find(v->kind, key);
    int status = row && row->check != READ_ONLY ? check_value(row, &value, err)
                                                : vt_fail(err, VT_E_NOT_FOUND, "no such property");

    if (status == VT_OK) {
        pthread_mutex_lock(&v->lock);
        status = vt_settings_put(&v->settings, key, value);
        pthread_mutex_unlock(&v->lock);
        if (status) {
            vt_fail(err, status, "out of memory");
        }
    }
    return status;
}

/* ---- a configuration taken apart */

static int take_defaults(struct vt_virtual_config *c, const struct vt_virtual *v)
{
    int status = VT_OK;

    for (int i = 0; i < tables[v->kind].n && status == VT_OK; i++) {
        const struct row *row = &tables[v->kind].rows[i];

        if (row->check != READ_ONLY) {
            status = vt_settings_put(&c->own, row->key, row->value);
        }
    }
    return status;
}

/* One property that was set: the device's or the compile call's. */
static int take_one(struct vt_virtual_config *c, enum vt_virtual_kind kind, const char *key,
                    const char *value, struct vt_error *err)
{
    const struct row *row = find(kind, key);
    int status = VT_OK;

    if (row) {
        if (row->check == READ_ONLY) {
            return vt_fail(err, VT_E_NOT_FOUND, "property %s of device %s can only be read", key,
                           vt_virtual_name(kind));
        }
        status = check_value(row, &value, err);
        if (status) {
            vt_context(err, "property %s: ", key);
            return status;
        }
        status = vt_settings_put(&c->own, key, value);
    }
    if (status == VT_OK && (!row || row->pass)) {
        status = vt_settings_put(&c->pass, key, value);
    }
    return status ? vt_fail(err, status, "out of memory") : VT_OK;
}

int vt_virtual_config_init(struct vt_virtual_config *c, struct vt_virtual *v, const struct vt_config *config,
                           struct vt_error *err)
{
    int status;

    *c = (struct vt_virtual_config){0};
    status = take_defaults(c, v);
    if (status) {
        return vt_fail(err, status, "out of memory");
    }
    pthread_mutex_lock(&v->lock);
    for (int i = 0; i < v->settings.n && status == VT_OK; i++) {
        status = take_one(c, v->kind, v->settings.keys[i], v->settings.values[i], err);
    }
    pthread_mutex_unlock(&v->lock);
    for (int i = 0; config && i < config->n && status == VT_OK; i++) {
        status = take_one(c, v->kind, config->keys[i], config->values[i], err);
    }
    return status;
}

void vt_virtual_config_finish(struct vt_virtual_config *c)
{
    vt_settings_finish(&c->own);
    vt_settings_finish(&c->pass);
}
