#include "string_tensor.h"

#include "element.h"
#include "vt/strings.h"

int vt_string_tensor_pack_ref(struct vt_eval *e)
{
    const struct vt_tensor *symbols = &e->in[2];
    int64_t n = vt_tensor_count(&e->out[0]), total = vt_tensor_count(symbols);
    char *texts = vt_eval_text(e, (size_t)total);

    if (!texts) {
        return VT_E_NOMEM;
    }
    if (total) {
        memcpy(texts, symbols->data, (size_t)total);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t begin = vt_get_i64(&e->in[0], i), end = vt_get_i64(&e->in[1], i);

        if (begin < 0 || end < begin || end > total) {
            return vt_fail(e->err, VT_E_RANGE, "string %lld is from %lld to %lld of %lld symbols",
                           (long long)i, (long long)begin, (long long)end, (long long)total);
        }
        vt_string_set(&e->out[0], i, texts + begin, (size_t)(end - begin));
    }
    return VT_OK;
}

int vt_string_tensor_unpack_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n = vt_tensor_count(src), total = 0, at = 0;
    int status = vt_eval_output(e, 0, VT_I32, src->rank, src->dims);

    for (int64_t i = 0; i < n; i++) {
        if (__builtin_add_overflow(total, vt_string_get(src, i).length, &total) || total > INT32_MAX) {
            return vt_fail(e->err, VT_E_RANGE, "strings of more than 2 GiB");
        }
    }
    status = status ? status : vt_eval_output(e, 1, VT_I32, src->rank, src->dims);
    status = status ? status : vt_eval_output(e, 2, VT_U8, 1, &total);
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_string s = vt_string_get(src, i);

        vt_set_i64(&e->out[0], i, at);
        if (s.length) {
            memcpy((char *)e->out[2].data + at, s.text, s.length);
        }
        at += (int64_t)s.length;
        vt_set_i64(&e->out[1], i, at);
    }
    return status;
}
