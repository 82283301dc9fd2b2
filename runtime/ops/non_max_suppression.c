#include "non_max_suppression.h"

#include "element.h"
#include "graph.h"
#include "shape.h"

int vt_nms_inputs(struct vt_infer *c, int64_t values, struct vt_dim *batch, struct vt_dim *classes,
                  struct vt_dim *boxes)
{
    const struct vt_pshape *box = &c->in[0]->shape, *score = &c->in[1]->shape;

    for (int i = 0; i < 2; i++) {
        enum vt_type type = c->in[i]->type;

        if (type != VT_DYNAMIC && !vt_is_float(type)) {
            return vt_fail(c->err, VT_E_TYPE, "input %d must be of a float type, not %s", i,
                           vt_type_info(type)->name);
        }
        if (c->in[i]->shape.rank >= 0 && c->in[i]->shape.rank != 3) {
            return vt_fail(c->err, VT_E_SHAPE, "input %d must have 3 axes, not %d", i, c->in[i]->shape.rank);
        }
    }
    *batch = *boxes = *classes = vt_dim_any();
    if (box->rank == 3) {
        *batch = box->dims[0];
        *boxes = box->dims[1];
        if (!vt_dim_can_be(box->dims[2], values)) {
            return vt_fail(c->err, VT_E_SHAPE, "the last axis of input 0 must have %lld elements",
                           (long long)values);
        }
    }
    if (score->rank == 3) {
        *classes = score->dims[1];
        if (!vt_dim_meet(*batch, score->dims[0], batch) || !vt_dim_meet(*boxes, score->dims[2], boxes)) {
            return vt_fail(c->err, VT_E_SHAPE, "inputs 0 and 1 differ in batch or number of boxes");
        }
    }
    return VT_OK;
}

/* At most min(boxes, max_output_boxes_per_class) a class. */
static struct vt_dim most(const struct vt_infer *c, struct vt_dim batch, struct vt_dim classes,
                          struct vt_dim boxes)
{
    int64_t limit = 0;
    int n = 0;
    bool known = c->n_in <= 2 || !c->in[2] || (vt_infer_i64s(c, 2, &limit, 1, &n) && n == 1);
    struct vt_dim all;

    if (limit < 0) {
        limit = c->in[2]->type == VT_U64 ? INT64_MAX : 0; /* u64 beyond i64 is no limit */
    }
    if (known && (boxes.max < 0 || limit < boxes.max)) {
        boxes = vt_dim_fixed(limit);
    }
    all = vt_dim_mul(vt_dim_mul(batch, classes), boxes);
    return (struct vt_dim){0, all.max};
}

static int infer(struct vt_infer *c)
{
    struct vt_dim batch, classes, boxes;
    struct vt_pshape selected = {.rank = 2, .dims = {vt_dim_any(), vt_dim_fixed(3)}};
    struct vt_pshape one = {.rank = 1, .dims = {vt_dim_fixed(1)}};
    int status = vt_nms_inputs(c, 4, &batch, &classes, &boxes);
    enum vt_type type = VT_I64;

    if (status == VT_OK && c->node->op->opset >= 3) {
        status = vt_infer_index_type(c, "output_type", &type);
    }
    if (status) {
        return status;
    }
    selected.dims[0] = most(c, batch, classes, boxes);
    if (selected.dims[0].max == 0) {
        selected.dims[0] = vt_dim_fixed(0);
    }
    vt_infer_set(c, 0, type, &selected);
    if (c->n_out > 1) {
        vt_infer_set(c, 1, VT_F32, &selected);
        vt_infer_set(c, 2, type, &one);
    }
    return VT_OK;
}

#define ATTRS                                                                                                \
    {"box_encoding", VT_ATTR_STR, .def.s = "corner", .allowed = "corner|center"},                            \
    {                                                                                                        \
        "sort_result_descending", VT_ATTR_BOOL, .def.i = 1                                                   \
    }

static const struct vt_attr_def attrs_1[] = {
    ATTRS,
    {0},
};

static const struct vt_attr_def attrs_3[] = {
    ATTRS,
    {"output_type", VT_ATTR_TYPE, .def.i = VT_I64},
    {0},
};

#define NMS(OPSET, MAX_IN, OUTPUTS, ATTRS_)                                                                  \
    {                                                                                                        \
        .name = "NonMaxSuppression", .opset = OPSET, .min_in = 2, .max_in = MAX_IN, .n_out = OUTPUTS,        \
        .flags = VT_OP_DATA_SHAPE, .attrs = ATTRS_, .infer = infer, .eval = vt_non_max_suppression_ref       \
    }

const struct vt_op_def vt_op_non_max_suppression[] = {
    NMS(1, 5, 1, attrs_1), NMS(3, 5, 1, attrs_3), NMS(4, 5, 1, attrs_3),
    NMS(5, 6, 3, attrs_3), NMS(9, 6, 3, attrs_3), {0},
};
