#include "multiclass_nms.h"

#include "boxes.h"
#include "element.h"
#include "graph.h"
#include "heap.h"

#include <math.h>

struct candidate {
    struct vt_pick pick;
    int64_t flat;     /* number among all boxes of the input, as output 1 tells it */
    float corners[4]; /* x1, y1, x2, y2 */
};

struct class_nms {
    struct vt_eval *e;
    int64_t batches, classes, boxes; /* boxes: of all images together where each class has its own */
    bool per_class, normalized;
    float score_threshold;
    /* Leaves of `n` candidates of a class, best first, those that stay; how many, or a negative status. */
    int64_t (*filter)(struct class_nms *q, struct candidate *list, int64_t n);
    struct candidate *list; /* the selected ones, and behind them the class at work */
    int64_t n, room;
    int64_t *counts; /* of each image */
};

static int by_class(const void *left, const void *right)
{
    const struct vt_pick *a = left, *b = right;

    if (a->class != b->class) {
        return a->class < b->class ? -1 : 1;
    }
    if (a->batch != b->batch) {
        return a->batch < b->batch ? -1 : 1;
    }
    return vt_pick_order(a, b);
}

/* Intersection over union. Boxes that are not normalized count pixels, both ends included. */
static float overlap(const struct class_nms *q, const struct candidate *a, const struct candidate *b)
{
    float one = q->normalized ? 0 : 1;
    float area_a = (a->corners[2] - a->corners[0] + one) * (a->corners[3] - a->corners[1] + one);
    float area_b = (b->corners[2] - b->corners[0] + one) * (b->corners[3] - b->corners[1] + one);
    float width = fminf(a->corners[2], b->corners[2]) - fmaxf(a->corners[0], b->corners[0]) + one;
    float height = fminf(a->corners[3], b->corners[3]) - fmaxf(a->corners[1], b->corners[1]) + one;
    float common = fmaxf(width, 0) * fmaxf(height, 0);

    if (area_a <= 0 || area_b <= 0) {
        return 0;
    }
    return common / (area_a + area_b - common);
}

static int64_t suppress(struct class_nms *q, struct candidate *list, int64_t n)
{
    float threshold = (float)vt_attr_f64(q->e->node, "iou_threshold");
    float eta = (float)vt_attr_f64(q->e->node, "nms_eta");
    int64_t kept = 0;

    for (int64_t i = 0; i < n; i++) {
        bool stays = true;

        for (int64_t j = kept - 1; j >= 0 && stays; j--) {
            stays = !(overlap(q, &list[i], &list[j]) >= threshold);
            if (eta < 1 && list[i].pick.score <= q->score_threshold) {
                break; /* with nms_eta OpenVINO compares a score at the threshold with the latest box alone */
            }
        }
        if (!stays) {
            continue;
        }
        list[kept++] = list[i];
        if (eta < 1 && threshold > 0.5F) {
            threshold *= eta;
        }
    }
    return kept;
}

/* The corners alone have nothing in common: MatrixNms then counts no pixels, either. */
static bool apart(const struct candidate *a, const struct candidate *b)
{
    return b->corners[0] > a->corners[2] || b->corners[2] < a->corners[0] || b->corners[1] > a->corners[3] ||
           b->corners[3] < a->corners[1];
}

/* The least factor that the better boxes j leave to box i; most[j] is the largest overlap of j with boxes
 * better than itself. */
static float decay(const struct class_nms *q, const float *overlaps, const float *most, int64_t i)
{
    bool gaussian = vt_attr_is(q->e->node, "decay_function", "gaussian");
    float sigma = (float)vt_attr_f64(q->e->node, "gaussian_sigma"), least = 1;

    for (int64_t j = 0; j < i; j++) {
        float o = overlaps[j], factor = (1 - o) / (1 - most[j]);

        if (gaussian) {
            factor = expf((most[j] * most[j] - o * o) * sigma);
        }
        least = fminf(least, factor);
    }
    return least;
}

