/* Weights of few bits, taken as the model stores them: matrix products and rows of tables. */
#include "kernels/compressed.h"
#include "ops/post.h"
#include "vt/half.h"

enum { A, B, SCALE, BIAS };

/* ---- what is stored, as the kernels want it */

struct stored {
    struct cpu_compressed form;
    struct cpu_compressed_src src;
    float zero_table[256], scale_table[256];
};

static float code_value(enum vt_type type, unsigned code)
{
    switch (type) {
    case VT_NF4: return vt_nf4_to_f32((uint8_t)code);
    case VT_F4E2M1: return vt_f4e2m1_to_f32((uint8_t)code);
    case VT_F8E4M3: return vt_f8e4m3_to_f32((uint8_t)code);
    case VT_F8E5M2: return vt_f8e5m2_to_f32((uint8_t)code);
    case VT_F8E8M0: return vt_f8e8m0_to_f32((uint8_t)code);
    case VT_I4: return (float)((int)(code ^ 8) - 8);
    case VT_I8: return (float)((int)(code ^ 128) - 128);
    default: return (float)code;
    }
}

static bool is_code(enum vt_type type)
{
    unsigned bits = vt_type_info(type)->bits;

    return (bits == 4 || bits == 8) && type != VT_BOOLEAN;
}

/* Dims of the stored tensor that make up the matrix's columns (n) and its depth (k): [begin, end). */
struct extent {
    int begin, end;
};

/* Where the dims of `t` must be parted so that those in front multiply to `rows`; -1: nowhere. */
static int part_at(const struct vt_tensor *t, int64_t rows)
{
    int64_t product = 1;

    for (int i = 0; i < t->rank; i++) {
        if (product == rows) {
            return i;
        }
        product *= t->dims[i];
    }
    return product == rows ? t->rank : -1;
}

/* A scale or zero point along one extent: how many elements of the matrix share one, and its stride there.
 * False when it varies in front of dims along which it does not, other than as groups do. */
static bool vary(const struct vt_tensor *whole, const struct vt_tensor *t, struct extent e, int64_t *shared,
                 ptrdiff_t *stride)
{
    bool varies = false;
    ptrdiff_t step = 1;

    *shared = 1;
    *stride = 0;
    for (int i = whole->rank - 1; i >= e.begin; i--) {
        int at = i - (whole->rank - t->rank);
        int64_t dim = at >= 0 ? t->dims[at] : 1;

        if (i < e.end && whole->dims[i] != 1) {
            if (dim == 1) {
                if (varies) {
                    return false;
                }
                *shared *= whole->dims[i];
            } else if (!varies) {
                varies = true;
                *stride = step;
            }
        }
        step *= dim;
    }
    return true;
}

/* Its place in the packed form; `group`: how many elements of k share one. */
static bool fill_parameter(const struct vt_host *host, const struct vt_node *node,
                           const struct vt_tensor *whole, const struct extent *n, const struct extent *k,
                           float *table, struct cpu_parameter *p, int64_t *group)
{
    const struct vt_tensor *t;
    int64_t shared_n;

    if (!node) {
        return true;
    }
    t = host->node_constant(node);
    if (!t || !vary(whole, t, *n, &shared_n, &p->n_stride) || !vary(whole, t, *k, group, &p->g_stride) ||
        (shared_n != 1 && p->n_stride)) {
        return false;
    }
    p->data = t->data;
    p->table = table;
    p->type = t->type == VT_F32                  ? CPU_PARAMETER_F32
              : t->type == VT_F16                ? CPU_PARAMETER_F16
              : t->type == VT_BF16               ? CPU_PARAMETER_BF16
              : vt_type_info(t->type)->bits == 4 ? CPU_PARAMETER_4
                                                 : CPU_PARAMETER_8;
    if (is_code(t->type)) {
        for (unsigned i = 0; i < 1u << vt_type_info(t->type)->bits; i++) {
            table[i] = code_value(t->type, i);
        }
        return true;
    }
    return t->type == VT_F32 || t->type == VT_F16 || t->type == VT_BF16;
}

static enum vt_type type_of(const struct vt_host *host, const struct vt_node *node)
{
    return node ? host->node_constant(node)->type : VT_F16;
}

