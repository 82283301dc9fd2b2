/* A small language model with its cache: weights of few bits, heads that share keys, rotated positions, a
 * mask made of the lengths, beams. Step by step against REFDEV, which runs the model as it was built. */
#include "cpu_test.h"

#include "element.h"

enum { WORDS = 40, WIDTH = 32, HEADS = 4, SHARED = 2, HEAD = 8, INNER = 48, LAYERS = 2 };

static struct vt_port convert(struct vt_graph *g, struct vt_port x, const char *type)
{
    char attrs[64];

    snprintf(attrs, sizeof(attrs), "destination_type=%s", type);
    return net_unary(g, "Convert", 1, x, attrs);
}

static struct vt_port random_bytes(struct vt_graph *g, enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_tensor t;
    struct vt_node *node;
    char name[32];

    assert_true(vt_tensor_describe(&t, type, rank, dims));
    assert_ok(vt_tensor_alloc(&t, ERR));
    for (size_t i = 0; i < t.bytes; i++) {
        ((uint8_t *)t.data)[i] = (uint8_t)random_bits();
    }
    snprintf(name, sizeof(name), "w%u", g->next_id);
    node = vt_constant_create(g, name, &t, NULL, ERR);
    vt_tensor_free(&t);
    assert_non_null(node);
    return vt_port_of(node, 0);
}

/* [rows, cols] in groups of 16 with zero points, computed in f16 as exporters write it; scales are 2^-most to
 * 2^(2-most). */
static struct vt_port weights(struct vt_graph *g, enum vt_type type, int64_t rows, int64_t cols, int most)
{
    int64_t dims[] = {rows, cols / 16, 16}, each[] = {rows, cols / 16, 1};
    struct vt_port w = convert(g, random_bytes(g, type, 3, dims), "f16");
    struct vt_port zero = convert(g, random_bytes(g, type, 3, each), "f16");
    struct vt_tensor t;
    struct vt_node *scale;

    assert_true(vt_tensor_describe(&t, VT_F16, 3, each));
    assert_ok(vt_tensor_alloc(&t, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        vt_set_f64(&t, i, ldexp(1.0, (int)random_in(-most, 2 - most)));
    }
    scale = vt_constant_create(g, "scale", &t, NULL, ERR);
    vt_tensor_free(&t);
    assert_non_null(scale);
    w = net_binary(g, "Subtract", 1, w, zero, "");
    w = net_binary(g, "Multiply", 1, w, vt_port_of(scale, 0), "");
    return convert(g, net_reshape(g, w, 2, (int64_t[]){rows, cols}), "f32");
}

static struct vt_port dense(struct vt_graph *g, struct vt_port x, int64_t rows, int64_t cols)
{
    return net_binary(g, "MatMul", 1, x, weights(g, VT_U4, rows, cols, 7), "transpose_b=true");
}

static struct vt_port norm(struct vt_graph *g, struct vt_port x)
{
    struct vt_port m = net_binary(g, "Power", 1, x, net_f32(g, 2), "");

    m = net_binary(g, "ReduceMean", 1, m, net_i64s(g, 1, (int64_t[]){-1}), "keep_dims=true");
    m = net_unary(g, "Sqrt", 1, net_binary(g, "Add", 1, m, net_f32(g, 1e-5f), ""), "");
    m = net_binary(g, "Divide", 1, net_f32(g, 1), m, "");
    m = net_binary(g, "Multiply", 1, m, x, "");
    return net_binary(g, "Multiply", 1, m, net_random(g, VT_F32, 3, (int64_t[]){1, 1, WIDTH}, false), "");
}

static struct vt_port slice(struct vt_graph *g, struct vt_port x, int64_t from, int64_t to)
{
    return net_op(g, "Slice", 8, 5,
                  (struct vt_port[]){x, net_i64s(g, 1, &from), net_i64s(g, 1, &to),
                                     net_i64s(g, 1, (int64_t[]){1}), net_i64s(g, 1, (int64_t[]){3})},
                  "");
}

static struct vt_port rotate(struct vt_graph *g, struct vt_port x, struct vt_port cosine, struct vt_port sine)
{
    struct vt_port turned[2];