static int64_t decay_all(struct class_nms *q, struct candidate *list, int64_t n)
{
    float *overlaps = vt_temp_alloc((size_t)n * sizeof(*overlaps)),
          *most = vt_temp_alloc((size_t)n * sizeof(*most));
    float *scores = vt_temp_alloc((size_t)n * sizeof(*scores)),
          post = (float)vt_attr_f64(q->e->node, "post_threshold");
    int64_t kept = 0;

    if (!overlaps || !most || !scores) {
        kept = n ? vt_fail(q->e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)n) : 0;
        n = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        most[i] = 0;
        for (int64_t j = 0; j < i; j++) {
            overlaps[j] = apart(&list[i], &list[j]) ? 0 : overlap(q, &list[i], &list[j]);
            most[i] = fmaxf(most[i], overlaps[j]);
        }
        scores[i] = list[i].pick.score * decay(q, overlaps, most, i);
    }
    for (int64_t i = 0; i < n; i++) {
        if (scores[i] > post) {
            list[kept] = list[i];
            list[kept++].pick.score = scores[i];
        }
    }
    vt_temp_free(overlaps);
    vt_temp_free(most);
    vt_temp_free(scores);
    return kept;
}

/* Room for `more` candidates behind the selected ones. */
static int reserve(struct class_nms *q, int64_t more)
{
    int64_t room = q->room * 2 > q->n + more ? q->room * 2 : q->n + more;
    struct candidate *list;

    if (q->n + more <= q->room) {
        return VT_OK;
    }
    list = (uint64_t)room > SIZE_MAX / sizeof(*list) ? NULL
                                                     : vt_temp_resize(q->list, (size_t)room * sizeof(*list));
    if (!list) {
        return vt_fail(q->e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)room);
    }
    q->list = list;
    q->room = room;
    return VT_OK;
}

/* One class of one image, whose boxes are first .. first + n - 1. */
static int select_class(struct class_nms *q, int64_t batch, int64_t class, int64_t first, int64_t n)
{
    int64_t top = vt_attr_i64(q->e->node, "nms_top_k"), found = 0;
    struct candidate *list;
    int status = reserve(q, n);

    if (status) {
        return status;
    }
    list = q->list + q->n;
    for (int64_t i = first; i < first + n; i++) {
        int64_t row = (q->per_class ? class : batch) * q->boxes + i;
        int64_t score = q->per_class ? row : (batch * q->classes + class) * q->boxes + i;
        struct candidate c = {{(float)vt_get_f64(&q->e->in[1], score), batch, class, i},
                              q->per_class ? i * q->classes + class : row,
                              {0}};

        for (int k = 0; k < 4; k++) {
            c.corners[k] = (float)vt_get_f64(&q->e->in[0], row * 4 + k);
        }
        if (q->filter == suppress ? c.pick.score >= q->score_threshold : c.pick.score > q->score_threshold) {
            list[found++] = c;
        }
    }
    vt_temp_sort(list, (size_t)found, sizeof(*list), vt_pick_order);
    found = q->filter(q, list, top >= 0 && top < found ? top : found);
    q->n += found < 0 ? 0 : found;
    return found < 0 ? (int)found : VT_OK;
}

static int select_image(struct class_nms *q, int64_t batch, int64_t first, int64_t n)
{
    int64_t keep = vt_attr_i64(q->e->node, "keep_top_k"), start = q->n;
    bool across = vt_attr_bool(q->e->node, "sort_result_across_batch");
    int status = VT_OK;

    for (int64_t class = 0; n > 0 && class < q->classes && status == VT_OK; class ++) {
        if (class != vt_attr_i64(q->e->node, "background_class")) {
            status = select_class(q, batch, class, first, n);
        }
    }
    if (status || q->n == start) {
        return status;
    }
    vt_temp_sort(q->list + start, (size_t)(q->n - start), sizeof(*q->list), vt_pick_order);
    q->n = keep >= 0 && q->n - start > keep ? start + keep : q->n;
    if (!across && q->filter == suppress && vt_attr_is(q->e->node, "sort_result_type", "classid")) {
        vt_temp_sort(q->list + start, (size_t)(q->n - start), sizeof(*q->list), by_class);
    }
    q->counts[batch] = q->n - start;
    return VT_OK;
}

