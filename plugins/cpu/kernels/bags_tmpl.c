/* Rows joined into one. Plain loops over accumulators in memory: the compiler makes vectors of them, and rows
 * come from far away, so what counts is that they are asked for in time. */
#include "bags.h"
#include "simd.h"

#define L     SIMD_LANES
#define AHEAD 8   /* rows */
#define LINES 512 /* bytes of a row that are asked for */

/* ---- halves, by way of f32 */

static void from_halves(enum cpu_bag_type type, const uint16_t *src, float *dst, int64_t n)
{
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, type == CPU_BAG_F16 ? vf_load_f16(src + i) : vf_load_bf16(src + i));
    }
    for (; i < n; i++) {
        dst[i] = type == CPU_BAG_F16 ? simd_f16_to_f32(src[i]) : simd_bf16_to_f32(src[i]);
    }
}

static void to_halves(enum cpu_bag_type type, const float *src, uint16_t *dst, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        dst[i] = type == CPU_BAG_F16 ? simd_f32_to_f16(src[i]) : simd_f32_to_bf16(src[i]);
    }
}

/* ---- to accumulators and back */

#define COPY(D, S)                                                                                           \
    do {                                                                                                     \
        const S *from_ = (const S *)src;                                                                     \
        D *to_ = (D *)acc;                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            to_[i] = (D)from_[i];                                                                            \
        }                                                                                                    \
    } while (0)

static void load(enum cpu_bag_type type, const void *src, void *acc, int64_t n)
{
    switch (type) {
    case CPU_BAG_F32: COPY(double, float); break;
    case CPU_BAG_F64: COPY(double, double); break;
    case CPU_BAG_F16:
    case CPU_BAG_BF16: {
        float row[CPU_BAG_CHUNK];

        from_halves(type, src, row, n);
        load(CPU_BAG_F32, row, acc, n);
        break;
    }
    case CPU_BAG_BOOL:
    case CPU_BAG_U8: COPY(int64_t, uint8_t); break;
    case CPU_BAG_I8: COPY(int64_t, int8_t); break;
    case CPU_BAG_I16: COPY(int64_t, int16_t); break;
    case CPU_BAG_U16: COPY(int64_t, uint16_t); break;
    case CPU_BAG_I32: COPY(int64_t, int32_t); break;
    case CPU_BAG_U32: COPY(int64_t, uint32_t); break;
    case CPU_BAG_I64:
    case CPU_BAG_U64: COPY(int64_t, int64_t); break;
    }
}

#define STORE(T, A, VALUE)                                                                                   \
    do {                                                                                                     \
        const A *from_ = acc;                                                                                \
        T *to_ = dst;                                                                                        \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            A v = from_[i];                                                                                  \
            to_[i] = (T)(VALUE);                                                                             \
        }                                                                                                    \
    } while (0)
#define STORE_REALS(T)                                                                                       \
    do {                                                                                                     \
        if (divisor == 1) {                                                                                  \
            STORE(T, double, v);                                                                             \
        } else {                                                                                             \
            double by = (double)divisor;                                                                     \
            STORE(T, double, v / by);                                                                        \
        }                                                                                                    \
    } while (0)
#define STORE_INTS(T)                                                                                        \
    do {                                                                                                     \
        if (divisor == 1) {                                                                                  \
            STORE(T, int64_t, v);                                                                            \
        } else {                                                                                             \
            STORE(T, int64_t, v / divisor);                                                                  \
        }                                                                                                    \
    } while (0)

static void store(enum cpu_bag_type type, const void *acc, int64_t divisor, void *dst, int64_t n)
{
    switch (type) {
    case CPU_BAG_F32: STORE_REALS(float); break;
    case CPU_BAG_F64: STORE_REALS(double); break;
    case CPU_BAG_F16:
    case CPU_BAG_BF16: {
        float row[CPU_BAG_CHUNK];

        store(CPU_BAG_F32, acc, divisor, row, n);
        to_halves(type, row, dst, n);
        break;
    }
    case CPU_BAG_BOOL: STORE(uint8_t, int64_t, v / divisor != 0); break;
    case CPU_BAG_I8:
    case CPU_BAG_U8: STORE_INTS(uint8_t); break;
    case CPU_BAG_I16:
    case CPU_BAG_U16: STORE_INTS(uint16_t); break;
    case CPU_BAG_I32:
    case CPU_BAG_U32: STORE_INTS(uint32_t); break;
    case CPU_BAG_I64:
    case CPU_BAG_U64: STORE_INTS(uint64_t); break;
    }
}

