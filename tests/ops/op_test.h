/* One operation between Parameters or Constants and Results, built from texts: what the tests of operations
 * share.
 *
 *     struct op_test t;
 *
 *     op_begin(&t, "Softmax", 8);
 *     op_input(&t, "f32", "1,2", "0 1");
 *     op_attr(&t, "axis", "-1");
 *     op_expect(&t, 0, "f32", "1,2", "0.26894142 0.73105858", 1e-6);
 *     op_end(&t);
 *
 * Shapes are written as in IR files ("1,?,2..5", "" for a scalar, "..." for unknown rank), values as numbers
 * separated by spaces or commas. One number stands for all elements. Every function fails the running test
 * with a message of its own when something does not hold. */
#ifndef OP_TEST_H
#define OP_TEST_H

#include "element.h"
#include "graph.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

#define OP_TEST_MAX 24

struct op_test {
    struct vt_graph *graph;
    const struct vt_op_def *op;
    struct vt_node *node; /* made by the first expectation */
    int n_in, n_out;
    struct vt_port in[OP_TEST_MAX];
    struct vt_tensor data[OP_TEST_MAX];            /* per Parameter */
    const char *lo[OP_TEST_MAX], *hi[OP_TEST_MAX]; /* per Parameter: bounds, or NULL */
    int n_params;
    const char *attrs[OP_TEST_MAX][2];
    int n_attrs;
    struct vt_tensor out[OP_TEST_MAX];
    bool has_run;
    struct vt_error err;
};

static inline void op_begin(struct op_test *t, const char *op, int opset)
{
    memset(t, 0, sizeof(*t));
    t->graph = vt_graph_create("test");
    t->op = vt_op_find(op, opset);
    t->n_out = -1;
    assert_non_null(t->graph);
    if (!t->op) {
        fail_msg("no operation %s in opset%d", op, opset);
    }
}

static inline void op_end(struct op_test *t)
{
    for (int i = 0; i < OP_TEST_MAX; i++) {
        vt_tensor_free(&t->data[i]);
        vt_tensor_free(&t->out[i]);
    }
    vt_graph_destroy(t->graph);
}

static inline enum vt_type op_type(const char *name)
{
    for (int i = 0; i < VT_TYPE_COUNT; i++) {
        if (strcasecmp(vt_type_info((enum vt_type)i)->name, name) == 0) {
            return (enum vt_type)i;
        }
    }
    fail_msg("no element type %s", name);
    return VT_DYNAMIC;
}

static inline struct vt_node *op_parameter(struct op_test *t, const char *type, const char *shape)
{
    struct vt_node *node = vt_node_build(t->graph, "Parameter", 1, "x", 0, NULL, &t->err);

    assert_non_null(node);
    assert_int_equal(vt_attr_set_text(node, "element_type", type, &t->err), VT_OK);
    assert_int_equal(vt_attr_set_text(node, "shape", shape, &t->err), VT_OK);
    return node;
}

/* The partial shape that a text describes. */
static inline struct vt_pshape op_shape(const char *text)
{
    struct vt_graph *g = vt_graph_create("shape");
    struct vt_node *node = vt_node_build(g, "Parameter", 1, "x", 0, NULL, NULL);
    struct vt_pshape shape;

    assert_non_null(node);
    assert_int_equal(vt_attr_set_text(node, "shape", text, NULL), VT_OK);
    shape = *vt_attr_shape(node, "shape");
    vt_graph_destroy(g);
    return shape;
}

/* An allocated tensor with the values of a text. */
static inline struct vt_tensor op_tensor(const char *type, const char *shape, const char *values)
{
    struct vt_pshape s = op_shape(shape);
    struct vt_tensor x;
    int64_t dims[VT_MAX_RANK];
    const char *p = values;

    assert_true(vt_pshape_is_static(&s));
    for (int i = 0; i < s.rank; i++) {
        dims[i] = s.dims[i].min;
    }
    assert_true(vt_tensor_describe(&x, op_type(type), s.rank, dims));
    assert_int_equal(vt_tensor_alloc(&x, NULL), VT_OK);
    for (int64_t i = 0; i < vt_tensor_count(&x); i++) {
        char *end;

        p += strspn(p, " ,\n");
        if (!*p && i == 1) {
            p = values; /* one number for all elements */
        }
        if (vt_is_integral(x.type)) {
            vt_set_i64(&x, i, x.type == VT_U64 ? (int64_t)strtoull(p, &end, 0) : strtoll(p, &end, 0));
        } else {
            vt_set_f64(&x, i, strtod(p, &end));
        }
        if (end == p) {
            fail_msg("%lld values wanted, found: %s", (long long)vt_tensor_count(&x), values);
        }
        p = end;
        if (i && !*p && i + 1 < vt_tensor_count(&x) && strcspn(values, " ,\n") == strlen(values)) {
            p = values;
        }
    }
    return x;
}

