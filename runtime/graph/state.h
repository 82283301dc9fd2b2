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
    struct vt_blob *texts;  /* of strings: what holds value.data and all texts; else NULL */
    bool set;               /* false: ReadValue takes its initial value */
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

/* Copy a tensor in, strings with their texts. */
int vt_state_set(struct vt_state *state, const struct vt_tensor *t, struct vt_error *err);

#endif
