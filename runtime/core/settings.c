#include "module.h"

#include <stdlib.h>

static int find(const struct vt_settings *settings, const char *key)
{
    for (int i = 0; i < settings->n; i++) {
        if (strcmp(settings->keys[i], key) == 0) {
            return i;
        }
    }
    return -1;
}

static bool grow(struct vt_settings *settings)
{
    int capacity = settings->capacity ? 2 * settings->capacity : 8;
    char **keys = realloc(settings->keys, (size_t)capacity * sizeof(*keys)), **values;

    if (!keys) {
        return false;
    }
    settings->keys = keys;
    values = realloc(settings->values, (size_t)capacity * sizeof(*values));
    if (!values) {
        return false;
    }
    settings->values = values;
    settings->capacity = capacity;
    return true;
}

int vt_settings_put(struct vt_settings *settings, const char *key, const char *value)
{
    int at = find(settings, key);
    char *v = strdup(value), *k = at < 0 ? strdup(key) : NULL;

    if (!v || (at < 0 && (!k || (settings->n == settings->capacity && !grow(settings))))) {
        free(v);
        free(k);
        return VT_E_NOMEM;
    }
    if (at < 0) {
        at = settings->n++;
        settings->keys[at] = k;
    } else {
        free(settings->values[at]);
    }
    settings->values[at] = v;
    return VT_OK;
}

const char *vt_settings_get(const struct vt_settings *settings, const char *key)
{
    int at = find(settings, key);

    return at < 0 ? NULL : settings->values[at];
}

void vt_settings_finish(struct vt_settings *settings)
{
    for (int i = 0; i < settings->n; i++) {
        free(settings->keys[i]);
        free(settings->values[i]);
    }
    free(settings->keys);
    free(settings->values);
    *settings = (struct vt_settings){0};
}
