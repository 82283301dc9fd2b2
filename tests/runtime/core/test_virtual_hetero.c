/* HETERO: dividing models, running the parts, states, and devices that get the CPU's help. */
#include "virtual_test.h"

static struct vt_core *core;

static int set_up(void **state)
{
    reset_knobs(state);
    core = test_core();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_core_destroy(core);
    return 0;
}

static void refuse(const char *ops)
{
    atomic_store(&knobs()->refused, ops);
}

static struct vt_node *softmax(struct vt_graph *g, const char *name, struct vt_node *src, const char *tensor)
{
    struct vt_node *node = test_unary(g, "Softmax", 8, name, src, tensor);

    assert_ok(vt_attr_set_text(node, "axis", "-1", ERR));
    return node;
}

static struct vt_node *binary(struct vt_graph *g, const char *op, const char *name, struct vt_node *a,
                              struct vt_node *b)
{
    struct vt_port in[2] = {vt_port_of(a, 0), vt_port_of(b, 0)};
    struct vt_node *node = vt_node_build(g, op, 1, name, 2, in, ERR);

    assert_non_null(node);
    return node;
}

/* x -> Abs -> Softmax -> Sigmoid; the Softmax's value is an output too, and so are x and a constant. */
static struct vt_model *chain(const char *shape)
{
    struct vt_graph *g = vt_graph_create("chain");
    struct vt_node *x = test_param(g, "x", "f32", shape, "x_t");
    struct vt_node *a = test_unary(g, "Abs", 1, "abs", x, NULL);
    struct vt_node *s = softmax(g, "softmax", a, "s_t");
    struct vt_node *y = test_unary(g, "Sigmoid", 1, "sigmoid", s, "y_t");

    test_unary(g, "Result", 1, "y", y, NULL);
    test_unary(g, "Result", 1, "s", s, NULL);
    test_unary(g, "Result", 1, "same", x, NULL);
    test_unary(g, "Result", 1, "constant", vt_constant_f32(g, "seven", 7, ERR), NULL);
    return test_finish(g);
}

static float chain_softmax(float seed, int64_t row, int64_t i)
{
    float sum = 0;

    for (int64_t k = 0; k < 5; k++) {
        sum += expf(fabsf(sinf(seed + (float)(row * 5 + k))));
    }
    return expf(fabsf(sinf(seed + (float)(row * 5 + i)))) / sum;
}

static void check_chain(struct vt_request *r, int64_t rows, float seed)
{
    struct vt_buffer *out[4];

    for (int i = 0; i < 4; i++) {
        assert_ok(vt_request_get(r, VT_OUTPUT, i, &out[i], ERR));
        assert_int_equal(vt_tensor_count(&out[i]->t), i == 3 ? 1 : rows * 5);
    }
    for (int64_t i = 0; i < rows * 5; i++) {
        float s = chain_softmax(seed, i / 5, i % 5);

        assert_near(((float *)out[0]->t.data)[i], 1 / (1 + expf(-s)));
        assert_near(((float *)out[1]->t.data)[i], s);
        assert_near(((float *)out[2]->t.data)[i], sinf(seed + (float)i));
    }
    assert_near(((float *)out[3]->t.data)[0], 7);
    for (int i = 0; i < 4; i++) {
        vt_buffer_unref(out[i]);
    }
}

static const char *affinity(const struct vt_model *model, const char *name)
{
    for (int i = 0; i < model->graph->n_nodes; i++) {
        const struct vt_node *node = model->graph->nodes[i];

        for (const struct vt_rt_info *item = node->rt_info; item; item = item->next) {
            if (strcmp(node->name, name) == 0 && strcmp(item->name, "affinity") == 0) {
                return item->value;
            }
        }
    }
    return "none";
}

