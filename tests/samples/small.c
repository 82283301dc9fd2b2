/* The small programs on the shipped model. Arguments: hello_reshape, sync_benchmark, throughput_benchmark,
 * the model's folder. */
#include "cmocka_includes.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *programs[3], *folder;
static char output[PROGRAM_MAX_OUTPUT];
static char named_output[PROGRAM_MAX_OUTPUT], wrong_output[PROGRAM_MAX_OUTPUT];

/* Runs program `which` on the model with more arguments and expects the exit code and a part of the output.
 */
static void run(int which, int code, const char *more, const char *part)
{
    int got = program_run(output, "'%s' '%s/digits.xml' %s 2>&1", programs[which], folder, more);
    if (got != code || !strstr(output, part)) {
        fail_msg("%s %s: exit code %d, '%s' is missing in\n%s", programs[which], more, got, part, output);
    }
}

static void test_reshape(void **state)
{
    (void)state;
    run(0, 0, "'[3,1,8,8]'", "input 'picture': f32 [1,1,8,8]");
    run(0, 0, "'picture[5,1,8,8]' CPU", "The inference gave output 0 the shape [5,10]");
    run(0, 1, "'[1,3,8,8]'", "reshaping the model");
    run(0, 1, "'nosuch[1,1,8,8]'", "the shapes name an input that the model does not have");
    run(0, 1, "'[?,1,8,8]'", "needs a shape without open dimensions");
    run(0, 1, "'[3,1,8,8]' XPU", "XPU");
    run(0, 1, "", "hello_reshape MODEL SHAPES");
    run(0, 1, "'['", "[ ERROR ] ");
}

/* Two inputs that meet in one node change their shapes together. */
static void test_two_inputs(void **state)
{
    (void)state;
    static const char layers[] =
        "<?xml version=\"1.0\"?><net name=\"two\" version=\"11\"><layers>"
        "<layer id=\"0\" name=\"a\" type=\"Parameter\" version=\"opset1\"><data shape=\"1,4\" "
        "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" names=\"a\"><dim>1</dim><dim>4</dim>"
        "</port></output></layer>"
        "<layer id=\"1\" name=\"b\" type=\"Parameter\" version=\"opset1\"><data shape=\"1,4\" "
        "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" names=\"b\"><dim>1</dim><dim>4</dim>"
        "</port></output></layer>"
        "<layer id=\"2\" name=\"sum\" type=\"Add\" version=\"opset1\"><data auto_broadcast=\"none\"/><input>"
        "<port id=\"0\"><dim>1</dim><dim>4</dim></port><port id=\"1\"><dim>1</dim><dim>4</dim></port></input>"
        "<output><port id=\"2\" precision=\"FP32\"><dim>1</dim><dim>4</dim></port></output></layer>"
        "<layer id=\"3\" name=\"out\" type=\"Result\" version=\"opset1\"><input><port id=\"0\"><dim>1</dim>"
        "<dim>4</dim></port></input></layer></layers><edges>"
        "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>"
        "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"1\"/>"
        "<edge from-layer=\"2\" from-port=\"2\" to-layer=\"3\" to-port=\"0\"/></edges></net>";
    static char path[] = "/tmp/vintner-test-XXXXXX.xml";
    int file = mkstemps(path, 4);
    assert_true(file >= 0);
    assert_int_equal(write(file, layers, sizeof(layers) - 1), sizeof(layers) - 1);
    close(file);
    int code = program_run(output, "'%s' '%s' '[3,5]'", programs[0], path);
    int named = program_run(named_output, "'%s' '%s' 'a[2,7],b[2,7]'", programs[0], path);
    int wrong = program_run(wrong_output, "'%s' '%s' 'a[2,7]'", programs[0], path);
    unlink(path);
    assert_int_equal(code, 0);
    assert_non_null(strstr(output, "output 0 the shape [3,5]"));
    assert_int_equal(named, 0);
    assert_non_null(strstr(named_output, "output 0 the shape [2,7]"));
    assert_int_equal(wrong, 1);
    assert_non_null(strstr(wrong_output, "[ ERROR ] reshaping the model"));
}

static double rate(void)
{
    const char *at = strstr(output, "Throughput: ");
    return at ? atof(at + strlen("Throughput: ")) : 0;
}

static void test_benchmarks(void **state)
{
    (void)state;
    for (int which = 1; which < 3; which++) {
        run(which, 0, "CPU 0.2", "Throughput: ");
        assert_true(rate() > 0);
        run(which, 1, "XPU 0.2", "XPU");
        run(which, 1, "CPU long", "MODEL [DEVICE [SECONDS]]");
    }
    run(1, 0, "CPU 0", "Count:      10 iterations");
}

static void test_help(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        assert_int_equal(program_run(output, "'%s' --help", programs[which]), 0);
        assert_non_null(strstr(output, "MODEL"));
        assert_int_equal(program_run(output, "'%s' /nosuch.xml '[1]' 2>&1", programs[which]), 1);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_two_inputs),
        cmocka_unit_test(test_benchmarks),
        cmocka_unit_test(test_help),
    };
    if (argc < 5) {
        return 2;
    }
    for (int i = 0; i < 3; i++) {
        programs[i] = argv[i + 1];
    }
    folder = argv[4];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
