#include "col2im.h"

#include "heap.h"
#include "move.h"

struct window {
    int64_t size[2], kernel[2], stride[2], dilation[2], begin[2], count[2];
};

static int64_t pair(const struct vt_node *node, const char *name, int i, int64_t otherwise)
{
    int64_t n;
    const int64_t *list = vt_attr_i64s(node, name, &n);

    return n ? list[i] : otherwise;
}

static void read_window(const struct vt_eval *e, struct window *w)
{
    for (int i = 0; i < 2; i++) {
        int64_t reach;

        w->size[i] = vt_get_i64(&e->in[1], i);
        w->kernel[i] = vt_get_i64(&e->in[2], i);
        w->stride[i] = pair(e->node, "strides", i, 1);
        w->dilation[i] = pair(e->node, "dilations", i, 1);
        w->begin[i] = pair(e->node, "pads_begin", i, 0);
        reach = w->size[i] + w->begin[i] + pair(e->node, "pads_end", i, 0) -
                (w->kernel[i] - 1) * w->dilation[i] - 1;
        w->count[i] = reach < 0 ? 0 : reach / w->stride[i] + 1;
    }
}

/* Add the columns of one channel to its plane. Row r of the channel belongs to kernel element r. */
static void add_channel(const struct window *w, const struct vt_tensor *src, int64_t first_row, double *plane)
{
    int64_t places = w->count[0] * w->count[1], kernel = w->kernel[0] * w->kernel[1];

    for (int64_t r = 0; r < kernel; r++) {
        for (int64_t p = 0; p < places; p++) {
            int64_t y = p / w->count[1] * w->stride[0] - w->begin[0] + r / w->kernel[1] * w->dilation[0];
            int64_t x = p % w->count[1] * w->stride[1] - w->begin[1] + r % w->kernel[1] * w->dilation[1];

            if (y >= 0 && y < w->size[0] && x >= 0 && x < w->size[1]) {
                plane[y * w->size[1] + x] += vt_get_f64(src, (first_row + r) * places + p);
            }
        }
    }
}

int vt_col2im_ref(struct vt_eval *e)
{
    struct window w;
    int64_t plane_size = e->out[0].dims[e->out[0].rank - 2] * e->out[0].dims[e->out[0].rank - 1];
    int64_t planes = plane_size ? vt_tensor_count(&e->out[0]) / plane_size : 0;
    double *plane = vt_temp_alloc(((size_t)plane_size + 1) * sizeof(*plane));

    if (!plane) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    read_window(e, &w);
    for (int64_t k = 0; k < planes; k++) {
        for (int64_t i = 0; i < plane_size; i++) {
            plane[i] = 0;
        }
        add_channel(&w, &e->in[0], k * w.kernel[0] * w.kernel[1], plane);
        for (int64_t i = 0; i < plane_size; i++) {
            vt_set_f64(&e->out[0], k * plane_size + i, plane[i]);
        }
    }
    vt_temp_free(plane);
    return VT_OK;
}
