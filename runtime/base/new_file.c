#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int io_error(const struct vt_new_file *f, const char *doing, struct vt_error *err)
{
    return vt_fail(err, VT_E_IO, "'%s' cannot be %s: %s", f->path, doing, strerror(errno));
}

/* A name in the same folder that no other process and no other thread uses. */
static int open_beside(struct vt_new_file *f, struct vt_error *err)
{
    static atomic_uint counter;
    int fd;

    if (asprintf(&f->made, "%s.%ld-%u.tmp", f->path, (long)getpid(), atomic_fetch_add(&counter, 1)) < 0) {
        f->made = NULL;
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    fd = open(f->made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        int status = io_error(f, "created", err);

        free(f->made);
        f->made = NULL;
        return status;
    }
    f->stream = fdopen(fd, "w");
    if (!f->stream) {
        close(fd);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

int vt_new_file_begin(struct vt_new_file *f, struct vt_error *err)
{
    struct stat st;

    f->err = err;
    if (stat(f->path, &st) || S_ISREG(st.st_mode)) {
        return open_beside(f, err);
    }
    if (S_ISDIR(st.st_mode)) {
        return vt_fail(err, VT_E_IO, "'%s' cannot be written: it is a folder", f->path);
    }
    f->stream = fopen(f->path, "we");
    return f->stream ? VT_OK : io_error(f, "written", err);
}

int vt_new_file_write(void *file, const void *data, size_t bytes)
{
    const struct vt_new_file *f = file;

    return fwrite(data, 1, bytes, f->stream) == bytes ? VT_OK : io_error(f, "written", f->err);
}

int vt_new_file_end(struct vt_new_file *f, struct vt_error *err)
{
    FILE *stream = f->stream;

    f->stream = NULL;
    return fclose(stream) ? io_error(f, "written", err) : VT_OK;
}

int vt_new_file_publish(struct vt_new_file *f, struct vt_error *err)
{
    if (f->made && rename(f->made, f->path)) {
        return io_error(f, "replaced", err);
    }
    free(f->made);
    f->made = NULL;
    return VT_OK;
}

void vt_new_file_drop(struct vt_new_file *f)
{
    if (f->stream) {
        fclose(f->stream);
        f->stream = NULL;
    }
    if (f->made) {
        unlink(f->made);
        free(f->made);
        f->made = NULL;
    }
}
