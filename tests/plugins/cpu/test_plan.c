/* What a plan may do with memory: concatenations in place, views, aliases, reuse; and random graphs. */
#include "cpu_test.h"

static const int64_t picture[4] = {2, 8, 5, 6};

/* ---- concatenations */

/* Channels of convolutions joined in place; one part is read elsewhere too, and the whole by two. */
static void test_concat_channels(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, picture), a, b, joined;

    (void)state;
    a = net_conv(g, x, 8, 3);
    b = net_unary(g, "Relu", 1, net_conv(g, x, 5, 1), "");
    joined = net_concat(g, 2, (struct vt_port[]){a, b}, 1);
    net_result(g, net_conv(g, joined, 4, 3));
    net_result(g, net_conv(g, a, 3, 1));
    net_result(g, net_unary(g, "Exp", 1, a, ""));
    net_result(g, joined);
    check_graph(g, NULL, 2);
}

static void test_concat_nested(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, picture), a, b, c, inner, outer;

    (void)state;
    a = net_conv(g, x, 8, 3);
    b = net_conv(g, x, 8, 1);
    inner = net_concat(g, 2, (struct vt_port[]){a, b}, 1);
    c = net_conv(g, inner, 6, 3);
    outer = net_concat(g, 3, (struct vt_port[]){c, inner, net_conv(g, c, 4, 1)}, 1);
    net_result(g, net_conv(g, outer, 3, 1));
    net_result(g, net_unary(g, "Sigmoid", 1, inner, ""));
    check_graph(g, NULL, 2);
}

/* The same tensor twice, in two concatenations, beside a Parameter, a Constant and an alias of itself. */
static void test_concat_shared(void **state)
{
    for (int axis = 0; axis < 4; axis++) {
        for (int64_t batch = 1; batch < 3; batch++) {
            int64_t dims[4] = {batch, 8, 5, 6};
            struct vt_graph *g = net_create();
            struct vt_port x = net_param(g, 4, dims), a = net_conv(g, x, 8, 3), b = net_conv(g, x, 8, 1), c;

            (void)state;
            snprintf(test_case, sizeof(test_case), "axis %d batch %d", axis, (int)batch);
            c = net_random(g, VT_F32, 4, dims, axis % 2);
            net_result(g, net_concat(g, 3, (struct vt_port[]){a, a, b}, axis));
            net_result(g, net_concat(g, 4, (struct vt_port[]){b, x, c, a}, axis));
            net_result(g, net_concat(g, 2, (struct vt_port[]){x, x}, axis));
            net_result(g, net_concat(g, 1, &b, axis));
            net_result(g, net_concat(g, 2, (struct vt_port[]){net_reshape(g, a, 4, dims), b}, axis));
            check_graph(g, NULL, 2);
        }
    }
}

/* Parts without elements, in front and behind. */
static void test_concat_empty(void **state)
{
    for (int axis = 0; axis < 4; axis++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {2, 3, 4, 5}, none[4] = {2, 3, 4, 5};
        struct vt_port x = net_param(g, 4, dims), e, y, parts;

        (void)state;
        none[axis] = 0;
        snprintf(test_case, sizeof(test_case), "axis %d", axis);
        e = net_param(g, 4, none);
        y = net_unary(g, "Relu", 1, x, "");
        net_result(g, net_concat(g, 3, (struct vt_port[]){e, y, e}, axis));
        net_result(g, net_concat(g, 2, (struct vt_port[]){e, net_unary(g, "Exp", 1, e, "")}, axis));
        parts = net_split(g, y, axis, 3, (int64_t[]){0, dims[axis], 0});
        net_result(g, net_out(parts, 0));
        net_result(g, net_unary(g, "Abs", 1, net_out(parts, 1), ""));
        net_result(g, net_binary(g, "Add", 1, net_out(parts, 2), e, ""));
        check_graph(g, NULL, 2);
    }
}

/* ---- splits */

static void test_split_views(void **state)
{
    for (int axis = 0; axis < 4; axis++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {4, 8, 4, 6}, lengths[3] = {1, 2, dims[axis] - 3};
        struct vt_port x = net_param(g, 4, dims), y, s, back, again;

        (void)state;
        snprintf(test_case, sizeof(test_case), "axis %d", axis);
        y = net_conv(g, x, 8, 3);
        s = net_split(g, y, axis, 3, lengths);
        net_result(g, net_out(s, 0));
        net_result(g, net_unary(g, "Tanh", 1, net_out(s, 1), ""));
        net_result(g, net_conv(g, net_out(s, 2), 4, 1));
        back = net_concat(g, 3, (struct vt_port[]){net_out(s, 2), net_out(s, 0), net_out(s, 1)}, axis);
        again = net_split(g, back, axis, 2, (int64_t[]){2, dims[axis] - 2});
        net_result(g, net_out(again, 0));
        net_result(g, net_conv(g, net_out(again, 1), 3, 3));
        net_result(g, net_out(net_split(g, x, axis, 2, (int64_t[]){1, dims[axis] - 1}), 1));
        check_graph(g, NULL, 2);
    }
}

