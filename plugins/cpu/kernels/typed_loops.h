/* Binary operations and comparisons of one element type; typed_tmpl.c includes this once per type with
 *   T        the type, U its unsigned counterpart (T for floats), TYPED(name) the names' suffix
 *   IS_FLOAT, IS_SIGNED 1 or 0 */

static bool TYPED(negative)(T x)
{
#if IS_SIGNED
    return x < 0;
#else
    (void)x;
    return false;
#endif
}

static T TYPED(divide)(T a, T b)
{
#if IS_FLOAT
    return a / b;
#else
    return b == 0 ? 0 : IS_SIGNED && b == (T)-1 ? (T)(0 - (U)a) : (T)(a / b);
#endif
}

static T TYPED(modulo)(T a, T b)
{
#if IS_FLOAT
    return fmodf(a, b);
#else
    return b == 0 || (IS_SIGNED && b == (T)-1) ? 0 : (T)(a % b);
#endif
}

static T TYPED(floor_modulo)(T a, T b)
{
    T m = TYPED(modulo)(a, b);

    return m != 0 && TYPED(negative)(m) != TYPED(negative)(b) ? (T)(m + b) : m;
}

static T TYPED(floor_divide)(T a, T b)
{
#if IS_FLOAT
    return floorf(a / b);
#else
    T m = TYPED(modulo)(a, b), q = TYPED(divide)(a, b);

    return b != 0 && m != 0 && TYPED(negative)(m) != TYPED(negative)(b) ? (T)(q - 1) : q;
#endif
}

#if !IS_FLOAT
static T TYPED(power)(T base, T exponent)
{
    uint64_t r = 1, b = (uint64_t)base, e = (uint64_t)exponent;

    if (TYPED(negative)(exponent)) {
        return base == 1 ? 1 : base == (T)-1 ? (T)(e & 1 ? -1 : 1) : 0;
    }
    for (; e; e >>= 1, b *= b) {
        r *= e & 1 ? b : 1;
    }
    return (T)r;
}

static T TYPED(shift_left)(T a, T b)
{
    return TYPED(negative)(b) || b >= (T)(8 * sizeof(T)) ? 0 : (T)((U)a << b);
}

static T TYPED(shift_right)(T a, T b)
{
    return TYPED(negative)(b) || b >= (T)(8 * sizeof(T)) ? (T)(TYPED(negative)(a) ? -1 : 0) : (T)(a >> b);
}
#endif

/* Loops with constant strides are those that the compiler turns into vectors. */
#define ROW(expr)                                                                                            \
    if (sa == 1 && sb == 1) {                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            T x = a[i], y = b[i];                                                                            \
            dst[i] = (expr);                                                                                 \
        }                                                                                                    \
    } else if (sa == 1 && sb == 0) {                                                                         \
        const T y = b[0];                                                                                    \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            T x = a[i];                                                                                      \
            dst[i] = (expr);                                                                                 \
        }                                                                                                    \
    } else if (sa == 0 && sb == 1) {                                                                         \
        const T x = a[0];                                                                                    \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            T y = b[i];                                                                                      \
            dst[i] = (expr);                                                                                 \
        }                                                                                                    \
    } else {                                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            T x = a[i * sa], y = b[i * sb];                                                                  \
            dst[i] = (expr);                                                                                 \
        }                                                                                                    \
    }                                                                                                        \
    break

static void TYPED(binary_row)(enum cpu_binary_op op, const T *a, int64_t sa, const T *b, int64_t sb, T *dst,
                              int64_t n)
{
    switch (op) {
    case CPU_ADD: ROW((T)((U)x + (U)y));
    case CPU_SUB: ROW((T)((U)x - (U)y));
    case CPU_MUL: ROW((T)((U)x * (U)y));
    case CPU_DIV: ROW(TYPED(divide)(x, y));
    case CPU_MAX: ROW(x > y || x != x ? x : y);
    case CPU_MIN: ROW(x < y || x != x ? x : y);
    case CPU_SQDIFF: ROW((T)(((U)x - (U)y) * ((U)x - (U)y)));
    case CPU_MOD: ROW(TYPED(modulo)(x, y));
    case CPU_FLOORMOD: ROW(TYPED(floor_modulo)(x, y));
    case CPU_FLOORDIV: ROW(TYPED(floor_divide)(x, y));
#if IS_FLOAT
    case CPU_POW: power_row_f32(a, sa, b, sb, dst, n); break;
#else
    case CPU_POW: ROW(TYPED(power)(x, y));
    case CPU_BIT_AND: ROW((T)(x & y));
    case CPU_BIT_OR: ROW((T)(x | y));
    case CPU_BIT_XOR: ROW((T)(x ^ y));
    case CPU_SHL: ROW(TYPED(shift_left)(x, y));
    case CPU_SHR: ROW(TYPED(shift_right)(x, y));
#endif
    default: break;
    }
}

