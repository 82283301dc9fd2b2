#include "binary.h"

#include "auto_broadcast.h"
#include "element.h"
#include "graph.h"
#include "vt/strings.h"

#include <math.h>

/* Wrapping without undefined behaviour goes through unsigned. */
#define WRAP(expr) ((int64_t)(expr))
#define U(x)       ((uint64_t)(x))

static double add_f(double a, double b)
{
    return a + b;
}

static int64_t add_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return WRAP(U(a) + U(b));
}

static double sub_f(double a, double b)
{
    return a - b;
}

static int64_t sub_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return WRAP(U(a) - U(b));
}

static double mul_f(double a, double b)
{
    return a * b;
}

static int64_t mul_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return WRAP(U(a) * U(b));
}

static double div_f(double a, double b)
{
    return a / b;
}

static int64_t div_i(int64_t a, int64_t b, bool u)
{
    if (b == 0) {
        return 0;
    }
    if (u) {
        return WRAP(U(a) / U(b));
    }
    return b == -1 ? WRAP(-U(a)) : a / b;
}

static bool less_i(int64_t a, int64_t b, bool u)
{
    return u ? U(a) < U(b) : a < b;
}

static double max_f(double a, double b)
{
    return a < b || isnan(b) ? b : a;
}

static int64_t max_i(int64_t a, int64_t b, bool u)
{
    return less_i(a, b, u) ? b : a;
}

static struct vt_interval max_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.lo > b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

static double min_f(double a, double b)
{
    return a > b || isnan(b) ? b : a;
}

static int64_t min_i(int64_t a, int64_t b, bool u)
{
    return less_i(b, a, u) ? b : a;
}

static struct vt_interval min_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.lo < b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
}

static int64_t mod_i(int64_t a, int64_t b, bool u)
{
    if (b == 0 || b == -1) {
        return u && b ? a : 0;
    }
    return u ? WRAP(U(a) % U(b)) : a % b;
}

/* 0 <= a mod b < b for positive b, unless a can be negative and the sign follows it. */
static struct vt_interval mod_range(struct vt_interval a, struct vt_interval b)
{
    if (b.lo <= 0 || a.lo < 0) {
        return vt_interval_any();
    }
    if (a.hi < b.lo) {
        return a;
    }
    return min_range((struct vt_interval){0, a.hi},
                     (struct vt_interval){0, b.hi == INT64_MAX ? INT64_MAX : b.hi - 1});
}

static double floormod_f(double a, double b)
{
    double r = fmod(a, b);

    if (r == 0) {
        return copysign(0, b);
    }
    return (r < 0) != (b < 0) ? r + b : r;
}

static int64_t floormod_i(int64_t a, int64_t b, bool u)
{
    int64_t r = mod_i(a, b, u);

    return !u && r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static struct vt_interval floormod_range(struct vt_interval a, struct vt_interval b)
{
    if (b.lo <= 0) {
        return vt_interval_any();
    }
    return a.lo >= 0 ? mod_range(a, b) : (struct vt_interval){0, b.hi == INT64_MAX ? INT64_MAX : b.hi - 1};
}

/* A negative exponent leaves 0 but for bases 1 and -1. */
static int64_t pow_i(int64_t a, int64_t b, bool u)
{
    uint64_t r = 1, base = U(a);

    if (b < 0 && !u) {
        return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    }
    for (uint64_t n = U(b); n; n >>= 1, base *= base) {
        r *= n & 1 ? base : 1;
    }
    return WRAP(r);
}

static double sqdiff_f(double a, double b)
{
    return (a - b) * (a - b);
}

static int64_t sqdiff_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return WRAP((U(a) - U(b)) * (U(a) - U(b)));
}

/* ---- comparisons and logic: 0 or 1 */

static double eq_f(double a, double b)
{
    return a == b;
}

static int64_t eq_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a == b;
}

static struct vt_interval eq_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){0, a.hi < b.lo || b.hi < a.lo ? 0 : 1};
}

static double ne_f(double a, double b)
{
    return a != b;
}

static int64_t ne_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a != b;
}

static struct vt_interval ne_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.hi < b.lo || b.hi < a.lo ? 1 : 0, 1};
}

static double lt_f(double a, double b)
{
    return a < b;
}

static int64_t lt_i(int64_t a, int64_t b, bool u)
{
    return less_i(a, b, u);
}

static struct vt_interval lt_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.hi < b.lo, a.lo < b.hi};
}

static double le_f(double a, double b)
{
    return a <= b;
}

static int64_t le_i(int64_t a, int64_t b, bool u)
{
    return !less_i(b, a, u);
}

/* An infinite end is no value: a.hi == b.lo == infinity says nothing. */
static struct vt_interval le_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.hi <= b.lo && a.hi != INT64_MAX && b.lo != INT64_MIN, a.lo <= b.hi};
}

