/* LSTM, GRU and RNN, as sequences of OpenVINO. */
#include "recurrent.h"

#include "extents.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum cell { RNN, GRU, LSTM };

#define MAX_FUNCTIONS 3 /* of one direction */

/* One node. Inputs have the batch first, weights the gates in the operation's order. */
struct layer {
    enum cell cell;
    const char *direction;
    int directions, gates;
    int64_t hidden;
    bool batch_first, before; /* linear_before_reset */
    struct onnx_value x, w, r, b, h, c, p, lengths;
};

struct functions {
    const char *names[MAX_FUNCTIONS];
    float alpha[MAX_FUNCTIONS], beta[MAX_FUNCTIONS];
};

static const char *const default_functions[][MAX_FUNCTIONS] = {
    [RNN] = {"Tanh"}, [GRU] = {"Sigmoid", "Tanh"}, [LSTM] = {"Sigmoid", "Tanh", "Tanh"}};

/* ---- activations */

/* Functions with parameters, ONNX's defaults, and which of both lists they consume. */
static const struct {
    const char *name;
    float alpha, beta;
    bool has_alpha, has_beta;
} parametric[] = {{"Affine", 1, 0, true, true},
                  {"LeakyRelu", 0.01f, 0, true, false},
                  {"ThresholdedRelu", 1, 0, true, false},
                  {"ScaledTanh", 1, 1, true, true},
                  {"HardSigmoid", 0.2f, 0.5f, true, true},
                  {"Elu", 1, 0, true, false}};

/* The functions of all directions. */
static int read_functions(struct onnx_node *n, const struct layer *l, struct functions *f)
{
    int count = 0, n_alpha = 0, n_beta = 0, each = 1 + (int)l->cell, at = 0, bt = 0;
    const char *const *names = onnx_attr_ss(n, "activations", &count);
    const float *alpha = onnx_attr_fs(n, "activation_alpha", &n_alpha);
    const float *beta = onnx_attr_fs(n, "activation_beta", &n_beta);

    if (names && count != each * l->directions && !(l->cell == RNN && count >= l->directions)) {
        return onnx_fail(n, VT_E_INVALID, "attribute activations has %d words, not %d", count,
                         each * l->directions);
    }
    for (int i = 0; i < each * l->directions; i++) {
        struct functions *now = &f[i / each];
        int k = i % each;

        now->names[k] = names ? names[i] : default_functions[l->cell][k];
        now->alpha[k] = 1;
        now->beta[k] = 0;
        for (size_t p = 0; p < sizeof(parametric) / sizeof(*parametric); p++) {
            if (strcasecmp(parametric[p].name, now->names[k]) == 0) {
                now->alpha[k] = parametric[p].has_alpha && at < n_alpha ? alpha[at++] : parametric[p].alpha;
                now->beta[k] = parametric[p].has_beta && bt < n_beta ? beta[bt++] : parametric[p].beta;
            }
        }
    }
    return onnx_status(n);
}

static bool same_functions(const struct functions *a, const struct functions *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcasecmp(a->names[i], b->names[i]) != 0 || a->alpha[i] != b->alpha[i] ||
            a->beta[i] != b->beta[i]) {
            return false;
        }
    }
    return true;
}

static const char *attributes(struct onnx_node *n, const struct layer *l, const struct functions *f,
                              const char *direction)
{
    size_t bytes = 1024, at = 0;
    char *text = onnx_alloc(n, bytes);
    int count = 1 + (int)l->cell;

    if (!text) {
        return "";
    }
    at += (size_t)snprintf(text + at, bytes - at, "hidden_size=%lld;direction=%s;clip=%.9g",
                           (long long)l->hidden, direction, onnx_attr_f(n, "clip", 0));
    for (int list = 0; list < 3; list++) {
        at += (size_t)snprintf(text + at, bytes - at, ";activations%s=",
                               list == 0   ? ""
                               : list == 1 ? "_alpha"
                                           : "_beta");
        for (int i = 0; i < count && at < bytes; i++) {
            const char *comma = i ? "," : "";

            if (list == 0) {
                for (const char *p = f->names[i]; *p && strlen(f->names[i]) < 32; p++) {
                    bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

                    at += (size_t)snprintf(text + at, bytes - at, "%s%c", p == f->names[i] ? comma : "",
                                           letter ? (*p | 0x20) : '?');
                }
            } else {
                at += (size_t)snprintf(text + at, bytes - at, "%s%.9g", comma,
                                       list == 1 ? f->alpha[i] : f->beta[i]);
            }
        }
    }
    if (l->cell == GRU && at < bytes) {
        snprintf(text + at, bytes - at, ";linear_before_reset=%s", l->before ? "true" : "false");
    }
    return text;
}

/* ---- weights */

