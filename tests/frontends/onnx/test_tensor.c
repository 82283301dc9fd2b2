/* Initializers: every element type in every form, sparse ones, and data in files. */
#include "onnx_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A model whose outputs are initializers; takes them. */
static struct msg *constants(struct msg *tensor, unsigned field, const char *name)
{
    struct msg *g = msg();

    put_text(g, 2, "g");
    put(g, field, tensor);
    put(g, 12, info(name, FLOAT, NULL));
    return model(g, 17);
}

/* The Constant behind output 0; the graph is the caller's. */
static const struct vt_tensor *constant_of(struct vt_graph *graph)
{
    struct vt_node *node = graph->results[0]->in[0].node;

    assert_string_equal(node->op->name, "Constant");
    return &node->constant;
}

static void check_bytes(struct msg *tensor, enum vt_type type, const void *bytes, size_t n)
{
    struct vt_graph *graph = read_ok(constants(tensor, 5, "c"));
    const struct vt_tensor *t = constant_of(graph);

    assert_int_equal(t->type, type);
    assert_int_equal(t->bytes, n);
    assert_memory_equal(t->data, bytes, n);
    vt_graph_destroy(graph);
}

static void test_raw(void **state)
{
    static const struct {
        int proto;
        enum vt_type type;
        size_t bytes; /* of three elements */
    } rows[] = {
        {1, VT_F32, 12},  {2, VT_U8, 3},      {3, VT_I8, 3},      {4, VT_U16, 6},     {5, VT_I16, 6},
        {6, VT_I32, 12},  {7, VT_I64, 24},    {10, VT_F16, 6},    {11, VT_F64, 24},   {12, VT_U32, 12},
        {13, VT_U64, 24}, {16, VT_BF16, 6},   {17, VT_F8E4M3, 3}, {19, VT_F8E5M2, 3}, {21, VT_U4, 2},
        {22, VT_I4, 2},   {23, VT_F4E2M1, 2}, {24, VT_F8E8M0, 3}, {25, VT_U2, 1},
    };
    uint8_t data[24];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_bytes(tensor_raw("c", rows[i].proto, "3", data, rows[i].bytes), rows[i].type, data,
                    rows[i].bytes);
        read_fails(constants(tensor_raw("c", rows[i].proto, "3", data, rows[i].bytes - 1), 5, "c"),
                   VT_E_FORMAT, "tensor 'c'");
        read_fails(constants(tensor_raw("c", rows[i].proto, "5", data, rows[i].bytes), 5, "c"), VT_E_FORMAT,
                   "tensor 'c': it has");
    }
}

/* Any byte but 0 is true. */
static void test_booleans(void **state)
{
    struct msg *m = tensor("c", BOOL, "3");

    (void)state;
    check_bytes(TENSOR("c", BOOL, "4", uint8_t, 0, 1, 2, 255), VT_BOOLEAN, "\0\1\1\1", 4);
    check_bytes(TENSOR("c", BOOL, "2", uint8_t, 1, 0), VT_BOOLEAN, "\1\0", 2);
    put_int(m, 5, 7);
    put_int(m, 5, 0);
    put_int(m, 5, 1);
    check_bytes(m, VT_BOOLEAN, "\1\0\1", 3);
}

/* The numbers -1, 2, 300 in the typed field of a type, one by one or packed. */
static struct msg *typed(int proto, unsigned field, bool packed)
{
    static const int64_t values[] = {-1, 2, 300};
    struct msg *m = tensor("c", proto, "3"), *pack = packed ? msg() : m;

    for (int i = 0; i < 3; i++) {
        float f = (float)values[i];
        double d = (double)values[i];

        if (!packed) {
            put_number(pack, field << 3 | (field == 4 ? 5 : field == 10 ? 1 : 0));
        }
        if (field == 4) {
            put_raw(pack, &f, sizeof(f));
        } else if (field == 10) {
            put_raw(pack, &d, sizeof(d));
        } else {
            put_number(pack, (uint64_t)values[i]);
        }
    }
    if (packed) {
        put(m, field, pack);
    }
    return m;
}

#define BYTES(type, ...) (const type[]){__VA_ARGS__}, sizeof((const type[]){__VA_ARGS__})

static void test_typed(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        check_bytes(typed(1, 4, packed), VT_F32, BYTES(float, -1, 2, 300));
        check_bytes(typed(11, 10, packed), VT_F64, BYTES(double, -1, 2, 300));
        check_bytes(typed(7, 7, packed), VT_I64, BYTES(int64_t, -1, 2, 300));
        check_bytes(typed(13, 11, packed), VT_U64, BYTES(uint64_t, UINT64_MAX, 2, 300));
        check_bytes(typed(12, 11, packed), VT_U32, BYTES(uint32_t, UINT32_MAX, 2, 300));
        check_bytes(typed(6, 5, packed), VT_I32, BYTES(int32_t, -1, 2, 300));
        check_bytes(typed(5, 5, packed), VT_I16, BYTES(int16_t, -1, 2, 300));
        check_bytes(typed(10, 5, packed), VT_F16, BYTES(uint16_t, 65535, 2, 300));
        check_bytes(typed(3, 5, packed), VT_I8, BYTES(uint8_t, 255, 2, 44));
        check_bytes(typed(17, 5, packed), VT_F8E4M3, BYTES(uint8_t, 255, 2, 44));
    }
}

