/* Bags of embeddings (EmbeddingBagOffsets, EmbeddingBagPacked, EmbeddingSegments) and SegmentMax: each row of
 * the output is joined from rows of the input, in their order. */
#include "ops/bags.h"

#include "model.h"
#include "plan.h"

#include <math.h>
#include <strings.h>

#define BATCH 64 /* rows that the kernel is given at a time */

bool cpu_bag_type_of(enum vt_type type, enum cpu_bag_type *bag)
{
    switch (type) {
    case VT_F32: *bag = CPU_BAG_F32; return true;
    case VT_F64: *bag = CPU_BAG_F64; return true;
    case VT_F16: *bag = CPU_BAG_F16; return true;
    case VT_BF16: *bag = CPU_BAG_BF16; return true;
    case VT_BOOLEAN: *bag = CPU_BAG_BOOL; return true;
    case VT_I8: *bag = CPU_BAG_I8; return true;
    case VT_U8: *bag = CPU_BAG_U8; return true;
    case VT_I16: *bag = CPU_BAG_I16; return true;
    case VT_U16: *bag = CPU_BAG_U16; return true;
    case VT_I32: *bag = CPU_BAG_I32; return true;
    case VT_U32: *bag = CPU_BAG_U32; return true;
    case VT_I64: *bag = CPU_BAG_I64; return true;
    case VT_U64: *bag = CPU_BAG_U64; return true;
    default: return false;
    }
}

/* ---- bags of embeddings */

enum bag_form { OFFSETS, PACKED, SEGMENTS };

struct bags {
    const struct cpu_bags *kernel;
    enum cpu_bag_type type;
    enum bag_form form;
    bool mean, wide, wide_starts, wide_default;
    int weights, fallback; /* inputs; -1: left out */
    int memory;            /* of SEGMENTS: where each begins */
    int64_t bags, rows, row, size, picks;
    int64_t pieces;
};

struct bags_job {
    const struct bags *x;
    const char *table, *weights;
    const void *index, *starts;
    char *dst;
    int64_t fallback;      /* row of an empty bag, -1: zeros */
    _Atomic int64_t wrong; /* an index outside of the table, plus one */
    _Atomic int64_t cut;   /* a bag that does not fit the indices, plus one */
};

static enum bag_form form_of(const char *type)
{
    return strncmp(type, "EmbeddingBagO", 13) == 0   ? OFFSETS
           : strncmp(type, "EmbeddingBagP", 13) == 0 ? PACKED
                                                     : SEGMENTS;
}

static bool given(const struct cpu_op *op, int i)
{
    return i < op->n_in && op->in[i].type != VT_DYNAMIC;
}

static bool bags_supports(const struct cpu_op *op, const char **reason)
{
    enum bag_form form = form_of(op->type);
    enum cpu_bag_type type;

    *reason = "only tables of floats";
    if (!cpu_bag_type_of(op->in[0].type, &type) || type > CPU_BAG_BF16) {
        return false;
    }
    *reason = "a shape is not known";
    for (int i = 0; i < op->n_in; i++) {
        if (given(op, i) && op->in[i].rank < 0) {
            return false;
        }
    }
    if (op->out[0].rank < 1 || op->in[0].rank < 1) {
        return false;
    }
    *reason = "indices are neither i32 nor i64";
    if (!cpu_is_index(&op->in[1]) || (form != PACKED && !cpu_is_index(&op->in[2]))) {
        return false;
    }
    return form == PACKED || !given(op, form == OFFSETS ? 3 : 4) ||
           cpu_is_index(&op->in[form == OFFSETS ? 3 : 4]);
}

static void read_weights(const struct bags_job *j, int64_t first, int n, double *weights)
{
    const struct bags *x = j->x;

    x->kernel->load(x->type, j->weights + first * x->size, weights, n);
}

/* Rows [from, end) of the list, columns [column, column + n). */
static void join_rows(struct bags_job *j, int64_t from, int64_t end, int64_t column, int64_t n, double *acc)
{
    const struct bags *x = j->x;
    int64_t rows[BATCH];
    double weights[BATCH];

    for (int64_t i = from; i < end;) {
        int count = 0;
        int64_t first = i;

        for (; count < BATCH && i < end; count++, i++) {
            rows[count] = cpu_index_at(j->index, x->wide, i);
            if (rows[count] < 0 || rows[count] >= x->rows) {
                j->wrong = i + 1;
                return;
            }
        }
        if (j->weights) {
            read_weights(j, first, count, weights);
        }
        x->kernel->join(x->type, CPU_BAG_SUM, j->table + column * x->size, x->row, rows,
                        j->weights ? weights : NULL, count, acc, n);
    }
}

