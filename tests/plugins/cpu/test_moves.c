/* Element-wise operations, types, and what moves data, over random shapes, against their references. */
#include "cpu_test.h"

static void random_dims(int rank, int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        dims[i] = random_in(1, i == 1 ? 18 : 7);
    }
}

/* A convolution in front leaves the tensor channels last. */
static struct vt_port source(struct vt_graph *g, int rank, const int64_t *dims)
{
    struct vt_port x = net_param(g, rank, dims);

    return rank == 4 && random_chance(50) ? net_conv(g, x, dims[1], random_chance(50) ? 1 : 3) : x;
}

/* Some axes of the last `rank` of dims become 1. */
static struct vt_port operand(struct vt_graph *g, int rank, const int64_t *dims)
{
    int own = random_chance(60) ? rank : (int)random_in(0, rank);
    int64_t d[VT_MAX_RANK];

    for (int i = 0; i < own; i++) {
        d[i] = random_chance(60) ? dims[rank - own + i] : 1;
    }
    return random_chance(40) ? net_random(g, VT_F32, own, d, random_chance(40)) : source(g, own, d);
}

static void test_unary(void **state)
{
    static const struct {
        const char *op;
        int opset;
        const char *attrs;
    } ops[] = {
        {"Abs", 1, ""},
        {"Ceiling", 1, ""},
        {"Clamp", 1, "min=-0.25;max=0.5"},
        {"Elu", 1, "alpha=0.7"},
        {"Erf", 1, ""},
        {"Exp", 1, ""},
        {"Floor", 1, ""},
        {"Gelu", 2, ""},
        {"Gelu", 7, "approximation_mode=ERF"},
        {"Gelu", 7, "approximation_mode=TANH"},
        {"HSigmoid", 5, ""},
        {"HSwish", 4, ""},
        {"Log", 1, ""},
        {"Mish", 4, ""},
        {"Negative", 1, ""},
        {"Relu", 1, ""},
        {"Round", 5, "mode=half_to_even"},
        {"Round", 5, "mode=half_away_from_zero"},
        {"Sigmoid", 1, ""},
        {"SoftPlus", 4, ""},
        {"Sqrt", 1, ""},
        {"Swish", 4, ""},
        {"Tanh", 1, ""},
        {"Acos", 1, ""},
        {"Acosh", 4, ""},
        {"Asin", 1, ""},
        {"Asinh", 4, ""},
        {"Atan", 1, ""},
        {"Atanh", 4, ""},
        {"Cos", 1, ""},
        {"Cosh", 1, ""},
        {"Sin", 1, ""},
        {"Sinh", 1, ""},
        {"Tan", 1, ""},
        {"Sign", 1, ""},
        {"SoftSign", 9, ""},
        {"IsFinite", 10, ""},
        {"IsInf", 10, "detect_negative=true;detect_positive=false"},
        {"IsNaN", 10, ""},
    };

    (void)state;
    for (int i = 0; i < (int)(sizeof(ops) / sizeof(ops[0])); i++) {
        for (int rank = 0; rank < 5; rank++) {
            struct vt_graph *g = net_create();
            int64_t dims[4];

            random_seed((uint64_t)(i * 10 + rank));
            random_dims(rank, dims);
            snprintf(test_case, sizeof(test_case), "%s rank %d", ops[i].op, rank);
            net_result(g, net_unary(g, ops[i].op, ops[i].opset, source(g, rank, dims), ops[i].attrs));
            check_graph(g, ops[i].op, rank == 3 ? 4 : 0);
        }
    }
}

static void test_parameters(void **state)
{
    static const float exponents[] = {2, 0.5f, -1, 3, -2, 1.7f, 0, -0.5f};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {2, 5, 3, 7};
        struct vt_port x;

        random_seed((uint64_t)i);
        snprintf(test_case, sizeof(test_case), "exponent %g", (double)exponents[i]);
        x = source(g, 4, dims);
        net_result(g, net_binary(g, "Power", 1, x, net_f32(g, exponents[i]), ""));
        net_result(g, net_binary(g, "Power", 1, net_unary(g, "Abs", 1, x, ""), x, ""));
        net_result(g, net_binary(g, "Swish", 4, x, net_f32(g, exponents[i]), ""));
        net_result(
            g, net_op(g, "HardSigmoid", 1, 3, (struct vt_port[]){x, net_f32(g, 0.3f), net_f32(g, 0.6f)}, ""));
        net_result(g, net_binary(g, "PRelu", 1, x, net_random(g, VT_F32, 1, &dims[1], false), ""));
        check_graph(g, NULL, 2);
    }
}

