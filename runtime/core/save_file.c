/* Two files that appear under their names once both are complete. */
#include "save_ir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    const char *path; /* the name it will have */
    char *made;       /* its name until then; NULL: not there */
    FILE *stream;
};

static int io_error(const struct file *f, const char *doing, struct vt_error *err)
{
    return vt_fail(err, VT_E_IO, "'%s' cannot be %s: %s", f->path, doing, strerror(errno));
}

static int write_file(void *user, const void *data, size_t bytes, struct vt_error *err)
{
    struct file *f = user;

    return fwrite(data, 1, bytes, f->stream) == bytes ? VT_OK : io_error(f, "written", err);
}

/* A new file beside the one that it will replace, with the permissions of a new file. */
static int begin_file(struct file *f, struct vt_error *err)
{
    static atomic_uint counter;
    struct stat st;
    int fd;

    if (stat(f->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return vt_fail(err, VT_E_IO, "'%s' cannot be written: it is %s", f->path,
                       S_ISDIR(st.st_mode) ? "a folder" : "no ordinary file");
    }
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

static int end_file(struct file *f, struct vt_error *err)
{
    FILE *stream = f->stream;

    f->stream = NULL;
    return fclose(stream) ? io_error(f, "written", err) : VT_OK;
}

static int publish(struct file *f, struct vt_error *err)
{
    if (rename(f->made, f->path)) {
        return io_error(f, "replaced", err);
    }
    free(f->made);
    f->made = NULL;
    return VT_OK;
}

static void drop_file(struct file *f)
{
    if (f->stream) {
        fclose(f->stream);
    }
    if (f->made) {
        unlink(f->made);
        free(f->made);
    }
}

static int save(const struct vt_graph *graph, unsigned flags, struct file *xml, struct file *bin,
                struct vt_error *err)
{
    struct vt_save_sink text = {write_file, xml}, weights = {write_file, bin};
    int status = begin_file(xml, err);

    status = status ? status : begin_file(bin, err);
    status = status ? status : vt_save_ir(graph, flags, &text, &weights, err);
    status = status ? status : end_file(bin, err);
    status = status ? status : end_file(xml, err);
    status = status ? status : publish(bin, err);
    if (status) {
        return status;
    }
    status = publish(xml, err);
    if (status) {
        unlink(bin->path); /* nothing describes these weights */
    }
    return status;
}

/* "dir/model.xml" -> "dir/model.bin"; the caller frees it. */
static char *default_weights(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    int stem = dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path);
    char *weights;

    return asprintf(&weights, "%.*s.bin", stem, path) < 0 ? NULL : weights;
}

int vt_save_ir_files(const struct vt_graph *graph, unsigned flags, const char *xml_path, const char *bin_path,
                     struct vt_error *err)
{
    char *beside = default_weights(xml_path);
    struct file xml = {.path = xml_path}, bin = {.path = bin_path ? bin_path : beside};
    int status;

    if (!beside) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (strcmp(xml.path, bin.path) == 0) {
        status =
            vt_fail(err, VT_E_INVALID, "'%s' cannot hold both the text and the weights of a model", xml_path);
    } else {
        status = save(graph, flags, &xml, &bin, err);
        drop_file(&xml);
        drop_file(&bin);
    }
    free(beside);
    return status;
}
