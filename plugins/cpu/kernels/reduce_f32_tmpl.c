/* Reductions of rows and columns, and TopK. */
#include "reduce.h"
#include "rows.h"
#include "vmath.h"

#define L SIMD_LANES

/* What one element adds: kinds that differ only in the end share a step. LOG_SUM_EXP steps on exp(x - max).
 */
SIMD_INLINE vf step(enum cpu_reduce_kind kind, vf acc, vf x, vf max)
{
    switch (kind) {
    case CPU_REDUCE_MAX: return row_max_nan(acc, x);
    case CPU_REDUCE_MIN: return row_min_nan(acc, x);
    case CPU_REDUCE_PROD: return vf_mul(acc, x);
    case CPU_REDUCE_L1: return vf_add(acc, vf_abs(x));
    case CPU_REDUCE_SUM_SQUARE: return vf_fma(x, x, acc);
    case CPU_REDUCE_LOG_SUM_EXP: return vf_add(acc, vf_exp(vf_sub(x, max)));
    default: return vf_add(acc, x);
    }
}

SIMD_INLINE vf merge(enum cpu_reduce_kind kind, vf a, vf b)
{
    switch (kind) {
    case CPU_REDUCE_MAX: return row_max_nan(a, b);
    case CPU_REDUCE_MIN: return row_min_nan(a, b);
    case CPU_REDUCE_PROD: return vf_mul(a, b);
    default: return vf_add(a, b);
    }
}

static float identity(enum cpu_reduce_kind kind)
{
    switch (kind) {
    case CPU_REDUCE_MAX: return -INFINITY;
    case CPU_REDUCE_MIN: return INFINITY;
    case CPU_REDUCE_PROD: return 1;
    default: return 0;
    }
}

/* The lanes of one vector, in a fixed order. */
SIMD_INLINE float fold(enum cpu_reduce_kind kind, vf acc)
{
    float lane[L], r;

    switch (kind) {
    case CPU_REDUCE_MAX: return row_fold_max(acc);
    case CPU_REDUCE_MIN: return row_fold_min(acc);
    case CPU_REDUCE_PROD:
        vf_store(lane, acc);
        r = lane[0];
        for (int i = 1; i < L; i++) {
            r *= lane[i];
        }
        return r;
    default: return vf_hadd(acc);
    }
}

/* At most ROW_BLOCK contiguous elements. */
SIMD_INLINE float reduce_block(enum cpu_reduce_kind kind, const float *src, float fmax, int64_t n)
{
    vf none = vf_set1(identity(kind)), max = vf_set1(fmax), acc[ROW_CHAINS];
    int64_t i = 0;

    for (int j = 0; j < ROW_CHAINS; j++) {
        acc[j] = none;
    }
    for (; i + ROW_CHAINS * L <= n; i += ROW_CHAINS * L) {
        for (int j = 0; j < ROW_CHAINS; j++) {
            acc[j] = step(kind, acc[j], vf_load(src + i + j * L), max);
        }
    }
    for (int j = 0; i < n; i += L, j++) {
        vm m = vm_first(n - i < L ? (int)(n - i) : L);

        acc[j] = vf_select(m, step(kind, acc[j], vf_load_m(src + i, m), max), acc[j]);
    }
    return fold(kind, merge(kind, merge(kind, acc[0], acc[1]), merge(kind, acc[2], acc[3])));
}

SIMD_INLINE float reduce_row(enum cpu_reduce_kind kind, const float *src, float max, int64_t n)
{
    struct row_pairwise total = {.count = 0};
    float best = identity(kind);

    if (n <= ROW_BLOCK) {
        return reduce_block(kind, src, max, n);
    }
    for (int64_t i = 0; i < n; i += ROW_BLOCK) {
        float x = reduce_block(kind, src + i, max, n - i < ROW_BLOCK ? n - i : ROW_BLOCK);

        if (kind == CPU_REDUCE_MAX) {
            best = best != best || best > x ? best : x;
        } else if (kind == CPU_REDUCE_MIN) {
            best = best != best || best < x ? best : x;
        } else if (kind == CPU_REDUCE_PROD) {
            best *= x;
        } else {
            row_pairwise_add(&total, x);
        }
    }
    return total.count ? row_pairwise_total(&total) : best;
}

