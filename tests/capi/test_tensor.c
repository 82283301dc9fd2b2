/* Tensors: sizes of all types, host memory, shapes that change, strings. */
#include "capi_test.h"

static ov_shape_t shape1(int64_t *dim)
{
    return (ov_shape_t){1, dim};
}

/* Bytes of five elements, by type. */
static void test_types(void **state)
{
    static const size_t bytes[] = {
        [BOOLEAN] = 5, [BF16] = 10,    [F16] = 10,   [F32] = 20,   [F64] = 40, [I4] = 3,  [I8] = 5,
        [I16] = 10,    [I32] = 20,     [I64] = 40,   [U1] = 1,     [U2] = 2,   [U3] = 3,  [U4] = 3,
        [U6] = 6,      [U8] = 5,       [U16] = 10,   [U32] = 20,   [U64] = 40, [NF4] = 3, [F8E4M3] = 5,
        [F8E5M3] = 5,  [STRING] = 160, [F4E2M1] = 3, [F8E8M0] = 5,
    };
    int64_t five = 5;
    ov_tensor_t *tensor = NULL;

    (void)state;
    for (int type = BOOLEAN; type <= F8E8M0; type++) {
        ov_element_type_e got = DYNAMIC;
        size_t n = 0;
        void *data = NULL;

        PASS(ov_tensor_create((ov_element_type_e)type, shape1(&five), &tensor));
        PASS(ov_tensor_get_element_type(tensor, &got));
        assert_int_equal(got, type);
        PASS(ov_tensor_get_size(tensor, &n));
        assert_int_equal(n, 5);
        PASS(ov_tensor_get_byte_size(tensor, &n));
        assert_int_equal(n, bytes[type]);
        PASS(ov_tensor_data(tensor, &data));
        assert_int_equal((uintptr_t)data % 64, 0);
        ov_tensor_free(tensor);
    }
    tensor = NULL;
    CHECK(ov_tensor_create(DYNAMIC, shape1(&five), &tensor), GENERAL_ERROR, "");
    BAD(ov_tensor_create((ov_element_type_e)26, shape1(&five), &tensor));
    BAD(ov_tensor_create((ov_element_type_e)-1, shape1(&five), &tensor));
    BAD(ov_tensor_create(F32, shape1(&five), NULL));
    assert_null(tensor);
}

static void test_shapes(void **state)
{
    int64_t dims[17] = {INT64_MAX, INT64_MAX}, zero[] = {0, 3}, negative[] = {-1, 3};
    ov_shape_t shape = {2, zero};
    ov_tensor_t *tensor = NULL;
    size_t n = 9;
    void *data = NULL;

    (void)state;
    PASS(ov_tensor_create(F32, shape, &tensor));
    PASS(ov_tensor_get_size(tensor, &n));
    assert_int_equal(n, 0);
    PASS(ov_tensor_data(tensor, &data));
    assert_non_null(data);
    ov_tensor_free(tensor);
    shape = (ov_shape_t){0, NULL};
    PASS(ov_tensor_create(F32, shape, &tensor));
    shape = (ov_shape_t){5, NULL};
    PASS(ov_tensor_get_shape(tensor, &shape));
    assert_int_equal(shape.rank, 0);
    PASS(ov_tensor_get_byte_size(tensor, &n));
    assert_int_equal(n, 4);
    ov_tensor_free(tensor);
    tensor = NULL;
    shape = (ov_shape_t){2, negative};
    CHECK(ov_tensor_create(F32, shape, &tensor), GENERAL_ERROR, "negative");
    shape.dims = dims;
    CHECK(ov_tensor_create(F32, shape, &tensor), GENERAL_ERROR, "");
    shape.rank = 17;
    CHECK(ov_tensor_create(F32, shape, &tensor), GENERAL_ERROR, "rank");
    shape.rank = INT64_MAX;
    CHECK(ov_tensor_create(F32, shape, &tensor), GENERAL_ERROR, "rank");
    shape.rank = -1;
    BAD(ov_tensor_create(F32, shape, &tensor));
    shape = (ov_shape_t){2, NULL};
    BAD(ov_tensor_create(F32, shape, &tensor));
    assert_null(tensor);
}

