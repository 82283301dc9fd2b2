/* Two files that appear under their names once both are complete. */
#include "new_file.h"
#include "save_ir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_file(void *file, const void *data, size_t bytes, struct vt_error *err)
{
    (void)err; /* that of begin_file */
    return vt_new_file_write(file, data, bytes);
}

/* One of a pair makes no sense in a pipe or on a device. */
static int begin_file(struct vt_new_file *f, struct vt_error *err)
{
    struct stat st;

    if (stat(f->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        return vt_fail(err, VT_E_IO, "'%s' cannot be written: it is no ordinary file", f->path);
    }
    return vt_new_file_begin(f, err);
}

static int save(const struct vt_graph *graph, unsigned flags, struct vt_new_file *xml,
                struct vt_new_file *bin, struct vt_error *err)
{
    struct vt_save_sink text = {write_file, xml}, weights = {write_file, bin};
    int status = begin_file(xml, err);

    status = status ? status : begin_file(bin, err);
    status = status ? status : vt_save_ir(graph, flags, &text, &weights, err);
    status = status ? status : vt_new_file_end(bin, err);
    status = status ? status : vt_new_file_end(xml, err);
    status = status ? status : vt_new_file_publish(bin, err);
    if (status) {
        return status;
    }
    status = vt_new_file_publish(xml, err);
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
    struct vt_new_file xml = {.path = xml_path}, bin = {.path = bin_path ? bin_path : beside};
    int status;

    if (!beside) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (strcmp(xml.path, bin.path) == 0) {
        status =
            vt_fail(err, VT_E_INVALID, "'%s' cannot hold both the text and the weights of a model", xml_path);
    } else {
        status = save(graph, flags, &xml, &bin, err);
        vt_new_file_drop(&xml);
        vt_new_file_drop(&bin);
    }
    free(beside);
    return status;
}
