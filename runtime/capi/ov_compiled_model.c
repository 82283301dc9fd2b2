#include "openvino/c/ov_compiled_model.h"

#include "capi.h"
#include "new_file.h"

#include <stdlib.h>

void ov_compiled_model_free(ov_compiled_model_t *compiled_model)
{
    vt_compiled_unref(vt_capi_compiled(compiled_model));
}

/* ---- ports */

static ov_status_e port_count(const ov_compiled_model_t *compiled, enum vt_side side, size_t *size)
{
    if (!compiled || !size) {
        return INVALID_C_PARAM;
    }
    *size = (size_t)vt_capi_compiled(compiled)->n_io[side];
    return OK;
}

static ov_status_e only_port(const ov_compiled_model_t *compiled, enum vt_side side, void *port)
{
    struct vt_compiled *c = vt_capi_compiled(compiled);

    if (!c || !port) {
        return INVALID_C_PARAM;
    }
    if (c->n_io[side] != 1) {
        return vt_capi_fail(GENERAL_ERROR, "compiled model '%s' has %d %ss: name the one that is meant",
                            c->name, c->n_io[side], vt_side_name(side));
    }
    return vt_capi_compiled_port(c, side, 0, port);
}

static ov_status_e port_by_index(const ov_compiled_model_t *compiled, enum vt_side side, size_t index,
                                 void *port)
{
    struct vt_compiled *c = vt_capi_compiled(compiled);

    if (!c || !port) {
        return INVALID_C_PARAM;
    }
    if (index >= (size_t)c->n_io[side]) {
        return vt_capi_fail(GENERAL_ERROR, "compiled model '%s' has %d %ss, there is no %s %zu", c->name,
                            c->n_io[side], vt_side_name(side), vt_side_name(side), index);
    }
    return vt_capi_compiled_port(c, side, (int)index, port);
}

static ov_status_e port_by_name(const ov_compiled_model_t *compiled, enum vt_side side, const char *name,
                                void *port)
{
    struct vt_compiled *c = vt_capi_compiled(compiled);
    int index;

    if (!c || !name || !port) {
        return INVALID_C_PARAM;
    }
    index = vt_io_find(c->io[side], c->n_io[side], name);
    if (index < 0) {
        char names[VT_NAMES_TEXT];

        return vt_capi_fail(GENERAL_ERROR,
                            "compiled model '%s' has no %s with the tensor name '%s'; there are %s", c->name,
                            vt_side_name(side), name, vt_io_names(c->io[side], c->n_io[side], name, names));
    }
    return vt_capi_compiled_port(c, side, index, port);
}

ov_status_e ov_compiled_model_inputs_size(const ov_compiled_model_t *compiled_model, size_t *size)
{
    return port_count(compiled_model, VT_INPUT, size);
}

ov_status_e ov_compiled_model_input(const ov_compiled_model_t *compiled_model,
                                    ov_output_const_port_t **input_port)
{
    return only_port(compiled_model, VT_INPUT, input_port);
}

ov_status_e ov_compiled_model_input_by_index(const ov_compiled_model_t *compiled_model, const size_t index,
                                             ov_output_const_port_t **input_port)
{
    return port_by_index(compiled_model, VT_INPUT, index, input_port);
}

ov_status_e ov_compiled_model_input_by_name(const ov_compiled_model_t *compiled_model, const char *name,
                                            ov_output_const_port_t **input_port)
{
    return port_by_name(compiled_model, VT_INPUT, name, input_port);
}

ov_status_e ov_compiled_model_outputs_size(const ov_compiled_model_t *compiled_model, size_t *size)
{
    return port_count(compiled_model, VT_OUTPUT, size);
}

ov_status_e ov_compiled_model_output(const ov_compiled_model_t *compiled_model,
                                     ov_output_const_port_t **output_port)
{
    return only_port(compiled_model, VT_OUTPUT, output_port);
}

ov_status_e ov_compiled_model_output_by_index(const ov_compiled_model_t *compiled_model, const size_t index,
                                              ov_output_const_port_t **output_port)
{
    return port_by_index(compiled_model, VT_OUTPUT, index, output_port);
}

