/* Compiled models as bytes: what is in them, and what becomes of damaged ones. */
#include "blob.h"
#include "cpu_test.h"
#include "hash.h"

#define CORE_HEAD 4096 /* the plugin's part begins here */

#define WIDTH 300

/* Convolution, product and a constant that is read in place; static unless `shape` is dynamic. */
static struct vt_graph *net_mixed(const char *shape)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", shape), y;

    y = net_unary(g, "Relu", 1, net_conv(g, x, 24, 3), "");
    y = net_binary(g, "ReduceMean", 1, y, net_i64s(g, 2, (int64_t[]){2, 3}), "keep_dims=false");
    y = net_binary(g, "MatMul", 1, y, net_random(g, VT_F32, 2, (int64_t[]){WIDTH, 24}, false),
                   "transpose_b=true");
    net_result(g, y);
    y = net_binary(g, "Power", 1, net_unary(g, "Abs", 1, y, ""),
                   net_random(g, VT_F32, 2, (int64_t[]){1, WIDTH}, false), "");
    net_result(g, y);
    return g;
}

static struct vt_compiled *compile_mixed(const char *shape)
{
    struct vt_model *model = net_finish(net_mixed(shape));
    struct vt_compiled *compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1");

    vt_model_unref(model);
    return compiled;
}

static int load(const void *data, size_t n, struct vt_compiled **compiled)
{
    const char *key = "INFERENCE_NUM_THREADS", *value = "1";
    struct vt_config config = {1, &key, &value};

    return vt_core_import(the_core(), "CPU", data, n, &config, compiled, ERR);
}

static struct cpu_blob_head head_of(const struct bytes *b)
{
    struct cpu_blob_head head;

    assert_true(b->n > CORE_HEAD + sizeof(head));
    memcpy(&head, b->data + CORE_HEAD, sizeof(head));
    return head;
}

static uint64_t float_bytes(const char *shape)
{
    struct vt_model *model = net_finish(net_mixed(shape));
    uint64_t bytes = 0;

    for (int i = 0; i < model->graph->n_nodes; i++) {
        const struct vt_node *node = model->graph->nodes[i];

        bytes += node->constant.type == VT_F32 ? node->constant.bytes : 0;
    }
    vt_model_unref(model);
    return bytes;
}

/* ---- contents */

static void test_contents(void **state)
{
    struct vt_compiled *compiled = compile_mixed("1,8,6,6");
    struct vt_compiled *dynamic = compile_mixed("?,8,?,?");
    struct bytes b = {0}, d = {0}, again = {0};
    struct vt_compiled *back = NULL;
    struct vt_memory_stats stats;
    struct cpu_blob_head head;

    (void)state;
    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    head = head_of(&b);
    assert_memory_equal(head.magic, "VTCPU01", sizeof(head.magic));
    assert_int_equal(head.data_offset % 4096, 0);
    assert_int_equal(CORE_HEAD + head.data_offset + head.data_bytes, b.n);
    /* The weights of convolution and product are packed only, the exponents are there. */
    assert_in_range(head.absent_bytes, (24 * 8 * 9 + WIDTH * 24) * 4, (24 * 8 * 9 + WIDTH * 24) * 4 + 128);

    assert_ok(load(b.data, b.n, &back));
    assert_ok(vt_compiled_memory(back, &stats, ERR));
    assert_int_equal(stats.weights, 0);
    assert_true(stats.constants_mapped >= head.absent_bytes - 128);
    assert_ok(vt_compiled_export(back, keep_bytes, &again, ERR));
    assert_int_equal(again.n, b.n);
    vt_compiled_unref(back);

    /* A dynamic model keeps what its plans will be made from. */
    assert_ok(vt_compiled_export(dynamic, keep_bytes, &d, ERR));
    head = head_of(&d);
    assert_int_equal(head.absent_bytes, 0);
    assert_true(head.data_bytes + 1024 >= float_bytes("?,8,?,?"));
    free(b.data);
    free(d.data);
    free(again.data);
    vt_compiled_unref(compiled);
    vt_compiled_unref(dynamic);
}

/* A dynamic model that ran already takes its packed forms along; shapes that it has not seen work too. */
static void test_dynamic(void **state)
{
    struct vt_compiled *compiled = compile_mixed("?,8,?,?"), *back = NULL;
    static const int64_t shapes[][4] = {{1, 8, 6, 6}, {2, 8, 3, 5}, {3, 8, 6, 6}};
    struct vt_buffer *in[3];
    struct outputs want[3], have;
    struct bytes b = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(vt_buffer_create(VT_F32, 4, shapes[i], &in[i], ERR));
        fill_tensor(&in[i]->t);
        if (i < 2) {
            run_compiled(compiled, 1, &in[i], &want[i]);
        }
    }
    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    assert_true(head_of(&b).n_items > 4);
    run_compiled(compiled, 1, &in[2], &want[2]);
    assert_ok(load(b.data, b.n, &back));
    for (int i = 2; i >= 0; i--) {
        run_compiled(back, 1, &in[i], &have);
        assert_same_bits(&want[i], &have, "when exported and loaded");
        outputs_free(&have);
        outputs_free(&want[i]);
    }
    free(b.data);
    drop_inputs(3, in);
    vt_compiled_unref(back);
    vt_compiled_unref(compiled);
}

