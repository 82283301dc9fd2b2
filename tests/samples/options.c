#include "../../samples/benchmark_app/options.h"

#include "cmocka_includes.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 16 };

/* Splits a command line at blanks and parses it. */
static int parse(const char *line, struct options *options, struct message *message)
{
    static char text[512];
    char *words[MAX_WORDS] = {"benchmark_app"}, *rest = NULL;
    int count = 1;
    snprintf(text, sizeof(text), "%s", line);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    return options_parse(options, count, words, message);
}

static void test_spellings(void **state)
{
    (void)state;
    const char *const lines[] = {"-m a.xml -niter 5", "--m=a.xml --niter=5", "-m=a.xml --niter 5",
                                 "--path_to_model a.xml --number_iterations 5"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct options options;
        struct message message = {""};
        assert_int_equal(parse(lines[i], &options, &message), 0);
        assert_string_equal(options.model, "a.xml");
        assert_int_equal(options.iterations, 5);
        assert_int_equal(options.given_count, 2);
        assert_string_equal(options.given[0].name, "m");
        assert_string_equal(options.given[1].name, "niter");
        options_finish(&options);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct options options;
    struct message message = {""};
    assert_int_equal(parse("-m a.xml", &options, &message), 0);
    assert_string_equal(options.device, "CPU");
    assert_string_equal(options.api, "async");
    assert_null(options.hint);
    assert_int_equal(options.iterations, -1);
    assert_int_equal(options.seconds, -1);
    assert_int_equal(options.inference_only, -1);
    assert_int_equal(options.percentiles.count, 1);
    assert_true(options.percentiles.values[0] == 50);
    options_finish(&options);

    assert_int_equal(parse("-m a.xml -hint latency", &options, &message), 0);
    assert_string_equal(options.hint, "LATENCY");
    assert_string_equal(options.api, "sync");
    options_finish(&options);

    assert_int_equal(parse("-m a.xml -hint latency -api async", &options, &message), 0);
    assert_string_equal(options.api, "async");
    options_finish(&options);

    assert_int_equal(parse("-m a.xml -nstreams 2", &options, &message), 0);
    assert_string_equal(options.hint, "none");
    options_finish(&options);
}

static void test_flags(void **state)
{
    (void)state;
    struct options options;
    struct message message = {""};
    assert_int_equal(
        parse("-pc -no_warmup=false -m a.xml -json_stats -inference_only false", &options, &message), 0);
    assert_int_equal(options.counters, 1);
    assert_int_equal(options.no_warmup, 0);
    assert_int_equal(options.json, 1);
    assert_int_equal(options.inference_only, 0);
    assert_string_equal(options.model, "a.xml");
    options_finish(&options);
    assert_int_equal(parse("-m a.xml -pc=maybe", &options, &message), -1);
    assert_non_null(strstr(message.text, "-pc: expected true or false"));
    options_finish(&options);
}

static void expect_error(const char *line, const char *part)
{
    struct options options;
    struct message message = {""};
    assert_int_equal(parse(line, &options, &message), -1);
    if (!strstr(message.text, part)) {
        fail_msg("'%s' says '%s', not '%s'", line, message.text, part);
    }
    options_finish(&options);
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("", "-m PATH is required");
    expect_error("model.xml", "unexpected argument 'model.xml'");
    expect_error("-m", "-m needs a value");
    expect_error("-m a -nitr 5", "unknown option -nitr; the nearest is -niter");
    expect_error("-m a --latency_percentil=5", "the nearest is -latency_percentile");
    expect_error("-m a -mdel", "the nearest is -m ");
    expect_error("-m a -niter five", "-niter: expected a whole number");
    expect_error("-m a -niter -1", "-niter: expected a whole number");
    expect_error("-m a -niter 99999999999999999999", "-niter: expected a whole number");
    expect_error("-m a -nireq 0", "-nireq: expected a whole number from 1");
    expect_error("-m a -api both", "-api: expected sync or async, not 'both'");
    expect_error("-m a -hint fast", "-hint: expected latency");
    expect_error("-m a -latency_percentile 0", "-latency_percentile: expected numbers from 1 to 100");
    expect_error("-m a -latency_percentile 50,,90", "expected numbers from 1 to 100");
    expect_error("-m a -latency_percentile 1,2,3,4,5,6,7,8,9", "at most 8 numbers");
    expect_error("-m a -shape [1,2][3,4]", "one shape an input");
    expect_error("-m a -data_shape [1,?]", "without open dimensions");
    expect_error("-m a -progress", "was removed");
    expect_error("-m a -enforcebf16", "use -infer_precision bf16");
    expect_error("-m a -cldnn_config x", "use -c for kernels");
    expect_error("-m a -dump_raw_result", "use -dump_output");
    expect_error("-m a -", "unexpected argument");
    expect_error("-m a ---niter 5", "unexpected argument");
}

/* Every option of OpenVINO's program takes a value of its kind, and says what it expects instead of another.
 */
static void test_every_option(void **state)
{
    static const char *const good[] = {"-max_irate 12.5",
                                       "-extensions a.so,b.so",
                                       "-c kernels.xml",
                                       "-cache_dir x",
                                       "-load_from_file",
                                       "-ip u8",
                                       "-op f16",
                                       "-iop in:f16",
                                       "-mean_values [1,2]",
                                       "-scale_values in[3]",
                                       "-pin YES",
                                       "-pin no",
                                       "-use_device_mem",
                                       "-pcsort simple_sort",
                                       "-pcseq",
                                       "-exec_graph_path g.xml",
                                       "-dump_config c.json",
                                       "-load_config c.json",
                                       "-dump_output out",
                                       "-compare out",
                                       "-tolerance 0.01",
                                       "-cdir x",
                                       "-lfile"};
    struct options options;
    struct message message = {""};
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(line, sizeof(line), "-m a %s", good[i]);
        if (parse(line, &options, &message) < 0) {
            fail_msg("%s: %s", line, message.text);
        }
        options_finish(&options);
    }
    expect_error("-m a -max_irate fast", "-max_irate: expected a number, 0 or more");
    expect_error("-m a -max_irate -1", "-max_irate: expected a number, 0 or more");
    expect_error("-m a -pin maybe", "-pin: expected YES or NO");
    expect_error("-m a -pcsort up", "-pcsort: expected sort, no_sort or simple_sort");
    expect_error("-m a -tolerance x", "-tolerance: expected a number");
}

