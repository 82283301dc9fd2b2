/* NonMaxSuppression and NonZero: outputs whose shape the data decides. */
#include "model.h"

#include <math.h>
#include <stdlib.h>

/* ---- NonMaxSuppression: a task for each class of each image */

struct nms {
    int64_t batch, classes, boxes;
    bool center, sorted, wide;
    int scalars; /* how many of the scalar inputs there are */
};

struct box {
    float y1, x1, y2, x2, area;
};

struct pick {
    float score;
    int32_t batch, class, box;
};

static bool number_type(enum vt_type t)
{
    return t == VT_F32 || t == VT_I64 || t == VT_I32;
}

/* Soft suppression lowers scores step by step: left to the reference. */
static bool hard(const struct cpu_op *op)
{
    float sigma;

    if (op->host->node_opset(op->node) < 5 || op->n_in < 6 || !op->in[5].type || op->in[5].count == 0) {
        return true;
    }
    if (!op->in[5].raw || op->in[5].raw->type != VT_F32 || op->in[5].count != 1) {
        return false;
    }
    memcpy(&sigma, op->in[5].raw->data, sizeof(sigma));
    return !(sigma > 0);
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[1].type != VT_F32 || op->in[0].rank != 3 || op->in[1].rank != 3) {
        return false;
    }
    for (int i = 2; i < op->n_in; i++) {
        if (op->in[i].type && (!number_type(op->in[i].type) || op->in[i].rank < 0)) {
            return false;
        }
    }
    *reason = "soft suppression";
    if (!hard(op)) {
        return false;
    }
    *reason = "too many boxes";
    return op->in[0].dims[1] < INT32_MAX && op->in[1].dims[1] < INT32_MAX && op->in[0].dims[0] < INT32_MAX;
}

struct nms_job {
    const struct nms *q;
    const float *boxes, *scores;
    int64_t limit;
    float iou, score;
    struct pick *picks; /* [batch * classes][limit] */
    int64_t *counts;
};

static struct box load(const struct nms_job *j, int64_t batch, int64_t box)
{
    const float *v = j->boxes + (batch * j->q->boxes + box) * 4;
    struct box b;

    if (j->q->center) { /* x, y, width, height */
        b = (struct box){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2, 0};
    } else {
        b = (struct box){fminf(v[0], v[2]), fminf(v[1], v[3]), fmaxf(v[0], v[2]), fmaxf(v[1], v[3]), 0};
    }
    b.area = (b.y2 - b.y1) * (b.x2 - b.x1);
    return b;
}

static bool overlaps(const struct box *a, const struct box *b, float threshold)
{
    float height = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1),
          width = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    float both;

    height = fmaxf(0, height);
    width = fmaxf(0, width);
    if (a->area <= 0 || b->area <= 0) {
        return 0 > threshold;
    }
    both = height * width;
    return both / (a->area + b->area - both) > threshold;
}

