/* What the files of the core share: core.c, core_config.c, core_device.c, core_property.c. */
#ifndef VT_CORE_IMPL_H
#define VT_CORE_IMPL_H

#include "core.h"
#include "extension.h"
#include "formats.h"
#include "module.h"
#include "virtual/virtual.h"

struct vt_core {
    struct vt_module **modules;
    int n_modules;
    struct vt_module *virtuals[VT_N_VIRTUAL]; /* never listed */
    struct vt_formats formats;
    struct vt_extension_set extensions;
    pthread_mutex_t lock;        /* around `settings` */
    struct vt_settings settings; /* of the core itself; a device's are kept as "CPU/CACHE_DIR" */
    atomic_int refs;
};

/* vt_core_destroy drops a reference. */
struct vt_core *vt_core_ref(struct vt_core *core);

/* ---- core_device.c: a device name taken apart */

struct vt_target {
    struct vt_module *module;
    char id[256]; /* "" for the device of a plugin that has one; of a virtual device its list, "GPU,CPU" */
};

/* Split "GPU.1" into plugin and id; nothing is opened. */
int vt_target_find(const struct vt_core *core, const char *device, struct vt_target *target,
                   struct vt_error *err);

/* The same, with the plugin open and the device there: without an id it is the first one. */
int vt_target_open(const struct vt_core *core, const char *device, struct vt_target *target,
                   struct vt_error *err);

/* "GPU.1" */
#define VT_DEVICE_NAME 336
void vt_target_name(const struct vt_target *target, char name[VT_DEVICE_NAME]);

/* Open the plugin and list its devices: at least one. */
int vt_module_devices(struct vt_module *module, const struct vt_device **list, int *n, struct vt_error *err);

/* ---- core.c: compile for a device that is open. All compiling comes through here, also that of the devices
 * behind a virtual one, for each of their models. */
int vt_core_compile_target(struct vt_core *core, struct vt_target *target, const struct vt_model *model,
                           const struct vt_config *config, struct vt_compiled **compiled,
                           struct vt_error *err);

/* The same for what vt_compiled_export wrote. */
int vt_core_import_target(struct vt_target *target, const void *data, size_t bytes,
                          const struct vt_config *config, struct vt_compiled **compiled,
                          struct vt_error *err);

/* ENABLE_MMAP of the core. */
bool vt_core_maps_files(struct vt_core *core);

/* ---- core_config.c: properties that are the core's own and never reach a plugin that does not list them */

enum vt_key_kind { VT_KEY_TEXT, VT_KEY_BOOL };

struct vt_core_key {
    const char *key;
    enum vt_key_kind kind;
    const char *def;
    bool device_get; /* a device may be asked for it too */
};

/* NULL when it is not one of them. */
const struct vt_core_key *vt_core_key_find(const char *key);

/* Check a value and replace it by its usual form ("true" -> "YES"). */
int vt_core_key_check(const struct vt_core_key *key, const char **value, struct vt_error *err);

/* What of a compile configuration (may be NULL) goes to the open plugin, entries of DEVICE_PROPERTIES for
 * this device among it: *out views `settings`, which the caller finishes, also on failure. A virtual device
 * gets everything, and its list as MULTI_DEVICE_PRIORITIES. */
int vt_plugin_config(const struct vt_target *target, const struct vt_config *config,
                     struct vt_settings *settings, struct vt_config *out, struct vt_error *err);

/* The value of one of the core's own properties for a device ("" for the core): a new string. */
int vt_core_setting(struct vt_core *core, const char *device, const struct vt_core_key *key, char **value,
                    struct vt_error *err);

#endif
