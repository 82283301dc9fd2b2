/* ScatterNDUpdate and ScatterElementsUpdate with a reduction: several updates of one element are joined in
 * their order, in double or int64_t, and rounded once. */
#include "ops/bags.h"

#include "ops/indices.h"
#include "plan.h"

#include <strings.h>

#define BATCH 64 /* rows that the kernel is given at a time */

struct scatter {
    const struct cpu_bags *kernel;
    enum cpu_bag_type type;
    enum cpu_bag_kind kind;
    bool mean, use_init, wide;
    int64_t size, count, pieces; /* of the data; pieces to convert it in */
    int memory;                  /* accumulators, or the list of rows */
    /* elements */
    int rank, axis, split; /* the axis whose ranges are tasks; -1: one */
    int64_t dims[VT_MAX_RANK], strides[VT_MAX_RANK], shape[VT_MAX_RANK]; /* of the data; of the indices */
    int64_t tasks;
    /* rows */
    int depth;
    int64_t picks, rows, row;
};

struct scatter_job {
    const struct scatter *x;
    const char *data, *updates;
    const void *index;
    char *dst;
    double *acc;      /* or int64_t */
    uint32_t *counts; /* NULL where nobody asks how many */
    uint32_t *starts, *order;
    _Atomic int64_t wrong; /* an index outside of its axis, plus one */
};

static bool reduction_of(const struct cpu_op *op, struct scatter *x)
{
    static const char *const names[] = {"sum", "sub", "prod", "min", "max", "mean"};
    static const enum cpu_bag_kind kinds[] = {CPU_BAG_SUM, CPU_BAG_SUB, CPU_BAG_PROD,
                                              CPU_BAG_MIN, CPU_BAG_MAX, CPU_BAG_SUM};
    bool elements = strcmp(op->type, "ScatterElementsUpdate") == 0;
    const char *reduction;

    if (op->host->node_opset(op->node) < (elements ? 12 : 15)) {
        return false;
    }
    reduction = op->host->attr_str(op->node, "reduction");
    x->use_init = !elements || op->host->attr_i64(op->node, "use_init_val");
    for (int i = 0; i < 6; i++) {
        if (strcasecmp(reduction, names[i]) == 0) {
            x->kind = kinds[i];
            x->mean = i == 5;
            if (op->in[0].type == VT_BOOLEAN && (i == 0 || i == 2)) {
                x->kind = i ? CPU_BAG_AND : CPU_BAG_OR;
            }
            return true;
        }
    }
    return false;
}

static bool scatter_supports(const struct cpu_op *op, const char **reason)
{
    enum cpu_bag_type type;
    struct scatter x;

    *reason = "no reduction";
    if (!reduction_of(op, &x)) {
        return false;
    }
    *reason = "the element type has no loops, or a shape is not known";
    if (!cpu_bag_type_of(op->in[0].type, &type) || op->in[2].type != op->in[0].type || op->in[0].rank < 1 ||
        op->in[1].rank < 1 || op->in[2].rank < 0 || op->out[0].rank < 0) {
        return false;
    }
    *reason = "more than 2^32 elements";
    if (op->in[0].count >= UINT32_MAX || op->in[1].count >= UINT32_MAX || op->in[2].count >= UINT32_MAX) {
        return false;
    }
    *reason = "the indices are neither i32 nor i64";
    return cpu_is_index(&op->in[1]);
}

static int scatter_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->out[0].count + (double)op->in[2].count * 2};
    return 1;
}

static void describe(const struct cpu_op *op, struct scatter *x)
{
    int64_t step = 1;

    x->kernel = cpu_bags_get(op->isa);
    cpu_bag_type_of(op->in[0].type, &x->type);
    reduction_of(op, x);
    x->wide = op->in[1].type == VT_I64;
    x->size = vt_type_info(op->in[0].type)->bits / 8;
    x->count = op->in[0].count;
    x->rank = op->in[0].rank;
    for (int i = x->rank - 1; i >= 0; i--) {
        x->strides[i] = step;
        x->dims[i] = op->in[0].dims[i];
        step *= x->dims[i];
    }
    memcpy(x->shape, op->in[1].dims, (size_t)op->in[1].rank * sizeof(*x->shape));
    x->pieces = cpu_pieces(op, (double)x->count * 0.5);
}

/* ---- elements: accumulators for the whole tensor */

static void open_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct scatter_job *j = arg;
    const struct scatter *x = j->x;

    (void)scratch;
    for (int64_t i = begin; i < end; i += CPU_BAG_CHUNK) {
        int64_t n = end - i < CPU_BAG_CHUNK ? end - i : CPU_BAG_CHUNK;

        x->kernel->load(x->type, j->data + i * x->size, j->acc + i, n);
        if (j->counts) {
            memset(j->counts + i, 0, (size_t)n * sizeof(*j->counts));
        }
    }
}

