/* The core: plugins and frontends, their properties, reading and compiling models.
 *
 * A device is named "CPU", "GPU", "GPU.1": the plugin's name and a device id. All functions may be called
 * from several threads at once. Plugins and frontends are opened when first needed. */
#ifndef VT_CORE_H
#define VT_CORE_H

#include "compiled.h"
#include "host.h"
#include "model.h"
#include "vintner_extension.h"
#include "vt/plugin.h"

struct vt_core;

/* `plugins_xml` is the path of a file that lists the plugins (<ie><plugins><plugin name="CPU"
 * location="FILE"/>), NULL or "" stands for those that are found by themselves: linked in, in vintner/ beside
 * the library, in its build tree, and below VT_PLUGIN_PATH (folders and files, separated by colons). */
int vt_core_create(const char *plugins_xml, struct vt_core **core, struct vt_error *err);

/* Models, compiled models and requests stay valid. NULL is allowed. */
void vt_core_destroy(struct vt_core *core);

/* ---- models */

/* Read a model file; the format is found by the file's ending, then by its first bytes. `weights_path` may be
 * NULL or "": the format's own rule finds them. VT_E_IO, VT_E_FORMAT. */
int vt_core_read_file(struct vt_core *core, const char *path, const char *weights_path,
                      struct vt_model **model, struct vt_error *err);

/* From memory, which is not kept. `weights` may be NULL; the model takes a reference of its own. */
int vt_core_read_memory(struct vt_core *core, const void *data, size_t bytes, struct vt_blob *weights,
                        struct vt_model **model, struct vt_error *err);

/* ---- compiling. The model is copied as far as needed. Keys of `config` (may be NULL) win over the
 * properties of the device. An operation without definition is VT_E_UNSUPPORTED naming all such operations at
 * once. */
int vt_core_compile(struct vt_core *core, const struct vt_model *model, const char *device,
                    const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err);

/* The same for a model in a file. With CACHE_DIR set and the compiled form found there, the model is not even
 * read. `weights_path` as for vt_core_read_file. */
int vt_core_compile_file(struct vt_core *core, const char *path, const char *weights_path, const char *device,
                         const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err);

/* What vt_compiled_export wrote; the data is not kept. VT_E_FORMAT when it is something else, VT_E_ABI when
 * another version or device wrote it. */
int vt_core_import(struct vt_core *core, const char *device, const void *data, size_t bytes,
                   const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err);

/* The same from a file, which is mapped as long as the compiled model lives. */
int vt_core_import_file(struct vt_core *core, const char *device, const char *path,
                        const struct vt_config *config, struct vt_compiled **compiled, struct vt_error *err);

/* What the device would do with each node of the model: `verdict` is called once for each. */
int vt_core_query(struct vt_core *core, const struct vt_model *model, const char *device,
                  const struct vt_config *config,
                  void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                  struct vt_error *err);

/* ---- plugins that are not found by themselves. While one of these runs, no other function may use the core.
 */

/* Make the plugin in a file known as the device `name` (upper-case letters, digits and _); it is opened when
 * it is first needed. VT_E_INVALID for a name that cannot be one or that there is already, VT_E_IO when there
 * is no such file. */
int vt_core_add_plugin(struct vt_core *core, const char *path, const char *name, struct vt_error *err);

/* Let go of an open plugin with the properties that were set on it; it is opened anew when it is needed
 * again. What was made with it stays valid and keeps it. VT_E_NOT_FOUND when there is none or it is not open.
 */
int vt_core_close_plugin(struct vt_core *core, const char *name, struct vt_error *err);

/* ---- extensions (vintner_extension.h): load a shared object and make its operations known to the models
 * that the core reads from now on. The same file again changes nothing. VT_E_IO when it cannot be loaded,
 * VT_E_ABI when it is no extension or one of another version, VT_E_INVALID when its table is wrong or an
 * operation is there already; nothing is added then. */
int vt_core_add_extension(struct vt_core *core, const char *path, struct vt_error *err);

/* The same for a table of the program itself, which stays as it is. */
int vt_core_add_table(struct vt_core *core, const vt_extension_t *table, struct vt_error *err);

/* ---- properties. `device` "" is the core itself and, when setting, all devices. A property set on a device
 * whose plugin is not open yet is kept and judged when it opens; a bad one then makes every use of the device
 * fail. VT_E_NOT_FOUND for an unknown key or device, VT_E_INVALID for a bad value. */
int vt_core_set_property(struct vt_core *core, const char *device, const char *key, const char *value,
                         struct vt_error *err);

/* *value is a new string for free(). */
int vt_core_get_property(struct vt_core *core, const char *device, const char *key, char **value,
                         struct vt_error *err);

/* ---- devices */

/* A list of strings in one block: free() the array alone. */
int vt_core_devices(struct vt_core *core, char ***names, int *n, struct vt_error *err);

struct vt_version_info {
    const char *device;  /* plugin name: "CPU" for "CPU.0" */
    const char *version; /* these live as long as the process */
    const char *description;
};

/* Versions of the plugins that a device name stands for; `list` has room for `max`. Returns how many there
 * are, or VT_E_NOT_FOUND. */
int vt_core_versions(struct vt_core *core, const char *device, struct vt_version_info *list, int max,
                     struct vt_error *err);

#endif
