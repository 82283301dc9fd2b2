#include "pass_test.h"

static struct vt_port batch_norm(struct pass_test *t, struct vt_port x, int opset, const char *type)
{
    struct vt_port gamma = pt_random_const(t, type, "3"), beta = pt_random_const(t, type, "3");
    struct vt_port mean = pt_random_const(t, type, "3"), variance;
    struct vt_node *node;

    t->low = 0.5;
    variance = pt_random_const(t, type, "3");
    t->low = -2;
    node = pt_node(t, "BatchNormInference", opset, 5,
                   opset < 5 ? (struct vt_port[]){gamma, beta, x, mean, variance}
                             : (struct vt_port[]){x, gamma, beta, mean, variance});
    pt_attr(t, node, "epsilon", "0.01");
    return pt_port(t, node);
}

static void test_split(void **state)
{
    (void)state;
    for (int opset = 1; opset <= 5; opset += 4) {
        static const char *const shapes[][2] = {{"2,3", "2,3"}, {"?,3,?,?", "2,3,4,5"}, {"?,?,?", "1,3,2"}};

        for (int i = 0; i < 3; i++) {
            struct pass_test t;

            pt_begin(&t);
            pt_result(&t, batch_norm(&t, pt_param_as(&t, "f32", shapes[i][0], shapes[i][1]), opset, "f32"));
            pt_check(&t, "split_batch_norm", 1e-5);
            assert_int_equal(pt_count(&t, "BatchNormInference"), 0);
            assert_int_equal(pt_count(&t, "Multiply"), 1);
            assert_int_equal(pt_count(&t, "Add"), 1);
            pt_end(&t);
        }
    }
}

/* A convolution behind takes the numbers in, and one in front leaves nothing but itself. */
static void test_with_convolution(void **state)
{
    struct pass_test t;
    struct vt_port x;

    (void)state;
    pt_begin(&t);
    x = pt_conv(&t, "Convolution", pt_param(&t, "f32", "1,2,5,5"), pt_random_const(&t, "f32", "3,2,3,3"),
                "0,0");
    pt_result(&t, batch_norm(&t, x, 5, "f32"));
    pt_check(&t, "split_batch_norm,fuse_conv", 1e-4);
    assert_int_equal(pt_count(&t, "FusedConvolution"), 1);
    assert_int_equal(pt_count(&t, "Multiply") + pt_count(&t, "Add"), 0);
    pt_end(&t);
}

static void test_kept(void **state)
{
    struct pass_test t;

    (void)state;
    pt_begin(&t);
    pt_result(&t, batch_norm(&t, pt_param(&t, "f64", "1,3,2"), 5, "f64"));
    pt_check(&t, "split_batch_norm", 0);
    assert_int_equal(pt_count(&t, "BatchNormInference"), 1);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_with_convolution),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
