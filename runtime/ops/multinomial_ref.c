#include "multinomial.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"
#include "random.h"

#include <math.h>

/* Shares of a row of n that grow to 1 at its end. */
static void cumulate(const double *probs, int64_t n, bool logarithms, double *share)
{
    double top = -INFINITY, sum = 0;

    for (int64_t k = 0; logarithms && k < n; k++) {
        top = fmax(top, probs[k]);
    }
    for (int64_t k = 0; k < n; k++) {
        sum += logarithms ? exp(probs[k] - top) : probs[k];
        share[k] = sum;
    }
    for (int64_t k = 0; k < n; k++) {
        share[k] /= sum;
    }
}

static int64_t draw(const double *share, int64_t n, double u)
{
    int64_t k = 0;

    while (k < n - 1 && !(u <= share[k])) {
        k++;
    }
    return k;
}

/* Take class `k` out of the row. */
static void exclude(double *share, int64_t n, int64_t k)
{
    double p = share[k] - (k ? share[k - 1] : 0), left = share[n - 1] - p;

    for (int64_t i = 0; i < n; i++) {
        share[i] = (i < k ? share[i] : share[i] - p) / (left > 0 ? left : 1);
    }
}

static void seed(struct vt_mt *mt, const struct vt_node *node)
{
    uint32_t seeds[2] = {(uint32_t)vt_attr_i64(node, "global_seed"), (uint32_t)vt_attr_i64(node, "op_seed")};

    if (vt_attr_i64(node, "global_seed") == 0 && vt_attr_i64(node, "op_seed") == 0) {
        vt_mt_seed(mt, (uint32_t)vt_random_entropy());
    } else {
        vt_mt_seed_sequence(mt, seeds, 2);
    }
}

int vt_multinomial_ref(struct vt_eval *e)
{
    struct vt_tensor *dst = &e->out[0];
    bool again = vt_attr_bool(e->node, "with_replacement"), logarithms = vt_attr_bool(e->node, "log_probs");
    int64_t rows = dst->dims[0], samples = dst->dims[1], n = e->in[0].dims[1];
    struct vt_mt mt;
    double *share, *probs;

    if (rows && samples && (n == 0 || (!again && samples > n))) {
        return vt_fail(e->err, VT_E_INVALID, "%lld samples of %lld classes%s", (long long)samples,
                       (long long)n, again ? "" : " without replacement");
    }
    share = vt_temp_alloc(((size_t)n + 1) * sizeof(*share));
    if (!share) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    probs = vt_doubles(&e->in[0], e->err);
    if (!probs) {
        vt_temp_free(share);
        return VT_E_NOMEM;
    }
    seed(&mt, e->node);
    for (int64_t r = 0; r < rows; r++) {
        cumulate(probs + r * n, n, logarithms, share);
        for (int64_t i = 0; i < samples; i++) {
            int64_t k = draw(share, n, (double)vt_mt_next(&mt) / (double)UINT32_MAX);

            vt_set_i64(dst, r * samples + i, k);
            if (!again && i + 1 < samples) {
                exclude(share, n, k);
            }
        }
    }
    vt_temp_free(probs);
    vt_temp_free(share);
    return VT_OK;
}
