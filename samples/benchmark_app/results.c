/* The figures: on the console and in the report. */
#include "../common/element.h"
#include "bench.h"
#include "console.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void bench_report_setup(struct bench *b)
{
    struct report *report = &b->report;
    const struct options *options = &b->options;
    report_add_text(report, REPORT_SETUP, "benchmark mode", "benchmark_mode",
                    b->inference_only ? "inference only" : "full");
    report_add_text(report, REPORT_SETUP, "target device", "target_device", options->device);
    report_add_text(report, REPORT_SETUP, "API", "api", options->api);
    report_add_text(report, REPORT_SETUP, "precision", "precision", element_name(b->inputs[0].port.type));
    report_add_number(report, REPORT_SETUP, "batch size", "batch_size", (double)b->batches[0]);
    report_add_number(report, REPORT_SETUP, "number of iterations", "iterations_num",
                      (double)b->iteration_limit);
    report_add_number(report, REPORT_SETUP, "number of parallel infer requests", "nireq",
                      (double)b->request_count);
    report_add_number(report, REPORT_SETUP, "duration (ms)", "duration", (double)b->time_limit_ms);
    report_add_number(report, REPORT_SETUP, "seed", "seed", (double)options->seed);
    char *streams = bench_get_property(b, ov_property_key_num_streams);
    if (streams) {
        char label[96], key[96];
        snprintf(label, sizeof(label), "number of %.60s streams", options->device);
        snprintf(key, sizeof(key), "%.60s_streams_num", options->device);
        for (char *at = key; *at; at++) {
            *at = *at == ' ' ? '_' : (char)tolower((unsigned char)*at);
        }
        report_add_number(report, REPORT_SETUP, label, key, atof(streams));
    }
    ov_free(streams);
}

/* "CPU GPU" as ['CPU', 'GPU'] */
static void print_devices(const struct bench *b)
{
    char *devices = bench_get_property(b, "EXECUTION_DEVICES"), *rest = devices;
    char text[512] = "";
    size_t used = 0;
    const char *name = devices ? strtok_r(devices, " ,", &rest) : NULL;
    for (; name && used < sizeof(text) - 1; name = strtok_r(NULL, " ,", &rest)) {
        int n = snprintf(text + used, sizeof(text) - used, "%s'%s'", used ? ", " : "", name);
        used += n > 0 ? (size_t)n : 0;
    }
    if (text[0]) {
        console_info("Execution Devices:[%s]", text);
    }
    ov_free(devices);
}

static void print_latency(const char *label, double ms, const struct stats *stats)
{
    bool micro = stats->average < 1;
    console_info("   %s%.2f %s", label, micro ? ms * 1000 : ms, micro ? "us" : "ms");
}

static void report_latencies(struct bench *b, const struct stats *stats)
{
    const struct percentiles *list = &b->options.percentiles;
    struct report *report = &b->report;
    for (size_t i = 0; i < list->count; i++) {
        double value = stats_percentile(b->latencies, b->latency_count, list->values[i]);
        char label[64], key[64];
        if (list->values[i] == 50) {
            snprintf(label, sizeof(label), "Median latency (ms)");
        } else {
            snprintf(label, sizeof(label), "latency (%g percentile) (ms)", list->values[i]);
        }
        /* The first one carries the key of OpenVINO's report, which knows but one percentile. */
        if (i == 0) {
            report_add_number(report, REPORT_RESULTS, label, "latency_median", value);
            report_add_number(report, REPORT_RESULTS, "Percentile boundary", "percentile_boundary",
                              list->values[0]);
        } else {
            snprintf(key, sizeof(key), "latency_percentile_%g", list->values[i]);
            report_add_number(report, REPORT_RESULTS, label, key, value);
        }
    }
    report_add_number(report, REPORT_RESULTS, "Average latency (ms)", "latency_avg", stats->average);
    report_add_number(report, REPORT_RESULTS, "Min latency (ms)", "latency_min", stats->min);
    report_add_number(report, REPORT_RESULTS, "Max latency (ms)", "latency_max", stats->max);
    report_add_number(report, REPORT_RESULTS, "Standard deviation of latency (ms)", "latency_stddev",
                      stats->deviation);
}

static void print_latencies(const struct bench *b, const struct stats *stats)
{
    const struct percentiles *list = &b->options.percentiles;
    console_info("Latency:");
    for (size_t i = 0; i < list->count; i++) {
        char label[64];
        if (list->values[i] == 50) {
            snprintf(label, sizeof(label), "Median:        ");
        } else {
            snprintf(label, sizeof(label), "%g percentile:     ", list->values[i]);
        }
        print_latency(label, stats_percentile(b->latencies, b->latency_count, list->values[i]), stats);
    }
    print_latency("Average:       ", stats->average, stats);
    print_latency("Min:           ", stats->min, stats);
    print_latency("Max:           ", stats->max, stats);
}

void bench_group_text(const struct bench *b, size_t group, char *text, size_t size)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t i = 0; i < b->input_count && n < size; i++) {
        char shape[SHAPE_MAX_TEXT];
        n += (size_t)snprintf(text + n, size - n, "%s%s: %s", i ? " " : "", b->inputs[i].port.name,
                              shape_text(&b->inputs[i].data[group], shape));
    }
}

/* Before the latencies are sorted. */
static void summarize_groups(struct bench *b)
{
    double *own = b->groups ? malloc((b->latency_count + 1) * sizeof(*own)) : NULL;
    for (size_t g = 0; own && g < b->group_count; g++) {
        struct stats stats;
        char text[1024];
        size_t n = 0;
        for (size_t i = 0; i < b->latency_count; i++) {
            if (b->groups[i] == g) {
                own[n++] = b->latencies[i];
            }
        }
        stats_summarize(own, n, &stats);
        bench_group_text(b, g, text, sizeof(text));
        report_add_group(&b->report, text, stats_percentile(own, n, 50), stats.average, stats.min, stats.max);
    }
    free(own);
}

void bench_summarize(struct bench *b)
{
    struct report *report = &b->report;
    summarize_groups(b);
    stats_summarize(b->latencies, b->latency_count, &b->stats);
    b->rate = b->duration_ms > 0 ? b->frames * 1000 / b->duration_ms : 0;
    report_add_number(report, REPORT_RESULTS, "total execution time (ms)", "execution_time", b->duration_ms);
    report_add_number(report, REPORT_RESULTS, "total number of iterations", "iterations_num",
                      (double)b->stats.count);
    report_latencies(b, &b->stats);
    report_add_number(report, REPORT_RESULTS, "throughput", "throughput", b->rate);
}

static void print_groups(const struct report *report)
{
    console_info("Latency for each data shape group:");
    for (size_t i = 0; i < report->group_count; i++) {
        const struct report_group *g = &report->groups[i];
        struct stats stats = {.average = g->average};
        console_info("%zu. %s", i + 1, g->shape);
        print_latency("Median:        ", g->median, &stats);
        print_latency("Average:       ", g->average, &stats);
        print_latency("Min:           ", g->min, &stats);
        print_latency("Max:           ", g->max, &stats);
    }
}

void bench_print_results(const struct bench *b)
{
    print_devices(b);
    console_info("Count:            %zu iterations", b->stats.count);
    console_info("Duration:         %.2f ms", b->duration_ms);
    print_latencies(b, &b->stats);
    if (b->report.group_count > 1) {
        print_groups(&b->report);
    }
    console_info("Throughput:   %.2f FPS", b->rate);
}
