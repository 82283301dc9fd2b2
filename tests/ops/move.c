/* Operations that rearrange whole tensors: values by hand or by numpy. */
#include "op_test.h"

static void test_transpose(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Transpose", 1);
    op_input_as(&t, "i8", "?,3", "2,3", "1 2 3 4 5 6");
    op_const(&t, "i32", "2", "1 -2");
    op_expect_shape(&t, 0, "i8", "3,?");
    op_expect(&t, 0, "i8", "3,2", "1 4 2 5 3 6", 0);
    op_end(&t);

    op_begin(&t, "Transpose", 1);
    op_input(&t, "u1", "2,1,3", "1 0 1 0 0 1");
    op_const(&t, "i64", "0", "0");
    op_expect(&t, 0, "u1", "3,1,2", "1 0 0 0 1 1", 0);
    op_end(&t);

    op_begin(&t, "Transpose", 1);
    op_param(&t, "f32", "2,3");
    op_const(&t, "i64", "2", "1 1");
    op_expect_error(&t, VT_E_INVALID, "input 1 (order) names axis 1 twice");
    op_end(&t);

    op_begin(&t, "Transpose", 1);
    op_param(&t, "f32", "...");
    op_const(&t, "i64", "3", "2 1 0");
    op_expect_shape(&t, 0, "f32", "?,?,?");
    op_end(&t);
}

static void test_concat(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Concat", 1);
    op_input_as(&t, "f16", "?,2,1", "2,2,1", "1 2 3 4");
    op_input_as(&t, "f16", "2,2,1..3", "2,2,2", "5 6 7 8 9 10 11 12");
    op_attr(&t, "axis", "-1");
    op_expect_shape(&t, 0, "f16", "2,2,2..4");
    op_expect(&t, 0, "f16", "2,2,3", "1 5 6 2 7 8 3 9 10 4 11 12", 0);
    op_end(&t);

    op_begin(&t, "Concat", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "...");
    op_attr(&t, "axis", "1");
    op_expect_shape(&t, 0, "f32", "2,3..");
    op_end(&t);

    op_begin(&t, "Concat", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "f32", "3,3");
    op_attr(&t, "axis", "1");
    op_expect_error(&t, VT_E_SHAPE, "input 1 of shape [3,3] cannot join [2,3] along axis 1");
    op_end(&t);

    op_begin(&t, "Concat", 1);
    op_param(&t, "f32", "2,3");
    op_param(&t, "i32", "2,3");
    op_attr(&t, "axis", "1");
    op_expect_error(&t, VT_E_TYPE, "input 1 is i32 and others f32");
    op_end(&t);
}

static void test_split(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Split", 1);
    op_input_as(&t, "i32", "?,4..6", "1,4", "1 2 3 4");
    op_const(&t, "i64", "", "-1");
    op_attr(&t, "num_splits", "2");
    op_outputs(&t, 2);
    op_expect_shape(&t, 1, "i32", "?,2..3");
    op_expect(&t, 0, "i32", "1,2", "1 2", 0);
    op_expect(&t, 1, "i32", "1,2", "3 4", 0);
    op_end(&t);

    op_begin(&t, "Split", 1);
    op_param(&t, "i32", "5");
    op_const(&t, "i64", "", "0");
    op_attr(&t, "num_splits", "2");
    op_outputs(&t, 2);
    op_expect_error(&t, VT_E_SHAPE, "dimension 5 of axis 0 cannot be split in 2 equal parts");
    op_end(&t);

    op_begin(&t, "VariadicSplit", 1);
    op_input_as(&t, "i32", "?,2", "4,2", "1 2 3 4 5 6 7 8");
    op_const(&t, "i64", "", "0");
    op_const(&t, "i64", "3", "1 -1 1");
    op_outputs(&t, 3);
    op_expect_shape(&t, 0, "i32", "1,2");
    op_expect_shape(&t, 1, "i32", "?,2");
    op_expect(&t, 1, "i32", "2,2", "3 4 5 6", 0);
    op_expect(&t, 2, "i32", "1,2", "7 8", 0);
    op_end(&t);

    op_begin(&t, "VariadicSplit", 1);
    op_param(&t, "i32", "4");
    op_const(&t, "i64", "", "0");
    op_const(&t, "i64", "2", "1 2");
    op_outputs(&t, 2);
    op_expect_error(&t, VT_E_SHAPE, "the lengths add up to 3, axis 0 has 4");
    op_end(&t);
}

