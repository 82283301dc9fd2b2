#include "scatter_elements_update.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *index = &c->in[1]->shape;
    struct vt_pshape both;
    enum vt_type type = c->in[0]->type, updates = c->in[2]->type;
    char a[200], b[200];
    int64_t value;
    bool known;
    int axis, status = vt_infer_integral(c, 1, "indices");

    status = status ? status : vt_infer_scalar(c, 3, "axis", &value, &known);
    if (status) {
        return status;
    }
    if (type != VT_DYNAMIC && updates != VT_DYNAMIC && updates != type) {
        return vt_fail(c->err, VT_E_TYPE, "input 2 (updates) is %s, input 0 is %s",
                       vt_type_info(updates)->name, vt_type_info(type)->name);
    }
    if (data->rank >= 0 && index->rank >= 0 && data->rank != index->rank) {
        return vt_fail(c->err, VT_E_SHAPE, "data has rank %d, indices rank %d", data->rank, index->rank);
    }
    if (!vt_pshape_meet(index, &c->in[2]->shape, &both)) {
        return vt_fail(c->err, VT_E_SHAPE, "indices of shape %s and updates of shape %s differ",
                       vt_pshape_text(index, a, sizeof(a)), vt_pshape_text(&c->in[2]->shape, b, sizeof(b)));
    }
    if (known) {
        status = vt_infer_axis(c, value, data->rank, &axis);
    }
    vt_infer_like(c, 0, 0);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"reduction", VT_ATTR_STR, .def.s = "none", .allowed = "none|sum|prod|min|max|mean"},
    {"use_init_val", VT_ATTR_BOOL, .def.i = 1},
    {0},
};

const struct vt_op_def vt_op_scatter_elements_update[] = {
    {.name = "ScatterElementsUpdate",
     .opset = 3,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .flags = VT_OP_MOVES_DATA,
     .moves = 1 | 4,
     .infer = infer,
     .eval = vt_scatter_elements_update_ref},
    {.name = "ScatterElementsUpdate",
     .opset = 12,
     .min_in = 4,
     .max_in = 4,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_scatter_elements_update_ref},
    {0},
};
