#include "graph.h"
#include "heap.h"

int vt_tensor_alloc(struct vt_tensor *t, struct vt_error *err)
{
    t->data = NULL;
    if (!t->bytes) {
        return VT_OK;
    }
    t->data = vt_temp_aligned(t->bytes);
    if (!t->data) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for a tensor of %zu bytes", t->bytes);
    }
    memset(t->data, 0, t->bytes);
    return VT_OK;
}

void vt_tensor_free(struct vt_tensor *t)
{
    vt_temp_free(t->data);
    t->data = NULL;
}
