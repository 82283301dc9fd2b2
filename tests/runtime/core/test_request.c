/* Tensors of requests, synchronous inference, dynamic shapes, life times. */
#include "core_test.h"
#include "element.h"

#include <math.h>

static void fill(struct vt_buffer *b, float value)
{
    for (int64_t i = 0; i < vt_tensor_count(&b->t); i++) {
        ((float *)b->t.data)[i] = value;
    }
}

static struct vt_buffer *get(struct vt_request *r, enum vt_side side, int index)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_request_get(r, side, index, &b, ERR));
    return b;
}

static void assert_rows_are_even(const struct vt_buffer *b)
{
    int64_t n = b->t.dims[b->t.rank - 1];

    for (int64_t i = 0; i < vt_tensor_count(&b->t); i++) {
        assert_true(fabsf(((float *)b->t.data)[i] - 1.0f / (float)n) < 1e-6f);
    }
}

static void test_static(void **state)
{
    struct vt_request *r = test_request("1,4", 1, NULL, NULL);
    struct vt_buffer *in = get(r, VT_INPUT, 0), *in2 = get(r, VT_INPUT, 0), *out = get(r, VT_OUTPUT, 0);
    void *data = out->t.data;

    (void)state;
    assert_ptr_equal(in, in2);
    assert_int_equal(in->t.bytes, 16);
    assert_non_null(out->t.data);
    fill(in, 3);
    assert_ok(vt_request_infer(r, ERR));
    assert_rows_are_even(out);
    assert_ok(vt_request_infer(r, ERR));
    assert_ptr_equal(out->t.data, data);
    vt_request_destroy(r);
    assert_rows_are_even(out); /* results outlive the request */
    vt_buffer_unref(in);
    vt_buffer_unref(in2);
    vt_buffer_unref(out);
}

static void test_user_tensors(void **state)
{
    static float src[4] = {5, 5, 5, 5}, dst[4];
    struct vt_request *r = test_request("1,4", 1, NULL, NULL);
    struct vt_buffer *in = NULL, *out = NULL, *same;

    (void)state;
    assert_ok(vt_buffer_wrap(VT_F32, 2, (int64_t[]){1, 4}, src, &in, ERR));
    assert_ok(vt_buffer_wrap(VT_F32, 2, (int64_t[]){1, 4}, dst, &out, ERR));
    assert_ok(vt_request_set(r, VT_INPUT, 0, in, ERR));
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, out, ERR));
    same = get(r, VT_OUTPUT, 0);
    assert_ptr_equal(same, out);
    assert_ok(vt_request_infer(r, ERR));
    assert_rows_are_even(out);
    assert_true(dst[0] == 0.25f);
    src[0] = -1000;
    assert_ok(vt_request_infer(r, ERR));
    assert_true(dst[0] == 0);
    vt_buffer_unref(same);
    vt_buffer_unref(in);
    vt_buffer_unref(out);
    vt_request_destroy(r);
}

static void test_wrong_tensors(void **state)
{
    struct vt_request *r = test_request("1,4", 1, NULL, NULL);
    struct vt_buffer *i32 = NULL, *wide = NULL, *in, *empty = NULL, *b = NULL;

    (void)state;
    assert_ok(vt_buffer_create(VT_I32, 2, (int64_t[]){1, 4}, &i32, ERR));
    assert_ok(vt_buffer_create(VT_F32, 2, (int64_t[]){1, 5}, &wide, ERR));
    assert_ok(vt_buffer_create(VT_F32, 1, (int64_t[]){0}, &empty, ERR));
    assert_fails(vt_request_set(r, VT_INPUT, 0, i32, ERR), VT_E_TYPE,
                 "input 0 'x_t' has the element type f32, the tensor has i32");
    assert_fails(vt_request_set(r, VT_INPUT, 0, wide, ERR), VT_E_SHAPE,
                 "input 0 'x_t' takes the shape [1,4], the tensor has [1,5]");
    assert_fails(vt_request_set(r, VT_OUTPUT, 0, wide, ERR), VT_E_SHAPE, "output 0 'y_t' takes");
    assert_fails(vt_request_set(r, VT_INPUT, 0, empty, ERR), VT_E_SHAPE, "the tensor has [0]");
    assert_fails(vt_request_set(r, VT_INPUT, 1, i32, ERR), VT_E_RANGE, "there is no input 1");
    assert_fails(vt_request_get(r, VT_OUTPUT, -1, &b, ERR), VT_E_RANGE, "there is no output -1");

    /* An empty tensor as output grows. */
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, empty, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(empty->t.rank, 2);
    assert_int_equal(empty->t.bytes, 16);

    /* A shape that does not fit is found at the run when it was set behind the request's back. */
    in = get(r, VT_INPUT, 0);
    assert_ok(vt_buffer_reshape(in, 2, (int64_t[]){2, 4}, ERR));
    assert_fails(vt_request_infer(r, ERR), VT_E_SHAPE, "takes the shape [1,4], the tensor has [2,4]");
    assert_ok(vt_buffer_reshape(in, 2, (int64_t[]){1, 4}, ERR));
    assert_ok(vt_request_infer(r, ERR));
    vt_buffer_unref(in);
    vt_buffer_unref(i32);
    vt_buffer_unref(wide);
    vt_buffer_unref(empty);
    vt_request_destroy(r);
}

