/* Operations that change nothing but the shape, or how a layout is read: no step at all. */
#include "impl.h"

#include "ops/copies.h"

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "the shape is not known";
    return op->n_in >= 1 && op->in[0].rank >= 0 && op->out[0].rank >= 0 &&
           op->in[0].type == op->out[0].type && op->in[0].count == op->out[0].count && op->n_out == 1;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    bool same = op->in[0].rank == op->out[0].rank;

    for (int i = 0; same && i < op->in[0].rank; i++) {
        same = op->in[0].dims[i] == op->out[0].dims[i];
    }
    o[0] = (struct cpu_option){.cost = 0};
    if (!same || op->in[0].rank < 3 || !cpu_copy_size(op->out[0].type)) {
        return 1;
    }
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, 0, 0};
    return 2;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    (void)b;
    (void)op;
    (void)option;
    (void)step;
    return vt_fail(err, VT_E_INTERNAL, "an alias takes no step");
}

/* Shape inputs beside input 0 were consumed by inference. */
const struct cpu_impl cpu_impl_alias = {
    .name = "alias",
    .flags = CPU_ALIAS,
    .supports = supports,
    .options = options,
    .prepare = prepare,
};

/* ---- Transposes between N,H,W,C and N,C,H,W
 * --------------------------------------------------------------------- */

enum turn { TURN_NONE, TURN_TO_FIRST, TURN_TO_LAST };

/* Whether the order moves the last axis to place 1 (plain memory is what NXC is of the result) or axis 1 to
 * the end (the reverse). Rank 3 is left to copies: its orders are not about channels alone. */
static enum turn turn_of(const struct cpu_op *op)
{
    int64_t order[VT_MAX_RANK];
    int rank = op->in[0].rank, n;
    bool to_first = true, to_last = true;

    if (rank < 4 || !cpu_copy_size(op->out[0].type) ||
        !cpu_constant_i64s(&op->in[1], order, VT_MAX_RANK, &n) || n != rank) {
        return TURN_NONE;
    }
    for (int i = 0; i < rank; i++) {
        to_first &= order[i] == (i == 0 ? 0 : i == 1 ? rank - 1 : i - 1);
        to_last &= order[i] == (i == 0 ? 0 : i == rank - 1 ? 1 : i + 1);
    }
    return to_first ? TURN_TO_FIRST : to_last ? TURN_TO_LAST : TURN_NONE;
}

static bool turn_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "it is no change between channels first and last";
    return turn_of(op) != TURN_NONE;
}

static int turn_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = turn_of(op) == TURN_TO_FIRST ? (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_NXC, 0, 0}
                                        : (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_PLAIN, 0, 0};
    return 1;
}

const struct cpu_impl cpu_impl_transpose_view = {
    .name = "transpose_view",
    .flags = CPU_ALIAS,
    .supports = turn_supports,
    .options = turn_options,
    .prepare = prepare,
};
