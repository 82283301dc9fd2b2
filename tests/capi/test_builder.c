/* Models built in code: what comes out of them, and what is said about mistakes. */
#include "capi_test.h"

#include "vintner.h"

#include <math.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define PORTS(...)                                                                                           \
    COUNT(((vt_port_t[]){__VA_ARGS__})), (vt_port_t[])                                                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define DIMS(...)                                                                                            \
    COUNT(((int64_t[]){__VA_ARGS__})), (int64_t[])                                                           \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static vt_builder_t *new_builder(const ov_core_t *core)
{
    vt_builder_t *b = NULL;

    PASS(vt_builder_create(core, "built", &b));
    return b;
}

static ov_model_t *finish(vt_builder_t *b)
{
    ov_model_t *model = NULL;

    PASS(vt_builder_finish(b, &model));
    vt_builder_free(b);
    return model;
}

static bool is_none(vt_port_t port)
{
    return !port.builder && !port.node && !port.output;
}

static vt_port_t op(vt_builder_t *b, const char *type, const char *opset, size_t n, const vt_port_t *in)
{
    vt_port_t port = vt_builder_op(b, type, opset, NULL, n, in, 0, NULL);

    assert_false(is_none(port));
    return port;
}

static void assert_known(vt_builder_t *b, vt_port_t port, ov_element_type_e type, const char *shape)
{
    ov_element_type_e got = DYNAMIC;
    ov_partial_shape_t partial = {0};

    PASS(vt_builder_port_info(b, port, &got, &partial));
    assert_int_equal(got, type);
    assert_text(ov_partial_shape_to_string(partial), shape);
    ov_partial_shape_free(&partial);
}

/* Runs `model` on x; output `index` is the caller's. */
static ov_tensor_t *run(ov_core_t *core, const ov_model_t *model, const char *device, ov_tensor_t *x,
                        size_t index)
{
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *y = NULL;

    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(ov_infer_request_set_input_tensor_by_index(request, 0, x));
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_output_tensor_by_index(request, index, &y));
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    return y;
}

/* ---- a network of two layers: x [?,3] -> relu(x w1 + b1) w2, softmax along axis 1 */

static const float w1[6] = {1, -1, 0.5f, 2, -0.5f, 1}, b1[2] = {0.25f, -1}, w2[4] = {1, 2, -1, 0.5f};

static ov_model_t *mlp(const ov_core_t *core)
{
    vt_builder_t *b = new_builder(core);
    const vt_attribute_t axis[] = {VT_ATTR_INT("axis", 1)};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(-1, 3));
    vt_port_t h = op(b, "MatMul", "opset1", PORTS(x, vt_builder_constant(b, "w1", F32, DIMS(3, 2), w1)));

    h = op(b, "Add", NULL, PORTS(h, vt_builder_constant(b, "b1", F32, DIMS(2), b1)));
    h = op(b, "Relu", "opset8", 1, &h);
    PASS(vt_builder_tensor_name(b, h, "hidden"));
    assert_known(b, h, F32, "{?,2}");
    h = op(b, "MatMul", "opset1", PORTS(h, vt_builder_constant(b, "w2", F32, DIMS(2, 2), w2)));
    h = vt_builder_op(b, "Softmax", "opset8", "probabilities", 1, &h, 1, axis);
    PASS(vt_builder_result(b, "y", h));
    return finish(b);
}

static void expected(const float *x, float y[2])
{
    float h[2], z[2];

    for (int i = 0; i < 2; i++) {
        h[i] = fmaxf(0, x[0] * w1[i] + x[1] * w1[2 + i] + x[2] * w1[4 + i] + b1[i]);
    }
    for (int i = 0; i < 2; i++) {
        z[i] = expf(h[0] * w2[i] + h[1] * w2[2 + i]);
    }
    y[0] = z[0] / (z[0] + z[1]);
    y[1] = z[1] / (z[0] + z[1]);
}

static void check_mlp(ov_core_t *core, const ov_model_t *model, const char *device, int64_t rows)
{
    ov_tensor_t *x = new_f32(2, rows, 3, -2), *y = run(core, model, device, x, 0);

    for (int64_t i = 0; i < rows; i++) {
        float in[3] = {element(x, 3 * i), element(x, 3 * i + 1), element(x, 3 * i + 2)}, want[2];

        expected(in, want);
        assert_true(fabsf(element(y, 2 * i) - want[0]) < 1e-5f &&
                    fabsf(element(y, 2 * i + 1) - want[1]) < 1e-5f);
    }
    ov_tensor_free(x);
    ov_tensor_free(y);
}

