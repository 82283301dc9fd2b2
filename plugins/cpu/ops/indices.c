/* Elements and rows found by indices: GatherElements, GatherND, ScatterUpdate, ScatterNDUpdate,
 * ScatterElementsUpdate. */
#include "ops/indices.h"

#include "ops/copies.h"

/* Wrapped once when negative; -1 outside of 0..n-1 even so. */
static inline int64_t wrapped(int64_t i, int64_t n)
{
    i += i < 0 ? n : 0;
    return i < 0 || i >= n ? -1 : i;
}

struct indexed {
    int64_t strides[VT_MAX_RANK], dims[VT_MAX_RANK]; /* of the data, in elements */
    int64_t shape[VT_MAX_RANK];                      /* of the indices */
    int rank, axis, depth, size;
    bool wide;
    int64_t lines, picks, n, inner;    /* of the operation at hand */
    int64_t batches, block, row_bytes; /* GatherND */
    size_t bytes;                      /* of the data */
    int64_t pieces;
};

struct job {
    const struct indexed *x;
    const char *data;
    const void *index;
    const char *updates;
    char *dst;
    _Atomic int64_t wrong; /* an index outside of its axis, plus one */
};

static struct indexed *create(struct cpu_build *b, const struct cpu_op *op, struct vt_error *err)
{
    struct indexed *x = cpu_plan_alloc(b, sizeof(*x));
    const struct cpu_arg *data = &op->in[0], *index = &op->in[1];
    int64_t step = 1;

    if (!x) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    x->rank = data->rank;
    x->size = vt_type_info(data->type)->bits / 8;
    x->wide = index->type == VT_I64;
    for (int i = data->rank - 1; i >= 0; i--) {
        x->strides[i] = step;
        x->dims[i] = data->dims[i];
        step *= data->dims[i];
    }
    memcpy(x->shape, index->dims, (size_t)index->rank * sizeof(*x->shape));
    x->bytes = (size_t)data->count * (size_t)x->size;
    return x;
}

int cpu_index_outside(struct cpu_run *run, const void *index, bool wide, int64_t at)
{
    return vt_fail(run->err, VT_E_RANGE, "index %lld is outside of its axis",
                   (long long)cpu_index_at(index, wide, at));
}

static int outside(struct cpu_run *run, int64_t place, const struct job *j)
{
    return cpu_index_outside(run, j->index, j->x->wide, place - 1);
}

static bool data_and_index(const struct cpu_op *op, const char **reason)
{
    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    if (!cpu_copy_size(op->in[0].type) || op->in[0].rank < 1 || op->in[1].rank < 0 || op->out[0].rank < 0) {
        return false;
    }
    *reason = "the indices are neither i32 nor i64";
    return cpu_is_index(&op->in[1]);
}

bool cpu_axis_in(const struct cpu_op *op, int input, int64_t *axis)
{
    int n;

    if (!cpu_constant_i64s(&op->in[input], axis, 1, &n) || n != 1) {
        return false;
    }
    *axis += *axis < 0 ? op->in[0].rank : 0;
    return *axis >= 0 && *axis < op->in[0].rank;
}

static int moved_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)(op->out[0].count + op->in[1].count) * 2};
    return 1;
}

/* dst[to] = src[from], elements of `size` bytes; `size` is constant after inlining. */
static inline __attribute__((always_inline)) void put(char *dst, int64_t to, const char *src, int64_t from,
                                                      size_t size)
{
    memcpy(dst + (size_t)to * size, src + (size_t)from * size, size);
}

#define BY_SIZE(call)                                                                                        \
    switch (j->x->size) {                                                                                    \
    case 1: call(j, begin, end, 1); break;                                                                   \
    case 2: call(j, begin, end, 2); break;                                                                   \
    case 4: call(j, begin, end, 4); break;                                                                   \
    default: call(j, begin, end, 8); break;                                                                  \
    }

/* ---- GatherElements
 * ------------------------------------------------------------------------------------------------ */

static bool elements_supports(const struct cpu_op *op, const char **reason)
{
    return data_and_index(op, reason);
}

