#include "roi_align.h"

#include "element.h"
#include "graph.h"

#include <math.h>

struct grid {
    const struct vt_tensor *maps;
    int64_t height, width; /* of a map */
    float x, y;            /* of the box's first corner, or of its centre when it is rotated */
    float cell_h, cell_w;  /* of the pooled map, in elements */
    int64_t rows, columns; /* of samples in a cell */
    float cosine, sine;    /* rotated boxes */
    float box_h, box_w;
};

/* Four neighbours and how much each counts; all 0 outside of the map. */
struct sample {
    int64_t place[4];
    double weight[4];
};

static struct sample sample_at(const struct grid *g, float y, float x)
{
    struct sample s = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    int64_t top, left, bottom, right;
    double dy, dx;

    if (!(y >= -1 && y <= (float)g->height && x >= -1 && x <= (float)g->width)) {
        return s;
    }
    y = fmaxf(y, 0);
    x = fmaxf(x, 0);
    top = (int64_t)y < g->height - 1 ? (int64_t)y : g->height - 1;
    left = (int64_t)x < g->width - 1 ? (int64_t)x : g->width - 1;
    bottom = top < g->height - 1 ? top + 1 : top;
    right = left < g->width - 1 ? left + 1 : left;
    dy = bottom == top ? 0 : (double)(y - (float)top);
    dx = right == left ? 0 : (double)(x - (float)left);
    s.place[0] = top * g->width + left;
    s.place[1] = top * g->width + right;
    s.place[2] = bottom * g->width + left;
    s.place[3] = bottom * g->width + right;
    s.weight[0] = (1 - dy) * (1 - dx);
    s.weight[1] = (1 - dy) * dx;
    s.weight[2] = dy * (1 - dx);
    s.weight[3] = dy * dx;
    return s;
}

/* Sample (i, k) of cell (row, column). */
static struct sample sample_of(const struct grid *g, int64_t row, int64_t column, int64_t i, int64_t k)
{
    float y = ((float)row + ((float)i + 0.5f) / (float)g->rows) * g->cell_h;
    float x = ((float)column + ((float)k + 0.5f) / (float)g->columns) * g->cell_w;

    if (g->cosine != 1 || g->sine != 0 || g->box_h != 0) {
        float v = y - g->box_h / 2, u = x - g->box_w / 2;

        return sample_at(g, v * g->cosine - u * g->sine + g->y, v * g->sine + u * g->cosine + g->x);
    }
    return sample_at(g, y + g->y, x + g->x);
}

enum pooling { POOL_AVG, POOL_MAX, POOL_MAX_NEIGHBOUR };

/* The mean of the samples, or the largest of them and 0: OpenVINO starts from 0. ONNX takes the largest of
 * the weighted neighbours. */
static double pool(const struct grid *g, int64_t plane, int64_t row, int64_t column, enum pooling pooling)
{
    double sum = 0, largest = 0, neighbour = -INFINITY;

    for (int64_t i = 0; i < g->rows; i++) {
        for (int64_t k = 0; k < g->columns; k++) {
            struct sample s = sample_of(g, row, column, i, k);
            double v = 0;

            for (int n = 0; n < 4; n++) {
                double part = s.weight[n] * vt_get_f64(g->maps, plane + s.place[n]);

                v += part;
                neighbour = fmax(neighbour, part);
            }
            sum += v;
            largest = fmax(largest, v);
        }
    }
    if (pooling == POOL_MAX_NEIGHBOUR) {
        return neighbour;
    }
    return pooling == POOL_MAX ? largest : sum / (double)(g->rows * g->columns);
}

static int image_of(struct vt_eval *e, int64_t box, int64_t *image)
{
    *image = vt_get_i64(&e->in[2], box);
    return *image >= 0 && *image < e->in[0].dims[0]
               ? VT_OK
               : vt_fail(e->err, VT_E_RANGE, "batch_indices[%lld] is %lld, there are %lld images",
                         (long long)box, (long long)*image, (long long)e->in[0].dims[0]);
}

/* All cells of one box. A box as large as the map may not ask for more samples than this. */
#define MOST_SAMPLES (1 << 20)

