/* The program that builds the shipped model in C says what hello_classification says of the file, and so does
 * the file that it saves. Arguments: build_model, hello_classification, the model's folder. */
#include "cmocka_includes.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program, *classification, *folder;
static char output[PROGRAM_MAX_OUTPUT], other[PROGRAM_MAX_OUTPUT];

/* The best class and its probability, under the table's head. */
static const char *best(const char *text)
{
    const char *line = strstr(text, "------- -----------\n");
    if (!line) {
        fail_msg("no table in\n%s", text);
    }
    return strchr(line, '\n') + 1;
}

static void test_digits(void **state)
{
    (void)state;
    for (int digit = 0; digit < 10; digit++) {
        assert_int_equal(program_run(output, "'%s' '%s/digits.bin' '%s/images/digit%d.bmp' 2>&1", program,
                                     folder, folder, digit),
                         0);
        assert_int_equal(program_run(other, "'%s' '%s/digits.xml' '%s/images/digit%d.bmp' 2>&1",
                                     classification, folder, folder, digit),
                         0);
        assert_int_equal(atoi(best(output)), digit);
        /* Class and probability, to the last digit that is printed. */
        assert_memory_equal(best(output), best(other), 16);
    }
}

static void test_saved(void **state)
{
    char path[] = "/tmp/vintner-test-XXXXXX", command[96];
    (void)state;
    assert_non_null(mkdtemp(path));
    int code = program_run(output, "'%s' '%s/digits.bin' '%s/images/digit7.bmp' CPU '%s/saved.xml' 2>&1",
                           program, folder, folder, path);
    int again =
        program_run(other, "'%s' '%s/saved.xml' '%s/images/digit7.bmp' 2>&1", classification, path, folder);
    snprintf(command, sizeof(command), "rm -r '%s'", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(code, 0);
    assert_non_null(strstr(output, "Saved as"));
    assert_int_equal(again, 0);
    assert_memory_equal(best(output), best(other), 16);
}

static void expect(int got, const char *part)
{
    if (got != 1 || !strstr(output, part)) {
        fail_msg("exit code %d, '%s' is missing in\n%s", got, part, output);
    }
}

static void test_errors(void **state)
{
    (void)state;
    expect(program_run(output, "'%s' 2>&1", program), "build_model WEIGHTS PICTURE");
    expect(program_run(output, "'%s' /nosuch.bin '%s/images/digit0.bmp' 2>&1", program, folder),
           "/nosuch.bin");
    expect(
        program_run(output, "'%s' '%s/digits.labels' '%s/images/digit0.bmp' 2>&1", program, folder, folder),
        "weights is too short");
    expect(program_run(output, "'%s' '%s/digits.bin' /nosuch.bmp 2>&1", program, folder), "/nosuch.bmp");
    expect(
        program_run(output, "'%s' '%s/digits.bin' '%s/images/digit0.bmp' XPU 2>&1", program, folder, folder),
        "XPU");
    assert_int_equal(program_run(output, "'%s' --help", program), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_errors),
    };
    if (argc != 4) {
        return 2;
    }
    program = argv[1];
    classification = argv[2];
    folder = argv[3];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