static double gt_f(double a, double b)
{
    return a > b;
}

static int64_t gt_i(int64_t a, int64_t b, bool u)
{
    return less_i(b, a, u);
}

static struct vt_interval gt_range(struct vt_interval a, struct vt_interval b)
{
    return lt_range(b, a);
}

static double ge_f(double a, double b)
{
    return a >= b;
}

static int64_t ge_i(int64_t a, int64_t b, bool u)
{
    return !less_i(a, b, u);
}

static struct vt_interval ge_range(struct vt_interval a, struct vt_interval b)
{
    return le_range(b, a);
}

/* Booleans may come as any byte but 0 for true. */
static int64_t and_l(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a && b;
}

static struct vt_interval and_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.lo > 0 && b.lo > 0, a.hi > 0 && b.hi > 0};
}

static int64_t or_l(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a || b;
}

static struct vt_interval or_range(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.lo > 0 || b.lo > 0, a.hi > 0 || b.hi > 0};
}

static int64_t xor_l(int64_t a, int64_t b, bool u)
{
    (void)u;
    return !a != !b;
}

static int64_t and_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a & b;
}

static int64_t or_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a | b;
}

static int64_t xor_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return a ^ b;
}

static int64_t shl_i(int64_t a, int64_t b, bool u)
{
    (void)u;
    return b < 0 || b > 63 ? 0 : WRAP(U(a) << b);
}

static int64_t shr_i(int64_t a, int64_t b, bool u)
{
    if (b < 0 || b > 63) {
        return u || a >= 0 ? 0 : -1;
    }
    return u ? WRAP(U(a) >> b) : a >> b;
}

static const struct vt_binary rows[] = {
    {"Add", add_f, add_i, vt_interval_add},
    {"Subtract", sub_f, sub_i, vt_interval_sub},
    {"Multiply", mul_f, mul_i, vt_interval_mul},
    {"Divide", div_f, div_i, vt_interval_div},
    {"Maximum", max_f, max_i, max_range},
    {"Minimum", min_f, min_i, min_range},
    {"Mod", fmod, mod_i, mod_range},
    {"FloorMod", floormod_f, floormod_i, floormod_range},
    {"Atan2", atan2, NULL, NULL},
    {"Power", pow, pow_i, NULL},
    {"SquaredDifference", sqdiff_f, sqdiff_i, NULL},
    {"Equal", eq_f, eq_i, eq_range},
    {"NotEqual", ne_f, ne_i, ne_range},
    {"Less", lt_f, lt_i, lt_range},
    {"LessEqual", le_f, le_i, le_range},
    {"Greater", gt_f, gt_i, gt_range},
    {"GreaterEqual", ge_f, ge_i, ge_range},
    {"LogicalAnd", NULL, and_l, and_range},
    {"LogicalOr", NULL, or_l, or_range},
    {"LogicalXor", NULL, xor_l, NULL},
    {"Xor", NULL, xor_l, NULL},
    {"BitwiseAnd", NULL, and_i, NULL},
    {"BitwiseOr", NULL, or_i, NULL},
    {"BitwiseXor", NULL, xor_i, NULL},
    {"BitwiseLeftShift", NULL, shl_i, NULL},
    {"BitwiseRightShift", NULL, shr_i, NULL},
};

const struct vt_binary *vt_binary_find(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Equal and NotEqual, byte by byte. */
static void compare_strings(const struct vt_binary *op, const struct vt_tensor *a, const struct vt_tensor *b,
                            struct vt_tensor *dst, struct vt_walk *w)
{
    int64_t n = vt_tensor_count(dst);

    for (int64_t i = 0; i < n; i++, vt_walk_next(w)) {
        bool equal = vt_string_equal(vt_string_get(a, w->at[0]), vt_string_get(b, w->at[1]));

        vt_set_i64(dst, i, op->whole(equal, 1, false));
    }
}

int vt_binary_ref(struct vt_eval *e)
{
    const struct vt_binary *op = vt_binary_find(e->node->op->name);
    const struct vt_tensor *a = &e->in[0], *b = &e->in[1];
    struct vt_tensor *dst = &e->out[0];
    bool whole = vt_is_integral(a->type), u = a->type == VT_U64;
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    vt_walk_init(&w, dst->rank, dst->dims, 2, e->in);
    if (a->type == VT_STRING) {
        compare_strings(op, a, b, dst, &w);
        return VT_OK;
    }
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        if (whole) {
            vt_set_i64(dst, i, op->whole(vt_get_i64(a, w.at[0]), vt_get_i64(b, w.at[1]), u));
        } else {
            vt_set_f64(dst, i, op->real(vt_get_f64(a, w.at[0]), vt_get_f64(b, w.at[1])));
        }
    }
    return VT_OK;
}
