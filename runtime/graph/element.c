#include "element.h"

#include "vt/half.h"

#include <math.h>
#include <string.h>

static unsigned get_bits(const struct vt_tensor *t, int64_t i)
{
    const uint8_t *p = t->data;

    switch (t->type) {
    case VT_U1: return p[i / 8] >> (7 - i % 8) & 1; /* u1 alone packs the first element into the high bit */
    case VT_U2: return p[i / 4] >> (i % 4 * 2) & 3;
    case VT_U3: {
        const uint8_t *g = p + i / 8 * 3; /* 2 low bits of eight in 2 bytes, then the 8 high bits */
        int k = (int)(i % 8);

        return (unsigned)(g[k / 4] >> ((3 - k % 4) * 2) & 3) | (unsigned)(g[2] >> (7 - k) & 1) << 2;
    }
    case VT_U6: {
        const uint8_t *g = p + i / 4 * 3; /* 4 low bits of four in 2 bytes, then 2 high bits each */
        int k = (int)(i % 4);

        return (unsigned)(g[k / 2] >> ((1 - k % 2) * 4) & 15) | (unsigned)(g[2] >> ((3 - k) * 2) & 3) << 4;
    }
    default: return p[i / 2] >> (i % 2 * 4) & 15;
    }
}

static void set_bits(struct vt_tensor *t, int64_t i, unsigned v)
{
    uint8_t *p = t->data;

    switch (t->type) {
    case VT_U1: p[i / 8] = (uint8_t)((p[i / 8] & ~(0x80 >> i % 8)) | (v & 1) << (7 - i % 8)); return;
    case VT_U2: p[i / 4] = (uint8_t)((p[i / 4] & ~(3 << i % 4 * 2)) | (v & 3) << i % 4 * 2); return;
    case VT_U3: {
        uint8_t *g = p + i / 8 * 3;
        int k = (int)(i % 8), s = (3 - k % 4) * 2;

        g[k / 4] = (uint8_t)((g[k / 4] & ~(3 << s)) | (v & 3) << s);
        g[2] = (uint8_t)((g[2] & ~(1 << (7 - k))) | (v >> 2 & 1) << (7 - k));
        return;
    }
    case VT_U6: {
        uint8_t *g = p + i / 4 * 3;
        int k = (int)(i % 4), s = (1 - k % 2) * 4, h = (3 - k) * 2;

        g[k / 2] = (uint8_t)((g[k / 2] & ~(15 << s)) | (v & 15) << s);
        g[2] = (uint8_t)((g[2] & ~(3 << h)) | (v >> 4 & 3) << h);
        return;
    }
    default: p[i / 2] = (uint8_t)((p[i / 2] & ~(15 << i % 2 * 4)) | (v & 15) << i % 2 * 4); return;
    }
}

/* Constants may be unaligned, so every access goes through memcpy. */
#define LOAD(ctype)                                                                                          \
    ctype v;                                                                                                 \
    memcpy(&v, (const char *)t->data + index * (int64_t)sizeof(v), sizeof(v))
#define STORE(ctype, value_expr)                                                                             \
    do {                                                                                                     \
        ctype v = (ctype)(value_expr);                                                                       \
        memcpy((char *)t->data + index * (int64_t)sizeof(v), &v, sizeof(v));                                 \
    } while (0)

static int64_t f64_to_i64(double v)
{
    if (isnan(v)) {
        return 0;
    }
    if (v >= 9223372036854775808.0) {
        return INT64_MAX;
    }
    if (v <= -9223372036854775808.0) {
        return INT64_MIN;
    }
    return (int64_t)v;
}

int64_t vt_get_i64(const struct vt_tensor *t, int64_t index)
{
    switch (t->type) {
    case VT_BOOLEAN:
    case VT_U8: {
        LOAD(uint8_t);
        return v;
    }
    case VT_I8: {
        LOAD(int8_t);
        return v;
    }
    case VT_I16: {
        LOAD(int16_t);
        return v;
    }
    case VT_U16: {
        LOAD(uint16_t);
        return v;
    }
    case VT_I32: {
        LOAD(int32_t);
        return v;
    }
    case VT_U32: {
        LOAD(uint32_t);
        return v;
    }
    case VT_I64: {
        LOAD(int64_t);
        return v;
    }
    case VT_U64: {
        LOAD(uint64_t);
        return (int64_t)v;
    }
    case VT_I4: return (int)(get_bits(t, index) ^ 8) - 8;
    case VT_U1:
    case VT_U2:
    case VT_U3:
    case VT_U4:
    case VT_U6: return get_bits(t, index);
    default: return f64_to_i64(vt_get_f64(t, index));
    }
}