static void test_host(void **state)
{
    float memory[7] = {0};
    int64_t six = 6, two = 2, nine = 9, zero = 0;
    ov_tensor_t *tensor = NULL;
    void *data = NULL;
    size_t n;

    (void)state;
    PASS(ov_tensor_create_from_host_ptr(F32, shape1(&six), (char *)memory + 1, &tensor));
    PASS(ov_tensor_data(tensor, &data));
    assert_ptr_equal(data, (char *)memory + 1);
    PASS(ov_tensor_set_shape(tensor, shape1(&two)));
    PASS(ov_tensor_set_shape(tensor, shape1(&zero)));
    PASS(ov_tensor_set_shape(tensor, shape1(&six)));
    CHECK(ov_tensor_set_shape(tensor, shape1(&nine)), GENERAL_ERROR, "cannot grow");
    PASS(ov_tensor_get_size(tensor, &n));
    assert_int_equal(n, 6);
    ov_tensor_free(tensor);
    tensor = NULL;
    BAD(ov_tensor_create_from_host_ptr(F32, shape1(&zero), NULL, &tensor));
    BAD(ov_tensor_create_from_host_ptr((ov_element_type_e)99, shape1(&six), memory, &tensor));
    CHECK(ov_tensor_create_from_host_ptr(DYNAMIC, shape1(&six), memory, &tensor), GENERAL_ERROR, "");
    assert_null(tensor);
}

static void test_set_shape(void **state)
{
    int64_t two = 2, hundred = 100, negative = -2;
    ov_shape_t headless = {2, NULL};
    ov_tensor_t *tensor = new_f32(2, 2, 3, 1);
    void *before, *after;

    (void)state;
    PASS(ov_tensor_data(tensor, &before));
    PASS(ov_tensor_set_shape(tensor, shape1(&two)));
    PASS(ov_tensor_data(tensor, &after));
    assert_ptr_equal(before, after);
    assert_true(element(tensor, 1) == 2);
    PASS(ov_tensor_set_shape(tensor, shape1(&hundred)));
    CHECK(ov_tensor_set_shape(tensor, shape1(&negative)), GENERAL_ERROR, "");
    BAD(ov_tensor_set_shape(tensor, headless));
    BAD(ov_tensor_set_shape(NULL, shape1(&two)));
    ov_tensor_free(tensor);
}

/* As C++ programs see the elements. */
struct cpp_string {
    const char *text;
    size_t length;
    char small[16];
};

static void test_strings(void **state)
{
    const char *texts[] = {"short", "a string that is longer than the inner buffer", ""};
    const char *with_null[] = {"a", NULL};
    int64_t three = 3, two = 2, zero = 0;
    const struct cpp_string *s;
    ov_tensor_t *tensor = NULL, *numbers = new_f32(2, 1, 3, 0);
    void *data;

    (void)state;
    PASS(ov_tensor_create_from_string_array(texts, 2, shape1(&three), &tensor));
    PASS(ov_tensor_data(tensor, &data));
    s = data;
    assert_string_equal(s[0].text, "short");
    assert_ptr_equal(s[0].text, s[0].small);
    assert_string_equal(s[1].text, texts[1]);
    assert_int_equal(s[1].length, strlen(texts[1]));
    assert_int_equal(s[2].length, 0);
    texts[0] = texts[1];
    PASS(ov_tensor_set_string_data(tensor, texts, 3));
    assert_string_equal(s[0].text, texts[1]);
    BAD(ov_tensor_set_string_data(tensor, texts, 2));
    BAD(ov_tensor_set_string_data(numbers, texts, 3));
    BAD(ov_tensor_set_string_data(tensor, NULL, 3));
    ov_tensor_free(tensor);
    tensor = NULL;
    BAD(ov_tensor_create_from_string_array(texts, 3, shape1(&two), &tensor));
    BAD(ov_tensor_create_from_string_array(NULL, 0, shape1(&two), &tensor));
    BAD(ov_tensor_create_from_string_array(with_null, 2, shape1(&two), &tensor));
    assert_null(tensor);
    PASS(ov_tensor_create_from_string_array(texts, 0, shape1(&zero), &tensor));
    ov_tensor_free(tensor);
    ov_tensor_free(numbers);
}

static void test_null(void **state)
{
    ov_tensor_t *tensor = new_f32(2, 1, 1, 0);
    ov_element_type_e type;
    ov_shape_t shape;
    size_t n, params;
    void *data;
    char *text = NULL;

    (void)state;
    BAD(ov_tensor_get_shape(NULL, &shape));
    BAD(ov_tensor_get_shape(tensor, NULL));
    BAD(ov_tensor_get_element_type(NULL, &type));
    BAD(ov_tensor_get_element_type(tensor, NULL));
    BAD(ov_tensor_get_size(NULL, &n));
    BAD(ov_tensor_get_byte_size(tensor, NULL));
    BAD(ov_tensor_data(NULL, &data));
    BAD(ov_tensor_data(tensor, NULL));
    BAD(ov_remote_tensor_get_params(tensor, &params, &text));
    BAD(ov_remote_tensor_get_device_name(tensor, &text));
    ov_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),     cmocka_unit_test(test_shapes),  cmocka_unit_test(test_host),
        cmocka_unit_test(test_set_shape), cmocka_unit_test(test_strings), cmocka_unit_test(test_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
