#include "gather_tree.h"

#include "move.h"

/* Walk one beam from its last step back to the first. */
static int walk(struct vt_eval *e, int64_t batch, int64_t beam, int64_t steps)
{
    const struct vt_tensor *ids = &e->in[0], *parents = &e->in[1];
    int64_t n_batch = ids->dims[1], n_beam = ids->dims[2], at = beam;

    for (int64_t t = steps - 1; t >= 0; t--) {
        int64_t line = (t * n_batch + batch) * n_beam;

        if (at < 0 || at >= n_beam) {
            return vt_fail(e->err, VT_E_RANGE, "parent %lld is outside of the %lld beams", (long long)at,
                           (long long)n_beam);
        }
        vt_move_element(&e->out[0], line + beam, ids, line + at);
        at = vt_get_i64(parents, line + at);
    }
    return VT_OK;
}

/* After the first end token only end tokens follow. */
static void finish(struct vt_eval *e, int64_t batch, int64_t beam, int64_t steps)
{
    struct vt_tensor *dst = &e->out[0];
    double end = vt_get_f64(&e->in[3], 0);
    bool ended = false;

    for (int64_t t = 0; t < steps; t++) {
        int64_t at = (t * dst->dims[1] + batch) * dst->dims[2] + beam;

        if (ended) {
            vt_move_element(dst, at, &e->in[3], 0);
        }
        ended |= vt_get_f64(dst, at) == end;
    }
}

int vt_gather_tree_ref(struct vt_eval *e)
{
    const struct vt_tensor *ids = &e->in[0];

    for (int64_t i = 0; i < vt_tensor_count(ids); i++) {
        vt_move_element(&e->out[0], i, &e->in[3], 0);
    }
    for (int64_t k = 0; k < ids->dims[1] * ids->dims[2]; k++) {
        int64_t batch = k / ids->dims[2], beam = k % ids->dims[2], steps = vt_get_i64(&e->in[2], batch);
        int status;

        steps = steps > ids->dims[0] ? ids->dims[0] : steps < 0 ? 0 : steps;
        status = walk(e, batch, beam, steps);
        if (status) {
            return status;
        }
        finish(e, batch, beam, steps);
    }
    return VT_OK;
}
