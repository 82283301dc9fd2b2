#include "extension.h"

#include "graph.h"
#include "hash.h"

#include <dlfcn.h>
#include <stdlib.h>

struct vt_extension *vt_extension_ref(struct vt_extension *extension)
{
    atomic_fetch_add_explicit(&extension->refs, 1, memory_order_relaxed);
    return extension;
}

void vt_extension_unref(struct vt_extension *extension)
{
    if (extension && atomic_fetch_sub_explicit(&extension->refs, 1, memory_order_acq_rel) == 1) {
        if (extension->handle) {
            dlclose(extension->handle);
        }
        vt_arena_finish(&extension->arena);
        free(extension);
    }
}

const struct vt_extension_op *vt_extension_op_of(const struct vt_op_def *op)
{
    return op->flags & VT_OP_EXTENSION ? (const struct vt_extension_op *)op : NULL;
}

struct vt_extension *vt_extension_of(const struct vt_op_def *op)
{
    return op->flags & VT_OP_EXTENSION ? ((const struct vt_extension_op *)op)->owner : NULL;
}

/* ---- sets */

void vt_extension_set_init(struct vt_extension_set *set)
{
    *set = (struct vt_extension_set){0};
    pthread_mutex_init(&set->lock, NULL);
}

void vt_extension_set_finish(struct vt_extension_set *set)
{
    for (int i = 0; i < set->n; i++) {
        vt_extension_unref(set->list[i]);
    }
    free(set->list);
    pthread_mutex_destroy(&set->lock);
}

static const struct vt_extension_op *find_in(const struct vt_extension *extension, const char *op,
                                             const char *opset)
{
    for (int i = 0; i < extension->n_ops; i++) {
        if (strcmp(extension->ops[i].name, op) == 0 && strcmp(extension->ops[i].opset, opset) == 0) {
            return &extension->ops[i];
        }
    }
    return NULL;
}

/* Whether none of the operations is there already. */
static int check_new(const struct vt_extension_set *set, const struct vt_extension *extension,
                     struct vt_error *err)
{
    for (int i = 0; i < set->n; i++) {
        for (int k = 0; k < extension->n_ops; k++) {
            const struct vt_extension_op *op = &extension->ops[k];

            if (find_in(set->list[i], op->name, op->opset)) {
                return vt_fail(err, VT_E_INVALID,
                               "extension '%s': the extension '%s', which was added before, has an operation "
                               "%s (%s), too",
                               extension->path, set->list[i]->path, op->name, op->opset);
            }
        }
    }
    return VT_OK;
}

static bool has(const struct vt_extension_set *set, const struct vt_extension *extension)
{
    for (int i = 0; i < set->n; i++) {
        if (set->list[i]->table == extension->table) {
            return true;
        }
    }
    return false;
}

int vt_extension_set_add(struct vt_extension_set *set, struct vt_extension *extension, struct vt_error *err)
{
    int status;

    pthread_mutex_lock(&set->lock);
    if (has(set, extension)) {
        vt_extension_unref(extension);
        status = VT_OK;
    } else {
        struct vt_extension **wider = NULL;

        status = check_new(set, extension, err);
        if (status == VT_OK) {
            wider = realloc(set->list, ((size_t)set->n + 1) * sizeof(struct vt_extension *));
            status = wider ? VT_OK : vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        if (wider) {
            set->list = wider;
            set->list[set->n++] = extension;
        } else {
            vt_extension_unref(extension);
        }
    }
    pthread_mutex_unlock(&set->lock);
    return status;
}

uint64_t vt_extension_set_identity(struct vt_extension_set *set, uint64_t seed)
{
    pthread_mutex_lock(&set->lock);
    for (int i = 0; i < set->n; i++) {
        seed = vt_hash_u64(set->list[i]->identity, seed);
    }
    pthread_mutex_unlock(&set->lock);
    return seed;
}

/* ---- looking up */

static _Thread_local struct vt_extension_set *in_use;

struct vt_extension_set *vt_extension_use(struct vt_extension_set *set)
{
    struct vt_extension_set *before = in_use;

    in_use = set;
    return before;
}

const struct vt_op_def *vt_extension_find(const char *op, const char *opset)
{
    const struct vt_extension_op *found = NULL;

    if (!in_use) {
        return NULL;
    }
    pthread_mutex_lock(&in_use->lock);
    for (int i = 0; i < in_use->n && !found; i++) {
        found = find_in(in_use->list[i], op, opset);
    }
    pthread_mutex_unlock(&in_use->lock);
    return found ? &found->def : NULL;
}