static bool range_of(struct bags_job *j, int64_t bag, int64_t *from, int64_t *end)
{
    const struct bags *x = j->x;

    if (x->form == PACKED) {
        int64_t per = x->picks / x->bags;

        *from = bag * per;
        *end = *from + per;
        return true;
    }
    *from = cpu_index_at(j->starts, x->wide_starts, bag);
    *end = x->form == SEGMENTS || bag + 1 < x->bags ? cpu_index_at(j->starts, x->wide_starts, bag + 1)
                                                    : x->picks;
    if (*from < 0 || *end > x->picks || *from > *end) {
        j->cut = bag + 1;
        return false;
    }
    return true;
}

/* Units: bags. */
static void bags_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct bags_job *j = arg;
    const struct bags *x = j->x;
    double acc[CPU_BAG_CHUNK];
    int64_t from, last;

    (void)scratch;
    for (int64_t bag = begin; bag < end && range_of(j, bag, &from, &last); bag++) {
        for (int64_t column = 0; column < x->row; column += CPU_BAG_CHUNK) {
            int64_t n = x->row - column < CPU_BAG_CHUNK ? x->row - column : CPU_BAG_CHUNK;

            memset(acc, 0, sizeof(acc));
            join_rows(j, from, last, column, n, acc);
            if (from == last && j->fallback >= 0) {
                x->kernel->join(x->type, CPU_BAG_SUM, j->table + column * x->size, x->row, &j->fallback, NULL,
                                1, acc, n);
            }
            x->kernel->store(x->type, acc, x->mean && last > from ? last - from : 1,
                             j->dst + (bag * x->row + column) * x->size, n);
        }
    }
}

/* Where each segment begins; what lies behind the last one is left out. */
static int find_segments(const struct bags *x, const void *ids, int64_t *starts, struct cpu_run *run)
{
    int64_t i = 0;

    for (int64_t k = 0; k < x->bags; k++) {
        starts[k] = i;
        for (; i < x->picks && cpu_index_at(ids, x->wide_starts, i) <= k; i++) {
            if (cpu_index_at(ids, x->wide_starts, i) < k) {
                return vt_fail(run->err, VT_E_INVALID, "segment_ids must rise, element %lld does not",
                               (long long)i);
            }
        }
    }
    starts[x->bags] = i;
    return VT_OK;
}

static int bags_failed(const struct bags_job *j, struct cpu_run *run)
{
    const struct bags *x = j->x;

    if (j->cut) {
        return vt_fail(run->err, VT_E_RANGE,
                       "offset %lld of bag %lld, or the next one, does not fit %lld indices",
                       (long long)cpu_index_at(j->starts, x->wide_starts, j->cut - 1),
                       (long long)(j->cut - 1), (long long)x->picks);
    }
    return vt_fail(run->err, VT_E_RANGE, "index %lld is outside of the table's %lld rows",
                   (long long)cpu_index_at(j->index, x->wide, j->wrong - 1), (long long)x->rows);
}

static int bags_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct bags *x = step->data;
    struct bags seen = *x;
    struct bags_job j = {.x = &seen,
                         .table = cpu_in(step, run, 0),
                         .index = cpu_in(step, run, 1),
                         .starts = x->form == PACKED ? NULL : cpu_in(step, run, 2),
                         .weights = x->weights < 0 ? NULL : cpu_in(step, run, x->weights),
                         .dst = cpu_out(step, run, 0),
                         .fallback = -1};

    if (x->form == SEGMENTS) {
        int64_t *starts = cpu_out(step, run, x->memory);
        int status = find_segments(x, j.starts, starts, run);

        if (status) {
            return status;
        }
        j.starts = starts;
        seen.wide_starts = true;
    }
    if (x->fallback >= 0) {
        j.fallback = cpu_index_at(cpu_in(step, run, x->fallback), x->wide_default, 0);
        if (j.fallback >= x->rows) {
            return vt_fail(run->err, VT_E_RANGE, "default_index %lld is outside of the table's %lld rows",
                           (long long)j.fallback, (long long)x->rows);
        }
    }
    cpu_parallel_range(run, x->row ? x->bags : 0, x->pieces, bags_piece, &j);
    return j.wrong || j.cut ? bags_failed(&j, run) : VT_OK;
}