void vt_set_i64(struct vt_tensor *t, int64_t index, int64_t value)
{
    switch (t->type) {
    case VT_BOOLEAN: STORE(uint8_t, value != 0); break;
    case VT_U8:
    case VT_I8: STORE(uint8_t, value); break;
    case VT_I16:
    case VT_U16: STORE(uint16_t, value); break;
    case VT_I32:
    case VT_U32: STORE(uint32_t, value); break;
    case VT_I64:
    case VT_U64: STORE(uint64_t, value); break;
    case VT_I4:
    case VT_U1:
    case VT_U2:
    case VT_U3:
    case VT_U4:
    case VT_U6: set_bits(t, index, (unsigned)value); break;
    default: vt_set_f64(t, index, (double)value); break;
    }
}

double vt_get_f64(const struct vt_tensor *t, int64_t index)
{
    switch (t->type) {
    case VT_F64: {
        LOAD(double);
        return v;
    }
    case VT_F32: {
        LOAD(float);
        return (double)v;
    }
    case VT_F16: {
        LOAD(uint16_t);
        return (double)vt_f16_to_f32(v);
    }
    case VT_BF16: {
        LOAD(uint16_t);
        return (double)vt_bf16_to_f32(v);
    }
    case VT_F8E4M3: {
        LOAD(uint8_t);
        return (double)vt_f8e4m3_to_f32(v);
    }
    case VT_F8E5M2: {
        LOAD(uint8_t);
        return (double)vt_f8e5m2_to_f32(v);
    }
    case VT_F8E8M0: {
        LOAD(uint8_t);
        return (double)vt_f8e8m0_to_f32(v);
    }
    case VT_NF4: return (double)vt_nf4_to_f32((uint8_t)get_bits(t, index));
    case VT_F4E2M1: return (double)vt_f4e2m1_to_f32((uint8_t)get_bits(t, index));
    case VT_U64: {
        LOAD(uint64_t);
        return (double)v;
    }
    default: return vt_is_integral(t->type) ? (double)vt_get_i64(t, index) : 0.0;
    }
}

static int64_t saturate(double value, int bits, bool is_signed)
{
    double top = ldexp(1.0, is_signed ? bits - 1 : bits);
    double low = is_signed ? -top : 0.0;

    if (isnan(value)) {
        return 0;
    }
    if (value >= top) {
        return bits == 64 ? (is_signed ? INT64_MAX : -1) : (int64_t)top - 1; /* -1: all bits of u64 */
    }
    if (value <= low) {
        return (int64_t)low;
    }
    return is_signed ? (int64_t)value : (int64_t)(uint64_t)value;
}

void vt_set_f64(struct vt_tensor *t, int64_t index, double value)
{
    switch (t->type) {
    case VT_F64: STORE(double, value); break;
    case VT_F32: STORE(float, value); break;
    case VT_F16: STORE(uint16_t, vt_f32_to_f16((float)value)); break;
    case VT_BF16: STORE(uint16_t, vt_f32_to_bf16((float)value)); break;
    case VT_F8E4M3: STORE(uint8_t, vt_f32_to_f8e4m3((float)value)); break;
    case VT_F8E5M2: STORE(uint8_t, vt_f32_to_f8e5m2((float)value)); break;
    case VT_F8E8M0: STORE(uint8_t, vt_f32_to_f8e8m0((float)value)); break;
    case VT_NF4: set_bits(t, index, vt_f32_to_nf4((float)value)); break;
    case VT_F4E2M1: set_bits(t, index, vt_f32_to_f4e2m1((float)value)); break;
    case VT_BOOLEAN: STORE(uint8_t, value != 0.0); break;
    default:
        if (!vt_is_integral(t->type)) {
            break;
        }
        vt_set_i64(t, index, saturate(value, vt_type_info(t->type)->bits, vt_type_info(t->type)->is_signed));
        break;
    }
}

void vt_move_element(struct vt_tensor *dst, int64_t to, const struct vt_tensor *src, int64_t from)
{
    unsigned bits = vt_type_info(src->type)->bits;

    if (bits >= 8) {
        size_t size = bits / 8;

        memcpy((char *)dst->data + (size_t)to * size, (const char *)src->data + (size_t)from * size, size);
    } else if (bits) {
        set_bits(dst, to, get_bits(src, from));
    }
}

void vt_strides(const struct vt_tensor *t, int64_t *strides)
{
    int64_t step = 1;

    for (int i = t->rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= t->dims[i];
    }
}

int64_t vt_broadcast_offset(const struct vt_tensor *t, int rank, const int64_t *index)
{
    int64_t offset = 0;

    for (int i = 0; i < t->rank; i++) {
        int64_t at = index[rank - t->rank + i];

        offset = offset * t->dims[i] + (t->dims[i] == 1 ? 0 : at);
    }
    return offset;
}
