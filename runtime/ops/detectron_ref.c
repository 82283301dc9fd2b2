#include "detectron.h"

#include "boxes.h"
#include "element.h"
#include "heap.h"
#include "roi_align.h"

#include <math.h>

int vt_detectron_grid_ref(struct vt_eval *e)
{
    const struct vt_tensor *map = &e->in[1], *image = &e->in[2];
    int64_t h = vt_attr_i64(e->node, "h"), w = vt_attr_i64(e->node, "w"), priors = e->in[0].dims[0], at = 0;
    float step[2] = {(float)vt_attr_f64(e->node, "stride_x"), (float)vt_attr_f64(e->node, "stride_y")};
    int64_t all = vt_tensor_count(&e->out[0]);

    h = h ? h : map->dims[2];
    w = w ? w : map->dims[3];
    if (h > map->dims[2] || w > map->dims[3]) {
        return vt_fail(e->err, VT_E_RANGE, "a grid of %lld by %lld cells on a map of %lld by %lld",
                       (long long)h, (long long)w, (long long)map->dims[2], (long long)map->dims[3]);
    }
    step[0] = step[0] != 0 ? step[0] : (float)image->dims[3] / (float)w;
    step[1] = step[1] != 0 ? step[1] : (float)image->dims[2] / (float)h;
    for (int64_t cell = 0; cell < h * w; cell++) {
        float middle[2] = {step[0] * ((float)(cell % w) + 0.5F), step[1] * ((float)(cell / w) + 0.5F)};

        for (int64_t i = 0; i < priors * 4; i++) {
            vt_set_f64(&e->out[0], at++, (double)((float)vt_get_f64(&e->in[0], i) + middle[i % 2]));
        }
    }
    for (; at < all; at++) {
        vt_set_f64(&e->out[0], at, 0);
    }
    return VT_OK;
}

static struct vt_picked_box *found_new(struct vt_eval *e, int64_t n)
{
    struct vt_picked_box *list = vt_temp_zero((size_t)n + 1, sizeof(*list));

    if (!list) {
        vt_fail(e->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)n);
    }
    return list;
}

static void put_box(struct vt_eval *e, int64_t row, const struct vt_picked_box *f)
{
    for (int k = 0; k < 4; k++) {
        vt_set_f64(&e->out[0], row * 4 + k, f ? (double)f->v[k] : 0);
    }
}

int vt_detectron_top_ref(struct vt_eval *e)
{
    int64_t n = e->in[0].dims[0];
    struct vt_picked_box *list = found_new(e, n);

    if (!list) {
        return VT_E_NOMEM;
    }
    for (int64_t i = 0; i < n; i++) {
        list[i].pick.box = i;
        list[i].pick.score = (float)vt_get_f64(&e->in[1], i);
        for (int k = 0; k < 4; k++) {
            list[i].v[k] = (float)vt_get_f64(&e->in[0], i * 4 + k);
        }
    }
    if (n > 0) {
        vt_temp_sort(list, (size_t)n, sizeof(*list), vt_pick_order);
    }
    for (int64_t i = 0; i < e->out[0].dims[0]; i++) {
        put_box(e, i, i < n ? &list[i] : NULL);
    }
    vt_temp_free(list);
    return VT_OK;
}

/* A box of 224 by 224 belongs to level 2, one of half the length to level 1; -1: it has no area. */
static int64_t level_of(const float v[4], int64_t levels)
{
    float area = (v[2] - v[0]) * (v[3] - v[1]), level;

    if (!(area > 0)) {
        return -1;
    }
    level = floorf(2 + log2f(sqrtf(area) / 224 + 1e-6F));
    return level > 0 ? level < (float)levels ? (int64_t)level : levels - 1 : 0;
}

