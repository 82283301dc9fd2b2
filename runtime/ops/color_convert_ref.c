#include "color_convert.h"

#include "element.h"
#include "graph.h"

#include <math.h>
#include <string.h>

/* Where luma and both chromas of a picture lie. */
struct picture {
    const struct vt_tensor *y, *u, *v;
    int64_t y_at, u_at, v_at; /* first elements */
    int64_t step;             /* of chroma */
};

static struct picture find(const struct vt_eval *e, int64_t image, int64_t height, int64_t width, bool nv12)
{
    int64_t luma = height * width, chroma = luma / 4, whole = e->n_in == 1 ? luma + luma / 2 : luma;
    struct picture p = {&e->in[0], &e->in[0], &e->in[0], image * whole, 0, 0, nv12 ? 2 : 1};

    if (e->n_in == 1) {
        p.u_at = p.y_at + luma;
        p.v_at = p.u_at + (nv12 ? 1 : chroma);
    } else {
        p.u = &e->in[1];
        p.v = &e->in[e->n_in - 1];
        p.u_at = image * chroma * p.step;
        p.v_at = nv12 ? p.u_at + 1 : image * chroma;
    }
    return p;
}

static void put(struct vt_tensor *dst, int64_t at, float value)
{
    value = value < 0 ? 0 : value > 255 ? 255 : value;
    vt_set_f64(dst, at, (double)(dst->type == VT_U8 ? rintf(value) : value));
}

/* ITU-R BT.601 with the coefficients that OpenVINO writes to three digits; bytes round half to even. */
int vt_color_convert_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t height = dst->dims[1], width = dst->dims[2], at = 0;
    bool nv12 = strncmp(e->node->op->name, "NV12", 4) == 0, blue = strstr(e->node->op->name, "BGR") != NULL;

    for (int64_t image = 0; image < dst->dims[0]; image++) {
        struct picture p = find(e, image, height, width, nv12);

        for (int64_t i = 0; i < height * width; i++, at += 3) {
            int64_t k = (i / width / 2 * (width / 2) + i % width / 2) * p.step;
            float y = (float)vt_get_f64(p.y, p.y_at + i) - 16;
            float u = (float)vt_get_f64(p.u, p.u_at + k) - 128, v = (float)vt_get_f64(p.v, p.v_at + k) - 128;

            put(dst, at + (blue ? 2 : 0), 1.164f * y + 1.596f * v);
            put(dst, at + 1, 1.164f * y - 0.391f * u - 0.813f * v);
            put(dst, at + (blue ? 0 : 2), 1.164f * y + 2.018f * u);
        }
    }
    return VT_OK;
}
