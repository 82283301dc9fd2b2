/* A model with many input shapes: the time for each against that of the static model of the same shape, what
 * making a plan costs, and the memory after each pass over all shapes.
 *
 *   bench_dynamic [-threads N] [-passes N] [-rows N] [-bounded 1] MODEL.xml SHAPE ...
 *
 * SHAPE is "D,D,..." for every input; a dimension FROM..TO:STEP stands for many, and several of them for all
 * pairs. The dynamic model sees all shapes in random order once (the first pass makes the plans) and then in
 * another order in each further pass. Then, for each shape, static and dynamic model run in turn and the best
 * of five counts; outputs must be the same bits. With one thread (the default) times are those of the
 * processor, which neighbours disturb less; with more, those of the clock.
 *
 * Columns, ms: static; dynamic in turn with it and the ratio; the best of the dynamic model's further passes,
 * which runs another shape before, and its ratio; the first inference of the shape; `plan`, that less the
 * best further one. -rows prints every N-th shape (0: none). With
 * -bounded 1 the dynamic model knows the least and the largest of each dimension. Exits with 1 when an output
 * differs. */
#include "model.h"

#include <time.h>

#define MAX_SHAPES 4096
#define TURNS      5

struct shape {
    char dims[96];
    double fixed, turn, best, first;
};

static struct shape shapes[MAX_SHAPES];
static int n_shapes;
static const char *threads = "1";

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(strcmp(threads, "1") ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void fill_random(ov_element_type_e type, void *data, size_t bytes, uint32_t seed)
{
    if (type == F32) {
        for (size_t i = 0; i < bytes / 4; i++) {
            ((float *)data)[i] = (float)next_random(&seed) / 8388608.0f - 1;
        }
    } else if (type == I64) {
        for (size_t i = 0; i < bytes / 8; i++) {
            ((int64_t *)data)[i] = next_random(&seed) % 100;
        }
    } else {
        memset(data, 1, bytes);
    }
}

/* ---- shapes */

/* "a,b..c:d,e" with `head` already made. */
static void expand(const char *head, const char *rest)
{
    char next[96];
    long long from, to, step = 1;
    char *end;

    if (!*rest) {
        if (n_shapes == MAX_SHAPES) {
            fprintf(stderr, "too many shapes\n");
            exit(2);
        }
        snprintf(shapes[n_shapes++].dims, sizeof(shapes[0].dims), "%s", head);
        return;
    }
    to = from = strtoll(rest, &end, 10);
    if (strncmp(end, "..", 2) == 0) {
        to = strtoll(end + 2, &end, 10);
        step = *end == ':' ? strtoll(end + 1, &end, 10) : 1;
    }
    if (end == rest || (*end && *end != ',') || step < 1) {
        fprintf(stderr, "not a shape: %s\n", rest);
        exit(2);
    }
    for (; from <= to; from += step) {
        snprintf(next, sizeof(next), "%s%s%lld", head, *head ? "," : "", from);
        expand(next, *end ? end + 1 : end);
    }
}

static void shuffle(int *order, uint32_t *seed)
{
    for (int i = n_shapes - 1; i > 0; i--) {
        int k = (int)(next_random(seed) % (uint32_t)(i + 1)), t = order[i];

        order[i] = order[k];
        order[k] = t;
    }
}

/* ---- running */

struct session {
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    size_t inputs, outputs;
};

static void open_session(struct session *s, ov_core_t *core, const ov_model_t *model)
{
    check(ov_core_compile_model(core, model, "CPU", 2, &s->compiled, "INFERENCE_NUM_THREADS", threads),
          "compile");
    check(ov_compiled_model_create_infer_request(s->compiled, &s->request), "request");
    check(ov_compiled_model_inputs_size(s->compiled, &s->inputs), "inputs");
    check(ov_compiled_model_outputs_size(s->compiled, &s->outputs), "outputs");
}

static void close_session(struct session *s)
{
    ov_infer_request_free(s->request);
    ov_compiled_model_free(s->compiled);
}

static void feed(struct session *s, const char *dims)
{
    for (size_t i = 0; i < s->inputs; i++) {
        set_input(s->compiled, s->request, i, dims, fill_random);
    }
}

static double infer(struct session *s)
{
    double begin = now_ms();

    check(ov_infer_request_infer(s->request), "infer");
    return now_ms() - begin;
}

static uint64_t hash_outputs(struct session *s)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s->outputs; i++) {
        ov_tensor_t *tensor;
        void *data;
        size_t bytes;

        check(ov_infer_request_get_output_tensor_by_index(s->request, i, &tensor), "output");
        check(ov_tensor_data(tensor, &data), "data");
        check(ov_tensor_get_byte_size(tensor, &bytes), "size");
        for (size_t k = 0; k < bytes; k++) {
            hash = (hash ^ ((unsigned char *)data)[k]) * 0x100000001b3u;
        }
        ov_tensor_free(tensor);
    }
    return hash;
}

