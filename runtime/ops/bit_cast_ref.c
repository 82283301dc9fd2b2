#include "bit_cast.h"

int vt_bit_cast_ref(struct vt_eval *e)
{
    if (e->out[0].bytes) {
        memcpy(e->out[0].data, e->in[0].data, e->out[0].bytes);
    }
    return VT_OK;
}
