/* Plain typed operations: loops that the compiler vectorises for the level. */
#include "bcast_walk.h"
#include "vmath.h"

#define L SIMD_LANES

static void power_row_f32(const float *a, int64_t sa, const float *b, int64_t sb, float *dst, int64_t n)
{
    for (int64_t i = 0; i < n; i += L) {
        float x[L], y[L];
        int take = n - i < L ? (int)(n - i) : L;

        for (int j = 0; j < L; j++) {
            x[j] = j < take ? a[(i + j) * sa] : 1;
            y[j] = j < take ? b[(i + j) * sb] : 1;
        }
        vf_store_n(dst + i, vf_pow(vf_load(x), vf_load(y)), take);
    }
}

#define T           float
#define U           float
#define TYPED(name) name##_f32
#define IS_FLOAT    1
#define IS_SIGNED   1
#include "typed_loops.h"

#define T           int32_t
#define U           uint32_t
#define TYPED(name) name##_i32
#define IS_FLOAT    0
#define IS_SIGNED   1
#include "typed_loops.h"

#define T           int64_t
#define U           uint64_t
#define TYPED(name) name##_i64
#define IS_FLOAT    0
#define IS_SIGNED   1
#include "typed_loops.h"

#define T           uint8_t
#define U           uint32_t
#define TYPED(name) name##_u8
#define IS_FLOAT    0
#define IS_SIGNED   0
#include "typed_loops.h"

#define T           int8_t
#define U           uint32_t
#define TYPED(name) name##_i8
#define IS_FLOAT    0
#define IS_SIGNED   1
#include "typed_loops.h"

static cpu_binary_fn *get_binary(int type)
{
    switch (type) {
    case CPU_TYPE_F32: return binary_f32;
    case CPU_TYPE_I32: return binary_i32;
    case CPU_TYPE_I64: return binary_i64;
    case CPU_TYPE_BOOLEAN:
    case CPU_TYPE_U8: return binary_u8;
    case CPU_TYPE_I8: return binary_i8;
    default: return NULL;
    }
}

static cpu_compare_fn *get_compare(int type)
{
    switch (type) {
    case CPU_TYPE_F32: return compare_f32;
    case CPU_TYPE_I32: return compare_i32;
    case CPU_TYPE_I64: return compare_i64;
    case CPU_TYPE_BOOLEAN:
    case CPU_TYPE_U8: return compare_u8;
    case CPU_TYPE_I8: return compare_i8;
    default: return NULL;
    }
}

static cpu_fold_fn *get_fold(int type)
{
    switch (type) {
    case CPU_TYPE_I32: return reduce_i32;
    case CPU_TYPE_I64: return reduce_i64;
    case CPU_TYPE_U8: return reduce_u8;
    case CPU_TYPE_I8: return reduce_i8;
    default: return NULL;
    }
}