static void mlp_on(ov_core_t *core, const char *device)
{
    ov_model_t *model = mlp(NULL);

    check_mlp(core, model, device, 4);
    check_mlp(core, model, device, 1);
    ov_model_free(model);
}

static void test_mlp(void **state)
{
    (void)state;
    on_each_device(mlp_on);
}

/* What comes out is a model like any other. */
static void test_model(void **state)
{
    char folder[] = "/tmp/vintner-builder-XXXXXX", path[64], weights[64];
    ov_core_t *core = new_core();
    ov_model_t *model = mlp(core), *back = NULL;
    ov_output_const_port_t *port = NULL;
    ov_partial_shape_t shape = {0};
    ov_shape_t fixed = {2, (int64_t[]){5, 3}};
    char *name = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/m.xml", folder);
    snprintf(weights, sizeof(weights), "%s/m.bin", folder);
    PASS(ov_model_get_friendly_name(model, &name));
    assert_text(name, "built");
    PASS(ov_model_const_input_by_name(model, "x", &port));
    ov_output_const_port_free(port);
    PASS(ov_model_const_output_by_name(model, "y", &port));
    ov_output_const_port_free(port);
    PASS(vt_model_save(model, path, NULL, NULL));
    PASS(ov_core_read_model(core, path, NULL, &back));
    check_mlp(core, back, "CPU", 3);
    PASS(ov_model_const_output_by_name(back, "y", &port));
    ov_output_const_port_free(port);
    ov_model_free(back);
    PASS(ov_shape_to_partial_shape(fixed, &shape));
    PASS(ov_model_reshape_single_input(model, shape));
    ov_partial_shape_free(&shape);
    assert_false(ov_model_is_dynamic(model));
    check_mlp(core, model, "CPU", 5);
    ov_model_free(model);
    ov_core_free(core);
    assert_int_equal(unlink(path) | unlink(weights) | rmdir(folder), 0);
}

/* ---- constants that are not copied */

static void count_release(void *user)
{
    ++*(int *)user;
}

