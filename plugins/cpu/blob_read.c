#include "blob.h"

#include "vt/checked.h"

#include <stdlib.h>

struct view {
    struct cpu_blob_head head;
    const char *graph;
    const struct cpu_blob_item *items;
    const char *data;
};

static int damaged(struct vt_error *err, const char *what)
{
    return vt_fail(err, VT_E_FORMAT, "the compiled model is damaged or cut off (%s); compile it anew", what);
}

/* Head, graph and table lie inside of the blob and are what was written. */
static int view_blob(const struct vt_host *host, const char *base, size_t bytes, struct view *v,
                     struct vt_error *err)
{
    struct cpu_blob_head *head = &v->head;
    uint64_t table;

    if (bytes < sizeof(*head)) {
        return damaged(err, "head");
    }
    memcpy(head, base, sizeof(*head));
    if (memcmp(head->magic, cpu_blob_magic, sizeof(head->magic))) {
        return vt_fail(err, VT_E_FORMAT, "the bytes are no model that the CPU plugin compiled");
    }
    if (head->graph_bytes > bytes || head->n_items > bytes / sizeof(struct cpu_blob_item)) {
        return damaged(err, "sizes");
    }
    table = cpu_blob_table(head);
    if (!vt_range_fits(table, head->n_items * sizeof(struct cpu_blob_item), bytes) ||
        !vt_range_fits(head->data_offset, head->data_bytes, bytes) || head->data_offset % 64) {
        return damaged(err, "sizes");
    }
    v->graph = base + sizeof(*head);
    v->items = (const struct cpu_blob_item *)(base + table);
    v->data = base + head->data_offset;
    if (cpu_blob_hash(host, head, v->graph, v->items) != head->hash) {
        return damaged(err, "structure");
    }
    return VT_OK;
}

static int check_items(const struct vt_host *host, const struct view *v, struct vt_error *err)
{
    uint64_t samples = 0;

    for (uint64_t i = 0; i < v->head.n_items; i++) {
        const struct cpu_blob_item *item = &v->items[i];

        if (!vt_range_fits(item->offset, item->bytes, v->head.data_bytes) || item->offset % 64) {
            return damaged(err, "table");
        }
        samples = cpu_blob_sample(host, v->data + item->offset, (size_t)item->bytes, samples);
    }
    return samples == v->head.samples ? VT_OK : damaged(err, "weights");
}

static int check_machine(const struct view *v, struct vt_error *err)
{
    enum cpu_isa isa = cpu_isa_best();

    if (v->head.isa != (uint32_t)isa) {
        return vt_fail(err, VT_E_ABI,
                       "the model was compiled for the instruction set %s, here it is %s; compile it anew",
                       cpu_isa_name((enum cpu_isa)v->head.isa), cpu_isa_name(isa));
    }
    return VT_OK;
}

/* ---- files that a small blob leaves its constants in */

struct spaces {
    struct vt_graph_space list[1 + CPU_BLOB_FILES];
    int n;
};

static int open_file(const struct vt_host *host, const struct view *v, const struct cpu_blob_item *item,
                     struct vt_graph_space *space, struct vt_error *err)
{
    const char *path = v->data + item->offset;
    int64_t time = 0;
    int status;

    if (!item->bytes || memchr(path, 0, (size_t)item->bytes) != path + item->bytes - 1) {
        return damaged(err, "path");
    }
    status = host->blob_map(path, &space->blob, err);
    if (status) {
        vt_context(err, "the weights of the compiled model are gone: ");
        return VT_E_IO;
    }
    host->blob_data(space->blob, &space->bytes);
    if (space->bytes != item->node || !host->blob_file(space->blob, &time) || (uint64_t)time != item->key) {
        return vt_fail(err, VT_E_ABI,
                       "the weights in '%s' were changed after the model was compiled; compile it "
                       "anew",
                       path);
    }
    return VT_OK;
}

static int open_files(const struct vt_host *host, const struct view *v, struct spaces *spaces,
                      struct vt_error *err)
{
    int status = VT_OK;

    for (uint64_t i = 0; i < v->head.n_items && status == VT_OK; i++) {
        if (v->items[i].kind != CPU_BLOB_FILE) {
            continue;
        }
        if (spaces->n > CPU_BLOB_FILES || !VT_TABLE_HAS(host, blob_file)) {
            return damaged(err, "files");
        }
        status = open_file(host, v, &v->items[i], &spaces->list[spaces->n++], err);
    }
    return status;
}

static int load(const struct vt_host *host, struct vt_blob *blob, size_t offset, struct cpu_config *config,
                struct cpu_model **model, struct vt_error *err)
{
    struct spaces spaces = {.list[0] = {.blob = blob}, .n = 1};
    struct vt_graph *graph = NULL;
    struct view v;
    const char *base;
    size_t bytes;
    int status;

    if (!VT_TABLE_HAS(host, hash)) {
        return vt_fail(err, VT_E_ABI, "this runtime is older than the CPU plugin and cannot load models");
    }
    base = host->blob_data(blob, &bytes);
    if (offset > bytes || ((uintptr_t)base + offset) % 64) {
        return vt_fail(err, VT_E_INVALID, "a compiled model must be 64-byte aligned in memory");
    }
    status = view_blob(host, base + offset, bytes - offset, &v, err);
    status = status ? status : check_machine(&v, err);
    status = status ? status : check_items(host, &v, err);
    status = status ? status : open_files(host, &v, &spaces, err);
    if (status == VT_OK) {
        spaces.list[0].offset = offset + (size_t)v.head.data_offset;
        spaces.list[0].bytes = (size_t)v.head.data_bytes;
        status = host->graph_read(v.graph, (size_t)v.head.graph_bytes, spaces.list, spaces.n,
                                  (size_t)v.head.absent_bytes, &graph, err);
    }
    for (int i = 1; i < spaces.n; i++) {
        if (spaces.list[i].blob) {
            host->blob_unref(spaces.list[i].blob); /* the graph has its own references */
        }
    }
    if (status) {
        return status;
    }
    config->accurate = v.head.accurate;
    status = cpu_model_load(host, graph, config, blob, v.data, v.items, (size_t)v.head.n_items, model, err);
    *config = (struct cpu_config){0};
    return status;
}

int cpu_blob_read(const struct vt_host *host, struct vt_blob *blob, size_t offset,
                  const struct cpu_config *config, struct cpu_model **model, struct vt_error *err)
{
    struct cpu_config own = *config;
    int status = load(host, blob, offset, &own, model, err);

    cpu_config_finish(host, &own);
    return status;
}
