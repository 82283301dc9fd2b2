/* DetectionOutput: a task for each class of each image. Scores are sorted first; boxes are worked out only
 * for the priors that are looked at. */
#include "boxes.h"

struct detect {
    const struct cpu_boxes_f32 *kernel;
    int64_t images, priors, classes, background, top_k, keep, room, rows,
        next_priors; /* next_priors: from image to image */
    bool share, variances, center, normalized, clip_before, clip_after, refined, label_first;
    float nms, confidence, objectness, size[2]; /* size: width and height of the image */
};

struct found {
    float score;
    int32_t prior, class;
    float v[4];
};

struct detect_job {
    const struct detect *q;
    const float *loc, *scores, *priors, *objects, *refine;
    struct found *found; /* [task][most] */
    int64_t *counts, most;
    uint64_t *keys, *room; /* label_first: of a single task; then of the result of an image */
};

static int64_t classes_of(const struct cpu_op *op, int64_t priors)
{
    if (op->host->node_opset(op->node) < 8) {
        return op->host->attr_i64(op->node, "num_classes");
    }
    return priors ? op->in[1].dims[1] / priors : 0;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    bool share = op->host->attr_i64(op->node, "share_location") != 0;
    int64_t rows = op->host->attr_i64(op->node, "variance_encoded_in_target") ? 1 : 2;
    int64_t each = op->host->attr_i64(op->node, "normalized") ? 4 : 5, priors, classes;

    *reason = "only f32 of known shape";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank != (i == 2 ? 3 : 2)) {
            return false;
        }
    }
    if (op->n_in == 4 || op->out[0].rank != 4) {
        return false;
    }
    priors = op->in[2].dims[2] / each;
    classes = classes_of(op, priors);
    *reason = "the sizes do not fit"; /* the reference says which */
    if (op->in[2].dims[2] != priors * each || op->in[2].dims[1] < rows ||
        (op->in[2].dims[0] != 1 && op->in[2].dims[0] != op->in[0].dims[0]) ||
        op->in[1].dims[0] != op->in[0].dims[0] || op->in[1].dims[1] != priors * classes ||
        op->in[0].dims[1] != 4 * (share ? priors : op->in[1].dims[1])) {
        return false;
    }
    if (op->n_in > 4 && (op->in[3].dims[0] != op->in[0].dims[0] || op->in[3].dims[1] != 2 * priors ||
                         op->in[4].dims[0] != op->in[0].dims[0] || op->in[4].dims[1] != op->in[0].dims[1])) {
        return false;
    }
    *reason = "too many boxes";
    return priors * classes < INT32_MAX;
}

static void clip(float *v)
{
    for (int i = 0; i < 4; i++) {
        v[i] = fminf(fmaxf(v[i], 0), 1);
    }
}

/* A prior moved by the four numbers `loc`. */
static void decode(const struct detect *q, float *v, const float *variance, const float *loc)
{
    float scaled[4], width = v[2] - v[0], height = v[3] - v[1], x, y;

    for (int i = 0; i < 4; i++) {
        scaled[i] = loc[i] * variance[i];
    }
    if (!q->center) {
        for (int i = 0; i < 4; i++) {
            v[i] += scaled[i];
        }
        return;
    }
    x = scaled[0] * width + (v[0] + v[2]) / 2;
    y = scaled[1] * height + (v[1] + v[3]) / 2;
    width *= expf(scaled[2]);
    height *= expf(scaled[3]);
    v[0] = x - width / 2;
    v[1] = y - height / 2;
    v[2] = x + width / 2;
    v[3] = y + height / 2;
}

static void box_of(const struct detect_job *j, int64_t image, int64_t class, int64_t prior, float *v)
{
    static const float ones[4] = {1, 1, 1, 1};
    const struct detect *q = j->q;
    int64_t each = q->normalized ? 4 : 5;
    int64_t at = ((image * q->priors + prior) * (q->share ? 1 : q->classes) + (q->share ? 0 : class)) * 4;
    const float *base = j->priors + image * q->next_priors;
    const float *variance = q->variances ? base + q->priors * each + prior * 4 : ones;

    memcpy(v, base + prior * each + each - 4, 4 * sizeof(*v));
    for (int i = 0; !q->normalized && i < 4; i++) {
        v[i] /= q->size[i % 2];
    }
    if (q->refined) {
        decode(q, v, variance, j->refine + at);
    }
    decode(q, v, variance, j->loc + at);
    if (q->clip_before) {
        clip(v);
    }
    v[CPU_BOX_AREA] = v[2] > v[0] && v[3] > v[1] ? (v[2] - v[0]) * (v[3] - v[1]) : 0;
}

