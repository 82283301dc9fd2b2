#include "auto_broadcast.h"

#include "shape.h"

/* b into *a, aligned at the right; *a may not grow. */
static bool broadcast_into(struct vt_pshape *a, const struct vt_pshape *b)
{
    if (a->rank < 0 || b->rank < 0) {
        return true;
    }
    if (b->rank > a->rank) {
        return false;
    }
    for (int i = 0; i < b->rank; i++) {
        struct vt_dim *dst = &a->dims[a->rank - b->rank + i];

        if (b->dims[i].min <= 1 && !(b->dims[i].max >= 0 && b->dims[i].max < 1)) {
            continue;
        }
        if (!vt_dim_meet(*dst, b->dims[i], dst)) {
            return false;
        }
    }
    return true;
}

int vt_infer_auto_broadcast_input(struct vt_infer *c, int input, struct vt_pshape *shape)
{
    const struct vt_pshape *other = &c->in[input]->shape;
    struct vt_pshape before = *shape;
    char a[256], b[256];
    bool fits;

    if (vt_attr_is(c->node, "auto_broadcast", "numpy")) {
        fits = vt_pshape_broadcast(shape, other);
    } else if (vt_attr_is(c->node, "auto_broadcast", "pdpd")) {
        fits = broadcast_into(shape, other);
    } else {
        fits = vt_pshape_meet(shape, other, shape);
    }
    if (!fits) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d of shape %s does not fit %s (auto_broadcast=\"%s\")",
                       input, vt_pshape_text(other, a, sizeof(a)), vt_pshape_text(&before, b, sizeof(b)),
                       vt_attr_str(c->node, "auto_broadcast"));
    }
    return VT_OK;
}

int vt_infer_auto_broadcast(struct vt_infer *c, int first, int last, struct vt_pshape *shape)
{
    int status = VT_OK;

    *shape = c->in[first]->shape;
    for (int i = first + 1; status == VT_OK && i <= last; i++) {
        status = vt_infer_auto_broadcast_input(c, i, shape);
    }
    return status;
}

void vt_walk_init(struct vt_walk *w, int rank, const int64_t *dims, int n, const struct vt_tensor *in)
{
    *w = (struct vt_walk){.rank = rank, .n = n};
    for (int i = 0; i < rank; i++) {
        w->dims[i] = dims[i];
    }
    for (int k = 0; k < n; k++) {
        int64_t step = 1;

        for (int i = in[k].rank - 1; in[k].type != VT_DYNAMIC && i >= 0; i--) {
            int at = i + rank - in[k].rank;

            if (at >= 0) {
                w->step[k][at] = in[k].dims[i] == 1 ? 0 : step;
            }
            step *= in[k].dims[i];
        }
    }
}

void vt_walk_next(struct vt_walk *w)
{
    for (int i = w->rank - 1; i >= 0; i--) {
        bool inside = ++w->index[i] < w->dims[i];

        for (int k = 0; k < w->n; k++) {
            w->at[k] += w->step[k][i] * (inside ? 1 : 1 - w->dims[i]);
        }
        if (inside) {
            return;
        }
        w->index[i] = 0;
    }
}
