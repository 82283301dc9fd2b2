/* GenerateProposals, ExperimentalDetectronGenerateProposalsSingleImage and Proposal: anchors moved by deltas,
 * the best of them, without those that overlap a better one. Boxes are worked out as they are looked at, best
 * score first, until there are enough.
 *
 * GenerateProposals takes the best scores and leaves out boxes that are too small. The other two keep those
 * in the list with a score of 0. */
#include "boxes.h"

struct proposals;

struct proposal_job {
    const struct proposals *q;
    const float *anchors, *deltas, *scores;
    const float *images;    /* what input 0 (Proposal: 2) says of them */
    struct proposed *found; /* [image][room_found] */
    int64_t *counts;
};

struct proposed {
    float score, v[4];
};

/* One image at work. */
struct proposal_image {
    const struct proposal_job *j;
    int64_t image;
    float size[2], least[2]; /* x and y: the image, the smallest box */
    struct cpu_kept kept;
    int64_t seen; /* of the list, at most `pre` */
    float threshold;
};

struct proposals {
    const struct cpu_boxes_f32 *kernel;
    int64_t images, anchors, area, width, all, room, pre, post, rows;
    int64_t room_found;   /* the most that an image can have */
    int64_t score_images; /* maps of scores from image to image */
    bool keep_small, nan_is_zero, tensorflow, clip_before, clip_after, normalize;
    float pixel, overlap_pixel, most, eta, least, stride, scale[2];
    int64_t image_numbers; /* of input 0: how many numbers tell about an image */
    float *own;            /* Proposal: [anchors][4] */
    /* Box `number` (place * anchors + anchor), and whether it is large enough. */
    bool (*place)(const struct proposal_image *p, int64_t number, float *v);
};

static float score_of(const struct proposal_image *p, int64_t place, int64_t anchor)
{
    const struct proposals *q = p->j->q;

    return p->j->scores[(p->image * q->score_images * q->anchors + anchor) * q->area + place];
}

/* Exponents of sizes end here: 1000 pixels from a cell of 16. */
#define LARGEST_LOG 4.135166556742356F

static bool place_delta(const struct proposal_image *p, int64_t number, float *v)
{
    const struct proposals *q = p->j->q;
    int64_t at = number / q->anchors, anchor = number % q->anchors;
    const float *a = p->j->anchors + number * 4;
    const float *deltas = p->j->deltas + (p->image * q->anchors + anchor) * 4 * q->area + at;

    for (int i = 0; i < 2; i++) {
        float length = a[2 + i] - a[i] + q->pixel;
        float middle = deltas[i * q->area] * length + a[i] + 0.5F * length;

        length *= expf(fminf(deltas[(i + 2) * q->area], LARGEST_LOG));
        v[i] = fmaxf(0, fminf(middle - 0.5F * length, p->size[i] - q->pixel));
        v[2 + i] = fmaxf(0, fminf(middle + 0.5F * length - q->pixel, p->size[i] - q->pixel));
    }
    return v[2] - v[0] + q->pixel >= p->least[0] && v[3] - v[1] + q->pixel >= p->least[1];
}

/* Into the image. */
static void clip(const struct proposal_image *p, float *v, float margin)
{
    for (int i = 0; i < 4; i++) {
        v[i] = fmaxf(0, fminf(v[i], p->size[i % 2] - margin));
    }
}

static bool place_own(const struct proposal_image *p, int64_t number, float *v)
{
    const struct proposals *q = p->j->q;
    int64_t at = number / q->anchors, anchor = number % q->anchors;
    float row = (float)(at / q->width) * q->stride, column = (float)(at % q->width) * q->stride;
    const float *deltas = p->j->deltas + (p->image * q->anchors + anchor) * 4 * q->area + at;

    for (int i = 0; i < 4; i++) {
        v[i] = q->own[anchor * 4 + i] + ((i % 2 == 0) != q->tensorflow ? column : row);
    }
    if (q->tensorflow) {
        clip(p, v, 0);
    }
    for (int i = 0; i < 2; i++) {
        float old = v[2 + i] - v[i] + q->pixel, delta = deltas[i * q->area] / q->scale[0];
        float grown = expf(deltas[(2 + i) * q->area] / q->scale[1]), middle = v[i] + 0.5F * old + delta * old;

        v[i] = middle - 0.5F * grown * old;
        v[2 + i] = middle + 0.5F * grown * old;
    }
    if (q->clip_before) {
        clip(p, v, q->pixel);
    }
    return v[2] - v[0] + q->pixel >= p->least[0] && v[3] - v[1] + q->pixel >= p->least[1];
}