/* Gates in another order along an axis: `order` names the place where each of the new ones was. */
static struct onnx_value reorder(struct onnx_node *n, struct onnx_value v, int64_t axis, int gates,
                                 const int *order)
{
    struct onnx_value split =
        onnx_op_outs(n, "Split", 1, gates, ONNX_IN(v, onnx_i64(n, axis)), "num_splits=%d", gates);
    struct onnx_value parts[4];

    for (int i = 0; i < gates; i++) {
        parts[i] = onnx_port(split, order[i]);
    }
    return onnx_concat(n, parts, gates, axis);
}

/* i o f c of the file become f i c o. */
static struct onnx_value gates_in_order(struct onnx_node *n, const struct layer *l, struct onnx_value v)
{
    static const int fico[] = {2, 0, 3, 1};

    return l->cell == LSTM ? reorder(n, v, 1, 4, fico) : v;
}

/* [directions, 2 gates hidden] of input and recurrence, added up; the last gate of a GRU with
 * linear_before_reset keeps both. */
static struct onnx_value biases(struct onnx_node *n, const struct layer *l, int input)
{
    int64_t size = l->gates * l->hidden, last = (l->gates - 1) * l->hidden;
    struct onnx_value b, from_x, from_h;

    if (!onnx_has_in(n, input)) {
        int64_t dims[] = {l->directions, l->before ? size + l->hidden : size};

        return onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number_like(n, l->x, 0), onnx_i64s(n, dims, 2)),
                       "mode=numpy");
    }
    b = onnx_in(n, input);
    from_x = onnx_slice_axis(n, b, 1, 0, size);
    from_h = onnx_slice_axis(n, b, 1, size, 2 * size);
    if (!l->before) {
        return gates_in_order(n, l, onnx_add(n, from_x, from_h));
    }
    return onnx_concat(
        n,
        ONNX_IN(onnx_add(n, onnx_slice_axis(n, from_x, 1, 0, last), onnx_slice_axis(n, from_h, 1, 0, last)),
                onnx_slice_axis(n, from_x, 1, last, size), onnx_slice_axis(n, from_h, 1, last, size)),
        1);
}

/* An initial state as [batch, directions, hidden], zeros where the file has none. */
static struct onnx_value state(struct onnx_node *n, const struct layer *l, int input)
{
    static const int64_t swap[] = {1, 0, 2};

    if (!onnx_has_in(n, input)) {
        struct onnx_value shape =
            onnx_concat(n, ONNX_IN(onnx_extent(n, l->x, 0), ONNX_I64S(n, l->directions, l->hidden)), 0);

        return onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_number_like(n, l->x, 0), shape), "mode=numpy");
    }
    return l->batch_first ? onnx_in(n, input) : onnx_transpose(n, onnx_in(n, input), swap, 3);
}

static struct onnx_value lengths(struct onnx_node *n, const struct layer *l, int input)
{
    if (onnx_has_in(n, input)) {
        return onnx_in(n, input);
    }
    return onnx_convert(
        n,
        onnx_op(n, "Broadcast", 3, ONNX_IN(onnx_extent(n, l->x, 1), onnx_extent(n, l->x, 0)), "mode=numpy"),
        VT_I32);
}

static int read_layer(struct onnx_node *n, enum cell cell, struct onnx_value w, struct onnx_value r,
                      struct layer *l)
{
    static const int64_t swap[] = {1, 0, 2};
    const char *direction = onnx_attr_s(n, "direction", "forward");
    static const int gates[] = {[RNN] = 1, [GRU] = 3, [LSTM] = 4};

    if (onnx_status(n)) {
        return onnx_status(n);
    }
    *l = (struct layer){.cell = cell, .direction = direction, .gates = gates[cell]};
    if (strcmp(direction, "forward") && strcmp(direction, "reverse") && strcmp(direction, "bidirectional")) {
        return onnx_fail(n, VT_E_INVALID, "attribute direction: there is no \"%s\"", direction);
    }
    l->directions = direction[0] == 'b' ? 2 : 1;
    l->hidden = onnx_attr_i(n, "hidden_size", onnx_dim(n, r, 2));
    if (l->hidden < 1 || l->hidden > INT32_MAX) {
        return onnx_fail(n, VT_E_INVALID, "attribute hidden_size is %lld", (long long)l->hidden);
    }
    l->batch_first = onnx_attr_i(n, "layout", 0) == 1;
    l->before = cell == GRU && onnx_attr_i(n, "linear_before_reset", 0) != 0;
    l->x = l->batch_first ? onnx_in(n, 0) : onnx_transpose(n, onnx_in(n, 0), swap, 3);
    l->w = gates_in_order(n, l, w);
    l->r = gates_in_order(n, l, r);
    l->b = biases(n, l, 3);
    l->lengths = lengths(n, l, 4);
    l->h = state(n, l, 5);
    l->c = cell == LSTM ? state(n, l, 6) : ONNX_ABSENT;
    return onnx_status(n);
}

