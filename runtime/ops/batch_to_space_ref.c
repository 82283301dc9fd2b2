#include "batch_to_space.h"

#include "move.h"

/* Place in the tensor with the large batch of element `index` of the one with large spatial axes, whose axis
 * i begins at -border[i] of the uncropped range. `batch` is the small batch. False: outside. */
static bool place(const struct vt_eval *e, const struct vt_tensor *batched, const int64_t *index,
                  int64_t batch, int64_t *at)
{
    int64_t block_index = 0;

    for (int i = 1; i < batched->rank; i++) {
        int64_t b = vt_get_i64(&e->in[1], i), q = index[i] + vt_get_i64(&e->in[2], i);

        block_index = block_index * b + q % b;
    }
    *at = block_index * batch + index[0];
    for (int i = 1; i < batched->rank; i++) {
        int64_t b = vt_get_i64(&e->in[1], i), q = index[i] + vt_get_i64(&e->in[2], i);

        if (q / b >= batched->dims[i]) {
            return false;
        }
        *at = *at * batched->dims[i] + q / b;
    }
    return true;
}

int vt_batch_to_space_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t index[VT_MAX_RANK] = {0}, to = 0, from;

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    do {
        if (place(e, &e->in[0], index, dst->dims[0], &from)) {
            vt_move_element(dst, to, &e->in[0], from);
        }
        to++;
    } while (vt_next_index(dst->rank, dst->dims, index));
    return VT_OK;
}

int vt_space_to_batch_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t index[VT_MAX_RANK] = {0}, from = 0, to;

    vt_zero_run(&e->out[0], 0, vt_tensor_count(&e->out[0]));
    if (!vt_tensor_count(src)) {
        return VT_OK;
    }
    do {
        if (place(e, &e->out[0], index, src->dims[0], &to)) {
            vt_move_element(&e->out[0], to, src, from);
        }
        from++;
    } while (vt_next_index(src->rank, src->dims, index));
    return VT_OK;
}