static float confidence(const struct detect_job *j, int64_t image, int64_t class, int64_t prior)
{
    const struct detect *q = j->q;

    if (q->refined && j->objects[(image * q->priors + prior) * 2 + 1] < q->objectness) {
        return class == q->background ? 1 : 0; /* there is no object */
    }
    return j->scores[(image * q->priors + prior) * q->classes + class];
}

static struct cpu_chooser chooser_of(const struct detect *q, void *scratch)
{
    return cpu_chooser_in(scratch, q->kernel, (struct cpu_overlap){0}, q->room);
}

static void keep(struct cpu_kept *kept, struct found *found, float score, int64_t prior, int64_t class,
                 const float *v)
{
    struct found *f = &found[kept->n];

    f->score = score;
    f->prior = (int32_t)prior;
    f->class = (int32_t) class;
    memcpy(f->v, v, sizeof(f->v));
    cpu_kept_add(kept, v);
}

static void class_task(void *arg, int64_t task, void *scratch)
{
    struct detect_job *j = arg;
    const struct detect *q = j->q;
    int64_t image = task / q->classes, class = task % q->classes, n = 0;
    struct cpu_chooser c = chooser_of(q, scratch);
    uint64_t *keys = c.keys;

    for (int64_t prior = 0; prior < q->priors && class != q->background; prior++) {
        float score = confidence(j, image, class, prior);

        keys[n] = cpu_key_of(score, prior);
        n += score > q->confidence;
    }
    if (q->top_k >= 0 && q->top_k < n) {
        cpu_keys_best(keys, c.room, n, q->top_k);
        n = q->top_k;
    } else {
        cpu_keys_sort(keys, c.room, n);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t prior = cpu_key_number(keys[i]);
        float v[CPU_BOX_COLUMNS];

        box_of(j, image, class, prior, v);
        if (!cpu_kept_hits(&c.kept, 0, v, q->nms)) {
            keep(&c.kept, j->found + task * j->most, confidence(j, image, class, prior), prior, class, v);
        }
    }
    j->counts[task] = c.kept.n;
}

/* Keys of the priors of an image that have a class, which `class * priors + prior` numbers. */
static int64_t label(const struct detect_job *j, int64_t image, uint64_t *keys)
{
    const struct detect *q = j->q;
    int64_t n = 0;

    for (int64_t prior = 0; prior < q->priors; prior++) {
        int64_t best = -1;
        float top = q->confidence;

        for (int64_t class = 0; class < q->classes; class ++) {
            float score = confidence(j, image, class, prior);

            if (class != q->background && score > top) {
                best = class;
                top = score;
            }
        }
        if (best >= 0) {
            keys[n++] = cpu_key_of(top, best * q->priors + prior);
        }
    }
    return n;
}

/* Every prior has the class that it scores best in; scores of all classes compete for top_k. */
static void label_task(void *arg, int64_t image, void *scratch)
{
    struct detect_job *j = arg;
    const struct detect *q = j->q;
    struct cpu_chooser c = chooser_of(q, scratch);
    uint64_t *keys = c.keys;
    struct found *found = j->found + image * q->classes * j->most;
    int64_t n = label(j, image, keys);

    /* The numbers do not ascend: by number, then by score. */
    for (int64_t i = 0; i < n; i++) {
        keys[i] = keys[i] << 32 | keys[i] >> 32;
    }
    cpu_keys_sort(keys, c.room, n);
    for (int64_t i = 0; i < n; i++) {
        keys[i] = keys[i] << 32 | keys[i] >> 32;
    }
    cpu_keys_sort(keys, c.room, n);
    n = q->top_k >= 0 && q->top_k < n ? q->top_k : n;
    for (int64_t class = 0; class < q->classes; class ++) {
        c.kept.n = 0;
        for (int64_t i = 0; i < n; i++) {
            int64_t number = cpu_key_number(keys[i]), prior = number % q->priors;
            float v[CPU_BOX_COLUMNS];

            if (number / q->priors != class) {
                continue;
            }
            box_of(j, image, class, prior, v);
            if (!cpu_kept_hits(&c.kept, 0, v, q->nms)) {
                keep(&c.kept, found + class * j->most, confidence(j, image, class, prior), prior, class, v);
            }
        }
        j->counts[image * q->classes + class] = c.kept.n;
    }
}

static void put(const struct detect *q, int64_t image, const struct found *f, float *row)
{
    row[0] = (float)image;
    row[1] = (float)(f->class - q->label_first);
    row[2] = f->score;
    memcpy(row + 3, f->v, sizeof(f->v));
    if (q->clip_after) {
        clip(row + 3);
    }
}

