/* Convolutions, channels last: dense, grouped, depthwise, transposed; fused and plain operations alike. */
#include "kernels/conv.h"
#include "ops/post.h"
#include "plan.h"

/* Input numbers of the fused operations; the plain ones have 0 and 1 alone. */
enum { DATA, WEIGHTS, SCALE, BIAS };

/* A transposed convolution is planned for each place of a result between two strides. */
#define MAX_PHASES 65536

/* The four families have functions of the same form. */
struct family {
    const char *name;
    size_t (*packed_bytes)(const struct cpu_conv_shape *shape);
    void (*pack)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src);
    int64_t (*panels)(const struct cpu_conv_shape *shape); /* with pack_panels, or NULL: in one go */
    void (*pack_panels)(float *dst, const struct cpu_conv_shape *shape, const struct cpu_conv_weights *src,
                        int64_t first, int64_t last);
    int64_t (*tasks)(const struct cpu_conv_shape *shape);
    size_t (*scratch_bytes)(const struct cpu_conv_shape *shape);
    void (*run)(const struct cpu_conv_shape *shape, const struct cpu_conv_args *args, int64_t task,
                void *scratch);
};

struct conv {
    struct cpu_conv_shape shape;
    struct family family;
    const float *weights;        /* NULL: packed into an intermediate at each inference, */
    struct cpu_conv_weights raw; /* from here; data NULL: input WEIGHTS */
    struct cpu_post post;
    int64_t tasks;
};

enum variant {
    DENSE,
    PLANAR,
    WINOGRAD,
    WINOGRAD_LATE
}; /* tag of an option; depthwise and transposed follow from the node */

static bool is_transposed(const struct cpu_op *op)
{
    return strstr(op->type, "Backprop") != NULL;
}

/* Weights are [G, O/G, I/G, k...] (transposed: [G, I/G, O/G, k...]) instead of [O, I, k...]. */
static bool is_grouped(const struct cpu_op *op)
{
    return strncmp(op->type, "Group", 5) == 0 ||
           (op->host->node_opset(op->node) == 0 && op->host->attr_i64(op->node, "grouped"));
}

static bool depthwise(const struct cpu_conv_shape *s)
{
    return s->groups > 1 && s->groups == s->ic && s->ic == s->oc;
}

static void axes_of(int rank, struct cpu_post_axes *axes)
{
    *axes = (struct cpu_post_axes){.rank = rank, .column = 1, .n_batch = 1, .n_row = rank - 2};
    for (int i = 2; i < rank; i++) {
        axes->row[i - 2] = i;
    }
}

/* Padding before the first element of one spatial axis. */
static int64_t pad_before(const struct cpu_op *op, int axis, int64_t explicit_pad, int64_t in, int64_t out,
                          int64_t kernel, int64_t stride, int64_t dilation)
{
    const char *mode = op->host->attr_str(op->node, "auto_pad");
    bool upper = strcasecmp(mode, "same_upper") == 0, lower = strcasecmp(mode, "same_lower") == 0;
    int64_t total = (out - 1) * stride + (kernel - 1) * dilation + 1 - in;

    (void)axis;
    if (is_transposed(op)) {
        total = (in - 1) * stride + (kernel - 1) * dilation + 1 - out;
    }
    if (strcasecmp(mode, "valid") == 0) {
        return 0;
    }
    if (!upper && !lower) {
        return explicit_pad;
    }
    total = total > 0 ? total : 0;
    return upper != is_transposed(op) ? total / 2 : (total + 1) / 2;
}