ov_status_e ov_compiled_model_output_by_name(const ov_compiled_model_t *compiled_model, const char *name,
                                             ov_output_const_port_t **output_port)
{
    return port_by_name(compiled_model, VT_OUTPUT, name, output_port);
}

/* ---- what is made from it */

ov_status_e ov_compiled_model_create_infer_request(const ov_compiled_model_t *compiled_model,
                                                   ov_infer_request_t **infer_request)
{
    struct vt_error err = {0};
    struct vt_request *made;
    int status;

    if (!compiled_model || !infer_request) {
        return INVALID_C_PARAM;
    }
    status = vt_request_create(vt_capi_compiled(compiled_model), &made, &err);
    if (status == VT_OK) {
        *infer_request = (ov_infer_request_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e ov_compiled_model_get_runtime_model(const ov_compiled_model_t *compiled_model, ov_model_t **model)
{
    struct vt_error err = {0};
    struct vt_model *made;
    int status;

    if (!compiled_model || !model) {
        return INVALID_C_PARAM;
    }
    status = vt_compiled_runtime_model(vt_capi_compiled(compiled_model), &made, &err);
    if (status == VT_OK) {
        *model = (ov_model_t *)made;
    }
    return vt_capi_status(status, &err);
}

ov_status_e ov_compiled_model_export_model(const ov_compiled_model_t *compiled_model,
                                           const char *export_model_path)
{
    struct vt_new_file file = {.path = export_model_path};
    struct vt_error err = {0};
    int status;

    if (!compiled_model || !export_model_path) {
        return INVALID_C_PARAM;
    }
    status = vt_new_file_begin(&file, &err);
    status = status ? status
                    : vt_compiled_export(vt_capi_compiled(compiled_model), vt_new_file_write, &file, &err);
    status = status ? status : vt_new_file_end(&file, &err);
    status = status ? status : vt_new_file_publish(&file, &err);
    vt_new_file_drop(&file);
    return vt_capi_ordinary(status, &err);
}

ov_status_e ov_compiled_model_get_context(const ov_compiled_model_t *compiled_model,
                                          ov_remote_context_t **context)
{
    if (!compiled_model || !context) {
        return INVALID_C_PARAM;
    }
    return vt_capi_fail(GENERAL_ERROR, "not implemented: remote contexts of device %s",
                        vt_capi_compiled(compiled_model)->device);
}

/* ---- properties */

/* A device that cannot change what it compiled is an ordinary error in this API. */
static ov_status_e set_all(const ov_compiled_model_t *compiled, const struct vt_config *config)
{
    struct vt_error err = {0};
    int status = VT_OK;

    for (int i = 0; i < config->n && status == VT_OK; i++) {
        status =
            vt_compiled_set_property(vt_capi_compiled(compiled), config->keys[i], config->values[i], &err);
    }
    return vt_capi_ordinary(status, &err);
}

ov_status_e ov_compiled_model_set_property(const ov_compiled_model_t *compiled_model, ...)
{
    struct vt_capi_config list;
    ov_status_e result;
    va_list ap;

    if (!compiled_model) {
        return INVALID_C_PARAM;
    }
    va_start(ap, compiled_model);
    result = vt_capi_config_args(&list, 2, ap);
    va_end(ap);
    if (result == OK) {
        result = set_all(compiled_model, &list.config);
        vt_capi_config_finish(&list);
    }
    return result;
}

ov_status_e ov_compiled_model_set_properties(const ov_compiled_model_t *compiled_model,
                                             const size_t num_properties, const ov_property_t *properties)
{
    struct vt_capi_config list;
    ov_status_e result;

    if (!compiled_model || !num_properties || !properties) {
        return INVALID_C_PARAM;
    }
    result = vt_capi_config_props(&list, num_properties, properties);
    if (result == OK) {
        result = set_all(compiled_model, &list.config);
        vt_capi_config_finish(&list);
    }
    return result;
}

ov_status_e ov_compiled_model_get_property(const ov_compiled_model_t *compiled_model,
                                           const char *property_key, char **property_value)
{
    struct vt_error err = {0};

    if (!compiled_model || !property_key || !property_value) {
        return INVALID_C_PARAM;
    }
    return vt_capi_status(
        vt_compiled_get_property(vt_capi_compiled(compiled_model), property_key, property_value, &err), &err);
}
