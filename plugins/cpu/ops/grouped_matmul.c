/* GroupedMatMul: rows of a group of experts' tokens times the group's matrix, [G, N, K]; either all groups
 * have as many rows, or the ends of their runs are an input. */
#include "impl.h"
#include "kernels/gemm.h"

enum { ROWS, MATRICES, ENDS };

struct grouped {
    const struct cpu_gemm_f32 *gemm;
    int64_t groups, rows, columns, inner; /* rows: of each group, or of all */
    bool ragged, wide;                    /* the ends are i64 */
};

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    for (int i = ROWS; i <= MATRICES; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank < 2) {
            return false;
        }
    }
    if (op->out[0].rank < 0 || op->in[MATRICES].rank != 3 || op->in[MATRICES].dims[2] == 0) {
        return false;
    }
    *reason = "the ends of groups are neither i32 nor i64";
    return op->in[ROWS].rank == 3 ||
           (op->n_in > ENDS && op->in[ENDS].rank == 1 && cpu_is_index(&op->in[ENDS]));
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double flops = 2.0 * (double)op->out[0].count * (double)op->in[MATRICES].dims[2];

    o[0] = (struct cpu_option){.cost = flops / 40 + 1000};
    return 1;
}

struct job {
    const struct grouped *g;
    struct cpu_batched_gemm_args args;
};

static void task(void *arg, int64_t index, void *scratch)
{
    struct job *j = arg;

    j->g->gemm->batched_run(&j->args, index, scratch);
}

/* `rows` rows of each of `groups` groups. */
static void multiply(const struct grouped *g, struct cpu_run *run, const float *a, const float *b, float *y,
                     int64_t groups, int64_t rows)
{
    struct job j = {g, {.m = rows, .n = g->columns, .k = g->inner, .batch = {groups, 1, 1}}};

    j.args.a = a;
    j.args.a_row = g->inner;
    j.args.a_col = 1;
    j.args.a_batch[0] = rows * g->inner;
    j.args.b = b;
    j.args.b_row = 1;
    j.args.b_col = g->inner;
    j.args.b_batch[0] = g->columns * g->inner;
    j.args.y = y;
    j.args.ldy = g->columns;
    j.args.y_batch[0] = rows * g->columns;
    cpu_parallel(run, g->gemm->batched_tasks(&j.args), task, &j);
}

static int run_ragged(const struct grouped *g, struct cpu_run *run, const float *a, const float *b,
                      const void *ends, float *y)
{
    int64_t row = 0;

    for (int64_t i = 0; i < g->groups; i++) {
        int64_t end = cpu_index_at(ends, g->wide, i);

        if (end < row || end > g->rows) {
            return vt_fail(run->err, VT_E_RANGE, "offsets[%lld] is %lld, outside of %lld to %lld",
                           (long long)i, (long long)end, (long long)row, (long long)g->rows);
        }
        if (end > row) {
            multiply(g, run, a + row * g->inner, b + i * g->columns * g->inner, y + row * g->columns, 1,
                     end - row);
        }
        row = end;
    }
    memset(y + row * g->columns, 0, (size_t)((g->rows - row) * g->columns) * sizeof(*y));
    return VT_OK;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct grouped *g = step->data;
    const float *a = cpu_in(step, run, ROWS), *b = cpu_in(step, run, MATRICES);
    float *y = cpu_out(step, run, 0);

    if (g->ragged) {
        return run_ragged(g, run, a, b, cpu_in(step, run, ENDS), y);
    }
    multiply(g, run, a, b, y, g->groups, g->rows);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct grouped *g = cpu_plan_alloc(b, sizeof(*g));
    const struct cpu_arg *rows = &op->in[ROWS];

    (void)option;
    if (!g) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    g->gemm = cpu_gemm_f32_get(op->isa);
    g->ragged = rows->rank == 2;
    g->wide = g->ragged && op->in[ENDS].type == VT_I64;
    g->groups = op->in[MATRICES].dims[0];
    g->rows = rows->dims[rows->rank - 2];
    g->inner = rows->dims[rows->rank - 1];
    g->columns = op->in[MATRICES].dims[1];
    step->scratch = cpu_gemm_scratch_bound(g->gemm, g->columns, g->inner);
    step->run = op->out[0].count ? run : NULL;
    step->data = g;
    step->kernel = g->gemm->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_grouped_matmul = {
    .name = "grouped_matmul",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
