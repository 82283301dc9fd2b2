/* GFLOP/s of the f32 convolutions on layers of known networks, one image, one thread: conv LEVEL [part of a
 * name]. */
#include "conv.h"

#include "measure.h"

struct job {
    const struct cpu_conv_f32 *conv;
    const struct cpu_dwconv_f32 *depthwise;
    const struct cpu_winograd_f32 *winograd;
    struct cpu_conv_shape shape;
    struct cpu_conv_args args;
    void *scratch;
};

static void run_dense(void *context)
{
    struct job *job = context;
    int64_t tasks = job->conv->tasks(&job->shape);

    for (int64_t t = 0; t < tasks; t++) {
        job->conv->run(&job->shape, &job->args, t, job->scratch);
    }
}

static void run_depthwise(void *context)
{
    struct job *job = context;
    int64_t tasks = job->depthwise->tasks(&job->shape);

    for (int64_t t = 0; t < tasks; t++) {
        job->depthwise->run(&job->shape, &job->args, t, job->scratch);
    }
}

static void run_winograd(void *context)
{
    struct job *job = context;
    int64_t tasks = job->winograd->tasks(&job->shape);

    for (int64_t t = 0; t < tasks; t++) {
        job->winograd->run(&job->shape, &job->args, t, job->scratch);
    }
}

/* The same layer by Winograd; the rate counts the operations of the plain convolution. */
static void bench_winograd(struct job *job, const struct cpu_conv_weights *weights, const char *what,
                           double flops, double peak)
{
    float *p = bench_floats(job->winograd->packed_bytes(&job->shape) / 4);
    float *scratch = bench_floats(job->winograd->scratch_bytes(&job->shape) / 4);
    char name[160];
    double start;

    job->winograd->pack(p, &job->shape, weights);
    start = seconds_now();
    job->winograd->pack(p, &job->shape, weights);
    printf("%-60s %9.2f ms\n", "  packing the weights for winograd", (seconds_now() - start) * 1e3);
    job->args.w = p;
    free(job->scratch);
    job->scratch = scratch;
    snprintf(name, sizeof(name), "%s winograd%s", what,
             job->winograd->pays(&job->shape, 1) ? "" : " (not chosen)");
    report(name, flops, best_time(run_winograd, job, 0.25), peak);
    free(p);
}

struct layer {
    const char *name;
    int64_t ic, oc, size, kernel, stride; /* square, padded to keep size / stride */
    int form;                             /* 0 dense, 1 dense with NCHW input, 2 depthwise */
};

static void bench_layer(const struct layer *l, const struct cpu_conv_f32 *conv,
                        const struct cpu_dwconv_f32 *depthwise)
{
    int64_t out = (l->size + l->stride - 1) / l->stride, groups = l->form == 2 ? l->ic : 1;
    struct job job = {.conv = conv, .depthwise = depthwise};
    struct cpu_conv_weights weights = {.type = CPU_SRC_F32};
    struct cpu_epilogue post = {.step_count = 1, .steps = {{.kind = VT_POST_RELU}}};
    double flops = 2.0 * (double)(out * out * l->oc) * (double)(l->ic / groups * l->kernel * l->kernel);
    size_t packed;
    float *w, *p, *x, *y, *bias;
    char what[100];

    job.shape = (struct cpu_conv_shape){
        .batch = 1,
        .ic = l->ic,
        .oc = l->oc,
        .groups = groups,
        .in = {1, l->size, l->size},
        .out = {1, out, out},
        .kernel = {1, l->kernel, l->kernel},
        .stride = {1, l->stride, l->stride},
        .dilation = {1, 1, 1},
        .pad = {0, (l->kernel - 1) / 2, (l->kernel - 1) / 2},
        .x_pixel = l->ic,
        .y_pixel = l->oc,
        .x_planar = l->form == 1,
    };
    packed = l->form == 2 ? depthwise->packed_bytes(&job.shape) : conv->packed_bytes(&job.shape);
    w = bench_floats((size_t)(l->oc * l->ic / groups * l->kernel * l->kernel));
    p = bench_floats(packed / 4);
    x = bench_floats((size_t)(l->ic * l->size * l->size));
    y = bench_floats((size_t)(l->oc * out * out));
    bias = bench_floats((size_t)l->oc);
    weights.data = w;
    post.bias = bias;
    job.args = (struct cpu_conv_args){x, p, y, &post};
    if (l->form == 2) {
        depthwise->pack(p, &job.shape, &weights);
        job.scratch = bench_floats(depthwise->scratch_bytes(&job.shape) / 4);
    } else {
        conv->pack(p, &job.shape, &weights);
        job.scratch = bench_floats(conv->scratch_bytes(&job.shape) / 4);
    }
    snprintf(what, sizeof(what), "%s %ld>%ld %ldx%ld k%ld s%ld%s", l->name, (long)l->ic, (long)l->oc,
             (long)l->size, (long)l->size, (long)l->kernel, (long)l->stride,
             l->form == 1   ? " nchw"
             : l->form == 2 ? " dw"
                            : "");
    if (getenv("BENCH_POST")) {
        post.steps[0] =
            (struct cpu_epilogue_step){.kind = (enum vt_post_kind)atoi(getenv("BENCH_POST")), .a = 1};
    }
    report(what, flops, best_time(l->form == 2 ? run_depthwise : run_dense, &job, 0.25), fma_peak(conv->isa));
    job.winograd = cpu_winograd_f32_get(conv->isa);
    if (job.winograd->supports(&job.shape)) {
        bench_winograd(&job, &weights, what, flops, fma_peak(conv->isa));
    }
    free(w);
    free(p);
    free(x);
    free(y);
    free(bias);
    free(job.scratch);
}

