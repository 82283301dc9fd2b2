/* Regions of tensors, and plugins that an application adds or closes. */
#include "capi_test.h"

#include "vintner.h"

static ov_tensor_t *region(const ov_tensor_t *of, int64_t top, int64_t left, int64_t bottom, int64_t right)
{
    ov_tensor_t *roi = NULL;

    PASS(vt_tensor_create_roi(of, 2, (int64_t[]){top, left}, (int64_t[]){bottom, right}, &roi));
    return roi;
}

static float *floats(const ov_tensor_t *tensor)
{
    void *data = NULL;

    PASS(ov_tensor_data(tensor, &data));
    return data;
}

/* Element [row][column] of the 6 x 8 parent is 8 * row + column. */
static void test_view(void **state)
{
    ov_tensor_t *parent = new_f32(2, 6, 8, 0), *roi = region(parent, 1, 2, 5, 6), *inner, *rows;
    int64_t strides[2];
    ov_shape_t shape = {0};
    size_t bytes;

    (void)state;
    assert_true(floats(roi)[0] == 10);
    PASS(ov_tensor_get_shape(roi, &shape));
    assert_int_equal(shape.dims[0], 4);
    assert_int_equal(shape.dims[1], 4);
    ov_shape_free(&shape);
    PASS(ov_tensor_get_byte_size(roi, &bytes));
    assert_int_equal(bytes, 64);
    PASS(vt_tensor_get_strides(roi, 2, strides));
    assert_int_equal(strides[0], 32);
    assert_int_equal(strides[1], 4);
    inner = region(roi, 1, 1, 3, 4);
    assert_ptr_equal(floats(inner), floats(parent) + 2 * 8 + 3);
    PASS(vt_tensor_get_strides(inner, 2, strides));
    assert_int_equal(strides[0], 32);
    rows = region(parent, 2, 0, 4, 8);
    assert_ptr_equal(floats(rows), floats(parent) + 16);
    CHECK(ov_tensor_set_shape(roi, (ov_shape_t){2, (int64_t[]){2, 2}}), GENERAL_ERROR, "region");
    CHECK(ov_tensor_set_shape(parent, (ov_shape_t){2, (int64_t[]){60, 80}}), REQUEST_BUSY, "region");
    ov_tensor_free(parent);
    ov_tensor_free(roi);
    assert_true(floats(inner)[0] == 19);
    assert_true(floats(rows)[15] == 31);
    ov_tensor_free(inner);
    ov_tensor_free(rows);
}

static void test_bounds(void **state)
{
    ov_tensor_t *parent = new_f32(2, 6, 8, 0), *roi = NULL, *small = NULL, *texts = NULL;
    const char *text = "word";
    int64_t zero[2] = {0, 0}, all[2] = {6, 8}, wide[2] = {6, 9}, strides[2];

    (void)state;
    CHECK(vt_tensor_create_roi(parent, 2, zero, wide, &roi), GENERAL_ERROR, "0 to 9 along axis 1");
    CHECK(vt_tensor_create_roi(parent, 2, zero, zero, &roi), GENERAL_ERROR, "0 to 0 along axis 0");
    CHECK(vt_tensor_create_roi(parent, 2, (int64_t[]){-1, 0}, all, &roi), GENERAL_ERROR, "-1 to 6");
    BAD(vt_tensor_create_roi(parent, 3, zero, all, &roi));
    BAD(vt_tensor_create_roi(NULL, 2, zero, all, &roi));
    BAD(vt_tensor_create_roi(parent, 2, NULL, all, &roi));
    BAD(vt_tensor_create_roi(parent, 2, zero, NULL, &roi));
    BAD(vt_tensor_create_roi(parent, 2, zero, all, NULL));
    BAD(vt_tensor_get_strides(parent, 1, strides));
    BAD(vt_tensor_get_strides(parent, 2, NULL));
    PASS(ov_tensor_create(U4, (ov_shape_t){2, all}, &small));
    CHECK(vt_tensor_create_roi(small, 2, zero, all, &roi), NOT_IMPLEMENTED, "u4");
    PASS(ov_tensor_create_from_string_array(&text, 1, (ov_shape_t){1, (int64_t[]){1}}, &texts));
    CHECK(vt_tensor_create_roi(texts, 1, zero, (int64_t[]){1}, &roi), NOT_IMPLEMENTED, "strings");
    assert_null(roi);
    ov_tensor_free(small);
    ov_tensor_free(texts);
    ov_tensor_free(parent);
}

