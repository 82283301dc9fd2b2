/* DepthToSpace, SpaceToDepth, ReorgYolo, ShuffleChannels, Reverse, Roll, BatchToSpace, SpaceToBatch: strided
 * copies over axes that are cut in two, or over parts of the tensor. */
#include "ops/copies.h"

#define MOST_COPIES 64

static bool movable(const struct cpu_op *op, const char **reason)
{
    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    return cpu_copy_size(op->out[0].type) && op->in[0].rank >= 1 && op->out[0].rank >= 1;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    double ns = (double)op->out[0].count * vt_type_info(op->out[0].type)->bits / 8 / 3;

    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, ns, 0};
    return op->out[0].rank >= 3 && op->in[0].rank == op->out[0].rank ? 2 : 1;
}

/* One copy in the making. */
struct block {
    int rank;
    int64_t dims[2 * VT_MAX_RANK], src[2 * VT_MAX_RANK], dst[2 * VT_MAX_RANK];
    int64_t from, to;
};

static void add_axis(struct block *b, int64_t n, int64_t src, int64_t dst)
{
    if (n != 1) {
        b->dims[b->rank] = n;
        b->src[b->rank] = src;
        b->dst[b->rank++] = dst;
    }
}

struct copier {
    struct cpu_copies *copies;
    const struct cpu_op *op;
    int64_t src[VT_MAX_RANK], dst[VT_MAX_RANK]; /* strides of the two tensors */
};

static int begin(struct copier *c, struct cpu_build *b, const struct cpu_op *op, const struct cpu_step *step,
                 int n, struct vt_error *err)
{
    c->op = op;
    c->copies = cpu_copies_create(b, op, n);
    cpu_value_strides(cpu_build_in(b, step, 0), c->src);
    cpu_value_strides(cpu_build_out(b, step, 0), c->dst);
    return c->copies ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

static int put(struct copier *c, const struct block *b, struct vt_error *err)
{
    if (b->rank > VT_MAX_RANK ||
        !cpu_copies_add(c->copies, c->op, 0, 0, b->rank, b->dims, b->src, b->dst, b->from, b->to)) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: a copy over these shapes");
    }
    return VT_OK;
}

/* ---- DepthToSpace, SpaceToDepth
 * --------------------------------------------------------------------------------------- */

static bool space_supports(const struct cpu_op *op, const char **reason)
{
    if (!movable(op, reason)) {
        return false;
    }
    *reason = "the rank is below 3 or above 5";
    return op->in[0].rank >= 3 && op->in[0].rank <= 5;
}

/* Both walk N, C, D1, b1, D2, b2, ...; in the tensor with many channels these are (b1, b2, .., C) with the
 * blocks first, else (C, b1, b2, ..). */
static int space_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    bool spreads = strcmp(op->type, "DepthToSpace") == 0;
    bool blocks_first = strcasecmp(op->host->attr_str(op->node, "mode"), "blocks_first") == 0;
    int64_t block = op->host->attr_i64(op->node, "block_size"), step_of_block;
    const int64_t *wide = spreads ? op->out[0].dims : op->in[0].dims;
    const int64_t *deep = spreads ? op->in[0].dims : op->out[0].dims;
    struct copier c;
    struct block k = {0};
    int rank = op->in[0].rank, status = begin(&c, b, op, step, 1, err);
    const int64_t *ws = spreads ? c.dst : c.src, *ds = spreads ? c.src : c.dst;
    int64_t steps[VT_MAX_RANK];

    (void)option;
    if (status) {
        return status;
    }
    step_of_block = ds[1] * (blocks_first ? wide[1] : 1);
    for (int i = rank - 1; i >= 2; i--) {
        steps[i] = step_of_block;
        step_of_block *= block;
    }
    add_axis(&k, wide[0], ws[0], ds[0]);
    add_axis(&k, wide[1], ws[1], blocks_first ? ds[1] : step_of_block);
    for (int i = 2; i < rank; i++) {
        add_axis(&k, deep[i], ws[i] * block, ds[i]);
        add_axis(&k, block, ws[i], steps[i]);
    }
    for (int i = 0; spreads && i < k.rank; i++) {
        int64_t t = k.src[i];

        k.src[i] = k.dst[i];
        k.dst[i] = t;
    }
    status = put(&c, &k, err);
    cpu_copies_finish(c.copies, step);
    return status;
}

