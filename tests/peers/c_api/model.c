/* Models and their ports: names, types, shapes, and all ways to reshape. */
#include "report.h"

/* Calls that give a port: it is shown and freed. */
#define CONST_PORT(call, port)                                                                               \
    do {                                                                                                     \
        if (CALL(call) == OK) {                                                                              \
            report_port("const", port);                                                                      \
            ov_output_const_port_free(port);                                                                 \
        }                                                                                                    \
    } while (0)
#define PORT(call, port)                                                                                     \
    do {                                                                                                     \
        if (CALL(call) == OK) {                                                                              \
            show_port(port);                                                                                 \
        }                                                                                                    \
    } while (0)

static void show_port(ov_output_port_t *port)
{
    ov_shape_t shape = {0, NULL};

    if (CALL(ov_port_get_shape(port, &shape)) == OK) {
        report_shape("fixed", shape);
        ov_shape_free(&shape);
    }
    ov_output_port_free(port);
}

static void ports(const ov_model_t *model)
{
    static const char *const names[] = {"a_t", "b_t", "alias", "sum", "total",  "act",
                                        "x_t", "y_t", "a",     "add", "nosuch", ""};
    ov_output_const_port_t *c = NULL;
    ov_output_port_t *p = NULL;
    size_t n = 0;
    char *name = NULL;

    CALL(ov_model_inputs_size(model, &n));
    printf("  %zu inputs\n", n);
    CALL(ov_model_outputs_size(model, &n));
    printf("  %zu outputs, dynamic %d\n", n, ov_model_is_dynamic(model));
    MUST(ov_model_get_friendly_name(model, &name));
    report_text("name", name);
    ov_free(name);
    CONST_PORT(ov_model_const_input(model, &c), c);
    CONST_PORT(ov_model_const_output(model, &c), c);
    PORT(ov_model_input(model, &p), p);
    PORT(ov_model_output(model, &p), p);
    for (size_t i = 0; i < 3; i++) {
        printf("index %zu\n", i);
        CONST_PORT(ov_model_const_input_by_index(model, i, &c), c);
        CONST_PORT(ov_model_const_output_by_index(model, i, &c), c);
        PORT(ov_model_input_by_index(model, i, &p), p);
        PORT(ov_model_output_by_index(model, i, &p), p);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        report_text("tensor", names[i]);
        CONST_PORT(ov_model_const_input_by_name(model, names[i], &c), c);
        CONST_PORT(ov_model_const_output_by_name(model, names[i], &c), c);
        PORT(ov_model_input_by_name(model, names[i], &p), p);
        PORT(ov_model_output_by_name(model, names[i], &p), p);
    }
}

static void show_inputs(const ov_model_t *model)
{
    size_t n = 0;

    MUST(ov_model_inputs_size(model, &n));
    for (size_t i = 0; i < n; i++) {
        ov_output_const_port_t *c = NULL;

        MUST(ov_model_const_input_by_index(model, i, &c));
        report_port("input", c);
        ov_output_const_port_free(c);
    }
    MUST(ov_model_outputs_size(model, &n));
    for (size_t i = 0; i < n; i++) {
        ov_output_const_port_t *c = NULL;

        MUST(ov_model_const_output_by_index(model, i, &c));
        report_port("output", c);
        ov_output_const_port_free(c);
    }
}