#define SELECT_KERNEL(T)                                                                                     \
    static void select_##T(const struct cpu_bcast *p, const uint8_t *cond, const void *va, const void *vb,   \
                           void *vdst, int64_t begin, int64_t end)                                           \
    {                                                                                                        \
        const int64_t *stride[3] = {p->stride[0], p->stride[1], p->stride[2]};                               \
        int last = p->rank - 1;                                                                              \
        struct bcast_walk w;                                                                                 \
                                                                                                             \
        for (bool more = bcast_walk_begin(&w, p, begin, end); more; more = bcast_walk_next(&w)) {            \
            const uint8_t *c = cond + w.offset[0];                                                           \
            const T *a = (const T *)va + w.offset[1], *b = (const T *)vb + w.offset[2];                      \
            int64_t sc = stride[0][last], sa = stride[1][last], sb = stride[2][last];                        \
            T *dst = (T *)vdst + w.pos;                                                                      \
                                                                                                             \
            if (sc == 1 && sa == 1 && sb == 1) {                                                             \
                for (int64_t i = 0; i < w.n; i++) {                                                          \
                    T x = a[i], y = b[i];                                                                    \
                    dst[i] = c[i] ? x : y;                                                                   \
                }                                                                                            \
            } else {                                                                                         \
                for (int64_t i = 0; i < w.n; i++) {                                                          \
                    T x = a[i * sa], y = b[i * sb];                                                          \
                    dst[i] = c[i * sc] ? x : y;                                                              \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }

SELECT_KERNEL(uint8_t)
SELECT_KERNEL(uint16_t)
SELECT_KERNEL(uint32_t)
SELECT_KERNEL(uint64_t)

#undef SELECT_KERNEL

static cpu_select_fn *get_select(int size)
{
    switch (size) {
    case 1: return select_uint8_t;
    case 2: return select_uint16_t;
    case 4: return select_uint32_t;
    case 8: return select_uint64_t;
    default: return NULL;
    }
}

/* Conversions go through blocks of one of three middle types, which hold every value of the types they stand
 * for: f32 for the half floats and itself, f64 for floats into and out of the rest, i64 for the integers. */
#define BLOCK 512

static int32_t trunc_i32(double x)
{
    return x >= -0x1p31 && x < 0x1p31 ? (int32_t)x : INT32_MIN;
}

static int64_t trunc_i64(double x)
{
    return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN;
}

#define EACH(expr)                                                                                           \
    for (i = 0; i < n; i++) {                                                                                \
        (expr);                                                                                              \
    }                                                                                                        \
    return true

static bool f32_from(int from, const void *src, float *dst, int64_t n)
{
    const uint16_t *h = src;
    int64_t i = 0;

    switch (from) {
    case CPU_TYPE_F16:
        for (; i + L <= n; i += L) {
            vf_store(dst + i, vf_load_f16(h + i));
        }
        for (; i < n; i++) {
            dst[i] = simd_f16_to_f32(h[i]);
        }
        return true;
    case CPU_TYPE_BF16:
        for (; i + L <= n; i += L) {
            vf_store(dst + i, vf_load_bf16(h + i));
        }
        for (; i < n; i++) {
            dst[i] = simd_bf16_to_f32(h[i]);
        }
        return true;
    case CPU_TYPE_BOOLEAN: EACH(dst[i] = ((const uint8_t *)src)[i] != 0);
    case CPU_TYPE_U8: EACH(dst[i] = (float)((const uint8_t *)src)[i]);
    case CPU_TYPE_I8: EACH(dst[i] = (float)((const int8_t *)src)[i]);
    case CPU_TYPE_U16: EACH(dst[i] = (float)((const uint16_t *)src)[i]);
    case CPU_TYPE_I16: EACH(dst[i] = (float)((const int16_t *)src)[i]);
    case CPU_TYPE_I32: EACH(dst[i] = (float)((const int32_t *)src)[i]);
    case CPU_TYPE_U32: EACH(dst[i] = (float)((const uint32_t *)src)[i]);
    case CPU_TYPE_I64: EACH(dst[i] = (float)((const int64_t *)src)[i]);
    case CPU_TYPE_U64: EACH(dst[i] = (float)((const uint64_t *)src)[i]);
    case CPU_TYPE_F64: EACH(dst[i] = (float)((const double *)src)[i]);
    case CPU_TYPE_F32: memcpy(dst, src, (size_t)n * sizeof(float)); return true;
    default: return false;
    }
}

static void i32_from_f32(const float *src, int32_t *dst, int64_t n)
{
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vi_store(dst + i, vi_trunc_vf(vf_load(src + i)));
    }
    for (; i < n; i++) {
        dst[i] = trunc_i32((double)src[i]);
    }
}

/* `block` holds n integers for the narrowing ones. */
static bool f32_to(int to, const float *src, void *dst, int64_t n, int32_t *block)
{
    uint16_t *h = dst;
    int64_t i = 0;

    switch (to) {
    case CPU_TYPE_F16:
        for (; i + L <= n; i += L) {
            vf_store_f16(h + i, vf_load(src + i));
        }
        for (; i < n; i++) {
            h[i] = simd_f32_to_f16(src[i]);
        }
        return true;
    case CPU_TYPE_BF16: EACH(h[i] = simd_f32_to_bf16(src[i]));
    case CPU_TYPE_BOOLEAN: EACH(((uint8_t *)dst)[i] = src[i] != 0);
    case CPU_TYPE_I32: i32_from_f32(src, dst, n); return true;
    case CPU_TYPE_I8:
    case CPU_TYPE_U8: i32_from_f32(src, block, n); EACH(((uint8_t *)dst)[i] = (uint8_t)block[i]);
    case CPU_TYPE_I16:
    case CPU_TYPE_U16: i32_from_f32(src, block, n); EACH(h[i] = (uint16_t)block[i]);
    case CPU_TYPE_I64:
    case CPU_TYPE_U64: EACH(((int64_t *)dst)[i] = trunc_i64((double)src[i]));
    case CPU_TYPE_U32: EACH(((uint32_t *)dst)[i] = (uint32_t)trunc_i64((double)src[i]));
    case CPU_TYPE_F64: EACH(((double *)dst)[i] = (double)src[i]);
    case CPU_TYPE_F32: memcpy(dst, src, (size_t)n * sizeof(float)); return true;
    default: return false;
    }
}

static bool f64_to(int to, const double *src, void *dst, int64_t n)
{
    int64_t i;

    switch (to) {
    case CPU_TYPE_BOOLEAN: EACH(((uint8_t *)dst)[i] = src[i] != 0);
    case CPU_TYPE_I8:
    case CPU_TYPE_U8: EACH(((uint8_t *)dst)[i] = (uint8_t)trunc_i32(src[i]));
    case CPU_TYPE_I16:
    case CPU_TYPE_U16: EACH(((uint16_t *)dst)[i] = (uint16_t)trunc_i32(src[i]));
    case CPU_TYPE_I32: EACH(((int32_t *)dst)[i] = trunc_i32(src[i]));
    case CPU_TYPE_U32: EACH(((uint32_t *)dst)[i] = (uint32_t)trunc_i64(src[i]));
    case CPU_TYPE_I64:
    case CPU_TYPE_U64: EACH(((int64_t *)dst)[i] = trunc_i64(src[i]));
    case CPU_TYPE_F64: memcpy(dst, src, (size_t)n * sizeof(double)); return true;
    default: return false;
    }
}

static bool i64_from(int from, const void *src, int64_t *dst, int64_t n)
{
    int64_t i;

    switch (from) {
    case CPU_TYPE_BOOLEAN: EACH(dst[i] = ((const uint8_t *)src)[i] != 0);
    case CPU_TYPE_U8: EACH(dst[i] = ((const uint8_t *)src)[i]);
    case CPU_TYPE_I8: EACH(dst[i] = ((const int8_t *)src)[i]);
    case CPU_TYPE_U16: EACH(dst[i] = ((const uint16_t *)src)[i]);
    case CPU_TYPE_I16: EACH(dst[i] = ((const int16_t *)src)[i]);
    case CPU_TYPE_I32: EACH(dst[i] = ((const int32_t *)src)[i]);
    case CPU_TYPE_U32: EACH(dst[i] = ((const uint32_t *)src)[i]);
    case CPU_TYPE_I64:
    case CPU_TYPE_U64: memcpy(dst, src, (size_t)n * sizeof(int64_t)); return true;
    default: return false;
    }
}

static bool i64_to(int to, const int64_t *src, void *dst, int64_t n)
{
    int64_t i;

    switch (to) {
    case CPU_TYPE_BOOLEAN: EACH(((uint8_t *)dst)[i] = src[i] != 0);
    case CPU_TYPE_I8:
    case CPU_TYPE_U8: EACH(((uint8_t *)dst)[i] = (uint8_t)src[i]);
    case CPU_TYPE_I16:
    case CPU_TYPE_U16: EACH(((uint16_t *)dst)[i] = (uint16_t)src[i]);
    case CPU_TYPE_I32:
    case CPU_TYPE_U32: EACH(((uint32_t *)dst)[i] = (uint32_t)src[i]);
    case CPU_TYPE_I64:
    case CPU_TYPE_U64: memcpy(dst, src, (size_t)n * sizeof(int64_t)); return true;
    case CPU_TYPE_F64: EACH(((double *)dst)[i] = (double)src[i]);
    default: return false;
    }
}

#undef EACH

static int size_of(int type)
{
    switch (type) {
    case CPU_TYPE_BOOLEAN:
    case CPU_TYPE_I8:
    case CPU_TYPE_U8: return 1;
    case CPU_TYPE_BF16:
    case CPU_TYPE_F16:
    case CPU_TYPE_I16:
    case CPU_TYPE_U16: return 2;
    case CPU_TYPE_F32:
    case CPU_TYPE_I32:
    case CPU_TYPE_U32: return 4;
    case CPU_TYPE_F64:
    case CPU_TYPE_I64:
    case CPU_TYPE_U64: return 8;
    default: return 0;
    }
}

static bool is_float(int type)
{
    return type == CPU_TYPE_BF16 || type == CPU_TYPE_F16 || type == CPU_TYPE_F32 || type == CPU_TYPE_F64;
}

static bool convert_block(int from, int to, const void *src, void *dst, int64_t n)
{
    union {
        float f[BLOCK];
        int64_t i[BLOCK];
        double d[BLOCK];
    } mid;
    int32_t narrow[BLOCK];

    if (from == CPU_TYPE_F32) {
        return f32_to(to, src, dst, n, narrow);
    }
    if (to == CPU_TYPE_F32) {
        return f32_from(from, src, dst, n);
    }
    if (from == CPU_TYPE_F64 && to != CPU_TYPE_F16 && to != CPU_TYPE_BF16) {
        return f64_to(to, src, dst, n);
    }
    if (is_float(from) || to == CPU_TYPE_F16 || to == CPU_TYPE_BF16) {
        return f32_from(from, src, mid.f, n) && f32_to(to, mid.f, dst, n, narrow);
    }
    if (from == CPU_TYPE_U64 && to == CPU_TYPE_F64) {
        for (int64_t i = 0; i < n; i++) {
            ((double *)dst)[i] = (double)((const uint64_t *)src)[i];
        }
        return true;
    }
    return i64_from(from, src, mid.i, n) && i64_to(to, mid.i, dst, n);
}

static bool convert(int from, int to, const void *src, void *dst, int64_t begin, int64_t end)
{
    int ssize = size_of(from), dsize = size_of(to);

    if (!ssize || !dsize) {
        return false;
    }
    for (int64_t i = begin; i < end; i += BLOCK) {
        if (!convert_block(from, to, (const char *)src + i * ssize, (char *)dst + i * dsize,
                           end - i < BLOCK ? end - i : BLOCK)) {
            return false;
        }
    }
    return true;
}

const struct cpu_typed CPU_NAME(typed) = {
    .name = "typed",
    .isa = CPU_ISA_ID,
    .binary = get_binary,
    .compare = get_compare,
    .fold = get_fold,
    .select = get_select,
    .convert = convert,
};