/* ---- joining: JOIN(a, b) for the accumulator a and the new value b */

#define SUM(a, b)  ((a) + (b))
#define SUB(a, b)  ((a) - (b))
#define PROD(a, b) ((a) * (b))
#define MIN(a, b)  ((b) < (a) ? (b) : (a))
#define MAX(a, b)  ((b) > (a) ? (b) : (a))
#define OR(a, b)   ((a) | (b))
#define AND(a, b)  ((a) & (b))

SIMD_INLINE void ask(const char *row, int64_t bytes)
{
    for (int64_t i = 0; i < bytes && i < LINES; i += 64) {
        __builtin_prefetch(row + i);
    }
}

/* A: the accumulators' type, signed or not as the comparison wants. */
#define ROWS(T, A, JOIN)                                                                                     \
    do {                                                                                                     \
        A *to_ = (A *)acc;                                                                                   \
        for (int64_t k = 0; k < count; k++) {                                                                \
            const T *row_ = (const T *)base + rows[k] * stride;                                              \
            if (k + AHEAD < count) {                                                                         \
                ask((const char *)((const T *)base + rows[k + AHEAD] * stride), n *(int64_t)sizeof(T));      \
            }                                                                                                \
            for (int64_t i = 0; i < n; i++) {                                                                \
                to_[i] = JOIN(to_[i], (A)row_[i]);                                                           \
            }                                                                                                \
        }                                                                                                    \
    } while (0)

#define WEIGHTED(T)                                                                                          \
    do {                                                                                                     \
        double *to_ = (double *)acc;                                                                         \
        for (int64_t k = 0; k < count; k++) {                                                                \
            const T *row_ = (const T *)base + rows[k] * stride;                                              \
            double w = weights[k];                                                                           \
            if (k + AHEAD < count) {                                                                         \
                ask((const char *)((const T *)base + rows[k + AHEAD] * stride), n *(int64_t)sizeof(T));      \
            }                                                                                                \
            for (int64_t i = 0; i < n; i++) {                                                                \
                double p = w * (double)row_[i];                                                              \
                to_[i] = to_[i] + p;                                                                         \
            }                                                                                                \
        }                                                                                                    \
    } while (0)

#define REALS(T)                                                                                             \
    switch (kind) {                                                                                          \
    case CPU_BAG_SUB: ROWS(T, double, SUB); break;                                                           \
    case CPU_BAG_PROD: ROWS(T, double, PROD); break;                                                         \
    case CPU_BAG_MIN: ROWS(T, double, MIN); break;                                                           \
    case CPU_BAG_MAX: ROWS(T, double, MAX); break;                                                           \
    default:                                                                                                 \
        if (weights) {                                                                                       \
            WEIGHTED(T);                                                                                     \
        } else {                                                                                             \
            ROWS(T, double, SUM);                                                                            \
        }                                                                                                    \
        break;                                                                                               \
    }

/* U: unsigned, for what wraps; C: as the comparison wants. Both widen T as its sign says. */
#define INTS(T, C)                                                                                           \
    switch (kind) {                                                                                          \
    case CPU_BAG_SUB: ROWS(T, uint64_t, SUB); break;                                                         \
    case CPU_BAG_PROD: ROWS(T, uint64_t, PROD); break;                                                       \
    case CPU_BAG_MIN: ROWS(T, C, MIN); break;                                                                \
    case CPU_BAG_MAX: ROWS(T, C, MAX); break;                                                                \
    case CPU_BAG_OR: ROWS(T, uint64_t, OR); break;                                                           \
    case CPU_BAG_AND: ROWS(T, uint64_t, AND); break;                                                         \
    default: ROWS(T, uint64_t, SUM); break;                                                                  \
    }

static void join_f32(enum cpu_bag_kind kind, const void *base, int64_t stride, const int64_t *rows,
                     const double *weights, int64_t count, void *acc, int64_t n)
{
    REALS(float)
}

static void join_halves(enum cpu_bag_type type, enum cpu_bag_kind kind, const uint16_t *base, int64_t stride,
                        const int64_t *rows, const double *weights, int64_t count, void *acc, int64_t n)
{
    static const int64_t first;
    float row[CPU_BAG_CHUNK];

    for (int64_t k = 0; k < count; k++) {
        if (k + AHEAD < count) {
            ask((const char *)(base + rows[k + AHEAD] * stride), n * 2);
        }
        from_halves(type, base + rows[k] * stride, row, n);
        join_f32(kind, row, 0, &first, weights ? weights + k : NULL, 1, acc, n);
    }
}

