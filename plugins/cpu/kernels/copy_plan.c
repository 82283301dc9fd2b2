#include "copy.h"

#include "copy_forms.h"

#include <string.h>

struct dim {
    int64_t n, src, dst;
};

/* Drop dims of one element and merge neighbours that both sides walk as one; returns how many are left. */
static int collapse(struct dim *dims, int rank)
{
    int n = 0;

    for (int i = 0; i < rank; i++) {
        struct dim d = dims[i];

        if (d.n == 1) {
            continue;
        }
        if (n > 0 && dims[n - 1].src == d.src * d.n && dims[n - 1].dst == d.dst * d.n) {
            dims[n - 1] = (struct dim){dims[n - 1].n * d.n, d.src, d.dst};
        } else {
            dims[n++] = d;
        }
    }
    return n;
}

/* Order by dst stride, largest first: the last dimension is then the one that is written contiguously. */
static void sort_by_dst(struct dim *dims, int rank)
{
    for (int i = 1; i < rank; i++) {
        struct dim d = dims[i];
        int j = i;

        while (j > 0 && dims[j - 1].dst < d.dst) {
            dims[j] = dims[j - 1];
            j--;
        }
        dims[j] = d;
    }
}

/* Elements of `size` bytes whose innermost dimension is a short run on both sides become wider elements. */
static int widen(struct dim *dims, int rank, int32_t *size)
{
    while (rank > 0 && *size < 8 && dims[rank - 1].src == 1 && dims[rank - 1].dst == 1 &&
           dims[rank - 1].n % 2 == 0) {
        bool even = true;

        for (int i = 0; i + 1 < rank; i++) {
            even = even && dims[i].src % 2 == 0 && dims[i].dst % 2 == 0;
        }
        if (!even) {
            break;
        }
        for (int i = 0; i + 1 < rank; i++) {
            dims[i].src /= 2;
            dims[i].dst /= 2;
        }
        dims[rank - 1].n /= 2;
        *size *= 2;
        if (dims[rank - 1].n == 1) {
            rank--;
        }
    }
    return rank;
}

/* Move the dimension that src walks contiguously next to the last, so that the last two make a matrix to
 * transpose. */
static bool find_transpose(struct dim *dims, int rank)
{
    if (rank < 2 || dims[rank - 1].dst != 1 || dims[rank - 1].src == 1 || dims[rank - 1].src == 0) {
        return false;
    }
    for (int i = rank - 2; i >= 0; i--) {
        if (dims[i].src == 1) {
            struct dim d = dims[i];

            memmove(&dims[i], &dims[i + 1], (size_t)(rank - 2 - i) * sizeof(d));
            dims[rank - 2] = d;
            return true;
        }
    }
    return false;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static void classify(struct cpu_copy *p, struct dim *dims, int rank)
{
    if (find_transpose(dims, rank)) {
        p->form = CPU_COPY_TILES;
    } else if (rank > 0 && dims[rank - 1].src == 1 && dims[rank - 1].dst == 1) {
        p->form = CPU_COPY_RUNS;
    } else {
        p->form = CPU_COPY_ROWS;
    }
    for (int i = 0; i < rank; i++) {
        p->dims[i] = dims[i].n;
        p->src_stride[i] = dims[i].src;
        p->dst_stride[i] = dims[i].dst;
    }
    p->rank = rank;
}

bool cpu_copy_plan(struct cpu_copy *plan, int size, int rank, const int64_t *dims, const int64_t *src_stride,
                   const int64_t *dst_stride)
{
    struct dim d[16];
    int64_t count = 1;
    int n;

    if (rank < 0 || rank > 16 || (size != 1 && size != 2 && size != 4 && size != 8)) {
        return false;
    }
    memset(plan, 0, sizeof(*plan));
    plan->size = size;
    for (int i = 0; i < rank; i++) {
        d[i] = (struct dim){dims[i], src_stride[i], dst_stride[i]};
        count *= dims[i];
    }
    if (count == 0) {
        return true;
    }
    n = collapse(d, rank);
    sort_by_dst(d, n);
    n = collapse(d, n);
    n = widen(d, n, &plan->size);
    if (n == 0) {
        d[n++] = (struct dim){1, 1, 1};
    }
    if (n > CPU_COPY_RANK) {
        return false;
    }
    classify(plan, d, n);
    plan->units = 1;
    for (int i = 0; i < n - (plan->form == CPU_COPY_TILES ? 2 : 1); i++) {
        plan->units *= d[i].n;
    }
    if (plan->form == CPU_COPY_TILES) {
        plan->tile_count[0] = ceil_div(d[n - 2].n, CPU_COPY_TILE);
        plan->tile_count[1] = ceil_div(d[n - 1].n, CPU_COPY_TILE);
        plan->units *= plan->tile_count[0] * plan->tile_count[1];
    } else if (plan->form == CPU_COPY_RUNS) {
        /* Long runs are cut, so that threads can share them. */
        plan->tile_count[0] = ceil_div(d[n - 1].n, CPU_COPY_RUN);
        plan->units *= plan->tile_count[0];
    }
    return true;
}

bool cpu_copy_plan_transpose(struct cpu_copy *plan, int size, int rank, const int64_t *src_dims,
                             const int32_t *order)
{
    int64_t src[16], dst[16], dims[16], from[16], step = 1;

    if (rank < 0 || rank > 16) {
        return false;
    }
    for (int i = rank - 1; i >= 0; i--) {
        src[i] = step;
        step *= src_dims[i];
    }
    step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        if (order[i] < 0 || order[i] >= rank) {
            return false;
        }
        dims[i] = src_dims[order[i]];
        from[i] = src[order[i]];
        dst[i] = step;
        step *= dims[i];
    }
    return cpu_copy_plan(plan, size, rank, dims, from, dst);
}

int64_t cpu_pad_index(int64_t i, int64_t n, enum cpu_pad_mode mode)
{
    if (i >= 0 && i < n) {
        return i;
    }
    switch (mode) {
    case CPU_PAD_EDGE: i = i < 0 ? 0 : n - 1; break;
    case CPU_PAD_REFLECT: i = i < 0 ? -i : 2 * (n - 1) - i; break;
    case CPU_PAD_SYMMETRIC: i = i < 0 ? -i - 1 : 2 * n - 1 - i; break;
    default: return -1;
    }
    return i >= 0 && i < n ? i : -1;
}

bool cpu_pad_table(int32_t *table, int64_t n, int64_t begin, int64_t end, enum cpu_pad_mode mode)
{
    int64_t most = begin > end ? begin : end;

    if (n > INT32_MAX || (mode == CPU_PAD_REFLECT && most >= n && most > 0) ||
        (mode == CPU_PAD_SYMMETRIC && most > n) || (mode == CPU_PAD_EDGE && most > 0 && n == 0)) {
        return false;
    }
    for (int64_t i = 0; i < begin + n + end; i++) {
        table[i] = (int32_t)cpu_pad_index(i - begin, n, mode);
    }
    return true;
}
