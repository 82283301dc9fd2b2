/* Saving as IR: what our own reader gives back, the rules of compression, and everything that can fail. */
#include "core_test.h"
#include "map.h"
#include "save_impl.h"
#include "vt/half.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- files in memory, and a folder of this run */

struct memory {
    char *data;
    size_t n;
    int writes, fail_at; /* the write that fails; 0: none */
};

static int write_memory(void *user, const void *data, size_t bytes, struct vt_error *err)
{
    struct memory *m = user;

    if (++m->writes == m->fail_at) {
        return vt_fail(err, VT_E_IO, "the disk is full");
    }
    m->data = realloc(m->data, m->n + bytes + 1);
    assert_non_null(m->data);
    memcpy(m->data + m->n, data, bytes);
    m->n += bytes;
    m->data[m->n] = 0;
    return VT_OK;
}

struct saved {
    struct memory xml, bin;
};

static int save(const struct vt_model *model, unsigned flags, struct saved *to)
{
    struct vt_save_sink xml = {write_memory, &to->xml}, bin = {write_memory, &to->bin};

    return vt_save_ir(model->graph, flags, &xml, &bin, ERR);
}

static void drop(struct saved *s)
{
    free(s->xml.data);
    free(s->bin.data);
    *s = (struct saved){0};
}

static struct vt_model *read_back(struct vt_core *core, const struct saved *s)
{
    struct vt_blob *blob = vt_blob_copy(s->bin.data, s->bin.n);
    struct vt_model *model = NULL;

    assert_non_null(blob);
    assert_ok(vt_core_read_memory(core, s->xml.data, s->xml.n, blob, &model, ERR));
    vt_blob_unref(blob);
    return model;
}

static char folder[] = "/tmp/vintner-save-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][256];
    static int turn;

    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static int files_in_folder(void)
{
    DIR *d = opendir(folder);
    int n = 0;

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

/* ---- equality */

static void assert_same_rt_info(const struct vt_rt_info *a, const struct vt_rt_info *b, bool ordered)
{
    for (; a; a = a->next) {
        const struct vt_rt_info *found = b;

        while (found && !ordered && strcmp(a->name, found->name)) {
            found = found->next;
        }
        assert_non_null(found);
        assert_string_equal(a->name, found->name);
        assert_string_equal(a->value, found->value);
        b = ordered ? b->next : b;
    }
}

static void assert_same_attr(const struct vt_attr_def *def, const union vt_attr_value *a,
                             const union vt_attr_value *b)
{
    switch (def->type) {
    case VT_ATTR_STR: assert_string_equal(a->s ? a->s : "", b->s ? b->s : ""); break;
    case VT_ATTR_F64: assert_true(a->f == b->f); break;
    case VT_ATTR_I64S:
        assert_int_equal(a->i64s.n, b->i64s.n);
        assert_memory_equal(a->i64s.v ? (const void *)a->i64s.v : "",
                            b->i64s.v ? (const void *)b->i64s.v : "", (size_t)a->i64s.n * sizeof(int64_t));
        break;
    case VT_ATTR_F64S:
        assert_int_equal(a->f64s.n, b->f64s.n);
        for (int64_t i = 0; i < a->f64s.n; i++) {
            assert_true(a->f64s.v[i] == b->f64s.v[i]);
        }
        break;
    case VT_ATTR_SHAPE:
        assert_int_equal(a->shape ? a->shape->rank : -1, b->shape ? b->shape->rank : -1);
        for (int i = 0; a->shape && i < a->shape->rank; i++) {
            assert_int_equal(a->shape->dims[i].min, b->shape->dims[i].min);
            assert_int_equal(a->shape->dims[i].max, b->shape->dims[i].max);
        }
        break;
    default: assert_int_equal(a->i, b->i);
    }
}

static void assert_same_graph(const struct vt_graph *a, const struct vt_graph *b);

static void assert_same_node(const struct vt_node *a, const struct vt_node *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->op->name, b->op->name);
    assert_int_equal(a->op->opset, b->op->opset);
    assert_int_equal(a->n_in, b->n_in);
    assert_int_equal(a->n_out, b->n_out);
    for (int i = 0; i < a->n_in; i++) {
        assert_string_equal(a->in[i].node->name, b->in[i].node->name);
        assert_int_equal(a->in[i].index, b->in[i].index);
    }
    for (int i = 0; i < a->n_out; i++) {
        assert_int_equal(a->out[i].n_names, b->out[i].n_names);
        for (int k = 0; k < a->out[i].n_names; k++) {
            assert_string_equal(a->out[i].names[k], b->out[i].names[k]);
        }
    }
    for (int i = 0; a->op->attrs && a->op->attrs[i].name; i++) {
        assert_string_equal(a->op->attrs[i].name, b->op->attrs[i].name);
        assert_same_attr(&a->op->attrs[i], &a->attrs[i], &b->attrs[i]);
    }
    assert_int_equal(a->constant.type, b->constant.type);
    assert_int_equal(a->constant.bytes, b->constant.bytes);
    if (a->constant.bytes) {
        assert_memory_equal(a->constant.data, b->constant.data, a->constant.bytes);
    }
    assert_same_rt_info(a->rt_info, b->rt_info, true);
    assert_int_equal(a->n_bodies, b->n_bodies);
    for (int i = 0; i < a->n_bodies; i++) {
        assert_same_graph(a->bodies[i].graph, b->bodies[i].graph);
        assert_int_equal(a->bodies[i].n_maps, b->bodies[i].n_maps);
        assert_memory_equal(a->bodies[i].maps, b->bodies[i].maps,
                            (size_t)a->bodies[i].n_maps * sizeof(*a->bodies[i].maps));
    }
}

