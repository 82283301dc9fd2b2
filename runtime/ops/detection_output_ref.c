#include "detection_output.h"

#include "boxes.h"
#include "element.h"
#include "heap.h"

#include <math.h>

struct box {
    float v[4]; /* x1, y1, x2, y2 */
};

struct found {
    struct vt_pick pick; /* its box is the prior */
    struct box box;
};

struct detect {
    struct vt_eval *e;
    int64_t images, priors, classes, background, top_k, keep;
    bool share, variances, center, normalized, clip_before, clip_after, refined, label_first;
    float nms, confidence, objectness, size[2]; /* size: width and height of the image */
    struct found *list;                         /* of one image */
    int64_t n;
};

static int by_class(const void *left, const void *right)
{
    const struct vt_pick *a = left, *b = right;

    return a->class != b->class ? (a->class < b->class ? -1 : 1) : vt_pick_order(left, right);
}

static void clip(struct box *b)
{
    for (int i = 0; i < 4; i++) {
        b->v[i] = fminf(fmaxf(b->v[i], 0), 1);
    }
}

static float area(const struct box *b)
{
    float width = b->v[2] - b->v[0], height = b->v[3] - b->v[1];

    return width > 0 && height > 0 ? width * height : 0;
}

/* Intersection over union. */
static float overlap(const struct box *a, const struct box *b)
{
    struct box both = {
        {fmaxf(a->v[0], b->v[0]), fmaxf(a->v[1], b->v[1]), fminf(a->v[2], b->v[2]), fminf(a->v[3], b->v[3])}};
    float common = area(&both);

    return common > 0 ? common / (area(a) + area(b) - common) : 0;
}

/* A prior moved by the four numbers `loc`. */
static struct box decode(const struct detect *q, struct box prior, const float *variance, const float *loc)
{
    float scaled[4], width = prior.v[2] - prior.v[0], height = prior.v[3] - prior.v[1], x, y;

    for (int i = 0; i < 4; i++) {
        scaled[i] = loc[i] * variance[i];
    }
    if (!q->center) {
        for (int i = 0; i < 4; i++) {
            prior.v[i] += scaled[i];
        }
        return prior;
    }
    x = scaled[0] * width + (prior.v[0] + prior.v[2]) / 2;
    y = scaled[1] * height + (prior.v[1] + prior.v[3]) / 2;
    width *= expf(scaled[2]);
    height *= expf(scaled[3]);
    return (struct box){{x - width / 2, y - height / 2, x + width / 2, y + height / 2}};
}

static void load(const struct vt_tensor *t, int64_t at, float v[4])
{
    for (int i = 0; i < 4; i++) {
        v[i] = (float)vt_get_f64(t, at + i);
    }
}

static struct box box_of(const struct detect *q, int64_t image, int64_t class, int64_t prior)
{
    const struct vt_tensor *priors = &q->e->in[2];
    int64_t each = q->normalized ? 4 : 5, row = priors->dims[0] > 1 ? image * priors->dims[1] : 0;
    int64_t locations = q->share ? 1 : q->classes;
    int64_t at = ((image * q->priors + prior) * locations + (q->share ? 0 : class)) * 4;
    float variance[4] = {1, 1, 1, 1}, loc[4];
    struct box box;

    load(priors, (row * q->priors + prior) * each + each - 4, box.v);
    for (int i = 0; !q->normalized && i < 4; i++) {
        box.v[i] /= q->size[i % 2];
    }
    if (q->variances) {
        load(priors, ((row + 1) * q->priors) * each + prior * 4, variance);
    }
    if (q->refined) {
        load(&q->e->in[4], at, loc);
        box = decode(q, box, variance, loc);
    }
    load(&q->e->in[0], at, loc);
    box = decode(q, box, variance, loc);
    if (q->clip_before) {
        clip(&box);
    }
    return box;
}

static float confidence(const struct detect *q, int64_t image, int64_t class, int64_t prior)
{
    if (q->refined && (float)vt_get_f64(&q->e->in[3], (image * q->priors + prior) * 2 + 1) < q->objectness) {
        return class == q->background ? 1 : 0; /* there is no object */
    }
    return (float)vt_get_f64(&q->e->in[1], (image * q->priors + prior) * q->classes + class);
}

static void add(struct detect *q, int64_t image, int64_t class, int64_t prior, float score)
{
    q->list[q->n++] = (struct found){{score, image, class, prior}, box_of(q, image, class, prior)};
}

/* Of what was found from `first` on: the best top_k, without those that overlap a better one of their class.
 */
static void thin_out(struct detect *q, int64_t first)
{
    int64_t end, kept = first;

    if (q->n == first) {
        return;
    }
    vt_temp_sort(q->list + first, (size_t)(q->n - first), sizeof(*q->list), vt_pick_order);
    end = q->top_k >= 0 && q->top_k < q->n - first ? first + q->top_k : q->n;
    for (int64_t i = first; i < end; i++) {
        bool stays = true;

        for (int64_t j = first; j < kept && stays; j++) {
            stays = q->list[i].pick.class != q->list[j].pick.class ||
                    !(overlap(&q->list[i].box, &q->list[j].box) > q->nms);
        }
        if (stays) {
            q->list[kept++] = q->list[i];
        }
    }
    q->n = kept;
}

/* Every class on its own. */
static void find_each(struct detect *q, int64_t image)
{
    for (int64_t class = 0; class < q->classes; class ++) {
        int64_t first = q->n;

        for (int64_t prior = 0; prior < q->priors && class != q->background; prior++) {
            float score = confidence(q, image, class, prior);

            if (score > q->confidence) {
                add(q, image, class, prior, score);
            }
        }
        thin_out(q, first);
    }
}