/* Best score first, then the lower number. */
static uint64_t key_of(float score, int64_t box)
{
    uint32_t bits;

    score = score == 0 ? 0 : score;
    memcpy(&bits, &score, sizeof(bits));
    bits = bits >> 31 ? ~bits : bits | 0x80000000u;
    return (uint64_t)~bits << 32 | (uint64_t)box;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static size_t scratch_bytes(const struct nms *q)
{
    return (size_t)q->boxes * (sizeof(uint64_t) + sizeof(struct box));
}

static void class_task(void *arg, int64_t task, void *scratch)
{
    struct nms_job *j = arg;
    const struct nms *q = j->q;
    int64_t batch = task / q->classes, class = task % q->classes, left = 0, n = 0;
    const float *scores = j->scores + task * q->boxes;
    uint64_t *keys = scratch;
    struct box *kept = (struct box *)(keys + q->boxes);
    struct pick *picks = j->picks + task * j->limit;

    for (int64_t i = 0; i < q->boxes; i++) {
        if (scores[i] > j->score) {
            keys[left++] = key_of(scores[i], i);
        }
    }
    qsort(keys, (size_t)left, sizeof(*keys), by_key);
    for (int64_t k = 0; k < left && n < j->limit; k++) {
        int64_t at = (int64_t)(keys[k] & UINT32_MAX), i = n;
        struct box b = load(j, batch, at);

        while (i > 0 && !overlaps(&b, &kept[i - 1], j->iou)) {
            i--;
        }
        if (i == 0) {
            kept[n] = b;
            picks[n++] = (struct pick){scores[at], (int32_t)batch, (int32_t) class, (int32_t)at};
        }
    }
    j->counts[task] = n;
}

static int by_score(const void *x, const void *y)
{
    const struct pick *a = x, *b = y;

    if (a->score != b->score) {
        return a->score < b->score ? 1 : -1;
    }
    if (a->batch != b->batch) {
        return a->batch < b->batch ? -1 : 1;
    }
    if (a->class != b->class) {
        return a->class < b->class ? -1 : 1;
    }
    return a->box < b->box ? -1 : a->box > b->box;
}

static double scalar(const struct cpu_step *step, const struct cpu_run *run, int input, double absent)
{
    const struct vt_tensor *t;
    const void *data = cpu_in(step, run, input);

    if (!data) {
        return absent;
    }
    t = &run->plan->values[step->in[input]].t;
    if (!vt_tensor_count(t)) {
        return absent;
    }
    return t->type == VT_F32   ? (double)*(const float *)data
           : t->type == VT_I64 ? (double)*(const int64_t *)data
                               : (double)*(const int32_t *)data;
}

static void put(void *dst, enum vt_type type, int64_t i, int64_t v)
{
    if (type == VT_I32) {
        ((int32_t *)dst)[i] = (int32_t)v;
    } else if (type == VT_F32) {
        ((float *)dst)[i] = (float)v;
    } else {
        ((int64_t *)dst)[i] = v;
    }
}

static int store(const struct cpu_step *step, struct cpu_run *run, const struct pick *picks, int64_t n)
{
    enum vt_type type = run->plan->values[step->out[0]].t.type;
    void *out[3] = {NULL, NULL, NULL};

    for (int o = 0; o < step->n_out; o++) {
        const int64_t dims[] = {o == 2 ? 1 : n, 3};

        out[o] = cpu_output_now(run, step, o, o == 1 ? VT_F32 : type, o == 2 ? 1 : 2, dims);
        if (!out[o]) {
            return VT_E_NOMEM;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        put(out[0], type, 3 * i, picks[i].batch);
        put(out[0], type, 3 * i + 1, picks[i].class);
        put(out[0], type, 3 * i + 2, picks[i].box);
        if (out[1]) {
            put(out[1], VT_F32, 3 * i, picks[i].batch);
            put(out[1], VT_F32, 3 * i + 1, picks[i].class);
            ((float *)out[1])[3 * i + 2] = picks[i].score;
        }
    }
    if (out[2]) {
        put(out[2], type, 0, n);
    }
    return VT_OK;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct nms *q = step->data;
    double limit = scalar(step, run, 2, 0);
    int64_t tasks = q->batch * q->classes, n = 0;
    struct nms_job j = {.q = q, .boxes = cpu_in(step, run, 0), .scores = cpu_in(step, run, 1)};

    j.limit = !(limit > 0) ? 0 : limit > (double)q->boxes ? q->boxes : (int64_t)limit;
    j.iou = (float)scalar(step, run, 3, 0);
    j.score = (float)scalar(step, run, 4, run->host->node_opset(step->node) >= 5 ? (double)-INFINITY : 0);
    j.counts = cpu_frame_buffer(run->frame, 0, (size_t)(tasks + 1) * sizeof(*j.counts));
    j.picks = cpu_frame_buffer(run->frame, 1, (size_t)(tasks * j.limit + 1) * sizeof(*j.picks));
    if (!j.counts || !j.picks) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory");
    }
    cpu_parallel(run, tasks, class_task, &j);
    for (int64_t t = 0; t < tasks; t++) {
        memmove(j.picks + n, j.picks + t * j.limit, (size_t)j.counts[t] * sizeof(*j.picks));
        n += j.counts[t];
    }
    if (q->sorted) {
        qsort(j.picks, (size_t)n, sizeof(*j.picks), by_score);
    }
    return store(step, run, j.picks, n);
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[1].count * 20};
    return 1;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct nms *q = cpu_plan_alloc(b, sizeof(*q));

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *q = (struct nms){.batch = op->in[0].dims[0],
                      .classes = op->in[1].dims[1],
                      .boxes = op->in[0].dims[1],
                      .center = strcasecmp(op->host->attr_str(op->node, "box_encoding"), "center") == 0,
                      .sorted = op->host->attr_i64(op->node, "sort_result_descending") != 0};
    step->scratch = scratch_bytes(q);
    step->run = run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_nms = {
    .name = "nms",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};

/* ---- NonZero */

struct non_zero {
    enum vt_type type;
    int rank, size;
    int64_t count, dims[VT_MAX_RANK];
};

static bool zero_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "no loop for this type, or an unknown shape";
    return op->in[0].rank >= 1 &&
           (op->in[0].type == VT_F32 || op->in[0].type == VT_I32 || op->in[0].type == VT_I64 ||
            op->in[0].type == VT_BOOLEAN || op->in[0].type == VT_U8 || op->in[0].type == VT_I8);
}

static bool holds(const struct non_zero *z, const void *src, int64_t i)
{
    switch (z->size) {
    case 1: return ((const uint8_t *)src)[i] != 0;
    case 8: return ((const int64_t *)src)[i] != 0;
    default: return z->type == VT_F32 ? ((const float *)src)[i] != 0 : ((const int32_t *)src)[i] != 0;
    }
}

static int zero_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct non_zero *z = step->data;
    const void *src = cpu_in(step, run, 0);
    enum vt_type type = run->plan->values[step->out[0]].t.type;
    int64_t dims[2] = {z->rank, 0}, place[VT_MAX_RANK] = {0}, at = 0;
    void *dst;

    for (int64_t i = 0; i < z->count; i++) {
        dims[1] += holds(z, src, i);
    }
    dst = cpu_output_now(run, step, 0, type, 2, dims);
    if (!dst) {
        return VT_E_NOMEM;
    }
    for (int64_t i = 0; i < z->count && at < dims[1]; i++) {
        if (holds(z, src, i)) {
            for (int k = 0; k < z->rank; k++) {
                put(dst, type, k * dims[1] + at, place[k]);
            }
            at++;
        }
        for (int k = z->rank - 1; k >= 0 && ++place[k] == z->dims[k]; k--) {
            place[k] = 0;
        }
    }
    return VT_OK;
}

static int zero_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct non_zero *z = cpu_plan_alloc(b, sizeof(*z));

    (void)option;
    if (!z) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *z = (struct non_zero){.type = op->in[0].type,
                           .rank = op->in[0].rank,
                           .size = vt_type_info(op->in[0].type)->bits / 8,
                           .count = op->in[0].count};
    memcpy(z->dims, op->in[0].dims, (size_t)z->rank * sizeof(*z->dims));
    step->run = zero_run;
    step->data = z;
    return VT_OK;
}

const struct cpu_impl cpu_impl_non_zero = {
    .name = "non_zero",
    .supports = zero_supports,
    .prepare = zero_prepare,
};