static int select_all(struct class_nms *q)
{
    int64_t first = 0, n = q->boxes;
    int status = VT_OK;

    for (int64_t batch = 0; batch < q->batches && status == VT_OK; batch++) {
        if (q->per_class) {
            n = vt_get_i64(&q->e->in[2], batch);
            if (n < 0 || n > q->boxes - first) {
                return vt_fail(q->e->err, VT_E_RANGE, "image %lld has %lld boxes of the %lld that are left",
                               (long long)batch, (long long)n, (long long)(q->boxes - first));
            }
        }
        status = select_image(q, batch, first, n);
        first += q->per_class ? n : 0;
    }
    if (status == VT_OK && q->n > 0 && vt_attr_bool(q->e->node, "sort_result_across_batch")) {
        if (vt_attr_is(q->e->node, "sort_result_type", "score")) {
            vt_temp_sort(q->list, (size_t)q->n, sizeof(*q->list), vt_pick_order);
        } else if (vt_attr_is(q->e->node, "sort_result_type", "classid")) {
            vt_temp_sort(q->list, (size_t)q->n, sizeof(*q->list), by_class);
        }
    }
    return status;
}

static int store(struct class_nms *q)
{
    enum vt_type index = vt_attr_type_of(q->e->node, "output_type");
    struct vt_eval *e = q->e;
    int status = vt_eval_output(e, 0, e->in[0].type, 2, (const int64_t[]){q->n, 6});

    status = status ? status : vt_eval_output(e, 1, index, 2, (const int64_t[]){q->n, 1});
    status = status ? status : vt_eval_output(e, 2, index, 1, &q->batches);
    if (status) {
        return status;
    }
    for (int64_t i = 0; i < q->n; i++) {
        vt_set_f64(&e->out[0], i * 6, (double)q->list[i].pick.class);
        vt_set_f64(&e->out[0], i * 6 + 1, (double)q->list[i].pick.score);
        for (int k = 0; k < 4; k++) {
            vt_set_f64(&e->out[0], i * 6 + 2 + k, (double)q->list[i].corners[k]);
        }
        vt_set_i64(&e->out[1], i, q->list[i].flat);
    }
    for (int64_t i = 0; i < q->batches; i++) {
        vt_set_i64(&e->out[2], i, q->counts[i]);
    }
    return VT_OK;
}

static int run(struct vt_eval *e, int64_t (*filter)(struct class_nms *q, struct candidate *list, int64_t n))
{
    struct class_nms q = {.e = e, .boxes = e->in[0].dims[1], .filter = filter};
    int status;

    q.per_class = e->n_in > 2 && e->in[2].type != VT_DYNAMIC;
    q.batches = q.per_class ? e->in[2].dims[0] : e->in[0].dims[0];
    q.classes = q.per_class ? e->in[0].dims[0] : e->in[1].dims[1];
    q.normalized = vt_attr_bool(e->node, "normalized");
    q.score_threshold = (float)vt_attr_f64(e->node, "score_threshold");
    q.counts = vt_temp_zero((size_t)q.batches + 1, sizeof(*q.counts));
    if (!q.counts) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld images", (long long)q.batches);
    }
    status = select_all(&q);
    status = status ? status : store(&q);
    vt_temp_free(q.list);
    vt_temp_free(q.counts);
    return status;
}

int vt_multiclass_nms_ref(struct vt_eval *e)
{
    return run(e, suppress);
}

int vt_matrix_nms_ref(struct vt_eval *e)
{
    return run(e, decay_all);
}
