/* Packing of weights of few bits: the same for every level. */
#include "compressed.h"

#include "simd.h"

#define PANEL CPU_COMPRESSED_PANEL

int64_t cpu_compressed_panels(const struct cpu_compressed *form)
{
    return (form->n + PANEL - 1) / PANEL;
}

static size_t panel_bytes(const struct cpu_compressed *form)
{
    return (size_t)(form->k / form->group) * cpu_compressed_group(form);
}

size_t cpu_compressed_bytes(const struct cpu_compressed *form)
{
    return (size_t)cpu_compressed_panels(form) * panel_bytes(form);
}

static unsigned code_at(const void *data, int64_t index, int bits)
{
    const uint8_t *p = data;

    return bits == 8 ? p[index] : p[index / 2] >> index % 2 * 4 & 15;
}

static float parameter_at(const struct cpu_parameter *p, int64_t n, int64_t g)
{
    int64_t index = n * p->n_stride + g * p->g_stride;
    uint16_t half;
    float value;

    if (!p->data) {
        return p->none;
    }
    switch (p->type) {
    case CPU_PARAMETER_F32: memcpy(&value, (const char *)p->data + index * 4, 4); return value;
    case CPU_PARAMETER_F16: memcpy(&half, (const char *)p->data + index * 2, 2); return simd_f16_to_f32(half);
    case CPU_PARAMETER_BF16:
        memcpy(&half, (const char *)p->data + index * 2, 2);
        return simd_bf16_to_f32(half);
    case CPU_PARAMETER_4: return p->table[code_at(p->data, index, 4)];
    default: return p->table[code_at(p->data, index, 8)];
    }
}

static float scale_at(const struct cpu_compressed_src *src, int64_t n, int64_t g)
{
    float scale = parameter_at(&src->scale, n, g);

    return src->columns ? scale * src->columns[n] : scale;
}

static void put(char *dst, bool wide, int64_t lane, float value)
{
    uint16_t half;

    if (wide) {
        memcpy(dst + lane * 4, &value, 4);
    } else {
        half = simd_f32_to_f16(value);
        memcpy(dst + lane * 2, &half, 2);
    }
}

/* The words of one column and group. */
static void pack_words(char *dst, const struct cpu_compressed *form, const struct cpu_compressed_src *src,
                       int64_t n, int64_t k0)
{
    int64_t at = n * src->n_stride + k0 * src->k_stride, per = 32 / form->bits;
    uint32_t flip = src->flip * (form->bits == 8 ? 0x01010101u : 0x11111111u);
    bool run = src->k_stride == 1 && at * form->bits % 8 == 0;

    for (int64_t k = 0; k < form->group; k += per) {
        uint32_t word = 0;

        if (run && k + per <= form->group) {
            memcpy(&word, (const char *)src->data + (at + k) * form->bits / 8, 4);
            word ^= flip;
        } else {
            for (int64_t i = 0; i < per && k + i < form->group; i++) {
                unsigned code = code_at(src->data, at + (k + i) * src->k_stride, form->bits) ^ src->flip;

                word |= (uint32_t)code << i * form->bits;
            }
        }
        memcpy(dst + k / per * PANEL * 4, &word, 4);
    }
}

static void pack_group(char *dst, const struct cpu_compressed *form, const struct cpu_compressed_src *src,
                       int64_t n0, int64_t g)
{
    char *scales = dst + cpu_compressed_words(form), *zeros = scales + PANEL * (form->wide ? 4 : 2);

    for (int64_t lane = 0; lane < PANEL; lane++) {
        int64_t n = n0 + lane;

        if (n >= form->n) {
            for (size_t word = 0; word < cpu_compressed_words(form) / 4 / PANEL; word++) {
                memset(dst + (word * PANEL + (size_t)lane) * 4, 0, 4);
            }
        } else {
            pack_words(dst + lane * 4, form, src, n, g * form->group);
        }
        put(scales, form->wide, lane, n < form->n ? scale_at(src, n, g) : 0);
        if (form->zeros) {
            put(zeros, form->wide, lane, n < form->n ? parameter_at(&src->zero, n, g) : 0);
        }
    }
}

void cpu_compressed_pack(void *dst, const struct cpu_compressed *form, const struct cpu_compressed_src *src,
                         int64_t first, int64_t last)
{
    for (int64_t p = first; p < last; p++) {
        char *panel = (char *)dst + (size_t)p * panel_bytes(form);

        for (int64_t g = 0; g < form->k / form->group; g++) {
            pack_group(panel + (size_t)g * cpu_compressed_group(form), form, src, p * PANEL, g);
        }
    }
}

void cpu_compressed_column(float *dst, const struct cpu_compressed *form,
                           const struct cpu_compressed_src *src, int64_t n)
{
    for (int64_t g = 0; g < form->k / form->group; g++) {
        float scale = scale_at(src, n, g), zero = form->zeros ? parameter_at(&src->zero, n, g) : form->zero;
        int64_t at = n * src->n_stride + g * form->group * src->k_stride;

        for (int64_t i = 0; i < form->group; i++) {
            unsigned code = code_at(src->data, at + i * src->k_stride, form->bits) ^ src->flip;

            dst[g * form->group + i] = (form->table[code] - zero) * scale;
        }
    }
}
