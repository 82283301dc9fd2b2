#include "ops/broadcast.h"

void cpu_operand_strides(const struct cpu_arg *arg, const struct cpu_value *v, int rank, ptrdiff_t *stride)
{
    bool nxc = v && v->layout == CPU_NXC;
    int64_t step = nxc ? v->pixel : 1;

    for (int i = 0; i < rank; i++) {
        stride[i] = 0;
    }
    for (int i = arg->rank - 1; i >= 0; i--) {
        if (nxc && i == 1) {
            continue;
        }
        stride[rank - arg->rank + i] = arg->dims[i] == 1 ? 0 : step;
        step *= arg->dims[i];
    }
    if (nxc) {
        stride[rank - arg->rank + 1] = arg->dims[1] == 1 ? 0 : 1;
    }
}

/* Axis of the result at place `i` of its memory order. */
static int memory_axis(int rank, enum cpu_layout layout, int i)
{
    if (layout == CPU_PLAIN || i == 0) {
        return i;
    }
    return i == rank - 1 ? 1 : i + 1;
}

bool cpu_broadcast_plan(struct cpu_build *b, const struct cpu_op *op, const struct cpu_step *step, int n,
                        struct cpu_bcast *plan)
{
    const struct cpu_arg *out = &op->out[0];
    enum cpu_layout layout = cpu_build_out(b, step, 0)->layout;
    struct cpu_bcast_shape shapes[CPU_BCAST_INPUTS];
    int64_t dims[VT_MAX_RANK], in_dims[CPU_BCAST_INPUTS][VT_MAX_RANK],
        in_stride[CPU_BCAST_INPUTS][VT_MAX_RANK];

    for (int i = 0; i < out->rank; i++) {
        dims[i] = out->dims[memory_axis(out->rank, layout, i)];
    }
    for (int k = 0; k < n; k++) {
        ptrdiff_t stride[VT_MAX_RANK];
        int shift = out->rank - op->in[k].rank;

        cpu_operand_strides(&op->in[k], cpu_build_in(b, step, k), out->rank, stride);
        for (int i = 0; i < out->rank; i++) {
            int axis = memory_axis(out->rank, layout, i);

            in_dims[k][i] = axis < shift ? 1 : op->in[k].dims[axis - shift];
            in_stride[k][i] = stride[axis];
        }
        shapes[k] = (struct cpu_bcast_shape){out->rank, in_dims[k], in_stride[k]};
    }
    return cpu_bcast_plan(plan, out->rank, dims, n, shapes);
}

static bool broadcasts(const struct cpu_arg *in, const struct cpu_arg *out)
{
    for (int i = 0; i < in->rank; i++) {
        int64_t d = in->dims[i], o = out->dims[out->rank - in->rank + i];

        if (d != o && d != 1) {
            return false;
        }
    }
    return true;
}

bool cpu_broadcast_fits(const struct cpu_op *op, int n, const char **reason)
{
    *reason = "too many inputs";
    if (n > CPU_BCAST_INPUTS) {
        return false;
    }
    *reason = "a rank is not known or above 8, or the shapes do not broadcast as numpy does";
    if (op->out[0].rank < 0 || op->out[0].rank > CPU_BCAST_RANK) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (op->in[i].rank < 0 || op->in[i].rank > op->out[0].rank || !broadcasts(&op->in[i], &op->out[0])) {
            return false;
        }
    }
    return true;
}

int cpu_broadcast_options(const struct cpu_op *op, double ns, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, ns, 0};
    o[1] = (struct cpu_option){CPU_NXC, CPU_NXC, CPU_NXC, ns, 0};
    return op->out[0].rank >= 3 ? 2 : 1;
}
