#include "embedding_bag.h"

#include "graph.h"
#include "heap.h"
#include "move.h"

/* One output row under construction, in double. */
struct bag {
    struct vt_eval *e;
    int weights; /* input of the weights, which may be absent */
    int64_t row; /* elements of a table row */
    int64_t count;
    double *sum;
};

static bool present(const struct vt_eval *e, int input)
{
    return input < e->n_in && e->in[input].type != VT_DYNAMIC;
}

static int bag_init(struct bag *b, struct vt_eval *e, int weights)
{
    const struct vt_tensor *table = &e->in[0];

    *b = (struct bag){.e = e, .weights = weights, .row = 1};
    for (int i = 1; i < table->rank; i++) {
        b->row *= table->dims[i];
    }
    b->sum = vt_temp_zero((size_t)b->row + 1, sizeof(*b->sum));
    return b->sum ? VT_OK : vt_fail(e->err, VT_E_NOMEM, "out of memory");
}

/* Add a table row; `sample` picks the weight, -1: none. */
static int bag_add(struct bag *b, int64_t index, int64_t sample)
{
    const struct vt_tensor *table = &b->e->in[0];
    double w = sample >= 0 && present(b->e, b->weights) ? vt_get_f64(&b->e->in[b->weights], sample) : 1;

    if (index < 0 || index >= table->dims[0]) {
        return vt_fail(b->e->err, VT_E_RANGE, "index %lld is outside of the table's %lld rows",
                       (long long)index, (long long)table->dims[0]);
    }
    for (int64_t i = 0; i < b->row; i++) {
        b->sum[i] += w * vt_get_f64(table, index * b->row + i);
    }
    b->count++;
    return VT_OK;
}

/* Store the row and start afresh. An empty bag holds the default row, or zeros when there is none. */
static int bag_store(struct bag *b, int64_t to, int default_input)
{
    bool mean = b->e->node->op->opset >= 15 && vt_attr_is(b->e->node, "reduction", "mean");
    int64_t index = present(b->e, default_input) ? vt_get_i64(&b->e->in[default_input], 0) : -1;
    int status = b->count == 0 && index >= 0 ? bag_add(b, index, -1) : VT_OK;

    for (int64_t i = 0; i < b->row; i++) {
        vt_set_f64(&b->e->out[0], to * b->row + i,
                   mean && b->count ? b->sum[i] / (double)b->count : b->sum[i]);
        b->sum[i] = 0;
    }
    b->count = 0;
    return status;
}

int vt_embedding_offsets_ref(struct vt_eval *e)
{
    int64_t n = vt_tensor_count(&e->in[1]), bags = vt_tensor_count(&e->in[2]);
    struct bag b;
    int status = bag_init(&b, e, 4);

    for (int64_t k = 0; k < bags && status == VT_OK; k++) {
        int64_t from = vt_get_i64(&e->in[2], k), end = k + 1 < bags ? vt_get_i64(&e->in[2], k + 1) : n;

        if (from < 0 || end > n || from > end) {
            status = vt_fail(e->err, VT_E_RANGE, "offsets %lld and %lld of bag %lld do not fit %lld indices",
                             (long long)from, (long long)end, (long long)k, (long long)n);
        }
        for (int64_t i = from; i < end && status == VT_OK; i++) {
            status = bag_add(&b, vt_get_i64(&e->in[1], i), i);
        }
        status = status ? status : bag_store(&b, k, 3);
    }
    vt_temp_free(b.sum);
    return status;
}

int vt_embedding_packed_ref(struct vt_eval *e)
{
    int64_t bags = e->in[1].dims[0], per = e->in[1].dims[1];
    struct bag b;
    int status = bag_init(&b, e, 2);

    for (int64_t k = 0; k < bags && status == VT_OK; k++) {
        for (int64_t i = k * per; i < (k + 1) * per && status == VT_OK; i++) {
            status = bag_add(&b, vt_get_i64(&e->in[1], i), i);
        }
        status = status ? status : bag_store(&b, k, e->n_in);
    }
    vt_temp_free(b.sum);
    return status;
}

int vt_embedding_segments_ref(struct vt_eval *e)
{
    int64_t n = vt_tensor_count(&e->in[1]), segments = e->out[0].dims[0], i = 0;
    struct bag b;
    int status = bag_init(&b, e, 5);

    for (int64_t k = 0; k < segments && status == VT_OK; k++) {
        for (; i < n && vt_get_i64(&e->in[2], i) <= k && status == VT_OK; i++) {
            if (vt_get_i64(&e->in[2], i) < k) {
                status = vt_fail(e->err, VT_E_INVALID, "segment_ids must rise, element %lld does not",
                                 (long long)i);
            } else {
                status = bag_add(&b, vt_get_i64(&e->in[1], i), i);
            }
        }
        status = status ? status : bag_store(&b, k, 4);
    }
    vt_temp_free(b.sum);
    return status;
}