static float finish(enum cpu_reduce_kind kind, float x, float max, int64_t n)
{
    switch (kind) {
    case CPU_REDUCE_MEAN: return x / (float)n;
    case CPU_REDUCE_L2: return sqrtf(x);
    case CPU_REDUCE_LOG_SUM: return logf(x);
    case CPU_REDUCE_LOG_SUM_EXP: return logf(x) + max;
    default: return x;
    }
}

/* The step that a kind is made of. */
static enum cpu_reduce_kind base_kind(enum cpu_reduce_kind kind)
{
    switch (kind) {
    case CPU_REDUCE_MEAN:
    case CPU_REDUCE_LOG_SUM: return CPU_REDUCE_SUM;
    case CPU_REDUCE_L2: return CPU_REDUCE_SUM_SQUARE;
    default: return kind;
    }
}

/* What exp's argument is taken from: an infinite maximum would turn inf - inf into NaN. */
static float exp_origin(float max)
{
    return isinf(max) ? 0 : max;
}

static float row_value(enum cpu_reduce_kind base, const float *src, float max, int64_t n)
{
    switch (base) {
    case CPU_REDUCE_MAX: return reduce_row(CPU_REDUCE_MAX, src, 0, n);
    case CPU_REDUCE_MIN: return reduce_row(CPU_REDUCE_MIN, src, 0, n);
    case CPU_REDUCE_PROD: return reduce_row(CPU_REDUCE_PROD, src, 0, n);
    case CPU_REDUCE_L1: return reduce_row(CPU_REDUCE_L1, src, 0, n);
    case CPU_REDUCE_SUM_SQUARE: return reduce_row(CPU_REDUCE_SUM_SQUARE, src, 0, n);
    case CPU_REDUCE_LOG_SUM_EXP: return reduce_row(CPU_REDUCE_LOG_SUM_EXP, src, max, n);
    default: return reduce_row(CPU_REDUCE_SUM, src, 0, n);
    }
}

static void reduce_rows(enum cpu_reduce_kind kind, const float *src, float *dst, int64_t n, int64_t begin,
                        int64_t end)
{
    enum cpu_reduce_kind base = base_kind(kind);

    for (int64_t r = begin; r < end; r++) {
        float max = kind == CPU_REDUCE_LOG_SUM_EXP ? exp_origin(row_max(src + r * n, n)) : 0;

        dst[r] = finish(kind, row_value(base, src + r * n, max, n), max, n);
    }
}

#define COLUMN_VECTORS 4  /* vectors of columns taken together: the latency of an addition */
#define COLUMN_RUN     64 /* elements of a column that are summed before their total is set aside */

/* `vectors` vectors of columns, the last with mask m; acc receives the totals. */
SIMD_INLINE void column_totals(enum cpu_reduce_kind kind, const float *src, int64_t axis, int64_t inner,
                               const int vectors, vm m, const vf *max, vf *acc)
{
    const vm all = vm_first(L);
    vf none = vf_set1(identity(kind)), part[COLUMN_VECTORS];

    for (int v = 0; v < vectors; v++) {
        acc[v] = none;
    }
    for (int64_t a = 0; a < axis;) {
        int64_t stop = a + COLUMN_RUN < axis ? a + COLUMN_RUN : axis;

        for (int v = 0; v < vectors; v++) {
            part[v] = none;
        }
        for (; a < stop; a++) {
            for (int v = 0; v < vectors; v++) {
                part[v] = step(kind, part[v], vf_load_m(src + a * inner + v * L, v == vectors - 1 ? m : all),
                               max[v]);
            }
        }
        for (int v = 0; v < vectors; v++) {
            acc[v] = merge(kind, acc[v], part[v]);
        }
    }
}

