/* Element-wise operations on shapes that only the run tells: what little a model computes of the lengths of
 * its mask and cache, which is no part of a plan's key. The kernels are those of known shapes; what they
 * cannot take is left to the reference. */
#include "ops/broadcast.h"
#include "ops/copies.h"
#include "ops/typed.h"

#include "model.h"

extern const struct cpu_impl cpu_impl_reference;

/* Elements that are worth a thread. */
#define PIECE 32768

struct late {
    const struct cpu_typed *kernel;
    cpu_binary_fn *binary;
    cpu_compare_fn *compare;
    cpu_select_fn *select; /* none of the three: conversion */
    int op;
    enum vt_type from, to;
    struct vt_tensor known[3]; /* of inputs whose shapes are known */
    struct cpu_step reference;
};

static bool is_select(const struct cpu_op *op)
{
    return strcmp(op->type, "Select") == 0;
}

static bool is_convert(const struct cpu_op *op)
{
    return strcmp(op->type, "Convert") == 0;
}

static bool fill_kernel(const struct cpu_op *op, struct late *l)
{
    int type = cpu_byte_type(op->in[0].type);

    l->kernel = cpu_typed_get(op->isa);
    l->from = op->in[0].type;
    l->to = op->out[0].type;
    if (is_convert(op)) {
        return l->kernel->convert((int)l->from, (int)l->to, NULL, NULL, 0, 0);
    }
    if (strcmp(op->host->attr_str(op->node, "auto_broadcast"), "numpy") != 0) {
        return false;
    }
    if (is_select(op)) {
        l->select =
            op->in[0].type == VT_BOOLEAN && op->in[1].type == op->in[2].type && cpu_copy_size(op->out[0].type)
                ? l->kernel->select(vt_type_info(op->out[0].type)->bits / 8)
                : NULL;
        return l->select != NULL;
    }
    if (op->in[0].type != op->in[1].type) {
        return false;
    }
    l->op = cpu_find_compare(op->type);
    if (l->op >= 0) {
        l->compare = l->kernel->compare(type);
        return l->compare != NULL;
    }
    l->op = cpu_find_binary(op->type);
    l->binary = l->op >= 0 ? l->kernel->binary(type) : NULL;
    return l->binary != NULL;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    struct late l = {0};

    *reason = "the shapes are known";
    if (op->out[0].rank >= 0) {
        return false;
    }
    *reason = "no kernel for these types, or another way of broadcasting than numpy's";
    return fill_kernel(op, &l) && op->host->node_has_eval(op->node);
}

/* ---- the step */

struct job {
    const struct late *l;
    struct cpu_bcast shape;
    const void *in[3];
    void *dst;
};

static void piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct job *j = arg;
    const struct late *l = j->l;

    (void)scratch;
    if (l->compare) {
        l->compare(&j->shape, (enum cpu_compare_op)l->op, j->in[0], j->in[1], j->dst, begin, end);
    } else if (l->binary) {
        l->binary(&j->shape, (enum cpu_binary_op)l->op, j->in[0], j->in[1], j->dst, begin, end);
    } else if (l->select) {
        l->select(&j->shape, j->in[0], j->in[1], j->in[2], j->dst, begin, end);
    } else {
        l->kernel->convert((int)l->from, (int)l->to, j->in[0], j->dst, begin, end);
    }
}

/* The shape that the inputs broadcast to; false where they do not. */
static bool meet(const struct vt_tensor *in, int n, int *rank, int64_t *dims)
{
    *rank = 0;
    for (int k = 0; k < n; k++) {
        *rank = in[k].rank > *rank ? in[k].rank : *rank;
    }
    for (int i = 0; i < *rank; i++) {
        dims[i] = 1;
        for (int k = 0; k < n; k++) {
            int at = i - (*rank - in[k].rank);
            int64_t dim = at >= 0 ? in[k].dims[at] : 1;

            if (dim != 1 && dims[i] != 1 && dim != dims[i]) {
                return false;
            }
            dims[i] = dim != 1 ? dim : dims[i];
        }
    }
    return true;
}

/* False also where the elements are too many to be counted: the reference tells. */
static bool plan(struct job *j, const struct vt_tensor *in, int n, int *rank, int64_t *dims)
{
    struct cpu_bcast_shape shapes[3];
    struct vt_tensor out;

    for (int k = 0; k < n; k++) {
        shapes[k] = (struct cpu_bcast_shape){in[k].rank, in[k].dims, NULL};
        j->in[k] = in[k].data;
    }
    return meet(in, n, rank, dims) && vt_tensor_describe(&out, j->l->to, *rank, dims) &&
           cpu_bcast_plan(&j->shape, *rank, dims, n, shapes);
}

static int run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct late *l = step->data;
    struct job j = {.l = l};
    struct vt_tensor in[3];
    int64_t dims[VT_MAX_RANK];
    int rank;

    for (int i = 0; i < step->n_in; i++) {
        if (l->known[i].rank < 0) {
            in[i] = run->dynamic[step->in[i]];
        } else {
            in[i] = l->known[i];
            in[i].data = cpu_in(step, run, i);
        }
    }
    if (!plan(&j, in, step->n_in, &rank, dims)) {
        return l->reference.run(&l->reference, run);
    }
    j.dst = cpu_output_now(run, step, 0, l->to, rank, dims);
    if (!j.dst) {
        return run->err && run->err->code ? run->err->code : VT_E_NOMEM;
    }
    run->serial = j.shape.count < 2 * PIECE;
    cpu_parallel_range(run, j.shape.count, run->serial ? 1 : j.shape.count / PIECE, piece, &j);
    return VT_OK;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct late *l = cpu_plan_alloc(b, sizeof(*l));
    int status =
        l ? cpu_impl_reference.prepare(b, op, option, step, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status) {
        return status;
    }
    l->reference = *step;
    if (!fill_kernel(op, l)) {
        return vt_fail(err, VT_E_INTERNAL, "no kernel");
    }
    for (int i = 0; i < step->n_in; i++) {
        l->known[i] = cpu_build_in(b, step, i)->t;
    }
    step->run = run;
    step->data = l;
    step->kernel = l->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_late = {
    .name = "late",
    .supports = supports,
    .prepare = prepare,
};
