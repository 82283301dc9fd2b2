/* ONNX: a model in protobuf's wire format, weights in it or in files beside it. */
#include "vt/frontend.h"
#include "translate.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- whether bytes are a model */

/* The kind that a field of ModelProto has; -1: there is no such field. */
static int kind_of(uint32_t number)
{
    switch (number) {
    case 1:
    case 5: return ONNX_VARINT;
    case 2:
    case 3:
    case 4:
    case 6:
    case 7:
    case 8:
    case 14:
    case 20:
    case 25:
    case 26: return ONNX_BYTES;
    default: return -1;
    }
}

static bool probe(const void *head, size_t bytes)
{
    const uint8_t *p = head, *end = p + bytes;
    bool seen = false;

    while (p < end) {
        uint64_t key = 0, value = 0;
        unsigned shift;

        for (shift = 0; p < end && shift < 21; shift += 7) {
            key |= (uint64_t)(*p & 0x7f) << shift;
            if (*p++ < 0x80) {
                break;
            }
        }
        if (p == end && p[-1] >= 0x80) {
            break; /* cut off */
        }
        if (kind_of((uint32_t)(key >> 3)) != (int)(key & 7)) {
            return false;
        }
        for (shift = 0; p < end && shift < 63; shift += 7) {
            value |= (uint64_t)(*p & 0x7f) << shift;
            if (*p++ < 0x80) {
                break;
            }
        }
        seen |= key >> 3 == 1 || key >> 3 == 7 || key >> 3 == 8;
        if ((key & 7) == ONNX_BYTES) {
            if (value >= (uint64_t)(end - p)) {
                break; /* beyond what is seen here */
            }
            p += value;
        }
    }
    return seen;
}

/* ---- reading */

static int read_model(struct onnx_model *m, struct vt_graph **graph)
{
    int status = onnx_model_parse(m);

    status = status ? status : onnx_translate_model(m, graph);
    onnx_model_finish(m);
    return status;
}

/* "dir/" of "dir/model.onnx"; NULL when out of memory. */
static const char *folder_of(struct onnx_model *m, const char *path)
{
    const char *slash = strrchr(path, '/');

    return onnx_arena_text(&m->arena, path, slash ? (size_t)(slash - path) + 1 : 0);
}

static int read_file(const struct vt_host *host, const char *path, const char *weights_path,
                     struct vt_graph **graph, struct vt_error *err)
{
    struct vt_error unseen = {0};
    struct onnx_model m = {.host = host, .err = err ? err : &unseen, .label = path};
    size_t bytes;
    int status;

    (void)weights_path; /* the model names its files itself */
    if (!VT_TABLE_HAS(host, constant_clone)) {
        return vt_fail(err, VT_E_ABI, "%s: the runtime is too old for this frontend", path);
    }
    status = host->blob_map(path, &m.blob, m.err);
    if (status) {
        return status;
    }
    m.bytes.p = host->blob_data(m.blob, &bytes);
    m.bytes.n = bytes;
    m.folder = folder_of(&m, path);
    status = m.folder ? read_model(&m, graph) : onnx_model_fail(&m, VT_E_NOMEM, "out of memory");
    host->blob_unref(m.blob); /* the graph's constants hold their own */
    return status;
}

static int read_memory(const struct vt_host *host, const void *model, size_t bytes, struct vt_blob *weights,
                       struct vt_graph **graph, struct vt_error *err)
{
    struct vt_error unseen = {0};
    struct onnx_model m = {
        .host = host, .err = err ? err : &unseen, .label = "model in memory", .bytes = {model, bytes}};

    (void)weights;
    if (!VT_TABLE_HAS(host, constant_clone)) {
        return vt_fail(err, VT_E_ABI, "the runtime is too old for the ONNX frontend");
    }
    return read_model(&m, graph);
}

/* ---- the files of a model */

struct file_walk {
    struct onnx_model *m;
    struct onnx_names seen;
    int (*file)(void *ctx, const char *path);
    void *ctx;
};

static int tell_tensor(struct file_walk *w, const struct onnx_tensor *t)
{
    const char *path;

    if (!t->external || onnx_external_path(w->m, t, &path) || onnx_names_get(&w->seen, path) ||
        access(path, F_OK) != 0) {
        return VT_OK; /* reading tells what is wrong */
    }
    if (!onnx_names_put(&w->m->arena, &w->seen, path, w)) {
        return VT_E_NOMEM;
    }
    return w->file(w->ctx, path);
}

static int tell_nodes(struct file_walk *w, const struct onnx_node_def *nodes, int n);

static int tell_graph(struct file_walk *w, const struct onnx_graph *g)
{
    int status = VT_OK;

    for (int i = 0; i < g->n_inits && status == VT_OK; i++) {
        status = tell_tensor(w, &g->inits[i]);
    }
    for (int i = 0; i < g->n_sparse_inits && status == VT_OK; i++) {
        status = tell_tensor(w, &g->sparse_inits[i].values);
        status = status ? status : tell_tensor(w, &g->sparse_inits[i].indices);
    }
    return status ? status : tell_nodes(w, g->nodes, g->n_nodes);
}

static int tell_nodes(struct file_walk *w, const struct onnx_node_def *nodes, int n)
{
    int status = VT_OK;

    for (int i = 0; i < n; i++) {
        for (int k = 0; k < nodes[i].n_attrs && status == VT_OK; k++) {
            const struct onnx_attr *a = &nodes[i].attrs[k];

            status = a->tensor ? tell_tensor(w, a->tensor) : a->graph ? tell_graph(w, a->graph) : VT_OK;
        }
    }
    return status;
}

static int tell_model(struct onnx_model *m, int (*file)(void *ctx, const char *path), void *ctx)
{
    struct file_walk w = {.m = m, .file = file, .ctx = ctx};
    int status = onnx_model_parse(m);

    status = status ? VT_OK : tell_graph(&w, m->graph); /* reading tells what is wrong */
    for (int i = 0; i < m->n_functions && status == VT_OK; i++) {
        status = tell_nodes(&w, m->functions[i].nodes, m->functions[i].n_nodes);
    }
    return status;
}

static int files(const char *path, const char *weights_path, int (*file)(void *ctx, const char *path),
                 void *ctx)
{
    struct vt_error err = {0};
    struct onnx_model m = {.err = &err, .label = path};
    int fd, status = file(ctx, path);
    struct stat st;
    void *data;

    (void)weights_path;
    fd = status ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return status;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data != MAP_FAILED) {
            m.bytes = (struct onnx_bytes){data, (size_t)st.st_size};
            m.folder = folder_of(&m, path);
            status = m.folder ? tell_model(&m, file, ctx) : VT_E_NOMEM;
            onnx_arena_finish(&m.arena);
            munmap(data, (size_t)st.st_size);
        }
    }
    close(fd);
    return status;
}

static const struct vt_frontend table = {
    .abi = VT_ABI_HEADER(struct vt_frontend),
    .name = "onnx",
    .extensions = "onnx",
    .probe = probe,
    .read_file = read_file,
    .read_memory = read_memory,
    .files = files,
};

__attribute__((visibility("default"))) const struct vt_frontend *vt_frontend_entry(int host_major,
                                                                                   int host_minor);

const struct vt_frontend *vt_frontend_entry(int host_major, int host_minor)
{
    (void)host_minor;
    return host_major == VT_ABI_MAJOR ? &table : NULL;
}