/* Slopes of a number, of each channel, and of shapes that broadcast; alone, where no pass takes them in. */
static void test_prelu(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], slope[4] = {1, 1, 1, 1};
        struct vt_port x, s;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_dims(rank, dims);
        snprintf(test_case, sizeof(test_case), "seed %d rank %d", seed, rank);
        x = source(g, rank, dims);
        slope[rank > 1] = dims[rank > 1];
        s = seed % 4 == 0 ? net_random(g, VT_F32, 1, (int64_t[]){1}, false)
            : seed % 4 == 1 && rank > 1
                ? (random_chance(50) ? net_param(g, 1, &dims[1]) : net_random(g, VT_F32, 1, &dims[1], false))
                : net_param(g, rank, slope);
        net_result(g, net_binary(g, "PRelu", 1, x, s, ""));
        net_result(g, net_binary(g, "ConvertLike", 1, net_unary(g, "Floor", 1, x, ""), net_i64(g, 1), ""));
        check_graph(g, "", seed % 3 ? 0 : 4);
    }
}

static void test_binary(void **state)
{
    static const char *const ops[] = {"Add",     "Subtract", "Multiply",          "Divide",
                                      "Maximum", "Minimum",  "SquaredDifference", "Add"};

    (void)state;
    for (int seed = 1; seed <= 240; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[6];
        struct vt_port x, y;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(0, 6);
        random_dims(rank, dims);
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d", seed, rank);
        x = operand(g, rank, dims);
        for (int64_t n = random_in(1, 5); n; n--) {
            const char *op = ops[random_in(0, 7)];

            y = operand(g, rank, dims);
            if (strcmp(op, "Divide") == 0) {
                y = net_binary(g, "Add", 1, net_unary(g, "Abs", 1, y, ""), net_f32(g, 0.5f), "");
            }
            x = random_chance(50) || strcmp(op, "Divide") == 0 ? net_binary(g, op, 1, x, y, "")
                                                               : net_binary(g, op, 1, y, x, "");
            x = random_chance(30) ? net_unary(g, "Tanh", 1, x, "") : x;
        }
        net_result(g, x);
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

/* ---- other types */

static const char *const type_names[] = {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32"};
static const enum vt_type type_ids[] = {VT_I8, VT_U8, VT_I16, VT_U16, VT_I32, VT_U32, VT_I64, VT_U64, VT_F32};

static struct vt_port typed_operand(struct vt_graph *g, int type, int rank, const int64_t *dims)
{
    int64_t d[VT_MAX_RANK];
    char text[128];

    for (int i = 0; i < rank; i++) {
        d[i] = random_chance(60) ? dims[i] : 1;
    }
    if (random_chance(30)) {
        return net_random(g, type_ids[type], rank, d, random_chance(30));
    }
    return net_param_as(g, type_names[type], dims_text(text, sizeof(text), rank, d));
}

static void test_typed(void **state)
{
    static const char *const ops[] = {"Add",      "Subtract", "Multiply",  "Maximum", "Minimum",     "Equal",
                                      "NotEqual", "Less",     "LessEqual", "Greater", "GreaterEqual"};

    (void)state;
    for (int seed = 1; seed <= 220; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4];
        struct vt_port a, b, c, y;
        int rank, type = seed % 9;

        random_seed((uint64_t)seed);
        rank = (int)random_in(0, 4);
        random_dims(rank, dims);
        snprintf(test_case, sizeof(test_case), "seed %d, %s rank %d", seed, type_names[type], rank);
        a = typed_operand(g, type, rank, dims);
        b = typed_operand(g, type, rank, dims);
        c = net_binary(g, ops[random_in(5, 10)], 1, a, b, "");
        y = net_binary(g, ops[random_in(0, 4)], 1, a, b, "");
        net_result(g, c);
        net_result(g, y);
        net_result(g, net_op(g, "Select", 1, 3, (struct vt_port[]){c, y, a}, ""));
        net_result(g, net_binary(g, "LogicalAnd", 1, c, net_binary(g, "Less", 1, a, b, ""), ""));
        net_result(g, net_binary(g, "LogicalXor", 1, c, c, ""));
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

/* Functions of integers and booleans, and what divides, shifts and raises them. */
static void test_integers(void **state)
{
    static const char *const names[] = {"i32", "i64"};
    static const char *const unary[] = {"Abs", "Negative", "Relu", "Sign"};
    static const char *const binary[] = {"Divide", "Mod", "FloorMod", "Power"};

    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        const char *type = names[seed % 2];
        struct vt_port a, b, flags, nine;

        random_seed((uint64_t)seed);
        snprintf(test_case, sizeof(test_case), "seed %d, %s", seed, type);
        a = net_param_as(g, type, "3,5,4");
        b = net_param_as(g, type, seed % 3 ? "5,1" : "3,5,4");
        nine = net_unary(g, "Convert", 1, net_i64(g, 5),
                         seed % 2 ? "destination_type=i64" : "destination_type=i32");
        a = net_binary(g, "Subtract", 1, a, nine, "");
        for (int i = 0; i < 4; i++) {
            net_result(g, net_unary(g, unary[i], 1, a, ""));
            net_result(g, net_binary(g, binary[i], 1, a,
                                     i == 3 ? b : net_binary(g, "Subtract", 1, b, nine, ""), ""));
        }
        net_result(g, net_binary(g, "BitwiseAnd", 13, a, b, ""));
        net_result(g, net_binary(g, "BitwiseOr", 13, a, b, ""));
        net_result(g, net_binary(g, "BitwiseXor", 13, a, b, ""));
        net_result(g, net_binary(g, "BitwiseLeftShift", 15, a, b, ""));
        net_result(g, net_binary(g, "BitwiseRightShift", 15, a, b, ""));
        flags = net_binary(g, "Less", 1, a, b, "");
        net_result(g, net_unary(g, "LogicalNot", 1, flags, ""));
        net_result(g, net_binary(g, "Xor", 1, flags, net_unary(g, "BitwiseNot", 13, flags, ""), ""));
        check_graph(g, "", seed % 3 ? 0 : 4);
    }
}

static void test_float_pairs(void **state)
{
    static const char *const ops[] = {"Mod", "FloorMod", "Power"};

    (void)state;
    for (int seed = 1; seed <= 30; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {2, 5, 3, 7};
        struct vt_port x, y;

        random_seed((uint64_t)seed);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        x = source(g, 4, dims);
        y = net_binary(g, "Add", 1, net_unary(g, "Abs", 1, operand(g, 4, dims), ""), net_f32(g, 0.5f), "");
        x = seed % 3 == 2 ? net_unary(g, "Abs", 1, x, "") : x;
        net_result(g, net_binary(g, ops[seed % 3], 1, x, y, ""));
        net_result(g,
                   net_op(g, "Selu", 1, 3, (struct vt_port[]){x, net_f32(g, 1.6f), net_f32(g, 1.05f)}, ""));
        check_graph(g, "", seed % 3 ? 0 : 4);
    }
}

/* Every way that ranges can lie, elements on the borders between steps included. */
static void test_fake_quantize(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], range[4] = {1, 1, 1, 1};
        struct vt_port in[5];
        int rank, axis, levels = seed % 4 == 0 ? 16 : 256;
        char attrs[32];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_dims(rank, dims);
        axis = (int)random_in(-1, rank - 1);
        snprintf(test_case, sizeof(test_case), "seed %d rank %d axis %d", seed, rank, axis);
        in[0] = source(g, rank, dims);
        for (int i = 1; i < 5; i++) {
            struct vt_port r;

            range[axis < 0 ? 0 : axis] = axis < 0 || random_chance(20) ? 1 : dims[axis];
            r = random_chance(30) && axis < 0 ? net_random(g, VT_F32, 0, NULL, false)
                                              : net_random(g, VT_F32, rank, range, random_chance(20));
            r = net_unary(g, "Abs", 1, r, "");
            r = net_binary(g, "Add", 1, r, net_f32(g, 0.25f), "");
            in[i] = i % 2 ? net_unary(g, "Negative", 1, r, "") : r;
        }
        snprintf(attrs, sizeof(attrs), "levels=%d", levels);
        net_result(g, net_op(g, "FakeQuantize", 1, 5, in, attrs));
        check_graph(g, "FakeQuantize", seed % 3 ? 0 : 4);
    }
}

/* A range that runs downwards stays with the reference. */
static void test_fake_quantize_down(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[5] = {net_param_as(g, "f32", "3,50"), net_f32(g, 0.5f), net_f32(g, -0.5f),
                            net_f32(g, 1), net_f32(g, 3)};

    (void)state;
    snprintf(test_case, sizeof(test_case), "downwards");
    net_result(g, net_op(g, "FakeQuantize", 1, 5, in, "levels=16"));
    check_graph(g, NULL, 2);
}

static void test_convert(void **state)
{
    static const char *const names[] = {"f32", "f16", "bf16", "f64", "i8",     "u8",
                                        "i16", "i32", "u32",  "i64", "boolean"};

    (void)state;
    for (int from = 0; from < 11; from++) {
        struct vt_graph *g = net_create();
        struct vt_port x;

        random_seed((uint64_t)from);
        snprintf(test_case, sizeof(test_case), "from %s", names[from]);
        x = net_param_as(g, names[from], "3,7,2");
        for (int to = 0; to < 11; to++) {
            char attrs[64];

            snprintf(attrs, sizeof(attrs), "destination_type=%s", names[to]);
            net_result(g, net_unary(g, "Convert", 1, x, attrs));
        }
        check_graph(g, NULL, 2);
    }
}

/* ---- moving */

static void test_transpose(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 150; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], order[5];
        struct vt_port x;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        random_dims(rank, dims);
        for (int i = 0; i < rank; i++) {
            int k = (int)random_in(0, i);

            order[i] = order[k];
            order[k] = i;
        }
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d", seed, rank);
        x = net_binary(g, "Transpose", 1, source(g, rank, dims),
                       net_i64s(g, random_chance(10) ? 0 : rank, order), "");
        net_result(g, rank == 4 && random_chance(50) ? net_conv(g, x, 5, 1) : x);
        check_graph(g, "Transpose", seed % 3 ? 0 : 4);
    }
}

