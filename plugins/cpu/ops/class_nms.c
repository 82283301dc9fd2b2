/* MulticlassNms and MatrixNms: a task for each class of each image, then the best of an image. */
#include "boxes.h"

enum result_order { ORDER_NONE, ORDER_SCORE, ORDER_CLASS };

struct class_nms {
    const struct cpu_boxes_f32 *kernel;
    int64_t batches, classes, boxes, room; /* boxes: of all images together where each class has its own */
    int64_t top, keep, background;
    bool per_class, matrix, gaussian, across;
    enum result_order order;
    float pixel, score, iou, eta, sigma, post;
};

/* The boxes of an image, and where its picks begin: `most` for each class. */
struct image {
    int64_t first, n, picks, most, end;
};

struct class_job {
    const struct class_nms *q;
    const float *boxes, *scores;
    struct image *images;
    int64_t *counts; /* of each task */
    struct cpu_pick *picks;
};

static bool supports(const struct cpu_op *op, const char **reason)
{
    int64_t tasks;

    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[1].type != VT_F32 || op->in[0].rank != 3 || op->in[1].rank < 2) {
        return false;
    }
    if (op->n_in > 2 && op->in[2].type &&
        (op->in[2].rank != 1 || (op->in[2].type != VT_I32 && op->in[2].type != VT_I64))) {
        return false;
    }
    *reason = "too many boxes";
    return op->in[0].dims[1] < INT32_MAX && op->in[1].count < INT32_MAX &&
           !__builtin_mul_overflow(op->in[0].dims[0], op->in[1].count, &tasks);
}

struct memory {
    struct cpu_chooser c;
    float *overlaps, *most, *scores;
};

static size_t scratch_bytes(int64_t room)
{
    return cpu_chooser_bytes(room) + (size_t)room * 3 * sizeof(float);
}

static struct memory memory_of(const struct class_nms *q, void *scratch)
{
    struct cpu_overlap rule = {
        .pixel = q->pixel, .by_area = true, .or_equal = !q->matrix, .apart = q->matrix};
    struct memory m = {.c = cpu_chooser_in(scratch, q->kernel, rule, q->room)};

    m.overlaps = (float *)((char *)scratch + cpu_chooser_bytes(q->room));
    m.most = m.overlaps + q->room;
    m.scores = m.most + q->room;
    return m;
}

static const float *corners_of(const struct class_job *j, int64_t batch, int64_t class, int64_t box)
{
    return j->boxes + ((j->q->per_class ? class : batch) * j->q->boxes + box) * 4;
}

static void load(const struct class_job *j, int64_t batch, int64_t class, int64_t box, float *b)
{
    memcpy(b, corners_of(j, batch, class, box), 4 * sizeof(*b));
    b[CPU_BOX_AREA] = cpu_box_area(b, j->q->pixel);
}

/* Of n keys, best first, those that stay. */
static int64_t suppress(const struct class_job *j, struct memory *m, struct cpu_pick base, int64_t n,
                        const float *scores, struct cpu_pick *picks)
{
    const struct class_nms *q = j->q;
    float threshold = q->iou;

    for (int64_t i = 0; i < n; i++) {
        int64_t box = cpu_key_number(m->c.keys[i]), first = 0;
        float b[CPU_BOX_COLUMNS];

        load(j, base.batch, base.class, box, b);
        if (q->eta < 1 && scores[box] <= q->score && m->c.kept.n > 0) {
            /* As OpenVINO does: a score at the threshold meets the latest box alone. */
            first = m->c.kept.n - 1;
        }
        if (cpu_kept_hits(&m->c.kept, first, b, threshold)) {
            continue;
        }
        picks[m->c.kept.n] = (struct cpu_pick){scores[box], base.batch, base.class, (int32_t)box};
        cpu_kept_add(&m->c.kept, b);
        if (q->eta < 1 && threshold > 0.5F) {
            threshold *= q->eta;
        }
    }
    return m->c.kept.n;
}

/* The least of exp(x[j]) and 1, without taking expf for monotonous to the last bit: every x that is next to
 * the least one is looked at. */
static float least_exp(const float *x, int64_t n, float least)
{
    float limit = least + 1e-6F * fabsf(least) + 1e-6F, result = 1;

    for (int64_t i = 0; i < n; i++) {
        if (!(x[i] > limit)) {
            result = fminf(result, expf(x[i]));
        }
    }
    return result;
}

/* Lower the scores of n keys, best first, and take those that are left above the threshold, in the order of
 * their boxes. */