static void finish_column(enum cpu_reduce_kind kind, float *dst, vf acc, vf max, int64_t axis, vm m)
{
    switch (kind) {
    case CPU_REDUCE_MEAN: acc = vf_div(acc, vf_set1((float)axis)); break;
    case CPU_REDUCE_L2: acc = vf_sqrt(acc); break;
    case CPU_REDUCE_LOG_SUM: acc = vf_log(acc); break;
    case CPU_REDUCE_LOG_SUM_EXP: acc = vf_add(vf_log(acc), max); break;
    default: break;
    }
    vf_store_m(dst, acc, m);
}

SIMD_INLINE void columns(enum cpu_reduce_kind base, enum cpu_reduce_kind kind, const float *src, float *dst,
                         int64_t axis, int64_t inner, const int vectors, vm m)
{
    const vm all = vm_first(L);
    vf acc[COLUMN_VECTORS], max[COLUMN_VECTORS];

    for (int v = 0; v < vectors; v++) {
        max[v] = vf_zero();
    }
    if (base == CPU_REDUCE_LOG_SUM_EXP) {
        column_totals(CPU_REDUCE_MAX, src, axis, inner, vectors, m, max, acc);
        for (int v = 0; v < vectors; v++) {
            max[v] = vf_select(vf_eq(vf_abs(acc[v]), vf_set1(INFINITY)), vf_zero(), acc[v]);
        }
    }
    column_totals(base, src, axis, inner, vectors, m, max, acc);
    for (int v = 0; v < vectors; v++) {
        finish_column(kind, dst + v * L, acc[v], max[v], axis, v == vectors - 1 ? m : all);
    }
}

/* Columns [0, n) of one [axis][inner] matrix, n <= CPU_COLUMN_BLOCK. */
SIMD_INLINE void column_block(enum cpu_reduce_kind base, enum cpu_reduce_kind kind, const float *src,
                              float *dst, int64_t axis, int64_t inner, int64_t n)
{
    int64_t c = 0;

    for (; c + COLUMN_VECTORS * L <= n; c += COLUMN_VECTORS * L) {
        columns(base, kind, src + c, dst + c, axis, inner, COLUMN_VECTORS, vm_first(L));
    }
    for (; c < n; c += L) {
        columns(base, kind, src + c, dst + c, axis, inner, 1, vm_first(n - c < L ? (int)(n - c) : L));
    }
}

static void reduce_columns(enum cpu_reduce_kind kind, const float *src, float *dst, int64_t axis,
                           int64_t inner, int64_t begin, int64_t end)
{
    int64_t blocks = cpu_column_units(1, inner);

    for (int64_t u = begin; u < end; u++) {
        int64_t c = u % blocks * CPU_COLUMN_BLOCK, rest = inner - c;
        int64_t n = rest < CPU_COLUMN_BLOCK ? rest : CPU_COLUMN_BLOCK;
        const float *s = src + u / blocks * axis * inner + c;
        float *d = dst + u / blocks * inner + c;

        switch (base_kind(kind)) {
        case CPU_REDUCE_MAX: column_block(CPU_REDUCE_MAX, kind, s, d, axis, inner, n); break;
        case CPU_REDUCE_MIN: column_block(CPU_REDUCE_MIN, kind, s, d, axis, inner, n); break;
        case CPU_REDUCE_PROD: column_block(CPU_REDUCE_PROD, kind, s, d, axis, inner, n); break;
        case CPU_REDUCE_L1: column_block(CPU_REDUCE_L1, kind, s, d, axis, inner, n); break;
        case CPU_REDUCE_SUM_SQUARE: column_block(CPU_REDUCE_SUM_SQUARE, kind, s, d, axis, inner, n); break;
        case CPU_REDUCE_LOG_SUM_EXP: column_block(CPU_REDUCE_LOG_SUM_EXP, kind, s, d, axis, inner, n); break;
        default: column_block(CPU_REDUCE_SUM, kind, s, d, axis, inner, n); break;
        }
    }
}

