#include "sdpa.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"

#include <math.h>

struct attention {
    struct vt_eval *e;
    struct vt_tensor batch[3]; /* shapes of the batch axes of query, key, value */
    double *data[3], *scores;
    int64_t rows, columns, width, out_width;
    double scale;
    bool causal;
    const struct vt_tensor *mask, *sink; /* NULL: none */
    int rank;                            /* of the output */
};

static const struct vt_tensor *optional(const struct vt_eval *e, int input)
{
    return input < e->n_in && e->in[input].type != VT_DYNAMIC ? &e->in[input] : NULL;
}

/* Scores of one query row; `index` is its place in [batch..., L, S], the last part being overwritten. */
static void score_row(struct attention *a, const double *q, const double *k, int64_t *index)
{
    int64_t row = index[a->rank - 2];

    for (int64_t j = 0; j < a->columns; j++) {
        double sum = 0;

        for (int64_t i = 0; i < a->width; i++) {
            sum += q[i] * k[j * a->width + i];
        }
        index[a->rank - 1] = j;
        sum *= a->scale;
        if (a->mask && a->mask->type == VT_BOOLEAN) {
            sum = vt_get_i64(a->mask, vt_broadcast_offset(a->mask, a->rank, index)) ? sum : -INFINITY;
        } else if (a->mask) {
            sum += vt_get_f64(a->mask, vt_broadcast_offset(a->mask, a->rank, index));
        }
        a->scores[j] = a->causal && j > row ? -INFINITY : sum;
    }
    index[a->rank - 1] = 0;
}

/* The sink is one more score, without a value. */
static void normalize_row(struct attention *a, const int64_t *index)
{
    double top = -INFINITY, sum = 0;
    double sink = a->sink ? vt_get_f64(a->sink, vt_broadcast_offset(a->sink, a->rank, index)) : -INFINITY;

    top = a->sink ? sink : top;
    for (int64_t j = 0; j < a->columns; j++) {
        top = fmax(top, a->scores[j]);
    }
    sum = a->sink ? exp(sink - top) : 0;
    for (int64_t j = 0; j < a->columns; j++) {
        a->scores[j] = exp(a->scores[j] - top);
        sum += a->scores[j];
    }
    for (int64_t j = 0; j < a->columns; j++) {
        a->scores[j] /= sum;
    }
}

static void attend(struct attention *a, int64_t *index, int64_t to)
{
    const double *q = a->data[0] + vt_broadcast_offset(&a->batch[0], a->rank - 2, index) * a->rows * a->width;
    const double *k =
        a->data[1] + vt_broadcast_offset(&a->batch[1], a->rank - 2, index) * a->columns * a->width;
    const double *v =
        a->data[2] + vt_broadcast_offset(&a->batch[2], a->rank - 2, index) * a->columns * a->out_width;

    for (int64_t row = 0; row < a->rows; row++) {
        index[a->rank - 2] = row;
        score_row(a, q + row * a->width, k, index);
        normalize_row(a, index);
        for (int64_t i = 0; i < a->out_width; i++) {
            double sum = 0;

            for (int64_t j = 0; j < a->columns; j++) {
                /* Masked values must not turn an infinity into NaN, but a NaN of the softmax stays. */
                sum += a->scores[j] == 0 ? 0 : a->scores[j] * v[j * a->out_width + i];
            }
            vt_set_f64(&a->e->out[0], to++, sum);
        }
    }
    index[a->rank - 2] = 0;
}

static void describe(struct attention *a)
{
    const struct vt_tensor *in = a->e->in, *scale = optional(a->e, VT_SDPA_SCALE);

    for (int i = 0; i < 3; i++) {
        a->batch[i] = in[i];
        a->batch[i].rank -= 2;
    }
    a->rank = a->e->out[0].rank;
    a->rows = in[0].dims[in[0].rank - 2];
    a->width = in[0].dims[in[0].rank - 1];
    a->columns = in[1].dims[in[1].rank - 2];
    a->out_width = in[2].dims[in[2].rank - 1];
    a->causal = vt_attr_bool(a->e->node, "causal");
    a->mask = a->causal ? NULL : optional(a->e, VT_SDPA_MASK);
    a->sink = optional(a->e, VT_SDPA_SINK);
    a->scale = scale && vt_tensor_count(scale) ? vt_get_f64(scale, 0) : 1 / sqrt((double)a->width);
}

int vt_sdpa_ref(struct vt_eval *e)
{
    struct attention a = {.e = e};
    int64_t index[VT_MAX_RANK] = {0}, to = 0;
    bool ready;

    describe(&a);
    for (int i = 0; i < 3; i++) {
        a.data[i] = vt_doubles(&e->in[i], e->err);
    }
    a.scores = vt_doubles_zero(a.columns, e->err);
    ready = a.data[0] && a.data[1] && a.data[2] && a.scores;
    if (ready && vt_tensor_count(&e->out[0])) {
        do {
            attend(&a, index, to);
            to += a.rows * a.out_width;
        } while (vt_next_index(a.rank - 2, e->out[0].dims, index));
    }
    for (int i = 0; i < 3; i++) {
        vt_temp_free(a.data[i]);
    }
    vt_temp_free(a.scores);
    return ready ? VT_OK : VT_E_NOMEM;
}

int vt_sdpa_check_mask(struct vt_eval *e)
{
    const struct vt_tensor *mask = optional(e, VT_SDPA_MASK), *k = &e->in[VT_SDPA_KEY];
    int shift = mask ? e->out[0].rank - mask->rank : 0;
    bool fits = shift >= 0;

    if (!mask || vt_attr_bool(e->node, "causal")) {
        return VT_OK;
    }
    for (int i = 0; fits && i < mask->rank; i++) {
        int64_t want = i == mask->rank - 1 ? k->dims[k->rank - 2] : e->out[0].dims[i + shift];

        fits = mask->dims[i] == 1 || mask->dims[i] == want;
    }
    return fits ? VT_OK
                : vt_fail(e->err, VT_E_SHAPE, "the mask does not fit %lld keys",
                          (long long)k->dims[k->rank - 2]);
}