static int run_box(struct vt_eval *e, struct grid *g, int64_t image, int64_t box, float height, float width,
                   enum pooling pooling)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t ratio = vt_attr_i64(e->node, "sampling_ratio"), channels = dst->dims[1];
    float rows = ceilf(height / (float)dst->dims[2]), columns = ceilf(width / (float)dst->dims[3]);
    int64_t at = box * channels * dst->dims[2] * dst->dims[3];

    g->cell_h = height / (float)dst->dims[2];
    g->cell_w = width / (float)dst->dims[3];
    if (!(rows < MOST_SAMPLES && columns < MOST_SAMPLES)) {
        return vt_fail(e->err, VT_E_RANGE, "box %lld is %g by %g elements large", (long long)box,
                       (double)height, (double)width);
    }
    g->rows = ratio ? ratio : rows > 1 ? (int64_t)rows : 1;
    g->columns = ratio ? ratio : columns > 1 ? (int64_t)columns : 1;
    for (int64_t c = 0; c < channels; c++) {
        int64_t plane = (image * channels + c) * g->height * g->width;

        for (int64_t i = 0; i < dst->dims[2] * dst->dims[3]; i++) {
            vt_set_f64(dst, at++, pool(g, plane, i / dst->dims[3], i % dst->dims[3], pooling));
        }
    }
    return VT_OK;
}

int vt_roi_align_box(struct vt_eval *e, const struct vt_tensor *maps, int64_t box, const float edge[4])
{
    struct grid g = {.maps = maps, .height = maps->dims[2], .width = maps->dims[3], .cosine = 1};
    float width = edge[2] - edge[0], height = edge[3] - edge[1];

    g.x = edge[0];
    g.y = edge[1];
    if (!g.height || !g.width) {
        return VT_OK;
    }
    return run_box(e, &g, 0, box, fmaxf(height, 1), fmaxf(width, 1), POOL_AVG);
}

int vt_roi_align_ref(struct vt_eval *e)
{
    struct grid g = {.maps = &e->in[0], .height = e->in[0].dims[2], .width = e->in[0].dims[3], .cosine = 1};
    float scale = (float)vt_attr_f64(e->node, "spatial_scale"), before = 0, after = 0;
    enum pooling pooling = vt_attr_is(e->node, "mode", "max")             ? POOL_MAX
                           : vt_attr_is(e->node, "mode", "max_neighbour") ? POOL_MAX_NEIGHBOUR
                                                                          : POOL_AVG;
    bool aligned = false;

    if (e->node->op->opset != 3 && !vt_attr_is(e->node, "aligned_mode", "asymmetric")) {
        aligned = true;
        before = vt_attr_is(e->node, "aligned_mode", "half_pixel") ? 0.5f : 0;
        after = -0.5f;
    }
    for (int64_t box = 0; box < e->out[0].dims[0] && g.height && g.width; box++) {
        float edge[4], width, height;
        int64_t image;
        int status = image_of(e, box, &image);

        for (int i = 0; i < 4; i++) {
            edge[i] = ((float)vt_get_f64(&e->in[1], box * 4 + i) + before) * scale + after;
        }
        g.x = edge[0];
        g.y = edge[1];
        width = edge[2] - edge[0];
        height = edge[3] - edge[1];
        if (!aligned) {
            width = fmaxf(width, 1);
            height = fmaxf(height, 1);
        }
        status = status ? status : run_box(e, &g, image, box, height, width, pooling);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* Boxes [centre x, centre y, width, height, angle in radians], always half a pixel aligned, always the mean.
 */
int vt_roi_align_rotated_ref(struct vt_eval *e)
{
    struct grid g = {.maps = &e->in[0], .height = e->in[0].dims[2], .width = e->in[0].dims[3]};
    float scale = (float)vt_attr_f64(e->node, "spatial_scale");
    double sign = vt_attr_bool(e->node, "clockwise_mode") ? -1 : 1;

    for (int64_t box = 0; box < e->out[0].dims[0] && g.height && g.width; box++) {
        double angle = sign * vt_get_f64(&e->in[1], box * 5 + 4);
        int64_t image;
        int status = image_of(e, box, &image);

        g.x = (float)vt_get_f64(&e->in[1], box * 5) * scale - 0.5f;
        g.y = (float)vt_get_f64(&e->in[1], box * 5 + 1) * scale - 0.5f;
        g.box_w = (float)vt_get_f64(&e->in[1], box * 5 + 2) * scale;
        g.box_h = (float)vt_get_f64(&e->in[1], box * 5 + 3) * scale;
        g.cosine = (float)cos(angle);
        g.sine = (float)sin(angle);
        status = status ? status : run_box(e, &g, image, box, g.box_h, g.box_w, false);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}
