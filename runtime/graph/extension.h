/* Operations of extensions (vintner_extension.h): their tables checked and turned into operation definitions,
 * and the sets of extensions that cores have.
 *
 * A graph holds a reference to each extension whose operations it has, so code and definitions stay while a
 * node can be looked at. */
#ifndef VT_GRAPH_EXTENSION_H
#define VT_GRAPH_EXTENSION_H

#include "arena.h"
#include "vintner_extension.h"
#include "vt/op.h"

#include <pthread.h>
#include <stdatomic.h>

struct vt_extension_op {
    struct vt_op_def def; /* first: found from a node's operation */
    const vt_extension_op_t *fns;
    const char *name, *opset; /* as models call it; def.name differs where the runtime has such a name */
    struct vt_extension *owner;
};

struct vt_extension {
    struct vt_arena arena; /* definitions and texts */
    const char *path, *name;
    uint64_t identity; /* of its code: a hash of the file */
    struct vt_extension_op *ops;
    int n_ops;
    const vt_extension_t *table;
    void *handle; /* of the shared object, closed with the last reference; NULL: nothing to close */
    atomic_int refs;
};

/* Check a table, which lives as long as `handle`, and make an extension of it: one reference. `path` names it
 * in messages. On failure the handle stays the caller's. VT_E_ABI, VT_E_INVALID. */
int vt_extension_create(const vt_extension_t *table, const char *path, void *handle, uint64_t identity,
                        struct vt_extension **extension, struct vt_error *err);

/* Both may be called from any thread; ref returns its argument, unref takes NULL. */
struct vt_extension *vt_extension_ref(struct vt_extension *extension);
void vt_extension_unref(struct vt_extension *extension);

/* The operation behind a definition; NULL when it is none of an extension's. */
const struct vt_extension_op *vt_extension_op_of(const struct vt_op_def *op);
struct vt_extension *vt_extension_of(const struct vt_op_def *op);

/* ---- sets. Extensions are added, never taken out. */

struct vt_extension_set {
    pthread_mutex_t lock; /* around the list */
    struct vt_extension **list;
    int n;
};

void vt_extension_set_init(struct vt_extension_set *set);
void vt_extension_set_finish(struct vt_extension_set *set);

/* Take a reference of the caller's over, also on failure. The same table again: nothing happens.
 * VT_E_INVALID when another one has an operation of the same name and opset. */
int vt_extension_set_add(struct vt_extension_set *set, struct vt_extension *extension, struct vt_error *err);

/* The identities of all, chained onto `seed`, in the order in which they were added. */
uint64_t vt_extension_set_identity(struct vt_extension_set *set, uint64_t seed);

/* The set in which operations are looked up on this thread (NULL: none), until the next call; returns the one
 * before. The set outlives the use. */
struct vt_extension_set *vt_extension_use(struct vt_extension_set *set);

/* An operation of the set in use. `opset` is the model's word. NULL when there is none. */
const struct vt_op_def *vt_extension_find(const char *op, const char *opset);

/* ---- extension_run.c: the functions of every definition */

int vt_extension_infer(struct vt_infer *c);
int vt_extension_eval(struct vt_eval *e);
int vt_extension_bounds(struct vt_infer *c);

#endif
