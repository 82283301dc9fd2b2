#include "core_impl.h"

#include "cache.h"

#include <stdlib.h>

static const struct vt_core_key core_keys[] = {
    {"CACHE_DIR", VT_KEY_TEXT, "", true},
    {"ENABLE_MMAP", VT_KEY_BOOL, "YES", false},
    {"FORCE_TBB_TERMINATE", VT_KEY_BOOL, "NO", false},
    {"ENABLE_CPU_FALLBACK", VT_KEY_BOOL, "YES", true},
    {"CACHE_MODE", VT_KEY_TEXT, "OPTIMIZE_SPEED", false},
    {VT_CACHE_CIPHER, VT_KEY_TEXT, "", false},
};

const struct vt_core_key *vt_core_key_find(const char *key)
{
    for (size_t i = 0; i < sizeof(core_keys) / sizeof(core_keys[0]); i++) {
        if (strcmp(core_keys[i].key, key) == 0) {
            return &core_keys[i];
        }
    }
    return NULL;
}

/* "YES" or "NO" for the words that stand for them, NULL for others. */
static const char *bool_word(const char *value)
{
    static const char *const words[][2] = {
        {"YES", "NO"},     {"yes", "no"}, {"TRUE", "FALSE"}, {"true", "false"},
        {"True", "False"}, {"1", "0"},    {"ON", "OFF"},     {"on", "off"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i][0]) == 0 || strcmp(value, words[i][1]) == 0) {
            return strcmp(value, words[i][0]) == 0 ? "YES" : "NO";
        }
    }
    return NULL;
}

int vt_core_key_check(const struct vt_core_key *key, const char **value, struct vt_error *err)
{
    if (key->kind == VT_KEY_BOOL) {
        const char *word = bool_word(*value);

        if (!word) {
            return vt_fail(err, VT_E_INVALID, "property %s: '%s' is none of YES and NO", key->key, *value);
        }
        *value = word;
    }
    if (strcmp(key->key, "CACHE_MODE") == 0 && strcmp(*value, "OPTIMIZE_SIZE") &&
        strcmp(*value, "OPTIMIZE_SPEED")) {
        return vt_fail(err, VT_E_INVALID,
                       "property CACHE_MODE: '%s' is none of OPTIMIZE_SIZE and "
                       "OPTIMIZE_SPEED",
                       *value);
    }
    return VT_OK;
}

/* ---- DEVICE_PROPERTIES, "{CPU:{NUM_STREAMS:2,PERF_COUNT:YES},GPU:{...}}" */

struct nested {
    const char *at;
    const char *device;
    struct vt_settings *settings;
    struct vt_error *err;
};

static void skip_blanks(struct nested *n)
{
    n->at += strspn(n->at, " \t\n");
}

static int bad_nested(const struct nested *n, const char *what)
{
    return vt_fail(n->err, VT_E_INVALID,
                   "property DEVICE_PROPERTIES: %s at \"%.32s\"; its form is "
                   "{DEVICE:{KEY:VALUE,...},...}",
                   what, n->at);
}

static bool take(struct nested *n, char c)
{
    skip_blanks(n);
    if (*n->at != c) {
        return false;
    }
    n->at++;
    return true;
}

/* A word up to ':' or, for values, up to ',' or '}'. */
static int take_word(struct nested *n, const char *stop, char word[128])
{
    size_t length;

    skip_blanks(n);
    length = strcspn(n->at, stop);
    if (!length || length >= 128) {
        return bad_nested(n, "a name or value is missing");
    }
    memcpy(word, n->at, length);
    word[length] = 0;
    n->at += length;
    while (length && strchr(" \t\n", word[length - 1])) {
        word[--length] = 0;
    }
    return VT_OK;
}

static int read_pairs(struct nested *n, bool mine)
{
    char key[128], value[128];
    int status;

    do {
        status = take_word(n, ":,{}", key);
        if (status == VT_OK && !take(n, ':')) {
            status = bad_nested(n, "':' is missing");
        }
        status = status ? status : take_word(n, ",{}", value);
        if (status == VT_OK && mine && vt_settings_put(n->settings, key, value)) {
            status = vt_fail(n->err, VT_E_NOMEM, "out of memory");
        }
    } while (status == VT_OK && take(n, ','));
    return status;
}

