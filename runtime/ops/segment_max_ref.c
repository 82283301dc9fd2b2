#include "segment_max.h"

#include "element.h"
#include "graph.h"
#include "move.h"

#include <math.h>

/* The lowest value of a type. */
static void set_lowest(struct vt_tensor *t, int64_t index)
{
    const struct vt_type_info *info = vt_type_info(t->type);

    if (info->is_float) {
        vt_set_f64(t, index,
                   t->type == VT_F32   ? -(double)__FLT_MAX__
                   : t->type == VT_F64 ? -__DBL_MAX__
                   : t->type == VT_F16 ? -65504.0
                                       : -0x1.fep127);
    } else {
        vt_set_i64(t, index,
                   info->is_signed ? (info->bits == 64 ? INT64_MIN : -((int64_t)1 << (info->bits - 1))) : 0);
    }
}

static bool larger(const struct vt_tensor *a, int64_t i, const struct vt_tensor *b, int64_t k)
{
    if (vt_is_float(a->type)) {
        return vt_get_f64(a, i) > vt_get_f64(b, k);
    }
    return a->type == VT_U64 ? (uint64_t)vt_get_i64(a, i) > (uint64_t)vt_get_i64(b, k)
                             : vt_get_i64(a, i) > vt_get_i64(b, k);
}

/* segment_ids are sorted; rows of segments at or beyond num_segments are left out. */
int vt_segment_max_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0], *ids = &e->in[1];
    int64_t rows = src->dims[0], row = rows ? vt_tensor_count(src) / rows : 0, dims[VT_MAX_RANK], count = 0;
    bool zero = vt_attr_is(e->node, "fill_mode", "zero");
    struct vt_tensor *dst;
    int status;

    if (e->n_in > 2 && e->in[2].type != VT_DYNAMIC) {
        count = vt_get_i64(&e->in[2], 0);
    } else if (rows && __builtin_add_overflow(vt_get_i64(ids, rows - 1), 1, &count)) {
        return vt_fail(e->err, VT_E_INVALID, "segment_ids end with %lld", (long long)INT64_MAX);
    }
    for (int64_t i = 0; i < rows; i++) {
        int64_t id = vt_get_i64(ids, i);

        if (id < 0 || (i && id < vt_get_i64(ids, i - 1))) {
            return vt_fail(e->err, VT_E_INVALID,
                           "segment_ids[%lld] is %lld: they must be sorted and not negative", (long long)i,
                           (long long)id);
        }
    }
    if (count < 0) {
        return vt_fail(e->err, VT_E_INVALID, "num_segments is %lld", (long long)count);
    }
    for (int i = 0; i < src->rank; i++) {
        dims[i] = i ? src->dims[i] : count;
    }
    status = vt_eval_output(e, 0, src->type, src->rank, dims);
    if (status) {
        return status;
    }
    dst = &e->out[0];
    for (int64_t i = 0; i < vt_tensor_count(dst); i++) {
        if (zero) {
            vt_set_i64(dst, i, 0);
        } else {
            set_lowest(dst, i);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        int64_t id = vt_get_i64(ids, i);
        bool first = i == 0 || vt_get_i64(ids, i - 1) != id;

        for (int64_t k = 0; id < count && k < row; k++) {
            if (first || larger(src, i * row + k, dst, id * row + k)) {
                vt_move_element(dst, id * row + k, src, i * row + k);
            }
        }
    }
    return VT_OK;
}
