/* Copies between layouts. */
#include "plan.h"

#include "ops/copies.h"

struct reorder {
    struct cpu_copy plan;
    const struct cpu_move *kernel;
    int64_t pieces;
};

struct job {
    const struct reorder *r;
    const void *src;
    void *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->r->kernel->copy(&j->r->plan, j->src, j->dst, begin, end);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct reorder *r = step->data;
    struct job j = {r, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, r->plan.units, r->pieces, piece, &j);
    return VT_OK;
}

/* The copy runs in the order of the destination's memory. */
static bool make_plan(struct cpu_copy *plan, const struct cpu_value *from, const struct cpu_value *to)
{
    int64_t src[VT_MAX_RANK], dst[VT_MAX_RANK], dims[VT_MAX_RANK], s[VT_MAX_RANK], d[VT_MAX_RANK];
    int rank = to->t.rank;

    if (!cpu_copy_size(to->t.type)) { /* packed ones and strings: always plain */
        dims[0] = (int64_t)to->t.bytes;
        s[0] = d[0] = 1;
        return cpu_copy_plan(plan, 1, 1, dims, s, d);
    }
    cpu_value_strides(from, src);
    cpu_value_strides(to, dst);
    for (int i = 0; i < rank; i++) {
        int at = to->layout == CPU_NXC && i > 0 ? (i == rank - 1 ? 1 : i + 1) : i;

        dims[i] = to->t.dims[at];
        s[i] = src[at];
        d[i] = dst[at];
    }
    return cpu_copy_plan(plan, vt_type_info(to->t.type)->bits / 8, rank, dims, s, d);
}

struct constant_form {
    const struct cpu_move *kernel;
    struct cpu_copy plan;
    const void *src;
};

static void fill_form(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct constant_form *form = ctx;

    form->kernel->copy(&form->plan, form->src, dst, first, last);
}

const void *cpu_reorder_constant(struct cpu_build *b, const struct cpu_arg *source,
                                 const struct cpu_value *from, const struct cpu_value *to,
                                 struct vt_error *err)
{
    struct constant_form form = {.kernel = cpu_move_get(b->model->isa), .src = from->t.data};

    if (!make_plan(&form.plan, from, to)) {
        vt_fail(err, VT_E_UNSUPPORTED, "not implemented: reorder of a constant of type %s and rank %d",
                vt_type_info(from->t.type)->name, from->t.rank);
        return NULL;
    }
    return cpu_weights(b, source, 3 + (uint64_t)to->layout, to->bytes, fill_form, &form, form.plan.units,
                       err);
}

int cpu_reorder_step(struct cpu_build *b, int from, int to, struct vt_error *err)
{
    struct reorder *r = cpu_plan_alloc(b, sizeof(*r));
    struct cpu_step *step = r ? cpu_step_add(b, 1, 1, err) : NULL;
    const struct cpu_value *src = &b->plan->values[from], *dst = &b->plan->values[to];
    struct cpu_op op = {.host = b->host, .threads = b->model->config.threads};

    if (!step) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->kernel = cpu_move_get(b->model->isa);
    if (!make_plan(&r->plan, src, dst)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: reorder of a tensor of type %s and rank %d",
                       vt_type_info(src->t.type)->name, src->t.rank);
    }
    r->pieces = cpu_pieces(&op, (double)src->t.bytes / 4);
    step->run = run;
    step->data = r;
    step->kernel = "reorder";
    ((int *)step->in)[0] = from;
    ((int *)step->out)[0] = to;
    return VT_OK;
}
