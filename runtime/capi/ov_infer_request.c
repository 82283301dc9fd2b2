#include "openvino/c/ov_infer_request.h"

#include "capi.h"

#include <limits.h>
#include <stdlib.h>

/* Functions that are called for every inference clear two words of the error instead of all of its text. */

/* ---- which port is meant */

struct place {
    enum vt_side side;
    int index;
};

static ov_status_e place_by_name(const struct vt_request *r, const char *name, struct place *place)
{
    const struct vt_compiled *c = vt_request_compiled(r);
    char names[2][VT_NAMES_TEXT];

    for (int side = 0; side < 2; side++) {
        int index = vt_io_find(c->io[side], c->n_io[side], name);

        if (index >= 0) {
            *place = (struct place){(enum vt_side)side, index};
            return OK;
        }
    }
    return vt_capi_fail(GENERAL_ERROR,
                        "compiled model '%s' has no input or output with the tensor name '%s'; its inputs "
                        "are %s; its outputs are %s",
                        c->name, name, vt_io_names(c->io[VT_INPUT], c->n_io[VT_INPUT], name, names[0]),
                        vt_io_names(c->io[VT_OUTPUT], c->n_io[VT_OUTPUT], name, names[1]));
}

/* Ports of the model, or of another copy of it, are taken as well. */
static ov_status_e place_by_port(const struct vt_request *r, const struct vt_capi_port *port,
                                 struct place *place)
{
    const struct vt_compiled *c = vt_request_compiled(r);
    const struct vt_io *io = vt_capi_port_io(port);
    int index = port->compiled == c ? port->index
                                    : vt_io_match(c->io[port->side], c->n_io[port->side], io, port->index);

    if (index < 0) {
        return vt_capi_fail(GENERAL_ERROR, "port '%s' does not belong to compiled model '%s'",
                            io->n_names ? io->names[0] : io->node_name, c->name);
    }
    *place = (struct place){port->side, index};
    return OK;
}

static ov_status_e place_only(const struct vt_request *r, enum vt_side side, struct place *place)
{
    const struct vt_compiled *c = vt_request_compiled(r);

    if (c->n_io[side] != 1) {
        return vt_capi_fail(GENERAL_ERROR, "compiled model '%s' has %d %ss: name the one that is meant",
                            c->name, c->n_io[side], vt_side_name(side));
    }
    *place = (struct place){side, 0};
    return OK;
}

static struct place place_by_index(enum vt_side side, size_t index)
{
    return (struct place){side, index < INT_MAX ? (int)index : INT_MAX};
}

/* ---- tensors */

static ov_status_e set_at(struct vt_request *r, struct place place, const ov_tensor_t *tensor)
{
    struct vt_error err;

    vt_error_clear(&err);
    return vt_capi_status(vt_request_set(r, place.side, place.index, vt_capi_tensor(tensor), &err), &err);
}

static ov_status_e get_at(struct vt_request *r, struct place place, ov_tensor_t **tensor)
{
    struct vt_error err;
    struct vt_buffer *buffer;
    int status;

    vt_error_clear(&err);
    status = vt_request_get(r, place.side, place.index, &buffer, &err);
    if (status == VT_OK) {
        *tensor = (ov_tensor_t *)buffer;
    }
    return vt_capi_status(status, &err);
}

