#include "ops/copies.h"

struct cpu_copies *cpu_copies_create(struct cpu_build *b, const struct cpu_op *op, int n)
{
    struct cpu_copies *c = cpu_plan_alloc(b, sizeof(*c));

    if (c) {
        c->kernel = cpu_move_get(op->isa);
        c->list = cpu_plan_alloc(b, sizeof(*c->list) * (size_t)(n ? n : 1));
    }
    return c && c->list ? c : NULL;
}

bool cpu_copies_add(struct cpu_copies *c, const struct cpu_op *op, int in, int out, int rank,
                    const int64_t *dims, const int64_t *src_stride, const int64_t *dst_stride,
                    int64_t src_offset, int64_t dst_offset)
{
    struct cpu_one_copy *one = &c->list[c->n];
    int64_t size = vt_type_info(op->out[out].type)->bits / 8, count = 1;

    for (int i = 0; i < rank; i++) {
        count *= dims[i];
    }
    if (!count) {
        return true;
    }
    if (!cpu_copy_plan(&one->plan, (int)size, rank, dims, src_stride, dst_stride)) {
        return false;
    }
    one->in = in;
    one->out = out;
    one->src_offset = src_offset * size;
    one->dst_offset = dst_offset * size;
    one->pieces = cpu_pieces(op, (double)count * (double)size / 4);
    c->n++;
    return true;
}

struct job {
    const struct cpu_copies *c;
    const struct cpu_one_copy *one;
    const char *src;
    char *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->c->kernel->copy(&j->one->plan, j->src, j->dst, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct cpu_copies *c = step->data;

    for (int i = 0; i < c->n; i++) {
        const struct cpu_one_copy *one = &c->list[i];
        struct job j = {c, one, (const char *)cpu_in(step, run, one->in) + one->src_offset,
                        (char *)cpu_out(step, run, one->out) + one->dst_offset};

        cpu_parallel_range(run, one->plan.units, one->pieces, piece, &j);
    }
    return VT_OK;
}

void cpu_copies_finish(struct cpu_copies *c, struct cpu_step *step)
{
    step->run = c->n ? run : NULL;
    step->data = c;
    step->kernel = c->kernel->name;
}

void cpu_value_strides(const struct cpu_value *v, int64_t *strides)
{
    int64_t step = 1;

    if (v->layout == CPU_NXC) {
        strides[1] = 1;
        step = v->pixel;
        for (int i = v->t.rank - 1; i >= 2; i--) {
            strides[i] = step;
            step *= v->t.dims[i];
        }
        strides[0] = step;
        return;
    }
    for (int i = v->t.rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= v->t.dims[i];
    }
}
