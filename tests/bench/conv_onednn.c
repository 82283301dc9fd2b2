/* Our convolutions against oneDNN's, layer by layer, one thread each, interleaved: conv_onednn LEVEL
 * [nhwc|any [MODEL]]. The last column is oneDNN's time over ours. A model's *better of both* is what a plan
 * would take that had the faster one for every layer. With "any" oneDNN chooses its own layouts and reorders
 * outside of the measured part; without, it works channels last, as it would have to inside of a plan.
 * ONEDNN_MAX_CPU_ISA is set to match LEVEL. */
#include "conv.h"

#include "measure.h"

#include <dlfcn.h>
#include <math.h>
#include <oneapi/dnnl/dnnl.h>

#define CHECK(call)                                                                                          \
    do {                                                                                                     \
        dnnl_status_t status_ = (call);                                                                      \
        if (status_ != dnnl_success) {                                                                       \
            fprintf(stderr, "%s: %d\n", #call, (int)status_);                                                \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* As the plan of the model chooses for f32: Winograd where it pays, though not where its weights would take
 * too much memory; there they are transformed at each inference or the direct form is taken. */
enum family { BEST, LATE, DIRECT };
enum form { PLAIN, RELU, CLIP, ADD, ADD_RELU };

struct layer {
    const char *model;
    int64_t ic, oc, size, kernel, stride, groups;
    enum form post; /* behind a bias */
    int count;      /* in the model */
    enum family family;
};

/* Every convolution of ResNet-50 and MobileNetV2; of YOLOv8n some, none with its SiLU. */
static const struct layer layers[] = {
    {"resnet50", 3, 64, 224, 7, 2, 1, RELU, 1, BEST},
    {"resnet50", 64, 64, 56, 1, 1, 1, RELU, 1, BEST},
    {"resnet50", 256, 64, 56, 1, 1, 1, RELU, 2, BEST},
    {"resnet50", 64, 64, 56, 3, 1, 1, RELU, 3, BEST},
    {"resnet50", 64, 256, 56, 1, 1, 1, ADD_RELU, 3, BEST},
    {"resnet50", 64, 256, 56, 1, 1, 1, PLAIN, 1, BEST},
    {"resnet50", 256, 128, 56, 1, 1, 1, RELU, 1, BEST},
    {"resnet50", 512, 128, 28, 1, 1, 1, RELU, 3, BEST},
    {"resnet50", 128, 128, 56, 3, 2, 1, RELU, 1, BEST},
    {"resnet50", 128, 128, 28, 3, 1, 1, RELU, 3, BEST},
    {"resnet50", 128, 512, 28, 1, 1, 1, ADD_RELU, 4, BEST},
    {"resnet50", 256, 512, 56, 1, 2, 1, PLAIN, 1, BEST},
    {"resnet50", 512, 256, 28, 1, 1, 1, RELU, 1, BEST},
    {"resnet50", 1024, 256, 14, 1, 1, 1, RELU, 5, BEST},
    {"resnet50", 256, 256, 28, 3, 2, 1, RELU, 1, BEST},
    {"resnet50", 256, 256, 14, 3, 1, 1, RELU, 2, BEST},
    {"resnet50", 256, 256, 14, 3, 1, 1, RELU, 3, LATE},
    {"resnet50", 256, 1024, 14, 1, 1, 1, ADD_RELU, 6, BEST},
    {"resnet50", 512, 1024, 28, 1, 2, 1, PLAIN, 1, BEST},
    {"resnet50", 1024, 512, 14, 1, 1, 1, RELU, 1, BEST},
    {"resnet50", 2048, 512, 7, 1, 1, 1, RELU, 2, BEST},
    {"resnet50", 512, 512, 14, 3, 2, 1, RELU, 1, BEST},
    {"resnet50", 512, 512, 7, 3, 1, 1, RELU, 2, DIRECT},
    {"resnet50", 512, 2048, 7, 1, 1, 1, ADD_RELU, 3, BEST},
    {"resnet50", 1024, 2048, 14, 1, 2, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 3, 32, 224, 3, 2, 1, CLIP, 1, BEST},
    {"mobilenetv2", 32, 32, 112, 3, 1, 32, CLIP, 1, BEST},
    {"mobilenetv2", 32, 16, 112, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 16, 96, 112, 1, 1, 1, CLIP, 1, BEST},
    {"mobilenetv2", 96, 96, 112, 3, 2, 96, CLIP, 1, BEST},
    {"mobilenetv2", 96, 24, 56, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 24, 144, 56, 1, 1, 1, CLIP, 2, BEST},
    {"mobilenetv2", 144, 144, 56, 3, 1, 144, CLIP, 1, BEST},
    {"mobilenetv2", 144, 24, 56, 1, 1, 1, ADD, 1, BEST},
    {"mobilenetv2", 144, 144, 56, 3, 2, 144, CLIP, 1, BEST},
    {"mobilenetv2", 144, 32, 28, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 32, 192, 28, 1, 1, 1, CLIP, 3, BEST},
    {"mobilenetv2", 192, 192, 28, 3, 1, 192, CLIP, 2, BEST},
    {"mobilenetv2", 192, 32, 28, 1, 1, 1, ADD, 2, BEST},
    {"mobilenetv2", 192, 192, 28, 3, 2, 192, CLIP, 1, BEST},
    {"mobilenetv2", 192, 64, 14, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 64, 384, 14, 1, 1, 1, CLIP, 4, BEST},
    {"mobilenetv2", 384, 384, 14, 3, 1, 384, CLIP, 4, BEST},
    {"mobilenetv2", 384, 64, 14, 1, 1, 1, ADD, 3, BEST},
    {"mobilenetv2", 384, 96, 14, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 96, 576, 14, 1, 1, 1, CLIP, 3, BEST},
    {"mobilenetv2", 576, 576, 14, 3, 1, 576, CLIP, 2, BEST},
    {"mobilenetv2", 576, 96, 14, 1, 1, 1, ADD, 2, BEST},
    {"mobilenetv2", 576, 576, 14, 3, 2, 576, CLIP, 1, BEST},
    {"mobilenetv2", 576, 160, 7, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 160, 960, 7, 1, 1, 1, CLIP, 3, BEST},
    {"mobilenetv2", 960, 960, 7, 3, 1, 960, CLIP, 3, BEST},
    {"mobilenetv2", 960, 160, 7, 1, 1, 1, ADD, 2, BEST},
    {"mobilenetv2", 960, 320, 7, 1, 1, 1, PLAIN, 1, BEST},
    {"mobilenetv2", 320, 1280, 7, 1, 1, 1, CLIP, 1, BEST},
    {"yolov8n", 3, 16, 640, 3, 2, 1, PLAIN, 1, BEST},
    {"yolov8n", 16, 32, 320, 3, 2, 1, PLAIN, 1, BEST},
    {"yolov8n", 16, 16, 160, 3, 1, 1, PLAIN, 2, BEST},
    {"yolov8n", 32, 32, 80, 3, 1, 1, PLAIN, 4, BEST},
    {"yolov8n", 64, 64, 40, 3, 1, 1, PLAIN, 5, BEST},
    {"yolov8n", 64, 80, 80, 3, 1, 1, PLAIN, 1, BEST},
    {"yolov8n", 48, 32, 160, 1, 1, 1, PLAIN, 1, BEST},
};

/* ---- ours
 * -------------------------------------------------------------------------------------------------------------
 */

struct ours {
    const struct cpu_winograd_f32 *late; /* pack the weights as well */
    struct cpu_conv_weights weights;
    float *packed;
    struct cpu_epilogue post;
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

    if (o->late) {
        o->late->pack(o->packed, &o->shape, &o->weights);
    }
    for (int64_t t = 0; t < tasks; t++) {
        o->run(&o->shape, &o->args, t, o->scratch);
    }
}

static void setup_ours(struct ours *o, const struct layer *l, enum cpu_isa isa, const float *w,
                       const float *bias, const float *x, const float *residual, float *y)
{
    int64_t out = (l->size + l->stride - 1) / l->stride;
    struct cpu_conv_weights weights = {.data = w, .type = CPU_SRC_F32};
    const struct cpu_winograd_f32 *wino = cpu_winograd_f32_get(isa);
    const struct cpu_dwconv_f32 *dw = cpu_dwconv_f32_get(isa);
    const struct cpu_conv_f32 *conv = cpu_conv_f32_get(isa);

    o->late = NULL;
    o->weights = weights;
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
        o->packed = bench_floats((k)->packed_bytes(&o->shape) / 4);                                          \
        (k)->pack(o->packed, &o->shape, &weights);                                                           \
        o->tasks = (k)->tasks;                                                                               \
        o->run = (k)->run;                                                                                   \
        o->name = (k)->name;                                                                                 \
        o->scratch = bench_floats((k)->scratch_bytes(&o->shape) / 4);                                        \
    } while (0)
    if (l->groups > 1) {
        TAKE(dw);
    } else if (l->family != DIRECT && wino->supports(&o->shape) && wino->pays(&o->shape, 2)) {
        TAKE(wino);
        o->late = l->family == LATE ? wino : NULL;
    } else {
        TAKE(conv);
    }
#undef TAKE
    o->post = (struct cpu_epilogue){.bias = bias};
    if (l->post == ADD || l->post == ADD_RELU) {
        bool in_place = o->run == conv->run && conv->sums_in_place(&o->shape);

        o->post.steps[o->post.step_count++] = (struct cpu_epilogue_step){
            .kind = VT_POST_ADD, .src = in_place ? y : residual, .row_stride = l->oc, .col_stride = 1};
    }
    if (l->post == RELU || l->post == ADD_RELU) {
        o->post.steps[o->post.step_count++].kind = VT_POST_RELU;
    }
    if (l->post == CLIP) {
        o->post.steps[o->post.step_count++] = (struct cpu_epilogue_step){.kind = VT_POST_CLAMP, .b = 6};
    }
    o->args = (struct cpu_conv_args){x, o->packed, y, &o->post};
}

/* ---- oneDNN
 * ------------------------------------------------------------------------------------------------------------
 */

struct theirs {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t conv;
    dnnl_exec_arg_t args[4];
    dnnl_format_tag_t tag; /* of src and dst */
};

static void run_theirs(void *context)
{
    struct theirs *t = context;

    dnnl_primitive_execute(t->conv, t->stream, 4, t->args);
    dnnl_stream_wait(t->stream);
}

static dnnl_memory_t memory_of(struct theirs *t, const_dnnl_primitive_desc_t pd, dnnl_query_t what, int index)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, index);
    dnnl_memory_t memory;
    float *data = bench_floats(dnnl_memory_desc_get_size(md) / 4 + 64);

    CHECK(dnnl_memory_create(&memory, md, t->engine, data));
    return memory;
}

