/* Convolutions of one level (argument) against plain loops in double: dense, grouped, transposed and
 * depthwise, over kernels, strides, dilations, pads, pixel strides, layouts, epilogues; inputs and outputs
 * end at guard pages. */
#include "conv.h"

#include "support.h"

#define CANARY 12345.5f

static const struct cpu_conv_f32 *conv;
static const struct cpu_dwconv_f32 *depthwise;
static const struct cpu_winograd_f32 *winograd;
static double winograd_error; /* the worst seen */
static struct guarded mem_x, mem_y, mem_w, mem_packed, mem_scratch;

enum form { DENSE, TRANSPOSED, DEPTHWISE, WINOGRAD };

static int64_t product(const int64_t v[3])
{
    return v[0] * v[1] * v[2];
}

static float x_at(const struct cpu_conv_shape *s, const float *x, int64_t image, int64_t c,
                  const int64_t at[3])
{
    int64_t pixel = (at[0] * s->in[1] + at[1]) * s->in[2] + at[2], pixels = product(s->in);

    return s->x_planar ? x[(image * s->ic + c) * pixels + pixel]
                       : x[(image * pixels + pixel) * s->x_pixel + c];
}

/* The input index that tap t of output o reads; false where there is none. */
static bool input_of(const struct cpu_conv_shape *s, enum form form, const int64_t o[3], const int64_t t[3],
                     int64_t at[3])
{
    for (int i = 0; i < 3; i++) {
        if (form == TRANSPOSED) {
            at[i] = o[i] + s->pad[i] - t[i] * s->dilation[i];
            if (at[i] < 0 || at[i] % s->stride[i]) {
                return false;
            }
            at[i] /= s->stride[i];
        } else {
            at[i] = o[i] * s->stride[i] - s->pad[i] + t[i] * s->dilation[i];
        }
        if (at[i] < 0 || at[i] >= s->in[i]) {
            return false;
        }
    }
    return true;
}

static double slow_sum(const struct cpu_conv_shape *s, enum form form, const float *x, const float *w,
                       int64_t image, int64_t channel, const int64_t o[3], double *size)
{
    int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups, group = channel / ocg,
            taps = product(s->kernel);
    double sum = 0;

    for (int64_t tap = 0; tap < taps; tap++) {
        int64_t t[3] = {tap / s->kernel[2] / s->kernel[1], tap / s->kernel[2] % s->kernel[1],
                        tap % s->kernel[2]};
        int64_t at[3];

        if (!input_of(s, form, o, t, at)) {
            continue;
        }
        for (int64_t c = 0; c < icg; c++) {
            int64_t index = form == TRANSPOSED ? ((group * icg + c) * ocg + channel % ocg) * taps + tap
                                               : (channel * icg + c) * taps + tap;
            double term = (double)x_at(s, x, image, group * icg + c, at) * (double)w[index];

            sum += term;
            *size += fabs(term);
        }
    }
    return sum;
}