static const struct vt_node *by_name(const struct vt_graph *g, const char *name)
{
    for (int i = 0; i < g->n_nodes; i++) {
        if (strcmp(g->nodes[i]->name, name) == 0) {
            return g->nodes[i];
        }
    }
    fail_msg("there is no node '%s'", name);
    return NULL;
}

static void assert_same_graph(const struct vt_graph *a, const struct vt_graph *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->n_nodes, b->n_nodes);
    assert_int_equal(a->n_params, b->n_params);
    assert_int_equal(a->n_results, b->n_results);
    assert_int_equal(a->n_sinks, b->n_sinks);
    for (int i = 0; i < a->n_params; i++) {
        assert_string_equal(a->params[i]->name, b->params[i]->name);
    }
    for (int i = 0; i < a->n_results; i++) {
        assert_string_equal(a->results[i]->name, b->results[i]->name);
    }
    for (int i = 0; i < a->n_nodes; i++) {
        assert_same_node(a->nodes[i], by_name(b, a->nodes[i]->name));
    }
    assert_same_rt_info(a->rt_info, b->rt_info, false);
    assert_same_rt_info(b->rt_info, a->rt_info, false);
}

/* Floats 0, 1/8, 2/8 ...; whole numbers 2; unknown dimensions are 2. */
static struct vt_tensor some_input(const struct vt_value *v)
{
    int64_t dims[VT_MAX_RANK];
    struct vt_tensor t;

    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = vt_dim_is_static(v->shape.dims[i]) ? v->shape.dims[i].min : 2;
    }
    assert_true(vt_tensor_describe(&t, v->type, v->shape.rank, dims));
    assert_ok(vt_tensor_alloc(&t, ERR));
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        if (t.type == VT_F32) {
            ((float *)t.data)[i] = (float)i / 8;
        } else {
            memset((char *)t.data + i * (vt_type_info(t.type)->bits / 8), (i + 1) % 2, 1);
        }
    }
    return t;
}

static void assert_same_numbers(const struct vt_graph *a, const struct vt_graph *b)
{
    struct vt_tensor in[8], x[8] = {0}, y[8] = {0};
    struct vt_state_store *none = NULL;

    assert_true(a->n_params <= 8 && a->n_results <= 8);
    for (int i = 0; i < a->n_params; i++) {
        in[i] = some_input(&a->params[i]->out[0].v);
    }
    assert_ok(vt_graph_eval(a, in, x, none, ERR));
    assert_ok(vt_graph_eval(b, in, y, none, ERR));
    for (int i = 0; i < a->n_results; i++) {
        assert_int_equal(x[i].bytes, y[i].bytes);
        assert_true(x[i].bytes > 0);
        assert_memory_equal(x[i].data, y[i].data, x[i].bytes);
        vt_tensor_free(&x[i]);
        vt_tensor_free(&y[i]);
    }
    for (int i = 0; i < a->n_params; i++) {
        vt_tensor_free(&in[i]);
    }
}