static void test_broadcast(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Broadcast", 3);
    op_input(&t, "f32", "2,1", "1 2");
    op_const(&t, "i64", "3", "2 2 2");
    op_expect(&t, 0, "f32", "2,2,2", "1 1 2 2 1 1 2 2", 0);
    op_end(&t);

    op_begin(&t, "Broadcast", 1);
    op_input(&t, "boolean", "2", "1 0");
    op_const(&t, "i32", "2", "2 3");
    op_const(&t, "i32", "1", "0");
    op_attr(&t, "mode", "explicit");
    op_expect(&t, 0, "boolean", "2,3", "1 1 1 0 0 0", 0);
    op_end(&t);

    op_begin(&t, "Broadcast", 3);
    op_input_as(&t, "i64", "3,1", "3,1", "1 2 3");
    op_const(&t, "i64", "2", "1 2");
    op_attr(&t, "mode", "bidirectional");
    op_expect(&t, 0, "i64", "3,2", "1 1 2 2 3 3", 0);
    op_end(&t);

    op_begin(&t, "Broadcast", 3);
    op_param(&t, "f32", "?,2");
    op_bounded(&t, "i64", "3", "0 1 2", "9223372036854775807 4 2");
    op_expect_shape(&t, 0, "f32", "?,1..4,2");
    op_end(&t);

    op_begin(&t, "Broadcast", 3);
    op_param(&t, "f32", "3,2");
    op_const(&t, "i64", "2", "2 2");
    op_expect_error(&t, VT_E_SHAPE, "shape [3,2] cannot be broadcast to [2,2]");
    op_end(&t);

    op_begin(&t, "Broadcast", 3);
    op_param(&t, "f32", "3,3");
    op_const(&t, "i64", "3", "3 3 3");
    op_const(&t, "i64", "2", "2 0");
    op_attr(&t, "mode", "explicit");
    op_expect_error(&t, VT_E_INVALID, "axes must rise");
    op_end(&t);
}

static void test_tile(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Tile", 1);
    op_input_as(&t, "u8", "?,2", "1,2", "1 2");
    op_const(&t, "i64", "3", "2 2 2");
    op_expect_shape(&t, 0, "u8", "2,?,4");
    op_expect(&t, 0, "u8", "2,2,4", "1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2", 0);
    op_end(&t);

    op_begin(&t, "Tile", 1);
    op_input(&t, "f32", "2,1", "1 2");
    op_const(&t, "i64", "2", "0 3");
    op_expect(&t, 0, "f32", "0,3", "0", 0);
    op_end(&t);
}

static void expect_pad(const char *mode, const char *begin, const char *end, const char *shape,
                       const char *want)
{
    struct op_test t;

    op_begin(&t, "Pad", 12);
    op_input(&t, "f32", "2,3", "1 2 3 4 5 6");
    op_const(&t, "i64", "2", begin);
    op_const(&t, "i64", "2", end);
    op_attr(&t, "pad_mode", mode);
    op_expect_shape(&t, 0, "f32", shape);
    op_expect(&t, 0, "f32", shape, want, 0);
    op_end(&t);
}

