/* Fourier transforms of one level (argument), against sums in double; lines end at faulting pages. */
#include "fft.h"

#include "light.h"

static const struct cpu_fft *kernel;

/* dst = transform of n complex doubles by the definition. */
static void slow(const double *src, double *dst, int64_t n, bool inverse)
{
    for (int64_t k = 0; k < n; k++) {
        double re = 0, im = 0;

        for (int64_t j = 0; j < n; j++) {
            double angle = (inverse ? 2 : -2) * M_PI * (double)(j * k % n) / (double)n, c = cos(angle),
                   s = sin(angle);

            re += src[2 * j] * c - src[2 * j + 1] * s;
            im += src[2 * j] * s + src[2 * j + 1] * c;
        }
        dst[2 * k] = re;
        dst[2 * k + 1] = im;
    }
}

static const struct cpu_fft_plan *plan_of(int64_t n, bool real, void **memory)
{
    size_t bytes = cpu_fft_plan_bytes(n, real);

    CHECK(bytes && posix_memalign(memory, 64, bytes) == 0);
    memset(*memory, 0, bytes);
    return cpu_fft_plan_init(*memory, n, real);
}

/* Complex lines, contiguous (form 0), side by side (1) or anywhere (2). */
static void check_complex(int64_t n, int lines, int form, bool inverse, int at_end)
{
    void *memory = NULL;
    const struct cpu_fft_plan *plan = plan_of(n, false, &memory);
    int64_t offsets[CPU_FFT_LANES], floats = lines * n * 2;
    float *src = light_buffer(0, floats, sizeof(float), at_end),
          *dst = light_buffer(1, floats, sizeof(float), at_end);
    float *scratch = light_buffer(2, cpu_fft_scratch(plan, kernel->lanes), sizeof(float), 0);
    double *line = malloc((size_t)n * 4 * sizeof(*line)), *want = line + 2 * n;
    struct cpu_fft_side side = {form == 1 ? lines * 2 : 2, 1, n, n, form == 1 ? 2 : 0, offsets, lines};

    side.step = form == 2 ? 2 * lines : side.step;
    for (int l = 0; l < lines; l++) {
        offsets[l] = form ? 2 * l : 2 * l * n;
    }
    for (int64_t i = 0; i < floats; i++) {
        src[i] = random_float();
        dst[i] = NAN;
    }
    kernel->load(src, &side, n, inverse, scratch);
    kernel->store(kernel->run(plan, scratch), &side, n, inverse, 0.5f, dst);
    for (int l = 0; l < lines; l++) {
        for (int64_t j = 0; j < n; j++) {
            line[2 * j] = (double)src[offsets[l] + j * side.step];
            line[2 * j + 1] = (double)src[offsets[l] + j * side.step + 1];
        }
        slow(line, want, n, inverse);
        for (int64_t j = 0; j < n; j++) {
            for (int i = 0; i < 2; i++) {
                double have = 2 * (double)dst[offsets[l] + j * side.step + i];

                CHECK(fabs(have - want[2 * j + i]) <= 3e-6 * sqrt((double)n));
            }
        }
    }
    free(line);
    free(memory);
}

/* Real lines of an even length: there and back. */
static void check_real(int64_t n, int64_t there, int lines, bool adjacent, int at_end)
{
    void *memory = NULL;
    const struct cpu_fft_plan *plan = plan_of(n / 2, true, &memory);
    int64_t offsets[CPU_FFT_LANES], floats = lines * there, half = n / 2, step = adjacent ? lines : 1;
    float *src = light_buffer(0, floats, sizeof(float), at_end);
    float *back = light_buffer(1, lines * n, sizeof(float), at_end), *result, *other;
    float *scratch = light_buffer(2, cpu_fft_scratch(plan, kernel->lanes), sizeof(float), 0);
    float *second = scratch + (half + 1) * 2 * kernel->lanes;
    double *line = malloc((size_t)n * 4 * sizeof(*line)), *want = line + 2 * n;
    struct cpu_fft_side side = {2 * step, step, (there + 1) / 2, there / 2, adjacent, offsets, lines};

    for (int64_t i = 0; i < floats; i++) {
        src[i] = random_float();
    }
    for (int l = 0; l < lines; l++) {
        offsets[l] = adjacent ? l : l * there;
    }
    kernel->load(src, &side, half, false, scratch);
    result = kernel->run(plan, scratch);
    other = result == scratch ? second : scratch;
    kernel->unpack(plan, result, other);
    for (int l = 0; l < lines; l++) {
        for (int64_t j = 0; j < n; j++) {
            line[2 * j] = j < there ? (double)src[offsets[l] + j * step] : 0;
            line[2 * j + 1] = 0;
        }
        slow(line, want, n, false);
        for (int64_t k = 0; k <= half; k++) {
            const float *p = other + k * 2 * kernel->lanes + l;

            CHECK(fabs((double)p[0] - want[2 * k]) <= 3e-6 * sqrt((double)n));
            CHECK(fabs((double)p[kernel->lanes] - want[2 * k + 1]) <= 3e-6 * sqrt((double)n));
        }
    }
    result = other == scratch ? second : scratch;
    kernel->pack(plan, other, result);
    if (result != scratch) {
        memcpy(scratch, result, (size_t)(half * 2 * kernel->lanes) * sizeof(float));
    }
    for (int l = 0; l < lines; l++) {
        offsets[l] = adjacent ? l : l * n;
    }
    side.re_count = side.im_count = half;
    kernel->store(kernel->run(plan, scratch), &side, half, true, 1 / (float)n, back);
    for (int l = 0; l < lines; l++) {
        for (int64_t j = 0; j < n; j++) {
            float x = j < there ? src[adjacent ? j * lines + l : l * there + j] : 0;

            CHECK(fabsf(back[offsets[l] + j * step] - x) <= 2e-6f);
        }
    }
    free(line);
    free(memory);
}