const struct cpu_impl cpu_impl_depth_space = {
    .name = "depth_space",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = space_supports,
    .options = options,
    .prepare = space_prepare,
};

/* ---- ReorgYolo
 * ----------------------------------------------------------------------------------------------------- */

static int64_t reorg_stride(const struct cpu_op *op)
{
    int64_t n;
    const int64_t *stride = op->host->attr_i64s(op->node, "stride", &n);

    return n > 0 ? stride[0] : 0;
}

static bool reorg_supports(const struct cpu_op *op, const char **reason)
{
    int64_t stride = reorg_stride(op);

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "channels are no multiple of the square of the stride";
    return op->in[0].rank == 4 && op->out[0].rank == 4 && stride > 0 && stride < 1 << 15 &&
           op->in[0].dims[1] % (stride * stride) == 0;
}

/* What comes in counts as an image of C / stride^2 channels whose sides are `stride` times as long, and what
 * goes out as one of the sides that came in, whatever the shapes say: both must be plain. */
static int reorg_options(const struct cpu_op *op, struct cpu_option *o)
{
    options(op, o);
    return 1;
}

static int reorg_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    const int64_t *in = op->in[0].dims;
    int64_t stride = reorg_stride(op), channels = in[1] / (stride * stride);
    int64_t row = in[3] * stride, plane = in[2] * stride * row, area = in[2] * in[3];
    struct copier c;
    struct block k = {0};
    int status = begin(&c, b, op, step, 1, err);

    (void)option;
    if (status) {
        return status;
    }
    add_axis(&k, in[0], channels * plane, in[1] * area);
    add_axis(&k, stride, row, stride * channels * area);
    add_axis(&k, stride, 1, channels * area);
    add_axis(&k, channels, plane, area);
    add_axis(&k, in[2], row * stride, in[3]);
    add_axis(&k, in[3], stride, 1);
    status = put(&c, &k, err);
    cpu_copies_finish(c.copies, step);
    return status;
}

const struct cpu_impl cpu_impl_reorg_yolo = {
    .name = "reorg_yolo",
    .supports = reorg_supports,
    .options = reorg_options,
    .prepare = reorg_prepare,
};

/* ---- ShuffleChannels
 * ---------------------------------------------------------------------------------------------- */

static int shuffle_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    int64_t axis = op->host->attr_i64(op->node, "axis"), group = op->host->attr_i64(op->node, "group"), per;
    struct copier c;
    struct block k = {0};
    int status = begin(&c, b, op, step, 1, err);

    (void)option;
    axis += axis < 0 ? op->in[0].rank : 0;
    per = op->in[0].dims[axis] / group;
    for (int i = 0; i < op->in[0].rank; i++) {
        if (i == axis) { /* [group, per] -> [per, group] */
            add_axis(&k, per, c.src[i], c.dst[i] * group);
            add_axis(&k, group, c.src[i] * per, c.dst[i]);
        } else {
            add_axis(&k, op->in[0].dims[i], c.src[i], c.dst[i]);
        }
    }
    status = status ? status : put(&c, &k, err);
    cpu_copies_finish(c.copies, step);
    return status;
}

const struct cpu_impl cpu_impl_shuffle_channels = {
    .name = "shuffle_channels",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = movable,
    .options = options,
    .prepare = shuffle_prepare,
};

/* ---- Reverse
 * --------------------------------------------------------------------------------------------------- */

/* Constants of i32, i64 or booleans. */
static bool reversed_axes(const struct cpu_op *op, bool *back)
{
    bool mask = strcasecmp(op->host->attr_str(op->node, "mode"), "mask") == 0;
    int64_t v[VT_MAX_RANK];
    int n;

    if (mask && op->in[1].raw && op->in[1].raw->type == VT_BOOLEAN && op->in[1].count <= VT_MAX_RANK) {
        for (int64_t i = 0; i < op->in[1].count; i++) {
            back[i] = ((const uint8_t *)op->in[1].raw->data)[i];
        }
        return true;
    }
    if (!cpu_constant_i64s(&op->in[1], v, VT_MAX_RANK, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = mask ? i : v[i] + (v[i] < 0 ? op->in[0].rank : 0);

        if (axis < 0 || axis >= op->in[0].rank) {
            return false;
        }
        back[axis] |= mask ? v[i] != 0 : true;
    }
    return true;
}

static bool reverse_supports(const struct cpu_op *op, const char **reason)
{
    bool back[VT_MAX_RANK] = {false};

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "the axes are not constant";
    return reversed_axes(op, back);
}

static int reverse_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct copier c;
    struct block k = {0};
    bool back[VT_MAX_RANK] = {false};
    int status = begin(&c, b, op, step, 1, err);

    (void)option;
    reversed_axes(op, back);
    for (int i = 0; i < op->in[0].rank; i++) {
        int64_t n = op->in[0].dims[i];

        add_axis(&k, n, back[i] ? -c.src[i] : c.src[i], c.dst[i]);
        k.from += back[i] ? (n - 1) * c.src[i] : 0;
    }
    status = status ? status : op->out[0].count ? put(&c, &k, err) : VT_OK;
    cpu_copies_finish(c.copies, step);
    return status;
}