static bool fill_shape(const struct cpu_op *op, struct cpu_conv_shape *s)
{
    const struct cpu_arg *x = &op->in[DATA], *w = &op->in[WEIGHTS], *y = &op->out[0];
    int spatial = x->rank - 2, first = is_grouped(op) ? 3 : 2;
    int64_t n;
    const int64_t *stride = op->host->attr_i64s(op->node, "strides", &n);
    const int64_t *dilation, *pad;

    if (n != spatial) {
        return false;
    }
    dilation = op->host->attr_i64s(op->node, "dilations", &n);
    if (n != spatial) {
        return false;
    }
    pad = op->host->attr_i64s(op->node, "pads_begin", &n);
    *s = (struct cpu_conv_shape){.batch = x->dims[0], .ic = x->dims[1], .oc = y->dims[1], .groups = 1};
    if (is_grouped(op)) {
        s->groups = w->dims[0];
    }
    for (int i = 0; i < CPU_CONV_DIMS; i++) {
        int axis = i - (CPU_CONV_DIMS - spatial);

        s->in[i] = s->out[i] = s->kernel[i] = s->stride[i] = s->dilation[i] = 1;
        if (axis < 0) {
            continue;
        }
        s->in[i] = x->dims[2 + axis];
        s->out[i] = y->dims[2 + axis];
        s->kernel[i] = w->dims[first + axis];
        s->stride[i] = stride[axis];
        s->dilation[i] = dilation[axis];
        s->pad[i] = pad_before(op, axis, axis < n ? pad[axis] : 0, s->in[i], s->out[i], s->kernel[i],
                               s->stride[i], s->dilation[i]);
    }
    s->x_pixel = s->ic;
    s->y_pixel = s->oc;
    return true;
}

static bool raw_float(const struct cpu_arg *arg)
{
    return arg->raw && (arg->raw->type == VT_F32 || arg->raw->type == VT_F16 || arg->raw->type == VT_BF16);
}

/* A network that makes the weights of another makes f32. */
static bool weights_made(const struct cpu_op *op)
{
    const struct cpu_arg *w = &op->in[WEIGHTS];

    return !w->raw && w->type == VT_F32 && w->rank == op->in[DATA].rank + is_grouped(op);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_conv_shape s;
    struct cpu_post_axes axes;

    *reason = "only f32";
    if (op->in[DATA].raw || op->in[DATA].type != VT_F32 || op->out[0].type != VT_F32 ||
        (!raw_float(&op->in[WEIGHTS]) && !weights_made(op))) {
        return false;
    }
    *reason = "the rank is not 3 to 5, or not known";
    if (op->in[DATA].rank < 3 || op->in[DATA].rank > 5 || op->out[0].rank != op->in[DATA].rank) {
        return false;
    }
    *reason = "scale and bias must be constants";
    for (int i = SCALE; op->host->node_opset(op->node) == 0 && i <= BIAS; i++) {
        if (i < op->n_in && op->in[i].type != VT_DYNAMIC && !op->in[i].raw) {
            return false;
        }
    }
    *reason = "an attribute has the wrong length";
    if (!fill_shape(op, &s)) {
        return false;
    }
    *reason = "strides beyond those of any picture";
    if (is_transposed(op) && (double)s.stride[0] * (double)s.stride[1] * (double)s.stride[2] > MAX_PHASES) {
        return false;
    }
    axes_of(op->in[DATA].rank, &axes);
    return cpu_post_supported(op, &axes, reason);
}

static double flops(const struct cpu_op *op, const struct cpu_conv_shape *s)
{
    double taps = (double)s->kernel[0] * (double)s->kernel[1] * (double)s->kernel[2];

    return 2.0 * (double)(is_transposed(op) ? op->in[DATA].count : op->out[0].count) * taps *
           (double)(is_transposed(op) ? s->oc : s->ic) / (double)s->groups;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    struct cpu_conv_shape s;
    double ns;

    fill_shape(op, &s);
    ns = flops(op, &s) / 50.0;
    o[0] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, ns, DENSE};
    if (s.ic > 4 || s.groups > 1 || is_transposed(op)) {
        return 1;
    }
    /* The first layer can read the planes of a picture as they come. */
    o[1] = (struct cpu_option){CPU_PLAIN, CPU_NXC, CPU_NXC, ns * 1.02, PLANAR};
    return 2;
}

