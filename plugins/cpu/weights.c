/* Weights in executed form, one copy for all plans and streams of a model. */
#include "model.h"
#include "plan.h"

#include "kernels/eltwise.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Packed weights lie one after another in large mappings, not in malloc's: their pages can then be had many
 * at a time. Huge pages are not asked for: where a hypervisor takes free ones away from its guest, as
 * balloons do, each costs more than all the faults it saves. */
#define FIRST_CHUNK ((size_t)1 << 20)
#define NEXT_CHUNK  ((size_t)64 << 20)

/* Below this it is not worth waking another thread, nor asking for pages ahead. */
#define SHARE_FROM ((size_t)256 << 10)

struct cpu_weights_chunk {
    struct cpu_weights_chunk *next;
    char *base; /* of the mapping */
    size_t mapped;
    char *at; /* what is free */
    size_t left;
};

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
            free(w);
        }
    }
    while (cache->chunks) {
        struct cpu_weights_chunk *chunk = cache->chunks;

        cache->chunks = chunk->next;
        munmap(chunk->base, chunk->mapped);
        free(chunk);
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

static struct cpu_weight **bucket_of(struct cpu_weights_cache *cache, const void *source, uint64_t key)
{
    return &cache->buckets[cpu_key(key, &source, sizeof(source)) % CPU_WEIGHT_BUCKETS];
}

static struct cpu_weight *find(struct cpu_weight *w, const void *source, uint64_t key, size_t bytes)
{
    while (w && (w->source != source || w->key != key || w->wanted != bytes)) {
        w = w->next;
    }
    return w;
}

bool cpu_weights_adopt(struct cpu_weights_cache *cache, const void *source, uint64_t key, const void *data,
                       size_t bytes)
{
    struct cpu_weight *w = calloc(1, sizeof(*w)), **bucket = bucket_of(cache, source, key);

    if (w) {
        *w = (struct cpu_weight){source, key, (void *)(uintptr_t)data, bytes, bytes, *bucket};
        *bucket = w;
        cache->mapped += bytes;
    }
    return w;
}

/* Address space only: pages come when they are written. */
static bool add_chunk(struct cpu_weights_cache *cache, size_t bytes)
{
    size_t size = cache->chunks || bytes > FIRST_CHUNK ? NEXT_CHUNK : FIRST_CHUNK;
    struct cpu_weights_chunk *chunk = calloc(1, sizeof(*chunk));

    if (!chunk) {
        return false;
    }
    chunk->mapped = bytes > size ? bytes : size;
    chunk->base =
        mmap(NULL, chunk->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (chunk->base == MAP_FAILED) {
        free(chunk);
        return false;
    }
    chunk->at = chunk->base;
    chunk->left = chunk->mapped;
    chunk->next = cache->chunks;
    cache->chunks = chunk;
    return true;
}

static bool allocate(struct cpu_weights_cache *cache, struct cpu_weight *w, size_t bytes)
{
    struct cpu_weights_chunk *chunk;

    if (bytes > PTRDIFF_MAX - NEXT_CHUNK) {
        return false;
    }
    bytes = bytes ? (bytes + 63) & ~(size_t)63 : 64;
    if ((!cache->chunks || cache->chunks->left < bytes) && !add_chunk(cache, bytes)) {
        return false;
    }
    chunk = cache->chunks;
    w->data = chunk->at;
    w->bytes = bytes;
    chunk->at += bytes;
    chunk->left -= bytes;
    return true;
}

/* ---- filling */

struct filling {
    const struct vt_host *host;
    const struct vt_tensor *raw;
    cpu_fill_fn *fill;
    char *dst;
    void *ctx;
    size_t bytes; /* at dst */
    int64_t units, pieces;
    bool keep_subnormals;
    atomic_llong next;
};

/* Part `i` of the pages of a block at once, instead of a fault every few. Kernels before 5.14 refuse, and
 * nothing is lost. Not for small blocks. */
static void populate(const struct filling *f, const void *data, size_t bytes, int64_t i, bool write)
{
#ifdef MADV_POPULATE_READ
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    size_t each = bytes / (size_t)f->pieces, begin = each * (size_t)i;
    uintptr_t first = ((uintptr_t)data + begin) & ~(page - 1);
    uintptr_t last = (uintptr_t)data + (i == f->pieces - 1 ? bytes : begin + each);

    if (f->bytes >= SHARE_FROM) {
        madvise((void *)first, last - first, write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
    }
#endif
}

/* As many times as there are threads; whoever comes takes pieces until there are none. All do with denormals
 * what the pool's threads do. */
static void fill_pieces(void *arg, int64_t participant)
{
    struct filling *f = arg;
    unsigned saved = f->keep_subnormals ? f->host->fp_keep() : f->host->fp_begin();
    int64_t i;

    (void)participant;
    while ((i = atomic_fetch_add_explicit(&f->next, 1, memory_order_relaxed)) < f->pieces) {
        int64_t each = f->units / f->pieces, more = f->units % f->pieces;
        int64_t first = i * each + (i < more ? i : more);

        populate(f, f->raw->data, f->raw->bytes, i, false);
        populate(f, f->dst, f->bytes, i, true);
        f->fill(f->dst, f->ctx, first, first + each + (i < more));
    }
    f->host->fp_end(saved);
}

/* On the threads of a stream if one is free: a plan may be made while others run. */
static void fill_all(struct cpu_build *b, struct filling *f)
{
    struct cpu_model *model = b->model;
    struct cpu_stream *stream = NULL;
    int64_t pieces = (int64_t)(f->bytes / (SHARE_FROM / 4));

    f->host = model->host;
    f->keep_subnormals = model->config.keep_subnormals;
    f->pieces = f->bytes < SHARE_FROM ? 1 : pieces < f->units ? pieces : f->units;
    if (f->pieces > 1 && model->config.threads > 1) {
        stream = cpu_stream_try(model);
    }
    if (stream) {
        model->host->pool_run(stream->pool, fill_pieces, f, model->config.threads);
        cpu_stream_give(model, stream);
    } else {
        fill_pieces(f, 0);
    }
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;

    return x < y ? -1 : x > y;
}

static int count_constants(const struct vt_host *host, const struct vt_graph *graph)
{
    int n = host->graph_n_nodes(graph), count = n;

    for (int i = 0; i < n; i++) {
        const struct vt_node *node = host->graph_node(graph, i);

        for (int b = 0; b < host->node_n_bodies(node); b++) {
            count += count_constants(host, host->node_body(node, b));
        }
    }
    return count;
}

static void list_constants(struct cpu_weights_cache *cache, const struct vt_host *host,
                           const struct vt_graph *graph)
{
    int n = host->graph_n_nodes(graph);

    for (int i = 0; i < n; i++) {
        const struct vt_node *node = host->graph_node(graph, i);
        const struct vt_tensor *t = host->node_constant(node);

        if (t && t->data) {
            cache->sources[cache->n_sources++] = t->data;
        }
        for (int b = 0; b < host->node_n_bodies(node); b++) {
            list_constants(cache, host, host->node_body(node, b));
        }
    }
}

bool cpu_weights_sources(struct cpu_weights_cache *cache, const struct vt_host *host,
                         const struct vt_graph *graph)
{
    cache->sources = malloc(((size_t)count_constants(host, graph) + 1) * sizeof(*cache->sources));
    if (!cache->sources) {
        return false;
    }
    list_constants(cache, host, graph);
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

static const void *weights_of_plan(struct cpu_build *b, struct filling *filling, struct vt_error *err)
{
    filling->dst = cpu_plan_alloc(b, filling->bytes);
    if (!filling->dst) {
        vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes of weights", filling->bytes);
        return NULL;
    }
    fill_all(b, filling);
    return filling->dst;
}

static const void *absent(const struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    vt_fail(err, VT_E_FORMAT,
            "the compiled model was saved without constant '%s', which is needed here; compile it anew",
            b->host->node_name(source->constant));
    return NULL;
}

bool cpu_constant_there(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    source->use->read = true;
    return !cpu_constant_absent(b->host, source->constant) || absent(b, source, err);
}

const void *cpu_weights(struct cpu_build *b, const struct cpu_arg *source, uint64_t key, size_t bytes,
                        cpu_fill_fn *fill, void *ctx, int64_t units, struct vt_error *err)
{
    struct cpu_weights_cache *cache = &b->model->weights;
    struct filling filling = {.raw = source->raw, .fill = fill, .ctx = ctx, .bytes = bytes, .units = units};
    const void *address = source->raw->data;
    struct cpu_weight *w, **bucket = bucket_of(cache, address, key);
    bool gone = cpu_constant_absent(b->host, source->constant);

    source->use->packed = true;
    if (!lives_with_model(cache, source->raw->data)) {
        return weights_of_plan(b, &filling, err);
    }
    pthread_mutex_lock(&cache->lock);
    w = find(*bucket, address, key, bytes);
    if (!w && !gone) {
        w = calloc(1, sizeof(*w));
        if (w && allocate(cache, w, bytes)) {
            w->source = address;
            w->key = key;
            w->wanted = bytes;
            filling.dst = w->data;
            fill_all(b, &filling);
            w->next = *bucket;
            *bucket = w;
            cache->bytes += w->bytes;
            b->model->host->node_constant_drop(source->constant);
        } else {
            free(w);
            w = NULL;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (!w && gone) {
        return absent(b, source, err);
    }
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

/* Models store their constants at any address; kernels take aligned ones. */
static void widen_fill(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct widen *w = ctx;
    const struct cpu_typed *typed = cpu_typed_get(w->isa);
    const char *src = w->raw->data;
    float *out = dst;
    uint16_t aligned[1024];

    (void)first;
    (void)last;
    if (w->raw->type == VT_F32) {
        memcpy(dst, src, (size_t)w->count * sizeof(float));
        return;
    }
    for (int64_t done = 0; done < w->count;) {
        int64_t n = w->count - done < 1024 ? w->count - done : 1024;

        memcpy(aligned, src + (size_t)done * sizeof(aligned[0]), (size_t)n * sizeof(aligned[0]));
        typed->convert((int)w->raw->type, VT_F32, aligned, out + done, 0, n);
        done += n;
    }
}

static void copy_fill(void *dst, void *ctx, int64_t first, int64_t last)
{
    const struct vt_tensor *raw = ctx;

    (void)first;
    (void)last;
    memcpy(dst, raw->data, raw->bytes);
}

const void *cpu_constant_aligned(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    const struct vt_tensor *raw = source->raw;
    uintptr_t size = vt_type_info(raw->type)->bits / 8;

    /* An absent one has an address of other alignment than it had. */
    if (!cpu_constant_absent(b->host, source->constant) &&
        (!raw->bytes || size < 2 || (uintptr_t)raw->data % size == 0)) {
        source->use->read = true;
        return raw->data;
    }
    return cpu_weights(b, source, 2, raw->bytes, copy_fill, (void *)(uintptr_t)raw, 1, err);
}

/* ---- weights of few bits in full, for those who cannot take them as they are */

struct full {
    const struct vt_host *host;
    const struct cpu_arg *source;
    int status;
};

static struct vt_tensor tensor_of(const struct vt_host *host, const struct vt_node *constant)
{
    return constant ? *host->node_constant(constant) : (struct vt_tensor){.type = VT_DYNAMIC};
}

static void full_fill(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct full *f = ctx;
    const struct cpu_stored *s = f->source->stored;
    struct vt_tensor in[] = {tensor_of(f->host, s->data), tensor_of(f->host, s->scale),
                             tensor_of(f->host, s->zero)};
    struct vt_tensor out;

    (void)first;
    (void)last;
    vt_tensor_describe(&out, VT_F32, f->source->rank, f->source->dims);
    out.data = dst;
    f->status = f->host->node_eval(s->node, in, &out, NULL, NULL);
}

uint64_t cpu_stored_key(const struct vt_host *host, const struct cpu_stored *stored)
{
    const struct vt_node *parts[] = {stored->scale, stored->zero};
    uint64_t key = 3;

    for (int i = 0; i < 2; i++) {
        const struct vt_tensor *t = parts[i] ? host->node_constant(parts[i]) : NULL;
        const char *name = t ? host->node_name(parts[i]) : "";

        key = cpu_key(key, name, strlen(name) + 1);
        key = t ? cpu_key(key, t->dims, (size_t)t->rank * sizeof(t->dims[0])) : key;
    }
    return key;
}

static const float *stored_f32(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    struct full f = {.host = b->host, .source = source};
    const void *data = cpu_weights(b, source, cpu_stored_key(b->host, source->stored),
                                   (size_t)source->count * sizeof(float), full_fill, &f, 1, err);

    if (f.status) {
        vt_fail(err, f.status, "node '%s': weights cannot be unpacked",
                b->host->node_name(source->stored->node));
        return NULL;
    }
    return data;
}

const float *cpu_constant_f32(struct cpu_build *b, const struct cpu_arg *source, struct vt_error *err)
{
    struct widen w = {source->raw, source->count, b->model->isa};

    if (source->stored) {
        return stored_f32(b, source, err);
    }

    if (source->raw->type == VT_F32 && ((uintptr_t)source->raw->data & 3) == 0 &&
        !cpu_constant_absent(b->host, source->constant)) {
        source->use->read = true;
        return source->raw->data;
    }
    return cpu_weights(b, source, 1, (size_t)source->count * sizeof(float), widen_fill, &w, 1, err);
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
