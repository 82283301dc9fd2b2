#include "pad.h"

#include "heap.h"
#include "move.h"

enum mode { CONSTANT, EDGE, REFLECT, SYMMETRIC };

static enum mode mode_of(const struct vt_node *node)
{
    return vt_attr_is(node, "pad_mode", "edge")        ? EDGE
           : vt_attr_is(node, "pad_mode", "reflect")   ? REFLECT
           : vt_attr_is(node, "pad_mode", "symmetric") ? SYMMETRIC
                                                       : CONSTANT;
}

/* Where place `i` of one axis of n elements comes from, or -1 for the pad value. */
static int64_t source(int64_t i, int64_t n, enum mode mode)
{
    if (i >= 0 && i < n) {
        return i;
    }
    switch (mode) {
    case EDGE: return i < 0 ? 0 : n - 1;
    case REFLECT: i = i < 0 ? -i : 2 * n - 2 - i; break;
    case SYMMETRIC: i = i < 0 ? -1 - i : 2 * n - 1 - i; break;
    case CONSTANT: return -1;
    }
    return i >= 0 && i < n ? i : -1;
}

/* For each axis of the output, where each of its places comes from; one block of memory, `from[0]`. */
static bool make_tables(const struct vt_eval *e, int64_t **from)
{
    const struct vt_tensor *src = &e->in[0], *dst = &e->out[0];
    enum mode mode = mode_of(e->node);
    size_t total = 1;
    int64_t *block;

    for (int i = 0; i < dst->rank; i++) {
        total += (size_t)dst->dims[i];
    }
    block = vt_temp_alloc(total * sizeof(*block));
    from[0] = block;
    for (int i = 0; block && i < dst->rank; i++) {
        int64_t begin = vt_get_i64(&e->in[1], i);

        from[i] = block;
        for (int64_t k = 0; k < dst->dims[i]; k++) {
            *block++ = source(k - begin, src->dims[i], mode);
        }
    }
    return from[0] != NULL;
}

int vt_pad_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    bool has_value = e->n_in > 3 && e->in[3].type != VT_DYNAMIC;
    int64_t index[VT_MAX_RANK] = {0}, *from[VT_MAX_RANK] = {NULL}, to = 0;

    if (!vt_tensor_count(dst)) {
        return VT_OK;
    }
    if (!make_tables(e, from)) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    do {
        int64_t at = 0;

        for (int i = 0; i < src->rank && at >= 0; i++) {
            int64_t k = from[i][index[i]];

            at = k < 0 ? -1 : at * src->dims[i] + k;
        }
        if (at >= 0) {
            vt_move_element(dst, to, src, at);
        } else if (has_value) {
            vt_move_element(dst, to, &e->in[3], 0);
        } else {
            vt_zero_run(dst, to, 1);
        }
        to++;
    } while (vt_next_index(dst->rank, dst->dims, index));
    vt_temp_free(from[0]);
    return VT_OK;
}
