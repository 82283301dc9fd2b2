#include "openvino/c/ov_model.h"

#include "capi.h"

#include <limits.h>
#include <stdlib.h>

void ov_model_free(ov_model_t *model)
{
    vt_model_unref(vt_capi_model(model));
}

/* ---- ports */

static ov_status_e only_port(const ov_model_t *model, enum vt_side side, void *port)
{
    struct vt_model *m = vt_capi_model(model);

    if (!m || !port) {
        return INVALID_C_PARAM;
    }
    if (m->n_io[side] != 1) {
        return vt_capi_fail(GENERAL_ERROR, "model '%s' has %d %ss: name the one that is meant",
                            vt_model_name(m), m->n_io[side], vt_side_name(side));
    }
    return vt_capi_model_port(m, side, 0, port);
}

static ov_status_e port_by_index(const ov_model_t *model, enum vt_side side, size_t index, void *port)
{
    struct vt_model *m = vt_capi_model(model);

    if (!m || !port) {
        return INVALID_C_PARAM;
    }
    if (index >= (size_t)m->n_io[side]) {
        return vt_capi_fail(UNKNOW_EXCEPTION, "model '%s' has %d %ss, there is no %s %zu", vt_model_name(m),
                            m->n_io[side], vt_side_name(side), vt_side_name(side), index);
    }
    return vt_capi_model_port(m, side, (int)index, port);
}

ov_status_e vt_capi_model_find(const struct vt_model *m, enum vt_side side, const char *name, int *index)
{
    char names[VT_NAMES_TEXT];

    *index = vt_io_find(m->io[side], m->n_io[side], name);
    return *index >= 0
               ? OK
               : vt_capi_fail(GENERAL_ERROR, "model '%s' has no %s with the tensor name '%s'; there are %s",
                              vt_model_name(m), vt_side_name(side), name,
                              vt_io_names(m->io[side], m->n_io[side], name, names));
}

static ov_status_e port_by_name(const ov_model_t *model, enum vt_side side, const char *name, void *port)
{
    struct vt_model *m = vt_capi_model(model);
    ov_status_e status;
    int index;

    if (!m || !name || !port) {
        return INVALID_C_PARAM;
    }
    status = vt_capi_model_find(m, side, name, &index);
    return status != OK ? status : vt_capi_model_port(m, side, index, port);
}

ov_status_e ov_model_const_input(const ov_model_t *model, ov_output_const_port_t **input_port)
{
    return only_port(model, VT_INPUT, input_port);
}

ov_status_e ov_model_const_input_by_name(const ov_model_t *model, const char *tensor_name,
                                         ov_output_const_port_t **input_port)
{
    return port_by_name(model, VT_INPUT, tensor_name, input_port);
}

ov_status_e ov_model_const_input_by_index(const ov_model_t *model, const size_t index,
                                          ov_output_const_port_t **input_port)
{
    return port_by_index(model, VT_INPUT, index, input_port);
}

ov_status_e ov_model_input(const ov_model_t *model, ov_output_port_t **input_port)
{
    return only_port(model, VT_INPUT, input_port);
}

ov_status_e ov_model_input_by_name(const ov_model_t *model, const char *tensor_name,
                                   ov_output_port_t **input_port)
{
    return port_by_name(model, VT_INPUT, tensor_name, input_port);
}

ov_status_e ov_model_input_by_index(const ov_model_t *model, const size_t index,
                                    ov_output_port_t **input_port)
{
    return port_by_index(model, VT_INPUT, index, input_port);
}

ov_status_e ov_model_const_output(const ov_model_t *model, ov_output_const_port_t **output_port)
{
    return only_port(model, VT_OUTPUT, output_port);
}

ov_status_e ov_model_const_output_by_index(const ov_model_t *model, const size_t index,
                                           ov_output_const_port_t **output_port)
{
    return port_by_index(model, VT_OUTPUT, index, output_port);
}

ov_status_e ov_model_const_output_by_name(const ov_model_t *model, const char *tensor_name,
                                          ov_output_const_port_t **output_port)
{
    return port_by_name(model, VT_OUTPUT, tensor_name, output_port);
}

ov_status_e ov_model_output(const ov_model_t *model, ov_output_port_t **output_port)
{
    return only_port(model, VT_OUTPUT, output_port);
}

ov_status_e ov_model_output_by_index(const ov_model_t *model, const size_t index,
                                     ov_output_port_t **output_port)
{
    return port_by_index(model, VT_OUTPUT, index, output_port);
}

ov_status_e ov_model_output_by_name(const ov_model_t *model, const char *tensor_name,
                                    ov_output_port_t **output_port)
{
    return port_by_name(model, VT_OUTPUT, tensor_name, output_port);
}

/* ---- facts */

ov_status_e ov_model_inputs_size(const ov_model_t *model, size_t *input_size)
{
    if (!model || !input_size) {
        return INVALID_C_PARAM;
    }
    *input_size = (size_t)vt_capi_model(model)->n_io[VT_INPUT];
    return OK;
}

ov_status_e ov_model_outputs_size(const ov_model_t *model, size_t *output_size)
{
    if (!model || !output_size) {
        return INVALID_C_PARAM;
    }
    *output_size = (size_t)vt_capi_model(model)->n_io[VT_OUTPUT];
    return OK;
}

