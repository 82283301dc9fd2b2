/* benchmark_app: how fast a model runs on a device. The steps, lines and reports are those of OpenVINO's
 * program of that name. */
#include "bench.h"
#include "console.h"

#include "vintner.h"

/* Not there where the program runs on OpenVINO's library. From an archive, a weak reference takes nothing. */
#ifdef SAMPLES_STATIC
#define CAN_SAVE true
#else
#pragma weak vt_model_save
#define CAN_SAVE (vt_model_save != NULL)
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SECONDS = 10 };

/* Rounds -niter up so that every request, or every data shape where there are more of them, runs equally
 * often. */
static void set_limits(struct bench *b)
{
    const struct options *options = &b->options;
    int64_t limit = options->iterations > 0 ? options->iterations : 0;
    if (limit && strcmp(options->api, "async") == 0) {
        bool by_groups = b->group_count > b->request_count;
        int64_t unit = (int64_t)(by_groups ? b->group_count : b->request_count);
        int64_t aligned = (limit + unit - 1) / unit * unit;
        if (aligned != limit) {
            console_warn("Number of iterations was aligned by %s from %lld to %lld using number of %s %lld",
                         by_groups ? "data shape groups number" : "request number", (long long)limit,
                         (long long)aligned, by_groups ? "possible input shapes" : "requests",
                         (long long)unit);
        }
        limit = aligned;
    }
    b->iteration_limit = limit;
    int64_t seconds = options->seconds > 0 ? options->seconds : limit ? 0 : DEFAULT_SECONDS;
    b->time_limit_ms = seconds * 1000;
}

static void announce_measuring(const struct bench *b)
{
    char note[256], limits[96] = "", requests[64] = "";
    if (b->time_limit_ms) {
        snprintf(limits, sizeof(limits), "%lld ms duration", (long long)b->time_limit_ms);
    }
    if (b->iteration_limit) {
        size_t used = strlen(limits);
        snprintf(limits + used, sizeof(limits) - used, "%s%lld iterations", used ? ", " : "",
                 (long long)b->iteration_limit);
    }
    if (strcmp(b->options.api, "async") == 0) {
        snprintf(requests, sizeof(requests), ", %zu inference requests", b->request_count);
    }
    /* -api is the beginning of "synchronously" or "asynchronously" */
    snprintf(note, sizeof(note), "Start inference %shronously%s, limits: %s", b->options.api, requests,
             limits);
    console_step(note);
    if (b->inference_only) {
        console_info(
            "Benchmarking in inference only mode (inputs filling are not included in measurement loop).");
    } else {
        console_info("Benchmarking in full mode (inputs filling are included in measurement loop).");
    }
}

static int choose_mode(struct bench *b)
{
    b->inference_only = b->options.inference_only < 0 ? !b->is_dynamic : b->options.inference_only == 1;
    if (b->inference_only && b->group_count > 1) {
        if (b->options.inference_only == 1) {
            return message_fail(&b->message,
                                "-inference_only: several data shapes can only be measured in full mode");
        }
        b->inference_only = false;
    }
    return 0;
}

/* Steps 2 to 7: up to the compiled model. */
static int prepare(struct bench *b)
{
    console_step(NULL);
    if (bench_load_runtime(b) < 0) {
        return -1;
    }
    console_step(NULL);
    if (bench_configure_device(b) < 0) {
        return -1;
    }
    console_step(NULL);
    if (bench_read_model(b) < 0) {
        return -1;
    }
    console_step(NULL);
    if (bench_reshape_model(b) < 0) {
        return -1;
    }
    bool compile_only = b->options.iterations == 0;
    if (!b->imported && !compile_only && (bench_find_files(b) < 0 || bench_find_data_shapes(b) < 0)) {
        return -1;
    }
    console_step(NULL);
    if (!b->imported) {
        if (bench_preprocess(b) < 0) {
            return -1;
        }
        bench_print_ports(b);
    }
    console_step(NULL);
    if (bench_compile_model(b) < 0) {
        return -1;
    }
    return b->imported && !compile_only && (bench_find_files(b) < 0 || bench_find_data_shapes(b) < 0) ? -1
                                                                                                      : 0;
}

/* Steps 8 to 10. */
static int measure(struct bench *b)
{
    if (choose_mode(b) < 0) {
        return -1;
    }
    console_step(NULL);
    bench_print_properties(b);
    console_step(NULL);
    if (bench_create_requests(b) < 0 || bench_make_sets(b) < 0) {
        return -1;
    }
    set_limits(b);
    bench_report_setup(b);
    announce_measuring(b);
    return bench_warm_up(b) < 0 ? -1 : bench_measure(b);
}

