#include "batch_norm.h"

#include "element.h"

#include <math.h>

int vt_batch_norm_ref(struct vt_eval *e)
{
    int data = vt_batch_norm_data(e->node), gamma = data ? 0 : 1;
    const struct vt_tensor *src = &e->in[data];
    double eps = vt_attr_f64(e->node, "epsilon");
    int64_t plane = 1, channels = src->dims[1], planes = src->dims[0] * channels;

    for (int i = 2; i < src->rank; i++) {
        plane *= src->dims[i];
    }
    for (int64_t p = 0; p < planes; p++) {
        int64_t c = p % channels;
        double scale = vt_get_f64(&e->in[gamma], c) / sqrt(vt_get_f64(&e->in[4], c) + eps);
        double mean = vt_get_f64(&e->in[3], c), beta = vt_get_f64(&e->in[gamma + 1], c);

        for (int64_t i = p * plane; i < (p + 1) * plane; i++) {
            vt_set_f64(&e->out[0], i, (vt_get_f64(src, i) - mean) * scale + beta);
        }
    }
    return VT_OK;
}