/* ---- round trips */

static void round_trip(struct vt_core *core, const char *path, bool numbers)
{
    struct vt_model *model = NULL, *back;
    struct saved first = {0}, second = {0};

    assert_ok(vt_core_read_file(core, path, NULL, &model, ERR));
    assert_ok(save(model, 0, &first));
    back = read_back(core, &first);
    assert_same_graph(model->graph, back->graph);
    if (numbers) {
        assert_same_numbers(model->graph, back->graph);
    }
    assert_ok(save(back, 0, &second));
    assert_int_equal(first.bin.n, second.bin.n);
    assert_memory_equal(first.bin.data, second.bin.data, first.bin.n);
    assert_int_equal(first.xml.n, second.xml.n);
    assert_memory_equal(first.xml.data, second.xml.data, first.xml.n);
    vt_model_unref(back);
    vt_model_unref(model);
    drop(&first);
    drop(&second);
}

static void test_round_trips(void **state)
{
    struct vt_core *core = test_core();

    (void)state;
    round_trip(core, IR_DATA "/conv.xml", true);
    round_trip(core, IR_DATA "/if.xml", true);
    round_trip(core, IR_DATA "/loop.xml", true);
    round_trip(core, IR_DATA "/tensor_iterator.xml", true);
    round_trip(core, IR_DATA "/state.xml", false);
    round_trip(core, DIGITS, true);
    vt_core_destroy(core);
}

/* Everything that is a matter of text. */
static void test_texts(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\"?>\n"
        "<net name=\"a &lt;&amp;&quot;&gt; b\" version=\"11\">\n"
        "\t<layers>\n"
        "\t\t<layer id=\"0\" name=\"x&#10;y\" type=\"Parameter\" version=\"opset1\">\n"
        "\t\t\t<data element_type=\"f32\" shape=\"1..5,3,?,..7,2..\" />\n"
        "\t\t\t<rt_info>\n"
        "\t\t\t\t<user_data name=\"mine\" value=\"\" />\n"
        "\t\t\t</rt_info>\n"
        "\t\t\t<output>\n"
        "\t\t\t\t<port id=\"0\" precision=\"FP32\" names=\"p\\,q,r\">\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>3</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t\t<rt_info>\n"
        "\t\t\t\t\t\t<attribute name=\"layout\" version=\"0\" layout=\"[N,C,...]\" />\n"
        "\t\t\t\t\t</rt_info>\n"
        "\t\t\t\t</port>\n"
        "\t\t\t</output>\n"
        "\t\t</layer>\n"
        "\t\t<layer id=\"1\" name=\"c\" type=\"Clamp\" version=\"opset1\">\n"
        "\t\t\t<data min=\"0.1\" max=\"1.7976931348623157e+308\" />\n"
        "\t\t\t<input>\n"
        "\t\t\t\t<port id=\"0\" precision=\"FP32\">\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>3</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t</port>\n"
        "\t\t\t</input>\n"
        "\t\t\t<output>\n"
        "\t\t\t\t<port id=\"1\" precision=\"FP32\">\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>3</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t</port>\n"
        "\t\t\t</output>\n"
        "\t\t</layer>\n"
        "\t\t<layer id=\"2\" name=\"\" type=\"Result\" version=\"opset1\" output_names=\"out\">\n"
        "\t\t\t<input>\n"
        "\t\t\t\t<port id=\"0\" precision=\"FP32\">\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>3</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t\t<dim>-1</dim>\n\t\t\t\t\t<dim>-1</dim>\n"
        "\t\t\t\t</port>\n"
        "\t\t\t</input>\n"
        "\t\t</layer>\n"
        "\t</layers>\n"
        "\t<edges>\n"
        "\t\t<edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\" />\n"
        "\t\t<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\" to-port=\"0\" />\n"
        "\t</edges>\n"
        "\t<rt_info>\n"
        "\t\t<a>\n"
        "\t\t\t<info name=\"0\" value=\"w\" />\n"
        "\t\t\t<b value=\"v\" />\n"
        "\t\t</a>\n"
        "\t\t<info name=\"k/\\l\" value=\"\" />\n"
        "\t</rt_info>\n"
        "</net>\n";
    struct vt_rt_info layout = {"layout", "0", "[N,C,...]", NULL}, mine = {"mine", NULL, "", &layout};
    struct vt_rt_info model_info[3] = {{"k\\/\\\\l", NULL, "", NULL},
                                       {"a/b", NULL, "v", &model_info[2]},
                                       {"a/0", NULL, "w", &model_info[0]}};
    struct vt_core *core = test_core();
    struct vt_graph *g = vt_graph_create("a <&\"> b");
    struct vt_node *x = test_param(g, "x\ny", "f32", "1..5,3,?,..7,2..", "p,q"),
                   *c = test_unary(g, "Clamp", 1, "c", x, NULL), *r = test_unary(g, "Result", 1, "", c, NULL);
    struct vt_model *model, *back;
    struct saved s = {0};

    (void)state;
    assert_ok(vt_output_add_name(g, &x->out[0], "r"));
    assert_ok(vt_output_add_name(g, &r->out[0], "out"));
    assert_ok(vt_attr_set_f64(c, "min", 0.1));
    assert_ok(vt_attr_set_f64(c, "max", INFINITY));
    x->rt_info = &mine;
    g->rt_info = &model_info[1];
    model = test_finish(g);
    assert_ok(save(model, 0, &s));
    assert_string_equal(s.xml.data, text);
    assert_int_equal(s.bin.n, 0);
    back = read_back(core, &s);
    assert_ok(vt_attr_set_f64(c, "max", 1.7976931348623157e308)); /* what stands for infinity */
    assert_same_graph(g, back->graph);
    vt_model_unref(back);
    vt_model_unref(model);
    vt_core_destroy(core);
    drop(&s);
}

