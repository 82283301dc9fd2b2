/* The command line of benchmark_app. */
#ifndef BENCHMARK_APP_OPTIONS_H
#define BENCHMARK_APP_OPTIONS_H

#include "../common/message.h"
#include "../common/shape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_MAX_GIVEN = 96, OPTIONS_MAX_PERCENTILES = 8 };

/* The exit codes of the program. */
enum { EXIT_FINE = 0, EXIT_ERROR = 3 };

struct given_option {
    const char *name;  /* the canonical name, without dashes */
    const char *value; /* "true" or "false" for a flag */
};

struct percentiles {
    size_t count;
    double values[OPTIONS_MAX_PERCENTILES];
};

/* Texts point into argv. -1 in a number and NULL in a text mean: not given. */
struct options {
    int help;
    const char *model, *device, *api, *hint, *streams, *infer_precision, *layout, *report_type,
        *report_folder;
    const char *input;
    int64_t iterations, seconds, requests, threads, batch, seed;
    int no_warmup, inference_only, counters, json, group_latencies, from_file, device_memory;
    const char *cache_dir, *extensions, *gpu_config, *pin, *counters_order, *exec_graph, *dump_config,
        *load_config;
    const char *input_type, *output_type, *types, *mean, *scale, *dump_output, *compare;
    double max_rate, tolerance; /* 0 and below: not given */
    struct shape_list shapes, data_shapes;
    struct percentiles percentiles;
    size_t given_count;
    struct given_option given[OPTIONS_MAX_GIVEN];
};

/* Reads the command line. `-name value`, `-name=value` and the same with two dashes are accepted. 0, or -1
   with a message; options_finish frees in both cases. */
int options_parse(struct options *options, int argc, char **argv, struct message *message);
void options_finish(struct options *options);

/* Prints usage and every option. */
void options_print_help(FILE *file);

/* Splits an optional device prefix off: "CPU:4,GPU:2" gives "4" for CPU; a plain value holds for every
   device. Returns false where there is no value for the device; `value` has `size` bytes. */
bool options_value_for_device(const char *text, const char *device, char *value, size_t size);

#endif