/* A whole and a view of it meet in one operation, which must not overwrite what it still reads. */
static void test_view_meets_whole(void **state)
{
    static const char *const ops[] = {"Multiply", "Subtract", "Maximum"};

    (void)state;
    for (int k = 0; k < 3; k++) {
        for (int axis = 0; axis < 4; axis++) {
            for (int conv = 0; conv < 2; conv++) {
                /* Rows too long for the kernel to keep an operand aside. */
                int64_t dims[4] = {axis ? 1 : 3, 8, 40, 40};
                struct vt_graph *g = net_create();
                struct vt_port x = net_param(g, 4, dims), y, s;

                snprintf(test_case, sizeof(test_case), "%s axis %d conv %d", ops[k], axis, conv);
                y = conv ? net_conv(g, x, 8, 3) : net_unary(g, "Exp", 1, x, "");
                s = net_split(g, y, axis, 3, (int64_t[]){1, 1, dims[axis] - 2});
                net_result(g, net_binary(g, ops[k], 1, y, net_out(s, 1), ""));
                check_graph(g, NULL, 2);
            }
        }
    }
}

/* ---- reuse */

/* A tensor that is used twice by one node, later, by a Result, or is not the plan's own. */
static void test_reuse(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 2, (int64_t[]){4, 33}), c, a, b, d;

    (void)state;
    *test_case = 0;
    c = net_random(g, VT_F32, 2, (int64_t[]){4, 33}, true);
    net_result(g, net_unary(g, "Exp", 1, x, ""));
    a = net_binary(g, "Add", 1, x, x, "");
    b = net_binary(g, "Multiply", 1, a, a, "");
    net_result(g, net_unary(g, "Softmax", 8, b, "axis=1"));
    d = net_unary(g, "Softmax", 8, a, "axis=0");
    net_result(g, net_binary(g, "Subtract", 1, b, d, ""));
    net_result(g, d);
    net_result(g, net_unary(g, "Softmax", 8, net_binary(g, "Add", 1, c, c, ""), "axis=1"));
    net_result(g, net_binary(g, "Divide", 1, net_unary(g, "Exp", 1, c, ""), c, ""));
    check_graph(g, NULL, 2);
}

static void test_aliases(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, picture), y, flat, tall, c;

    (void)state;
    *test_case = 0;
    y = net_conv(g, x, 4, 1);
    flat = net_reshape(g, y, 2, (int64_t[]){2, 120});
    tall = net_reshape(g, flat, 3, (int64_t[]){8, 5, 6});
    net_result(g, flat);
    net_result(g, tall);
    net_result(g, net_unary(g, "Softmax", 8, flat, "axis=1"));
    net_result(g, net_unary(g, "Softmax", 8, tall, "axis=1"));
    net_result(g, net_unary(g, "Softmax", 8, y, "axis=1"));
    net_result(g, y);
    net_result(g, net_reshape(g, x, 1, (int64_t[]){480}));
    net_result(g, x);
    net_result(g, x);
    c = net_random(g, VT_F32, 1, (int64_t[]){7}, true);
    net_result(g, c);
    net_result(g, net_reshape(g, c, 2, (int64_t[]){7, 1}));
    check_graph(g, NULL, 2);
}

static void test_types_pass(void **state)
{
    static const char *const types[] = {"f16", "bf16", "f64", "i8",  "u8",  "i16",
                                        "u16", "i32",  "u32", "i64", "u64", "boolean"};
    struct vt_graph *g;

    (void)state;
    for (int i = 0; i < 12; i++) {
        struct vt_port x, y;

        g = net_create();
        snprintf(test_case, sizeof(test_case), "%s", types[i]);
        x = net_param_as(g, types[i], "2,3,4,2");
        y = net_binary(g, "Transpose", 1, x, net_i64s(g, 4, (int64_t[]){0, 2, 3, 1}), "");
        net_result(g, x);
        net_result(g, y);
        net_result(g, net_concat(g, 2, (struct vt_port[]){x, x}, 1));
        net_result(g, net_out(net_split(g, y, 3, 2, (int64_t[]){1, 2}), 1));
        net_result(g, net_reshape(g, y, 2, (int64_t[]){6, 8}));
        check_graph(g, NULL, 2);
    }
    g = net_create();
    snprintf(test_case, sizeof(test_case), "u4");
    net_result(g, net_param_as(g, "u4", "3,3"));
    net_result(g, net_unary(g, "Convert", 1, net_param_as(g, "i4", "5"), "destination_type=f32"));
    check_graph(g, NULL, 0);
}

