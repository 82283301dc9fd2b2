/* Convert between every two element types, over all codes of those up to 16 bits and a list of hard numbers
 * for the others. What comes out is computed here from the definition of the formats: a sign, e exponent and
 * m mantissa bits; rounding is a search for the nearest code. */
#include "op_test.h"
#include "vt/fp.h"

struct format {
    enum vt_type type;
    int e, m, bias;
    bool inf, nan; /* the highest exponent is kept for them; only the highest code is NaN */
};

static const struct format formats[] = {
    {VT_F16, 5, 10, 15, true, false},  {VT_BF16, 8, 7, 127, true, false},  {VT_F8E5M2, 5, 2, 15, true, false},
    {VT_F8E4M3, 4, 3, 7, false, true}, {VT_F4E2M1, 2, 1, 1, false, false},
};

static const struct format *format_of(enum vt_type type)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (formats[i].type == type) {
            return &formats[i];
        }
    }
    return NULL;
}

static double magnitude(const struct format *f, unsigned code)
{
    int e = (int)(code >> f->m), top = (1 << f->e) - 1;
    double m = (double)(code & ((1u << f->m) - 1));

    if (f->inf && e == top) {
        return m != 0 ? (double)NAN : (double)INFINITY;
    }
    if (f->nan && code == (1u << (f->e + f->m)) - 1) {
        return (double)NAN;
    }
    return e ? ldexp(m + ldexp(1, f->m), e - f->bias - f->m) : ldexp(m, 1 - f->bias - f->m);
}

/* The code of the nearest value; what is nearer to the next power of two than to the largest is infinite, NaN
 * or, in a format that has neither, the largest. */
static unsigned nearest(const struct format *f, double x)
{
    unsigned sign = signbit(x) ? 1u << (f->e + f->m) : 0, top = (1u << (f->e + f->m)) - 1, low = 0, high;
    unsigned infinite = ((1u << f->e) - 1) << f->m, last = f->inf ? infinite - 1 : f->nan ? top - 1 : top;
    double a = fabs(x), after;

    if (isnan(x)) {
        return f->inf ? sign | infinite | 1 : sign | top;
    }
    after = magnitude(f, last) + (magnitude(f, last) - magnitude(f, last - 1));
    if (a > magnitude(f, last)) {
        bool up = a - magnitude(f, last) > after - a || (a - magnitude(f, last) == after - a && last % 2);

        return sign | (up && (f->inf || f->nan) ? last + 1 : last);
    }
    for (high = last; high - low > 1;) {
        unsigned middle = (low + high) / 2;

        *(magnitude(f, middle) <= a ? &low : &high) = middle;
    }
    if (a - magnitude(f, low) == magnitude(f, high) - a) {
        return sign | (low % 2 ? high : low);
    }
    return sign | (a - magnitude(f, low) < magnitude(f, high) - a ? low : high);
}

static const double nf4[16] = {-1.0,
                               -0.6961928009986877,
                               -0.5250730514526367,
                               -0.39491748809814453,
                               -0.28444138169288635,
                               -0.18477343022823334,
                               -0.09105003625154495,
                               0.0,
                               0.07958029955625534,
                               0.16093020141124725,
                               0.24611230194568634,
                               0.33791524171829224,
                               0.44070982933044434,
                               0.5626170039176941,
                               0.7229568362236023,
                               1.0};

static unsigned nearest_nf4(float x)
{
    unsigned code = 0;

    x = x > 2 ? 2 : x < -2 ? -2 : x; /* so that differences do not vanish */
    for (unsigned i = 0; i < 16; i++) {
        code = fabs((double)x - nf4[i]) < fabs((double)x - nf4[code]) ? i : code;
    }
    return isnan(x) ? 0 : code;
}

static unsigned nearest_power(float x)
{
    unsigned code = 0;

    if (isnan(x)) {
        return signbit(x) ? 0 : 255;
    }
    if (signbit(x)) {
        return 0;
    }
    for (unsigned i = 1; i < 255; i++) {
        double here = fabs((double)x - ldexp(1, (int)i - 127)),
               before = fabs((double)x - ldexp(1, (int)code - 127));

        code = here < before || (here == before && i % 2 == 0) ? i : code;
    }
    return code;
}

/* ---- codes */

static unsigned code_of(const struct vt_tensor *t, int64_t i)
{
    struct vt_tensor one = *t;
    uint16_t wide;

    switch (vt_type_info(t->type)->bits) {
    case 16: memcpy(&wide, (const char *)t->data + 2 * i, 2); return wide;
    case 8: return ((const uint8_t *)t->data)[i];
    default:
        one.type = t->type == VT_NF4 || t->type == VT_F4E2M1 || t->type == VT_I4 ? VT_U4 : t->type;
        return (unsigned)vt_get_i64(&one, i);
    }
}