/* ---- inputs, in order. */

/* A Parameter of which only type and partial shape are known: for tests of inference. */
static inline void op_param(struct op_test *t, const char *type, const char *shape)
{
    t->in[t->n_in++] = vt_port_of(op_parameter(t, type, shape), 0);
    t->n_params++;
}

/* A Parameter declared as `partial` that gets `values` of `shape` when the node runs. */
static inline void op_input_as(struct op_test *t, const char *type, const char *partial, const char *shape,
                               const char *values)
{
    t->data[t->n_params] = op_tensor(type, shape, values);
    op_param(t, type, partial);
}

static inline void op_input(struct op_test *t, const char *type, const char *shape, const char *values)
{
    op_input_as(t, type, shape, shape, values);
}

/* A Parameter whose elements are known to lie in lo[i]..hi[i]; texts of numbers, 9223372036854775807 is
 * unbounded. */
static inline void op_bounded(struct op_test *t, const char *type, const char *shape, const char *lo,
                              const char *hi)
{
    t->lo[t->n_params] = lo;
    t->hi[t->n_params] = hi;
    op_param(t, type, shape);
}

static inline void op_const(struct op_test *t, const char *type, const char *shape, const char *values)
{
    struct vt_tensor x = op_tensor(type, shape, values);
    struct vt_node *node = vt_constant_create(t->graph, "c", &x, NULL, &t->err);

    vt_tensor_free(&x);
    assert_non_null(node);
    t->in[t->n_in++] = vt_port_of(node, 0);
}

/* Leave an optional input out. */
static inline void op_skip(struct op_test *t)
{
    t->in[t->n_in++] = (struct vt_port){NULL, 0};
}

static inline void op_attr(struct op_test *t, const char *name, const char *text)
{
    t->attrs[t->n_attrs][0] = name;
    t->attrs[t->n_attrs++][1] = text;
}

/* Number of outputs, for operations that leave it to attributes. */
static inline void op_outputs(struct op_test *t, int n)
{
    t->n_out = n;
}

/* ---- building, inferring, running; the expectations below call these. */

static inline void op_set_bounds(struct op_test *t, struct vt_value *v, const char *lo, const char *hi)
{
    struct vt_bounds *b = vt_arena_alloc(&t->graph->arena, sizeof(*b));

    assert_non_null(b);
    assert_true(vt_pshape_is_static(&v->shape));
    b->n = 1;
    for (int i = 0; i < v->shape.rank; i++) {
        b->n *= v->shape.dims[i].min;
    }
    b->lo = vt_arena_array(&t->graph->arena, (size_t)b->n, sizeof(int64_t));
    b->hi = vt_arena_array(&t->graph->arena, (size_t)b->n, sizeof(int64_t));
    for (int64_t i = 0; i < b->n; i++) {
        char *end;

        b->lo[i] = strtoll(lo, &end, 0);
        lo = end + strspn(end, " ,");
        b->hi[i] = strtoll(hi, &end, 0);
        hi = end + strspn(end, " ,");
    }
    v->bounds = b;
}

static inline int op_build(struct op_test *t)
{
    int status;

    t->node = vt_node_create(t->graph, t->op, "node", t->n_in, t->n_out, &t->err);
    if (!t->node) {
        return t->err.code ? t->err.code : VT_E_NOMEM;
    }
    for (int i = 0; i < t->n_in; i++) {
        if (t->in[i].node) {
            assert_int_equal(vt_node_set_input(t->node, i, t->in[i]), VT_OK);
        }
    }
    for (int i = 0; i < t->n_attrs; i++) {
        status = vt_attr_set_text(t->node, t->attrs[i][0], t->attrs[i][1], &t->err);
        if (status == VT_E_NOT_FOUND && !t->err.code) {
            fail_msg("%s has no attribute %s", t->op->name, t->attrs[i][0]);
        }
        if (status) {
            return status;
        }
    }
    for (int i = 0; i < t->node->n_out; i++) {
        struct vt_port p = vt_port_of(t->node, i);

        assert_non_null(vt_node_build(t->graph, "Result", 1, "r", 1, &p, &t->err));
    }
    return vt_graph_sort(t->graph, &t->err);
}

