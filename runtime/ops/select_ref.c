#include "select.h"

#include "auto_broadcast.h"
#include "element.h"

int vt_select_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t n = vt_tensor_count(dst);
    struct vt_walk w;

    vt_walk_init(&w, dst->rank, dst->dims, 3, e->in);
    for (int64_t i = 0; i < n; i++, vt_walk_next(&w)) {
        int k = vt_get_i64(&e->in[0], w.at[0]) ? 1 : 2;

        vt_move_element(dst, i, &e->in[k], w.at[k]);
    }
    return VT_OK;
}
