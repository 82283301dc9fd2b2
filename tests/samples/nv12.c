/* hello_nv12 on NV12 files made of the shipped pictures: the class, and every output against the figures that
   the training wrote; colours on a model that gives its input back. Arguments: the program, the model's
   folder. */
#include "../../samples/common/image.h"
#include "cmocka_includes.h"
#include "digits.h"
#include "program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program, *models;
static char output[PROGRAM_MAX_OUTPUT];
static char folder[] = "/tmp/vintner-test-XXXXXX";
static char picture[64], colours[64];

/* One pixel of three channels in, the same numbers out. */
static const char colours_model[] =
    "<?xml version=\"1.0\"?><net name=\"colours\" version=\"11\"><layers>"
    "<layer id=\"0\" name=\"in\" type=\"Parameter\" version=\"opset1\"><data shape=\"?,3,1,1\" "
    "element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\"><dim>-1</dim><dim>3</dim><dim>1</dim>"
    "<dim>1</dim></port></output></layer>"
    "<layer id=\"1\" name=\"act\" type=\"ReLU\" version=\"opset1\"><input><port id=\"0\" precision=\"FP32\">"
    "<dim>-1</dim><dim>3</dim><dim>1</dim><dim>1</dim></port></input><output><port id=\"1\" "
    "precision=\"FP32\"><dim>-1</dim><dim>3</dim><dim>1</dim><dim>1</dim></port></output></layer>"
    "<layer id=\"2\" name=\"out\" type=\"Result\" version=\"opset1\"><input><port id=\"0\" "
    "precision=\"FP32\"><dim>-1</dim><dim>3</dim><dim>1</dim><dim>1</dim></port></input></layer></layers>"
    "<edges><edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\"/><edge from-layer=\"1\" "
    "from-port=\"1\" to-layer=\"2\" to-port=\"0\"/></edges></net>";

