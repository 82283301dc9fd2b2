#include "loop.h"

#include "shape.h"

int64_t vt_slice_begin(const struct vt_body_map *m, int64_t n, int64_t i)
{
    int64_t start = m->start < 0 ? n + (1 + m->start) : m->start;

    return m->stride < 0 ? start - m->part_size + i * m->stride : start + i * m->stride;
}

int64_t vt_slice_count(const struct vt_body_map *m, int64_t n)
{
    int64_t start = m->start < 0 ? n + (1 + m->start) : m->start,
            end = m->end < 0 ? n + (1 + m->end) : m->end;
    int64_t length = m->stride < 0 ? start - end : end - start;

    if (m->stride == 0 || m->stride == INT64_MIN || m->part_size < 1 || start < 0 || start > n || end < 0 ||
        end > n || length < 0) {
        return -1;
    }
    return length / (m->stride < 0 ? -m->stride : m->stride);
}

/* Parameters as they are in the first iteration. */
static int set_params(struct vt_infer *c, const struct vt_body *body)
{
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        struct vt_pshape shape;
        int axis, status = VT_OK;

        if (m->kind != VT_MAP_INPUT && m->kind != VT_MAP_SLICED && m->kind != VT_MAP_MERGED) {
            continue;
        }
        if (!c->in[m->outer]) {
            return vt_fail(c->err, VT_E_INVALID, "input %d is left out", m->outer);
        }
        shape = c->in[m->outer]->shape;
        if (m->kind == VT_MAP_SLICED) {
            status = vt_infer_axis(c, m->axis, shape.rank, &axis);
            if (status == VT_OK && axis >= 0) {
                shape.dims[axis] = vt_dim_fixed(m->part_size);
            }
        }
        status = status ? status : vt_body_set_param(body, m->inner, c->in[m->outer]->type, &shape);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

/* Widen the parameters that carry a value round to what comes back. Dimensions that change become unknown at
 * once, so that this ends after a few rounds. */
static int widen(struct vt_infer *c, const struct vt_body *body, bool *changed)
{
    *changed = false;
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        const struct vt_value *param, *back;
        struct vt_pshape shape;

        if (m->kind != VT_MAP_MERGED) {
            continue;
        }
        param = vt_body_param(body, m->inner);
        back = vt_body_result(body, m->back);
        if (param->type != back->type && param->type != VT_DYNAMIC && back->type != VT_DYNAMIC) {
            return vt_fail(c->err, VT_E_TYPE, "parameter '%s' of the body is %s and comes back as %s",
                           body->graph->params[m->inner]->name, vt_type_info(param->type)->name,
                           vt_type_info(back->type)->name);
        }
        shape = param->shape;
        if (shape.rank >= 0 && shape.rank != back->shape.rank) {
            shape = (struct vt_pshape){.rank = -1};
            *changed = true;
        }
        for (int k = 0; k < shape.rank; k++) {
            struct vt_dim a = shape.dims[k], b = back->shape.dims[k], both;
            bool inside = vt_dim_meet(a, b, &both) && both.min == b.min && both.max == b.max;

            /* What is fully open stays so: the loop over the body ends, whatever the body gives. */
            if (!inside && (a.min != 0 || a.max >= 0)) {
                shape.dims[k] = vt_dim_any();
                *changed = true;
            }
        }
        if (*changed && vt_body_set_param(body, m->inner, param->type, &shape)) {
            return vt_fail(c->err, VT_E_NOMEM, "out of memory");
        }
    }
    return VT_OK;
}

static int infer_body(struct vt_infer *c, const struct vt_body *body)
{
    bool changed = true;
    int status = set_params(c, body);

    while (status == VT_OK && changed) {
        status = vt_body_infer(body, c->err);
        status = status ? status : widen(c, body, &changed);
    }
    return status;
}

/* An output that is the last value of a carried parameter is its first value when nothing ran. */
static struct vt_pshape last_shape(const struct vt_body *body, int result)
{
    struct vt_pshape shape = vt_body_result(body, result)->shape;

    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_MERGED && m->back == result) {
            vt_pshape_join(&vt_body_param(body, m->inner)->shape, &shape, &shape);
        }
    }
    return shape;
}