static struct vt_node *constant(struct vt_graph *g, const char *name, enum vt_type type, int64_t n,
                                const void *data)
{
    struct vt_tensor t;
    struct vt_node *node;

    assert_true(vt_tensor_describe(&t, type, n < 0 ? 0 : 1, &n));
    t.data = (void *)(uintptr_t)data;
    node = vt_constant_create(g, name, &t, NULL, ERR);
    assert_non_null(node);
    return node;
}

static int64_t offset_of(const struct saved *s, const char *name)
{
    char key[64];
    const char *p;

    snprintf(key, sizeof(key), "name=\"%s\"", name);
    p = strstr(s->xml.data, key);
    assert_non_null(p);
    p = strstr(p, "offset=\"");
    assert_non_null(p);
    return strtoll(p + 8, NULL, 10);
}

/* All element types, scalars, nothing at all, equal bytes, alignment. */
static void test_constants(void **state)
{
    static const unsigned char bytes[1024] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct vt_core *core = test_core();
    struct vt_graph *g = vt_graph_create("constants");
    struct vt_model *model, *back;
    struct saved s = {0};
    char name[64];

    (void)state;
    for (int t = VT_DYNAMIC + 1; t < VT_TYPE_COUNT; t++) {
        if (t == VT_STRING) {
            continue;
        }
        snprintf(name, sizeof(name), "%s", vt_type_info((enum vt_type)t)->name);
        test_unary(g, "Result", 1, "r", constant(g, name, (enum vt_type)t, 11, bytes), NULL);
        snprintf(name, sizeof(name), "scalar-%s", vt_type_info((enum vt_type)t)->name);
        test_unary(g, "Result", 1, "s", constant(g, name, (enum vt_type)t, -1, bytes), NULL);
    }
    test_unary(g, "Result", 1, "e", constant(g, "empty", VT_I64, 0, NULL), NULL);
    test_unary(g, "Result", 1, "e", constant(g, "empty too", VT_F32, 0, NULL), NULL);
    test_unary(g, "Result", 1, "w", constant(g, "wide", VT_F32, 64, bytes), NULL);
    test_unary(g, "Result", 1, "w", constant(g, "wide too", VT_U8, 256, bytes), NULL);
    test_unary(g, "Result", 1, "w", constant(g, "other", VT_U8, 256, bytes + 1), NULL);
    model = test_finish(g);
    assert_ok(save(model, 0, &s));
    assert_int_equal(offset_of(&s, "i32"), offset_of(&s, "u32"));
    assert_int_equal(offset_of(&s, "i8"), offset_of(&s, "u8"));
    assert_int_not_equal(offset_of(&s, "i8"), offset_of(&s, "u16"));
    assert_int_equal(offset_of(&s, "u64") % 8, 0);
    assert_int_equal(offset_of(&s, "f32") % 4, 0);
    assert_int_equal(offset_of(&s, "wide"), offset_of(&s, "wide too"));
    assert_int_equal(offset_of(&s, "wide") % 64, 0);
    assert_int_equal(offset_of(&s, "other"), offset_of(&s, "wide") + 256);
    assert_int_equal(s.bin.n, (size_t)offset_of(&s, "other") + 256);
    assert_int_equal(offset_of(&s, "empty"), offset_of(&s, "empty too"));
    back = read_back(core, &s);
    for (int i = 0; i < g->n_results; i++) {
        assert_same_node(g->results[i]->in[0].node, back->graph->results[i]->in[0].node);
    }
    vt_model_unref(back);
    vt_model_unref(model);
    vt_core_destroy(core);
    drop(&s);
}

