#include "pass_test.h"

static const char *const pass = "common_forms";

static void test_boolean_mask(void **state)
{
    static const char *const masks[] = {"2,1,3,4", "3,4", "1,2,3,1", "?,?,?,4"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct pass_test t;
        struct vt_port in[4];

        pt_begin(&t);
        in[0] = pt_param(&t, "f32", "2,2,3,8");
        in[1] = pt_param(&t, "f32", "2,2,4,8");
        in[2] = pt_param(&t, "f32", "2,2,4,5");
        in[3] = pt_port(
            &t, pt_node(&t, "Greater", 1, 2,
                        (struct vt_port[]){pt_param_as(&t, "f32", masks[i], i < 3 ? masks[i] : "1,1,3,4"),
                                           pt_f32(&t, -1.5)}));
        pt_result(&t, pt_port(&t, pt_node(&t, "ScaledDotProductAttention", 13, 4, in)));
        pt_check(&t, pass, 1e-6);
        assert_int_equal(pt_count(&t, "Select"), 1);
        pt_check(&t, pass, 1e-6);
        assert_int_equal(pt_count(&t, "Select"), 1);
        pt_end(&t);
    }
}

static void interpolate(const char *shape, const char *as, const char *axes, const char *mode,
                        const char *more)
{
    struct pass_test t;
    struct vt_node *node;
    bool area = strcmp(mode, "area") == 0;

    pt_begin(&t);
    node = pt_node(&t, "Interpolate", 1, 2,
                   (struct vt_port[]){pt_param_as(&t, "f32", shape, as),
                                      pt_i64s(&t, strchr(axes, ',') ? 2 : 1, (const int64_t[]){7, 9})});
    pt_attr(&t, node, "axes", axes);
    pt_attr(&t, node, "mode", mode);
    if (*more) {
        pt_attr(&t, node, more, more[0] == 'p' ? "0,0,1,2" : "true");
    }
    pt_result(&t, pt_port(&t, node));
    pt_check(&t, pass, 1e-6);
    node = pt_find(&t, "Interpolate");
    assert_int_equal(node->op->opset, area ? 1 : 4);
    pt_end(&t);
}

static void test_interpolate(void **state)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", "area"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        interpolate("1,2,4,5", "1,2,4,5", "2,3", modes[i], "");
        interpolate("1,2,4,5", "1,2,4,5", "2,3", modes[i], "align_corners");
        interpolate("1,2,4,5", "1,2,4,5", "2,3", modes[i], "pads_end");
        interpolate("1,2,4,5", "1,2,4,5", "2", modes[i], "");
        interpolate("1,2,?,?", "1,2,4,5", "2,3", modes[i], "");
        interpolate("1,2,3,4,5", "1,2,3,4,5", "3,4", modes[i], "");
    }
}

static void test_mvn(void **state)
{
    static const char *const attrs[][2] = {{"across_channels", "true"},
                                           {"across_channels", "false"},
                                           {"reduction_axes", "1,3"},
                                           {"normalize_variance", "false"}};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct pass_test t;
        struct vt_node *node;

        pt_begin(&t);
        node = pt_node(&t, "MVN", 2, 1, (struct vt_port[]){pt_param(&t, "f32", "2,3,4,5")});
        pt_attr(&t, node, "eps", "0.25");
        pt_attr(&t, node, attrs[i][0], attrs[i][1]);
        pt_result(&t, pt_port(&t, node));
        pt_check(&t, pass, 1e-6);
        assert_int_equal(pt_find(&t, "MVN")->op->opset, 6);
        pt_end(&t);
    }
}

struct reduction {
    const char *shape, *as;
    int n;
    int64_t axes[4];
    int parts;
};

static void reduce(const char *op, const char *type, const struct reduction *r, const char *keep, int parts)
{
    struct pass_test t;
    struct vt_node *node;

    pt_begin(&t);
    node = pt_node(&t, op, strstr(op, "ReduceL1") || strstr(op, "ReduceL2") ? 4 : 1, 2,
                   (struct vt_port[]){pt_param_as(&t, type, r->shape, r->as), pt_i64s(&t, r->n, r->axes)});
    pt_attr(&t, node, "keep_dims", keep);
    pt_result(&t, pt_port(&t, node));
    pt_check(&t, pass, 1e-6);
    assert_int_equal(pt_count(&t, op), parts);
    pt_end(&t);
}

static void test_reductions(void **state)
{
    static const char *const ops[] = {"ReduceSum",  "ReduceMean", "ReduceMax", "ReduceMin",
                                      "ReduceProd", "ReduceL1",   "ReduceL2"};
    static const struct reduction rows[] = {
        {"2,3,4,5", "2,3,4,5", 3, {0, 2, 3}, 2},    {"2,3,4,5", "2,3,4,5", 2, {0, 2}, 2},
        {"2,3,4,5", "2,3,4,5", 2, {-1, 0}, 2},      {"2,3,4,5", "2,3,4,5", 2, {1, 2}, 1},
        {"2,1,4,5", "2,1,4,5", 2, {0, 2}, 1},       {"?,?,?,?", "2,3,4,5", 3, {0, 2, 3}, 2},
        {"2,3,4,5,6", "2,3,4,5,6", 3, {0, 2, 4}, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
            reduce(ops[k], "f32", &rows[i], k % 2 ? "true" : "false", rows[i].parts);
        }
        reduce("ReduceLogicalOr", "boolean", &rows[i], "true", rows[i].parts);
        reduce("ReduceLogicalAnd", "boolean", &rows[i], "false", rows[i].parts);
        reduce("ReduceMean", "i32", &rows[i], "false", 1);
    }
}

static void test_clamp(void **state)
{
    static const struct {
        const char *type, *min, *max;
        int left;
    } rows[] = {{"i32", "1.5", "4.5", 0}, {"i64", "2", "5", 0},     {"i64", "-3", "3", 0},
                {"i32", "4", "4", 0},     {"i32", "0.3", "0.7", 1}, {"i64", "0", "1e300", 1},
                {"i32", "-1e10", "3", 1}, {"f32", "-1", "1", 1},    {"u8", "2", "5", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pass_test t;
        struct vt_port x;

        pt_begin(&t);
        x = pt_param(&t, rows[i].type, "3,7");
        pt_result(&t, pt_clamp(&t, x, rows[i].min, rows[i].max));
        pt_check(&t, pass, 0);
        assert_int_equal(pt_count(&t, "Clamp"), rows[i].left);
        pt_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boolean_mask), cmocka_unit_test(test_interpolate), cmocka_unit_test(test_mvn),
        cmocka_unit_test(test_reductions),   cmocka_unit_test(test_clamp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
