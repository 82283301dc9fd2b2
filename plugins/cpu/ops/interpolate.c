/* Interpolate-4 and -11 over up to three spatial axes, through one table of taps per axis. */
#include "kernels/interpolate.h"

#include "impl.h"

#include <math.h>

struct interpolate {
    struct cpu_interp shape;
    const struct cpu_interpolate_f32 *kernel;
    int64_t units, pieces;
};

static const char *const modes[] = {"nearest", "linear",          "linear_onnx",
                                    "cubic",   "bilinear_pillow", "bicubic_pillow"};
static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn",
                                     "align_corners"};
static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple"};

static int word(const char *const *list, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        if (strcasecmp(list[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static bool padded(const struct cpu_op *op)
{
    static const char *const names[] = {"pads_begin", "pads_end"};

    for (int k = 0; k < 2; k++) {
        int64_t n;
        const int64_t *pads = op->host->attr_i64s(op->node, names[k], &n);

        for (int64_t i = 0; i < n; i++) {
            if (pads[i]) {
                return true;
            }
        }
    }
    return false;
}

static bool constant_f32s(const struct cpu_arg *arg, float *values, int max, int *n)
{
    if (!arg->raw || arg->raw->type != VT_F32 || arg->count > max) {
        return false;
    }
    *n = (int)arg->count;
    memcpy(values, arg->raw->data, (size_t)*n * sizeof(float));
    return true;
}

/* Scale of each axis as the mode of calculation has it: what the model gives, or out / in. */
static bool scales_of(const struct cpu_op *op, float *scale)
{
    bool by_scale = strcasecmp(op->host->attr_str(op->node, "shape_calculation_mode"), "scales") == 0;
    bool newer = op->host->node_opset(op->node) >= 11;
    int axes_input = newer ? 2 : 3, n_axes = op->in[0].rank, n;
    int64_t axes[VT_MAX_RANK];
    float given[VT_MAX_RANK];

    for (int i = 0; i < op->in[0].rank; i++) {
        axes[i] = i;
        scale[i] = op->in[0].dims[i] ? (float)op->out[0].dims[i] / (float)op->in[0].dims[i] : 1.0f;
    }
    if (!by_scale) {
        return true;
    }
    if (op->n_in > axes_input && op->in[axes_input].type != VT_DYNAMIC &&
        !cpu_constant_i64s(&op->in[axes_input], axes, VT_MAX_RANK, &n_axes)) {
        return false;
    }
    if (!constant_f32s(&op->in[newer ? 1 : 2], given, VT_MAX_RANK, &n) || n != n_axes) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = axes[i] + (axes[i] < 0 ? op->in[0].rank : 0);

        if (axis < 0 || axis >= op->in[0].rank) {
            return false;
        }
        scale[axis] = given[i];
    }
    return true;
}

/* The attribute antialias changes nothing, as in the reference. */
static bool params_of(const struct cpu_op *op, struct cpu_interp_params *p)
{
    const struct vt_host *host = op->host;
    int mode = word(modes, 6, host->attr_str(op->node, "mode"));
    int coord = word(coords, 5, host->attr_str(op->node, "coordinate_transformation_mode"));
    int rounding = word(roundings, 5, host->attr_str(op->node, "nearest_mode"));

    if (mode < 0 || coord < 0 || rounding < 0) {
        return false;
    }
    *p = (struct cpu_interp_params){.mode = (enum cpu_interp_mode)mode,
                                    .coord = (enum cpu_interp_coord)coord,
                                    .nearest = (enum cpu_interp_nearest)rounding,
                                    .cubic_a = (float)host->attr_f64(op->node, "cube_coeff")};
    if (p->mode == CPU_INTERP_BICUBIC_PILLOW) {
        p->cubic_a = -0.5f; /* Pillow's own, whatever the attribute says */
    }
    return true;
}

/* The first interpolated axis of pictures whose channels are axis 1 or, in front of pre-processing's
 * transposes, the last one; 0 for others. */
static int first_axis(const struct cpu_op *op, const float *scale)
{
    const int64_t *in = op->in[0].dims, *out = op->out[0].dims;
    int last = op->in[0].rank - 1;

    if (in[0] != out[0]) {
        return 0;
    }
    if (in[1] == out[1]) {
        return 2;
    }
    return in[last] == out[last] && scale[0] == 1.0f && scale[last] == 1.0f ? 1 : 0;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_interp_params p;
    float scale[VT_MAX_RANK];

    *reason = "an older version";
    if (op->host->node_opset(op->node) < 4) {
        return false;
    }
    *reason = "only f32 of rank 3 to 5";
    if (op->in[0].raw || op->in[0].type != VT_F32 || op->in[0].rank < 3 || op->in[0].rank > 5 ||
        op->out[0].rank != op->in[0].rank) {
        return false;
    }
    *reason = "batch or channels are interpolated, or there are pads, or an input is not constant";
    return !padded(op) && params_of(op, &p) && scales_of(op, scale) && first_axis(op, scale) > 0;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double ns = (double)op->out[0].count;
    float scale[VT_MAX_RANK];

    scales_of(op, scale);
    if (first_axis(op, scale) == 1) {
        o[0] = (struct cpu_option){.cost = ns};
        return 1;
    }
    o[0] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, ns * 0.5, 0};
    o[1] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns * 2, 0};
    return 2;
}

struct job {
    const struct interpolate *p;
    const float *src;
    float *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    j->p->kernel->run(&j->p->shape, j->src, j->dst, scratch, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct interpolate *p = step->data;
    struct job j = {p, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, p->units, p->pieces, piece, &j);
    return VT_OK;
}

static int fill_axis(struct cpu_build *b, const struct cpu_interp_params *params, float scale, int64_t in,
                     int64_t out, struct cpu_interp_axis *axis)
{
    axis->in = in;
    axis->out = out;
    axis->taps = in == out && scale == 1.0f ? 1 : cpu_interp_taps(params, in, out, scale);
    axis->index = cpu_plan_alloc(b, (size_t)(out * axis->taps) * sizeof(*axis->index));
    axis->weight = cpu_plan_alloc(b, (size_t)(out * axis->taps) * sizeof(*axis->weight));
    if (!axis->index || !axis->weight) {
        return VT_E_NOMEM;
    }
    if (in == out && scale == 1.0f) {
        for (int64_t i = 0; i < out; i++) {
            axis->index[i] = (int32_t)i;
            axis->weight[i] = 1.0f;
        }
        return VT_OK;
    }
    cpu_interp_table(params, scale, axis);
    cpu_interp_trim(axis);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct interpolate *p = cpu_plan_alloc(b, sizeof(*p));
    struct cpu_interp_params params;
    float scale[VT_MAX_RANK];
    int rank = op->in[0].rank, spatial = rank - 2, first;
    bool nhwc;

    if (!p) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    params_of(op, &params);
    scales_of(op, scale);
    p->kernel = cpu_interpolate_f32_get(op->isa);
    first = first_axis(op, scale);
    nhwc = option->in == CPU_NXC || first == 1;
    p->shape.channels = nhwc ? op->in[0].dims[first == 1 ? rank - 1 : 1] : 1;
    for (int i = 0; i < 3; i++) {
        int axis = i - (3 - spatial) + first;
        bool kept = axis < first;

        if (fill_axis(b, &params, kept ? 1.0f : scale[axis], kept ? 1 : op->in[0].dims[axis],
                      kept ? 1 : op->out[0].dims[axis], &p->shape.axis[i])) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    p->units =
        op->in[0].dims[0] * (nhwc ? 1 : op->in[0].dims[1]) * p->shape.axis[0].out * p->shape.axis[1].out;
    p->pieces = cpu_pieces(op, option->cost);
    step->scratch = (size_t)cpu_interp_scratch(&p->shape);
    step->run = run;
    step->data = p;
    step->kernel = p->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_interpolate = {
    .name = "interpolate",
    .flags = CPU_TAKES_RAW,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
