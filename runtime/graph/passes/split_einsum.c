/* An Einsum becomes operations that have kernels: sums over labels that one operand alone has, products of
 * two operands at a time, the cheapest first, and orders of axes. What stays an Einsum has two operands and
 * makes a matrix product, or walks a diagonal. */
#include "passes.h"

#include "einsum.h"
#include "match.h"

#include <math.h>

static const char *const pass = "split_einsum";

#define LETTERS   52
#define OPEN_SIZE 64.0 /* of dimensions that are not known, when orders are compared */

struct term {
    int n;
    int8_t label[VT_EINSUM_LABELS]; /* letters, from 0 */
    struct vt_port port;
};

struct work {
    struct vt_node *node;
    struct term in[VT_EINSUM_INPUTS], out;
    int n_in;
    double size[LETTERS];
    bool too_wide; /* a product would have more axes than a tensor may */
    struct vt_error *err;
};

/* ---- the equation */

static bool has(const struct term *t, int label)
{
    return memchr(t->label, label, (size_t)t->n) != NULL;
}

static void add(struct term *t, int label)
{
    t->label[t->n++] = (int8_t)label;
}

static bool has_diagonal(const struct term *t)
{
    for (int i = 1; i < t->n; i++) {
        if (memchr(t->label, t->label[i], (size_t)i)) {
            return true;
        }
    }
    return false;
}

/* Labels under an ellipsis become letters that are free. */
static bool take_term(struct term *t, const struct vt_einsum_term *from, int8_t *letter, int *n_letters)
{
    t->n = 0;
    for (int i = 0; i < from->n; i++) {
        int8_t *mine = &letter[from->labels[i]];

        if (*mine < 0 && *n_letters == LETTERS) {
            return false;
        }
        *mine = *mine < 0 ? (int8_t)(*n_letters)++ : *mine;
        add(t, *mine);
    }
    return !from->open;
}

static void take_sizes(struct work *w, const struct term *t)
{
    const struct vt_pshape *shape = &vt_port_output(t->port)->v.shape;

    for (int i = 0; i < t->n; i++) {
        double size = vt_dim_is_static(shape->dims[i]) ? (double)shape->dims[i].min : OPEN_SIZE;

        if (size > w->size[t->label[i]]) {
            w->size[t->label[i]] = size;
        }
    }
}

static bool understand(struct work *w, struct vt_node *node)
{
    int ranks[VT_EINSUM_INPUTS], n_letters = 0;
    int8_t letter[VT_EINSUM_LABELS];
    struct vt_einsum e;

    if (!vt_node_is(node, "Einsum") || node->n_in > VT_EINSUM_INPUTS) {
        return false;
    }
    for (int i = 0; i < node->n_in; i++) {
        ranks[i] = node->in[i].node ? vt_port_output(node->in[i])->v.shape.rank : -1;
        if (ranks[i] < 0 || !vt_match_is_f32(node->in[i])) {
            return false;
        }
    }
    if (vt_einsum_parse(&e, vt_attr_str(node, "equation"), node->n_in, ranks, NULL)) {
        return false;
    }
    w->node = node;
    w->n_in = node->n_in;
    memset(letter, -1, sizeof(letter));
    for (int i = 0; i < node->n_in; i++) {
        w->in[i].port = node->in[i];
        if (!take_term(&w->in[i], &e.in[i], letter, &n_letters)) {
            return false;
        }
        take_sizes(w, &w->in[i]);
    }
    return take_term(&w->out, &e.out, letter, &n_letters);
}

/* Whether the result or an operand other than these two (-1: none) has the label. */
static bool needed(const struct work *w, int label, int except, int but)
{
    for (int i = 0; i < w->n_in; i++) {
        if (i != except && i != but && has(&w->in[i], label)) {
            return true;
        }
    }
    return has(&w->out, label);
}

/* ---- operations; a port without a node when they failed */

static struct vt_port emit(struct work *w, const char *op, int opset, int n, const struct vt_port *in)
{
    struct vt_node *node = vt_node_build(w->node->graph, op, opset, w->node->name, n, in, w->err);

    return node && vt_node_infer(node, w->err) == VT_OK ? vt_port_of(node, 0) : (struct vt_port){0};
}

static struct vt_port with_axes(struct work *w, const char *op, struct vt_port x, int n, const int64_t *axes)
{
    struct vt_port list = vt_rewrite_i64s(w->node, n, axes, w->err);

    return list.node ? emit(w, op, 1, 2, (struct vt_port[]){x, list}) : list;
}