    turned[0] = net_binary(g, "Multiply", 1, slice(g, x, HEAD / 2, INT64_MAX), net_f32(g, -1), "");
    turned[1] = slice(g, x, 0, HEAD / 2);
    return net_binary(g, "Add", 1, net_binary(g, "Multiply", 1, x, cosine, ""),
                      net_binary(g, "Multiply", 1, net_concat(g, 2, turned, -1), sine, ""), "");
}

static struct vt_port heads(struct vt_graph *g, struct vt_port x, int64_t n)
{
    x = net_binary(g, "Reshape", 1, x, net_i64s(g, 4, (int64_t[]){0, 0, n, HEAD}), "special_zero=true");
    return net_binary(g, "Transpose", 1, x, net_i64s(g, 4, (int64_t[]){0, 2, 1, 3}), "");
}

struct net {
    struct vt_graph *g;
    struct vt_port beams, batch; /* batch: [1], of i64 */
    struct vt_port cosine, sine;
    struct vt_port mask, past_shape;
    bool many_heads; /* every head has keys of its own */
    bool causal;     /* no mask */
};

/* What is there of a variable, and the new rows behind it. */
static struct vt_port remember(struct net *n, const char *name, struct vt_port fresh, struct vt_port *past)
{
    struct vt_graph *g = n->g;
    int64_t kv = n->many_heads ? HEADS : SHARED;
    struct vt_port shape[] = {n->batch, net_i64s(g, 1, &kv), net_i64s(g, 1, (int64_t[]){0}),
                              net_i64s(g, 1, (int64_t[]){HEAD})};
    struct vt_port y = net_binary(g, "Broadcast", 3, net_f32(g, 0), net_concat(g, 4, shape, 0), "mode=numpy");
    char attrs[160];

    snprintf(attrs, sizeof(attrs), "variable_id=%s;variable_type=f32;variable_shape=?,%d,?,%d", name, (int)kv,
             HEAD);
    y = net_unary(g, "ReadValue", 6, y, attrs);
    *past = y = net_op(g, "Gather", 8, 3, (struct vt_port[]){y, n->beams, net_i64(g, 0)}, "");
    y = net_concat(g, 2, (struct vt_port[]){y, fresh}, 2);
    net_unary(g, "Assign", 6, y, attrs);
    return y;
}

static struct vt_port repeat(struct net *n, struct vt_port x)
{
    struct vt_graph *g = n->g;

    if (n->many_heads) {
        return x;
    }
    x = net_binary(g, "Unsqueeze", 1, x, net_i64(g, 2), "");
    x = net_binary(g, "Broadcast", 3, x, net_i64s(g, 5, (int64_t[]){1, SHARED, HEADS / SHARED, 1, HEAD}),
                   "mode=bidirectional");
    return net_binary(g, "Reshape", 1, x, net_i64s(g, 4, (int64_t[]){0, HEADS, -1, HEAD}),
                      "special_zero=true");
}

/* [1,1,L,S]: key j is seen from row i when j <= i + past. */
static void make_mask(struct net *n, struct vt_port past, struct vt_port ids, struct vt_port attention)
{
    struct vt_graph *g = n->g;
    struct vt_port begin =
        net_op(g, "Gather", 8, 3,
               (struct vt_port[]){net_unary(g, "ShapeOf", 3, past, ""), net_i64(g, 2), net_i64(g, 0)}, "");
    struct vt_port rows =
        net_op(g, "Gather", 8, 3,
               (struct vt_port[]){net_unary(g, "ShapeOf", 3, ids, ""), net_i64(g, 1), net_i64(g, 0)}, "");
    struct vt_port end = net_binary(g, "Add", 1, begin, rows, ""), i, j, given;

    i = net_op(g, "Range", 4, 3, (struct vt_port[]){begin, end, net_i64(g, 1)}, "output_type=i64");
    j = net_op(g, "Range", 4, 3, (struct vt_port[]){net_i64(g, 0), end, net_i64(g, 1)}, "output_type=i64");
    i = net_binary(g, "Unsqueeze", 1, i, net_i64(g, 1), "");
    i = net_op(g, "Select", 1, 3,
               (struct vt_port[]){net_binary(g, "Greater", 1, j, i, ""), net_f32(g, -1e9f), net_f32(g, 0)},
               "");
    given = net_binary(g, "Unsqueeze", 1, attention, net_i64s(g, 2, (int64_t[]){1, 2}), "");
    given = net_binary(g, "Multiply", 1,
                       net_binary(g, "Subtract", 1, convert(g, given, "f32"), net_f32(g, 1), ""),
                       net_f32(g, 1e9f), "");
    n->mask = net_binary(g, "Add", 1, i, given, "");
}

static struct vt_port layer(struct net *n, int index, struct vt_port x, struct vt_port ids,
                            struct vt_port attention)
{
    struct vt_graph *g = n->g;
    int64_t kv = n->many_heads ? HEADS : SHARED;
    struct vt_port y = norm(g, x), q, k, v, past, gate;
    char name[32];