static int write_report(struct bench *b)
{
    const struct options *options = &b->options;
    if (!options->report_type) {
        return 0;
    }
    if (report_write(&b->report, options, &b->message) < 0) {
        return -1;
    }
    console_info("Statistics report is stored to %s/benchmark_report.%s", options->report_folder,
                 options->json == 1 ? "json" : "csv");
    return 0;
}

/* A run that failed leaves a report of what it came to and why it ended; a report that cannot be written adds
 * no second error. */
static void report_failure(struct bench *b)
{
    struct message why = b->message;
    report_add_text(&b->report, REPORT_RESULTS, "error", "error", why.text);
    write_report(b);
    b->message = why;
}

/* The graph as it runs, and the properties that were set. */
static int write_files(struct bench *b)
{
    const char *path = b->options.exec_graph;
    ov_model_t *graph = NULL;
    if (path) {
        int rc = runtime_check(ov_compiled_model_get_runtime_model(b->compiled, &graph), &b->message,
                               "the graph as it is executed");
        rc = rc == 0 ? runtime_check(vt_model_save(graph, path, NULL, NULL), &b->message,
                                     "-exec_graph_path %s", path)
                     : rc;
        ov_model_free(graph);
        if (rc < 0) {
            return -1;
        }
        console_info("Executable graph is stored to %s", path);
    }
    return bench_dump_config(b);
}

static int check_options(struct bench *b)
{
    const struct options *o = &b->options;
    if (o->group_latencies == 1 && !o->data_shapes.count) {
        return message_fail(&b->message, "-pcseq needs -data_shape with several groups");
    }
    if (o->exec_graph && !CAN_SAVE) {
        return message_fail(&b->message,
                            "not implemented: -exec_graph_path with a library that cannot save models");
    }
    if (o->device_memory == 1 && strncmp(o->device, "CPU", 3) != 0) {
        return message_fail(&b->message, "not implemented: -use_device_mem for device %s", o->device);
    }
    return 0;
}

static int run(struct bench *b)
{
    if (check_options(b) < 0 || prepare(b) < 0) {
        return -1;
    }
    if (b->options.iterations == 0) {
        console_info("Model compiled successfully. Skipping inference due to -niter 0.");
        for (int i = 0; i < 3; i++) {
            console_step("skipped");
        }
        console_step(NULL);
        return write_files(b) < 0 ? -1 : write_report(b);
    }
    if (measure(b) < 0) {
        return -1;
    }
    console_step(NULL);
    if (bench_report_counters(b) < 0) {
        return -1;
    }
    bench_summarize(b);
    if (write_files(b) < 0 || bench_check_outputs(b) < 0 || write_report(b) < 0) {
        return -1;
    }
    bench_print_results(b);
    return 0;
}

static void finish(struct bench *b)
{
    for (size_t i = 0; b->requests && i < b->request_count; i++) {
        ov_infer_request_free(b->requests[i]);
    }
    bench_free_sets(b);
    ov_compiled_model_free(b->compiled);
    ov_model_free(b->model);
    ov_core_free(b->core);
    for (size_t i = 0; i < b->input_count; i++) {
        for (size_t k = 0; k < b->inputs[i].files.count; k++) {
            free(b->inputs[i].files.paths[k]);
        }
        free(b->inputs[i].files.paths);
        free(b->inputs[i].data);
        port_info_finish(&b->inputs[i].port);
    }
    for (size_t i = 0; i < b->output_count; i++) {
        port_info_finish(&b->outputs[i]);
    }
    free(b->requests);
    free(b->inputs);
    free(b->outputs);
    free(b->batches);
    free(b->latencies);
    free(b->groups);
    bench_forget_config(b);
    report_finish(&b->report);
    options_finish(&b->options);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    int rc = 0;
    int parsed = options_parse(&b.options, argc, argv, &b.message);
    if (b.options.help != 1 || parsed < 0) {
        console_step(NULL);
        console_info("Parsing input parameters");
    }
    if (parsed < 0) {
        rc = -1;
    } else if (b.options.help == 1) {
        options_print_help(stdout);
        bench_print_devices();
    } else {
        rc = run(&b);
        if (rc < 0) {
            report_failure(&b);
        }
    }
    if (rc < 0) {
        console_error("%s", b.message.text);
    }
    finish(&b);
    return rc < 0 ? EXIT_ERROR : EXIT_FINE;
}
