#include "non_zero.h"

#include "element.h"

static bool non_zero(const struct vt_tensor *t, int64_t i)
{
    return vt_is_float(t->type) ? vt_get_f64(t, i) != 0 : vt_get_i64(t, i) != 0;
}

int vt_non_zero_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n = vt_tensor_count(src), found = 0, index[VT_MAX_RANK] = {0}, at = 0;
    int status;

    for (int64_t i = 0; i < n; i++) {
        found += non_zero(src, i);
    }
    status = vt_eval_output(e, 0, vt_attr_type_of(e->node, "output_type"), 2,
                            (const int64_t[]){src->rank ? src->rank : 1, found});
    /* The output of a scalar has one row, which index[0] = 0 fills. */
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        if (non_zero(src, i)) {
            for (int k = 0; k < e->out[0].dims[0]; k++) {
                vt_set_i64(&e->out[0], k * found + at, index[k]);
            }
            at++;
        }
        vt_next_index(src->rank, src->dims, index);
    }
    return status;
}
