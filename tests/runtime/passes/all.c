/* Random graphs through all passes: results stay, whatever was fused. */
#include "pass_test.h"

#define ROUNDS 400
#define STEPS  16

static const char *const first_passes = "constant_folding,eliminate_nop,cse,common_forms,split_einsum,split_"
                                        "batch_norm,fuse_sdpa,fuse_norm,fuse_activation,"
                                        "merge_transposes,fuse_matmul,fuse_conv,fuse_elementwise";
static const char *const shaped_passes =
    "constant_folding,eliminate_nop,fuse_matmul,fuse_conv,fuse_elementwise";

/* All values in the pool have this shape; height and width are equal, so that they may be swapped. */
#define SHAPE "2,4,3,3"

struct pool {
    struct pass_test t;
    struct vt_port port[64];
    int n;
};

static uint64_t below(struct pool *p, uint64_t n)
{
    return pt_random(&p->t) % n;
}

/* Mostly the newest value, so that chains grow. */
static struct vt_port pick(struct pool *p)
{
    return below(p, 3) ? p->port[p->n - 1] : p->port[below(p, (uint64_t)p->n)];
}

static struct vt_port any_unary(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"Relu", "Tanh", "Sigmoid",  "HSwish",
                                      "Gelu", "Abs",  "Negative", "Swish"};

    return pt_unary(&p->t, ops[below(p, sizeof(ops) / sizeof(ops[0]))], x);
}

static struct vt_port any_constant(struct pool *p)
{
    static const char *const shapes[] = {"", "1", "4,1,1", "1,4,1,1", "3", "1,3", "3,1", "2,1,1,1", SHAPE};
    bool half = below(p, 4) == 0;
    struct vt_port c =
        pt_random_const(&p->t, half ? "f16" : "f32", shapes[below(p, sizeof(shapes) / sizeof(shapes[0]))]);

    return half ? pt_convert(&p->t, c, "f32") : c;
}

static struct vt_port any_binary(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"Add", "Subtract", "Multiply", "Maximum", "Minimum", "Add"};
    struct vt_port y = below(p, 2) ? any_constant(p) : pick(p);
    const char *op = ops[below(p, sizeof(ops) / sizeof(ops[0]))];

    if (strcmp(op, "Multiply") == 0) {
        y = pt_unary(&p->t, "Tanh", y); /* keep numbers small */
    }
    return below(p, 2) ? pt_binary(&p->t, op, x, y) : pt_binary(&p->t, op, y, x);
}

/* Scales and shifts per channel or for all, in any order. */
static struct vt_port channel_arithmetic(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"Add", "Subtract", "Multiply"};

    for (uint64_t i = below(p, 4); i > 0; i--) {
        struct vt_port c = pt_random_const(&p->t, "f32", below(p, 3) ? "1,4,1,1" : "");
        const char *op = ops[below(p, 3)];

        x = below(p, 2) ? pt_binary(&p->t, op, x, c) : pt_binary(&p->t, op, c, x);
    }
    return x;
}

static struct vt_port any_conv(struct pool *p, struct vt_port x)
{
    struct vt_port y;

    p->t.low = -0.3;
    p->t.high = 0.3;
    if (below(p, 3) == 0) {
        y = pt_conv(&p->t, "GroupConvolution", x, pt_random_const(&p->t, "f32", "2,2,2,3,3"), "1,1");
    } else if (below(p, 2)) {
        y = pt_conv(&p->t, "Convolution", x, pt_random_const(&p->t, "f32", "4,4,3,3"), "1,1");
    } else {
        y = pt_conv(&p->t, "ConvolutionBackpropData", x, pt_random_const(&p->t, "f32", "4,4,1,1"), "0,0");
    }
    p->t.low = -2;
    p->t.high = 2;
    return below(p, 2) ? channel_arithmetic(p, y) : y;
}

static struct vt_port any_matmul(struct pool *p, struct vt_port x)
{
    struct vt_port y = below(p, 2) ? pt_random_const(&p->t, "f32", "3,3") : pick(p);

    y = pt_matmul(&p->t, x, y, below(p, 2) ? "true" : "false");
    return pt_binary(&p->t, "Multiply", y, pt_f32(&p->t, 0.2));
}

static struct vt_port any_norm(struct pool *p, struct vt_port x)
{
    struct vt_node *node = pt_node(&p->t, "MVN", 6, 2, (struct vt_port[]){x, PT_I64S(&p->t, -1)});

    pt_attr(&p->t, node, "normalize_variance", "true");
    pt_attr(&p->t, node, "eps", "0.1");
    pt_attr(&p->t, node, "eps_mode", "inside_sqrt");
    return pt_binary(&p->t, "Multiply", pt_port(&p->t, node), pt_random_const(&p->t, "f32", "3"));
}

