/* hello_classification on the shipped model and pictures: the class, and every output against the figures
   that the training wrote. Arguments: the program, the model's folder. */
#include "cmocka_includes.h"
#include "digits.h"
#include "program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program, *folder;
static char output[PROGRAM_MAX_OUTPUT];

/* Reads the rows "class value label" of the program's table; returns the class of the first. */
static int read_table(double *values)
{
    const char *at = strstr(output, "-----------\n");
    assert_non_null(at);
    at += strlen("-----------\n");
    int first = -1;
    for (int row = 0; row < 10; row++) {
        int class_index, label, used;
        double value;
        if (sscanf(at, "%d %lf %d\n%n", &class_index, &value, &label, &used) != 3) {
            fail_msg("row %d of the table is not readable:\n%s", row, output);
        }
        assert_in_range(class_index, 0, 9);
        assert_int_equal(label, class_index);
        values[class_index] = value;
        first = row ? first : class_index;
        at += used;
    }
    return first;
}

static void check_picture(const char *name, const char *ending, int label, const double *logits)
{
    double values[10];
    int code = program_run(output, "'%s' '%s/digits.xml' '%s/images/%s.%s' CPU --precision f32 --raw",
                           program, folder, folder, name, ending);
    if (code != 0) {
        fail_msg("%s.%s: exit code %d\n%s", name, ending, code, output);
    }
    assert_int_equal(read_table(values), label);
    for (int i = 0; i < 10; i++) {
        if (!(fabs(values[i] - logits[i]) < 1e-3)) {
            fail_msg("%s.%s, class %d: %g, expected %g", name, ending, i, values[i], logits[i]);
        }
    }
}

static void check_shipped(const struct digit *digit)
{
    check_picture(digit->name, "bmp", digit->label, digit->logits);
#ifdef SAMPLES_PNG
    check_picture(digit->name, "png", digit->label, digit->logits);
#endif
}

static void test_pictures(void **state)
{
    (void)state;
    digits_check_all(folder, check_shipped);
}

static void test_probabilities(void **state)
{
    (void)state;
    double values[10], sum = 0;
    assert_int_equal(
        program_run(output, "'%s' '%s/digits.xml' '%s/images/digit4.bmp'", program, folder, folder), 0);
    assert_int_equal(read_table(values), 4);
    for (int i = 0; i < 10; i++) {
        sum += values[i];
    }
    assert_true(fabs(sum - 1) < 1e-4);
    assert_true(values[4] > 0.9);
}

static void test_errors(void **state)
{
    (void)state;
    assert_int_equal(program_run(output, "'%s'", program), 1);
    assert_non_null(strstr(output, "a model and a picture are needed"));
    assert_int_equal(program_run(output, "'%s' --help", program), 0);
    assert_int_equal(program_run(output, "'%s' a b c d", program), 1);
    assert_int_equal(program_run(output, "'%s' a b --top 0", program), 1);
    assert_int_equal(program_run(output, "'%s' /nonexistent.xml x.png", program), 1);
    assert_non_null(strstr(output, "/nonexistent.xml"));
    assert_int_equal(program_run(output, "'%s' '%s/digits.xml' '%s/digits.bin'", program, folder, folder), 1);
    assert_non_null(strstr(output, "no BMP, PGM, PPM, PNG or JPEG picture"));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    program = argv[1];
    folder = argv[2];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pictures), cmocka_unit_test(test_probabilities),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests_name("classification", tests, NULL, NULL);
}
