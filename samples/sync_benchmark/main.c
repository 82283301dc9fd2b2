/* sync_benchmark: the least that measures the latency of a model, one inference after the other. */
#include "../benchmark_app/stats.h"
#include "../common/number.h"
#include "../common/random_tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST_ITERATIONS = 10 };

static void print_usage(FILE *file)
{
    fprintf(file, "sync_benchmark MODEL [DEVICE [SECONDS]]\n\n"
                  "Runs a model of fixed shapes with random inputs, one inference after the other, for 10 "
                  "seconds unless\n"
                  "another time is given, and prints latency and throughput. DEVICE: CPU unless given.\n"
                  "Exit code: 0, or 1 after an error.\n");
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int measure(ov_infer_request_t *request, double seconds, struct message *message)
{
    size_t count = 0, room = 1024;
    double *latencies = malloc(room * sizeof(*latencies)), begin = now_ms(), end = begin;
    int rc = latencies ? 0 : message_fail(message, "no memory");
    while (rc == 0 && (end - begin < seconds * 1e3 || count < LEAST_ITERATIONS)) {
        double start = end;
        rc = runtime_check(ov_infer_request_infer(request), message, "inference");
        end = now_ms();
        if (count == room) {
            double *grown = realloc(latencies, 2 * room * sizeof(*grown));
            rc = grown ? rc : message_fail(message, "no memory");
            latencies = grown ? grown : latencies;
            room *= grown ? 2 : 1;
        }
        if (rc == 0) {
            latencies[count++] = end - start;
        }
    }
    if (rc == 0) {
        struct stats stats;
        stats_summarize(latencies, count, &stats);
        printf("[ INFO ] Count:      %zu iterations\n[ INFO ] Duration:   %.2f ms\n[ INFO ] Latency:\n",
               count, end - begin);
        printf("[ INFO ]    Median:     %.2f ms\n[ INFO ]    Average:    %.2f ms\n[ INFO ]    Min:        "
               "%.2f ms\n"
               "[ INFO ]    Max:        %.2f ms\n",
               stats_percentile(latencies, count, 50), stats.average, stats.min, stats.max);
        printf("[ INFO ] Throughput: %.2f FPS\n", (double)count * 1e3 / (end - begin));
    }
    free(latencies);
    return rc;
}

static int run(const char *path, const char *device, double seconds, struct message *message)
{
    ov_core_t *core = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    rc =
        rc == 0
            ? runtime_check(ov_core_compile_model_from_file(core, path, device, 2, &compiled,
                                                            ov_property_key_hint_performance_mode, "LATENCY"),
                            message, "compiling %s for %s", path, device)
            : rc;
    rc = rc == 0
             ? runtime_check(ov_compiled_model_create_infer_request(compiled, &request), message, "request")
             : rc;
    rc = rc == 0 ? random_fill_inputs(compiled, request, message) : rc;
    rc = rc == 0 ? runtime_check(ov_infer_request_infer(request), message, "first inference") : rc;
    rc = rc == 0 ? measure(request, seconds, message) : rc;
    ov_infer_request_free(request);
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
