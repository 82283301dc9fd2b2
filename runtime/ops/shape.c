#include "shape.h"

#include "element.h"

#include <stdlib.h>

static int64_t upper(struct vt_dim d)
{
    return d.max < 0 ? INT64_MAX : d.max;
}

static struct vt_dim interval(int64_t lo, int64_t hi)
{
    return (struct vt_dim){lo, hi == INT64_MAX ? -1 : hi};
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t v;

    return a == INT64_MAX || b == INT64_MAX || __builtin_add_overflow(a, b, &v) ? INT64_MAX : v;
}

static int64_t mul_saturated(int64_t a, int64_t b)
{
    int64_t v;

    if (a == 0 || b == 0) {
        return 0;
    }
    return a == INT64_MAX || b == INT64_MAX || __builtin_mul_overflow(a, b, &v) ? INT64_MAX : v;
}

struct vt_dim vt_dim_add(struct vt_dim a, struct vt_dim b)
{
    return interval(add_saturated(a.min, b.min), add_saturated(upper(a), upper(b)));
}

struct vt_dim vt_dim_mul(struct vt_dim a, struct vt_dim b)
{
    return interval(mul_saturated(a.min, b.min), mul_saturated(upper(a), upper(b)));
}

struct vt_dim vt_dim_sub(struct vt_dim a, struct vt_dim b)
{
    int64_t lo = b.max < 0 || a.min < b.max ? 0 : a.min - b.max;
    int64_t hi = a.max < 0 ? INT64_MAX : a.max > b.min ? a.max - b.min : 0;

    return interval(lo, hi);
}

struct vt_dim vt_dim_div(struct vt_dim a, int64_t n)
{
    return interval(a.min / n, a.max < 0 ? INT64_MAX : a.max / n);
}

bool vt_dim_meet(struct vt_dim a, struct vt_dim b, struct vt_dim *both)
{
    int64_t lo = a.min > b.min ? a.min : b.min;
    int64_t hi = upper(a) < upper(b) ? upper(a) : upper(b);

    *both = interval(lo, hi);
    return lo <= hi;
}

bool vt_dim_can_be(struct vt_dim d, int64_t n)
{
    return n >= d.min && n <= upper(d);
}

bool vt_pshape_meet(const struct vt_pshape *a, const struct vt_pshape *b, struct vt_pshape *both)
{
    struct vt_pshape r = {.rank = a->rank};

    if (a->rank < 0 || b->rank < 0) {
        *both = a->rank < 0 ? *b : *a;
        return true;
    }
    if (a->rank != b->rank) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (!vt_dim_meet(a->dims[i], b->dims[i], &r.dims[i])) {
            return false;
        }
    }
    *both = r;
    return true;
}

void vt_pshape_join(const struct vt_pshape *a, const struct vt_pshape *b, struct vt_pshape *either)
{
    struct vt_pshape r = {.rank = a->rank};

    if (a->rank != b->rank) {
        *either = (struct vt_pshape){.rank = -1};
        return;
    }
    for (int i = 0; i < a->rank; i++) {
        int64_t lo = a->dims[i].min < b->dims[i].min ? a->dims[i].min : b->dims[i].min;
        int64_t ha = upper(a->dims[i]), hb = upper(b->dims[i]);

        r.dims[i] = interval(lo, ha > hb ? ha : hb);
    }
    *either = r;
}

static bool broadcast_dim(struct vt_dim a, struct vt_dim b, struct vt_dim *out)
{
    if (a.min == 1 && a.max == 1) {
        *out = b;
        return true;
    }
    if (b.min == 1 && b.max == 1) {
        *out = a;
        return true;
    }
    /* A side that cannot be 1 decides; the other must then be equal to it or 1. */
    if (!vt_dim_can_be(a, 1) && !vt_dim_can_be(b, 1)) {
        return vt_dim_meet(a, b, out);
    }
    if (!vt_dim_can_be(a, 1) || !vt_dim_can_be(b, 1)) {
        struct vt_dim strict = vt_dim_can_be(a, 1) ? b : a, loose = vt_dim_can_be(a, 1) ? a : b;

        *out = strict;
        return loose.min <= 1 || vt_dim_meet(strict, loose, out);
    }
    *out = interval(a.min < b.min ? a.min : b.min, upper(a) > upper(b) ? upper(a) : upper(b));
    return true;
}

