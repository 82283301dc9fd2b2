#include "pad.h"

#include "move.h"

/* Where an output index comes from along one axis of n elements, or -1 for the pad value. */
static int64_t source(int64_t i, int64_t n, const struct vt_node *node)
{
    if (i >= 0 && i < n) {
        return i;
    }
    if (vt_attr_is(node, "pad_mode", "edge")) {
        return i < 0 ? 0 : n - 1;
    }
    if (vt_attr_is(node, "pad_mode", "reflect")) {
        i = i < 0 ? -i : 2 * n - 2 - i;
    } else if (vt_attr_is(node, "pad_mode", "symmetric")) {
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    } else {
        return -1;
    }
    return i >= 0 && i < n ? i : -1;
}

int vt_pad_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    bool has_value = e->n_in > 3 && e->in[3].type != VT_DYNAMIC;
    int64_t index[VT_MAX_RANK] = {0}, at = 0;

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    do {
        int64_t from = 0;

        for (int i = 0; i < src->rank && from >= 0; i++) {
            int64_t k = source(index[i] - vt_get_i64(&e->in[1], i), src->dims[i], e->node);

            from = k < 0 ? -1 : from * src->dims[i] + k;
        }
        if (from >= 0) {
            vt_move_element(dst, at, src, from);
        } else if (has_value) {
            vt_move_element(dst, at, &e->in[3], 0);
        } else {
            vt_zero_run(dst, at, 1);
        }
        at++;
    } while (vt_next_index(dst->rank, dst->dims, index));
    return VT_OK;
}