/* Every prior has the class that it scores best in. */
static void find_best(struct detect *q, int64_t image)
{
    for (int64_t prior = 0; prior < q->priors; prior++) {
        int64_t best = -1;
        float top = q->confidence;

        for (int64_t class = 0; class < q->classes; class ++) {
            float score = confidence(q, image, class, prior);

            if (class != q->background && score > top) {
                best = class;
                top = score;
            }
        }
        if (best >= 0) {
            add(q, image, best, prior, top);
        }
    }
    thin_out(q, 0);
}

static void detect_image(struct detect *q, int64_t image)
{
    q->n = 0;
    if (q->label_first) {
        find_best(q, image);
    } else {
        find_each(q, image);
    }
    if (q->n == 0) {
        return;
    }
    if (q->keep >= 0 && q->n > q->keep) {
        vt_temp_sort(q->list, (size_t)q->n, sizeof(*q->list), vt_pick_order);
        q->n = q->keep;
    }
    vt_temp_sort(q->list, (size_t)q->n, sizeof(*q->list), by_class);
}

static void store(struct detect *q, int64_t image, int64_t *row)
{
    struct vt_tensor *out = &q->e->out[0];

    for (int64_t i = 0; i < q->n && *row < out->dims[2]; i++, (*row)++) {
        struct found f = q->list[i];

        if (q->clip_after) {
            clip(&f.box);
        }
        vt_set_f64(out, *row * 7, (double)image);
        vt_set_f64(out, *row * 7 + 1, (double)(f.pick.class - q->label_first));
        vt_set_f64(out, *row * 7 + 2, (double)f.pick.score);
        for (int k = 0; k < 4; k++) {
            vt_set_f64(out, *row * 7 + 3 + k, (double)f.box.v[k]);
        }
    }
}

static int check(struct detect *q)
{
    const struct vt_tensor *in = q->e->in;
    int64_t rows = q->variances ? 2 : 1, each = q->normalized ? 4 : 5;

    q->images = in[0].dims[0];
    q->priors = in[2].dims[2] / each;
    if (q->e->node->op->opset >= 8) {
        q->classes = q->priors ? in[1].dims[1] / q->priors : 0;
    } else {
        q->classes = vt_attr_i64(q->e->node, "num_classes");
    }
    if (in[2].dims[2] != q->priors * each || in[2].dims[1] < rows ||
        (in[2].dims[0] != 1 && in[2].dims[0] != q->images) || in[1].dims[0] != q->images ||
        (q->priors && (in[1].dims[1] % q->priors || in[1].dims[1] / q->priors != q->classes)) ||
        in[0].dims[1] % 4 || in[0].dims[1] / 4 != (q->share ? q->priors : in[1].dims[1])) {
        return vt_fail(q->e->err, VT_E_SHAPE, "%lld locations, %lld scores and %lld prior values do not fit",
                       (long long)in[0].dims[1], (long long)in[1].dims[1], (long long)in[2].dims[2]);
    }
    if (q->refined && (in[3].dims[0] != q->images || in[3].dims[1] != 2 * q->priors ||
                       in[4].dims[0] != q->images || in[4].dims[1] != in[0].dims[1])) {
        return vt_fail(q->e->err, VT_E_SHAPE, "inputs 3 and 4 do not fit %lld priors", (long long)q->priors);
    }
    return VT_OK;
}

static void configure(struct detect *q)
{
    const struct vt_node *node = q->e->node;
    int64_t n;

    q->background = vt_attr_i64(node, "background_label_id");
    q->top_k = vt_attr_i64(node, "top_k");
    q->keep = vt_attr_i64s(node, "keep_top_k", &n)[0];
    q->share = vt_attr_bool(node, "share_location");
    q->variances = !vt_attr_bool(node, "variance_encoded_in_target");
    q->center = vt_attr_is(node, "code_type", "caffe.PriorBoxParameter.CENTER_SIZE");
    q->normalized = vt_attr_bool(node, "normalized");
    q->clip_before = vt_attr_bool(node, "clip_before_nms");
    q->clip_after = vt_attr_bool(node, "clip_after_nms");
    q->label_first = vt_attr_bool(node, "decrease_label_id");
    q->nms = (float)vt_attr_f64(node, "nms_threshold");
    q->confidence = (float)vt_attr_f64(node, "confidence_threshold");
    q->objectness = (float)vt_attr_f64(node, "objectness_score");
    q->size[0] = (float)vt_attr_i64(node, "input_width");
    q->size[1] = (float)vt_attr_i64(node, "input_height");
    q->refined = q->e->n_in > 4 && q->e->in[4].type != VT_DYNAMIC;
}

int vt_detection_output_ref(struct vt_eval *e)
{
    struct detect q = {.e = e};
    int64_t row = 0;
    int status;

    configure(&q);
    status = check(&q);
    if (status) {
        return status;
    }
    q.list = vt_temp_zero((size_t)(q.priors * q.classes) + 1, sizeof(*q.list));
    if (!q.list) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)(q.priors * q.classes));
    }
    for (int64_t i = 0; i < e->out[0].dims[2] * 7; i++) {
        vt_set_f64(&e->out[0], i, 0);
    }
    for (int64_t image = 0; q.priors > 0 && image < q.images; image++) {
        detect_image(&q, image);
        store(&q, image, &row);
    }
    if (row < e->out[0].dims[2]) {
        vt_set_f64(&e->out[0], row * 7, -1);
    }
    vt_temp_free(q.list);
    return VT_OK;
}
