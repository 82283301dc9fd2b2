/* Transpose, Concat, Split, slices, Broadcast, Tile: strided copies. */
#include "ops/copies.h"

static bool movable(const struct cpu_op *op, const char **reason)
{
    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    return cpu_copy_size(op->out[0].type) && op->in[0].rank >= 0 && op->out[0].rank >= 0;
}

static double bytes_ns(const struct cpu_op *op)
{
    return (double)op->out[0].count * vt_type_info(op->out[0].type)->bits / 8 / 4;
}

static int one_plain(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = bytes_ns(op)};
    return 1;
}

static int both_layouts(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, bytes_ns(op), 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, bytes_ns(op), 0};
    return op->out[0].rank >= 3 && op->in[0].rank == op->out[0].rank ? 2 : 1;
}

static void dense_strides(int rank, const int64_t *dims, int64_t *strides)
{
    int64_t step = 1;

    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= dims[i];
    }
}

static int no_memory(struct vt_error *err)
{
    return vt_fail(err, VT_E_NOMEM, "out of memory");
}

static int no_plan(struct vt_error *err)
{
    return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: a copy over these shapes");
}

/* ---- Transpose
 * ----------------------------------------------------------------------------------------------------- */

static bool transpose_order(const struct cpu_op *op, int64_t *order)
{
    int n;

    if (!cpu_constant_i64s(&op->in[1], order, VT_MAX_RANK, &n)) {
        return false;
    }
    if (n == 0) {
        for (int i = 0; i < op->in[0].rank; i++) {
            order[i] = op->in[0].rank - 1 - i;
        }
    }
    return true;
}

static bool transpose_supports(const struct cpu_op *op, const char **reason)
{
    int64_t order[VT_MAX_RANK];

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "the order is not constant";
    return transpose_order(op, order);
}

/* A channels-last input to N,H,W,C order is a plain copy or nothing; the layouts that meet a reorder halfway.
 */
static int transpose_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, bytes_ns(op) * 2, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_PLAIN, bytes_ns(op) * 2, 0};
    o[2] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_NXC, bytes_ns(op) * 2, 0};
    return op->in[0].rank >= 3 ? 3 : 1;
}

static int transpose_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                             struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, 1);
    const struct cpu_value *from = cpu_build_in(b, step, 0), *to = cpu_build_out(b, step, 0);
    int64_t order[VT_MAX_RANK], src[VT_MAX_RANK], dst[VT_MAX_RANK], s[VT_MAX_RANK], dims[VT_MAX_RANK],
        d[VT_MAX_RANK];
    int rank = op->out[0].rank;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    transpose_order(op, order);
    cpu_value_strides(from, src);
    cpu_value_strides(to, dst);
    for (int i = 0; i < rank; i++) {
        /* Walk the destination in the order of its memory. */
        int axis = to->layout == CPU_NXC && i > 0 ? (i == rank - 1 ? 1 : i + 1) : i;

        s[i] = src[order[axis]];
        d[i] = dst[axis];
        dims[i] = op->out[0].dims[axis];
    }
    if (!cpu_copies_add(c, op, 0, 0, rank, dims, s, d, 0, 0)) {
        return no_plan(err);
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_transpose = {
    .name = "transpose",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = transpose_supports,
    .options = transpose_options,
    .prepare = transpose_prepare,
};

/* ---- Concat and Split
 * ----------------------------------------------------------------------------------------------- */

/* First axis along which part and whole differ; 0 when none does. */
static int differing_axis(const struct cpu_arg *whole, const struct cpu_arg *part)
{
    for (int i = 0; i < whole->rank; i++) {
        if (whole->dims[i] != part->dims[i]) {
            return i;
        }
    }
    return 0;
}

static bool parts_fit(const struct cpu_op *op, const struct cpu_arg *parts, int n,
                      const struct cpu_arg *whole)
{
    if (whole->rank < 1 || !cpu_copy_size(whole->type)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (parts[i].rank != whole->rank || parts[i].type != whole->type) {
            return false;
        }
    }
    return op->n_in > 0;
}

static bool concat_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "ranks or types differ or are not known";
    return parts_fit(op, op->in, op->n_in, &op->out[0]);
}

/* Copy between a part and its place in the whole, in the order of the destination's memory. */
static bool add_part(struct cpu_copies *c, const struct cpu_op *op, int in, int out,
                     const struct cpu_value *part, const struct cpu_value *whole, int axis, int64_t begin,
                     bool join)
{
    int64_t ps[VT_MAX_RANK], ws[VT_MAX_RANK], dims[VT_MAX_RANK], s[VT_MAX_RANK], d[VT_MAX_RANK];
    int rank = part->t.rank;
    enum cpu_layout layout = join ? whole->layout : part->layout;

    cpu_value_strides(part, ps);
    cpu_value_strides(whole, ws);
    for (int i = 0; i < rank; i++) {
        int at = layout == CPU_NXC && i > 0 ? (i == rank - 1 ? 1 : i + 1) : i;

        dims[i] = part->t.dims[at];
        s[i] = join ? ps[at] : ws[at];
        d[i] = join ? ws[at] : ps[at];
    }
    return cpu_copies_add(c, op, in, out, rank, dims, s, d, join ? 0 : begin * ws[axis],
                          join ? begin * ws[axis] : 0);
}

