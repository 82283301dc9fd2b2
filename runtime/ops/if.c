#include "if.h"

#include "body.h"
#include "shape.h"

static int infer_branch(struct vt_infer *c, const struct vt_body *body, struct vt_error *err)
{
    int status = vt_body_check(c->node, body, err);

    for (int i = 0; i < body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_INPUT && c->in[m->outer]) {
            status = vt_body_set_param(body, m->inner, c->in[m->outer]->type, &c->in[m->outer]->shape);
        }
    }
    return status ? status : vt_body_infer(body, err);
}

/* Outputs of one branch; where the other one has set an output, what holds for both. */
static int take_outputs(struct vt_infer *c, const struct vt_body *body, bool *set)
{
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        struct vt_value *out = &c->out[m->kind == VT_MAP_OUTPUT ? m->outer : 0];
        const struct vt_value *v;

        if (m->kind != VT_MAP_OUTPUT) {
            continue;
        }
        v = vt_body_result(body, m->inner);
        if (!set[m->outer]) {
            vt_infer_set(c, m->outer, v->type, &v->shape);
        } else if (out->type != v->type && out->type != VT_DYNAMIC && v->type != VT_DYNAMIC) {
            return vt_fail(c->err, VT_E_TYPE, "output %d is %s in one branch and %s in the other", m->outer,
                           vt_type_info(out->type)->name, vt_type_info(v->type)->name);
        } else {
            vt_pshape_join(&out->shape, &v->shape, &out->shape);
        }
        set[m->outer] = true;
    }
    return VT_OK;
}

static int infer(struct vt_infer *c)
{
    const struct vt_body *bodies = c->node->bodies;
    int64_t condition;
    bool known, *set;
    int status;

    if (c->node->n_bodies != 2) {
        return vt_fail(c->err, VT_E_FORMAT, "%d bodies, wanted 2", c->node->n_bodies);
    }
    if (c->at_run) {
        return vt_body_leave_open(c);
    }
    status = vt_infer_scalar(c, 0, "condition", &condition, &known);
    if (status) {
        return status;
    }
    set = c->alloc(c->alloc_ctx, ((size_t)c->n_out + 1) * sizeof(*set));
    if (!set) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < 2 && status == VT_OK; i++) {
        bool taken = !known || (condition != 0) == (i == 0);
        int inferred = infer_branch(c, &bodies[i], taken ? c->err : NULL);

        status = taken ? inferred : VT_OK; /* a branch that is never taken need not fit */
        if (taken && status == VT_OK) {
            status = take_outputs(c, &bodies[i], set);
        }
    }
    return status;
}

const struct vt_op_def vt_op_if[] = {
    {.name = "If",
     .opset = 8,
     .min_in = 1,
     .max_in = INT32_MAX,
     .n_out = -1,
     .flags = VT_OP_BODY | VT_OP_DATA_SHAPE | VT_OP_VARIADIC,
     .infer = infer,
     .eval = vt_if_ref},
    {0},
};