static void reshapes(const ov_core_t *core)
{
    static const ov_dimension_t second[] = {{-1, -1}, {0, -1}, {-2, -1},       {2, -1},
                                            {-1, 5},  {0, 5},  {1, INT64_MAX}, {7, 7}};
    ov_model_t *model = read_text(core, model_two), *one = read_text(core, ONE("1,3"));
    ov_partial_shape_t shapes[2] = {{{0, 0}, NULL}, {{0, 0}, NULL}}, wrong = {{0, 0}, NULL};
    const char *names[] = {"a_t", "alias"}, *unknown[] = {"a_t", "nosuch"};
    size_t indexes[] = {0, 1}, far[] = {0, 5};
    ov_output_port_t *ports[2] = {NULL, NULL};
    int64_t dims[] = {4, 3}, other[] = {2, 2};

    MUST(ov_partial_shape_create_static(2, dims, &shapes[0]));
    MUST(ov_partial_shape_create_static(2, dims, &shapes[1]));
    MUST(ov_partial_shape_create_static(2, other, &wrong));
    CALL(ov_model_reshape(model, names, shapes, 2));
    show_inputs(model);
    CALL(ov_model_reshape(model, unknown, shapes, 2));
    CALL(ov_model_reshape(model, names, shapes, 0));
    CALL(ov_model_reshape(model, NULL, shapes, 2));
    CALL(ov_model_reshape(model, names, NULL, 2));
    CALL(ov_model_reshape_input_by_name(model, "a_t", wrong));
    CALL(ov_model_reshape_input_by_name(model, "nosuch", wrong));
    CALL(ov_model_reshape_input_by_name(model, NULL, wrong));
    show_inputs(model);
    MUST(ov_model_input_by_index(model, 0, &ports[0]));
    MUST(ov_model_input_by_index(model, 1, &ports[1]));
    shapes[0].dims[0] = shapes[1].dims[0] = (ov_dimension_t){5, 5};
    CALL(ov_model_reshape_by_port_indexes(model, indexes, shapes, 2));
    CALL(ov_model_reshape_by_port_indexes(model, far, shapes, 2));
    CALL(ov_model_reshape_by_port_indexes(model, NULL, shapes, 2));
    shapes[0].dims[0] = shapes[1].dims[0] = (ov_dimension_t){6, 6};
    CALL(ov_model_reshape_by_ports(model, (const ov_output_port_t **)ports, shapes, 2));
    CALL(ov_model_reshape_by_ports(model, NULL, shapes, 2));
    show_inputs(model);
    ov_output_port_free(ports[0]);
    ov_output_port_free(ports[1]);
    for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
        shapes[0].dims[1] = second[i];
        printf("{%lld, %lld}\n", (long long)second[i].min, (long long)second[i].max);
        CALL(ov_model_reshape_single_input(one, shapes[0]));
        show_inputs(one);
        printf("  dynamic %d\n", ov_model_is_dynamic(one));
    }
    ov_partial_shape_free(&shapes[0]);
    ov_partial_shape_free(&shapes[1]);
    ov_partial_shape_free(&wrong);
    ov_model_free(model);
    ov_model_free(one);
}

static void nulls(void)
{
    ov_output_const_port_t *c = NULL;
    ov_partial_shape_t shape = {{0, 0}, NULL};
    size_t n = 0;

    CALL(ov_model_inputs_size(NULL, &n));
    CALL(ov_model_outputs_size(NULL, &n));
    CALL(ov_model_get_friendly_name(NULL, NULL));
    CALL(ov_model_const_input(NULL, &c));
    CALL(ov_model_reshape_single_input(NULL, shape));
    CALL(ov_port_get_any_name(NULL, NULL));
    CALL(ov_port_get_partial_shape(NULL, &shape));
    CALL(ov_const_port_get_shape(NULL, NULL));
    CALL(ov_port_get_shape(NULL, NULL));
    ov_output_const_port_free(NULL);
    ov_output_port_free(NULL);
    ov_model_free(NULL);
}

int main(int argc, char **argv)
{
    ov_core_t *core = NULL;
    ov_model_t *model;

    MUST(ov_core_create(&core));
    model = read_text(core, model_two);
    ports(model);
    ov_model_free(model);
    model = read_text(core, ONE("1..5,?"));
    ports(model);
    ov_model_free(model);
    reshapes(core);
    nulls();
    if (argc > 1) {
        MUST(ov_core_read_model(core, argv[1], NULL, &model));
        ports(model);
        ov_model_free(model);
    }
    ov_core_free(core);
    return 0;
}