static void test_pad(void **state)
{
    struct op_test t;

    (void)state;
    expect_pad("constant", "0 1", "1 0", "3,4", "0 1 2 3 0 4 5 6 0 0 0 0");
    expect_pad("constant", "-1 0", "0 -1", "1,2", "4 5");
    expect_pad("constant", "0 -1", "0 1", "2,3", "2 3 0 5 6 0");
    expect_pad("edge", "0 2", "0 1", "2,6", "1 1 1 2 3 3 4 4 4 5 6 6");
    expect_pad("reflect", "1 2", "0 1", "3,6", "6 5 4 5 6 5 3 2 1 2 3 2 6 5 4 5 6 5");
    expect_pad("symmetric", "0 2", "1 0", "3,5", "2 1 1 2 3 5 4 4 5 6 5 4 4 5 6");

    op_begin(&t, "Pad", 1);
    op_input_as(&t, "i32", "?", "2", "1 2");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i32", "", "9");
    op_expect_shape(&t, 0, "i32", "2..");
    op_expect(&t, 0, "i32", "4", "9 1 2 9", 0);
    op_end(&t);

    op_begin(&t, "Pad", 12);
    op_param(&t, "f32", "2");
    op_const(&t, "i64", "1", "2");
    op_const(&t, "i64", "1", "0");
    op_attr(&t, "pad_mode", "reflect");
    op_expect_error(&t, VT_E_RANGE, "padding 2 and 0 of axis 0 is too large for 2 elements in mode reflect");
    op_end(&t);
}

static void test_reverse(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Reverse", 1);
    op_input(&t, "f32", "2,3", "1 2 3 4 5 6");
    op_const(&t, "i64", "1", "-1");
    op_attr(&t, "mode", "index");
    op_expect(&t, 0, "f32", "2,3", "3 2 1 6 5 4", 0);
    op_end(&t);

    op_begin(&t, "Reverse", 1);
    op_input(&t, "u4", "2,3", "1 2 3 4 5 6");
    op_const(&t, "boolean", "2", "1 0");
    op_attr(&t, "mode", "mask");
    op_expect(&t, 0, "u4", "2,3", "4 5 6 1 2 3", 0);
    op_end(&t);

    op_begin(&t, "ReverseSequence", 1);
    op_input(&t, "i32", "2,4", "1 2 3 4 5 6 7 8");
    op_input(&t, "i64", "2", "2 4");
    op_expect(&t, 0, "i32", "2,4", "2 1 3 4 8 7 6 5", 0);
    op_end(&t);

    op_begin(&t, "ReverseSequence", 1);
    op_input(&t, "i32", "2,4", "1 2 3 4 5 6 7 8");
    op_input(&t, "i64", "2", "2 5");
    op_expect_error(&t, VT_E_RANGE, "sequence length 5 is outside of 0..4");
    op_end(&t);
}

static void test_roll(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Roll", 7);
    op_input(&t, "i64", "2,3", "1 2 3 4 5 6");
    op_const(&t, "i64", "3", "1 -1 -4");
    op_const(&t, "i64", "3", "0 1 -1");
    op_expect(&t, 0, "i64", "2,3", "6 4 5 3 1 2", 0);
    op_end(&t);

    op_begin(&t, "Roll", 7);
    op_param(&t, "i64", "2,3");
    op_const(&t, "i64", "2", "1 1");
    op_const(&t, "i64", "3", "0 1 1");
    op_expect_error(&t, VT_E_SHAPE, "shift has 2 elements, axes has 3");
    op_end(&t);
}

