#include "eye.h"

#include "move.h"

int vt_eye_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t rows = dst->dims[dst->rank - 2], columns = dst->dims[dst->rank - 1],
            shift = vt_get_i64(&e->in[2], 0);
    int64_t n = vt_tensor_count(dst), per = rows * columns;

    vt_zero_run(dst, 0, n);
    for (int64_t base = 0; base < n; base += per) {
        for (int64_t r = 0; r < rows; r++) {
            int64_t k;

            if (!__builtin_add_overflow(r, shift, &k) && k >= 0 && k < columns) {
                vt_set_i64(dst, base + r * columns + k, 1);
            }
        }
    }
    return VT_OK;
}
