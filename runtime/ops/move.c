#include "move.h"

#include <string.h>

void vt_move_run(struct vt_tensor *dst, int64_t to, const struct vt_tensor *src, int64_t from, int64_t n)
{
    size_t size = vt_type_info(src->type)->bits / 8;

    if (n <= 0) {
        return;
    }
    if (size) {
        memcpy((char *)dst->data + (size_t)to * size, (const char *)src->data + (size_t)from * size,
               (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        vt_move_element(dst, to + i, src, from + i);
    }
}

void vt_zero_run(struct vt_tensor *dst, int64_t to, int64_t n)
{
    size_t size = vt_type_info(dst->type)->bits / 8;

    if (size && n > 0) {
        memset((char *)dst->data + (size_t)to * size, 0, (size_t)n * size);
    }
    for (int64_t i = 0; !size && i < n; i++) {
        vt_set_i64(dst, to + i, 0);
    }
}

void vt_move_block(int rank, const int64_t *dims, struct vt_tensor *dst, int64_t to,
                   const int64_t *to_strides, const struct vt_tensor *src, int64_t from,
                   const int64_t *from_strides)
{
    int64_t index[VT_MOVE_MAX_RANK] = {0};
    int64_t n = rank ? dims[rank - 1] : 1;
    int64_t to_step = rank ? to_strides[rank - 1] : 1, from_step = rank ? from_strides[rank - 1] : 1;
    bool run = to_step == 1 && from_step == 1;

    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0) {
            return;
        }
    }
    do {
        int64_t t = to, f = from;

        for (int i = 0; i < rank - 1; i++) {
            t += index[i] * to_strides[i];
            f += index[i] * from_strides[i];
        }
        if (run) {
            vt_move_run(dst, t, src, f, n);
        }
        for (int64_t i = 0; !run && i < n; i++) {
            vt_move_element(dst, t + i * to_step, src, f + i * from_step);
        }
    } while (vt_next_index(rank - 1, dims, index));
}

void vt_move_strides(int rank, const int64_t *dims, int64_t *strides)
{
    int64_t step = 1;

    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= dims[i];
    }
}

struct vt_lines vt_lines_of(const struct vt_tensor *t, int64_t axis)
{
    struct vt_lines l = {1, 1, 1};

    for (int i = 0; i < t->rank; i++) {
        if (i < axis) {
            l.outer *= t->dims[i];
        } else if (i == axis) {
            l.n = t->dims[i];
        } else {
            l.inner *= t->dims[i];
        }
    }
    return l;
}

int vt_copy_ref(struct vt_eval *e)
{
    vt_move_run(&e->out[0], 0, &e->in[0], 0, vt_tensor_count(&e->in[0]));
    return VT_OK;
}
