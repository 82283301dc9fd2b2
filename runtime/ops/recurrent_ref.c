#include "recurrent.h"

#include "doubles.h"
#include "element.h"
#include "heap.h"

#include <math.h>

/* One node in doubles. `gates` holds x W + b and h R of one batch entry, gate after gate. */
struct cell {
    struct vt_eval *e;
    enum vt_cell kind;
    struct vt_gate_functions f;
    struct vt_recurrent_inputs in;
    int64_t batch, steps, directions, hidden, width, n_gates;
    double clip;
    bool before; /* GRU: linear_before_reset */
    double *x, *w, *r, *b, *p, *h, *c, *gates, *fresh;
    int order[4]; /* LSTM: place of f, i, c, o in the weights */
};

static double apply(const struct cell *q, int function, double v)
{
    double alpha = q->f.alpha[function], beta = q->f.beta[function];

    switch (q->f.kind[function]) {
    case VT_GATE_SIGMOID: return 1 / (1 + exp(-v));
    case VT_GATE_TANH: return tanh(v);
    case VT_GATE_RELU: return v < 0 ? 0 : v;
    case VT_GATE_AFFINE: return alpha * v + beta;
    case VT_GATE_LEAKY_RELU: return v < 0 ? alpha * v : v;
    case VT_GATE_THRESHOLDED_RELU: return v < alpha ? 0 : v;
    case VT_GATE_SCALED_TANH: return alpha * tanh(beta * v);
    case VT_GATE_ELU: return v < 0 ? alpha * expm1(v) : v;
    case VT_GATE_SOFTSIGN: return v / (1 + fabs(v));
    case VT_GATE_SOFTPLUS: return v > 40 ? v : log1p(exp(v));
    default: v = alpha * v + beta; return v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

/* A gate: clipped, then its function. */
static double gate(const struct cell *q, int function, double v)
{
    double limit = q->clip > 0 ? q->clip : INFINITY;

    return apply(q, function, v < -limit ? -limit : v > limit ? limit : v); /* NaN stays */
}

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Row `row` (gate * hidden + unit) of x W and of h R in direction d, without bias. */
static double from_x(const struct cell *q, int64_t d, int64_t row, const double *x)
{
    return dot(q->w + (d * q->n_gates * q->hidden + row) * q->width, x, q->width);
}

static double from_h(const struct cell *q, int64_t d, int64_t row, const double *h)
{
    return dot(q->r + (d * q->n_gates * q->hidden + row) * q->hidden, h, q->hidden);
}

static double bias(const struct cell *q, int64_t d, int64_t row)
{
    return q->b ? q->b[d * (q->n_gates + q->before) * q->hidden + row] : 0;
}

static void rnn_step(struct cell *q, int64_t d, const double *x, double *h)
{
    for (int64_t u = 0; u < q->hidden; u++) {
        q->fresh[u] = gate(q, 0, from_x(q, d, u, x) + from_h(q, d, u, h) + bias(q, d, u));
    }
    memcpy(h, q->fresh, (size_t)q->hidden * sizeof(*h));
}

/* Gates z, r, h. */
static void gru_step(struct cell *q, int64_t d, const double *x, double *h)
{
    int64_t n = q->hidden;
    double *z = q->gates, *r = q->gates + n, *reset = q->gates + 2 * n;

    for (int64_t u = 0; u < n; u++) {
        z[u] = gate(q, 0, from_x(q, d, u, x) + from_h(q, d, u, h) + bias(q, d, u));
        r[u] = gate(q, 0, from_x(q, d, n + u, x) + from_h(q, d, n + u, h) + bias(q, d, n + u));
        reset[u] = r[u] * h[u];
    }
    for (int64_t u = 0; u < n; u++) {
        double v = from_x(q, d, 2 * n + u, x) + bias(q, d, 2 * n + u);

        v += q->before ? r[u] * (from_h(q, d, 2 * n + u, h) + bias(q, d, 3 * n + u))
                       : from_h(q, d, 2 * n + u, reset);
        q->fresh[u] = (1 - z[u]) * gate(q, 1, v) + z[u] * h[u];
    }
    memcpy(h, q->fresh, (size_t)n * sizeof(*h));
}

static double lstm_sum(const struct cell *q, int64_t d, int which, int64_t u, const double *x,
                       const double *h)
{
    int64_t row = q->order[which] * q->hidden + u;

    return from_x(q, d, row, x) + from_h(q, d, row, h) + bias(q, d, row);
}

/* Coupled gates: version 1 of the cell takes i from f, ONNX's sequence f from i. */
static void lstm_gates(const struct cell *q, int64_t d, int64_t u, const double *x, const double *h, double c,
                       double *f, double *i)
{
    bool coupled = q->e->node->op->opset < 4 && vt_attr_bool(q->e->node, "input_forget");
    const double *p = q->p ? q->p + d * 3 * q->hidden : NULL;

    *f = gate(q, 0, lstm_sum(q, d, 0, u, x, h) + (p ? p[u] * c : 0));
    *i = gate(q, 0, lstm_sum(q, d, 1, u, x, h) + (p ? p[q->hidden + u] * c : 0));
    if (coupled && q->e->node->op->opset == 0) {
        *f = 1 - *i;
    } else if (coupled) {
        *i = 1 - *f;
    }
}

static void lstm_step(struct cell *q, int64_t d, const double *x, double *h, double *c)
{
    const double *p = q->p ? q->p + (d * 3 + 2) * q->hidden : NULL;
    int64_t n = q->hidden;

    for (int64_t u = 0; u < n; u++) {
        double f, i, now, o = lstm_sum(q, d, 3, u, x, h);

        lstm_gates(q, d, u, x, h, c[u], &f, &i);
        now = f * c[u] + i * gate(q, 1, lstm_sum(q, d, 2, u, x, h));
        o = gate(q, 0, o + (p ? p[u] * now : 0));
        q->gates[u] = now;
        q->fresh[u] = o * apply(q, 2, now);
    }
    memcpy(c, q->gates, (size_t)n * sizeof(*c));
    memcpy(h, q->fresh, (size_t)n * sizeof(*h));
}

static void step(struct cell *q, int64_t d, const double *x, double *h, double *c)
{
    switch (q->kind) {
    case VT_CELL_RNN: rnn_step(q, d, x, h); return;
    case VT_CELL_GRU: gru_step(q, d, x, h); return;
    default: lstm_step(q, d, x, h, c); return;
    }
}

/* All steps of one batch entry in one direction. Steps past its length stay zero. */
static void run_sequence(struct cell *q, int64_t n, int64_t d)
{
    const struct vt_tensor *lengths = &q->e->in[q->in.lengths];
    bool reverse = vt_attr_is(q->e->node, "direction", "reverse") || d == 1;
    int64_t state = (n * q->directions + d) * q->hidden, length = vt_get_i64(lengths, n);
    double *c = q->c ? q->c + state : NULL;

    length = length > q->steps ? q->steps : length < 0 ? 0 : length;
    for (int64_t i = 0; i < length; i++) {
        int64_t at = reverse ? length - 1 - i : i;

        step(q, d, q->x + (n * q->steps + at) * q->width, q->h + state, c);
        vt_store_doubles(&q->e->out[0], ((n * q->directions + d) * q->steps + at) * q->hidden, q->h + state,
                         q->hidden);
    }
    for (int64_t at = length; at < q->steps; at++) {
        for (int64_t u = 0; u < q->hidden; u++) {
            vt_set_f64(&q->e->out[0], ((n * q->directions + d) * q->steps + at) * q->hidden + u, 0);
        }
    }
}

static void run(struct cell *q)
{
    bool sequence = q->in.lengths >= 0;
    int first = sequence ? 1 : 0;
    int64_t states = q->batch * q->directions * q->hidden;

    for (int64_t n = 0; n < q->batch; n++) {
        for (int64_t d = 0; d < q->directions; d++) {
            if (sequence) {
                run_sequence(q, n, d);
            } else {
                step(q, 0, q->x + n * q->width, q->h + n * q->hidden, q->c ? q->c + n * q->hidden : NULL);
            }
        }
    }
    vt_store_doubles(&q->e->out[first], 0, q->h, states);
    if (q->c) {
        vt_store_doubles(&q->e->out[first + 1], 0, q->c, states);
    }
}

static double *load(struct cell *q, int input, bool *ok)
{
    double *v = NULL;

    if (input >= 0 && input < q->e->n_in && q->e->in[input].type != VT_DYNAMIC) {
        v = vt_doubles(&q->e->in[input], q->e->err);
        *ok &= v != NULL;
    }
    return v;
}

static void describe(struct cell *q)
{
    const struct vt_node *node = q->e->node;
    const struct vt_tensor *x = &q->e->in[0];
    const char *format = "fico";

    q->kind = vt_recurrent_cell(node);
    q->in = vt_recurrent_inputs(node);
    q->batch = x->dims[0];
    q->steps = x->rank == 3 ? x->dims[1] : 1;
    q->width = x->dims[x->rank - 1];
    q->directions = x->rank == 3 ? q->e->in[q->in.h].dims[1] : 1;
    q->hidden = vt_attr_i64(node, "hidden_size");
    q->clip = vt_attr_f64(node, "clip");
    q->n_gates = q->kind == VT_CELL_LSTM ? 4 : q->kind == VT_CELL_GRU ? 3 : 1;
    q->before = q->kind == VT_CELL_GRU && vt_attr_bool(node, "linear_before_reset");
    if (q->kind == VT_CELL_LSTM && node->op->opset > 0 && node->op->opset < 4) {
        format = vt_attr_str(node, "weights_format");
    }
    for (int i = 0; i < 4; i++) {
        const char *at = strchr(format, "fico"[i]);

        q->order[i] = at ? (int)(at - format) : i;
    }
}

int vt_recurrent_ref(struct vt_eval *e)
{
    struct cell q = {.e = e};
    bool ok = true;
    int status = vt_recurrent_functions(e->node, &q.f, e->err);

    if (status) {
        return status;
    }
    describe(&q);
    q.x = load(&q, q.in.x, &ok);
    q.h = load(&q, q.in.h, &ok);
    q.c = load(&q, q.in.c, &ok);
    q.w = load(&q, q.in.w, &ok);
    q.r = load(&q, q.in.r, &ok);
    q.b = load(&q, q.in.b, &ok);
    q.p = load(&q, q.in.p, &ok);
    q.gates = vt_doubles_zero(3 * q.hidden, e->err);
    q.fresh = vt_doubles_zero(q.hidden, e->err);
    ok = ok && q.gates && q.fresh;
    if (ok) {
        run(&q);
    }
    double *all[] = {q.x, q.h, q.c, q.w, q.r, q.b, q.p, q.gates, q.fresh};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        vt_temp_free(all[i]);
    }
    return ok ? VT_OK : VT_E_NOMEM;
}
