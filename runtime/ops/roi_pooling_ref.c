#include "roi_pooling.h"

#include "element.h"
#include "graph.h"

#include <math.h>

struct maps {
    const struct vt_tensor *t;
    int64_t height, width;
};

static double at(const struct maps *m, int64_t image, int64_t channel, int64_t y, int64_t x)
{
    return vt_get_f64(m->t, ((image * m->t->dims[1] + channel) * m->height + y) * m->width + x);
}

/* Between the four neighbours; 0 outside of the map. */
static double bilinear(const struct maps *m, int64_t image, int64_t channel, float y, float x)
{
    int64_t top, left, bottom, right;
    double dy, dx;

    if (!(y >= 0 && y <= (float)(m->height - 1) && x >= 0 && x <= (float)(m->width - 1))) {
        return 0;
    }
    top = (int64_t)floorf(y);
    left = (int64_t)floorf(x);
    bottom = (int64_t)ceilf(y);
    right = (int64_t)ceilf(x);
    dy = (double)(y - (float)top);
    dx = (double)(x - (float)left);
    return (1 - dy) * ((1 - dx) * at(m, image, channel, top, left) + dx * at(m, image, channel, top, right)) +
           dy * ((1 - dx) * at(m, image, channel, bottom, left) + dx * at(m, image, channel, bottom, right));
}

struct box {
    int64_t image; /* -1: no box */
    float x1, y1, x2, y2;
};

/* Rows of boxes may be ended by an image of -1. */
static int read_box(struct vt_eval *e, int64_t i, struct box *box)
{
    const struct vt_tensor *boxes = &e->in[1];
    double image = vt_get_f64(boxes, 5 * i);

    box->x1 = (float)vt_get_f64(boxes, 5 * i + 1);
    box->y1 = (float)vt_get_f64(boxes, 5 * i + 2);
    box->x2 = (float)vt_get_f64(boxes, 5 * i + 3);
    box->y2 = (float)vt_get_f64(boxes, 5 * i + 4);
    if (!(image >= -1 && image < (double)e->in[0].dims[0])) {
        return vt_fail(e->err, VT_E_RANGE, "box %lld is of image %g, there are %lld", (long long)i, image,
                       (long long)e->in[0].dims[0]);
    }
    box->image = (int64_t)image;
    return VT_OK;
}

/* From the pooled cells `i` and `i + 1` of n to elements, held inside of the map. */
static void cell(float begin, float length, int64_t i, int64_t n, int64_t in, int64_t *first, int64_t *last)
{
    float size = length / (float)n, low = floorf((float)i * size + begin);
    float high = ceilf((float)(i + 1) * size + begin);

    *first = (int64_t)fminf(fmaxf(low, 0), (float)in);
    *last = (int64_t)fminf(fmaxf(high, 0), (float)in);
}

static double largest(const struct maps *m, const struct box *b, int64_t c, const int64_t rows[2],
                      const int64_t columns[2])
{
    double max = -INFINITY;

    for (int64_t y = rows[0]; y < rows[1]; y++) {
        for (int64_t x = columns[0]; x < columns[1]; x++) {
            double v = at(m, b->image, c, y, x);

            max = v > max || isnan(v) ? v : max;
        }
    }
    return rows[0] < rows[1] && columns[0] < columns[1] ? max : 0;
}

/* A pooled cell's place between the edges, as an element. */
static float between(float low, float high, int64_t i, int64_t n, int64_t in)
{
    float far = (float)(in - 1);

    return n > 1 ? (float)i * ((high - low) * far / (float)(n - 1)) + low * far : 0.5f * (low + high) * far;
}

