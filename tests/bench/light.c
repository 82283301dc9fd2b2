/* GB/s (bytes read and written) of the kernels other than matrix products, one thread, beside a memcpy of the
 * same working set: light LEVEL [part of a name]. */
#include "copy.h"
#include "eltwise.h"
#include "interpolate.h"
#include "norm.h"
#include "pool.h"
#include "reduce.h"
#include "softmax.h"

#include "measure.h"

static enum cpu_isa level;
static const char *filter;

struct job {
    float *src, *dst, *other;
    void *scratch;
    int64_t units, n, rows;
    void (*run)(struct job *job);
    const void *kernel, *params;
    int variant;
};

static void run_job(void *context)
{
    struct job *job = context;

    job->run(job);
}

static void run_memcpy(void *context)
{
    struct job *job = context;

    memcpy(job->dst, job->src, (size_t)job->n);
}

/* `bytes` are what the kernel reads and writes; memcpy moves half of them to the other half. */
static void report_bytes(const char *name, struct job *job, double bytes)
{
    double seconds, copy;

    if (filter && !strstr(name, filter)) {
        return;
    }
    seconds = best_time(run_job, job, 0.02);
    job->n = (int64_t)(bytes / 2);
    copy = best_time(run_memcpy, job, 0.02);
    printf("%-36s %8.2f GB/s %5.0f %% of memcpy  %10.1f us\n", name, bytes / seconds * 1e-9,
           100 * copy / seconds, seconds * 1e6);
}

static void run_eltwise(struct job *job)
{
    const struct cpu_eltwise_f32 *k = job->kernel;
    const struct cpu_eltwise *p = job->params;
    const float *data[2] = {job->src, job->other};

    k->run(p, data, job->dst, 0, p->shape.count);
}

static void bench_eltwise(struct job job)
{
    static const struct {
        const char *name;
        int kind, form; /* operand: 0 none, 1 same shape, 2 scalar, 3 a row, 4 a column */
    } rows[] = {
        {"add same", VT_POST_ADD, 1},    {"add scalar", VT_POST_ADD, 2},    {"add row", VT_POST_ADD, 3},
        {"mul column", VT_POST_MUL, 4},  {"relu", VT_POST_RELU, 0},         {"exp", VT_POST_EXP, 0},
        {"log", VT_POST_LOG, 0},         {"tanh", VT_POST_TANH, 0},         {"erf", VT_POST_ERF, 0},
        {"sigmoid", VT_POST_SIGMOID, 0}, {"swish", VT_POST_SWISH, 0},       {"gelu_erf", VT_POST_GELU_ERF, 0},
        {"mish", VT_POST_MISH, 0},       {"softplus", VT_POST_SOFTPLUS, 0}, {"elu", VT_POST_ELU, 0},
        {"pow 1.7", VT_POST_POW, 0}};
    static const int64_t shapes[][2] = {{64, 1024}, {4096, 1024}, {8192, 49}, {50176, 24}};

    job.kernel = cpu_kernel_exact("eltwise_f32", level);
    job.run = run_eltwise;
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            int form = rows[i].form;
            const int64_t dims[2] = {shapes[s][0], shapes[s][1]};
            const int64_t op[2] = {form == 1 || form == 4 ? dims[0] : 1,
                                   form == 1 || form == 3 ? dims[1] : 1};
            const struct cpu_bcast_shape in[2] = {{2, dims, NULL}, {2, op, NULL}};
            struct cpu_eltwise p = {.count = 1, .steps = {{rows[i].kind, form ? 1 : -1, 1.7f, 0.5f}}};
            char name[64];

            if (s > 1 && !form) {
                continue;
            }
            snprintf(name, sizeof(name), "eltwise %s %ldx%ld", rows[i].name, (long)dims[0], (long)dims[1]);
            cpu_bcast_plan(&p.shape, 2, dims, form ? 2 : 1, in);
            job.params = &p;
            report_bytes(name, &job, (double)(dims[0] * dims[1]) * (form == 1 ? 12 : 8));
        }
    }
}

static void run_softmax(struct job *job)
{
    const struct cpu_softmax_f32 *k = job->kernel;

    if (job->variant) {
        k->softmax_strided(job->src, job->dst, job->n, job->rows, 0, cpu_column_units(1, job->rows));
    } else {
        k->softmax(job->src, job->n, job->dst, job->n, job->n, 0, job->rows);
    }
}