/* ---- weights
 * ------------------------------------------------------------------------------------------------------- */

static struct family family_of(const struct cpu_op *op, const struct cpu_conv_shape *shape,
                               enum variant variant)
{
    const struct cpu_conv_f32 *dense = cpu_conv_f32_get(op->isa);

    if (variant == WINOGRAD || variant == WINOGRAD_LATE) {
        const struct cpu_winograd_f32 *k = cpu_winograd_f32_get(op->isa);

        return (struct family){k->name,        k->packed_bytes, k->pack,          k->panels,
                               k->pack_panels, k->tasks,        k->scratch_bytes, k->run};
    }
    if (is_transposed(op)) {
        return (struct family){.name = dense->name,
                               .packed_bytes = dense->transposed_packed_bytes,
                               .pack = dense->transposed_pack,
                               .tasks = dense->transposed_tasks,
                               .scratch_bytes = dense->transposed_scratch_bytes,
                               .run = dense->transposed_run};
    }
    if (depthwise(shape)) {
        const struct cpu_dwconv_f32 *k = cpu_dwconv_f32_get(op->isa);

        return (struct family){.name = k->name,
                               .packed_bytes = k->packed_bytes,
                               .pack = k->pack,
                               .tasks = k->tasks,
                               .scratch_bytes = k->scratch_bytes,
                               .run = k->run};
    }
    return (struct family){dense->name,        dense->packed_bytes, dense->pack,          dense->panels,
                           dense->pack_panels, dense->tasks,        dense->scratch_bytes, dense->run};
}

struct packer {
    const struct conv *conv;
    struct cpu_conv_weights src;
};

static void pack(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct packer *p = ctx;
    const struct family *family = &p->conv->family;

    if (family->pack_panels) {
        family->pack_panels(dst, &p->conv->shape, &p->src, first, last);
    } else {
        family->pack(dst, &p->conv->shape, &p->src);
    }
}

static int64_t panels(const struct conv *c)
{
    return c->family.panels ? c->family.panels(&c->shape) : 1;
}

/* Everything that the packed form depends on. */
static uint64_t pack_key(const struct cpu_op *op, const struct conv *c, uint64_t scale)
{
    struct {
        uint64_t kernel; /* of its name */
        uint64_t scale;  /* of its contents */
        int64_t ic, oc, groups, kernel_dims[CPU_CONV_DIMS], stride[CPU_CONV_DIMS], dilation[CPU_CONV_DIMS],
            pad[CPU_CONV_DIMS], planar;
    } k = {.kernel = cpu_key(is_transposed(op), c->family.name, strlen(c->family.name)), .scale = scale};

    k.ic = c->shape.ic;
    k.oc = c->shape.oc;
    k.groups = c->shape.groups;
    k.planar = c->shape.x_planar;
    memcpy(k.kernel_dims, c->shape.kernel, sizeof(k.kernel_dims));
    if (is_transposed(op)) {
        memcpy(k.stride, c->shape.stride, sizeof(k.stride));
        memcpy(k.dilation, c->shape.dilation, sizeof(k.dilation));
        memcpy(k.pad, c->shape.pad, sizeof(k.pad));
    }
    return cpu_key(0, &k, sizeof(k));
}

static int pack_weights(struct cpu_build *b, const struct cpu_op *op, struct conv *c, bool late,
                        struct vt_error *err)
{
    const struct cpu_arg *w = &op->in[WEIGHTS];
    bool scaled = op->host->node_opset(op->node) == 0 && SCALE < op->n_in && op->in[SCALE].type != VT_DYNAMIC;
    struct packer p = {.conv = c, .src = {.type = CPU_SRC_F32}};
    uint64_t scale = 0;

