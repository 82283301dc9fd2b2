/* The program, the extension and the model of samples/custom_operation. Arguments: those three, and
 * benchmark_app, which loads extensions too. */
#include "cmocka_includes.h"
#include "program.h"

#include <stdio.h>
#include <string.h>

static const char *program, *extension, *model, *benchmark;
static char output[PROGRAM_MAX_OUTPUT];

static void expect(int got, int code, const char *part)
{
    if (got != code || !strstr(output, part)) {
        fail_msg("exit code %d, '%s' is missing in\n%s", got, part, output);
    }
}

static void run(int code, const char *numbers, const char *part)
{
    expect(program_run(output, "'%s' '%s' '%s' %s 2>&1", program, extension, model, numbers), code, part);
}

/* 0.5 x / (1 + exp(-2 x)) above 0.25 */
static void test_numbers(void **state)
{
    (void)state;
    run(0, "'-1,0.5,2,3'", "2 selected");
    run(0, "'-1,0.5,2,3'", "x[2] gives 0.982014");
    run(0, "'-1,0.5,2,3'", "x[3] gives 1.496291");
    run(0, "'1' CPU", "x[0] gives 0.440399");
    run(0, "'-4,-3,-2'", "0 selected");
    run(1, "'1,two'", "'two' is no number");
    run(1, "'1' XPU", "XPU");
}

static void test_arguments(void **state)
{
    (void)state;
    expect(program_run(output, "'%s' --help", program), 0, "custom_operation EXTENSION MODEL NUMBERS");
    expect(program_run(output, "'%s' 2>&1", program), 1, "custom_operation EXTENSION MODEL NUMBERS");
    expect(program_run(output, "'%s' /nosuch.so '%s' 1 2>&1", program, model), 1, "extension /nosuch.so");
    expect(program_run(output, "'%s' '%s' /nosuch.xml 1 2>&1", program, extension), 1, "/nosuch.xml");
}

static void test_benchmark(void **state)
{
    (void)state;
    expect(program_run(output, "'%s' -m '%s' -extensions '%s' -data_shape '[7]' -niter 3 -nireq 1 2>&1",
                       benchmark, model, extension),
           0, "Extensions are loaded");
    expect(program_run(output, "'%s' -m '%s' -data_shape '[7]' -niter 3 2>&1", benchmark, model), 3,
           "ScaledSwish (extension)");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_benchmark),
    };
    if (argc != 5) {
        return 2;
    }
    program = argv[1];
    extension = argv[2];
    model = argv[3];
    benchmark = argv[4];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