/* f16 holds scales of f16 and small integers exactly. */
static bool fits_half(enum vt_type type)
{
    return type == VT_F16 || type == VT_I4 || type == VT_U4 || type == VT_I8 || type == VT_U8;
}

static void fill_codes(struct stored *s, enum vt_type type)
{
    struct cpu_compressed *f = &s->form;
    unsigned codes = 1u << f->bits;
    float shift = type == VT_I4 || type == VT_I8 ? (float)(codes / 2) : 0;

    f->linear = vt_type_info(type)->is_float == false;
    s->src.flip = shift > 0 ? codes / 2 : 0;
    for (unsigned i = 0; i < codes; i++) {
        f->table[i] = f->linear ? (float)i : code_value(type, i);
    }
    f->zero = shift;
    for (int i = 0; i < 256 && f->zeros; i++) {
        s->zero_table[i] += shift;
    }
}

/* The matrix [rows, cols] behind an input; with `by_rows` its rows are the columns of the product (k runs
 * along them). False when the kernels cannot take it. */
static bool fill_stored(const struct cpu_op *op, const struct cpu_arg *arg, int64_t rows, int64_t cols,
                        bool by_rows, struct stored *s)
{
    const struct cpu_stored *st = arg->stored;
    const struct vt_tensor *t = arg->raw;
    int64_t scale_group = 0, zero_group = 0;
    int part;

    *s = (struct stored){.form = {.n = by_rows ? rows : cols, .k = by_rows ? cols : rows}};
    part = is_code(t->type) && rows > 0 && cols > 0 ? part_at(t, rows) : -1;
    if (part < 0) {
        return false;
    }
    struct extent front = {0, part}, back = {part, t->rank};
    s->src.scale.none = 1;
    if (!fill_parameter(op->host, st->scale, t, by_rows ? &front : &back, by_rows ? &back : &front,
                        s->scale_table, &s->src.scale, &scale_group) ||
        !fill_parameter(op->host, st->zero, t, by_rows ? &front : &back, by_rows ? &back : &front,
                        s->zero_table, &s->src.zero, &zero_group)) {
        return false;
    }
    scale_group = s->src.scale.data && s->src.scale.g_stride ? scale_group : s->form.k;
    zero_group = s->src.zero.data && s->src.zero.g_stride ? zero_group : s->form.k;
    s->form.group = scale_group < zero_group ? scale_group : zero_group;
    if ((scale_group != s->form.group && scale_group != s->form.k) ||
        (zero_group != s->form.group && zero_group != s->form.k) || s->form.k % s->form.group) {
        return false;
    }
    s->form.bits = vt_type_info(t->type)->bits;
    s->form.zeros = st->zero != NULL;
    s->form.wide = !fits_half(type_of(op->host, st->scale)) || !fits_half(type_of(op->host, st->zero));
    s->src.data = t->data;
    s->src.n_stride = by_rows ? cols : 1;
    s->src.k_stride = by_rows ? 1 : cols;
    fill_codes(s, t->type);
    /* The shift of signed codes is added to zero points through their table. */
    return !st->zero || !s->src.flip || is_code(type_of(op->host, st->zero));
}

/* ---- matrix products */

struct product {
    const struct cpu_gemm_compressed *kernel;
    struct cpu_compressed form;
    struct cpu_compressed_args args;
    struct cpu_post post;
    int64_t tasks;
};

static bool fused(const struct cpu_op *op)
{
    return op->host->node_opset(op->node) == 0;
}

static bool weights_of(const struct cpu_op *op, struct stored *s)
{
    const struct cpu_arg *w = &op->in[B];
    bool by_rows = op->host->attr_i64(op->node, "transpose_b") != 0;

    for (int i = 0; i < w->rank - 2; i++) {
        if (w->dims[i] != 1) {
            return false;
        }
    }
    return fill_stored(op, w, w->dims[w->rank - 2], w->dims[w->rank - 1], by_rows, s);
}

static void axes_of(int rank, struct cpu_post_axes *axes)
{
    *axes = (struct cpu_post_axes){.rank = rank, .column = rank - 1, .n_row = rank - 1};
    for (int i = 0; i < rank - 1; i++) {
        axes->row[i] = i;
    }
}

