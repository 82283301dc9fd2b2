#include "deformable_psroi_pooling.h"

#include "element.h"

#include <math.h>

struct pooling {
    struct vt_eval *e;
    bool deformable;
    int64_t height, width, group, outputs, bins[2], part, classes; /* bins: x, y */
    float scale, spread;
};

struct box {
    int64_t number, image;
    float begin[2], length[2]; /* x, y, in elements */
};

/* Between the four neighbours of a place inside of the map. */
static double sample(const struct pooling *q, int64_t plane, float x, float y)
{
    int64_t left = (int64_t)floorf(x), right = (int64_t)ceilf(x), top = (int64_t)floorf(y),
            bottom = (int64_t)ceilf(y);
    double dx = (double)(x - (float)left), dy = (double)(y - (float)top);
    const struct vt_tensor *t = &q->e->in[0];

    return (1 - dy) * ((1 - dx) * vt_get_f64(t, plane + top * q->width + left) +
                       dx * vt_get_f64(t, plane + top * q->width + right)) +
           dy * ((1 - dx) * vt_get_f64(t, plane + bottom * q->width + left) +
                 dx * vt_get_f64(t, plane + bottom * q->width + right));
}

/* Where a cell begins. */
static void corner(const struct pooling *q, const struct box *b, int64_t output, const int64_t cell[2],
                   float at[2])
{
    int64_t part[2], class = output / (q->outputs / q->classes);

    for (int i = 0; i < 2; i++) {
        part[i] = cell[i] * q->part / q->group;
        at[i] = (float)cell[i] * (b->length[i] / (float)q->group) + b->begin[i];
    }
    for (int i = 0; i < 2 && q->deformable; i++) {
        int64_t channel = (b->number * q->classes + class) * 2 + i;
        float offset = (float)vt_get_f64(&q->e->in[2], (channel * q->part + part[1]) * q->part + part[0]);

        at[i] += offset * q->spread * b->length[i];
    }
}

static double pool(const struct pooling *q, const struct box *b, int64_t output, const int64_t cell[2])
{
    int64_t channel = (output * q->group + cell[1]) * q->group + cell[0], n = 0;
    int64_t plane = (b->image * q->outputs * q->group * q->group + channel) * q->height * q->width;
    float step[2], at[2];
    double sum = 0;

    corner(q, b, output, cell, at);
    for (int i = 0; i < 2; i++) {
        step[i] = b->length[i] / (float)q->group / (float)q->bins[i];
    }
    for (int64_t k = 0; k < q->bins[0] * q->bins[1] && q->width > 0 && q->height > 0; k++) {
        float x = at[0] + (float)(k % q->bins[0]) * step[0], y = at[1] + (float)(k / q->bins[0]) * step[1];

        if (x >= -0.5F && x <= (float)q->width - 0.5F && y >= -0.5F && y <= (float)q->height - 0.5F) {
            x = fminf(fmaxf(x, 0), (float)(q->width - 1));
            y = fminf(fmaxf(y, 0), (float)(q->height - 1));
            sum += sample(q, plane, x, y);
            n++;
        }
    }
    return n ? sum / (double)n : 0;
}

static int load_box(const struct pooling *q, int64_t i, struct box *b)
{
    const struct vt_tensor *boxes = &q->e->in[1];
    double image = vt_get_f64(boxes, 5 * i);

    if (!(image >= 0 && image < (double)q->e->in[0].dims[0])) {
        return vt_fail(q->e->err, VT_E_RANGE, "box %lld is of image %g, there are %lld", (long long)i, image,
                       (long long)q->e->in[0].dims[0]);
    }
    b->number = i;
    b->image = (int64_t)image;
    for (int k = 0; k < 2; k++) {
        float end = (roundf((float)vt_get_f64(boxes, 5 * i + 3 + k)) + 1) * q->scale - 0.5F;

        b->begin[k] = roundf((float)vt_get_f64(boxes, 5 * i + 1 + k)) * q->scale - 0.5F;
        b->length[k] = fmaxf(end - b->begin[k], 0.1F);
    }
    return VT_OK;
}

int vt_deformable_psroi_pooling_ref(struct vt_eval *e)
{
    const struct vt_node *node = e->node;
    struct pooling q = {.e = e, .height = e->in[0].dims[2], .width = e->in[0].dims[3], .classes = 1};
    int64_t at = 0, cell[2];

    q.deformable = e->n_in > 2 && e->in[2].type != VT_DYNAMIC;
    q.group = vt_attr_i64(node, "group_size");
    q.outputs = vt_attr_i64(node, "output_dim");
    q.bins[0] = vt_attr_i64(node, "spatial_bins_x");
    q.bins[1] = vt_attr_i64(node, "spatial_bins_y");
    q.part = vt_attr_i64(node, "part_size");
    q.scale = (float)vt_attr_f64(node, "spatial_scale");
    q.spread = (float)vt_attr_f64(node, "trans_std");
    q.classes = q.deformable ? e->in[2].dims[1] / 2 : 1;
    for (int64_t i = 0; i < e->out[0].dims[0]; i++) {
        struct box b = {0};
        int status = load_box(&q, i, &b);

        if (status) {
            return status;
        }
        for (int64_t output = 0; output < q.outputs; output++) {
            for (cell[1] = 0; cell[1] < q.group; cell[1]++) {
                for (cell[0] = 0; cell[0] < q.group; cell[0]++) {
                    vt_set_f64(&e->out[0], at++, pool(&q, &b, output, cell));
                }
            }
        }
    }
    return VT_OK;
}