bool vt_pshape_broadcast(struct vt_pshape *a, const struct vt_pshape *b)
{
    struct vt_pshape r = {.rank = a->rank > b->rank ? a->rank : b->rank};

    if (a->rank < 0 || b->rank < 0) {
        a->rank = -1;
        return true;
    }
    for (int i = 0; i < r.rank; i++) {
        int ia = i - (r.rank - a->rank), ib = i - (r.rank - b->rank);
        struct vt_dim da = ia < 0 ? vt_dim_fixed(1) : a->dims[ia];
        struct vt_dim db = ib < 0 ? vt_dim_fixed(1) : b->dims[ib];

        if (!broadcast_dim(da, db, &r.dims[i])) {
            return false;
        }
    }
    *a = r;
    return true;
}

char *vt_pshape_text(const struct vt_pshape *s, char *buf, size_t size)
{
    size_t n = 0;

#define PUT(...)                                                                                             \
    do {                                                                                                     \
        int w = snprintf(buf + n, size - n, __VA_ARGS__);                                                    \
        n = w < 0 || (size_t)w >= size - n ? size - 1 : n + (size_t)w;                                       \
    } while (0)
    if (s->rank < 0) {
        PUT("[...]");
        return buf;
    }
    PUT("[");
    for (int i = 0; i < s->rank; i++) {
        struct vt_dim d = s->dims[i];

        PUT(i ? "," : "");
        if (vt_dim_is_static(d)) {
            PUT("%lld", (long long)d.min);
        } else if (d.min == 0 && d.max < 0) {
            PUT("?");
        } else if (d.max < 0) {
            PUT("%lld..", (long long)d.min);
        } else {
            PUT("%lld..%lld", (long long)d.min, (long long)d.max);
        }
    }
    PUT("]");
#undef PUT
    return buf;
}

int vt_infer_same_type(struct vt_infer *c, int first, int last, enum vt_type *type)
{
    *type = VT_DYNAMIC;
    for (int i = first; i <= last && i < c->n_in; i++) {
        if (!c->in[i] || c->in[i]->type == VT_DYNAMIC) {
            continue;
        }
        if (*type != VT_DYNAMIC && *type != c->in[i]->type) {
            return vt_fail(c->err, VT_E_TYPE,
                           "inputs must have one element type, but input %d is %s and others %s", i,
                           vt_type_info(c->in[i]->type)->name, vt_type_info(*type)->name);
        }
        *type = c->in[i]->type;
    }
    return VT_OK;
}

int vt_infer_same_float(struct vt_infer *c, int first, int last, enum vt_type *type)
{
    int status = vt_infer_same_type(c, first, last, type);

    if (status == VT_OK && *type != VT_DYNAMIC && !vt_is_float(*type)) {
        return vt_fail(c->err, VT_E_TYPE, "the inputs must be of a float type, not %s",
                       vt_type_info(*type)->name);
    }
    return status;
}

int vt_infer_index_type(struct vt_infer *c, const char *attr, enum vt_type *type)
{
    *type = vt_attr_type_of(c->node, attr);
    return *type == VT_I32 || *type == VT_I64
               ? VT_OK
               : vt_fail(c->err, VT_E_TYPE, "attribute %s must be i32 or i64, not %s", attr,
                         vt_type_info(*type)->name);
}

struct vt_dim vt_infer_dim(const struct vt_infer *c, int input, int axis)
{
    const struct vt_pshape *shape = &c->in[input]->shape;

    return shape->rank > axis ? shape->dims[axis] : vt_dim_any();
}

int vt_infer_axis(struct vt_infer *c, int64_t axis, int rank, int *normal)
{
    *normal = -1;
    if (rank < 0) {
        return VT_OK;
    }
    if (axis < -rank || axis >= rank) {
        return vt_fail(c->err, VT_E_RANGE, "axis %lld is outside of rank %d", (long long)axis, rank);
    }
    *normal = (int)(axis < 0 ? axis + rank : axis);
    return VT_OK;
}

