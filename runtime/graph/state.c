#include "state.h"

#include "graph.h"
#include "heap.h"
#include "map.h"
#include "texts.h"

#include <stdlib.h>

struct vt_state_store *vt_states_create(void)
{
    return calloc(1, sizeof(struct vt_state_store));
}

/* Values outlive the inference that makes them, and so its heap. */
static int allocate(struct vt_tensor *t, struct vt_error *err)
{
    struct vt_heap *heap = vt_heap_use(NULL);
    int status = vt_tensor_alloc(t, err);

    vt_heap_use(heap);
    return status;
}

static void drop_value(struct vt_state *state)
{
    if (state->texts) {
        vt_blob_unref(state->texts);
        state->texts = NULL;
        state->value.data = NULL;
    }
    vt_tensor_free(&state->value);
    state->capacity = 0;
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

/* ---- values that grow */

/* Elements of `t` in front of and behind an axis, in bytes behind. */
static void around(const struct vt_tensor *t, int axis, int64_t *outer, size_t *inner)
{
    *outer = 1;
    *inner = vt_type_info(t->type)->bits / 8;
    for (int i = 0; i < t->rank; i++) {
        if (i < axis) {
            *outer *= t->dims[i];
        } else if (i > axis) {
            *inner *= (size_t)t->dims[i];
        }
    }
}

/* The value moves into memory with so much room, or, with 0, into dense memory. */
static int move(struct vt_state *state, const struct vt_tensor *want, int axis, int64_t room,
                struct vt_error *err)
{
    int64_t dims[VT_MAX_RANK], outer, have = state->room ? state->room : state->value.dims[axis];
    int64_t step = room ? room : want->dims[axis], rows = state->value.dims[axis];
    struct vt_tensor fresh;
    size_t inner;
    int status;

    memcpy(dims, want->dims, sizeof(dims));
    dims[axis] = step;
    if (!vt_tensor_describe(&fresh, want->type, want->rank, dims)) {
        return vt_fail(err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
    }
    status = allocate(&fresh, err);
    if (status) {
        return status;
    }
    around(want, axis, &outer, &inner);
    for (int64_t i = 0; state->set && i < outer; i++) {
        if (rows && inner) {
            memcpy((char *)fresh.data + (size_t)(i * step) * inner,
                   (char *)state->value.data + (size_t)(i * have) * inner, (size_t)rows * inner);
        }
    }
    vt_tensor_free(&state->value);
    state->value = *want;
    state->value.data = fresh.data;
    state->capacity = fresh.bytes;
    state->axis = axis;
    state->room = room;
    return VT_OK;
}

static bool same_but(const struct vt_tensor *a, const struct vt_tensor *b, int axis)
{
    bool same = a->type == b->type && a->rank == b->rank;

    for (int i = 0; same && i < a->rank; i++) {
        same = i == axis || a->dims[i] == b->dims[i];
    }
    return same;
}

#define FIRST_ROOM 64

int vt_state_extend(struct vt_state *state, const struct vt_tensor *want, int axis, struct vt_error *err)
{
    int64_t rows = want->dims[axis], room = rows > FIRST_ROOM / 2 ? rows : FIRST_ROOM / 2;
    bool same = same_but(&state->value, want, axis);

    if (vt_type_info(want->type)->bits < 8 || want->type == VT_STRING) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: variable '%s' of type %s that grows",
                       state->name, vt_type_info(want->type)->name);
    }
    if (state->set && (!same || state->value.dims[axis] > rows)) {
        return vt_fail(err, VT_E_SHAPE, "variable '%s' cannot grow from its present shape into that wanted",
                       state->name);
    }
    if (state->texts) {
        drop_value(state);
    }
    if (!same || state->axis != axis || state->room < rows) {
        int status;

        if (__builtin_mul_overflow(room, 2, &room)) {
            return vt_fail(err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
        }
        status = move(state, want, axis, room, err);
        if (status) {
            return status;
        }
    }
    state->value.dims[axis] = rows;
    state->value.bytes = want->bytes;
    state->set = true;
    return VT_OK;
}

int vt_state_dense(struct vt_state *state, struct vt_error *err)
{
    struct vt_tensor want = state->value;

    return state->room ? move(state, &want, state->axis, 0, err) : VT_OK;
}

static bool stays(const int64_t *index, int64_t n, int64_t have)
{
    for (int64_t i = 0; i < n; i++) {
        if (index[i] != i) {
            return false;
        }
    }
    return n == have;
}

int vt_state_reorder(struct vt_state *state, const int64_t *index, int64_t n, struct vt_error *err)
{
    struct vt_tensor *t = &state->value, fresh = *t, room;
    int64_t have = t->rank ? t->dims[0] : 0, dims[VT_MAX_RANK];
    size_t each;
    int status;

    if (t->rank < 1 || (state->room && state->axis == 0) || vt_type_info(t->type)->bits < 8) {
        return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: variable '%s' by rows", state->name);
    }
    if (stays(index, n, have)) {
        return VT_OK;
    }
    memcpy(dims, t->dims, sizeof(dims));
    dims[0] = n;
    if (!vt_tensor_describe(&fresh, t->type, t->rank, dims)) {
        return vt_fail(err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
    }
    dims[state->axis] = state->room ? state->room : dims[state->axis];
    if (!vt_tensor_describe(&room, t->type, t->rank, dims)) {
        return vt_fail(err, VT_E_SHAPE, "variable '%s' would be too large", state->name);
    }
    status = allocate(&room, err);
    if (status) {
        return status;
    }
    each = n ? room.bytes / (size_t)n : 0;
    for (int64_t i = 0; i < n && each; i++) {
        int64_t from = index[i] + (index[i] < 0 ? have : 0);

        if (from >= 0 && from < have) {
            memcpy((char *)room.data + (size_t)i * each, (char *)t->data + (size_t)from * each, each);
        }
    }
    vt_tensor_free(t);
    fresh.data = room.data;
    state->capacity = room.bytes;
    *t = fresh;
    return VT_OK;
}

/* ---- setting */

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
    drop_value(state);
    state->room = 0;
    state->texts = texts;
    state->value = *t;
    state->value.data = (void *)(uintptr_t)texts->data;
    state->set = true;
    return VT_OK;
}

/* Fresh memory. A value that has grown will go on, so it gets room: half of it again. */
static int renew(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err)
{
    struct vt_tensor fresh = *t;
    bool grows = state->set && state->value.bytes && !state->room && state->value.type == t->type;
    int status;

    fresh.bytes += grows ? t->bytes / 2 : 0;
    status = allocate(&fresh, err);
    if (status) {
        return status;
    }
    vt_tensor_free(&state->value);
    state->value = fresh;
    state->capacity = fresh.bytes;
    state->room = 0;
    return VT_OK;
}

int vt_state_set(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err)
{
    void *data;

    if (t->type == VT_STRING) {
        return set_strings(state, t, err);
    }
    if (state->texts) {
        drop_value(state);
    }
    if (state->room || state->capacity < t->bytes || !state->value.data) {
        int status = renew(state, t, err);

        if (status) {
            return status;
        }
    }
    data = state->value.data;
    state->value = *t;
    state->value.data = data;
    if (t->bytes) {
        memcpy(state->value.data, t->data, t->bytes);
    }
    state->set = true;
    return VT_OK;
}
