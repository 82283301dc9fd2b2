/* The cache of compiled models: a folder (CACHE_DIR) with a file for each, named by what it depends on.
 *
 * The name is a hash over the model (its files, or the graph when it comes from memory), the builds of the
 * runtime and of the plugin, and what the plugin says its output depends on. Nothing is ever deleted. Files
 * are written under another name and renamed, so processes may share a folder. What cannot be loaded is made
 * anew, with a line in the log.
 *
 * A model's main file and files up to VT_CACHE_WHOLE bytes count with all their bytes; larger ones with size,
 * time of change, and samples (vt_hash_sampled): to read all weights would cost more than to load the result.
 */
#ifndef VT_CACHE_H
#define VT_CACHE_H

#include "core_impl.h"

#define VT_CACHE_WHOLE ((size_t)8 << 20)

/* Property that carries the functions of ov_encryption_callbacks inside of the library, as the text
 * "ENCRYPT:DECRYPT" of two addresses. */
#define VT_CACHE_CIPHER "CACHE_ENCRYPTION_CALLBACKS"

/* Called twice: with dst NULL it says in *dst_bytes how much room it needs. */
typedef void vt_cache_cipher_fn(const char *src, size_t src_bytes, char *dst, size_t *dst_bytes);

/* For one compilation. { 0 } is a cache that is off: loading finds nothing, saving does nothing. */
struct vt_cache {
    struct vt_core *core;
    struct vt_target *target;
    const struct vt_config *config; /* for the plugin */
    char *dir;                      /* NULL: off */
    char *path;                     /* NULL: no key could be made */
    vt_cache_cipher_fn *encrypt, *decrypt;
    bool small; /* CACHE_MODE=OPTIMIZE_SIZE */
};

/* Find out whether the cache is on, and make the folder. `given` is the caller's configuration, `own` what
 * the plugin gets of it. VT_E_IO when there can be no such folder. */
int vt_cache_open(struct vt_cache *cache, struct vt_core *core, struct vt_target *target,
                  const struct vt_config *given, const struct vt_config *own, struct vt_error *err);
void vt_cache_finish(struct vt_cache *cache);

/* Set `path` by the files or the graph of a model; left NULL where it cannot be. */
void vt_cache_key_files(struct vt_cache *cache, const char *path, const char *weights_path);
void vt_cache_key_model(struct vt_cache *cache, const struct vt_model *model);

/* Whether it was there and could be loaded. */
bool vt_cache_load(struct vt_cache *cache, struct vt_compiled **compiled);

/* A failure is logged and otherwise ignored. */
void vt_cache_save(struct vt_cache *cache, struct vt_compiled *compiled);

/* ---- cache_file.c */

/* Write a compiled model to a file that appears under its name when it is complete. */
int vt_cache_write(const struct vt_cache *cache, struct vt_compiled *compiled, struct vt_error *err);

/* The bytes of the file, decrypted. VT_E_NOT_FOUND. */
int vt_cache_read(const struct vt_cache *cache, struct vt_blob **blob, struct vt_error *err);

#endif