    q = rotate(g, heads(g, dense(g, y, HEADS * HEAD, WIDTH), HEADS), n->cosine, n->sine);
    k = rotate(g, heads(g, dense(g, y, kv * HEAD, WIDTH), kv), n->cosine, n->sine);
    v = heads(g, dense(g, y, kv * HEAD, WIDTH), kv);
    snprintf(name, sizeof(name), "key%d", index);
    k = remember(n, name, k, &past);
    if (index == 0 && !n->causal) {
        make_mask(n, past, ids, attention);
    }
    snprintf(name, sizeof(name), "value%d", index);
    v = remember(n, name, v, &past);
    y = n->causal ? net_op(g, "ScaledDotProductAttention", 13, 3,
                           (struct vt_port[]){q, repeat(n, k), repeat(n, v)}, "causal=true")
                  : net_op(g, "ScaledDotProductAttention", 13, 4,
                           (struct vt_port[]){q, repeat(n, k), repeat(n, v), n->mask}, "causal=false");
    y = net_binary(g, "Transpose", 1, y, net_i64s(g, 4, (int64_t[]){0, 2, 1, 3}), "");
    y = net_binary(g, "Reshape", 1, y, net_i64s(g, 3, (int64_t[]){0, 0, HEADS * HEAD}), "special_zero=true");
    x = net_binary(g, "Add", 1, x, dense(g, y, WIDTH, HEADS * HEAD), "");
    y = norm(g, x);
    gate = net_unary(g, "Swish", 4, dense(g, y, INNER, WIDTH), "");
    y = net_binary(g, "Multiply", 1, gate, dense(g, y, INNER, WIDTH), "");
    return net_binary(g, "Add", 1, x, dense(g, y, WIDTH, INNER), "");
}

static void angles(struct net *n, struct vt_port positions)
{
    struct vt_graph *g = n->g;
    struct vt_port p = convert(g, net_binary(g, "Unsqueeze", 1, positions, net_i64(g, 2), ""), "f32");

    p = net_binary(g, "Multiply", 1, p, net_random(g, VT_F32, 3, (int64_t[]){1, 1, HEAD / 2}, false), "");
    p = net_concat(g, 2, (struct vt_port[]){p, p}, -1);
    p = net_binary(g, "Unsqueeze", 1, p, net_i64(g, 1), "");
    n->cosine = net_unary(g, "Cos", 1, p, "");
    n->sine = net_unary(g, "Sin", 1, p, "");
}

static struct vt_model *language_model(bool many_heads, bool causal)
{
    struct vt_graph *g = net_create();
    struct net n = {.g = g, .many_heads = many_heads, .causal = causal};
    struct vt_port ids = net_param_as(g, "i64", "?,?"), attention = net_param_as(g, "i64", "?,?");
    struct vt_port positions = net_param_as(g, "i64", "?,?"), table, x;

    random_seed(11);
    n.beams = net_param_as(g, "i32", "?");
    n.batch = net_op(g, "Gather", 8, 3,
                     (struct vt_port[]){net_unary(g, "ShapeOf", 3, ids, ""), net_i64s(g, 1, (int64_t[]){0}),
                                        net_i64(g, 0)},
                     "");
    angles(&n, positions);
    table = weights(g, VT_U8, WORDS, WIDTH, 11);
    x = net_op(g, "Gather", 8, 3, (struct vt_port[]){table, convert(g, ids, "i32"), net_i64(g, 0)}, "");
    for (int i = 0; i < LAYERS; i++) {
        x = layer(&n, i, x, ids, attention);
    }
    net_result(g, net_binary(g, "MatMul", 1, norm(g, x), table, "transpose_b=true"));
    return net_finish(g);
}

/* ---- running */

struct talk {
    struct vt_request *have, *want;
    int64_t batch, past;
    uint64_t seed;
    bool causal;
};

static struct vt_buffer *integers(enum vt_type type, int rank, const int64_t *dims)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(type, rank, dims, &b, ERR));
    return b;
}