static int set_outputs(struct vt_infer *c, const struct vt_body *body, struct vt_dim iterations)
{
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        struct vt_pshape shape;
        int axis, status;

        if (m->kind == VT_MAP_OUTPUT) {
            shape = iterations.min > 0 ? vt_body_result(body, m->inner)->shape : last_shape(body, m->inner);
            vt_infer_set(c, m->outer, vt_body_result(body, m->inner)->type, &shape);
        } else if (m->kind == VT_MAP_CONCAT) {
            shape = vt_body_result(body, m->inner)->shape;
            status = vt_infer_axis(c, m->axis, shape.rank, &axis);
            if (status) {
                return status;
            }
            if (axis >= 0) {
                shape.dims[axis] = vt_dim_mul(shape.dims[axis], iterations);
            }
            vt_infer_set(c, m->outer, vt_body_result(body, m->inner)->type, &shape);
        }
    }
    return VT_OK;
}

static bool always_true(const struct vt_value *v)
{
    struct vt_infer probe = {.n_in = 1, .in = &v};
    int64_t value;
    int n;

    return vt_infer_i64s(&probe, 0, &value, 1, &n) && n == 1 && value;
}

/* The trip count, when neither condition can end the loop before. */
static int loop_iterations(struct vt_infer *c, const struct vt_body *body, struct vt_dim *iterations)
{
    int64_t trips;
    bool known, endless = !c->in[1] || always_true(c->in[1]);
    int status = vt_infer_scalar(c, 0, "trip_count", &trips, &known);

    *iterations = vt_dim_any();
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_CONDITION) {
            endless &= always_true(&vt_port_output(body->graph->results[m->inner]->in[0])->v);
        }
    }
    if (status == VT_OK && known && trips >= 0) {
        *iterations = (struct vt_dim){endless ? trips : 0, trips};
    }
    return status;
}

static int infer_loop(struct vt_infer *c)
{
    const struct vt_body *body = c->node->bodies;
    struct vt_dim iterations;
    int status;

    if (c->node->n_bodies != 1) {
        return vt_fail(c->err, VT_E_FORMAT, "%d bodies, wanted 1", c->node->n_bodies);
    }
    if (c->at_run) {
        return vt_body_leave_open(c);
    }
    status = vt_body_check(c->node, body, c->err);
    status = status ? status : infer_body(c, body);
    status = status ? status : loop_iterations(c, body, &iterations);
    return status ? status : set_outputs(c, body, iterations);
}

/* All sliced inputs must give the same number of iterations. */
static int iterator_iterations(struct vt_infer *c, const struct vt_body *body, struct vt_dim *iterations)
{
    *iterations = vt_dim_any();
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        const struct vt_pshape *shape = m->kind == VT_MAP_SLICED ? &c->in[m->outer]->shape : NULL;
        int64_t count, n;

        if (!shape || shape->rank < 0) {
            continue;
        }
        n = m->axis < 0 ? m->axis + shape->rank : m->axis;
        if (!vt_dim_is_static(shape->dims[n])) {
            continue;
        }
        count = vt_slice_count(m, shape->dims[n].min);
        if (count < 0 || !vt_dim_can_be(*iterations, count)) {
            return vt_fail(c->err, VT_E_SHAPE,
                           "input %d cannot be sliced from %lld to %lld by %lld for %lld iterations",
                           m->outer, (long long)m->start, (long long)m->end, (long long)m->stride,
                           (long long)iterations->min);
        }
        *iterations = vt_dim_fixed(count);
    }
    return VT_OK;
}

static int infer_iterator(struct vt_infer *c)
{
    const struct vt_body *body = c->node->bodies;
    struct vt_dim iterations;
    int status;

    if (c->node->n_bodies != 1) {
        return vt_fail(c->err, VT_E_FORMAT, "%d bodies, wanted 1", c->node->n_bodies);
    }
    if (c->at_run) {
        return vt_body_leave_open(c);
    }
    status = vt_body_check(c->node, body, c->err);
    status = status ? status : infer_body(c, body);
    status = status ? status : iterator_iterations(c, body, &iterations);
    return status ? status : set_outputs(c, body, iterations);
}

const struct vt_op_def vt_op_loop[] = {
    {.name = "Loop",
     .opset = 5,
     .min_in = 2,
     .max_in = INT32_MAX,
     .n_out = -1,
     .flags = VT_OP_BODY | VT_OP_DATA_SHAPE | VT_OP_VARIADIC,
     .infer = infer_loop,
     .eval = vt_loop_ref},
    {.name = "TensorIterator",
     .opset = 1,
     .min_in = 1,
     .max_in = INT32_MAX,
     .n_out = -1,
     .flags = VT_OP_BODY | VT_OP_DATA_SHAPE | VT_OP_VARIADIC,
     .infer = infer_iterator,
     .eval = vt_tensor_iterator_ref},
    {0},
};
