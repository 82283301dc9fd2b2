/* The file form of a compiled model: a head that the core writes, then what the plugin writes.
 *
 * Numbers are little-endian. "VTMODEL" and NUL, u32 format version, u32 bytes of the head, u64 hash of the
 * head from here on; then texts (u32 length, bytes): runtime version, plugin name, plugin version, u64
 * build of both, model name; then for inputs and for outputs u32 count and for each port: text node name, u32
 * number of tensor names, texts, u32 type, i32 rank, rank times i64 min, i64 max. The head is filled up with
 * zeros to a multiple of 4096 bytes; the rest is the plugin's. */
#ifndef VT_EXPORTED_H
#define VT_EXPORTED_H

#include "compiled.h"
#include "map.h"

/* Whether the plugin can load what it wrote. */
bool vt_exported_possible(const struct vt_plugin *plugin);

/* Tells builds of this library and a plugin apart. */
uint64_t vt_exported_build(const struct vt_plugin *plugin);

/* vt_compiled_export; `small`: weights stay in the model's own files where the plugin can do that. */
int vt_exported_write(struct vt_compiled *compiled, bool small,
                      int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                      struct vt_error *err);

/* Check the head and let the plugin load the rest; the blob's data is 64-byte aligned. VT_E_FORMAT for
 * anything else or damage to the head, VT_E_ABI when another version or build, or another plugin wrote it. */
int vt_exported_open(struct vt_blob *blob, struct vt_module *module, const char *device_id,
                     const char *device, const struct vt_config *config, struct vt_compiled **compiled,
                     struct vt_error *err);

#endif
