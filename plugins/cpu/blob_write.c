#include "blob.h"

#include <stdlib.h>

const char cpu_blob_magic[8] = "VTCPU01";

/* Constants up to this size are part of the graph's bytes. */
#define INLINE_BYTES 1024

/* A range of memory in which one or more Constants have their data. */
struct source {
    const void *data;
    size_t bytes;
    uint64_t node;
    bool absent;
    const struct vt_blob *file; /* that it stays in, or NULL */
    uint64_t offset;            /* in the data, in the file, or among what is absent */
};

struct exporter {
    const struct vt_host *host;
    struct cpu_model *model;
    bool small;
    const struct vt_blob *files[CPU_BLOB_FILES];
    char *paths[CPU_BLOB_FILES];
    int n_files;
    struct source *sources;
    size_t n_sources, cap_sources;
    struct cpu_blob_item *items;
    const void **data; /* of the items */
    size_t n_items, cap_items;
    char *graph;
    size_t graph_bytes, cap_graph;
    struct cpu_blob_head head;
};

static bool grow(void *list, size_t n, size_t *cap, size_t size)
{
    void **array = list;

    if (n == *cap) {
        size_t wider = *cap ? 2 * *cap : 256;
        void *more = realloc(*array, wider * size);

        if (!more) {
            return false;
        }
        *array = more;
        *cap = wider;
    }
    return true;
}

uint64_t cpu_blob_hash(const struct vt_host *host, const struct cpu_blob_head *head, const void *graph,
                       const struct cpu_blob_item *items)
{
    size_t skip = offsetof(struct cpu_blob_head, samples);
    uint64_t hash = host->hash((const char *)head + skip, sizeof(*head) - skip, 0);

    hash = host->hash(graph, (size_t)head->graph_bytes, hash);
    return host->hash(items, (size_t)head->n_items * sizeof(*items), hash);
}

uint64_t cpu_blob_sample(const struct vt_host *host, const void *data, size_t bytes, uint64_t seed)
{
    enum { SAMPLE = 64, MOST = 16 };
    const char *p = data;
    size_t n = bytes >> 16;

    if (bytes <= 2 * SAMPLE) {
        return host->hash(data, bytes, seed);
    }
    n = n < 1 ? 1 : n > MOST ? MOST : n;
    for (size_t i = 0; i < n; i++) {
        seed = host->hash(p + bytes / n * i, SAMPLE, seed);
    }
    return host->hash(p + bytes - SAMPLE, SAMPLE, seed);
}

/* ---- what there is */

/* The number of a file, from 0; -1 when there are too many. */
static int file_index(struct exporter *e, const struct vt_blob *file)
{
    int i = 0;

    while (i < e->n_files && e->files[i] != file) {
        i++;
    }
    if (i == e->n_files && i < CPU_BLOB_FILES) {
        e->files[e->n_files++] = file;
    }
    return i < CPU_BLOB_FILES ? i : -1;
}

/* Floats and numbers of few bits, which may be absent (vt/host.h); the others may be shapes. */
static bool is_weight(enum vt_type type)
{
    return type == VT_F32 || type == VT_F16 || type == VT_BF16 ||
           (vt_type_info(type)->bits <= 8 && type != VT_BOOLEAN && type != VT_STRING);
}

static bool add_source(struct exporter *e, const struct vt_node *node, const struct vt_tensor *t,
                       uint64_t index)
{
    bool absent = cpu_constant_absent(e->host, node) ||
                  (!e->small && index != UINT64_MAX && e->model->covered && e->model->covered[index] &&
                   is_weight(t->type) && t->bytes > INLINE_BYTES);

    struct source *s;

    for (size_t i = 0; i < e->n_sources; i++) {
        s = &e->sources[i];
        if (s->data == t->data && s->bytes == t->bytes) {
            s->absent &= absent; /* tied weights: all who share them */
            return true;
        }
    }
    if (!grow(&e->sources, e->n_sources, &e->cap_sources, sizeof(*e->sources))) {
        return false;
    }
    s = &e->sources[e->n_sources++];
    *s = (struct source){t->data, t->bytes, index, absent, NULL, 0};
    if (e->small && t->bytes > INLINE_BYTES) {
        s->file = e->host->node_constant_blob(node, &s->offset);
        s->file = s->file && file_index(e, s->file) >= 0 ? s->file : NULL;
    }
    return true;
}

