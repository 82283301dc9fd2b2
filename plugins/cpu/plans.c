/* The plans of one graph, by the shapes of its parameters. */
#include "plan.h"

#include "vt/checked.h"

#include <stdlib.h>

/* Idle plans go, the least recently used first, when all together take more than this; so many stay at any
 * size, and there are never more than PLANS_MOST. Arenas and packed weights are not counted: all plans share
 * them. Sub-graphs have limits of their own, and there may be many of them. */
#define PLANS_BYTES ((size_t)64 << 20)
#define INNER_BYTES ((size_t)8 << 20)
#define PLANS_KEPT  16
#define INNER_KEPT  4
#define PLANS_MOST  1024

/* The shapes' own passes: what depended on shapes is constant now. */
#define SHAPED_PASSES "inline_if,constant_folding,eliminate_nop,fuse_matmul,fuse_conv,fuse_elementwise"

void cpu_plans_init(struct cpu_plans *plans, struct cpu_model *model, struct vt_graph *graph)
{
    *plans = (struct cpu_plans){.model = model, .graph = graph};
    plans->n_params = model->host->graph_n_params(graph);
    pthread_mutex_init(&plans->lock, NULL);
}

void cpu_plans_finish(struct cpu_plans *plans)
{
    for (int i = 0; plans->model && i < CPU_PLAN_BUCKETS; i++) {
        while (plans->buckets[i]) {
            struct cpu_plan *plan = plans->buckets[i];

            plans->buckets[i] = plan->next;
            cpu_plan_destroy(plans->model->host, plan);
        }
    }
    if (plans->model) {
        pthread_mutex_destroy(&plans->lock);
    }
    if (plans->owns_graph) {
        plans->model->host->graph_destroy(plans->graph);
    }
    free(plans->open);
}

/* ---- finding */

static bool is_open(const struct cpu_plans *plans, int param, int dim)
{
    return plans->open && plans->open[param] >> dim & 1;
}

static uint64_t hash_shapes(const struct cpu_plans *plans, const struct vt_tensor *inputs)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (int i = 0; i < plans->n_params; i++) {
        h = (h ^ (uint64_t)inputs[i].rank) * 0x9e3779b97f4a7c15u;
        for (int k = 0; k < inputs[i].rank; k++) {
            h = (h ^ (uint64_t)(is_open(plans, i, k) ? -1 : inputs[i].dims[k])) * 0x9e3779b97f4a7c15u;
            h ^= h >> 29;
        }
    }
    return h;
}

/* The key is all ranks and dims, one after another. */
static bool fits(const struct cpu_plans *plans, const struct cpu_plan *plan, const struct vt_tensor *inputs)
{
    const int64_t *key = plan->key;

    for (int i = 0; i < plans->n_params; i++) {
        if (*key++ != inputs[i].rank) {
            return false;
        }
        for (int k = 0; k < inputs[i].rank; k++) {
            if (*key++ != inputs[i].dims[k] && !is_open(plans, i, k)) {
                return false;
            }
        }
    }
    return true;
}

static int64_t *make_key(struct cpu_plan *plan, const struct vt_tensor *inputs, int n)
{
    size_t length = 0;
    int64_t *key, *at;

    for (int i = 0; i < n; i++) {
        length += 1 + (size_t)inputs[i].rank;
    }
    key = at = cpu_region_array(&plan->region, length, sizeof(*key));
    for (int i = 0; key && i < n; i++) {
        *at++ = inputs[i].rank;
        memcpy(at, inputs[i].dims, (size_t)inputs[i].rank * sizeof(*at));
        at += inputs[i].rank;
    }
    return key;
}

static struct cpu_plan *find(struct cpu_plans *plans, uint64_t hash, const struct vt_tensor *inputs)
{
    struct cpu_plan *plan = plans->buckets[hash % CPU_PLAN_BUCKETS];

    while (plan && (plan->hash != hash || !fits(plans, plan, inputs))) {
        plan = plan->next;
    }
    return plan;
}

/* ---- making and dropping */

static struct cpu_plan **oldest_idle(struct cpu_plans *plans)
{
    struct cpu_plan **oldest = NULL;

