/* A file that appears under its name once it is complete: it is written beside it under another name. Until
 * then, and for good when something fails, what was there before stays; a mapping of it stays valid. */
#ifndef VT_NEW_FILE_H
#define VT_NEW_FILE_H

#include "vt/status.h"

#include <stddef.h>
#include <stdio.h>

/* Begin with {.path = …}, the name the file will have; it must outlive the structure. */
struct vt_new_file {
    const char *path;
    char *made; /* its name until then; NULL: not there */
    FILE *stream;
    struct vt_error *err; /* that of begin */
};

/* All give VT_E_IO with the path and the system's reason, or VT_E_NOMEM. After a failure of any
 * of them only drop remains. */

/* Open the stream. What is there already and is no regular file (a pipe, a device) is written to directly; a
 * folder is refused. */
int vt_new_file_begin(struct vt_new_file *file, struct vt_error *err);

/* For callbacks, which have no error of their own: the message goes to what begin was given. */
int vt_new_file_write(void *file, const void *data, size_t bytes);

/* No more is written. */
int vt_new_file_end(struct vt_new_file *file, struct vt_error *err);

/* Take the place of what has the name. */
int vt_new_file_publish(struct vt_new_file *file, struct vt_error *err);

/* Close and remove what was not published; does nothing after publish or before begin. */
void vt_new_file_drop(struct vt_new_file *file);

#endif