static void test_scalars(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 0, NULL), y = net_param(g, 1, (int64_t[]){1}), z;

    (void)state;
    *test_case = 0;
    z = net_binary(g, "Add", 1, net_unary(g, "Exp", 1, x, ""), y, "");
    net_result(g, z);
    net_result(g, net_unary(g, "Tanh", 1, x, ""));
    net_result(g, net_binary(g, "ReduceSum", 1, z, net_i64(g, 0), "keep_dims=false"));
    net_result(g, net_binary(g, "Unsqueeze", 1, x, net_i64(g, 0), ""));
    check_graph(g, NULL, 2);
}

/* Results and outputs that nobody reads. */
static void test_unread(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, picture), s, m;

    (void)state;
    *test_case = 0;
    net_param(g, 1, (int64_t[]){3});
    m = net_unary(g, "MaxPool", 8, net_conv(g, x, 6, 3),
                  "strides=2,2;dilations=1,1;pads_begin=0,0;pads_end=0,0;kernel=2,2");
    s = net_split(g, m, 1, 3, (int64_t[]){1, 2, 3});
    net_result(g, net_out(s, 1));
    net_result(g, net_unary(g, "Relu", 1, net_out(s, 2), ""));
    check_graph(g, NULL, 2);
}

/* How many steps of an inference only change a layout. */
static int reorders(struct vt_graph *g)
{
    struct vt_model *model = net_finish(g);
    struct vt_compiled *compiled = compile_for(model, "CPU", "PERF_COUNT=YES");
    struct vt_request *r = request_of(compiled);
    const struct vt_profile *list;
    struct vt_buffer *in[1];
    int n, count = 0;

    assert_int_equal(random_inputs(model, in), 1);
    bind_inputs(r, 1, in);
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_profile(r, &list, &n, ERR));
    for (int i = 0; i < n; i++) {
        count += strstr(list[i].exec_type, "reorder") != NULL;
    }
    vt_request_destroy(r);
    vt_buffer_unref(in[0]);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    return count;
}

/* A constant that is wanted channels last is brought into that form when the plan is made: what remains are
 * the reorders of the input and of the output. */
static void test_constant_forms(void **state)
{
    static const enum vt_type types[] = {VT_F32, VT_F16};

    (void)state;
    for (int check = 0; check < 2; check++) {
        for (int i = 0; i < 2; i++) {
            struct vt_graph *g = net_create();
            struct vt_port x = net_param(g, 4, picture), c;

            snprintf(test_case, sizeof(test_case), "type %d", (int)types[i]);
            c = net_random(g, types[i], 4, picture, true);
            if (types[i] != VT_F32) {
                c = net_unary(g, "Convert", 1, c, "destination_type=f32");
            }
            net_result(g,
                       net_conv(g, net_concat(g, 2, (struct vt_port[]){c, net_conv(g, x, 8, 3)}, 1), 8, 1));
            if (check) {
                check_graph(g, NULL, 2);
            } else {
                assert_int_equal(reorders(g), 2);
            }
        }
    }
}

/* ---- random graphs */

#define POOL 48

struct pool {
    struct vt_graph *g;
    struct vt_port t[POOL];
    int n;
};

static void put(struct pool *p, struct vt_port t)
{
    int64_t count = 1;

    for (int i = 0; i < net_shape(t)->rank; i++) {
        count *= net_dim(t, i);
    }
    if (p->n < POOL && count <= 20000) {
        p->t[p->n++] = t;
    }
}

static struct vt_port pick(const struct pool *p)
{
    /* Younger ones more often, so that graphs grow deep. */
    int k = random_chance(60) && p->n > 4 ? (int)random_in(p->n - 4, p->n - 1) : (int)random_in(0, p->n - 1);

    return p->t[k];
}

static bool same_shape(struct vt_port a, struct vt_port b, int except)
{
    if (net_shape(a)->rank != net_shape(b)->rank) {
        return false;
    }
    for (int i = 0; i < net_shape(a)->rank; i++) {
        if (i != except && net_dim(a, i) != net_dim(b, i)) {
            return false;
        }
    }
    return true;
}