/* The sum is in place, as a plan would have it. */
static dnnl_primitive_attr_t post_ops(enum form post)
{
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops;

    CHECK(dnnl_primitive_attr_create(&attr));
    CHECK(dnnl_post_ops_create(&ops));
    if (post == ADD || post == ADD_RELU) {
        CHECK(dnnl_post_ops_append_sum(ops, 1));
    }
    if (post == RELU || post == ADD_RELU) {
        CHECK(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0));
    }
    if (post == CLIP) {
        CHECK(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_clip, 0, 6));
    }
    CHECK(dnnl_primitive_attr_set_post_ops(attr, ops));
    CHECK(dnnl_post_ops_destroy(ops));
    return attr;
}

static void setup_theirs(struct theirs *t, const struct layer *l)
{
    int64_t out = (l->size + l->stride - 1) / l->stride, pad = (l->kernel - 1) / 2;
    int64_t end = (out - 1) * l->stride + l->kernel - l->size - pad;
    dnnl_dims_t x = {1, l->ic, l->size, l->size}, y = {1, l->oc, out, out};
    dnnl_dims_t w = {l->oc, l->ic, l->kernel, l->kernel};
    dnnl_dims_t wg = {l->groups, l->oc / l->groups, l->ic / l->groups, l->kernel, l->kernel};
    dnnl_dims_t stride = {l->stride, l->stride}, begin = {pad, pad}, after = {end, end}, bias = {l->oc};
    dnnl_memory_desc_t xd, wd, bd, yd;
    dnnl_primitive_attr_t attr = post_ops(l->post);
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd;

    CHECK(dnnl_memory_desc_init_by_tag(&xd, 4, x, dnnl_f32, l->ic <= 4 ? dnnl_nchw : t->tag));
    CHECK(dnnl_memory_desc_init_by_tag(&yd, 4, y, dnnl_f32, t->tag));
    if (l->groups > 1) {
        CHECK(dnnl_memory_desc_init_by_tag(&wd, 5, wg, dnnl_f32, dnnl_format_tag_any));
    } else {
        CHECK(dnnl_memory_desc_init_by_tag(&wd, 4, w, dnnl_f32, dnnl_format_tag_any));
    }
    CHECK(dnnl_memory_desc_init_by_tag(&bd, 1, bias, dnnl_f32, dnnl_x));
    CHECK(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_auto, &xd, &wd,
                                             &bd, &yd, stride, begin, after));
    CHECK(dnnl_primitive_desc_create(&pd, &desc, attr, t->engine, NULL));
    t->args[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory_of(t, pd, dnnl_query_src_md, 0)};
    t->args[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, memory_of(t, pd, dnnl_query_weights_md, 0)};
    t->args[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory_of(t, pd, dnnl_query_dst_md, 0)};
    t->args[3] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, memory_of(t, pd, dnnl_query_weights_md, 1)};
    CHECK(dnnl_primitive_create(&t->conv, pd));
    dnnl_primitive_attr_destroy(attr);
    dnnl_primitive_desc_destroy(pd);
}

