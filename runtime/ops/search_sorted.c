#include "search_sorted.h"

#include "shape.h"

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *sorted = &c->in[0]->shape, *values = &c->in[1]->shape;
    struct vt_pshape out = *values;
    enum vt_type type, index = vt_attr_type_of(c->node, "output_type");
    char a[200], b[200];
    int status = vt_infer_same_type(c, 0, 1, &type);

    if (status) {
        return status;
    }
    if (index != VT_I32 && index != VT_I64) {
        return vt_fail(c->err, VT_E_TYPE, "output_type must be i32 or i64, not %s",
                       vt_type_info(index)->name);
    }
    if (sorted->rank == 0) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (sorted) must have at least rank 1");
    }
    if (sorted->rank > 1 && values->rank >= 0) {
        bool fits = sorted->rank == values->rank;

        for (int i = 0; fits && i < values->rank - 1; i++) {
            fits = vt_dim_meet(sorted->dims[i], values->dims[i], &out.dims[i]);
        }
        if (!fits) {
            return vt_fail(c->err, VT_E_SHAPE, "sorted %s and values %s must agree but for the last axis",
                           vt_pshape_text(sorted, a, sizeof(a)), vt_pshape_text(values, b, sizeof(b)));
        }
    } else if (sorted->rank > 1) {
        out = *sorted;
        out.dims[out.rank - 1] = vt_dim_any();
    }
    vt_infer_set(c, 0, index, &out);
    return VT_OK;
}

static const struct vt_attr_def attrs[] = {
    {"right_mode", VT_ATTR_BOOL},
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

const struct vt_op_def vt_op_search_sorted[] = {
    {.name = "SearchSorted",
     .opset = 15,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer,
     .eval = vt_search_sorted_ref},
    {0},
};
