#include "generate_proposals.h"

#include "boxes.h"
#include "element.h"
#include "heap.h"

#include <math.h>

struct generate {
    struct vt_eval *e;
    int64_t images, anchors, area;
    float pixel;   /* what a box is longer than the difference of its ends */
    float size[2]; /* of the image: width, height */
    float least[2], eta;
    bool keep_small; /* with a score of 0, behind the others, as the operation for one image does */
    struct vt_picked_box *list; /* of all images; those of the image at work begin at `n` */
    int64_t n;
    int64_t *counts;
};

/* Exponents of sizes end here: 1000 pixels from a cell of 16. */
#define LARGEST_LOG 4.135166556742356F

static struct vt_picked_box place(const struct generate *q, int64_t image, int64_t anchor, int64_t at)
{
    int64_t order = at * q->anchors + anchor;
    struct vt_picked_box r = {.pick.box = order};

    r.pick.score = (float)vt_get_f64(&q->e->in[3], (image * q->anchors + anchor) * q->area + at);
    for (int i = 0; i < 2; i++) {
        int64_t delta = ((image * q->anchors + anchor) * 4 + i) * q->area + at;
        float begin = (float)vt_get_f64(&q->e->in[1], order * 4 + i);
        float length = (float)vt_get_f64(&q->e->in[1], order * 4 + 2 + i) - begin + q->pixel;
        float middle = (float)vt_get_f64(&q->e->in[2], delta) * length + begin + 0.5F * length;
        float grown = fminf((float)vt_get_f64(&q->e->in[2], delta + 2 * q->area), LARGEST_LOG);

        length *= expf(grown);
        r.v[i] = fmaxf(0, fminf(middle - 0.5F * length, q->size[i] - q->pixel));
        r.v[2 + i] = fmaxf(0, fminf(middle + 0.5F * length - q->pixel, q->size[i] - q->pixel));
    }
    return r;
}

static bool is_small(const struct generate *q, const struct vt_picked_box *r)
{
    return !(r->v[2] - r->v[0] + q->pixel >= q->least[0] && r->v[3] - r->v[1] + q->pixel >= q->least[1]);
}

static void generate(struct generate *q, int64_t image)
{
    int64_t n = 0, pre = vt_attr_i64(q->e->node, "pre_nms_count"), large = 0;
    int64_t post = vt_attr_i64(q->e->node, "post_nms_count");
    float most = (float)vt_attr_f64(q->e->node, "nms_threshold");
    struct vt_picked_box *list = q->list + q->n;

    for (int64_t at = 0; at < q->area; at++) {
        for (int64_t anchor = 0; anchor < q->anchors; anchor++) {
            list[n] = place(q, image, anchor, at);
            if (q->keep_small && is_small(q, &list[n])) {
                list[n].pick.score = 0;
            }
            n += !isnan(list[n].pick.score);
        }
    }
    if (n > 0) {
        vt_temp_sort(list, (size_t)n, sizeof(*list), vt_pick_order);
    }
    n = n < pre ? n : pre;
    for (int64_t i = 0; i < n; i++) {
        if (q->keep_small || !is_small(q, &list[i])) {
            list[large++] = list[i];
        }
    }
    /* The operation for one image takes boxes without their last pixel here. */
    q->counts[image] = vt_box_suppress(list, large, post, most, q->eta, q->keep_small ? 0 : q->pixel);
    q->n += q->counts[image];
}

static void put(struct vt_eval *e, int64_t row, const struct vt_picked_box *r)
{
    for (int k = 0; k < 4; k++) {
        vt_set_f64(&e->out[0], row * 4 + k, (double)r->v[k]);
    }
    vt_set_f64(&e->out[1], row, (double)r->pick.score);
}