static void test_chain(void **state)
{
    struct vt_model *model = chain("2,5"), *runtime = NULL;
    struct vt_compiled *compiled;
    struct vt_memory_stats stats;
    const struct vt_profile *list;
    struct vt_request *r;
    int n;

    (void)state;
    refuse("Softmax");
    compiled = compile_for(core, model, "HETERO:KNOBS,CPU", PAIRS("PERF_COUNT", "YES"));
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS CPU");
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "3");
    assert_property(compiled, "MULTI_DEVICE_PRIORITIES", "KNOBS,CPU");
    assert_property(compiled, "NETWORK_NAME", "chain");
    r = request_of(compiled);
    for (int i = 0; i < 3; i++) {
        fill_input(r, 0, (float)i);
        assert_ok(vt_request_infer(r, ERR));
        check_chain(r, 2, (float)i);
    }
    assert_int_equal(atomic_load(&knobs()->runs), 6);
    assert_ok(vt_request_profile(r, &list, &n, ERR));
    assert_true(n >= 3);
    vt_request_destroy(r);
    assert_ok(vt_compiled_runtime_model(compiled, &runtime, ERR));
    assert_string_equal(affinity(runtime, "abs"), "KNOBS");
    assert_string_equal(affinity(runtime, "softmax"), "CPU");
    assert_string_equal(affinity(runtime, "sigmoid"), "KNOBS");
    vt_model_unref(runtime);
    assert_fails(vt_compiled_memory(compiled, &stats, ERR), VT_E_UNSUPPORTED, "");
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* The same memory at each inference, and the user's own where it fits. */
static void test_user_memory(void **state)
{
    struct vt_model *model = chain("2,5");
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *mine, *got;
    int64_t dims[2] = {2, 5};

    (void)state;
    refuse("Softmax");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    r = request_of(compiled);
    mine = test_floats(2, dims);
    assert_ok(vt_request_set(r, VT_OUTPUT, 1, mine, ERR));
    fill_input(r, 0, 4);
    assert_ok(vt_request_infer(r, ERR));
    check_chain(r, 2, 4);
    assert_near(((float *)mine->t.data)[3], chain_softmax(4, 0, 3));
    assert_ok(vt_request_get(r, VT_OUTPUT, 1, &got, ERR));
    assert_ptr_equal(got, mine);
    vt_buffer_unref(got);
    vt_buffer_unref(mine);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_dynamic(void **state)
{
    static const int64_t rows[] = {1, 3, 2, 7, 7, 1};
    struct vt_model *model = chain("?,5");
    struct vt_compiled *compiled;
    struct vt_request *r;

    (void)state;
    refuse("Softmax");
    compiled = compile_for(core, model, "HETERO:KNOBS,CPU", NULL);
    r = request_of(compiled);
    for (int i = 0; i < 6; i++) {
        int64_t dims[2] = {rows[i], 5};
        struct vt_buffer *b = test_floats(2, dims);

        assert_ok(vt_request_set(r, VT_INPUT, 0, b, ERR));
        vt_buffer_unref(b);
        fill_input(r, 0, (float)i);
        assert_ok(vt_request_infer(r, ERR));
        check_chain(r, rows[i], (float)i);
    }
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Abs and Add would be one part, but the Softmax between them is elsewhere. */
static void test_diamond(void **state)
{
    struct vt_graph *g = vt_graph_create("diamond");
    struct vt_node *x = test_param(g, "x", "f32", "2,5", "x_t");
    struct vt_node *a = test_unary(g, "Abs", 1, "abs", x, NULL);
    struct vt_node *s = softmax(g, "softmax", a, NULL);
    struct vt_node *sum = binary(g, "Add", "add", a, s);
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *b;

    (void)state;
    test_unary(g, "Result", 1, "y", sum, NULL);
    model = test_finish(g);
    refuse("Softmax");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "3");
    r = request_of(compiled);
    fill_input(r, 0, 2);
    assert_ok(vt_request_infer(r, ERR));
    assert_ok(vt_request_get(r, VT_OUTPUT, 0, &b, ERR));
    for (int i = 0; i < 10; i++) {
        assert_near(((float *)b->t.data)[i], fabsf(sinf(2 + (float)i)) + chain_softmax(2, i / 5, i % 5));
    }
    vt_buffer_unref(b);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void set_affinity(struct vt_model *model, const char *name, const char *device)
{
    for (int i = 0; i < model->graph->n_nodes; i++) {
        struct vt_node *node = model->graph->nodes[i];

        if (strcmp(node->name, name) == 0) {
            struct vt_rt_info *item = vt_arena_alloc(&model->graph->arena, sizeof(*item));

            *item = (struct vt_rt_info){.name = "affinity", .version = "0", .value = device};
            node->rt_info = item;
        }
    }
}

/* ---- random graphs against one device */

static unsigned draw(unsigned *seed, unsigned n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % n;
}

/* ReadValue and Assign of variable `id`, around what is there already. */
static struct vt_node *read_value(struct vt_graph *g, const char *id)
{
    struct vt_node *read = vt_node_build(g, "ReadValue", 6, id, 0, NULL, ERR);

    assert_non_null(read);
    assert_ok(vt_attr_set_text(read, "variable_id", id, ERR));
    assert_ok(vt_attr_set_text(read, "variable_type", "f32", ERR));
    assert_ok(vt_attr_set_text(read, "variable_shape", "2,5", ERR));
    return read;
}

static void assign(struct vt_graph *g, const char *id, struct vt_node *src)
{
    assert_ok(vt_attr_set_text(test_unary(g, "Assign", 6, "assign", src, NULL), "variable_id", id, ERR));
}

static struct vt_model *random_model(unsigned seed, bool states)
{
    static const char *const unary[] = {"Abs", "Sigmoid", "Tanh", "Relu", "Sin"};
    static const char *const two[] = {"Add", "Maximum", "Multiply"};
    struct vt_graph *g = vt_graph_create("random");
    struct vt_node *nodes[64];
    int n = 0;

    nodes[n++] = test_param(g, "a", "f32", "2,5", "a_t");
    nodes[n++] = test_param(g, "b", "f32", "2,5", "b_t");
    nodes[n++] = vt_constant_f32(g, "c", 0.5f, ERR);
    if (states) {
        nodes[n++] = read_value(g, "s1");
        nodes[n++] = read_value(g, "s2");
    }
    while (n < 40) {
        struct vt_node *x = nodes[draw(&seed, (unsigned)n)];
        struct vt_node *y = nodes[n - 1 - (int)draw(&seed, n < 6 ? (unsigned)n : 6)];
        char name[16];

        snprintf(name, sizeof(name), "n%d", n);
        nodes[n] = draw(&seed, 2) ? test_unary(g, unary[draw(&seed, 5)], 1, name, y, NULL)
                                  : binary(g, two[draw(&seed, 3)], name, x, y);
        n++;
    }
    if (states) {
        for (int i = 1; i <= 2; i++) {
            /* Of the variable's shape, whatever was drawn. */
            assign(g, i == 1 ? "s1" : "s2",
                   test_unary(g, "Tanh", 1, "kept",
                              binary(g, "Add", "sum", nodes[0], nodes[5 + (int)draw(&seed, 30)]), NULL));
        }
    }
    for (int i = 0; i < 4; i++) {
        char name[16];

        snprintf(name, sizeof(name), "r%d", i);
        test_unary(g, "Result", 1, name, nodes[i ? (int)draw(&seed, 40) : 39], NULL);
    }
    return test_finish(g);
}

/* A few inferences on one device and on several have the same results; returns the number of parts. */
static int compare(struct vt_model *model, const char *devices, float tolerance)
{
    struct vt_compiled *one = compile_for(core, model, "REFDEV", NULL);
    struct vt_compiled *several = compile_for(core, model, devices, NULL);
    struct vt_request *a = request_of(one), *b = request_of(several);
    char *parts;
    int n;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            fill_input(a, i, (float)(round + i));
            fill_input(b, i, (float)(round + i));
        }
        assert_ok(vt_request_infer(a, ERR));
        assert_ok(vt_request_infer(b, ERR));
        for (int i = 0; i < 4; i++) {
            struct vt_buffer *x, *y;

            assert_ok(vt_request_get(a, VT_OUTPUT, i, &x, ERR));
            assert_ok(vt_request_get(b, VT_OUTPUT, i, &y, ERR));
            assert_int_equal(x->t.bytes, y->t.bytes);
            for (int64_t k = 0; k < vt_tensor_count(&x->t); k++) {
                float p = ((float *)x->t.data)[k], q = ((float *)y->t.data)[k];

                if (!(fabsf(p - q) <= tolerance * (1 + fabsf(p)))) {
                    fail_msg("output %d of '%s' on %s: %g is not %g", i, vt_model_name(model), devices,
                             (double)q, (double)p);
                }
            }
            vt_buffer_unref(x);
            vt_buffer_unref(y);
        }
    }
    vt_request_destroy(a);
    vt_request_destroy(b);
    vt_compiled_unref(one);
    assert_ok(vt_compiled_get_property(several, "HETERO_NUMBER_OF_SUBMODELS", &parts, ERR));
    n = atoi(parts);
    free(parts);
    vt_compiled_unref(several);
    return n;
}

