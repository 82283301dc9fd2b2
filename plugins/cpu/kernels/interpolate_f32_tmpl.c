/* Interpolation: the rows that an output row needs are combined first, then the pixels along it. */
#include "interpolate.h"
#include "simd.h"

#define L SIMD_LANES

/* dst = [dst +] w * src */
SIMD_INLINE void accumulate(float *dst, const float *src, float weight, int64_t n, bool first)
{
    vf w = vf_set1(weight);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf x = vf_load(src + i);

        vf_store(dst + i, first ? vf_mul(x, w) : vf_fma(x, w, vf_load(dst + i)));
    }
    if (i < n) {
        int rest = (int)(n - i);
        vf x = vf_load_n(src + i, rest);

        vf_store_n(dst + i, first ? vf_mul(x, w) : vf_fma(x, w, vf_load_n(dst + i, rest)), rest);
    }
}

/* The input rows (d, h) of one image weighted for one output row; a row that is taken as it is needs no copy.
 */
static const float *combine_rows(const struct cpu_interp *p, const float *image, float *scratch, int64_t od,
                                 int64_t oh)
{
    const struct cpu_interp_axis *ad = &p->axis[0], *ah = &p->axis[1];
    int64_t n = p->axis[2].in * p->channels;
    bool first = true;

    for (int64_t i = 0; i < ad->taps; i++) {
        for (int64_t j = 0; j < ah->taps; j++) {
            float w = ad->weight[od * ad->taps + i] * ah->weight[oh * ah->taps + j];
            const float *row =
                image + ((int64_t)ad->index[od * ad->taps + i] * ah->in + ah->index[oh * ah->taps + j]) * n;

            if (w == 1 && ad->taps * ah->taps == 1) {
                return row;
            }
            if (w != 0) {
                accumulate(scratch, row, w, n, first);
                first = false;
            }
        }
    }
    if (first) {
        memset(scratch, 0, (size_t)n * sizeof(float));
    }
    return scratch;
}

/* One pixel of many channels. */
SIMD_INLINE void pixel(const float *row, float *dst, const int32_t *index, const float *weight, int64_t taps,
                       int64_t c)
{
    for (int64_t i = 0; i < c; i += L) {
        vm m = vm_first(c - i < L ? (int)(c - i) : L);
        vf acc = vf_mul(vf_load_m(row + index[0] * c + i, m), vf_set1(weight[0]));

        for (int64_t t = 1; t < taps; t++) {
            acc = vf_fma(vf_load_m(row + index[t] * c + i, m), vf_set1(weight[t]), acc);
        }
        vf_store_m(dst + i, acc, m);
    }
}

SIMD_INLINE float plane_value(const float *row, const int32_t *index, const float *weight, int64_t taps)
{
    float acc = row[index[0]] * weight[0];

    for (int64_t t = 1; t < taps; t++) {
        acc += row[index[t]] * weight[t];
    }
    return acc;
}

/* Pixels of three channels are too short for vectors. */
SIMD_INLINE void three_channels(const float *row, float *dst, const int32_t *index, const float *weight)
{
    const float *x = row + 3 * (int64_t)index[0], *y = row + 3 * (int64_t)index[1];

    for (int c = 0; c < 3; c++) {
        dst[c] = x[c] * weight[0] + y[c] * weight[1];
    }
}

static void combine_pixels(const struct cpu_interp *p, const float *row, float *dst)
{
    const struct cpu_interp_axis *a = &p->axis[2];

    if (p->channels == 3 && a->taps == 2) {
        for (int64_t x = 0; x < a->out; x++) {
            three_channels(row, dst + x * 3, a->index + x * 2, a->weight + x * 2);
        }
    } else if (p->channels > 1) {
        for (int64_t x = 0; x < a->out; x++) {
            pixel(row, dst + x * p->channels, a->index + x * a->taps, a->weight + x * a->taps, a->taps,
                  p->channels);
        }
    } else if (a->taps == 2) {
        for (int64_t x = 0; x < a->out; x++) {
            dst[x] = plane_value(row, a->index + x * 2, a->weight + x * 2, 2);
        }
    } else if (a->taps == 4) {
        for (int64_t x = 0; x < a->out; x++) {
            dst[x] = plane_value(row, a->index + x * 4, a->weight + x * 4, 4);
        }
    } else {
        for (int64_t x = 0; x < a->out; x++) {
            dst[x] = plane_value(row, a->index + x * a->taps, a->weight + x * a->taps, a->taps);
        }
    }
}

static void interpolate(const struct cpu_interp *p, const float *src, float *dst, void *scratch,
                        int64_t begin, int64_t end)
{
    int64_t image = p->axis[0].in * p->axis[1].in * p->axis[2].in * p->channels;
    int64_t oh = p->axis[1].out, od = p->axis[0].out;

    for (int64_t u = begin; u < end; u++) {
        const float *row = combine_rows(p, src + u / (od * oh) * image, scratch, u / oh % od, u % oh);

        combine_pixels(p, row, dst + u * p->axis[2].out * p->channels);
    }
}

const struct cpu_interpolate_f32 CPU_NAME(interpolate_f32) = {
    .name = "interpolate_f32",
    .isa = CPU_ISA_ID,
    .run = interpolate,
};