/* Axes in the order of the labels. */
static bool transpose(struct work *w, struct term *t, int n, const int8_t *label)
{
    int64_t order[VT_EINSUM_LABELS];
    bool same = true;

    for (int i = 0; i < n; i++) {
        order[i] = (const int8_t *)memchr(t->label, label[i], (size_t)t->n) - t->label;
        same &= order[i] == i;
    }
    if (!same) {
        t->port = with_axes(w, "Transpose", t->port, n, order);
        memmove(t->label, label, (size_t)n);
    }
    return t->port.node;
}

/* Sum over the last axes but `keep`. */
static bool sum_tail(struct work *w, struct term *t, int keep)
{
    int64_t axes[VT_EINSUM_LABELS];

    for (int i = keep; i < t->n; i++) {
        axes[i - keep] = i;
    }
    if (keep < t->n) {
        t->port = with_axes(w, "ReduceSum", t->port, t->n - keep, axes);
        t->n = keep;
    }
    return t->port.node;
}

/* An axis of one element for each label that the term lacks. */
static bool unsqueeze(struct work *w, struct term *t, const struct term *all)
{
    int64_t axes[VT_EINSUM_LABELS];
    int n = 0;

    for (int i = 0; i < all->n; i++) {
        if (!has(t, all->label[i])) {
            axes[n++] = i;
        }
    }
    if (n) {
        t->port = with_axes(w, "Unsqueeze", t->port, n, axes);
        memcpy(t->label, all->label, (size_t)all->n);
        t->n = all->n;
    }
    return t->port.node;
}

static char *letters(char *text, const struct term *t)
{
    for (int i = 0; i < t->n; i++) {
        *text++ = (char)(t->label[i] < 26 ? 'a' + t->label[i] : 'A' + t->label[i] - 26);
    }
    return text;
}

static bool emit_einsum(struct work *w, int n, const struct term *const *in, struct term *out)
{
    char equation[3 * VT_EINSUM_LABELS + 8], *end = equation;
    struct vt_port ports[2];
    struct vt_node *node;

    for (int i = 0; i < n; i++) {
        if (i) {
            *end++ = ',';
        }
        end = letters(end, in[i]);
        ports[i] = in[i]->port;
    }
    *end++ = '-';
    *end++ = '>';
    *letters(end, out) = '\0';
    node = vt_node_build(w->node->graph, "Einsum", 7, w->node->name, n, ports, w->err);
    if (!node || vt_attr_set_str(node, "equation", equation) || vt_node_infer(node, w->err)) {
        return false;
    }
    out->port = vt_port_of(node, 0);
    return true;
}

/* ---- one operand */

static bool take_diagonal(struct work *w, struct term *t)
{
    struct term once = {0};

    for (int i = 0; i < t->n; i++) {
        if (!has(&once, t->label[i])) {
            add(&once, t->label[i]);
        }
    }
    if (!emit_einsum(w, 1, (const struct term *[]){t}, &once)) {
        return false;
    }
    *t = once;
    return true;
}

/* Sum over the labels that nobody else has. */
static bool sum_own(struct work *w, int index)
{
    struct term *t = &w->in[index], kept = {.port = t->port};
    int64_t axes[VT_EINSUM_LABELS];
    int n = 0;

    for (int i = 0; i < t->n; i++) {
        if (needed(w, t->label[i], index, -1)) {
            add(&kept, t->label[i]);
        } else {
            axes[n++] = i;
        }
    }
    if (n) {
        kept.port = with_axes(w, "ReduceSum", t->port, n, axes);
        *t = kept;
    }
    return t->port.node;
}

/* ---- two operands */

/* Labels of a product by where they are: in both operands and the result, in one of them, or in none but both
 * operands. */
struct pair {
    const struct term *a, *b;
    struct term batch, rows, columns, summed;
};

static void sort_labels(const struct work *w, int a, int b, struct pair *p)
{
    *p = (struct pair){.a = &w->in[a], .b = &w->in[b]};
    for (int i = 0; i < p->a->n; i++) {
        int label = p->a->label[i];
        bool shared = has(p->b, label);

        add(!needed(w, label, a, b) ? &p->summed : shared ? &p->batch : &p->rows, label);
    }
    for (int i = 0; i < p->b->n; i++) {
        if (!has(p->a, p->b->label[i])) {
            add(&p->columns, p->b->label[i]);
        }
    }
}

static double size_of(const struct work *w, const struct term *t)
{
    double size = 1;

    for (int i = 0; i < t->n; i++) {
        size *= w->size[t->label[i]];
    }
    return size;
}

/* Multiplications, and among as many the smaller result. */
static double cost(const struct work *w, const struct pair *p)
{
    double result = size_of(w, &p->batch) * size_of(w, &p->rows) * size_of(w, &p->columns);

    return result * size_of(w, &p->summed) * (1 + 1e-9) + result * 1e-6;
}

