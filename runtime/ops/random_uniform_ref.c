#include "random_uniform.h"

#include "element.h"
#include "random.h"

#include <math.h>
#include <string.h>

/* One sequence of words, whichever the generator. */
struct words {
    bool philox;
    uint64_t key, counter, block;
    uint32_t four[4];
    int left;
    struct vt_mt mt;
};

static void words_init(struct words *w, const struct vt_node *node)
{
    w->philox = !vt_attr_is(node, "alignment", "pytorch");
    w->key = (uint64_t)vt_attr_i64(node, "global_seed");
    w->counter = (uint64_t)vt_attr_i64(node, "op_seed");
    w->block = 0;
    w->left = 0;
    if (!w->key && !w->counter) {
        w->key = vt_random_entropy();
    }
    if (!w->philox) {
        vt_mt_seed(&w->mt, (uint32_t)w->key);
    }
}

static uint32_t words_next(struct words *w)
{
    if (!w->philox) {
        return vt_mt_next(&w->mt);
    }
    if (!w->left) {
        vt_philox(w->key, w->counter, w->block++, w->four);
        w->left = 4;
    }
    return w->four[4 - w->left--];
}

/* A float in [0, 1): Philox fills the mantissa of 1..2, MT19937 scales as many bits as the significand has.
 * The narrow floats are rounded f32. */
static double unit(struct words *w, enum vt_type type)
{
    uint32_t x = words_next(w);

    if (type == VT_F64) {
        uint64_t bits = (uint64_t)x << 32 | words_next(w);

        return w->philox ? ldexp((double)(bits & 0xfffffffffffffu), -52)
                         : ldexp((double)(bits & 0x1fffffffffffffu), -53);
    }
    return w->philox ? ldexp(x & 0x7fffffu, -23) : ldexp(x & 0xffffffu, -24);
}

static int integers(struct vt_eval *e, struct words *w)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t low = vt_get_i64(&e->in[1], 0), high = vt_get_i64(&e->in[2], 0), n = vt_tensor_count(dst);
    uint64_t span = (uint64_t)high - (uint64_t)low;

    if (low >= high) {
        return vt_fail(e->err, VT_E_INVALID, "minval %lld must be below maxval %lld", (long long)low,
                       (long long)high);
    }
    for (int64_t i = 0; i < n; i++) {
        uint64_t x = words_next(w);

        if (span > UINT32_MAX) {
            x = x << 32 | words_next(w);
        }
        vt_set_i64(dst, i, (int64_t)((uint64_t)low + x % span));
    }
    return VT_OK;
}

int vt_random_uniform_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t n = vt_tensor_count(dst);
    struct words w;
    double low, high;

    words_init(&w, e->node);
    if (vt_is_integral(dst->type)) {
        return integers(e, &w);
    }
    low = vt_get_f64(&e->in[1], 0);
    high = vt_get_f64(&e->in[2], 0);
    if (!(low < high)) {
        return vt_fail(e->err, VT_E_INVALID, "minval %g must be below maxval %g", low, high);
    }
    for (int64_t i = 0; i < n; i++) {
        vt_set_f64(dst, i, unit(&w, dst->type) * (high - low) + low);
    }
    return VT_OK;
}
