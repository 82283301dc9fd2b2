#include "non_max_suppression.h"

#include "boxes.h"
#include "doubles.h"
#include "element.h"
#include "heap.h"

#include <math.h>

/* A box that may be selected. */
struct candidate {
    struct vt_pick pick;
    int64_t seen; /* selected boxes that its score was lowered by already */
};

struct nms {
    struct vt_eval *e;
    bool center;
    int64_t boxes, limit;
    float iou, score, decay; /* decay: -1 / (2 sigma) of soft suppression, 0 without */
    struct vt_pick *selected;
    int64_t n;
};

struct box {
    float y1, x1, y2, x2;
};

static struct box load_box(const struct nms *q, int64_t batch, int64_t box)
{
    float v[4];

    for (int i = 0; i < 4; i++) {
        v[i] = (float)vt_get_f64(&q->e->in[0], (batch * q->boxes + box) * 4 + i);
    }
    if (q->center) { /* x, y, width, height */
        return (struct box){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
    }
    return (struct box){fminf(v[0], v[2]), fminf(v[1], v[3]), fmaxf(v[0], v[2]), fmaxf(v[1], v[3])};
}

/* Intersection over union. */
static float overlap(const struct box *a, const struct box *b)
{
    float area_a = (a->y2 - a->y1) * (a->x2 - a->x1), area_b = (b->y2 - b->y1) * (b->x2 - b->x1);
    float height = fmaxf(0, fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1));
    float width = fmaxf(0, fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1));

    if (area_a <= 0 || area_b <= 0) {
        return 0;
    }
    return height * width / (area_a + area_b - height * width);
}

/* Best first, equal scores in the order of the boxes. */
static int best(const struct candidate *list, int64_t n)
{
    int64_t top = 0;

    for (int64_t i = 1; i < n; i++) {
        if (list[i].pick.score > list[top].pick.score ||
            (list[i].pick.score == list[top].pick.score && list[i].pick.box < list[top].pick.box)) {
            top = i;
        }
    }
    return (int)top;
}

/* Lower the score by the boxes selected since it was looked at last; false when it is out. */
static bool survives(const struct nms *q, struct candidate *c, const struct vt_pick *selected, int64_t n)
{
    struct box box = load_box(q, c->pick.batch, c->pick.box);

    for (int64_t i = n - 1; i >= c->seen; i--) {
        struct box other = load_box(q, c->pick.batch, selected[i].box);
        float iou = overlap(&box, &other);

        if (q->decay == 0 && iou > q->iou) {
            return false;
        }
        c->pick.score *= q->decay == 0 ? 1 : expf(q->decay * iou * iou);
        if (c->pick.score <= q->score) {
            break;
        }
    }
    c->seen = n;
    return true;
}

static void select_class(struct nms *q, int64_t batch, int64_t class, int64_t classes, struct candidate *list)
{
    struct vt_pick *selected = q->selected + q->n;
    int64_t n = 0, left = 0;

    for (int64_t i = 0; i < q->boxes; i++) {
        float score = (float)vt_get_f64(&q->e->in[1], (batch * classes + class) * q->boxes + i);

        if (score > q->score) {
            list[left++] = (struct candidate){{score, batch, class, i}, 0};
        }
    }
    while (left && n < q->limit) {
        int64_t at = best(list, left);
        struct candidate c = list[at];
        float before = c.pick.score;

        list[at] = list[--left];
        if (survives(q, &c, selected, n)) {
            if (c.pick.score == before) {
                selected[n++] = c.pick;
            } else if (c.pick.score > q->score) {
                list[left++] = c;
            }
        }
    }
    q->n += n;
}

static double scalar(const struct vt_eval *e, int input, double absent)
{
    bool given = input < e->n_in && e->in[input].type != VT_DYNAMIC && vt_tensor_count(&e->in[input]);

    return given ? vt_get_f64(&e->in[input], 0) : absent;
}

int vt_nms_store(struct vt_eval *e, const struct vt_pick *list, int64_t n)
{
    int status = VT_OK;

    for (int o = 0; o < e->n_out && o < 2 && status == VT_OK; o++) {
        status = vt_eval_output(e, o, e->out[o].type, 2, (int64_t[]){n, 3});
    }
    if (status) {
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        const struct vt_pick *c = &list[i];

        vt_set_i64(&e->out[0], 3 * i, c->batch);
        vt_set_i64(&e->out[0], 3 * i + 1, c->class);
        vt_set_i64(&e->out[0], 3 * i + 2, c->box);
        if (e->n_out > 1) {
            vt_set_i64(&e->out[1], 3 * i, c->batch);
            vt_set_i64(&e->out[1], 3 * i + 1, c->class);
            vt_set_f64(&e->out[1], 3 * i + 2, (double)c->score);
        }
    }
    if (e->n_out > 2) {
        status = vt_eval_output(e, 2, e->out[2].type, 1, (int64_t[]){1});
        if (status == VT_OK) {
            vt_set_i64(&e->out[2], 0, n);
        }
    }
    return status;
}

int vt_non_max_suppression_ref(struct vt_eval *e)
{
    struct nms q = {
        .e = e, .center = vt_attr_is(e->node, "box_encoding", "center"), .boxes = e->in[0].dims[1]};
    int64_t batch = e->in[0].dims[0], classes = e->in[1].dims[1];
    double limit = scalar(e, 2, 0), sigma = e->node->op->opset >= 5 ? scalar(e, 5, 0) : 0;
    struct candidate *list = vt_temp_zero((size_t)q.boxes + 1, sizeof(*list));
    int status;

    q.limit = !(limit > 0) ? 0 : limit > (double)q.boxes ? q.boxes : (int64_t)limit;
    q.iou = (float)scalar(e, 3, 0);
    q.score = (float)scalar(e, 4, e->node->op->opset >= 5 ? (double)-INFINITY : 0);
    q.decay = sigma > 0 ? (float)(-0.5 / sigma) : 0;
    q.selected = vt_temp_zero((size_t)(batch * classes * q.limit) + 1, sizeof(*q.selected));
    if (!list || !q.selected) {
        status = vt_fail(e->err, VT_E_NOMEM, "out of memory");
    } else {
        for (int64_t i = 0; q.limit && i < batch * classes; i++) {
            select_class(&q, i / classes, i % classes, classes, list);
        }
        if (vt_attr_bool(e->node, "sort_result_descending")) {
            vt_temp_sort(q.selected, (size_t)q.n, sizeof(*q.selected), vt_pick_order);
        }
        status = vt_nms_store(e, q.selected, q.n);
    }
    vt_temp_free(list);
    vt_temp_free(q.selected);
    return status;
}