static void add_unary(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"Relu", "Sigmoid", "Tanh", "Abs", "Negative", "Floor"};

    put(p, net_unary(p->g, ops[random_in(0, 5)], 1, x, ""));
}

/* Operands of the same shape, broadcast constants, views. */
static void add_binary(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"Add", "Multiply", "Subtract", "Maximum", "Minimum"};
    const char *op = ops[random_in(0, 4)];
    int64_t dims[VT_MAX_RANK];
    int rank = net_shape(x)->rank;

    for (int k = 0; k < p->n; k++) {
        struct vt_port y = p->t[(k + random_in(0, p->n - 1)) % p->n];

        if (same_shape(x, y, -1) && random_chance(70)) {
            put(p, random_chance(50) ? net_binary(p->g, op, 1, x, y, "") : net_binary(p->g, op, 1, y, x, ""));
            return;
        }
    }
    for (int i = 0; i < rank; i++) {
        dims[i] = random_chance(50) ? 1 : net_dim(x, i);
    }
    put(p, net_binary(p->g, op, 1, x, net_random(p->g, VT_F32, rank, dims, random_chance(20)), ""));
}

static void add_concat(struct pool *p, struct vt_port x)
{
    struct vt_port parts[4];
    int rank = net_shape(x)->rank, axis, n = 0;

    if (!rank) {
        return;
    }
    axis = random_chance(50) && rank > 1 ? 1 : (int)random_in(0, rank - 1);
    parts[n++] = x;
    for (int k = 0; k < p->n && n < 4; k++) {
        struct vt_port y = p->t[(k + random_in(0, p->n - 1)) % p->n];

        if (same_shape(x, y, axis) && random_chance(70)) {
            parts[n++] = y;
        }
    }
    if (random_chance(50) && n > 1) {
        parts[0] = parts[n - 1];
        parts[n - 1] = x;
    }
    put(p, net_concat(p->g, n, parts, axis));
}

static void add_split(struct pool *p, struct vt_port x)
{
    int rank = net_shape(x)->rank, axis;
    int64_t a, b, dim;
    struct vt_port s;

    if (!rank) {
        return;
    }
    axis = random_chance(50) && rank > 1 ? 1 : (int)random_in(0, rank - 1);
    dim = net_dim(x, axis);
    a = random_in(dim > 1, dim);
    b = random_in(0, dim - a);
    s = net_split(p->g, x, axis, 3, (int64_t[]){a, b, dim - a - b});
    put(p, net_out(s, 0));
    if (b) {
        put(p, net_out(s, 1));
    }
    if (dim - a - b) {
        put(p, net_out(s, 2));
    }
}

static void add_spatial(struct pool *p, struct vt_port x)
{
    char attrs[200];
    int64_t c;

    if (net_shape(x)->rank != 4) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        if (!net_dim(x, i)) {
            return;
        }
    }
    c = net_dim(x, 1);
    switch (random_in(0, 5)) {
    case 0: put(p, net_conv(p->g, x, random_in(1, 20), 1)); return;
    case 1: put(p, net_conv(p->g, x, random_in(1, 20), 3)); return;
    case 2:
        put(p, net_binary(p->g, "GroupConvolution", 1, x,
                          net_random(p->g, VT_F32, 5, (int64_t[]){c, 1, 1, 3, 3}, false),
                          "strides=1,1;dilations=1,1;pads_begin=1,1;pads_end=1,1"));
        return;
    case 3:
    case 4:
        snprintf(attrs, sizeof(attrs), "strides=%d,1;pads_begin=1,1;pads_end=1,1;kernel=3,3;%s",
                 (int)random_in(1, 2), random_chance(50) ? "exclude-pad=true" : "exclude-pad=false");
        if (random_chance(50)) {
            put(p, net_unary(p->g, "AvgPool", 1, x, attrs));
        } else {
            *strrchr(attrs, ';') = 0;
            put(p, net_unary(p->g, "MaxPool", 1, x, attrs));
        }
        return;
    default:
        snprintf(attrs, sizeof(attrs), "axis=%d", (int)random_in(0, 3));
        put(p, net_unary(p->g, "Softmax", 8, x, attrs));
    }
}