static void check_result(const struct cpu_conv_shape *s, enum form form, const struct cpu_conv_args *args,
                         const float *w)
{
    int64_t pixels = product(s->out), terms = s->ic / s->groups * product(s->kernel);
    double largest = 0, range = 0, worst = 0;

    for (int64_t i = 0; i < s->batch * pixels; i++) {
        int64_t pixel = i % pixels, batch[CPU_BATCH_DIMS] = {i / pixels};
        int64_t o[3] = {pixel / s->out[2] / s->out[1], pixel / s->out[2] % s->out[1], pixel % s->out[2]};

        for (int64_t c = 0; c < s->oc; c++) {
            double size = 0, sum = slow_sum(s, form, args->x, w, batch[0], c, o, &size);
            double want = slow_epilogue(args->post, sum, batch, pixel, c),
                   got = (double)args->y[i * s->y_pixel + c];

            largest = fmax(largest, fabs(got));
            range = fmax(range, fabs(sum));
            worst = fmax(worst, fabs(got - want));
            if (form == WINOGRAD ? isnan(got)
                                 : !close_to(got, want, 2 * (double)(terms + 4) * 0x1p-24 * (size + 2))) {
                fprintf(stderr,
                        "form %d in %ld,%ld,%ld x %ld out %ld,%ld,%ld x %ld kernel %ld,%ld,%ld stride "
                        "%ld,%ld dilation "
                        "%ld,%ld pad %ld,%ld groups %ld planar %d: y[%ld, %ld] = %.9g, not %.9g\n",
                        form, (long)s->in[0], (long)s->in[1], (long)s->in[2], (long)s->ic, (long)s->out[0],
                        (long)s->out[1], (long)s->out[2], (long)s->oc, (long)s->kernel[0], (long)s->kernel[1],
                        (long)s->kernel[2], (long)s->stride[1], (long)s->stride[2], (long)s->dilation[1],
                        (long)s->dilation[2], (long)s->pad[1], (long)s->pad[2], (long)s->groups, s->x_planar,
                        (long)i, (long)c, got, want);
                exit(1);
            }
        }
        for (int64_t c = s->oc; c < s->y_pixel && i < s->batch * pixels - 1; c++) {
            CHECK(args->y[i * s->y_pixel + c] == CANARY);
        }
    }
    CHECK(largest > 0 || s->oc * s->batch * pixels < 16); /* relu may well clear a few */
    if (form == WINOGRAD) {
        CHECK(worst <= 1e-5 * range);
        winograd_error = fmax(winograd_error, worst / range);
    }
}

static void run_form(const struct cpu_conv_shape *s, enum form form, const struct cpu_conv_args *args)
{
    size_t bytes = form == DENSE        ? conv->scratch_bytes(s)
                   : form == TRANSPOSED ? conv->transposed_scratch_bytes(s)
                   : form == DEPTHWISE  ? depthwise->scratch_bytes(s)
                                        : winograd->scratch_bytes(s);
    int64_t tasks = form == DENSE        ? conv->tasks(s)
                    : form == TRANSPOSED ? conv->transposed_tasks(s)
                    : form == DEPTHWISE  ? depthwise->tasks(s)
                                         : winograd->tasks(s);
    void *scratch = guarded_at(&mem_scratch, (bytes + 63) / 64 * 64, 1);

    CHECK(tasks > 0);
    memset(scratch, 0xff, bytes); /* NaN: nothing may count on what was there */
    for (int64_t t = tasks - 1; t >= 0; t--) {
        switch (form) {
        case DENSE: conv->run(s, args, t, scratch); break;
        case TRANSPOSED: conv->transposed_run(s, args, t, scratch); break;
        case DEPTHWISE: depthwise->run(s, args, t, scratch); break;
        default: winograd->run(s, args, t, scratch); break;
        }
    }
}

/* Panels in an order of no rule, as threads may take them. */
static void pack_in_parts(float *dst, const struct cpu_conv_shape *s, const struct cpu_conv_weights *w,
                          int64_t panels,
                          void (*pack)(float *, const struct cpu_conv_shape *,
                                       const struct cpu_conv_weights *, int64_t, int64_t))
{
    int64_t middle = panels / 3, end = panels - panels / 4;

    pack(dst, s, w, end, panels);
    pack(dst, s, w, 0, middle);
    pack(dst, s, w, middle, end);
}

static float *pack_form(const struct cpu_conv_shape *s, enum form form, const struct cpu_conv_weights *w)
{
    float *packed;

    switch (form) {
    case DENSE:
        packed = guarded_at(&mem_packed, conv->packed_bytes(s), 1);
        pack_in_parts(packed, s, w, conv->panels(s), conv->pack_panels);
        return packed;
    case TRANSPOSED:
        packed = guarded_at(&mem_packed, conv->transposed_packed_bytes(s), 1);
        conv->transposed_pack(packed, s, w);
        return packed;
    case WINOGRAD:
        packed = guarded_at(&mem_packed, winograd->packed_bytes(s), 1);
        pack_in_parts(packed, s, w, winograd->panels(s), winograd->pack_panels);
        return packed;
    default:
        packed = guarded_at(&mem_packed, depthwise->packed_bytes(s), 1);
        depthwise->pack(packed, s, w);
        return packed;
    }
}