static void test_borrowed(void **state)
{
    static float data[1024], other[4] = {1, 2, 3, 4};
    int released = 0, dropped = 0, wrong = 0;
    ov_core_t *core = new_core();
    vt_builder_t *b = new_builder(core);
    ov_tensor_t *x = new_f32(2, 1, 1024, 0), *y;
    vt_port_t p = vt_builder_parameter(b, "x", F32, DIMS(1, 1024)), w;
    ov_model_t *model;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;

    (void)state;
    for (int i = 0; i < 1024; i++) {
        data[i] = (float)i;
    }
    w = vt_builder_constant_borrowed(b, "w", F32, DIMS(1, 1024), data, count_release, &released);
    /* One that nothing reads goes when the model is finished, at the latest with it. */
    assert_false(
        is_none(vt_builder_constant_borrowed(b, NULL, F32, DIMS(4), other, count_release, &dropped)));
    PASS(vt_builder_result(b, "y", op(b, "Add", "opset1", PORTS(p, w))));
    data[7] = 70; /* seen: it was not copied */
    model = finish(b);
    assert_int_equal(released, 0);
    y = run(core, model, "CPU", x, 0);
    assert_true(element(y, 7) == 77 && element(y, 8) == 16);
    ov_tensor_free(y);
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    ov_model_free(model);
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    PASS(ov_infer_request_set_input_tensor(request, x));
    PASS(ov_infer_request_infer(request));
    PASS(ov_infer_request_get_output_tensor(request, &y));
    assert_true(element(y, 1023) == 2046);
    ov_tensor_free(y);
    ov_infer_request_free(request);
    assert_int_equal(released, 1);
    assert_int_equal(dropped, 1);
    /* Whatever is wrong, the data is given back, once. */
    assert_true(is_none(vt_builder_constant_borrowed(NULL, "w", F32, DIMS(4), other, count_release, &wrong)));
    b = new_builder(NULL);
    assert_true(is_none(vt_builder_constant_borrowed(b, "w", F32, DIMS(-4), other, count_release, &wrong)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "node 'w': a constant has negative dimensions");
    assert_true(is_none(vt_builder_constant_borrowed(b, "v", F32, DIMS(4), other, count_release, &wrong)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "node 'w'");
    vt_builder_free(b);
    assert_int_equal(wrong, 3);
    b = new_builder(NULL);
    assert_false(is_none(vt_builder_constant_borrowed(b, "v", F32, DIMS(4), other, NULL, NULL)));
    assert_false(is_none(vt_builder_constant_borrowed(b, "e", F32, DIMS(0), NULL, count_release, &wrong)));
    vt_builder_free(b);
    assert_int_equal(wrong, 4);
    ov_tensor_free(x);
    ov_core_free(core);
}

/* ---- several outputs, kinds of attributes */

static void test_outputs(void **state)
{
    ov_core_t *core = new_core();
    vt_builder_t *b = new_builder(NULL);
    const vt_attribute_t parts[] = {VT_ATTR_INT("num_splits", 3)};
    const vt_attribute_t top[] = {VT_ATTR_INT("axis", -1), VT_ATTR("mode", "max"), VT_ATTR("sort", "value"),
                                  VT_ATTR("index_element_type", "i64")};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(2, 6)), in[2] = {x, vt_builder_i64(b, 1)}, best;
    vt_node_desc_t split = {.size = sizeof(split),
                            .type = "Split",
                            .opset = "opset1",
                            .name = "parts",
                            .n_inputs = 2,
                            .inputs = in,
                            .n_outputs = 3,
                            .n_attributes = 1,
                            .attributes = parts};
    vt_port_t first = vt_builder_node(b, &split), last = vt_builder_output(b, first, 2);
    ov_tensor_t *values = new_f32(2, 2, 6, 0), *y;
    ov_model_t *model;

    (void)state;
    assert_known(b, last, F32, "{2,2}");
    PASS(vt_builder_result(b, "sum", op(b, "Add", "opset1", PORTS(first, last))));
    best = vt_builder_op(b, "TopK", "opset11", "best", PORTS(x, vt_builder_i64(b, 2)), 4, top);
    assert_known(b, best, F32, "{2,2}");
    assert_known(b, vt_builder_output(b, best, 1), I64, "{2,2}");
    PASS(vt_builder_result(b, NULL, vt_builder_output(b, best, 1)));
    model = finish(b);
    y = run(core, model, "CPU", values, 0);
    assert_true(element(y, 0) == 4 && element(y, 3) == 18);
    ov_tensor_free(y);
    ov_tensor_free(values);
    ov_model_free(model);
    ov_core_free(core);
}

static void test_attributes(void **state)
{
    static const int64_t ones[] = {1, 1}, kernel[] = {2, 2}, zeros[] = {0, 0};
    static const double reals[] = {0.5, 1.5};
    vt_builder_t *b = new_builder(NULL);
    const vt_attribute_t pool[] = {VT_ATTR_INTS("strides", ones, 2), VT_ATTR_INTS("pads_begin", zeros, 2),
                                   VT_ATTR_INTS("pads_end", zeros, 2), VT_ATTR_INTS("kernel", kernel, 2)};
    const vt_attribute_t bounded[] = {VT_ATTR("shape", "1..8,?"), VT_ATTR("element_type", "f16")};
    const vt_attribute_t elu[] = {VT_ATTR_REAL("alpha", 0.1)};
    const vt_attribute_t anchors[] = {VT_ATTR_REALS("variance", reals, 2)};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(1, 3, 8, 8)), y;

    (void)state;
    y = vt_builder_op(b, "MaxPool", "opset1", "pool", 1, &x, 4, pool);
    assert_known(b, y, F32, "{1,3,7,7}");
    assert_known(b, vt_builder_op(b, "Elu", "opset1", "elu", 1, &y, 1, elu), F32, "{1,3,7,7}");
    y = vt_builder_op(b, "Parameter", "opset1", "bounded", 0, NULL, 2, bounded);
    assert_known(b, y, F16, "{1..8,?}");
    y = vt_builder_parameter(b, "open", I32, -1, NULL);
    PASS(vt_builder_port_info(b, y, &(ov_element_type_e){DYNAMIC}, NULL));
    /* A list of reals for a list of reals. */
    assert_true(is_none(
        vt_builder_op(b, "PriorBox", "opset8", "prior", PORTS(vt_builder_i64s(b, 2, kernel)), 1, anchors)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "PriorBox takes 2 to 2 inputs, not 1");
    vt_builder_free(b);
}

/* ---- texts: which of them are "b" */

static void test_strings(void **state)
{
    static const char *const texts[] = {"a", "b", "a text that is longer than fifteen bytes"}, *const one[] =
                                                                                                   {"b"};
    ov_core_t *core = new_core();
    vt_builder_t *b = new_builder(NULL);
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(1)),
              c = vt_builder_constant(b, "texts", STRING, DIMS(3), texts);
    vt_port_t same = op(b, "Equal", "opset1", PORTS(c, vt_builder_constant(b, NULL, STRING, 0, NULL, one)));
    const vt_attribute_t type[] = {VT_ATTR("destination_type", "f32")};
    ov_tensor_t *in = new_f32(1, 1, 0, 10), *out;
    ov_model_t *model;

    (void)state;
    assert_known(b, c, STRING, "{3}");
    same = vt_builder_op(b, "Convert", "opset1", NULL, 1, &same, 1, type);
    PASS(vt_builder_result(b, "y", op(b, "Add", "opset1", PORTS(x, same))));
    model = finish(b);
    out = run(core, model, "CPU", in, 0);
    assert_true(element(out, 0) == 10 && element(out, 1) == 11 && element(out, 2) == 10);
    ov_tensor_free(in);
    ov_tensor_free(out);
    ov_model_free(model);
    ov_core_free(core);
    b = new_builder(NULL);
    assert_true(is_none(vt_builder_constant_borrowed(b, "w", STRING, DIMS(1), one, NULL, NULL)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "node 'w': texts cannot be borrowed");
    vt_builder_free(b);
    b = new_builder(NULL);
    assert_true(is_none(vt_builder_constant(b, "w", STRING, DIMS(1), (const char *[]){NULL})));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "node 'w': a text is NULL");
    vt_builder_free(b);
}