static bool collect(struct exporter *e, const struct vt_graph *graph, bool top)
{
    const struct vt_host *host = e->host;
    int n = host->graph_n_nodes(graph);

    for (int i = 0; i < n; i++) {
        const struct vt_node *node = host->graph_node(graph, i);
        const struct vt_tensor *t = host->node_constant(node);

        if (t && t->bytes && t->type != VT_STRING &&
            !add_source(e, node, t, top ? (uint64_t)i : UINT64_MAX)) {
            return false;
        }
        for (int b = 0; b < host->node_n_bodies(node); b++) {
            if (!collect(e, host->node_body(node, b), false)) {
                return false;
            }
        }
    }
    return true;
}

static bool add_item(struct exporter *e, enum cpu_blob_kind kind, uint64_t node, uint64_t key,
                     const void *data, size_t bytes)
{
    size_t cap = e->cap_items;

    if (!grow(&e->items, e->n_items, &e->cap_items, sizeof(*e->items)) ||
        !grow(&e->data, e->n_items, &cap, sizeof(*e->data))) {
        return false;
    }
    e->items[e->n_items] = (struct cpu_blob_item){kind, node, key, e->head.data_bytes, bytes};
    e->data[e->n_items++] = data;
    e->head.data_bytes += (bytes + 63) & ~(uint64_t)63;
    return true;
}

static bool place_constants(struct exporter *e)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        struct source *s = &e->sources[i];

        if (s->file) {
            continue;
        }
        if (s->absent) {
            s->offset = e->head.absent_bytes;
            e->head.absent_bytes += (s->bytes + 63) & ~(uint64_t)63;
        } else if (s->bytes > INLINE_BYTES) {
            s->offset = e->head.data_bytes;
            if (!add_item(e, CPU_BLOB_CONSTANT, s->node, 0, s->data, s->bytes)) {
                return false;
            }
        }
    }
    return true;
}

/* A form of a constant of the model's own graph. */
static bool add_form(struct exporter *e, const struct cpu_weight *w)
{
    for (size_t i = 0; i < e->n_sources; i++) {
        const struct source *s = &e->sources[i];

        if (s->data == w->source && s->node != UINT64_MAX) {
            return add_item(e, CPU_BLOB_FORM, s->node, w->key, w->data, w->wanted);
        }
    }
    return true;
}

static bool place_forms(struct exporter *e)
{
    for (int i = 0; i < CPU_WEIGHT_BUCKETS; i++) {
        for (const struct cpu_weight *w = e->model->weights.buckets[i]; w; w = w->next) {
            if (!add_form(e, w)) {
                return false;
            }
        }
    }
    return true;
}

static bool place_files(struct exporter *e)
{
    for (int i = 0; i < e->n_files; i++) {
        int64_t time;
        const char *path = e->host->blob_file(e->files[i], &time);
        size_t size;

        e->host->blob_data(e->files[i], &size);
        e->paths[i] = realpath(path, NULL);
        e->paths[i] = e->paths[i] ? e->paths[i] : strdup(path);
        if (!e->paths[i] ||
            !add_item(e, CPU_BLOB_FILE, size, (uint64_t)time, e->paths[i], strlen(e->paths[i]) + 1)) {
            return false;
        }
    }
    return true;
}

/* Constants that are absent already are there in packed forms alone. */
static bool can_be_small(const struct cpu_model *model)
{
    const struct vt_host *host = model->host;
    int n = host->graph_n_nodes(model->graph);

    for (int i = 0; i < n; i++) {
        if (cpu_constant_absent(host, host->graph_node(model->graph, i))) {
            return false;
        }
    }
    return true;
}

/* ---- the graph */

