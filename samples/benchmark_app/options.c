#include "options.h"

#include "option_values.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct option_row {
    const char *name;  /* without dashes */
    const char *alias; /* the spelling of OpenVINO's Python tool, or NULL */
    const char *value; /* the value's name in the help; NULL: a flag */
    option_parser *parse;
    size_t field;
    const char *help;
};

#define FIELD(member) offsetof(struct options, member)

/* One row an option: all that the program knows about its command line. */
static const struct option_row rows[] = {
    {"h", "help", NULL, option_flag, FIELD(help), "Print this help and the devices."},
    {"m", "path_to_model", "PATH", option_text, FIELD(model),
     "Required. Model to measure: .xml, .onnx or another format that the runtime reads, or a compiled "
     ".blob."},
    {"i", "paths_to_input", "PATHS", option_text, FIELD(input),
     "Inputs: files or folders, separated by commas; NAME:FILE,FILE gives an input's own. .npy, .bin (raw "
     "bytes) and pictures; "
     "the word 'random' for random values. Without names the files go round over the inputs. Default: random "
     "values."},
    {"d", "target_device", "DEVICE", option_text, FIELD(device),
     "Device: CPU (default), GPU, GPU.1, NPU, AUTO, HETERO:GPU,CPU, …"},
    {"hint", "perf_hint", "HINT", option_hint, FIELD(hint),
     "latency, throughput (tput), cumulative_throughput (ctput), or none. Default: throughput, unless "
     "-nstreams or -nthreads is "
     "given: then none."},
    {"niter", "number_iterations", "N", option_count, FIELD(iterations),
     "Number of inferences. With -api async rounded up to a multiple of the requests or data shapes. 0: "
     "compile only. With -t as "
     "well, the longer of the two."},
    {"t", "time", "SECONDS", option_count, FIELD(seconds),
     "Time to measure. Default: 10 where -niter is not given."},
    {"max_irate", "maximum_inference_rate", "RATE", option_real, FIELD(max_rate),
     "Upper limit of inferences a second, for measuring power; 0: none."},
    {"api", "api_type", "API", option_api, FIELD(api),
     "sync or async. Default: async; sync with -hint latency."},
    {"b", "batch_size", "N", option_positive, FIELD(batch),
     "Batch: the model is reshaped to it. Needs an N in the layout (see -layout)."},
    {"shape", NULL, "SHAPES", option_shapes, FIELD(shapes),
     "Reshapes the model: [1,3,224,224] for every input, or in1[1,3,224,224],in2[?,1..10]."},
    {"data_shape", NULL, "SHAPES", option_data_shapes, FIELD(data_shapes),
     "Shapes of the data that models of open shape are fed with, used in turn: "
     "in1[1,64][8,64],in2[1,5][8,5]."},
    {"layout", NULL, "LAYOUTS", option_text, FIELD(layout),
     "Meaning of the dimensions: [NCHW] or in1[NHWC],in2[NC]. Default: guessed."},
    {"extensions", NULL, "PATHS", option_text, FIELD(extensions),
     "Libraries with operations of one's own, separated by commas."},
    {"c", "path_to_cldnn_config", "PATH", option_text, FIELD(gpu_config),
     "Description of GPU kernels of one's own."},
    {"cache_dir", "cdir", "FOLDER", option_text, FIELD(cache_dir),
     "Folder for compiled models: the second start takes them from there."},
    {"load_from_file", "lfile", NULL, option_flag, FIELD(from_file),
     "Compile from the file at once, without reading the model first; -shape, -b and element types cannot be "
     "given."},
    {"nireq", "number_infer_requests", "N", option_positive, FIELD(requests),
     "Requests that run side by side. Default: what the compiled model recommends; 1 with -api sync."},
    {"nstreams", "number_streams", "N", option_text, FIELD(streams),
     "Streams: a number, AUTO, or by device CPU:4,GPU:2."},
    {"inference_only", NULL, NULL, option_flag, FIELD(inference_only),
     "Fill the inputs once, before measuring (default for models of fixed shape), or =false: with each "
     "inference."},
    {"infer_precision", NULL, "TYPE", option_text, FIELD(infer_precision),
     "f32, bf16, f16, or by device CPU:bf16,GPU:f32."},
    {"no_warmup", NULL, NULL, option_flag, FIELD(no_warmup), "Leave out the first, unmeasured inference."},
    {"ip", "input_precision", "TYPE", option_text, FIELD(input_type),
     "Element type of all inputs: bool, f16, f32, f64, i8 … u64."},
    {"op", "output_precision", "TYPE", option_text, FIELD(output_type), "Element type of all outputs."},
    {"iop", "input_output_precision", "TYPES", option_text, FIELD(types),
     "Element types by name, before -ip and -op: in:f16,out:f16."},
    {"mean_values", NULL, "VALUES", option_text, FIELD(mean),
     "Mean of each channel, subtracted first: [R,G,B] for all inputs, or NAME[R,G,B]."},
    {"scale_values", NULL, "VALUES", option_text, FIELD(scale),
     "What each channel is divided by then: [R,G,B], or NAME[R,G,B]."},
    {"nthreads", "number_threads", "N", option_count, FIELD(threads), "Threads of the CPU device."},
    {"pin", "infer_threads_pinning", "YES|NO", option_yes_no, FIELD(pin), "Bind threads to cores."},
    {"use_device_mem", NULL, NULL, option_flag, FIELD(device_memory),
     "Inputs and outputs in the memory of the device; on the CPU that is the host's."},
    {"latency_percentile", NULL, "LIST", option_percentiles, FIELD(percentiles),
     "Percentiles of the latency to print, such as 50,90,95,99 (50 is the median). Nearest rank. Default: "
     "50."},
    {"report_type", NULL, "TYPE", option_report_type, FIELD(report_type),
     "Write a report: no_counters, average_counters, detailed_counters, sort_detailed_counters."},
    {"report_folder", NULL, "FOLDER", option_text, FIELD(report_folder),
     "Folder of the report. Default: the current one."},
    {"json_stats", NULL, NULL, option_flag, FIELD(json), "Write the report as JSON instead of CSV."},
    {"pc", "perf_counts", NULL, option_flag, FIELD(counters), "Print what each node took."},
    {"pcsort", "perf_counts_sort", "ORDER", option_order, FIELD(counters_order),
     "Print what each node took: sort (longest first), no_sort, simple_sort (longest first, executed ones "
     "only)."},
    {"pcseq", NULL, NULL, option_flag, FIELD(group_latencies), "Latencies of each group of -data_shape."},
    {"exec_graph_path", NULL, "PATH", option_text, FIELD(exec_graph),
     "Write the graph as it is executed, as IR."},
    {"dump_config", NULL, "PATH", option_text, FIELD(dump_config),
     "Write the properties that were set, as JSON: {\"CPU\": {\"KEY\": \"value\"}}."},
    {"load_config", NULL, "PATH", option_text, FIELD(load_config),
     "Set properties from such a file; what the command line says wins."},
    {"dump_output", NULL, "FOLDER", option_text, FIELD(dump_output),
     "Write the outputs of one more inference with the first inputs as FOLDER/NAME.npy."},
    {"compare", NULL, "FOLDER", option_text, FIELD(compare),
     "Compare those outputs with FOLDER/NAME.npy; exit code 3 where they differ by more than -tolerance."},
    {"tolerance", NULL, "SHARE", option_real, FIELD(tolerance),
     "Largest difference that -compare allows, as a share of the largest value. Default: 0.001."},
    {"seed", NULL, "N", option_count, FIELD(seed), "Seed of the random inputs. Default: 1."},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

/* Options of earlier releases that scripts still carry. */
static const struct {
    const char *name, *advice;
} removed[] = {
    {"l", "use -extensions"},
    {"nstream", "use -nstreams"},
    {"pc_sort", "use -pcsort"},
    {"iscale", "use -scale_values"},
    {"imean", "use -mean_values"},
    {"enforcebf16", "use -infer_precision bf16"},
    {"progress", "the progress shows by itself on a terminal"},
    {"stream_output", "the progress shows by itself on a terminal"},
    {"dump_raw_result", "use -dump_output"},
};

static const struct option_row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *names[] = {rows[i].name, rows[i].alias};
        for (size_t k = 0; k < 2 && names[k]; k++) {
            if (strlen(names[k]) == length && strncmp(names[k], name, length) == 0) {
                return &rows[i];
            }
        }
    }
    return NULL;
}