/* Lines [begin, end) of all axes but the last, which may be the indexed one: element by element from the
 * data's places to the lines, or from the updates' lines to the places. */
static inline __attribute__((always_inline)) void walk_lines(struct job *j, int64_t begin, int64_t end,
                                                             size_t size, bool scatter)
{
    const struct indexed *x = j->x;
    int last = x->rank - 1;
    int64_t n = x->shape[last], step = x->strides[x->axis], most = x->dims[x->axis];

    for (int64_t line = begin; line < end; line++) {
        int64_t rest = line, base = 0;

        for (int i = last - 1; i >= 0; i--) {
            base += i == x->axis ? 0 : rest % x->shape[i] * x->strides[i];
            rest /= x->shape[i];
        }
        for (int64_t k = 0; k < n; k++) {
            int64_t at = wrapped(cpu_index_at(j->index, x->wide, line * n + k), most);
            int64_t place = base + at * step + (x->axis == last ? 0 : k);

            if (at < 0) {
                j->wrong = line * n + k + 1;
                return;
            }
            if (scatter) {
                put(j->dst, place, j->updates, line * n + k, size);
            } else {
                put(j->dst, line * n + k, j->data, place, size);
            }
        }
    }
}

static inline __attribute__((always_inline)) void gather_lines(struct job *j, int64_t begin, int64_t end,
                                                               size_t size)
{
    walk_lines(j, begin, end, size, false);
}

static void gather_elements_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    BY_SIZE(gather_lines)
}

static int gather_elements_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job j = {
        .x = x, .data = cpu_in(step, run, 0), .index = cpu_in(step, run, 1), .dst = cpu_out(step, run, 0)};

    cpu_parallel_range(run, x->lines, x->pieces, gather_elements_piece, &j);
    return j.wrong ? outside(run, j.wrong, &j) : VT_OK;
}

static int gather_elements_prepare(struct cpu_build *b, const struct cpu_op *op,
                                   const struct cpu_option *option, struct cpu_step *step,
                                   struct vt_error *err)
{
    struct indexed *x = create(b, op, err);
    int64_t axis = op->host->attr_i64(op->node, "axis");

    (void)option;
    if (!x) {
        return VT_E_NOMEM;
    }
    x->axis = (int)(axis + (axis < 0 ? x->rank : 0));
    x->lines = op->out[0].count ? op->out[0].count / x->shape[x->rank - 1] : 0;
    x->pieces = cpu_pieces(op, (double)op->out[0].count * 2);
    step->run = gather_elements_run;
    step->data = x;
    return VT_OK;
}

const struct cpu_impl cpu_impl_gather_elements = {
    .name = "gather_elements",
    .supports = elements_supports,
    .options = moved_options,
    .prepare = gather_elements_prepare,
};

/* ---- GatherND
 * ------------------------------------------------------------------------------------------------------ */

static bool gather_nd_supports(const struct cpu_op *op, const char **reason)
{
    return data_and_index(op, reason) && op->in[1].rank >= 1;
}

static void gather_nd_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;
    const struct indexed *x = j->x;

    (void)scratch;
    for (int64_t k = begin; k < end; k++) {
        int64_t from = k / x->picks * x->block;

        for (int d = 0; d < x->depth; d++) {
            int64_t at = wrapped(cpu_index_at(j->index, x->wide, k * x->depth + d), x->dims[x->axis + d]);

            if (at < 0) {
                j->wrong = k * x->depth + d + 1;
                return;
            }
            from += at * x->strides[x->axis + d];
        }
        if (x->row_bytes == x->size && x->size == 4) {
            put(j->dst, k, j->data, from, 4);
        } else {
            memcpy(j->dst + k * x->row_bytes, j->data + from * x->size, (size_t)x->row_bytes);
        }
    }
}

static int gather_nd_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job j = {
        .x = x, .data = cpu_in(step, run, 0), .index = cpu_in(step, run, 1), .dst = cpu_out(step, run, 0)};

    cpu_parallel_range(run, x->lines, x->pieces, gather_nd_piece, &j);
    return j.wrong ? outside(run, j.wrong, &j) : VT_OK;
}