static bool matmul_supports(const struct cpu_op *op, const char **reason)
{
    struct cpu_post_axes axes;
    struct stored s;

    *reason = "the weights are not of few bits";
    if (!op->in[B].stored || op->in[A].type != VT_F32 || op->out[0].type != VT_F32 || op->in[A].raw) {
        return false;
    }
    *reason = "a rank is below 2 or not known, or the left operand is transposed";
    if (op->in[A].rank < 2 || op->out[0].rank < 2 || op->in[B].rank < 2 || op->in[B].rank > op->in[A].rank ||
        op->host->attr_i64(op->node, "transpose_a")) {
        return false;
    }
    *reason = "scales and zero points lie otherwise than by column and group";
    if (!weights_of(op, &s)) {
        return false;
    }
    *reason = "scale and bias must be constants";
    for (int i = SCALE; fused(op) && i <= BIAS && i < op->n_in; i++) {
        if (op->in[i].type != VT_DYNAMIC && !op->in[i].raw) {
            return false;
        }
    }
    axes_of(op->out[0].rank, &axes);
    return cpu_post_supported(op, &axes, reason);
}

static int matmul_options(const struct cpu_op *op, struct cpu_option *o)
{
    double k = (double)op->in[A].dims[op->in[A].rank - 1];
    double n = (double)op->out[0].dims[op->out[0].rank - 1];

    o[0] = (struct cpu_option){.cost = (2.0 * (double)op->out[0].count * k + 6 * n * k) / 50.0};
    return 1;
}

struct packing {
    const struct stored *s;
    bool done;
};

static void pack(void *dst, void *ctx, int64_t first, int64_t last)
{
    struct packing *p = ctx;

    cpu_compressed_pack(dst, &p->s->form, &p->s->src, first, last);
    if (first == 0) { /* one thread alone */
        p->done = true;
    }
}

static void drop(const struct cpu_op *op, const struct vt_node *constant)
{
    if (constant) {
        op->host->node_constant_drop(constant);
    }
}

static int pack_weights(struct cpu_build *b, const struct cpu_op *op, struct product *p, struct vt_error *err)
{
    const struct cpu_arg *w = &op->in[B];
    struct stored s;
    struct packing packing = {.s = &s};
    struct {
        uint64_t parameters, columns;
        int64_t n, k, by_rows;
    } key = {cpu_stored_key(op->host, w->stored), 0, 0, 0, op->host->attr_i64(op->node, "transpose_b")};

    weights_of(op, &s);
    if (fused(op) && SCALE < op->n_in && op->in[SCALE].type != VT_DYNAMIC) {
        s.src.columns = cpu_constant_f32(b, &op->in[SCALE], err);
        if (!s.src.columns) {
            return VT_E_NOMEM;
        }
        s.form.wide = true;
        key.columns = cpu_key(1, s.src.columns, (size_t)op->in[SCALE].count * sizeof(float));
    }
    key.n = s.form.n;
    key.k = s.form.k;
    p->form = s.form;
    p->args.w = cpu_weights(b, w, cpu_key(4, &key, sizeof(key)), cpu_compressed_bytes(&s.form), pack,
                            &packing, cpu_compressed_panels(&s.form), err);
    if (packing.done) {
        drop(op, w->stored->scale);
        drop(op, w->stored->zero);
    }
    return p->args.w ? VT_OK : VT_E_NOMEM;
}

struct product_job {
    const struct product *p;
    struct cpu_compressed_args args;
};

static void product_task(void *arg, int64_t task, void *scratch)
{
    struct product_job *j = arg;

    j->p->kernel->run(&j->args, task, scratch);
}

static int matmul_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct product *p = step->data;
    struct cpu_epilogue local;
    struct product_job j = {p, p->args};

    j.args.x = cpu_in(step, run, A);
    j.args.y = cpu_out(step, run, 0);
    j.args.post = cpu_post_bind(&p->post, step, run, &local);
    cpu_parallel(run, p->tasks, product_task, &j);
    return VT_OK;
}

