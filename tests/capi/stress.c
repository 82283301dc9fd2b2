/* stress ROUNDS CANCELS [DEVICE]: compile, infer and free again and again, and cancel inferences in every
 * moment of theirs. Memory must not grow, nothing may hang or give another result. Without DEVICE on all. */
#include "capi_test.h"
#include "loop_model.h"

#include <malloc.h>
#include <stdatomic.h>
#include <unistd.h>

#define N_REQUESTS 4

/* Kilobytes of resident memory, with what free() keeps given back first. */
static long resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long total, pages = 0;

    malloc_trim(0);
    if (f) {
        if (fscanf(f, "%ld %ld", &total, &pages) != 2) {
            pages = 0;
        }
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void *data_of(ov_infer_request_t *r, const char *name)
{
    ov_tensor_t *tensor = NULL;
    void *data = NULL;

    PASS(ov_infer_request_get_tensor(r, name, &tensor));
    PASS(ov_tensor_data(tensor, &data));
    ov_tensor_free(tensor);
    return data;
}

/* ---- rounds */

static void on_done(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void fill(ov_infer_request_t *r, float value)
{
    float *a = data_of(r, "a_t"), *b = data_of(r, "b_t");

    for (int i = 0; i < 3; i++) {
        a[i] = value;
        b[i] = (float)i;
    }
}

static void check(ov_infer_request_t *r, float value)
{
    const float *sum = data_of(r, "act");

    for (int i = 0; i < 3; i++) {
        assert_true(sum[i] == value + (float)i);
    }
}

static void one_round(ov_core_t *core, const char *device, int round)
{
    ov_model_t *model = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *r[N_REQUESTS] = {NULL};
    atomic_int done = 0;
    ov_callback_t callback = {on_done, &done};

    PASS(ov_core_compile_model(core, model, device, 2, &compiled, "NUM_STREAMS", round % 2 ? "2" : "1"));
    ov_model_free(model);
    for (int i = 0; i < N_REQUESTS; i++) {
        PASS(ov_compiled_model_create_infer_request(compiled, &r[i]));
        fill(r[i], (float)(round + i));
        PASS(ov_infer_request_set_callback(r[i], &callback));
    }
    ov_compiled_model_free(compiled);
    for (int i = 0; i < N_REQUESTS; i++) {
        PASS(ov_infer_request_start_async(r[i]));
    }
    for (int i = 0; i < N_REQUESTS; i++) {
        /* Every third is freed while it may be running; its callback need not come then. */
        if ((round + i) % 3 == 0) {
            ov_infer_request_free(r[i]);
            continue;
        }
        PASS(ov_infer_request_wait(r[i]));
        check(r[i], (float)(round + i));
        PASS(ov_infer_request_infer(r[i]));
        ov_infer_request_free(r[i]);
    }
    assert_in_range(atomic_load(&done), 1, N_REQUESTS);
}

/* ---- cancels */

static ov_infer_request_t *loop_request(ov_core_t *core, const char *device, int64_t trips)
{
    ov_infer_request_t *r = new_request(core, MODEL_LOOP, device);
    float *x = data_of(r, "x_t");

    *(int64_t *)data_of(r, "n_t") = trips;
    *(char *)data_of(r, "go_t") = 1;
    for (int i = 0; i < 4; i++) {
        x[i] = (float)(i - 1);
    }
    return r;
}

/* After every cancel the request works as before. */
static void still_works(ov_infer_request_t *r)
{
    const float *y;

    *(int64_t *)data_of(r, "n_t") = 3;
    PASS(ov_infer_request_infer(r));
    y = data_of(r, "y_t");
    assert_true(y[0] == 0 && y[2] == 1 && y[3] == 2);
    *(int64_t *)data_of(r, "n_t") = -1;
}

/* A loop without end is stopped: right after its start, or when it has turned for a while. */
static void one_cancel(ov_infer_request_t *r, int round)
{
    PASS(ov_infer_request_start_async(r));
    CHECK(ov_infer_request_start_async(r), REQUEST_BUSY, "running");
    if (round % 4) {
        CHECK(ov_infer_request_wait_for(r, round % 4 == 1 ? 0 : 1), RESULT_NOT_READY, NULL);
    }
    PASS(ov_infer_request_cancel(r));
    CHECK(ov_infer_request_wait(r), INFER_CANCELLED, "cancelled");
    CHECK(ov_infer_request_wait_for(r, 1000), INFER_CANCELLED, "cancelled");
    if (round % 8 == 0) {
        still_works(r);
    }
}

/* ---- */

static void stress(const char *device, int rounds, int cancels)
{
    ov_core_t *core = new_core();
    ov_infer_request_t *r;
    int warm = rounds / 10 < 20 ? 20 : rounds / 10;
    long before, after;

    for (int i = 0; i < warm; i++) {
        one_round(core, device, i);
    }
    before = resident();
    for (int i = 0; i < rounds; i++) {
        one_round(core, device, i);
    }
    after = resident();
    printf("%s: %d rounds, resident memory %ld kB before, %ld kB after\n", device, rounds, before, after);
    /* Heaps of threads that come and go settle late; what leaks in every round is more than this. */
    if (MEMORY_COUNTS) {
        assert_true(after - before < 2048 + rounds / 4);
    }
    r = loop_request(core, device, -1);
    for (int i = 0; i < cancels; i++) {
        one_cancel(r, i);
    }
    printf("%s: %d cancels of a loop without end, resident memory %ld kB after\n", device, cancels,
           resident());
    ov_infer_request_free(r);
    ov_core_free(core);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 100, cancels = argc > 2 ? atoi(argv[2]) : 40;
    ov_core_t *core;
    ov_available_devices_t devices;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 3) {
        stress(argv[3], rounds, cancels);
        return 0;
    }
    core = new_core();
    devices = all_devices(core);
    for (size_t i = 0; i < devices.size; i++) {
        stress(devices.devices[i], rounds, cancels);
    }
    ov_available_devices_free(&devices);
    ov_core_free(core);
    return 0;
}
