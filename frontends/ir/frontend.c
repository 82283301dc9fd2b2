/* OpenVINO IR, versions 10 and 11: a model's structure in an .xml file, its weights in a .bin file. */
#include "vt/frontend.h"
#include "read.h"

#include <stdlib.h>
#include <unistd.h>

static bool probe(const void *head, size_t bytes)
{
    const char *p = head, *end = p + bytes;

    if (bytes >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }
    return p < end && *p == '<' && memmem(p, (size_t)(end - p), "<net", 4);
}

static int check_root(struct ir_reader *r)
{
    const struct ir_elem *root = r->doc.root;
    const char *text = ir_attr(root, "version");
    int64_t version;

    if (strcmp(root->name, "net") != 0) {
        return ir_fail(r, root, NULL, VT_E_FORMAT, "the root is <%.40s>, not <net>: this is no OpenVINO IR",
                       root->name);
    }
    if (!text || !ir_parse_i64(text, &version)) {
        return ir_fail(r, root, NULL, VT_E_FORMAT, "<net> lacks a version");
    }
    if (version < IR_OLDEST || version > IR_NEWEST) {
        return ir_fail(
            r, root, NULL, VT_E_UNSUPPORTED,
            "not implemented: IR version %lld (versions %d to %d are read); convert the model again",
            (long long)version, IR_OLDEST, IR_NEWEST);
    }
    r->version = (int)version;
    return VT_OK;
}

static int read_text(struct ir_reader *r, const void *text, size_t bytes, struct vt_graph **graph)
{
    struct ir_net net = {.r = r};
    struct vt_error unseen = {0};
    int status;

    r->err = r->err ? r->err : &unseen;
    status = ir_doc_parse(&r->doc, r->label, text, bytes, r->err);
    status = status ? status : check_root(r);
    if (status == VT_OK) {
        net.elem = r->doc.root;
        status = ir_net_read(&net);
    }
    ir_doc_finish(&r->doc);
    if (status == VT_OK) {
        *graph = net.graph;
    }
    return status;
}

/* "dir/model.xml" -> "dir/model.bin"; the caller frees it. */
static char *default_weights(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    char *weights = malloc(stem + sizeof(".bin"));

    if (weights) {
        memcpy(weights, path, stem);
        memcpy(weights + stem, ".bin", sizeof(".bin"));
    }
    return weights;
}

static int read_file(const struct vt_host *host, const char *path, const char *weights_path,
                     struct vt_graph **graph, struct vt_error *err)
{
    struct ir_reader r = {.host = host, .err = err, .label = path};
    char *beside = default_weights(path);
    struct vt_blob *xml;
    const void *text;
    size_t bytes;
    int status;

    if (!beside) {
        return vt_fail(err, VT_E_NOMEM, "%s: out of memory", path);
    }
    r.weights_path = weights_path && *weights_path ? weights_path : beside;
    status = host->blob_map(path, &xml, err);
    if (status == VT_OK) {
        text = host->blob_data(xml, &bytes);
        status = read_text(&r, text, bytes, graph);
        host->blob_unref(xml);
    }
    if (r.weights) {
        host->blob_unref(r.weights); /* the graph's constants hold their own */
    }
    free(beside);
    return status;
}

/* A model without constants has no file of weights. */
static int files(const char *path, const char *weights_path, int (*file)(void *ctx, const char *path),
                 void *ctx)
{
    char *beside = default_weights(path);
    const char *weights = weights_path && *weights_path ? weights_path : beside;
    int status = beside ? file(ctx, path) : VT_E_NOMEM;

    if (status == VT_OK && access(weights, F_OK) == 0) {
        status = file(ctx, weights);
    }
    free(beside);
    return status;
}

static int read_memory(const struct vt_host *host, const void *model, size_t bytes, struct vt_blob *weights,
                       struct vt_graph **graph, struct vt_error *err)
{
    struct ir_reader r = {.host = host, .err = err, .label = "model in memory", .weights = weights};
    const char *text = model;

    while (bytes && !text[bytes - 1]) {
        bytes--;
    }
    return read_text(&r, text, bytes, graph);
}

static const struct vt_frontend table = {
    .abi = VT_ABI_HEADER(struct vt_frontend),
    .name = "ir",
    .extensions = "xml",
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