/* Two constants that share their data, one packed, one read in place. */
static void test_tied(void **state)
{
    for (int both = 0; both < 2; both++) {
        struct vt_graph *g = net_create();
        int64_t dims[2] = {48, 32};
        struct vt_port x = net_param(g, 2, (int64_t[]){3, 32}), w, v;
        struct vt_tensor t;
        struct vt_blob *blob;

        (void)state;
        assert_true(vt_tensor_describe(&t, VT_F32, 2, dims));
        t.data = aligned_alloc(64, t.bytes);
        fill_tensor(&t);
        blob = vt_blob_wrap(t.data, t.bytes, free, t.data);
        w = vt_port_of(vt_constant_create(g, "w", &t, blob, ERR), 0);
        v = vt_port_of(vt_constant_create(g, "v", &t, blob, ERR), 0);
        vt_blob_unref(blob);
        net_result(g, net_binary(g, "MatMul", 1, x, w, "transpose_b=true"));
        if (both) {
            net_result(g, net_binary(g, "MatMul", 1, net_unary(g, "Abs", 1, x, ""), v, "transpose_b=true"));
        } else {
            net_result(g,
                       net_op(g, "Gather", 8, 3,
                              (struct vt_port[]){v, net_i64s(g, 2, (int64_t[]){40, 1}), net_i64(g, 0)}, ""));
        }
        check_graph(g, NULL, 2);
    }
}

/* ---- damage */

static void repair(struct bytes *b)
{
    struct cpu_blob_head head = head_of(b);
    const unsigned char *base = b->data + CORE_HEAD;
    size_t left = b->n - CORE_HEAD, skip = offsetof(struct cpu_blob_head, samples);
    uint64_t table = (sizeof(head) + head.graph_bytes + 7) & ~(uint64_t)7, hash;

    if (head.graph_bytes > left || head.n_items > left / sizeof(struct cpu_blob_item) ||
        table + head.n_items * sizeof(struct cpu_blob_item) > left) {
        return;
    }
    hash = vt_hash((const char *)&head + skip, sizeof(head) - skip, 0);
    hash = vt_hash(base + sizeof(head), (size_t)head.graph_bytes, hash);
    head.hash = vt_hash(base + table, (size_t)head.n_items * sizeof(struct cpu_blob_item), hash);
    memcpy(b->data + CORE_HEAD, &head, sizeof(head));
}

/* Whatever comes of it, it is either a model or an error with a reason. */
static bool survives(const struct bytes *b)
{
    struct vt_compiled *compiled = NULL;
    int status = load(b->data, b->n, &compiled);

    if (status) {
        assert_null(compiled);
        assert_int_equal(test_error.code, status);
        assert_true(strlen(test_error.text) > 10);
        return false;
    }
    vt_compiled_unref(compiled);
    return true;
}

/* Every byte of head, graph and table changed; without a repaired hash all is noticed. */
static void test_flips(void **state)
{
    static const unsigned char flips[] = {0x01, 0x80, 0xff, 0x10};
    struct vt_compiled *compiled = compile_mixed("1,8,6,6");
    struct bytes b = {0};
    struct cpu_blob_head head;
    size_t end;
    int loaded = 0;

    (void)state;
    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    head = head_of(&b);
    end = CORE_HEAD + (size_t)(((sizeof(head) + head.graph_bytes + 7) & ~(uint64_t)7) +
                               head.n_items * sizeof(struct cpu_blob_item));
    for (size_t i = CORE_HEAD; i < end; i++) {
        snprintf(test_case, sizeof(test_case), "byte %zu", i);
        for (size_t k = 0; k < sizeof(flips); k++) {
            b.data[i] ^= flips[k];
            if (k == 0 && survives(&b) && i < CORE_HEAD + sizeof(head) + head.graph_bytes) {
                fail_msg("a changed byte goes unnoticed [%s]", test_case);
            }
            repair(&b);
            loaded += survives(&b);
            b.data[i] ^= flips[k];
            memcpy(b.data + CORE_HEAD, &head, i < CORE_HEAD + sizeof(head) ? sizeof(head) : 16);
        }
    }
    assert_true(loaded > 0); /* names, for one */
    /* A first byte of weights is among the samples. */
    b.data[CORE_HEAD + head.data_offset + 3] ^= 0x20;
    assert_fails(load(b.data, b.n, &compiled), VT_E_FORMAT, "weights");
    free(b.data);
    vt_compiled_unref(compiled);
}

static void test_cuts(void **state)
{
    struct vt_compiled *compiled = compile_mixed("1,8,6,6");
    struct bytes b = {0};

    (void)state;
    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    for (size_t n = 0; n<b.n; n += n> CORE_HEAD - 64 && n < 3 * CORE_HEAD ? 1 : 61) {
        struct bytes cut = {malloc(n + 1), n, n};

        memcpy(cut.data, b.data, n);
        assert_false(survives(&cut));
        free(cut.data);
    }
    free(b.data);
    vt_compiled_unref(compiled);
}

static void put_number(struct bytes *b, size_t at, uint32_t value)
{
    memcpy(b->data + CORE_HEAD + at, &value, sizeof(value));
    repair(b);
}

static void test_other_machine(void **state)
{
    struct vt_compiled *compiled = compile_mixed("1,8,6,6"), *back = NULL;
    struct bytes b = {0};

    (void)state;
    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    put_number(&b, offsetof(struct cpu_blob_head, isa), CPU_ISA_amx);
    assert_fails(load(b.data, b.n, &back), VT_E_ABI, "instruction set amx");
    put_number(&b, offsetof(struct cpu_blob_head, isa), 4711);
    assert_fails(load(b.data, b.n, &back), VT_E_ABI, "instruction set ?");
    free(b.data);
    vt_compiled_unref(compiled);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents), cmocka_unit_test(test_dynamic), cmocka_unit_test(test_tied),
        cmocka_unit_test(test_flips),    cmocka_unit_test(test_cuts),    cmocka_unit_test(test_other_machine),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
