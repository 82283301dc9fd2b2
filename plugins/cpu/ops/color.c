/* NV12toRGB, NV12toBGR, I420toRGB, I420toBGR of bytes and of f32. */
#include "kernels/color.h"

#include "impl.h"

struct color {
    struct cpu_color shape;
    const struct cpu_color_rgb *kernel;
    int planes;
    bool bytes, nv12;
    int64_t units, pieces;
};

static bool supports(const struct cpu_op *op, const char **reason)
{
    enum vt_type type = op->out[0].type;

    *reason = "only u8 and f32";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type != type) {
            return false;
        }
    }
    if (type != VT_U8 && type != VT_F32) {
        return false;
    }
    *reason = "only even heights and widths";
    return op->out[0].rank == 4 && op->out[0].dims[1] % 2 == 0 && op->out[0].dims[2] % 2 == 0;
}

static double cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * 0.4;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = cost(op)};
    return 1;
}

struct job {
    const struct color *c;
    const void *y, *u, *v;
    void *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct color *c = j->c;

    if (c->bytes) {
        c->kernel->u8(&c->shape, j->y, j->u, j->v, j->dst, scratch, begin, end);
    } else {
        c->kernel->f32(&c->shape, j->y, j->u, j->v, j->dst, scratch, begin, end);
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct color *c = step->data;
    size_t size = c->bytes ? 1 : sizeof(float), luma = (size_t)(c->shape.width * c->shape.height) * size;
    const char *y = cpu_in(step, run, 0), *u, *v;
    struct job j;

    u = c->planes == 1 ? y + luma : cpu_in(step, run, 1);
    v = c->nv12 ? u + size : c->planes == 1 ? u + luma / 4 : cpu_in(step, run, 2);
    j = (struct job){c, y, u, v, cpu_out(step, run, 0)};
    cpu_parallel_range(run, c->units, c->pieces, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct color *c = cpu_plan_alloc(b, sizeof(*c));
    int64_t height = op->out[0].dims[1], width = op->out[0].dims[2], luma = height * width;

    (void)option;
    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    c->kernel = cpu_color_rgb_get(op->isa);
    c->planes = op->n_in;
    c->bytes = op->out[0].type == VT_U8;
    c->nv12 = strncmp(op->type, "NV12", 4) == 0;
    c->shape = (struct cpu_color){.width = width,
                                  .height = height,
                                  .chroma_step = c->nv12 ? 2 : 1,
                                  .y_picture = c->planes == 1 ? luma / 2 * 3 : luma,
                                  .u_picture = c->planes == 1 ? luma / 2 * 3
                                               : c->nv12      ? luma / 2
                                                              : luma / 4,
                                  .blue_first = strstr(op->type, "BGR") != NULL};
    c->shape.v_picture = c->shape.u_picture;
    c->units = op->out[0].dims[0] * (height / 2);
    c->pieces = cpu_pieces(op, cost(op));
    step->scratch = (size_t)cpu_color_scratch(&c->shape);
    step->run = run;
    step->data = c;
    step->kernel = c->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_color = {
    .name = "color",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
