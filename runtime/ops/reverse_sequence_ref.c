#include "reverse_sequence.h"

#include "move.h"

int vt_reverse_sequence_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t batch = vt_eval_axis(vt_attr_i64(e->node, "batch_axis"), src->rank);
    int64_t seq = vt_eval_axis(vt_attr_i64(e->node, "seq_axis"), src->rank);
    int64_t strides[VT_MAX_RANK], index[VT_MAX_RANK] = {0}, at = 0;

    vt_strides(src, strides);
    for (int64_t b = 0; b < src->dims[batch]; b++) {
        int64_t n = vt_get_i64(&e->in[1], b);

        if (n < 0 || n > src->dims[seq]) {
            return vt_fail(e->err, VT_E_RANGE, "sequence length %lld is outside of 0..%lld", (long long)n,
                           (long long)src->dims[seq]);
        }
    }
    if (!vt_tensor_count(src)) {
        return VT_OK;
    }
    do {
        int64_t n = vt_get_i64(&e->in[1], index[batch]), i = index[seq];

        vt_move_element(&e->out[0], at, src, at + (i < n ? n - 1 - 2 * i : 0) * strides[seq]);
        at++;
    } while (vt_next_index(src->rank, src->dims, index));
    return VT_OK;
}
