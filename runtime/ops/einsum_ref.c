#include "einsum.h"

#include "element.h"

/* An odometer over some labels: sizes, and how far each input moves with each. */
struct loop {
    int rank;
    int64_t dims[VT_EINSUM_LABELS], index[VT_EINSUM_LABELS];
    int64_t step[VT_EINSUM_INPUTS][VT_EINSUM_LABELS];
};

/* Add `label` to a loop. A dimension of 1 repeats; a label that an input has twice walks its diagonal. */
static void loop_add(struct loop *l, const struct vt_einsum *eq, const struct vt_tensor *in, int label,
                     int64_t size)
{
    l->dims[l->rank] = size;
    for (int i = 0; i < eq->n_in; i++) {
        int64_t strides[VT_MAX_RANK];

        vt_strides(&in[i], strides);
        for (int k = 0; k < eq->in[i].n; k++) {
            if (eq->in[i].labels[k] == label && in[i].dims[k] != 1) {
                l->step[i][l->rank] += strides[k];
            }
        }
    }
    l->rank++;
}

/* Step on, moving `at`; false after the last, with `at` where it began. */
static bool loop_next(struct loop *l, int n_in, int64_t *at)
{
    for (int d = l->rank - 1; d >= 0; d--) {
        bool inside = ++l->index[d] < l->dims[d];

        for (int i = 0; i < n_in; i++) {
            at[i] += l->step[i][d] * (inside ? 1 : 1 - l->dims[d]);
        }
        if (inside) {
            return true;
        }
        l->index[d] = 0;
    }
    return false;
}

static void sum(struct vt_eval *e, struct loop *inner, int n_in, int64_t *at, int64_t to, bool empty)
{
    bool whole = vt_is_integral(e->out[0].type);
    uint64_t total = 0;
    double real = 0;

    while (!empty) {
        uint64_t product = 1;
        double v = 1;

        for (int i = 0; i < n_in; i++) {
            if (whole) {
                product *= (uint64_t)vt_get_i64(&e->in[i], at[i]);
            } else {
                v *= vt_get_f64(&e->in[i], at[i]);
            }
        }
        total += product;
        real += v;
        empty = !loop_next(inner, n_in, at);
    }
    if (whole) {
        vt_set_i64(&e->out[0], to, (int64_t)total);
    } else {
        vt_set_f64(&e->out[0], to, real);
    }
}

int vt_einsum_ref(struct vt_eval *e)
{
    struct loop outer = {0}, inner = {0};
    int64_t size[VT_EINSUM_LABELS], at[VT_EINSUM_INPUTS] = {0}, n = vt_tensor_count(&e->out[0]);
    bool has[VT_EINSUM_LABELS] = {false}, empty = false;
    int ranks[VT_EINSUM_INPUTS];
    struct vt_einsum eq;
    int status;

    for (int i = 0; i < e->n_in && i < VT_EINSUM_INPUTS; i++) {
        ranks[i] = e->in[i].rank;
    }
    status = vt_einsum_parse(&eq, vt_attr_str(e->node, "equation"), e->n_in, ranks, e->err);
    if (status) {
        return status;
    }
    for (int i = 0; i < eq.n_in; i++) {
        for (int k = 0; k < eq.in[i].n; k++) {
            int label = eq.in[i].labels[k];

            size[label] = has[label] && e->in[i].dims[k] == 1 ? size[label] : e->in[i].dims[k];
            has[label] = true;
        }
    }
    for (int k = 0; k < eq.out.n; k++) {
        loop_add(&outer, &eq, e->in, eq.out.labels[k], e->out[0].dims[k]);
        has[eq.out.labels[k]] = false;
    }
    for (int label = 0; label < VT_EINSUM_LABELS; label++) {
        if (has[label]) {
            loop_add(&inner, &eq, e->in, label, size[label]);
            empty |= size[label] == 0;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        sum(e, &inner, eq.n_in, at, i, empty);
        loop_next(&outer, eq.n_in, at);
    }
    return VT_OK;
}
