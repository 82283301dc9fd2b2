/* RegionYolo: planes are copied or go through a sigmoid, those of the classes through a softmax across
 * planes. */
#include "impl.h"
#include "kernels/eltwise.h"
#include "kernels/softmax.h"

struct yolo {
    const struct cpu_eltwise_f32 *kernel;
    const struct cpu_softmax_f32 *softmax;
    struct cpu_eltwise sigmoid;
    bool across; /* softmax over the classes of a region */
    int64_t coords, classes, regions, plane;
    int64_t images, src_planes, dst_planes; /* planes: of an image */
    int64_t pieces;
};

/* How many regions there are and how many planes of an image come out; false when they do not fit. */
static bool geometry(const struct cpu_op *op, struct yolo *y)
{
    const struct vt_host *host = op->host;
    int64_t image, n;

    y->coords = host->attr_i64(op->node, "coords");
    y->classes = host->attr_i64(op->node, "classes");
    y->across = host->attr_i64(op->node, "do_softmax") != 0;
    y->regions = host->attr_i64(op->node, "num");
    if (!y->across) {
        host->attr_i64s(op->node, "mask", &y->regions);
    }
    y->images = op->in[0].dims[0];
    y->src_planes = op->in[0].dims[1];
    y->plane = op->in[0].dims[2] * op->in[0].dims[3];
    image = op->out[0].count / y->images;
    y->dst_planes = image / y->plane;
    if (image % y->plane || y->dst_planes > y->src_planes || y->regions < 0 || y->coords < 0 ||
        y->classes < 0 || y->coords > y->dst_planes || y->classes > y->dst_planes) {
        return false;
    }
    n = y->coords + y->classes + 1;
    return y->regions <= y->dst_planes / n;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct yolo y;

    *reason = "only f32 of known shape with elements";
    if (op->in[0].type != VT_F32 || op->in[0].rank != 4 || op->out[0].rank < 1 || !op->in[0].count ||
        !op->out[0].count) {
        return false;
    }
    *reason = "the regions do not fit the channels";
    return geometry(op, &y);
}

enum kind { COPIED, SIGMOID, SOFTMAX };

/* What becomes of a plane. */
static enum kind kind_of(const struct yolo *y, int64_t plane)
{
    int64_t each = y->coords + y->classes + 1, at = plane % each;

    if (plane >= y->regions * each || (at >= 2 && at < y->coords)) {
        return COPIED;
    }
    return at > y->coords && y->across ? SOFTMAX : SIGMOID;
}

struct job {
    const struct yolo *y;
    const float *src;
    float *dst;
};

/* Planes [begin, end) of all images; neighbours of one kind are taken together. */
static void planes(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct yolo *y = j->y;

    (void)scratch;
    for (int64_t at = begin; at < end;) {
        int64_t image = at / y->dst_planes, plane = at % y->dst_planes, n = 1;
        enum kind kind = kind_of(y, plane);
        const float *src = j->src + (image * y->src_planes + plane) * y->plane;
        float *dst = j->dst + at * y->plane;

        while (at + n < end && plane + n < y->dst_planes && kind_of(y, plane + n) == kind) {
            n++;
        }
        if (kind == COPIED) {
            memcpy(dst, src, (size_t)(n * y->plane) * sizeof(*dst));
        } else if (kind == SIGMOID) {
            y->kernel->run(&y->sigmoid, &src, dst, 0, n * y->plane);
        }
        at += n;
    }
}

/* Units: blocks of the columns of all regions. */
static void classes(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct yolo *y = j->y;
    int64_t blocks = cpu_column_units(1, y->plane);

    (void)scratch;
    for (int64_t u = begin; u < end; u++) {
        int64_t region = u / blocks, image = region / y->regions, block = u % blocks;
        int64_t plane = region % y->regions * (y->coords + y->classes + 1) + y->coords + 1;

        y->softmax->softmax_strided(j->src + (image * y->src_planes + plane) * y->plane,
                                    j->dst + (image * y->dst_planes + plane) * y->plane, y->classes, y->plane,
                                    block, block + 1);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct yolo *y = step->data;
    struct job j = {y, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, y->images * y->dst_planes, y->pieces, planes, &j);
    if (y->across && y->classes) {
        cpu_parallel_range(run, y->images * y->regions * cpu_column_units(1, y->plane), y->pieces, classes,
                           &j);
    }
    return VT_OK;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, (double)op->out[0].count * 0.6, 0};
    return 1;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct yolo *y = cpu_plan_alloc(b, sizeof(*y));
    struct cpu_bcast_shape shape = {.rank = 1, .dims = &op->out[0].count};

    (void)option;
    if (!y) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    geometry(op, y);
    y->kernel = cpu_eltwise_f32_get(op->isa);
    y->softmax = cpu_softmax_f32_get(op->isa);
    y->sigmoid.count = 1;
    y->sigmoid.steps[0] = (struct cpu_eltwise_step){.kind = VT_POST_SIGMOID, .input = -1};
    cpu_bcast_plan(&y->sigmoid.shape, 1, &op->out[0].count, 1, &shape);
    y->pieces = cpu_pieces(op, (double)op->out[0].count * 0.6);
    step->run = run;
    step->data = y;
    step->kernel = y->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_region_yolo = {
    .name = "region_yolo",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
