/* Streams: a pool of threads and the memory that one running inference needs. */
#include "model.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE ((size_t)2 << 20)

static bool map(struct cpu_mapping *m, size_t bytes, int flags)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    if (p == MAP_FAILED) {
        return false;
    }
    if (m->data) {
        munmap(m->data, m->bytes);
    }
    *m = (struct cpu_mapping){.data = p, .bytes = bytes};
    return true;
}

/* Room for `want` bytes, where there is not yet: at once what the largest shapes will want, if that is known.
 * The system counts what is wanted, so that it can refuse too much, but not what is reserved. Much memory is
 * to have huge pages, but not for the sake of what is reserved. */
static int grow(struct cpu_mapping *m, size_t want, size_t reserve, struct vt_error *err)
{
    if (want > m->bytes && !(want < reserve && map(m, reserve, MAP_NORESERVE)) && !map(m, want, 0)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for %zu bytes of intermediate tensors", want);
    }
    if (want >= 2 * HUGE && !m->huge) {
        madvise(m->data, m->bytes, MADV_HUGEPAGE);
        m->huge = true;
    }
    return VT_OK;
}

int cpu_streams_create(struct cpu_model *model, struct vt_error *err)
{
    int n = model->config.streams;

    pthread_mutex_init(&model->stream_lock, NULL);
    pthread_cond_init(&model->stream_freed, NULL);
    model->streams = calloc((size_t)n, sizeof(*model->streams));
    if (!model->streams) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (int i = n - 1; i >= 0; i--) {
        struct vt_pool_options options = {.threads = model->config.threads,
                                          .cpus = model->config.cpus,
                                          .n_cpus = model->config.n_cpus,
                                          .pin = model->config.pin,
                                          .keep_subnormals = model->config.keep_subnormals};

        if (options.cpus && options.pin) {
            options.cpus += i * options.threads;
            options.n_cpus = options.threads;
        }
        model->streams[i].pool = model->host->pool_create_on(&options, err);
        if (!model->streams[i].pool) {
            return vt_failed(err);
        }
        model->streams[i].frame.outermost = true;
        if (VT_TABLE_HAS(model->host, node_eval_in)) {
            model->streams[i].heap = model->host->heap_create();
            if (!model->streams[i].heap) {
                return vt_fail(err, VT_E_NOMEM, "out of memory");
            }
        }
        model->streams[i].next_free = model->free_streams;
        model->free_streams = &model->streams[i];
    }
    return VT_OK;
}

static void finish_frame(struct cpu_frame *f)
{
    if (f->arena.data) {
        munmap(f->arena.data, f->arena.bytes);
    }
    if (f->scratch.data) {
        munmap(f->scratch.data, f->scratch.bytes);
    }
    for (int i = 0; i < f->n_buffers; i++) {
        free(f->buffers[i].data);
    }
    free(f->buffers);
    free(f->data);
    free(f->dynamic);
}

void cpu_streams_destroy(struct cpu_model *model)
{
    for (int i = 0; model->streams && i < model->config.streams; i++) {
        struct cpu_stream *s = &model->streams[i];
        struct cpu_frame *deeper = s->frame.deeper;

        model->host->pool_destroy(s->pool);
        if (s->heap) {
            model->host->heap_destroy(s->heap);
        }
        finish_frame(&s->frame);
        while (deeper) {
            struct cpu_frame *next = deeper->deeper;

            finish_frame(deeper);
            free(deeper);
            deeper = next;
        }
    }
    free(model->streams);
    pthread_cond_destroy(&model->stream_freed);
    pthread_mutex_destroy(&model->stream_lock);
}

struct cpu_stream *cpu_stream_take(struct cpu_model *model)
{
    struct cpu_stream *stream;

    pthread_mutex_lock(&model->stream_lock);
    while (!model->free_streams) {
        pthread_cond_wait(&model->stream_freed, &model->stream_lock);
    }
    stream = model->free_streams;
    model->free_streams = stream->next_free;
    pthread_mutex_unlock(&model->stream_lock);
    return stream;
}

struct cpu_stream *cpu_stream_try(struct cpu_model *model)
{
    struct cpu_stream *stream;

    pthread_mutex_lock(&model->stream_lock);
    stream = model->free_streams;
    if (stream) {
        model->free_streams = stream->next_free;
    }
    pthread_mutex_unlock(&model->stream_lock);
    return stream;
}

void cpu_stream_give(struct cpu_model *model, struct cpu_stream *stream)
{
    pthread_mutex_lock(&model->stream_lock);
    stream->next_free = model->free_streams;
    model->free_streams = stream;
    pthread_cond_signal(&model->stream_freed);
    pthread_mutex_unlock(&model->stream_lock);
}

int cpu_frame_bind(struct cpu_model *model, struct cpu_frame *s, const struct cpu_plan *plan,
                   struct vt_error *err)
{
    size_t threads = (size_t)model->config.threads;
    int status;

    if (s->bound == plan->id) {
        return VT_OK;
    }
    s->bound = 0;
    /* Never nothing: steps compute addresses from both even where they use no byte of them. */
    status = grow(&s->arena, plan->arena_bytes + 1, s->outermost ? model->plans.reserve_arena + 1 : 0, err);
    if (status == VT_OK) {
        status = grow(&s->scratch, plan->scratch_bytes * threads + 1,
                      s->outermost ? model->plans.reserve_scratch * threads + 1 : 0, err);
    }
    if (status) {
        return status;
    }
    if (s->n_values < plan->n_values) {
        void **data = realloc(s->data, (size_t)plan->n_values * sizeof(*data));
        struct vt_tensor *dynamic;

        s->data = data ? data : s->data;
        dynamic = data ? realloc(s->dynamic, (size_t)plan->n_values * sizeof(*dynamic)) : NULL;
        if (!dynamic) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        s->dynamic = dynamic;
        s->n_values = plan->n_values;
    }
    for (int i = 0; i < plan->n_values; i++) {
        const struct cpu_value *v = &plan->values[i], *root = &plan->values[v->root];

        if (v->place == CPU_AT_DYNAMIC) {
            s->dynamic[i] = v->t;
        }
        s->data[i] = NULL;
        if (root->place == CPU_AT_CONST && root->t.data) {
            s->data[i] = (char *)root->t.data + v->root_offset;
        } else if (root->place == CPU_AT_ARENA) {
            s->data[i] = s->arena.data + root->offset + v->root_offset;
        }
    }
    s->bound = plan->id;
    return VT_OK;
}