static void test_random(void **state)
{
    static const char *const refused[] = {"Abs,Add", "Sigmoid", "Tanh,Multiply,Relu", "Maximum,Sin",
                                          "Abs,Add,Sigmoid,Tanh"};
    int most = 0;

    (void)state;
    for (unsigned seed = 0; seed < 40; seed++) {
        struct vt_model *model = random_model(seed, seed % 3 == 0);
        int parts;

        refuse(refused[seed % 5]);
        parts = compare(model, "HETERO:KNOBS,REFDEV", 0);
        most = parts > most ? parts : most;
        vt_model_unref(model);
    }
    assert_true(most >= 5);
}

/* Every node where chance wants it, on three devices. */
static void test_random_affinity(void **state)
{
    static const char *const devices[] = {"KNOBS", "REFDEV", "CPU"};
    unsigned draws = 1;
    int most = 0;

    (void)state;
    for (unsigned seed = 100; seed < 140; seed++) {
        struct vt_model *model = random_model(seed, seed % 2);
        int parts;

        for (int i = 0; i < model->graph->n_nodes; i++) {
            set_affinity(model, model->graph->nodes[i]->name, devices[draw(&draws, 3)]);
        }
        parts = compare(model, "HETERO:KNOBS,REFDEV,CPU", 1e-4f);
        most = parts > most ? parts : most;
        vt_model_unref(model);
    }
    assert_true(most >= 10);
}