static bool is_matrix_product(const struct pair *p)
{
    return p->summed.n > 0 && (p->rows.n > 0 || p->columns.n > 0);
}

static void append(struct term *t, const struct term *more)
{
    for (int i = 0; i < more->n; i++) {
        add(t, more->label[i]);
    }
}

/* Labels of `of`, in the order of `all`. */
static struct term in_order(const struct term *all, const struct term *of)
{
    struct term t = {0};

    for (int i = 0; i < all->n; i++) {
        if (has(of, all->label[i])) {
            add(&t, all->label[i]);
        }
    }
    return t;
}

/* An element-wise product, then a sum. */
static bool multiply(struct work *w, const struct pair *p, struct term *result)
{
    struct term side[2] = {*p->a, *p->b}, all = *result;

    append(&all, &p->summed);
    for (int i = 0; i < 2; i++) {
        struct term wanted = in_order(&all, &side[i]);

        if (!transpose(w, &side[i], wanted.n, wanted.label) || !unsqueeze(w, &side[i], &all)) {
            return false;
        }
    }
    all.port = emit(w, "Multiply", 1, 2, (struct vt_port[]){side[0].port, side[1].port});
    if (!all.port.node || !sum_tail(w, &all, result->n)) {
        return false;
    }
    result->port = all.port;
    return true;
}

/* Operands a and b become one, in the place of a. */
static bool contract(struct work *w, int a, int b)
{
    struct term result = {0};
    struct pair p;
    bool ok;

    sort_labels(w, a, b, &p);
    if (w->n_in == 2) {
        result = w->out;
    } else {
        append(&result, &p.batch);
        append(&result, &p.rows);
        append(&result, &p.columns);
    }
    w->too_wide = result.n + p.summed.n > VT_MAX_RANK;
    ok =
        !w->too_wide && (is_matrix_product(&p) ? emit_einsum(w, 2, (const struct term *[]){p.a, p.b}, &result)
                                               : multiply(w, &p, &result));
    w->in[a] = result;
    w->in[b] = w->in[--w->n_in];
    return ok;
}

static void cheapest(const struct work *w, int *a, int *b)
{
    double least = INFINITY;

    for (int i = 0; i < w->n_in; i++) {
        for (int k = i + 1; k < w->n_in; k++) {
            struct pair p;

            sort_labels(w, i, k, &p);
            if (cost(w, &p) < least) {
                least = cost(w, &p);
                *a = i;
                *b = k;
            }
        }
    }
}

/* ---- the pass */

/* Whether anything would change: what is left by this pass is not taken up again. */
static bool wanted(const struct work *w, const char *equation)
{
    struct pair p;

    for (int i = 0; i < w->n_in; i++) {
        for (int k = 0; k < w->in[i].n; k++) {
            if (w->n_in > 1 && !needed(w, w->in[i].label[k], i, -1)) {
                return true;
            }
        }
        if (w->n_in > 1 && has_diagonal(&w->in[i])) {
            return true;
        }
    }
    if (w->n_in == 1) {
        return !has_diagonal(&w->in[0]);
    }
    sort_labels(w, 0, 1, &p);
    return w->n_in > 2 || strstr(equation, "...") || !is_matrix_product(&p);
}

static bool split(struct work *w)
{
    for (int i = 0; i < w->n_in; i++) {
        if ((has_diagonal(&w->in[i]) && !take_diagonal(w, &w->in[i])) || !sum_own(w, i)) {
            return false;
        }
    }
    while (w->n_in > 1) {
        int a = 0, b = 1;

        cheapest(w, &a, &b);
        if (!contract(w, a, b)) {
            return false;
        }
    }
    return transpose(w, &w->in[0], w->out.n, w->out.label);
}

static int replace(struct work *w)
{
    struct vt_port now = w->in[0].port;

    for (int i = 0; i < w->node->n_in; i++) {
        if (vt_match_same(now, w->node->in[i])) {
            return vt_rewrite_bypass(pass, w->node, 0, now);
        }
    }
    return vt_rewrite_replace(pass, w->node, now.node, w->err);
}

int vt_pass_split_einsum(struct vt_graph *graph, struct vt_error *err)
{
    int status = vt_graph_sort(graph, err), n = graph->n_nodes;

    for (int i = 0; i < n && status == VT_OK; i++) {
        struct vt_node *node = graph->nodes[i];
        struct work w = {.err = err};

        if (!node->dead && understand(&w, node) && wanted(&w, vt_attr_str(node, "equation"))) {
            status = split(&w) ? replace(&w) : w.too_wide ? VT_OK : vt_failed(err);
        }
    }
    return status ? status : vt_graph_sort(graph, err);
}
