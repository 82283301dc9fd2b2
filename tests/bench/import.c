/* Loading compiled models from CACHE_DIR: the time, the memory, and whether the results are the same bits.
 *
 *   bench_import [-small] MODEL.xml[:D,D,...] ...   the dims are those of every input whose shape is dynamic
 *
 * Each model is compiled without a cache, compiled into an empty one, and loaded from it five times, in a
 * process of its own each time; from the second to the fifth load the best time counts. Times are those of
 * ov_core_compile_model_from_file alone, in milliseconds, first use of the plugin and keys included. Exits
 * with 1 when a result differs or nothing came from the cache. */
#include "model.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOADS 5

static const char *mode = "OPTIMIZE_SPEED";

/* What a process tells its parent, through shared memory. */
struct outcome {
    double ms;
    size_t anon_loaded, anon_run;
    uint64_t results; /* hash of all outputs */
    bool cached;
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
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
        set_input(compiled, request, i, dims, fill_random);
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
    o->anon_loaded = proc_bytes("/proc/self/status", "RssAnon:", NULL);
    if (ov_compiled_model_get_property(compiled, "LOADED_FROM_CACHE", &cached) == OK) {
        o->cached = strcmp(cached, "YES") == 0;
        ov_free(cached);
    }
    run_model(compiled, dims, o);
    o->anon_run = proc_bytes("/proc/self/status", "RssAnon:", NULL);
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
