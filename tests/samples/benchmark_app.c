/* benchmark_app as a whole, on the shipped model. Arguments: the program, the model's folder. */
#include "../../samples/common/file.h"
#include "cmocka_includes.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program, *folder;
static char output[PROGRAM_MAX_OUTPUT], reports[] = "/tmp/vintner-test-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(reports) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(reports);
}

/* Runs it on the model with more options and expects the exit code. */
static void run(int code, const char *more)
{
    int got = program_run(output, "'%s' -m '%s/digits.xml' -d CPU %s", program, folder, more);
    if (got != code) {
        fail_msg("%s: exit code %d\n%s", more, got, output);
    }
}

static void expect(const char *part)
{
    if (!strstr(output, part)) {
        fail_msg("missing '%s' in\n%s", part, output);
    }
}

static double value_behind(const char *label)
{
    const char *at = strstr(output, label);
    if (!at) {
        fail_msg("missing '%s' in\n%s", label, output);
        return 0;
    }
    return atof(at + strlen(label));
}

static void test_sync(void **state)
{
    (void)state;
    run(0, "-hint none -nthreads 1 -nireq 1 -api sync -niter 50 -infer_precision f32");
    for (int step = 1; step <= 11; step++) {
        char text[32];
        snprintf(text, sizeof(text), "[Step %d/11] ", step);
        expect(text);
    }
    expect("[ INFO ] Latency:\n[ INFO ]    Median:        ");
    expect("Start inference synchronously, limits: 50 iterations");
    assert_true(value_behind("[ INFO ] Count:            ") == 50);
    assert_true(value_behind("[ INFO ]    Min:           ") <= value_behind("[ INFO ]    Median:        "));
    assert_true(value_behind("[ INFO ]    Median:        ") <= value_behind("[ INFO ]    Max:           "));
    assert_true(value_behind("[ INFO ] Throughput:   ") > 0);
    /* the throughput line is the last one */
    assert_null(strchr(strchr(strstr(output, "Throughput:"), '\n') + 1, '\n'));
}

static void test_async(void **state)
{
    (void)state;
    run(0, "-hint none -nstreams 2 -nireq 4 -api async -niter 50");
    expect("from 50 to 52");
    expect("Start inference asynchronously, 4 inference requests, limits: 52 iterations");
    assert_true(value_behind("[ INFO ] Count:            ") == 52);
    /* All requests are under way together: by Little's law, arrivals a second times the time each stays make
     * their number. */
    run(0, "-hint none -nstreams 1 -nireq 4 -b 64 -niter 400");
    double under_way = value_behind("[ INFO ] Count:            ") /
                       value_behind("[ INFO ] Duration:         ") *
                       value_behind("[ INFO ]    Average:       ") / (strstr(output, " us\n") ? 1000 : 1);
    assert_true(under_way > 1.5 && under_way < 4.5);
    /* full mode, inputs set anew for each inference */
    run(0, "-nireq 3 -niter 30 -inference_only=false");
    expect("Benchmarking in full mode");
    assert_true(value_behind("[ INFO ] Count:            ") == 30);
}

static void test_time(void **state)
{
    (void)state;
    run(0, "-t 1 -hint latency");
    double duration = value_behind("[ INFO ] Duration:         ");
    assert_true(duration >= 1000 && duration < 5000);
    double rate = value_behind("[ INFO ] Throughput:   "),
           count = value_behind("[ INFO ] Count:            ");
    assert_true(rate > 0.98 * count / duration * 1000 && rate < 1.02 * count / duration * 1000);
}

static void test_batch(void **state)
{
    (void)state;
    run(0, "-b 4 -niter 20 -api sync");
    expect("Model batch size: 4");
    expect("[4,1,8,8]");
    double rate = value_behind("[ INFO ] Throughput:   "),
           count = value_behind("[ INFO ] Count:            ");
    double frames = 4 * count / value_behind("[ INFO ] Duration:         ") * 1000;
    assert_true(rate > 0.9 * frames && rate < 1.1 * frames);
}

