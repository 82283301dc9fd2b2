/* What the tests of the core share: a core that knows REFDEV, and small models built node by node. Every
 * function fails the running test when something does not hold. */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include "core.h"
#include "graph.h"
#include "request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The error that calls under test write to. */
static struct vt_error test_error;

static inline struct vt_error *clear_error(void)
{
    vt_error_clear(&test_error);
    return &test_error;
}

/* What a call under test gets as its last argument. */
#define ERR clear_error()

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        int s_ = (call);                                                                                     \
        if (s_) {                                                                                            \
            fail_msg("%s is %d: %s", #call, s_, test_error.text);                                            \
        }                                                                                                    \
    } while (0)

/* The call fails with `code` and a message that contains `part`. */
#define assert_fails(call, code, part)                                                                       \
    do {                                                                                                     \
        int s_ = (call);                                                                                     \
        if (s_ != (code) || !strstr(test_error.text, part)) {                                                \
            fail_msg("%s is %d (%s), not %d (%s)", #call, s_, test_error.text, code, part);                  \
        }                                                                                                    \
    } while (0)

static inline struct vt_core *test_core(void)
{
    struct vt_core *core = NULL;

    assert_ok(vt_core_create(NULL, &core, ERR));
    return core;
}

/* Parameter 'x' of a type and shape ("1,?,2..5"), tensor name `tensor`. */
static inline struct vt_node *test_param(struct vt_graph *g, const char *name, const char *type,
                                         const char *shape, const char *tensor)
{
    struct vt_node *node = vt_node_build(g, "Parameter", 1, name, 0, NULL, ERR);

    assert_non_null(node);
    assert_ok(vt_attr_set_text(node, "element_type", type, ERR));
    assert_ok(vt_attr_set_text(node, "shape", shape, ERR));
    assert_ok(vt_output_add_name(g, &node->out[0], tensor));
    return node;
}

static inline struct vt_node *test_unary(struct vt_graph *g, const char *op, int opset, const char *name,
                                         struct vt_node *src, const char *tensor)
{
    struct vt_port p = vt_port_of(src, 0);
    struct vt_node *node = vt_node_build(g, op, opset, name, 1, &p, ERR);

    assert_non_null(node);
    if (tensor) {
        assert_ok(vt_output_add_name(g, &node->out[0], tensor));
    }
    return node;
}

static inline struct vt_model *test_finish(struct vt_graph *g)
{
    struct vt_model *model = NULL;

    assert_ok(vt_model_create(g, &model, ERR));
    return model;
}

/* y = softmax(softmax(... x)), `depth` times, f32. */
static inline struct vt_model *test_softmax(const char *shape, int depth)
{
    struct vt_graph *g = vt_graph_create("softmax");
    struct vt_node *node = test_param(g, "x", "f32", shape, "x_t");

    for (int i = 0; i < depth; i++) {
        char name[32];

        snprintf(name, sizeof(name), "softmax%d", i);
        node = test_unary(g, "Softmax", 8, name, node, i == depth - 1 ? "y_t" : NULL);
        assert_ok(vt_attr_set_text(node, "axis", "-1", ERR));
    }
    test_unary(g, "Result", 1, "y", node, NULL);
    return test_finish(g);
}

static inline struct vt_compiled *test_compile(struct vt_core *core, struct vt_model *model, const char *key,
                                               const char *value)
{
    struct vt_config config = {.n = key ? 1 : 0, .keys = &key, .values = &value};
    struct vt_compiled *compiled = NULL;

    assert_ok(vt_core_compile(core, model, "REFDEV", &config, &compiled, ERR));
    return compiled;
}

/* A request of softmax of a shape; core, model and compiled model are gone already. */
static inline struct vt_request *test_request(const char *shape, int depth, const char *key,
                                              const char *value)
{
    struct vt_core *core = test_core();
    struct vt_model *model = test_softmax(shape, depth);
    struct vt_compiled *compiled = test_compile(core, model, key, value);
    struct vt_request *request = NULL;

    vt_core_destroy(core);
    vt_model_unref(model);
    assert_ok(vt_request_create(compiled, &request, ERR));
    vt_compiled_unref(compiled);
    return request;
}

/* A tensor of floats 0, 1, 2, ... */
static inline struct vt_buffer *test_floats(int rank, const int64_t *dims)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(VT_F32, rank, dims, &b, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&b->t); i++) {
        ((float *)b->t.data)[i] = (float)i;
    }
    return b;
}

#endif