static int read_nested(struct nested *n)
{
    char device[128];
    int status = VT_OK;

    if (!take(n, '{')) {
        return bad_nested(n, "'{' is missing");
    }
    do {
        status = take_word(n, ":,{}", device);
        if (status == VT_OK && (!take(n, ':') || !take(n, '{'))) {
            status = bad_nested(n, "':{' is missing");
        }
        status = status ? status : read_pairs(n, status == VT_OK && strcmp(device, n->device) == 0);
        if (status == VT_OK && !take(n, '}')) {
            status = bad_nested(n, "'}' is missing");
        }
    } while (status == VT_OK && take(n, ','));
    if (status == VT_OK && !take(n, '}')) {
        status = bad_nested(n, "'}' is missing");
    }
    skip_blanks(n);
    return status == VT_OK && *n->at ? bad_nested(n, "more text") : status;
}

/* ---- what goes to the plugin */

static int keep(struct vt_module *module, struct vt_settings *settings, const char *key, const char *value,
                struct vt_error *err)
{
    const struct vt_core_key *core_key = vt_core_key_find(key);
    bool writable = false, known = vt_module_property(module, key, &writable);
    char hint[VT_HINT_TEXT];

    if (known && writable) {
        return vt_settings_put(settings, key, value) ? vt_fail(err, VT_E_NOMEM, "out of memory") : VT_OK;
    }
    if (core_key) {
        return vt_core_key_check(core_key, &value, err);
    }
    if (known) {
        return vt_fail(err, VT_E_NOT_FOUND, "property %s of device %s can only be read", key, module->name);
    }
    return vt_fail(err, VT_E_NOT_FOUND, "property %s is not known to device %s%s", key, module->name,
                   vt_module_hint(module, key, hint));
}

static void view_settings(const struct vt_settings *settings, struct vt_config *out)
{
    *out = (struct vt_config){.n = settings->n,
                              .keys = (const char *const *)settings->keys,
                              .values = (const char *const *)settings->values};
}

/* A virtual device passes on what its devices know, which it finds out itself. */
static int keep_all(const struct vt_target *target, const struct vt_config *config,
                    struct vt_settings *settings, struct vt_error *err)
{
    const char *list = NULL;
    int status = VT_OK;

    for (int i = 0; config && i < config->n && status == VT_OK; i++) {
        status = vt_settings_put(settings, config->keys[i], config->values[i]);
    }
    list = vt_settings_get(settings, "MULTI_DEVICE_PRIORITIES");
    if (status == VT_OK && *target->id && list && strcmp(list, target->id)) {
        return vt_fail(err, VT_E_INVALID,
                       "the devices of \"%s:%s\" and those of MULTI_DEVICE_PRIORITIES, \"%s\", differ",
                       target->module->name, target->id, list);
    }
    if (status == VT_OK && *target->id) {
        status = vt_settings_put(settings, "MULTI_DEVICE_PRIORITIES", target->id);
    }
    return status ? vt_fail(err, status, "out of memory") : VT_OK;
}

/* Properties given for the device by name win over those given for all. */
int vt_plugin_config(const struct vt_target *target, const struct vt_config *config,
                     struct vt_settings *settings, struct vt_config *out, struct vt_error *err)
{
    struct vt_module *module = target->module;
    struct vt_settings nested = {0};
    int status = module->is_virtual ? keep_all(target, config, settings, err) : VT_OK;

    if (module->is_virtual) {
        view_settings(settings, out);
        return status;
    }

    for (int i = 0; config && i < config->n && status == VT_OK; i++) {
        if (strcmp(config->keys[i], "DEVICE_PROPERTIES") == 0) {
            struct nested n = {config->values[i], module->name, &nested, err};

            status = read_nested(&n);
        } else {
            status = keep(module, settings, config->keys[i], config->values[i], err);
        }
    }
    for (int i = 0; i < nested.n && status == VT_OK; i++) {
        status = keep(module, settings, nested.keys[i], nested.values[i], err);
    }
    vt_settings_finish(&nested);
    view_settings(settings, out);
    return status;
}