static void test_open_shape(void **state)
{
    (void)state;
    run(3, "-shape '[?,1,8,8]' -niter 4");
    expect("input 'picture' has the open shape [?,1,8,8]: give -data_shape or -shape");
    run(0, "-shape '[?,1,8,8]' -data_shape 'picture[1,1,8,8][3,1,8,8]' -niter 5 -nireq 1");
    expect("Benchmarking in full mode");
    assert_true(value_behind("[ INFO ] Count:            ") == 6);
    run(3, "-shape '[?,1,8,8]' -data_shape '[1,1,9,8]' -niter 4");
    expect("does not fit input 'picture'");
    run(3, "-data_shape '[2,1,8,8]' -niter 4");
    run(0, "-shape '[?,1,8,8]' -niter 0");
    expect("Model compiled successfully");
}

static void test_inputs(void **state)
{
    (void)state;
    char more[2048];
    snprintf(more, sizeof(more), "-niter 3 -api sync -i '%s/images'", folder);
    run(0, more);
    expect("Fill input 'picture' from ");
    snprintf(more, sizeof(more), "-niter 3 -api sync -i 'picture:%s/images/digit1.bmp'", folder);
    run(0, more);
    snprintf(more, sizeof(more), "-niter 3 -i '%s/digits.bin'", folder);
    run(3, more);
    expect("input 'picture' takes 256");
    run(3, "-niter 3 -i /nonexistent.npy");
    run(3, "-niter 3 -i x.txt");
}

static void read_report(const char *name)
{
    char path[256];
    unsigned char *text;
    size_t bytes;
    struct message message = {""};
    snprintf(path, sizeof(path), "%s/%s", reports, name);
    if (file_read(path, &text, &bytes, &message) < 0) {
        fail_msg("%s", message.text);
    }
    snprintf(output, sizeof(output), "%s", text);
    free(text);
    unlink(path);
}

static void test_reports(void **state)
{
    (void)state;
    char more[512];
    snprintf(more, sizeof(more),
             "-niter 8 -nireq 2 -latency_percentile 90,99 -report_type average_counters -report_folder %s",
             reports);
    run(0, more);
    expect("[ INFO ]    90 percentile:     ");
    expect("[ INFO ]    99 percentile:     ");
    read_report("benchmark_report.csv");
    expect("Command line parameters\n");
    expect("\ntopology;digits\n");
    expect("\ntotal number of iterations;8\n");
    expect("\nlatency (90 percentile) (ms);");
    read_report("benchmark_average_counters_report.csv");
    expect("layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n");
    expect("\nTotal;;;;");

    strcat(more, " -json_stats");
    run(0, more);
    read_report("benchmark_report.json");
    expect("\"target_device\": \"CPU\"");
    expect("\"iterations_num\": 8");
    expect("\"percentile_boundary\": 90");
    assert_true(value_behind("\"throughput\": ") > 0);
    assert_true(value_behind("\"load_model_time\": ") > 0);
    read_report("benchmark_average_counters_report.json");
    expect("\"report_type\": \"average\"");
}

static void test_report_of_an_error(void **state)
{
    (void)state;
    assert_int_equal(
        program_run(output, "'%s' -m /nonexistent.xml -report_type no_counters -json_stats -report_folder %s",
                    program, reports),
        3);
    read_report("benchmark_report.json");
    expect("\"error\": \"reading /nonexistent.xml");
}