int vt_detectron_features_ref(struct vt_eval *e)
{
    int64_t n_scales;
    const int64_t *scales = vt_attr_i64s(e->node, "pyramid_scales", &n_scales);
    bool aligned = vt_attr_bool(e->node, "aligned");
    int status = VT_OK;

    for (int64_t i = 0; i < vt_tensor_count(&e->out[0]); i++) {
        vt_set_f64(&e->out[0], i, 0);
    }
    for (int64_t box = 0; box < e->in[0].dims[0] && status == VT_OK; box++) {
        int64_t level;
        float v[4];

        for (int k = 0; k < 4; k++) {
            v[k] = (float)vt_get_f64(&e->in[0], box * 4 + k);
            vt_move_element(&e->out[1], box * 4 + k, &e->in[0], box * 4 + k);
        }
        level = level_of(v, n_scales);
        if (level < 0) {
            continue;
        }
        for (int k = 0; k < 4; k++) {
            v[k] = v[k] * (1 / (float)scales[level]) - (aligned ? 0.5F : 0);
        }
        status = vt_roi_align_box(e, &e->in[1 + level], box, v);
    }
    return status;
}

/* Box `box` as class `class` sees it. */
static struct vt_picked_box refine(struct vt_eval *e, int64_t box, int64_t class)
{
    int64_t classes = vt_attr_i64(e->node, "num_classes"), n;
    const double *weights = vt_attr_f64s(e->node, "deltas_weights", &n);
    float most = (float)vt_attr_f64(e->node, "max_delta_log_wh");
    struct vt_picked_box f = {.pick = {.class = class, .box = box}};

    f.pick.score = (float)vt_get_f64(&e->in[2], box * classes + class);
    for (int i = 0; i < 2; i++) {
        int64_t delta = (box * classes + class) * 4 + i;
        float begin = (float)vt_get_f64(&e->in[0], box * 4 + i);
        float length = (float)vt_get_f64(&e->in[0], box * 4 + 2 + i) - begin + 1,
              middle = begin + 0.5F * length;
        float grown = fminf((float)vt_get_f64(&e->in[1], delta + 2) / (float)weights[2 + i], most);

        middle += (float)vt_get_f64(&e->in[1], delta) / (float)weights[i] * length;
        length *= expf(grown);
        f.v[i] = fmaxf(0, middle - 0.5F * length);
        f.v[2 + i] = fmaxf(0, middle + 0.5F * length - 1);
    }
    return f;
}

/* What is left of one class, into `list`. */
static int64_t detect(struct vt_eval *e, int64_t class, struct vt_picked_box *list)
{
    float least = (float)vt_attr_f64(e->node, "score_threshold");
    float most = (float)vt_attr_f64(e->node, "nms_threshold");
    int64_t post = vt_attr_i64(e->node, "post_nms_count"), n = 0;

    for (int64_t box = 0; box < e->in[0].dims[0]; box++) {
        list[n] = refine(e, box, class);
        n += list[n].pick.score > least;
    }
    if (n > 0) {
        vt_temp_sort(list, (size_t)n, sizeof(*list), vt_pick_order);
    }
    return vt_box_suppress(list, n, post, most, 1, 1); /* in pixels, both ends included */
}

int vt_detectron_output_ref(struct vt_eval *e)
{
    int64_t classes = vt_attr_i64(e->node, "num_classes"), most = e->out[0].dims[0], n = 0, all;
    struct vt_picked_box *list;

    if (e->in[1].dims[1] != 4 * classes || e->in[2].dims[1] != classes ||
        e->in[1].dims[0] != e->in[0].dims[0] || e->in[2].dims[0] != e->in[0].dims[0] ||
        __builtin_mul_overflow(classes, e->in[0].dims[0], &all)) {
        return vt_fail(e->err, VT_E_SHAPE, "inputs 0, 1 and 2 do not fit %lld classes", (long long)classes);
    }
    list = found_new(e, all);
    if (!list) {
        return VT_E_NOMEM;
    }
    for (int64_t class = 1; class < classes; class ++) {
        n += detect(e, class, list + n);
    }
    if (n > most) {
        vt_temp_sort(list, (size_t)n, sizeof(*list), vt_pick_order);
    }
    for (int64_t i = 0; i < most; i++) {
        put_box(e, i, i < n ? &list[i] : NULL);
        vt_set_i64(&e->out[1], i, i < n ? list[i].pick.class : 0);
        vt_set_f64(&e->out[2], i, i < n ? (double)list[i].pick.score : 0);
    }
    vt_temp_free(list);
    return VT_OK;
}
