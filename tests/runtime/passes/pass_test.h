/* Small graphs for the tests of passes: built by short calls, evaluated by the references before and after.
 *
 *     struct pass_test t;
 *     struct vt_port x;
 *
 *     pt_begin(&t);
 *     x = pt_param(&t, "f32", "1,3");
 *     pt_result(&t, pt_unary(&t, "Relu", x));
 *     pt_check(&t, "fuse_activation", 1e-5);
 *     assert_int_equal(pt_count(&t, "Relu"), 1);
 *     pt_end(&t);
 *
 * Parameters get random values; a dynamic one needs the shape to run with (pt_param_as). */
#ifndef PASS_TEST_H
#define PASS_TEST_H

#include "element.h"
#include "graph.h"
#include "passes.h"
#include "vt/post.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define PT_MAX 64

struct pass_test {
    struct vt_graph *graph;
    struct vt_tensor in[PT_MAX];
    int n_in, names;
    uint64_t seed;
    double low, high; /* of random values */
    struct vt_error err;
};

static inline void pt_begin(struct pass_test *t)
{
    memset(t, 0, sizeof(*t));
    t->graph = vt_graph_create("test");
    t->seed = 88172645463325252u;
    t->low = -2;
    t->high = 2;
    assert_non_null(t->graph);
}

static inline void pt_end(struct pass_test *t)
{
    for (int i = 0; i < t->n_in; i++) {
        vt_tensor_free(&t->in[i]);
    }
    vt_graph_destroy(t->graph);
}

static inline uint64_t pt_random(struct pass_test *t)
{
    t->seed ^= t->seed << 13;
    t->seed ^= t->seed >> 7;
    t->seed ^= t->seed << 17;
    return t->seed;
}

static inline double pt_uniform(struct pass_test *t)
{
    return t->low + (t->high - t->low) * (double)(pt_random(t) >> 11) * 0x1p-53;
}

static inline enum vt_type pt_type(const char *name)
{
    for (int i = 0; i < VT_TYPE_COUNT; i++) {
        if (strcmp(vt_type_info((enum vt_type)i)->name, name) == 0) {
            return (enum vt_type)i;
        }
    }
    fail_msg("no element type %s", name);
    return VT_DYNAMIC;
}

/* A tensor of a static shape written as "1,3"; "" is a scalar. The values are for the caller. */
static inline struct vt_tensor pt_tensor(const char *type, const char *shape)
{
    struct vt_tensor x;
    int64_t dims[VT_MAX_RANK];
    int rank = 0;

    while (*shape) {
        char *end;

        dims[rank++] = strtoll(shape, &end, 10);
        shape = *end ? end + 1 : end;
    }
    assert_true(vt_tensor_describe(&x, pt_type(type), rank, dims));
    assert_int_equal(vt_tensor_alloc(&x, NULL), VT_OK);
    return x;
}

static inline void pt_randomize(struct pass_test *t, struct vt_tensor *x)
{
    for (int64_t i = 0; i < vt_tensor_count(x); i++) {
        if (vt_is_float(x->type)) {
            vt_set_f64(x, i, pt_uniform(t));
        } else {
            vt_set_i64(x, i, (int64_t)(pt_random(t) % 7));
        }
    }
}

static inline const char *pt_name(struct pass_test *t, char *buf, const char *op)
{
    snprintf(buf, 64, "%.40s%d", op, t->names++);
    return buf;
}

static inline struct vt_port pt_port(struct pass_test *t, struct vt_node *node)
{
    if (!node) {
        fail_msg("%s", t->err.text);
    }
    if (vt_node_infer(node, &t->err)) {
        fail_msg("%s", t->err.text);
    }
    return vt_port_of(node, 0);
}

static inline struct vt_port pt_param_as(struct pass_test *t, const char *type, const char *partial,
                                         const char *shape)
{
    char name[64];
    struct vt_node *node =
        vt_node_build(t->graph, "Parameter", 1, pt_name(t, name, "param"), 0, NULL, &t->err);

    assert_non_null(node);
    assert_int_equal(vt_attr_set_text(node, "element_type", type, &t->err), VT_OK);
    assert_int_equal(vt_attr_set_text(node, "shape", partial, &t->err), VT_OK);
    t->in[t->n_in] = pt_tensor(type, shape);
    pt_randomize(t, &t->in[t->n_in++]);
    return pt_port(t, node);
}

static inline struct vt_port pt_param(struct pass_test *t, const char *type, const char *shape)
{
    return pt_param_as(t, type, shape, shape);
}

/* A constant with random values. */
static inline struct vt_port pt_random_const(struct pass_test *t, const char *type, const char *shape)
{
    struct vt_tensor x = pt_tensor(type, shape);
    char name[64];
    struct vt_node *node;

    pt_randomize(t, &x);
    node = vt_constant_create(t->graph, pt_name(t, name, "const"), &x, NULL, &t->err);
    vt_tensor_free(&x);
    return pt_port(t, node);
}