static double real_of(const struct vt_tensor *t, int64_t i)
{
    const struct format *f = format_of(t->type);
    unsigned code;

    if (t->type == VT_F32 || t->type == VT_F64 || !vt_is_float(t->type)) {
        return vt_get_f64(t, i);
    }
    code = code_of(t, i);
    if (t->type == VT_NF4) {
        return nf4[code];
    }
    if (t->type == VT_F8E8M0) {
        return code == 255 ? (double)NAN : ldexp(1, (int)code - 127);
    }
    return copysign(magnitude(f, code & ((1u << (f->e + f->m)) - 1)), code >> (f->e + f->m) ? -1 : 1);
}

static unsigned encode(enum vt_type to, float x)
{
    switch (to) {
    case VT_NF4: return nearest_nf4(x);
    case VT_F8E8M0: return nearest_power(x);
    /* These two by way of f16, as OpenVINO has it. */
    case VT_F8E4M3:
    case VT_F8E5M2: {
        unsigned half = nearest(format_of(VT_F16), (double)x);
        double y = copysign(magnitude(format_of(VT_F16), half & 0x7fff), half >> 15 ? -1 : 1);

        return nearest(format_of(to), y);
    }
    default: return nearest(format_of(to), (double)x);
    }
}

static int64_t low_bits(int64_t v, enum vt_type to)
{
    unsigned bits = vt_type_info(to)->bits;
    uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

    if (to == VT_BOOLEAN) {
        return v != 0;
    }
    v = (int64_t)((uint64_t)v & mask);
    return vt_type_info(to)->is_signed && bits < 64 && v >> (bits - 1) & 1 ? v - ((int64_t)1 << bits) : v;
}

static int64_t whole_of(double x, enum vt_type to)
{
    bool wide = to == VT_I64 || to == VT_U64 || to == VT_U32;
    double limit = ldexp(1, wide ? 63 : 31);

    if (to == VT_BOOLEAN) {
        return x != 0;
    }
    x = trunc(x);
    return low_bits(x >= -limit && x < limit ? (int64_t)x : wide ? INT64_MIN : INT32_MIN, to);
}

/* ---- one pair */

static struct vt_tensor all_values(enum vt_type type)
{
    static const double reals[] = {0,          -0.0,       0.25,
                                   0.5,        0.75,       1,
                                   1.25,       1.5,        1.75,
                                   2,          2.5,        3,
                                   3.5,        4,          5,
                                   6,          7,          100.5,
                                   127.5,      128,        240,
                                   247.9,      255.9,      256,
                                   447,        448,        456,
                                   463.9,      464,        465,
                                   480,        57344,      61439,
                                   61440,      65504,      65519.9,
                                   65520,      65536,      2147483647,
                                   2147483648, 4294967295, 4294967296,
                                   9.3e18,     1e-8,       5.96e-8,
                                   2.98e-8,    1e-40,      5.9e-39,
                                   1.1e-38,    3.3e38,     (double)INFINITY,
                                   (double)NAN};
    unsigned bits = vt_type_info(type)->bits;
    int64_t n = bits <= 16                 ? (int64_t)1 << (bits < 4 ? 4 : bits)
                : bits == 32 || bits == 64 ? 400
                                           : 0,
            step = 1;
    struct vt_tensor t;

    if (type == VT_BOOLEAN) {
        n = 2;
    }
    assert_true(n && vt_tensor_describe(&t, type, 1, &n) && vt_tensor_alloc(&t, NULL) == VT_OK);
    for (int64_t i = 0; i < n; i++) {
        struct vt_tensor code = t;

        if (bits <= 16) {
            code.type = bits == 16 ? VT_U16 : bits == 8 ? VT_U8 : bits == 4 ? VT_U4 : type;
            vt_set_i64(&code, i, i);
        } else if (vt_is_float(type)) {
            double x =
                reals[i / 4 % (int64_t)(sizeof(reals) / sizeof(reals[0]))] * (i < 208 ? 1 : 1.0009765625);

            vt_set_f64(&t, i, i & 1 ? -x : x);
        } else {
            vt_set_i64(&t, i,
                       i < 200
                           ? i - 100
                           : (int64_t)((i & 1 ? -(uint64_t)step : (uint64_t)step) + (uint64_t)(i % 3) - 1));
            step = i >= 200 && i & 1 ? (int64_t)((uint64_t)step * 2) : step;
        }
    }
    return t;
}

