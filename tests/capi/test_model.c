/* Models and compiled models: ports, names, shapes, reshaping. */
#include "capi_test.h"

static void assert_port(const ov_output_const_port_t *port, const char *name, const char *shape)
{
    ov_partial_shape_t partial = {0};
    ov_element_type_e type = DYNAMIC;
    char *got = NULL;

    if (name) {
        PASS(ov_port_get_any_name(port, &got));
        assert_text(got, name);
    } else {
        CHECK(ov_port_get_any_name(port, &got), GENERAL_ERROR, "no tensor names");
        assert_null(got);
    }
    PASS(ov_port_get_element_type(port, &type));
    assert_int_equal(type, F32);
    PASS(ov_port_get_partial_shape(port, &partial));
    assert_text(ov_partial_shape_to_string(partial), shape);
    ov_partial_shape_free(&partial);
    assert_null(partial.dims);
}

static void assert_input(const ov_model_t *model, size_t index, const char *shape)
{
    ov_output_const_port_t *port = NULL;
    char *name = NULL;

    PASS(ov_model_const_input_by_index(model, index, &port));
    PASS(ov_port_get_any_name(port, &name));
    assert_port(port, name, shape);
    ov_free(name);
    ov_output_const_port_free(port);
}

static void test_ports(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *two = read_text(core, MODEL_TWO), *one = read_text(core, MODEL_ONE("?,4"));
    ov_output_const_port_t *port = NULL, *none = NULL;
    ov_output_port_t *mutable = NULL;
    ov_shape_t shape = {0};
    size_t n = 0;
    char *name = NULL;

    (void)state;
    PASS(ov_model_inputs_size(two, &n));
    assert_int_equal(n, 2);
    PASS(ov_model_outputs_size(two, &n));
    assert_int_equal(n, 2);
    PASS(ov_model_get_friendly_name(two, &name));
    assert_text(name, "two");
    assert_false(ov_model_is_dynamic(two));
    assert_true(ov_model_is_dynamic(one));
    assert_false(ov_model_is_dynamic(NULL));

    /* Of several names the first in the alphabet. */
    PASS(ov_model_const_input_by_name(two, "b_t", &port));
    assert_port(port, "alias", "{1,3}");
    PASS(ov_const_port_get_shape(port, &shape));
    assert_int_equal(shape.rank, 2);
    assert_int_equal(shape.dims[1], 3);
    PASS(ov_shape_free(&shape));
    ov_output_const_port_free(port);
    PASS(ov_model_const_output_by_name(two, "total", &port));
    assert_port(port, "sum", "{1,3}");
    ov_output_const_port_free(port);
    PASS(ov_model_const_output(one, &port));
    assert_port(port, NULL, "{?,4}");
    CHECK(ov_const_port_get_shape(port, &shape), GENERAL_ERROR, "dynamic");
    ov_output_const_port_free(port);

    CHECK(ov_model_const_input(two, &none), GENERAL_ERROR, "2 inputs");
    CHECK(ov_model_output(two, &mutable), GENERAL_ERROR, "2 outputs");
    CHECK(ov_model_const_input_by_index(two, 2, &none), UNKNOW_EXCEPTION, "");
    CHECK(ov_model_output_by_index(two, SIZE_MAX, &mutable), UNKNOW_EXCEPTION, "");
    CHECK(ov_model_const_input_by_name(two, "nosuch", &none), GENERAL_ERROR, "nosuch");
    CHECK(ov_model_const_input_by_name(two, "a", &none), GENERAL_ERROR, "");
    CHECK(ov_model_const_input_by_name(two, "", &none), GENERAL_ERROR, "");
    CHECK(ov_model_const_input_by_name(two, "sum", &none), GENERAL_ERROR, "sum");
    CHECK(ov_model_const_output_by_name(two, "a_t", &none), GENERAL_ERROR, "a_t");
    BAD(ov_model_const_input(NULL, &none));
    BAD(ov_model_const_input(two, NULL));
    BAD(ov_model_const_input_by_name(two, NULL, &none));
    BAD(ov_model_inputs_size(NULL, &n));
    BAD(ov_model_outputs_size(two, NULL));
    BAD(ov_model_get_friendly_name(two, NULL));
    BAD(ov_port_get_any_name(NULL, &name));
    BAD(ov_const_port_get_shape(NULL, &shape));
    assert_null(none);
    assert_null(mutable);
    ov_model_free(two);
    ov_model_free(one);
    ov_core_free(core);
}

