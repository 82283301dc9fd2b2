#include "op_test.h"

static void test_nearest(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 11);
    op_input_as(&t, "f32", "1,1,?,2", "1,1,2,2", "1 2 3 4");
    op_const(&t, "f32", "2", "2 1.5");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "scales");
    op_attr(&t, "coordinate_transformation_mode", "asymmetric");
    op_attr(&t, "nearest_mode", "floor");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect_shape(&t, 0, "f32", "1,1,?,3");
    op_expect(&t, 0, "f32", "1,1,4,3", "1 1 2 1 1 2 3 3 4 3 3 4", 0);
    op_end(&t);

    op_begin(&t, "Interpolate", 4);
    op_input(&t, "u8", "4", "10 20 30 40");
    op_const(&t, "i64", "1", "2");
    op_const(&t, "f32", "1", "9");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "nearest_mode", "ceil");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "u8", "2", "20 40", 0);
    op_end(&t);

    op_begin(&t, "Interpolate", 4);
    op_input(&t, "i64", "2", "9007199254740993 7");
    op_const(&t, "i64", "1", "4");
    op_const(&t, "f32", "1", "2");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "asymmetric");
    op_attr(&t, "nearest_mode", "simple");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "i64", "4", "9007199254740993 9007199254740993 7 7", 0);
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_input(&t, "f32", "2", "1 2");
    op_const(&t, "i64", "1", "4");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "pads_begin", "1");
    op_attr(&t, "pads_end", "1");
    op_expect(&t, 0, "f32", "4", "0 1 2 0", 0);
    op_end(&t);
}

static void test_linear(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 4);
    op_input(&t, "f32", "1,1,1,2", "0 10");
    op_const(&t, "i64", "2", "1 4");
    op_const(&t, "f32", "2", "1 2");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "linear_onnx");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "1,1,1,4", "0 2.5 7.5 10", 1e-6);
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_input(&t, "f32", "1,1,1,2", "0 10");
    op_const(&t, "i64", "1", "3");
    op_const(&t, "i64", "1", "-1");
    op_attr(&t, "mode", "linear_onnx");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "align_corners");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "1,1,1,3", "0 5 10", 1e-6);
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_input(&t, "f32", "4", "0 1 2 3");
    op_const(&t, "f32", "1", "0.5");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "mode", "linear");
    op_attr(&t, "shape_calculation_mode", "scales");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "antialias", "true");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "2", "0.5 2.5", 1e-6);
    op_end(&t);

    op_begin(&t, "Interpolate", 1);
    op_input(&t, "f32", "1,1,1,2", "0 10");
    op_const(&t, "i64", "2", "1 3");
    op_attr(&t, "axes", "2,3");
    op_attr(&t, "mode", "linear");
    op_attr(&t, "align_corners", "true");
    op_attr(&t, "antialias", "false");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "1,1,1,3", "0 5 10", 1e-6);
    op_end(&t);
}

static void test_cubic(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 4);
    op_input(&t, "f32", "4", "0 1 4 9");
    op_const(&t, "i64", "1", "8");
    op_const(&t, "f32", "1", "2");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "mode", "cubic");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "cube_coeff", "-0.75");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "8",
              "-0.10546875 0.12109375 0.45703125 1.609375 2.828125 5.4492188 7.9726562 9.5273438", 1e-5);
    op_end(&t);
}

static void test_pillow(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 11);
    op_input(&t, "f32", "1,1,4,4", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    op_const(&t, "i64", "2", "2 2");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "bilinear_pillow");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "1,1,2,2", "3.5714288 5.1428576 9.8571434 11.428572", 1e-5);
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_input(&t, "f32", "1,1,4,4", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    op_const(&t, "i64", "2", "2 3");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "bicubic_pillow");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_attr(&t, "cube_coeff", "-0.5");
    op_attr(&t, "pads_begin", "0");
    op_attr(&t, "pads_end", "0");
    op_expect(&t, 0, "f32", "1,1,2,3", "2.5370386 3.8471074 5.157176 9.842823 11.152892 12.462961", 1e-5);
    op_end(&t);
}

/* OpenVINO reads this mode and has no implementation: the mean over what an output element covers. */
static void area(const char *align, const char *size, const char *want)
{
    struct op_test t;

    op_begin(&t, "Interpolate", 1);
    op_input(&t, "f32", "1,1,6", "0 1 2 3 4 9");
    op_const(&t, "i64", "1", size);
    op_attr(&t, "axes", "2");
    op_attr(&t, "mode", "area");
    op_attr(&t, "align_corners", align);
    op_expect(&t, 0, "f32", (char[]){'1', ',', '1', ',', size[0], 0}, want, 1e-6);
    op_end(&t);
}

static void test_area(void **state)
{
    (void)state;
    area("false", "3", "0.5 2.5 6.5");
    area("false", "4", "0.33333333 1.6666667 3.3333333 7.3333333");
    area("false", "6", "0 1 2 3 4 9");
    area("false", "9", "0 0.5 1 2 2.5 3 4 6.5 9");
    area("false", "1", "3.1666667");
    area("true", "6", "0 1 2 3 4 9");
    area("true", "3", "0.8 3.2 9");
}

static void test_shapes(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "1,3,?,1..10");
    op_const(&t, "f32", "2", "2 0.5");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "scales");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_shape(&t, 0, "f32", "1,3,?,0..5");
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "1,3,8,8");
    op_param(&t, "i64", "2");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_shape(&t, 0, "f32", "1,3,?,?");
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "1,3,8,8");
    op_const(&t, "i64", "2", "4 4");
    op_param(&t, "i64", "2");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_shape(&t, 0, "f32", "?,?,?,?");
    op_end(&t);

    op_begin(&t, "Interpolate", 4);
    op_param(&t, "f32", "...");
    op_const(&t, "i64", "2", "4 4");
    op_param(&t, "f32", "2");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_shape(&t, 0, "f32", "...");
    op_end(&t);
}

static void test_errors(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "1,3,8,8");
    op_const(&t, "i64", "1", "4");
    op_const(&t, "i64", "2", "2 3");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_error(&t, VT_E_SHAPE, "input 1 has 1 numbers for 2 axes");
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "1,3,8,8");
    op_const(&t, "i64", "1", "4");
    op_const(&t, "i64", "1", "4");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_error(&t, VT_E_RANGE, "axis 4 is outside of rank 4");
    op_end(&t);

    op_begin(&t, "Interpolate", 11);
    op_param(&t, "f32", "8");
    op_const(&t, "i64", "1", "-4");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "mode", "nearest");
    op_attr(&t, "shape_calculation_mode", "sizes");
    op_attr(&t, "coordinate_transformation_mode", "half_pixel");
    op_expect_error(&t, VT_E_RANGE, "negative size on axis 0");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest), cmocka_unit_test(test_linear), cmocka_unit_test(test_cubic),
        cmocka_unit_test(test_pillow),  cmocka_unit_test(test_area),   cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
