#include "state.h"

#include "graph.h"

#include <stdlib.h>

struct vt_state_store *vt_states_create(void)
{
    return calloc(1, sizeof(struct vt_state_store));
}

void vt_states_destroy(struct vt_state_store *states)
{
    if (!states) {
        return;
    }
    while (states->first) {
        struct vt_state *state = states->first;

        states->first = state->next;
        vt_tensor_free(&state->value);
        free((char *)state->name);
        free(state);
    }
    free(states);
}

void vt_states_reset(struct vt_state_store *states)
{
    for (struct vt_state *state = states->first; state; state = state->next) {
        state->set = false;
    }
}

struct vt_state *vt_state_get(struct vt_state_store *states, const char *name)
{
    struct vt_state *state, **end = &states->first;

    for (; *end; end = &(*end)->next) {
        if (strcmp((*end)->name, name) == 0) {
            return *end;
        }
    }
    state = calloc(1, sizeof(*state));
    if (!state) {
        return NULL;
    }
    state->name = strdup(name);
    if (!state->name) {
        free(state);
        return NULL;
    }
    state->shape.rank = -1;
    *end = state; /* behind the others: users count them in the model's order */
    return state;
}

int vt_state_set(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err)
{
    if (t->type == VT_STRING) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: strings as the value of variable '%s'",
                       state->name);
    }
    if (state->value.bytes != t->bytes || !state->value.data) {
        struct vt_tensor fresh = *t;
        int status = vt_tensor_alloc(&fresh, err);

        if (status) {
            return status;
        }
        vt_tensor_free(&state->value);
        state->value = fresh;
    } else {
        void *data = state->value.data;

        state->value = *t;
        state->value.data = data;
    }
    if (t->bytes) {
        memcpy(state->value.data, t->data, t->bytes);
    }
    state->set = true;
    return VT_OK;
}
