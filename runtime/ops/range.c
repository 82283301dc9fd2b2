/* Range-1 (one type) and Range-4 (attribute output_type). */
#include "range.h"

#include "bounds.h"
#include "element.h"
#include "graph.h"
#include "shape.h"

#include <math.h>

/* ceil((stop - start) / step), at least 0; integers in 128 bits, so that nothing overflows. */
static int64_t count_whole(int64_t start, int64_t stop, int64_t step)
{
    __int128 span = (__int128)stop - start, up = step > 0 ? step - 1 : (__int128)step + 1,
             n = (span + up) / step;

    return (step > 0) == (span > 0) && span != 0 ? n > INT64_MAX ? INT64_MAX : (int64_t)n : 0;
}

static int count_real(struct vt_infer *c, const double *v, int64_t *n)
{
    double count = ceil((v[1] - v[0]) / v[2]);

    for (int i = 0; i < 3; i++) {
        if (!isfinite(v[i])) {
            return vt_fail(c->err, VT_E_INVALID, "input %d is %g", i, v[i]);
        }
    }
    if (v[2] == 0) {
        return vt_fail(c->err, VT_E_INVALID, "step (input 2) is 0");
    }
    if (count >= 9007199254740992.0) {
        return vt_fail(c->err, VT_E_RANGE, "the range has %g elements", count);
    }
    *n = count > 0 ? (int64_t)count : 0;
    return VT_OK;
}

static bool is_finite(int64_t v)
{
    return v != INT64_MAX && v != INT64_MIN;
}

/* Length from intervals of integer inputs; unknown unless the step is exact. */
static int count_bounds(struct vt_infer *c, struct vt_dim *d)
{
    struct vt_interval start = vt_bounds_at(c, 0, 0), stop = vt_bounds_at(c, 1, 0),
                       step = vt_bounds_at(c, 2, 0);
    bool up = step.lo > 0, exact = start.lo == start.hi && stop.lo == stop.hi;
    int64_t near, far;

    if (step.lo != step.hi) {
        return VT_OK;
    }
    if (step.lo == 0) {
        return vt_fail(c->err, VT_E_INVALID, "step (input 2) is 0");
    }
    near = up ? start.hi : start.lo;
    far = up ? stop.lo : stop.hi;
    if (exact || (is_finite(near) && is_finite(far))) {
        d->min = count_whole(near, far, step.lo);
    }
    near = up ? start.lo : start.hi;
    far = up ? stop.hi : stop.lo;
    if (exact || (is_finite(near) && is_finite(far))) {
        d->max = count_whole(near, far, step.lo);
    }
    return VT_OK;
}

static int infer_as(struct vt_infer *c, enum vt_type type)
{
    struct vt_pshape shape = {.rank = 1, .dims[0] = vt_dim_any()};
    bool whole =
        vt_is_integral(c->in[0]->type) && vt_is_integral(c->in[1]->type) && vt_is_integral(c->in[2]->type);
    int status = VT_OK, known = 0, n;
    double v[3];

    for (int i = 0; i < 3; i++) {
        const struct vt_pshape *shape_in = &c->in[i]->shape;

        if (shape_in->rank > 0) {
            char text[256];

            return vt_fail(c->err, VT_E_SHAPE, "input %d must be a scalar, its shape is %s", i,
                           vt_pshape_text(shape_in, text, sizeof(text)));
        }
        if (c->in[i]->type == VT_BOOLEAN || c->in[i]->type == VT_STRING) {
            return vt_fail(c->err, VT_E_TYPE, "input %d must be of a numeric type, not %s", i,
                           vt_type_info(c->in[i]->type)->name);
        }
        known += vt_infer_f64s(c, i, &v[i], 1, &n) && n == 1;
    }
    if (whole) {
        status = count_bounds(c, &shape.dims[0]);
    } else if (known == 3) {
        int64_t count = 0;

        for (int i = 0; vt_is_integral(type) && i < 3; i++) {
            v[i] = trunc(v[i]);
        }
        status = count_real(c, v, &count);
        shape.dims[0] = vt_dim_fixed(count);
    }
    vt_infer_set(c, 0, type, &shape);
    return status;
}

static int infer1(struct vt_infer *c)
{
    enum vt_type type;
    int status = vt_infer_same_type(c, 0, 2, &type);

    return status ? status : infer_as(c, type);
}

static int infer4(struct vt_infer *c)
{
    enum vt_type type = vt_attr_type_of(c->node, "output_type");

    if (type == VT_BOOLEAN || type == VT_STRING || type == VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "attribute output_type must be a numeric type, not %s",
                       vt_type_info(type)->name);
    }
    return infer_as(c, type);
}

static const struct vt_attr_def attrs[] = {
    {"output_type", VT_ATTR_TYPE, .required = true},
    {0},
};

const struct vt_op_def vt_op_range[] = {
    {.name = "Range",
     .opset = 1,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .infer = infer1,
     .eval = vt_range_ref},
    {.name = "Range",
     .opset = 4,
     .min_in = 3,
     .max_in = 3,
     .n_out = 1,
     .attrs = attrs,
     .infer = infer4,
     .eval = vt_range_ref},
    {0},
};