static ov_status_e set_by_port(struct vt_request *r, const struct vt_capi_port *port,
                               const ov_tensor_t *tensor)
{
    struct place place;
    ov_status_e status;

    if (!r || !port || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_by_port(r, port, &place);
    return status != OK ? status : set_at(r, place, tensor);
}

static ov_status_e set_only(struct vt_request *r, enum vt_side side, const ov_tensor_t *tensor)
{
    struct place place;
    ov_status_e status;

    if (!r || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_only(r, side, &place);
    return status != OK ? status : set_at(r, place, tensor);
}

ov_status_e ov_infer_request_set_tensor(ov_infer_request_t *infer_request, const char *tensor_name,
                                        const ov_tensor_t *tensor)
{
    struct place place;
    ov_status_e status;

    if (!infer_request || !tensor_name || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_by_name(vt_capi_request(infer_request), tensor_name, &place);
    return status != OK ? status : set_at(vt_capi_request(infer_request), place, tensor);
}

ov_status_e ov_infer_request_set_tensor_by_port(ov_infer_request_t *infer_request,
                                                const ov_output_port_t *port, const ov_tensor_t *tensor)
{
    return set_by_port(vt_capi_request(infer_request), vt_capi_port(port), tensor);
}

ov_status_e ov_infer_request_set_tensor_by_const_port(ov_infer_request_t *infer_request,
                                                      const ov_output_const_port_t *port,
                                                      const ov_tensor_t *tensor)
{
    return set_by_port(vt_capi_request(infer_request), vt_capi_port(port), tensor);
}

ov_status_e ov_infer_request_set_input_tensor_by_index(ov_infer_request_t *infer_request, const size_t idx,
                                                       const ov_tensor_t *tensor)
{
    if (!infer_request || !tensor) {
        return INVALID_C_PARAM;
    }
    return set_at(vt_capi_request(infer_request), place_by_index(VT_INPUT, idx), tensor);
}

ov_status_e ov_infer_request_set_input_tensor(ov_infer_request_t *infer_request, const ov_tensor_t *tensor)
{
    return set_only(vt_capi_request(infer_request), VT_INPUT, tensor);
}

ov_status_e ov_infer_request_set_output_tensor_by_index(ov_infer_request_t *infer_request, const size_t idx,
                                                        const ov_tensor_t *tensor)
{
    if (!infer_request || !tensor) {
        return INVALID_C_PARAM;
    }
    return set_at(vt_capi_request(infer_request), place_by_index(VT_OUTPUT, idx), tensor);
}

ov_status_e ov_infer_request_set_output_tensor(ov_infer_request_t *infer_request, const ov_tensor_t *tensor)
{
    return set_only(vt_capi_request(infer_request), VT_OUTPUT, tensor);
}

static ov_status_e get_by_port(struct vt_request *r, const struct vt_capi_port *port, ov_tensor_t **tensor)
{
    struct place place;
    ov_status_e status;

    if (!r || !port || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_by_port(r, port, &place);
    return status != OK ? status : get_at(r, place, tensor);
}

static ov_status_e get_only(struct vt_request *r, enum vt_side side, ov_tensor_t **tensor)
{
    struct place place;
    ov_status_e status;

    if (!r || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_only(r, side, &place);
    return status != OK ? status : get_at(r, place, tensor);
}

ov_status_e ov_infer_request_get_tensor(const ov_infer_request_t *infer_request, const char *tensor_name,
                                        ov_tensor_t **tensor)
{
    struct place place;
    ov_status_e status;

    if (!infer_request || !tensor_name || !tensor) {
        return INVALID_C_PARAM;
    }
    status = place_by_name(vt_capi_request(infer_request), tensor_name, &place);
    return status != OK ? status : get_at(vt_capi_request(infer_request), place, tensor);
}

ov_status_e ov_infer_request_get_tensor_by_const_port(const ov_infer_request_t *infer_request,
                                                      const ov_output_const_port_t *port,
                                                      ov_tensor_t **tensor)
{
    return get_by_port(vt_capi_request(infer_request), vt_capi_port(port), tensor);
}

ov_status_e ov_infer_request_get_tensor_by_port(const ov_infer_request_t *infer_request,
                                                const ov_output_port_t *port, ov_tensor_t **tensor)
{
    return get_by_port(vt_capi_request(infer_request), vt_capi_port(port), tensor);
}

ov_status_e ov_infer_request_get_input_tensor_by_index(const ov_infer_request_t *infer_request,
                                                       const size_t idx, ov_tensor_t **tensor)
{
    if (!infer_request || !tensor) {
        return INVALID_C_PARAM;
    }
    return get_at(vt_capi_request(infer_request), place_by_index(VT_INPUT, idx), tensor);
}

ov_status_e ov_infer_request_get_input_tensor(const ov_infer_request_t *infer_request, ov_tensor_t **tensor)
{
    return get_only(vt_capi_request(infer_request), VT_INPUT, tensor);
}

ov_status_e ov_infer_request_get_output_tensor_by_index(const ov_infer_request_t *infer_request,
                                                        const size_t idx, ov_tensor_t **tensor)
{
    if (!infer_request || !tensor) {
        return INVALID_C_PARAM;
    }
    return get_at(vt_capi_request(infer_request), place_by_index(VT_OUTPUT, idx), tensor);
}

ov_status_e ov_infer_request_get_output_tensor(const ov_infer_request_t *infer_request, ov_tensor_t **tensor)
{
    return get_only(vt_capi_request(infer_request), VT_OUTPUT, tensor);
}

/* ---- running */

ov_status_e ov_infer_request_infer(ov_infer_request_t *infer_request)
{
    struct vt_error err;

    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    vt_error_clear(&err);
    return vt_capi_status(vt_request_infer(vt_capi_request(infer_request), &err), &err);
}

ov_status_e ov_infer_request_cancel(ov_infer_request_t *infer_request)
{
    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    vt_request_cancel(vt_capi_request(infer_request));
    return OK;
}

ov_status_e ov_infer_request_start_async(ov_infer_request_t *infer_request)
{
    struct vt_error err;

    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    vt_error_clear(&err);
    return vt_capi_status(vt_request_start(vt_capi_request(infer_request), &err), &err);
}

ov_status_e ov_infer_request_wait(ov_infer_request_t *infer_request)
{
    struct vt_error err;

    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    vt_error_clear(&err);
    return vt_capi_status(vt_request_wait(vt_capi_request(infer_request), &err), &err);
}

ov_status_e ov_infer_request_wait_for(ov_infer_request_t *infer_request, const int64_t timeout)
{
    struct vt_error err;

    if (!infer_request) {
        return INVALID_C_PARAM;
    }
    vt_error_clear(&err);
    return vt_capi_status(vt_request_wait_for(vt_capi_request(infer_request), timeout, &err), &err);
}

ov_status_e ov_infer_request_set_callback(ov_infer_request_t *infer_request, const ov_callback_t *callback)
{
    struct vt_error err = {0};

    if (!infer_request || !callback) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(vt_request_set_callback(vt_capi_request(infer_request), callback->callback_func,
                                                  callback->args, &err),
                          &err);
}

void ov_infer_request_free(ov_infer_request_t *infer_request)
{
    vt_request_destroy(vt_capi_request(infer_request));
}

/* ---- profile */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *put_text(char **at, const char *text)
{
    const char *start = *at;

    *at = stpcpy(*at, or_empty(text)) + 1;
    return start;
}

static enum Status api_profile_status(enum vt_profile_status status)
{
    switch (status) {
    case VT_PROFILE_EXECUTED: return EXECUTED;
    case VT_PROFILE_OPTIMIZED_OUT: return OPTIMIZED_OUT;
    default: return NOT_RUN;
    }
}

/* Entries and their texts in one block. */
static ov_profiling_info_t *copy_profile(const struct vt_profile *list, int n)
{
    size_t bytes = ((size_t)n + 1) * sizeof(ov_profiling_info_t);
    ov_profiling_info_t *infos;
    char *at;

    for (int i = 0; i < n; i++) {
        bytes += strlen(or_empty(list[i].node_name)) + strlen(or_empty(list[i].exec_type)) +
                 strlen(or_empty(list[i].node_type)) + 3;
    }
    infos = malloc(bytes);
    if (!infos) {
        return NULL;
    }
    at = (char *)(infos + n + 1);
    for (int i = 0; i < n; i++) {
        infos[i] = (ov_profiling_info_t){
            .status = api_profile_status(list[i].status),
            .real_time = list[i].real_us,
            .cpu_time = list[i].cpu_us,
            .node_name = put_text(&at, list[i].node_name),
            .exec_type = put_text(&at, list[i].exec_type),
            .node_type = put_text(&at, list[i].node_type),
        };
    }
    return infos;
}

ov_status_e ov_infer_request_get_profiling_info(const ov_infer_request_t *infer_request,
                                                ov_profiling_info_list_t *profiling_infos)
{
    struct vt_error err = {0};
    const struct vt_profile *list;
    ov_profiling_info_t *infos;
    int n, status;

    if (!infer_request || !profiling_infos) {
        return INVALID_C_PARAM;
    }
    status = vt_request_profile(vt_capi_request(infer_request), &list, &n, &err);
    if (status) {
        return vt_capi_status(status, &err);
    }
    infos = copy_profile(list, n);
    if (!infos) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *profiling_infos = (ov_profiling_info_list_t){.profiling_infos = infos, .size = (size_t)n};
    return OK;
}

void ov_profiling_info_list_free(ov_profiling_info_list_t *profiling_infos)
{
    if (profiling_infos) {
        free(profiling_infos->profiling_infos);
        *profiling_infos = (ov_profiling_info_list_t){0};
    }
}
