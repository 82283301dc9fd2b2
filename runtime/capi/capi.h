/* What the files of the C API share: handles, the last error, lists of properties, ports.
 *
 * A handle of the public API is a pointer to an object of the core under another name, so nothing is
 * allocated or looked up between the two. */
#ifndef VT_CAPI_H
#define VT_CAPI_H

#include "buffer.h"
#include "compiled.h"
#include "core.h"
#include "model.h"
#include "openvino/c/ov_compiled_model.h"
#include "openvino/c/ov_core.h"
#include "openvino/c/ov_infer_request.h"
#include "openvino/c/ov_model.h"
#include "openvino/c/ov_node.h"
#include "openvino/c/ov_partial_shape.h"
#include "openvino/c/ov_tensor.h"
#include "request.h"

/* ---- handles. The API's const says nothing about what happens inside. */

static inline struct vt_core *vt_capi_core(const ov_core_t *core)
{
    return (struct vt_core *)core;
}

static inline struct vt_model *vt_capi_model(const ov_model_t *model)
{
    return (struct vt_model *)model;
}

static inline struct vt_compiled *vt_capi_compiled(const ov_compiled_model_t *compiled)
{
    return (struct vt_compiled *)compiled;
}

static inline struct vt_request *vt_capi_request(const ov_infer_request_t *request)
{
    return (struct vt_request *)request;
}

static inline struct vt_buffer *vt_capi_tensor(const ov_tensor_t *tensor)
{
    return (struct vt_buffer *)tensor;
}

/* ---- errors. The text of the last one is the process's, not the thread's. */

/* The API's code for a status of the core; its message, if there is one, becomes the last error. */
ov_status_e vt_capi_status(int status, const struct vt_error *err);

/* The same where the API has no other error than GENERAL_ERROR, whatever the reason. */
ov_status_e vt_capi_ordinary(int status, const struct vt_error *err);

/* Make a message the last error; returns `code`. */
__attribute__((format(printf, 2, 3))) ov_status_e vt_capi_fail(ov_status_e code, const char *fmt, ...);

/* "not implemented: NAME" */
ov_status_e vt_capi_missing(ov_status_e code, const char *name);

void vt_capi_clear_error(void);

/* UTF-8 of a wide string for free(). VT_E_INVALID for what is no code point. */
int vt_capi_narrow(const wchar_t *wide, char **text, struct vt_error *err);

/* ---- lists of properties; the texts stay the caller's */

#define VT_CAPI_CONFIG 16

struct vt_capi_config {
    struct vt_config config;
    const char *keys[VT_CAPI_CONFIG], *values[VT_CAPI_CONFIG];
    const char **more; /* of longer lists */
    char cipher[48];   /* CACHE_ENCRYPTION_CALLBACKS as the core takes it */
};

/* `args` counts keys and values. Anything but OK leaves nothing to finish. */
ov_status_e vt_capi_config_args(struct vt_capi_config *list, size_t args, va_list ap);
ov_status_e vt_capi_config_props(struct vt_capi_config *list, size_t n, const ov_property_t *properties);
void vt_capi_config_finish(struct vt_capi_config *list);

/* ---- ports: a place in a model, or in a compiled model. Both kinds of public port are this. */

struct vt_capi_port {
    struct vt_model *model;       /* either this, */
    struct vt_compiled *compiled; /* or this; a reference of the port's own */
    enum vt_side side;
    int index;
};

static inline const struct vt_capi_port *vt_capi_port(const void *port)
{
    return port;
}

const struct vt_io *vt_capi_port_io(const struct vt_capi_port *port);

/* New ports into *port (ov_output_port_t ** or ov_output_const_port_t **). The index exists. */
ov_status_e vt_capi_model_port(struct vt_model *model, enum vt_side side, int index, void *port);
ov_status_e vt_capi_compiled_port(struct vt_compiled *compiled, enum vt_side side, int index, void *port);

/* The index of the input or output that has the tensor name; a message when none has. */
ov_status_e vt_capi_model_find(const struct vt_model *model, enum vt_side side, const char *name, int *index);

/* ---- types and shapes */

static inline bool vt_capi_type_ok(ov_element_type_e type)
{
    return (unsigned)type < VT_TYPE_COUNT;
}

/* Fill a public shape, dims from malloc (NULL for a scalar). */
ov_status_e vt_capi_shape_fill(int rank, const int64_t *dims, ov_shape_t *shape);

/* The same for a partial shape. */
ov_status_e vt_capi_pshape_fill(const struct vt_pshape *from, ov_partial_shape_t *shape);

/* False unless the shape can be read: a rank of at least 0, and dims where there are some. */
bool vt_capi_shape_ok(const ov_shape_t *shape);

/* False when a dimension is no interval. A rank above VT_MAX_RANK is an error of its own. */
ov_status_e vt_capi_pshape(const ov_partial_shape_t *partial_shape, struct vt_pshape *shape);

#endif