/* Build and infer; afterwards t->node->out[i].v is what is known. Returns the status, the text in t->err. */
static inline int op_infer(struct op_test *t)
{
    int status = t->node ? VT_OK : op_build(t);

    for (int i = 0; status == VT_OK && i < t->graph->n_nodes; i++) {
        struct vt_node *node = t->graph->nodes[i];

        status = vt_node_infer(node, &t->err);
        for (int k = 0; status == VT_OK && k < t->graph->n_params; k++) {
            if (t->graph->params[k] == node && t->lo[k]) {
                op_set_bounds(t, &node->out[0].v, t->lo[k], t->hi[k]);
            }
        }
    }
    return status;
}

/* Run once; afterwards t->out holds the outputs. */
static inline int op_run(struct op_test *t)
{
    int status = t->node ? VT_OK : op_infer(t);

    if (status == VT_OK && !t->has_run) {
        status = vt_graph_eval(t->graph, t->data, t->out, NULL, &t->err);
        t->has_run = true;
    }
    return status;
}

/* ---- expectations */

/* Type and partial shape that inference finds for an output. */
static inline void op_expect_shape(struct op_test *t, int port, const char *type, const char *shape)
{
    struct vt_pshape want = op_shape(shape), have;

    if (!t->node && op_infer(t)) {
        fail_msg("%s: %s", t->op->name, t->err.text);
    }
    have = t->node->out[port].v.shape;
    assert_string_equal(vt_type_info(t->node->out[port].v.type)->name, type);
    assert_int_equal(have.rank, want.rank);
    for (int i = 0; i < want.rank; i++) {
        if (have.dims[i].min != want.dims[i].min || have.dims[i].max != want.dims[i].max) {
            fail_msg("%s output %d: dimension %d is %lld..%lld, not %lld..%lld", t->op->name, port, i,
                     (long long)have.dims[i].min, (long long)have.dims[i].max, (long long)want.dims[i].min,
                     (long long)want.dims[i].max);
        }
    }
}

/* Values of an output that inference knows, as bounds; equal texts mean known exactly. */
static inline void op_expect_bounds(struct op_test *t, int port, const char *lo, const char *hi)
{
    const struct vt_bounds *b;

    if (!t->node && op_infer(t)) {
        fail_msg("%s: %s", t->op->name, t->err.text);
    }
    b = t->node->out[port].v.bounds;
    assert_non_null(b);
    for (int64_t i = 0; i < b->n; i++) {
        char *end;

        assert_int_equal(b->lo[i], strtoll(lo, &end, 0));
        lo = end + strspn(end, " ,");
        assert_int_equal(b->hi[i], strtoll(hi, &end, 0));
        hi = end + strspn(end, " ,");
    }
}

/* Result of a run. Floats may differ by tolerance * max(1, |want|), NaN matches NaN; integers are exact when
 * the tolerance is 0. */
static inline void op_expect(struct op_test *t, int port, const char *type, const char *shape,
                             const char *values, double tolerance)
{
    struct vt_tensor want = op_tensor(type, shape, values), *have = &t->out[port];

    if (op_run(t)) {
        fail_msg("%s: %s", t->op->name, t->err.text);
    }
    assert_string_equal(vt_type_info(have->type)->name, type);
    assert_int_equal(have->rank, want.rank);
    for (int i = 0; i < want.rank; i++) {
        assert_int_equal(have->dims[i], want.dims[i]);
    }
    for (int64_t i = 0; i < vt_tensor_count(&want); i++) {
        double a = vt_get_f64(have, i), b = vt_get_f64(&want, i);
        bool same = a == b || (isnan(a) && isnan(b));

        if (vt_is_integral(want.type) && tolerance == 0) {
            same = vt_get_i64(have, i) == vt_get_i64(&want, i);
        }
        if (!same && !(fabs(a - b) <= tolerance * fmax(1, fabs(b)))) {
            fail_msg("%s output %d: element %lld is %.9g, not %.9g", t->op->name, port, (long long)i, a, b);
        }
    }
    vt_tensor_free(&want);
}

/* Building, inferring or running fails with this code and a message that contains `text`. */
static inline void op_expect_error(struct op_test *t, int code, const char *text)
{
    int status = op_run(t);

    assert_int_equal(status, code);
    if (!strstr(t->err.text, text)) {
        fail_msg("%s: message \"%s\" lacks \"%s\"", t->op->name, t->err.text, text);
    }
}

#endif
