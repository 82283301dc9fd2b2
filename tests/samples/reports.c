/* The report files of benchmark_app, read back. Arguments: the program, the model's folder. */
#include "../../samples/common/file.h"
#include "cmocka_includes.h"
#include "program.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef SAMPLES_JANSSON
#include <jansson.h>
#endif

static const char *program, *models;
static char output[PROGRAM_MAX_OUTPUT];
/* A folder whose name a CSV file has to quote. */
static char base[] = "/tmp/vintner-test-XXXXXX", folder[64];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(base)) {
        return -1;
    }
    snprintf(folder, sizeof(folder), "%s/a;\"b\"", base);
    return mkdir(folder, 0700);
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder) || rmdir(base);
}

static void run(const char *more)
{
    int code = program_run(output, "'%s' -m '%s/digits.xml' -report_folder '%s' -hint none -nstreams 2 %s",
                           program, models, folder, more);
    if (code != 0) {
        fail_msg("%s: exit code %d\n%s", more, code, output);
    }
}

static char *read_report(const char *name)
{
    char path[256];
    unsigned char *text;
    size_t bytes;
    struct message message = {""};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (file_read(path, &text, &bytes, &message) < 0) {
        fail_msg("%s", message.text);
    }
    unlink(path);
    return (char *)text;
}

enum { MAX_FIELDS = 8, MAX_ROWS = 128, MAX_TEXT = 512 };

static char cells[MAX_ROWS][MAX_FIELDS][MAX_TEXT];
static size_t field_counts[MAX_ROWS], row_count;

/* One field, without its quotes; returns what ended it. */
static const char *read_field(const char *at, char *field)
{
    bool quoted = *at == '"';
    size_t n = 0;
    for (at += quoted; *at && (quoted || (*at != ';' && *at != '\n')); at++) {
        if (quoted && *at == '"' && *++at != '"') {
            break;
        }
        assert_true(n < MAX_TEXT - 1);
        field[n++] = *at;
    }
    field[n] = 0;
    return at;
}

static void read_csv(const char *text)
{
    for (row_count = 0; *text; row_count++) {
        assert_true(row_count < MAX_ROWS);
        size_t fields = 0;
        do {
            assert_true(fields < MAX_FIELDS);
            text = read_field(text, cells[row_count][fields++]);
            assert_true(*text == ';' || *text == '\n');
        } while (*text++ == ';');
        field_counts[row_count] = fields;
    }
}

/* The row whose first field is `label`, at or behind row `from`. */
static size_t find_row(const char *label, size_t from)
{
    for (size_t i = from; i < row_count; i++) {
        if (strcmp(cells[i][0], label) == 0) {
            return i;
        }
    }
    fail_msg("no row '%s'", label);
    return 0;
}

static double number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end) {
        fail_msg("'%s' is no number", text);
    }
    return value;
}

static double value_of(const char *label)
{
    size_t row = find_row(label, 0);
    assert_int_equal(field_counts[row], 2);
    return number(cells[row][1]);
}

static void test_csv(void **state)
{
    (void)state;
    run("-niter 11 -shape '[?,1,8,8]' -data_shape '[1,1,8,8][2,1,8,8][5,1,8,8]' -pcseq "
        "-latency_percentile 50,90,100 -report_type no_counters");
    char *text = read_report("benchmark_report.csv");
    read_csv(text);
    free(text);
    size_t setup_row = find_row("Configuration setup", find_row("Command line parameters", 0));
    size_t results = find_row("Execution results", setup_row), system_row = find_row("System", results);
    size_t groups = find_row("Group Latencies", system_row);
    assert_string_equal(cells[find_row("report_folder", 0)][1], folder);
    assert_string_equal(cells[find_row("data_shape", 0)][1], "[1,1,8,8][2,1,8,8][5,1,8,8]");
    assert_true(find_row("report_folder", 0) < setup_row);
    assert_true(value_of("number of iterations") == 12); /* by three data shapes, not by two requests */
    assert_true(value_of("total number of iterations") == 12);
    assert_true(value_of("number of parallel infer requests") == 2);
    assert_string_equal(cells[find_row("benchmark mode", setup_row)][1], "full");
    double min = value_of("Min latency (ms)"), median = value_of("Median latency (ms)"),
           high = value_of("latency (90 percentile) (ms)"), most = value_of("latency (100 percentile) (ms)");
    assert_true(0 < min && min <= median && median <= high && high <= most);
    assert_true(most == value_of("Max latency (ms)"));
    /* 1 + 2 + 5 frames, four times */
    double rate = 32 / value_of("total execution time (ms)") * 1000;
    assert_true(fabs(value_of("throughput") / rate - 1) < 1e-3);
    assert_true(find_row("processor", system_row) < groups &&
                find_row("instruction sets", system_row) < groups &&
                find_row("frequency governor", system_row) < groups);
    assert_int_equal(row_count, groups + 5);
    double average = 0;
    for (size_t i = groups + 2; i < row_count; i++) {
        assert_int_equal(field_counts[i], 5);
        double own = number(cells[i][2]);
        assert_true(number(cells[i][3]) <= number(cells[i][1]) && number(cells[i][1]) <= number(cells[i][4]));
        assert_true(number(cells[i][3]) <= own && own <= number(cells[i][4]));
        average += own / 3;
    }
    assert_string_equal(cells[groups + 4][0], "picture: [5,1,8,8]");
    assert_true(fabs(average / value_of("Average latency (ms)") - 1) < 1e-3);
}