/* Ports outlive all that they came from, and follow the model's shapes. */
static void test_port_life(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *one = read_text(core, MODEL_ONE("2,4"));
    ov_output_const_port_t *port = NULL;
    ov_dimension_t dims[] = {{5, 5}, {-1, -1}};
    ov_partial_shape_t shape = {{2, 2}, dims};

    (void)state;
    PASS(ov_model_const_output(one, &port));
    assert_port(port, NULL, "{2,4}");
    PASS(ov_model_reshape_single_input(one, shape));
    ov_model_free(one);
    ov_core_free(core);
    assert_port(port, NULL, "{5,?}");
    ov_output_const_port_free(port);
}

static void test_scalar_and_unknown(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *scalar = read_text(core, MODEL_ONE("")), *unknown = read_text(core, MODEL_ONE("..."));
    ov_output_const_port_t *port = NULL;
    ov_partial_shape_t partial = {{7, 7}, NULL};
    ov_shape_t shape = {5, NULL};

    (void)state;
    PASS(ov_model_const_input(scalar, &port));
    PASS(ov_const_port_get_shape(port, &shape));
    assert_int_equal(shape.rank, 0);
    PASS(ov_port_get_partial_shape(port, &partial));
    assert_int_equal(partial.rank.min, 0);
    assert_int_equal(partial.rank.max, 0);
    assert_null(partial.dims);
    ov_output_const_port_free(port);
    PASS(ov_model_const_input(unknown, &port));
    PASS(ov_port_get_partial_shape(port, &partial));
    assert_int_equal(partial.rank.min, 0);
    assert_int_equal(partial.rank.max, -1);
    ov_output_const_port_free(port);
    ov_model_free(scalar);
    ov_model_free(unknown);
    ov_core_free(core);
}

static void test_reshape(void **state)
{
    ov_core_t *core = new_core();
    ov_model_t *two = read_text(core, MODEL_TWO), *other = read_text(core, MODEL_TWO);
    ov_output_port_t *in[2] = {NULL}, *out = NULL, *foreign = NULL;
    ov_dimension_t dims[] = {{4, 4}, {3, 3}}, wrong[] = {{5, 5}, {7, 7}};
    ov_partial_shape_t good = {{2, 2}, dims}, bad = {{2, 2}, wrong}, pair[2] = {good, good};
    const char *names[] = {"a_t", "alias"}, *unknown[] = {"a_t", "nosuch"}, *null[] = {"a_t", NULL};
    const ov_output_port_t *ports[2];
    size_t both[] = {0, 1}, outside[] = {0, 2};

    (void)state;
    PASS(ov_model_reshape(two, names, pair, 2));
    assert_input(two, 0, "{4,3}");
    assert_input(two, 1, "{4,3}");
    CHECK(ov_model_reshape_input_by_name(two, "a_t", bad), GENERAL_ERROR, "");
    assert_input(two, 0, "{4,3}");
    CHECK(ov_model_reshape(two, unknown, pair, 2), GENERAL_ERROR, "nosuch");
    CHECK(ov_model_reshape(two, null, pair, 2), UNKNOW_EXCEPTION, "");
    CHECK(ov_model_reshape_by_port_indexes(two, outside, pair, 2), UNKNOW_EXCEPTION, "");
    dims[0] = (ov_dimension_t){2, 2};
    PASS(ov_model_reshape_by_port_indexes(two, both, pair, 2));
    assert_input(two, 1, "{2,3}");

    PASS(ov_model_input_by_index(two, 0, &in[0]));
    PASS(ov_model_input_by_index(two, 1, &in[1]));
    PASS(ov_model_output_by_index(two, 0, &out));
    PASS(ov_model_input_by_index(other, 0, &foreign));
    dims[0] = (ov_dimension_t){6, 6};
    ports[0] = in[0];
    ports[1] = in[1];
    PASS(ov_model_reshape_by_ports(two, ports, pair, 2));
    assert_input(two, 0, "{6,3}");
    ports[1] = out;
    CHECK(ov_model_reshape_by_ports(two, ports, pair, 2), GENERAL_ERROR, "");
    ports[1] = foreign;
    CHECK(ov_model_reshape_by_ports(two, ports, pair, 2), GENERAL_ERROR, "");
    ports[1] = NULL;
    BAD(ov_model_reshape_by_ports(two, ports, pair, 2));
    BAD(ov_model_reshape(two, names, pair, 0));
    BAD(ov_model_reshape(two, NULL, pair, 1));
    BAD(ov_model_reshape(two, names, NULL, 1));
    BAD(ov_model_reshape(NULL, names, pair, 1));
    BAD(ov_model_reshape_input_by_name(two, NULL, good));
    BAD(ov_model_reshape_by_port_indexes(two, NULL, pair, 1));
    assert_input(two, 0, "{6,3}");
    for (int i = 0; i < 2; i++) {
        ov_output_port_free(in[i]);
    }
    ov_output_port_free(out);
    ov_output_port_free(foreign);
    ov_model_free(two);
    ov_model_free(other);
    ov_core_free(core);
}