/* variant: bits choose gaps between pixels, the epilogue, which side the guards are on, odd weights address.
 */
static void check_conv(const struct cpu_conv_shape *shape, enum form form, unsigned variant)
{
    struct cpu_conv_shape s = *shape;
    int64_t pixels = product(s.out), x_count, y_count, w_count = s.oc * (s.ic / s.groups) * product(s.kernel);
    int at_end = variant >> 2 & 1;
    float *x, *y, *bias = malloc((size_t)s.oc * 4),
                  *residual = malloc((size_t)(s.batch * pixels * (s.oc + 2)) * 4);
    float *w = malloc((size_t)w_count * 4);
    char *odd;
    struct cpu_conv_weights weights = {.type = CPU_SRC_F32};
    struct cpu_epilogue post = {.step_count = 0};
    struct cpu_conv_args args = {.post = &post};

    CHECK(bias && residual && w);
    s.x_pixel = s.ic + (s.x_planar ? 0 : (variant & 1) * 3);
    s.y_pixel = s.oc + (variant >> 1 & 1) * 5;
    x_count = s.x_planar ? s.batch * product(s.in) * s.ic : (s.batch * product(s.in) - 1) * s.x_pixel + s.ic;
    y_count = (s.batch * pixels - 1) * s.y_pixel + s.oc;
    x = guarded_at(&mem_x, (size_t)x_count * 4, at_end);
    y = guarded_at(&mem_y, (size_t)y_count * 4, at_end);
    odd = guarded_at(&mem_w, (size_t)w_count * 4 + 1, 0);
    for (int64_t i = 0; i < x_count; i++) {
        x[i] = s.x_planar || i % s.x_pixel < s.ic ? random_float() : NAN;
    }
    for (int64_t i = 0; i < y_count; i++) {
        y[i] = CANARY;
    }
    for (int64_t i = 0; i < w_count; i++) {
        w[i] = random_float();
    }
    memcpy(odd + 1, w, (size_t)w_count * 4);
    for (int64_t i = 0; i < s.oc; i++) {
        bias[i] = random_float();
    }
    for (int64_t i = 0; i < s.batch * pixels * (s.oc + 2); i++) {
        residual[i] = random_float();
    }
    weights.data = odd + 1;
    args.w = pack_form(&s, form, &weights);
    args.x = x;
    args.y = y;
    if (variant & 8) {
        post.bias = bias;
        post.step_count = 2;
        post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_ADD,
                                                   .src = residual,
                                                   .row_stride = s.oc + 2,
                                                   .col_stride = 1,
                                                   .batch = {pixels * (s.oc + 2)}};
        post.steps[1] = (struct cpu_epilogue_step){.kind = VT_POST_RELU};
    } else if (variant & 16) {
        post.bias = bias;
        post.step_count = 1;
        post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_CLAMP, .a = -0.5f, .b = 2.0f};
    }
    run_form(&s, form, &args);
    check_result(&s, form, &args, w);
    free(bias);
    free(residual);
    free(w);
}

static int64_t out_size(enum form form, int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                        int64_t pads, int64_t extra)
{
    int64_t reach = (kernel - 1) * dilation;

    return form == TRANSPOSED ? (in - 1) * stride - pads + reach + 1 + extra
                              : (in + pads - reach - 1) / stride + 1;
}

static struct cpu_conv_shape random_shape(enum form form)
{
    struct cpu_conv_shape s;

