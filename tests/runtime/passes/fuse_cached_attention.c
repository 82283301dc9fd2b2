#include "pass_test.h"

struct net {
    struct pass_test t;
    struct vt_port q, fresh[2], past[2], beams, mask;
};

/* A variable [?,3,?,4] that gets `fresh`; rows chosen by the beams. */
static struct vt_port remember(struct net *n, int side, const char *variable, const char *assigned)
{
    struct pass_test *t = &n->t;
    struct vt_port y = pt_const(t, "f32", "1,3,0,4", PT_VALUES(0));
    struct vt_node *node = pt_node(t, "ReadValue", 6, 1, &y);

    pt_attr(t, node, "variable_id", variable);
    pt_attr(t, node, "variable_type", "f32");
    pt_attr(t, node, "variable_shape", "?,3,?,4");
    y = pt_port(t, node);
    if (n->beams.node) {
        y = pt_port(t, pt_node(t, "Gather", 8, 3, (struct vt_port[]){y, n->beams, PT_I64S(t, 0)}));
    }
    n->past[side] = y;
    node = pt_node(t, "Concat", 1, 2, (struct vt_port[]){y, n->fresh[side]});
    pt_attr(t, node, "axis", "-2");
    y = pt_port(t, node);
    node = pt_node(t, "Assign", 6, 1, &y);
    pt_attr(t, node, "variable_id", assigned);
    pt_port(t, node);
    return y;
}

/* The Broadcast's target says `length` of the axis that grows. */
static struct vt_port repeat(struct net *n, struct vt_port x, int64_t length)
{
    struct pass_test *t = &n->t;
    struct vt_node *node;

    x = pt_binary(t, "Unsqueeze", x, PT_I64S(t, 2));
    node = pt_node(t, "Broadcast", 3, 2, (struct vt_port[]){x, PT_I64S(t, 1, 3, 2, length, 4)});
    pt_attr(t, node, "mode", "bidirectional");
    return pt_reshape(t, pt_port(t, node), PT_I64S(t, 0, 6, -1, 4));
}

static void begin(struct net *n, bool beams, bool shared)
{
    struct pass_test *t = &n->t;

    memset(n, 0, sizeof(*n));
    pt_begin(t);
    n->q = pt_param_as(t, "f32", shared ? "?,6,?,4" : "?,3,?,4", shared ? "1,6,2,4" : "1,3,2,4");
    n->fresh[0] = pt_param_as(t, "f32", "?,3,?,4", "1,3,2,4");
    n->fresh[1] = pt_param_as(t, "f32", "?,3,?,4", "1,3,2,4");
    if (beams) {
        n->beams = pt_param_as(t, "i32", "?", "1");
        memset(t->in[3].data, 0, t->in[3].bytes);
    }
}

static struct vt_port attention(struct net *n, struct vt_port k, struct vt_port v)
{
    struct vt_port y =
        pt_port(&n->t, pt_node(&n->t, "ScaledDotProductAttention", 13, 3, (struct vt_port[]){n->q, k, v}));

    pt_result(&n->t, y);
    return y;
}

static void test_plain(void **state)
{
    struct net n;
    struct vt_node *node;
    struct vt_port k, v;

    (void)state;
    begin(&n, false, false);
    k = remember(&n, 0, "key", "key");
    v = remember(&n, 1, "value", "value");
    attention(&n, k, v);
    pt_check(&n.t, "fuse_cached_attention", 1e-5);
    assert_int_equal(pt_count(&n.t, "CachedAttention"), 1);
    assert_int_equal(pt_count(&n.t, "ReadValue") + pt_count(&n.t, "Assign") + pt_count(&n.t, "Concat"), 0);
    node = pt_find(&n.t, "CachedAttention");
    assert_string_equal(vt_attr_str(node, "variable_id"), "key");
    assert_string_equal(vt_attr_str(node, "value_id"), "value");
    assert_int_equal(vt_attr_i64(node, "key_place") + vt_attr_i64(node, "value_place"), 1);
    pt_end(&n.t);
}

static void test_shared(void **state)
{
    (void)state;
    for (int64_t length = 0; length < 2; length++) {
        struct net n;
        struct vt_port k, v;

        begin(&n, true, true);
        k = repeat(&n, remember(&n, 0, "key", "key"), length);
        v = repeat(&n, remember(&n, 1, "value", "value"), length);
        attention(&n, k, v);
        if (length) {
            pt_check(&n.t, "fuse_cached_attention", 1e-5);
        } else { /* the length of what the model was traced with: nothing to compare with */
            pt_sort_and_infer(&n.t);
            assert_int_equal(vt_passes_run(n.t.graph, "fuse_cached_attention", &n.t.err), VT_OK);
        }
        assert_int_equal(pt_count(&n.t, "CachedAttention"), 1);
        assert_int_equal(pt_count(&n.t, "Broadcast") + pt_count(&n.t, "Gather"), 0);
        pt_end(&n.t);
    }
}

/* Whoever asks for the shapes of the past and of all keys asks the variable, before it grows. */
static void test_shape(void **state)
{
    struct net n;
    struct vt_node *node;
    struct vt_port k, v;
    bool behind = false;

    (void)state;
    begin(&n, true, false);
    k = remember(&n, 0, "key", "key");
    v = remember(&n, 1, "value", "value");
    attention(&n, k, v);
    pt_result(&n.t, pt_unary(&n.t, "ShapeOf", n.past[0]));
    pt_result(&n.t, pt_unary(&n.t, "ShapeOf", k));
    pt_result(&n.t, pt_unary(&n.t, "ShapeOf", n.past[1].node->in[0]));
    pt_check(&n.t, "fuse_cached_attention", 1e-5);
    assert_int_equal(pt_count(&n.t, "CachedAttention"), 1);
    assert_int_equal(pt_count(&n.t, "StateShape"), 3);
    assert_int_equal(pt_count(&n.t, "ReadValue") + pt_count(&n.t, "Gather"), 0);
    node = pt_find(&n.t, "CachedAttention");
    for (int i = 0; i < node->n_in; i++) {
        behind |= node->in[i].node && vt_node_is(node->in[i].node, "StateShape");
    }
    assert_true(behind);
    pt_end(&n.t);
}

static void check_left(struct net *n)
{
    pt_check(&n->t, "fuse_cached_attention", 1e-5);
    assert_int_equal(pt_count(&n->t, "CachedAttention"), 0);
    assert_int_equal(pt_count(&n->t, "ScaledDotProductAttention"), 1);
    pt_end(&n->t);
}

static void test_left_alone(void **state)
{
    struct net n;
    struct vt_port k, v;

    (void)state;
    begin(&n, false, false); /* another reads the keys */
    k = remember(&n, 0, "key", "key");
    v = remember(&n, 1, "value", "value");
    attention(&n, k, v);
    pt_result(&n.t, pt_unary(&n.t, "Abs", k));
    check_left(&n);

    begin(&n, false, false); /* another reads the past */
    k = remember(&n, 0, "key", "key");
    v = remember(&n, 1, "value", "value");
    attention(&n, k, v);
    pt_result(&n.t, pt_unary(&n.t, "Abs", n.past[1]));
    check_left(&n);

    begin(&n, false, false); /* what is read is not what is written */
    k = remember(&n, 0, "key", "value");
    v = remember(&n, 1, "value", "key");
    attention(&n, k, v);
    check_left(&n);

    begin(&n, false, false); /* the keys are their own values */
    k = remember(&n, 0, "key", "key");
    attention(&n, k, k);
    check_left(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