static void test_errors(void **state)
{
    (void)state;
    run(3, "-nitr 4");
    expect("the nearest is -niter");
    run(3, "-use_device_mem -d REFDEV");
    expect("not implemented: -use_device_mem for device REFDEV");
    run(3, "-pcseq");
    expect("-pcseq needs -data_shape");
    run(3, "-ip f77");
    expect("'f77' is no element type");
    run(3, "-iop picture");
    expect("-iop: expected NAME:TYPE");
    run(3, "-load_from_file -b 2");
    expect("cannot change a model that is compiled from its file");
    run(3, "-mean_values 1,2");
    expect("expected [R,G,B]");
    run(3, "-c kernels.xml -niter 1");
    expect("-c kernels.xml");
    run(3, "-extensions nosuch.so -niter 1");
    expect("extension nosuch.so");
    run(3, "-scale_values 0[1]");
    expect("-scale_values: the model has no input '0'; its inputs: picture");
    run(3, "-scale_values '[0]'");
    expect("none can be 0");
    run(3, "-iop nosuch:f16");
    expect("-iop: the model has no input or output 'nosuch'");
    run(3, "-shape 'nosuch[1,1,8,8]'");
    expect("-shape: the model has no input 'nosuch'");
    run(3, "-data_shape 'nosuch[1,1,8,8]'");
    expect("-data_shape: the model has no input 'nosuch'");
    run(3, "-layout 'picture[NCHW],nosuch[NC]'");
    expect("-layout: the model has no input 'nosuch'");
    run(3, "-mean_values 'nosuch[1]'");
    expect("-mean_values: the model has no input 'nosuch'");
    run(3, "-load_from_file -data_shape 'nosuch[1,1,8,8]'");
    expect("-data_shape: the model has no input 'nosuch'");
    run(3, "-niter 1 -report_type no_counters -report_folder /nonexistent");
    assert_int_equal(program_run(output, "'%s' -m '%s/digits.xml' -d NOSUCH -niter 1", program, folder), 3);
    expect("NOSUCH");
    assert_int_equal(program_run(output, "'%s' -h", program), 0);
    expect("-latency_percentile LIST");
    expect("Available devices:\n  ");
}

/* Types, mean and scale, outputs written and compared, the graph, the properties, the cache. */
static void test_files(void **state)
{
    char more[1024];
    (void)state;
    snprintf(more, sizeof(more),
             "-niter 4 -api sync -ip u8 -op f16 -mean_values '[1]' -scale_values '[2]' -nthreads 1 -pin YES "
             "-dump_output '%s/out' -exec_graph_path '%s/graph.xml' -dump_config '%s/config.json' -cache_dir "
             "'%s/cache'",
             reports, reports, reports, reports);
    run(0, more);
    expect("picture (node: picture) : u8 / [N,C,H,W] / [1,1,8,8]");
    expect("logits (node: logits) : f16");
    snprintf(more, sizeof(more),
             "-niter 4 -api sync -ip u8 -op f16 -mean_values '[1]' -scale_values '[2]' -compare '%s/out'",
             reports);
    run(0, more);
    expect("Output 'logits' differs by 0 of the range");
    snprintf(more, sizeof(more), "-niter 4 -api sync -ip u8 -mean_values '[9]' -compare '%s/out'", reports);
    run(3, more);
    expect("outputs differ by more than 0.001 of the range");
    snprintf(more, sizeof(more), "-niter 4 -api sync -ip u8 -b 2 -compare '%s/out'", reports);
    run(3, more);
    expect("has the shape [1,10], the output [2,10]");
    snprintf(more, sizeof(more), "-niter 4 -compare '%s'", reports);
    run(3, more);
    expect("logits.npy");
    int read = program_run(output, "cat '%s/config.json' '%s/graph.xml'", reports, reports);
    assert_int_equal(read, 0);
    expect("\"INFERENCE_NUM_THREADS\": \"1\"");
    expect("\"ENABLE_CPU_PINNING\": \"YES\"");
    expect("primitiveType=");
    snprintf(more, sizeof(more), "-niter 4 -load_config '%s/config.json'", reports);
    int code = program_run(output, "'%s' -m '%s/digits.xml' -d CPU %s", program, folder, more);
    if (code) { /* built without jansson: it says so */
        expect("not implemented: -load_config");
    } else {
        expect("INFERENCE_NUM_THREADS: 1");
        assert_int_equal(
            program_run(output, "echo '{\"CPU\": {\"PERFORMANCE_HINT\": \"LATENCY\"}}' > '%s/config.json'",
                        reports),
            0);
        run(0, more);
        expect("  PERFORMANCE_HINT: LATENCY"); /* the default hint does not undo it */
        assert_null(strstr(output, "hint will be set to"));
        strcat(more, " -hint throughput");
        run(0, more);
        expect("  PERFORMANCE_HINT: THROUGHPUT");
    }
    assert_int_equal(program_run(output, "rm -r '%s/out' '%s/cache' '%s/config.json' '%s'/graph.*", reports,
                                 reports, reports, reports),
                     0);
}

