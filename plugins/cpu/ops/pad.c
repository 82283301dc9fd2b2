/* Pad, all modes, any element of whole bytes: rows of the output are runs of the input and of the pad value.
 */
#include "ops/copies.h"

/* Along the innermost padded axis: blocks [at, at + count) come from block `from` on, or are filled (-1). */
struct run_of_blocks {
    int64_t at, count, from;
};

struct pad {
    int outer; /* axes in front of the innermost padded one, in the order of memory */
    int64_t dims[VT_MAX_RANK];
    const int64_t *from[VT_MAX_RANK]; /* for each place of an outer axis: where it comes from, -1: filled */
    int64_t src_stride[VT_MAX_RANK];  /* bytes */
    const struct run_of_blocks *runs;
    int64_t n_runs;
    size_t block, row; /* bytes: one place of the innermost padded axis, all of its places */
    size_t element;
    int64_t units, pieces;
};

#define MODES 4

static const char *const modes[MODES] = {[CPU_PAD_CONSTANT] = "constant",
                                         [CPU_PAD_EDGE] = "edge",
                                         [CPU_PAD_REFLECT] = "reflect",
                                         [CPU_PAD_SYMMETRIC] = "symmetric"};

/* MODES for a text that names none. */
static int mode_of(const struct cpu_op *op)
{
    const char *text = op->host->attr_str(op->node, "pad_mode");
    int mode = 0;

    while (mode < MODES && strcasecmp(modes[mode], text) != 0) {
        mode++;
    }
    return mode;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    int64_t begin[VT_MAX_RANK];
    int n;

    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    if (!cpu_copy_size(op->out[0].type) || op->in[0].rank < 1 || op->out[0].rank != op->in[0].rank) {
        return false;
    }
    *reason = "the padding is not constant";
    return cpu_constant_i64s(&op->in[1], begin, VT_MAX_RANK, &n) && n == op->in[0].rank &&
           mode_of(op) < MODES;
}

static size_t element_size(const struct cpu_op *op)
{
    return (size_t)vt_type_info(op->out[0].type)->bits / 8;
}

static double cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * (double)element_size(op) / 4;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, cost(op), 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, cost(op), 0};
    return op->out[0].rank >= 3 ? 2 : 1;
}

/* Steps of the output's blocks, joined where the input's neighbours stay neighbours. */
static bool make_runs(struct cpu_build *b, struct pad *p, int64_t in, int64_t out, int64_t begin,
                      enum cpu_pad_mode mode)
{
    struct run_of_blocks *runs = cpu_plan_alloc(b, (size_t)(out + 1) * sizeof(*runs));
    int64_t n = 0;

    for (int64_t i = 0; i < out && runs; i++) {
        int64_t from = cpu_pad_index(i - begin, in, mode);
        struct run_of_blocks *last = &runs[n ? n - 1 : 0];

        if (n && (from < 0 ? last->from < 0 : last->from >= 0 && last->from + last->count == from)) {
            last->count++;
        } else {
            runs[n++] = (struct run_of_blocks){i, 1, from};
        }
    }
    p->runs = runs;
    p->n_runs = n;
    return runs != NULL;
}

static const int64_t *make_table(struct cpu_build *b, int64_t in, int64_t out, int64_t begin,
                                 enum cpu_pad_mode mode)
{
    int64_t *from = cpu_plan_alloc(b, (size_t)(out + 1) * sizeof(*from));

    for (int64_t i = 0; i < out && from; i++) {
        from[i] = cpu_pad_index(i - begin, in, mode);
    }
    return from;
}

/* dst = the element at `value` (NULL: zero) again and again. */
static void fill(char *dst, size_t bytes, const void *value, size_t element)
{
    if (!value) {
        memset(dst, 0, bytes);
        return;
    }
    if (bytes) {
        memcpy(dst, value, element);
    }
    for (size_t done = element; done < bytes;) {
        size_t more = done < bytes - done ? done : bytes - done;

        memcpy(dst + done, dst, more);
        done += more;
    }
}

struct job {
    const struct pad *p;
    const char *src;
    const void *value;
    char *dst;
};

/* The input's row of an output row, or NULL. */
static const char *row_of(const struct pad *p, const char *src, int64_t unit)
{
    for (int i = p->outer - 1; i >= 0; i--) {
        int64_t from = p->from[i][unit % p->dims[i]];

        if (from < 0) {
            return NULL;
        }
        src += from * p->src_stride[i];
        unit /= p->dims[i];
    }
    return src;
}

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct pad *p = j->p;

    (void)scratch;
    for (int64_t u = begin; u < end; u++) {
        const char *row = row_of(p, j->src, u);
        char *dst = j->dst + (size_t)u * p->row;

        if (!row) {
            fill(dst, p->row, j->value, p->element);
            continue;
        }
        for (int64_t i = 0; i < p->n_runs; i++) {
            const struct run_of_blocks *r = &p->runs[i];
            char *to = dst + (size_t)r->at * p->block;

            if (r->from < 0) {
                fill(to, (size_t)r->count * p->block, j->value, p->element);
            } else {
                memcpy(to, row + (size_t)r->from * p->block, (size_t)r->count * p->block);
            }
        }
    }
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct pad *p = step->data;
    struct job j = {p, cpu_in(step, run, 0), cpu_in(step, run, 3), cpu_out(step, run, 0)};

    cpu_parallel_range(run, p->units, p->pieces, piece, &j);
    return VT_OK;
}

/* Axis of place i of memory. */
static int memory_axis(int rank, enum cpu_layout layout, int i)
{
    return layout == CPU_PLAIN || i == 0 ? i : i == rank - 1 ? 1 : i + 1;
}

static bool make_plan(struct cpu_build *b, const struct cpu_op *op, enum cpu_layout layout, struct pad *p)
{
    int rank = op->in[0].rank, n, inner;
    int64_t given[VT_MAX_RANK], begin[VT_MAX_RANK], in[VT_MAX_RANK], stride;
    enum cpu_pad_mode mode = (enum cpu_pad_mode)mode_of(op);

    cpu_constant_i64s(&op->in[1], given, VT_MAX_RANK, &n);
    for (int i = 0; i < rank; i++) {
        int axis = memory_axis(rank, layout, i);

        begin[i] = given[axis];
        in[i] = op->in[0].dims[axis];
        p->dims[i] = op->out[0].dims[axis];
    }
    p->element = p->block = element_size(op);
    for (inner = rank - 1; inner > 0 && begin[inner] == 0 && in[inner] == p->dims[inner]; inner--) {
        p->block *= (size_t)in[inner];
    }
    p->row = p->block * (size_t)p->dims[inner];
    p->outer = inner;
    p->units = 1;
    stride = (int64_t)p->block * in[inner];
    for (int i = inner - 1; i >= 0; i--) {
        p->units *= p->dims[i];
        p->src_stride[i] = stride;
        stride *= in[i];
        p->from[i] = make_table(b, in[i], p->dims[i], begin[i], mode);
        if (!p->from[i]) {
            return false;
        }
    }
    return make_runs(b, p, in[inner], p->dims[inner], begin[inner], mode);
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct pad *p = cpu_plan_alloc(b, sizeof(*p));

    if (!p || !make_plan(b, op, option->in, p)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    p->pieces = cpu_pieces(op, cost(op));
    step->run = run;
    step->data = p;
    return VT_OK;
}

const struct cpu_impl cpu_impl_pad = {
    .name = "pad",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