static void reduce(enum cpu_reduce_kind kind, const float *src, float *dst, int64_t axis, int64_t inner,
                   int64_t begin, int64_t end)
{
    if (inner == 1) {
        reduce_rows(kind, src, dst, axis, begin, end);
    } else {
        reduce_columns(kind, src, dst, axis, inner, begin, end);
    }
}

/* Whether any byte is 0 (`zero`), or any is not. */
static bool any_byte(bool zero, const uint8_t *src, int64_t n)
{
    for (int64_t i = 0; i < n;) {
        int64_t stop = n - i < 4096 ? n : i + 4096; /* enough to be worth a look at what was found */
        uint8_t found = 0;

        if (zero) {
            for (; i < stop; i++) {
                found |= src[i] == 0;
            }
        } else {
            for (; i < stop; i++) {
                found |= src[i];
            }
        }
        if (found) {
            return true;
        }
    }
    return false;
}

/* found[c] |= what any_byte() looks for in column c, c < n <= CPU_COLUMN_BLOCK. */
SIMD_INLINE void any_columns(bool zero, const uint8_t *src, uint8_t *found, int64_t axis, int64_t inner,
                             const int64_t n)
{
    for (int64_t a = 0; a < axis; a++) {
        for (int64_t c = 0; c < n; c++) {
            found[c] |= zero ? src[a * inner + c] == 0 : src[a * inner + c];
        }
    }
}

static void logic(bool all, const uint8_t *src, uint8_t *dst, int64_t axis, int64_t inner, int64_t begin,
                  int64_t end)
{
    int64_t blocks = cpu_column_units(1, inner);

    for (int64_t u = begin; u < end && inner == 1; u++) {
        dst[u] = any_byte(all, src + u * axis, axis) != all;
    }
    for (int64_t u = begin; u < end && inner != 1; u++) {
        int64_t c = u % blocks * CPU_COLUMN_BLOCK, rest = inner - c;
        int64_t n = rest < CPU_COLUMN_BLOCK ? rest : CPU_COLUMN_BLOCK;
        const uint8_t *s = src + u / blocks * axis * inner + c;
        uint8_t found[CPU_COLUMN_BLOCK] = {0};

        if (n < CPU_COLUMN_BLOCK) {
            any_columns(all, s, found, axis, inner, n);
        } else if (all) {
            any_columns(true, s, found, axis, inner, CPU_COLUMN_BLOCK);
        } else {
            any_columns(false, s, found, axis, inner, CPU_COLUMN_BLOCK);
        }
        for (int64_t i = 0; i < n; i++) {
            dst[u / blocks * inner + c + i] = (found[i] != 0) != all;
        }
    }
}

/* The order of TopK as one number, larger is better: the value's bits made monotonic, then the lower index.
 */
static uint64_t code_of(float x, int64_t i, bool min)
{
    int32_t bits;
    uint32_t key;

    x += 0.0f; /* -0 equals 0 */
    memcpy(&bits, &x, sizeof(bits));
    key = x != x ? UINT32_MAX : (uint32_t)(bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1)) ^ 0x80000000u;
    key = min ? ~key : key;
    return (uint64_t)key << 32 | (UINT32_MAX - (uint32_t)i);
}

static int64_t index_of(uint64_t code)
{
    return (int64_t)(UINT32_MAX - (uint32_t)code);
}