/* A rate that the inferences alone would exceed by far; counters in order; latencies by data shape. */
static void test_modes(void **state)
{
    (void)state;
    run(0, "-niter 20 -nireq 1 -max_irate 100");
    assert_true(value_behind("[ INFO ] Duration:         ") > 150);
    run(0, "-niter 20 -api sync -max_irate 100 -load_from_file");
    assert_true(value_behind("[ INFO ] Duration:         ") > 150);
    expect("Skipping the step for loading model from file");
    run(0, "-niter 20 -api sync -pcsort sort");
    double first = value_behind("realTime (ms): ");
    const char *last = NULL;
    for (const char *at = output; (at = strstr(at, "realTime (ms): ")); at++) {
        last = at;
    }
    assert_non_null(last);
    assert_true(first >= atof(last + strlen("realTime (ms): ")));
    run(0, "-shape '[?,1,8,8]' -data_shape '[1,1,8,8][3,1,8,8]' -pcseq -niter 20");
    expect("Latency for each data shape group:\n[ INFO ] 1. picture: [1,1,8,8]\n[ INFO ]    Median:        ");
    expect("[ INFO ] 2. picture: [3,1,8,8]");
    expect("[ INFO ] Defined 2 tensor groups:\n[ INFO ] \t picture: [1,1,8,8]\n");
    run(0, "-use_device_mem -niter 4");
    assert_int_equal(program_run(output, "'%s' -h", program), 0);
    if (strstr(output, "  REFDEV  ")) { /* not there with static libraries */
        assert_int_equal(program_run(output, "'%s' -m '%s/digits.xml' -d REFDEV -niter 2", program, folder),
                         0);
        expect("[ INFO ] Execution Devices:['REFDEV']"); /* it has no hints, so the default asks for none */
        assert_null(strstr(output, "hint will be set"));
    }
}

/* An output whose number of dimensions is open has its name and type, and is written with the shape it got.
 */
static void test_open_rank(void **state)
{
    (void)state;
    static const char model[] =
        "<?xml version=\"1.0\"?><net name=\"open\" version=\"11\"><layers>"
        "<layer id=\"0\" name=\"in\" type=\"Parameter\" version=\"opset1\"><data shape=\"?,?\" "
        "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" "
        "names=\"in\"><dim>-1</dim><dim>-1</dim>"
        "</port></output></layer>"
        "<layer id=\"1\" name=\"squeeze\" type=\"Squeeze\" version=\"opset1\"><input><port id=\"0\">"
        "<dim>-1</dim><dim>-1</dim></port></input><output><port id=\"1\" precision=\"FP32\" names=\"flat\"/>"
        "</output></layer>"
        "<layer id=\"2\" name=\"out\" type=\"Result\" version=\"opset1\"><input><port "
        "id=\"0\"/></input></layer>"
        "</layers><edges><edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\"/>"
        "<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\" to-port=\"0\"/></edges></net>";
    char path[64];
    snprintf(path, sizeof(path), "%s/open.xml", reports);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(model, file);
    assert_int_equal(fclose(file), 0);
    int code =
        program_run(output, "'%s' -m %s -data_shape 'in[1,3]' -niter 2 -iop flat:f16 -dump_output %s/out",
                    program, path, reports);
    if (code) {
        fail_msg("exit code %d\n%s", code, output);
    }
    expect("flat (node: flat) : f16 / [...] / [...]");
    expect("/out/flat.npy");
    assert_int_equal(program_run(output, "rm -r %s/out %s", reports, path), 0);
}

/* Devices that a list takes out get no properties. */
static void test_device_lists(void **state)
{
    (void)state;
    run(0, "-d AUTO:-GPU -niter 4 -nstreams 1");
    run(0, "-d MULTI:CPU,-GPU -niter 4 -nstreams 1");
    run(3, "-d MULTI:NOSUCH -niter 4 -nstreams 1");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    program = argv[1];
    folder = argv[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync),
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_open_shape),
        cmocka_unit_test(test_open_rank),
        cmocka_unit_test(test_device_lists),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_report_of_an_error),
    };
    return cmocka_run_group_tests_name("benchmark_app", tests, setup, teardown);
}
