#include "openvino/c/ov_node.h"

#include "capi.h"
#include "shape.h"

#include <stdlib.h>

/* ---- life */

static ov_status_e create(struct vt_capi_port port, void *result)
{
    struct vt_capi_port *made = malloc(sizeof(*made));

    if (!made) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *made = port;
    if (port.model) {
        vt_model_ref(port.model);
    } else {
        vt_compiled_ref(port.compiled);
    }
    *(void **)result = made;
    return OK;
}

ov_status_e vt_capi_model_port(struct vt_model *model, enum vt_side side, int index, void *port)
{
    return create((struct vt_capi_port){.model = model, .side = side, .index = index}, port);
}

ov_status_e vt_capi_compiled_port(struct vt_compiled *compiled, enum vt_side side, int index, void *port)
{
    return create((struct vt_capi_port){.compiled = compiled, .side = side, .index = index}, port);
}

static void destroy(void *port)
{
    struct vt_capi_port *p = port;

    if (p) {
        vt_model_unref(p->model);
        vt_compiled_unref(p->compiled);
        free(p);
    }
}

void ov_output_port_free(ov_output_port_t *port)
{
    destroy(port);
}

void ov_output_const_port_free(ov_output_const_port_t *port)
{
    destroy(port);
}

/* ---- facts */

const struct vt_io *vt_capi_port_io(const struct vt_capi_port *port)
{
    const struct vt_io *io = port->model ? port->model->io[port->side] : port->compiled->io[port->side];

    return &io[port->index];
}

static ov_status_e get_shape(const struct vt_capi_port *port, ov_shape_t *shape)
{
    const struct vt_io *io;
    int64_t dims[VT_MAX_RANK];
    char text[VT_SHAPE_TEXT];

    if (!port || !shape) {
        return INVALID_C_PARAM;
    }
    io = vt_capi_port_io(port);
    if (!vt_pshape_is_static(&io->shape)) {
        return vt_capi_fail(GENERAL_ERROR, "the shape %s of port '%s' is dynamic",
                            vt_pshape_text(&io->shape, text, sizeof(text)),
                            io->n_names ? io->names[0] : io->node_name);
    }
    for (int i = 0; i < io->shape.rank; i++) {
        dims[i] = io->shape.dims[i].min;
    }
    return vt_capi_shape_fill(io->shape.rank, dims, shape);
}

ov_status_e ov_const_port_get_shape(const ov_output_const_port_t *port, ov_shape_t *tensor_shape)
{
    return get_shape(vt_capi_port(port), tensor_shape);
}

ov_status_e ov_port_get_shape(const ov_output_port_t *port, ov_shape_t *tensor_shape)
{
    return get_shape(vt_capi_port(port), tensor_shape);
}

/* The first in alphabetical order, whatever the file's order is. */
ov_status_e ov_port_get_any_name(const ov_output_const_port_t *port, char **tensor_name)
{
    const struct vt_io *io;
    const char *first = NULL;
    char *copy;

    if (!port || !tensor_name) {
        return INVALID_C_PARAM;
    }
    io = vt_capi_port_io(vt_capi_port(port));
    for (int i = 0; i < io->n_names; i++) {
        if (!first || strcmp(io->names[i], first) < 0) {
            first = io->names[i];
        }
    }
    if (!first) {
        return vt_capi_fail(GENERAL_ERROR, "the port of node '%s' has no tensor names", io->node_name);
    }
    copy = strdup(first);
    if (!copy) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    *tensor_name = copy;
    return OK;
}

ov_status_e ov_port_get_partial_shape(const ov_output_const_port_t *port, ov_partial_shape_t *partial_shape)
{
    return port && partial_shape
               ? vt_capi_pshape_fill(&vt_capi_port_io(vt_capi_port(port))->shape, partial_shape)
               : INVALID_C_PARAM;
}

ov_status_e ov_port_get_element_type(const ov_output_const_port_t *port, ov_element_type_e *tensor_type)
{
    if (!port || !tensor_type) {
        return INVALID_C_PARAM;
    }
    *tensor_type = (ov_element_type_e)vt_capi_port_io(vt_capi_port(port))->type;
    return OK;
}