/* ---- states, bodies */

static void test_variable(void **state)
{
    ov_core_t *core = new_core();
    vt_builder_t *b = new_builder(NULL);
    const vt_attribute_t variable[] = {VT_ATTR("variable_id", "total"), VT_ATTR("variable_type", "f32"),
                                       VT_ATTR("variable_shape", "1,2")};
    const float zeros[2] = {0, 0};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(1, 2)), read, sum;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *in = new_f32(2, 1, 2, 1), *out = NULL;
    ov_model_t *model;
    size_t n = 0;

    (void)state;
    read = vt_builder_op(b, "ReadValue", "opset6", "read",
                         PORTS(vt_builder_constant(b, NULL, F32, DIMS(1, 2), zeros)), 3, variable);
    sum = op(b, "Add", "opset1", PORTS(x, read));
    assert_false(is_none(vt_builder_op(b, "Assign", "opset6", "keep", 1, &sum, 1, variable)));
    PASS(vt_builder_result(b, "y", sum));
    model = finish(b);
    PASS(ov_core_compile_model(core, model, "CPU", 0, &compiled));
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    PASS(vt_infer_request_states_size(request, &n));
    assert_int_equal(n, 1);
    for (int i = 1; i <= 3; i++) {
        PASS(ov_infer_request_set_input_tensor(request, in));
        PASS(ov_infer_request_infer(request));
        PASS(ov_infer_request_get_output_tensor(request, &out));
        assert_true(element(out, 0) == (float)i && element(out, 1) == (float)(2 * i));
        ov_tensor_free(out);
    }
    ov_tensor_free(in);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    ov_core_free(core);
}

/* A body that works on one parameter: p -> TYPE(p, value) -> result. */
static vt_builder_t *body_of(const char *type, float value)
{
    vt_builder_t *b = new_builder(NULL);
    vt_port_t p = vt_builder_parameter(b, "p", F32, -1, NULL);

    PASS(vt_builder_result(b, "r", op(b, type, "opset1", PORTS(p, vt_builder_f32(b, value)))));
    return b;
}

static void if_on(ov_core_t *core, const char *device)
{
    static const vt_body_wire_t wires[] = {{.kind = VT_BODY_INPUT, .outer = 1, .inner = 0},
                                           {.kind = VT_BODY_OUTPUT, .outer = 0, .inner = 0}};
    vt_builder_t *b = new_builder(NULL), *branches[2] = {body_of("Add", 10), body_of("Multiply", 100)};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(2, 2)), in[2] = {VT_NO_PORT, x}, y;
    vt_body_t bodies[2] = {{branches[0], wires, 2}, {branches[1], wires, 2}};
    vt_node_desc_t desc = {.size = sizeof(desc),
                           .type = "If",
                           .opset = "opset8",
                           .name = "if",
                           .n_inputs = 2,
                           .inputs = in,
                           .n_bodies = 2,
                           .bodies = bodies};
    const vt_attribute_t keep[] = {VT_ATTR("keep_dims", "false")};
    ov_tensor_t *values = new_f32(2, 2, 2, -3), *out;
    ov_model_t *model;

    /* Whether the sum is above 0. */
    y = vt_builder_op(b, "ReduceSum", "opset1", NULL, PORTS(x, vt_builder_i64s(b, 2, (int64_t[]){0, 1})), 1,
                      keep);
    in[0] = op(b, "Greater", "opset1", PORTS(y, vt_builder_f32(b, 0)));
    y = vt_builder_node(b, &desc);
    assert_known(b, y, F32, "{2,2}");
    PASS(vt_builder_result(b, "y", y));
    /* The bodies' builders are empty. */
    CHECK(vt_builder_result(branches[0], "z", x), GENERAL_ERROR, "the builder is finished");
    vt_builder_free(branches[0]);
    vt_builder_free(branches[1]);
    model = finish(b);
    out = run(core, model, device, values, 0);
    assert_true(element(out, 0) == -300 && element(out, 3) == 0);
    ov_tensor_free(out);
    ov_tensor_free(values);
    values = new_f32(2, 2, 2, 3);
    out = run(core, model, device, values, 0);
    assert_true(element(out, 0) == 13);
    ov_tensor_free(out);
    ov_tensor_free(values);
    ov_model_free(model);
}

