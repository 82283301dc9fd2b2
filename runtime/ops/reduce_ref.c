#include "reduce.h"

#include "element.h"
#include "graph.h"
#include "heap.h"

#include <float.h>
#include <math.h>

enum kind { SUM, MEAN, MAX, MIN, PROD, L1, L2, AND, OR, UNKNOWN };

static enum kind kind_of(const struct vt_node *node)
{
    static const char *const names[] = {"ReduceSum", "ReduceMean",       "ReduceMax",
                                        "ReduceMin", "ReduceProd",       "ReduceL1",
                                        "ReduceL2",  "ReduceLogicalAnd", "ReduceLogicalOr"};

    for (int i = 0; i < UNKNOWN; i++) {
        if (vt_node_is(node, names[i])) {
            return (enum kind)i;
        }
    }
    return UNKNOWN;
}

/* An accumulator: double for floats (and L2), else the integer. */
union acc {
    double f;
    int64_t i;
};

static void begin(enum kind kind, bool real, bool u, union acc *a)
{
    bool one = kind == PROD || kind == AND;

    if (kind == MAX || kind == MIN) {
        if (real) {
            a->f = kind == MAX ? -INFINITY : INFINITY;
        } else {
            a->i = u ? (kind == MAX ? 0 : -1) : kind == MAX ? INT64_MIN : INT64_MAX;
        }
    } else if (real) {
        a->f = one;
    } else {
        a->i = one;
    }
}

static void add_real(enum kind kind, union acc *a, double v)
{
    switch (kind) {
    case SUM:
    case MEAN: a->f += v; break;
    case MAX: a->f = a->f < v || isnan(v) ? v : a->f; break;
    case MIN: a->f = a->f > v || isnan(v) ? v : a->f; break;
    case PROD: a->f *= v; break;
    case L1: a->f += fabs(v); break;
    default: a->f += v * v; break;
    }
}

static void add_whole(enum kind kind, bool u, union acc *a, int64_t v)
{
    switch (kind) {
    case MAX: a->i = (u ? (uint64_t)a->i < (uint64_t)v : a->i < v) ? v : a->i; break;
    case MIN: a->i = (u ? (uint64_t)a->i > (uint64_t)v : a->i > v) ? v : a->i; break;
    case PROD: a->i = (int64_t)((uint64_t)a->i * (uint64_t)v); break;
    case L1: a->i = (int64_t)((uint64_t)a->i + (v < 0 && !u ? -(uint64_t)v : (uint64_t)v)); break;
    case AND: a->i = a->i && v; break;
    case OR: a->i = a->i || v; break;
    default: a->i = (int64_t)((uint64_t)a->i + (uint64_t)v); break;
    }
}

static double greatest(enum vt_type type)
{
    return type == VT_F64    ? DBL_MAX
           : type == VT_F32  ? (double)FLT_MAX
           : type == VT_F16  ? 65504.0
           : type == VT_BF16 ? 3.3895313892515355e38
                             : (double)INFINITY;
}

/* What Max and Min give over no elements. */
static void store_extreme(struct vt_tensor *dst, int64_t i, enum kind kind)
{
    unsigned bits = vt_type_info(dst->type)->bits;
    bool is_signed = vt_type_info(dst->type)->is_signed;
    uint64_t top = is_signed ? ((uint64_t)1 << (bits - 1)) - 1 : UINT64_MAX;

    if (vt_is_float(dst->type)) {
        vt_set_f64(dst, i, kind == MAX ? -greatest(dst->type) : greatest(dst->type));
    } else {
        vt_set_i64(dst, i, (int64_t)(kind == MIN ? top : is_signed ? ~top : 0));
    }
}

static void store(struct vt_tensor *dst, int64_t i, enum kind kind, bool real, const union acc *a,
                  int64_t count)
{
    if ((kind == MAX || kind == MIN) && count == 0) {
        store_extreme(dst, i, kind);
    } else if (kind == L2) {
        vt_set_f64(dst, i, sqrt(a->f));
    } else if (real) {
        vt_set_f64(dst, i, kind == MEAN && count ? a->f / (double)count : a->f);
    } else if (kind == MEAN && count) {
        vt_set_i64(dst, i, dst->type == VT_U64 ? (int64_t)((uint64_t)a->i / (uint64_t)count) : a->i / count);
    } else {
        vt_set_i64(dst, i, a->i);
    }
}

/* How far a step along each axis of the source moves in the result; 0 along reduced ones. */
static void result_steps(const struct vt_tensor *src, const bool *reduced, int64_t *step)
{
    int64_t n = 1;

    for (int i = src->rank - 1; i >= 0; i--) {
        step[i] = reduced[i] ? 0 : n;
        n *= reduced[i] ? 1 : src->dims[i];
    }
}

static void accumulate(const struct vt_tensor *src, const bool *reduced, enum kind kind, bool real,
                       union acc *acc)
{
    int64_t index[VT_MAX_RANK] = {0}, step[VT_MAX_RANK], n = vt_tensor_count(src);
    bool u = src->type == VT_U64;

    result_steps(src, reduced, step);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 0;

        for (int k = 0; k < src->rank; k++) {
            at += index[k] * step[k];
        }
        if (real) {
            add_real(kind, &acc[at], vt_get_f64(src, i));
        } else {
            add_whole(kind, u, &acc[at], vt_get_i64(src, i));
        }
        vt_next_index(src->rank, src->dims, index);
    }
}

static int read_axes(struct vt_eval *e, bool *reduced)
{
    int64_t n = vt_tensor_count(&e->in[1]), axes[VT_MAX_RANK * 4];

    if (n > VT_MAX_RANK * 4) {
        return vt_fail(e->err, VT_E_RANGE, "%lld axes (input 1) are too many", (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        axes[i] = vt_get_i64(&e->in[1], i);
    }
    return vt_reduce_axes(axes, n, e->in[0].rank, reduced, e->err);
}

int vt_reduce_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    enum kind kind = kind_of(e->node);
    bool real = vt_is_float(src->type) || kind == L2, reduced[VT_MAX_RANK];
    int64_t n = vt_tensor_count(dst), count = 1;
    union acc *acc;
    int status = read_axes(e, reduced);

    if (status) {
        return status;
    }
    for (int i = 0; i < src->rank; i++) {
        count *= reduced[i] ? src->dims[i] : 1;
    }
    acc = vt_temp_alloc(((size_t)n + 1) * sizeof(*acc));
    if (!acc) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    for (int64_t i = 0; i < n; i++) {
        begin(kind, real, src->type == VT_U64, &acc[i]);
    }
    accumulate(src, reduced, kind, real, acc);
    for (int64_t i = 0; i < n; i++) {
        store(dst, i, kind, real, &acc[i], count);
    }
    vt_temp_free(acc);
    return VT_OK;
}
