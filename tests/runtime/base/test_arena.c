#include "arena.h"
#include "unit.h"
#include "vt/checked.h"
#include "vt/status.h"

#include <string.h>

static void test_many_sizes(void **state)
{
    struct vt_arena arena = {0};
    unsigned char *pieces[600];
    size_t sizes[600];

    (void)state;
    for (size_t i = 0; i < 600; i++) {
        sizes[i] = i % 50 == 49 ? 40000 + i : i * 7 % 300;
        pieces[i] = vt_arena_alloc(&arena, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(pieces[i][k], 0);
        }
        memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
    }
    /* No piece overlaps another: each still has what was written. */
    for (size_t i = 0; i < 600; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(pieces[i][k], i % 251 + 1);
        }
    }
    vt_arena_finish(&arena);
    assert_int_equal(arena.bytes, 0);
    assert_non_null(vt_arena_alloc(&arena, 1));
    vt_arena_finish(&arena);
}

static void test_helpers_and_overflow(void **state)
{
    struct vt_arena arena = {0};
    char *text;

    (void)state;
    text = vt_arena_printf(&arena, "%s:%d", "node", 12);
    assert_string_equal(text, "node:12");
    assert_string_equal(vt_arena_strdup(&arena, "abc"), "abc");
    assert_null(vt_arena_strdup(&arena, NULL));
    assert_memory_equal(vt_arena_copy(&arena, "xyz", 4), "xyz", 4);
    assert_non_null(vt_arena_copy(&arena, NULL, 0));
    assert_non_null(vt_arena_array(&arena, 3, 8));
    assert_null(vt_arena_array(&arena, SIZE_MAX / 4, 8));
    assert_null(vt_arena_alloc(&arena, SIZE_MAX));
    assert_null(vt_arena_alloc(&arena, SIZE_MAX - 40));
    assert_string_equal(text, "node:12");
    vt_arena_finish(&arena);
}

static void test_checked(void **state)
{
    size_t n;
    int64_t i;

    (void)state;
    assert_true(vt_add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
    assert_false(vt_add_size(SIZE_MAX, 1, &n));
    assert_true(vt_mul_size(SIZE_MAX / 2, 2, &n) && n == SIZE_MAX - 1);
    assert_false(vt_mul_size(SIZE_MAX / 2 + 1, 2, &n));
    assert_false(vt_add_i64(INT64_MAX, 1, &i) || vt_add_i64(INT64_MIN, -1, &i));
    assert_false(vt_mul_i64(INT64_MIN, -1, &i));
    assert_true(vt_mul_i64(INT64_MIN, 1, &i) && i == INT64_MIN);
    assert_true(vt_range_fits(10, 0, 10) && vt_range_fits(0, 10, 10));
    assert_false(vt_range_fits(11, 0, 10) || vt_range_fits(5, 6, 10) ||
                 vt_range_fits(UINT64_MAX, 2, UINT64_MAX));
}

static void test_error_text(void **state)
{
    struct vt_error err = {0};
    char longer[2 * VT_ERROR_TEXT];

    (void)state;
    assert_int_equal(vt_context(&err, "nothing: "), 0);
    assert_int_equal(vt_fail(&err, VT_E_SHAPE, "rank %d", 3), VT_E_SHAPE);
    assert_int_equal(vt_fail(&err, VT_E_TYPE, "later"), VT_E_TYPE);
    assert_string_equal(err.text, "rank 3"); /* the innermost cause wins */
    assert_int_equal(vt_context(&err, "node '%s': ", "a"), VT_E_SHAPE);
    assert_string_equal(err.text, "node 'a': rank 3");
    assert_int_equal(vt_fail(NULL, VT_E_IO, "unseen"), VT_E_IO);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    vt_error_clear(&err);
    vt_fail(&err, VT_E_IO, "%s", longer);
    vt_context(&err, "in front: ");
    assert_int_equal(strlen(err.text), VT_ERROR_TEXT - 1);
    assert_memory_equal(err.text, "in front: xxx", 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_sizes),
        cmocka_unit_test(test_helpers_and_overflow),
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_error_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
