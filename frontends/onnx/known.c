/* What inference has found out about a value. */
#include "translate.h"

#include <string.h>

static const struct vt_value *value_of(const struct onnx_node *n, struct onnx_value v)
{
    return n->status || !v.node ? NULL : n->t->host->node_value(v.node, v.port);
}

enum vt_type onnx_type(const struct onnx_node *n, struct onnx_value v)
{
    const struct vt_value *value = value_of(n, v);

    return value ? value->type : VT_DYNAMIC;
}

const struct vt_pshape *onnx_shape(const struct onnx_node *n, struct onnx_value v)
{
    const struct vt_value *value = value_of(n, v);

    return value ? &value->shape : NULL;
}

int onnx_rank(const struct onnx_node *n, struct onnx_value v)
{
    const struct vt_value *value = value_of(n, v);

    return value ? value->shape.rank : -1;
}

int onnx_need_rank(struct onnx_node *n, struct onnx_value v)
{
    int rank = onnx_rank(n, v);

    if (rank < 0) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: an input whose number of dimensions is not known");
    }
    return rank;
}

int64_t onnx_dim(const struct onnx_node *n, struct onnx_value v, int axis)
{
    const struct vt_pshape *shape = onnx_shape(n, v);

    axis += shape && axis < 0 ? shape->rank : 0;
    if (!shape || axis < 0 || axis >= shape->rank || !vt_dim_is_static(shape->dims[axis])) {
        return -1;
    }
    return shape->dims[axis].min;
}

/* Element i of a Constant of whole numbers. */
static int64_t element(const struct vt_tensor *t, int64_t i)
{
    const uint8_t *p = t->data;
    unsigned bits = vt_type_info(t->type)->bits;
    uint64_t raw = 0;

    if (bits < 8) {
        unsigned at = t->type == VT_U1 ? 7 - (unsigned)(i % 8) : (unsigned)(i * bits % 8);

        raw = (uint64_t)(p[i * bits / 8] >> at) & ((1u << bits) - 1);
    } else {
        memcpy(&raw, p + (size_t)i * (bits / 8), bits / 8); /* little endian */
    }
    if (vt_type_info(t->type)->is_signed && bits < 64) {
        return (int64_t)(raw << (64 - bits)) >> (64 - bits);
    }
    return (int64_t)raw;
}

static bool counts(enum vt_type type)
{
    return type != VT_DYNAMIC && type != VT_STRING && type != VT_U3 && type != VT_U6 &&
           !vt_type_info(type)->is_float;
}

static const int64_t *from_constant(struct onnx_node *n, const struct vt_tensor *t, int64_t *count)
{
    int64_t *values = onnx_alloc(n, (size_t)vt_tensor_count(t) * sizeof(*values));

    for (*count = 0; values && *count < vt_tensor_count(t); ++*count) {
        values[*count] = element(t, *count);
    }
    return values;
}

const int64_t *onnx_known(struct onnx_node *n, struct onnx_value v, int64_t *count)
{
    const struct vt_value *value = value_of(n, v);
    int64_t *values;

    *count = 0;
    if (!value || !counts(value->type)) {
        return NULL;
    }
    if (value->constant) {
        return from_constant(n, value->constant, count);
    }
    for (int64_t i = 0; value->bounds && i < value->bounds->n; i++) {
        if (value->bounds->lo[i] != value->bounds->hi[i]) {
            return NULL;
        }
    }
    values = value->bounds ? onnx_alloc(n, (size_t)value->bounds->n * sizeof(*values)) : NULL;
    if (values) {
        *count = value->bounds->n;
        memcpy(values, value->bounds->lo, (size_t)*count * sizeof(*values));
    }
    return values;
}

const int64_t *onnx_need_known(struct onnx_node *n, struct onnx_value v, const char *what, int64_t *count)
{
    const int64_t *values = onnx_known(n, v, count);

    if (!values) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: %s that is not known before the model runs", what);
    }
    return values;
}

const struct vt_tensor *onnx_tensor_of(const struct onnx_node *n, struct onnx_value v)
{
    return n->status || !v.node ? NULL : n->t->host->node_constant(v.node);
}

int64_t onnx_axis(struct onnx_node *n, int64_t axis, int rank)
{
    if (rank < 0 || axis < -rank || axis >= rank) {
        onnx_fail(n, VT_E_RANGE, "axis %lld is outside of %d dimensions", (long long)axis, rank);
        return 0;
    }
    return axis < 0 ? axis + rank : axis;
}

enum vt_type onnx_type_of_proto(struct onnx_node *n, int64_t data_type)
{
    const char *missing;
    enum vt_type type = onnx_proto_type(data_type, &missing);

    if (type == VT_DYNAMIC && missing) {
        onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: element type %s", missing);
    } else if (type == VT_DYNAMIC) {
        onnx_fail(n, VT_E_FORMAT, "there is no element type %lld", (long long)data_type);
    }
    return type;
}
