#include "scatter_reduce.h"

#include "heap.h"
#include "move.h"

#include <math.h>
#include <strings.h>

enum vt_scatter_kind vt_scatter_kind_of(const char *reduction)
{
    static const char *const names[] = {"none", "sum", "sub", "prod", "min", "max", "mean"};

    for (int i = 0; i < 7; i++) {
        if (strcasecmp(reduction, names[i]) == 0) {
            return (enum vt_scatter_kind)i;
        }
    }
    return VT_SCATTER_NONE;
}

int vt_scatter_init(struct vt_scatter *s, enum vt_scatter_kind kind, bool use_init, struct vt_tensor *dst,
                    const struct vt_tensor *data, struct vt_error *err)
{
    int64_t n = vt_tensor_count(data);
    bool floats = vt_is_float(data->type);

    *s = (struct vt_scatter){.kind = kind, .use_init = use_init, .dst = dst};
    vt_move_run(dst, 0, data, 0, n);
    if (kind == VT_SCATTER_NONE) {
        return VT_OK;
    }
    s->count = vt_temp_zero((size_t)n + 1, sizeof(*s->count));
    s->reals = floats ? vt_temp_alloc(((size_t)n + 1) * sizeof(*s->reals)) : NULL;
    s->ints = floats ? NULL : vt_temp_alloc(((size_t)n + 1) * sizeof(*s->ints));
    if (!s->count || (!s->reals && !s->ints)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

static double join_reals(enum vt_scatter_kind kind, double a, double b)
{
    switch (kind) {
    case VT_SCATTER_SUB: return a - b;
    case VT_SCATTER_PROD: return a * b;
    case VT_SCATTER_MIN: return b < a ? b : a;
    case VT_SCATTER_MAX: return b > a ? b : a;
    default: return a + b;
    }
}

static int64_t join_ints(enum vt_scatter_kind kind, int64_t a, int64_t b, enum vt_type type)
{
    bool less = type == VT_U64 ? (uint64_t)b < (uint64_t)a : b < a;

    if (type == VT_BOOLEAN && (kind == VT_SCATTER_SUM || kind == VT_SCATTER_PROD)) {
        return kind == VT_SCATTER_SUM ? a | b : a & b;
    }
    switch (kind) {
    case VT_SCATTER_SUB: return (int64_t)((uint64_t)a - (uint64_t)b);
    case VT_SCATTER_PROD: return (int64_t)((uint64_t)a * (uint64_t)b);
    case VT_SCATTER_MIN: return less ? b : a;
    case VT_SCATTER_MAX: return less ? a : b;
    default: return (int64_t)((uint64_t)a + (uint64_t)b);
    }
}

void vt_scatter_put(struct vt_scatter *s, int64_t to, const struct vt_tensor *updates, int64_t from)
{
    bool first = s->count && s->count[to] == 0;

    if (s->kind == VT_SCATTER_NONE) {
        vt_move_element(s->dst, to, updates, from);
        return;
    }
    if (s->reals) {
        double v = vt_get_f64(updates, from);

        if (first && s->use_init) {
            s->reals[to] = vt_get_f64(s->dst, to);
        }
        s->reals[to] = first && !s->use_init ? v : join_reals(s->kind, s->reals[to], v);
    } else {
        int64_t v = vt_get_i64(updates, from);

        if (first && s->use_init) {
            s->ints[to] = vt_get_i64(s->dst, to);
        }
        s->ints[to] = first && !s->use_init ? v : join_ints(s->kind, s->ints[to], v, s->dst->type);
    }
    s->count[to] += 1 + (first && s->use_init);
}

void vt_scatter_finish(struct vt_scatter *s)
{
    int64_t n = s->count && (s->reals || s->ints) ? vt_tensor_count(s->dst) : 0;

    for (int64_t i = 0; i < n; i++) {
        bool mean = s->kind == VT_SCATTER_MEAN;

        if (s->count[i] && s->reals) {
            vt_set_f64(s->dst, i, mean ? s->reals[i] / (double)s->count[i] : s->reals[i]);
        } else if (s->count[i]) {
            vt_set_i64(s->dst, i, mean ? s->ints[i] / s->count[i] : s->ints[i]);
        }
    }
    vt_temp_free(s->count);
    vt_temp_free(s->reals);
    vt_temp_free(s->ints);
}
