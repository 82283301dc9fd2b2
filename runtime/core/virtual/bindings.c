/* What the core bound to a request, kept until a request behind it is to know. */
#include "virtual_impl.h"

#include <stdlib.h>

int vt_bindings_init(struct vt_bindings *b, const int n_io[2], struct vt_error *err)
{
    *b = (struct vt_bindings){.version = 1};
    for (int side = 0; side < 2; side++) {
        b->n_io[side] = n_io[side];
        b->io[side] = calloc((size_t)n_io[side] + 1, sizeof(*b->io[side]));
    }
    return b->io[VT_INPUT] && b->io[VT_OUTPUT] ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
}

void vt_bindings_finish(struct vt_bindings *b)
{
    free(b->io[VT_INPUT]);
    free(b->io[VT_OUTPUT]);
}

void vt_bindings_put(struct vt_bindings *b, int side, int port, const struct vt_tensor *t, size_t capacity)
{
    struct vt_binding *binding = &b->io[side][port];

    *binding = (struct vt_binding){.capacity = capacity, .bound = t != NULL};
    if (t) {
        binding->t = *t;
    }
    b->version++;
}

int vt_bindings_tell(const struct vt_bindings *b, const struct vt_request_fns *fns, void *request,
                     uint32_t *seen, struct vt_error *err)
{
    int status = VT_OK;

    if (*seen == b->version) {
        return VT_OK;
    }
    for (int i = 0; i < b->n_io[VT_INPUT] && status == VT_OK; i++) {
        const struct vt_binding *in = &b->io[VT_INPUT][i];

        status = in->bound ? fns->bind_input(request, i, &in->t, err) : VT_OK;
    }
    for (int i = 0; i < b->n_io[VT_OUTPUT] && status == VT_OK; i++) {
        const struct vt_binding *out = &b->io[VT_OUTPUT][i];

        status = fns->bind_output(request, i, out->bound ? &out->t : NULL, out->capacity, err);
    }
    if (status == VT_OK) {
        *seen = b->version;
    }
    return status;
}