/* Levenshtein distance; names longer than 31 characters count as far away. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[32];
    if (n > 31) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n]) {
        n++;
    }
    return n;
}

/* The name of an option at the least distance; among equals the one that starts most alike. */
static const char *nearest_name(const char *name)
{
    const char *nearest = rows[0].name;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < ROWS; i++) {
        const char *names[] = {rows[i].name, rows[i].alias};
        for (size_t k = 0; k < 2 && names[k]; k++) {
            size_t d = distance(name, names[k]);
            if (d < least || (d == least && common_prefix(name, names[k]) > common_prefix(name, nearest))) {
                least = d;
                nearest = names[k];
            }
        }
    }
    return nearest;
}

static int fail_unknown(const char *name, struct message *message)
{
    for (size_t i = 0; i < sizeof(removed) / sizeof(*removed); i++) {
        if (strcmp(name, removed[i].name) == 0) {
            return message_fail(message, "-%s was removed: %s", name, removed[i].advice);
        }
    }
    if (strncmp(name, "cldnn", 5) == 0) {
        return message_fail(message, "-%.60s was removed: use -c for kernels, -load_config for properties",
                            name);
    }
    return message_fail(message, "unknown option -%.60s; the nearest is -%s (-h lists all)", name,
                        nearest_name(name));
}

