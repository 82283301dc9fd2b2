/* Whole files in memory. */
#ifndef SAMPLES_FILE_H
#define SAMPLES_FILE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads `path` into malloc'ed memory that the caller frees; one NUL byte follows the `*bytes` bytes of the
   file. 0, or -1 with a message (missing, no regular file, unreadable, too little memory). */
int file_read(const char *path, unsigned char **data, size_t *bytes, struct message *message);

bool file_is_folder(const char *path);

/* True when `path` ends in `suffix` (with its dot), in any case. */
bool file_has_suffix(const char *path, const char *suffix);

#endif
