/* Colour conversion: what U and V add is spread over the pixels of two rows once, in scratch. */
#include "color.h"
#include "simd.h"

/* Rows in scratch: what U and V add to each pixel. */
struct products {
    float *restrict red, *restrict green_u, *restrict green_v, *restrict blue;
};

static struct products split_scratch(void *scratch, int64_t width)
{
    float *s = scratch;

    return (struct products){s, s + width, s + 2 * width, s + 3 * width};
}

#define PUT_U8(x)  ((uint8_t)rint_even(x))
#define PUT_F32(x) (x)

/* Half to even for 0..255: above 2^23 floats are whole numbers. */
SIMD_INLINE int32_t rint_even(float x)
{
    return (int32_t)((x + 0x1.8p23f) - 0x1.8p23f);
}

SIMD_INLINE float limited(float x)
{
    x = x < 0 ? 0 : x;
    return x > 255 ? 255 : x;
}

#define COLOR(suffix, type, put)                                                                             \
    static void chroma_##suffix(const struct products *s, const type *u, const type *v, int64_t pairs,       \
                                int64_t step)                                                                \
    {                                                                                                        \
        for (int64_t i = 0; i < pairs; i++) {                                                                \
            float du = (float)u[i * step] - 128, dv = (float)v[i * step] - 128;                              \
                                                                                                             \
            s->red[2 * i] = s->red[2 * i + 1] = 1.596f * dv;                                                 \
            s->green_u[2 * i] = s->green_u[2 * i + 1] = 0.391f * du;                                         \
            s->green_v[2 * i] = s->green_v[2 * i + 1] = 0.813f * dv;                                         \
            s->blue[2 * i] = s->blue[2 * i + 1] = 2.018f * du;                                               \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    static void row_##suffix(const struct products *s, const type *restrict y, type *restrict dst,           \
                             int64_t width, bool blue_first)                                                 \
    {                                                                                                        \
        const float *restrict first = blue_first ? s->blue : s->red;                                         \
        const float *restrict third = blue_first ? s->red : s->blue;                                         \
                                                                                                             \
        for (int64_t x = 0; x < width; x++) {                                                                \
            float luma = 1.164f * ((float)y[x] - 16);                                                        \
                                                                                                             \
            dst[3 * x] = put(limited(luma + first[x]));                                                      \
            dst[3 * x + 1] = put(limited(luma - s->green_u[x] - s->green_v[x]));                             \
            dst[3 * x + 2] = put(limited(luma + third[x]));                                                  \
        }                                                                                                    \
    }                                                                                                        \
                                                                                                             \
    static void color_##suffix(const struct cpu_color *p, const type *y, const type *u, const type *v,       \
                               type *dst, void *scratch, int64_t begin, int64_t end)                         \
    {                                                                                                        \
        struct products s = split_scratch(scratch, p->width);                                                \
        int64_t pairs = p->height / 2, chroma = p->width / 2 * p->chroma_step;                               \
                                                                                                             \
        for (int64_t i = begin; i < end; i++) {                                                              \
            int64_t picture = i / pairs, row = i % pairs;                                                    \
            const type *from = y + picture * p->y_picture + 2 * row * p->width;                              \
            type *to = dst + 2 * i * p->width * 3;                                                           \
                                                                                                             \
            chroma_##suffix(&s, u + picture * p->u_picture + row * chroma,                                   \
                            v + picture * p->v_picture + row * chroma, p->width / 2, p->chroma_step);        \
            row_##suffix(&s, from, to, p->width, p->blue_first);                                             \
            row_##suffix(&s, from + p->width, to + 3 * p->width, p->width, p->blue_first);                   \
        }                                                                                                    \
    }

COLOR(u8, uint8_t, PUT_U8)
COLOR(f32, float, PUT_F32)

const struct cpu_color_rgb CPU_NAME(color_rgb) = {
    .name = "color_rgb",
    .isa = CPU_ISA_ID,
    .u8 = color_u8,
    .f32 = color_f32,
};