static int store(struct options *options, const struct option_row *row, const char *value,
                 struct message *message)
{
    struct message reason = {""};
    if (row->parse((char *)options + row->field, value, &reason) < 0) {
        return message_fail(message, "-%s: %.900s", row->name, reason.text);
    }
    if (options->given_count < OPTIONS_MAX_GIVEN) {
        options->given[options->given_count++] = (struct given_option){row->name, value};
    }
    return 0;
}

/* Reads the option at argv[*at], and the value behind it where it takes one. */
static int parse_one(struct options *options, int argc, char **argv, int *at, struct message *message)
{
    const char *text = argv[*at];
    size_t dashes = strspn(text, "-");
    if (dashes < 1 || dashes > 2 || !text[dashes]) {
        return message_fail(message, "unexpected argument '%.200s'; options start with - or --", text);
    }
    const char *name = text + dashes, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_row *row = find_row(name, length);
    if (!row) {
        char plain[64];
        snprintf(plain, sizeof(plain), "%.*s", (int)(length < 60 ? length : 60), name);
        return fail_unknown(plain, message);
    }
    const char *next = *at + 1 < argc ? argv[*at + 1] : NULL, *value = equals ? equals + 1 : NULL;
    if (!value && row->value) {
        if (!next) {
            return message_fail(message, "-%s needs a value: -%s %s", row->name, row->name, row->value);
        }
        value = next;
        ++*at;
    } else if (!value && next && option_is_flag_value(next)) {
        value = next;
        ++*at;
    }
    return store(options, row, value ? value : "true", message);
}

int options_parse(struct options *options, int argc, char **argv, struct message *message)
{
    *options = (struct options){.device = "CPU",
                                .report_folder = ".",
                                .iterations = -1,
                                .seconds = -1,
                                .requests = -1,
                                .threads = -1,
                                .batch = -1,
                                .seed = 1,
                                .inference_only = -1,
                                .tolerance = -1};
    options->percentiles = (struct percentiles){1, {50}};
    for (int at = 1; at < argc; at++) {
        if (parse_one(options, argc, argv, &at, message) < 0) {
            return -1;
        }
    }
    if (!options->model && !options->help) {
        return message_fail(message, "no model given: -m PATH is required (-h prints the help)");
    }
    if (!options->hint) {
        options->hint = options->streams || options->threads >= 0 ? "none" : NULL;
    }
    if (!options->api) {
        options->api = options->hint && strcmp(options->hint, "LATENCY") == 0 ? "sync" : "async";
    }
    return 0;
}

void options_finish(struct options *options)
{
    shape_list_finish(&options->shapes);
    shape_list_finish(&options->data_shapes);
}

void options_print_help(FILE *file)
{
    fprintf(file, "benchmark_app -m MODEL [option …]\n\n"
                  "Measures how fast a model runs on a device. Options are written -name value, -name=value "
                  "or --name value;\n"
                  "flags stand alone or take =true or =false. Exit code: 0, or 3 after an error.\n\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        fprintf(file, "  -%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        if (row->alias) {
            fprintf(file, ", --%s", row->alias);
        }
        fprintf(file, "\n      %s\n", row->help);
    }
}

bool options_value_for_device(const char *text, const char *device, char *value, size_t size)
{
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        const char *colon = memchr(at, ':', length);
        size_t prefix = colon ? (size_t)(colon - at) : 0;
        bool matches = !colon || (strlen(device) == prefix && strncasecmp(device, at, prefix) == 0);
        if (matches && length) {
            snprintf(value, size, "%.*s", (int)(length - prefix - (colon != NULL)), colon ? colon + 1 : at);
            return true;
        }
        at += length;
        if (!*at) {
            return false;
        }
    }
}