static void close_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct scatter_job *j = arg;
    const struct scatter *x = j->x;

    (void)scratch;
    if (j->dst != j->data && j->counts) {
        memcpy(j->dst + begin * x->size, j->data + begin * x->size, (size_t)((end - begin) * x->size));
    }
    for (int64_t i = begin; i < end && j->counts; i++) {
        if (j->counts[i]) {
            x->kernel->store(x->type, j->acc + i, x->mean ? j->counts[i] : 1, j->dst + i * x->size, 1);
        }
    }
    for (int64_t i = begin; i < end && !j->counts; i += CPU_BAG_CHUNK) {
        x->kernel->store(x->type, j->acc + i, 1, j->dst + i * x->size,
                         end - i < CPU_BAG_CHUNK ? end - i : CPU_BAG_CHUNK);
    }
}

/* Count, and let the first of several replace what was there unless that takes part: by what changes nothing
 * when the first is joined with it, to the last bit. */
static void count_places(const struct scatter_job *j, const int64_t *places, const double *values, int64_t n)
{
    const struct scatter *x = j->x;
    bool real = x->type <= CPU_BAG_BF16, own = x->kind != CPU_BAG_SUM && x->kind != CPU_BAG_PROD;
    double neutral = x->kind == CPU_BAG_PROD ? 1 : -0.0;
    int64_t whole = x->kind == CPU_BAG_PROD;

    if (!real) {
        memcpy(&neutral, &whole, sizeof(whole));
    }
    for (int64_t i = 0; i < n; i++) {
        uint32_t *count = &j->counts[places[i]];

        if (*count == 0 && !x->use_init) {
            memcpy(&j->acc[places[i]], own ? &values[i] : &neutral, sizeof(neutral));
        }
        *count += 1 + (*count == 0 && x->use_init);
    }
}

/* Updates [from, from + n) of one line, n <= CPU_BAG_CHUNK. */
static bool join_some(struct scatter_job *j, int64_t from, int64_t n, int64_t base, int64_t along)
{
    const struct scatter *x = j->x;
    const void *index = (const char *)j->index + from * (x->wide ? 8 : 4);
    int64_t places[CPU_BAG_CHUNK];
    double values[CPU_BAG_CHUNK];
    int found =
        x->kernel->places(index, x->wide, n, x->dims[x->axis], x->strides[x->axis], base, along, places);

    if (found & CPU_PLACES_OUTSIDE) {
        for (int64_t i = 0; i < n; i++) {
            int64_t at = cpu_index_at(j->index, x->wide, from + i);

            if (at >= x->dims[x->axis] || at < -x->dims[x->axis]) {
                j->wrong = from + i + 1;
            }
        }
        return false;
    }
    if (!j->counts && (found & CPU_PLACES_CONSECUTIVE)) {
        static const int64_t first;

        x->kernel->join(x->type, x->kind, j->updates + from * x->size, 0, &first, NULL, 1, j->acc + places[0],
                        n);
        return true;
    }
    x->kernel->load(x->type, j->updates + from * x->size, values, n);
    if (j->counts) {
        count_places(j, places, values, n);
    }
    x->kernel->scatter(x->type, x->kind, places, values, j->acc, n);
    return true;
}

/* Line `line` of all axes but the last, elements [begin, end) of it. */
static bool join_line(struct scatter_job *j, int64_t line, int64_t begin, int64_t end)
{
    const struct scatter *x = j->x;
    int last = x->rank - 1;
    int64_t along = x->axis == last ? 0 : 1, rest = line, base = 0;

    for (int i = last - 1; i >= 0; i--) {
        base += i == x->axis ? 0 : rest % x->shape[i] * x->strides[i];
        rest /= x->shape[i];
    }
    for (int64_t k = begin; k < end; k += CPU_BAG_CHUNK) {
        int64_t n = end - k < CPU_BAG_CHUNK ? end - k : CPU_BAG_CHUNK;

        if (!join_some(j, line * x->shape[last] + k, n, base + along * k, along)) {
            return false;
        }
    }
    return true;
}