static int matmul_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct product *p = cpu_plan_alloc(b, sizeof(*p));
    struct cpu_post_axes axes;
    int status;

    (void)option;
    if (!p) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    p->kernel = cpu_gemm_compressed_get(op->isa);
    status = pack_weights(b, op, p, err);
    p->args.form = &p->form;
    p->args.m = p->form.n ? op->out[0].count / p->form.n : 0;
    p->args.ldx = p->form.k;
    p->args.ldy = p->form.n;
    axes_of(op->out[0].rank, &axes);
    if (status == VT_OK) {
        status = cpu_post_prepare(b, op, step, &axes, fused(op) ? BIAS : -1, &p->post, err);
    }
    p->tasks = p->kernel->tasks(&p->form, p->args.m);
    step->scratch = p->kernel->scratch_bytes(&p->form, p->args.m);
    step->run = matmul_run;
    step->data = p;
    step->kernel = p->kernel->name;
    return status;
}

const struct cpu_impl cpu_impl_matmul_compressed = {
    .name = "matmul_compressed",
    .flags = CPU_TAKES_RAW,
    .supports = matmul_supports,
    .options = matmul_options,
    .prepare = matmul_prepare,
};

/* ---- rows of tables */

struct rows {
    struct stored stored;
    int64_t count, pieces;
    const void *index; /* constant */
    bool wide_index, wrap;
};

static bool gather_supports(const struct cpu_op *op, const char **reason)
{
    const struct cpu_arg *table = &op->in[0];
    struct stored s;
    int64_t axis;
    int n;

    *reason = "the table is not of few bits";
    if (!table->stored || op->out[0].type != VT_F32) {
        return false;
    }
    *reason = "a shape is not known, or the indices are neither i32 nor i64";
    if (table->rank < 2 || op->in[1].rank < 0 || op->out[0].rank < 0 ||
        (op->in[1].type != VT_I32 && op->in[1].type != VT_I64)) {
        return false;
    }
    *reason = "not whole rows along axis 0";
    if (!cpu_constant_i64s(&op->in[2], &axis, 1, &n) || n != 1 || (axis != 0 && axis != -table->rank) ||
        (op->host->node_opset(op->node) >= 7 && op->host->attr_i64(op->node, "batch_dims") != 0)) {
        return false;
    }
    *reason = "scales and zero points lie otherwise than by row and group";
    return table->dims[0] > 0 &&
           fill_stored(op, table, table->dims[0], table->count / table->dims[0], true, &s);
}

struct rows_job {
    const struct rows *r;
    const void *index;
    float *dst;
};

static void rows_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct rows_job *j = arg;
    const struct cpu_compressed *form = &j->r->stored.form;

    (void)scratch;
    for (int64_t i = begin; i < end; i++) {
        int64_t n = cpu_index_at(j->index, j->r->wide_index, i);

        n += n < 0 && j->r->wrap ? form->n : 0;
        if (n < 0 || n >= form->n) {
            memset(j->dst + i * form->k, 0, (size_t)form->k * sizeof(float));
        } else {
            cpu_compressed_column(j->dst + i * form->k, form, &j->r->stored.src, n);
        }
    }
}

static int gather_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct rows *r = step->data;
    struct rows_job j = {r, r->index ? r->index : cpu_in(step, run, 1), cpu_out(step, run, 0)};

    cpu_parallel_range(run, r->count, r->pieces, rows_piece, &j);
    return VT_OK;
}

static int gather_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    const struct cpu_arg *table = &op->in[0];
    struct rows *r = cpu_plan_alloc(b, sizeof(*r));

    (void)option;
    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (!cpu_constant_there(b, table, err)) {
        return VT_E_FORMAT;
    }
    if (op->in[1].raw && op->in[1].count) {
        r->index = cpu_constant_aligned(b, &op->in[1], err);
        if (!r->index) {
            return VT_E_NOMEM;
        }
    }
    fill_stored(op, table, table->dims[0], table->count / table->dims[0], true, &r->stored);
    r->count = op->in[1].count;
    r->wide_index = op->in[1].type == VT_I64;
    r->wrap = op->host->node_opset(op->node) >= 8;
    r->pieces = cpu_pieces(op, (double)op->out[0].count * 1.5);
    step->run = gather_run;
    step->data = r;
    step->kernel = "gather_compressed";
    return VT_OK;
}

const struct cpu_impl cpu_impl_gather_compressed = {
    .name = "gather_compressed",
    .flags = CPU_TAKES_RAW,
    .supports = gather_supports,
    .prepare = gather_prepare,
};
