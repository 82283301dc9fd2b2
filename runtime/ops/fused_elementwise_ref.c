#include "fused_elementwise.h"

#include "element.h"
#include "post_ref.h"

int vt_fused_elementwise_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    int64_t index[VT_MAX_RANK] = {0}, n = vt_tensor_count(dst);

    for (int64_t i = 0; i < n; i++) {
        double acc = vt_get_f64(src, vt_broadcast_offset(src, dst->rank, index));

        vt_set_f64(dst, i, vt_post_apply(e, acc, dst->rank, index));
        vt_next_index(dst->rank, dst->dims, index);
    }
    return VT_OK;
}