static void test_unknown(void **state)
{
    struct vt_core *core = test_core();
    struct vt_graph *g = vt_graph_create("unknown");
    struct vt_node *x = test_param(g, "x", "f32", "2,?", "x_t"), *u;
    struct vt_pshape shape = {.rank = 2, .dims = {{3, 3}, {0, -1}}};
    struct vt_model *model, *back;
    struct saved s = {0};

    (void)state;
    u = vt_unknown_create(g, "Acme", "acme-7", "u", 1, 2, ERR);
    assert_non_null(u);
    assert_ok(vt_node_set_input(u, 0, vt_port_of(x, 0)));
    assert_ok(vt_unknown_declare(u, 0, VT_I32, &shape));
    assert_ok(vt_unknown_declare(u, 1, VT_DYNAMIC, &shape));
    assert_ok(vt_unknown_set_attr(u, "mode", "a \"b\" <c> & d"));
    assert_ok(vt_unknown_set_attr(u, "empty", ""));
    test_unary(g, "Result", 1, "r", u, NULL);
    model = test_finish(g);
    assert_ok(save(model, 0, &s));
    assert_non_null(strstr(s.xml.data,
                           "type=\"Acme\" version=\"acme-7\">\n\t\t\t<data mode=\"a &quot;b&quot; "
                           "&lt;c&gt; &amp; d\" empty=\"\" />"));
    back = read_back(core, &s);
    assert_same_graph(g, back->graph);
    assert_int_equal(back->graph->results[0]->out[0].v.type, VT_I32);
    vt_model_unref(back);
    vt_model_unref(model);
    vt_core_destroy(core);
    drop(&s);
}

/* ---- compression to f16 */

static struct vt_model *with_constant(enum vt_type type, int64_t n, const void *data)
{
    struct vt_graph *g = vt_graph_create("f16");
    struct vt_node *c = constant(g, "c", type, n, data);

    assert_ok(vt_output_add_name(g, &c->out[0], "c_t"));
    test_unary(g, "Result", 1, "r", c, NULL);
    return test_finish(g);
}

static void expect_f16(int64_t n, const float *values, bool compressed)
{
    struct vt_model *model = with_constant(VT_F32, n, values);
    struct saved s = {0};

    assert_ok(save(model, VT_SAVE_F16, &s));
    if (compressed != (strstr(s.xml.data, "name=\"c_compressed\"") != NULL)) {
        fail_msg("%lld values from %g: %s", (long long)n, values[0],
                 compressed ? "not compressed" : "compressed");
    }
    assert_int_equal(s.bin.n, (size_t)(n < 0 ? 1 : n) * (compressed ? 2 : 4));
    vt_model_unref(model);
    drop(&s);
}