/* heap[0] is the smallest. */
static void sift_down(uint64_t *heap, int64_t n, int64_t i)
{
    uint64_t x = heap[i];

    for (int64_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (heap[child] >= x) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = x;
}

static void make_heap(uint64_t *heap, int64_t n)
{
    for (int64_t i = n / 2 - 1; i >= 0; i--) {
        sift_down(heap, n, i);
    }
}

/* A heap with the smallest first becomes an array with the largest first. */
static void sort_heap(uint64_t *heap, int64_t n)
{
    while (n > 1) {
        uint64_t smallest = heap[0];

        n--;
        heap[0] = heap[n];
        sift_down(heap, n, 0);
        heap[n] = smallest;
    }
}

/* No lane of x beats the worst of the heap. Later ones of equal value lose by their index. */
SIMD_INLINE bool none_better(vf x, float worst, bool min)
{
    vf w = vf_set1(worst);

    if (worst != worst) {
        return false;
    }
    return min ? !vm_any(vf_lt(x, w)) : !vm_any(vm_or(vf_gt(x, w), vf_is_nan(x)));
}

static void select_best(const struct cpu_topk *p, const float *src, uint64_t *heap)
{
    int64_t i = p->k;

    for (int64_t j = 0; j < p->k; j++) {
        heap[j] = code_of(src[j], j, p->min);
    }
    make_heap(heap, p->k);
    while (i < p->n) {
        int64_t stop = i + L < p->n ? i + L : p->n;

        if (stop - i == L && none_better(vf_load(src + i), src[index_of(heap[0])], p->min)) {
            i = stop;
            continue;
        }
        for (; i < stop; i++) {
            uint64_t code = code_of(src[i], i, p->min);

            if (code > heap[0]) {
                heap[0] = code;
                sift_down(heap, p->k, 0);
            }
        }
    }
}

/* First position of the row's maximum or minimum. */
static int64_t best_one(const float *src, int64_t n, bool min)
{
    vf acc = vf_set1(INFINITY), want;
    float best;

    if (min) {
        for (int64_t i = 0; i < n; i += L) {
            vm m = vm_first(n - i < L ? (int)(n - i) : L);

            acc = vf_select(m, vf_min(vf_load_m(src + i, m), acc), acc);
        }
        best = vf_hmin(acc);
    } else {
        best = row_max(src, n);
    }
    want = vf_set1(best);
    for (int64_t i = 0; i < n; i += L) {
        int take = n - i < L ? (int)(n - i) : L;
        vf x = vf_load_n(src + i, take);

        if (!vm_any(vm_and(vm_first(take), best == best ? vf_eq(x, want) : vf_is_nan(x)))) {
            continue;
        }
        for (int j = 0; j < take; j++) {
            if (src[i + j] == best || (best != best && src[i + j] != src[i + j])) {
                return i + j;
            }
        }
    }
    return 0; /* min of NaN alone */
}

static void put_index(void *index, int bytes, int64_t at, int64_t value)
{
    if (bytes == 8) {
        ((int64_t *)index)[at] = value;
    } else {
        ((int32_t *)index)[at] = (int32_t)value;
    }
}

static void topk(const struct cpu_topk *p, const float *src, float *values, void *index, void *scratch,
                 int64_t begin, int64_t end)
{
    uint64_t *heap = scratch;

    for (int64_t r = begin; r < end; r++) {
        const float *s = src + r * p->n;

        if (p->k == 1) {
            heap[0] = UINT32_MAX - (uint32_t)best_one(s, p->n, p->min);
        } else {
            select_best(p, s, heap);
            for (int64_t j = 0; p->by_index && j < p->k; j++) {
                heap[j] = (uint32_t)heap[j];
            }
            if (p->by_index) {
                make_heap(heap, p->k);
            }
            sort_heap(heap, p->k);
        }
        for (int64_t j = 0; j < p->k; j++) {
            int64_t at = index_of(heap[j]);

            if (values) {
                values[r * p->k + j] = s[at];
            }
            if (index) {
                put_index(index, p->index_bytes, r * p->k + j, at);
            }
        }
    }
}

const struct cpu_reduce_f32 CPU_NAME(reduce_f32) = {
    .name = "reduce_f32",
    .isa = CPU_ISA_ID,
    .reduce = reduce,
    .logic = logic,
    .topk = topk,
};
