#include "texts.h"

#include "graph.h"
#include "map.h"
#include "vt/checked.h"

#include <stdlib.h>

static bool texts_bytes(const struct vt_tensor *t, size_t *bytes)
{
    *bytes = 0;
    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        if (!vt_add_size(*bytes, vt_string_get(t, i).length, bytes)) {
            return false;
        }
    }
    return true;
}

struct vt_blob *vt_strings_keep(const struct vt_tensor *t)
{
    struct vt_tensor copy = *t;
    struct vt_blob *blob;
    size_t bytes;
    char *at;

    if (!texts_bytes(t, &bytes) || !vt_add_size(bytes, t->bytes, &bytes)) {
        return NULL;
    }
    copy.data = malloc(bytes ? bytes : 1);
    if (!copy.data) {
        return NULL;
    }
    at = (char *)copy.data + t->bytes;
    for (int64_t i = 0; i < vt_tensor_count(t); i++) {
        struct vt_string s = vt_string_get(t, i);

        vt_string_set(&copy, i, at, s.length);
        if (s.length) {
            memcpy(at, s.text, s.length);
        }
        at += s.length;
    }
    blob = vt_blob_wrap(copy.data, bytes, free, copy.data);
    if (!blob) {
        free(copy.data);
    }
    return blob;
}

int vt_strings_packed_bytes(const struct vt_tensor *t, size_t *bytes, struct vt_error *err)
{
    uint64_t n = (uint64_t)vt_tensor_count(t);

    if (!texts_bytes(t, bytes) || *bytes > INT32_MAX || n > INT32_MAX / 8) {
        return vt_fail(err, VT_E_RANGE, "strings of more than 2 GiB in one constant");
    }
    *bytes += 8 + 4 * (size_t)n;
    return VT_OK;
}

int vt_strings_pack(const struct vt_tensor *t, int (*write)(void *ctx, const void *data, size_t bytes),
                    void *ctx)
{
    int64_t n = vt_tensor_count(t);
    uint32_t head[2] = {(uint32_t)n, 0}, end = 0;
    int status = write(ctx, head, sizeof(head));

    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        end += (uint32_t)vt_string_get(t, i).length;
        status = write(ctx, &end, sizeof(end));
    }
    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        struct vt_string s = vt_string_get(t, i);

        status = s.length ? write(ctx, s.text, s.length) : VT_OK;
    }
    return status;
}

bool vt_op_takes_strings(const struct vt_op_def *op, int input)
{
    return op->flags & (VT_OP_STRINGS | VT_OP_STATEFUL | VT_OP_BODY) ||
           op->moves >> (input < 31 ? input : 31) & 1;
}
