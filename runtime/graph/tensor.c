#include "graph.h"
#include "heap.h"

int vt_tensor_room(struct vt_tensor *t, struct vt_error *err)
{
    t->data = NULL;
    if (!t->bytes) {
        return VT_OK;
    }
    t->data = vt_temp_aligned(t->bytes);
    return t->data ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory for a tensor of %zu bytes", t->bytes);
}

int vt_tensor_alloc(struct vt_tensor *t, struct vt_error *err)
{
    int status = vt_tensor_room(t, err);

    if (t->data) {
        memset(t->data, 0, t->bytes);
    }
    return status;
}

void vt_tensor_free(struct vt_tensor *t)
{
    vt_temp_free(t->data);
    t->data = NULL;
}
