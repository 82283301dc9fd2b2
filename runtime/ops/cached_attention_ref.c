#include "cached_attention.h"

#include "element.h"
#include "graph.h"
#include "heap.h"
#include "sdpa.h"
#include "state.h"

static const struct vt_tensor *given(const struct vt_eval *e, int input)
{
    return input < e->n_in && e->in[input].type != VT_DYNAMIC ? &e->in[input] : NULL;
}

/* ---- CachedAttention */

static int choose_rows(struct vt_eval *e, struct vt_state *state)
{
    const struct vt_tensor *beams = given(e, VT_CACHED_BEAMS);
    int64_t n = beams ? vt_tensor_count(beams) : 0, *index;
    int status;

    if (!beams || !state->set) {
        return VT_OK;
    }
    index = vt_temp_alloc(((size_t)n + 1) * sizeof(*index));
    for (int64_t i = 0; index && i < n; i++) {
        index[i] = vt_get_i64(beams, i);
    }
    status = index ? vt_state_reorder(state, index, n, e->err) : vt_fail(e->err, VT_E_NOMEM, "out of memory");
    vt_temp_free(index);
    return status;
}

/* The variable's value with `fresh` behind it along axis 2; the past is counted in *past. */
static int append(struct vt_eval *e, struct vt_state *state, const struct vt_tensor *fresh)
{
    struct vt_tensor want;
    int64_t dims[4], outer = fresh->dims[0] * fresh->dims[1], past;
    size_t row = (size_t)fresh->dims[3] * vt_type_info(fresh->type)->bits / 8;
    size_t bytes = (size_t)fresh->dims[VT_CACHED_AXIS] * row;
    int status = choose_rows(e, state);

    if (status) {
        return status;
    }
    past = state->set ? state->value.dims[VT_CACHED_AXIS] : 0;
    memcpy(dims, fresh->dims, sizeof(dims));
    if (__builtin_add_overflow(dims[VT_CACHED_AXIS], past, &dims[VT_CACHED_AXIS]) ||
        !vt_tensor_describe(&want, fresh->type, 4, dims)) {
        return vt_fail(e->err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
    }
    status = vt_state_extend(state, &want, VT_CACHED_AXIS, e->err);
    for (int64_t i = 0; status == VT_OK && bytes && i < outer; i++) {
        memcpy((char *)state->value.data + (size_t)(i * state->room + past) * row,
               (const char *)fresh->data + (size_t)i * bytes, bytes);
    }
    return status;
}

/* The dense value with each head as often as the query has heads for it. */
static int spread(struct vt_eval *e, const struct vt_state *state, struct vt_tensor *t)
{
    const struct vt_tensor *v = &state->value;
    int64_t heads = e->in[VT_CACHED_QUERY].dims[1], each = v->dims[1] ? heads / v->dims[1] : 0;
    int64_t dims[4] = {v->dims[0], heads, v->dims[2], v->dims[3]};
    size_t row = (size_t)v->dims[3] * vt_type_info(v->type)->bits / 8, bytes = (size_t)v->dims[2] * row;
    int status;

    if (!vt_tensor_describe(t, v->type, 4, dims)) {
        return vt_fail(e->err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
    }
    status = vt_tensor_alloc(t, e->err);
    for (int64_t i = 0; status == VT_OK && bytes && i < dims[0] * heads; i++) {
        memcpy((char *)t->data + (size_t)i * bytes,
               (const char *)v->data + (size_t)(i / each * state->room) * row, bytes);
    }
    return status;
}

static int attend(struct vt_eval *e, const struct vt_state *keys, const struct vt_state *values)
{
    struct vt_tensor in[5] = {e->in[VT_CACHED_QUERY]};
    struct vt_eval inner = *e;
    int status = spread(e, keys, &in[VT_SDPA_KEY]);

    status = status ? status : spread(e, values, &in[VT_SDPA_VALUE]);
    in[VT_SDPA_MASK] =
        given(e, VT_CACHED_MASK) ? e->in[VT_CACHED_MASK] : (struct vt_tensor){.type = VT_DYNAMIC};
    in[VT_SDPA_SCALE] =
        given(e, VT_CACHED_SCALE) ? e->in[VT_CACHED_SCALE] : (struct vt_tensor){.type = VT_DYNAMIC};
    inner.in = in;
    inner.n_in = 5;
    if (status == VT_OK) {
        status = vt_sdpa_check_mask(&inner);
    }
    status = status ? status : vt_sdpa_ref(&inner);
    vt_tensor_free(&in[VT_SDPA_KEY]);
    vt_tensor_free(&in[VT_SDPA_VALUE]);
    return status;
}

int vt_cached_attention_ref(struct vt_eval *e)
{
    struct vt_state_store *own = e->states ? NULL : vt_states_create(), *states = e->states ? e->states : own;
    struct vt_state *keys = states ? vt_state_get(states, vt_attr_str(e->node, "variable_id")) : NULL;
    struct vt_state *values = states ? vt_state_get(states, vt_attr_str(e->node, "value_id")) : NULL;
    int status = keys && values ? VT_OK : vt_fail(e->err, VT_E_NOMEM, "out of memory");

    status = status ? status : append(e, keys, &e->in[VT_CACHED_KEY]);
    status = status ? status : append(e, values, &e->in[VT_CACHED_VALUE]);
    status = status ? status : attend(e, keys, values);
    vt_states_destroy(own);
    return status;
}

/* ---- StateShape */

/* The variable's own dims, as many as are declared. */
static int own_dims(struct vt_eval *e, int64_t *dims, int *rank)
{
    const struct vt_pshape *declared = vt_attr_shape(e->node, "variable_shape");
    const struct vt_tensor *initial = given(e, VT_STATE_INITIAL);
    struct vt_state *state = NULL;

    if (e->states) {
        state = vt_state_get(e->states, vt_attr_str(e->node, "variable_id"));
        if (!state) {
            return vt_fail(e->err, VT_E_NOMEM, "out of memory");
        }
    }
    if (state && state->set) {
        *rank = state->value.rank;
        memcpy(dims, state->value.dims, sizeof(state->value.dims));
    } else if (initial) {
        *rank = (int)(vt_tensor_count(initial) < VT_MAX_RANK ? vt_tensor_count(initial) : VT_MAX_RANK);
        for (int i = 0; i < *rank; i++) {
            dims[i] = vt_get_i64(initial, i);
        }
    } else if (declared && declared->rank >= 0) {
        *rank = declared->rank;
        for (int i = 0; i < *rank; i++) {
            dims[i] = declared->dims[i].min;
        }
    } else {
        return vt_fail(e->err, VT_E_INVALID, "variable '%s' has neither a value nor a shape",
                       vt_attr_str(e->node, "variable_id"));
    }
    return VT_OK;
}

int vt_state_shape_ref(struct vt_eval *e)
{
    const struct vt_tensor *beams = given(e, VT_STATE_BEAMS), *appended = given(e, VT_STATE_APPENDED);
    int64_t dims[VT_MAX_RANK];
    int rank = 0, status = own_dims(e, dims, &rank);

    if (status) {
        return status;
    }
    if (rank <= VT_CACHED_AXIS || rank != vt_tensor_count(&e->out[0])) {
        return vt_fail(e->err, VT_E_SHAPE, "variable '%s' has another rank than is declared",
                       vt_attr_str(e->node, "variable_id"));
    }
    dims[0] = beams ? vt_tensor_count(beams) : dims[0];
    if (appended && appended->rank == rank) {
        dims[VT_CACHED_AXIS] += appended->dims[VT_CACHED_AXIS];
    }
    for (int i = 0; i < rank; i++) {
        vt_set_i64(&e->out[0], i, dims[i]);
    }
    return VT_OK;
}