static void TYPED(compare_row)(enum cpu_compare_op op, const T *a, int64_t sa, const T *b, int64_t sb,
                               uint8_t *dst, int64_t n)
{
    switch (op) {
    case CPU_EQ: ROW(x == y);
    case CPU_NE: ROW(x != y);
    case CPU_LT: ROW(x < y);
    case CPU_LE: ROW(x <= y);
    case CPU_GT: ROW(x > y);
    case CPU_GE: ROW(x >= y);
    default: break;
    }
}

#undef ROW

static void TYPED(binary)(const struct cpu_bcast *p, enum cpu_binary_op op, const void *a, const void *b,
                          void *dst, int64_t begin, int64_t end)
{
    struct bcast_walk w;

    for (bool more = bcast_walk_begin(&w, p, begin, end); more; more = bcast_walk_next(&w)) {
        TYPED(binary_row)
        (op, (const T *)a + w.offset[0], p->stride[0][p->rank - 1], (const T *)b + w.offset[1],
         p->stride[1][p->rank - 1], (T *)dst + w.pos, w.n);
    }
}

static void TYPED(compare)(const struct cpu_bcast *p, enum cpu_compare_op op, const void *a, const void *b,
                           uint8_t *dst, int64_t begin, int64_t end)
{
    struct bcast_walk w;

    for (bool more = bcast_walk_begin(&w, p, begin, end); more; more = bcast_walk_next(&w)) {
        TYPED(compare_row)
        (op, (const T *)a + w.offset[0], p->stride[0][p->rank - 1], (const T *)b + w.offset[1],
         p->stride[1][p->rank - 1], dst + w.pos, w.n);
    }
}

#if !IS_FLOAT
static T TYPED(reduce_identity)(enum cpu_binary_op op)
{
    const U top = (U)-1 >> (8 * (sizeof(U) - sizeof(T))); /* all bits of T */

    switch (op) {
    case CPU_MAX: return IS_SIGNED ? (T)((top >> 1) + 1) : 0;
    case CPU_MIN: return (T)(IS_SIGNED ? top >> 1 : top);
    case CPU_MUL: return 1;
    default: return 0;
    }
}

#define FOLD(expr)                                                                                           \
    for (int64_t i = 0; i < n; i++) {                                                                        \
        T y = src[i];                                                                                        \
        x = (T)(expr);                                                                                       \
    }                                                                                                        \
    return x

static T TYPED(fold_row)(enum cpu_binary_op op, const T *src, int64_t n)
{
    T x = TYPED(reduce_identity)(op);

    switch (op) {
    case CPU_MAX: FOLD(x > y ? x : y);
    case CPU_MIN: FOLD(x < y ? x : y);
    case CPU_MUL: FOLD((U)x * (U)y);
    default: FOLD((U)x + (U)y);
    }
}

#undef FOLD

static void TYPED(reduce)(enum cpu_binary_op op, const void *vsrc, void *vdst, int64_t axis, int64_t inner,
                          int64_t begin, int64_t end)
{
    const T *src = vsrc;
    T *dst = vdst;

    for (int64_t o = begin; o < end; o++) {
        if (inner == 1) {
            dst[o] = TYPED(fold_row)(op, src + o * axis, axis);
            continue;
        }
        for (int64_t i = 0; i < inner; i++) {
            dst[o * inner + i] = TYPED(reduce_identity)(op);
        }
        for (int64_t a = 0; a < axis; a++) {
            TYPED(binary_row)
            (op, dst + o * inner, 1, src + (o * axis + a) * inner, 1, dst + o * inner, inner);
        }
    }
}
#endif

#undef T
#undef U
#undef TYPED
#undef IS_FLOAT
#undef IS_SIGNED
