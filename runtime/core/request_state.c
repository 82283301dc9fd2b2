/* Variable states of requests. */
#include "request_impl.h"
#include "shape.h"
#include "state.h"

int vt_request_state_set(struct vt_request *request, struct vt_state *state, const struct vt_tensor *value,
                         struct vt_error *err)
{
    char text[VT_SHAPE_TEXT], wanted[VT_SHAPE_TEXT];
    int status = vt_request_check_idle(request, err);

    if (status) {
        return status;
    }
    if (state->type != VT_DYNAMIC && state->type != value->type) {
        return vt_fail(err, VT_E_TYPE, "variable '%s' is of type %s, the tensor of type %s", state->name,
                       vt_type_info(state->type)->name, vt_type_info(value->type)->name);
    }
    if (!vt_pshape_accepts(&state->shape, value->rank, value->dims)) {
        return vt_fail(err, VT_E_SHAPE, "variable '%s' has the shape %s, the tensor %s", state->name,
                       vt_pshape_text(&state->shape, wanted, sizeof(wanted)),
                       vt_shape_text(value->rank, value->dims, text));
    }
    return vt_state_set(state, value, err);
}
