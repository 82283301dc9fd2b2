/* Gather of whole rows by constant axis. */
#include "kernels/copy.h"

#include "impl.h"

#define FEW 16

struct gather {
    struct cpu_gather shape;
    const struct cpu_move *kernel;
    int64_t units, pieces;
    int few; /* elements that each run along the last axis gives, where they are few and known; else 0 */
    int32_t from[FEW];
};

static bool axis_of(const struct cpu_op *op, int64_t *axis)
{
    int n;

    if (!cpu_constant_i64s(&op->in[2], axis, 1, &n) || n != 1) {
        return false;
    }
    *axis += *axis < 0 ? op->in[0].rank : 0;
    return true;
}

/* Leading dimensions that data and indices share; -1 where they do not fit. */
static int batch_dims(const struct cpu_op *op)
{
    int64_t batch = op->host->node_opset(op->node) >= 7 ? op->host->attr_i64(op->node, "batch_dims") : 0;

    batch += batch < 0 ? op->in[1].rank : 0;
    if (batch < 0 || batch > op->in[1].rank || batch > op->in[0].rank) {
        return -1;
    }
    for (int i = 0; i < batch; i++) {
        if (op->in[0].dims[i] != op->in[1].dims[i]) {
            return -1;
        }
    }
    return (int)batch;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;

    *reason = "the data is packed below a byte, or a shape is not known";
    if (op->in[0].rank < 1 || op->in[1].rank < 0 || op->out[0].rank < 0 ||
        vt_type_info(op->in[0].type)->bits < 8) {
        return false;
    }
    *reason = "the indices are neither i32 nor i64";
    if (op->in[1].type != VT_I32 && op->in[1].type != VT_I64) {
        return false;
    }
    *reason = "the axis is not constant";
    if (!axis_of(op, &axis)) {
        return false;
    }
    *reason = "batch dimensions that differ";
    return batch_dims(op) >= 0 && batch_dims(op) <= axis;
}

struct job {
    const struct gather *g;
    const void *src, *index;
    void *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    j->g->kernel->gather(&j->g->shape, j->src, j->index, j->dst, begin, end);
}

/* Pictures whose channels change places: `count` elements of `size` bytes out of each `axis`. */
static inline __attribute__((always_inline)) void pick(const struct gather *g, const char *src, char *dst,
                                                       int64_t begin, int64_t end, int count, size_t size)
{
    for (int64_t i = begin; i < end; i++) {
        const char *from = src + (size_t)(i * g->shape.axis) * size;
        char *to = dst + (size_t)(i * count) * size;

        for (int c = 0; c < count; c++) {
            memcpy(to + (size_t)c * size, from + (size_t)g->from[c] * size, size);
        }
    }
}

static inline __attribute__((always_inline)) void
pick_sized(const struct gather *g, const char *src, char *dst, int64_t begin, int64_t end, size_t size)
{
    switch (g->few) {
    case 3: pick(g, src, dst, begin, end, 3, size); break;
    case 4: pick(g, src, dst, begin, end, 4, size); break;
    default: pick(g, src, dst, begin, end, g->few, size); break;
    }
}

static void few_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    switch (j->g->shape.row_bytes) {
    case 1: pick_sized(j->g, j->src, j->dst, begin, end, 1); break;
    case 2: pick_sized(j->g, j->src, j->dst, begin, end, 2); break;
    case 4: pick_sized(j->g, j->src, j->dst, begin, end, 4); break;
    default: pick_sized(j->g, j->src, j->dst, begin, end, 8); break;
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct gather *g = step->data;
    struct job j = {g, cpu_in(step, run, 0), cpu_in(step, run, 1), cpu_out(step, run, 0)};

    cpu_parallel_range(run, g->units, g->pieces, g->few ? few_piece : piece, &j);
    return VT_OK;
}

/* Few constant indices inside the axis, of elements in one piece. */
static bool few_indices(const struct cpu_op *op, struct gather *g)
{
    int64_t index[FEW], row = g->shape.row_bytes;
    int n;

    if ((row != 1 && row != 2 && row != 4 && row != 8) || !cpu_constant_i64s(&op->in[1], index, FEW, &n) ||
        n == 0) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        index[i] += index[i] < 0 && g->shape.wrap ? g->shape.axis : 0;
        if (index[i] < 0 || index[i] >= g->shape.axis) {
            return false;
        }
        g->from[i] = (int32_t)index[i];
    }
    g->few = n;
    return true;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct gather *g = cpu_plan_alloc(b, sizeof(*g));
    int64_t axis = 0, outer = 1, middle = 1, picks = 1, row = vt_type_info(op->in[0].type)->bits / 8;
    int batch = batch_dims(op);

    (void)option;
    if (!g) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    axis_of(op, &axis);
    for (int i = 0; i < axis; i++) {
        outer *= op->in[0].dims[i];
        middle *= i < batch ? 1 : op->in[0].dims[i];
    }
    for (int i = batch; i < op->in[1].rank; i++) {
        picks *= op->in[1].dims[i];
    }
    for (int64_t i = axis + 1; i < op->in[0].rank; i++) {
        row *= op->in[0].dims[i];
    }
    g->shape = (struct cpu_gather){.axis = op->in[0].dims[axis],
                                   .count = picks,
                                   .row_bytes = row,
                                   .outer_per_batch = middle,
                                   .batched = batch > 0,
                                   .index_bytes = op->in[1].type == VT_I32 ? 4 : 8,
                                   .wrap = op->host->node_opset(op->node) >= 8};
    g->kernel = cpu_move_get(op->isa);
    g->units = outer * picks;
    g->pieces = cpu_pieces(op, (double)(g->units * row) / 4);
    if (!batch && few_indices(op, g)) {
        g->units = outer;
    }
    step->run = run;
    step->data = g;
    step->kernel = g->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_gather = {
    .name = "gather",
    .supports = supports,
    .prepare = prepare,
};