static void step_with(struct talk *t, int64_t rows, const int32_t *beams)
{
    int64_t all = t->past + rows;
    struct vt_buffer *in[] = {
        integers(VT_I64, 2, (int64_t[]){t->batch, rows}), integers(VT_I64, 2, (int64_t[]){t->batch, all}),
        integers(VT_I64, 2, (int64_t[]){t->batch, rows}), integers(VT_I32, 1, &t->batch)};
    struct outputs want, have;

    random_seed(t->seed++);
    for (int64_t b = 0; b < t->batch; b++) {
        for (int64_t i = 0; i < rows; i++) {
            ((int64_t *)in[0]->t.data)[b * rows + i] = random_in(0, WORDS - 1);
            ((int64_t *)in[2]->t.data)[b * rows + i] = t->past + i;
        }
        for (int64_t i = 0; i < all; i++) {
            ((int64_t *)in[1]->t.data)[b * all + i] = !(b == 1 && i == 1); /* one has a gap */
        }
        ((int32_t *)in[3]->t.data)[b] = beams ? beams[b] : (int32_t)b;
    }
    bind_inputs(t->have, 4, in);
    bind_inputs(t->want, 4, in);
    snprintf(test_case, sizeof(test_case), "batch %d, %d tokens after %d", (int)t->batch, (int)rows,
             (int)t->past);
    assert_ok(vt_request_infer(t->want, ERR));
    assert_ok(vt_request_infer(t->have, ERR));
    collect(t->want, 1, &want);
    collect(t->have, 1, &have);
    assert_close(&want, &have);
    outputs_free(&want);
    outputs_free(&have);
    drop_inputs(4, in);
    t->past = all;
}

static void step(struct talk *t, int64_t rows)
{
    step_with(t, rows, NULL);
}

static struct vt_state_store *store_of(struct vt_request *r)
{
    struct vt_state_store *store = NULL;

    assert_ok(vt_request_states(r, &store, ERR));
    return store;
}

static void forget(struct talk *t)
{
    vt_states_reset(store_of(t->have));
    vt_states_reset(store_of(t->want));
    t->past = 0;
}

static void talk_begin(struct talk *t, struct vt_compiled *compiled, struct vt_compiled *reference,
                       int64_t batch)
{
    *t =
        (struct talk){.have = request_of(compiled), .want = request_of(reference), .batch = batch, .seed = 5};
}

static void talk_end(struct talk *t)
{
    vt_request_destroy(t->have);
    vt_request_destroy(t->want);
}

/* Some step of the last inference for such an operation ran by this kernel. */
static void assert_kernel(struct vt_request *r, const char *op, const char *kernel)
{
    const struct vt_profile *list;
    int n, found = 0;

    assert_ok(vt_request_profile(r, &list, &n, ERR));
    for (int i = 0; i < n; i++) {
        found +=
            strcmp(list[i].node_type, op) == 0 && strncmp(list[i].exec_type, kernel, strlen(kernel)) == 0;
    }
    assert_true(found);
}

/* Texts of a profile are those of the plan that ran. */
static const char *plan_of(struct vt_request *r)
{
    const struct vt_profile *list;
    int n;

    assert_ok(vt_request_profile(r, &list, &n, ERR));
    assert_true(n > 0);
    return list[0].node_name;
}

/* One plan serves every length, for one new row and for a few. */
static void check_plans(struct talk *t)
{
    const char *one, *three;

    step(t, 1);
    one = plan_of(t->have);
    step(t, 3);
    three = plan_of(t->have);
    assert_ptr_not_equal(one, three);
    for (int i = 0; i < 4; i++) {
        step(t, 1);
        assert_ptr_equal(plan_of(t->have), one);
        step(t, 3);
        assert_ptr_equal(plan_of(t->have), three);
    }
}

static void check_model(bool many_heads, bool causal)
{
    struct vt_model *model = language_model(many_heads, causal);
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=2;PERF_COUNT=YES");
    struct vt_compiled *reference = compile_for(model, "REFDEV", NULL), *again;
    struct talk t;

    talk_begin(&t, compiled, reference, 1);
    step(&t, 5);
    for (int i = 0; i < 70; i++) { /* past the first room */
        step(&t, 1);
    }
    assert_fast(t.have, "MatMul");
    assert_fast(t.have, "Attention");
    assert_kernel(t.have, "Gather", "gather_compressed");
    assert_kernel(t.have, "CachedAttention", "attention_cached");
    check_plans(&t);
    step(&t, 7);
    step(&t, 1);
    forget(&t);
    step(&t, 1);
    step(&t, 1);
    step(&t, 66);
    step(&t, 1);
    forget(&t);
    step(&t, 300); /* whole blocks of keys are masked */
    step(&t, 1);
    step(&t, 140);
    talk_end(&t);

    talk_begin(&t, compiled, reference, 3);
    step(&t, 4);
    step_with(&t, 1, (int32_t[]){1, 1, 0});
    step_with(&t, 1, (int32_t[]){2, 0, 1});
    step_with(&t, 2, (int32_t[]){0, 0, 2});
    step(&t, 1);
    talk_end(&t);

    /* Exported and loaded. */
    again = reload(compiled, 2);
    talk_begin(&t, again, reference, 2);
    step(&t, 6);
    step(&t, 1);
    step_with(&t, 1, (int32_t[]){1, 0});
    talk_end(&t);
    vt_compiled_unref(again);
    vt_compiled_unref(compiled);
    vt_compiled_unref(reference);
    vt_model_unref(model);
}

