/* Graphs as bytes. */
#include "binary.h"
#include "graph.h"
#include "map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct vt_error test_error;

#define ERR (vt_error_clear(&test_error), &test_error)

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        int s_ = (call);                                                                                     \
        if (s_) {                                                                                            \
            fail_msg("%s is %d: %s", #call, s_, test_error.text);                                            \
        }                                                                                                    \
    } while (0)

struct bytes {
    unsigned char data[16384];
    size_t n;
};

static int keep(void *ctx, const void *data, size_t n)
{
    struct bytes *b = ctx;

    if (b->n + n > sizeof(b->data)) {
        return VT_E_NOMEM;
    }
    memcpy(b->data + b->n, data, n);
    b->n += n;
    return VT_OK;
}

static struct vt_node *op(struct vt_graph *g, const char *name, int opset, struct vt_node *a,
                          struct vt_node *b)
{
    struct vt_port in[2] = {{a, 0}, {b, 0}};
    struct vt_node *node = vt_node_build(g, name, opset, name, !a ? 0 : b ? 2 : 1, in, ERR);

    assert_non_null(node);
    return node;
}

static float weights[64];

/* x -> Convert -> FusedElementwise-like chain -> two results, with everything that a node can carry. */
static struct vt_graph *rich_graph(struct vt_blob *blob)
{
    struct vt_graph *g = vt_graph_create("rich");
    struct vt_node *x = op(g, "Parameter", 1, NULL, NULL), *y = op(g, "Parameter", 1, NULL, NULL), *c, *s,
                   *r[2];
    struct vt_tensor t;

    assert_ok(vt_attr_set_text(y, "shape", "2,?,3..8,..5", ERR));
    assert_ok(vt_attr_set_text(y, "element_type", "i64", ERR));
    assert_ok(vt_attr_set_text(x, "shape", "4,16", ERR));
    assert_ok(vt_attr_set_text(x, "element_type", "f32", ERR));
    assert_ok(vt_output_add_name(g, &x->out[0], "x_t"));
    assert_ok(vt_output_add_name(g, &x->out[0], "alias"));
    assert_true(vt_tensor_describe(&t, VT_F32, 2, (int64_t[]){4, 16}));
    t.data = (void *)(uintptr_t)blob->data;
    c = vt_constant_create(g, "weights", &t, blob, ERR);
    assert_non_null(c);
    s = op(g, "Add", 1, x, c);
    s->fused_names = vt_arena_strdup(&g->arena, "first,second");
    s->rt_info = vt_arena_alloc(&g->arena, sizeof(*s->rt_info));
    s->rt_info->name = "layer";
    s->rt_info->value = "{}";
    r[0] = op(g, "Result", 1, s, NULL);
    r[1] = op(g, "Result", 1, y, NULL);
    g->results[0] = r[1]; /* lists have an order of their own */
    g->results[1] = r[0];
    assert_ok(vt_graph_sort(g, ERR));
    assert_ok(vt_graph_infer(g, ERR));
    return g;
}

static void check_rich(const struct vt_graph *g)
{
    struct vt_port p;

    assert_string_equal(g->name, "rich");
    assert_int_equal(g->n_params, 2);
    assert_int_equal(g->n_results, 2);
    assert_true(vt_graph_find_tensor(g, "alias", &p));
    assert_ptr_equal(p.node, g->params[0]);
    assert_int_equal(g->params[0]->out[0].n_names, 2);
    assert_ptr_equal(g->results[0]->in[0].node, g->params[1]);
    assert_int_equal(g->params[1]->out[0].v.type, VT_I64);
    assert_int_equal(g->params[1]->out[0].v.shape.dims[2].max, 8);
    assert_int_equal(g->params[1]->out[0].v.shape.dims[3].max, 5);
    assert_int_equal(g->params[1]->out[0].v.shape.dims[1].max, -1);
    p.node = g->results[1]->in[0].node;
    assert_string_equal(p.node->op->name, "Add");
    assert_string_equal(p.node->fused_names, "first,second");
    assert_string_equal(p.node->rt_info->name, "layer");
    assert_null(p.node->rt_info->version);
    assert_int_equal(p.node->out[0].v.shape.dims[1].min, 16);
}

static void test_round_trip(void **state)
{
    struct vt_blob *blob = vt_blob_copy(weights, sizeof(weights));
    struct vt_graph *g = rich_graph(blob), *back = NULL;
    static struct bytes first, second;

    (void)state;
    check_rich(g);
    assert_ok(vt_graph_write(g, NULL, keep, &first, ERR));
    vt_graph_destroy(g);
    assert_ok(vt_graph_read(first.data, first.n, NULL, 0, 0, &back, ERR));
    check_rich(back);
    assert_ok(vt_graph_write(back, NULL, keep, &second, ERR));
    assert_int_equal(first.n, second.n);
    assert_memory_equal(first.data, second.data, first.n);
    vt_graph_destroy(back);
    vt_blob_unref(blob);
}

static struct vt_graph_place placed;

static int place(void *ctx, const struct vt_node *constant, struct vt_graph_place *where)
{
    (void)ctx;
    assert_string_equal(constant->name, "weights");
    *where = placed;
    return VT_OK;
}

static const struct vt_node *constant_of(const struct vt_graph *g)
{
    return g->results[1]->in[0].node->in[1].node;
}