/* One line whose own elements fill the vectors, of which some may be missing; and back. */
static void check_inside(int64_t n, enum cpu_fft_form form, int64_t there, bool inverse, int at_end)
{
    bool real = form == CPU_FFT_REAL_IN;
    int64_t signal = real ? 2 * n : n, bins = real ? n + 1 : n, floats = real ? there : 2 * there;
    size_t bytes = cpu_fft_inside_bytes(n, real, kernel->lanes);
    float *src = light_buffer(0, floats, sizeof(float), at_end),
          *dst = light_buffer(1, 2 * bins, sizeof(float), at_end);
    float *scratch = light_buffer(2, cpu_fft_inside_scratch(n, kernel->lanes), sizeof(float), 0);
    float *back = light_buffer(3, 2 * n, sizeof(float), at_end);
    double *line = calloc((size_t)signal * 4, sizeof(*line)), *want = line + 2 * signal;
    const struct cpu_fft_inside *plan;
    void *memory = NULL;

    CHECK(bytes && posix_memalign(&memory, 64, bytes) == 0);
    memset(memory, 0, bytes);
    plan = cpu_fft_inside_init(memory, n, real, kernel->lanes);
    for (int64_t i = 0; i < floats; i++) {
        src[i] = random_float();
    }
    for (int64_t j = 0; j < signal; j++) {
        line[2 * j] = j < there ? (double)src[real ? j : 2 * j] : 0;
        line[2 * j + 1] = j < there && !real ? (double)src[2 * j + 1] : 0;
    }
    slow(line, want, signal, inverse);
    kernel->inside(plan, form, inverse, src, floats, 0.5f, dst, scratch);
    for (int64_t i = 0; i < 2 * bins; i++) {
        CHECK(fabs(2 * (double)dst[i] - want[i]) <= 3e-6 * sqrt((double)signal));
    }
    kernel->inside(plan, real ? CPU_FFT_REAL_OUT : form, !real && !inverse, dst, 2 * bins, 2 / (float)signal,
                   back, scratch);
    for (int64_t i = 0; i < 2 * n; i++) {
        CHECK(fabsf(back[i] - (i < floats ? src[i] : 0)) <= 2e-6f);
    }
    free(line);
    free(memory);
}

int main(int argc, char **argv)
{
    static const int64_t lengths[] = {1,  2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  13,
                                      14, 15,  16,  24,  30,  31,  32,  45,  49,  61,  64,  67,
                                      70, 127, 128, 134, 169, 256, 343, 500, 512, 625, 730, 1024};
    enum cpu_isa isa = isa_of_arguments(argc, argv);

    kernel = cpu_kernel_exact("fft", isa);
    CHECK(kernel != NULL);
    for (int i = 0; i < (int)(sizeof(lengths) / sizeof(*lengths)); i++) {
        for (int form = 0; form < 3; form++) {
            int lines = form % 2 ? kernel->lanes : (int)random_in(1, kernel->lanes + 1);

            check_complex(lengths[i], lines, form, i & 1, form == 0 || i % 2);
            check_real(2 * lengths[i], 2 * lengths[i] - (form == 2), lines, form == 1, i % 2);
        }
    }
    CHECK(cpu_fft_inside_bytes(67 * 16, false, 16) == 0 && cpu_fft_inside_bytes(24, false, 16) == 0);
    for (int64_t m = 1; kernel->inside && m <= 70; m += m < 20 ? 1 : 7) {
        int64_t n = m * kernel->lanes;

        check_inside(n, CPU_FFT_COMPLEX, n, m & 1, 1);
        check_inside(n, CPU_FFT_COMPLEX, random_in(1, n), m & 2, m & 1);
        check_inside(n, CPU_FFT_REAL_IN, 2 * n, false, 1);
        check_inside(n, CPU_FFT_REAL_IN, random_in(1, 2 * n), false, m & 1);
    }
    return 0;
}
