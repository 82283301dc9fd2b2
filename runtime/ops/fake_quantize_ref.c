#include "fake_quantize.h"

#include "auto_broadcast.h"
#include "element.h"
#include "vt/half.h"

#include <math.h>

static double quantize(double x, const double *range, double steps)
{
    double low = fmin(range[0], range[1]), high = fmax(range[0], range[1]);

    if (!(x > low)) {
        return range[2];
    }
    if (x > high) {
        return range[3];
    }
    return rint((x - range[0]) / (range[1] - range[0]) * steps) / steps * (range[3] - range[2]) + range[2];
}

int vt_fake_quantize_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    double steps = (double)(vt_attr_i64(e->node, "levels") - 1);
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    vt_walk_init(&w, dst->rank, dst->dims, 5, e->in);
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        double range[4];

        for (int k = 0; k < 4; k++) {
            range[k] = vt_get_f64(&e->in[k + 1], w.at[k + 1]);
        }
        vt_set_f64(dst, i, quantize(vt_get_f64(&e->in[0], w.at[0]), range, steps));
    }
    return VT_OK;
}

static float through_f8(float v, bool e4m3)
{
    float top = e4m3 ? 448.0f : 57344.0f;

    v = v > top ? top : v < -top ? -top : v;
    return e4m3 ? vt_f8e4m3_to_f32(vt_f32_to_f8e4m3(v)) : vt_f8e5m2_to_f32(vt_f32_to_f8e5m2(v));
}

int vt_fake_convert_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    bool e4m3 = vt_attr_is(e->node, "destination_type", "f8e4m3");
    bool shifted = e->n_in > 2 && e->in[2].type != VT_DYNAMIC;
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    vt_walk_init(&w, dst->rank, dst->dims, e->n_in, e->in);
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        float x = (float)vt_get_f64(&e->in[0], w.at[0]), scale = (float)vt_get_f64(&e->in[1], w.at[1]);
        float shift = shifted ? (float)vt_get_f64(&e->in[2], w.at[2]) : 0;

        vt_set_f64(dst, i, (double)((through_f8(x * scale - shift, e4m3) + shift) / scale));
    }
    return VT_OK;
}