/* One range of the axis that is split: no other task meets its elements. */
static void elements_task(void *arg, int64_t task, void *scratch)
{
    struct scatter_job *j = arg;
    const struct scatter *x = j->x;
    int last = x->rank - 1;
    int64_t n = x->split < 0 ? 1 : x->shape[x->split], begin = task * n / x->tasks,
            end = (task + 1) * n / x->tasks, before = 1, after = 1;

    (void)scratch;
    for (int i = 0; i < last; i++) {
        *(i < x->split || x->split < 0 ? &before : &after) *= i == x->split ? 1 : x->shape[i];
    }
    if (x->split < 0 || x->split == last) {
        for (int64_t line = 0; line < before; line++) {
            if (!join_line(j, line, x->split < 0 ? 0 : begin, x->split < 0 ? x->shape[last] : end)) {
                return;
            }
        }
        return;
    }
    for (int64_t i = 0; i < before; i++) {
        for (int64_t k = begin * after; k < end * after; k++) {
            if (!join_line(j, i * n * after + k, 0, x->shape[last])) {
                return;
            }
        }
    }
}

static int elements_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct scatter *x = step->data;
    struct scatter_job j = {.x = x,
                            .data = cpu_in(step, run, 0),
                            .index = cpu_in(step, run, 1),
                            .updates = cpu_in(step, run, 2),
                            .dst = cpu_out(step, run, 0),
                            .acc = cpu_out(step, run, x->memory)};

    if (x->mean || !x->use_init) {
        j.counts = (uint32_t *)(j.acc + x->count);
    }
    cpu_parallel_range(run, x->count, x->pieces, open_piece, &j);
    cpu_parallel(run, x->tasks, elements_task, &j);
    if (j.wrong) {
        return cpu_index_outside(run, j.index, x->wide, j.wrong - 1);
    }
    cpu_parallel_range(run, x->count, x->pieces, close_piece, &j);
    return VT_OK;
}

static bool elements_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;

    if (!scatter_supports(op, reason)) {
        return false;
    }
    *reason = "the axis is not constant";
    if (!cpu_axis_in(op, 3, &axis)) {
        return false;
    }
    *reason = "the indices' shape does not fit";
    for (int i = 0; i < op->in[1].rank; i++) {
        if (op->in[1].rank != op->in[0].rank || (i != axis && op->in[1].dims[i] > op->in[0].dims[i])) {
            return false;
        }
    }
    return op->in[2].count == op->in[1].count;
}

/* Which axis to cut into tasks. The last one has its elements side by side and wants long pieces. */
static void split(const struct cpu_op *op, struct scatter *x)
{
    int64_t most = 3;

    x->split = -1;
    x->tasks = 1;
    for (int i = 0; i < x->rank; i++) {
        int64_t parts = i == x->rank - 1 ? x->shape[i] / 32 : x->shape[i];

        if (i != x->axis && (parts > most || (x->split < 0 && parts > 1))) {
            most = parts;
            x->split = i;
        }
    }
    if (x->split >= 0) {
        int64_t wanted = cpu_pieces(op, (double)op->in[1].count * 2);

        most = x->split == x->rank - 1 ? x->shape[x->split] / 32 : x->shape[x->split];
        x->tasks = wanted < most ? wanted : most;
    }
    x->tasks = op->in[1].count ? x->tasks : 0;
}

static int elements_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct scatter *x = cpu_plan_alloc(b, sizeof(*x));
    int64_t axis = 0;

    (void)option;
    if (!x) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    describe(op, x);
    cpu_axis_in(op, 3, &axis);
    x->axis = (int)axis;
    split(op, x);
    x->memory = cpu_step_memory(b, step, 3 * x->count + 2, err);
    step->run = op->out[0].count ? elements_run : NULL;
    step->data = x;
    step->kernel = x->kernel->name;
    return x->memory < 0 ? VT_E_NOMEM : VT_OK;
}

const struct cpu_impl cpu_impl_scatter_elements_reduce = {
    .name = "scatter_elements_reduce",
    .supports = elements_supports,
    .options = scatter_options,
    .prepare = elements_prepare,
    .shared_input = cpu_shared_data,
};

/* ---- rows: for each row of the data the list of its updates, made by counting */

static bool find_rows(struct scatter_job *j, uint32_t *row_of)
{
    const struct scatter *x = j->x;

    memset(j->starts, 0, (size_t)(x->rows + 2) * sizeof(*j->starts));
    for (int64_t k = 0; k < x->picks; k++) {
        int64_t to = 0;

        for (int d = 0; d < x->depth; d++) {
            int64_t at = cpu_index_at(j->index, x->wide, k * x->depth + d);

            at += at < 0 ? x->dims[d] : 0;
            if (at < 0 || at >= x->dims[d]) {
                j->wrong = k * x->depth + d + 1;
                return false;
            }
            to = to * x->dims[d] + at;
        }
        row_of[k] = (uint32_t)to;
        j->starts[to + 2]++;
    }
    for (int64_t r = 0; r < x->rows; r++) {
        j->starts[r + 2] += j->starts[r + 1];
    }
    for (int64_t k = 0; k < x->picks; k++) {
        j->order[j->starts[row_of[k] + 1]++] = (uint32_t)k;
    }
    return true;
}