static void check_pair(const struct vt_tensor *src, enum vt_type to)
{
    struct vt_graph *g = vt_graph_create("pair");
    struct vt_node *x = vt_constant_create(g, "x", src, NULL, NULL), *node;
    struct vt_port port = vt_port_of(x, 0);
    struct vt_tensor dst = {0};
    bool whole = vt_is_integral(to);

    node = vt_node_build(g, "Convert", 1, "c", 1, &port, NULL);
    assert_int_equal(vt_attr_set_i64(node, "destination_type", to), VT_OK);
    assert_int_equal(vt_node_eval(node, src, &dst, NULL, NULL), VT_OK);
    for (int64_t i = 0; i < vt_tensor_count(src); i++) {
        bool same = false;

        if (whole) {
            int64_t want =
                vt_is_integral(src->type) ? low_bits(vt_get_i64(src, i), to) : whole_of(real_of(src, i), to);

            same = low_bits(vt_get_i64(&dst, i), to) == want;
        } else if (src->type == to) {
            same = to == VT_F32 || to == VT_F64 || code_of(&dst, i) == code_of(src, i);
        } else {
            double value = real_of(src, i);
            float narrow = !vt_is_integral(src->type) ? (float)value
                           : src->type == VT_U64      ? (float)(uint64_t)vt_get_i64(src, i)
                                                      : (float)vt_get_i64(src, i);
            double want = to == VT_F64 ? value : (double)narrow;

            if (to == VT_F32 || to == VT_F64) {
                double have = vt_get_f64(&dst, i);

                same = have == want || (isnan(have) && isnan(want));
            } else {
                unsigned code = code_of(&dst, i), right = encode(to, narrow);

                same = code == right || (isnan(real_of(&dst, i)) && isnan(narrow));
            }
        }
        if (!same) {
            fail_msg("%s -> %s: element %lld, %.9g", vt_type_info(src->type)->name, vt_type_info(to)->name,
                     (long long)i, real_of(src, i));
        }
    }
    vt_tensor_free(&dst);
    vt_graph_destroy(g);
}

static void test_all_pairs(void **state)
{
    (void)state;
    for (int from = VT_BOOLEAN; from < VT_TYPE_COUNT; from++) {
        struct vt_tensor src;

        if (from == VT_STRING) {
            continue;
        }
        src = all_values((enum vt_type)from);
        for (int to = VT_BOOLEAN; to < VT_TYPE_COUNT; to++) {
            if (to != VT_STRING) {
                check_pair(&src, (enum vt_type)to);
            }
        }
        vt_tensor_free(&src);
    }
}

/* Numbers that f32 keeps as subnormal ones pass also where the thread flushes them. */
static void test_subnormal(void **state)
{
    struct op_test t;
    uint64_t mode = vt_fp_begin();

    (void)state;
    op_begin(&t, "Convert", 1);
    op_input(&t, "u8", "2", "0 1");
    t.data[0].type = VT_F8E8M0; /* the same bytes */
    assert_int_equal(vt_attr_set_i64(t.in[0].node, "element_type", VT_F8E8M0), VT_OK);
    op_attr(&t, "destination_type", "f32");
    assert_int_equal(op_run(&t), VT_OK);
    vt_fp_end(mode);
    assert_true(((float *)t.out[0].data)[0] == 0x1p-127f);
    assert_true(((float *)t.out[0].data)[1] == 0x1p-126f);
    op_end(&t);
}

/* Unused bits of the last byte are zero, also in memory that the caller gives. */
static void test_padding(void **state)
{
    static const struct {
        enum vt_type type;
        int64_t n;
        uint8_t bytes[3];
    } rows[] = {
        {VT_U1, 3, {0xe0}},       {VT_U2, 3, {0x15}}, {VT_U3, 5, {0x55, 0x40, 0}},
        {VT_U4, 3, {0x11, 0x01}}, {VT_I4, 1, {0x01}}, {VT_U6, 2, {0x11, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vt_graph *g = vt_graph_create("padding");
        struct vt_tensor src, dst;
        uint8_t ones[5] = {1, 1, 1, 1, 1}, out[4] = {0xff, 0xff, 0xff, 0xff};
        struct vt_node *x, *node;
        struct vt_port port;

        assert_true(vt_tensor_describe(&src, VT_U8, 1, &rows[i].n) &&
                    vt_tensor_describe(&dst, rows[i].type, 1, &rows[i].n));
        src.data = ones;
        dst.data = out;
        x = vt_constant_create(g, "x", &src, NULL, NULL);
        port = vt_port_of(x, 0);
        node = vt_node_build(g, "Convert", 1, "c", 1, &port, NULL);
        assert_int_equal(vt_attr_set_i64(node, "destination_type", rows[i].type), VT_OK);
        assert_int_equal(vt_node_eval(node, &src, &dst, NULL, NULL), VT_OK);
        assert_memory_equal(out, rows[i].bytes, dst.bytes);
        assert_int_equal(out[dst.bytes], 0xff);
        vt_graph_destroy(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pairs),
        cmocka_unit_test(test_subnormal),
        cmocka_unit_test(test_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
