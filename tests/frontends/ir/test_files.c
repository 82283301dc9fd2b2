/* Files that OpenVINO wrote, and files that are missing or cut off. */
#include "ir_test.h"

#include <dlfcn.h>
#include <unistd.h>

static char folder[] = "/tmp/vintner-ir-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[2][256];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void write_file(const char *name, const void *data, size_t bytes)
{
    FILE *f = fopen(in_folder(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

static struct vt_graph *read_ok(const char *path, const char *weights)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    if (frontend->read_file(ir_host(), path, weights, &graph, &err)) {
        fail_msg("%s", err.text);
    }
    return graph;
}

static void read_fails(const char *path, const char *weights, int code, const char *message)
{
    const struct vt_frontend *frontend = vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    assert_int_equal(frontend->read_file(ir_host(), path, weights, &graph, &err), code);
    assert_null(graph);
    if (!strstr(err.text, message)) {
        fail_msg("says %s, should %s", err.text, message);
    }
}

static void test_convolution(void **state)
{
    struct vt_graph *graph = read_ok(IR_DATA "/conv.xml", NULL);
    const struct vt_node *x = graph->params[0], *w = ir_node(graph, "w"), *relu = ir_node(graph, "relu");
    const struct vt_rt_info *info = graph->rt_info;

    (void)state;
    assert_string_equal(x->out[0].names[0], "image,first");
    assert_string_equal(x->out[0].names[1], "in");
    assert_int_equal(x->out[0].v.shape.dims[0].min, 1);
    assert_int_equal(x->out[0].v.shape.dims[0].max, 4);
    assert_int_equal(x->out[0].v.shape.dims[2].max, -1);
    assert_string_equal(x->rt_info->name, "layout");
    assert_string_equal(x->rt_info->value, "[N,C,H,W]");
    assert_int_equal(w->constant.rank, 4);
    assert_true(((const float *)w->constant.data)[1] == -2.0f);
    assert_string_equal(relu->op->name, "Relu");
    assert_int_equal(relu->out[0].n_uses, 2);
    assert_string_equal(relu->out[0].names[0], "out,1");
    assert_ptr_equal(graph->results[1]->in[0].node, relu);
    assert_string_equal(info->name, "conversion_parameters/odd key");
    assert_string_equal(info->value, "a b");
    assert_string_equal(info->next->name, "framework");
    vt_graph_destroy(graph);
}

static const struct vt_body_map *find_map(const struct vt_body *body, enum vt_body_map_kind kind)
{
    for (int i = 0; i < body->n_maps; i++) {
        if (body->maps[i].kind == kind) {
            return &body->maps[i];
        }
    }
    fail_msg("no map of kind %d", kind);
    return NULL;
}

static void test_loop(void **state)
{
    struct vt_graph *graph = read_ok(IR_DATA "/loop.xml", NULL);
    const struct vt_node *loop = graph->results[0]->in[0].node;
    const struct vt_body *body = &loop->bodies[0];
    const struct vt_body_map *m;

    (void)state;
    assert_string_equal(loop->op->name, "Loop");
    assert_int_equal(loop->n_bodies, 1);
    assert_int_equal(body->n_maps, 6);
    m = find_map(body, VT_MAP_MERGED);
    assert_int_equal(m->outer, 2);
    assert_int_equal(m->inner, 1);
    assert_int_equal(m->back, 1);
    m = find_map(body, VT_MAP_SLICED);
    assert_int_equal(m->outer, 3);
    assert_int_equal(m->inner, 2);
    assert_int_equal(m->end, -1);
    assert_int_equal(m->stride, 1);
    assert_int_equal(find_map(body, VT_MAP_CONDITION)->inner, 0);
    assert_int_equal(find_map(body, VT_MAP_COUNTER)->inner, 0);
    m = find_map(body, VT_MAP_OUTPUT);
    assert_int_equal(m->inner, 1);
    assert_int_equal(m->outer, 0);
    m = find_map(body, VT_MAP_CONCAT);
    assert_int_equal(m->inner, 2);
    assert_int_equal(m->outer, 1);
    /* The file has this f32 at offset 1: an unaligned view. */
    assert_int_equal((uintptr_t)ir_node(body->graph, "Constant_18")->constant.data % 4, 1);
    vt_graph_destroy(graph);
}

static void test_tensor_iterator(void **state)
{
    struct vt_graph *graph = read_ok(IR_DATA "/tensor_iterator.xml", NULL);
    const struct vt_body *body = &graph->results[0]->in[0].node->bodies[0];

    (void)state;
    assert_int_equal(body->n_maps, 4);
    assert_int_equal(find_map(body, VT_MAP_SLICED)->axis, 1);
    assert_int_equal(find_map(body, VT_MAP_MERGED)->back, 0);
    assert_int_equal(find_map(body, VT_MAP_CONCAT)->axis, 1);
    vt_graph_destroy(graph);
}

static void test_if(void **state)
{
    struct vt_graph *graph = read_ok(IR_DATA "/if.xml", NULL);
    const struct vt_node *node = graph->results[0]->in[0].node;

    (void)state;
    assert_string_equal(node->op->name, "If");
    assert_int_equal(node->n_bodies, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(find_map(&node->bodies[i], VT_MAP_INPUT)->outer, 1);
        assert_int_equal(find_map(&node->bodies[i], VT_MAP_OUTPUT)->outer, 0);
    }
    assert_string_equal(node->bodies[0].graph->results[0]->in[0].node->op->name, "Add");
    assert_string_equal(node->bodies[1].graph->results[0]->in[0].node->op->name, "Multiply");
    vt_graph_destroy(graph);
}

static void test_state(void **state)
{
    struct vt_graph *graph = read_ok(IR_DATA "/state.xml", NULL);
    bool found = false;

    (void)state;
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (vt_node_is(node, "Constant") && node->constant.type == VT_U4) {
            assert_int_equal(node->constant.bytes, 8);
            found = true;
        }
    }
    assert_true(found);
    vt_graph_destroy(graph);
}

/* The weights belong to the file beside it, or to the one that is named. */
static void test_weights_paths(void **state)
{
    static const char text[] =
        NET("11", CONST("0", "c", "i8", "4", "2", "4") RESULT("1", "r"), EDGE("0", "0", "1", "0"));
    struct vt_graph *graph;

    (void)state;
    write_file("m.v1.xml", text, sizeof(text) - 1);
    read_fails(in_folder("m.v1.xml"), NULL, VT_E_NOT_FOUND, "m.v1.bin'");
    read_fails(in_folder("m.v1.xml"), NULL, VT_E_NOT_FOUND,
               "put the .bin file beside the .xml file, or give its path");
    write_file("m.v1.bin", "012345", 6);
    graph = read_ok(in_folder("m.v1.xml"), NULL);
    assert_memory_equal(ir_node(graph, "c")->constant.data, "2345", 4);
    vt_graph_destroy(graph);
    write_file("other", "abcdefgh", 8);
    graph = read_ok(in_folder("m.v1.xml"), in_folder("other"));
    assert_memory_equal(ir_node(graph, "c")->constant.data, "cdef", 4);
    vt_graph_destroy(graph);
    write_file("m.v1.bin", "01234", 5);
    read_fails(in_folder("m.v1.xml"), NULL, VT_E_FORMAT,
               "m.v1.xml:4: layer 'c' (Constant, id 0): needs bytes 2 to 6 of '");
    read_fails(in_folder("m.v1.xml"), NULL, VT_E_FORMAT, "m.v1.bin', which has 5; the file is cut off");
    unlink(in_folder("m.v1.bin"));
    unlink(in_folder("m.v1.xml"));
    unlink(in_folder("other"));
}

/* A model without constants needs no weights. */
static void test_no_weights_needed(void **state)
{
    (void)state;
    write_file("small.xml", SMALL, sizeof(SMALL) - 1);
    vt_graph_destroy(read_ok(in_folder("small.xml"), NULL));
    unlink(in_folder("small.xml"));
}

static void test_missing_file(void **state)
{
    (void)state;
    read_fails(in_folder("absent.xml"), NULL, VT_E_NOT_FOUND, "absent.xml");
    read_fails(folder, NULL, VT_E_IO, folder);
    write_file("empty.xml", "", 0);
    read_fails(in_folder("empty.xml"), NULL, VT_E_FORMAT, "empty.xml: the file is empty");
    unlink(in_folder("empty.xml"));
}

/* The shared object shows its one symbol. */
static void test_shared_object(void **state)
{
    void *library = dlopen(IR_FRONTEND, RTLD_NOW | RTLD_LOCAL);
    vt_frontend_entry_fn entry;

    (void)state;
    if (!library) {
        fail_msg("%s", dlerror());
    }
    *(void **)&entry = dlsym(library, VT_FRONTEND_SYMBOL);
    assert_non_null(entry);
    assert_string_equal(entry(VT_ABI_MAJOR, VT_ABI_MINOR)->extensions, "xml");
    assert_null(dlsym(library, "ir_net_read"));
    dlclose(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_tensor_iterator),
        cmocka_unit_test(test_if),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_weights_paths),
        cmocka_unit_test(test_no_weights_needed),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_shared_object),
    };
    int failed;

    if (!mkdtemp(folder)) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
