#include "graph.h"

#include <stdlib.h>

int vt_tensor_alloc(struct vt_tensor *t, struct vt_error *err)
{
    size_t rounded;

    t->data = NULL;
    if (!t->bytes) {
        return VT_OK;
    }
    if (__builtin_add_overflow(t->bytes, (size_t)63, &rounded)) {
        return vt_fail(err, VT_E_NOMEM, "a tensor of %zu bytes is too large", t->bytes);
    }
    rounded &= ~(size_t)63;
    t->data = aligned_alloc(64, rounded);
    if (!t->data) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for a tensor of %zu bytes", t->bytes);
    }
    memset(t->data, 0, rounded);
    return VT_OK;
}

void vt_tensor_free(struct vt_tensor *t)
{
    free(t->data);
    t->data = NULL;
}