/* out region = ReLU(in region): only the elements of the region are read and written. */
static void in_and_out(ov_core_t *core, const char *device)
{
    ov_infer_request_t *r = new_request(core, MODEL_ONE("4,4"), device);
    ov_tensor_t *src = new_f32(2, 6, 8, -20), *dst = new_f32(2, 6, 8, 1000), *big = region(src, 0, 0, 5, 7);
    ov_tensor_t *in = region(big, 1, 2, 5, 6), *out = region(dst, 2, 3, 6, 7), *plain = NULL;

    PASS(ov_infer_request_set_input_tensor(r, in));
    PASS(ov_infer_request_infer(r));
    PASS(ov_infer_request_get_output_tensor(r, &plain));
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
            float x = (float)(8 * (row + 1) + column + 2 - 20);

            assert_true(floats(plain)[4 * row + column] == (x > 0 ? x : 0));
        }
    }
    floats(src)[8 * 4 + 5] = 77; /* what changes between two inferences is seen */
    PASS(ov_infer_request_set_output_tensor(r, out));
    PASS(ov_infer_request_infer(r));
    assert_true(floats(dst)[8 * 5 + 6] == 77);
    assert_true(floats(dst)[8 * 5 + 5] == 4 * 8 + 4 - 20);
    assert_true(floats(dst)[8 * 5 + 7] == 1000 + 8 * 5 + 7);
    assert_true(floats(dst)[8 * 5 + 2] == 1000 + 8 * 5 + 2);
    assert_true(floats(dst)[8 + 6] == 1000 + 8 + 6);
    /* In place, over itself; then dense tensors again. */
    PASS(ov_infer_request_set_output_tensor(r, in));
    PASS(ov_infer_request_infer(r));
    assert_true(floats(src)[8 * 1 + 2] == 0);
    assert_true(floats(src)[8 * 1 + 1] == 8 + 1 - 20);
    PASS(ov_infer_request_set_input_tensor(r, plain));
    PASS(ov_infer_request_infer(r));
    assert_true(floats(src)[8 * 4 + 5] == floats(plain)[15]);
    CHECK(ov_infer_request_set_input_tensor(r, big), GENERAL_ERROR, "[5,7]");
    ov_tensor_free(plain);
    ov_tensor_free(in);
    ov_tensor_free(out);
    ov_tensor_free(big);
    ov_tensor_free(src);
    ov_tensor_free(dst);
    ov_infer_request_free(r);
}

static void test_in_and_out(void **state)
{
    (void)state;
    on_each_device(in_and_out);
}

/* ---- plugins */

static ov_infer_request_t *request_on(ov_core_t *core, const char *device)
{
    return new_request(core, MODEL_ONE("1,2"), device);
}

static void test_register(void **state)
{
    ov_core_t *core = new_core();
    ov_infer_request_t *r;
    char *value = NULL;

    (void)state;
    BAD(vt_core_register_plugin(NULL, REFDEV, "MINE"));
    BAD(vt_core_register_plugin(core, NULL, "MINE"));
    BAD(vt_core_register_plugin(core, REFDEV, NULL));
    CHECK(vt_core_register_plugin(core, "nosuch.so", "MINE"), GENERAL_ERROR, "nosuch.so");
    CHECK(vt_core_register_plugin(core, REFDEV, "mine"), GENERAL_ERROR, "mine");
    CHECK(vt_core_register_plugin(core, REFDEV, "AUTO"), GENERAL_ERROR, "AUTO");
    PASS(vt_core_register_plugin(core, REFDEV, "MINE"));
    CHECK(vt_core_register_plugin(core, REFDEV, "MINE"), GENERAL_ERROR, "already");
    r = request_on(core, "MINE");
    PASS(ov_infer_request_infer(r));
    ov_infer_request_free(r);
    PASS(vt_core_register_plugin(core, DIGITS, "BROKEN"));
    CHECK(ov_core_get_property(core, "BROKEN", "NUM_STREAMS", &value), GENERAL_ERROR, "BROKEN");
    assert_null(value);
    r = request_on(core, "HETERO:MINE");
    PASS(ov_infer_request_infer(r));
    ov_infer_request_free(r);
    ov_core_free(core);
}

static void test_unload(void **state)
{
    ov_core_t *core;
    ov_infer_request_t *old, *fresh;
    char *value = NULL;

    (void)state;
    if (!has_device("REFDEV")) {
        skip();
    }
    core = new_core();
    BAD(vt_core_unload_plugin(NULL, "REFDEV"));
    BAD(vt_core_unload_plugin(core, NULL));
    CHECK(vt_core_unload_plugin(core, "NOSUCH"), GENERAL_ERROR, "NOSUCH");
    CHECK(vt_core_unload_plugin(core, "AUTO"), GENERAL_ERROR, "AUTO");
    CHECK(vt_core_unload_plugin(core, "REFDEV"), GENERAL_ERROR, "not open");
    old = request_on(core, "REFDEV");
    PASS(ov_core_set_property(core, "REFDEV", "NUM_STREAMS", "3"));
    PASS(vt_core_unload_plugin(core, "REFDEV"));
    CHECK(vt_core_unload_plugin(core, "REFDEV"), GENERAL_ERROR, "not open");
    PASS(ov_infer_request_infer(old)); /* what was made with it is valid */
    PASS(ov_core_get_property(core, "REFDEV", "NUM_STREAMS", &value));
    assert_text(value, "1");
    fresh = request_on(core, "REFDEV");
    PASS(ov_infer_request_infer(fresh));
    PASS(vt_core_unload_plugin(core, "REFDEV"));
    ov_core_free(core);
    PASS(ov_infer_request_infer(old));
    PASS(ov_infer_request_infer(fresh));
    ov_infer_request_free(old);
    ov_infer_request_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view),     cmocka_unit_test(test_bounds), cmocka_unit_test(test_in_and_out),
        cmocka_unit_test(test_register), cmocka_unit_test(test_unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
