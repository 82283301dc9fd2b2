/* CumSum, ReverseSequence, OneHot, TopK: along one axis, line by line. */
#include "ops/copies.h"

/* A tensor cut along an axis: element (o, i, k) lies at (o * n + i) * inner + k. */
struct lines {
    int64_t outer, n, inner;
};

static struct lines lines_of(const struct cpu_arg *arg, int64_t axis)
{
    struct lines l = {1, arg->dims[axis], 1};

    for (int i = 0; i < arg->rank; i++) {
        *(i < axis ? &l.outer : &l.inner) *= i == axis ? 1 : arg->dims[i];
    }
    return l;
}

static int64_t axis_attr(const struct cpu_op *op, const char *name, int rank)
{
    int64_t axis = op->host->attr_i64(op->node, name);

    return axis + (axis < 0 ? rank : 0);
}

/* ---- CumSum
 * -------------------------------------------------------------------------------------------------------- */

struct cumsum {
    struct lines l;
    enum vt_type type;
    bool exclusive, reverse;
    int64_t pieces;
};

static bool cumsum_axis(const struct cpu_op *op, int64_t *axis)
{
    int n = 1;

    *axis = 0;
    if (op->n_in > 1 && op->in[1].type && (!cpu_constant_i64s(&op->in[1], axis, 1, &n) || n != 1)) {
        return false;
    }
    *axis += *axis < 0 ? op->in[0].rank : 0;
    return *axis >= 0 && *axis < op->in[0].rank;
}

static bool cumsum_supports(const struct cpu_op *op, const char **reason)
{
    int64_t axis;

    *reason = "only f32, i32 and i64 of known shape";
    if ((op->in[0].type != VT_F32 && op->in[0].type != VT_I32 && op->in[0].type != VT_I64) ||
        op->in[0].rank < 1) {
        return false;
    }
    *reason = "the axis is not constant";
    return cumsum_axis(op, &axis);
}

struct scan_job {
    const struct cumsum *c;
    const void *src;
    void *dst;
};

/* Floats are summed in double, as by the reference; integers wrap. */
#define SUM(T, S)                                                                                            \
    do {                                                                                                     \
        const T *src = (const T *)j->src + first;                                                            \
        T *dst = (T *)j->dst + first;                                                                        \
        S sum = 0;                                                                                           \
                                                                                                             \
        for (int64_t i = 0; i < c->l.n; i++) {                                                               \
            int64_t at = (c->reverse ? c->l.n - 1 - i : i) * c->l.inner;                                     \
            S v = (S)src[at];                                                                                \
                                                                                                             \
            dst[at] = (T)(c->exclusive ? sum : sum + v);                                                     \
            sum += v;                                                                                        \
        }                                                                                                    \
    } while (0)

static void cumsum_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct scan_job *j = arg;
    const struct cumsum *c = j->c;

    (void)scratch;
    for (int64_t line = begin; line < end; line++) {
        int64_t first = line / c->l.inner * c->l.n * c->l.inner + line % c->l.inner;

        switch (c->type) {
        case VT_F32: SUM(float, double); break;
        case VT_I32: SUM(int32_t, uint64_t); break;
        default: SUM(int64_t, uint64_t); break;
        }
    }
}

static int cumsum_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct cumsum *c = step->data;
    struct scan_job j = {c, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, c->l.n ? c->l.outer * c->l.inner : 0, c->pieces, cumsum_piece, &j);
    return VT_OK;
}

static int cumsum_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct cumsum *c = cpu_plan_alloc(b, sizeof(*c));
    int64_t axis;

    (void)option;
    if (!c) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    cumsum_axis(op, &axis);
    *c = (struct cumsum){.l = lines_of(&op->in[0], axis),
                         .type = op->in[0].type,
                         .exclusive = op->host->attr_i64(op->node, "exclusive") != 0,
                         .reverse = op->host->attr_i64(op->node, "reverse") != 0,
                         .pieces = cpu_pieces(op, (double)op->out[0].count * 1.5)};
    step->run = cumsum_run;
    step->data = c;
    return VT_OK;
}

