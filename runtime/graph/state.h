/* Variable states: what ReadValue reads and Assign writes. One store belongs to one request. */
#ifndef VT_STATE_H
#define VT_STATE_H

#include "arena.h"
#include "vt/status.h"
#include "vt/tensor.h"

#include <stdatomic.h>

struct vt_blob;

struct vt_state {
    const char *name;  /* variable_id */
    enum vt_type type; /* what the model says of it; VT_DYNAMIC and rank -1: nothing */
    struct vt_pshape shape;
    struct vt_tensor value; /* owned; described but without meaning until `set` */
    /* room > 0: `value` grows along `axis` without being copied each time. Its data is [outer][room][inner],
     * of which value.dims[axis] rows count. 0: it is dense. */
    int axis;
    int64_t room;
    size_t capacity;       /* bytes that value.data has room for */
    struct vt_blob *texts; /* of strings: what holds value.data and all texts; else NULL */
    bool set;              /* false: ReadValue takes its initial value */
    struct vt_state_store *store;
    struct vt_state *next;
};

struct vt_state_store {
    struct vt_state *first;
    atomic_bool cancelled; /* the evaluation that uses the states shall stop between two nodes */
    /* What the running inference made, and earlier values of variables that it may still read. */
    struct vt_arena texts;
    struct vt_blob **old;
    int n_old;
};

struct vt_state_store *vt_states_create(void);
void vt_states_destroy(struct vt_state_store *states);

/* Forget all values: the next ReadValue takes its initial value. */
void vt_states_reset(struct vt_state_store *states);

/* A new inference begins: texts that earlier ones made are gone. */
void vt_states_begin(struct vt_state_store *states);

/* The state of that name, made when it is new; NULL when out of memory. */
struct vt_state *vt_state_get(struct vt_state_store *states, const char *name);

/* Make the value a tensor of `want`'s type and dims that keeps its rows along `axis`: what is new is not
 * written. A value that is set must agree in type and all other dims. Room is doubled when it runs out. */
int vt_state_extend(struct vt_state *state, const struct vt_tensor *want, int axis, struct vt_error *err);

/* Row i along axis 0 becomes what row index[i] was; negative ones count from the end, those outside give
 * zeros. Nothing is moved when all stay where they are. For a value that is set. */
int vt_state_reorder(struct vt_state *state, const int64_t *index, int64_t n, struct vt_error *err);

/* Give up room, so that the value can be read as a dense tensor. */
int vt_state_dense(struct vt_state *state, struct vt_error *err);

/* Copy a tensor in, strings with their texts. */
int vt_state_set(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err);

#endif
