/* One plugin of a core: opened when first needed, closed with the last that uses it. */
#ifndef VT_MODULE_H
#define VT_MODULE_H

#include "discover.h"
#include "vt/plugin.h"

#include <pthread.h>
#include <stdatomic.h>

/* Properties kept as texts. */
struct vt_settings {
    char **keys, **values;
    int n, capacity;
};

/* Set or replace. VT_E_NOMEM. */
int vt_settings_put(struct vt_settings *settings, const char *key, const char *value);
const char *vt_settings_get(const struct vt_settings *settings, const char *key);
void vt_settings_finish(struct vt_settings *settings);

struct vt_module {
    char *name; /* "CPU" */
    char *path; /* NULL: linked in */
    vt_plugin_entry_fn entry;
    atomic_int refs;

    pthread_mutex_t lock; /* around opening and `pending` */
    bool is_virtual;      /* part of the core: AUTO, MULTI, HETERO, BATCH */
    bool opened;          /* fns and impl are set; never taken back */
    bool failed;          /* opening failed for good, `reason` says why */
    struct vt_error reason;
    const struct vt_plugin *fns;
    void *impl;
    struct vt_settings pending; /* set before the plugin was open */
    struct vt_settings shared;  /* the same, set for all devices: what this one does not know is ignored */
};

/* Takes name and path out of `found`. NULL when out of memory. */
struct vt_module *vt_module_create(struct vt_found *found);
struct vt_module *vt_module_ref(struct vt_module *module);
void vt_module_unref(struct vt_module *module);

/* Open the plugin and hand it the properties that were set for it. Once it is open this costs a lock. The
 * message names the file. VT_E_ABI, VT_E_IO, or what the plugin said. */
int vt_module_open(struct vt_module *module, struct vt_error *err);

/* Whether the open plugin has a property. */
bool vt_module_property(struct vt_module *module, const char *key, bool *writable);

/* "; did you mean 'NUM_STREAMS'?" or "" into `text`, which is returned. */
#define VT_HINT_TEXT 128
const char *vt_property_hint(const struct vt_property *list, int n, const char *key, char text[VT_HINT_TEXT]);
const char *vt_module_hint(struct vt_module *module, const char *key, char text[VT_HINT_TEXT]);

/* Set a property now or, while the plugin is not open, keep it. */
int vt_module_set(struct vt_module *module, const char *device_id, const char *key, const char *value,
                  struct vt_error *err);

/* The same for a property that is set for all devices; *taken tells whether this one has it. */
int vt_module_set_shared(struct vt_module *module, const char *key, const char *value, bool *taken,
                         struct vt_error *err);

/* Whether it is open, without opening it. */
bool vt_module_is_open(struct vt_module *module);

/* The check that vt_module_open makes, `where` names the file. */
int vt_plugin_check(const struct vt_plugin *plugin, const char *where, struct vt_error *err);

/* Any get_property method into a new string. `get` calls it for the given buffer. */
int vt_fetch_text(int (*get)(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err),
                  void *ctx, char **text, struct vt_error *err);

#endif
