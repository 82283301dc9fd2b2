#include "roll.h"

#include "move.h"

int vt_roll_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t n_shift = vt_tensor_count(&e->in[1]), n_axes = vt_tensor_count(&e->in[2]);
    int64_t shift[VT_MAX_RANK] = {0}, index[VT_MAX_RANK] = {0}, at = 0;

    if (!vt_tensor_count(src)) {
        return VT_OK;
    }
    if (n_shift != 1 && n_shift != n_axes) {
        return vt_fail(e->err, VT_E_SHAPE, "shift has %lld elements, axes has %lld", (long long)n_shift,
                       (long long)n_axes);
    }
    for (int64_t i = 0; i < n_axes; i++) {
        int64_t axis = vt_eval_axis(vt_get_i64(&e->in[2], i), src->rank), n = src->dims[axis];

        /* Shifts of a repeated axis add up. */
        shift[axis] = (shift[axis] + vt_get_i64(&e->in[1], n_shift == 1 ? 0 : i) % n + n) % n;
    }
    do {
        int64_t to = 0;

        for (int i = 0; i < src->rank; i++) {
            to = to * src->dims[i] + (index[i] + shift[i]) % src->dims[i];
        }
        vt_move_element(&e->out[0], to, src, at++);
    } while (vt_next_index(src->rank, src->dims, index));
    return VT_OK;
}