static double bags_cost(const struct cpu_op *op)
{
    double row = op->in[0].count ? (double)op->in[0].count / (double)op->in[0].dims[0] : 0;

    return (double)op->in[1].count * (10 + row * 0.3) + (double)op->out[0].count * 0.3;
}

static int bags_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = bags_cost(op)};
    return 1;
}

static int bags_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct bags *x = cpu_plan_alloc(b, sizeof(*x));
    int weights, fallback;

    (void)option;
    if (!x) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    x->kernel = cpu_bags_get(op->isa);
    x->form = form_of(op->type);
    cpu_bag_type_of(op->in[0].type, &x->type);
    weights = x->form == OFFSETS ? 4 : x->form == PACKED ? 2 : 5;
    fallback = x->form == OFFSETS ? 3 : x->form == PACKED ? -1 : 4;
    x->weights = given(op, weights) ? weights : -1;
    x->fallback = fallback >= 0 && given(op, fallback) ? fallback : -1;
    x->mean = op->host->node_opset(op->node) >= 15 &&
              strcasecmp(op->host->attr_str(op->node, "reduction"), "mean") == 0;
    x->wide = op->in[1].type == VT_I64;
    x->wide_starts = x->form != PACKED && op->in[2].type == VT_I64;
    x->wide_default = x->fallback >= 0 && op->in[x->fallback].type == VT_I64;
    x->size = vt_type_info(op->in[0].type)->bits / 8;
    x->bags = op->out[0].dims[0];
    x->rows = op->in[0].dims[0];
    x->row = 1;
    for (int i = 1; i < op->in[0].rank; i++) {
        x->row *= op->in[0].dims[i];
    }
    x->picks = op->in[1].count;
    x->pieces = cpu_pieces(op, bags_cost(op));
    if (x->form == SEGMENTS) {
        x->memory = cpu_step_memory(b, step, 2 * (x->bags + 1), err);
        if (x->memory < 0) {
            return VT_E_NOMEM;
        }
    }
    step->run = bags_run;
    step->data = x;
    step->kernel = x->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_bags = {
    .name = "bags",
    .supports = bags_supports,
    .options = bags_options,
    .prepare = bags_prepare,
};

/* ---- SegmentMax */

struct segments {
    const struct cpu_bags *kernel;
    enum vt_type type;
    enum cpu_bag_type bag;
    bool zero, wide, counted, wide_count;
    int64_t rows, row, size;
    int rank;
    int64_t dims[VT_MAX_RANK];
    int64_t pieces;
};

struct segments_job {
    const struct segments *x;
    const char *src;
    const void *ids;
    char *dst;
    int64_t count;
};

static bool segments_supports(const struct cpu_op *op, const char **reason)
{
    enum cpu_bag_type type;

    *reason = "the element type has no loops, or a shape is not known";
    if (!cpu_bag_type_of(op->in[0].type, &type) || type == CPU_BAG_BOOL || op->in[0].rank < 1 ||
        op->in[1].rank != 1 || op->in[1].count != op->in[0].dims[0] || (given(op, 2) && op->in[2].rank < 0)) {
        return false;
    }
    *reason = "segment_ids or num_segments are neither i32 nor i64";
    return cpu_is_index(&op->in[1]) && (!given(op, 2) || cpu_is_index(&op->in[2]));
}

static void fill_lowest(enum vt_type type, char *dst, int64_t n)
{
    const struct vt_type_info *info = vt_type_info(type);
    size_t size = info->bits / 8;
    char one[8] = {0};
    float f = -__FLT_MAX__;
    double d = -__DBL_MAX__;
    uint16_t h = type == VT_F16 ? 0xfbff : 0xff7f; /* the lowest f16 and bf16 */

    if (info->is_float) {
        memcpy(one, type == VT_F32 ? (void *)&f : type == VT_F64 ? (void *)&d : (void *)&h, size);
    } else if (info->is_signed) {
        one[size - 1] = (char)0x80; /* the bytes of the lowest number, low ones first */
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(dst + (size_t)i * size, one, size);
    }
}