/* ---- states */

static struct vt_node *accumulate(struct vt_graph *g, struct vt_node *x, const char *id, const char *between)
{
    struct vt_node *read = vt_node_build(g, "ReadValue", 6, id, 0, NULL, ERR), *sum, *assign;

    assert_non_null(read);
    assert_ok(vt_attr_set_text(read, "variable_id", id, ERR));
    assert_ok(vt_attr_set_text(read, "variable_type", "f32", ERR));
    assert_ok(vt_attr_set_text(read, "variable_shape", "1,4", ERR));
    sum = binary(g, "Add", "sum", read, x);
    assign = test_unary(g, "Assign", 6, "assign",
                        between ? test_unary(g, between, 1, "between", sum, NULL) : sum, NULL);
    assert_ok(vt_attr_set_text(assign, "variable_id", id, ERR));
    return sum;
}

/* Two sums with an Exp between them that the first device lacks: one state in each of two parts. The Abs
 * reads the first sum directly, so it stays with it. */
static void test_states(void **state)
{
    struct vt_graph *g = vt_graph_create("states");
    struct vt_node *x = test_param(g, "x", "f32", "1,4", "x_t"), *first, *second;
    struct vt_state_store *states;
    struct vt_compiled *compiled;
    struct vt_model *model;
    struct vt_request *r;
    int n = 0;

    (void)state;
    first = accumulate(g, x, "s1", "Relu");
    second = accumulate(g, test_unary(g, "Exp", 1, "exp", test_unary(g, "Abs", 1, "abs", first, NULL), NULL),
                        "s2", NULL);
    test_unary(g, "Result", 1, "y", second, NULL);
    model = test_finish(g);
    refuse("Exp");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "3");
    r = request_of(compiled);
    put_input(r, 1);
    assert_ok(vt_request_infer(r, ERR));
    assert_near(first_output(r), expf(1));
    assert_ok(vt_request_infer(r, ERR));
    assert_near(first_output(r), expf(1) + expf(2));
    assert_ok(vt_request_states(r, &states, ERR));
    for (struct vt_state *s = states->first; s; s = s->next) {
        n++;
        assert_true(s->set);
    }
    assert_int_equal(n, 2);
    vt_states_reset(states);
    assert_ok(vt_request_infer(r, ERR));
    assert_near(first_output(r), expf(1));
    vt_request_destroy(r);
    vt_compiled_unref(compiled);

    /* What lies between reading and writing goes where all of it can run. */
    refuse("Relu");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    r = request_of(compiled);
    put_input(r, 1);
    for (int i = 1; i <= 3; i++) {
        struct vt_model *runtime;

        assert_ok(vt_request_infer(r, ERR));
        assert_ok(vt_compiled_runtime_model(compiled, &runtime, ERR));
        assert_string_equal(affinity(runtime, "s1"), "REFDEV");
        assert_string_equal(affinity(runtime, "between"), "REFDEV");
        assert_string_equal(affinity(runtime, "s2"), "KNOBS");
        vt_model_unref(runtime);
    }
    assert_near(first_output(r) / 30, (expf(1) + expf(2) + expf(3)) / 30);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);

    assert_fails(try_compile(core, model, "HETERO:KNOBS", NULL, &compiled), VT_E_UNSUPPORTED,
                 "Relu 'between'");
    vt_model_unref(model);
}

