#include "state.h"

#include "graph.h"
#include "map.h"
#include "texts.h"

#include <stdlib.h>

struct vt_state_store *vt_states_create(void)
{
    return calloc(1, sizeof(struct vt_state_store));
}

static void drop_value(struct vt_state *state)
{
    if (state->texts) {
        vt_blob_unref(state->texts);
        state->texts = NULL;
        state->value.data = NULL;
    }
    vt_tensor_free(&state->value);
}

void vt_states_destroy(struct vt_state_store *states)
{
    if (!states) {
        return;
    }
    while (states->first) {
        struct vt_state *state = states->first;

        states->first = state->next;
        drop_value(state);
        free((char *)state->name);
        free(state);
    }
    vt_states_begin(states);
    free(states->old);
    free(states);
}

void vt_states_begin(struct vt_state_store *states)
{
    vt_arena_finish(&states->texts);
    while (states->n_old) {
        vt_blob_unref(states->old[--states->n_old]);
    }
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
    state->store = states;
    *end = state; /* behind the others: users count them in the model's order */
    return state;
}

/* Who has read the variable in this inference goes on viewing the old texts. */
static int set_strings(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err)
{
    struct vt_state_store *store = state->store;
    struct vt_blob **wider = reallocarray(store->old, (size_t)store->n_old + 1, sizeof(struct vt_blob *));
    struct vt_blob *texts;

    if (!wider) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    store->old = wider;
    texts = vt_strings_keep(t);
    if (!texts) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for the strings of variable '%s'", state->name);
    }
    if (state->texts) {
        store->old[store->n_old++] = state->texts;
        state->texts = NULL;
        state->value.data = NULL;
    }
    vt_tensor_free(&state->value);
    state->texts = texts;
    state->value = *t;
    state->value.data = (void *)(uintptr_t)texts->data;
    state->set = true;
    return VT_OK;
}

int vt_state_set(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err)
{
    if (t->type == VT_STRING) {
        return set_strings(state, t, err);
    }
    if (state->texts) {
        drop_value(state);
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
