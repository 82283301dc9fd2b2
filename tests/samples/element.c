#include "../../samples/common/element.h"

#include "../../samples/common/picture_tensor.h"
#include "cmocka_includes.h"

#include <math.h>
#include <string.h>

/* Every half and bfloat16 survives loading and storing, and values between two neighbours go to the nearer,
 * ties to even. */
static void check_16_bits(ov_element_type_e type, uint16_t infinity)
{
    for (uint32_t bits = 0; bits < 65536; bits++) {
        uint16_t value = (uint16_t)bits, again;
        double number;
        assert_true(element_load(type, &value, 0, &number));
        assert_true(element_store(type, &again, 0, number));
        if (isnan(number)) {
            assert_true((again & infinity) == infinity && again != infinity);
        } else {
            assert_int_equal(again, value);
        }
    }
    for (uint16_t value = 0; value + 1 < infinity; value = (uint16_t)(value + 1)) {
        uint16_t next = (uint16_t)(value + 1), stored;
        double low, high;
        element_load(type, &value, 0, &low);
        element_load(type, &next, 0, &high);
        element_store(type, &stored, 0, (low + high) / 2);
        assert_int_equal(stored, value & 1 ? next : value);
        element_store(type, &stored, 0, low + (high - low) * 0.75);
        assert_int_equal(stored, next);
    }
}

static void test_16_bits(void **state)
{
    (void)state;
    check_16_bits(F16, 0x7c00);
    check_16_bits(BF16, 0x7f80);
    uint16_t stored;
    element_store(F16, &stored, 0, 1e6);
    assert_int_equal(stored, 0x7c00);
    element_store(F16, &stored, 0, -1.0);
    assert_int_equal(stored, 0xbc00);
}

static void test_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        ov_element_type_e type;
        double value, stored;
    } cases[] = {{U8, 300, 255},      {U8, -5, 0},         {U8, 2.5, 2},    {I8, -200, -128},
                 {I8, 127.6, 127},    {U16, 70000, 65535}, {I32, -3, -3},   {U32, 5e9, 4294967295.0},
                 {I64, -1e15, -1e15}, {BOOLEAN, 0.5, 1},   {BOOLEAN, 0, 0}, {U64, -1, 0},
                 {I16, NAN, 0},       {I4, 9, 7},          {I4, -9, -8},    {U4, 16, 15},
                 {U1, 3, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        unsigned char data[8] = {0};
        double value;
        assert_true(element_store(cases[i].type, data, 0, cases[i].value));
        assert_true(element_load(cases[i].type, data, 0, &value));
        assert_true(value == cases[i].stored);
    }
    unsigned char data[8];
    double value;
    assert_false(element_store(STRING, data, 0, 1));
    assert_false(element_load(NF4, data, 0, &value));
}

/* Small fields do not disturb their neighbours. */
static void test_fields(void **state)
{
    (void)state;
    unsigned char data[2] = {0, 0};
    for (size_t i = 0; i < 4; i++) {
        element_store(U4, data, i, (double)(i + 1));
    }
    assert_int_equal(data[0], 0x21);
    assert_int_equal(data[1], 0x43);
    memset(data, 0, 2);
    element_store(U1, data, 0, 1);
    element_store(U1, data, 9, 1);
    assert_int_equal(data[0], 0x80);
    assert_int_equal(data[1], 0x40);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(element_name(F32), "f32");
    assert_string_equal(element_name(BOOLEAN), "boolean");
    assert_string_equal(element_name(F8E8M0), "f8e8m0");
    assert_string_equal(element_name((ov_element_type_e)99), "unknown");
    assert_int_equal(element_bits(U3), 3);
    assert_int_equal(element_bits(STRING), 0);
}

static void test_picture_layouts(void **state)
{
    (void)state;
    struct message message = {""};
    struct picture_layout layout;
    struct shape shape;
    const char *end;
    uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    struct image image = {2, 1, 3, pixels};
    float data[6];

    assert_int_equal(shape_parse("[1,3,1,2]", &shape, &end, &message), 0);
    assert_int_equal(picture_layout_find(&shape, "", &layout, &message), 0);
    assert_int_equal(picture_store(&image, &layout, F32, data, 0, 1, 10, false, &message), 0);
    const float planar[] = {0, 30, 10, 40, 20, 50};
    assert_memory_equal(data, planar, sizeof(data));

    assert_int_equal(shape_parse("[1,1,2,3]", &shape, &end, &message), 0);
    assert_int_equal(picture_layout_find(&shape, "NHWC", &layout, &message), 0);
    assert_int_equal(picture_store(&image, &layout, F32, data, 0, 0, 1, true, &message), 0);
    const float reversed[] = {3, 2, 1, 6, 5, 4};
    assert_memory_equal(data, reversed, sizeof(data));

    assert_int_equal(shape_parse("[1,16,8,8]", &shape, &end, &message), 0);
    assert_int_equal(picture_layout_find(&shape, "", &layout, &message), -1);
    assert_int_equal(picture_layout_find(&shape, "NCHW", &layout, &message), -1);
    assert_int_equal(shape_parse("[5]", &shape, &end, &message), 0);
    assert_int_equal(picture_layout_find(&shape, "", &layout, &message), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_16_bits), cmocka_unit_test(test_whole_numbers),
                                       cmocka_unit_test(test_fields), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_picture_layouts)};
    return cmocka_run_group_tests_name("element", tests, NULL, NULL);
}
