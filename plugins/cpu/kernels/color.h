/* Pictures of one brightness a pixel and one pair of colour differences for 2x2 pixels, to interleaved red,
 * green and blue: ITU-R BT.601, limited range, with the coefficients of OpenVINO's NV12toRGB and I420toRGB.
 *
 *     R = 1.164 (Y - 16) + 1.596 (V - 128)
 *     G = 1.164 (Y - 16) - 0.391 (U - 128) - 0.813 (V - 128)
 *     B = 1.164 (Y - 16) + 2.018 (U - 128), each limited to 0..255; bytes round half to even
 *
 * Products and sums are rounded to f32 one by one, so all levels give the same bits. */
#ifndef CPU_COLOR_H
#define CPU_COLOR_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

/* Distances count elements. `picture` are those from one picture of the batch to the next. */
struct cpu_color {
    int64_t width, height; /* even */
    int64_t chroma_step;   /* from one U to the next: 2 where U and V take turns */
    int64_t y_picture, u_picture, v_picture;
    bool blue_first;
};

/* The bytes of scratch that a thread needs. */
static inline int64_t cpu_color_scratch(const struct cpu_color *p)
{
    return 4 * p->width * (int64_t)sizeof(float);
}

/* Unit: two rows of a picture, height / 2 of them each. Sources and dst are of one type and do not overlap.
 */
typedef void cpu_color_u8_fn(const struct cpu_color *p, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                             uint8_t *dst, void *scratch, int64_t begin, int64_t end);
typedef void cpu_color_f32_fn(const struct cpu_color *p, const float *y, const float *u, const float *v,
                              float *dst, void *scratch, int64_t begin, int64_t end);

struct cpu_color_rgb {
    const char *name;
    enum cpu_isa isa;
    cpu_color_u8_fn *u8;
    cpu_color_f32_fn *f32;
};

CPU_KERNEL_GETTER(color_rgb, color_rgb)

#endif