    for (int i = 0; i < CPU_PLAN_BUCKETS; i++) {
        for (struct cpu_plan **p = &plans->buckets[i]; *p; p = &(*p)->next) {
            if (atomic_load(&(*p)->users) == 0 && (!oldest || (*p)->used < (*oldest)->used)) {
                oldest = p;
            }
        }
    }
    return oldest;
}

/* Under the lock: whoever takes a plan into use does so under it as well. */
static void trim(struct cpu_plans *plans)
{
    int kept = plans->inner ? INNER_KEPT : PLANS_KEPT;
    size_t most = plans->inner ? INNER_BYTES : PLANS_BYTES;

    while (plans->n > kept && (plans->bytes > most || plans->n > PLANS_MOST)) {
        struct cpu_plan **oldest = oldest_idle(plans), *plan;

        if (!oldest) {
            return;
        }
        plan = *oldest;
        *oldest = plan->next;
        plans->n--;
        plans->bytes -= plan->bytes;
        cpu_plan_destroy(plans->model->host, plan);
    }
}

static void keep(struct cpu_plans *plans, struct cpu_plan *plan)
{
    struct cpu_plan **bucket = &plans->buckets[plan->hash % CPU_PLAN_BUCKETS];

    plan->next = *bucket;
    *bucket = plan;
    plans->n++;
    plans->bytes += plan->bytes;
    if (plan->arena_bytes > plans->arena_bytes) {
        plans->arena_bytes = plan->arena_bytes;
    }
    trim(plans);
}

/* A copy of the graph for these inputs; open dimensions stay open. */
static struct vt_graph *shaped_graph(const struct cpu_plans *plans, const struct vt_tensor *inputs,
                                     struct vt_error *err)
{
    const struct vt_host *host = plans->model->host;
    struct vt_pshape *shapes = calloc((size_t)plans->n_params + 1, sizeof(*shapes));
    struct vt_graph *graph = NULL;

    for (int i = 0; shapes && i < plans->n_params; i++) {
        const struct vt_value *v = host->node_value(host->graph_param(plans->graph, i), 0);

        shapes[i] = vt_pshape_of(&inputs[i]);
        for (int k = 0; k < inputs[i].rank && k < v->shape.rank; k++) {
            shapes[i].dims[k] = is_open(plans, i, k) ? v->shape.dims[k] : shapes[i].dims[k];
        }
    }
    if (shapes) {
        graph = host->graph_clone_shaped(plans->graph, shapes, err);
    }
    free(shapes);
    if (!graph) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    if (host->graph_passes(graph, SHAPED_PASSES, err)) {
        host->graph_destroy(graph);
        return NULL;
    }
    return graph;
}

static struct cpu_plan *build(struct cpu_plans *plans, const struct vt_tensor *inputs, bool ahead,
                              struct vt_error *err)
{
    struct cpu_model *model = plans->model;
    const struct vt_host *host = model->host;
    struct vt_graph *graph = shaped_graph(plans, inputs, err);
    struct cpu_plan *plan;

    if (!graph) {
        return NULL;
    }
    plan = cpu_plan_create(model, graph, true, ahead, err);
    if (plan) {
        plan->key = make_key(plan, inputs, plans->n_params);
        if (!plan->key) {
            vt_fail(err, VT_E_NOMEM, "out of memory");
            cpu_plan_destroy(host, plan);
            return NULL;
        }
        plan->bytes = plan->region.bytes + host->graph_bytes(graph);
    }
    return plan;
}

static void use(struct cpu_plans *plans, struct cpu_plan *plan)
{
    plan->used = ++plans->clock;
    atomic_fetch_add(&plan->users, 1);
}

int cpu_plans_get(struct cpu_plans *plans, const struct vt_tensor *inputs, struct cpu_plan **out,
                  struct vt_error *err)
{
    uint64_t hash;
    struct cpu_plan *plan, *other;

