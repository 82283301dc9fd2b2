/* One arena for all intermediates of a plan: values that never live at the same time share bytes. */
#include "model.h"

#include <stdlib.h>

#define ALIGN ((size_t)64)

static size_t padded(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(ALIGN - 1);
}

static void touch(struct cpu_plan *plan, int value, int step, bool write)
{
    struct cpu_value *root;

    if (value < 0) {
        return;
    }
    root = &plan->values[plan->values[value].root];
    if (root->first < 0) {
        root->first = step;
    }
    if (!write || root->last < step) {
        root->last = step;
    }
}

static void lifetimes(struct cpu_plan *plan)
{
    for (int i = 0; i < plan->n_values; i++) {
        plan->values[i].first = plan->values[i].last = -1;
    }
    for (int s = 0; s < plan->n_steps; s++) {
        const struct cpu_step *step = &plan->steps[s];

        for (int i = 0; i < step->n_in; i++) {
            touch(plan, step->in[i], s, false);
        }
        for (int i = 0; i < step->n_out; i++) {
            touch(plan, step->out[i], s, true);
        }
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct cpu_value *x = *(struct cpu_value *const *)a, *y = *(struct cpu_value *const *)b;

    if (x->bytes != y->bytes) {
        return x->bytes < y->bytes ? 1 : -1;
    }
    return x->first != y->first ? x->first - y->first : (x < y ? -1 : 1);
}

static bool overlap(const struct cpu_value *a, const struct cpu_value *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap among the placed values that live at the same time. */
static size_t place(struct cpu_value **placed, int n, const struct cpu_value *v)
{
    size_t at = 0;

    for (int i = 0; i < n; i++) { /* `placed` is sorted by offset */
        if (!overlap(placed[i], v)) {
            continue;
        }
        if (placed[i]->offset >= at + padded(v->bytes)) {
            break;
        }
        if (placed[i]->offset + padded(placed[i]->bytes) > at) {
            at = placed[i]->offset + padded(placed[i]->bytes);
        }
    }
    return at;
}

size_t cpu_plan_memory(struct cpu_plan *plan)
{
    struct cpu_value **order = calloc((size_t)plan->n_values + 1, sizeof(*order));
    struct cpu_value **placed = calloc((size_t)plan->n_values + 1, sizeof(*placed));
    size_t total = 0;
    int n = 0;

    if (!order || !placed) {
        free(order);
        free(placed);
        return SIZE_MAX;
    }
    lifetimes(plan);
    for (int i = 0; i < plan->n_values; i++) {
        struct cpu_value *v = &plan->values[i];

        if (v->root == i && v->place == CPU_AT_ARENA && v->first >= 0) {
            order[n++] = v;
        }
    }
    qsort(order, (size_t)n, sizeof(*order), larger_first);
    for (int i = 0; i < n; i++) {
        int k = i;

        order[i]->offset = place(placed, i, order[i]);
        for (; k > 0 && placed[k - 1]->offset > order[i]->offset; k--) {
            placed[k] = placed[k - 1];
        }
        placed[k] = order[i];
        if (order[i]->offset + padded(order[i]->bytes) > total) {
            total = order[i]->offset + padded(order[i]->bytes);
        }
    }
    free(order);
    free(placed);
    return total;
}

size_t cpu_plan_least(const struct cpu_plan *plan)
{
    size_t most = 0;

    for (int s = 0; s < plan->n_steps; s++) {
        size_t live = 0;

        for (int i = 0; i < plan->n_values; i++) {
            const struct cpu_value *v = &plan->values[i];

            if (v->root == i && v->place == CPU_AT_ARENA && v->first >= 0 && v->first <= s && s <= v->last) {
                live += padded(v->bytes);
            }
        }
        most = live > most ? live : most;
    }
    return most;
}