const struct cpu_impl cpu_impl_reverse = {
    .name = "reverse",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = reverse_supports,
    .options = options,
    .prepare = reverse_prepare,
};

/* ---- Roll
 * ------------------------------------------------------------------------------------------------------- */

static bool shifts_of(const struct cpu_op *op, int64_t *shift)
{
    int64_t by[VT_MAX_RANK], axes[VT_MAX_RANK];
    int n_by, n_axes, shifted = 0;

    if (!cpu_constant_i64s(&op->in[1], by, VT_MAX_RANK, &n_by) ||
        !cpu_constant_i64s(&op->in[2], axes, VT_MAX_RANK, &n_axes) || (n_by != 1 && n_by != n_axes)) {
        return false;
    }
    for (int i = 0; i < n_axes; i++) {
        int64_t axis = axes[i] + (axes[i] < 0 ? op->in[0].rank : 0), n;

        if (axis < 0 || axis >= op->in[0].rank) {
            return false;
        }
        n = op->in[0].dims[axis];
        shift[axis] = n ? (shift[axis] + by[n_by == 1 ? 0 : i] % n + n) % n : 0;
    }
    for (int i = 0; i < op->in[0].rank; i++) {
        shifted += shift[i] != 0;
    }
    return 1 << shifted <= MOST_COPIES;
}

static bool roll_supports(const struct cpu_op *op, const char **reason)
{
    int64_t shift[VT_MAX_RANK] = {0};

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "shifts or axes are not constant, or too many axes are shifted";
    return shifts_of(op, shift);
}

/* A shifted axis has two parts, and every choice of parts is one copy. */
static int roll_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    int64_t shift[VT_MAX_RANK] = {0};
    struct copier c;
    int status = begin(&c, b, op, step, MOST_COPIES, err), shifted = 0;

    (void)option;
    shifts_of(op, shift);
    for (int i = 0; i < op->in[0].rank; i++) {
        shifted += shift[i] != 0;
    }
    for (int part = 0; part < 1 << shifted && status == VT_OK && op->out[0].count; part++) {
        struct block k = {0};
        int bit = 0;

        for (int i = 0; i < op->in[0].rank; i++) {
            int64_t n = op->in[0].dims[i];

            if (!shift[i]) {
                add_axis(&k, n, c.src[i], c.dst[i]);
            } else if (part >> bit++ & 1) { /* the last ones come to the front */
                add_axis(&k, shift[i], c.src[i], c.dst[i]);
                k.from += (n - shift[i]) * c.src[i];
            } else {
                add_axis(&k, n - shift[i], c.src[i], c.dst[i]);
                k.to += shift[i] * c.dst[i];
            }
        }
        status = put(&c, &k, err);
    }
    cpu_copies_finish(c.copies, step);
    return status;
}

const struct cpu_impl cpu_impl_roll = {
    .name = "roll",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = roll_supports,
    .options = options,
    .prepare = roll_prepare,
};

/* ---- BatchToSpace, SpaceToBatch
 * --------------------------------------------------------------------------------------- */

struct grid {
    int64_t block[VT_MAX_RANK], border[VT_MAX_RANK];
    int64_t blocks; /* their product */
};

