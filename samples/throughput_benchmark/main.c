/* throughput_benchmark: the least that keeps a device busy, with as many requests as the compiled model
 * recommends. Each request is started again by its callback, so no thread of the program stands between two
 * inferences. */
#include "../common/number.h"
#include "../common/random_tensor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_usage(FILE *file)
{
    fprintf(file, "throughput_benchmark MODEL [DEVICE [SECONDS]]\n\n"
                  "Runs a model of fixed shapes with random inputs in several requests side by side, for 10 "
                  "seconds unless\n"
                  "another time is given, and prints the throughput. DEVICE: CPU unless given.\n"
                  "Exit code: 0, or 1 after an error.\n");
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct lane {
    ov_infer_request_t *request;
    ov_callback_t callback; /* OpenVINO keeps the pointer that it is given */
    struct bench *bench;
};

struct bench {
    size_t count;
    struct lane *lanes;
    double end;
    atomic_size_t inferences;
    atomic_int failed;
    pthread_mutex_t lock; /* around `running` */
    pthread_cond_t idle;
    size_t running;
};

/* Called on a thread of the runtime: go on until the time is up. */
static void on_done(void *args)
{
    struct lane *lane = args;
    struct bench *b = lane->bench;
    atomic_fetch_add(&b->inferences, 1);
    if (now_ms() < b->end && !atomic_load(&b->failed)) {
        if (ov_infer_request_start_async(lane->request) == OK) {
            return;
        }
        atomic_store(&b->failed, 1);
    }
    pthread_mutex_lock(&b->lock);
    if (--b->running == 0) {
        pthread_cond_signal(&b->idle);
    }
    pthread_mutex_unlock(&b->lock);
}

static size_t recommended(const ov_compiled_model_t *compiled)
{
    char *text = NULL;
    int64_t n = 0;
    if (ov_compiled_model_get_property(compiled, ov_property_key_optimal_number_of_infer_requests, &text) ==
            OK &&
        text) {
        (void)number_parse_count(text, &n);
    }
    ov_free(text);
    return n > 0 ? (size_t)n : 1;
}

static int prepare(struct bench *b, const ov_compiled_model_t *compiled, struct message *message)
{
    b->lanes = calloc(b->count, sizeof(*b->lanes));
    int rc = b->lanes ? 0 : message_fail(message, "no memory");
    for (size_t i = 0; i < b->count && rc == 0; i++) {
        struct lane *lane = &b->lanes[i];
        lane->bench = b;
        lane->callback = (ov_callback_t){on_done, lane};
        rc = runtime_check(ov_compiled_model_create_infer_request(compiled, &lane->request), message,
                           "request %zu", i);
        rc = rc == 0 ? random_fill_inputs(compiled, lane->request, message) : rc;
        rc = rc == 0 ? runtime_check(ov_infer_request_infer(lane->request), message, "first inference") : rc;
        rc = rc == 0 ? runtime_check(ov_infer_request_set_callback(lane->request, &lane->callback), message,
                                     "callback")
                     : rc;
    }
    return rc;
}

static int measure(struct bench *b, double seconds, struct message *message)
{
    double begin = now_ms();
    int rc = 0;
    b->end = begin + seconds * 1e3;
    b->running = b->count;
    for (size_t i = 0; i < b->count; i++) {
        if (runtime_check(ov_infer_request_start_async(b->lanes[i].request), message, "starting request %zu",
                          i) < 0) {
            atomic_store(&b->failed, 1);
            pthread_mutex_lock(&b->lock);
            b->running--;
            pthread_mutex_unlock(&b->lock);
            rc = -1;
        }
    }
    pthread_mutex_lock(&b->lock);
    while (b->running) {
        pthread_cond_wait(&b->idle, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; i < b->count && rc == 0; i++) {
        rc = runtime_check(ov_infer_request_wait(b->lanes[i].request), message, "inference");
    }
    if (rc == 0 && atomic_load(&b->failed)) {
        rc = message_fail(message, "a request could not be started again");
    }
    if (rc == 0) {
        double took = now_ms() - begin;
        size_t n = atomic_load(&b->inferences);
        printf("[ INFO ] Count:      %zu iterations in %zu requests\n[ INFO ] Duration:   %.2f ms\n", n,
               b->count, took);
        printf("[ INFO ] Throughput: %.2f FPS\n", (double)n * 1e3 / took);
    }
    return rc;
}

static int run(const char *path, const char *device, double seconds, struct message *message)
{
    ov_core_t *core = NULL;
    ov_compiled_model_t *compiled = NULL;
    struct bench b = {.lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    rc = rc == 0 ? runtime_check(ov_core_compile_model_from_file(core, path, device, 2, &compiled,
                                                                 ov_property_key_hint_performance_mode,
                                                                 "THROUGHPUT"),
                                 message, "compiling %s for %s", path, device)
                 : rc;
    b.count = rc == 0 ? recommended(compiled) : 0;
    rc = rc == 0 ? prepare(&b, compiled, message) : rc;
    rc = rc == 0 ? measure(&b, seconds, message) : rc;
    for (size_t i = 0; b.lanes && i < b.count; i++) {
        ov_infer_request_free(b.lanes[i].request);
    }
    free(b.lanes);
    ov_compiled_model_free(compiled);
    ov_core_free(core);
    return rc;
}

int main(int argc, char **argv)
{
    struct message message = {""};
    double seconds = 10;
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 2 || argc > 4 || (argc == 4 && (!number_parse_real(argv[3], &seconds) || !(seconds >= 0)))) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    if (run(argv[1], argc > 2 ? argv[2] : "CPU", seconds, &message) < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