int vt_roi_pooling_ref(struct vt_eval *e)
{
    struct maps m = {&e->in[0], e->in[0].dims[2], e->in[0].dims[3]};
    struct vt_tensor *dst = &e->out[0];
    float scale = (float)vt_attr_f64(e->node, "spatial_scale");
    bool max = vt_attr_is(e->node, "method", "max");
    int64_t index[4] = {0}, place = 0;

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    do {
        int64_t rows[2], columns[2], height = dst->dims[2], width = dst->dims[3];
        double value = 0;
        struct box b;
        int status = read_box(e, index[0], &b);

        if (status) {
            return status;
        }
        if (b.image >= 0 && max) {
            float x = roundf(b.x1 * scale), y = roundf(b.y1 * scale);

            cell(y, fmaxf(roundf(b.y2 * scale) - y + 1, 1), index[2], height, m.height, &rows[0], &rows[1]);
            cell(x, fmaxf(roundf(b.x2 * scale) - x + 1, 1), index[3], width, m.width, &columns[0],
                 &columns[1]);
            value = largest(&m, &b, index[1], rows, columns);
        } else if (b.image >= 0) {
            value = bilinear(&m, b.image, index[1], between(b.y1, b.y2, index[2], height, m.height),
                             between(b.x1, b.x2, index[3], width, m.width));
        }
        vt_set_f64(dst, place++, value);
    } while (vt_next_index(4, dst->dims, index));
    return VT_OK;
}

/* ---- PSROIPooling: each cell of the pooled box has a channel of its own */

static double average(const struct maps *m, const struct box *b, float scale, const int64_t index[4],
                      int64_t group)
{
    float x = roundf(b->x1) * scale, y = roundf(b->y1) * scale;
    float width = fmaxf((roundf(b->x2) + 1) * scale - x, 0.1f);
    float height = fmaxf((roundf(b->y2) + 1) * scale - y, 0.1f);
    int64_t rows[2], columns[2], c = (index[1] * group + index[2]) * group + index[3];
    double sum = 0;

    cell(y, height, index[2], group, m->height, &rows[0], &rows[1]);
    cell(x, width, index[3], group, m->width, &columns[0], &columns[1]);
    for (int64_t i = rows[0]; i < rows[1]; i++) {
        for (int64_t k = columns[0]; k < columns[1]; k++) {
            sum += at(m, b->image, c, i, k);
        }
    }
    return rows[0] < rows[1] && columns[0] < columns[1]
               ? sum / (double)((rows[1] - rows[0]) * (columns[1] - columns[0]))
               : 0;
}

static double by_bins(const struct maps *m, const struct box *b, float scale, const int64_t index[4],
                      int64_t group, const int64_t bins[2])
{
    float x = b->x1 * scale, y = b->y1 * scale;
    float width = (b->x2 * scale - x) / (float)bins[1], height = (b->y2 * scale - y) / (float)bins[0];
    double sum = 0;

    for (int64_t i = 0; i < bins[0]; i++) {
        for (int64_t k = 0; k < bins[1]; k++) {
            float top = y + (float)i * height, left = x + (float)k * width;
            int64_t c = (i * bins[1] + k) * m->t->dims[1] / (bins[0] * bins[1]) + index[1];

            sum += bilinear(m, b->image, c, between(top, top + height, index[2], group, m->height),
                            between(left, left + width, index[3], group, m->width));
        }
    }
    return sum / (double)(bins[0] * bins[1]);
}

int vt_psroi_pooling_ref(struct vt_eval *e)
{
    struct maps m = {&e->in[0], e->in[0].dims[2], e->in[0].dims[3]};
    struct vt_tensor *dst = &e->out[0];
    float scale = (float)vt_attr_f64(e->node, "spatial_scale");
    int64_t group = vt_attr_i64(e->node, "group_size"), index[4] = {0}, place = 0;
    int64_t bins[2] = {vt_attr_i64(e->node, "spatial_bins_y"), vt_attr_i64(e->node, "spatial_bins_x")};
    bool bilinear_mode = vt_attr_is(e->node, "mode", "bilinear");
    struct box b;

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    do {
        double value = 0;
        int status = read_box(e, index[0], &b);

        if (status) {
            return status;
        }
        if (b.image >= 0) {
            value = bilinear_mode ? by_bins(&m, &b, scale, index, group, bins)
                                  : average(&m, &b, scale, index, group);
        }
        vt_set_f64(dst, place++, value);
    } while (vt_next_index(4, dst->dims, index));
    return VT_OK;
}
