#include "temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/vintner-test-XXXXXX";
static char path[64];

int temporary_setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

int temporary_teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

const char *temporary_write(const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0) {
        abort();
    }
    return path;
}