/* ---- export and import */

struct blob {
    unsigned char *data;
    size_t n;
};

static int append_blob(void *ctx, const void *data, size_t bytes)
{
    struct blob *b = ctx;

    b->data = realloc(b->data, b->n + bytes);
    memcpy(b->data + b->n, data, bytes);
    b->n += bytes;
    return VT_OK;
}

/* Damage is found, whatever byte it hits: an error, or a model that runs all the same. */
static void check_damage(const struct blob *blob)
{
    unsigned char *copy = malloc(blob->n);
    struct vt_compiled *compiled = NULL;

    for (size_t n = 0; n < blob->n; n += 7) {
        assert_int_not_equal(vt_core_import(core, "HETERO:KNOBS,TWIN", blob->data, n, NULL, &compiled, ERR),
                             VT_OK);
    }
    for (size_t i = 0; i < blob->n; i += 3) {
        memcpy(copy, blob->data, blob->n);
        copy[i] ^= 0x41;
        compiled = NULL;
        if (vt_core_import(core, "HETERO:KNOBS,TWIN", copy, blob->n, NULL, &compiled, ERR) == VT_OK) {
            vt_compiled_unref(compiled);
        }
    }
    free(copy);
}

static void test_export(void **state)
{
    struct vt_model *model = chain("2,5");
    struct vt_compiled *compiled, *again = NULL;
    struct blob blob = {0};
    struct vt_model *runtime;
    struct vt_request *r;

    (void)state;
    set_affinity(model, "softmax", "TWIN");
    compiled = compile_for(core, model, "HETERO:KNOBS,TWIN", NULL);
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "3");
    assert_ok(vt_compiled_export(compiled, append_blob, &blob, ERR));
    vt_compiled_unref(compiled);
    vt_model_unref(model);
    assert_ok(vt_core_import(core, "HETERO:KNOBS,TWIN", blob.data, blob.n, NULL, &again, ERR));
    assert_property(again, "EXECUTION_DEVICES", "KNOBS TWIN");
    assert_property(again, "NETWORK_NAME", "chain");
    r = request_of(again);
    fill_input(r, 0, 6);
    assert_ok(vt_request_infer(r, ERR));
    check_chain(r, 2, 6);
    vt_request_destroy(r);
    assert_fails(vt_compiled_runtime_model(again, &runtime, ERR), VT_E_UNSUPPORTED,
                 "imported model of HETERO");
    vt_compiled_unref(again);
    assert_fails(vt_core_import(core, "HETERO:KNOBS,CPU", blob.data, blob.n, NULL, &again, ERR), VT_E_INVALID,
                 "compiled for TWIN, which is not among the devices");
    assert_fails(vt_core_import(core, "AUTO:KNOBS,TWIN", blob.data, blob.n, NULL, &again, ERR), VT_E_ABI,
                 "HETERO");
    check_damage(&blob);
    free(blob.data);

    blob = (struct blob){0};
    model = chain("2,5");
    compiled = compile_for(core, model, "HETERO:REFDEV", NULL);
    assert_fails(vt_compiled_export(compiled, append_blob, &blob, ERR), VT_E_UNSUPPORTED, "REFDEV");
    free(blob.data);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* ---- wishes and refusals */

