/* Variable states. */
#include "vintner.h"

#include "capi.h"
#include "state.h"

/* The first state; `name` NULL. Else the one of that name. */
static ov_status_e find(const ov_infer_request_t *request, const char *name, struct vt_state **state)
{
    struct vt_error err = {0};
    struct vt_state_store *store = NULL;
    int status = vt_request_states(vt_capi_request(request), &store, &err);

    if (status) {
        return vt_capi_status(status, &err);
    }
    *state = store->first;
    while (name && *state && strcmp((*state)->name, name) != 0) {
        *state = (*state)->next;
    }
    return name && !*state ? vt_capi_fail(NOT_FOUND, "the model has no variable '%s'", name) : OK;
}

ov_status_e vt_infer_request_states_size(const ov_infer_request_t *infer_request, size_t *size)
{
    struct vt_state *state;
    ov_status_e status;

    if (!infer_request || !size) {
        return INVALID_C_PARAM;
    }
    status = find(infer_request, NULL, &state);
    if (status == OK) {
        for (*size = 0; state; state = state->next) {
            ++*size;
        }
    }
    return status;
}

ov_status_e vt_infer_request_state_name(const ov_infer_request_t *infer_request, size_t index, char **name)
{
    struct vt_state *state;
    ov_status_e status;
    size_t at = index;

    if (!infer_request || !name) {
        return INVALID_C_PARAM;
    }
    status = find(infer_request, NULL, &state);
    while (status == OK && state && at--) {
        state = state->next;
    }
    if (status != OK || !state) {
        return status != OK ? status : vt_capi_fail(OUT_OF_BOUNDS, "there is no variable %zu", index);
    }
    *name = strdup(state->name);
    return *name ? OK : vt_capi_fail(GENERAL_ERROR, "out of memory");
}

ov_status_e vt_infer_request_state_info(const ov_infer_request_t *infer_request, const char *name,
                                        ov_element_type_e *element_type, ov_partial_shape_t *shape)
{
    struct vt_state *state;
    ov_status_e status;

    if (!infer_request || !name || !element_type || !shape) {
        return INVALID_C_PARAM;
    }
    status = find(infer_request, name, &state);
    status = status != OK ? status : vt_capi_pshape_fill(&state->shape, shape);
    if (status == OK) {
        *element_type = (ov_element_type_e)state->type;
    }
    return status;
}

ov_status_e vt_infer_request_get_state(const ov_infer_request_t *infer_request, const char *name,
                                       ov_tensor_t **tensor)
{
    struct vt_error err = {0};
    struct vt_buffer *buffer = NULL;
    struct vt_state *state;
    ov_status_e found;
    int status;

    if (!infer_request || !name || !tensor) {
        return INVALID_C_PARAM;
    }
    found = find(infer_request, name, &state);
    if (found != OK) {
        return found;
    }
    if (!state->set) {
        return vt_capi_fail(RESULT_NOT_READY, "variable '%s' has its initial value: nothing has written it",
                            name);
    }
    status = vt_state_dense(state, &err);
    if (status == VT_OK) {
        status = vt_buffer_create(state->value.type, state->value.rank, state->value.dims, &buffer, &err);
    }
    if (status == VT_OK) {
        if (state->value.type == VT_STRING) {
            status = vt_buffer_copy_strings(buffer, &state->value, &err);
        } else if (state->value.bytes) {
            memcpy(buffer->t.data, state->value.data, state->value.bytes);
        }
    }
    if (status) {
        vt_buffer_unref(buffer);
    } else {
        *tensor = (ov_tensor_t *)(void *)buffer;
    }
    return vt_capi_status(status, &err);
}

ov_status_e vt_infer_request_set_state(ov_infer_request_t *infer_request, const char *name,
                                       const ov_tensor_t *tensor)
{
    struct vt_error err = {0};
    struct vt_buffer *dense = NULL;
    struct vt_state *state;
    ov_status_e found;
    int status;

    if (!infer_request || !name || !tensor) {
        return INVALID_C_PARAM;
    }
    found = find(infer_request, name, &state);
    if (found != OK) {
        return found;
    }
    status = vt_buffer_dense(vt_capi_tensor(tensor), &dense, &err);
    if (status == VT_OK) {
        status = vt_request_state_set(vt_capi_request(infer_request), state, &dense->t, &err);
    }
    vt_buffer_unref(dense);
    return status == VT_E_TYPE || status == VT_E_SHAPE ? vt_capi_fail(PARAMETER_MISMATCH, "%s", err.text)
                                                       : vt_capi_status(status, &err);
}

ov_status_e vt_infer_request_reset_state(ov_infer_request_t *infer_request, const char *name)
{
    struct vt_state *state;
    ov_status_e status;

    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    status = find(infer_request, name, &state);
    for (; status == OK && state; state = name ? NULL : state->next) {
        state->set = false;
    }
    return status;
}