const struct cpu_impl cpu_impl_cumsum = {
    .name = "cumsum",
    .supports = cumsum_supports,
    .prepare = cumsum_prepare,
};

/* ---- ReverseSequence
 * ----------------------------------------------------------------------------------------------- */

struct reverse_sequence {
    int64_t dims[VT_MAX_RANK];
    int rank, batch, seq; /* axes */
    int64_t step;         /* elements from one place of the sequence to the next */
    int64_t rows, row_bytes, steps;
    bool wide;
    int64_t pieces;
};

static bool reverse_sequence_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    if (!cpu_copy_size(op->in[0].type) || op->in[0].rank < 2 || op->in[1].rank < 0) {
        return false;
    }
    *reason = "lengths are neither i32 nor i64";
    return cpu_is_index(&op->in[1]);
}

struct reverse_job {
    const struct reverse_sequence *r;
    const char *src;
    const void *lengths;
    char *dst;
};

static int64_t length_of(const struct reverse_job *j, int64_t b)
{
    return cpu_index_at(j->lengths, j->r->wide, b);
}

/* Rows: everything behind both axes. */
static void reverse_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct reverse_job *j = arg;
    const struct reverse_sequence *r = j->r;
    int inner = r->batch > r->seq ? r->batch : r->seq;

    (void)scratch;
    for (int64_t row = begin; row < end; row++) {
        int64_t rest = row, place[VT_MAX_RANK], n, i;

        for (int k = inner; k >= 0; k--) {
            place[k] = rest % r->dims[k];
            rest /= r->dims[k];
        }
        n = length_of(j, place[r->batch]);
        i = place[r->seq];
        memcpy(j->dst + row * r->row_bytes,
               j->src + (row + (i < n ? n - 1 - 2 * i : 0) * r->step) * r->row_bytes, (size_t)r->row_bytes);
    }
}

static int reverse_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct reverse_sequence *r = step->data;
    struct reverse_job j = {r, cpu_in(step, run, 0), cpu_in(step, run, 1), cpu_out(step, run, 0)};

    for (int64_t b = 0; b < r->dims[r->batch]; b++) {
        int64_t n = length_of(&j, b);

        if (n < 0 || n > r->steps) {
            return vt_fail(run->err, VT_E_RANGE, "sequence length %lld is outside of 0..%lld", (long long)n,
                           (long long)r->steps);
        }
    }
    cpu_parallel_range(run, r->rows, r->pieces, reverse_piece, &j);
    return VT_OK;
}

static int reverse_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct reverse_sequence *r = cpu_plan_alloc(b, sizeof(*r));
    int inner;

    (void)option;
    if (!r) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->rank = op->in[0].rank;
    memcpy(r->dims, op->in[0].dims, (size_t)r->rank * sizeof(*r->dims));
    r->batch = (int)axis_attr(op, "batch_axis", r->rank);
    r->seq = (int)axis_attr(op, "seq_axis", r->rank);
    r->steps = r->dims[r->seq];
    r->wide = op->in[1].type == VT_I64;
    inner = r->batch > r->seq ? r->batch : r->seq;
    r->rows = r->step = 1;
    r->row_bytes = vt_type_info(op->in[0].type)->bits / 8;
    for (int i = 0; i < r->rank; i++) {
        *(i <= inner ? &r->rows : &r->row_bytes) *= r->dims[i];
    }
    for (int i = r->seq + 1; i <= inner; i++) {
        r->step *= r->dims[i];
    }
    r->rows = op->in[0].count ? r->rows : 0;
    r->pieces = cpu_pieces(op, (double)r->rows * (10 + (double)r->row_bytes / 8));
    step->run = reverse_run;
    step->data = r;
    return VT_OK;
}

const struct cpu_impl cpu_impl_reverse_sequence = {
    .name = "reverse_sequence",
    .supports = reverse_sequence_supports,
    .prepare = reverse_prepare,
};

