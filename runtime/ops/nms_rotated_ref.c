#include "nms_rotated.h"

#include "boxes.h"
#include "element.h"
#include "heap.h"
#include "non_max_suppression.h"

#include <math.h>

struct box {
    double corner[4][2]; /* all boxes turn the same way round */
    double area;
};

struct rotated {
    struct vt_eval *e;
    int64_t batches, classes, boxes, limit;
    float iou, score;
    struct box *box;      /* of the image at work */
    struct vt_pick *list; /* selected ones, and behind them the class at work */
    int64_t n;
};

static void load_box(struct rotated *q, int64_t batch, int64_t i)
{
    static const double side[4][2] = {{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}};
    double v[5], cosine, sine;

    for (int k = 0; k < 5; k++) {
        v[k] = vt_get_f64(&q->e->in[0], (batch * q->boxes + i) * 5 + k);
    }
    v[4] = vt_attr_bool(q->e->node, "clockwise") ? v[4] : -v[4];
    cosine = cos(v[4]);
    sine = sin(v[4]);
    q->box[i].area = v[2] * v[3];
    for (int k = 0; k < 4; k++) {
        double x = side[k][0] * v[2], y = side[k][1] * v[3];

        q->box[i].corner[k][0] = v[0] + x * cosine - y * sine;
        q->box[i].corner[k][1] = v[1] + x * sine + y * cosine;
    }
}

/* On which side of the line from a to b, and how far in multiples of its length. */
static double side_of(const double a[2], const double b[2], const double p[2])
{
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}

/* A rectangle cut by 4 lines has at most 8 corners. */
#define MOST_CORNERS 16

/* Cut off what lies right of the line a to b; how many corners are left. */
static int cut(double (*polygon)[2], int n, const double a[2], const double b[2])
{
    double left[MOST_CORNERS][2];
    int kept = 0;

    for (int i = 0; i < n; i++) {
        const double *p = polygon[i], *next = polygon[(i + 1) % n];
        double here = side_of(a, b, p), there = side_of(a, b, next);

        if (here >= 0 && kept < MOST_CORNERS) {
            left[kept][0] = p[0];
            left[kept++][1] = p[1];
        }
        if (here * there < 0 && kept < MOST_CORNERS) {
            double part = here / (here - there);

            left[kept][0] = p[0] + part * (next[0] - p[0]);
            left[kept++][1] = p[1] + part * (next[1] - p[1]);
        }
    }
    memcpy(polygon, left, (size_t)kept * sizeof(*left));
    return kept;
}

/* Intersection over union; 0 for boxes without area. */
static double overlap(const struct box *a, const struct box *b)
{
    double polygon[MOST_CORNERS][2] = {{0}}, common = 0;
    int n = 4;

    if (!(a->area > 0 && b->area > 0)) {
        return 0;
    }
    memcpy(polygon, a->corner, sizeof(a->corner));
    for (int i = 0; i < 4 && n > 0; i++) {
        n = cut(polygon, n, b->corner[i], b->corner[(i + 1) % 4]);
    }
    for (int i = 0; i < n; i++) {
        const double *p = polygon[i], *next = polygon[(i + 1) % n];

        common += (p[0] * next[1] - p[1] * next[0]) / 2;
    }
    return common > 0 ? common / (a->area + b->area - common) : 0;
}

static void select_class(struct rotated *q, int64_t batch, int64_t class)
{
    struct vt_pick *list = q->list + q->n;
    int64_t n = 0, kept = 0;

    for (int64_t i = 0; i < q->boxes; i++) {
        float score = (float)vt_get_f64(&q->e->in[1], (batch * q->classes + class) * q->boxes + i);

        if (score > q->score) {
            list[n++] = (struct vt_pick){score, batch, class, i};
        }
    }
    vt_temp_sort(list, (size_t)n, sizeof(*list), vt_pick_order);
    for (int64_t i = 0; i < n && kept < q->limit; i++) {
        bool stays = true;

        for (int64_t j = 0; j < kept && stays; j++) {
            stays = !(overlap(&q->box[list[i].box], &q->box[list[j].box]) > (double)q->iou);
        }
        if (stays) {
            list[kept++] = list[i];
        }
    }
    q->n += kept;
}

static void select_all(struct rotated *q)
{
    for (int64_t batch = 0; batch < q->batches; batch++) {
        for (int64_t i = 0; i < q->boxes; i++) {
            load_box(q, batch, i);
        }
        for (int64_t class = 0; class < q->classes; class ++) {
            select_class(q, batch, class);
        }
    }
    if (vt_attr_bool(q->e->node, "sort_result_descending")) {
        vt_temp_sort(q->list, (size_t)q->n, sizeof(*q->list), vt_pick_order);
    }
}

int vt_nms_rotated_ref(struct vt_eval *e)
{
    struct rotated q = {
        .e = e, .batches = e->in[0].dims[0], .classes = e->in[1].dims[1], .boxes = e->in[0].dims[1]};
    int status;

    for (int i = 2; i < 5; i++) {
        if (vt_tensor_count(&e->in[i]) != 1) {
            return vt_fail(e->err, VT_E_SHAPE, "input %d must have 1 element", i);
        }
    }
    if (e->in[1].dims[0] != q.batches || e->in[1].dims[2] != q.boxes) {
        return vt_fail(e->err, VT_E_SHAPE, "inputs 0 and 1 differ in batch or number of boxes");
    }
    q.limit = vt_get_i64(&e->in[2], 0);
    q.limit = q.limit < 0 ? 0 : q.limit > q.boxes ? q.boxes : q.limit;
    q.iou = (float)vt_get_f64(&e->in[3], 0);
    q.score = (float)vt_get_f64(&e->in[4], 0);
    q.box = vt_temp_zero((size_t)q.boxes + 1, sizeof(*q.box));
    q.list = vt_temp_zero((size_t)(q.batches * q.classes * q.limit + q.boxes) + 1, sizeof(*q.list));
    if (!q.box || !q.list) {
        status = vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)q.boxes);
    } else {
        select_all(&q);
        status = vt_nms_store(e, q.list, q.n);
    }
    vt_temp_free(q.list);
    vt_temp_free(q.box);
    return status;
}
