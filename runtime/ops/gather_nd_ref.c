#include "gather_nd.h"

#include "move.h"

int vt_gather_nd_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1];
    int64_t batch = vt_attr_i64(e->node, "batch_dims"), depth = index->dims[index->rank - 1];
    int64_t strides[VT_MAX_RANK], run = 1, batches = 1, per_batch = 1, block = 1;

    vt_strides(data, strides);
    for (int i = 0; i < data->rank; i++) {
        *(i < batch ? &batches : &block) *= data->dims[i];
        run *= i < batch + depth ? 1 : data->dims[i];
    }
    for (int64_t i = batch; i < index->rank - 1; i++) {
        per_batch *= index->dims[i];
    }
    for (int64_t k = 0; k < batches * per_batch; k++) {
        int64_t from = k / per_batch * block, at;

        for (int64_t d = 0; d < depth; d++) {
            int64_t i = vt_get_i64(index, k * depth + d), n = data->dims[batch + d];

            if (!vt_wrap_index(i, n, &at)) {
                return vt_fail(e->err, VT_E_RANGE, "index %lld is outside of the %lld elements of axis %lld",
                               (long long)i, (long long)n, (long long)(batch + d));
            }
            from += at * strides[batch + d];
        }
        vt_move_run(&e->out[0], k * run, data, from, run);
    }
    return VT_OK;
}