static void write_file(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(picture, sizeof(picture), "%s/picture.nv12", folder);
    snprintf(colours, sizeof(colours), "%s/colours.xml", folder);
    write_file(colours, colours_model, sizeof(colours_model) - 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(picture);
    unlink(colours);
    return rmdir(folder);
}

/* Brightness as in the picture; the colours must not matter to a model of one channel. */
static void make_digit(const char *name)
{
    char path[1024];
    struct image image;
    struct message message = {""};
    snprintf(path, sizeof(path), "%s/images/%s.bmp", models, name);
    if (image_read(path, &image, &message) < 0 || image_set_channels(&image, 1, &message) < 0) {
        fail_msg("%s", message.text);
    }
    size_t pixels = image.width * image.height;
    unsigned char *nv12 = malloc(pixels / 2 * 3);
    assert_non_null(nv12);
    assert_int_equal(pixels, 32 * 32);
    memcpy(nv12, image.pixels, pixels);
    for (size_t i = pixels; i < pixels / 2 * 3; i++) {
        nv12[i] = (unsigned char)(i * 37);
    }
    write_file(picture, nv12, pixels / 2 * 3);
    free(nv12);
    image_finish(&image);
}

/* Reads the rows "class value" of the table; returns the class of the first. */
static int read_table(double *values, int classes)
{
    const char *at = strstr(output, "-----------\n");
    if (!at) {
        fail_msg("there is no table:\n%s", output);
        return -1;
    }
    int first = -1;
    for (int row = 0; row < classes; row++) {
        int class_index;
        double value;
        at = strchr(at, '\n') + 1;
        if (sscanf(at, "%d %lf", &class_index, &value) != 2) {
            fail_msg("row %d of the table is not readable:\n%s", row, output);
        }
        assert_in_range(class_index, 0, classes - 1);
        values[class_index] = value;
        first = row ? first : class_index;
    }
    return first;
}

static void check_digit(const char *options, int label, const double *logits)
{
    double values[10];
    int code = program_run(output, "'%s' '%s/digits.xml' %s 32x32 CPU --precision f32 --raw %s", program,
                           models, picture, options);
    if (code != 0) {
        fail_msg("%d: exit code %d\n%s", label, code, output);
    }
    assert_int_equal(read_table(values, 10), label);
    for (int i = 0; i < 10; i++) {
        if (!(fabs(values[i] - logits[i]) < 1e-3)) {
            fail_msg("%d, class %d: %g, expected %g", label, i, values[i], logits[i]);
        }
    }
}

static void check_shipped(const struct digit *digit)
{
    make_digit(digit->name);
    check_digit("", digit->label, digit->logits);
    check_digit(digit->label % 2 ? "--two-planes" : "--layout NCHW --mean -1e-5 --scale 1.000001",
                digit->label, digit->logits);
}

static void test_digits(void **state)
{
    (void)state;
    digits_check_all(models, check_shipped);
}

static void check_colour(const char *options, double red, double green, double blue)
{
    double values[3], wanted[3] = {red, green, blue};
    int code = program_run(output, "'%s' %s %s 6x4 --raw %s", program, colours, picture, options);
    if (code != 0) {
        fail_msg("%s: exit code %d\n%s", options, code, output);
    }
    read_table(values, 3);
    for (int i = 0; i < 3; i++) {
        if (!(fabs(values[i] - wanted[i]) < 1e-2)) {
            fail_msg("%s: channel %d is %g, expected %g", options, i, values[i], wanted[i]);
        }
    }
}

/* ITU-R BT.601, limited range: R = 1.164 (Y-16) + 1.596 (V-128), G = 1.164 (Y-16) - 0.813 (V-128)
   - 0.391 (U-128), B = 1.164 (Y-16) + 2.018 (U-128). */
static void test_colours(void **state)
{
    (void)state;
    unsigned char nv12[6 * 4 / 2 * 3];
    memset(nv12, 100, sizeof(nv12));
    for (size_t i = 24; i < sizeof(nv12); i += 2) {
        nv12[i] = 90, nv12[i + 1] = 150;
    }
    write_file(picture, nv12, sizeof(nv12));
    double luma = 1.164 * 84, red = luma + 1.596 * 22, green = luma - 0.813 * 22 + 0.391 * 38,
           blue = luma - 2.018 * 38;
    check_colour("", red, green, blue);
    check_colour("--two-planes", red, green, blue);
    check_colour("--bgr", blue, green, red);
    check_colour("--mean 10 --scale 0.5", (red - 10) / 2, (green - 10) / 2, (blue - 10) / 2);
}

static void expect_error(const char *arguments, const char *text)
{
    int code = program_run(output, "'%s' %s", program, arguments);
    if (code != 1 || !strstr(output, "[ ERROR ]") || !strstr(output, text)) {
        fail_msg("%s: exit code %d, expected an error with '%s':\n%s", arguments, code, text, output);
    }
}

static void test_errors(void **state)
{
    (void)state;
    char line[2048];
    make_digit("digit1");
    expect_error("", "a model, a picture and its WIDTHxHEIGHT are needed");
    expect_error("a b", "a model, a picture and its WIDTHxHEIGHT are needed");
    expect_error("a b 32", "not '32'");
    expect_error("a b 32x", "not '32x'");
    expect_error("a b 32x32x2", "not '32x32x2'");
    expect_error("a b 0x32", "sides are from 2");
    expect_error("a b 31x32", "both sides must be even");
    expect_error("a b 32x31", "both sides must be even");
    expect_error("a b 2x2 CPU x", "unexpected argument 'x'");
    expect_error("a b 2x2 --scale 0", "--scale needs a value, not 0");
    expect_error("a b 2x2 --other 1", "unknown option --other");
    expect_error("a /nonexistent.nv12 2x2", "/nonexistent.nv12");
    snprintf(line, sizeof(line), "'%s/digits.xml' %s 32x34", models, picture);
    expect_error(line, "has 1536 bytes; an NV12 picture of 32x34 has 1632");
    snprintf(line, sizeof(line), "/nonexistent.xml %s 32x32", picture);
    expect_error(line, "/nonexistent.xml");
    snprintf(line, sizeof(line), "'%s/digits.xml' %s 32x32 NOWHERE", models, picture);
    expect_error(line, "compiling for NOWHERE");
    snprintf(line, sizeof(line), "'%s/digits.xml' %s 32x32 --layout NHWC", models, picture);
    expect_error(line, "holds no picture of 1 or 3 channels");
    assert_int_equal(program_run(output, "'%s' --help", program), 0);
    assert_non_null(strstr(output, "--two-planes"));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    program = argv[1];
    models = argv[2];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_digits), cmocka_unit_test(test_colours),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests_name("nv12", tests, setup, teardown);
}
