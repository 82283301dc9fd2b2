/* Element types, shapes, partial shapes, and the dense tensor view that every layer passes around. */
#ifndef VT_TENSOR_H
#define VT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are those of OpenVINO's C API (ov_element_type_e), so no table translates between the two. */
enum vt_type {
    VT_DYNAMIC = 0, /* not known yet */
    VT_BOOLEAN = 1, /* one byte, 0 or 1 */
    VT_BF16 = 2,
    VT_F16 = 3,
    VT_F32 = 4,
    VT_F64 = 5,
    VT_I4 = 6,
    VT_I8 = 7,
    VT_I16 = 8,
    VT_I32 = 9,
    VT_I64 = 10,
    VT_U1 = 11,
    VT_U2 = 12,
    VT_U3 = 13,
    VT_U4 = 14,
    VT_U6 = 15,
    VT_U8 = 16,
    VT_U16 = 17,
    VT_U32 = 18,
    VT_U64 = 19,
    VT_NF4 = 20,
    VT_F8E4M3 = 21,
    VT_F8E5M2 = 22,
    VT_STRING = 23,
    VT_F4E2M1 = 24,
    VT_F8E8M0 = 25,
    VT_TYPE_COUNT
};

struct vt_type_info {
    const char *name; /* "f32", as IR files and property texts write it */
    uint16_t bits;    /* 0 for dynamic */
    bool is_float;
    bool is_signed;
};

/* Never NULL; an unknown number gives the row of VT_DYNAMIC. */
static inline const struct vt_type_info *vt_type_info(enum vt_type type)
{
    static const struct vt_type_info rows[VT_TYPE_COUNT] = {
        [VT_DYNAMIC] = {"dynamic", 0, false, false},
        [VT_BOOLEAN] = {"boolean", 8, false, false},
        [VT_BF16] = {"bf16", 16, true, true},
        [VT_F16] = {"f16", 16, true, true},
        [VT_F32] = {"f32", 32, true, true},
        [VT_F64] = {"f64", 64, true, true},
        [VT_I4] = {"i4", 4, false, true},
        [VT_I8] = {"i8", 8, false, true},
        [VT_I16] = {"i16", 16, false, true},
        [VT_I32] = {"i32", 32, false, true},
        [VT_I64] = {"i64", 64, false, true},
        [VT_U1] = {"u1", 1, false, false},
        [VT_U2] = {"u2", 2, false, false},
        [VT_U3] = {"u3", 3, false, false},
        [VT_U4] = {"u4", 4, false, false},
        [VT_U6] = {"u6", 6, false, false},
        [VT_U8] = {"u8", 8, false, false},
        [VT_U16] = {"u16", 16, false, false},
        [VT_U32] = {"u32", 32, false, false},
        [VT_U64] = {"u64", 64, false, false},
        [VT_NF4] = {"nf4", 4, true, true},
        [VT_F8E4M3] = {"f8e4m3", 8, true, true},
        [VT_F8E5M2] = {"f8e5m2", 8, true, true},
        [VT_STRING] = {"string", 256, false, false},
        [VT_F4E2M1] = {"f4e2m1", 4, true, true},
        [VT_F8E8M0] = {"f8e8m0", 8, true, false},
    };

    return &rows[(unsigned)type < VT_TYPE_COUNT ? type : VT_DYNAMIC];
}

/* Bytes that `count` elements take: sub-byte types are packed (u2, u4, i4, nf4, f4e2m1 low bits first within
 * a byte, u1 high bit first; u3: 8 elements in 3 bytes; u6: 4 elements in 3 bytes). The weights of
 * BinaryConvolution alone are read low bit first. False on overflow. */