/* A table a request, each with its sum. */
static void test_csv_counters(void **state)
{
    (void)state;
    run("-niter 4 -nireq 2 -b 64 -report_type sort_detailed_counters");
    free(read_report("benchmark_report.csv"));
    char *text = read_report("benchmark_sort_detailed_counters_report.csv");
    read_csv(text);
    free(text);
    size_t row = 0;
    for (int request = 0; request < 2; request++) {
        row = find_row("layerName", row);
        assert_string_equal(cells[row][6], "%");
        double sum = 0, shares = 0, last = INFINITY;
        size_t nodes = 0;
        for (row++; strcmp(cells[row][0], "Total") != 0; row++, nodes++) {
            assert_int_equal(field_counts[row], 7);
            double took = number(cells[row][4]);
            assert_true(took <= last);
            sum += last = took;
            shares += number(cells[row][6]);
        }
        assert_true(nodes > 3);
        assert_true(fabs(sum - number(cells[row][4])) < 1e-3 * (double)(nodes + 1));
        assert_true(fabs(shares - 100) < 0.5);
    }
}

#ifdef SAMPLES_JANSSON
static json_t *read_json(const char *name)
{
    json_error_t error;
    char *text = read_report(name);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        fail_msg("%s:%d: %s\n%s", name, error.line, error.text, text);
    }
    free(text);
    return root;
}

static double json_number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) {
        fail_msg("'%s' is no number", key);
    }
    return json_number_value(value);
}

static void test_json(void **state)
{
    (void)state;
    run("-niter 12 -shape '[?,1,8,8]' -data_shape '[1,1,8,8][5,1,8,8]' -pcseq -latency_percentile 50,90 "
        "-report_type no_counters -json_stats");
    json_t *root = read_json("benchmark_report.json"),
           *setup_part = json_object_get(root, "configuration_setup"),
           *results = json_object_get(root, "execution_results"), *machine = json_object_get(root, "system"),
           *groups = json_object_get(results, "group_latencies");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root, "cmd_options"), "report_folder")), folder);
    assert_string_equal(json_string_value(json_object_get(setup_part, "topology")), "digits");
    assert_true(json_number(setup_part, "iterations_num") == 12 && json_number(setup_part, "nireq") == 2);
    assert_true(json_number(results, "iterations_num") == 12);
    double min = json_number(results, "latency_min"), median = json_number(results, "latency_median");
    assert_true(0 < min && min <= median && median <= json_number(results, "latency_percentile_90"));
    assert_true(json_number(results, "throughput") > 0);
    assert_true(json_is_string(json_object_get(machine, "instruction_sets")));
    assert_int_equal(json_array_size(groups), 2);
    double average = 0, least = INFINITY;
    for (size_t i = 0; i < 2; i++) {
        average += json_number(json_array_get(groups, i), "latency_average") / 2;
        least = fmin(least, json_number(json_array_get(groups, i), "latency_min"));
    }
    /* The groups do not overwrite what holds for the whole run. */
    assert_true(fabs(average / json_number(results, "latency_avg") - 1) < 1e-3);
    assert_true(fabs(least / min - 1) < 1e-3);
    json_decref(root);
}

static void check_nodes(json_t *performance)
{
    json_t *nodes = json_object_get(performance, "nodes");
    double sum = 0;
    assert_true(json_array_size(nodes) > 3);
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *node = json_array_get(nodes, i);
        assert_true(json_is_string(json_object_get(node, "name")));
        assert_true(json_is_string(json_object_get(node, "exec_type")));
        sum += json_number(node, "real_time");
    }
    assert_true(fabs(sum - json_number(performance, "total_real_time")) < 1e-3);
}

static void test_json_counters(void **state)
{
    (void)state;
    run("-niter 4 -nireq 2 -b 64 -report_type average_counters -json_stats");
    json_decref(read_json("benchmark_report.json"));
    json_t *root = read_json("benchmark_average_counters_report.json");
    assert_string_equal(json_string_value(json_object_get(root, "report_type")), "average");
    check_nodes(json_object_get(root, "avg_performance"));
    json_decref(root);
    run("-niter 4 -nireq 2 -b 64 -report_type detailed_counters -json_stats");
    json_decref(read_json("benchmark_report.json"));
    root = read_json("benchmark_detailed_counters_report.json");
    json_t *requests = json_object_get(root, "detailed_performance");
    assert_int_equal(json_array_size(requests), 2);
    check_nodes(json_array_get(requests, 0));
    check_nodes(json_array_get(requests, 1));
    json_decref(root);
}
#endif

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    program = argv[1];
    models = argv[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_counters),
#ifdef SAMPLES_JANSSON
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_counters),
#endif
    };
    return cmocka_run_group_tests_name("reports", tests, setup, teardown);
}
