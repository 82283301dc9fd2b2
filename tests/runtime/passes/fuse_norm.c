#include "pass_test.h"

static struct vt_port mean(struct pass_test *t, struct vt_port x, struct vt_port axes, const char *keep)
{
    struct vt_node *node = pt_node(t, "ReduceMean", 1, 2, (struct vt_port[]){x, axes});

    pt_attr(t, node, "keep_dims", keep);
    return pt_port(t, node);
}

static struct vt_port mvn(struct pass_test *t, struct vt_port x, struct vt_port axes, const char *mode)
{
    struct vt_node *node = pt_node(t, "MVN", 6, 2, (struct vt_port[]){x, axes});

    pt_attr(t, node, "normalize_variance", "true");
    pt_attr(t, node, "eps", "1e-3");
    pt_attr(t, node, "eps_mode", mode);
    return pt_port(t, node);
}

/* Only a LayerNorm with these many inputs is left. */
static struct vt_node *expect_one(struct pass_test *t, struct vt_port out, int n_in)
{
    struct vt_node *node;

    pt_result(t, out);
    pt_check(t, "fuse_norm", 1e-5);
    node = pt_find(t, "LayerNorm");
    assert_int_equal(node->n_in, n_in);
    assert_int_equal(t->graph->n_nodes - pt_count(t, "Constant"), 3);
    assert_non_null(node->fused_names);
    return node;
}

static void test_mvn(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *node;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,?,6", "2,3,6");
    y = mvn(&t, x, PT_I64S(&t, -1), "INSIDE_SQRT");
    y = pt_binary(&t, "Multiply", y, pt_convert(&t, pt_random_const(&t, "f16", "6"), "f32"));
    y = pt_binary(&t, "Add", pt_random_const(&t, "f32", "1,1,6"), y);
    node = expect_one(&t, y, 3);
    assert_int_equal(vt_attr_i64(node, "axes_count"), 1);
    assert_false(vt_attr_bool(node, "rms"));
    pt_end(&t);

    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3,6");
    y = mvn(&t, x, PT_I64S(&t, 2, 1), "OUTSIDE_SQRT");
    y = pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "3,1"));
    node = expect_one(&t, y, 3);
    assert_null(node->in[1].node);
    assert_int_equal(vt_attr_i64(node, "axes_count"), 2);
    assert_true(vt_attr_is(node, "eps_mode", "outside_sqrt"));
    pt_end(&t);
}

static void test_explicit(void **state)
{
    struct pass_test t;
    struct vt_port x, d, y;
    struct vt_node *node;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,?,6", "2,3,6");
    d = pt_binary(&t, "Subtract", x, mean(&t, x, PT_I64S(&t, -1), "true"));
    y = mean(&t, pt_binary(&t, "Power", d, pt_f32(&t, 2)), PT_I64S(&t, 2), "true");
    y = pt_unary(&t, "Sqrt", pt_binary(&t, "Add", y, pt_f32(&t, 1e-3)));
    y = pt_binary(&t, "Divide", d, y);
    y = pt_binary(&t, "Multiply", y, pt_random_const(&t, "f32", "6"));
    node = expect_one(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "6")), 3);
    assert_false(vt_attr_bool(node, "rms"));
    pt_end(&t);

    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,?,6", "2,3,6");
    y = mean(&t, x, PT_I64S(&t, -1), "true");
    d = pt_binary(&t, "Subtract", x, y);
    y = mean(&t, pt_binary(&t, "SquaredDifference", x, y), PT_I64S(&t, -1), "true");
    y = pt_binary(&t, "Add", pt_unary(&t, "Sqrt", y), pt_f32(&t, 1e-2));
    node = expect_one(&t, pt_binary(&t, "Divide", d, y), 1);
    assert_true(vt_attr_is(node, "eps_mode", "outside_sqrt"));
    pt_end(&t);
}

static void test_rms(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *node;

    (void)state;
    for (int form = 0; form < 3; form++) {
        pt_begin(&t);
        x = pt_param_as(&t, "f32", "?,?,6", "2,3,6");
        y = form ? pt_binary(&t, "Power", x, pt_f32(&t, 2)) : pt_binary(&t, "Multiply", x, x);
        y = pt_binary(&t, "Add", mean(&t, y, PT_I64S(&t, -1), "true"), pt_f32(&t, 1e-3));
        if (form == 0) {
            y = pt_binary(&t, "Multiply", x, pt_binary(&t, "Power", y, pt_f32(&t, -0.5)));
        } else if (form == 1) {
            y = pt_binary(&t, "Multiply", pt_binary(&t, "Divide", pt_f32(&t, 1), pt_unary(&t, "Sqrt", y)), x);
        } else {
            y = pt_binary(&t, "Divide", x, pt_unary(&t, "Sqrt", y));
        }
        node = expect_one(&t, pt_binary(&t, "Multiply", pt_random_const(&t, "f32", "1,1,6"), y), 2);
        assert_true(vt_attr_bool(node, "rms"));
        pt_end(&t);
    }
}

static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y, z;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,?,6,?", "2,3,6,4");
    pt_result(&t, mvn(&t, x, PT_I64S(&t, -1), "INSIDE_SQRT")); /* nothing to take in */
    y = mvn(&t, x, PT_I64S(&t, 1), "INSIDE_SQRT");             /* not the last axis */
    pt_result(&t, pt_binary(&t, "Multiply", y, pt_f32(&t, 2)));
    y = mvn(&t, x, PT_I64S(&t, -1), "INSIDE_SQRT"); /* an open dimension */
    pt_result(&t, pt_binary(&t, "Multiply", y, pt_random_const(&t, "f32", "4")));
    y = mvn(&t, x, PT_I64S(&t, -1), "INSIDE_SQRT"); /* along another axis */
    pt_result(&t, pt_binary(&t, "Multiply", y, pt_random_const(&t, "f32", "6,1")));
    z = pt_binary(&t, "Power", x, pt_f32(&t, 2)); /* over different axes */
    z = pt_binary(&t, "Add", mean(&t, z, PT_I64S(&t, 1), "true"), pt_f32(&t, 1e-3));
    pt_result(&t, pt_binary(&t, "Divide", x, pt_unary(&t, "Sqrt", z)));
    z = pt_binary(&t, "Power", pt_unary(&t, "Abs", x), pt_f32(&t, 2)); /* the square of something else */
    z = pt_binary(&t, "Add", mean(&t, z, PT_I64S(&t, -1), "true"), pt_f32(&t, 1e-3));
    pt_result(&t, pt_binary(&t, "Divide", x, pt_unary(&t, "Sqrt", z)));
    pt_check(&t, "fuse_norm", 0);
    assert_int_equal(pt_count(&t, "LayerNorm"), 0);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mvn),
        cmocka_unit_test(test_explicit),
        cmocka_unit_test(test_rms),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
