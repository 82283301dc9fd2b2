/* Loading compiled models from CACHE_DIR: the time, the memory, and whether the results are the same bits.
 *
 *   bench_import [-small] MODEL.xml[:D,D,...] ...   the dims are those of every input whose shape is dynamic
 *
 * Each model is compiled without a cache, compiled into an empty one, and loaded from it five times, in a
 * process of its own each time; from the second to the fifth load the best time counts. Times are those of
 * ov_core_compile_model_from_file alone, in milliseconds, first use of the plugin and keys included. Exits
 * with 1 when a result differs or nothing came from the cache. */
#include <openvino/c/openvino.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RANK 8
#define LOADS    5

static const char *mode = "OPTIMIZE_SPEED";

/* What a process tells its parent, through shared memory. */
struct outcome {
    double ms;
    size_t anon_loaded, anon_run;
    uint64_t results; /* hash of all outputs */
    bool cached;
};

static void check(ov_status_e status, const char *what)
{
    if (status != OK) {
        const char *text = ov_get_last_err_msg();

        fprintf(stderr, "%s: %s\n", what, text ? text : "no message");
        exit(2);
    }
}

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t rss_anon(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long long kb = 0;

    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "RssAnon: %llu", &kb) == 1) {
            break;
        }
    }
    if (f) {
        fclose(f);
    }
    return (size_t)kb * 1024;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void fill(ov_element_type_e type, void *data, size_t bytes, uint32_t seed)
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

static void set_input(ov_compiled_model_t *compiled, ov_infer_request_t *request, size_t i, const char *dims)
{
    ov_output_const_port_t *port;
    ov_partial_shape_t partial;
    ov_element_type_e type;
    ov_shape_t shape = {0, NULL};
    ov_tensor_t *tensor;
    int64_t d[MAX_RANK];
    void *data;
    size_t bytes;

    check(ov_compiled_model_input_by_index(compiled, i, &port), "input");
    check(ov_port_get_partial_shape(port, &partial), "input shape");
    check(ov_port_get_element_type(port, &type), "input type");
    for (int64_t k = 0; k < partial.rank.max && k < MAX_RANK; k++) {
        char *end;

        d[k] = partial.dims[k].min == partial.dims[k].max ? partial.dims[k].min : 1;
        if (dims) {
            d[k] = strtoll(dims, &end, 10);
            dims = *end == ',' ? end + 1 : NULL;
        }
    }
    check(ov_shape_create(partial.rank.max, d, &shape), "shape");
    check(ov_tensor_create(type, shape, &tensor), "tensor");
    check(ov_tensor_data(tensor, &data), "data");
    check(ov_tensor_get_byte_size(tensor, &bytes), "size");
    fill(type, data, bytes, (uint32_t)i + 1);
    check(ov_infer_request_set_input_tensor_by_index(request, i, tensor), "set input");
    ov_tensor_free(tensor);
    ov_shape_free(&shape);
    ov_partial_shape_free(&partial);
    ov_output_const_port_free(port);
}

static uint64_t hash_output(ov_infer_request_t *request, size_t i, uint64_t hash)
{
    ov_tensor_t *tensor;
    void *data;
    size_t bytes;

    check(ov_infer_request_get_output_tensor_by_index(request, i, &tensor), "output");
    check(ov_tensor_data(tensor, &data), "data");
    check(ov_tensor_get_byte_size(tensor, &bytes), "size");
    for (size_t k = 0; k < bytes; k++) {
        hash = (hash ^ ((unsigned char *)data)[k]) * 0x100000001b3u;
    }
    ov_tensor_free(tensor);
    return hash;
}

static void run_model(ov_compiled_model_t *compiled, const char *dims, struct outcome *o)
{
    ov_infer_request_t *request;
    size_t inputs, outputs;

    check(ov_compiled_model_create_infer_request(compiled, &request), "request");
    check(ov_compiled_model_inputs_size(compiled, &inputs), "inputs");
    check(ov_compiled_model_outputs_size(compiled, &outputs), "outputs");
    for (size_t i = 0; i < inputs; i++) {
        set_input(compiled, request, i, dims);
    }
    check(ov_infer_request_infer(request), "infer");
    o->results = 0xcbf29ce484222325u;
    for (size_t i = 0; i < outputs; i++) {
        o->results = hash_output(request, i, o->results);
    }
    ov_infer_request_free(request);
}

/* In a process of its own. */
static void one(const char *path, const char *dims, const char *cache, struct outcome *o)
{
    ov_core_t *core;
    ov_compiled_model_t *compiled;
    char *cached = NULL;
    double begin;

    check(ov_core_create(&core), "core");
    if (cache) {
        check(ov_core_set_property(core, NULL, "CACHE_DIR", cache), "CACHE_DIR");
        check(ov_core_set_property(core, NULL, "CACHE_MODE", mode), "CACHE_MODE");
    }
    begin = now_ms();
    check(ov_core_compile_model_from_file(core, path, "CPU", 2, &compiled, "INFERENCE_NUM_THREADS", "2"),
          path);
    o->ms = now_ms() - begin;
    o->anon_loaded = rss_anon();
    if (ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &cached) == OK) {
        o->cached = strcmp(cached, "YES") == 0;
        ov_free(cached);
    }
    run_model(compiled, dims, o);
    o->anon_run = rss_anon();
    ov_compiled_model_free(compiled);
    ov_core_free(core);
}

static bool apart(const char *path, const char *dims, const char *cache, struct outcome *o)
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        one(path, dims, cache, o);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) > 0 && status == 0;
}

static bool measure(const char *path, const char *dims, struct outcome *o)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char dir[] = "/tmp/bench_import_XXXXXX", command[64];
    bool ok = mkdtemp(dir) != NULL;
    int best = 3;

    ok = ok && apart(path, dims, NULL, &o[0]) && apart(path, dims, dir, &o[1]);
    for (int i = 0; i < LOADS && ok; i++) {
        ok = apart(path, dims, dir, &o[2 + i]);
        best = i > 0 && o[2 + i].ms < o[best].ms ? 2 + i : best;
    }
    for (int i = 1; i < 2 + LOADS && ok; i++) {
        ok = o[i].results == o[0].results && o[i].cached == (i >= 2);
    }
    printf("%-36s %8.1f %8.1f %8.2f %8.1f %8.1f %8.1f %8.1f  %s\n", name, o[0].ms, o[1].ms, o[best].ms,
           (double)o[0].anon_loaded / 1e6, (double)o[best].anon_loaded / 1e6, (double)o[0].anon_run / 1e6,
           (double)o[best].anon_run / 1e6, ok ? "same bits" : "FAILED");
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) == 0 && ok;
}

int main(int argc, char **argv)
{
    struct outcome *o =
        mmap(NULL, (2 + LOADS) * sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int worst = 0;

    if (argc < 2 || o == MAP_FAILED) {
        fprintf(stderr, "usage: %s MODEL.xml[:D,D,...] ...\n", argv[0]);
        return 2;
    }
    printf("%-36s %8s %8s %8s %8s %8s %8s %8s\n", "", "compile", "and save", "load", "RssAnon", "loaded",
           "run", "loaded");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-small") == 0) {
            mode = "OPTIMIZE_SIZE";
            continue;
        }
        char *dims = strrchr(argv[i], ':');

        if (dims) {
            *dims++ = 0;
        }
        worst |= !measure(argv[i], dims, o);
    }
    return worst;
}