/* Whether a part lies already where it belongs in the whole: it was made there, or is a view of it. A part
 * may also be a view of another place of the whole, which must be copied. */
static bool in_place(const struct cpu_build *b, int part, int whole, const struct cpu_value *w, int axis,
                     int64_t begin)
{
    int64_t strides[VT_MAX_RANK];

    cpu_value_strides(w, strides);
    return cpu_value_inside(b, part, whole,
                            (size_t)(begin * strides[axis] * (vt_type_info(w->t.type)->bits / 8)));
}

static int concat_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, op->n_in);
    int axis = 0;
    int64_t begin = 0;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    for (int i = 0; i < op->n_in && axis == 0; i++) {
        axis = differing_axis(&op->out[0], &op->in[i]);
    }
    for (int i = 0; i < op->n_in; i++) {
        if (!in_place(b, step->in[i], step->out[0], cpu_build_out(b, step, 0), axis, begin) &&
            !add_part(c, op, i, 0, cpu_build_in(b, step, i), cpu_build_out(b, step, 0), axis, begin, true)) {
            return no_plan(err);
        }
        begin += op->in[i].dims[axis];
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_concat = {
    .name = "concat",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_JOINS,
    .supports = concat_supports,
    .options = both_layouts,
    .prepare = concat_prepare,
};

static bool split_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "ranks or types differ or are not known";
    return parts_fit(op, op->out, op->n_out, &op->in[0]);
}

