/* NonMaxSuppression and NonZero: outputs whose shape the data decides. */
#include "boxes.h"

/* ---- NonMaxSuppression: a task for each class of each image */

struct nms {
    const struct cpu_boxes_f32 *kernel;
    int64_t batch, classes, boxes, room; /* room: for boxes, in whole vectors */
    bool center, sorted;
};

static bool number_type(enum vt_type t)
{
    return t == VT_F32 || t == VT_I64 || t == VT_I32;
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
    *reason = "too many boxes";
    return op->in[0].dims[1] < INT32_MAX && op->in[1].dims[1] < INT32_MAX && op->in[0].dims[0] < INT32_MAX;
}

struct nms_job {
    const struct nms *q;
    const float *boxes, *scores;
    int64_t limit, tasks;    /* tasks: none where nothing can be picked, however many classes there are */
    float iou, score, decay; /* decay: -1 / (2 sigma) of soft suppression, 0 without */
    struct cpu_pick *picks;  /* [batch * classes][limit] */
    int64_t *counts;
};

/* What a thread works in; for soft suppression overlaps, scores as they are by now, and how many of the kept
 * boxes a score was lowered by already. */
struct nms_memory {
    struct cpu_chooser c;
    float *overlaps, *score;
    int32_t *seen;
};

static size_t scratch_bytes(const struct nms *q)
{
    return cpu_chooser_bytes(q->room) + (size_t)q->room * 3 * sizeof(float);
}

static struct nms_memory memory_of(const struct nms *q, void *scratch)
{
    struct nms_memory m = {
        .c = cpu_chooser_in(scratch, q->kernel, (struct cpu_overlap){.by_area = true}, q->room)};

    m.overlaps = (float *)((char *)scratch + cpu_chooser_bytes(q->room));
    m.score = m.overlaps + q->room;
    m.seen = (int32_t *)(m.score + q->room);
    return m;
}

static void load(const struct nms_job *j, int64_t batch, int64_t box, float *b)
{
    const float *v = j->boxes + (batch * j->q->boxes + box) * 4;

    if (j->q->center) { /* x, y, width, height */
        b[0] = v[1] - v[3] / 2;
        b[1] = v[0] - v[2] / 2;
        b[2] = v[1] + v[3] / 2;
        b[3] = v[0] + v[2] / 2;
    } else {
        b[0] = fminf(v[0], v[2]);
        b[1] = fminf(v[1], v[3]);
        b[2] = fmaxf(v[0], v[2]);
        b[3] = fmaxf(v[1], v[3]);
    }
    b[CPU_BOX_AREA] = cpu_box_area(b, 0);
}

/* The next best, until there are enough: sorted are only as many as may be looked at. */
static void select_hard(const struct nms_job *j, int64_t task, struct nms_memory *m, int64_t left)
{
    int64_t batch = task / j->q->classes, sorted = 0;
    const float *scores = j->scores + task * j->q->boxes;
    struct cpu_pick *picks = j->picks + task * j->limit;

    for (int64_t k = 0; k < left && m->c.kept.n < j->limit; k++) {
        float b[CPU_BOX_COLUMNS];
        int64_t at;

        if (k == sorted) {
            sorted += cpu_keys_best(m->c.keys + k, m->c.room, left - k, 2 * (j->limit - m->c.kept.n));
        }
        at = cpu_key_number(m->c.keys[k]);
        load(j, batch, at, b);
        if (!cpu_kept_hits(&m->c.kept, 0, b, j->iou)) {
            picks[m->c.kept.n] =
                (struct cpu_pick){scores[at], (int32_t)batch, (int32_t)(task % j->q->classes), (int32_t)at};
            cpu_kept_add(&m->c.kept, b);
        }
    }
}

/* The least key of a heap is its first one. */
static void sink(uint64_t *heap, int64_t n, int64_t at, uint64_t key)
{
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (key <= heap[child]) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = key;
}

/* Lower the score of a box by the boxes kept since it was looked at last. */
static void lower(const struct nms_job *j, struct nms_memory *m, int64_t box, const float *b)
{
    int64_t first = m->seen[box], n = m->c.kept.n;

    if (first < n) {
        j->q->kernel->overlaps(&m->c.kept.rule, m->c.kept.columns, m->c.kept.room, first, n, b, m->overlaps);
    }
    for (int64_t i = n - 1; i >= first && m->score[box] > j->score; i--) {
        float iou = m->overlaps[i - first];

        if (iou != 0 || isinf(j->decay)) {
            m->score[box] *= expf(j->decay * iou * iou);
        }
        if (isnan(m->score[box])) {
            break;
        }
    }
    m->seen[box] = (int32_t)n;
}

static void select_soft(const struct nms_job *j, int64_t task, struct nms_memory *m, int64_t left)
{
    int64_t batch = task / j->q->classes;
    struct cpu_pick *picks = j->picks + task * j->limit;

    for (int64_t i = 0; i < left; i++) {
        int64_t box = cpu_key_number(m->c.keys[i]);

        m->score[box] = j->scores[task * j->q->boxes + box];
        m->seen[box] = 0;
    }
    for (int64_t i = left / 2 - 1; i >= 0; i--) {
        sink(m->c.keys, left, i, m->c.keys[i]);
    }
    while (left > 0 && m->c.kept.n < j->limit) {
        int64_t box = cpu_key_number(m->c.keys[0]);
        float before = m->score[box], b[CPU_BOX_COLUMNS];

        load(j, batch, box, b);
        lower(j, m, box, b);
        if (m->score[box] != before && m->score[box] > j->score) {
            sink(m->c.keys, left, 0, cpu_key_of(m->score[box], box));
            continue;
        }
        if (m->score[box] == before) {
            picks[m->c.kept.n] =
                (struct cpu_pick){before, (int32_t)batch, (int32_t)(task % j->q->classes), (int32_t)box};
            cpu_kept_add(&m->c.kept, b);
        }
        left--;
        sink(m->c.keys, left, 0, m->c.keys[left]);
    }
}