static void test_f16_rules(void **state)
{
    (void)state;
    expect_f16(3, (const float[]){0.1f, 0.2f, 0.3f}, true);
    expect_f16(4, (const float[]){1e-9f, 1e-9f, 0.5f, 0.2f}, true);
    expect_f16(4, (const float[]){1e-9f, 1e-9f, 1e-9f, 0.2f}, false); /* three quarters vanish */
    expect_f16(4, (const float[]){1e30f, 2e30f, 3, 1}, true);         /* clamped */
    expect_f16(4, (const float[]){1e30f, 2e30f, 3e30f, 1}, false);
    expect_f16(4, (const float[]){16433, 2, 3, 4}, true);  /* moves by 1 */
    expect_f16(4, (const float[]){16434, 2, 3, 4}, false); /* moves by 2 */
    expect_f16(2, (const float[]){1e-5f, 1e-5f}, false);   /* relative error 1.3e-3 */
    expect_f16(-1, (const float[]){0.1f}, false);          /* a scalar must be nearly exact */
    expect_f16(-1, (const float[]){0.7071f}, true);        /* within 1e-4 */
    expect_f16(3, (const float[]){NAN, INFINITY, 1.5f}, true);
}

static void test_f16_values(void **state)
{
    static const double doubles[5] = {0.5, 1e300, -1e300, 1e-300, 3};
    struct vt_core *core = test_core();
    struct vt_model *model = with_constant(VT_F64, 5, doubles), *back;
    struct saved s = {0}, again = {0};
    const struct vt_node *convert;
    const uint16_t *h;

    (void)state;
    assert_ok(save(model, VT_SAVE_F16, &s));
    back = read_back(core, &s);
    convert = back->graph->results[0]->in[0].node;
    assert_string_equal(convert->op->name, "Convert");
    assert_string_equal(convert->name, "c");
    assert_string_equal(convert->out[0].names[0], "c_t");
    assert_string_equal(convert->rt_info->name, "decompression");
    assert_int_equal(convert->out[0].v.type, VT_F64);
    h = convert->in[0].node->constant.data;
    assert_string_equal(convert->in[0].node->name, "c_compressed");
    assert_int_equal(h[0], vt_f32_to_f16(0.5f));
    assert_int_equal(h[1], 0x7bff);
    assert_int_equal(h[2], 0xfbff);
    assert_int_equal(h[3], 0);
    assert_int_equal(h[4], vt_f32_to_f16(3));
    /* What is compressed already stays as it is. */
    assert_ok(save(back, VT_SAVE_F16, &again));
    assert_string_equal(s.xml.data, again.xml.data);
    vt_model_unref(back);
    vt_model_unref(model);
    vt_core_destroy(core);
    drop(&s);
    drop(&again);
}

/* All that matters for rounding, against the conversion that everything else uses. */
static void test_f16_rounding(void **state)
{
    enum { N = 1 << 16 };
    float *values = malloc(N * sizeof(*values));
    uint16_t *halves = malloc(N * sizeof(*halves));
    struct vt_tensor t = {
        .type = VT_F32, .rank = 1, .dims = {N}, .data = values, .bytes = N * sizeof(*values)};

    (void)state;
    assert_true(values && halves);
    /* Sign, exponent, and those bits of the fraction that stay or decide; then the same, nearly. */
    for (uint32_t low = 0; low < 2; low++) {
        for (uint32_t i = 0; i < N; i++) {
            values[i] = vt_bits_f32(i << 16 | (i * 2654435761u & 0xf000) | low * 0xfff);
        }
        vt_save_f16_convert(&t, 0, N, halves);
        for (uint32_t i = 0; i < N; i++) {
            float v = fabsf(values[i]) > 65504 ? copysignf(65504, values[i]) : values[i];

            if (halves[i] != vt_f32_to_f16(v)) {
                fail_msg("%a is %#x, not %#x", (double)values[i], halves[i], vt_f32_to_f16(v));
            }
        }
    }
    free(values);
    free(halves);
}

