#include "pass_test.h"

static void test_merges(void **state)
{
    struct pass_test t;
    struct vt_port x, a, b;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    a = pt_binary(&t, "Add", pt_unary(&t, "Exp", x), pt_f32(&t, 2));
    b = pt_binary(&t, "Add", pt_unary(&t, "Exp", x), pt_f32(&t, 2));
    pt_result(&t, pt_binary(&t, "Multiply", a, b));
    pt_check(&t, "cse", 0);
    assert_int_equal(pt_count(&t, "Exp"), 1);
    assert_int_equal(pt_count(&t, "Add"), 1);
    assert_int_equal(pt_count(&t, "Constant"), 1);
    assert_non_null(pt_find(&t, "Exp")->fused_names);
    pt_end(&t);
}

static void test_differences_stay(void **state)
{
    struct pass_test t;
    struct vt_port x, a, b;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    a = pt_clamp(&t, x, "0", "1");
    b = pt_clamp(&t, x, "0", "2");
    pt_result(&t, pt_binary(&t, "Subtract", a, b));
    pt_result(&t, pt_binary(&t, "Subtract", b, a));
    pt_result(&t, pt_binary(&t, "Add", x, pt_f32(&t, 1)));
    pt_result(&t, pt_binary(&t, "Add", x, pt_const(&t, "f32", "1", PT_VALUES(1)))); /* another rank */
    pt_check(&t, "cse", 0);
    assert_int_equal(pt_count(&t, "Clamp"), 2);
    assert_int_equal(pt_count(&t, "Subtract"), 2);
    assert_int_equal(pt_count(&t, "Add"), 2);
    pt_end(&t);
}

static void test_parameters_stay(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3");
    y = pt_param(&t, "f32", "2,3");
    pt_result(&t, pt_unary(&t, "Exp", x));
    pt_result(&t, pt_unary(&t, "Exp", x));
    pt_result(&t, pt_unary(&t, "Exp", y));
    pt_check(&t, "cse", 0);
    assert_int_equal(t.graph->n_params, 2);
    assert_int_equal(t.graph->n_results, 3);
    assert_int_equal(pt_count(&t, "Exp"), 2);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_differences_stay),
        cmocka_unit_test(test_parameters_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