/* Two elements of four bits come as one number. */
static void test_packed_nibbles(void **state)
{
    struct msg *m = tensor("c", 22, "3");

    (void)state;
    put_int(m, 5, 0x21);
    put_int(m, 5, 0x0f);
    check_bytes(m, VT_I4, "\x21\x0f", 2);
    m = tensor("c", 22, "3");
    put_int(m, 5, 0x21);
    read_fails(constants(m, 5, "c"), VT_E_FORMAT, "it has 1 numbers, its shape wants 2");
}

static void test_shapes(void **state)
{
    struct vt_graph *graph = read_ok(constants(TENSOR("c", FLOAT, "", float, 5), 5, "c"));

    (void)state;
    assert_int_equal(constant_of(graph)->rank, 0);
    vt_graph_destroy(graph);
    graph = read_ok(constants(tensor("c", FLOAT, "2,0,3"), 5, "c"));
    assert_int_equal(constant_of(graph)->bytes, 0);
    assert_int_equal(constant_of(graph)->dims[2], 3);
    vt_graph_destroy(graph);
    read_fails(constants(tensor("c", FLOAT, "2,-1"), 5, "c"), VT_E_FORMAT, "negative or too large");
    read_fails(constants(tensor("c", FLOAT, "4611686018427387904,16"), 5, "c"), VT_E_FORMAT, "too large");
    read_fails(constants(tensor("c", FLOAT, "1099511627776"), 5, "c"), VT_E_FORMAT, "it has 0 numbers");
    read_fails(constants(tensor("c", FLOAT, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), 5, "c"), VT_E_UNSUPPORTED,
               "not implemented: 17 dimensions");
}

static void test_what_is_missing(void **state)
{
    (void)state;
    read_fails(constants(tensor("c", 14, "1"), 5, "c"), VT_E_UNSUPPORTED,
               "tensor 'c': not implemented: element type complex64");
    read_fails(constants(tensor("c", 18, "1"), 5, "c"), VT_E_UNSUPPORTED, "float8e4m3fnuz");
    read_fails(constants(tensor("c", 26, "1"), 5, "c"), VT_E_UNSUPPORTED, "int2");
    read_fails(constants(tensor("c", 99, "1"), 5, "c"), VT_E_FORMAT, "element type is unknown (99)");
    read_fails(constants(tensor("c", 0, "1"), 5, "c"), VT_E_FORMAT, "element type is unknown (0)");
    read_fails(constants(TENSOR("b", FLOAT, "1", float, 5), 5, "c"), VT_E_FORMAT,
               "nothing yields the output 'c'");
}

/* ---- sparse tensors */

static struct msg *sparse(struct msg *values, struct msg *indices, const int64_t *dims, int rank)
{
    struct msg *m = msg();

    put(m, 1, values);
    put(m, 2, indices);
    for (int i = 0; i < rank; i++) {
        put_int(m, 3, dims[i]);
    }
    return m;
}

static void test_sparse(void **state)
{
    static const int64_t dims[] = {2, 3};
    static const float want[] = {0, 5, 0, 0, 0, 7};
    struct vt_graph *graph;

    (void)state;
    graph = read_ok(constants(
        sparse(TENSOR("c", FLOAT, "2", float, 5, 7), TENSOR("", INT64, "2", int64_t, 1, 5), dims, 2), 15,
        "c"));
    assert_memory_equal(constant_of(graph)->data, want, sizeof(want));
    vt_graph_destroy(graph);
    graph = read_ok(constants(
        sparse(TENSOR("c", FLOAT, "2", float, 5, 7), TENSOR("", INT64, "2,2", int64_t, 0, 1, 1, 2), dims, 2),
        15, "c"));
    assert_memory_equal(constant_of(graph)->data, want, sizeof(want));
    vt_graph_destroy(graph);
    read_fails(
        constants(sparse(TENSOR("c", FLOAT, "1", float, 5), TENSOR("", INT64, "1", int64_t, 6), dims, 2), 15,
                  "c"),
        VT_E_FORMAT, "out of range");
    read_fails(
        constants(sparse(TENSOR("c", FLOAT, "2", float, 5, 7), TENSOR("", INT64, "1", int64_t, 1), dims, 2),
                  15, "c"),
        VT_E_FORMAT, "do not fit");
    read_fails(constants(sparse(TENSOR("c", FLOAT, "1", float, 5), TENSOR("", INT64, "1", int64_t, 6),
                                (const int64_t[]){1 << 20, 1 << 20}, 2),
                         15, "c"),
               VT_E_UNSUPPORTED, "sparse tensors of this type or size");
}