/* Whether the list goes on, and there is room for another box. */
static bool wanted(const struct proposal_image *p)
{
    return p->seen < p->j->q->pre && p->kept.n < p->j->q->post;
}

/* The next box of the list, while one is wanted. */
static void offer(struct proposal_image *p, float score, float *v)
{
    const struct proposals *q = p->j->q;
    struct proposed *f = &p->j->found[p->image * q->room_found + p->kept.n];

    p->seen++;
    v[CPU_BOX_AREA] = cpu_box_area(v, q->overlap_pixel);
    if (!cpu_kept_hits(&p->kept, 0, v, p->threshold)) {
        f->score = score;
        memcpy(f->v, v, sizeof(f->v));
        cpu_kept_add(&p->kept, v);
        if (q->eta < 1 && p->threshold > 0.5F) {
            p->threshold *= q->eta;
        }
    }
}

/* Those of n keys that are large enough, best first, sorted as far as needed. */
static void offer_best(struct proposal_image *p, uint64_t *keys, uint64_t *room, int64_t n)
{
    const struct proposals *q = p->j->q;
    int64_t sorted = 0;

    for (int64_t i = 0; i < n && wanted(p); i++) {
        float v[CPU_BOX_COLUMNS];
        int64_t number;

        if (i == sorted) {
            int64_t more = 2 * (q->post - p->kept.n);

            more = more < q->pre - p->seen ? more : q->pre - p->seen;
            sorted += cpu_keys_best(keys + i, room, n - i, more);
        }
        number = cpu_key_number(keys[i]);
        if (q->place(p, number, v)) {
            offer(p, score_of(p, number / q->anchors, number % q->anchors), v);
        } else if (!q->keep_small) {
            p->seen++; /* it was among the best */
        }
    }
}

enum sign { ABOVE, BELOW, ANY };

static int64_t collect(const struct proposal_image *p, uint64_t *keys, enum sign sign)
{
    const struct proposals *q = p->j->q;
    int64_t n = 0, number = 0;

    for (int64_t at = 0; at < q->area; at++) {
        for (int64_t anchor = 0; anchor < q->anchors; anchor++, number++) {
            float score = score_of(p, at, anchor);

            keys[n] = cpu_key_of(score, number);
            n += sign == ABOVE ? score > 0 : sign == BELOW ? score < 0 : !isnan(score);
        }
    }
    return n;
}

/* What is too small for the score that it has comes after all that is better than nothing. */
static void offer_zeros(struct proposal_image *p)
{
    const struct proposals *q = p->j->q;
    int64_t number = 0;

    for (int64_t at = 0; at < q->area; at++) {
        for (int64_t anchor = 0; anchor < q->anchors && wanted(p); anchor++, number++) {
            float score = score_of(p, at, anchor), v[CPU_BOX_COLUMNS];
            bool large = q->place(p, number, v);

            if (!large || score == 0 || (q->nan_is_zero && isnan(score))) {
                offer(p, large && score == 0 ? score : 0, v);
            }
        }
    }
}

static void propose(struct proposal_image *p, void *scratch)
{
    const struct proposals *q = p->j->q;
    struct cpu_chooser c =
        cpu_chooser_in(scratch, q->kernel, (struct cpu_overlap){.pixel = q->overlap_pixel}, q->room);
    uint64_t *keys = c.keys, *room = c.room;

    p->kept = c.kept;
    p->threshold = q->most;
    if (q->keep_small) {
        offer_best(p, keys, room, collect(p, keys, ABOVE));
        offer_zeros(p);
        offer_best(p, keys, room, collect(p, keys, BELOW));
    } else {
        offer_best(p, keys, room, collect(p, keys, ANY));
    }
    p->j->counts[p->image] = p->kept.n;
}

