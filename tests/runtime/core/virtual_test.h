/* What the tests of the virtual devices share. */
#ifndef VIRTUAL_TEST_H
#define VIRTUAL_TEST_H

#include "core_test.h"
#include "knobs.h"
#include "state.h"

#include <dlfcn.h>
#include <math.h>
#include <time.h>

/* The knobs of the device KNOBS, all at rest. VT_PLUGIN_PATH ends with its file. */
static inline struct knobs *knobs(void)
{
    const char *path = getenv("VT_PLUGIN_PATH");
    const char *file = path ? strrchr(path, ':') : NULL;
    void *handle = file ? dlopen(file + 1, RTLD_NOW | RTLD_LOCAL) : NULL;
    struct knobs *k = handle ? dlsym(handle, "vt_test_knobs") : NULL;

    assert_non_null(k);
    return k;
}

static inline int reset_knobs(void **state)
{
    struct knobs *k = knobs();

    (void)state;
    atomic_store(&k->hold_compile, 0);
    atomic_store(&k->fail_compile, 0);
    atomic_store(&k->fail_run, 0);
    atomic_store(&k->bad_run, 0);
    atomic_store(&k->hold_run, 0);
    atomic_store(&k->refused, NULL);
    atomic_store(&k->compiles, 0);
    atomic_store(&k->runs, 0);
    return 0;
}

/* Pairs of key and value, ended by NULL. */
static inline int try_compile(struct vt_core *core, struct vt_model *model, const char *device,
                              const char *const *pairs, struct vt_compiled **compiled)
{
    const char *keys[8], *values[8];
    struct vt_config config = {.keys = keys, .values = values};

    for (; pairs && pairs[2 * config.n]; config.n++) {
        keys[config.n] = pairs[2 * config.n];
        values[config.n] = pairs[2 * config.n + 1];
    }
    return vt_core_compile(core, model, device, &config, compiled, ERR);
}

static inline struct vt_compiled *compile_for(struct vt_core *core, struct vt_model *model,
                                              const char *device, const char *const *pairs)
{
    struct vt_compiled *compiled = NULL;

    assert_ok(try_compile(core, model, device, pairs, &compiled));
    return compiled;
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void assert_property(struct vt_compiled *compiled, const char *key, const char *expected)
{
    char *value = NULL;

    assert_ok(vt_compiled_get_property(compiled, key, &value, ERR));
    assert_string_equal(value, expected);
    free(value);
}

static inline void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* Wait until a property has a value. */
static inline void await_property(struct vt_compiled *compiled, const char *key, const char *expected)
{
    for (int i = 0; i < 20000; i++) {
        char *value = NULL;
        bool equal;

        assert_ok(vt_compiled_get_property(compiled, key, &value, ERR));
        equal = strcmp(value, expected) == 0;
        free(value);
        if (equal) {
            return;
        }
        sleep_ms(1);
    }
    assert_property(compiled, key, expected);
}

static inline struct vt_request *request_of(struct vt_compiled *compiled)
{
    struct vt_request *r = NULL;

    assert_ok(vt_request_create(compiled, &r, ERR));
    return r;
}

/* Fill the first input with x[i] = sin(seed + i). */
static inline void fill_input(struct vt_request *r, int index, float seed)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_request_get(r, VT_INPUT, index, &b, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&b->t); i++) {
        ((float *)b->t.data)[i] = sinf(seed + (float)i);
    }
    vt_buffer_unref(b);
}

static inline void assert_near(float a, float b)
{
    if (!(fabsf(a - b) <= 1e-5f)) {
        fail_msg("%g is not %g", (double)a, (double)b);
    }
}

/* The output is the softmax over the last axis, `n` long, of what fill_input wrote with `seed`. */
static inline void check_softmax(struct vt_request *r, int64_t rows, int64_t n, float seed)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_request_get(r, VT_OUTPUT, 0, &b, ERR));
    assert_int_equal(vt_tensor_count(&b->t), rows * n);
    for (int64_t row = 0; row < rows; row++) {
        float sum = 0;

        for (int64_t i = 0; i < n; i++) {
            sum += expf(sinf(seed + (float)(row * n + i)));
        }
        for (int64_t i = 0; i < n; i++) {
            assert_near(((float *)b->t.data)[row * n + i], expf(sinf(seed + (float)(row * n + i))) / sum);
        }
    }
    vt_buffer_unref(b);
}

/* s += x, y = s: a model with the state "s". */
static inline struct vt_model *test_counter(void)
{
    struct vt_graph *g = vt_graph_create("counter");
    struct vt_node *x = test_param(g, "x", "f32", "1,4", "x_t"), *init, *read, *add, *assign;
    struct vt_port in[2];
    struct vt_tensor zero;
    float data[4] = {0};
    int64_t dims[2] = {1, 4};

    assert_true(vt_tensor_describe(&zero, VT_F32, 2, dims));
    zero.data = data;
    init = vt_constant_create(g, "init", &zero, NULL, ERR);
    assert_non_null(init);
    read = vt_node_build(g, "ReadValue", 6, "read", 1, (in[0] = vt_port_of(init, 0), in), ERR);
    assert_non_null(read);
    assert_ok(vt_attr_set_text(read, "variable_id", "s", ERR));
    assert_ok(vt_attr_set_text(read, "variable_type", "f32", ERR));
    assert_ok(vt_attr_set_text(read, "variable_shape", "1,4", ERR));
    in[0] = vt_port_of(read, 0);
    in[1] = vt_port_of(x, 0);
    add = vt_node_build(g, "Add", 1, "add", 2, in, ERR);
    assert_non_null(add);
    in[0] = vt_port_of(add, 0);
    assign = vt_node_build(g, "Assign", 6, "assign", 1, in, ERR);
    assert_non_null(assign);
    assert_ok(vt_attr_set_text(assign, "variable_id", "s", ERR));
    test_unary(g, "Result", 1, "y", add, NULL);
    return test_finish(g);
}

/* Put the same number in all elements of the input. */
static inline void put_input(struct vt_request *r, float value)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_request_get(r, VT_INPUT, 0, &b, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&b->t); i++) {
        ((float *)b->t.data)[i] = value;
    }
    vt_buffer_unref(b);
}

static inline float first_output(struct vt_request *r)
{
    struct vt_buffer *b = NULL;
    float value;

    assert_ok(vt_request_get(r, VT_OUTPUT, 0, &b, ERR));
    value = ((float *)b->t.data)[0];
    vt_buffer_unref(b);
    return value;
}

static inline void infer_softmax(struct vt_request *r, float seed)
{
    fill_input(r, 0, seed);
    assert_ok(vt_request_infer(r, ERR));
    check_softmax(r, 2, 5, seed);
}

#endif