/* ---- data in files */

static char folder[] = "/tmp/vintner-onnx-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(path_of(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static struct msg *external(const char *location, const char *offset, const char *length)
{
    static const char *const keys[] = {"location", "offset", "length"};
    const char *const values[] = {location, offset, length};
    struct msg *m = tensor("c", FLOAT, "3");

    put_int(m, 14, 1);
    for (int i = 0; i < 3; i++) {
        struct msg *pair = msg();

        put_text(pair, 1, keys[i]);
        put_text(pair, 2, values[i] ? values[i] : "");
        if (values[i]) {
            put(m, 13, pair);
        } else {
            msg_free(pair);
        }
    }
    return m;
}

/* Writes the model to the folder, reads it; takes it. */
static int read_from_file(struct msg *m, struct vt_graph **graph, struct vt_error *err)
{
    write_file("m.onnx", m->data, m->n);
    msg_free(m);
    return vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR)
        ->read_file(vt_core_host(), path_of("m.onnx"), NULL, graph, err);
}

static void file_fails(struct msg *tensor, int code, const char *part)
{
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    assert_int_equal(read_from_file(constants(tensor, 5, "c"), &graph, &err), code);
    assert_null(graph);
    if (!strstr(err.text, part) || !strstr(err.text, "m.onnx")) {
        fail_msg("%s", err.text);
    }
}

static void test_external(void **state)
{
    static const float data[] = {9, 1, 2, 3, 8};
    struct vt_graph *graph = NULL;
    struct vt_error err = {0};

    (void)state;
    write_file("w.bin", data, sizeof(data));
    if (read_from_file(constants(external("w.bin", "4", "12"), 5, "c"), &graph, &err)) {
        fail_msg("%s", err.text);
    }
    assert_memory_equal(constant_of(graph)->data, data + 1, 12);
    assert_non_null(graph->results[0]->in[0].node->blob); /* a view, not a copy */
    assert_non_null(graph->results[0]->in[0].node->blob->path);
    vt_graph_destroy(graph);
    assert_int_equal(read_from_file(constants(external("./w.bin", NULL, NULL), 5, "c"), &graph, &err), VT_OK);
    assert_memory_equal(constant_of(graph)->data, data, 12);
    vt_graph_destroy(graph);
    graph = NULL;

    file_fails(external("../w.bin", NULL, NULL), VT_E_INVALID, "outside of the model's folder");
    file_fails(external("a/../../w.bin", NULL, NULL), VT_E_INVALID, "outside of the model's folder");
    file_fails(external("/etc/passwd", NULL, NULL), VT_E_INVALID, "outside of the model's folder");
    file_fails(external("no.bin", NULL, NULL), VT_E_NOT_FOUND, "no.bin");
    file_fails(external(NULL, NULL, NULL), VT_E_FORMAT, "which is not named");
    file_fails(external("w.bin", "12", NULL), VT_E_FORMAT,
               "w.bin' is too short: 20 bytes, 12 are wanted at 12");
    file_fails(external("w.bin", "0", "8"), VT_E_FORMAT, "it has 8 bytes of data, its shape wants 12");
    file_fails(external("w.bin", "18446744073709551615", NULL), VT_E_FORMAT, "too short");
    file_fails(external("w.bin", "-4", NULL), VT_E_FORMAT, "offset is \"-4\"");
    file_fails(external("w.bin", "x", NULL), VT_E_FORMAT, "offset is \"x\"");
    read_fails(constants(external("w.bin", NULL, NULL), 5, "c"), VT_E_INVALID,
               "read such a model from a file");
}

static int count_file(void *ctx, const char *path)
{
    strcat(ctx, strrchr(path, '/'));
    return VT_OK;
}

static void test_files(void **state)
{
    char names[256] = "";
    struct msg *g = msg(), *m;

    (void)state;
    write_file("w.bin", "0123456789abcdef", 16);
    put(g, 5, external("w.bin", NULL, NULL));
    put(g, 5, external("w.bin", "4", NULL));
    put(g, 5, external("missing.bin", NULL, NULL));
    m = model(g, 17);
    write_file("m.onnx", m->data, m->n);
    msg_free(m);
    assert_int_equal(
        vt_frontend_entry(VT_ABI_MAJOR, VT_ABI_MINOR)->files(path_of("m.onnx"), NULL, count_file, names),
        VT_OK);
    assert_string_equal(names, "/m.onnx/w.bin");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path_of("w.bin"));
    unlink(path_of("m.onnx"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw),    cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_typed),  cmocka_unit_test(test_packed_nibbles),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_sparse), cmocka_unit_test(test_external),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