static void generate_task(void *arg, int64_t image, void *scratch)
{
    struct proposal_job *j = arg;
    const struct proposals *q = j->q;
    const float *about = j->images + image * q->image_numbers;
    struct proposal_image p = {.j = j, .image = image, .size = {about[1], about[0]}};

    p.least[0] = p.least[1] = q->least;
    if (!q->keep_small) {
        p.least[0] = q->least * about[q->image_numbers - 1];
        p.least[1] = q->least * about[2];
    }
    propose(&p, scratch);
}

static void proposal_task(void *arg, int64_t image, void *scratch)
{
    struct proposal_job *j = arg;
    const struct proposals *q = j->q;
    struct proposal_image p = {.j = j, .image = image};

    for (int i = 0; i < 2; i++) { /* the image is given as height, width */
        bool height = (i == 1) != q->tensorflow;

        p.size[i] = j->images[height ? 0 : 1];
        p.least[i] = q->least * j->images[height ? 2 : q->image_numbers - 1];
    }
    propose(&p, scratch);
}

/* ---- steps */

static int start(struct proposal_job *j, const struct proposals *q, struct cpu_run *run)
{
    j->q = q;
    j->found = cpu_borrow(run, (size_t)(q->images * q->room_found + 1) * sizeof(*j->found));
    j->counts = cpu_borrow(run, (size_t)(q->images + 1) * sizeof(*j->counts));
    if (!j->found || !j->counts) {
        return vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld boxes",
                       (long long)(q->images * q->room_found));
    }
    return VT_OK;
}

static void finish(struct proposal_job *j, struct cpu_run *run)
{
    cpu_return(run, j->counts);
    cpu_return(run, j->found);
}

static int store_all(const struct cpu_step *step, struct cpu_run *run, const struct proposal_job *j)
{
    const struct proposals *q = j->q;
    enum vt_type type = run->plan->values[step->out[2]].t.type;
    int64_t n = 0, row = 0;
    float *boxes, *scores;
    void *counts;

    for (int64_t image = 0; image < q->images; image++) {
        n += j->counts[image];
    }
    boxes = cpu_output_now(run, step, 0, VT_F32, 2, (const int64_t[]){n, 4});
    scores = boxes ? cpu_output_now(run, step, 1, VT_F32, 1, &n) : NULL;
    counts = scores ? cpu_output_now(run, step, 2, type, 1, &q->images) : NULL;
    if (!counts) {
        return VT_E_NOMEM;
    }
    for (int64_t image = 0; image < q->images; image++) {
        for (int64_t i = 0; i < j->counts[image]; i++, row++) {
            const struct proposed *f = &j->found[image * q->room_found + i];

            memcpy(boxes + row * 4, f->v, sizeof(f->v));
            scores[row] = f->score;
        }
        cpu_put_number(counts, type, image, j->counts[image]);
    }
    return VT_OK;
}

/* As many rows as there is room for, zeros behind what was found. */
static int store_one(const struct cpu_step *step, struct cpu_run *run, const struct proposal_job *j)
{
    float *boxes = cpu_out(step, run, 0), *scores = cpu_out(step, run, 1);
    int64_t n = j->counts[0];

    for (int64_t i = 0; i < j->q->rows; i++) {
        struct proposed f = i < n ? j->found[i] : (struct proposed){0};

        memcpy(boxes + i * 4, f.v, sizeof(f.v));
        scores[i] = f.score;
    }
    return VT_OK;
}

static int generate_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct proposals *q = step->data;
    struct proposal_job j = {.images = cpu_in(step, run, 0),
                             .anchors = cpu_in(step, run, 1),
                             .deltas = cpu_in(step, run, 2),
                             .scores = cpu_in(step, run, 3)};
    int status = start(&j, q, run);

    if (status == VT_OK) {
        cpu_parallel(run, q->images, generate_task, &j);
        status = (q->keep_small ? store_one : store_all)(step, run, &j);
    }
    finish(&j, run);
    return status;
}

static void store_proposals(const struct cpu_step *step, struct cpu_run *run, const struct proposal_job *j,
                            int64_t image)
{
    const struct proposals *q = j->q;
    float *boxes = cpu_out(step, run, 0), *scores = step->n_out > 1 ? cpu_out(step, run, 1) : NULL;
    struct proposal_image p = {.size = {j->images[q->tensorflow ? 0 : 1], j->images[q->tensorflow ? 1 : 0]}};
    int64_t n = j->counts[image];

    for (int64_t i = 0; i < q->post; i++) {
        struct proposed f = i < n ? j->found[image * q->room_found + i] : (struct proposed){0};
        int64_t row = image * q->post + i;

        if (i < n && q->clip_after) {
            clip(&p, f.v, q->pixel);
        }
        boxes[row * 5] = i < n ? (float)image : i == n ? -1 : 0;
        for (int k = 0; k < 4; k++) {
            boxes[row * 5 + 1 + k] = q->normalize ? f.v[k] / p.size[k % 2] : f.v[k];
        }
        if (scores) {
            scores[row] = f.score;
        }
    }
}

