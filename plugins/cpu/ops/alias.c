/* Operations that change nothing but the shape: no step at all. */
#include "impl.h"

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
    if (!same || op->in[0].rank < 3) {
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
