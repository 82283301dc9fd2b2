/* Our convolutions against oneDNN's, layer by layer, one thread each, interleaved: conv_onednn LEVEL [any].
 * With "any" oneDNN chooses its own layouts and reorders outside of the measured part; without, it works
 * channels last, as it would have to inside of a plan. ONEDNN_MAX_CPU_ISA is set to match LEVEL. */
#include "conv.h"

#include "measure.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#define CHECK(call)                                                                                          \
    do {                                                                                                     \
        dnnl_status_t status_ = (call);                                                                      \
        if (status_ != dnnl_success) {                                                                       \
            fprintf(stderr, "%s: %d\n", #call, (int)status_);                                                \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

struct layer {
    const char *name;
    int64_t ic, oc, size, kernel, stride, groups;
};

static const struct layer layers[] = {
    {"resnet50 stem", 3, 64, 224, 7, 2, 1},    {"resnet50 1x1", 64, 64, 56, 1, 1, 1},
    {"resnet50 3x3", 64, 64, 56, 3, 1, 1},     {"resnet50 1x1", 64, 256, 56, 1, 1, 1},
    {"resnet50 1x1", 256, 64, 56, 1, 1, 1},    {"resnet50 3x3 s2", 128, 128, 56, 3, 2, 1},
    {"resnet50 3x3", 128, 128, 28, 3, 1, 1},   {"resnet50 1x1 s2", 256, 512, 56, 1, 2, 1},
    {"resnet50 3x3", 256, 256, 14, 3, 1, 1},   {"resnet50 1x1", 1024, 256, 14, 1, 1, 1},
    {"resnet50 3x3", 512, 512, 7, 3, 1, 1},    {"resnet50 1x1", 512, 2048, 7, 1, 1, 1},
    {"mobilenet stem", 3, 32, 224, 3, 2, 1},   {"mobilenet 1x1", 16, 96, 112, 1, 1, 1},
    {"mobilenet 1x1", 96, 24, 56, 1, 1, 1},    {"mobilenet 1x1", 160, 960, 7, 1, 1, 1},
    {"mobilenet dw", 32, 32, 112, 3, 1, 32},   {"mobilenet dw s2", 96, 96, 112, 3, 2, 96},
    {"mobilenet dw", 144, 144, 56, 3, 1, 144}, {"mobilenet dw", 384, 384, 14, 3, 1, 384},
    {"mobilenet dw", 960, 960, 7, 3, 1, 960},  {"yolov8n stem", 3, 16, 640, 3, 2, 1},
    {"yolov8n 3x3 s2", 16, 32, 320, 3, 2, 1},  {"yolov8n 3x3", 16, 16, 160, 3, 1, 1},
    {"yolov8n 3x3", 32, 32, 80, 3, 1, 1},      {"yolov8n 3x3", 64, 64, 40, 3, 1, 1},
    {"yolov8n 3x3", 64, 80, 80, 3, 1, 1},      {"yolov8n 1x1", 48, 32, 160, 1, 1, 1},
};

/* ---- ours
 * -------------------------------------------------------------------------------------------------------------
 */

struct ours {
    int64_t (*tasks)(const struct cpu_conv_shape *);
    void (*run)(const struct cpu_conv_shape *, const struct cpu_conv_args *, int64_t, void *);
    struct cpu_conv_shape shape;
    struct cpu_conv_args args;
    void *scratch;
    const char *name;
};

static void run_ours(void *context)
{
    struct ours *o = context;
    int64_t tasks = o->tasks(&o->shape);

    for (int64_t t = 0; t < tasks; t++) {
        o->run(&o->shape, &o->args, t, o->scratch);
    }
}

static void setup_ours(struct ours *o, const struct layer *l, enum cpu_isa isa, const float *w,
                       const float *x, float *y)
{
    int64_t out = (l->size + l->stride - 1) / l->stride;
    struct cpu_conv_weights weights = {.data = w, .type = CPU_SRC_F32};
    const struct cpu_winograd_f32 *wino = cpu_winograd_f32_get(isa);
    const struct cpu_dwconv_f32 *dw = cpu_dwconv_f32_get(isa);
    const struct cpu_conv_f32 *conv = cpu_conv_f32_get(isa);
    float *packed;

    o->shape = (struct cpu_conv_shape){.batch = 1,
                                       .ic = l->ic,
                                       .oc = l->oc,
                                       .groups = l->groups,
                                       .in = {1, l->size, l->size},
                                       .out = {1, out, out},
                                       .kernel = {1, l->kernel, l->kernel},
                                       .stride = {1, l->stride, l->stride},
                                       .dilation = {1, 1, 1},
                                       .pad = {0, (l->kernel - 1) / 2, (l->kernel - 1) / 2},
                                       .x_pixel = l->ic,
                                       .y_pixel = l->oc,
                                       .x_planar = l->ic <= 4};
#define TAKE(k)                                                                                              \
    do {                                                                                                     \
        packed = bench_floats((k)->packed_bytes(&o->shape) / 4);                                             \
        (k)->pack(packed, &o->shape, &weights);                                                              \
        o->tasks = (k)->tasks;                                                                               \
        o->run = (k)->run;                                                                                   \
        o->name = (k)->name;                                                                                 \
        o->scratch = bench_floats((k)->scratch_bytes(&o->shape) / 4);                                        \
    } while (0)
    if (l->groups > 1) {
        TAKE(dw);
    } else if (wino->supports(&o->shape) && wino->pays(&o->shape, 1)) {
        TAKE(wino);
    } else {
        TAKE(conv);
    }
#undef TAKE
    o->args = (struct cpu_conv_args){x, packed, y, NULL};
}

/* ---- oneDNN
 * ------------------------------------------------------------------------------------------------------------
 */

struct theirs {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t conv;
    dnnl_exec_arg_t args[3];
    dnnl_format_tag_t tag; /* of src and dst */
};

static void run_theirs(void *context)
{
    struct theirs *t = context;

    dnnl_primitive_execute(t->conv, t->stream, 3, t->args);
    dnnl_stream_wait(t->stream);
}

static dnnl_memory_t memory_of(struct theirs *t, const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    dnnl_memory_t memory;
    float *data = bench_floats(dnnl_memory_desc_get_size(md) / 4 + 64);

    CHECK(dnnl_memory_create(&memory, md, t->engine, data));
    return memory;
}

static void setup_theirs(struct theirs *t, const struct layer *l)
{
    int64_t out = (l->size + l->stride - 1) / l->stride, pad = (l->kernel - 1) / 2;
    int64_t end = (out - 1) * l->stride + l->kernel - l->size - pad;
    dnnl_dims_t x = {1, l->ic, l->size, l->size}, y = {1, l->oc, out, out};
    dnnl_dims_t w = {l->oc, l->ic, l->kernel, l->kernel};
    dnnl_dims_t wg = {l->groups, l->oc / l->groups, l->ic / l->groups, l->kernel, l->kernel};
    dnnl_dims_t stride = {l->stride, l->stride}, begin = {pad, pad}, after = {end, end};
    dnnl_memory_desc_t xd, wd, yd;
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd;

    CHECK(dnnl_memory_desc_init_by_tag(&xd, 4, x, dnnl_f32, l->ic <= 4 ? dnnl_nchw : t->tag));
    CHECK(dnnl_memory_desc_init_by_tag(&yd, 4, y, dnnl_f32, t->tag));
    if (l->groups > 1) {
        CHECK(dnnl_memory_desc_init_by_tag(&wd, 5, wg, dnnl_f32, dnnl_format_tag_any));
    } else {
        CHECK(dnnl_memory_desc_init_by_tag(&wd, 4, w, dnnl_f32, dnnl_format_tag_any));
    }
    CHECK(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_auto, &xd, &wd,
                                             NULL, &yd, stride, begin, after));
    CHECK(dnnl_primitive_desc_create(&pd, &desc, NULL, t->engine, NULL));
    t->args[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory_of(t, pd, dnnl_query_src_md)};
    t->args[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, memory_of(t, pd, dnnl_query_weights_md)};
    t->args[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory_of(t, pd, dnnl_query_dst_md)};
    CHECK(dnnl_primitive_create(&t->conv, pd));
    dnnl_primitive_desc_destroy(pd);
}

static double bench_layer(const struct layer *l, enum cpu_isa isa, struct theirs *t)
{
    float *w = bench_floats((size_t)(l->oc * l->ic / l->groups * l->kernel * l->kernel));
    float *x = bench_floats((size_t)(l->ic * l->size * l->size));
    float *y = bench_floats((size_t)(l->oc * l->size * l->size));
    struct ours o;
    double a = 1e30, b = 1e30;

    setup_ours(&o, l, isa, w, x, y);
    setup_theirs(t, l);
    for (int round = 0; round < 3; round++) {
        double ta = best_time(run_ours, &o, 0.08), tb = best_time(run_theirs, t, 0.08);

        a = ta < a ? ta : a;
        b = tb < b ? tb : b;
    }
    printf("%-16s %4ld>%4ld %3ld   ours %9.1f us (%s)   oneDNN %9.1f us   %5.2fx\n", l->name, (long)l->ic,
           (long)l->oc, (long)l->size, a * 1e6, o.name, b * 1e6, b / a);
    free(w);
    free(x);
    free(y);
    return b / a;
}

/* The OpenMP library behind oneDNN read its environment when it was loaded, so only a call reaches it. */
static void use_one_thread(void)
{
    void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");

    if (!set) {
        fprintf(stderr, "oneDNN runs without OpenMP: its number of threads is not known\n");
        exit(1);
    }
    set(1);
}

int main(int argc, char **argv)
{
    int isa = argc > 1 ? cpu_isa_by_name(argv[1]) : (int)cpu_isa_best();
    struct theirs t;

    if (isa < 0 || !cpu_isa_supported((enum cpu_isa)isa)) {
        return 77;
    }
    t.tag = argc > 2 && strcmp(argv[2], "any") == 0 ? dnnl_format_tag_any : dnnl_nhwc;
    use_one_thread();
    setenv("ONEDNN_MAX_CPU_ISA", isa == CPU_ISA_avx2 ? "AVX2" : "DEFAULT", 0);
    CHECK(dnnl_engine_create(&t.engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&t.stream, t.engine, dnnl_stream_default_flags));
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        bench_layer(&layers[i], (enum cpu_isa)isa, &t);
    }
    return 0;
}
