#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int read_all(FILE *file, const char *path, size_t bytes, unsigned char **data, struct message *message)
{
    unsigned char *buffer = malloc(bytes + 1);
    if (!buffer) {
        return message_fail(message, "%s: no memory for %zu bytes", path, bytes);
    }
    if (fread(buffer, 1, bytes, file) != bytes) {
        free(buffer);
        return message_fail(message, "%s: cannot read %zu bytes", path, bytes);
    }
    buffer[bytes] = 0;
    *data = buffer;
    return 0;
}

int file_read(const char *path, unsigned char **data, size_t *bytes, struct message *message)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return message_fail(message, "cannot open %s: %s", path, strerror(errno));
    }
    struct stat info;
    int rc = -1;
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        message_fail(message, "%s is no regular file", path);
    } else {
        *bytes = (size_t)info.st_size;
        rc = read_all(file, path, *bytes, data, message);
    }
    fclose(file);
    return rc;
}

bool file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}
