/* Products with weights of few bits, of one level (argument), against plain loops in double: all remainders
 * of panels, words and groups, tables, signed codes, scales and zero points of every type, guard pages on
 * both sides, epilogues. */
#include "compressed.h"

#include "support.h"

#define CANARY 12345.5f

static const struct cpu_gemm_compressed *kernel;
static struct guarded mem_x, mem_w, mem_scale, mem_zero, mem_y, mem_packed, mem_scratch;

struct shape {
    int64_t m, n, groups, group;
    int bits;
    bool by_rows, zeros, wide, linear, sign, narrow_zeros;
};

static float identity[256];

static void put_code(uint8_t *p, int64_t i, int bits, unsigned code)
{
    if (bits == 8) {
        p[i] = (uint8_t)code;
    } else {
        p[i / 2] = (uint8_t)(i % 2 ? (p[i / 2] & 15) | code << 4 : (p[i / 2] & 240) | code);
    }
}

static unsigned get_code(const uint8_t *p, int64_t i, int bits)
{
    return bits == 8 ? p[i] : p[i / 2] >> i % 2 * 4 & 15;
}

/* Halves that are exact: multiples of 1/64 below 1. */
static uint16_t small_half(float *value)
{
    int n = (int)(random_bits() % 63) + 1, exponent = 15 + 5 - 6 - 5;
    float f = (float)n / 64;

    *value = f;
    while (n < 1024) {
        n *= 2;
        exponent--;
    }
    return (uint16_t)((exponent + 10) << 10 | (n - 1024));
}

static void fill_form(const struct shape *s, struct cpu_compressed *form)
{
    int codes = 1 << s->bits;

    *form = (struct cpu_compressed){.n = s->n,
                                    .k = s->groups * s->group,
                                    .group = s->group,
                                    .bits = s->bits,
                                    .zeros = s->zeros,
                                    .wide = s->wide,
                                    .linear = s->linear,
                                    .zero = s->sign ? (float)(codes / 2) : 0};
    for (int i = 0; i < codes; i++) {
        form->table[i] = s->linear ? (float)i : random_float();
    }
}

static void fill_parameters(const struct shape *s, struct cpu_compressed_src *src, float *scales,
                            float *zeros)
{
    int64_t count = s->n * s->groups;
    size_t bytes = (size_t)count * (s->wide ? 4 : 2);
    char *scale = guarded_at(&mem_scale, bytes, 1), *zero;

    src->scale =
        (struct cpu_parameter){scale, s->wide ? CPU_PARAMETER_F32 : CPU_PARAMETER_F16, s->groups, 1, 1, NULL};
    for (int64_t i = 0; i < count; i++) {
        uint16_t half = small_half(&scales[i]);

        memcpy(scale + i * (s->wide ? 4 : 2), s->wide ? (void *)&scales[i] : (void *)&half, s->wide ? 4 : 2);
    }
    if (!s->zeros) {
        return;
    }
    zero = guarded_at(&mem_zero, s->narrow_zeros ? (size_t)(count + 1) / 2 : (size_t)count, 1);
    src->zero = (struct cpu_parameter){
        zero, s->narrow_zeros ? CPU_PARAMETER_4 : CPU_PARAMETER_8, s->groups, 1, 0, identity};
    for (int64_t i = 0; i < count; i++) {
        unsigned code = random_bits() & (s->bits == 4 || s->narrow_zeros ? 15 : 255);

        put_code((uint8_t *)zero, i, s->narrow_zeros ? 4 : 8, code);
        zeros[i] = (float)code;
    }
}

static void run_all(const struct cpu_compressed_args *args, bool backwards)
{
    int64_t n = kernel->tasks(args->form, args->m);
    size_t bytes = (kernel->scratch_bytes(args->form, args->m) + 63) / 64 * 64;
    void *scratch = guarded_at(&mem_scratch, bytes, 1);

    for (int64_t t = 0; t < n; t++) {
        kernel->run(args, backwards ? n - 1 - t : t, scratch);
    }
}

