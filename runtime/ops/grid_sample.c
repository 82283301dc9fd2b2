#include "grid_sample.h"

#include "element.h"
#include "graph.h"
#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *data = &c->in[0]->shape, *grid = &c->in[1]->shape;
    struct vt_pshape out = {.rank = 4, .dims = {vt_dim_any(), vt_dim_any(), vt_dim_any(), vt_dim_any()}};
    struct vt_dim data_batch = vt_dim_any(), grid_batch = vt_dim_any();

    for (int i = 0; i < 2; i++) {
        if (c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != 4) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have 4 axes, not %d", i, c->in[i]->shape.rank);
        }
    }
    if (c->in[1]->type != VT_DYNAMIC && !vt_is_float(c->in[1]->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 1 must be of a float type, not %s",
                       vt_type_info(c->in[1]->type)->name);
    }
    if (data->rank == 4) {
        data_batch = data->dims[0];
        out.dims[1] = data->dims[1];
    }
    if (grid->rank == 4) {
        grid_batch = grid->dims[0];
        out.dims[2] = grid->dims[1];
        out.dims[3] = grid->dims[2];
        if (!vt_dim_can_be(grid->dims[3], 2)) {
            return vt_fail(c->err, VT_E_SHAPE, "the last axis of input 1 must have 2 elements");
        }
    }
    if (!vt_dim_meet(data_batch, grid_batch, &out.dims[0])) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 must have the same batch");
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"align_corners", VT_ATTR_BOOL},
    {"mode", VT_ATTR_STR, .def.s = "bilinear", .allowed = "bilinear|bicubic|nearest"},
    {"padding_mode", VT_ATTR_STR, .def.s = "zeros", .allowed = "zeros|border|reflection"},
    {0},
};

const struct vt_op_def vt_op_grid_sample[] = {
    {.name = "GridSample",
     .opset = 9,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_grid_sample_ref},
    {0},
};