    for (;;) {
        bool ok = true;

        s = (struct cpu_conv_shape){.batch = 1 + random_bits() % 2,
                                    .groups = 1 + (random_bits() % 4 == 0) * 2};
        s.ic = s.groups * (1 + random_bits() % (random_bits() % 2 ? 40 : 5));
        s.oc = s.groups * (1 + random_bits() % (random_bits() % 2 ? 70 : 9));
        if (form == DEPTHWISE) {
            s.ic = s.oc = s.groups = 1 + random_bits() % 70;
        }
        s.x_planar = form == DENSE && random_bits() % 3 == 0;
        for (int i = 0; i < 3; i++) {
            int64_t after, extra;

            if (i == 0 && (form == WINOGRAD || random_bits() % 4)) {
                s.in[0] = s.out[0] = s.kernel[0] = s.stride[0] = s.dilation[0] = 1;
                s.pad[0] = 0;
                continue;
            }
            s.in[i] = 1 + random_bits() % (i == 0 ? 4 : i == 1 ? 7 : 19);
            s.kernel[i] = 1 + random_bits() % (i == 0 ? 3 : 5);
            s.stride[i] = 1 + random_bits() % (random_bits() % 3 ? 2 : 3);
            s.dilation[i] = 1 + (random_bits() % 4 == 0) * (random_bits() % 3);
            s.pad[i] = random_bits() % 4;
            after = random_bits() % 4;
            extra = random_bits() % s.stride[i];
            if (form == DEPTHWISE && random_bits() % 2) {
                s.kernel[i] = i == 0 ? 1 : 3;
            }
            if (form == WINOGRAD) {
                s.groups = s.stride[i] = s.dilation[i] = 1;
                s.kernel[i] = 3;
            }
            ok = ok && (form == TRANSPOSED || s.in[i] + s.pad[i] + after > (s.kernel[i] - 1) * s.dilation[i]);
            s.out[i] =
                out_size(form, s.in[i], s.kernel[i], s.stride[i], s.dilation[i], s.pad[i] + after, extra);
            ok = ok && s.out[i] >= 1;
        }
        if (ok) {
            return s;
        }
    }
}

static void test_random(enum form form, int count)
{
    for (int i = 0; i < count; i++) {
        struct cpu_conv_shape s = random_shape(form);

        /* a kernel that touches no input at all gives zeros, which the test refuses: keep the bias then */
        check_conv(&s, form, 8 | random_bits() % 8);
        if (form == DEPTHWISE) {
            check_conv(&s, form, 16 | random_bits() % 8);
        }
    }
}

