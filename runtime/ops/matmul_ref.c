#include "matmul.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"
#include "post_ref.h"

/* One side: matrices of rows x columns after transposing, batches with their own shape. */
struct side {
    struct vt_tensor batch; /* shape only */
    int64_t rows, columns;
    bool transposed;
};

static struct side side_of(const struct vt_tensor *t, bool transpose, bool right)
{
    struct side s = {.batch = *t};

    if (t->rank == 1) {
        s.rows = right ? t->dims[0] : 1;
        s.columns = right ? 1 : t->dims[0];
        s.batch.rank = 0;
        return s;
    }
    s.batch.rank = t->rank - 2;
    s.transposed = transpose;
    s.rows = t->dims[t->rank - (transpose ? 1 : 2)];
    s.columns = t->dims[t->rank - (transpose ? 2 : 1)];
    return s;
}

/* Row-major copy of matrix number `at`. */
static void load_f64(const struct side *s, const struct vt_tensor *t, int64_t at, double *to)
{
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t c = 0; c < s->columns; c++) {
            to[r * s->columns + c] = vt_get_f64(
                t, at * s->rows * s->columns + (s->transposed ? c * s->rows + r : r * s->columns + c));
        }
    }
}

static void load_i64(const struct side *s, const struct vt_tensor *t, int64_t at, uint64_t *to)
{
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t c = 0; c < s->columns; c++) {
            to[r * s->columns + c] = (uint64_t)vt_get_i64(
                t, at * s->rows * s->columns + (s->transposed ? c * s->rows + r : r * s->columns + c));
        }
    }
}

static void row_f64(const double *a, const double *b, double *dst, int64_t inner, int64_t n)
{
    memset(dst, 0, (size_t)n * sizeof(*dst));
    for (int64_t k = 0; k < inner; k++) {
        for (int64_t j = 0; j < n; j++) {
            dst[j] += a[k] * b[k * n + j];
        }
    }
}

static void row_i64(const uint64_t *a, const uint64_t *b, uint64_t *dst, int64_t inner, int64_t n)
{
    memset(dst, 0, (size_t)n * sizeof(*dst));
    for (int64_t k = 0; k < inner; k++) {
        for (int64_t j = 0; j < n; j++) {
            dst[j] += a[k] * b[k * n + j];
        }
    }
}

/* The product being computed; buffers hold doubles or 64-bit integers. */
struct product {
    struct vt_eval *e;
    struct side a, b;
    bool integral;
    void *left, *right, *line;
    int64_t loaded_a, loaded_b; /* batch numbers in the buffers */
};

static bool has_input(const struct vt_eval *e, int input)
{
    return e->node->op->opset == 0 && input < e->n_in && e->in[input].type != VT_DYNAMIC;
}

/* Store one finished row; `index` is its place in the output, columns zero. */
static void store(struct product *p, int64_t at, int64_t *index)
{
    struct vt_eval *e = p->e;
    struct vt_tensor *dst = &e->out[0];
    bool scaled = has_input(e, 2), biased = has_input(e, 3), fused = e->node->op->opset == 0;

    for (int64_t j = 0; j < p->b.columns; j++) {
        double acc;

        if (p->integral) {
            vt_set_i64(dst, at + j, (int64_t)((uint64_t *)p->line)[j]);
            continue;
        }
        acc = ((double *)p->line)[j];
        acc *= scaled ? vt_get_f64(&e->in[2], j) : 1;
        acc += biased ? vt_get_f64(&e->in[3], j) : 0;
        if (fused && dst->rank) {
            index[dst->rank - 1] = e->in[1].rank > 1 ? j : index[dst->rank - 1];
        }
        vt_store_double(dst, at + j, fused ? vt_post_apply(e, acc, dst->rank, index) : acc);
    }
}

static void load(struct product *p, int64_t batch_a, int64_t batch_b)
{
    if (batch_a != p->loaded_a) {
        p->integral ? load_i64(&p->a, &p->e->in[0], batch_a, p->left)
                    : load_f64(&p->a, &p->e->in[0], batch_a, p->left);
    }
    if (batch_b != p->loaded_b) {
        p->integral ? load_i64(&p->b, &p->e->in[1], batch_b, p->right)
                    : load_f64(&p->b, &p->e->in[1], batch_b, p->right);
    }
    p->loaded_a = batch_a;
    p->loaded_b = batch_b;
}

static void multiply(struct product *p, int64_t at, int64_t *index)
{
    int64_t k = p->a.columns, n = p->b.columns;
    int row_axis = p->e->out[0].rank - (p->e->in[1].rank > 1 ? 2 : 1);

    for (int64_t i = 0; i < p->a.rows; i++) {
        if (p->integral) {
            row_i64((uint64_t *)p->left + i * k, p->right, p->line, k, n);
        } else {
            row_f64((double *)p->left + i * k, p->right, p->line, k, n);
        }
        if (p->e->in[0].rank > 1) {
            index[row_axis] = i;
        }
        store(p, at + i * n, index);
    }
}

static void all_batches(struct product *p)
{
    const struct vt_tensor *dst = &p->e->out[0];
    int rank = dst->rank - (p->e->in[0].rank > 1) - (p->e->in[1].rank > 1);
    int64_t index[VT_MAX_RANK] = {0}, at = 0;

    if (vt_tensor_count(dst) == 0) {
        return;
    }
    do {
        load(p, vt_broadcast_offset(&p->a.batch, rank, index), vt_broadcast_offset(&p->b.batch, rank, index));
        multiply(p, at, index);
        at += p->a.rows * p->b.columns;
        for (int i = rank; i < dst->rank; i++) {
            index[i] = 0;
        }
    } while (vt_next_index(rank, dst->dims, index));
}

int vt_matmul_ref(struct vt_eval *e)
{
    struct product p = {.e = e, .loaded_a = -1, .loaded_b = -1};

    p.a = side_of(&e->in[0], vt_attr_bool(e->node, "transpose_a"), false);
    p.b = side_of(&e->in[1], vt_attr_bool(e->node, "transpose_b"), true);
    p.integral = vt_is_integral(e->out[0].type) && e->node->op->opset;
    p.left = vt_doubles_zero(p.a.rows * p.a.columns, e->err);
    p.right = vt_doubles_zero(p.b.rows * p.b.columns, e->err);
    p.line = vt_doubles_zero(p.b.columns, e->err);
    if (p.left && p.right && p.line) {
        all_batches(&p);
    }
    vt_temp_free(p.left);
    vt_temp_free(p.right);
    vt_temp_free(p.line);
    return p.left && p.right && p.line ? VT_OK : VT_E_NOMEM;
}