/* Rows of x are added up: a slice of x and the sum go in, the sum comes out, and all sums joined. */
static void iterate_on(ov_core_t *core, const char *device)
{
    static const vt_body_wire_t wires[] = {{.kind = VT_BODY_SLICED, .outer = 0, .inner = 0, .axis = 0},
                                           {.kind = VT_BODY_MERGED, .outer = 1, .inner = 1, .back = 0},
                                           {.kind = VT_BODY_OUTPUT, .outer = 0, .inner = 0},
                                           {.kind = VT_BODY_CONCAT, .outer = 1, .inner = 0, .axis = 0}};
    static const float zeros[2] = {0, 0};
    vt_builder_t *b = new_builder(NULL), *inner = new_builder(NULL);
    vt_port_t row = vt_builder_parameter(inner, "row", F32, DIMS(1, 2));
    vt_port_t sum = vt_builder_parameter(inner, "sum", F32, DIMS(1, 2)), y;
    vt_body_t body = {inner, wires, 4};
    vt_port_t in[2] = {vt_builder_parameter(b, "x", F32, DIMS(4, 2)),
                       vt_builder_constant(b, NULL, F32, DIMS(1, 2), zeros)};
    vt_node_desc_t desc = {.size = sizeof(desc),
                           .type = "TensorIterator",
                           .opset = "opset1",
                           .name = "rows",
                           .n_inputs = 2,
                           .inputs = in,
                           .n_bodies = 1,
                           .bodies = &body};
    ov_tensor_t *values = new_f32(2, 4, 2, 1), *out;
    ov_model_t *model;

    PASS(vt_builder_result(inner, "total", op(inner, "Add", "opset1", PORTS(row, sum))));
    y = vt_builder_node(b, &desc);
    vt_builder_free(inner);
    assert_known(b, y, F32, "{1,2}");
    assert_known(b, vt_builder_output(b, y, 1), F32, "{4,2}");
    PASS(vt_builder_result(b, "last", y));
    PASS(vt_builder_result(b, "all", vt_builder_output(b, y, 1)));
    model = finish(b);
    out = run(core, model, device, values, 0);
    assert_true(element(out, 0) == 16 && element(out, 1) == 20);
    ov_tensor_free(out);
    out = run(core, model, device, values, 1);
    assert_true(element(out, 2) == 4 && element(out, 6) == 16);
    ov_tensor_free(out);
    ov_tensor_free(values);
    ov_model_free(model);
}

/* 2^3 by three rounds of doubling, as Loop does it. */
static void loop_on(ov_core_t *core, const char *device)
{
    static const vt_body_wire_t wires[] = {{.kind = VT_BODY_MERGED, .outer = 2, .inner = 0, .back = 0},
                                           {.kind = VT_BODY_CONDITION, .inner = 1},
                                           {.kind = VT_BODY_OUTPUT, .outer = 0, .inner = 0}};
    static const bool yes = true;
    vt_builder_t *b = new_builder(NULL), *inner = body_of("Multiply", 2);
    vt_body_t body = {inner, wires, 3};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(1, 2)), y;
    vt_port_t in[3] = {vt_builder_i64(b, 3), vt_builder_constant(b, NULL, BOOLEAN, 0, NULL, &yes), x};
    vt_node_desc_t desc = {.size = sizeof(desc),
                           .type = "Loop",
                           .opset = "opset5",
                           .n_inputs = 3,
                           .inputs = in,
                           .n_bodies = 1,
                           .bodies = &body};
    ov_tensor_t *values = new_f32(2, 1, 2, 1), *out;
    ov_model_t *model;

    PASS(vt_builder_result(inner, NULL, vt_builder_constant(inner, NULL, BOOLEAN, 0, NULL, &yes)));
    y = vt_builder_node(b, &desc);
    vt_builder_free(inner);
    PASS(vt_builder_result(b, "y", y));
    model = finish(b);
    out = run(core, model, device, values, 0);
    assert_true(element(out, 0) == 8 && element(out, 1) == 16);
    ov_tensor_free(out);
    ov_tensor_free(values);
    ov_model_free(model);
}