    if (w->raw) {
        p.src.data = w->raw->data;
        p.src.type = w->raw->type == VT_F32   ? CPU_SRC_F32
                     : w->raw->type == VT_F16 ? CPU_SRC_F16
                                              : CPU_SRC_BF16;
    }
    if (scaled) {
        p.src.scale = cpu_constant_f32(b, &op->in[SCALE], err);
        if (!p.src.scale) {
            return VT_E_NOMEM;
        }
        scale = cpu_key(1, p.src.scale, (size_t)op->in[SCALE].count * sizeof(float));
    }
    if (late) {
        c->raw = p.src;
        return !w->raw || cpu_constant_there(b, w, err) ? VT_OK : VT_E_FORMAT;
    }
    c->weights = cpu_weights(b, w, pack_key(op, c, scale), c->family.packed_bytes(&c->shape), pack, &p,
                             panels(c), err);
    return c->weights ? VT_OK : VT_E_NOMEM;
}

/* ---- the step
 * ------------------------------------------------------------------------------------------------------ */

struct job {
    const struct conv *c;
    struct cpu_conv_args args;
};

static void task_of(void *arg, int64_t task, void *scratch)
{
    struct job *j = arg;

    j->c->family.run(&j->c->shape, &j->args, task, scratch);
}

struct late_job {
    struct packer packer;
    float *dst;
};

static void pack_task(void *arg, int64_t panel, void *scratch)
{
    struct late_job *j = arg;

    (void)scratch;
    pack(j->dst, &j->packer, panel, panel + 1);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct conv *c = step->data;
    struct cpu_epilogue local;
    struct job j = {.c = c,
                    .args = {.x = cpu_in(step, run, DATA), .w = c->weights, .y = cpu_out(step, run, 0)}};

    if (!c->weights) {
        struct late_job late = {{c, c->raw}, cpu_out(step, run, 1)};

        if (!c->raw.data) {
            late.packer.src.data = cpu_in(step, run, WEIGHTS);
        }
        cpu_parallel(run, panels(c), pack_task, &late);
        j.args.w = late.dst;
    }
    j.args.post = cpu_post_bind(&c->post, step, run, &local);
    cpu_parallel(run, c->tasks, task_of, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct conv *c = cpu_plan_alloc(b, sizeof(*c));
    bool fused = op->host->node_opset(op->node) == 0;
    bool late = option->tag == WINOGRAD_LATE || !op->in[WEIGHTS].raw;
    struct cpu_post_axes axes;
    int status;

    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    fill_shape(op, &c->shape);
    c->shape.x_planar = option->in == CPU_PLAIN;
    c->shape.x_pixel = c->shape.x_planar ? 0 : cpu_build_in(b, step, DATA)->pixel;
    c->shape.y_pixel = cpu_build_out(b, step, 0)->pixel;
    c->family = family_of(op, &c->shape, (enum variant)option->tag);
    status = pack_weights(b, op, c, late, err);
    if (status == VT_OK && late) {
        int64_t floats = (int64_t)(c->family.packed_bytes(&c->shape) / sizeof(float));

        status = cpu_step_memory(b, step, floats, err) < 0 ? VT_E_NOMEM : VT_OK;
    }
    axes_of(op->in[DATA].rank, &axes);
    if (status == VT_OK) {
        status = cpu_post_prepare(b, op, step, &axes, fused ? BIAS : -1, &c->post, err);
    }
    c->tasks = c->family.tasks(&c->shape);
    step->scratch = c->family.scratch_bytes(&c->shape);
    step->kernel = c->family.name;
    step->run = run;
    step->data = c;
    return status;
}

/* A residual that dies here becomes the result, which halves what the layer moves besides its input. */
static int shared_input(const struct cpu_op *op, const struct cpu_option *option)
{
    const struct cpu_conv_f32 *dense = cpu_conv_f32_get(op->isa);
    struct cpu_conv_shape s;

    fill_shape(op, &s);
    if (option->tag != DENSE || is_transposed(op) || depthwise(&s) || !dense->sums_in_place(&s)) {
        return -1;
    }
    return cpu_post_leading_sum(op);
}

/* Winograd's form pays for some shapes. */
static bool form_varies(const struct cpu_op *op)
{
    const struct cpu_winograd_f32 *k = cpu_winograd_f32_get(op->isa);
    struct cpu_conv_shape s;

    fill_shape(op, &s);
    return k && op->in[WEIGHTS].raw && !op->accurate && !is_transposed(op) && k->supports(&s);
}

const struct cpu_impl cpu_impl_conv_nxc = {
    .name = "conv_nxc",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
    .always_plain = 1 << WEIGHTS,
    .form_varies = form_varies,
    .shared_input = shared_input,
};

/* ---- Winograd
 * ------------------------------------------------------------------------------------------------------ */

static bool winograd_fits(const struct cpu_op *op, const char **reason)
{
    const struct cpu_winograd_f32 *k = cpu_winograd_f32_get(op->isa);
    struct cpu_conv_shape s;

    if (!supports(op, reason)) {
        return false;
    }
    *reason = "EXECUTION_MODE_HINT is ACCURACY";
    if (op->accurate) {
        return false;
    }
    fill_shape(op, &s);
    *reason = "only 3x3 of stride 1";
    if (!k || is_transposed(op) || !k->supports(&s)) {
        return false;
    }
    *reason = "it would not be faster";
    /* For two threads whatever the plan has: another choice for another number would give other bits. */
    return k->pays(&s, 2);
}

static bool winograd_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "the weights are no constant";
    return op->in[WEIGHTS].raw && winograd_fits(op, reason);
}

