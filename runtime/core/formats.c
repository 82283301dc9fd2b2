#include "formats.h"

#include "host.h"
#include "log.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#define HEAD_BYTES 4096

int vt_formats_init(struct vt_formats *formats, struct vt_found_list *found)
{
    pthread_mutex_init(&formats->lock, NULL);
    formats->items = calloc((size_t)found->n + 1, sizeof(*formats->items));
    if (!formats->items) {
        return VT_E_NOMEM;
    }
    for (int i = 0; i < found->n; i++) {
        struct vt_found *item = &found->items[i];

        if (item->kind == VT_FOUND_FRONTEND) {
            formats->items[formats->n++] =
                (struct vt_format){.name = item->name, .path = item->path, .entry = item->frontend};
            item->name = NULL;
            item->path = NULL;
        }
    }
    return VT_OK;
}

/* Shared objects stay mapped. */
void vt_formats_finish(struct vt_formats *formats)
{
    for (int i = 0; i < formats->n; i++) {
        free(formats->items[i].name);
        free(formats->items[i].path);
    }
    free(formats->items);
    pthread_mutex_destroy(&formats->lock);
}

/* ---- opening */

static int check(const struct vt_frontend *f, const char *where, struct vt_error *err)
{
    if (f->abi.major != VT_ABI_MAJOR) {
        return vt_fail(err, VT_E_ABI, "%s: it has ABI %u.%u, this runtime has ABI %d.%d", where, f->abi.major,
                       f->abi.minor, VT_ABI_MAJOR, VT_ABI_MINOR);
    }
    if (!VT_TABLE_HAS(f, name) || !VT_TABLE_HAS(f, extensions) || !VT_TABLE_HAS(f, probe) ||
        !VT_TABLE_HAS(f, read_file)) {
        return vt_fail(err, VT_E_ABI, "%s: its table lacks name, extensions, probe or read_file", where);
    }
    return VT_OK;
}

static int open_format(struct vt_format *format, const struct vt_frontend **fns, struct vt_error *err)
{
    vt_frontend_entry_fn entry = format->entry;
    const char *where = format->path ? format->path : format->name;

    if (!entry) {
        void *handle = dlopen(format->path, RTLD_NOW | RTLD_LOCAL);

        if (!handle) {
            return vt_fail(err, VT_E_IO, "cannot load the frontend: %s", dlerror());
        }
        *(void **)&entry = dlsym(handle, VT_FRONTEND_SYMBOL);
        if (!entry) {
            return vt_fail(err, VT_E_ABI, "%s: no frontend, it does not export %s", where,
                           VT_FRONTEND_SYMBOL);
        }
    }
    *fns = entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    if (!*fns) {
        return vt_fail(err, VT_E_ABI, "%s: the frontend refuses to work with a runtime of ABI %d.%d", where,
                       VT_ABI_MAJOR, VT_ABI_MINOR);
    }
    return check(*fns, where, err);
}

/* A frontend that cannot be opened is as if it were not there, with a warning. */
static void open_all(struct vt_formats *formats)
{
    pthread_mutex_lock(&formats->lock);
    for (int i = 0; i < formats->n && !formats->opened; i++) {
        struct vt_format *format = &formats->items[i];
        const struct vt_frontend *fns = NULL;

        if (open_format(format, &fns, &format->reason) == VT_OK) {
            format->fns = fns;
            vt_trace(VT_LOG_PLUGIN, "frontend %s: %s", format->name,
                     format->path ? format->path : "linked in");
        } else {
            vt_log(VT_LOG_WARNING, "frontend %s is left out: %s", format->name, format->reason.text);
        }
    }
    formats->opened = true;
    pthread_mutex_unlock(&formats->lock);
}

/* ---- choosing */

/* Whether `ending` is one of the words of a list. */
static bool in_words(const char *words, const char *ending)
{
    while (*words) {
        size_t n = strcspn(words, " ");

        if (n == strlen(ending) && strncasecmp(words, ending, n) == 0) {
            return true;
        }
        words += n + (words[n] == ' ');
    }
    return false;
}

