#include "eltwise.h"

#include <string.h>

/* Whether dimension d can be walked together with d - 1 by every input: stepping once along d - 1 is stepping
 * dims[d] times along d. */
static bool mergeable(const struct cpu_bcast *p, int outer, int64_t inner_dim, const int64_t *inner_stride)
{
    for (int i = 0; i < p->inputs; i++) {
        if (p->stride[i][outer] != inner_stride[i] * inner_dim) {
            return false;
        }
    }
    return true;
}

/* Stride of input `s` along result dimension d, in *stride; false when the shapes do not broadcast. */
static bool input_stride(const struct cpu_bcast_shape *s, int rank, int64_t dim, int d, int64_t *stride)
{
    int e = d - (rank - s->rank);
    int64_t dense = 1;

    *stride = 0;
    if (e < 0 || (s->dims[e] == 1 && dim != 1)) {
        return true;
    }
    if (s->dims[e] != dim) {
        return false;
    }
    for (int i = e + 1; i < s->rank; i++) {
        dense *= s->dims[i];
    }
    *stride = s->stride ? s->stride[e] : dense;
    return true;
}

bool cpu_bcast_plan(struct cpu_bcast *plan, int rank, const int64_t *dims, int inputs,
                    const struct cpu_bcast_shape *shapes)
{
    int n = 0;

    if (inputs < 1 || inputs > CPU_BCAST_INPUTS || rank < 0) {
        return false;
    }
    memset(plan, 0, sizeof(*plan));
    plan->inputs = inputs;
    plan->count = 1;
    for (int d = 0; d < rank; d++) {
        int64_t stride[CPU_BCAST_INPUTS];

        for (int i = 0; i < inputs; i++) {
            if (shapes[i].rank > rank || !input_stride(&shapes[i], rank, dims[d], d, &stride[i])) {
                return false;
            }
        }
        plan->count *= dims[d];
        if (dims[d] == 1) {
            continue;
        }
        if (n > 0 && mergeable(plan, n - 1, dims[d], stride)) {
            plan->dims[n - 1] *= dims[d];
            n--;
        } else if (n == CPU_BCAST_RANK) {
            return false;
        } else {
            plan->dims[n] = dims[d];
        }
        for (int i = 0; i < inputs; i++) {
            plan->stride[i][n] = stride[i];
        }
        n++;
    }
    if (n == 0) {
        plan->dims[0] = 1;
        n = 1;
    }
    plan->rank = n;
    return true;
}