static int64_t decay_all(const struct class_job *j, struct memory *m, struct cpu_pick base, int64_t n,
                         const float *scores, struct cpu_pick *picks)
{
    const struct class_nms *q = j->q;
    int64_t left = 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t box = cpu_key_number(m->c.keys[i]);
        float b[CPU_BOX_COLUMNS], factor;

        load(j, base.batch, base.class, box, b);
        m->most[i] =
            q->kernel->overlaps(&m->c.kept.rule, m->c.kept.columns, m->c.kept.room, 0, i, b, m->overlaps);
        if (q->gaussian) {
            factor = q->kernel->decay_log(m->overlaps, m->most, i, q->sigma);
            factor = least_exp(m->overlaps, i, factor);
        } else {
            factor = q->kernel->decay(m->overlaps, m->most, i);
        }
        cpu_kept_add(&m->c.kept, b);
        m->scores[i] = scores[box] * factor;
        if (m->scores[i] > q->post) {
            m->c.keys[left++] = (uint64_t)box << 32 | (uint64_t)i;
        }
    }
    cpu_keys_sort(m->c.keys, m->c.room, left);
    for (int64_t i = 0; i < left; i++) {
        picks[i] = (struct cpu_pick){m->scores[cpu_key_number(m->c.keys[i])], base.batch, base.class,
                                     (int32_t)(m->c.keys[i] >> 32)};
    }
    return left;
}

static void class_task(void *arg, int64_t task, void *scratch)
{
    struct class_job *j = arg;
    const struct class_nms *q = j->q;
    struct cpu_pick base = {.batch = (int32_t)(task / q->classes), .class = (int32_t)(task % q->classes)};
    const struct image *image = &j->images[base.batch];
    const float *scores = j->scores + (q->per_class ? base.class : task) * q->boxes;
    struct memory m = memory_of(q, scratch);
    struct cpu_pick *picks = j->picks + image->picks + base.class * image->most;
    int64_t n;

    j->counts[task] = 0;
    if (base.class == q->background || image->most == 0) {
        return;
    }
    n = cpu_keys_above(q->kernel, scores + image->first, image->n, q->score, !q->matrix, m.c.keys, m.c.room);
    for (int64_t i = 0; image->first > 0 && i < n; i++) {
        m.c.keys[i] += (uint64_t)image->first;
    }
    cpu_keys_best(m.c.keys, m.c.room, n, image->most);
    n = n < image->most ? n : image->most;
    j->counts[task] = (q->matrix ? decay_all : suppress)(j, &m, base, n, scores, picks);
}

/* Close the gaps between the picks; how many there are. */
static int64_t join(const struct class_job *j)
{
    int64_t n = 0;

    for (int64_t b = 0; b < j->q->batches; b++) {
        struct image *image = &j->images[b];
        int64_t first = n;

        for (int64_t class = 0; class < j->q->classes; class ++) {
            int64_t count = j->counts[b * j->q->classes + class];

            memmove(j->picks + n, j->picks + image->picks + class * image->most,
                    (size_t)count * sizeof(*j->picks));
            n += count;
        }
        image->picks = first;
        image->end = n;
    }
    return n;
}

/* Numbers of picks in the order of the output into `keys`, as many as are returned. Picks lie by image, class
 * and, where scores are equal, box. */
static int64_t arrange(const struct class_job *j, uint64_t *keys, uint64_t *room)
{
    const struct class_nms *q = j->q;
    int64_t n = 0;

    for (int64_t b = 0; b < q->batches; b++) {
        struct image *image = &j->images[b];
        int64_t all = image->end - image->picks, kept = q->keep >= 0 && q->keep < all ? q->keep : all;

        for (int64_t i = 0; i < all; i++) {
            keys[n + i] = cpu_key_of(j->picks[image->picks + i].score, image->picks + i);
        }
        cpu_keys_best(keys + n, room, all, kept);
        if (!q->across && !q->matrix && q->order == ORDER_CLASS) {
            for (int64_t i = n; i < n + kept; i++) {
                keys[i] = (uint64_t)cpu_key_number(keys[i]) << 32 | (uint32_t)keys[i];
            }
            cpu_keys_sort(keys + n, room, kept);
        }
        image->n = kept;
        n += kept;
    }
    if (q->across && q->order != ORDER_NONE) {
        for (int64_t i = 0; i < n && q->order == ORDER_CLASS; i++) {
            keys[i] = (uint64_t)j->picks[cpu_key_number(keys[i])].class << 32 | (uint32_t)keys[i];
        }
        cpu_keys_sort(keys, room, n);
    }
    return n;
}

static int store(const struct cpu_step *step, struct cpu_run *run, const struct class_job *j,
                 const uint64_t *keys, int64_t n)
{
    const struct class_nms *q = j->q;
    enum vt_type type = run->plan->values[step->out[1]].t.type;
    float *rows = cpu_output_now(run, step, 0, VT_F32, 2, (const int64_t[]){n, 6});
    void *numbers = rows ? cpu_output_now(run, step, 1, type, 2, (const int64_t[]){n, 1}) : NULL;
    void *counts = numbers ? cpu_output_now(run, step, 2, type, 1, &q->batches) : NULL;

    if (!counts) {
        return VT_E_NOMEM;
    }
    for (int64_t i = 0; i < n; i++) {
        const struct cpu_pick *p = &j->picks[cpu_key_number(keys[i])];

        rows[i * 6] = (float)p->class;
        rows[i * 6 + 1] = p->score;
        memcpy(rows + i * 6 + 2, corners_of(j, p->batch, p->class, p->box), 4 * sizeof(*rows));
        cpu_put_number(numbers, type, i,
                       q->per_class ? p->box * q->classes + p->class : p->batch * q->boxes + p->box);
    }
    for (int64_t b = 0; b < q->batches; b++) {
        cpu_put_number(counts, type, b, j->images[b].n);
    }
    return VT_OK;
}