/* ---- OneHot
 * -------------------------------------------------------------------------------------------------------- */

struct one_hot {
    struct lines l;
    int64_t count; /* of indices */
    size_t size;
    bool wide, wrap;
};

static bool one_hot_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "the element type is no whole power of two bytes, or a shape is not known";
    if (!cpu_copy_size(op->out[0].type) || op->out[0].rank < 1 || op->in[0].rank < 0) {
        return false;
    }
    *reason = "the indices are neither i32 nor i64";
    return cpu_is_index(&op->in[0]);
}

static int one_hot_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct one_hot *h = step->data;
    const void *index = cpu_in(step, run, 0), *on = cpu_in(step, run, 2), *off = cpu_in(step, run, 3);
    char *dst = cpu_out(step, run, 0);
    size_t bytes = (size_t)(h->l.outer * h->l.n * h->l.inner) * h->size;

    if (!bytes) {
        return VT_OK;
    }
    memcpy(dst, off, h->size);
    for (size_t done = h->size; done < bytes;) {
        size_t more = done < bytes - done ? done : bytes - done;

        more = more < 65536 ? more : 65536;
        memcpy(dst + done, dst, more);
        done += more;
    }
    for (int64_t i = 0; i < h->count; i++) {
        int64_t k = cpu_index_at(index, h->wide, i);

        k += h->wrap && k < 0 ? h->l.n : 0;
        if (k >= 0 && k < h->l.n) {
            memcpy(dst + (size_t)((i / h->l.inner * h->l.n + k) * h->l.inner + i % h->l.inner) * h->size, on,
                   h->size);
        }
    }
    return VT_OK;
}

static int one_hot_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct one_hot *h = cpu_plan_alloc(b, sizeof(*h));

    (void)option;
    if (!h) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    h->l = lines_of(&op->out[0], axis_attr(op, "axis", op->out[0].rank));
    h->count = op->in[0].count;
    h->size = (size_t)vt_type_info(op->out[0].type)->bits / 8;
    h->wide = op->in[0].type == VT_I64;
    h->wrap = op->host->node_opset(op->node) >= 16 &&
              strcasecmp(op->host->attr_str(op->node, "negative_indices_mode"), "normalize") == 0;
    step->run = one_hot_run;
    step->data = h;
    return VT_OK;
}

const struct cpu_impl cpu_impl_one_hot = {
    .name = "one_hot",
    .supports = one_hot_supports,
    .prepare = one_hot_prepare,
};

/* ---- TopK
 * ----------------------------------------------------------------------------------------------------------
 */

/* Elements become keys that sort as wished, with the place along the axis below: ties keep their order. */
struct top_k {
    struct lines l;
    int64_t k;
    enum vt_type type;
    bool largest, by_index, wide;
    int64_t pieces;
};

static bool top_k_supports(const struct cpu_op *op, const char **reason)
{
    enum vt_type t = op->in[0].type;

    *reason = "only f32, i32, i8 and u8 of known shape";
    return (t == VT_F32 || t == VT_I32 || t == VT_U8 || t == VT_I8) && op->in[0].rank >= 1 &&
           op->out[0].rank >= 1 && op->in[0].count <= UINT32_MAX;
}

/* NaN comes after everything, whichever way the order goes; zeros of both signs are equal. */
static inline uint64_t key_of(const struct top_k *t, const void *src, int64_t at, int64_t place)
{
    uint32_t key;

    if (t->type == VT_F32) {
        float f = ((const float *)src)[at];

        f = f == 0 ? 0 : f;
        memcpy(&key, &f, sizeof(key));
        key = key >> 31 ? ~key : key | 0x80000000u;
        key = t->largest ? ~key : key;
        key = f != f ? UINT32_MAX : key;
    } else {
        int64_t v = t->type == VT_I32  ? ((const int32_t *)src)[at]
                    : t->type == VT_U8 ? ((const uint8_t *)src)[at]
                                       : ((const int8_t *)src)[at];

        key = (uint32_t)v ^ 0x80000000u;
        key = t->largest ? ~key : key;
    }
    return (uint64_t)key << 32 | (uint64_t)place;
}

