#include "scatter_elements_update.h"

#include "graph.h"
#include "move.h"
#include "scatter_reduce.h"

int vt_scatter_elements_update_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0], *index = &e->in[1];
    bool reduces = e->node->op->opset >= 12;
    int64_t axis = vt_eval_axis(vt_get_i64(&e->in[3], 0), data->rank), n = vt_tensor_count(index), at = 0;
    int64_t strides[VT_MAX_RANK], place[VT_MAX_RANK] = {0};
    struct vt_scatter s;
    int status = vt_scatter_init(&s, vt_scatter_kind_of(reduces ? vt_attr_str(e->node, "reduction") : "none"),
                                 !reduces || vt_attr_bool(e->node, "use_init_val"), &e->out[0], data, e->err);

    vt_strides(data, strides);
    for (int64_t k = 0; k < n && status == VT_OK; k++) {
        int64_t to = 0;

        for (int i = 0; i < data->rank; i++) {
            int64_t p = i == axis ? vt_get_i64(index, k) : place[i];

            if (!vt_wrap_index(p, data->dims[i], &at)) {
                status = vt_fail(e->err, VT_E_RANGE, "index %lld is outside of the %lld elements of axis %d",
                                 (long long)p, (long long)data->dims[i], i);
                break;
            }
            to += at * strides[i];
        }
        if (status == VT_OK) {
            vt_scatter_put(&s, to, &e->in[2], k);
        }
        vt_next_index(index->rank, index->dims, place);
    }
    vt_scatter_finish(&s);
    return status;
}