static int winograd_options(const struct cpu_op *op, struct cpu_option *o)
{
    options(op, o);
    o[0].cost /= 2.5;
    o[0].tag = WINOGRAD;
    return 1;
}

static size_t winograd_growth(const struct cpu_op *op)
{
    struct cpu_conv_shape s;
    size_t plain = (size_t)op->in[WEIGHTS].count * sizeof(float), packed;

    fill_shape(op, &s);
    packed = cpu_winograd_f32_get(op->isa)->packed_bytes(&s);
    return packed > plain ? packed - plain : 0;
}

const struct cpu_impl cpu_impl_conv_winograd = {
    .name = "conv_winograd",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_TAKES_RAW,
    .supports = winograd_supports,
    .options = winograd_options,
    .prepare = prepare,
    .always_plain = 1 << WEIGHTS,
    .form_varies = form_varies,
    .growth = winograd_growth,
};

/* Where the memory for all transformed weights would be too much, or another part of the network makes them,
 * they are transformed at each inference: next to the product itself that takes little time, except where an
 * image is small. */
#define TRANSFORM_NS_A_BYTE 0.1

static int late_options(const struct cpu_op *op, struct cpu_option *o)
{
    struct cpu_conv_shape s;

    winograd_options(op, o);
    fill_shape(op, &s);
    o[0].cost += TRANSFORM_NS_A_BYTE * (double)cpu_winograd_f32_get(op->isa)->packed_bytes(&s);
    o[0].tag = WINOGRAD_LATE;
    return 1;
}

static bool late_supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_option late[CPU_MAX_OPTIONS], dense[CPU_MAX_OPTIONS];

    if (!winograd_fits(op, reason)) {
        return false;
    }
    *reason = "transforming the weights would take longer than it saves";
    late_options(op, late);
    options(op, dense);
    return late[0].cost < dense[0].cost;
}

const struct cpu_impl cpu_impl_conv_winograd_late = {
    .name = "conv_winograd_late",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_TAKES_RAW,
    .supports = late_supports,
    .options = late_options,
    .prepare = prepare,
    .always_plain = 1 << WEIGHTS,
    .form_varies = form_varies,
};