static void test_shared_heads(void **state)
{
    (void)state;
    check_model(false, false);
}

static void test_many_heads(void **state)
{
    (void)state;
    check_model(true, false);
}

/* No mask: each row sees the first keys, as many as it has in front of it among the new ones. */
static void test_causal(void **state)
{
    (void)state;
    check_model(false, true);
}

/* The same variables in the same order as where nothing is fused, with the same contents; set, they count. */
static void test_states(void **state)
{
    struct vt_model *model = language_model(false, false);
    struct vt_compiled *compiled = compile_for(model, "CPU", NULL),
                       *reference = compile_for(model, "REFDEV", NULL);
    struct vt_state *a, *b;
    struct talk t, u;
    int n = 0;

    (void)state;
    talk_begin(&t, compiled, reference, 2);
    step(&t, 3);
    step(&t, 1);
    talk_begin(&u, compiled, reference, 2);
    for (a = store_of(t.have)->first, b = store_of(t.want)->first; a && b; a = a->next, b = b->next, n++) {
        struct outputs have = {1, {a->value}}, want = {1, {b->value}};
        struct vt_state *c, *d;

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->type, b->type);
        assert_true(a->set);
        assert_ok(vt_state_dense(a, ERR));
        have.t[0] = a->value;
        snprintf(test_case, sizeof(test_case), "variable %s", a->name);
        assert_close(&want, &have);
        c = vt_state_get(store_of(u.have), a->name);
        d = vt_state_get(store_of(u.want), a->name);
        assert_ok(vt_request_state_set(u.have, c, &a->value, ERR));
        assert_ok(vt_request_state_set(u.want, d, &a->value, ERR));
    }
    assert_true(!a && !b);
    assert_int_equal(n, 2 * LAYERS);
    step(&t, 1); /* after its values were looked at */
    step(&t, 2);
    u.past = 4;
    step(&u, 1);
    step(&u, 1);
    talk_end(&t);
    talk_end(&u);
    vt_compiled_unref(compiled);
    vt_compiled_unref(reference);
    vt_model_unref(model);
}

static int run_to_fail(struct vt_request *r, int64_t rows, int64_t all)
{
    struct vt_buffer *in[] = {integers(VT_I64, 2, (int64_t[]){1, rows}),
                              integers(VT_I64, 2, (int64_t[]){1, all}),
                              integers(VT_I64, 2, (int64_t[]){1, rows}), integers(VT_I32, 1, (int64_t[]){1})};
    int status;

    for (int i = 0; i < 4; i++) {
        memset(in[i]->t.data, 0, in[i]->t.bytes);
    }
    bind_inputs(r, 4, in);
    status = vt_request_infer(r, ERR);
    drop_inputs(4, in);
    return status;
}

/* A mask of another length than there are keys, and after it the model goes on. */
static void test_errors(void **state)
{
    struct vt_model *model = language_model(false, false);
    struct vt_compiled *compiled = compile_for(model, "CPU", NULL),
                       *reference = compile_for(model, "REFDEV", NULL);
    struct talk t;

    (void)state;
    talk_begin(&t, compiled, reference, 1);
    assert_true(run_to_fail(t.have, 3, 7) < 0);
    forget(&t);
    step(&t, 3);
    assert_true(run_to_fail(t.have, 1, 9) < 0);
    forget(&t);
    step(&t, 3);
    step(&t, 1);
    talk_end(&t);
    vt_compiled_unref(compiled);
    vt_compiled_unref(reference);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_heads), cmocka_unit_test(test_many_heads), cmocka_unit_test(test_causal),
        cmocka_unit_test(test_states),       cmocka_unit_test(test_errors),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
