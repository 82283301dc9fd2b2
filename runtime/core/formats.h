/* Frontends: the model formats that can be read. */
#ifndef VT_FORMATS_H
#define VT_FORMATS_H

#include "discover.h"
#include "vt/frontend.h"

#include <pthread.h>

struct vt_format {
    char *name, *path;
    vt_frontend_entry_fn entry;
    const struct vt_frontend *fns; /* NULL: not open, or it cannot be opened */
    struct vt_error reason;
};

struct vt_formats {
    struct vt_format *items;
    int n;
    pthread_mutex_t lock; /* around opening, which happens once for all */
    bool opened;
};

/* Takes the frontends out of the list. VT_E_NOMEM. */
int vt_formats_init(struct vt_formats *formats, struct vt_found_list *found);
void vt_formats_finish(struct vt_formats *formats);

int vt_formats_read_file(struct vt_formats *formats, const char *path, const char *weights_path,
                         struct vt_graph **graph, struct vt_error *err);
int vt_formats_read_memory(struct vt_formats *formats, const void *data, size_t bytes,
                           struct vt_blob *weights, struct vt_graph **graph, struct vt_error *err);

/* The files of a model, one call for each (see struct vt_frontend). VT_E_UNSUPPORTED where the format cannot
 * tell; no message. */
int vt_formats_files(struct vt_formats *formats, const char *path, const char *weights_path,
                     int (*file)(void *ctx, const char *path), void *ctx);

#endif
