/* Shapes, partial shapes, dimensions and layouts: tables of what is taken and how it reads. */
#include "capi_test.h"

static void test_shape(void **state)
{
    int64_t dims[] = {2, 0, 4}, bad[] = {2, -1};
    ov_shape_t shape = {0};

    (void)state;
    PASS(ov_shape_create(3, dims, &shape));
    assert_int_equal(shape.rank, 3);
    assert_memory_equal(shape.dims, dims, sizeof(dims));
    assert_ptr_not_equal(shape.dims, dims);
    PASS(ov_shape_free(&shape));
    assert_int_equal(shape.rank, 0);
    assert_null(shape.dims);
    PASS(ov_shape_free(&shape));
    BAD(ov_shape_free(NULL));
    BAD(ov_shape_create(0, dims, &shape));
    BAD(ov_shape_create(-1, dims, &shape));
    BAD(ov_shape_create(2, bad, &shape));
    BAD(ov_shape_create(2, NULL, &shape));
    BAD(ov_shape_create(2, dims, NULL));
}

static void test_dynamic(void **state)
{
    static const struct {
        ov_dimension_t dim;
        bool dynamic;
    } rows[] = {
        {{1, 1}, false}, {{0, 0}, true},   {{-1, -1}, true}, {{1, 5}, true},
        {{5, 1}, true},  {{-5, -5}, true}, {{0, -1}, true},  {{INT64_MAX, INT64_MAX}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ov_dimension_is_dynamic(rows[i].dim), rows[i].dynamic);
        assert_int_equal(ov_rank_is_dynamic(rows[i].dim), rows[i].dynamic);
    }
}

static void test_partial_shape(void **state)
{
    static const struct {
        ov_dimension_t dim;
        const char *text; /* NULL: refused */
    } rows[] = {
        {{1, 1}, "{1,1}"},
        {{0, 0}, "{1,0}"},
        {{-1, -1}, "{1,?}"},
        {{1, 5}, "{1,1..5}"},
        {{-1, 5}, "{1,..5}"},
        {{0, 5}, "{1,..5}"},
        {{20, 30}, "{1,20..30}"},
        {{1, INT64_MAX}, "{1,1..}"},
        {{0, INT64_MAX}, "{1,?}"},
        {{0, -1}, NULL},
        {{1, -1}, NULL},
        {{2, -1}, NULL},
        {{5, 1}, NULL},
        {{-5, -5}, NULL},
        {{-2, 3}, NULL},
    };
    ov_partial_shape_t p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ov_dimension_t dims[] = {{1, 1}, rows[i].dim};
        ov_rank_t rank = {2, 2};

        if (!rows[i].text) {
            BAD(ov_partial_shape_create(2, dims, &p));
            BAD(ov_partial_shape_create_dynamic(rank, dims, &p));
            continue;
        }
        PASS(ov_partial_shape_create(2, dims, &p));
        assert_memory_equal(p.dims, dims, sizeof(dims));
        assert_text(ov_partial_shape_to_string(p), rows[i].text);
        assert_int_equal(ov_partial_shape_is_dynamic(p), ov_dimension_is_dynamic(rows[i].dim));
        ov_partial_shape_free(&p);
        assert_null(p.dims);
        PASS(ov_partial_shape_create_dynamic(rank, dims, &p));
        assert_text(ov_partial_shape_to_string(p), rows[i].text);
        ov_partial_shape_free(&p);
    }
}

static void test_partial_shape_ranks(void **state)
{
    static const ov_rank_t good[] = {{0, 0}, {-1, -1}, {1, 3}, {0, INT64_MAX}};
    static const ov_rank_t bad[] = {{1, 1}, {0, -1}, {2, -1}, {5, 1}, {-5, -5}, {-2, 3}};
    ov_dimension_t dims[] = {{1, 1}};
    int64_t fixed[] = {2, 3}, zero[] = {0, 2};
    ov_partial_shape_t p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        PASS(ov_partial_shape_create_dynamic(good[i], dims, &p));
        assert_null(p.dims);
        assert_text(ov_partial_shape_to_string(p), "?");
        assert_true(ov_partial_shape_is_dynamic(p));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        BAD(ov_partial_shape_create_dynamic(bad[i], NULL, &p));
    }
    BAD(ov_partial_shape_create(0, dims, &p));
    BAD(ov_partial_shape_create(-1, dims, &p));
    BAD(ov_partial_shape_create(1, NULL, &p));
    BAD(ov_partial_shape_create(1, dims, NULL));
    PASS(ov_partial_shape_create_static(2, fixed, &p));
    assert_text(ov_partial_shape_to_string(p), "{2,3}");
    ov_partial_shape_free(&p);
    PASS(ov_partial_shape_create_static(0, fixed, &p));
    ov_partial_shape_free(&p);
    BAD(ov_partial_shape_create_static(2, zero, &p));
    BAD(ov_partial_shape_create_static(2, NULL, &p));
    BAD(ov_partial_shape_create_static(-1, fixed, &p));
}