static int split_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, op->n_out);
    int axis = 0;
    int64_t begin = 0;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    for (int i = 0; i < op->n_out && axis == 0; i++) {
        axis = differing_axis(&op->in[0], &op->out[i]);
    }
    for (int i = 0; i < op->n_out; i++) {
        if (!in_place(b, step->out[i], step->in[0], cpu_build_in(b, step, 0), axis, begin) &&
            !add_part(c, op, 0, i, cpu_build_out(b, step, i), cpu_build_in(b, step, 0), axis, begin, false)) {
            return no_plan(err);
        }
        begin += op->out[i].dims[axis];
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_split = {
    .name = "split",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED | CPU_SPLITS,
    .supports = split_supports,
    .options = both_layouts,
    .prepare = split_prepare,
};

/* ---- StridedSlice, Slice
 * --------------------------------------------------------------------------------------------- */

struct slice {
    int64_t begin[VT_MAX_RANK], step[VT_MAX_RANK];
};

static int64_t clip(int64_t v, int64_t dim, bool backwards)
{
    v += v < 0 ? dim : 0;
    if (backwards) {
        return v < 0 ? -1 : v >= dim ? dim - 1 : v;
    }
    return v < 0 ? 0 : v > dim ? dim : v;
}

static bool mask_bit(const struct cpu_op *op, const char *name, int i)
{
    int64_t n;
    const int64_t *bits = op->host->attr_i64s(op->node, name, &n);

    return i < n && bits[i];
}

static bool any_bit(const struct cpu_op *op, const char *name)
{
    int64_t n;
    const int64_t *bits = op->host->attr_i64s(op->node, name, &n);

    for (int64_t i = 0; i < n; i++) {
        if (bits[i]) {
            return true;
        }
    }
    return false;
}

/* Begin and step of each axis; sizes are the output's. A mask bit of 1 in an IR means "ignore the number". */
static bool strided_slice(const struct cpu_op *op, struct slice *s)
{
    int64_t begin[VT_MAX_RANK], step[VT_MAX_RANK];
    int n, ns = 0;

    if (any_bit(op, "new_axis_mask") || any_bit(op, "shrink_axis_mask") || any_bit(op, "ellipsis_mask") ||
        !cpu_constant_i64s(&op->in[1], begin, VT_MAX_RANK, &n)) {
        return false;
    }
    if (op->n_in > 3 && op->in[3].type && !cpu_constant_i64s(&op->in[3], step, VT_MAX_RANK, &ns)) {
        return false;
    }
    for (int i = 0; i < op->in[0].rank; i++) {
        int64_t stride = i < ns ? step[i] : 1;
        bool given = i < n && !mask_bit(op, "begin_mask", i);

        s->step[i] = stride;
        s->begin[i] = given        ? clip(begin[i], op->in[0].dims[i], stride < 0)
                      : stride < 0 ? op->in[0].dims[i] - 1
                                   : 0;
    }
    return true;
}

static bool plain_slice(const struct cpu_op *op, struct slice *s)
{
    int64_t begin[VT_MAX_RANK], step[VT_MAX_RANK], axes[VT_MAX_RANK];
    int n, ns, na;

    if (!cpu_constant_i64s(&op->in[1], begin, VT_MAX_RANK, &n) ||
        !cpu_constant_i64s(&op->in[3], step, VT_MAX_RANK, &ns)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        axes[i] = i;
    }
    if (op->n_in > 4 && op->in[4].type && !cpu_constant_i64s(&op->in[4], axes, VT_MAX_RANK, &na)) {
        return false;
    }
    for (int i = 0; i < op->in[0].rank; i++) {
        s->begin[i] = 0;
        s->step[i] = 1;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = axes[i] + (axes[i] < 0 ? op->in[0].rank : 0);

        s->step[axis] = step[i];
        s->begin[axis] = clip(begin[i], op->in[0].dims[axis], step[i] < 0);
    }
    return true;
}

static bool slice_of(const struct cpu_op *op, struct slice *s)
{
    return strcmp(op->type, "Slice") == 0 ? plain_slice(op, s) : strided_slice(op, s);
}

static bool slice_supports(const struct cpu_op *op, const char **reason)
{
    struct slice s;

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "begin, step or axes are not constant, or a mask changes the rank";
    return op->in[0].rank == op->out[0].rank && op->in[0].rank >= 1 && slice_of(op, &s);
}

static int slice_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, 1);
    const struct cpu_value *from = cpu_build_in(b, step, 0), *to = cpu_build_out(b, step, 0);
    int64_t src[VT_MAX_RANK], dst[VT_MAX_RANK], dims[VT_MAX_RANK], s[VT_MAX_RANK], d[VT_MAX_RANK], offset = 0;
    struct slice slice;
    int rank = op->out[0].rank;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    slice_of(op, &slice);
    cpu_value_strides(from, src);
    cpu_value_strides(to, dst);
    for (int i = 0; i < rank; i++) {
        int axis = to->layout == CPU_NXC && i > 0 ? (i == rank - 1 ? 1 : i + 1) : i;

        dims[i] = op->out[0].dims[axis];
        s[i] = src[axis] * slice.step[axis];
        d[i] = dst[axis];
        offset += src[axis] * slice.begin[axis];
    }
    if (!cpu_copies_add(c, op, 0, 0, rank, dims, s, d, offset, 0)) {
        return no_plan(err);
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_slice = {
    .name = "slice",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = slice_supports,
    .options = both_layouts,
    .prepare = slice_prepare,
};

/* ---- Broadcast (numpy, bidirectional) and Tile
 * ----------------------------------------------------------------------- */

static bool broadcast_supports(const struct cpu_op *op, const char **reason)
{
    const char *mode = op->host->attr_str(op->node, "mode");

    if (!movable(op, reason)) {
        return false;
    }
    *reason = "the mode is not numpy or bidirectional";
    return (strcasecmp(mode, "numpy") == 0 || strcasecmp(mode, "bidirectional") == 0) &&
           op->in[0].rank <= op->out[0].rank;
}

static int broadcast_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                             struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, 1);
    int64_t src[VT_MAX_RANK], dst[VT_MAX_RANK], s[VT_MAX_RANK];
    int rank = op->out[0].rank, shift = rank - op->in[0].rank;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    dense_strides(op->in[0].rank, op->in[0].dims, src);
    dense_strides(rank, op->out[0].dims, dst);
    for (int i = 0; i < rank; i++) {
        s[i] = i < shift || op->in[0].dims[i - shift] == 1 ? 0 : src[i - shift];
    }
    if (!cpu_copies_add(c, op, 0, 0, rank, op->out[0].dims, s, dst, 0, 0)) {
        return no_plan(err);
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_broadcast = {
    .name = "broadcast",
    .supports = broadcast_supports,
    .options = one_plain,
    .prepare = broadcast_prepare,
};

static bool tile_supports(const struct cpu_op *op, const char **reason)
{
    if (!movable(op, reason)) {
        return false;
    }
    *reason = "the rank is too high";
    return op->in[0].rank <= op->out[0].rank && op->out[0].rank <= VT_MAX_RANK / 2;
}

/* Each axis becomes two: repeats outside (stride 0), the input's elements inside. */
static int tile_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct cpu_copies *c = cpu_copies_create(b, op, 1);
    int64_t src[VT_MAX_RANK], dst[VT_MAX_RANK], dims[VT_MAX_RANK], s[VT_MAX_RANK], d[VT_MAX_RANK];
    int rank = op->out[0].rank, shift = rank - op->in[0].rank;

    (void)option;
    if (!c) {
        return no_memory(err);
    }
    dense_strides(op->in[0].rank, op->in[0].dims, src);
    dense_strides(rank, op->out[0].dims, dst);
    for (int i = 0; i < rank; i++) {
        int64_t dim = i < shift ? 1 : op->in[0].dims[i - shift];

        dims[2 * i] = dim ? op->out[0].dims[i] / dim : 0;
        s[2 * i] = 0;
        d[2 * i] = dst[i] * dim;
        dims[2 * i + 1] = dim;
        s[2 * i + 1] = i < shift ? 0 : src[i - shift];
        d[2 * i + 1] = dst[i];
    }
    if (!cpu_copies_add(c, op, 0, 0, 2 * rank, dims, s, d, 0, 0)) {
        return no_plan(err);
    }
    cpu_copies_finish(c, step);
    return VT_OK;
}

const struct cpu_impl cpu_impl_tile = {
    .name = "tile",
    .supports = tile_supports,
    .options = one_plain,
    .prepare = tile_prepare,
};
