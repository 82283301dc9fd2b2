/* What a model format implements. A frontend is a shared object that exports `vt_frontend_entry`. */
#ifndef VT_FRONTEND_H
#define VT_FRONTEND_H

#include "vt/host.h"

struct vt_frontend {
    struct vt_abi abi;
    const char *name;       /* "ir" */
    const char *extensions; /* "xml" or "onnx pb": by file name, without case */

    /* Whether the first bytes of a file look like this format. */
    bool (*probe)(const void *head, size_t bytes);

    /* Read a model file. `weights_path` may be NULL: the format's own rule finds them. The graph is the
     * caller's. */
    int (*read_file)(const struct vt_host *host, const char *path, const char *weights_path,
                     struct vt_graph **graph, struct vt_error *err);

    /* Read from memory. `weights` may be NULL; graph constants hold a reference to it. `model` is not kept.
     */
    int (*read_memory)(const struct vt_host *host, const void *model, size_t bytes, struct vt_blob *weights,
                       struct vt_graph **graph, struct vt_error *err);

    /* Calls `file` for each file that read_file would read, without reading them (0 goes on, anything else
     * ends it and is returned). Optional: without it a model has to be read before a compiled form can be
     * found. */
    int (*files)(const char *path, const char *weights_path, int (*file)(void *ctx, const char *path),
                 void *ctx);
};

#define VT_FRONTEND_SYMBOL "vt_frontend_entry"
typedef const struct vt_frontend *(*vt_frontend_entry_fn)(int host_major, int host_minor);

#endif
