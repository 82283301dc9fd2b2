#include "extract_image_patches.h"

#include "element.h"
#include "graph.h"
#include "move.h"

/* What lies in front of the image so that all patches fit. */
static int64_t padding(int64_t in, int64_t out, int64_t size, int64_t stride, int64_t rate, bool lower)
{
    int64_t all = (out - 1) * stride + (size - 1) * rate + 1 - in;

    return all <= 0 ? 0 : lower ? all - all / 2 : all / 2;
}

/* Output channel (row * columns + column) * C + c holds pixel (row, column) of the patches. */
int vt_extract_image_patches_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    int64_t n, index[4] = {0}, pad[2] = {0, 0}, at = 0;
    const int64_t *sizes = vt_attr_i64s(e->node, "sizes", &n),
                  *strides = vt_attr_i64s(e->node, "strides", &n);
    const int64_t *rates = vt_attr_i64s(e->node, "rates", &n);

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    for (int i = 0; i < 2 && !vt_attr_is(e->node, "auto_pad", "valid"); i++) {
        pad[i] = padding(src->dims[i + 2], dst->dims[i + 2], sizes[i], strides[i], rates[i],
                         vt_attr_is(e->node, "auto_pad", "same_lower"));
    }
    do {
        int64_t tap = index[1] / src->dims[1], c = index[1] % src->dims[1];
        int64_t y = index[2] * strides[0] - pad[0] + tap / sizes[1] * rates[0];
        int64_t x = index[3] * strides[1] - pad[1] + tap % sizes[1] * rates[1];

        if (y < 0 || y >= src->dims[2] || x < 0 || x >= src->dims[3]) {
            vt_zero_run(dst, at++, 1);
        } else {
            vt_move_element(dst, at++, src,
                            ((index[0] * src->dims[1] + c) * src->dims[2] + y) * src->dims[3] + x);
        }
    } while (vt_next_index(4, dst->dims, index));
    return VT_OK;
}