static void test_dynamic(void **state)
{
    struct vt_request *r = test_request("?,4", 1, NULL, NULL);
    struct vt_buffer *in = get(r, VT_INPUT, 0), *out = get(r, VT_OUTPUT, 0);
    struct vt_buffer *five = test_floats(2, (int64_t[]){5, 4}), *none = test_floats(2, (int64_t[]){0, 4});

    (void)state;
    assert_int_equal(in->t.dims[0], 0);
    assert_non_null(in->t.data);
    assert_null(out->t.data);
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(out->t.dims[0], 0);
    assert_ok(vt_buffer_reshape(in, 2, (int64_t[]){3, 4}, ERR));
    fill(in, 1);
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(out->t.dims[0], 3);
    assert_rows_are_even(out);
    assert_ok(vt_request_set(r, VT_INPUT, 0, five, ERR));
    assert_int_equal(out->t.dims[0], 3);
    fill(five, 2);
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(out->t.dims[0], 5); /* the handle taken before shows it */
    assert_rows_are_even(out);
    assert_ok(vt_request_set(r, VT_INPUT, 0, none, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(out->t.dims[0], 0);
    assert_fails(vt_request_set(r, VT_INPUT, 0, out, ERR), VT_OK, "");
    vt_buffer_unref(five);
    vt_buffer_unref(none);
    vt_buffer_unref(in);
    vt_buffer_unref(out);
    vt_request_destroy(r);
}

/* A dynamic result in a tensor of the user's: own memory grows, host memory does not. */
static void test_dynamic_output(void **state)
{
    static float host_memory[8];
    struct vt_request *r = test_request("1..5,4", 1, NULL, NULL);
    struct vt_buffer *own = test_floats(2, (int64_t[]){2, 4}), *in = test_floats(2, (int64_t[]){5, 4});
    struct vt_buffer *nine = test_floats(2, (int64_t[]){9, 4}), *one = test_floats(2, (int64_t[]){1, 4});
    struct vt_buffer *host = NULL;

    (void)state;
    assert_fails(vt_request_set(r, VT_INPUT, 0, nine, ERR), VT_E_SHAPE, "[1..5,4]");
    assert_ok(vt_request_set(r, VT_INPUT, 0, in, ERR));
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, own, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(own->t.dims[0], 5);
    assert_ok(vt_buffer_wrap(VT_F32, 2, (int64_t[]){2, 4}, host_memory, &host, ERR));
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, host, ERR));
    assert_fails(vt_request_infer(r, ERR), VT_E_SHAPE,
                 "output 0 'y_t': shape [5,4] needs 80 bytes, the memory given for the tensor has 32");
    assert_int_equal(host->t.dims[0], 2);
    assert_ok(vt_request_set(r, VT_INPUT, 0, one, ERR));
    assert_ok(vt_request_infer(r, ERR));
    assert_int_equal(host->t.dims[0], 1);
    assert_ptr_equal(host->t.data, host_memory);
    vt_buffer_unref(own);
    vt_buffer_unref(in);
    vt_buffer_unref(nine);
    vt_buffer_unref(one);
    vt_buffer_unref(host);
    vt_request_destroy(r);
}