static void test_affinity(void **state)
{
    struct vt_model *model = chain("2,5"), *runtime;
    struct vt_compiled *compiled;

    (void)state;
    set_affinity(model, "abs", "REFDEV");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "2");
    assert_ok(vt_compiled_runtime_model(compiled, &runtime, ERR));
    assert_string_equal(affinity(runtime, "abs"), "REFDEV");
    assert_string_equal(affinity(runtime, "softmax"), "KNOBS");
    vt_model_unref(runtime);
    vt_compiled_unref(compiled);
    set_affinity(model, "abs", "GPU");
    assert_fails(try_compile(core, model, "HETERO:KNOBS,REFDEV", NULL, &compiled), VT_E_INVALID,
                 "affinity GPU");
    set_affinity(model, "abs", "KNOBS");
    refuse("Abs");
    assert_fails(try_compile(core, model, "HETERO:KNOBS,REFDEV", NULL, &compiled), VT_E_INVALID,
                 "affinity KNOBS, which cannot run it");
    vt_model_unref(model);
}

static void test_one_device(void **state)
{
    struct vt_model *model = chain("2,5");
    struct vt_compiled *compiled = compile_for(core, model, "HETERO:GPU,CPU", PAIRS("NUM_STREAMS", "1"));
    struct vt_request *r = request_of(compiled);
    char *value;

    (void)state;
    assert_property(compiled, "EXECUTION_DEVICES", "CPU");
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "1");
    assert_fails(vt_compiled_get_property(compiled, "NUM_STREAMS", &value, ERR), VT_E_NOT_FOUND,
                 "NUM_STREAMS");
    fill_input(r, 0, 9);
    assert_ok(vt_request_infer(r, ERR));
    check_chain(r, 2, 9);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

struct verdicts {
    int on[3];
};

static void count_verdict(void *ctx, const struct vt_node_support *support)
{
    struct verdicts *v = ctx;

    v->on[!support->supported ? 0 : strcmp(support->kernel, "KNOBS") == 0 ? 1 : 2]++;
}

static void test_query(void **state)
{
    struct vt_model *model = chain("2,5");
    struct verdicts v = {{0}};

    (void)state;
    refuse("Softmax,Sigmoid");
    assert_ok(vt_core_query(core, model, "HETERO:KNOBS,REFDEV", NULL, count_verdict, &v, ERR));
    assert_int_equal(v.on[0], 0);
    assert_int_equal(v.on[2], 2);
    assert_int_equal(v.on[1], model->graph->n_nodes - 2);
    vt_model_unref(model);
}