/* ---- the sequence */

static struct onnx_value one_direction(struct onnx_node *n, struct onnx_value v, int64_t axis, int d)
{
    return v.node ? onnx_slice_axis(n, v, axis, d, d + 1) : v;
}

/* Part `d` of both directions. */
static struct layer direction_of(struct onnx_node *n, const struct layer *l, int d)
{
    struct layer one = *l;

    one.direction = d ? "reverse" : "forward";
    one.directions = 1;
    one.w = one_direction(n, l->w, 0, d);
    one.r = one_direction(n, l->r, 0, d);
    one.b = one_direction(n, l->b, 0, d);
    one.p = one_direction(n, l->p, 0, d);
    one.h = one_direction(n, l->h, 1, d);
    one.c = one_direction(n, l->c, 1, d);
    return one;
}

static void sequence(struct onnx_node *n, const struct layer *l, const struct functions *f,
                     struct onnx_value out[3])
{
    static const char *const names[] = {
        [RNN] = "RNNSequence", [GRU] = "GRUSequence", [LSTM] = "LSTMSequence"};
    const char *attrs = attributes(n, l, f, l->direction);
    struct onnx_value v;

    if (l->cell != LSTM) {
        v = onnx_op(n, names[l->cell], 5, ONNX_IN(l->x, l->h, l->lengths, l->w, l->r, l->b), "%s", attrs);
    } else if (l->p.node || onnx_attr_i(n, "input_forget", 0)) {
        struct onnx_value in[] = {l->x, l->h, l->c, l->lengths, l->w, l->r, l->b, l->p};

        v = onnx_op(n, names[LSTM], 0, in, l->p.node ? 8 : 7, "%s;input_forget=%s", attrs,
                    onnx_attr_i(n, "input_forget", 0) ? "true" : "false");
    } else {
        v = onnx_op(n, names[LSTM], 5, ONNX_IN(l->x, l->h, l->c, l->lengths, l->w, l->r, l->b), "%s", attrs);
    }
    for (int i = 0; i < 2 + (l->cell == LSTM); i++) {
        out[i] = onnx_port(v, i);
    }
}

/* Y from [batch, directions, steps, hidden], the states from [batch, directions, hidden]. */
static int give(struct onnx_node *n, const struct layer *l, struct onnx_value out[3])
{
    static const int64_t steps_first[] = {2, 1, 0, 3}, batch_first[] = {0, 2, 1, 3}, swap[] = {1, 0, 2};

    if (onnx_has_out(n, 0)) {
        onnx_out(n, 0, onnx_transpose(n, out[0], l->batch_first ? batch_first : steps_first, 4));
    }
    for (int i = 1; i < 2 + (l->cell == LSTM); i++) {
        if (onnx_has_out(n, i)) {
            onnx_out(n, i, l->batch_first ? out[i] : onnx_transpose(n, out[i], swap, 3));
        }
    }
    return onnx_status(n);
}

static int recurrent(struct onnx_node *n, enum cell cell, struct onnx_value w, struct onnx_value r)
{
    struct functions f[2];
    struct onnx_value out[3] = {{0}}, both[2][3] = {{{0}}};
    struct layer l;

    if (read_layer(n, cell, w, r, &l) || read_functions(n, &l, f)) {
        return onnx_status(n);
    }
    if (cell == LSTM && onnx_has_in(n, 7)) {
        static const int fio[] = {2, 0, 1};

        l.p = reorder(n, onnx_in(n, 7), 1, 3, fio);
    }
    if (l.directions == 1 || same_functions(&f[0], &f[1], 1 + (int)cell)) {
        sequence(n, &l, &f[0], out);
        return give(n, &l, out);
    }
    for (int d = 0; d < 2; d++) {
        struct layer one = direction_of(n, &l, d);

        sequence(n, &one, &f[d], both[d]);
    }
    for (int i = 0; i < 2 + (cell == LSTM); i++) {
        out[i] = onnx_concat(n, ONNX_IN(both[0][i], both[1][i]), 1);
    }
    return give(n, &l, out);
}

int onnx_lstm(struct onnx_node *n)
{
    return recurrent(n, LSTM, onnx_in(n, 1), onnx_in(n, 2));
}

int onnx_lstm_of(struct onnx_node *n, struct onnx_value w, struct onnx_value r)
{
    return recurrent(n, LSTM, w, r);
}

int onnx_gru(struct onnx_node *n)
{
    return recurrent(n, GRU, onnx_in(n, 1), onnx_in(n, 2));
}

int onnx_rnn(struct onnx_node *n)
{
    return recurrent(n, RNN, onnx_in(n, 1), onnx_in(n, 2));
}