static size_t parse(const char *dims, int64_t *d)
{
    size_t n = 0;

    for (char *end; n < MAX_RANK; dims = end + 1) {
        d[n++] = strtoll(dims, &end, 10);
        if (*end != ',') {
            break;
        }
    }
    return n;
}

static void reshape_to(ov_model_t *model, const ov_dimension_t *d, size_t n)
{
    ov_partial_shape_t partial;
    size_t inputs;

    check(ov_partial_shape_create((int64_t)n, d, &partial), "shape");
    check(ov_model_inputs_size(model, &inputs), "inputs");
    if (inputs == 1) {
        check(ov_model_reshape_single_input(model, partial), "reshape");
    } else {
        size_t ports[16];
        ov_partial_shape_t all[16];

        for (size_t i = 0; i < inputs && i < 16; i++) {
            ports[i] = i;
            all[i] = partial;
        }
        check(ov_model_reshape_by_port_indexes(model, ports, all, inputs < 16 ? inputs : 16), "reshape");
    }
    ov_partial_shape_free(&partial);
}

static void reshape(ov_model_t *model, const char *dims)
{
    int64_t v[MAX_RANK];
    ov_dimension_t d[MAX_RANK];
    size_t n = parse(dims, v);

    for (size_t i = 0; i < n; i++) {
        d[i].min = d[i].max = v[i];
    }
    reshape_to(model, d, n);
}

/* The least and the largest of each dimension of all shapes. */
static void bound(ov_model_t *model)
{
    int64_t v[MAX_RANK];
    ov_dimension_t d[MAX_RANK];
    size_t n = 0;

    for (int k = 0; k < n_shapes; k++) {
        n = parse(shapes[k].dims, v);
        for (size_t i = 0; i < n; i++) {
            d[i].min = k == 0 || v[i] < d[i].min ? v[i] : d[i].min;
            d[i].max = k == 0 || v[i] > d[i].max ? v[i] : d[i].max;
        }
    }
    reshape_to(model, d, n);
}

static bool in_turn(ov_core_t *core, const char *path, struct session *dynamic, struct shape *shape)
{
    struct session fixed;
    ov_model_t *model;
    bool same;

    check(ov_core_read_model(core, path, NULL, &model), path);
    reshape(model, shape->dims);
    open_session(&fixed, core, model);
    ov_model_free(model);
    feed(&fixed, shape->dims);
    feed(dynamic, shape->dims);
    infer(&fixed);
    infer(dynamic);
    for (int i = 0; i < TURNS; i++) {
        double f = infer(&fixed), d = infer(dynamic);

        shape->fixed = i == 0 || f < shape->fixed ? f : shape->fixed;
        shape->turn = i == 0 || d < shape->turn ? d : shape->turn;
    }
    same = hash_outputs(&fixed) == hash_outputs(dynamic);
    close_session(&fixed);
    return same;
}