/* The scales of an Interpolate, also through arithmetic. */
static void test_f16_shapes(void **state)
{
    static const float scales[2] = {2, 4}, more[2] = {0.5f, 0.5f};
    static const int32_t sizes[2] = {4, 4};
    struct vt_graph *g = vt_graph_create("shapes");
    struct vt_node *x = test_param(g, "x", "f32", "1,2,4,4", "x_t"), *m, *n;
    struct vt_model *model;
    struct saved s = {0};

    (void)state;
    m = vt_node_build(g, "Multiply", 1, "m", 2,
                      (struct vt_port[]){vt_port_of(constant(g, "scales", VT_F32, 2, scales), 0),
                                         vt_port_of(constant(g, "more", VT_F32, 2, more), 0)},
                      ERR);
    assert_non_null(m);
    n = vt_node_build(
        g, "Interpolate", 4, "n", 4,
        (struct vt_port[]){vt_port_of(x, 0), vt_port_of(constant(g, "sizes", VT_I32, 2, sizes), 0),
                           vt_port_of(m, 0),
                           vt_port_of(vt_constant_i64s(g, "axes", 1, 2, (int64_t[]){2, 3}, ERR), 0)},
        ERR);
    assert_non_null(n);
    assert_ok(vt_attr_set_text(n, "mode", "nearest", ERR));
    assert_ok(vt_attr_set_text(n, "shape_calculation_mode", "scales", ERR));
    m = vt_node_build(g, "Add", 1, "a", 2,
                      (struct vt_port[]){vt_port_of(n, 0), vt_port_of(constant(g, "b", VT_F32, 2, more), 0)},
                      ERR);
    test_unary(g, "Result", 1, "r", m, NULL);
    model = test_finish(g);
    assert_ok(save(model, VT_SAVE_F16, &s));
    assert_null(strstr(s.xml.data, "scales_compressed"));
    assert_null(strstr(s.xml.data, "more_compressed"));
    assert_non_null(strstr(s.xml.data, "name=\"b_compressed\""));
    vt_model_unref(model);
    drop(&s);
}

/* int8 -> Convert -> Multiply: a quantized model is left alone. */
static void test_f16_quantized(void **state)
{
    static const float scale[2] = {0.5f, 0.25f};
    static const char weights[2] = {1, 2};
    struct vt_graph *g = vt_graph_create("quantized");
    struct vt_node *w = constant(g, "w", VT_I8, 2, weights), *c, *m;
    struct vt_model *model;
    struct saved s = {0};

    (void)state;
    c = test_unary(g, "Convert", 1, "convert", w, NULL);
    assert_ok(vt_attr_set_text(c, "destination_type", "f32", ERR));
    m = vt_node_build(g, "Multiply", 1, "m", 2,
                      (struct vt_port[]){vt_port_of(c, 0), vt_port_of(constant(g, "c", VT_F32, 2, scale), 0)},
                      ERR);
    assert_non_null(m);
    test_unary(g, "Result", 1, "r", m, NULL);
    model = test_finish(g);
    assert_ok(save(model, VT_SAVE_F16, &s));
    assert_null(strstr(s.xml.data, "_compressed"));
    vt_model_unref(model);
    drop(&s);
}

/* ---- what cannot be saved */

static void assert_refused(struct vt_graph *g, int code, const char *part)
{
    struct vt_model *model = test_finish(g);
    struct saved s = {0};

    assert_fails(save(model, 0, &s), code, part);
    vt_model_unref(model);
    drop(&s);
}

static void test_refused(void **state)
{
    struct vt_graph *g = vt_graph_create("fused");
    struct vt_node *x = test_param(g, "x", "f32", "2,3", "x_t");
    struct vt_port ports[2] = {vt_port_of(x, 0), {NULL, 0}};
    struct vt_node *n = vt_node_build(g, "LayerNorm", 0, "ln", 1, ports, ERR);

    (void)state;
    assert_non_null(n);
    test_unary(g, "Result", 1, "r", n, NULL);
    assert_refused(g, VT_E_UNSUPPORTED, "not implemented: saving node 'ln'");

    g = vt_graph_create("bell\a");
    test_unary(g, "Result", 1, "r", test_param(g, "x", "f32", "2,3", "x_t"), NULL);
    assert_refused(g, VT_E_INVALID, "cannot be written as XML");

    g = vt_graph_create("ok");
    test_unary(g, "Result", 1, "r", test_param(g, "x\xc3", "f32", "2,3", "x_t"), NULL);
    assert_refused(g, VT_E_INVALID, "cannot be written as XML");
}