bool ov_model_is_dynamic(const ov_model_t *model)
{
    return model && vt_model_is_dynamic(vt_capi_model(model));
}

ov_status_e ov_model_get_friendly_name(const ov_model_t *model, char **friendly_name)
{
    char *copy;

    if (!model || !friendly_name) {
        return INVALID_C_PARAM;
    }
    copy = strdup(vt_model_name(vt_capi_model(model)));
    if (!copy) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *friendly_name = copy;
    return OK;
}

/* ---- reshape */

/* Which inputs get which shapes; lists of one need no memory. */
struct reshape {
    struct vt_model *model;
    int *index, one_index;
    struct vt_pshape *shapes, one_shape;
    int n;
};

static void end_reshape(struct reshape *r)
{
    if (r->index != &r->one_index) {
        free(r->index);
        free(r->shapes);
    }
}

/* All indices are 0 at first. Anything but OK leaves nothing to end. */
static ov_status_e begin_reshape(struct reshape *r, const ov_model_t *model,
                                 const ov_partial_shape_t *partial_shapes, size_t n)
{
    ov_status_e status = OK;

    if (n > INT_MAX) {
        return INVALID_C_PARAM;
    }
    r->model = vt_capi_model(model);
    r->n = (int)n;
    r->one_index = 0;
    r->index = n > 1 ? calloc(n, sizeof(*r->index)) : &r->one_index;
    r->shapes = n > 1 ? calloc(n, sizeof(*r->shapes)) : &r->one_shape;
    if (!r->index || !r->shapes) {
        status = vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    for (size_t i = 0; i < n && status == OK; i++) {
        status = vt_capi_pshape(&partial_shapes[i], &r->shapes[i]);
    }
    if (status != OK) {
        end_reshape(r);
    }
    return status;
}

static ov_status_e run_reshape(struct reshape *r)
{
    struct vt_error err = {0};

    return vt_capi_status(vt_model_reshape(r->model, r->n, r->index, r->shapes, &err), &err);
}

ov_status_e ov_model_reshape(const ov_model_t *model, const char **tensor_names,
                             const ov_partial_shape_t *partial_shapes, size_t size)
{
    struct reshape r;
    ov_status_e status;

    if (!model || !tensor_names || !partial_shapes || !size) {
        return INVALID_C_PARAM;
    }
    status = begin_reshape(&r, model, partial_shapes, size);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < size && status == OK; i++) {
        status = tensor_names[i] ? vt_capi_model_find(r.model, VT_INPUT, tensor_names[i], &r.index[i])
                                 : vt_capi_fail(UNKNOW_EXCEPTION, "tensor name %zu is NULL", i);
    }
    status = status != OK ? status : run_reshape(&r);
    end_reshape(&r);
    return status;
}

ov_status_e ov_model_reshape_input_by_name(const ov_model_t *model, const char *tensor_name,
                                           const ov_partial_shape_t partial_shape)
{
    if (!tensor_name) {
        return INVALID_C_PARAM;
    }
    return ov_model_reshape(model, &tensor_name, &partial_shape, 1);
}

ov_status_e ov_model_reshape_single_input(const ov_model_t *model, const ov_partial_shape_t partial_shape)
{
    size_t first = 0;

    return ov_model_reshape_by_port_indexes(model, &first, &partial_shape, 1);
}

ov_status_e ov_model_reshape_by_port_indexes(const ov_model_t *model, const size_t *port_indexes,
                                             const ov_partial_shape_t *partial_shape, size_t size)
{
    struct reshape r;
    ov_status_e status;

    if (!model || !port_indexes || !partial_shape || !size) {
        return INVALID_C_PARAM;
    }
    status = begin_reshape(&r, model, partial_shape, size);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < size && status == OK; i++) {
        int n = r.model->n_io[VT_INPUT];

        if (port_indexes[i] >= (size_t)n) {
            status = vt_capi_fail(UNKNOW_EXCEPTION, "model '%s' has %d inputs, there is no input %zu",
                                  vt_model_name(r.model), n, port_indexes[i]);
        } else {
            r.index[i] = (int)port_indexes[i];
        }
    }
    status = status != OK ? status : run_reshape(&r);
    end_reshape(&r);
    return status;
}

ov_status_e ov_model_reshape_by_ports(const ov_model_t *model, const ov_output_port_t **output_ports,
                                      const ov_partial_shape_t *partial_shapes, size_t size)
{
    struct reshape r;
    ov_status_e status;

    if (!model || !output_ports || !partial_shapes || !size) {
        return INVALID_C_PARAM;
    }
    for (size_t i = 0; i < size; i++) {
        if (!output_ports[i]) {
            return INVALID_C_PARAM;
        }
    }
    status = begin_reshape(&r, model, partial_shapes, size);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < size && status == OK; i++) {
        const struct vt_capi_port *port = vt_capi_port(output_ports[i]);

        if (port->model != r.model || port->side != VT_INPUT) {
            status =
                vt_capi_fail(GENERAL_ERROR, "port %zu is no input of model '%s'", i, vt_model_name(r.model));
        }
        r.index[i] = port->index;
    }
    status = status != OK ? status : run_reshape(&r);
    end_reshape(&r);
    return status;
}