/* ---- the report */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void summary(const char *name, double (*of)(const struct shape *))
{
    static double v[MAX_SHAPES];

    for (int i = 0; i < n_shapes; i++) {
        v[i] = of(&shapes[i]);
    }
    qsort(v, (size_t)n_shapes, sizeof(*v), by_value);
    printf("%-44s median %.3f, 90 %% %.3f, worst %.3f\n", name, v[n_shapes / 2], v[n_shapes * 9 / 10],
           v[n_shapes - 1]);
}

static double ratio_turn(const struct shape *s)
{
    return s->turn / s->fixed;
}

static double ratio_mixed(const struct shape *s)
{
    return s->best / s->fixed;
}

static double ratio_first(const struct shape *s)
{
    return s->first / s->fixed;
}

static double plan_ms(const struct shape *s)
{
    return s->first - s->best;
}

static void passes(struct session *dynamic, int n)
{
    int *order = calloc((size_t)n_shapes, sizeof(*order));
    uint32_t seed = 7;

    for (int i = 0; order && i < n_shapes; i++) {
        order[i] = i;
    }
    for (int pass = 0; order && pass < n; pass++) {
        double total = 0;

        shuffle(order, &seed);
        for (int i = 0; i < n_shapes; i++) {
            struct shape *s = &shapes[order[i]];
            double ms;

            feed(dynamic, s->dims);
            ms = infer(dynamic);
            total += ms;
            if (pass == 0) {
                s->first = ms;
            } else if (pass == 1 || ms < s->best) {
                s->best = ms;
            }
        }
        printf("pass %d: %.1f ms, RssAnon %.1f MB\n", pass + 1, total,
               (double)proc_bytes("/proc/self/status", "RssAnon:", NULL) / 1e6);
        fflush(stdout);
    }
    free(order);
}

static int measure(const char *path, int n_passes, int rows, bool bounded)
{
    struct session dynamic;
    ov_core_t *core;
    ov_model_t *model;
    int differ = 0;

    check(ov_core_create(&core), "core");
    check(ov_core_read_model(core, path, NULL, &model), path);
    if (bounded) {
        bound(model);
    }
    open_session(&dynamic, core, model);
    ov_model_free(model);
    printf("%d shapes, %s threads, RssAnon %.1f MB when compiled\n", n_shapes, threads,
           (double)proc_bytes("/proc/self/status", "RssAnon:", NULL) / 1e6);
    passes(&dynamic, n_passes);
    if (rows) {
        printf("%-20s %8s %8s %6s %8s %6s %8s %8s\n", "shape", "static", "in turn", "ratio", "mixed", "ratio",
               "first", "plan");
    }
    for (int i = 0; i < n_shapes; i++) {
        struct shape *s = &shapes[i];
        bool same = in_turn(core, path, &dynamic, s);

        differ += !same;
        if ((rows && i % rows == 0) || !same) {
            printf("%-20s %8.3f %8.3f %6.3f %8.3f %6.3f %8.3f %8.3f%s\n", s->dims, s->fixed, s->turn,
                   ratio_turn(s), s->best, ratio_mixed(s), s->first, plan_ms(s), same ? "" : "  DIFFERS");
        }
    }
    summary("in turn / static", ratio_turn);
    summary("mixed / static", ratio_mixed);
    summary("first / static", ratio_first);
    summary("plan, ms", plan_ms);
    close_session(&dynamic);
    ov_core_free(core);
    return differ > 0;
}

int main(int argc, char **argv)
{
    int n_passes = 4, rows = 1, i = 1;
    bool bounded = false;

    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "-threads") == 0) {
            threads = argv[i + 1];
        } else if (strcmp(argv[i], "-passes") == 0) {
            n_passes = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "-rows") == 0) {
            rows = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "-bounded") == 0) {
            bounded = atoi(argv[i + 1]) != 0;
        } else {
            break;
        }
    }
    if (argc - i < 2 || n_passes < 2) {
        fprintf(stderr, "usage: %s [-threads N] [-passes N] [-rows N] [-bounded 1] MODEL.xml SHAPE ...\n",
                argv[0]);
        return 2;
    }
    for (int k = i + 1; k < argc; k++) {
        expand("", argv[k]);
    }
    return measure(argv[i], n_passes, rows, bounded);
}
