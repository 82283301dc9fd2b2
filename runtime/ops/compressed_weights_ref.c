#include "compressed_weights.h"

#include "element.h"

static double operand(const struct vt_eval *e, int input, const int64_t *index, double none)
{
    if (input >= e->n_in || e->in[input].type == VT_DYNAMIC) {
        return none;
    }
    return vt_get_f64(&e->in[input], vt_broadcast_offset(&e->in[input], e->in[0].rank, index));
}

int vt_compressed_weights_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t index[VT_MAX_RANK] = {0}, i = 0;

    if (!vt_tensor_count(src)) {
        return VT_OK;
    }
    do {
        double value = vt_get_f64(src, i) - operand(e, 2, index, 0);

        vt_set_f64(&e->out[0], i++, value * operand(e, 1, index, 1));
    } while (vt_next_index(src->rank, src->dims, index));
    return VT_OK;
}