static void test_spaces(void **state)
{
    struct vt_blob *blob = vt_blob_copy(weights, sizeof(weights));
    unsigned char *page = calloc(1, 2 * sizeof(weights));
    struct vt_blob *other = vt_blob_wrap(page, 2 * sizeof(weights), free, page);
    struct vt_graph_space spaces[2] = {{blob, 0, sizeof(weights)}, {other, 32, sizeof(weights) + 32}};
    struct vt_graph *g = rich_graph(blob), *back = NULL;
    static struct bytes b;

    (void)state;
    placed = (struct vt_graph_place){2, 16};
    assert_ok(vt_graph_write(g, place, keep, &b, ERR));
    assert_ok(vt_graph_read(b.data, b.n, spaces, 2, 0, &back, ERR));
    assert_ptr_equal(constant_of(back)->constant.data, page + 48);
    vt_graph_destroy(back);
    /* The space is missing, or too small. */
    assert_int_equal(vt_graph_read(b.data, b.n, spaces, 1, 0, &back, ERR), VT_E_FORMAT);
    spaces[1].bytes = sizeof(weights) + 15;
    assert_int_equal(vt_graph_read(b.data, b.n, spaces, 2, 0, &back, ERR), VT_E_FORMAT);

    placed = (struct vt_graph_place){VT_PLACE_ABSENT, 64};
    b.n = 0;
    assert_ok(vt_graph_write(g, place, keep, &b, ERR));
    assert_ok(vt_graph_read(b.data, b.n, NULL, 0, 64 + sizeof(weights), &back, ERR));
    assert_true(constant_of(back)->blob->hole);
    assert_true(*(const float *)constant_of(back)->constant.data == 0);
    vt_graph_destroy(back);
    assert_int_equal(vt_graph_read(b.data, b.n, NULL, 0, 63 + sizeof(weights), &back, ERR), VT_E_FORMAT);
    assert_int_equal(vt_graph_read(b.data, b.n, NULL, 0, 0, &back, ERR), VT_E_FORMAT);
    vt_graph_destroy(g);
    vt_blob_unref(blob);
    vt_blob_unref(other);
}

static void test_damage(void **state)
{
    struct vt_blob *blob = vt_blob_copy(weights, sizeof(weights));
    struct vt_graph *g = rich_graph(blob);
    static struct bytes b;

    (void)state;
    assert_ok(vt_graph_write(g, NULL, keep, &b, ERR));
    for (size_t n = 0; n < b.n; n++) {
        unsigned char *cut = malloc(n + 1);
        struct vt_graph *back = NULL;

        memcpy(cut, b.data, n);
        assert_true(vt_graph_read(cut, n, NULL, 0, 0, &back, ERR) < 0);
        assert_true(strlen(test_error.text) > 0);
        assert_null(back);
        free(cut);
    }
    for (size_t i = 0; i < b.n; i++) {
        for (int value = 0; value < 256; value += 5) {
            unsigned char old = b.data[i];
            struct vt_graph *back = NULL;

            b.data[i] = (unsigned char)value;
            if (vt_graph_read(b.data, b.n, NULL, 0, 1 << 20, &back, ERR)) {
                assert_null(back);
                assert_true(strlen(test_error.text) > 0);
            } else {
                vt_graph_destroy(back);
            }
            b.data[i] = old;
        }
    }
    vt_graph_destroy(g);
    vt_blob_unref(blob);
}

/* A text is missing or empty, which differ by one byte: no attribute comes back without one. */
static void test_missing_text(void **state)
{
    struct vt_graph *g = vt_graph_create("state"), *back = NULL;
    struct vt_node *x = op(g, "Parameter", 1, NULL, NULL), *read;
    static struct bytes b;
    int refused = 0;

    (void)state;
    assert_ok(vt_attr_set_text(x, "shape", "2", ERR));
    assert_ok(vt_attr_set_text(x, "element_type", "f32", ERR));
    read = op(g, "ReadValue", 3, x, NULL);
    assert_ok(vt_attr_set_str(read, "variable_id", ""));
    op(g, "Result", 1, read, NULL);
    assert_ok(vt_graph_write(g, NULL, keep, &b, ERR));
    vt_graph_destroy(g);
    assert_ok(vt_graph_read(b.data, b.n, NULL, 0, 0, &back, ERR));
    assert_string_equal(vt_attr_str(back->results[0]->in[0].node, "variable_id"), "");
    vt_graph_destroy(back);
    for (size_t i = 0; i < b.n; i++) {
        if (b.data[i] != 1) {
            continue;
        }
        b.data[i] = 0;
        if (vt_graph_read(b.data, b.n, NULL, 0, 0, &back, ERR) == VT_OK) {
            for (int k = 0; k < back->n_nodes; k++) {
                assert_true(!vt_node_is(back->nodes[k], "ReadValue") ||
                            vt_attr_str(back->nodes[k], "variable_id"));
            }
            vt_graph_destroy(back);
        } else {
            refused += strstr(test_error.text, "not allowed") != NULL;
        }
        b.data[i] = 1;
    }
    assert_true(refused > 0);
}

static void test_refused(void **state)
{
    struct vt_graph *g = vt_graph_create("odd");
    static struct bytes b;

    (void)state;
    assert_non_null(vt_unknown_create(g, "Mystery", "opset9", "m", 0, 0, ERR));
    assert_int_equal(vt_graph_write(g, NULL, keep, &b, ERR), VT_E_UNSUPPORTED);
    assert_non_null(strstr(test_error.text, "Mystery"));
    vt_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_spaces),  cmocka_unit_test(test_damage),
        cmocka_unit_test(test_missing_text), cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
