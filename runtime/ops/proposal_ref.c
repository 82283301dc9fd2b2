#include "proposal.h"

#include "boxes.h"
#include "element.h"
#include "heap.h"

#include <math.h>

struct proposal {
    struct vt_eval *e;
    bool tensorflow; /* x and y change places, boxes end where the next begins, anchors are cut first */
    int64_t anchors, h, w;
    float pixel;             /* what a box is longer than the difference of its ends */
    float size[2], least[2]; /* x and y: the image, the smallest box */
    float (*anchor)[4];
    struct vt_picked_box *list;
};

static void make_anchors(struct proposal *q)
{
    const struct vt_node *node = q->e->node;
    int64_t n_ratios, n_scales, n = 0;
    const double *ratios = vt_attr_f64s(node, "ratio", &n_ratios);
    const double *scales = vt_attr_f64s(node, "scale", &n_scales);
    float base = (float)vt_attr_i64(node, "base_size"), middle = 0.5F * (base - q->pixel);

    if (q->tensorflow) {
        middle = 0;
    }
    for (int64_t r = 0; r < n_ratios; r++) {
        float ratio = (float)ratios[r], width = sqrtf(base * base / ratio);
        float height = (q->tensorflow ? width : roundf(width)) * ratio;

        width = q->tensorflow ? width : roundf(width);
        height = q->tensorflow ? height : roundf(height);
        for (int64_t s = 0; s < n_scales; s++, n++) {
            float half_w = 0.5F * (width * (float)scales[s] - q->pixel);
            float half_h = 0.5F * (height * (float)scales[s] - q->pixel);

            q->anchor[n][0] = middle - half_w;
            q->anchor[n][1] = middle - half_h;
            q->anchor[n][2] = middle + half_w;
            q->anchor[n][3] = middle + half_h;
        }
    }
}

/* Into the image. */
static void clip(const struct proposal *q, float v[4], float margin)
{
    for (int i = 0; i < 4; i++) {
        v[i] = fmaxf(0, fminf(v[i], q->size[i % 2] - margin));
    }
}

/* The anchor at a place of the map, moved by its deltas. */
static struct vt_picked_box place(const struct proposal *q, int64_t image, const int64_t at[2],
                                  int64_t anchor)
{
    const struct vt_node *node = q->e->node;
    float stride = (float)vt_attr_i64(node, "feat_stride"), delta[4], length[2];
    float scale[2] = {(float)vt_attr_f64(node, "box_coordinate_scale"),
                      (float)vt_attr_f64(node, "box_size_scale")};
    int64_t area = q->h * q->w, here = at[0] * q->w + at[1];
    float origin[2] = {(float)at[q->tensorflow ? 0 : 1] * stride, (float)at[q->tensorflow ? 1 : 0] * stride};
    struct vt_picked_box r = {.pick.box = here * q->anchors + anchor};

    r.pick.score = (float)vt_get_f64(&q->e->in[0], ((image * 2 + 1) * q->anchors + anchor) * area + here);
    for (int i = 0; i < 4; i++) {
        int64_t channel = (image * q->anchors + anchor) * 4 + i;

        delta[i] = (float)vt_get_f64(&q->e->in[1], channel * area + here) / scale[i / 2];
        r.v[i] = q->anchor[anchor][i] + origin[i % 2];
    }
    if (q->tensorflow) {
        clip(q, r.v, 0);
    }
    for (int i = 0; i < 2; i++) {
        float old = r.v[2 + i] - r.v[i] + q->pixel, middle = r.v[i] + 0.5F * old + delta[i] * old;

        r.v[i] = middle - 0.5F * expf(delta[2 + i]) * old;
        r.v[2 + i] = middle + 0.5F * expf(delta[2 + i]) * old;
    }
    if (vt_attr_bool(node, "clip_before_nms")) {
        clip(q, r.v, q->pixel);
    }
    for (int i = 0; i < 2; i++) {
        length[i] = r.v[2 + i] - r.v[i] + q->pixel;
    }
    if (!(length[0] >= q->least[0] && length[1] >= q->least[1]) || isnan(r.pick.score)) {
        r.pick.score = 0; /* it stays in the list, behind those that are large enough */
    }
    return r;
}