/* A constant; the last of `n` values stands for the rest. */
static inline struct vt_port pt_const(struct pass_test *t, const char *type, const char *shape, int n,
                                      const double *values)
{
    struct vt_tensor x = pt_tensor(type, shape);
    char name[64];
    struct vt_node *node;

    for (int64_t i = 0; i < vt_tensor_count(&x); i++) {
        vt_set_f64(&x, i, values[i < n ? i : n - 1]);
    }
    node = vt_constant_create(t->graph, pt_name(t, name, "const"), &x, NULL, &t->err);
    vt_tensor_free(&x);
    return pt_port(t, node);
}

static inline struct vt_port pt_f32(struct pass_test *t, double value)
{
    return pt_const(t, "f32", "", 1, &value);
}

#define PT_VALUES(...)                                                                                       \
    (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (const double[])                                \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static inline struct vt_port pt_i64s(struct pass_test *t, int n, const int64_t *values)
{
    char name[64];

    return pt_port(t, vt_constant_i64s(t->graph, pt_name(t, name, "const"), 1, n, values, &t->err));
}

#define PT_I64S(t, ...)                                                                                      \
    pt_i64s(t, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

/* A node of `n` inputs, not inferred: attributes may still be missing. */
static inline struct vt_node *pt_node(struct pass_test *t, const char *op, int opset, int n,
                                      const struct vt_port *in)
{
    char name[64];
    struct vt_node *node = vt_node_build(t->graph, op, opset, pt_name(t, name, op), n, in, &t->err);

    if (!node) {
        fail_msg("%s", t->err.text);
    }
    return node;
}

static inline void pt_attr(struct pass_test *t, struct vt_node *node, const char *name, const char *text)
{
    if (vt_attr_set_text(node, name, text, &t->err)) {
        fail_msg("attribute %s: %s", name, t->err.text);
    }
}

static inline struct vt_port pt_unary(struct pass_test *t, const char *op, struct vt_port x)
{
    return pt_port(t, pt_node(t, op, 16, 1, &x));
}

static inline struct vt_port pt_binary(struct pass_test *t, const char *op, struct vt_port a,
                                       struct vt_port b)
{
    return pt_port(t, pt_node(t, op, 16, 2, (struct vt_port[]){a, b}));
}

static inline struct vt_port pt_clamp(struct pass_test *t, struct vt_port x, const char *low,
                                      const char *high)
{
    struct vt_node *node = pt_node(t, "Clamp", 1, 1, &x);

    pt_attr(t, node, "min", low);
    pt_attr(t, node, "max", high);
    return pt_port(t, node);
}

static inline struct vt_port pt_reshape(struct pass_test *t, struct vt_port x, struct vt_port pattern)
{
    struct vt_node *node = pt_node(t, "Reshape", 1, 2, (struct vt_port[]){x, pattern});

    pt_attr(t, node, "special_zero", "true");
    return pt_port(t, node);
}

static inline struct vt_port pt_convert(struct pass_test *t, struct vt_port x, const char *type)
{
    struct vt_node *node = pt_node(t, "Convert", 1, 1, &x);

    pt_attr(t, node, "destination_type", type);
    return pt_port(t, node);
}

static inline struct vt_port pt_transpose(struct pass_test *t, struct vt_port x, struct vt_port order)
{
    return pt_port(t, pt_node(t, "Transpose", 1, 2, (struct vt_port[]){x, order}));
}

static inline struct vt_port pt_matmul(struct pass_test *t, struct vt_port a, struct vt_port b,
                                       const char *transpose_b)
{
    struct vt_node *node = pt_node(t, "MatMul", 1, 2, (struct vt_port[]){a, b});

    pt_attr(t, node, "transpose_b", transpose_b);
    return pt_port(t, node);
}

static inline struct vt_port pt_conv(struct pass_test *t, const char *op, struct vt_port x, struct vt_port w,
                                     const char *pads)
{
    struct vt_node *node = pt_node(t, op, 1, 2, (struct vt_port[]){x, w});

    pt_attr(t, node, "strides", "1,1");
    pt_attr(t, node, "dilations", "1,1");
    pt_attr(t, node, "pads_begin", pads);
    pt_attr(t, node, "pads_end", pads);
    return pt_port(t, node);
}

static inline struct vt_node *pt_result(struct pass_test *t, struct vt_port x)
{
    struct vt_node *node = pt_node(t, "Result", 1, 1, &x);

    pt_port(t, node);
    return node;
}

/* ---- looking */

static inline int pt_count(const struct pass_test *t, const char *op)
{
    int n = 0;

    for (int i = 0; i < t->graph->n_nodes; i++) {
        n += vt_node_is(t->graph->nodes[i], op);
    }
    return n;
}

static inline struct vt_node *pt_find(const struct pass_test *t, const char *op)
{
    for (int i = 0; i < t->graph->n_nodes; i++) {
        if (vt_node_is(t->graph->nodes[i], op)) {
            return t->graph->nodes[i];
        }
    }
    fail_msg("the graph has no %s", op);
    return NULL;
}

/* The kinds of the steps of a program are exactly these. */
static inline void pt_steps(const struct vt_node *node, int n, const int *kinds)
{
    int64_t have;
    const double *s = vt_attr_f64s(node, "post", &have);

    assert_int_equal(have, n * VT_POST_STEP);
    for (int i = 0; i < n; i++) {
        assert_int_equal((int)s[i * VT_POST_STEP], kinds[i]);
    }
}

#define PT_STEPS(node, ...)                                                                                  \
    pt_steps(node, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__})

/* ---- running */

static inline void pt_sort_and_infer(struct pass_test *t)
{
    if (vt_graph_sort(t->graph, &t->err) || vt_graph_infer(t->graph, &t->err)) {
        fail_msg("%s", t->err.text);
    }
}

static inline void pt_eval(struct pass_test *t, struct vt_tensor *out)
{
    struct vt_tensor in[PT_MAX];

    /* Parameters keep their order, whatever a pass did. */
    assert_int_equal(t->graph->n_params, t->n_in);
    memcpy(in, t->in, sizeof(in));
    if (vt_graph_eval(t->graph, in, out, NULL, &t->err)) {
        fail_msg("%s", t->err.text);
    }
}

static inline void pt_same(const struct vt_tensor *want, const struct vt_tensor *have, double tolerance)
{
    assert_int_equal(have->type, want->type);
    assert_int_equal(have->rank, want->rank);
    for (int i = 0; i < want->rank; i++) {
        assert_int_equal(have->dims[i], want->dims[i]);
    }
    for (int64_t i = 0; i < vt_tensor_count(want); i++) {
        double a = vt_get_f64(have, i), b = vt_get_f64(want, i);
        bool same = a == b || (isnan(a) && isnan(b));

        if (!same && !(fabs(a - b) <= tolerance * fmax(1, fabs(b)))) {
            fail_msg("element %lld is %.9g, it was %.9g", (long long)i, a, b);
        }
    }
}

/* Inputs come before what reads them, uses and inputs name each other, and no node is dead. */
static inline void pt_consistent(const struct pass_test *t)
{
    for (int i = 0; i < t->graph->n_nodes; i++) {
        const struct vt_node *node = t->graph->nodes[i];

        assert_false(node->dead);
        assert_int_equal(node->index, i);
        for (int k = 0; k < node->n_in; k++) {
            assert_true(!node->in[k].node || node->in[k].node->index < i);
        }
        for (int o = 0; o < node->n_out; o++) {
            for (int k = 0; k < node->out[o].n_uses; k++) {
                struct vt_use use = node->out[o].uses[k];

                assert_ptr_equal(use.node->in[use.input].node, node);
                assert_int_equal(use.node->in[use.input].index, o);
            }
        }
    }
}

static inline void pt_run(struct pass_test *t, const char *passes)
{
    if (vt_passes_run(t->graph, passes, &t->err)) {
        fail_msg("%s", t->err.text);
    }
    pt_consistent(t);
}

/* Run the passes twice: results and their inferred types and shapes stay, and the second run changes nothing.
 */
static inline void pt_check(struct pass_test *t, const char *passes, double tolerance)
{
    struct vt_tensor before[PT_MAX] = {{0}}, after[PT_MAX] = {{0}};
    int n_results, n_nodes;
    uint32_t next_id;

    pt_sort_and_infer(t);
    n_results = t->graph->n_results;
    pt_eval(t, before);
    pt_run(t, passes);
    assert_int_equal(t->graph->n_results, n_results);
    pt_eval(t, after);
    for (int i = 0; i < n_results; i++) {
        const struct vt_value *v = &vt_port_output(t->graph->results[i]->in[0])->v;

        assert_int_equal(v->type, before[i].type);
        assert_true(vt_pshape_accepts(&v->shape, before[i].rank, before[i].dims));
        pt_same(&before[i], &after[i], tolerance);
        vt_tensor_free(&before[i]);
        vt_tensor_free(&after[i]);
    }
    n_nodes = t->graph->n_nodes;
    next_id = t->graph->next_id;
    pt_run(t, passes);
    assert_int_equal(t->graph->n_nodes, n_nodes);
    assert_int_equal(t->graph->next_id, next_id);
}

#endif