static void bench_softmax(struct job job)
{
    static const int64_t shapes[][2] = {{1536, 128}, {512, 2048}, {8, 50257}};

    job.kernel = cpu_kernel_exact("softmax_f32", level);
    job.run = run_softmax;
    for (size_t s = 0; s < 3; s++) {
        char name[64];

        for (job.variant = 0; job.variant < 2; job.variant++) {
            job.rows = shapes[s][job.variant];
            job.n = shapes[s][1 - job.variant];
            snprintf(name, sizeof(name), "softmax %s %ldx%ld", job.variant ? "strided" : "rows",
                     (long)shapes[s][0], (long)shapes[s][1]);
            report_bytes(name, &job, (double)(shapes[s][0] * shapes[s][1]) * 8);
        }
    }
}

static void run_norm(struct job *job)
{
    const struct cpu_norm_f32 *k = job->kernel;

    switch (job->variant) {
    case 0: k->rows(job->params, job->src, job->dst, 0, job->units); break;
    case 1: k->columns(job->params, job->src, job->dst, 0, job->units); break;
    case 2: k->groups(job->params, job->src, job->dst, 0, job->units); break;
    case 3: k->affine(job->params, job->src, job->dst, 0, job->units); break;
    default: k->lrn(job->params, job->src, job->dst, 0, job->units); break;
    }
}

static void bench_norm(struct job job)
{
    const struct cpu_norm_rows rows = {768,  768,  768,   1e-5f,     CPU_EPS_INSIDE,
                                       true, true, false, job.other, job.other};
    const struct cpu_norm_rows rms = {2048,  2048, 2048,  1e-5f,     CPU_EPS_INSIDE,
                                      false, true, false, job.other, NULL};
    const struct cpu_norm_columns columns = {256, 1600, 1e-5f, CPU_EPS_INSIDE, true, true, false, NULL, NULL};
    const struct cpu_norm_groups nchw = {320, 32, 4096, 1e-5f, CPU_EPS_INSIDE, false, job.other, job.other};
    const struct cpu_norm_groups nhwc = {320, 32, 4096, 1e-5f, CPU_EPS_INSIDE, true, job.other, job.other};
    const struct cpu_affine affine = {64, 12544, true, job.other, job.other};
    const struct cpu_lrn lrn = {64, 3136, 5, 1e-4f, 0.75f, 1, false},
                         lrn_nhwc = {64, 3136, 5, 1e-4f, 0.75f, 1, true};
    const struct {
        const char *name;
        const void *params;
        int variant;
        int64_t units, elements;
    } cases[] = {{"norm rows 512x768", &rows, 0, 512, 512 * 768},
                 {"norm rms 512x2048", &rms, 0, 512, 512 * 2048},
                 {"norm columns 256x1600", &columns, 1, 25, 256 * 1600},
                 {"norm groups nchw 320x64x64", &nchw, 2, 32, 320 * 4096},
                 {"norm groups nhwc 320x64x64", &nhwc, 2, 32, 320 * 4096},
                 {"norm affine nhwc 112x112x64", &affine, 3, 12544, 12544 * 64},
                 {"norm lrn nchw 64x56x56", &lrn, 4, 49, 64 * 3136},
                 {"norm lrn nhwc 64x56x56", &lrn_nhwc, 4, 3136, 64 * 3136}};

    job.kernel = cpu_kernel_exact("norm_f32", level);
    job.run = run_norm;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        job.params = cases[i].params;
        job.variant = cases[i].variant;
        job.units = cases[i].units;
        report_bytes(cases[i].name, &job, (double)cases[i].elements * 8);
    }
}

static void run_pool(struct job *job)
{
    const struct cpu_pool_f32 *k = job->kernel;
    cpu_pool_fn *const fn[4] = {k->max_nhwc, k->average_nhwc, k->max_nchw, k->average_nchw};

    fn[job->variant](job->params, job->src, job->dst, 0, job->units);
}