/* The list of one row is short: ask for the updates of the next while this one is summed. */
static void ask_for(const struct scatter_job *j, uint32_t from)
{
    const struct scatter *x = j->x;
    int64_t bytes = x->row * x->size < CPU_BAG_CHUNK ? x->row * x->size : CPU_BAG_CHUNK;

    for (uint32_t i = from; i < from + 12 && i < j->starts[x->rows]; i++) {
        const char *update = j->updates + j->order[i] * (size_t)(x->row * x->size);

        for (int64_t k = 0; k < bytes; k += 64) {
            __builtin_prefetch(update + k);
        }
    }
}

static void one_row(const struct scatter_job *j, int64_t row)
{
    const struct scatter *x = j->x;
    double acc[CPU_BAG_CHUNK];
    int64_t rows[BATCH];

    ask_for(j, j->starts[row + 1]);
    for (int64_t column = 0; column < x->row; column += CPU_BAG_CHUNK) {
        int64_t n = x->row - column < CPU_BAG_CHUNK ? x->row - column : CPU_BAG_CHUNK;
        int64_t at = (row * x->row + column) * x->size;

        x->kernel->load(x->type, j->data + at, acc, n);
        for (uint32_t i = j->starts[row]; i < j->starts[row + 1];) {
            int count = 0;

            while (count < BATCH && i < j->starts[row + 1]) {
                rows[count++] = j->order[i++];
            }
            x->kernel->join(x->type, x->kind, j->updates + column * x->size, x->row, rows, NULL, count, acc,
                            n);
        }
        x->kernel->store(x->type, acc, 1, j->dst + at, n);
    }
}

/* Units: rows of the data. */
static void rows_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct scatter_job *j = arg;
    const struct scatter *x = j->x;
    size_t bytes = (size_t)(x->row * x->size);

    (void)scratch;
    for (int64_t row = begin; row < end; row++) {
        if (j->starts[row] != j->starts[row + 1]) {
            one_row(j, row);
        } else if (j->dst != j->data) {
            memcpy(j->dst + (size_t)row * bytes, j->data + (size_t)row * bytes, bytes);
        }
    }
}

static int rows_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct scatter *x = step->data;
    uint32_t *row_of = cpu_out(step, run, x->memory);
    struct scatter_job j = {.x = x,
                            .data = cpu_in(step, run, 0),
                            .index = cpu_in(step, run, 1),
                            .updates = cpu_in(step, run, 2),
                            .dst = cpu_out(step, run, 0),
                            .order = row_of + x->picks,
                            .starts = row_of + 2 * x->picks};

    if (!find_rows(&j, row_of)) {
        return cpu_index_outside(run, j.index, x->wide, j.wrong - 1);
    }
    cpu_parallel_range(run, x->rows, x->pieces, rows_piece, &j);
    return VT_OK;
}

static int rows_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct scatter *x = cpu_plan_alloc(b, sizeof(*x));
    int index_rank = op->in[1].rank;

    (void)option;
    if (!x) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    describe(op, x);
    x->depth = (int)x->shape[index_rank - 1];
    x->rows = x->row = x->picks = 1;
    for (int i = 0; i < x->rank; i++) {
        *(i < x->depth ? &x->rows : &x->row) *= x->dims[i];
    }
    for (int i = 0; i < index_rank - 1; i++) {
        x->picks *= x->shape[i];
    }
    x->pieces = cpu_pieces(op, (double)op->in[2].count * 0.4 + (double)op->out[0].count * 0.4);
    x->memory = cpu_step_memory(b, step, 2 * x->picks + x->rows + 2, err);
    step->run = op->out[0].count ? rows_run : NULL;
    step->data = x;
    step->kernel = x->kernel->name;
    return x->memory < 0 ? VT_E_NOMEM : VT_OK;
}

static bool rows_supports(const struct cpu_op *op, const char **reason)
{
    int index_rank = op->in[1].rank;
    int64_t updates = 1, depth;

    if (!scatter_supports(op, reason)) {
        return false;
    }
    depth = op->in[1].dims[index_rank - 1];
    *reason = "the updates' size does not fit";
    if (depth > op->in[0].rank) {
        return false;
    }
    for (int i = 0; i < index_rank - 1; i++) {
        updates *= op->in[1].dims[i];
    }
    for (int i = (int)depth; i < op->in[0].rank; i++) {
        updates *= op->in[0].dims[i];
    }
    return updates == op->in[2].count;
}

const struct cpu_impl cpu_impl_scatter_nd_reduce = {
    .name = "scatter_nd_reduce",
    .supports = rows_supports,
    .options = scatter_options,
    .prepare = rows_prepare,
    .shared_input = cpu_shared_data,
};