static const char *ending_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');

    return dot ? dot + 1 : "";
}

/* By the ending, if the first bytes do not speak for another one. */
static const struct vt_frontend *choose(const struct vt_formats *formats, const char *ending,
                                        const void *head, size_t bytes)
{
    const struct vt_frontend *by_ending = NULL, *by_head = NULL;

    for (int i = 0; i < formats->n; i++) {
        const struct vt_frontend *f = formats->items[i].fns;
        bool fits_ending = f && *ending && in_words(f->extensions, ending);
        bool fits_head = f && f->probe(head, bytes);

        if (fits_ending && fits_head) {
            return f;
        }
        by_ending = fits_ending && !by_ending ? f : by_ending;
        by_head = fits_head && !by_head ? f : by_head;
    }
    return by_head ? by_head : by_ending;
}

static void names_of(const struct vt_formats *formats, char *text, size_t size)
{
    size_t at = 0;

    snprintf(text, size, "none");
    for (int i = 0; i < formats->n && at < size; i++) {
        if (formats->items[i].fns) {
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", formats->items[i].name);
        }
    }
}

static int read_head(const char *path, unsigned char head[HEAD_BYTES], size_t *bytes, struct vt_error *err)
{
    FILE *file = fopen(path, "rbe");
    int status = VT_OK;

    if (!file) {
        return vt_fail(err, VT_E_IO, "cannot open the model '%s': %s", path, strerror(errno));
    }
    *bytes = fread(head, 1, HEAD_BYTES, file);
    if (ferror(file)) {
        status = vt_fail(err, VT_E_IO, "cannot read the model '%s': %s", path, strerror(errno));
    }
    fclose(file);
    return status;
}

int vt_formats_read_file(struct vt_formats *formats, const char *path, const char *weights_path,
                         struct vt_graph **graph, struct vt_error *err)
{
    unsigned char head[HEAD_BYTES];
    char names[256];
    size_t bytes = 0;
    const struct vt_frontend *f;
    int status = read_head(path, head, &bytes, err);

    if (status) {
        return status;
    }
    open_all(formats);
    f = choose(formats, ending_of(path), head, bytes);
    if (!f) {
        names_of(formats, names, sizeof(names));
        return vt_fail(err, VT_E_FORMAT, "'%s' is no model that can be read; there are frontends for: %s",
                       path, names);
    }
    status =
        f->read_file(vt_core_host(), path, weights_path && *weights_path ? weights_path : NULL, graph, err);
    return status ? vt_fail(err, status, "the model '%s' cannot be read", path) : VT_OK;
}

int vt_formats_files(struct vt_formats *formats, const char *path, const char *weights_path,
                     int (*file)(void *ctx, const char *path), void *ctx)
{
    unsigned char head[HEAD_BYTES];
    size_t bytes = 0;
    const struct vt_frontend *f;
    int status = read_head(path, head, &bytes, NULL);

    if (status) {
        return status;
    }
    open_all(formats);
    f = choose(formats, ending_of(path), head, bytes);
    if (!f || !VT_TABLE_HAS(f, files)) {
        return VT_E_UNSUPPORTED;
    }
    return f->files(path, weights_path && *weights_path ? weights_path : NULL, file, ctx);
}

int vt_formats_read_memory(struct vt_formats *formats, const void *data, size_t bytes,
                           struct vt_blob *weights, struct vt_graph **graph, struct vt_error *err)
{
    const struct vt_frontend *f;
    char names[256];
    int status;

    open_all(formats);
    f = choose(formats, "", data, bytes < HEAD_BYTES ? bytes : HEAD_BYTES);
    if (!f) {
        names_of(formats, names, sizeof(names));
        return vt_fail(err, VT_E_FORMAT,
                       "the %zu bytes are no model that can be read; there are frontends for: %s", bytes,
                       names);
    }
    if (!VT_TABLE_HAS(f, read_memory)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: reading the format %s from memory", f->name);
    }
    status = f->read_memory(vt_core_host(), data, bytes, weights, graph, err);
    return status ? vt_fail(err, status, "the model cannot be read") : VT_OK;
}