/* The first row whose segment is `id` or a later one. */
static int64_t first_row(const struct segments_job *j, int64_t id)
{
    int64_t low = 0, high = j->x->rows;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (cpu_index_at(j->ids, j->x->wide, middle) < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void segment(const struct segments_job *j, int64_t from, int64_t end, char *dst)
{
    const struct segments *x = j->x;
    int64_t acc[CPU_BAG_CHUNK], rows[BATCH];

    for (int64_t column = 0; column < x->row; column += CPU_BAG_CHUNK) {
        int64_t n = x->row - column < CPU_BAG_CHUNK ? x->row - column : CPU_BAG_CHUNK;
        const char *src = j->src + column * x->size;

        x->kernel->load(x->bag, src + from * x->row * x->size, acc, n);
        for (int64_t i = from + 1; i < end;) {
            int count = 0;

            while (count < BATCH && i < end) {
                rows[count++] = i++;
            }
            x->kernel->join(x->bag, CPU_BAG_MAX, src, x->row, rows, NULL, count, acc, n);
        }
        x->kernel->store(x->bag, acc, 1, dst + column * x->size, n);
    }
}

/* Units: segments. */
static void segments_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct segments_job *j = arg;
    const struct segments *x = j->x;
    int64_t row = first_row(j, begin);

    (void)scratch;
    for (int64_t k = begin; k < end; k++) {
        char *dst = j->dst + k * x->row * x->size;
        int64_t from = row;

        while (row < x->rows && cpu_index_at(j->ids, x->wide, row) == k) {
            row++;
        }
        if (row > from) {
            segment(j, from, row, dst);
        } else if (x->zero) {
            memset(dst, 0, (size_t)(x->row * x->size));
        } else {
            fill_lowest(x->type, dst, x->row);
        }
    }
}

static int check_segments(const struct segments_job *j, struct cpu_run *run)
{
    int64_t before = 0;

    for (int64_t i = 0; i < j->x->rows; i++) {
        int64_t id = cpu_index_at(j->ids, j->x->wide, i);

        if (id < before) {
            return vt_fail(run->err, VT_E_INVALID,
                           "segment_ids[%lld] is %lld: they must be sorted and not negative", (long long)i,
                           (long long)id);
        }
        before = id;
    }
    return VT_OK;
}

static int segments_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct segments *x = step->data;
    struct segments_job j = {.x = x, .src = cpu_in(step, run, 0), .ids = cpu_in(step, run, 1)};
    int64_t dims[VT_MAX_RANK];
    int status;

    if (x->counted) {
        j.count = cpu_index_at(cpu_in(step, run, 2), x->wide_count, 0);
    } else if (x->rows && __builtin_add_overflow(cpu_index_at(j.ids, x->wide, x->rows - 1), 1, &j.count)) {
        return vt_fail(run->err, VT_E_INVALID, "segment_ids end with %lld", (long long)INT64_MAX);
    }
    status = check_segments(&j, run);
    if (status == VT_OK && j.count < 0) {
        status = vt_fail(run->err, VT_E_INVALID, "num_segments is %lld", (long long)j.count);
    }
    if (status) {
        return status;
    }
    memcpy(dims, x->dims, sizeof(dims));
    dims[0] = j.count;
    j.dst = cpu_output_now(run, step, 0, x->type, x->rank, dims);
    if (!j.dst && x->row && j.count) {
        return VT_E_NOMEM;
    }
    cpu_parallel_range(run, x->row ? j.count : 0, x->pieces, segments_piece, &j);
    return VT_OK;
}

static int segments_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[0].count * 0.3};
    return 1;
}

static int segments_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct segments *x = cpu_plan_alloc(b, sizeof(*x));

    (void)option;
    if (!x) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    x->kernel = cpu_bags_get(op->isa);
    x->type = op->in[0].type;
    cpu_bag_type_of(x->type, &x->bag);
    x->zero = strcasecmp(op->host->attr_str(op->node, "fill_mode"), "zero") == 0;
    x->wide = op->in[1].type == VT_I64;
    x->counted = given(op, 2);
    x->wide_count = x->counted && op->in[2].type == VT_I64;
    x->rows = op->in[0].dims[0];
    x->size = vt_type_info(x->type)->bits / 8;
    x->rank = op->in[0].rank;
    memcpy(x->dims, op->in[0].dims, (size_t)x->rank * sizeof(*x->dims));
    x->row = 1;
    for (int i = 1; i < x->rank; i++) {
        x->row *= x->dims[i];
    }
    x->pieces = cpu_pieces(op, (double)op->in[0].count * 0.3);
    step->run = segments_run;
    step->data = x;
    step->kernel = x->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_segment_max = {
    .name = "segment_max",
    .supports = segments_supports,
    .options = segments_options,
    .prepare = segments_prepare,
};