static void check(const struct shape *s, const struct cpu_compressed *form,
                  const struct cpu_compressed_src *src, const struct cpu_compressed_args *args,
                  const float *scales, const float *zeros)
{
    static const int64_t no_batch[CPU_BATCH_DIMS];
    static const struct cpu_epilogue nothing;
    const struct cpu_epilogue *post = args->post ? args->post : &nothing;
    double largest = 0;

    for (int64_t i = 0; i < s->m; i++) {
        for (int64_t j = 0; j < s->n; j++) {
            double sum = 0, size = 0, got = (double)args->y[i * args->ldy + j];

            for (int64_t k = 0; k < form->k; k++) {
                int64_t g = k / s->group;
                unsigned code =
                    get_code(src->data, j * src->n_stride + k * src->k_stride, s->bits) ^ src->flip;
                double zero = s->zeros ? (double)zeros[j * s->groups + g] : (double)form->zero;
                double x = (double)args->x[i * args->ldx + k], scale = (double)scales[j * s->groups + g];

                sum += x * ((double)form->table[code] - zero) * scale;
                size += fabs(x) * (fabs((double)form->table[code]) + fabs(zero)) * scale;
            }
            largest = fmax(largest, fabs(got));
            if (!close_to(got, slow_epilogue(post, sum, no_batch, i, j),
                          (double)(form->k + 8) * 0x1p-24 * (size + 1))) {
                fprintf(stderr, "m %ld n %ld groups %ld of %ld, %d bits: y[%ld,%ld] = %.9g, not %.9g\n",
                        (long)s->m, (long)s->n, (long)s->groups, (long)s->group, s->bits, (long)i, (long)j,
                        got, slow_epilogue(post, sum, no_batch, i, j));
                exit(1);
            }
        }
        for (int64_t j = s->n; j < args->ldy && i < s->m - 1; j++) {
            CHECK(args->y[i * args->ldy + j] == CANARY);
        }
    }
    CHECK(s->m == 0 || s->n == 0 || largest > 0);
}

static void check_column(const struct shape *s, const struct cpu_compressed *form,
                         const struct cpu_compressed_src *src, const float *scales, const float *zeros)
{
    float *column = guarded_at(&mem_y, (size_t)form->k * sizeof(float), 1);
    int64_t n = s->n - 1;

    cpu_compressed_column(column, form, src, n);
    for (int64_t k = 0; k < form->k; k++) {
        int64_t at = n * s->groups + k / s->group;
        unsigned code = get_code(src->data, n * src->n_stride + k * src->k_stride, s->bits) ^ src->flip;

        CHECK(column[k] == (form->table[code] - (s->zeros ? zeros[at] : form->zero)) * scales[at]);
    }
}

static void check_shape(const struct shape *s, const struct cpu_epilogue *post)
{
    struct cpu_compressed form;
    struct cpu_compressed_src src = {.flip = s->sign ? 1u << (s->bits - 1) : 0};
    int64_t k = s->groups * s->group, ldx = k + 3, ldy = s->n + 5;
    size_t bytes = (size_t)((s->n * k * s->bits + 7) / 8);
    float *scales = malloc((size_t)(s->n * s->groups) * sizeof(float)), *first;
    float *zeros = malloc((size_t)(s->n * s->groups) * sizeof(float));
    uint8_t *w = guarded_at(&mem_w, bytes, 1);
    float *x = guarded_at(&mem_x, (size_t)((s->m - 1) * ldx + k) * sizeof(float), 1);
    size_t y_bytes = (size_t)((s->m - 1) * ldy + s->n) * sizeof(float);
    float *y = guarded_at(&mem_y, y_bytes, 1);
    char *packed;

    CHECK(scales && zeros);
    fill_form(s, &form);
    for (size_t i = 0; i < bytes; i++) {
        w[i] = (uint8_t)random_bits();
    }
    src.data = w;
    src.n_stride = s->by_rows ? 1 : k;
    src.k_stride = s->by_rows ? s->n : 1;
    fill_parameters(s, &src, scales, zeros);
    packed = guarded_at(&mem_packed, (cpu_compressed_bytes(&form) + 63) / 64 * 64, 1);
    for (int64_t p = cpu_compressed_panels(&form) - 1; p >= 0; p--) {
        cpu_compressed_pack(packed, &form, &src, p, p + 1);
    }
    check_column(s, &form, &src, scales, zeros);
    for (int64_t i = 0; i < s->m; i++) {
        for (int64_t j = 0; j < (i < s->m - 1 ? ldx : k); j++) {
            x[i * ldx + j] = j < k ? random_float() : NAN;
        }
        for (int64_t j = 0; j < (i < s->m - 1 ? ldy : s->n); j++) {
            y[i * ldy + j] = CANARY;
        }
    }
    struct cpu_compressed_args args = {&form, s->m, x, packed, y, ldx, ldy, post};
    run_all(&args, false);
    check(s, &form, &src, &args, scales, zeros);
    first = malloc(y_bytes);
    CHECK(first);
    memcpy(first, y, y_bytes);
    run_all(&args, true);
    CHECK(memcmp(first, y, y_bytes) == 0);
    free(first);
    free(scales);
    free(zeros);
}