static int proposal_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct proposals *q = step->data;
    const float *scores = cpu_in(step, run, 0);
    struct proposal_job j = {.images = cpu_in(step, run, 2), .deltas = cpu_in(step, run, 1)};
    int status = start(&j, q, run);

    if (status == VT_OK && q->all > 0) {
        j.scores = scores + q->all; /* the first ones tell of no object */
    }
    if (status == VT_OK) {
        cpu_parallel(run, q->images, proposal_task, &j);
        for (int64_t image = 0; image < q->images; image++) {
            store_proposals(step, run, &j, image);
        }
    }
    finish(&j, run);
    return status;
}

/* ---- building */

static bool generate_supports(const struct cpu_op *op, const char **reason)
{
    bool one = op->in[3].rank == 3;
    const int64_t *scores = op->in[3].dims, *deltas = op->in[2].dims;
    int first = one ? 0 : 1;

    if (!cpu_boxes_known(op, reason)) {
        return false;
    }
    *reason = "the sizes do not fit"; /* the reference says which */
    if (op->in[2].rank != 3 + first || op->in[3].rank != 3 + first || deltas[first] != 4 * scores[first] ||
        deltas[first + 1] != scores[first + 1] || deltas[first + 2] != scores[first + 2] ||
        (first && deltas[0] != scores[0]) || op->in[1].dims[op->in[1].rank - 1] != 4 ||
        op->in[1].count != 4 * scores[first] * scores[first + 1] * scores[first + 2]) {
        return false;
    }
    if (one ? op->in[0].rank != 1 || op->in[0].dims[0] < 3 || op->out[0].rank != 2
            : op->in[0].rank != 2 || op->in[0].dims[0] != scores[0] ||
                  (op->in[0].dims[1] != 3 && op->in[0].dims[1] != 4)) {
        return false;
    }
    *reason = "too many boxes";
    return op->in[1].count < INT32_MAX;
}

static bool proposal_supports(const struct cpu_op *op, const char **reason)
{
    int64_t ratios, scales;

    if (!cpu_boxes_known(op, reason)) {
        return false;
    }
    op->host->attr_f64s(op->node, "ratio", &ratios);
    op->host->attr_f64s(op->node, "scale", &scales);
    *reason = "the sizes do not fit";
    if (op->in[0].rank != 4 || op->in[1].rank != 4 || (op->in[2].count != 3 && op->in[2].count != 4) ||
        op->in[1].dims[1] != 4 * ratios * scales || op->in[0].dims[1] != 2 * ratios * scales ||
        op->in[0].dims[0] != op->in[1].dims[0] || op->in[0].dims[2] != op->in[1].dims[2] ||
        op->in[0].dims[3] != op->in[1].dims[3] || op->out[0].rank != 2) {
        return false;
    }
    *reason = "too many boxes";
    return op->in[1].count < INT32_MAX;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[1].count * 10};
    return 1;
}

static void finish_build(struct proposals *q, const struct cpu_op *op, struct cpu_step *step)
{
    q->kernel = cpu_boxes_f32_get(op->isa);
    q->all = q->anchors * q->area;
    q->room = cpu_boxes_room(q->all);
    q->post = q->post < 0 ? 0 : q->post;
    q->room_found = q->post < q->all ? q->post : q->all;
    step->scratch = cpu_chooser_bytes(q->room);
    step->data = q;
}