/* Every write can be the one that fails. */
static void test_failing_sinks(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *model = NULL;
    struct saved all = {0};

    (void)state;
    assert_ok(vt_core_read_file(core, DIGITS, NULL, &model, ERR));
    assert_ok(save(model, 0, &all));
    assert_true(all.xml.writes > 1 && all.bin.writes > 1);
    for (int i = 1; i <= all.xml.writes + all.bin.writes; i++) {
        struct saved s = {0};

        s.xml.fail_at = i;
        s.bin.fail_at = i - all.xml.writes;
        assert_fails(save(model, 0, &s), VT_E_IO, "the disk is full");
        drop(&s);
    }
    vt_model_unref(model);
    vt_core_destroy(core);
    drop(&all);
}

/* ---- files */

static void test_files(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *model = NULL, *back = NULL;

    (void)state;
    assert_ok(vt_core_read_file(core, DIGITS, NULL, &model, ERR));
    assert_ok(vt_save_ir_files(model->graph, 0, in_folder("m.xml"), NULL, ERR));
    assert_int_equal(files_in_folder(), 2);
    vt_model_unref(model);
    /* Over the files that it is read from. */
    assert_ok(vt_core_read_file(core, in_folder("m.xml"), NULL, &model, ERR));
    assert_ok(vt_save_ir_files(model->graph, VT_SAVE_F16, in_folder("m.xml"), NULL, ERR));
    assert_ok(vt_save_ir_files(model->graph, 0, in_folder("n.xml"), in_folder("other.weights"), ERR));
    assert_int_equal(files_in_folder(), 4);
    assert_ok(vt_core_read_file(core, in_folder("n.xml"), in_folder("other.weights"), &back, ERR));
    assert_same_graph(model->graph, back->graph);
    vt_model_unref(back);
    assert_ok(vt_core_read_file(core, in_folder("m.xml"), NULL, &back, ERR));
    assert_true(back->graph->n_nodes > model->graph->n_nodes);
    vt_model_unref(back);
    vt_model_unref(model);
    vt_core_destroy(core);
    assert_int_equal(unlink(in_folder("m.xml")) | unlink(in_folder("m.bin")) | unlink(in_folder("n.xml")) |
                         unlink(in_folder("other.weights")),
                     0);
}

static void test_file_errors(void **state)
{
    struct vt_core *core = test_core();
    struct vt_model *model = NULL;
    struct rlimit old, tight;

    (void)state;
    assert_ok(vt_core_read_file(core, DIGITS, NULL, &model, ERR));
    assert_fails(vt_save_ir_files(model->graph, 0, "/nowhere/m.xml", NULL, ERR), VT_E_IO,
                 "'/nowhere/m.xml' cannot be created: No such file");
    assert_fails(vt_save_ir_files(model->graph, 0, in_folder("m.xml"), "/nowhere/m.bin", ERR), VT_E_IO,
                 "'/nowhere/m.bin' cannot be created: No such file");
    assert_fails(vt_save_ir_files(model->graph, 0, in_folder("m.xml"), folder, ERR), VT_E_IO,
                 "it is a folder");
    assert_fails(vt_save_ir_files(model->graph, 0, in_folder("m.xml"), "/dev/null", ERR), VT_E_IO,
                 "it is no ordinary file");
    assert_fails(vt_save_ir_files(model->graph, 0, in_folder("m.bin"), NULL, ERR), VT_E_INVALID,
                 "both the text and the weights");
    /* As on a disk that gets full: within the weights, and within what is written at the end. */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (rlim_t limit = 100; limit <= 20000; limit *= 200) {
        tight = (struct rlimit){limit, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        assert_fails(vt_save_ir_files(model->graph, 0, in_folder("m.xml"), NULL, ERR), VT_E_IO,
                     "cannot be written: File too large");
        assert_non_null(strstr(test_error.text, folder));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(files_in_folder(), 0);
    }
    vt_model_unref(model);
    vt_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),   cmocka_unit_test(test_texts),
        cmocka_unit_test(test_constants),     cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_f16_rules),     cmocka_unit_test(test_f16_values),
        cmocka_unit_test(test_f16_shapes),    cmocka_unit_test(test_f16_rounding),
        cmocka_unit_test(test_f16_quantized), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_sinks), cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_errors),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