static void test_pad(void **state)
{
    static const char *const modes[] = {"constant", "edge", "reflect", "symmetric"};

    (void)state;
    for (int seed = 1; seed <= 240; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], begin[5], end[5];
        int rank, mode = seed % 4, type = seed % 5 ? 8 : seed % 9;
        char attrs[40], shape[128];
        struct vt_port in[4];

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        random_dims(rank, dims);
        for (int i = 0; i < rank; i++) {
            int64_t most = mode == 2 ? dims[i] - 1 : mode == 3 ? dims[i] : 4;

            begin[i] = random_chance(40) ? 0 : random_in(0, most);
            end[i] = random_chance(40) ? 0 : random_in(0, most);
            if (mode < 2 && random_chance(20)) {
                begin[i] = -random_in(0, dims[i] - 1); /* takes away */
            }
        }
        snprintf(attrs, sizeof(attrs), "pad_mode=%s", modes[mode]);
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d, %s, %s", seed, rank, attrs,
                 type_names[type]);
        in[0] = type == 8 ? source(g, rank, dims)
                          : net_param_as(g, type_names[type], dims_text(shape, sizeof(shape), rank, dims));
        in[1] = net_i64s(g, rank, begin);
        in[2] = net_i64s(g, rank, end);
        in[3] = net_random(g, type_ids[type], 0, NULL, false);
        net_result(g, net_op(g, "Pad", 12, random_chance(70) && mode == 0 ? 4 : 3, in, attrs));
        check_graph(g, "Pad", seed % 3 ? 0 : 4);
    }
}