/* Where the boxes of images begin; how many picks there may be, or a negative status. */
static int64_t divide(const struct cpu_step *step, struct cpu_run *run, struct class_job *j)
{
    const struct class_nms *q = j->q;
    const void *given = q->per_class ? cpu_in(step, run, 2) : NULL;
    int64_t first = 0, picks = 0;

    for (int64_t b = 0; b < q->batches; b++) {
        int64_t n = q->boxes;

        if (given) {
            n = run->plan->values[step->in[2]].t.type == VT_I32 ? ((const int32_t *)given)[b]
                                                                : ((const int64_t *)given)[b];
            if (n < 0 || n > q->boxes - first) {
                return vt_fail(run->err, VT_E_RANGE, "image %lld has %lld boxes of the %lld that are left",
                               (long long)b, (long long)n, (long long)(q->boxes - first));
            }
        }
        j->images[b] = (struct image){first, n, picks, q->top >= 0 && q->top < n ? q->top : n, 0};
        picks += j->images[b].most * q->classes;
        first += given ? n : 0;
    }
    return picks;
}

static int select_all(const struct cpu_step *step, struct cpu_run *run, struct class_job *j)
{
    int64_t picks = divide(step, run, j), n;
    uint64_t *keys;
    int status;

    if (picks < 0) {
        return (int)picks;
    }
    j->picks = cpu_borrow(run, (size_t)(picks + 1) * sizeof(*j->picks));
    if (!j->picks) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)picks);
    }
    cpu_parallel(run, j->q->batches * j->q->classes, class_task, j);
    n = join(j);
    keys = cpu_borrow(run, (size_t)(n + 1) * 2 * sizeof(*keys));
    status = keys ? store(step, run, j, keys, arrange(j, keys, keys + n))
                  : vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)n);
    cpu_return(run, keys);
    cpu_return(run, j->picks);
    return status;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct class_nms *q = step->data;
    struct class_job j = {.q = q, .boxes = cpu_in(step, run, 0), .scores = cpu_in(step, run, 1)};
    int status;

    j.images = cpu_borrow(run, (size_t)(q->batches + 1) * sizeof(*j.images));
    j.counts = cpu_borrow(run, (size_t)(q->batches * q->classes + 1) * sizeof(*j.counts));
    status = j.images && j.counts
                 ? select_all(step, run, &j)
                 : vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld images", (long long)q->batches);
    cpu_return(run, j.counts);
    cpu_return(run, j.images);
    return status;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[1].count * 20};
    return 1;
}

static void configure(struct class_nms *q, const struct cpu_op *op)
{
    const struct vt_host *host = op->host;
    const struct vt_node *node = op->node;
    const char *order = host->attr_str(node, "sort_result_type");

    q->top = host->attr_i64(node, "nms_top_k");
    q->keep = host->attr_i64(node, "keep_top_k");
    q->background = host->attr_i64(node, "background_class");
    q->across = host->attr_i64(node, "sort_result_across_batch") != 0;
    q->order = strcasecmp(order, "score") == 0     ? ORDER_SCORE
               : strcasecmp(order, "classid") == 0 ? ORDER_CLASS
                                                   : ORDER_NONE;
    q->pixel = host->attr_i64(node, "normalized") ? 0 : 1;
    q->score = (float)host->attr_f64(node, "score_threshold");
    if (q->matrix) {
        q->gaussian = strcasecmp(host->attr_str(node, "decay_function"), "gaussian") == 0;
        q->sigma = (float)host->attr_f64(node, "gaussian_sigma");
        q->post = (float)host->attr_f64(node, "post_threshold");
    } else {
        q->iou = (float)host->attr_f64(node, "iou_threshold");
        q->eta = (float)host->attr_f64(node, "nms_eta");
    }
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct class_nms *q = cpu_plan_alloc(b, sizeof(*q));

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    q->kernel = cpu_boxes_f32_get(op->isa);
    q->per_class = op->n_in > 2 && op->in[2].type;
    q->batches = q->per_class ? op->in[2].dims[0] : op->in[0].dims[0];
    q->classes = q->per_class ? op->in[0].dims[0] : op->in[1].dims[1];
    q->boxes = op->in[0].dims[1];
    if (q->boxes == 0) {
        q->classes = 0; /* no work for them, however many there are */
    }
    q->room = cpu_boxes_room(q->boxes);
    q->matrix = strcmp(op->type, "MatrixNms") == 0;
    configure(q, op);
    step->scratch = scratch_bytes(q->room);
    step->run = run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_class_nms = {
    .name = "class_nms",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