static void test_partial_shape_and_shape(void **state)
{
    int64_t dims[] = {2, 3};
    ov_dimension_t interval[] = {{1, 1}, {1, 5}}, zero[] = {{1, 1}, {0, 0}};
    ov_shape_t shape = {2, dims}, back = {0}, scalar = {0, dims}, headless = {2, NULL};
    ov_partial_shape_t p = {0}, broken = {{3, 3}, NULL};

    (void)state;
    PASS(ov_shape_to_partial_shape(shape, &p));
    PASS(ov_partial_shape_to_shape(p, &back));
    assert_int_equal(back.rank, 2);
    assert_memory_equal(back.dims, dims, sizeof(dims));
    PASS(ov_shape_free(&back));
    BAD(ov_partial_shape_to_shape(p, NULL));
    ov_partial_shape_free(&p);
    BAD(ov_shape_to_partial_shape(scalar, &p));
    BAD(ov_shape_to_partial_shape(headless, &p));
    BAD(ov_shape_to_partial_shape(shape, NULL));

    p = (ov_partial_shape_t){{2, 2}, interval};
    CHECK(ov_partial_shape_to_shape(p, &back), PARAMETER_MISMATCH, NULL);
    p.dims = zero;
    CHECK(ov_partial_shape_to_shape(p, &back), PARAMETER_MISMATCH, NULL);
    p.rank = (ov_rank_t){0, 0};
    CHECK(ov_partial_shape_to_shape(p, &back), PARAMETER_MISMATCH, NULL);
    BAD(ov_partial_shape_to_shape(broken, &back));
    assert_text(ov_partial_shape_to_string(broken), "?");
    assert_true(ov_partial_shape_is_dynamic(broken));
    assert_null(back.dims);
}

static void test_layout(void **state)
{
    static const char *const rows[][2] = {
        {"NCHW", "[N,C,H,W]"},
        {"nchw", "[N,C,H,W]"},
        {"[N,C,H,W]", "[N,C,H,W]"},
        {"[n,c]", "[N,C]"},
        {"N...C", "[N,...,C]"},
        {"...", "[...]"},
        {"[...]", "[...]"},
        {"", "[...]"},
        {"?", "[?]"},
        {"N?HW", "[N,?,H,W]"},
        {"N??", "[N,?,?]"},
        {"[height,width]", "[H,W]"},
        {"[BATCH]", "[N]"},
        {"[channel]", "[C]"},
        {"[channels,depth]", "[C,D]"},
        {"[batch_size,C]", "[BATCH_SIZE,C]"},
        {"[n,time]", "[N,TIME]"},
        {"[ N , C ]", "[N,C]"},
        {" NCHW", "[N,C,H,W]"},
        {"nhwc ", "[N,H,W,C]"},
        {"1", "[1]"},
        {"[a1]", "[A1]"},
        {"**SCALAR**", "**SCALAR**"},
    };
    static const char *const bad[] = {"[]",     "NN",     "[N,N]",   "SCALAR",   "N C",      "N-C",
                                      "[N-C]",  "N..C",   "N....C",  "N...C...", "[N",       "N]",
                                      "[N,,C]", "[N,C,]", "N\u00c4", "[",        "[batch,N]"};
    ov_layout_t *layout = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        PASS(ov_layout_create(rows[i][0], &layout));
        assert_text(ov_layout_to_string(layout), rows[i][1]);
        ov_layout_free(layout);
    }
    layout = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(ov_layout_create(bad[i], &layout), GENERAL_ERROR, bad[i]);
        assert_null(layout);
    }
    BAD(ov_layout_create(NULL, &layout));
    BAD(ov_layout_create("N", NULL));
    assert_text(ov_layout_to_string(NULL), "Error: null layout!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_dynamic),
        cmocka_unit_test(test_partial_shape),
        cmocka_unit_test(test_partial_shape_ranks),
        cmocka_unit_test(test_partial_shape_and_shape),
        cmocka_unit_test(test_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