/* Let heap[i] sink: the largest of n is on top. */
static void sink(uint64_t *heap, int64_t n, int64_t i)
{
    uint64_t v = heap[i];

    for (int64_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && heap[child + 1] > heap[child];
        if (heap[child] <= v) {
            break;
        }
        heap[i] = heap[child];
    }
    heap[i] = v;
}

static void heap_sort(uint64_t *heap, int64_t n)
{
    for (int64_t i = n / 2 - 1; i >= 0; i--) {
        sink(heap, n, i);
    }
    for (int64_t i = n - 1; i > 0; i--) {
        uint64_t top = heap[0];

        heap[0] = heap[i];
        heap[i] = top;
        sink(heap, i, 0);
    }
}

struct top_job {
    const struct top_k *t;
    const void *src;
    char *values;
    void *indices;
};

static void top_line(const struct top_job *j, int64_t line, uint64_t *heap)
{
    const struct top_k *t = j->t;
    int64_t inner = t->l.inner, first = line / inner * t->l.n * inner + line % inner;
    int64_t to = line / inner * t->k * inner + line % inner;
    size_t size = (size_t)vt_type_info(t->type)->bits / 8;

    for (int64_t i = 0; i < t->k; i++) {
        heap[i] = key_of(t, j->src, first + i * inner, i);
    }
    for (int64_t i = t->k / 2 - 1; i >= 0; i--) {
        sink(heap, t->k, i);
    }
    for (int64_t i = t->k; i < t->l.n; i++) {
        uint64_t key = key_of(t, j->src, first + i * inner, i);

        if (key < heap[0]) {
            heap[0] = key;
            sink(heap, t->k, 0);
        }
    }
    for (int64_t i = 0; t->by_index && i < t->k; i++) {
        heap[i] &= UINT32_MAX;
    }
    heap_sort(heap, t->k);
    for (int64_t i = 0; i < t->k; i++) {
        int64_t place = (int64_t)(heap[i] & UINT32_MAX), at = to + i * inner;

        memcpy(j->values + (size_t)at * size, (const char *)j->src + (size_t)(first + place * inner) * size,
               size);
        if (t->wide) {
            ((int64_t *)j->indices)[at] = place;
        } else {
            ((int32_t *)j->indices)[at] = (int32_t)place;
        }
    }
}

static void top_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    for (int64_t line = begin; line < end; line++) {
        top_line(arg, line, scratch);
    }
}

static int top_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct top_k *t = step->data;
    struct top_job j = {t, cpu_in(step, run, 0), cpu_out(step, run, 0), cpu_out(step, run, 1)};

    cpu_parallel_range(run, t->k ? t->l.outer * t->l.inner : 0, t->pieces, top_piece, &j);
    return VT_OK;
}

static int top_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                       struct cpu_step *step, struct vt_error *err)
{
    struct top_k *t = cpu_plan_alloc(b, sizeof(*t));
    int64_t axis = axis_attr(op, "axis", op->in[0].rank);

    (void)option;
    if (!t) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *t = (struct top_k){.l = lines_of(&op->in[0], axis),
                        .k = op->out[0].dims[axis],
                        .type = op->in[0].type,
                        .largest = strcasecmp(op->host->attr_str(op->node, "mode"), "max") == 0,
                        .by_index = strcasecmp(op->host->attr_str(op->node, "sort"), "index") == 0,
                        .wide = op->out[1].type == VT_I64,
                        .pieces = cpu_pieces(op, (double)op->in[0].count * 3)};
    step->scratch = (size_t)t->k * sizeof(uint64_t);
    step->run = top_run;
    step->data = t;
    return VT_OK;
}

const struct cpu_impl cpu_impl_top_k = {
    .name = "top_k",
    .supports = top_k_supports,
    .prepare = top_prepare,
};