static void class_task(void *arg, int64_t task, void *scratch)
{
    struct nms_job *j = arg;
    const struct nms *q = j->q;
    struct nms_memory m = memory_of(q, scratch);
    int64_t left =
        cpu_keys_above(q->kernel, j->scores + task * q->boxes, q->boxes, j->score, false, m.c.keys, m.c.room);

    if (j->decay == 0) {
        select_hard(j, task, &m, left);
    } else {
        select_soft(j, task, &m, left);
    }
    j->counts[task] = m.c.kept.n;
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

/* Row i of the outputs is pick order[i], or i without an order. */
static int store(const struct cpu_step *step, struct cpu_run *run, const struct cpu_pick *picks,
                 const uint64_t *order, int64_t n)
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
        const struct cpu_pick *p = &picks[order ? cpu_key_number(order[i]) : i];

        cpu_put_number(out[0], type, 3 * i, p->batch);
        cpu_put_number(out[0], type, 3 * i + 1, p->class);
        cpu_put_number(out[0], type, 3 * i + 2, p->box);
        if (out[1]) {
            cpu_put_number(out[1], VT_F32, 3 * i, p->batch);
            cpu_put_number(out[1], VT_F32, 3 * i + 1, p->class);
            ((float *)out[1])[3 * i + 2] = p->score;
        }
    }
    if (out[2]) {
        cpu_put_number(out[2], type, 0, n);
    }
    return VT_OK;
}

/* Best score first, equal ones by image, class and box: the order they are in already, except that soft
 * suppression mixes the boxes of a class. */
static void sort(const struct nms_job *j, uint64_t *keys, int64_t n)
{
    uint64_t *room = keys + n;

    for (int64_t i = 0; i < n; i++) {
        keys[i] = (uint64_t)(uint32_t)j->picks[i].box << 32 | (uint64_t)i;
    }
    if (j->decay != 0) {
        cpu_keys_sort(keys, room, n);
        for (int64_t i = 0; i < n; i++) {
            const struct cpu_pick *p = &j->picks[cpu_key_number(keys[i])];

            keys[i] = (uint64_t)(p->batch * j->q->classes + p->class) << 32 | (uint32_t)keys[i];
        }
        cpu_keys_sort(keys, room, n);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t number = cpu_key_number(keys[i]);

        keys[i] = cpu_key_of(j->picks[number].score, number);
    }
    cpu_keys_sort(keys, room, n);
}

static int gather(const struct cpu_step *step, struct cpu_run *run, const struct nms_job *j)
{
    int64_t n = 0;
    uint64_t *keys = NULL;
    int status;

    for (int64_t t = 0; t < j->tasks; t++) {
        memmove(j->picks + n, j->picks + t * j->limit, (size_t)j->counts[t] * sizeof(*j->picks));
        n += j->counts[t];
    }
    if (j->q->sorted && n > 0) {
        keys = cpu_borrow(run, (size_t)n * 2 * sizeof(*keys));
        if (!keys) {
            return vt_fail(run->err, VT_E_NOMEM, "out of memory");
        }
        sort(j, keys, n);
    }
    status = store(step, run, j->picks, keys, n);
    cpu_return(run, keys);
    return status;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct nms *q = step->data;
    bool newer = run->host->node_opset(step->node) >= 5;
    double limit = scalar(step, run, 2, 0), sigma = newer ? scalar(step, run, 5, 0) : 0;
    struct nms_job j = {.q = q, .boxes = cpu_in(step, run, 0), .scores = cpu_in(step, run, 1)};
    int status;

    j.limit = !(limit > 0) ? 0 : limit > (double)q->boxes ? q->boxes : (int64_t)limit;
    j.tasks = j.limit ? q->batch * q->classes : 0;
    j.iou = (float)scalar(step, run, 3, 0);
    j.score = (float)scalar(step, run, 4, newer ? (double)-INFINITY : 0);
    j.decay = sigma > 0 ? (float)(-0.5 / sigma) : 0;
    j.counts = cpu_borrow(run, (size_t)(j.tasks + 1) * sizeof(*j.counts));
    j.picks = cpu_borrow(run, (size_t)(j.tasks * j.limit + 1) * sizeof(*j.picks));
    if (!j.counts || !j.picks) {
        status = vt_fail(run->err, VT_E_NOMEM, "out of memory");
    } else {
        cpu_parallel(run, j.tasks, class_task, &j);
        status = gather(step, run, &j);
    }
    cpu_return(run, j.picks);
    cpu_return(run, j.counts);
    return status;
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
    *q = (struct nms){.kernel = cpu_boxes_f32_get(op->isa),
                      .batch = op->in[0].dims[0],
                      .classes = op->in[1].dims[1],
                      .boxes = op->in[0].dims[1],
                      .room = cpu_boxes_room(op->in[0].dims[1]),
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
                cpu_put_number(dst, type, k * dims[1] + at, place[k]);
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
