#include "binary.h"
#include "cache.h"
#include "exported.h"
#include "graph.h"
#include "hash.h"
#include "host.h"
#include "log.h"
#include "map.h"

#include <inttypes.h>
#include <stdlib.h>

/* Two hashes of the same bytes: 64 bits alone may meet by chance. */
struct key {
    uint64_t h[2];
};

static void add(struct key *key, const void *data, size_t bytes)
{
    key->h[0] = vt_hash(data, bytes, key->h[0]);
    key->h[1] = vt_hash(data, bytes, ~key->h[1]);
}

static void add_number(struct key *key, uint64_t value)
{
    add(key, &value, sizeof(value));
}

static void add_text(struct key *key, const char *text)
{
    add(key, text, strlen(text) + 1);
}

/* ---- what all keys begin with */

struct getter {
    const struct vt_cache *cache;
};

static int get_key_text(void *ctx, char *buf, size_t size, size_t *length, struct vt_error *err)
{
    const struct vt_cache *cache = ((struct getter *)ctx)->cache;
    struct vt_module *module = cache->target->module;

    return module->fns->cache_key(module->impl, cache->target->id, cache->config, buf, size, length, err);
}

/* A plugin that does not say what counts is taken to use all of the processor and of the configuration. */
static void add_everything(struct key *key, const struct vt_config *config)
{
    const struct vt_cpu_info *cpu = vt_core_host()->cpu();

    add_text(key, cpu->brand);
    add_number(key, cpu->isas);
    for (int i = 0; i < config->n; i++) {
        add_text(key, config->keys[i]);
        add_text(key, config->values[i]);
    }
}

static bool begin(const struct vt_cache *cache, struct key *key)
{
    const struct vt_plugin *fns = cache->target->module->fns;
    struct getter g = {cache};
    struct vt_error why = {0};
    char *text = NULL;

    *key = (struct key){{1, 2}};
    add_text(key, vt_runtime_version());
    add_text(key, fns->name);
    add_text(key, cache->target->id);
    add_number(key, vt_exported_build(fns));
    add_number(key, cache->encrypt != NULL);
    add_number(key, cache->small);
    if (!VT_TABLE_HAS(fns, cache_key)) {
        add_everything(key, cache->config);
        return true;
    }
    if (vt_fetch_text(get_key_text, &g, &text, &why)) {
        vt_log(VT_LOG_WARNING, "the model is not cached: device %s: %s", fns->name, why.text);
        return false;
    }
    add_text(key, text);
    free(text);
    return true;
}

static void finish(struct vt_cache *cache, const struct key *key)
{
    if (asprintf(&cache->path, "%s/%016" PRIx64 "%016" PRIx64 ".blob", cache->dir, key->h[0], key->h[1]) <
        0) {
        cache->path = NULL;
    }
}

/* ---- files */

/* The contents, or what stands for them. */
static void add_blob(struct key *key, const struct vt_blob *blob)
{
    add_number(key, blob->size);
    if (blob->size <= VT_CACHE_WHOLE) {
        add(key, blob->data, blob->size);
    } else {
        add_number(key, (uint64_t)blob->mtime);
        add_number(key, vt_hash_sampled(blob->data, blob->size, 1));
        add_number(key, vt_hash_sampled(blob->data, blob->size, 2));
    }
}

static int add_file(void *ctx, const char *path)
{
    struct vt_blob *blob;
    int status = vt_blob_map(path, &blob, NULL);

    if (status == VT_OK) {
        add_blob(ctx, blob);
        vt_blob_unref(blob);
    }
    return status;
}

void vt_cache_key_files(struct vt_cache *cache, const char *path, const char *weights_path)
{
    struct key key;

    if (!begin(cache, &key)) {
        return;
    }
    add_text(&key, "files");
    /* The graph, which would say which of them it needs, is not read. */
    add_number(&key, vt_extension_set_identity(&cache->core->extensions, 0));
    /* A file that cannot be read is reported by whoever reads the model. */
    if (vt_formats_files(&cache->core->formats, path, weights_path, add_file, &key) == VT_OK) {
        finish(cache, &key);
    }
}

/* ---- graphs */

struct graph_key {
    struct key *key;
    const struct vt_graph *graph;
};

static int add_bytes(void *ctx, const void *data, size_t bytes)
{
    add(((struct graph_key *)ctx)->key, data, bytes);
    return VT_OK;
}

/* Constants in large files are known by their place there. */
static int place(void *ctx, const struct vt_node *node, struct vt_graph_place *place)
{
    const struct vt_graph *graph = ((struct graph_key *)ctx)->graph;

    for (int i = 0; node->blob && node->blob->path && i < graph->n_blobs; i++) {
        if (graph->blobs[i] == node->blob && node->blob->size > VT_CACHE_WHOLE) {
            place->space = i + 1;
            place->offset = (uint64_t)((const char *)node->constant.data - (const char *)node->blob->data);
        }
    }
    return VT_OK;
}

void vt_cache_key_model(struct vt_cache *cache, const struct vt_model *model)
{
    struct key key;
    struct graph_key g = {&key, model->graph};
    struct vt_error why = {0};

    if (!begin(cache, &key)) {
        return;
    }
    add_text(&key, "graph");
    for (int i = 0; i < model->graph->n_blobs; i++) {
        const struct vt_blob *blob = model->graph->blobs[i];

        if (blob->path && blob->size > VT_CACHE_WHOLE) {
            add_number(&key, (uint64_t)i);
            add_blob(&key, blob);
        }
    }
    if (vt_graph_write(model->graph, place, add_bytes, &g, &why)) {
        vt_log(VT_LOG_WARNING, "the model is not cached: %s", why.text);
        return;
    }
    finish(cache, &key);
}
