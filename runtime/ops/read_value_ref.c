#include "read_value.h"

#include "graph.h"
#include "move.h"
#include "state.h"

static int output(struct vt_eval *e, const struct vt_tensor *t)
{
    int status = vt_eval_output(e, 0, t->type, t->rank, t->dims);

    if (status == VT_OK && e->out[0].bytes) {
        memcpy(e->out[0].data, t->data, e->out[0].bytes);
    }
    return status;
}

/* Without a value and without an initial one: zeros, with nothing along the dimensions that may grow. */
static int output_zeros(struct vt_eval *e)
{
    const struct vt_pshape *shape = vt_attr_shape(e->node, "variable_shape");
    int64_t dims[VT_MAX_RANK] = {0};
    int status;

    if (!shape || shape->rank < 0) {
        return vt_fail(e->err, VT_E_INVALID, "variable '%s' has neither a value nor a shape",
                       vt_attr_str(e->node, "variable_id"));
    }
    for (int i = 0; i < shape->rank; i++) {
        dims[i] = shape->dims[i].min;
    }
    status = vt_eval_output(e, 0, vt_attr_type_of(e->node, "variable_type"), shape->rank, dims);
    if (status == VT_OK && e->out[0].bytes) {
        memset(e->out[0].data, 0, e->out[0].bytes); /* the caller's memory may hold anything */
    }
    return status;
}

int vt_read_value_ref(struct vt_eval *e)
{
    struct vt_state *state = NULL;

    if (e->states) {
        state = vt_state_get(e->states, vt_attr_str(e->node, "variable_id"));
        if (!state) {
            return vt_fail(e->err, VT_E_NOMEM, "out of memory");
        }
    }
    if (state && state->set) {
        int status = vt_state_dense(state, e->err);

        return status ? status : output(e, &state->value);
    }
    return e->n_in && e->in[0].type != VT_DYNAMIC ? output(e, &e->in[0]) : output_zeros(e);
}

int vt_assign_ref(struct vt_eval *e)
{
    vt_move_run(&e->out[0], 0, &e->in[0], 0, vt_tensor_count(&e->in[0]));
    if (e->states) {
        struct vt_state *state = vt_state_get(e->states, vt_attr_str(e->node, "variable_id"));

        if (!state) {
            return vt_fail(e->err, VT_E_NOMEM, "out of memory");
        }
        return vt_state_set(state, &e->in[0], e->err);
    }
    return VT_OK;
}
