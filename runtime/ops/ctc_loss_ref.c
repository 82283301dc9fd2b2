#include "ctc_loss.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"

#include <math.h>

struct loss {
    int64_t steps, classes, blank;
    bool collapse, merge, unique;
    int64_t *labels; /* of one sequence */
    double *log_p;   /* [steps, classes] of one sequence */
    double *alpha;   /* two rows of 2 * labels + 1 */
};

static double log_add(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);

    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

/* Labels as they count: repeats collapsed, or each kept once only. */
static int64_t take_labels(const struct loss *l, const struct vt_tensor *labels, int64_t at, int64_t n)
{
    int64_t count = 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t label = vt_get_i64(labels, at + i);
        bool seen = false;

        for (int64_t k = 0; k < count; k++) {
            seen |= l->unique && l->labels[k] == label;
        }
        if (!seen && !(l->collapse && i && vt_get_i64(labels, at + i - 1) == label)) {
            l->labels[count++] = label;
        }
    }
    return count;
}

static void log_softmax(const struct loss *l, const struct vt_tensor *logits, int64_t at, int64_t steps)
{
    for (int64_t t = 0; t < steps; t++) {
        double largest = -INFINITY, sum = 0, *row = l->log_p + t * l->classes;

        for (int64_t c = 0; c < l->classes; c++) {
            row[c] = vt_get_f64(logits, at + t * l->classes + c);
            largest = fmax(largest, row[c]);
        }
        for (int64_t c = 0; c < l->classes; c++) {
            sum += exp(row[c] - largest);
        }
        for (int64_t c = 0; c < l->classes; c++) {
            row[c] -= largest + log(sum);
        }
    }
}

/* The class at place s of the labels with blanks between and around them. */
static int64_t place(const struct loss *l, int64_t s)
{
    return s % 2 ? l->labels[s / 2] : l->blank;
}

/* Forward sums over all alignments (Graves et al., 2006). Without merging, a label may follow itself at once
 * and does not stay for several steps. */
static double forward(const struct loss *l, int64_t n, int64_t steps)
{
    int64_t places = 2 * n + 1;
    double *now = l->alpha, *before = l->alpha + places, *swap;

    for (int64_t s = 0; s < places; s++) {
        before[s] = s < 2 ? l->log_p[place(l, s)] : -INFINITY;
    }
    for (int64_t t = 1; t < steps; t++) {
        for (int64_t s = 0; s < places; s++) {
            bool label = s % 2;
            double sum = label && !l->merge ? -INFINITY : before[s];

            if (s > 0) {
                sum = log_add(sum, before[s - 1]);
            }
            if (label && s > 1 && (!l->merge || place(l, s) != place(l, s - 2))) {
                sum = log_add(sum, before[s - 2]);
            }
            now[s] = sum + l->log_p[t * l->classes + place(l, s)];
        }
        swap = now;
        now = before;
        before = swap;
    }
    return log_add(before[places - 1], n ? before[places - 2] : -INFINITY);
}

static int check_labels(const struct loss *l, int64_t n, struct vt_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (l->labels[i] < 0 || l->labels[i] >= l->classes) {
            return vt_fail(err, VT_E_RANGE, "label %lld is none of the %lld classes", (long long)l->labels[i],
                           (long long)l->classes);
        }
    }
    return VT_OK;
}

static int one(struct vt_eval *e, const struct loss *l, int64_t b)
{
    int64_t steps = vt_get_i64(&e->in[1], b), n = vt_get_i64(&e->in[3], b), width = e->in[2].dims[1];
    int status;

    if (steps < 0 || steps > l->steps || n < 0 || n > width || n > steps) {
        return vt_fail(e->err, VT_E_RANGE,
                       "sequence %lld has %lld of %lld steps and %lld of %lld labels: lengths must fit, and "
                       "labels be no more than steps",
                       (long long)b, (long long)steps, (long long)l->steps, (long long)n, (long long)width);
    }
    n = take_labels(l, &e->in[2], b * width, n);
    status = check_labels(l, n, e->err);
    if (status == VT_OK) {
        log_softmax(l, &e->in[0], b * l->steps * l->classes, steps);
        vt_store_double(&e->out[0], b, steps ? -forward(l, n, steps) : 0);
    }
    return status;
}

int vt_ctc_loss_ref(struct vt_eval *e)
{
    struct loss l = {.steps = e->in[0].dims[1],
                     .classes = e->in[0].dims[2],
                     .collapse = vt_attr_bool(e->node, "preprocess_collapse_repeated"),
                     .merge = vt_attr_bool(e->node, "ctc_merge_repeated"),
                     .unique = vt_attr_bool(e->node, "unique")};
    int status = VT_OK;

    l.blank = e->n_in > 4 && e->in[4].type != VT_DYNAMIC ? vt_get_i64(&e->in[4], 0) : l.classes - 1;
    if (e->in[0].dims[0] && l.steps && (l.blank < 0 || l.blank >= l.classes)) {
        return vt_fail(e->err, VT_E_RANGE, "blank_index is %lld, the classes are 0 to %lld",
                       (long long)l.blank, (long long)l.classes - 1);
    }
    l.log_p = vt_doubles_zero(l.steps * l.classes, e->err);
    l.alpha = vt_doubles_zero(2 * (2 * e->in[2].dims[1] + 1), e->err);
    l.labels = vt_temp_alloc(((size_t)e->in[2].dims[1] + 1) * sizeof(*l.labels));
    if (!l.log_p || !l.alpha || !l.labels) {
        status = vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    for (int64_t b = 0; b < e->in[0].dims[0] && status == VT_OK; b++) {
        status = one(e, &l, b);
    }
    vt_temp_free(l.log_p);
    vt_temp_free(l.alpha);
    vt_temp_free(l.labels);
    return status;
}