static int generate_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct proposals *q = cpu_plan_alloc(b, sizeof(*q));
    const int64_t *scores = op->in[3].dims;
    const struct vt_host *host = op->host;

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    q->keep_small = op->in[3].rank == 3;
    q->images = q->keep_small ? 1 : scores[0];
    scores += !q->keep_small;
    q->anchors = scores[0];
    q->area = scores[1] * scores[2];
    q->score_images = 1;
    q->place = place_delta;
    q->image_numbers = op->in[0].dims[op->in[0].rank - 1];
    q->pre = host->attr_i64(op->node, "pre_nms_count");
    q->post = host->attr_i64(op->node, "post_nms_count");
    q->most = (float)host->attr_f64(op->node, "nms_threshold");
    q->least = (float)host->attr_f64(op->node, "min_size");
    q->pixel = q->keep_small || !host->attr_i64(op->node, "normalized") ? 1 : 0;
    q->overlap_pixel = q->keep_small ? 0 : q->pixel;
    q->eta = q->keep_small ? 1 : (float)host->attr_f64(op->node, "nms_eta");
    q->rows = q->keep_small ? op->out[0].dims[0] : 0;
    finish_build(q, op, step);
    step->run = generate_run;
    return VT_OK;
}

static void make_anchors(struct proposals *q, const struct cpu_op *op)
{
    int64_t n_ratios, n_scales, n = 0;
    const double *ratios = op->host->attr_f64s(op->node, "ratio", &n_ratios);
    const double *scales = op->host->attr_f64s(op->node, "scale", &n_scales);
    float base = (float)op->host->attr_i64(op->node, "base_size");
    float middle = q->tensorflow ? 0 : 0.5F * (base - q->pixel);

    for (int64_t r = 0; r < n_ratios; r++) {
        float ratio = (float)ratios[r], width = sqrtf(base * base / ratio);
        float height = (q->tensorflow ? width : roundf(width)) * ratio;

        width = q->tensorflow ? width : roundf(width);
        height = q->tensorflow ? height : roundf(height);
        for (int64_t s = 0; s < n_scales; s++, n++) {
            float half_w = 0.5F * (width * (float)scales[s] - q->pixel);
            float half_h = 0.5F * (height * (float)scales[s] - q->pixel);

            q->own[n * 4] = middle - half_w;
            q->own[n * 4 + 1] = middle - half_h;
            q->own[n * 4 + 2] = middle + half_w;
            q->own[n * 4 + 3] = middle + half_h;
        }
    }
}

static void configure(struct proposals *q, const struct cpu_op *op)
{
    const struct vt_host *host = op->host;
    const struct vt_node *node = op->node;

    q->tensorflow = strcasecmp(host->attr_str(node, "framework"), "tensorflow") == 0;
    q->pixel = q->overlap_pixel = q->tensorflow ? 0 : 1;
    q->keep_small = q->nan_is_zero = true;
    q->clip_before = host->attr_i64(node, "clip_before_nms") != 0;
    q->clip_after = host->attr_i64(node, "clip_after_nms") != 0;
    q->normalize = host->attr_i64(node, "normalize") != 0;
    q->stride = (float)host->attr_i64(node, "feat_stride");
    q->scale[0] = (float)host->attr_f64(node, "box_coordinate_scale");
    q->scale[1] = (float)host->attr_f64(node, "box_size_scale");
    q->pre = host->attr_i64(node, "pre_nms_topn");
    q->post = host->attr_i64(node, "post_nms_topn");
    q->most = (float)host->attr_f64(node, "nms_thresh");
    q->least = (float)host->attr_i64(node, "min_size");
    q->eta = 1;
}

static int proposal_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct proposals *q = cpu_plan_alloc(b, sizeof(*q));

    (void)option;
    if (q) {
        q->anchors = op->in[1].dims[1] / 4;
        q->own = cpu_plan_alloc(b, (size_t)(q->anchors + 1) * 4 * sizeof(*q->own));
    }
    if (!q || !q->own) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    configure(q, op);
    make_anchors(q, op);
    q->images = op->in[0].dims[0];
    q->width = op->in[0].dims[3];
    q->area = op->in[0].dims[2] * q->width;
    q->score_images = 2;
    q->image_numbers = op->in[2].count;
    q->place = place_own;
    finish_build(q, op, step);
    step->run = proposal_run;
    return VT_OK;
}

const struct cpu_impl cpu_impl_generate_proposals = {
    .name = "proposals",
    .supports = generate_supports,
    .options = options,
    .prepare = generate_prepare,
};

const struct cpu_impl cpu_impl_proposal = {
    .name = "proposals",
    .supports = proposal_supports,
    .options = options,
    .prepare = proposal_prepare,
};