static void test_reshape_dimensions(void **state)
{
    static const struct {
        ov_dimension_t dim;
        const char *shape; /* NULL: refused */
    } rows[] = {
        {{-1, -1}, "{?,4}"},       {{0, -1}, "{?,4}"},  {{-2, -1}, "{?,4}"},  {{2, -1}, "{2..,4}"},
        {{-1, 5}, "{..5,4}"},      {{0, 5}, "{..5,4}"}, {{1, 5}, "{1..5,4}"}, {{1, INT64_MAX}, "{1..,4}"},
        {{0, INT64_MAX}, "{?,4}"}, {{0, 0}, "{0,4}"},   {{3, 1}, NULL},       {{-5, -5}, NULL},
        {{INT64_MIN, 4}, NULL},
    };
    ov_core_t *core = new_core();
    ov_model_t *one = read_text(core, MODEL_ONE("2,4"));
    ov_dimension_t dims[] = {{1, 1}, {4, 4}};
    ov_partial_shape_t shape = {{2, 2}, dims}, dynamic = {{-1, -1}, NULL}, wide = {{17, 17}, dims};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        dims[0] = rows[i].dim;
        if (rows[i].shape) {
            PASS(ov_model_reshape_single_input(one, shape));
            assert_input(one, 0, rows[i].shape);
        } else {
            BAD(ov_model_reshape_single_input(one, shape));
        }
    }
    PASS(ov_model_reshape_single_input(one, dynamic));
    assert_input(one, 0, "?");
    CHECK(ov_model_reshape_single_input(one, wide), GENERAL_ERROR, "rank");
    shape.dims = NULL;
    BAD(ov_model_reshape_single_input(one, shape));
    ov_model_free(one);
    ov_core_free(core);
}

static void compiled_ports(ov_core_t *core, const char *device)
{
    ov_model_t *two = read_text(core, MODEL_TWO);
    ov_compiled_model_t *compiled = NULL;
    ov_output_const_port_t *port = NULL, *none = NULL;
    ov_dimension_t dims[] = {{4, 4}, {3, 3}};
    ov_partial_shape_t shape = {{2, 2}, dims};
    size_t n = 0;

    PASS(ov_core_compile_model(core, two, device, 0, &compiled));
    PASS(ov_model_reshape_single_input(two, shape));
    ov_model_free(two);
    PASS(ov_compiled_model_inputs_size(compiled, &n));
    assert_int_equal(n, 2);
    PASS(ov_compiled_model_outputs_size(compiled, &n));
    assert_int_equal(n, 2);
    PASS(ov_compiled_model_input_by_index(compiled, 0, &port));
    assert_port(port, "a_t", "{1,3}");
    ov_output_const_port_free(port);
    PASS(ov_compiled_model_input_by_name(compiled, "alias", &port));
    assert_port(port, "alias", "{1,3}");
    ov_output_const_port_free(port);
    PASS(ov_compiled_model_output_by_name(compiled, "act", &port));
    CHECK(ov_compiled_model_input(compiled, &none), GENERAL_ERROR, "2 inputs");
    CHECK(ov_compiled_model_output(compiled, &none), GENERAL_ERROR, "2 outputs");
    CHECK(ov_compiled_model_input_by_index(compiled, 2, &none), GENERAL_ERROR, "");
    CHECK(ov_compiled_model_output_by_index(compiled, SIZE_MAX, &none), GENERAL_ERROR, "");
    CHECK(ov_compiled_model_input_by_name(compiled, "nosuch", &none), GENERAL_ERROR, "nosuch");
    BAD(ov_compiled_model_inputs_size(NULL, &n));
    BAD(ov_compiled_model_input_by_name(compiled, NULL, &none));
    BAD(ov_compiled_model_output_by_index(compiled, 0, NULL));
    assert_null(none);
    ov_compiled_model_free(compiled);
    assert_port(port, "act", "{1,3}");
    ov_output_const_port_free(port);
}

static void test_compiled_ports(void **state)
{
    (void)state;
    on_each_device(compiled_ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_port_life),
        cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_reshape_dimensions),
        cmocka_unit_test(test_scalar_and_unknown),
        cmocka_unit_test(test_compiled_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
