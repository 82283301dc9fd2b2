#include "top_k.h"

#include "element.h"
#include "shape.h"

static int find_k(struct vt_infer *c, struct vt_dim *k)
{
    int64_t value;
    bool known;
    int n, status = vt_infer_scalar(c, 1, "k", &value, &known);

    *k = vt_dim_any();
    if (status) {
        return status;
    }
    if (known && value < 0) {
        return vt_fail(c->err, VT_E_INVALID, "input 1 (k) is %lld", (long long)value);
    }
    (void)vt_infer_bounds(c, 1, k, 1, &n);
    *k = k->min < 0 ? vt_dim_any() : *k;
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    struct vt_pshape out = c->in[0]->shape;
    enum vt_type index_type = vt_attr_type_of(c->node, "index_element_type");
    struct vt_dim k;
    int axis, status = find_k(c, &k);

    status = status ? status : vt_infer_axis(c, vt_attr_i64(c->node, "axis"), out.rank, &axis);
    if (status) {
        return status;
    }
    if (index_type != VT_I32 && index_type != VT_I64) {
        return vt_fail(c->err, VT_E_TYPE, "index_element_type must be i32 or i64, not %s",
                       vt_type_info(index_type)->name);
    }
    if (axis >= 0) {
        int64_t most = out.dims[axis].max;

        if (most >= 0 && k.min > most) {
            return vt_fail(c->err, VT_E_RANGE, "input 1 (k) is %lld, axis %d has %lld elements",
                           (long long)k.min, axis, (long long)most);
        }
        k.max = most >= 0 && (k.max < 0 || k.max > most) ? most : k.max;
        out.dims[axis] = k;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    vt_infer_set(c, 1, index_type, &out);
    return VT_OK;
}

#define COMMON                                                                                               \
    {"axis", VT_ATTR_I64, .required = true},                                                                 \
        {"mode", VT_ATTR_STR, .required = true, .def.s = "max", .allowed = "min|max"},                       \
        {"sort", VT_ATTR_STR, .required = true, .def.s = "value", .allowed = "value|index|none"},            \
    {                                                                                                        \
        "index_element_type", VT_ATTR_TYPE, .def.i = VT_I32                                                  \
    }

static const struct vt_attr_def attrs[] = {
    COMMON,
    {0},
};

static const struct vt_attr_def attrs_11[] = {
    COMMON,
    {"stable", VT_ATTR_BOOL},
    {0},
};

#define ROW(version, attributes)                                                                             \
    {                                                                                                        \
        .name = "TopK", .opset = version, .min_in = 2, .max_in = 2, .n_out = 2, .attrs = attributes,         \
        .infer = infer, .eval = vt_top_k_ref                                                                 \
    }

const struct vt_op_def vt_op_top_k[] = {
    ROW(1, attrs),
    ROW(3, attrs),
    ROW(11, attrs_11),
    {0},
};