static void free_theirs(struct theirs *t)
{
    dnnl_primitive_destroy(t->conv);
    for (int i = 0; i < 4; i++) {
        void *data;

        CHECK(dnnl_memory_get_data_handle(t->args[i].memory, &data));
        dnnl_memory_destroy(t->args[i].memory);
        free(data);
    }
}

struct totals {
    double ours, theirs, better, log_ratio;
    int layers;
};

static void bench_layer(const struct layer *l, enum cpu_isa isa, struct theirs *t, struct totals *sum)
{
    static const char *const forms[] = {"", "relu", "clip", "add", "add relu"};
    float *w = bench_floats((size_t)(l->oc * l->ic / l->groups * l->kernel * l->kernel));
    float *x = bench_floats((size_t)(l->ic * l->size * l->size)), *bias = bench_floats((size_t)l->oc);
    float *y = bench_floats((size_t)(l->oc * l->size * l->size));
    float *residual = bench_floats((size_t)(l->oc * l->size * l->size));
    struct ours o;
    bool reference = l->ic <= 4; /* there oneDNN takes a thousand times as long; ours counts for both */
    double a = 1e30, b = 1e30;

    setup_ours(&o, l, isa, w, bias, x, residual, y);
    if (!reference) {
        setup_theirs(t, l);
    }
    for (int round = 0; round < 4; round++) {
        double ta = best_time(run_ours, &o, 0.02), tb = reference ? ta : best_time(run_theirs, t, 0.02);

        a = ta < a ? ta : a;
        b = tb < b ? tb : b;
    }
    printf("%-12s %ldx%ld s%ld %4ld>%4ld %3ld %-8s x%d   ours %8.1f us (%s%s)   oneDNN %8.1f us   %5.2f\n",
           l->model, (long)l->kernel, (long)l->kernel, (long)l->stride, (long)l->ic, (long)l->oc,
           (long)l->size, forms[l->post], l->count, a * 1e6, o.name, l->family == LATE ? " late" : "",
           b * 1e6, b / a);
    sum->ours += l->count * a;
    sum->theirs += l->count * b;
    sum->better += l->count * (a < b ? a : b);
    sum->log_ratio += log(b / a);
    sum->layers++;
    if (!reference) {
        free_theirs(t);
    }
    free(o.scratch);
    free(o.packed);
    free(w);
    free(bias);
    free(x);
    free(y);
    free(residual);
}