static void test_percentiles(void **state)
{
    (void)state;
    struct options options;
    struct message message = {""};
    assert_int_equal(parse("-m a -latency_percentile 50,90,99.9", &options, &message), 0);
    assert_int_equal(options.percentiles.count, 3);
    assert_true(options.percentiles.values[2] == 99.9);
    options_finish(&options);
}

/* An option given twice: the last one counts, and nothing leaks. */
static void test_repeated(void **state)
{
    (void)state;
    struct options options;
    struct message message = {""};
    assert_int_equal(parse("-m a -shape x[1,2] -shape y[3,4,5],z[?]", &options, &message), 0);
    assert_int_equal(options.shapes.count, 2);
    assert_string_equal(options.shapes.entries[0].name, "y");
    options_finish(&options);
}

static void test_device_values(void **state)
{
    (void)state;
    char value[16];
    assert_true(options_value_for_device("4", "CPU", value, sizeof(value)));
    assert_string_equal(value, "4");
    assert_true(options_value_for_device("CPU:4,GPU:2", "GPU", value, sizeof(value)));
    assert_string_equal(value, "2");
    assert_true(options_value_for_device("CPU:4,GPU.1:AUTO", "GPU.1", value, sizeof(value)));
    assert_string_equal(value, "AUTO");
    assert_false(options_value_for_device("CPU:4,GPU:2", "NPU", value, sizeof(value)));
    assert_false(options_value_for_device("CPU:4,GPU:2", "GPU.1", value, sizeof(value)));
    assert_false(options_value_for_device("", "CPU", value, sizeof(value)));
}

static void test_help_has_every_name(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    options_print_help(file);
    fclose(file);
    assert_non_null(strstr(text, "  -latency_percentile LIST"));
    assert_non_null(strstr(text, "  -m PATH, --path_to_model"));
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "\n  -")); at++) {
        lines++;
    }
    assert_int_equal(lines, 44); /* OpenVINO's 40, -seed, -dump_output, -compare and -tolerance */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_device_values),
        cmocka_unit_test(test_help_has_every_name),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
