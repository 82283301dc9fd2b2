#include "pool.h"

#include "doubles.h"
#include "element.h"

#include <float.h>
#include <math.h>

/* Concrete numbers; spatial axes are padded with ones in front. */
struct pool {
    int64_t planes, n_in, n_out;
    int64_t in[VT_MAX_SPATIAL], out[VT_MAX_SPATIAL], kernel[VT_MAX_SPATIAL];
    int64_t stride[VT_MAX_SPATIAL], dilation[VT_MAX_SPATIAL], pad[VT_MAX_SPATIAL];
    int64_t window;
    bool padded; /* anywhere */
};

static int describe(const struct vt_eval *e, struct pool *p)
{
    const struct vt_tensor *src = &e->in[0], *dst = &e->out[0];
    int spatial = src->rank - 2;
    struct vt_window w;
    int status = vt_window_read(e->node, spatial, &w, e->err);

    *p = (struct pool){.planes = src->dims[0] * src->dims[1], .n_in = 1, .n_out = 1, .window = 1};
    for (int i = 0; i < VT_MAX_SPATIAL; i++) {
        int axis = i - (VT_MAX_SPATIAL - spatial);

        p->in[i] = p->out[i] = p->kernel[i] = p->stride[i] = p->dilation[i] = 1;
        if (axis >= 0) {
            p->in[i] = src->dims[2 + axis];
            p->out[i] = dst->dims[2 + axis];
            p->kernel[i] = w.kernel[axis];
            vt_window_resolve(&w, axis, p->in[i], p->out[i], p->kernel[i], false);
            p->stride[i] = w.stride[axis];
            p->dilation[i] = w.dilation[axis];
            p->pad[i] = w.pad_begin[axis];
            p->padded |= w.pad_begin[axis] || w.pad_end[axis];
        }
        p->n_in *= p->in[i];
        p->n_out *= p->out[i];
        p->window *= p->kernel[i];
    }
    return status;
}

/* Taps of one axis that lie inside at window position `at`: first <= tap < last. */
static void taps(const struct pool *p, int axis, int64_t at, int64_t *first, int64_t *last)
{
    int64_t begin = at * p->stride[axis] - p->pad[axis], d = p->dilation[axis];

    *first = begin < 0 ? (-begin + d - 1) / d : 0;
    *last = begin >= p->in[axis] ? 0 : (p->in[axis] - begin + d - 1) / d;
    *last = *last < p->kernel[axis] ? *last : p->kernel[axis];
}

/* Visit the elements under a window in order; `offset` counts within the plane. */
struct walk {
    const struct pool *p;
    int64_t at[VT_MAX_SPATIAL]; /* window position */
    int64_t first[VT_MAX_SPATIAL], n[VT_MAX_SPATIAL], k[VT_MAX_SPATIAL];
};

static bool walk_begin(struct walk *w)
{
    bool any = true;

    for (int i = 0; i < VT_MAX_SPATIAL; i++) {
        int64_t last;

        taps(w->p, i, w->at[i], &w->first[i], &last);
        w->n[i] = last - w->first[i];
        w->k[i] = 0;
        any &= w->n[i] > 0;
    }
    return any;
}

static int64_t walk_offset(const struct walk *w)
{
    int64_t offset = 0;

    for (int i = 0; i < VT_MAX_SPATIAL; i++) {
        offset = offset * w->p->in[i] + w->at[i] * w->p->stride[i] - w->p->pad[i] +
                 (w->first[i] + w->k[i]) * w->p->dilation[i];
    }
    return offset;
}

static bool walk_next(struct walk *w)
{
    return vt_next_index(VT_MAX_SPATIAL, w->n, w->k);
}

/* What a window without elements yields. */
static void set_lowest(struct vt_tensor *dst, int64_t at)
{
    if (vt_is_float(dst->type)) {
        vt_set_f64(dst, at, dst->type == VT_F64 ? -DBL_MAX : dst->type == VT_F16 ? -65504 : -FLT_MAX);
    } else if (vt_type_info(dst->type)->is_signed) {
        vt_set_i64(dst, at, (int64_t)(UINT64_MAX << (vt_type_info(dst->type)->bits - 1)));
    } else {
        vt_set_i64(dst, at, 0);
    }
}

static bool larger(const struct vt_tensor *t, int64_t a, int64_t b)
{
    if (vt_is_float(t->type)) {
        return vt_get_f64(t, a) > vt_get_f64(t, b);
    }
    return t->type == VT_U64 ? (uint64_t)vt_get_i64(t, a) > (uint64_t)vt_get_i64(t, b)
                             : vt_get_i64(t, a) > vt_get_i64(t, b);
}

static void largest(struct vt_eval *e, struct walk *w, int64_t plane, int64_t to, int64_t index_range)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t base = plane * w->p->n_in, best;

    if (!walk_begin(w)) {
        set_lowest(&e->out[0], to);
        if (e->n_out > 1) {
            vt_set_i64(&e->out[1], to, base % index_range);
        }
        return;
    }
    best = base + walk_offset(w);
    while (walk_next(w)) {
        int64_t from = base + walk_offset(w);

        best = larger(src, from, best) ? from : best;
    }
    vt_move_element(&e->out[0], to, src, best);
    if (e->n_out > 1) {
        vt_set_i64(&e->out[1], to, best % index_range);
    }
}

int vt_max_pool_ref(struct vt_eval *e)
{
    struct pool p;
    struct walk w = {.p = &p};
    int64_t index_range = 1, to = 0;
    int status = describe(e, &p);

    if (status || vt_tensor_count(&e->out[0]) == 0) {
        return status;
    }
    if (e->n_out > 1) {
        int64_t axis = vt_attr_i64(e->node, "axis");

        for (int64_t i = axis < 0 ? axis + e->in[0].rank : axis; i < e->in[0].rank; i++) {
            index_range *= e->in[0].dims[i];
        }
        index_range = index_range ? index_range : 1; /* all windows lie in the padding */
    }
    for (int64_t plane = 0; plane < p.planes; plane++) {
        do {
            largest(e, &w, plane, to++, index_range);
        } while (vt_next_index(VT_MAX_SPATIAL, p.out, w.at));
    }
    return VT_OK;
}

/* Padding counts only with exclude-pad=false, and then the whole window does, even what "ceil" rounding adds
 * beyond the padding; without any padding nothing outside counts. */
static double average(const struct vt_tensor *src, struct walk *w, int64_t plane, bool exclude)
{
    double sum = 0;
    int64_t n = 0;

    if (walk_begin(w)) {
        do {
            sum += vt_get_f64(src, plane * w->p->n_in + walk_offset(w));
            n++;
        } while (walk_next(w));
    }
    n = exclude || !w->p->padded ? n : w->p->window;
    return n ? sum / (double)n : 0;
}

int vt_avg_pool_ref(struct vt_eval *e)
{
    bool exclude = vt_attr_bool(e->node, "exclude-pad"), round = vt_is_integral(e->out[0].type);
    struct pool p;
    struct walk w = {.p = &p};
    int64_t to = 0;
    int status = describe(e, &p);

    if (status || vt_tensor_count(&e->out[0]) == 0) {
        return status;
    }
    for (int64_t plane = 0; plane < p.planes; plane++) {
        do {
            double v = average(&e->in[0], &w, plane, exclude);

            vt_store_double(&e->out[0], to++, round ? rint(v) : v);
        } while (vt_next_index(VT_MAX_SPATIAL, p.out, w.at));
    }
    return VT_OK;
}