static int gather_nd_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                             struct cpu_step *step, struct vt_error *err)
{
    struct indexed *x = create(b, op, err);
    int index_rank = op->in[1].rank;
    int64_t run = 1;

    (void)option;
    if (!x) {
        return VT_E_NOMEM;
    }
    x->axis = (int)op->host->attr_i64(op->node, "batch_dims");
    x->depth = (int)x->shape[index_rank - 1];
    x->batches = x->block = x->picks = 1;
    for (int i = 0; i < x->rank; i++) {
        *(i < x->axis ? &x->batches : &x->block) *= x->dims[i];
        run *= i < x->axis + x->depth ? 1 : x->dims[i];
    }
    for (int i = x->axis; i < index_rank - 1; i++) {
        x->picks *= x->shape[i];
    }
    x->row_bytes = run * x->size;
    x->lines = op->out[0].count ? x->batches * x->picks : 0;
    x->pieces = cpu_pieces(op, (double)x->lines * (5 + (double)x->row_bytes / 8));
    step->run = gather_nd_run;
    step->data = x;
    return VT_OK;
}

const struct cpu_impl cpu_impl_gather_nd = {
    .name = "gather_nd",
    .supports = gather_nd_supports,
    .options = moved_options,
    .prepare = gather_nd_prepare,
};

/* ---- scattering: the data, copied where it does not die here, and the updates written over it, the last of
 * several of one place being the one that stays */

int cpu_shared_data(const struct cpu_op *op, const struct cpu_option *option)
{
    (void)op;
    (void)option;
    return 0;
}

static void copy_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct job *j = arg;

    (void)scratch;
    memcpy(j->dst + begin, j->data + begin, (size_t)(end - begin));
}

static struct job scatter_begin(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job j = {.x = x,
                    .data = cpu_in(step, run, 0),
                    .index = cpu_in(step, run, 1),
                    .updates = cpu_in(step, run, 2),
                    .dst = cpu_out(step, run, 0)};

    if (j.data != j.dst && x->bytes) {
        cpu_parallel_range(run, (int64_t)x->bytes, x->pieces, copy_piece, &j);
    }
    return j;
}

static bool plain_scatter(const struct cpu_op *op, const char **reason)
{
    if (!data_and_index(op, reason)) {
        return false;
    }
    *reason = "updates have another type or an unknown shape";
    return op->in[2].rank >= 0 && op->in[2].type == op->in[0].type;
}

static bool no_reduction(const struct cpu_op *op, int since, const char **reason)
{
    *reason = "a reduction";
    return op->host->node_opset(op->node) < since ||
           strcasecmp(op->host->attr_str(op->node, "reduction"), "none") == 0;
}

static bool update_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;

    if (!plain_scatter(op, reason)) {
        return false;
    }
    *reason = "the axis is not constant";
    if (!cpu_axis_in(op, 3, &axis)) {
        return false;
    }
    *reason = "updates have another size";
    return op->in[0].dims[axis] * op->in[2].count == op->in[0].count * op->in[1].count;
}

static int update_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job j = scatter_begin(step, run);
    size_t row = (size_t)(x->inner * x->size);

    for (int64_t k = 0; k < x->picks; k++) {
        int64_t at = wrapped(cpu_index_at(j.index, x->wide, k), x->n);

        if (at < 0) {
            return outside(run, k + 1, &j);
        }
        for (int64_t o = 0; o < x->lines; o++) {
            memcpy(j.dst + (size_t)(o * x->n + at) * row, j.updates + (size_t)(o * x->picks + k) * row, row);
        }
    }
    return VT_OK;
}