static void test_slices(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 200; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], begin[4], end[4], step[4];
        char attrs[80], bm[16] = "", em[16] = "";
        struct vt_port x, in[4];
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_dims(rank, dims);
        for (int i = 0; i < rank; i++) {
            step[i] = random_in(-3, 3);
            step[i] = step[i] ? step[i] : 1;
            begin[i] = random_in(-dims[i] - 2, dims[i] + 2);
            end[i] = random_in(-dims[i] - 2, dims[i] + 2);
            snprintf(bm + strlen(bm), sizeof(bm) - strlen(bm), i ? ",%d" : "%d", random_chance(50));
            snprintf(em + strlen(em), sizeof(em) - strlen(em), i ? ",%d" : "%d", random_chance(60));
        }
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d", seed, rank);
        x = source(g, rank, dims);
        in[0] = x;
        in[1] = net_i64s(g, rank, begin);
        in[2] = net_i64s(g, rank, end);
        in[3] = net_i64s(g, rank, step);
        snprintf(attrs, sizeof(attrs), "begin_mask=%s;end_mask=%s", bm, em);
        net_result(g, net_op(g, "StridedSlice", 1, 4, in, attrs));
        net_result(g, net_op(g, "Slice", 8, 4, in, ""));
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

static void test_repeat(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 120; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], target[5], repeats[4];
        struct vt_port x;
        int rank, more;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_dims(rank, dims);
        more = (int)random_in(0, 1);
        target[0] = random_in(1, 3);
        for (int i = 0; i < rank; i++) {
            dims[i] = random_chance(40) ? 1 : dims[i];
            target[more + i] = dims[i] == 1 ? random_in(1, 4) : dims[i];
            repeats[i] = random_in(1, 3);
        }
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d", seed, rank);
        x = source(g, rank, dims);
        net_result(g, net_binary(g, "Broadcast", 3, x, net_i64s(g, rank + more, target), "mode=numpy"));
        for (int i = 0; i < rank; i++) {
            target[i] = dims[i] == 1 ? repeats[i] : random_chance(50) ? 1 : dims[i];
        }
        net_result(g, net_binary(g, "Broadcast", 3, x, net_i64s(g, rank, target), "mode=bidirectional"));
        net_result(g, net_binary(g, "Tile", 1, x, net_i64s(g, rank, repeats), ""));
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

