/* Requests, and the loop that runs one after the other. */
#include "bench.h"
#include "console.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t recommended_requests(const struct bench *b)
{
    char *text = bench_get_property(b, ov_property_key_optimal_number_of_infer_requests);
    int64_t count = text ? atoll(text) : 0;
    ov_free(text);
    return count > 0 ? count : 1;
}

int bench_create_requests(struct bench *b)
{
    bool sync = strcmp(b->options.api, "sync") == 0;
    int64_t count = b->options.requests;
    if (sync && count > 1) {
        console_warn("-api sync runs one request at a time; -nireq %lld is taken as 1", (long long)count);
    }
    count = sync ? 1 : count > 0 ? count : recommended_requests(b);
    b->requests = calloc((size_t)count, sizeof(*b->requests));
    if (!b->requests) {
        return message_fail(&b->message, "no memory for %lld requests", (long long)count);
    }
    b->request_count = (size_t)count;
    for (size_t i = 0; i < b->request_count; i++) {
        if (runtime_check(ov_compiled_model_create_infer_request(b->compiled, &b->requests[i]), &b->message,
                          "creating request %zu", i) < 0) {
            return -1;
        }
    }
    return 0;
}

int bench_bind_inputs(struct bench *b, size_t request, size_t set)
{
    for (size_t i = 0; i < b->input_count; i++) {
        ov_status_e status = ov_infer_request_set_input_tensor_by_index(
            b->requests[request], i, b->sets[set % b->set_count].tensors[i]);
        if (runtime_check(status, &b->message, "setting input '%s'", b->inputs[i].port.name) < 0) {
            return -1;
        }
    }
    return 0;
}

static int run_once(struct bench *b, size_t set)
{
    if (bench_bind_inputs(b, 0, set) < 0) {
        return -1;
    }
    int64_t start = console_clock();
    ov_status_e status;
    if (strcmp(b->options.api, "sync") == 0) {
        status = ov_infer_request_infer(b->requests[0]);
    } else {
        status = ov_infer_request_start_async(b->requests[0]);
        status = status == OK ? ov_infer_request_wait(b->requests[0]) : status;
    }
    if (runtime_check(status, &b->message, "inference") < 0) {
        return -1;
    }
    if (set == 0) {
        b->first_ms = (double)(console_clock() - start) / 1e6;
        console_info("First inference took %.2f ms", b->first_ms);
        report_add_number(&b->report, REPORT_RESULTS, "first inference time (ms)", "first_inference_time",
                          b->first_ms);
    }
    return 0;
}

int bench_warm_up(struct bench *b)
{
    if (b->options.no_warmup == 1) {
        console_info("Skipping warmup inference due to -no_warmup flag");
    }
    /* Each data shape once: what a device prepares for a new shape belongs to no measured inference. */
    for (size_t g = 0; g < b->group_count && b->options.no_warmup != 1; g++) {
        if (run_once(b, g) < 0) {
            return -1;
        }
    }
    for (size_t r = 0; r < b->request_count && b->inference_only; r++) {
        if (bench_bind_inputs(b, r, r) < 0) {
            return -1;
        }
    }
    return 0;
}

void bench_pace(const struct bench *b, int64_t begin, size_t iteration)
{
    if (b->options.max_rate <= 0) {
        return;
    }
    int64_t due = begin + (int64_t)((double)iteration * 1e9 / b->options.max_rate),
            left = due - console_clock();
    while (left > 0) {
        struct timespec pause = {left / 1000000000, left % 1000000000};
        nanosleep(&pause, NULL);
        left = due - console_clock();
    }
}

static int keep_latency(struct bench *b, size_t *capacity, double ms, size_t group)
{
    bool by_group = b->options.group_latencies == 1;
    if (b->latency_count == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 4096;
        double *grown = realloc(b->latencies, more * sizeof(*grown));
        b->latencies = grown ? grown : b->latencies;
        size_t *groups = by_group && grown ? realloc(b->groups, more * sizeof(*groups)) : NULL;
        b->groups = groups ? groups : b->groups;
        if (!grown || (by_group && !groups)) {
            return message_fail(&b->message, "no memory for the latencies");
        }
        *capacity = more;
    }
    if (by_group) {
        b->groups[b->latency_count] = group;
    }
    b->latencies[b->latency_count++] = ms;
    return 0;
}

static int measure_sync(struct bench *b)
{
    size_t capacity = 0, iteration = 0;
    int64_t begin = console_clock(), now = begin, limit = b->time_limit_ms * 1000000;
    while ((int64_t)iteration < b->iteration_limit || now - begin < limit) {
        bench_pace(b, begin, iteration);
        int64_t start = b->options.max_rate > 0 ? console_clock() : now;
        if (!b->inference_only && bench_bind_inputs(b, 0, iteration) < 0) {
            return -1;
        }
        if (runtime_check(ov_infer_request_infer(b->requests[0]), &b->message, "inference %zu", iteration) <
            0) {
            return -1;
        }
        now = console_clock();
        if (keep_latency(b, &capacity, (double)(now - start) / 1e6, iteration % b->group_count) < 0) {
            return -1;
        }
        b->frames += (double)b->batches[iteration % b->group_count];
        iteration++;
        console_progress(limit ? (double)(now - begin) / (double)limit
                               : (double)iteration / (double)b->iteration_limit);
    }
    b->duration_ms = (double)(console_clock() - begin) / 1e6;
    return 0;
}

int bench_measure(struct bench *b)
{
    int rc = strcmp(b->options.api, "sync") == 0 ? measure_sync(b) : bench_measure_async(b);
    if (rc == 0) {
        console_progress(1);
    }
    return rc;
}
