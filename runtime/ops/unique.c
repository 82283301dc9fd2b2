#include "unique.h"

#include "shape.h"

/* How many unique elements (or slices) there can be. */
static struct vt_dim unique_count(struct vt_dim n)
{
    return (struct vt_dim){n.min > 0, n.max};
}

static int check_types(struct vt_infer *c, enum vt_type index, enum vt_type count)
{
    if ((index != VT_I32 && index != VT_I64) || (count != VT_I32 && count != VT_I64)) {
        return vt_fail(c->err, VT_E_TYPE,
                       "index_element_type and count_element_type must be i32 or i64, not %s and %s",
                       vt_type_info(index)->name, vt_type_info(count)->name);
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *src = &c->in[0]->shape;
    enum vt_type index = vt_attr_type_of(c->node, "index_element_type");
    enum vt_type count = vt_attr_type_of(c->node, "count_element_type");
    struct vt_pshape values = {.rank = -1}, list = {1, {vt_dim_any()}}, inverse = list;
    bool has_axis = c->n_in > 1 && c->in[1], known = false;
    int64_t value = 0;
    int axis = -1, status = check_types(c, index, count);

    status = status ? status : vt_infer_scalar(c, 1, "axis", &value, &known);
    if (status == VT_OK && known) {
        status = vt_infer_axis(c, value, src->rank, &axis);
    }
    if (status) {
        return status;
    }
    if (!has_axis) {
        struct vt_dim all = src->rank < 0 ? vt_dim_any() : vt_dim_fixed(1);

        for (int i = 0; i < src->rank; i++) {
            all = vt_dim_mul(all, src->dims[i]);
        }
        inverse.dims[0] = all;
        list.dims[0] = unique_count(all);
        values = list;
    } else if (axis >= 0) {
        values = *src;
        inverse.dims[0] = src->dims[axis];
        list.dims[0] = unique_count(src->dims[axis]);
        values.dims[axis] = list.dims[0];
    } else if (src->rank >= 0) {
        values.rank = src->rank;
        for (int i = 0; i < src->rank; i++) {
            values.dims[i] = vt_dim_any();
        }
    }
    vt_infer_set(c, 0, c->in[0]->type, &values);
    vt_infer_set(c, 1, index, &list);
    vt_infer_set(c, 2, index, &inverse);
    vt_infer_set(c, 3, count, &list);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"sorted", VT_ATTR_BOOL, .def.i = 1},
    {"index_element_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {"count_element_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

const struct vt_op_def vt_op_unique[] = {
    {.name = "Unique",
     .opset = 10,
     .min_in = 1,
     .max_in = 2,
     .n_out = 4,
     .flags = VT_OP_DATA_SHAPE,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_unique_ref},
    {0},
};
