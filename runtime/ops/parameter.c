#include "shape.h"

#define SHAPE_TEXT 256

static bool inside(struct vt_dim d, struct vt_dim kept)
{
    return d.min >= kept.min && (kept.max < 0 || (d.max >= 0 && d.max <= kept.max));
}

/* What a frontend built the rest of the graph for has to stay true: numbers that follow from extents it took
 * as given are constants of the graph now. */
static int check_kept(struct vt_infer *c, const struct vt_pshape *shape)
{
    static const struct vt_pshape any = {.rank = -1};
    const struct vt_pshape *kept = vt_attr_shape(c->node, "keeps");
    char is[SHAPE_TEXT], has_to_be[SHAPE_TEXT];
    bool fits;

    if (!kept || kept->rank < 0) {
        return VT_OK;
    }
    fits = shape && shape->rank == kept->rank;
    for (int i = 0; fits && i < kept->rank; i++) {
        fits = inside(shape->dims[i], kept->dims[i]);
    }
    return fits ? VT_OK
                : vt_fail(c->err, VT_E_SHAPE, "its shape cannot be %s: it has to fit %s, %s",
                          vt_pshape_text(shape ? shape : &any, is, sizeof(is)),
                          vt_pshape_text(kept, has_to_be, sizeof(has_to_be)),
                          vt_attr_str(c->node, "keeps_for"));
}

static int infer(struct vt_infer *c)
{
    const struct vt_pshape *shape = vt_attr_shape(c->node, "shape");
    int status = check_kept(c, shape);

    if (status == VT_OK && shape) {
        vt_infer_set(c, 0, vt_attr_type_of(c->node, "element_type"), shape);
    } else if (status == VT_OK) {
        vt_infer_unknown(c, 0, vt_attr_type_of(c->node, "element_type"));
    }
    return status;
}

/* `keeps` is this runtime's own: a shape that every other one has to fit, and why, for the message. */
static const struct vt_attr_def attrs[] = {
    {"element_type", VT_ATTR_TYPE, .required = true},
    {"shape", VT_ATTR_SHAPE},
    {"keeps", VT_ATTR_SHAPE},
    {"keeps_for", VT_ATTR_STR, .def.s = "which the model was read for"},
    {0},
};

const struct vt_op_def vt_op_parameter[] = {
    {.name = "Parameter", .opset = 1, .n_out = 1, .flags = VT_OP_NO_FOLD, .attrs = attrs, .infer = infer},
    {0},
};