static void check_remainders(void)
{
    static const int64_t rows[] = {1, 2, 3, 4, 5, 17}, columns[] = {1, 7, 8, 15, 16, 17, 32, 33, 63, 65, 130};
    static const int64_t groups[][2] = {{1, 1}, {3, 5}, {2, 8}, {5, 16}, {3, 32}, {1, 77}, {2, 128}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        for (size_t j = 0; j < sizeof(columns) / sizeof(*columns); j++) {
            for (size_t g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
                for (unsigned form = 0; form < 4; form++) {
                    unsigned bits = random_bits();
                    struct shape s = {rows[i],          columns[j], groups[g][0], groups[g][1],
                                      form & 1 ? 8 : 4, bits & 1,   bits & 2,     bits & 4,
                                      form & 2,         bits & 8,   bits & 16};

                    s.sign = s.sign && s.linear && !s.zeros;
                    check_shape(&s, NULL);
                }
            }
        }
    }
}

/* k above a block of the f32 tile, in groups and in one. */
static void check_deep(void)
{
    static const struct shape deep[] = {
        {5, 33, 50, 32, 4, false, true, false, true, false, true},
        {1, 33, 50, 32, 4, false, true, false, true, false, true},
        {6, 18, 1, 2500, 8, true, false, true, true, true, false},
        {20, 40, 1, 2500, 4, false, false, false, false, false, false},
        {7, 20, 3, 1100, 4, false, true, true, true, false, false},
    };

    for (size_t i = 0; i < sizeof(deep) / sizeof(*deep); i++) {
        check_shape(&deep[i], NULL);
    }
}

static void check_epilogue(void)
{
    static float bias[200];
    struct cpu_epilogue post = {.bias = bias, .step_count = 2};

    post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_RELU};
    post.steps[1] = (struct cpu_epilogue_step){.kind = VT_POST_MUL, .src = bias, .col_stride = 1};
    for (int i = 0; i < 200; i++) {
        bias[i] = random_float();
    }
    for (int64_t m = 1; m < 8; m++) {
        struct shape s = {m, 150, 4, 32, 4, false, true, false, true, false, true};

        check_shape(&s, &post);
    }
}

int main(int argc, char **argv)
{
    enum cpu_isa isa = isa_of_arguments(argc, argv);

    kernel = cpu_kernel_exact("gemm_compressed", isa);
    if (!kernel) {
        return EXIT_SKIP;
    }
    for (int i = 0; i < 256; i++) {
        identity[i] = (float)i;
    }
    mem_x = guarded_create(1 << 20);
    mem_w = guarded_create(1 << 20);
    mem_scale = guarded_create(1 << 20);
    mem_zero = guarded_create(1 << 20);
    mem_y = guarded_create(1 << 20);
    mem_packed = guarded_create(1 << 20);
    mem_scratch = guarded_create(4 << 20);
    check_remainders();
    check_deep();
    check_epilogue();
    return 0;
}