int main(int argc, char **argv)
{
    static const struct layer layers[] = {
        {"resnet50 stem", 3, 64, 224, 7, 2, 0},  {"resnet50 stem", 3, 64, 224, 7, 2, 1},
        {"resnet50", 64, 64, 56, 1, 1, 0},       {"resnet50", 64, 64, 56, 3, 1, 0},
        {"resnet50", 64, 256, 56, 1, 1, 0},      {"resnet50", 256, 64, 56, 1, 1, 0},
        {"resnet50", 128, 128, 56, 3, 2, 0},     {"resnet50", 128, 128, 28, 3, 1, 0},
        {"resnet50", 256, 512, 56, 1, 2, 0},     {"resnet50", 256, 256, 14, 3, 1, 0},
        {"resnet50", 1024, 256, 14, 1, 1, 0},    {"resnet50", 512, 512, 7, 3, 1, 0},
        {"resnet50", 512, 2048, 7, 1, 1, 0},     {"mobilenetv2 stem", 3, 32, 224, 3, 2, 1},
        {"mobilenetv2", 16, 96, 112, 1, 1, 0},   {"mobilenetv2", 96, 24, 56, 1, 1, 0},
        {"mobilenetv2", 32, 192, 28, 1, 1, 0},   {"mobilenetv2", 384, 64, 14, 1, 1, 0},
        {"mobilenetv2", 160, 960, 7, 1, 1, 0},   {"mobilenetv2", 32, 32, 112, 3, 1, 2},
        {"mobilenetv2", 96, 96, 112, 3, 2, 2},   {"mobilenetv2", 144, 144, 56, 3, 1, 2},
        {"mobilenetv2", 384, 384, 14, 3, 1, 2},  {"mobilenetv2", 960, 960, 7, 3, 1, 2},
        {"efficientnet", 240, 240, 28, 5, 1, 2}, {"efficientnet", 672, 672, 14, 5, 2, 2},
        {"yolov8n stem", 3, 16, 640, 3, 2, 1},   {"yolov8n", 16, 32, 320, 3, 2, 0},
        {"yolov8n", 16, 16, 160, 3, 1, 0},       {"yolov8n", 32, 32, 80, 3, 1, 0},
        {"yolov8n", 64, 64, 40, 3, 1, 0},        {"yolov8n", 64, 80, 80, 3, 1, 0},
        {"yolov8n", 128, 128, 20, 3, 1, 0},      {"yolov8n", 48, 32, 160, 1, 1, 0},
    };
    int isa = level_of_arguments(argc, argv);
    const struct cpu_conv_f32 *conv = isa < 0 ? NULL : cpu_conv_f32_get((enum cpu_isa)isa);

    if (!conv || (argc > 1 && conv->isa != (enum cpu_isa)isa)) {
        return 77;
    }
    printf("%s, FMA peak %.1f GFLOP/s\n", conv->name, fma_peak(conv->isa));
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        if (argc < 3 || strstr(layers[i].name, argv[2])) {
            bench_layer(&layers[i], conv, cpu_dwconv_f32_get((enum cpu_isa)isa));
        }
    }
    return 0;
}