static void test_blocks(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "DepthToSpace", 1);
    op_input_as(&t, "i32", "?,8,?,1", "1,8,1,1", "0 1 2 3 4 5 6 7");
    op_attr(&t, "mode", "blocks_first");
    op_attr(&t, "block_size", "2");
    op_expect_shape(&t, 0, "i32", "?,2,?,2");
    op_expect(&t, 0, "i32", "1,2,2,2", "0 2 4 6 1 3 5 7", 0);
    op_end(&t);

    op_begin(&t, "DepthToSpace", 1);
    op_input(&t, "i32", "1,8,1,1", "0 1 2 3 4 5 6 7");
    op_attr(&t, "mode", "depth_first");
    op_attr(&t, "block_size", "2");
    op_expect(&t, 0, "i32", "1,2,2,2", "0 1 2 3 4 5 6 7", 0);
    op_end(&t);

    op_begin(&t, "SpaceToDepth", 1);
    op_input(&t, "i32", "1,2,2,2", "0 2 4 6 1 3 5 7");
    op_attr(&t, "mode", "blocks_first");
    op_attr(&t, "block_size", "2");
    op_expect(&t, 0, "i32", "1,8,1,1", "0 1 2 3 4 5 6 7", 0);
    op_end(&t);

    op_begin(&t, "DepthToSpace", 1);
    op_param(&t, "f32", "1,6,2,2");
    op_attr(&t, "block_size", "2");
    op_expect_error(&t, VT_E_SHAPE, "dimension 6 of axis 1 is no multiple of 4");
    op_end(&t);

    op_begin(&t, "SpaceToBatch", 2);
    op_input(&t, "i32", "1,3", "1 2 3");
    op_const(&t, "i64", "2", "1 2");
    op_const(&t, "i64", "2", "0 0");
    op_const(&t, "i64", "2", "0 1");
    op_expect(&t, 0, "i32", "2,2", "1 3 2 0", 0);
    op_end(&t);

    op_begin(&t, "BatchToSpace", 2);
    op_input_as(&t, "i32", "?,2", "2,2", "1 3 2 0");
    op_const(&t, "i64", "2", "1 2");
    op_const(&t, "i64", "2", "0 0");
    op_const(&t, "i64", "2", "0 1");
    op_expect_shape(&t, 0, "i32", "?,3");
    op_expect(&t, 0, "i32", "1,3", "1 2 3", 0);
    op_end(&t);

    op_begin(&t, "ShuffleChannels", 3);
    op_input(&t, "u8", "1,6", "0 1 2 3 4 5");
    op_attr(&t, "group", "2");
    op_expect(&t, 0, "u8", "1,6", "0 3 1 4 2 5", 0);
    op_end(&t);
}

static void test_shape_of(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "ShapeOf", 3);
    op_input_as(&t, "f32", "?,2..8,3", "4,5,3", "0");
    op_attr(&t, "output_type", "i32");
    op_expect_bounds(&t, 0, "0 2 3", "9223372036854775807 8 3");
    op_expect(&t, 0, "i32", "3", "4 5 3", 0);
    op_end(&t);

    op_begin(&t, "ShapeOf", 3);
    op_param(&t, "f32", "...");
    op_expect_shape(&t, 0, "i64", "?");
    op_end(&t);

    op_begin(&t, "ShapeOf", 1);
    op_input(&t, "f32", "", "1");
    op_expect(&t, 0, "i64", "0", "0", 0);
    op_end(&t);
}

/* Known elements stay known next to unknown ones. */
static void test_bounds_move(void **state)
{
    struct op_test t;

    (void)state;
    op_begin(&t, "Concat", 1);
    op_bounded(&t, "i64", "2", "3 0", "3 7");
    op_param(&t, "i64", "1");
    op_attr(&t, "axis", "0");
    op_expect_bounds(&t, 0, "3 0 -9223372036854775808", "3 7 9223372036854775807");
    op_end(&t);

    op_begin(&t, "Gather", 8);
    op_bounded(&t, "i64", "3", "1 2 3", "1 5 3");
    op_const(&t, "i64", "2", "-1 1");
    op_const(&t, "i64", "", "0");
    op_expect_bounds(&t, 0, "3 2", "3 5");
    op_end(&t);

    op_begin(&t, "ScatterUpdate", 3);
    op_bounded(&t, "i64", "3", "1 2 3", "1 5 3");
    op_const(&t, "i64", "1", "1");
    op_const(&t, "i64", "1", "-1");
    op_const(&t, "i64", "", "0");
    op_expect_bounds(&t, 0, "1 -1 3", "1 -1 3");
    op_end(&t);

    op_begin(&t, "VariadicSplit", 1);
    op_bounded(&t, "i64", "3", "1 2 3", "1 5 3");
    op_const(&t, "i64", "", "0");
    op_const(&t, "i64", "2", "1 2");
    op_outputs(&t, 2);
    op_expect_bounds(&t, 1, "2 3", "5 3");
    op_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose), cmocka_unit_test(test_concat),      cmocka_unit_test(test_split),
        cmocka_unit_test(test_broadcast), cmocka_unit_test(test_tile),        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_reverse),   cmocka_unit_test(test_roll),        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_shape_of),  cmocka_unit_test(test_bounds_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