static bool grid_of(const struct cpu_op *op, struct grid *g)
{
    int rank = op->in[0].rank, n, m;
    int64_t end[VT_MAX_RANK];

    if (!cpu_constant_i64s(&op->in[1], g->block, VT_MAX_RANK, &n) || n != rank ||
        !cpu_constant_i64s(&op->in[2], g->border, VT_MAX_RANK, &m) || m != rank ||
        !cpu_constant_i64s(&op->in[3], end, VT_MAX_RANK, &m) || m != rank) {
        return false;
    }
    g->blocks = 1;
    for (int i = 1; i < rank; i++) {
        if (g->block[i] < 1 || g->border[i] < 0 || g->blocks > MOST_COPIES) {
            return false;
        }
        g->blocks *= g->block[i];
    }
    return g->blocks <= MOST_COPIES;
}

static bool batch_supports(const struct cpu_op *op, const char **reason)
{
    struct grid g;

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "block shape or borders are not constant, or there are too many blocks";
    return grid_of(op, &g);
}

/* One copy for each block: along axis i it takes the places q = block * m + offset of the uncut range, which
 * are q - border of the wide tensor and m of the one with the large batch. */
static void block_of(const struct cpu_op *op, const struct grid *g, int64_t index, bool spreads,
                     const struct copier *c, struct block *k)
{
    const int64_t *wide = spreads ? op->out[0].dims : op->in[0].dims;
    const int64_t *deep = spreads ? op->in[0].dims : op->out[0].dims;
    const int64_t *ws = spreads ? c->dst : c->src, *ds = spreads ? c->src : c->dst;
    int64_t at = index, wide_at = 0, deep_at = index * wide[0] * ds[0];

    *k = (struct block){0};
    for (int i = op->in[0].rank - 1; i >= 1; i--) {
        int64_t offset = at % g->block[i], b = g->block[i], lo, hi;

        at /= b;
        /* m with 0 <= b * m + offset - border < wide */
        lo = g->border[i] > offset ? (g->border[i] - offset + b - 1) / b : 0;
        hi = wide[i] + g->border[i] - offset;
        hi = hi > 0 ? (hi + b - 1) / b : 0;
        hi = hi > deep[i] ? deep[i] : hi;
        add_axis(k, hi > lo ? hi - lo : 0, ws[i] * b, ds[i]);
        wide_at += (b * lo + offset - g->border[i]) * ws[i];
        deep_at += lo * ds[i];
    }
    add_axis(k, wide[0], ws[0], ds[0]);
    k->from = wide_at;
    k->to = deep_at;
    for (int i = 0; spreads && i < k->rank; i++) {
        int64_t t = k->src[i];

        k->src[i] = k->dst[i];
        k->dst[i] = t;
    }
    if (spreads) {
        k->from = deep_at;
        k->to = wide_at;
    }
}

struct batch {
    const void *copies;
    cpu_run_fn *copy;
    size_t zero; /* bytes of the output to clear first */
};

static int batch_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct batch *s = step->data;
    struct cpu_step inner = *step;

    memset(cpu_out(step, run, 0), 0, s->zero);
    inner.data = s->copies;
    return s->copy ? s->copy(&inner, run) : VT_OK;
}

static int batch_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    bool spreads = strcmp(op->type, "BatchToSpace") == 0;
    struct batch *s = cpu_plan_alloc(b, sizeof(*s));
    struct copier c;
    struct grid g;
    int status = s ? begin(&c, b, op, step, MOST_COPIES, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    (void)option;
    if (status) {
        return status;
    }
    grid_of(op, &g);
    for (int64_t i = 0; i < g.blocks && status == VT_OK; i++) {
        struct block k;
        bool empty = false;

        block_of(op, &g, i, spreads, &c, &k);
        for (int d = 0; d < k.rank; d++) {
            empty |= k.dims[d] == 0;
        }
        status = empty ? VT_OK : put(&c, &k, err);
    }
    cpu_copies_finish(c.copies, step);
    if (!spreads) { /* what lies in the borders is zero */
        s->copies = step->data;
        s->copy = step->run;
        s->zero = op->out[0].count == op->in[0].count ? 0 : cpu_build_out(b, step, 0)->t.bytes;
        step->run = batch_run;
        step->data = s;
    }
    return status;
}

static int batch_options(const struct cpu_op *op, struct cpu_option *o)
{
    options(op, o);
    return 1;
}

const struct cpu_impl cpu_impl_batch_space = {
    .name = "batch_space",
    .supports = batch_supports,
    .options = batch_options,
    .prepare = batch_prepare,
};
