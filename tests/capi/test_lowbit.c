/* Element types of every width as inputs, constants and results of models that only move elements, on every
 * device; constants also saved and read again. */
#include "maker.h"

#include "vintner.h"

#include <unistd.h>

static const struct type {
    const char *name;
    ov_element_type_e type;
    int bits;
} types[] = {
    {"u1", U1, 1},         {"u2", U2, 2},           {"u3", U3, 3},         {"u4", U4, 4},
    {"i4", I4, 4},         {"nf4", NF4, 4},         {"f4e2m1", F4E2M1, 4}, {"u6", U6, 6},
    {"u8", U8, 8},         {"boolean", BOOLEAN, 8}, {"i8", I8, 8},         {"f8e4m3", F8E4M3, 8},
    {"f8e5m2", F8E5M3, 8}, {"f8e8m0", F8E8M0, 8},   {"f16", F16, 16},      {"bf16", BF16, 16},
    {"i16", I16, 16},      {"u16", U16, 16},        {"f32", F32, 32},      {"i32", I32, 32},
    {"u32", U32, 32},      {"f64", F64, 64},        {"i64", I64, 64},      {"u64", U64, 64},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* ---- elements as codes */

static size_t bytes_of(const struct type *t, int n)
{
    return t->bits >= 8   ? (size_t)(n * t->bits / 8)
           : t->bits == 3 ? (size_t)((n + 7) / 8 * 3)
           : t->bits == 6 ? (size_t)((n + 3) / 4 * 3)
                          : (size_t)((n * t->bits + 7) / 8);
}

/* Where bit `bit` of element i is. */
static int place(const struct type *t, int i, int bit)
{
    switch (t->bits) {
    case 1: return i / 8 * 8 + 7 - i % 8;
    case 3: return i / 8 * 24 + (bit < 2 ? i % 8 / 4 * 8 + (3 - i % 4) * 2 + bit : 16 + 7 - i % 8);
    case 6:
        return i / 4 * 24 +
               (bit < 4 ? i % 4 / 2 * 8 + (1 - i % 2) * 4 + bit : 16 + (3 - i % 4) * 2 + bit - 4);
    default: return i * t->bits + bit;
    }
}

static uint64_t get(const struct type *t, const unsigned char *data, int i)
{
    uint64_t code = 0;

    for (int bit = 0; bit < t->bits; bit++) {
        int at = place(t, i, bit);

        code |= (uint64_t)(data[at / 8] >> (at % 8) & 1) << bit;
    }
    return code;
}

static void set(const struct type *t, unsigned char *data, int i, uint64_t code)
{
    for (int bit = 0; bit < t->bits; bit++) {
        int at = place(t, i, bit);

        data[at / 8] = (unsigned char)((data[at / 8] & ~(1 << at % 8)) | (int)(code >> bit & 1) << at % 8);
    }
}

/* Some code for element i; round 0 and 1 differ. */
static uint64_t code_of(const struct type *t, int i, int round)
{
    uint64_t x = ((uint64_t)i * 2 + 1 + (uint64_t)round * 77) * 0x9e3779b97f4a7c15u;

    x ^= x >> 29;
    return t->type == BOOLEAN ? x & 1 : t->bits == 64 ? x : x & (((uint64_t)1 << t->bits) - 1);
}

static void fill(const struct type *t, unsigned char *data, int n, int round)
{
    memset(data, 0, bytes_of(t, n));
    for (int i = 0; i < n; i++) {
        set(t, data, i, code_of(t, i, round));
    }
}

/* ---- models */

#define CONSTANTS 5 /* in the shape [5] or [5,1], elements 100 and on in what is expected */

struct kind {
    void (*make)(struct maker *m, int x, int c);
    int n;
    int want[40]; /* element of the input [3,5], or of the constant */
};

static void same(struct maker *m, int x, int c)
{
    (void)c;
    result(m, x);
}

static void reshape(struct maker *m, int x, int c)
{
    (void)c;
    result(m, LAYER(m, "Reshape", "opset1", "special_zero=\"false\"", 1, x, I64S(m, 5, 3)));
}

static void transpose(struct maker *m, int x, int c)
{
    (void)c;
    result(m, LAYER(m, "Transpose", "opset1", "", 1, x, I64S(m, 1, 0)));
}

static void gather(struct maker *m, int x, int c)
{
    (void)c;
    result(m, LAYER(m, "Gather", "opset8", "", 1, x, I64S(m, 4, 0, -2), I64(m, 1)));
}

static void concat(struct maker *m, int x, int c)
{
    int row = LAYER(m, "Unsqueeze", "opset1", "", 1, c, I64S(m, 0));

    result(m, LAYER(m, "Concat", "opset1", "axis=\"0\"", 1, row, x, row));
}

static void slice(struct maker *m, int x, int c)
{
    (void)c;
    result(m, LAYER(m, "Slice", "opset8", "", 1, x, I64S(m, 4), I64S(m, -10), I64S(m, -3), I64S(m, 1)));
}

static void strided(struct maker *m, int x, int c)
{
    (void)c;
    result(m, LAYER(m, "StridedSlice", "opset1",
                    "begin_mask=\"0,0\" end_mask=\"0,0\" new_axis_mask=\"\" shrink_axis_mask=\"1,0\" "
                    "ellipsis_mask=\"\"",
                    1, x, I64S(m, 1, 1), I64S(m, 2, 5), I64S(m, 1, 2)));
}

static void split(struct maker *m, int x, int c)
{
    int parts = LAYER(m, "VariadicSplit", "opset1", "", 2, x, I64(m, 1), I64S(m, 2, 3));

    (void)c;
    result(m, OUT(parts, 1));
}

static void tile(struct maker *m, int x, int c)
{
    int row = LAYER(m, "Gather", "opset8", "", 1, x, I64S(m, 2), I64(m, 0));

    (void)c;
    result(m, LAYER(m, "Tile", "opset1", "", 1, row, I64S(m, 2, 1)));
}

static void broadcast(struct maker *m, int x, int c)
{
    (void)x;
    result(m, LAYER(m, "Broadcast", "opset3", "", 1, c, I64S(m, 2, 5)));
}

static void select_elements(struct maker *m, int x, int c)
{
    static const unsigned char flags[15] = {1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1};

    result(m, LAYER(m, "Select", "opset1", "", 1, constant(m, "boolean", "3,5", flags, 15), x, c));
}

static void scatter(struct maker *m, int x, int c)
{
    result(m, LAYER(m, "ScatterUpdate", "opset3", "", 1, x, I64S(m, 1),
                    LAYER(m, "Unsqueeze", "opset1", "", 1, c, I64S(m, 0)), I64(m, 0)));
}

static const struct kind kinds[] = {
    {same, 15, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
    {reshape, 15, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
    {transpose, 15, {0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14}},
    {gather, 9, {4, 0, 3, 9, 5, 8, 14, 10, 13}},
    {concat, 25, {100, 101, 102, 103, 104, 0,  1,  2,   3,   4,   5,   6,  7,
                  8,   9,   10,  11,  12,  13, 14, 100, 101, 102, 103, 104}},
    {slice, 6, {4, 1, 9, 6, 14, 11}},
    {strided, 2, {6, 8}},
    {split, 9, {2, 3, 4, 7, 8, 9, 12, 13, 14}},
    {tile, 10, {10, 11, 12, 13, 14, 10, 11, 12, 13, 14}},
    {broadcast, 10, {100, 101, 102, 103, 104, 100, 101, 102, 103, 104}},
    {select_elements, 15, {0, 101, 2, 103, 104, 100, 6, 7, 8, 9, 100, 101, 102, 103, 14}},
    {scatter, 15, {0, 1, 2, 3, 4, 100, 101, 102, 103, 104, 10, 11, 12, 13, 14}},
};

static void check_output(const ov_infer_request_t *request, const struct type *t, const struct kind *k,
                         int round, int number)
{
    ov_tensor_t *out = NULL;
    ov_element_type_e type;
    unsigned char *data, want[512];
    size_t bytes;

    PASS(ov_infer_request_get_output_tensor_by_index(request, 0, &out));
    PASS(ov_tensor_get_element_type(out, &type));
    assert_int_equal(type, t->type);
    PASS(ov_tensor_get_byte_size(out, &bytes));
    assert_int_equal(bytes, bytes_of(t, k->n));
    PASS(ov_tensor_data(out, (void **)&data));
    memset(want, 0, sizeof(want));
    for (int i = 0; i < k->n; i++) {
        int from = k->want[i];

        set(t, want, i, from >= 100 ? code_of(t, from - 100, 9) : code_of(t, from, round));
        if (get(t, want, i) != get(t, data, i)) {
            fail_msg("%s, model %d, element %d: %llx, not %llx", t->name, number, i,
                     (unsigned long long)get(t, data, i), (unsigned long long)get(t, want, i));
        }
    }
    ov_tensor_free(out);
}

static ov_model_t *saved_and_read(ov_core_t *core, ov_model_t *model)
{
    char xml[] = "/tmp/vt_lowbit_XXXXXX", bin[64];
    int fd = mkstemp(xml);
    ov_model_t *again = NULL;

    assert_true(fd >= 0);
    close(fd);
    snprintf(bin, sizeof(bin), "%s.bin", xml);
    PASS(vt_model_save(model, xml, bin, 0));
    ov_model_free(model);
    PASS(ov_core_read_model(core, xml, bin, &again));
    unlink(xml);
    unlink(bin);
    return again;
}

static void check(ov_core_t *core, const char *device, const struct type *t, const struct kind *k, int number)
{
    struct maker m = {0};
    unsigned char data[512];
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    int x = parameter(&m, t->name, number % 2 ? "3,5" : "?,5"), c;

    fill(t, data, CONSTANTS, 9);
    c = constant(&m, t->name, "5", data, bytes_of(t, CONSTANTS));
    k->make(&m, x, c);
    PASS(read_made(core, &m, &model));
    if (number % 3 == 0) {
        model = saved_and_read(core, model);
    }
    PASS(ov_core_compile_model(core, model, device, 0, &compiled));
    ov_model_free(model);
    PASS(ov_compiled_model_create_infer_request(compiled, &request));
    ov_compiled_model_free(compiled);
    for (int round = 0; round < 2; round++) {
        int64_t dims[2] = {3, 5};
        ov_tensor_t *in = NULL;
        void *to;

        PASS(ov_tensor_create(t->type, (ov_shape_t){2, dims}, &in));
        PASS(ov_tensor_data(in, &to));
        fill(t, to, 15, round);
        PASS(ov_infer_request_set_input_tensor_by_index(request, 0, in));
        ov_tensor_free(in);
        PASS(ov_infer_request_infer(request));
        check_output(request, t, k, round, number);
    }
    ov_infer_request_free(request);
}

static void moves(ov_core_t *core, const char *device)
{
    for (size_t i = 0; i < TYPES; i++) {
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            check(core, device, &types[i], &kinds[k], (int)k);
        }
    }
}

static void test_moves(void **state)
{
    (void)state;
    on_each_device(moves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_moves)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