static struct vt_buffer *run_rows(struct vt_request *r, int64_t rows)
{
    struct vt_buffer *in = test_floats(2, (int64_t[]){rows, 4}), *out;

    fill(in, 1);
    assert_ok(vt_request_set(r, VT_INPUT, 0, in, ERR));
    assert_ok(vt_request_infer(r, ERR));
    out = get(r, VT_OUTPUT, 0);
    assert_int_equal(out->t.dims[0], rows);
    assert_rows_are_even(out);
    vt_buffer_unref(in);
    return out;
}

/* The memory of a bounded output is made once, whether its tensor was there before the first run or not; that
 * of one whose bound is no size grows. */
static void test_bounded_output(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        struct vt_request *r = test_request("..1000,4", 1, NULL, NULL);
        struct vt_buffer *early = before ? get(r, VT_OUTPUT, 0) : NULL, *out;
        const void *memory;

        if (before) {
            assert_int_equal(early->t.dims[0], 0);
            assert_int_equal(early->t.bytes, 0);
            assert_null(early->t.data);
        }
        out = run_rows(r, 2);
        memory = out->t.data;
        assert_int_equal(out->t.bytes, 32);
        assert_true(out->capacity >= 16000);
        vt_buffer_unref(out);
        out = run_rows(r, 1000);
        assert_ptr_equal(out->t.data, memory);
        vt_buffer_unref(out);
        vt_buffer_unref(early);
        vt_request_destroy(r);
    }
    for (int huge = 0; huge < 2; huge++) {
        struct vt_request *r = test_request(huge ? "..2147483647,4" : "?,4", 1, NULL, NULL);
        struct vt_buffer *out = run_rows(r, 2);

        assert_true(out->capacity < 1000);
        vt_buffer_unref(out);
        vt_buffer_unref(run_rows(r, 300));
        vt_request_destroy(r);
    }
}

/* One tensor as input and output, and an output that overlaps half of the input. */
static void test_overlap(void **state)
{
    static float memory[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct vt_request *r = test_request("2,2", 2, NULL, NULL);
    struct vt_request *dynamic = test_request("?,2", 1, NULL, NULL);
    struct vt_buffer *both = test_floats(2, (int64_t[]){2, 2}), *low = NULL, *high = NULL;

    (void)state;
    assert_ok(vt_request_set(r, VT_INPUT, 0, both, ERR));
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, both, ERR));
    fill(both, 7);
    assert_ok(vt_request_infer(r, ERR));
    assert_rows_are_even(both);
    assert_ok(vt_buffer_wrap(VT_F32, 2, (int64_t[]){2, 2}, memory, &low, ERR));
    assert_ok(vt_buffer_wrap(VT_F32, 2, (int64_t[]){2, 2}, memory + 2, &high, ERR));
    assert_ok(vt_request_set(r, VT_INPUT, 0, low, ERR));
    assert_ok(vt_request_set(r, VT_OUTPUT, 0, high, ERR));
    fill(low, 1);
    assert_ok(vt_request_infer(r, ERR));
    assert_rows_are_even(high);
    assert_true(memory[0] == 1 && memory[1] == 1);

    assert_ok(vt_request_set(dynamic, VT_INPUT, 0, both, ERR));
    assert_ok(vt_request_set(dynamic, VT_OUTPUT, 0, both, ERR));
    for (int64_t rows = 2; rows < 100; rows += 40) {
        assert_ok(vt_buffer_reshape(both, 2, (int64_t[]){rows, 2}, ERR));
        fill(both, 3);
        assert_ok(vt_request_infer(dynamic, ERR));
        assert_int_equal(both->t.dims[0], rows);
        assert_rows_are_even(both);
    }
    vt_request_destroy(r);
    vt_request_destroy(dynamic);
    vt_buffer_unref(both);
    vt_buffer_unref(low);
    vt_buffer_unref(high);
}