static int place(void *ctx, const struct vt_node *constant, struct vt_graph_place *place)
{
    struct exporter *e = ctx;
    const struct vt_tensor *t = e->host->node_constant(constant);

    for (size_t i = 0; i < e->n_sources; i++) {
        const struct source *s = &e->sources[i];

        if (s->data == t->data && s->bytes == t->bytes) {
            if (s->file) {
                place->space = 2 + file_index(e, s->file);
                place->offset = s->offset;
                return VT_OK;
            }
            place->space = s->absent ? VT_PLACE_ABSENT : s->bytes > INLINE_BYTES ? 1 : VT_PLACE_INLINE;
            place->offset = s->offset;
            return VT_OK;
        }
    }
    return VT_E_INTERNAL;
}

static int keep(void *ctx, const void *data, size_t bytes)
{
    struct exporter *e = ctx;

    while (e->cap_graph - e->graph_bytes < bytes) {
        size_t wider = e->cap_graph ? 2 * e->cap_graph : 65536;
        char *more = realloc(e->graph, wider);

        if (!more) {
            return VT_E_NOMEM;
        }
        e->graph = more;
        e->cap_graph = wider;
    }
    memcpy(e->graph + e->graph_bytes, data, bytes);
    e->graph_bytes += bytes;
    return VT_OK;
}

/* ---- writing */

static void fill_head(struct exporter *e)
{
    struct cpu_blob_head *head = &e->head;
    uint64_t end;

    memcpy(head->magic, cpu_blob_magic, sizeof(head->magic));
    head->isa = (uint32_t)e->model->isa;
    head->accurate = e->model->config.accurate;
    head->graph_bytes = e->graph_bytes;
    head->n_items = e->n_items;
    end = cpu_blob_table(head) + head->n_items * sizeof(struct cpu_blob_item);
    head->data_offset = (end + CPU_BLOB_PAGE - 1) & ~(CPU_BLOB_PAGE - 1);
    for (size_t i = 0; i < e->n_items; i++) {
        head->samples = cpu_blob_sample(e->host, e->data[i], (size_t)e->items[i].bytes, head->samples);
    }
    head->hash = cpu_blob_hash(e->host, head, e->graph, e->items);
}

static int write_all(const struct exporter *e, int (*write)(void *ctx, const void *data, size_t bytes),
                     void *ctx)
{
    static const char zeros[CPU_BLOB_PAGE];
    const struct cpu_blob_head *head = &e->head;
    uint64_t table = cpu_blob_table(head), end = table + head->n_items * sizeof(struct cpu_blob_item);
    int status = write(ctx, head, sizeof(*head));

    status = status ? status : write(ctx, e->graph, e->graph_bytes);
    status = status ? status : write(ctx, zeros, (size_t)(table - sizeof(*head) - e->graph_bytes));
    status = status ? status : write(ctx, e->items, e->n_items * sizeof(*e->items));
    status = status ? status : write(ctx, zeros, (size_t)(head->data_offset - end));
    for (size_t i = 0; i < e->n_items && status == VT_OK; i++) {
        size_t bytes = (size_t)e->items[i].bytes;

        status = write(ctx, e->data[i], bytes);
        status = status ? status : write(ctx, zeros, ((bytes + 63) & ~(size_t)63) - bytes);
    }
    return status;
}

int cpu_blob_write(struct cpu_model *model, bool small,
                   int (*write)(void *ctx, const void *data, size_t bytes), void *ctx, struct vt_error *err)
{
    struct exporter e = {.host = model->host, .model = model};
    int status = VT_OK;

    if (!VT_TABLE_HAS(model->host, hash)) {
        return vt_fail(err, VT_E_ABI, "this runtime is older than the CPU plugin and cannot write models");
    }
    e.small = small && VT_TABLE_HAS(model->host, blob_file) && can_be_small(model);
    /* Plans of a dynamic model that are made meanwhile wait. */
    pthread_mutex_lock(&model->weights.lock);
    if (!collect(&e, model->graph, true) || !place_constants(&e) ||
        !(e.small ? place_files(&e) : place_forms(&e))) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    status = status ? status : model->host->graph_write(model->graph, place, keep, &e, err);
    if (status == VT_OK) {
        fill_head(&e);
        status = write_all(&e, write, ctx);
    }
    pthread_mutex_unlock(&model->weights.lock);
    for (int i = 0; i < e.n_files; i++) {
        free(e.paths[i]);
    }
    free(e.sources);
    free(e.items);
    free(e.data);
    free(e.graph);
    return status;
}
