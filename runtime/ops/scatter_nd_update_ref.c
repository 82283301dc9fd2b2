#include "scatter_nd_update.h"

#include "graph.h"
#include "move.h"
#include "scatter_reduce.h"

int vt_scatter_nd_update_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1];
    int64_t depth = index->dims[index->rank - 1], strides[VT_MAX_RANK], run = 1, picks = 1, at;
    struct vt_scatter s;
    int status = vt_scatter_init(
        &s, vt_scatter_kind_of(e->node->op->opset >= 15 ? vt_attr_str(e->node, "reduction") : "none"), true,
        &e->out[0], data, e->err);

    vt_strides(data, strides);
    for (int64_t i = depth; i < data->rank; i++) {
        run *= data->dims[i];
    }
    for (int i = 0; i < index->rank - 1; i++) {
        picks *= index->dims[i];
    }
    for (int64_t k = 0; k < picks && status == VT_OK; k++) {
        int64_t to = 0;

        for (int64_t d = 0; d < depth && status == VT_OK; d++) {
            int64_t i = vt_get_i64(index, k * depth + d);

            if (!vt_wrap_index(i, data->dims[d], &at)) {
                status =
                    vt_fail(e->err, VT_E_RANGE, "index %lld is outside of the %lld elements of axis %lld",
                            (long long)i, (long long)data->dims[d], (long long)d);
            }
            to += at * strides[d];
        }
        for (int64_t j = 0; j < run && status == VT_OK; j++) {
            vt_scatter_put(&s, to + j, &e->in[2], k * run + j);
        }
    }
    vt_scatter_finish(&s);
    return status;
}
