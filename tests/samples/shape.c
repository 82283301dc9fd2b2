#include "../../samples/common/shape.h"

#include "../../samples/benchmark_app/layout.h"
#include "cmocka_includes.h"

#include <string.h>

static void expect_shape(const char *text, const char *printed)
{
    struct shape shape;
    struct message message = {""};
    const char *end;
    char again[SHAPE_MAX_TEXT];
    if (shape_parse(text, &shape, &end, &message) < 0) {
        fail_msg("%s: %s", text, message.text);
    }
    assert_int_equal(*end, 0);
    assert_string_equal(shape_text(&shape, again), printed);
}

static void test_forms(void **state)
{
    (void)state;
    expect_shape("[1,3,224,224]", "[1,3,224,224]");
    expect_shape("[ 1 , 3 ]", "[1,3]");
    expect_shape("[]", "[]");
    expect_shape("[0]", "[0]");
    expect_shape("[?,-1,1..10,2..,..8]", "[?,?,1..10,2..,..8]");
    expect_shape("[9223372036854775807]", "[9223372036854775807]");
}

static void test_malformed(void **state)
{
    (void)state;
    const char *const texts[] = {"",          "1,2",
                                 "[1,2",      "[1,,2]",
                                 "[1,2,]",    "[a]",
                                 "[1 2]",     "[-2]",
                                 "[..]",      "[3..1]",
                                 "[1.5]",     "[+1]",
                                 "[,1]",      "[9223372036854775808]",
                                 "[1..2..3]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct shape shape;
        struct message message = {""};
        const char *end;
        if (shape_parse(texts[i], &shape, &end, &message) == 0) {
            fail_msg("'%s' was accepted", texts[i]);
        }
        assert_true(message.text[0] != 0);
    }
}

static void test_list(void **state)
{
    (void)state;
    struct shape_list list = {0};
    struct message message = {""};
    assert_int_equal(shape_list_parse("in1[1,64][8,64],in:2[1..4]", &list, &message), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.entries[0].count, 2);
    assert_int_equal(list.entries[0].shapes[1].dims[0].min, 8);
    assert_ptr_equal(shape_list_find(&list, "in:2"), &list.entries[1]);
    assert_null(shape_list_find(&list, "other"));
    shape_list_finish(&list);

    assert_int_equal(shape_list_parse("[2],x[3]", &list, &message), 0);
    assert_ptr_equal(shape_list_find(&list, "x"), &list.entries[1]);
    assert_ptr_equal(shape_list_find(&list, "other"), &list.entries[0]);
    shape_list_finish(&list);

    const char *const bad[] = {"", "x", "x[1],", "x[1]y[2]", "x[1]]", "x[1];y[2]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (shape_list_parse(bad[i], &list, &message) == 0) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        shape_list_finish(&list);
    }
}

static struct shape shape_of(const char *text)
{
    struct shape shape;
    struct message message;
    const char *end;
    assert_int_equal(shape_parse(text, &shape, &end, &message), 0);
    return shape;
}

static void test_limits(void **state)
{
    (void)state;
    struct shape data = shape_of("[2,5]"), exact = shape_of("[2,5]"), open = shape_of("[?,1..5]"),
                 tight = shape_of("[..1,?]"), longer = shape_of("[2,5,1]");
    assert_true(shape_fits(&data, &exact));
    assert_true(shape_fits(&data, &open));
    assert_false(shape_fits(&data, &tight));
    assert_false(shape_fits(&data, &longer));
    assert_false(shape_fits(&open, &exact));
    assert_true(shape_is_static(&data));
    assert_false(shape_is_static(&open));
}

static void test_elements(void **state)
{
    (void)state;
    size_t elements;
    struct shape shape = shape_of("[2,3,4]");
    assert_true(shape_elements(&shape, &elements));
    assert_int_equal(elements, 24);
    shape = shape_of("[]");
    assert_true(shape_elements(&shape, &elements));
    assert_int_equal(elements, 1);
    shape = shape_of("[4294967296,4294967296]");
    assert_false(shape_elements(&shape, &elements));
    shape = shape_of("[2,?]");
    assert_false(shape_elements(&shape, &elements));
}

static void test_text_fits_its_buffer(void **state)
{
    (void)state;
    struct shape shape = {.rank = SHAPE_MAX_RANK};
    for (size_t i = 0; i < shape.rank; i++) {
        shape.dims[i] = (struct dim){INT64_MAX - 1, INT64_MAX};
    }
    char text[SHAPE_MAX_TEXT + 1];
    text[SHAPE_MAX_TEXT] = 'x';
    shape_text(&shape, text);
    assert_true(strlen(text) < SHAPE_MAX_TEXT);
    assert_int_equal(text[SHAPE_MAX_TEXT], 'x');
    assert_int_equal(text[strlen(text) - 1], ']');
}

static void test_layouts(void **state)
{
    (void)state;
    char letters[SHAPE_MAX_RANK + 1];
    struct message message = {""};
    assert_int_equal(layout_find("[nchw]", "x", letters, &message), 0);
    assert_string_equal(letters, "NCHW");
    assert_int_equal(layout_find("[N,C],x[N,H,W,C]", "x", letters, &message), 0);
    assert_string_equal(letters, "NHWC");
    assert_int_equal(layout_find("x[NHWC],[NC]", "x", letters, &message), 0);
    assert_string_equal(letters, "NHWC");
    assert_int_equal(layout_find("y[NC]", "x", letters, &message), 0);
    assert_string_equal(letters, "");
    assert_int_equal(layout_find("NCHW", "x", letters, &message), -1);
    assert_int_equal(layout_find("[NC", "x", letters, &message), -1);
    assert_int_equal(layout_find("[N5]", "x", letters, &message), -1);
    assert_int_equal(layout_find("[NCHWNCHWNCHWNCHWN]", "x", letters, &message), -1);

    static const struct {
        const char *shape, *layout;
    } guesses[] = {{"[1,3,224,224]", "NCHW"},
                   {"[1,224,224,3]", "NHWC"},
                   {"[1,16,64,64]", "N???"},
                   {"[1,1000]", "NC"},
                   {"[3,32,32]", "CHW"},
                   {"[1,128,768]", "N??"},
                   {"[5]", ""},
                   {"[]", ""},
                   {"[1,3,8,32,32]", "NCDHW"},
                   {"[?,3,?,?]", "NCHW"}};
    for (size_t i = 0; i < sizeof(guesses) / sizeof(*guesses); i++) {
        struct shape shape = shape_of(guesses[i].shape);
        layout_guess(&shape, letters);
        assert_string_equal(letters, guesses[i].layout);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),    cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_list),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_elements), cmocka_unit_test(test_text_fits_its_buffer),
        cmocka_unit_test(test_layouts),
    };
    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
