#include "pass_test.h"

static struct vt_port batch_norm(struct pass_test *t, struct vt_port x, const char *channels)
{
    struct vt_port in[5] = {x};
    struct vt_node *node;

    for (int i = 1; i < 5; i++) {
        in[i] = pt_random_const(t, "f32", channels);
    }
    for (int64_t i = 0; i < vt_tensor_count(&in[4].node->constant); i++) {
        struct vt_tensor *v = &in[4].node->constant;

        vt_set_f64(v, i, fabs(vt_get_f64(v, i)) + 0.1); /* a variance */
    }
    node = pt_node(t, "BatchNormInference", 5, 5, in);
    pt_attr(t, node, "epsilon", "1e-5");
    return pt_port(t, node);
}

/* conv + bn + relu + conv + bias + residual + relu, as in ResNet. */
static void test_resnet(void **state)
{
    struct pass_test t;
    struct vt_port x, y, shortcut;
    struct vt_node *last;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "2,3,5,5");
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,3,3,3"), "1,1");
    y = pt_unary(&t, "Relu", batch_norm(&t, y, "4"));
    y = pt_conv(&t, "Convolution", y, pt_random_const(&t, "f32", "4,4,1,1"), "0,0");
    y = pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "1,4,1,1"));
    shortcut = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,3,1,1"), "0,0");
    shortcut = batch_norm(&t, shortcut, "4");
    pt_result(&t, pt_unary(&t, "Relu", pt_binary(&t, "Add", y, shortcut)));
    pt_check(&t, "fuse_conv", 1e-5);
    assert_int_equal(pt_count(&t, "FusedConvolution"), 3);
    assert_int_equal(pt_count(&t, "Convolution"), 0);
    assert_int_equal(pt_count(&t, "Add"), 0);
    assert_int_equal(pt_count(&t, "Relu"), 0);
    last = t.graph->results[0]->in[0].node;
    assert_true(vt_node_is(last, "FusedConvolution"));
    PT_STEPS(last, VT_POST_ADD, VT_POST_RELU);
    assert_true(vt_node_is(last->in[4].node, "FusedConvolution"));
    assert_non_null(last->fused_names);
    pt_end(&t);
}

static void test_groups(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *fused;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,4,?,?", "1,4,5,6");
    y = pt_conv(&t, "GroupConvolution", x, pt_random_const(&t, "f32", "2,3,2,3,3"), "1,1");
    y = pt_binary(&t, "Multiply", y, pt_random_const(&t, "f32", "6,1,1"));
    y = pt_binary(&t, "Subtract", y, pt_random_const(&t, "f32", "1,6,1,1"));
    y = pt_binary(&t, "Subtract", pt_f32(&t, 1), y);
    y = pt_binary(&t, "Divide", y, pt_f32(&t, 3));
    pt_result(&t, pt_clamp(&t, y, "0", "6"));
    pt_check(&t, "fuse_conv", 1e-5);
    fused = pt_find(&t, "FusedConvolution");
    assert_true(vt_attr_bool(fused, "grouped"));
    assert_int_equal(vt_node_in(fused, 2)->shape.dims[0].min, 6);
    assert_int_equal(vt_node_in(fused, 3)->shape.dims[0].min, 6);
    PT_STEPS(fused, VT_POST_CLAMP);
    assert_int_equal(pt_count(&t, "Multiply") + pt_count(&t, "Subtract") + pt_count(&t, "Divide"), 0);
    pt_end(&t);
}

static void test_transposed(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *node;

    (void)state;
    pt_begin(&t);
    x = pt_param(&t, "f32", "1,3,4,4");
    node = pt_node(&t, "ConvolutionBackpropData", 1, 3,
                   (struct vt_port[]){x, pt_random_const(&t, "f32", "3,2,2,2"), PT_I64S(&t, 8, 8)});
    pt_attr(&t, node, "strides", "2,2");
    pt_attr(&t, node, "dilations", "1,1");
    pt_attr(&t, node, "pads_begin", "0,0");
    pt_attr(&t, node, "pads_end", "0,0");
    y = pt_binary(&t, "Add", pt_port(&t, node), pt_random_const(&t, "f32", "1,2,1,1"));
    pt_result(&t, pt_unary(&t, "Sigmoid", y));
    pt_check(&t, "fuse_conv", 1e-5);
    node = pt_find(&t, "FusedConvolutionBackpropData");
    PT_STEPS(node, VT_POST_SIGMOID);
    pt_end(&t);
}

/* Two readers, a residual that is wider or may be wider, a bias along the wrong axis: nothing is taken in. */
static void test_refusals(void **state)
{
    struct pass_test t;
    struct vt_port x, y;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,4,?,4", "1,4,4,4");
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,4,3,3"), "1,1");
    pt_result(&t, pt_binary(&t, "Multiply", y, pt_unary(&t, "Sigmoid", y)));
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,4,3,3"), "1,1");
    pt_result(&t, pt_binary(&t, "Add", y, x)); /* open dimensions: not known to be equal */
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,4,3,3"), "1,1");
    pt_result(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "4"))); /* along the width */
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,4,3,3"), "1,1");
    pt_result(&t, pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "2,1,1,1,1")));
    pt_check(&t, "fuse_conv", 1e-5);
    assert_int_equal(pt_count(&t, "FusedConvolution"), 0);
    assert_int_equal(pt_count(&t, "Add"), 3);
    pt_end(&t);
}

/* A dynamic model: bias first; once the shapes are known the residual follows. */
static void test_second_round(void **state)
{
    struct pass_test t;
    struct vt_port x, y;
    struct vt_node *fused;

    (void)state;
    pt_begin(&t);
    x = pt_param_as(&t, "f32", "?,4,?,?", "1,4,4,4");
    y = pt_conv(&t, "Convolution", x, pt_random_const(&t, "f32", "4,4,3,3"), "1,1");
    y = pt_binary(&t, "Add", y, pt_random_const(&t, "f32", "1,4,1,1"));
    pt_result(&t, pt_unary(&t, "Relu", pt_binary(&t, "Add", y, x)));
    pt_check(&t, "fuse_conv", 1e-5);
    assert_int_equal(pt_count(&t, "Add"), 1);
    pt_attr(&t, x.node, "shape", "1,4,4,4");
    pt_check(&t, "fuse_conv", 1e-5);
    assert_int_equal(pt_count(&t, "Add"), 0);
    fused = pt_find(&t, "FusedConvolution");
    PT_STEPS(fused, VT_POST_ADD, VT_POST_RELU);
    assert_false(fused->in[2].node != NULL);
    assert_true(fused->in[3].node != NULL);
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resnet),       cmocka_unit_test(test_groups),
        cmocka_unit_test(test_transposed),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_second_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
