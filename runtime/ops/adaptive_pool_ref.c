#include "adaptive_pool.h"

#include "element.h"

/* The window of one output place, as three spatial dimensions (leading ones of size 1). */
struct window {
    int64_t begin[3], end[3], dims[3];
};

static int64_t window_count(const struct window *w)
{
    return (w->end[0] - w->begin[0]) * (w->end[1] - w->begin[1]) * (w->end[2] - w->begin[2]);
}

static struct window window_at(const struct vt_tensor *src, const struct vt_tensor *dst, int64_t place)
{
    struct window w = {.end = {1, 1, 1}, .dims = {1, 1, 1}};

    for (int i = src->rank - 1; i >= 2; i--) {
        int k = i - src->rank + 3;
        int64_t n = dst->dims[i], at = place % n;

        place /= n;
        w.dims[k] = src->dims[i];
        w.begin[k] = at * w.dims[k] / n;
        w.end[k] = ((at + 1) * w.dims[k] + n - 1) / n;
    }
    return w;
}

static int64_t spatial(const struct vt_tensor *t)
{
    int64_t n = 1;

    for (int i = 2; i < t->rank; i++) {
        n *= t->dims[i];
    }
    return n;
}

/* Call `each` for all places of a window, in order, with the index within the channel. */
static void visit(const struct window *w, void (*each)(void *ctx, int64_t index), void *ctx)
{
    for (int64_t d = w->begin[0]; d < w->end[0]; d++) {
        for (int64_t h = w->begin[1]; h < w->end[1]; h++) {
            for (int64_t x = w->begin[2]; x < w->end[2]; x++) {
                each(ctx, (d * w->dims[1] + h) * w->dims[2] + x);
            }
        }
    }
}

struct pool {
    const struct vt_tensor *src;
    int64_t channel; /* first element of the channel */
    double sum;
    int64_t whole;
    int64_t best; /* index of the maximum so far, -1 none */
};

static void add(void *ctx, int64_t index)
{
    struct pool *p = ctx;

    if (vt_is_integral(p->src->type)) {
        p->whole += vt_get_i64(p->src, p->channel + index);
    } else {
        p->sum += vt_get_f64(p->src, p->channel + index);
    }
}

static void larger(void *ctx, int64_t index)
{
    struct pool *p = ctx;
    const struct vt_tensor *t = p->src;
    int64_t a = p->channel + index, b = p->channel + p->best;

    if (p->best < 0 || (vt_is_integral(t->type) && t->type != VT_U64 ? vt_get_i64(t, a) > vt_get_i64(t, b)
                                                                     : vt_get_f64(t, a) > vt_get_f64(t, b))) {
        p->best = index;
    }
}

static int pool(struct vt_eval *e, bool max)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_tensor *dst = &e->out[0];
    int64_t n = vt_tensor_count(dst), places = spatial(dst), length = spatial(src);

    if (n && !length) {
        return vt_fail(e->err, VT_E_SHAPE, "data (input 0) has no elements to pool");
    }
    for (int64_t i = 0; i < n; i++) {
        struct pool p = {.src = src, .channel = i / places * length, .best = -1};
        struct window w = window_at(src, dst, i % places);

        visit(&w, max ? larger : add, &p);
        if (max) {
            vt_move_element(dst, i, src, p.channel + p.best);
            vt_set_i64(&e->out[1], i, p.best);
        } else if (vt_is_integral(src->type)) {
            vt_set_i64(dst, i, p.whole / window_count(&w));
        } else {
            vt_set_f64(dst, i, p.sum / (double)window_count(&w));
        }
    }
    return VT_OK;
}

int vt_adaptive_avg_pool_ref(struct vt_eval *e)
{
    return pool(e, false);
}

int vt_adaptive_max_pool_ref(struct vt_eval *e)
{
    return pool(e, true);
}