static void print_totals(const char *model, struct totals *sum)
{
    printf("%s: ours %.3f ms, oneDNN %.3f, better of both %.3f (%.1f %% less than ours); geometric mean of "
           "the ratios "
           "%.2f\n\n",
           model, sum->ours * 1e3, sum->theirs * 1e3, sum->better * 1e3, 100 * (1 - sum->better / sum->ours),
           exp(sum->log_ratio / sum->layers));
    *sum = (struct totals){0};
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
    int isa = level_of_arguments(argc, argv);
    size_t count = sizeof(layers) / sizeof(layers[0]);
    struct totals sum = {0};
    struct theirs t;

    if (isa < 0 || !cpu_isa_supported((enum cpu_isa)isa)) {
        return 77;
    }
    t.tag = argc > 2 && strcmp(argv[2], "any") == 0 ? dnnl_format_tag_any : dnnl_nhwc;
    use_one_thread();
    setenv("ONEDNN_MAX_CPU_ISA", isa == CPU_ISA_avx2 ? "AVX2" : "DEFAULT", 0);
    CHECK(dnnl_engine_create(&t.engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&t.stream, t.engine, dnnl_stream_default_flags));
    for (size_t i = 0; i < count; i++) {
        if (argc > 3 && !strstr(argv[3], layers[i].model)) {
            continue;
        }
        bench_layer(&layers[i], (enum cpu_isa)isa, &t, &sum);
        if (i + 1 == count || strcmp(layers[i].model, layers[i + 1].model) != 0) {
            print_totals(layers[i].model, &sum);
        }
    }
    return 0;
}