    if (plans->fixed) {
        *out = plans->fixed;
        return VT_OK;
    }
    hash = hash_shapes(plans, inputs);
    pthread_mutex_lock(&plans->lock);
    plan = find(plans, hash, inputs);
    if (plan) {
        use(plans, plan);
    }
    pthread_mutex_unlock(&plans->lock);
    if (plan) {
        *out = plan;
        return VT_OK;
    }
    /* Others go on with their plans meanwhile; whoever comes second with the same shapes takes the first's.
     */
    plan = build(plans, inputs, false, err);
    if (!plan) {
        return vt_failed(err);
    }
    plan->hash = hash;
    pthread_mutex_lock(&plans->lock);
    other = find(plans, hash, inputs);
    use(plans, other ? other : plan);
    if (!other) {
        keep(plans, plan);
    }
    pthread_mutex_unlock(&plans->lock);
    if (other) {
        cpu_plan_destroy(plans->model->host, plan);
    }
    *out = other ? other : plan;
    return VT_OK;
}

struct cpu_plan *cpu_plans_newest(struct cpu_plans *plans)
{
    struct cpu_plan *newest = plans->fixed;

    pthread_mutex_lock(&plans->lock);
    for (int i = 0; i < CPU_PLAN_BUCKETS; i++) {
        for (struct cpu_plan *p = plans->buckets[i]; p; p = p->next) {
            newest = !newest || p->used > newest->used ? p : newest;
        }
    }
    if (newest) {
        atomic_fetch_add(&newest->users, 1);
    }
    pthread_mutex_unlock(&plans->lock);
    return newest;
}

void cpu_plan_release(struct cpu_plan *plan)
{
    atomic_fetch_sub(&plan->users, 1);
}

struct cpu_plans *cpu_plans_inner(struct cpu_build *b, struct vt_graph *graph, bool owns,
                                  struct vt_error *err)
{
    struct cpu_plans *inner = cpu_plan_alloc(b, sizeof(*inner));

    if (!inner) {
        if (owns) {
            b->host->graph_destroy(graph);
        }
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    cpu_plans_init(inner, b->model, graph);
    inner->owns_graph = owns;
    inner->inner = true;
    inner->next = b->plan->inner;
    b->plan->inner = inner;
    return inner;
}

/* ---- ahead of the first inference */

/* Lengths for axes that nothing is known of. What recognises text wants a certain height. */
static const int64_t guesses[] = {224, 64, 48, 32};

#define GUESSES ((int)(sizeof(guesses) / sizeof(guesses[0])))

static int64_t guess(const struct vt_pshape *shape, int axis, int round)
{
    struct vt_dim d = shape->dims[axis];
    int64_t n = axis == 0 ? 1 : guesses[round];

    n = d.max >= 0 && n > d.max ? d.max : n;
    return n < d.min ? d.min : n;
}

#define UPPER (-1) /* the round of the largest shapes */

static bool guess_inputs(const struct cpu_plans *plans, int round, struct vt_tensor *inputs)
{
    const struct vt_host *host = plans->model->host;

    for (int i = 0; i < plans->n_params; i++) {
        const struct vt_value *v = host->node_value(host->graph_param(plans->graph, i), 0);
        int64_t dims[VT_MAX_RANK];

        if (v->shape.rank < 0 || v->type == VT_DYNAMIC) {
            return false;
        }
        for (int k = 0; k < v->shape.rank; k++) {
            /* without bound -1, which is no dimension */
            dims[k] = round == UPPER ? v->shape.dims[k].max : guess(&v->shape, k, round);
        }
        if (!vt_tensor_describe(&inputs[i], v->type, v->shape.rank, dims)) {
            return false;
        }
    }
    return true;
}

/* Bounds beyond these are no sizes that come: memory then grows with what does come. */
#define UPPER_INPUT   ((size_t)256 << 20)
#define UPPER_RESERVE ((size_t)2 << 30)
/* A plan that is made ahead does not know what steps need whose weights have another form with every shape.
 */
#define SCRATCH ((size_t)8 << 20)

static bool upper_inputs(const struct cpu_plans *plans, struct vt_tensor *inputs)
{
    size_t total = 0;

    if (!guess_inputs(plans, UPPER, inputs)) {
        return false;
    }
    for (int i = 0; i < plans->n_params; i++) {
        if (!vt_add_size(total, inputs[i].bytes, &total)) {
            return false;
        }
    }
    return total <= UPPER_INPUT;
}

static struct cpu_plan *build_upper(struct cpu_plans *plans, struct vt_tensor *inputs)
{
    struct vt_error ignored = {0};
    struct cpu_plan *plan = upper_inputs(plans, inputs) ? build(plans, inputs, true, &ignored) : NULL;