static void test_gather(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 150; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4], shape[2], count;
        char text[128];
        struct vt_tensor t;
        struct vt_node *index;
        struct vt_port in[3];
        int rank, axis, ir;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_dims(rank, dims);
        axis = (int)random_in(0, rank - 1);
        ir = (int)random_in(0, 2);
        shape[0] = random_in(1, 6);
        shape[1] = random_in(0, 4);
        assert_true(vt_tensor_describe(&t, seed % 2 ? VT_I32 : VT_I64, ir, shape));
        t.data = malloc(t.bytes + 8);
        count = vt_tensor_count(&t);
        for (int64_t i = 0; i < count; i++) {
            int64_t v = random_in(-dims[axis], dims[axis] - 1);

            if (t.type == VT_I32) {
                ((int32_t *)t.data)[i] = (int32_t)v;
            } else {
                ((int64_t *)t.data)[i] = v;
            }
        }
        index = vt_constant_create(g, "index", &t, NULL, ERR);
        assert_non_null(index);
        free(t.data);
        snprintf(test_case, sizeof(test_case), "seed %d, rank %d axis %d", seed, rank, axis);
        in[0] = seed % 4
                    ? source(g, rank, dims)
                    : net_param_as(g, type_names[seed / 4 % 8], dims_text(text, sizeof(text), rank, dims));
        in[1] = vt_port_of(index, 0);
        in[2] = net_i64(g, random_chance(50) ? axis : axis - rank);
        net_result(g, net_op(g, "Gather", 8, 3, in, ""));
        check_graph(g, "Gather", seed % 3 ? 0 : 4);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_prelu),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_float_pairs),
        cmocka_unit_test(test_fake_quantize),
        cmocka_unit_test(test_fake_quantize_down),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_transpose),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_gather),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
