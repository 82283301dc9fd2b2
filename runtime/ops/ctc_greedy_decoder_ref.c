#include "ctc_greedy_decoder.h"

#include "element.h"
#include "graph.h"

/* The best of `n` classes, the first of equals. */
static int64_t best_class(const struct vt_tensor *data, int64_t at, int64_t n)
{
    int64_t best = 0;

    for (int64_t i = 1; i < n; i++) {
        best = vt_get_f64(data, at + i) > vt_get_f64(data, at + best) ? i : best;
    }
    return best;
}

/* Decodes one sequence of `steps`, whose step t begins at first + t * step. Writes classes from `to` on and
 * returns how many. */
static int64_t decode(const struct vt_tensor *data, int64_t first, int64_t step, int64_t steps, int64_t blank,
                      bool merge, struct vt_tensor *dst, int64_t to)
{
    int64_t n = data->dims[2], previous = -1, count = 0;

    for (int64_t t = 0; t < steps; t++) {
        int64_t c = best_class(data, first + t * step, n);

        if (c != blank && !(merge && c == previous)) {
            vt_set_i64(dst, to + count++, c);
        }
        previous = c;
    }
    return count;
}

static void fill(struct vt_tensor *dst)
{
    for (int64_t i = 0; i < vt_tensor_count(dst); i++) {
        vt_set_i64(dst, i, -1);
    }
}

/* The mask is 1 as long as the sequence lasts; the last class is the blank. */
int vt_ctc_greedy_decoder_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0];
    int64_t steps = data->dims[0], batch = data->dims[1], classes = data->dims[2];

    fill(&e->out[0]);
    for (int64_t b = 0; b < batch && classes; b++) {
        int64_t length = 0;

        while (length < steps && (length == 0 || vt_get_f64(&e->in[1], length * batch + b) != 0)) {
            length++;
        }
        decode(data, b * classes, batch * classes, length, classes - 1,
               vt_attr_bool(e->node, "ctc_merge_repeated"), &e->out[0], b * steps);
    }
    return VT_OK;
}

int vt_ctc_greedy_decoder_seq_len_ref(struct vt_eval *e)
{
    const struct vt_tensor *data = &e->in[0];
    int64_t steps = data->dims[1], classes = data->dims[2], blank = classes - 1;

    if (e->n_in > 2 && e->in[2].type != VT_DYNAMIC) {
        blank = vt_get_i64(&e->in[2], 0);
    }
    if (vt_tensor_count(data) && (blank < 0 || blank >= classes)) {
        return vt_fail(e->err, VT_E_RANGE, "blank_index is %lld, the classes are 0 to %lld", (long long)blank,
                       (long long)classes - 1);
    }
    fill(&e->out[0]);
    for (int64_t b = 0; b < data->dims[0]; b++) {
        int64_t length = vt_get_i64(&e->in[1], b);

        if (length < 0 || length > steps) {
            return vt_fail(e->err, VT_E_RANGE, "sequence_length[%lld] is %lld, the sequences have %lld steps",
                           (long long)b, (long long)length, (long long)steps);
        }
        length = classes ? decode(data, b * steps * classes, classes, length, blank,
                                  vt_attr_bool(e->node, "merge_repeated"), &e->out[0], b * steps)
                         : 0;
        vt_set_i64(&e->out[1], b, length);
    }
    return VT_OK;
}
