#include "axes.h"

bool cpu_axes_mask(const struct cpu_arg *axes, int rank, unsigned *mask)
{
    int64_t list[VT_MAX_RANK];
    int n;

    *mask = 0;
    if (!cpu_constant_i64s(axes, list, VT_MAX_RANK, &n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        int64_t axis = list[i] + (list[i] < 0 ? rank : 0);

        if (axis < 0 || axis >= rank) {
            return false;
        }
        *mask |= 1u << axis;
    }
    return true;
}

bool cpu_axes_middle(const struct cpu_arg *arg, unsigned mask, enum cpu_layout layout, struct cpu_middle *m)
{
    int phase = 0;

    if (!mask) {
        return false;
    }
    *m = (struct cpu_middle){1, 1, 1};
    for (int i = 0; i < arg->rank; i++) {
        int at = layout == CPU_NXC && i > 0 ? (i == arg->rank - 1 ? 1 : i + 1) : i;
        int64_t dim = arg->dims[at];
        bool taken = mask >> at & 1;

        if (dim == 1) {
            continue;
        }
        if (taken && phase == 2) {
            return false;
        }
        if (taken) {
            phase = 1;
            m->axis *= dim;
        } else if (phase == 0) {
            m->outer *= dim;
        } else {
            phase = 2;
            m->inner *= dim;
        }
    }
    return true;
}
