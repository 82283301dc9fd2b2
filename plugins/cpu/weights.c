/* Weights in executed form, one copy for all plans and streams of a model. */
#include "model.h"
#include "plan.h"

#include "kernels/eltwise.h"

#include <stdlib.h>
#include <sys/mman.h>

/* From here on a block is its own mapping, in huge pages where the kernel has them: packed weights are read
 * once an inference, and 4 KiB pages would spend the TLB on them. */
#define MAP_FROM ((size_t)4 << 20)

void cpu_weights_init(struct cpu_weights_cache *cache)
{
    pthread_mutex_init(&cache->lock, NULL);
}

void cpu_weights_finish(struct cpu_weights_cache *cache)
{
    for (int i = 0; i < CPU_WEIGHT_BUCKETS; i++) {
        while (cache->buckets[i]) {
            struct cpu_weight *w = cache->buckets[i];

            cache->buckets[i] = w->next;
            if (w->mapped) {
                munmap(w->data, w->bytes);
            } else {
                free(w->data);
            }
            free(w);
        }
    }
    free(cache->sources);
    pthread_mutex_destroy(&cache->lock);
}

uint64_t cpu_key(uint64_t seed, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < bytes; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return h ^ h >> 29;
}

static struct cpu_weight *find(struct cpu_weights_cache *cache, unsigned bucket, const void *source,
                               uint64_t key)
{
    struct cpu_weight *w = cache->buckets[bucket];

    while (w && (w->source != source || w->key != key)) {
        w = w->next;
    }
    return w;
}

static bool allocate(struct cpu_weight *w, size_t bytes)
{
    if (bytes >= MAP_FROM) {
        w->data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (w->data == MAP_FAILED) {
            w->data = NULL;
            return false;
        }
        w->mapped = true;
        w->bytes = bytes;
        return true;
    }
    w->bytes = (bytes + 63) & ~(size_t)63;
    w->data = aligned_alloc(64, w->bytes ? w->bytes : 64);
    return w->data;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;

    return x < y ? -1 : x > y;
}

bool cpu_weights_sources(struct cpu_weights_cache *cache, const struct vt_host *host,
                         const struct vt_graph *graph)
{
    int n = host->graph_n_nodes(graph);

    cache->sources = malloc(((size_t)n + 1) * sizeof(*cache->sources));
    if (!cache->sources) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        const struct vt_tensor *t = host->node_constant(host->graph_node(graph, i));

        if (t && t->data) {
            cache->sources[cache->n_sources++] = t->data;
        }
    }
    qsort(cache->sources, (size_t)cache->n_sources, sizeof(*cache->sources), by_address);
    return true;
}

/* Constants of the model's own graph live as long as the model. One that a plan's copy of the graph made may
 * give its address to another constant once the plan is gone: an address alone must not stand for its
 * contents. */
static bool lives_with_model(const struct cpu_weights_cache *cache, const void *source)
{
    return bsearch(&source, cache->sources, (size_t)cache->n_sources, sizeof(*cache->sources), by_address);
}

static const void *weights_of_plan(struct cpu_build *b, size_t bytes, void (*fill)(void *dst, void *ctx),
                                   void *ctx, struct vt_error *err)
{
    void *data = cpu_plan_alloc(b, bytes);

    if (!data) {
        vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes of weights", bytes);
        return NULL;
    }
    fill(data, ctx);
    return data;
}

const void *cpu_weights(struct cpu_build *b, const struct cpu_arg *source, uint64_t key, size_t bytes,
                        void (*fill)(void *dst, void *ctx), void *ctx, struct vt_error *err)
{
    struct cpu_weights_cache *cache = &b->model->weights;
    unsigned bucket;
    struct cpu_weight *w;

    if (!lives_with_model(cache, source->raw->data)) {
        return weights_of_plan(b, bytes, fill, ctx, err);
    }
    key = cpu_key(key, &source->raw->data, sizeof(source->raw->data));
    bucket = (unsigned)(key % CPU_WEIGHT_BUCKETS);
    pthread_mutex_lock(&cache->lock);
    w = find(cache, bucket, source->raw->data, key);
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (w && allocate(w, bytes)) {
            w->source = source->raw->data;
            w->key = key;
            fill(w->data, ctx);
            w->next = cache->buckets[bucket];
            cache->buckets[bucket] = w;
            cache->bytes += w->bytes;
            b->model->host->node_constant_drop(source->constant);
        } else {
            free(w);
            w = NULL;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (!w) {
        vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes of weights", bytes);
        return NULL;
    }
    return w->data;
}

/* ---- constants as plain f32
 * --------------------------------------------------------------------------------------- */

struct widen {
    const struct vt_tensor *raw;
    int64_t count;
    enum cpu_isa isa;
};

static void widen_fill(void *dst, void *ctx)
{
    struct widen *w = ctx;
    const struct cpu_typed *typed = cpu_typed_get(w->isa);

    if (w->raw->type == VT_F32) {
        memcpy(dst, w->raw->data, (size_t)w->count * sizeof(float));
    } else {
        typed->convert((int)w->raw->type, VT_F32, w->raw->data, dst, 0, w->count);
    }
}

const float *cpu_constant_f32(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    struct widen w = {source->raw, source->count, b->model->isa};

    if (source->raw->type == VT_F32 && ((uintptr_t)source->raw->data & 3) == 0) {
        return source->raw->data;
    }
    return cpu_weights(b, source, 1, (size_t)source->count * sizeof(float), widen_fill, &w, err);
}

bool cpu_constant_i64s(const struct cpu_arg *source, int64_t *values, int max, int *n)
{
    if (!source->raw || (source->raw->type != VT_I64 && source->raw->type != VT_I32) || source->count > max) {
        return false;
    }
    *n = (int)source->count;
    for (int i = 0; i < *n; i++) {
        int32_t narrow;

        if (source->raw->type == VT_I64) {
            memcpy(&values[i], (const char *)source->raw->data + (size_t)i * sizeof(*values),
                   sizeof(*values));
        } else {
            memcpy(&narrow, (const char *)source->raw->data + (size_t)i * sizeof(narrow), sizeof(narrow));
            values[i] = narrow;
        }
    }
    return true;
}