static void test_cancel(void **state)
{
    struct knobs *k = knobs();
    struct vt_model *model = chain("2,5");
    struct vt_compiled *compiled;
    struct vt_request *r;

    (void)state;
    refuse("Softmax");
    compiled = compile_for(core, model, "HETERO:KNOBS,REFDEV", NULL);
    r = request_of(compiled);
    fill_input(r, 0, 1);
    atomic_store(&k->hold_run, 1);
    assert_ok(vt_request_start(r, ERR));
    for (int i = 0; i < 20000 && !atomic_load(&k->running); i++) {
        sleep_ms(1);
    }
    vt_request_cancel(r);
    atomic_store(&k->hold_run, 0);
    assert_fails(vt_request_wait(r, ERR), VT_E_CANCELLED, "cancelled");
    assert_ok(vt_request_infer(r, ERR));
    check_chain(r, 2, 1);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* What HETERO folds runs nowhere. */
static void test_folded(void **state)
{
    struct vt_graph *g = vt_graph_create("folded");
    struct vt_node *x = test_param(g, "x", "f32", "2,5", "x_t");
    struct vt_node *c = test_unary(g, "Exp", 1, "exp", vt_constant_f32(g, "zero", 0, ERR), NULL);
    struct vt_compiled *compiled;
    struct vt_model *model;

    (void)state;
    test_unary(g, "Result", 1, "y", binary(g, "Add", "add", x, c), NULL);
    model = test_finish(g);
    refuse("Exp");
    compiled = compile_for(core, model, "KNOBS", NULL);
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS");
    assert_property(compiled, "HETERO_NUMBER_OF_SUBMODELS", "1");
    vt_compiled_unref(compiled);
    assert_fails(try_compile(core, model, "KNOBS", PAIRS("ENABLE_CPU_FALLBACK", "NO"), &compiled),
                 VT_E_UNSUPPORTED, "not implemented: Exp");
    vt_model_unref(model);
}

/* A device alone gets the CPU's help, unless that is forbidden. */
static void test_fallback(void **state)
{
    struct vt_model *model = chain("2,5");
    struct vt_compiled *compiled = NULL;
    struct vt_request *r;
    char *value;

    (void)state;
    compiled = compile_for(core, model, "KNOBS", NULL);
    assert_string_equal(compiled->device, "KNOBS");
    vt_compiled_unref(compiled);
    refuse("Softmax");
    compiled = compile_for(core, model, "KNOBS", NULL);
    assert_string_equal(compiled->device, "HETERO:KNOBS,CPU");
    assert_property(compiled, "EXECUTION_DEVICES", "KNOBS CPU");
    r = request_of(compiled);
    fill_input(r, 0, 3);
    assert_ok(vt_request_infer(r, ERR));
    check_chain(r, 2, 3);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
    assert_fails(try_compile(core, model, "KNOBS", PAIRS("ENABLE_CPU_FALLBACK", "NO"), &compiled),
                 VT_E_UNSUPPORTED, "not implemented: Softmax");
    assert_ok(vt_core_get_property(core, "KNOBS", "ENABLE_CPU_FALLBACK", &value, ERR));
    assert_string_equal(value, "YES");
    free(value);
    assert_ok(vt_core_set_property(core, "KNOBS", "ENABLE_CPU_FALLBACK", "NO", ERR));
    assert_fails(try_compile(core, model, "KNOBS", NULL, &compiled), VT_E_UNSUPPORTED,
                 "not implemented: Softmax");
    vt_model_unref(model);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_chain),      TEST(test_user_memory),     TEST(test_dynamic), TEST(test_diamond),
        TEST(test_random),     TEST(test_random_affinity), TEST(test_states),  TEST(test_affinity),
        TEST(test_one_device), TEST(test_query),           TEST(test_cancel),  TEST(test_fallback),
        TEST(test_folded),     TEST(test_export),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