/* Square 2-D shapes that the random ones rarely meet: sizes that real networks have, cut down. */
static void test_known(void)
{
    static const struct {
        int64_t ic, oc, groups, size, kernel, stride, pad;
        bool planar;
        enum form form;
    } rows[] = {
        {3, 40, 1, 31, 7, 2, 3, false, DENSE},       {3, 40, 1, 31, 7, 2, 3, true, DENSE},
        {3, 16, 1, 20, 3, 2, 1, true, DENSE},        {64, 64, 1, 14, 3, 1, 1, false, DENSE},
        {200, 40, 1, 7, 3, 1, 1, false, DENSE},      {70, 130, 1, 13, 1, 1, 0, false, DENSE},
        {70, 130, 1, 13, 1, 2, 0, false, DENSE},     {64, 64, 1, 9, 2, 2, 0, false, TRANSPOSED},
        {40, 33, 1, 9, 4, 2, 1, false, TRANSPOSED},  {300, 20, 1, 5, 3, 1, 1, false, TRANSPOSED},
        {96, 96, 96, 30, 3, 1, 1, false, DEPTHWISE}, {96, 96, 96, 30, 3, 2, 1, false, DEPTHWISE},
        {40, 40, 40, 19, 5, 1, 2, false, DEPTHWISE}, {41, 41, 41, 19, 5, 2, 2, false, DEPTHWISE},
        {33, 33, 33, 21, 7, 1, 3, false, DEPTHWISE}, {32, 64, 8, 12, 3, 1, 1, false, DENSE},
        {520, 16, 1, 6, 2, 1, 0, false, DENSE},      {300, 20, 1, 15, 3, 1, 1, false, DENSE},
        {512, 9, 1, 15, 3, 1, 1, false, DENSE},      {300, 20, 1, 15, 3, 1, 0, false, DENSE},
        {64, 64, 1, 14, 3, 1, 1, false, WINOGRAD},   {200, 150, 1, 7, 3, 1, 1, false, WINOGRAD},
        {512, 40, 1, 9, 3, 1, 1, false, WINOGRAD},   {600, 40, 1, 7, 3, 1, 1, false, DENSE},
        {37, 37, 37, 7, 3, 1, 1, false, DEPTHWISE},  {37, 37, 37, 7, 3, 2, 1, false, DEPTHWISE},
        {24, 24, 24, 14, 3, 2, 1, false, DEPTHWISE}, {24, 24, 24, 41, 3, 1, 1, false, DEPTHWISE},
        {17, 17, 17, 37, 3, 2, 1, false, DEPTHWISE}, {20, 20, 20, 10, 3, 1, 1, false, DEPTHWISE},
        {40, 24, 1, 7, 5, 1, 2, false, DENSE},       {24, 33, 1, 14, 3, 2, 1, false, DENSE},
        {16, 40, 1, 7, 1, 1, 3, false, DENSE},       {40, 50, 2, 4, 3, 1, 3, false, DENSE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t out =
            out_size(rows[i].form, rows[i].size, rows[i].kernel, rows[i].stride, 1, 2 * rows[i].pad, 0);
        struct cpu_conv_shape s = {
            .batch = 2,
            .ic = rows[i].ic,
            .oc = rows[i].oc,
            .groups = rows[i].groups,
            .in = {1, rows[i].size, rows[i].size},
            .out = {1, out, out},
            .kernel = {1, rows[i].kernel, rows[i].kernel},
            .stride = {1, rows[i].stride, rows[i].stride},
            .dilation = {1, 1, 1},
            .pad = {0, rows[i].pad, rows[i].pad},
            .x_planar = rows[i].planar,
        };

        for (unsigned variant = 0; variant < 24; variant += 5) {
            check_conv(&s, rows[i].form, variant);
        }
    }
}

/* One long line (audio): blocks are parts of it. */
static void test_long_lines(void)
{
    for (int stride = 1; stride <= 2; stride++) {
        for (int planar = 0; planar < 2; planar++) {
            struct cpu_conv_shape s = {
                .batch = 1, .ic = planar ? 3 : 40, .oc = 5, .groups = 1, .x_planar = planar};

            for (int i = 0; i < 3; i++) {
                s.in[i] = s.out[i] = s.kernel[i] = s.stride[i] = s.dilation[i] = 1;
            }
            s.in[2] = planar ? 24001 : 2001;
            s.kernel[2] = 5;
            s.pad[2] = 2;
            s.stride[2] = stride;
            s.out[2] = out_size(DENSE, s.in[2], 5, stride, 1, 4, 0);
            check_conv(&s, DENSE, 8);
            check_conv(&s, DENSE, 5);
        }
    }
}

/* y itself as the residual gives the bits that a residual elsewhere gives. */
static void test_sums_in_place(void)
{
    int found = 0;

    for (int i = 0; i < 150; i++) {
        int64_t groups = 1 + i % 7 / 6, kernel = i % 5 ? 1 : 3, stride = 1 + i % 3 / 2, size = 1 + i % 11;
        int64_t out = (size + stride - 1) / stride, oc = groups * (1 + random_bits() % 70);
        struct cpu_conv_shape s = {.batch = 1 + i % 2, .ic = groups * (1 + random_bits() % 40), .oc = oc};
        struct cpu_epilogue post = {.step_count = 1 + i % 2};
        struct cpu_conv_args args = {.post = &post};
        struct cpu_conv_weights weights = {.type = CPU_SRC_F32};
        int64_t count;
        float *x, *w, *residual;

        s.groups = groups;
        for (int d = 0; d < 3; d++) {
            s.in[d] = d ? size : 1;
            s.out[d] = d ? out : 1;
            s.kernel[d] = d ? kernel : 1;
            s.stride[d] = d ? stride : 1;
            s.dilation[d] = 1;
            s.pad[d] = d ? kernel / 2 : 0;
        }
        s.x_pixel = s.ic;
        s.y_pixel = oc + i % 4;
        if (!conv->sums_in_place(&s)) {
            continue;
        }
        found++;
        count = (s.batch * out * out - 1) * s.y_pixel + oc;
        args.x = x = guarded_at(&mem_x, (size_t)(s.batch * size * size * s.ic) * 4, 1);
        w = guarded_at(&mem_w, (size_t)(oc * s.ic / groups * kernel * kernel) * 4, 1);
        residual = malloc((size_t)count * 4);
        CHECK(residual);
        for (int64_t j = 0; j < s.batch * size * size * s.ic; j++) {
            x[j] = random_float();
        }
        for (int64_t j = 0; j < oc * s.ic / groups * kernel * kernel; j++) {
            w[j] = random_float();
        }
        for (int64_t j = 0; j < count; j++) {
            residual[j] = j % s.y_pixel < oc ? random_float() : CANARY;
        }
        weights.data = w;
        args.w = pack_form(&s, DENSE, &weights);
        post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_ADD, .src = residual, .col_stride = 1};
        post.steps[0].row_stride = s.y_pixel;
        post.steps[0].batch[0] = out * out * s.y_pixel;
        post.steps[1].kind = i % 8 < 4 ? VT_POST_RELU : VT_POST_TANH;
        args.y = guarded_at(&mem_y, (size_t)count * 4, 1);
        for (int64_t j = 0; j < count; j++) {
            args.y[j] = CANARY;
        }
        run_form(&s, DENSE, &args);
        check_result(&s, DENSE, &args, w);
        args.y = guarded_at(&mem_y, (size_t)count * 4, 0);
        memmove(args.y + count, guarded_at(&mem_y, (size_t)count * 4, 1), (size_t)count * 4);
        memcpy(args.y, residual, (size_t)count * 4);
        post.steps[0].src = args.y;
        run_form(&s, DENSE, &args);
        CHECK(memcmp(args.y, args.y + count, (size_t)count * 4) == 0);
        free(residual);
    }
    CHECK(found > 50);
}

int main(int argc, char **argv)
{
    enum cpu_isa isa = isa_of_arguments(argc, argv);

    conv = cpu_kernel_exact("conv_f32", isa);
    depthwise = cpu_kernel_exact("dwconv_f32", isa);
    winograd = cpu_kernel_exact("winograd_f32", isa);
    if (!conv || !depthwise || !winograd) {
        return EXIT_SKIP;
    }
    mem_x = guarded_create(4 << 20);
    mem_y = guarded_create(4 << 20);
    mem_w = guarded_create(4 << 20);
    mem_packed = guarded_create(8 << 20);
    mem_scratch = guarded_create(8 << 20);
    test_known();
    test_long_lines();
    test_sums_in_place();
    test_random(DENSE, 300);
    test_random(TRANSPOSED, 300);
    test_random(DEPTHWISE, 300);
    test_random(WINOGRAD, 200);
    printf("winograd: largest error %.2g of the range\n", winograd_error);
    guarded_destroy(&mem_x);
    guarded_destroy(&mem_y);
    guarded_destroy(&mem_w);
    guarded_destroy(&mem_packed);
    guarded_destroy(&mem_scratch);
    return 0;
}