static inline bool vt_type_bytes(enum vt_type type, uint64_t count, size_t *bytes)
{
    uint64_t bits = vt_type_info(type)->bits, n;

    if (bits >= 8) {
        return !__builtin_mul_overflow(count, bits / 8, bytes);
    }
    if (type == VT_U3 || type == VT_U6) {
        uint64_t per = type == VT_U3 ? 8 : 4;

        n = count / per + (count % per != 0);
        return !__builtin_mul_overflow(n, (uint64_t)3, bytes);
    }
    if (__builtin_mul_overflow(count, bits, &n)) {
        return false;
    }
    *bytes = n / 8 + (n % 8 != 0);
    return true;
}

/* An element of a VT_STRING tensor: `length` bytes at `text`, of which any may be zero and which nothing need
 * end. text may be NULL when the length is 0. See vt/strings.h for who owns them. */
struct vt_string {
    char *text;
    size_t length;
    union {
        char small[16];
        size_t capacity;
    };
};

#define VT_MAX_RANK 16

/* A dense, row-major view. Who owns `data` is said where the view is made; constants may be unaligned. */
struct vt_tensor {
    enum vt_type type;
    int32_t rank;
    int64_t dims[VT_MAX_RANK];
    void *data;   /* NULL when the tensor has no elements */
    size_t bytes; /* of the whole tensor */
};

/* Number of elements; dims are known to be non-negative and their product checked when the view was made. */
static inline int64_t vt_tensor_count(const struct vt_tensor *t)
{
    int64_t n = 1;

    for (int i = 0; i < t->rank; i++) {
        n *= t->dims[i];
    }
    return n;
}

/* Fill type, shape and bytes of a view, data NULL. False when a dim is negative, the rank exceeds
 * VT_MAX_RANK, or the size overflows. `dims` may be NULL for rank 0. */
static inline bool vt_tensor_describe(struct vt_tensor *t, enum vt_type type, int rank, const int64_t *dims)
{
    int64_t n = 1;
    bool empty = false;

    if (rank < 0 || rank > VT_MAX_RANK) {
        return false;
    }
    *t = (struct vt_tensor){.type = type, .rank = rank};
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0) {
            return false;
        }
        t->dims[i] = dims[i];
        empty |= dims[i] == 0;
        if (dims[i] && __builtin_mul_overflow(n, dims[i], &n)) {
            return false;
        }
    }
    return vt_type_bytes(type, empty ? 0 : (uint64_t)n, &t->bytes);
}

/* A dimension is an interval; max -1 means unbounded. Fully unknown is {0, -1}, static is {n, n}. */
struct vt_dim {
    int64_t min, max;
};

/* rank -1: even the rank is unknown. */
struct vt_pshape {
    int32_t rank;
    struct vt_dim dims[VT_MAX_RANK];
};

static inline struct vt_dim vt_dim_fixed(int64_t n)
{
    return (struct vt_dim){n, n};
}

static inline struct vt_dim vt_dim_any(void)
{
    return (struct vt_dim){0, -1};
}

static inline bool vt_dim_is_static(struct vt_dim d)
{
    return d.min == d.max;
}

static inline bool vt_pshape_is_static(const struct vt_pshape *s)
{
    if (s->rank < 0) {
        return false;
    }
    for (int i = 0; i < s->rank; i++) {
        if (!vt_dim_is_static(s->dims[i])) {
            return false;
        }
    }
    return true;
}

/* Whether a concrete shape is one of those that `s` describes. */
static inline bool vt_pshape_accepts(const struct vt_pshape *s, int rank, const int64_t *dims)
{
    if (s->rank < 0) {
        return true;
    }
    if (s->rank != rank) {
        return false;
    }
    for (int i = 0; i < rank; i++) {
        if (dims[i] < s->dims[i].min || (s->dims[i].max >= 0 && dims[i] > s->dims[i].max)) {
            return false;
        }
    }
    return true;
}

static inline struct vt_pshape vt_pshape_of(const struct vt_tensor *t)
{
    struct vt_pshape s = {.rank = t->rank};

    for (int i = 0; i < t->rank; i++) {
        s.dims[i] = vt_dim_fixed(t->dims[i]);
    }
    return s;
}

#endif