bool vt_infer_bounds(const struct vt_infer *c, int input, struct vt_dim *bounds, int max, int *n)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;
    int64_t count;

    if (!v) {
        return false;
    }
    if (v->constant) {
        count = vt_tensor_count(v->constant);
        if (count > max) {
            return false;
        }
        for (int64_t i = 0; i < count; i++) {
            bounds[i] = vt_dim_fixed(vt_get_i64(v->constant, i));
        }
        *n = (int)count;
        return true;
    }
    if (!v->bounds || v->bounds->n > max) {
        return false;
    }
    for (int64_t i = 0; i < v->bounds->n; i++) {
        bounds[i] = interval(v->bounds->lo[i], v->bounds->hi[i]);
        if (v->bounds->lo[i] == v->bounds->hi[i]) {
            bounds[i] = (struct vt_dim){v->bounds->lo[i], v->bounds->lo[i]};
        } else if (bounds[i].min == -1 && bounds[i].max < 0) {
            bounds[i].min = -2; /* {-1, -1} would read as exactly -1 */
        }
    }
    *n = (int)v->bounds->n;
    return true;
}

bool vt_infer_i64s(const struct vt_infer *c, int input, int64_t *values, int max, int *n)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;
    int64_t count;

    if (!v || (!v->constant && !v->bounds)) {
        return false;
    }
    count = v->constant ? vt_tensor_count(v->constant) : v->bounds->n;
    if (count > max) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        if (!v->constant && v->bounds->lo[i] != v->bounds->hi[i]) {
            return false;
        }
        values[i] = v->constant ? vt_get_i64(v->constant, i) : v->bounds->lo[i];
    }
    *n = (int)count;
    return true;
}

bool vt_infer_f64s(const struct vt_infer *c, int input, double *values, int max, int *n)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;
    int64_t count = v && v->constant ? vt_tensor_count(v->constant) : -1;

    if (count < 0 || count > max) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        values[i] = vt_get_f64(v->constant, i);
    }
    *n = (int)count;
    return true;
}

int vt_infer_integral(struct vt_infer *c, int input, const char *what)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;

    if (v && v->type != VT_DYNAMIC && !vt_is_integral(v->type)) {
        return vt_fail(c->err, VT_E_TYPE, "input %d (%s) must be of an integer type, not %s", input, what,
                       vt_type_info(v->type)->name);
    }
    return VT_OK;
}

int vt_infer_scalar(struct vt_infer *c, int input, const char *what, int64_t *value, bool *known)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;
    int n, status = vt_infer_integral(c, input, what);

    *known = false;
    if (status || !v) {
        return status;
    }
    if (v->shape.rank > 1 || (v->shape.rank == 1 && !vt_dim_can_be(v->shape.dims[0], 1))) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d (%s) must have one element", input, what);
    }
    *known = vt_infer_i64s(c, input, value, 1, &n) && n == 1;
    return VT_OK;
}

int vt_infer_list(struct vt_infer *c, int input, const char *what, int max)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;

    if (v && v->shape.rank > 1) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d (%s) must have rank 1, not %d", input, what,
                       v->shape.rank);
    }
    if (vt_infer_length(c, input) > max) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d (%s) has %d elements, at most %d make sense", input,
                       what, vt_infer_length(c, input), max);
    }
    return VT_OK;
}

int vt_infer_length(const struct vt_infer *c, int input)
{
    const struct vt_value *v = input < c->n_in ? c->in[input] : NULL;

    if (!v || v->shape.rank != 1 || !vt_dim_is_static(v->shape.dims[0]) || v->shape.dims[0].min > INT32_MAX) {
        return -1;
    }
    return (int)v->shape.dims[0].min;
}

void vt_infer_set(struct vt_infer *c, int output, enum vt_type type, const struct vt_pshape *shape)
{
    c->out[output].type = type;
    c->out[output].shape = *shape;
}

void vt_infer_like(struct vt_infer *c, int output, int input)
{
    vt_infer_set(c, output, c->in[input]->type, &c->in[input]->shape);
}

void vt_infer_unknown(struct vt_infer *c, int output, enum vt_type type)
{
    c->out[output].type = type;
    c->out[output].shape = (struct vt_pshape){.rank = -1};
}

int vt_infer_unary(struct vt_infer *c)
{
    vt_infer_like(c, 0, 0);
    return VT_OK;
}

int vt_infer_unary_float(struct vt_infer *c)
{
    enum vt_type type = c->in[0]->type;

    if (type != VT_DYNAMIC && !vt_is_float(type)) {
        return vt_fail(c->err, VT_E_TYPE, "input 0 must be of a float type, not %s",
                       vt_type_info(type)->name);
    }
    return vt_infer_unary(c);
}