static int update_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct indexed *x = create(b, op, err);
    int64_t axis;

    (void)option;
    if (!x) {
        return VT_E_NOMEM;
    }
    cpu_axis_in(op, 3, &axis);
    x->n = x->dims[axis];
    x->inner = x->strides[axis];
    x->lines = op->in[0].count ? op->in[0].count / (x->n * x->inner) : 0;
    x->picks = op->in[1].count;
    x->pieces = cpu_pieces(op, (double)x->bytes / 8);
    step->run = update_run;
    step->data = x;
    return VT_OK;
}

const struct cpu_impl cpu_impl_scatter_update = {
    .name = "scatter_update",
    .supports = update_supports,
    .options = moved_options,
    .prepare = update_prepare,
    .shared_input = cpu_shared_data,
};

static bool update_nd_supports(const struct cpu_op *op, const char **reason)
{
    return plain_scatter(op, reason) && op->in[1].rank >= 1 && no_reduction(op, 15, reason);
}

static int update_nd_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job j = scatter_begin(step, run);

    for (int64_t k = 0; k < x->picks; k++) {
        int64_t to = 0;

        for (int d = 0; d < x->depth; d++) {
            int64_t at = wrapped(cpu_index_at(j.index, x->wide, k * x->depth + d), x->dims[d]);

            if (at < 0) {
                return outside(run, k * x->depth + d + 1, &j);
            }
            to += at * x->strides[d];
        }
        memcpy(j.dst + to * x->size, j.updates + k * x->row_bytes, (size_t)x->row_bytes);
    }
    return VT_OK;
}

static int update_nd_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                             struct cpu_step *step, struct vt_error *err)
{
    struct indexed *x = create(b, op, err);
    int64_t run = 1;

    (void)option;
    if (!x) {
        return VT_E_NOMEM;
    }
    x->depth = (int)x->shape[op->in[1].rank - 1];
    for (int i = x->depth; i < x->rank; i++) {
        run *= x->dims[i];
    }
    x->picks = 1;
    for (int i = 0; i < op->in[1].rank - 1; i++) {
        x->picks *= x->shape[i];
    }
    x->picks = x->bytes ? x->picks : 0;
    x->row_bytes = run * x->size;
    x->pieces = cpu_pieces(op, (double)x->bytes / 8);
    step->run = update_nd_run;
    step->data = x;
    return VT_OK;
}

const struct cpu_impl cpu_impl_scatter_nd = {
    .name = "scatter_nd",
    .supports = update_nd_supports,
    .options = moved_options,
    .prepare = update_nd_prepare,
    .shared_input = cpu_shared_data,
};

static bool update_elements_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;

    if (!plain_scatter(op, reason) || !no_reduction(op, 12, reason)) {
        return false;
    }
    *reason = "the axis is not constant";
    return cpu_axis_in(op, 3, &axis);
}

/* One after another: several updates may hit one place. */
static inline __attribute__((always_inline)) void scatter_lines(struct job *j, int64_t begin, int64_t end,
                                                                size_t size)
{
    walk_lines(j, begin, end, size, true);
}

static int update_elements_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct indexed *x = step->data;
    struct job local = scatter_begin(step, run), *j = &local;
    int64_t begin = 0, end = x->lines;

    BY_SIZE(scatter_lines)
    return local.wrong ? outside(run, local.wrong, j) : VT_OK;
}

static int update_elements_prepare(struct cpu_build *b, const struct cpu_op *op,
                                   const struct cpu_option *option, struct cpu_step *step,
                                   struct vt_error *err)
{
    struct indexed *x = create(b, op, err);
    int64_t axis;

    (void)option;
    if (!x) {
        return VT_E_NOMEM;
    }
    cpu_axis_in(op, 3, &axis);
    x->axis = (int)axis;
    x->lines = op->in[1].count ? op->in[1].count / x->shape[x->rank - 1] : 0;
    x->pieces = cpu_pieces(op, (double)x->bytes / 8);
    step->run = update_elements_run;
    step->data = x;
    return VT_OK;
}

const struct cpu_impl cpu_impl_scatter_elements = {
    .name = "scatter_elements",
    .supports = update_elements_supports,
    .options = moved_options,
    .prepare = update_elements_prepare,
    .shared_input = cpu_shared_data,
};
