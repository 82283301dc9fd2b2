/* Messages of tensors, and of the types of inputs and outputs. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

/* ---- tensors */

static int parse_i64(struct onnx_model *m, const char *text, const char *key, int64_t *value)
{
    char *end;

    *value = strtoll(text, &end, 10);
    if (end == text || *end || *value < 0) {
        return onnx_model_fail(m, VT_E_FORMAT, "external data: %s is \"%.40s\"", key, text);
    }
    return VT_OK;
}

static int parse_external(struct onnx_model *m, struct onnx_bytes message, struct onnx_tensor *t)
{
    struct onnx_wire w = onnx_wire(message);
    const char *key = "", *value = "";
    struct onnx_field f;
    int status;

    while ((status = onnx_wire_next(&w, &f)) > 0) {
        status = f.number == 1   ? onnx_take_text(m, &w, &f, "external data", &key)
                 : f.number == 2 ? onnx_take_text(m, &w, &f, "external data", &value)
                                 : VT_OK;
        if (status) {
            return status;
        }
    }
    if (status) {
        return onnx_damaged(m, w.p, "external data");
    }
    if (strcmp(key, "location") == 0) {
        t->file = value;
    } else if (strcmp(key, "offset") == 0) {
        return parse_i64(m, value, key, &t->offset);
    } else if (strcmp(key, "length") == 0) {
        return parse_i64(m, value, key, &t->length);
    }
    return VT_OK;
}

int onnx_parse_tensor(struct onnx_model *m, struct onnx_bytes message, struct onnx_tensor *t)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int64_t location = 0;
    int status;

    *t = (struct onnx_tensor){.name = "", .message = message, .length = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        switch (f.number) {
        case 2: status = onnx_take_int(m, &w, &f, "a tensor", &t->data_type); break;
        case 3: t->segment = true; break;
        case 8: status = onnx_take_text(m, &w, &f, "a tensor", &t->name); break;
        case 9:
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a tensor");
            t->raw = f.bytes;
            break;
        case 13:
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a tensor");
            status = status < 0 ? status : parse_external(m, f.bytes, t);
            break;
        case 14: status = onnx_take_int(m, &w, &f, "a tensor", &location); break;
        default: break;
        }
        if (status < 0) {
            return status;
        }
    }
    t->external = location == 1;
    return status ? onnx_damaged(m, w.p, "a tensor")
                  : onnx_take_ints(m, message, 1, "a tensor", &t->dims, &t->n_dims);
}

int onnx_parse_sparse(struct onnx_model *m, struct onnx_bytes message, struct onnx_sparse *s)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    s->name = "";
    s->values = s->indices = (struct onnx_tensor){.name = "", .length = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1 || f.number == 2) {
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a sparse tensor");
            status =
                status ? status : onnx_parse_tensor(m, f.bytes, f.number == 1 ? &s->values : &s->indices);
            if (status) {
                return status;
            }
        }
    }
    s->name = s->values.name;
    return status ? onnx_damaged(m, w.p, "a sparse tensor")
                  : onnx_take_ints(m, message, 3, "a sparse tensor", &s->dims, &s->n_dims);
}

/* ---- types of inputs and outputs */

static int parse_dim(struct onnx_model *m, struct onnx_bytes message, struct vt_dim *dim)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int64_t value;
    int status;

    *dim = vt_dim_any();
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = onnx_take_int(m, &w, &f, "a dimension", &value);
            if (status) {
                return status;
            }
            *dim = value >= 0 ? vt_dim_fixed(value) : vt_dim_any();
        }
    }
    return status ? onnx_damaged(m, w.p, "a dimension") : VT_OK;
}

static int parse_shape(struct onnx_model *m, struct onnx_bytes message, const char *name,
                       struct vt_pshape *shape)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    shape->rank = 0;
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number != 1) {
            continue;
        }
        if (shape->rank == VT_MAX_RANK) {
            return onnx_model_fail(m, VT_E_UNSUPPORTED, "not implemented: '%s' has more than %d dimensions",
                                   name, VT_MAX_RANK);
        }
        status = onnx_want(m, &w, &f, ONNX_BYTES, "a shape");
        status = status ? status : parse_dim(m, f.bytes, &shape->dims[shape->rank++]);
        if (status) {
            return status;
        }
    }
    return status ? onnx_damaged(m, w.p, "a shape") : VT_OK;
}

static int parse_tensor_type(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    info->kind = ONNX_INFO_TENSOR;
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = onnx_take_int(m, &w, &f, "a type", &info->elem_type);
        } else if (f.number == 2) {
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a type");
            status = status ? status : parse_shape(m, f.bytes, info->name, &info->shape);
        } else {
            status = VT_OK;
        }
        if (status) {
            return status;
        }
    }
    return status ? onnx_damaged(m, w.p, "a type") : VT_OK;
}

static int parse_type(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    static const char *const others[10] = {
        [4] = "a sequence", [5] = "a map", [7] = "opaque", [8] = "sparse", [9] = "an optional"};
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = onnx_want(m, &w, &f, ONNX_BYTES, "a type");
            status = status ? status : parse_tensor_type(m, f.bytes, info);
            if (status) {
                return status;
            }
        } else if (f.number < 10 && others[f.number]) {
            info->kind = ONNX_INFO_OTHER;
            info->what = others[f.number];
        }
    }
    return status ? onnx_damaged(m, w.p, "a type") : VT_OK;
}

int onnx_parse_info(struct onnx_model *m, struct onnx_bytes message, struct onnx_info *info)
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_bytes type = {NULL, 0};
    struct onnx_field f;
    int status;

    *info = (struct onnx_info){.name = "", .shape.rank = -1};
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number == 1) {
            status = onnx_take_text(m, &w, &f, "an input or output", &info->name);
        } else if (f.number == 2) {
            status = onnx_want(m, &w, &f, ONNX_BYTES, "an input or output");
            type = f.bytes;
        } else {
            status = VT_OK;
        }
        if (status) {
            return status;
        }
    }
    if (status) {
        return onnx_damaged(m, w.p, "an input or output");
    }
    return type.p ? parse_type(m, type, info) : VT_OK;
}
