#include "convert.h"

#include "element.h"
#include "vt/fp.h"

#include <string.h>

static int64_t truncate_to(double v, enum vt_type to)
{
    bool wide = vt_type_info(to)->bits == 64 || to == VT_U32;

    if (wide) {
        return v >= -9223372036854775808.0 && v < 9223372036854775808.0 ? (int64_t)v : INT64_MIN;
    }
    return v > -2147483649.0 && v < 2147483648.0 ? (int64_t)v : INT32_MIN;
}

static void integer_to_float(struct vt_tensor *dst, const struct vt_tensor *src, int64_t i)
{
    int64_t v = vt_get_i64(src, i);

    if (dst->type == VT_F64) {
        vt_set_f64(dst, i, vt_get_f64(src, i));
    } else {
        vt_set_f64(dst, i, (double)(src->type == VT_U64 ? (float)(uint64_t)v : (float)v));
    }
}

static void convert(const struct vt_tensor *src, struct vt_tensor *dst)
{
    bool from_float = vt_is_float(src->type), to_float = vt_is_float(dst->type);
    int64_t n = vt_tensor_count(src);

    if (src->type == dst->type) {
        if (dst->bytes) {
            memcpy(dst->data, src->data, dst->bytes);
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        if (from_float && (to_float || dst->type == VT_BOOLEAN)) {
            vt_set_f64(dst, i, vt_get_f64(src, i));
        } else if (from_float) {
            vt_set_i64(dst, i, truncate_to(vt_get_f64(src, i), dst->type));
        } else if (to_float) {
            integer_to_float(dst, src, i);
        } else {
            vt_set_i64(dst, i, vt_get_i64(src, i));
        }
    }
}

int vt_convert_ref(struct vt_eval *e)
{
    /* A code such as f8e8m0's 2^-127 is a subnormal number of f32. */
    uint64_t mode = vt_fp_keep();

    for (int i = 0; i < e->n_out; i++) {
        convert(&e->in[i], &e->out[i]);
    }
    vt_fp_end(mode);
    return VT_OK;
}