static struct vt_port any_swap(struct pool *p, struct vt_port x)
{
    struct vt_port order = PT_I64S(&p->t, 0, 1, 3, 2);

    x = pt_transpose(&p->t, x, order);
    if (below(p, 2)) {
        x = pt_transpose(&p->t, any_unary(p, x), PT_I64S(&p->t, 0, 1, 3, 2));
    }
    return x;
}

static struct vt_port any_reshape(struct pool *p, struct vt_port x)
{
    x = pt_reshape(&p->t, x, below(p, 2) ? PT_I64S(&p->t, 2, -1) : PT_I64S(&p->t, 0, 4, 9));
    if (below(p, 2)) {
        x = pt_binary(&p->t, "Add", any_unary(p, x), pt_f32(&p->t, 0.25));
    }
    return pt_reshape(&p->t, x, PT_I64S(&p->t, 2, 4, 3, 3));
}

/* Height and width come from the value itself: a sub-graph that computes a shape. */
static struct vt_port any_shape_of(struct pool *p, struct vt_port x)
{
    struct vt_port shape = pt_unary(&p->t, "ShapeOf", x);

    return pt_reshape(&p->t, pt_reshape(&p->t, x, PT_I64S(&p->t, -1)), shape);
}

static struct vt_port any_gate(struct pool *p, struct vt_port x)
{
    struct vt_port y;

    if (below(p, 2)) {
        return pt_binary(&p->t, "Multiply", pt_unary(&p->t, "Sigmoid", x), x);
    }
    y = pt_unary(&p->t, "Erf", pt_binary(&p->t, "Divide", x, pt_f32(&p->t, M_SQRT2)));
    y = pt_binary(&p->t, "Add", y, pt_f32(&p->t, 1));
    return pt_binary(&p->t, "Multiply", pt_binary(&p->t, "Multiply", x, y), pt_f32(&p->t, 0.5));
}

static void step(struct pool *p)
{
    static struct vt_port (*const makers[])(struct pool * p, struct vt_port x) = {
        any_unary,  any_binary, any_binary,  any_binary,   any_conv, any_conv,
        any_matmul, any_norm,   any_reshape, any_shape_of, any_swap, any_gate,
    };
    struct vt_port x = makers[below(p, sizeof(makers) / sizeof(makers[0]))](p, pick(p));

    /* Nothing grows beyond what f32 holds with some digits to spare. */
    p->port[p->n++] = below(p, 4) ? x : pt_clamp(&p->t, x, "-4", "4");
}

/* The very same values, up to rounding; after two rounds of passes when the model began with open shapes. */
static void one_graph(uint64_t seed, bool open)
{
    struct pool p = {.n = 0};
    struct vt_tensor before[4] = {{0}}, after[4] = {{0}};
    int results;

    pt_begin(&p.t);
    p.t.seed = seed;
    for (int i = 0; i < 2; i++) {
        p.port[p.n++] = pt_param_as(&p.t, "f32", open ? "?,4,?,?" : SHAPE, SHAPE);
    }
    for (int i = 0; i < STEPS; i++) {
        step(&p);
    }
    pt_result(&p.t, p.port[p.n - 1]);
    for (results = 1; results < 3; results++) {
        pt_result(&p.t, p.port[below(&p, (uint64_t)p.n)]);
    }
    pt_sort_and_infer(&p.t);
    pt_eval(&p.t, before);
    pt_run(&p.t, first_passes);
    if (open) {
        for (int i = 0; i < 2; i++) {
            pt_attr(&p.t, p.port[i].node, "shape", SHAPE);
        }
        pt_sort_and_infer(&p.t);
        pt_run(&p.t, shaped_passes);
    }
    pt_eval(&p.t, after);
    for (int i = 0; i < results; i++) {
        pt_same(&before[i], &after[i], 1e-4);
        vt_tensor_free(&before[i]);
        vt_tensor_free(&after[i]);
    }
    pt_end(&p.t);
}

static void test_static(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        one_graph(0x9e3779b97f4a7c15u * (i + 1), false);
    }
}

static void test_open(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        one_graph(0xd1342543de82ef95u * (i + 1), true);
    }
}

/* The names that plugins ask for are there, and another one is an error. */
static void test_names(void **state)
{
    struct pass_test t;

    (void)state;
    pt_begin(&t);
    pt_result(&t, pt_param(&t, "f32", "1"));
    pt_run(&t, first_passes);
    pt_run(&t, "");
    assert_int_equal(vt_passes_run(t.graph, "cse,no_such_pass", &t.err), VT_E_NOT_FOUND);
    assert_non_null(strstr(t.err.text, "no_such_pass"));
    pt_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_static),
        cmocka_unit_test(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