static void test_bodies(void **state)
{
    (void)state;
    on_each_device(if_on);
    on_each_device(iterate_on);
    on_each_device(loop_on);
}

/* ---- mistakes */

static void test_first_failure_stays(void **state)
{
    vt_builder_t *b = new_builder(NULL);
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(2, 3)), none = VT_NO_PORT;
    ov_model_t *model = NULL;
    ov_partial_shape_t shape = {0};

    (void)state;
    assert_false(is_none(x));
    CHECK(is_none(vt_builder_op(b, "Rleu", "opset1", "act", 1, &x, 0, NULL)) ? GENERAL_ERROR : OK,
          GENERAL_ERROR, "node 'act': there is no operation Rleu in opset1; did you mean 'Relu'?");
    assert_true(is_none(vt_builder_op(b, "Relu", "opset1", "act", 1, &x, 0, NULL)));
    assert_true(is_none(vt_builder_parameter(b, "z", F32, 0, NULL)));
    assert_true(is_none(vt_builder_f32(b, 1)));
    CHECK(vt_builder_result(b, "y", none), GENERAL_ERROR, "Rleu");
    CHECK(vt_builder_tensor_name(b, x, "name"), GENERAL_ERROR, "Rleu");
    CHECK(vt_builder_port_info(b, x, NULL, &shape), GENERAL_ERROR, "Rleu");
    CHECK(vt_builder_status(b), GENERAL_ERROR, "Rleu");
    CHECK(vt_builder_finish(b, &model), GENERAL_ERROR, "Rleu");
    assert_null(model);
    vt_builder_free(b);
}

