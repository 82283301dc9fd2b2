#include "yolo.h"

#include "element.h"
#include "graph.h"
#include "move.h"

#include <math.h>

static void sigmoid_run(struct vt_tensor *dst, int64_t at, int64_t n)
{
    for (int64_t i = at; i < at + n; i++) {
        vt_set_f64(dst, i, 1 / (1 + exp(-vt_get_f64(dst, i))));
    }
}

/* Over `n` values that lie `step` apart. */
static void softmax_line(struct vt_tensor *dst, int64_t at, int64_t n, int64_t step)
{
    double largest = -INFINITY, sum = 0;

    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, vt_get_f64(dst, at + i * step));
    }
    for (int64_t i = 0; i < n; i++) {
        sum += exp(vt_get_f64(dst, at + i * step) - largest);
    }
    for (int64_t i = 0; i < n; i++) {
        vt_set_f64(dst, at + i * step, exp(vt_get_f64(dst, at + i * step) - largest) / sum);
    }
}

/* A region has the planes [x, y, other coordinates, objectness, classes]. x, y and objectness go through a
 * sigmoid, and the classes through a softmax or a sigmoid each; the rest passes. */
int vt_region_yolo_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    int64_t coords = vt_attr_i64(e->node, "coords"), classes = vt_attr_i64(e->node, "classes"), regions;
    int64_t plane = src->dims[2] * src->dims[3], image;
    bool softmax = vt_attr_bool(e->node, "do_softmax");

    regions = vt_attr_i64(e->node, "num");
    if (!softmax) {
        (void)vt_attr_i64s(e->node, "mask", &regions);
    }
    image = src->dims[0] ? vt_tensor_count(dst) / src->dims[0] : 0;
    if (!image || image > src->dims[1] * plane) {
        return image ? vt_fail(e->err, VT_E_SHAPE, "the output has more channels than input 0") : VT_OK;
    }
    if (regions * (coords + classes + 1) * plane > image) {
        return vt_fail(e->err, VT_E_SHAPE, "input 0 has too few channels for %lld regions",
                       (long long)regions);
    }
    for (int64_t b = 0; b < src->dims[0]; b++) {
        vt_move_run(dst, b * image, src, b * src->dims[1] * plane, image);
        for (int64_t r = 0; r < regions; r++) {
            int64_t at = b * image + r * (coords + classes + 1) * plane;

            sigmoid_run(dst, at, (coords < 2 ? coords : 2) * plane);
            at += coords * plane;
            sigmoid_run(dst, at, (softmax ? 1 : classes + 1) * plane);
            for (int64_t i = 0; softmax && i < plane; i++) {
                softmax_line(dst, at + plane + i, classes, plane);
            }
        }
    }
    return VT_OK;
}

/* The elements in the order of the input [N, C, H, W] are read at the places that an image of
 * [N, C / stride^2, H * stride, W * stride] has: what darknet's layer does. */
int vt_reorg_yolo_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n, stride = *vt_attr_i64s(e->node, "stride", &n), channels = src->dims[1] / (stride * stride);
    int64_t index[4] = {0}, at = 0;

    if (!vt_tensor_count(src)) {
        return VT_OK;
    }
    if (src->dims[1] % (stride * stride)) {
        return vt_fail(e->err, VT_E_SHAPE, "%lld channels are no multiple of the square of stride %lld",
                       (long long)src->dims[1], (long long)stride);
    }
    do {
        int64_t part = index[1] / channels, y = index[2] * stride + part / stride;
        int64_t x = index[3] * stride + part % stride, c = index[0] * channels + index[1] % channels;

        vt_move_element(&e->out[0], at++, src, (c * src->dims[2] * stride + y) * src->dims[3] * stride + x);
    } while (vt_next_index(4, src->dims, index));
    return VT_OK;
}
