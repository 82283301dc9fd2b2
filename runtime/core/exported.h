/* The file form of a compiled model: a head that the core writes, then what the plugin writes.
 *
 * Numbers are little-endian. "VTMODEL" and NUL, u32 format version, u32 bytes of the head, u64 hash of the
 * head from here on; then texts (u32 length, bytes): runtime version, plugin name, plugin version, model
 * name; then for inputs and for outputs u32 count and for each port: text node name, u32 number of tensor
 * names, texts, u32 type, i32 rank, rank times i64 min, i64 max. The head is filled up with zeros to a
 * multiple of 64 bytes; the rest is the plugin's. */
#ifndef VT_EXPORTED_H
#define VT_EXPORTED_H

#include "compiled.h"

/* Check the head and let the plugin load the rest. VT_E_FORMAT for anything else or damage to the head,
 * VT_E_ABI when another version or another plugin wrote it. */
int vt_exported_open(const void *data, size_t bytes, struct vt_module *module, const char *device_id,
                     const char *device, const struct vt_config *config, struct vt_compiled **compiled,
                     struct vt_error *err);

#endif