static void store(const struct proposal *q, int64_t image, int64_t n)
{
    int64_t post = vt_attr_i64(q->e->node, "post_nms_topn");
    bool normalize = vt_attr_bool(q->e->node, "normalize");

    for (int64_t i = 0; i < post; i++) {
        struct vt_picked_box r = i < n ? q->list[i] : (struct vt_picked_box){0};
        int64_t row = image * post + i;

        if (i < n && vt_attr_bool(q->e->node, "clip_after_nms")) {
            clip(q, r.v, q->pixel);
        }
        vt_set_f64(&q->e->out[0], row * 5, i < n ? (double)image : i == n ? -1 : 0);
        for (int k = 0; k < 4; k++) {
            vt_set_f64(&q->e->out[0], row * 5 + 1 + k,
                       (double)(normalize ? r.v[k] / q->size[k % 2] : r.v[k]));
        }
        if (q->e->n_out > 1) {
            vt_set_f64(&q->e->out[1], row, (double)r.pick.score);
        }
    }
}

static void propose(const struct proposal *q, int64_t image)
{
    int64_t n = 0, pre = vt_attr_i64(q->e->node, "pre_nms_topn"), at[2];
    int64_t post = vt_attr_i64(q->e->node, "post_nms_topn");
    float most = (float)vt_attr_f64(q->e->node, "nms_thresh");

    for (at[0] = 0; at[0] < q->h; at[0]++) {
        for (at[1] = 0; at[1] < q->w; at[1]++) {
            for (int64_t anchor = 0; anchor < q->anchors; anchor++) {
                q->list[n++] = place(q, image, at, anchor);
            }
        }
    }
    if (n > 0) {
        vt_temp_sort(q->list, (size_t)n, sizeof(*q->list), vt_pick_order);
    }
    store(q, image, vt_box_suppress(q->list, n < pre ? n : pre, post, most, 1, q->pixel));
}

int vt_proposal_ref(struct vt_eval *e)
{
    struct proposal q = {.e = e, .h = e->in[0].dims[2], .w = e->in[0].dims[3]};
    int64_t n = vt_tensor_count(&e->in[2]), last = n > 3 ? 3 : 2;
    float least = (float)vt_attr_i64(e->node, "min_size");
    int status = VT_OK;

    if (n != 3 && n != 4) {
        return vt_fail(e->err, VT_E_SHAPE, "input 2 must have 3 or 4 elements, not %lld", (long long)n);
    }
    q.tensorflow = vt_attr_is(e->node, "framework", "tensorflow");
    q.pixel = q.tensorflow ? 0 : 1;
    q.anchors = e->in[1].dims[1] / 4;
    for (int i = 0; i < 2; i++) { /* the image is given as height, width */
        bool height = (i == 1) != q.tensorflow;

        q.size[i] = (float)vt_get_f64(&e->in[2], height ? 0 : 1);
        q.least[i] = least * (float)vt_get_f64(&e->in[2], height ? 2 : last);
    }
    q.anchor = vt_temp_zero((size_t)q.anchors + 1, sizeof(*q.anchor));
    q.list = vt_temp_zero((size_t)(q.anchors * q.h * q.w) + 1, sizeof(*q.list));
    if (!q.anchor || !q.list) {
        status =
            vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)(q.anchors * q.h * q.w));
    } else {
        make_anchors(&q);
        for (int64_t image = 0; image < e->in[0].dims[0]; image++) {
            propose(&q, image);
        }
    }
    vt_temp_free(q.anchor);
    vt_temp_free(q.list);
    return status;
}
