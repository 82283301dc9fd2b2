#include "binary_convolution.h"

#include "doubles.h"
#include "element.h"

/* Weights of type u1 are read from the low bit of each byte upwards, as OpenVINO does here, though its
 * tensors of that type begin with the high bit everywhere else: models have been made for it. */
static bool bit(const struct vt_tensor *weights, int64_t i)
{
    if (weights->type == VT_U1) {
        return ((const uint8_t *)weights->data)[i / 8] >> i % 8 & 1;
    }
    return vt_get_i64(weights, i) != 0;
}

/* Data and weights stand for +1 (above 0, bit set) and -1; padding is pad_value. Two spatial axes. */
static double window(const struct vt_eval *e, const struct vt_window *w, double pad, const int64_t *index)
{
    const struct vt_tensor *src = &e->in[0], *weights = &e->in[1];
    int64_t k[VT_MAX_RANK] = {0}, at = index[1] * (vt_tensor_count(weights) / weights->dims[0]);
    double sum = 0;

    do {
        int64_t from = index[0] * src->dims[1] + k[0];
        bool inside = true;
        double v = pad;

        for (int i = 0; i < w->n; i++) {
            int64_t x = index[2 + i] * w->stride[i] - w->pad_begin[i] + k[1 + i] * w->dilation[i];

            inside &= x >= 0 && x < src->dims[2 + i];
            from = from * src->dims[2 + i] + x;
        }
        if (inside) {
            v = vt_get_f64(src, from) > 0 ? 1 : -1;
        }
        sum += bit(weights, at++) ? v : -v;
    } while (vt_next_index(weights->rank - 1, weights->dims + 1, k));
    return sum;
}

int vt_binary_convolution_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t index[VT_MAX_RANK] = {0}, to = 0;
    double pad = vt_attr_f64(e->node, "pad_value");
    struct vt_window w;
    int status = vt_window_read(e->node, e->in[0].rank - 2, &w, e->err);

    if (status || vt_tensor_count(dst) == 0 || vt_tensor_count(&e->in[1]) == 0) {
        return status;
    }
    for (int i = 0; i < w.n; i++) {
        vt_window_resolve(&w, i, e->in[0].dims[2 + i], dst->dims[2 + i], e->in[1].dims[2 + i], false);
    }
    do {
        vt_store_double(dst, to++, window(e, &w, pad, index));
    } while (vt_next_index(dst->rank, dst->dims, index));
    return VT_OK;
}