static void bench_pool(struct job job)
{
    static const char *const names[4] = {"max nhwc", "average nhwc", "max nchw", "average nchw"};
    static const struct cpu_pool pools[] = {{64,
                                             {1, 112, 112},
                                             {1, 56, 56},
                                             {1, 3, 3},
                                             {1, 2, 2},
                                             {1, 1, 1},
                                             {0, 1, 1},
                                             {0, 1, 1},
                                             64,
                                             64,
                                             false},
                                            {192,
                                             {1, 28, 28},
                                             {1, 28, 28},
                                             {1, 3, 3},
                                             {1, 1, 1},
                                             {1, 1, 1},
                                             {0, 1, 1},
                                             {0, 1, 1},
                                             192,
                                             192,
                                             false},
                                            {2048,
                                             {1, 7, 7},
                                             {1, 1, 1},
                                             {1, 7, 7},
                                             {1, 1, 1},
                                             {1, 1, 1},
                                             {0, 0, 0},
                                             {0, 0, 0},
                                             2048,
                                             2048,
                                             false}};

    job.kernel = cpu_kernel_exact("pool_f32", level);
    job.run = run_pool;
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        const struct cpu_pool *p = &pools[i];

        for (job.variant = 0; job.variant < 4; job.variant++) {
            char name[64];

            job.params = p;
            job.units = cpu_pool_units(p, 1, job.variant < 2);
            snprintf(name, sizeof(name), "pool %s %ldx%ld/%ld c%ld", names[job.variant], (long)p->kernel[1],
                     (long)p->kernel[2], (long)p->stride[1], (long)p->channels);
            report_bytes(name, &job,
                         (double)(p->channels * (p->in[1] * p->in[2] + p->out[1] * p->out[2])) * 4);
        }
    }
}

static void run_reduce(struct job *job)
{
    const struct cpu_reduce_f32 *k = job->kernel;

    if (job->params) {
        k->topk(job->params, job->src, job->dst, job->other, job->scratch, 0, job->units);
    } else {
        k->reduce((enum cpu_reduce_kind)job->variant, job->src, job->dst, job->rows, job->n, 0, job->units);
    }
}

static void bench_reduce(struct job job)
{
    static const char *const names[CPU_REDUCE_COUNT] = {
        "sum", "mean", "max", "min", "prod", "l1", "l2", "sum_square", "log_sum", "log_sum_exp"};
    const struct cpu_topk top = {50257, 1, false, false, 8}, ten = {50257, 10, false, false, 4};

    job.kernel = cpu_kernel_exact("reduce_f32", level);
    job.run = run_reduce;
    for (job.variant = 0; job.variant < CPU_REDUCE_COUNT; job.variant++) {
        char name[64];

        if (job.variant != CPU_REDUCE_SUM && job.variant != CPU_REDUCE_MAX &&
            job.variant != CPU_REDUCE_LOG_SUM_EXP) {
            continue;
        }
        job.params = NULL;
        job.rows = 1024;
        job.n = 1;
        job.units = 512;
        snprintf(name, sizeof(name), "reduce %s rows 512x1024", names[job.variant]);
        report_bytes(name, &job, 512 * 1024 * 4.0);
        job.rows = 512;
        job.n = 1024;
        job.units = cpu_column_units(1, 1024);
        snprintf(name, sizeof(name), "reduce %s columns 512x1024", names[job.variant]);
        report_bytes(name, &job, 512 * 1024 * 4.0);
    }
    job.units = 8;
    job.params = &top;
    report_bytes("reduce argmax 8x50257", &job, 8 * 50257 * 4.0);
    job.params = &ten;
    report_bytes("reduce top 10 8x50257", &job, 8 * 50257 * 4.0);
}

static void run_copy(struct job *job)
{
    const struct cpu_move *k = job->kernel;
    const struct cpu_copy *p = job->params;

    k->copy(p, job->src, job->dst, 0, p->units);
}