static void join(enum cpu_bag_type type, enum cpu_bag_kind kind, const void *base, int64_t stride,
                 const int64_t *rows, const double *weights, int64_t count, void *acc, int64_t n)
{
    switch (type) {
    case CPU_BAG_F32: join_f32(kind, base, stride, rows, weights, count, acc, n); break;
    case CPU_BAG_F64: REALS(double) break;
    case CPU_BAG_F16:
    case CPU_BAG_BF16: join_halves(type, kind, base, stride, rows, weights, count, acc, n); break;
    case CPU_BAG_BOOL:
    case CPU_BAG_U8: INTS(uint8_t, int64_t) break;
    case CPU_BAG_I8: INTS(int8_t, int64_t) break;
    case CPU_BAG_I16: INTS(int16_t, int64_t) break;
    case CPU_BAG_U16: INTS(uint16_t, int64_t) break;
    case CPU_BAG_I32: INTS(int32_t, int64_t) break;
    case CPU_BAG_U32: INTS(uint32_t, int64_t) break;
    case CPU_BAG_I64: INTS(int64_t, int64_t) break;
    case CPU_BAG_U64: INTS(uint64_t, uint64_t) break;
    }
}

#define PUT(A, JOIN)                                                                                         \
    do {                                                                                                     \
        A *to_ = (A *)acc;                                                                                   \
        const A *from_ = (const A *)values;                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            to_[places[i]] = JOIN(to_[places[i]], from_[i]);                                                 \
        }                                                                                                    \
    } while (0)

static void scatter(enum cpu_bag_type type, enum cpu_bag_kind kind, const int64_t *places, const void *values,
                    void *acc, int64_t n)
{
    if (type <= CPU_BAG_BF16) {
        switch (kind) {
        case CPU_BAG_SUB: PUT(double, SUB); break;
        case CPU_BAG_PROD: PUT(double, PROD); break;
        case CPU_BAG_MIN: PUT(double, MIN); break;
        case CPU_BAG_MAX: PUT(double, MAX); break;
        default: PUT(double, SUM); break;
        }
        return;
    }
    switch (kind) {
    case CPU_BAG_SUB: PUT(uint64_t, SUB); break;
    case CPU_BAG_PROD: PUT(uint64_t, PROD); break;
    case CPU_BAG_OR: PUT(uint64_t, OR); break;
    case CPU_BAG_AND: PUT(uint64_t, AND); break;
    case CPU_BAG_SUM: PUT(uint64_t, SUM); break;
    default:
        if (type == CPU_BAG_U64) {
            if (kind == CPU_BAG_MIN) {
                PUT(uint64_t, MIN);
            } else {
                PUT(uint64_t, MAX);
            }
        } else if (kind == CPU_BAG_MIN) {
            PUT(int64_t, MIN);
        } else {
            PUT(int64_t, MAX);
        }
        break;
    }
}

#define PLACES(T)                                                                                            \
    do {                                                                                                     \
        const T *at_ = (const T *)index;                                                                     \
        for (int64_t i = 0; i < n; i++) {                                                                    \
            int64_t at = at_[i];                                                                             \
            at += at < 0 ? most : 0;                                                                         \
            outside |= (uint64_t)at >= (uint64_t)most;                                                       \
            scattered |= at != first;                                                                        \
            places[i] = (int64_t)((uint64_t)base + (uint64_t)at * (uint64_t)step + (uint64_t)(i * along));   \
        }                                                                                                    \
    } while (0)

static int find_places(const void *index, bool wide, int64_t n, int64_t most, int64_t step, int64_t base,
                       int64_t along, int64_t *places)
{
    int64_t first = wide ? *(const int64_t *)index : *(const int32_t *)index;
    bool outside = false, scattered = along != 1;

    first += first < 0 ? most : 0;
    if (wide) {
        PLACES(int64_t);
    } else {
        PLACES(int32_t);
    }
    return (outside ? CPU_PLACES_OUTSIDE : 0) | (scattered ? 0 : CPU_PLACES_CONSECUTIVE);
}

const struct cpu_bags CPU_NAME(bags) = {
    .name = CPU_NAME_TEXT(bags),
    .isa = CPU_ISA_ID,
    .load = load,
    .join = join,
    .scatter = scatter,
    .store = store,
    .places = find_places,
};