static void add_move(struct pool *p, struct vt_port x)
{
    int rank = net_shape(x)->rank;
    int64_t order[VT_MAX_RANK], dims[VT_MAX_RANK], count = 1;

    for (int i = 0; i < rank; i++) {
        order[i] = i;
        dims[i] = net_dim(x, i);
        count *= dims[i];
    }
    if (!count || !rank) {
        return;
    }
    for (int i = rank - 1; i > 0; i--) {
        int k = (int)random_in(0, i);
        int64_t was = order[i];

        order[i] = order[k];
        order[k] = was;
    }
    switch (random_in(0, 3)) {
    case 0: put(p, net_binary(p->g, "Transpose", 1, x, net_i64s(p->g, rank, order), "")); return;
    case 1:
        if (rank == 4) {
            put(p, net_reshape(p->g, x, 3, (int64_t[]){dims[0], dims[1], dims[2] * dims[3]}));
        } else {
            put(p, net_reshape(p->g, x, 4, (int64_t[]){1, dims[0], count / dims[0], 1}));
        }
        return;
    case 2: put(p, net_reshape(p->g, x, 2, (int64_t[]){dims[0], count / dims[0]})); return;
    default:
        if (rank == 4) {
            put(p, net_op(p->g, "StridedSlice", 1, 4,
                          (struct vt_port[]){x, net_i64s(p->g, 4, (int64_t[]){0, 0, dims[2] / 2, 0}),
                                             net_i64s(p->g, 4, dims),
                                             net_i64s(p->g, 4, (int64_t[]){1, random_in(1, 2), 1, 1})},
                          "begin_mask=0,0,0,0;end_mask=0,0,0,0"));
        }
    }
}

static void add_reduce(struct pool *p, struct vt_port x)
{
    static const char *const ops[] = {"ReduceSum", "ReduceMean", "ReduceMax"};
    int rank = net_shape(x)->rank, n = 0;
    int64_t axes[VT_MAX_RANK];
    bool keep = random_chance(50);

    for (int i = 0; i < rank; i++) {
        if (random_chance(40)) {
            axes[n++] = i;
        }
    }
    if (n && (keep || n < rank)) {
        put(p, net_binary(p->g, ops[random_in(0, 2)], 1, x, net_i64s(p->g, n, axes),
                          keep ? "keep_dims=true" : "keep_dims=false"));
    }
}

static void add_matmul(struct pool *p, struct vt_port x)
{
    int rank = net_shape(x)->rank;

    if (rank >= 2) {
        put(p, net_binary(p->g, "MatMul", 1, x,
                          net_random(p->g, VT_F32, 2, (int64_t[]){random_in(1, 9), net_dim(x, rank - 1)},
                                     random_chance(20)),
                          "transpose_b=true"));
    }
}

static void random_graph(int seed, int nodes)
{
    struct pool p = {.g = net_create()};
    int64_t dims[4];

    random_seed((uint64_t)seed);
    snprintf(test_case, sizeof(test_case), "seed %d, %d nodes", seed, nodes);
    for (int i = 0; i < 2; i++) {
        dims[0] = random_in(1, 2);
        dims[1] = random_in(1, 18);
        dims[2] = random_in(1, 6);
        dims[3] = random_in(1, 6);
        put(&p, net_param(p.g, 4, dims));
    }
    for (int i = 0; i < nodes; i++) {
        struct vt_port x = pick(&p);

        switch (random_in(0, 10)) {
        case 0: add_unary(&p, x); break;
        case 1:
        case 2: add_binary(&p, x); break;
        case 3:
        case 4: add_concat(&p, x); break;
        case 5: add_split(&p, x); break;
        case 6:
        case 7: add_spatial(&p, x); break;
        case 8: add_move(&p, x); break;
        case 9: add_reduce(&p, x); break;
        default: add_matmul(&p, x);
        }
    }
    for (int i = 0; i < p.n && p.g->n_results < 6; i++) {
        if (!vt_port_output(p.t[p.n - 1 - i])->n_uses || random_chance(15)) {
            net_result(p.g, p.t[p.n - 1 - i]);
        }
    }
    check_graph(p.g, NULL, seed % 4 ? 0 : 2 + seed % 8 / 4);
}

static void test_random(void **state)
{
    const char *only = getenv("VT_TEST_SEED"); /* to look at one graph */

    (void)state;
    if (only) {
        random_graph(atoi(only), 4 + atoi(only) % 24);
        return;
    }
    for (int seed = 1; seed <= 400; seed++) {
        random_graph(seed, 4 + seed % 24);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concat_channels), cmocka_unit_test(test_concat_nested),
        cmocka_unit_test(test_concat_shared),   cmocka_unit_test(test_concat_empty),
        cmocka_unit_test(test_split_views),     cmocka_unit_test(test_view_meets_whole),
        cmocka_unit_test(test_reuse),           cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_types_pass),      cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_unread),          cmocka_unit_test(test_constant_forms),
        cmocka_unit_test(test_random),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