static void bench_copy(struct job job)
{
    static const struct {
        const char *name;
        int size, rank;
        int64_t dims[4];
        int32_t order[4];
    } rows[] = {{"move transpose 256x256", 4, 2, {256, 256}, {1, 0}},
                {"move transpose 2000x2000", 4, 2, {2000, 2000}, {1, 0}},
                {"move transpose 2048x2048", 4, 2, {2048, 2048}, {1, 0}},
                {"move nchw->nhwc 3x224x224", 4, 3, {3, 224, 224}, {1, 2, 0}},
                {"move nhwc->nchw 224x224x3", 4, 3, {224, 224, 3}, {2, 0, 1}},
                {"move nchw->nhwc 256x56x56", 4, 3, {256, 56, 56}, {1, 2, 0}},
                {"move nhwc->nchw 56x56x256", 4, 3, {56, 56, 256}, {2, 0, 1}},
                {"move heads 512x12x64", 4, 3, {512, 12, 64}, {1, 0, 2}},
                {"move heads^T 512x12x64", 4, 3, {512, 12, 64}, {1, 2, 0}},
                {"move shuffle 2x58x784", 4, 3, {2, 58, 784}, {1, 0, 2}},
                {"move transpose u8 2000x2000", 1, 2, {2000, 2000}, {1, 0}},
                {"move transpose u16 2000x2000", 2, 2, {2000, 2000}, {1, 0}},
                {"move transpose u64 1000x1000", 8, 2, {1000, 1000}, {1, 0}}};

    job.kernel = cpu_kernel_exact("move", level);
    job.run = run_copy;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cpu_copy p;
        double n = rows[i].size * 2.0;

        for (int d = 0; d < rows[i].rank; d++) {
            n *= (double)rows[i].dims[d];
        }
        cpu_copy_plan_transpose(&p, rows[i].size, rows[i].rank, rows[i].dims, rows[i].order);
        job.params = &p;
        report_bytes(rows[i].name, &job, n);
    }
}

static void run_interpolate(struct job *job)
{
    const struct cpu_interpolate_f32 *k = job->kernel;

    k->run(job->params, job->src, job->dst, job->scratch, 0, job->units);
}

static void bench_interpolate(struct job job)
{
    static const struct {
        const char *name;
        enum cpu_interp_mode mode;
        int64_t images, channels, in, out;
    } rows[] = {{"interpolate linear nhwc 64x64x64 x2", CPU_INTERP_LINEAR_ONNX, 1, 64, 64, 128},
                {"interpolate linear nchw 64x64x64 x2", CPU_INTERP_LINEAR_ONNX, 64, 1, 64, 128},
                {"interpolate cubic nhwc 64x64x64 x2", CPU_INTERP_CUBIC, 1, 64, 64, 128},
                {"interpolate cubic nchw 64x64x64 x2", CPU_INTERP_CUBIC, 64, 1, 64, 128}};

    job.kernel = cpu_kernel_exact("interpolate_f32", level);
    job.run = run_interpolate;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cpu_interp_params p = {.mode = rows[i].mode, .cubic_a = -0.75f};
        int32_t index[3][128 * 4];
        float weight[3][128 * 4];
        struct cpu_interp k = {.channels = rows[i].channels};

        for (int d = 0; d < 3; d++) {
            int64_t in = d ? rows[i].in : 1, out = d ? rows[i].out : 1;
            struct cpu_interp_params keep = {.mode = CPU_INTERP_NEAREST}, *mode = d ? &p : &keep;
            float scale = (float)out / (float)in;

            k.axis[d] =
                (struct cpu_interp_axis){in, out, cpu_interp_taps(mode, in, out, scale), index[d], weight[d]};
            cpu_interp_table(mode, scale, &k.axis[d]);
        }
        job.params = &k;
        job.units = rows[i].images * rows[i].out;
        report_bytes(rows[i].name, &job,
                     (double)(rows[i].images * rows[i].channels *
                              (rows[i].in * rows[i].in + rows[i].out * rows[i].out)) *
                         4);
    }
}

int main(int argc, char **argv)
{
    const int64_t floats = 7000000;
    struct job job = {0};
    int isa = level_of_arguments(argc, argv);

    if (isa < 0 || !cpu_isa_supported((enum cpu_isa)isa)) {
        fprintf(stderr, "usage: light LEVEL [part of a name]\n");
        return isa < 0 ? 2 : 77;
    }
    level = (enum cpu_isa)isa;
    filter = argc > 2 ? argv[2] : NULL;
    job.src = bench_floats(floats);
    job.dst = bench_floats(floats);
    job.other = bench_floats(floats);
    job.scratch = bench_floats(1 << 18);
    for (int64_t i = 0; i < floats; i++) {
        job.src[i] = job.src[i] < 0 ? -job.src[i] : job.src[i] + 0.001f;
    }
    bench_eltwise(job);
    bench_softmax(job);
    bench_norm(job);
    bench_pool(job);
    bench_reduce(job);
    bench_copy(job);
    bench_interpolate(job);
    return 0;
}