    if (plan && plan->arena_bytes <= UPPER_RESERVE) {
        plans->reserve_arena = plan->arena_bytes;
        plans->reserve_scratch = plan->scratch_bytes > SCRATCH ? plan->scratch_bytes : SCRATCH;
    }
    return plan;
}

void cpu_plans_reserve(struct cpu_plans *plans)
{
    struct vt_tensor *inputs = calloc((size_t)plans->n_params + 1, sizeof(*inputs));

    if (inputs) {
        cpu_plan_destroy(plans->model->host, build_upper(plans, inputs));
    }
    free(inputs);
}

void cpu_plans_pack(struct cpu_plans *plans)
{
    struct vt_tensor *inputs = calloc((size_t)plans->n_params + 1, sizeof(*inputs));
    struct cpu_plan *plan = inputs ? build_upper(plans, inputs) : NULL;

    for (int round = 0; inputs && !plan && round < GUESSES; round++) {
        struct vt_error ignored = {0};

        plan = guess_inputs(plans, round, inputs) ? build(plans, inputs, true, &ignored) : NULL;
    }
    cpu_plan_destroy(plans->model->host, plan);
    free(inputs);
}

/* ---- lengths that a plan need not know */

/* Whether some candidate takes inputs of unknown shape at all. */
static bool worth_opening(const struct cpu_plans *plans)
{
    const struct vt_host *host = plans->model->host;
    int n = host->graph_n_nodes(plans->graph);

    for (int i = 0; i < n; i++) {
        if (cpu_takes_unknown(host->node_op(host->graph_node(plans->graph, i)))) {
            return true;
        }
    }
    return false;
}

/* Whether nothing but a few small things depends on the shapes that are left open: what reads them leads to
 * inputs that may have unknown shapes, or to numbers, and not back to the rest, which would run by
 * references.
 */
#define FEW_NODES    64
#define FEW_ELEMENTS 64

static bool leads_back(const struct cpu_choice *c)
{
    if (!cpu_reads_unknown(c)) {
        return false;
    }
    for (int o = 0; o < c->op.n_out; o++) {
        if (c->op.out[o].rank >= 0 && c->op.out[o].count > FEW_ELEMENTS) {
            return true;
        }
    }
    return cpu_is_heavy(&c->op);
}

static bool stays_small(const struct cpu_plans *plans, const struct vt_tensor *inputs)
{
    struct vt_error ignored = {0};
    struct vt_graph *graph = shaped_graph(plans, inputs, &ignored);
    const struct vt_host *host = plans->model->host;
    struct cpu_region temp = {0};
    struct cpu_choice *choices = graph ? cpu_select(plans->model, graph, &temp, &ignored) : NULL;
    bool small = choices != NULL;
    int unknown = 0;

    for (int i = 0; small && i < host->graph_n_nodes(graph); i++) {
        const struct cpu_choice *c = &choices[i];

        for (int o = 0; o < c->op.n_out; o++) {
            unknown += c->op.out[o].rank < 0;
        }
        small = unknown <= FEW_NODES && !leads_back(c);
    }
    cpu_region_finish(&temp);
    if (graph) {
        host->graph_destroy(graph);
    }
    return small;
}

void cpu_plans_open(struct cpu_plans *plans)
{
    const struct vt_host *host = plans->model->host;
    struct vt_tensor *inputs = calloc((size_t)plans->n_params + 1, sizeof(*inputs));

    plans->open = calloc((size_t)plans->n_params + 1, sizeof(*plans->open));
    if (!inputs || !plans->open || !worth_opening(plans) || !guess_inputs(plans, 1, inputs)) {
        free(inputs);
        return;
    }
    for (int i = 0; i < plans->n_params; i++) {
        const struct vt_value *v = host->node_value(host->graph_param(plans->graph, i), 0);

        for (int k = 0; k < v->shape.rank; k++) {
            if (vt_dim_is_static(v->shape.dims[k])) {
                continue;
            }
            plans->open[i] |= 1u << k;
            plans->open[i] ^= stays_small(plans, inputs) ? 0 : 1u << k;
        }
    }
    free(inputs);
}