static void test_arguments(void **state)
{
    struct {
        vt_node_desc_t known;
        uint64_t more;
    } newer = {{.size = sizeof(newer), .type = "Relu", .n_inputs = 1}, 0};
    vt_builder_t *b = NULL, *other = new_builder(NULL);
    ov_model_t *model = NULL;
    vt_port_t x, y = vt_builder_parameter(other, "y", F32, DIMS(2));

    (void)state;
    BAD(vt_builder_create(NULL, NULL, &b));
    BAD(vt_builder_create(NULL, "m", NULL));
    BAD(vt_builder_status(NULL));
    BAD(vt_builder_finish(NULL, &model));
    BAD(vt_builder_finish(other, NULL));
    BAD(vt_builder_result(NULL, "r", y));
    BAD(vt_builder_tensor_name(other, y, NULL));
    BAD(vt_builder_port_info(other, y, NULL, NULL));
    assert_true(is_none(vt_builder_parameter(NULL, "x", F32, 0, NULL)));
    assert_true(is_none(vt_builder_op(NULL, "Relu", NULL, NULL, 1, &y, 0, NULL)));
    assert_true(is_none(vt_builder_node(NULL, &newer.known)));
    assert_true(is_none(vt_builder_output(NULL, y, 0)));
    vt_builder_free(NULL);
    b = new_builder(NULL);
    x = vt_builder_parameter(b, "x", F32, DIMS(2));
    newer.known.inputs = &x;
    assert_false(is_none(vt_builder_node(b, &newer.known)));
    newer.more = 1;
    assert_true(is_none(vt_builder_node(b, &newer.known)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "more than this library knows");
    vt_builder_free(b);
    b = new_builder(NULL);
    assert_true(is_none(vt_builder_op(b, "Relu", "opset1", "act", 1, &y, 0, NULL)));
    CHECK(vt_builder_status(b), GENERAL_ERROR, "an input of node 'act': the port belongs to another builder");
    vt_builder_free(b);
    vt_builder_free(other);
}

/* Each mistake on a builder of its own. */
enum mistake {
    TYPE,
    OPSET,
    LATER,
    ATTRIBUTE,
    ATTRIBUTE_VALUE,
    ATTRIBUTE_MISSING,
    TOO_MANY,
    LEFT_OUT,
    SHAPES,
    TYPES,
    OUTPUT,
    NO_RESULT,
    TWICE,
    TENSOR_NAME,
    RANK,
    DIM,
    NAMELESS,
    ELEMENT,
    NO_DATA,
    HUGE_CONSTANT,
    NO_TYPE,
    NO_BODY,
    BODY_FAILED,
    BODY_WIRE,
    BODY_SELF,
    UNWIRED,
    EXTENSION,
    CONSTANT_OP,
    GAP,
    MISTAKES
};

static ov_status_e bodies(vt_builder_t *b, vt_port_t x, enum mistake m)
{
    static const vt_body_wire_t wires[] = {{.kind = VT_BODY_MERGED, .outer = 0, .inner = 0, .back = 0},
                                           {.kind = VT_BODY_OUTPUT, .outer = 0, .inner = 0}};
    static const vt_body_wire_t bad_wire[] = {{.kind = VT_BODY_INPUT, .outer = 5, .inner = 0}};
    vt_builder_t *inner = body_of("Add", 1);
    vt_body_t body = {m == BODY_SELF ? b : inner, m == BODY_WIRE ? bad_wire : wires,
                      m == UNWIRED     ? 0
                      : m == BODY_WIRE ? 1
                                       : 2};
    vt_node_desc_t desc = {.size = sizeof(desc),
                           .type = "TensorIterator",
                           .opset = "opset1",
                           .name = "rows",
                           .n_inputs = 1,
                           .inputs = &x,
                           .n_bodies = m == NO_BODY ? 0 : 1,
                           .bodies = &body};

    if (m == BODY_FAILED) {
        vt_builder_op(inner, "Nothing", "opset1", "deep", 0, NULL, 0, NULL);
    }
    vt_builder_node(b, &desc);
    vt_builder_free(inner);
    return vt_builder_status(b);
}

static ov_status_e make(vt_builder_t *b, enum mistake m)
{
    static const float zeros[4];
    static const vt_attribute_t odd[] = {VT_ATTR_INT("axs", 1)}, bad[] = {VT_ATTR("axis", "one")};
    vt_port_t x = vt_builder_parameter(b, "x", F32, DIMS(2, 3)),
              i = vt_builder_parameter(b, "i", I32, DIMS(2, 3));
    vt_port_t list[3] = {x, x, x};
    ov_model_t *model = NULL;

    switch (m) {
    case TYPE: vt_builder_op(b, "Sofmax", "opset8", "soft", 1, &x, 0, NULL); break;
    case OPSET: vt_builder_op(b, "Softmax", "org.example", "soft", 1, &x, 0, NULL); break;
    case LATER: vt_builder_op(b, "Swish", "opset1", "act", 1, &x, 0, NULL); break;
    case ATTRIBUTE: vt_builder_op(b, "Softmax", "opset8", "soft", 1, &x, 1, odd); break;
    case ATTRIBUTE_VALUE: vt_builder_op(b, "Softmax", "opset8", "soft", 1, &x, 1, bad); break;
    case ATTRIBUTE_MISSING: vt_builder_op(b, "Concat", "opset1", "join", 2, list, 0, NULL); break;
    case TOO_MANY: vt_builder_op(b, "Relu", "opset1", "act", 3, list, 0, NULL); break;
    case LEFT_OUT:
        list[1] = VT_NO_PORT;
        vt_builder_op(b, "MatMul", "opset1", "fc", 2, list, 0, NULL);
        break;
    case SHAPES: vt_builder_op(b, "MatMul", "opset1", "fc", 2, list, 0, NULL); break;
    case TYPES:
        list[1] = i;
        vt_builder_op(b, "Add", "opset1", "sum", 2, list, 0, NULL);
        break;
    case OUTPUT: vt_builder_output(b, x, 3); break;
    case NO_RESULT: return vt_builder_finish(b, &model);
    case TWICE:
        vt_builder_result(b, "y", x);
        vt_builder_finish(b, &model);
        ov_model_free(model);
        model = NULL;
        return vt_builder_finish(b, &model);
    case TENSOR_NAME: return vt_builder_tensor_name(b, i, "x");
    case RANK: vt_builder_parameter(b, "p", F32, 17, (int64_t[17]){0}); break;
    case DIM: vt_builder_parameter(b, "p", F32, DIMS(2, -2)); break;
    case NAMELESS: vt_builder_parameter(b, "", F32, 0, NULL); break;
    case ELEMENT: vt_builder_parameter(b, "p", (ov_element_type_e)99, 0, NULL); break;
    case NO_DATA: vt_builder_constant(b, "c", F32, DIMS(4), NULL); break;
    case HUGE_CONSTANT: vt_builder_constant(b, "c", F32, DIMS(INT64_MAX, 8), zeros); break;
    case NO_TYPE: vt_builder_op(b, NULL, "opset1", "n", 1, &x, 0, NULL); break;
    case EXTENSION: vt_builder_op(b, "ScaledSwish", "extension", "act", 1, &x, 0, NULL); break;
    case GAP:
        list[1] = VT_NO_PORT;
        vt_builder_op(b, "I420toRGB", "opset8", "gap", 3, list, 0, NULL);
        break;
    case CONSTANT_OP: vt_builder_op(b, "Constant", "opset1", "c", 0, NULL, 0, NULL); break;
    default: return bodies(b, x, m);
    }
    return vt_builder_status(b);
}

static void test_mistakes(void **state)
{
    static const char *const messages[MISTAKES] = {
        [TYPE] = "node 'soft': there is no operation Sofmax in opset8; did you mean 'Softmax'?",
        [OPSET] = "there is no operation Softmax in org.example, neither the runtime's nor an extension's",
        [LATER] = "node 'act': Swish is no operation of opset1; it is one from opset4 on",
        [ATTRIBUTE] =
            "node 'soft' (Softmax): it has no attribute 'axs'; did you mean 'axis'?; its attributes: axis",
        [ATTRIBUTE_VALUE] = "node 'soft' (Softmax): attribute axis=\"one\"",
        [ATTRIBUTE_MISSING] = "node 'join' (Concat-1): attribute 'axis' is required",
        [TOO_MANY] = "node 'act': Relu takes 1 to 1 inputs, not 3",
        [LEFT_OUT] = "node 'fc' (MatMul-1): input 1 is required and not connected",
        [SHAPES] = "node 'fc' (MatMul-1): ",
        [TYPES] = "node 'sum' (Add-1): ",
        [OUTPUT] = "node 'x' (Parameter) has 1 outputs, there is no output 3",
        [NO_RESULT] = "model 'built': it has no result",
        [TWICE] = "the builder is finished",
        [TENSOR_NAME] = "node 'i' (Parameter): the tensor name 'x' is that of node 'x'",
        [RANK] = "node 'p': a rank is -1 to 16",
        [DIM] = "node 'p': a dimension is 0 or more",
        [NAMELESS] = "a parameter needs a name",
        [ELEMENT] = "node 'p': there is no such element type",
        [NO_DATA] = "node 'c': data is NULL",
        [HUGE_CONSTANT] = "node 'c': a constant has negative dimensions, or too many elements",
        [NO_TYPE] = "node 'n': type is NULL",
        [NO_BODY] = "node 'rows' (TensorIterator) has 1 bodies, not 0",
        [BODY_FAILED] = "body 0: node 'deep': there is no operation Nothing",
        [BODY_WIRE] = "node 'rows' (TensorIterator)",
        [BODY_SELF] = "it is the builder of the node itself",
        [UNWIRED] = "node 'rows' (TensorIterator",
        [GAP] = "node 'gap' (I420toRGB): input 1 is left out before others",
        [CONSTANT_OP] = "node 'c': a Constant comes from vt_builder_constant()",
        [EXTENSION] = "there is no operation ScaledSwish in extension",
    };

    (void)state;
    for (int m = 0; m < MISTAKES; m++) {
        vt_builder_t *b = new_builder(NULL);
        ov_status_e status;

        print_message("mistake %d\n", m);
        CHECK((status = make(b, (enum mistake)m)), GENERAL_ERROR, messages[m]);
        vt_builder_free(b);
    }
}

/* Free everything half-way, at every step. */
static void test_abandoned(void **state)
{
    (void)state;
    for (int steps = 0; steps < 6; steps++) {
        vt_builder_t *b = new_builder(NULL), *inner = steps > 3 ? body_of("Add", 1) : NULL;
        vt_port_t x = VT_NO_PORT;

        if (steps > 0) {
            x = vt_builder_parameter(b, "x", F32, DIMS(2, 2));
        }
        if (steps > 1) {
            x = op(b, "Add", "opset1", PORTS(x, vt_builder_constant(b, NULL, F32, DIMS(2), w2)));
        }
        if (steps > 2) {
            PASS(vt_builder_result(b, "y", x));
        }
        if (steps > 4) {
            static const vt_body_wire_t wires[] = {
                {.kind = VT_BODY_MERGED, .outer = 0, .inner = 0, .back = 0},
                {.kind = VT_BODY_OUTPUT, .outer = 0, .inner = 0}};
            vt_body_t body = {inner, wires, 2};
            vt_node_desc_t desc = {.size = sizeof(desc),
                                   .type = "TensorIterator",
                                   .opset = "opset1",
                                   .n_inputs = 1,
                                   .inputs = &x,
                                   .n_bodies = 1,
                                   .bodies = &body};

            vt_builder_node(b, &desc);
        }
        vt_builder_free(b);
        vt_builder_free(inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mlp),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_borrowed),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_variable),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_first_failure_stays),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_abandoned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
