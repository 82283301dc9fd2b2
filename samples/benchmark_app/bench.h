/* The state of one run of benchmark_app, and the steps that fill it in. Every step returns 0, or -1 with
 * b->message set. */
#ifndef BENCHMARK_APP_BENCH_H
#define BENCHMARK_APP_BENCH_H

#include "../common/runtime.h"
#include "options.h"
#include "report.h"
#include "stats.h"

#include <openvino/c/openvino.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_files {
    size_t count;
    char **paths;
};

struct input {
    struct port_info port;
    char layout[SHAPE_MAX_RANK + 1]; /* letters, or empty where it is not known */
    struct input_files files;
    struct shape *data; /* the shape fed in each group */
};

/* One tensor for each input. */
struct tensor_set {
    ov_tensor_t **tensors;
};

struct bench {
    struct options options;
    struct message message;
    struct report report;

    ov_core_t *core;
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    bool imported; /* there is no model to change: it came from a compiled blob, or is compiled from its file
                    */
    bool is_dynamic; /* an input has an open dimension */

    size_t input_count, output_count;
    struct input *inputs;
    struct port_info *outputs;

    size_t group_count; /* data shapes that are used in turn */
    size_t *batches;    /* frames of an inference, by group */
    bool inference_only, profiling;

    size_t request_count;
    ov_infer_request_t **requests;
    size_t set_count; /* a multiple of group_count; set k has the shapes of group k % group_count */
    struct tensor_set *sets;

    int64_t iteration_limit, time_limit_ms; /* 0: none */
    double *latencies;                      /* ms, sorted after the run */
    size_t *groups;                         /* of each latency in the order of the run; with -pcseq */
    size_t latency_count;
    double frames, duration_ms, first_ms;
    struct stats stats;
    double rate; /* frames a second */

    struct config_entry *config;
    size_t config_count;
};

/* config.c: properties in files. */
int bench_load_config(struct bench *b);
/* Remember a property that was set, for -dump_config. */
void bench_note_property(struct bench *b, const char *device, const char *key, const char *value);
/* Whether -load_config or an option has set a property of the device. */
bool bench_has_property(const struct bench *b, const char *device, const char *key);
int bench_dump_config(struct bench *b);
void bench_forget_config(struct bench *b);

/* names.c: an error where the command line names an input or output that the model does not have. */
int bench_check_names(struct bench *b);

/* preprocess.c: element types, mean and scale by nodes of the model. */
int bench_preprocess(struct bench *b);

/* outputs.c: -dump_output and -compare. */
int bench_check_outputs(struct bench *b);

/* device.c */
int bench_load_runtime(struct bench *b);
int bench_configure_device(struct bench *b);
void bench_print_properties(struct bench *b);
void bench_print_devices(void);
/* A property of the compiled model; NULL where it has none. The caller frees it with ov_free. */
char *bench_get_property(const struct bench *b, const char *key);

/* model.c */
int bench_read_model(struct bench *b);
int bench_reshape_model(struct bench *b);
int bench_compile_model(struct bench *b);
int bench_describe_model(struct bench *b);
void bench_print_ports(const struct bench *b);

/* data_shapes.c */
int bench_find_layouts(struct bench *b);
int bench_find_data_shapes(struct bench *b);
/* Position of the batch in an input's layout, or -1. */
int bench_batch_axis(const struct input *input);

/* input_files.c */
int bench_find_files(struct bench *b);

/* inputs.c */
int bench_make_sets(struct bench *b);
void bench_free_sets(struct bench *b);

/* fill.c: contents of a tensor, random or from files. `set` numbers the tensors of an input. */
int fill_random(const struct input *input, ov_tensor_t *tensor, uint64_t seed, struct message *message);
int fill_from_files(const struct input *input, ov_tensor_t *tensor, size_t set, struct message *message);

/* measure.c */
int bench_create_requests(struct bench *b);
int bench_bind_inputs(struct bench *b, size_t request, size_t set);
int bench_warm_up(struct bench *b);
int bench_measure(struct bench *b);
/* Under -max_irate: wait until it is time for inference number `iteration`. */
void bench_pace(const struct bench *b, int64_t begin, size_t iteration);
/* measure_async.c */
int bench_measure_async(struct bench *b);

/* results.c */
/* The data shapes of a group: in1: [1,64] in2: [1,5]. */
void bench_group_text(const struct bench *b, size_t group, char *text, size_t size);
void bench_report_setup(struct bench *b);
/* Works the latencies into b->stats and the report. */
void bench_summarize(struct bench *b);
void bench_print_results(const struct bench *b);

/* counters.c */
int bench_report_counters(struct bench *b);

#endif