/* Anchors are [..., 4] in the order of places and anchors of a place. */
static int begin(struct vt_eval *e, struct generate *q)
{
    const struct vt_tensor *scores = &e->in[3], *deltas = &e->in[2];
    int first = scores->rank - 3;
    int64_t all;

    q->e = e;
    q->images = first ? scores->dims[0] : 1;
    q->anchors = scores->dims[first];
    q->area = scores->dims[first + 1] * scores->dims[first + 2];
    all = q->anchors * q->area;
    if (deltas->dims[first] != 4 * q->anchors || deltas->dims[first + 1] != scores->dims[first + 1] ||
        deltas->dims[first + 2] != scores->dims[first + 2] || (first && deltas->dims[0] != q->images) ||
        e->in[1].dims[e->in[1].rank - 1] != 4 || vt_tensor_count(&e->in[1]) != 4 * all) {
        return vt_fail(e->err, VT_E_SHAPE, "the anchors, deltas and scores (inputs 1, 2 and 3) do not fit");
    }
    q->list = vt_temp_zero((size_t)(q->images * all) + 1, sizeof(*q->list));
    q->counts = vt_temp_zero((size_t)q->images + 1, sizeof(*q->counts));
    if (!q->list || !q->counts) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)(q->images * all));
    }
    return VT_OK;
}

static int store(struct generate *q)
{
    struct vt_eval *e = q->e;
    enum vt_type type = e->in[0].type, count_type = vt_attr_type_of(e->node, "roi_num_type");
    int status = vt_eval_output(e, 0, type, 2, (const int64_t[]){q->n, 4});

    status = status ? status : vt_eval_output(e, 1, type, 1, &q->n);
    status = status ? status : vt_eval_output(e, 2, count_type, 1, &q->images);
    for (int64_t i = 0; i < q->n && status == VT_OK; i++) {
        put(e, i, &q->list[i]);
    }
    for (int64_t i = 0; i < q->images && status == VT_OK; i++) {
        vt_set_i64(&e->out[2], i, q->counts[i]);
    }
    return status;
}

int vt_generate_proposals_ref(struct vt_eval *e)
{
    struct generate q = {.pixel = vt_attr_bool(e->node, "normalized") ? 0 : 1};
    int64_t each = e->in[0].dims[1];
    int status = begin(e, &q);

    if (status == VT_OK && ((each != 3 && each != 4) || e->in[0].dims[0] != q.images)) {
        status = vt_fail(e->err, VT_E_SHAPE, "input 0 must have 3 or 4 elements for each of %lld images",
                         (long long)q.images);
    }
    q.eta = (float)vt_attr_f64(e->node, "nms_eta");
    for (int64_t image = 0; image < q.images && status == VT_OK; image++) {
        float least = (float)vt_attr_f64(e->node, "min_size");

        q.size[0] = (float)vt_get_f64(&e->in[0], image * each + 1);
        q.size[1] = (float)vt_get_f64(&e->in[0], image * each);
        q.least[0] = least * (float)vt_get_f64(&e->in[0], image * each + each - 1);
        q.least[1] = least * (float)vt_get_f64(&e->in[0], image * each + 2);
        generate(&q, image);
    }
    status = status ? status : store(&q);
    vt_temp_free(q.list);
    vt_temp_free(q.counts);
    return status;
}

int vt_detectron_proposals_ref(struct vt_eval *e)
{
    struct generate q = {.pixel = 1, .eta = 1, .keep_small = true};
    int status = begin(e, &q);

    if (status == VT_OK && e->in[0].dims[0] < 3) {
        status = vt_fail(e->err, VT_E_SHAPE, "input 0 must be [height, width, scale]");
    }
    if (status == VT_OK) {
        q.size[0] = (float)vt_get_f64(&e->in[0], 1);
        q.size[1] = (float)vt_get_f64(&e->in[0], 0);
        q.least[0] = q.least[1] = (float)vt_attr_f64(e->node, "min_size");
        generate(&q, 0);
        for (int64_t i = 0; i < e->out[0].dims[0]; i++) {
            put(e, i, i < q.n ? &q.list[i] : &(struct vt_picked_box){0});
        }
    }
    vt_temp_free(q.list);
    vt_temp_free(q.counts);
    return status;
}
