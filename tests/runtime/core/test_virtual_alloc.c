/* Virtual devices add no allocation to inferences of static shapes. CPU2 is the CPU's plugin once more. */
#include "../../alloc_count.h"
#include "core_test.h"

static struct vt_core *core;

static int set_up(void **state)
{
    (void)state;
    core = test_core();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_core_destroy(core);
    return 0;
}

static void set_affinity(struct vt_node *node, const char *device)
{
    struct vt_rt_info *item = vt_arena_alloc(&node->graph->arena, sizeof(*item));

    assert_non_null(item);
    *item = (struct vt_rt_info){.name = "affinity", .version = "0", .value = device};
    node->rt_info = item;
}

/* x -> Relu -> Sigmoid on CPU2 -> Tanh */
static struct vt_model *chain(void)
{
    struct vt_graph *g = vt_graph_create("chain");
    struct vt_node *node = test_param(g, "x", "f32", "1,300", "x_t");

    node = test_unary(g, "Relu", 1, "relu", node, NULL);
    node = test_unary(g, "Sigmoid", 1, "sigmoid", node, NULL);
    set_affinity(node, "CPU2");
    test_unary(g, "Result", 1, "y", test_unary(g, "Tanh", 1, "tanh", node, NULL), NULL);
    return test_finish(g);
}

static void assert_allocates_nothing(const char *device, const char *key, const char *value)
{
    struct vt_config config = {.n = key ? 1 : 0, .keys = &key, .values = &value};
    struct vt_model *model = chain();
    struct vt_compiled *compiled;
    struct vt_request *r;
    int status = 0, n;

    assert_ok(vt_core_compile(core, model, device, &config, &compiled, ERR));
    assert_ok(vt_request_create(compiled, &r, ERR));
    for (int i = 0; i < 3; i++) {
        assert_ok(vt_request_infer(r, ERR));
    }
    count_start();
    for (int i = 0; i < 20; i++) {
        status |= vt_request_infer(r, &test_error);
    }
    n = count_stop();
    assert_int_equal(status, 0);
    assert_int_equal(n, 0);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_nothing(void **state)
{
    struct vt_model *model = chain();
    struct vt_compiled *compiled;
    char *parts = NULL;

    (void)state;
    assert_ok(vt_core_compile(core, model, "HETERO:CPU,CPU2", NULL, &compiled, ERR));
    assert_ok(vt_compiled_get_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", &parts, ERR));
    assert_string_equal(parts, "3");
    free(parts);
    vt_compiled_unref(compiled);
    vt_model_unref(model);

    assert_allocates_nothing("CPU", NULL, NULL);
    assert_allocates_nothing("HETERO:CPU,CPU2", NULL, NULL);
    assert_allocates_nothing("AUTO:CPU,CPU2", NULL, NULL);
    assert_allocates_nothing("MULTI:CPU,CPU2", NULL, NULL);
    assert_allocates_nothing("BATCH:CPU(2)", "AUTO_BATCH_TIMEOUT", "1");
}

/* The counting works. */
static void test_counts(void **state)
{
    struct vt_buffer *b = NULL;

    (void)state;
    count_start();
    assert_ok(vt_buffer_create(VT_F32, 0, NULL, &b, ERR));
    count_stop();
    vt_buffer_unref(b);
    assert_true(atomic_load(&allocations) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
