/* The small programs on the shipped model. Arguments: hello_reshape, sync_benchmark, throughput_benchmark,
 * the model's folder. */
#include "cmocka_includes.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *programs[3], *folder;
static char output[PROGRAM_MAX_OUTPUT];

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
    run(0, 1, "'[1,3,8,8]'", "reshaping input 'picture'");
    run(0, 1, "'[?,1,8,8]'", "needs a shape without open dimensions");
    run(0, 1, "'[3,1,8,8]' XPU", "XPU");
    run(0, 1, "", "hello_reshape MODEL SHAPES");
    run(0, 1, "'['", "[ ERROR ] ");
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