/* What was found lies by class and score: what stays of it keeps that order. */
static int64_t store(const struct detect_job *j, int64_t image, int64_t row, float *out)
{
    const struct detect *q = j->q;
    struct found *found = j->found + image * q->classes * j->most;
    int64_t n = 0, kept;

    for (int64_t class = 0; class < q->classes; class ++) {
        int64_t count = j->counts[image * q->classes + class];

        memmove(found + n, found + class * j->most, (size_t)count * sizeof(*found));
        n += count;
    }
    kept = q->keep >= 0 && q->keep < n ? q->keep : n;
    for (int64_t i = 0; i < n; i++) {
        j->keys[i] = cpu_key_of(found[i].score, i);
    }
    if (kept < n) {
        cpu_keys_best(j->keys, j->room, n, kept);
        for (int64_t i = 0; i < kept; i++) {
            j->keys[i] = j->keys[i] << 32 | (uint32_t)j->keys[i];
        }
        cpu_keys_sort(j->keys, j->room, kept);
    }
    for (int64_t i = 0; i < kept && row < q->rows; i++, row++) {
        put(q, image, &found[cpu_key_number(j->keys[i])], out + row * 7);
    }
    return row;
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct detect *q = step->data;
    int64_t tasks = q->images * q->classes, row = 0;
    struct detect_job j = {.q = q,
                           .loc = cpu_in(step, run, 0),
                           .scores = cpu_in(step, run, 1),
                           .priors = cpu_in(step, run, 2),
                           .objects = cpu_in(step, run, 3),
                           .refine = cpu_in(step, run, 4)};
    float *out = cpu_out(step, run, 0);
    int64_t each;

    j.most = q->top_k >= 0 && q->top_k < q->priors ? q->top_k : q->priors;
    each = q->classes * j.most;
    j.found = cpu_borrow(run, (size_t)(tasks * j.most + 1) * sizeof(*j.found));
    j.counts = cpu_borrow(run, (size_t)(tasks + 1) * sizeof(*j.counts));
    j.keys = cpu_borrow(run, (size_t)(each + 1) * 2 * sizeof(*j.keys));
    if (j.found && j.counts && j.keys) {
        j.room = j.keys + each;
        cpu_parallel(run, q->label_first ? q->images : tasks, q->label_first ? label_task : class_task, &j);
        for (int64_t image = 0; image < q->images; image++) {
            row = store(&j, image, row, out);
        }
        if (row < q->rows) {
            memset(out + row * 7, 0, (size_t)(q->rows - row) * 7 * sizeof(*out));
            out[row * 7] = -1;
        }
    }
    cpu_return(run, j.keys);
    cpu_return(run, j.counts);
    cpu_return(run, j.found);
    return j.found && j.counts && j.keys
               ? VT_OK
               : vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)(tasks * j.most));
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[1].count * 5};
    return 1;
}

static void configure(struct detect *q, const struct cpu_op *op)
{
    const struct vt_host *host = op->host;
    const struct vt_node *node = op->node;
    int64_t n;

    q->background = host->attr_i64(node, "background_label_id");
    q->top_k = host->attr_i64(node, "top_k");
    q->keep = host->attr_i64s(node, "keep_top_k", &n)[0];
    q->share = host->attr_i64(node, "share_location") != 0;
    q->variances = !host->attr_i64(node, "variance_encoded_in_target");
    q->center = strcasecmp(host->attr_str(node, "code_type"), "caffe.PriorBoxParameter.CENTER_SIZE") == 0;
    q->normalized = host->attr_i64(node, "normalized") != 0;
    q->clip_before = host->attr_i64(node, "clip_before_nms") != 0;
    q->clip_after = host->attr_i64(node, "clip_after_nms") != 0;
    q->label_first = host->attr_i64(node, "decrease_label_id") != 0;
    q->nms = (float)host->attr_f64(node, "nms_threshold");
    q->confidence = (float)host->attr_f64(node, "confidence_threshold");
    q->objectness = (float)host->attr_f64(node, "objectness_score");
    q->size[0] = (float)host->attr_i64(node, "input_width");
    q->size[1] = (float)host->attr_i64(node, "input_height");
    q->refined = op->n_in > 4;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct detect *q = cpu_plan_alloc(b, sizeof(*q));

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    configure(q, op);
    q->kernel = cpu_boxes_f32_get(op->isa);
    q->priors = op->in[2].dims[2] / (q->normalized ? 4 : 5);
    q->images = q->priors ? op->in[0].dims[0] : 0; /* nothing is found without priors */
    q->classes = classes_of(op, q->priors);
    q->next_priors = op->in[2].dims[0] > 1 ? op->in[2].dims[1] * op->in[2].dims[2] : 0;
    q->room = cpu_boxes_room(q->priors);
    q->rows = op->out[0].dims[2];
    step->scratch = cpu_chooser_bytes(q->room);
    step->run = run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_detection_output = {
    .name = "detection_output",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