/* Regions of tensors of two types, one after the other, as an input whose type is open. */
static void test_regions_of_types(void **state)
{
    static const enum vt_type types[] = {VT_F32, VT_I64, VT_F32};
    struct vt_graph *g = vt_graph_create("open");
    struct vt_core *core = test_core();
    struct vt_model *model;
    struct vt_compiled *compiled = NULL;
    struct vt_request *r = NULL;

    (void)state;
    test_unary(g, "Result", 1, "y", test_param(g, "x", "dynamic", "2,2", "x_t"), NULL);
    model = test_finish(g);
    assert_ok(vt_core_compile(core, model, "REFDEV", NULL, &compiled, ERR));
    assert_ok(vt_request_create(compiled, &r, ERR));
    for (int i = 0; i < 3; i++) {
        struct vt_buffer *whole = NULL, *part = NULL, *out = NULL;

        assert_ok(vt_buffer_create(types[i], 2, (int64_t[]){2, 3}, &whole, ERR));
        for (int k = 0; k < 6; k++) {
            vt_set_i64(&whole->t, k, 10 * i + k);
        }
        assert_ok(vt_buffer_region(whole, (int64_t[]){0, 1}, (int64_t[]){2, 3}, &part, ERR));
        assert_ok(vt_buffer_create(types[i], 2, (int64_t[]){2, 2}, &out, ERR));
        assert_ok(vt_request_set(r, VT_INPUT, 0, part, ERR));
        assert_ok(vt_request_set(r, VT_OUTPUT, 0, out, ERR));
        assert_ok(vt_request_infer(r, ERR));
        assert_int_equal(vt_get_i64(&out->t, 0), 10 * i + 1);
        assert_int_equal(vt_get_i64(&out->t, 3), 10 * i + 5);
        vt_buffer_unref(out);
        vt_buffer_unref(part);
        vt_buffer_unref(whole);
    }
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    vt_core_destroy(core);
}

/* Objects may be given back in any order: every permutation of four. */
static void test_order_of_frees(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        int order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
        struct vt_core *core;
        struct vt_model *model;
        struct vt_compiled *compiled;
        struct vt_request *request = NULL;
        struct vt_buffer *out;

        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15) {
            continue;
        }
        core = test_core();
        model = test_softmax("1,4", 1);
        compiled = test_compile(core, model, NULL, NULL);
        assert_ok(vt_request_create(compiled, &request, ERR));
        out = get(request, VT_OUTPUT, 0);
        for (int i = 0; i < 4; i++) {
            switch (order[i]) {
            case 0: vt_core_destroy(core); break;
            case 1: vt_model_unref(model); break;
            case 2: vt_compiled_unref(compiled); break;
            default:
                assert_ok(vt_request_infer(request, ERR));
                vt_request_destroy(request);
                break;
            }
        }
        assert_true(isfinite(((float *)out->t.data)[0]));
        vt_buffer_unref(out);
    }
}

static void test_profile(void **state)
{
    struct vt_request *r = test_request("1,4", 2, "PERF_COUNT", "YES");
    struct vt_request *off = test_request("1,4", 2, NULL, NULL);
    const struct vt_profile *list;
    int n;

    (void)state;
    assert_ok(vt_request_profile(r, &list, &n, ERR));
    assert_int_equal(n, 4);
    assert_int_equal(list[1].status, VT_PROFILE_NOT_RUN);
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_profile(r, &list, &n, ERR));
    assert_int_equal(list[1].status, VT_PROFILE_EXECUTED);
    assert_string_equal(list[1].node_name, "softmax0");
    assert_string_equal(list[1].node_type, "Softmax");
    assert_string_equal(list[1].exec_type, "ref");
    assert_ok(vt_request_infer(off, ERR));
    assert_ok(vt_request_profile(off, &list, &n, ERR));
    assert_int_equal(list[1].status, VT_PROFILE_NOT_RUN);
    vt_request_destroy(r);
    vt_request_destroy(off);
}

static void test_null(void **state)
{
    (void)state;
    vt_core_destroy(NULL);
    vt_model_unref(NULL);
    vt_compiled_unref(NULL);
    vt_request_destroy(NULL);
    vt_buffer_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static),         cmocka_unit_test(test_user_tensors),
        cmocka_unit_test(test_wrong_tensors),  cmocka_unit_test(test_dynamic),
        cmocka_unit_test(test_dynamic_output), cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_bounded_output), cmocka_unit_test(test_regions_of_types),
        cmocka_unit_test(test_order_of_frees), cmocka_unit_test(test_profile),
        cmocka_unit_test(test_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
