#include "bounds.h"

#include "auto_broadcast.h"
#include "element.h"
#include "shape.h"

static bool infinite(int64_t v)
{
    return v == INT64_MIN || v == INT64_MAX;
}

static int64_t neg(int64_t v)
{
    return v == INT64_MIN ? INT64_MAX : v == INT64_MAX ? INT64_MIN : -v;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t v;

    if (infinite(a)) {
        return a;
    }
    if (infinite(b)) {
        return b;
    }
    return __builtin_add_overflow(a, b, &v) ? (a < 0 ? INT64_MIN : INT64_MAX) : v;
}

static int64_t mul(int64_t a, int64_t b)
{
    int64_t v;

    if (a == 0 || b == 0) {
        return 0;
    }
    if (infinite(a) || infinite(b) || __builtin_mul_overflow(a, b, &v)) {
        return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
    }
    return v;
}

static int64_t quotient(int64_t a, int64_t b)
{
    if (infinite(b)) {
        return 0;
    }
    if (infinite(a)) {
        return b < 0 ? neg(a) : a;
    }
    return a / b;
}

/* The least and the greatest of what `f` gives at the corners. */
static struct vt_interval corners(struct vt_interval a, struct vt_interval b, int64_t (*f)(int64_t, int64_t))
{
    int64_t v[4] = {f(a.lo, b.lo), f(a.lo, b.hi), f(a.hi, b.lo), f(a.hi, b.hi)};
    struct vt_interval r = {v[0], v[0]};

    for (int i = 1; i < 4; i++) {
        r.lo = v[i] < r.lo ? v[i] : r.lo;
        r.hi = v[i] > r.hi ? v[i] : r.hi;
    }
    return r;
}

struct vt_interval vt_interval_neg(struct vt_interval a)
{
    return (struct vt_interval){neg(a.hi), neg(a.lo)};
}

struct vt_interval vt_interval_add(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){add(a.lo, b.lo), add(a.hi, b.hi)};
}

struct vt_interval vt_interval_sub(struct vt_interval a, struct vt_interval b)
{
    return vt_interval_add(a, vt_interval_neg(b));
}

struct vt_interval vt_interval_mul(struct vt_interval a, struct vt_interval b)
{
    return corners(a, b, mul);
}

struct vt_interval vt_interval_div(struct vt_interval a, struct vt_interval b)
{
    return b.lo <= 0 && b.hi >= 0 ? vt_interval_any() : corners(a, b, quotient);
}

struct vt_interval vt_interval_join(struct vt_interval a, struct vt_interval b)
{
    return (struct vt_interval){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

struct vt_interval vt_interval_of_type(struct vt_interval a, enum vt_type type)
{
    unsigned bits = vt_type_info(type)->bits;
    int64_t low = vt_type_info(type)->is_signed ? INT64_MIN : 0, high = INT64_MAX;

    if (type == VT_BOOLEAN) {
        high = 1;
    } else if (bits < 64 && low) {
        low = -((int64_t)1 << (bits - 1));
        high = -(low + 1);
    } else if (bits < 64) {
        high = ((int64_t)1 << bits) - 1;
    }
    if ((a.lo != INT64_MIN && (a.lo < low || a.lo > high)) ||
        (a.hi != INT64_MAX && (a.hi < low || a.hi > high))) {
        return vt_interval_any();
    }
    return a;
}

bool vt_bounds_known(const struct vt_infer *c, int input)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;

    return v && vt_is_integral(v->type) && (v->constant || v->bounds);
}

struct vt_interval vt_bounds_at(const struct vt_infer *c, int input, int64_t index)
{
    const struct vt_value *v = c->in[input];
    int64_t known;

    if (!vt_bounds_known(c, input)) {
        return vt_interval_any();
    }
    if (v->constant) {
        known = vt_get_i64(v->constant, index);
        if (v->type == VT_U64 && known < 0) {
            return vt_interval_any(); /* more than an interval can hold */
        }
        return (struct vt_interval){known, known};
    }
    return (struct vt_interval){v->bounds->lo[index], v->bounds->hi[index]};
}

static bool describe(const struct vt_value *v, struct vt_tensor *t)
{
    int64_t dims[VT_MAX_RANK];

    if (!v) {
        *t = (struct vt_tensor){.type = VT_DYNAMIC};
        return true;
    }
    if (!vt_pshape_is_static(&v->shape)) {
        return false;
    }
    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = v->shape.dims[i].min;
    }
    return vt_tensor_describe(t, v->type, v->shape.rank, dims);
}

int vt_bounds_each(struct vt_infer *c,
                   struct vt_interval (*rule)(const struct vt_infer *c, const struct vt_interval *in))
{
    struct vt_tensor in[VT_WALK_INPUTS], out;
    struct vt_bounds *b;
    struct vt_walk w;
    bool known = false;

    for (int i = 0; i < c->n_in; i++) {
        known |= vt_bounds_known(c, i);
        if (i >= VT_WALK_INPUTS || !describe(c->in[i], &in[i])) {
            return VT_OK;
        }
    }
    b = known && describe(&c->out[0], &out) ? c->alloc(c->alloc_ctx, sizeof(*b)) : NULL;
    if (!b) {
        return VT_OK;
    }
    b->n = vt_tensor_count(&out);
    b->lo = c->alloc(c->alloc_ctx, (size_t)(b->n + 1) * sizeof(int64_t));
    b->hi = c->alloc(c->alloc_ctx, (size_t)(b->n + 1) * sizeof(int64_t));
    if (!b->lo || !b->hi) {
        return vt_fail(c->err, VT_E_NOMEM, "out of memory");
    }
    vt_walk_init(&w, out.rank, out.dims, c->n_in, in);
    known = b->n == 0;
    for (int64_t i = 0; i < b->n; i++, vt_walk_next(&w)) {
        struct vt_interval v[VT_WALK_INPUTS], r;

        for (int k = 0; k < c->n_in; k++) {
            v[k] = c->in[k] ? vt_bounds_at(c, k, w.at[k]) : vt_interval_any();
        }
        r = vt_interval_of_type(rule(c, v), out.type);
        b->lo[i] = r.lo;
        b->hi[i] = r.hi;
        known |= r.lo != INT64_MIN || r.hi != INT64_MAX;
    }
    if (known) {
        c->out[0].bounds = b;
    }
    return VT_OK;
}
