/* Name -> versions of an operation. Built once, at the first look-up. */
#include "graph.h"

#include <pthread.h>
#include <stdlib.h>

#define VT_OP(x) extern const struct vt_op_def vt_op_##x[];
#include "ops.def"
#undef VT_OP

static const struct vt_op_def *const tables[] = {
#define VT_OP(x) vt_op_##x,
#include "ops.def"
#undef VT_OP
};

#define TABLES ((int)(sizeof(tables) / sizeof(tables[0])))

static const struct vt_op_def **sorted; /* by name, then opset */
static int n_sorted;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int compare(const void *a, const void *b)
{
    const struct vt_op_def *x = *(const struct vt_op_def *const *)a, *y = *(const struct vt_op_def *const *)b;
    int order = strcmp(x->name, y->name);

    return order ? order : x->opset - y->opset;
}

static void build(void)
{
    int n = 0;

    for (int i = 0; i < TABLES; i++) {
        for (const struct vt_op_def *d = tables[i]; d->name; d++) {
            n++;
        }
    }
    sorted = malloc((size_t)n * sizeof(*sorted));
    if (!sorted) {
        return;
    }
    for (int i = 0; i < TABLES; i++) {
        for (const struct vt_op_def *d = tables[i]; d->name; d++) {
            sorted[n_sorted++] = d;
        }
    }
    qsort(sorted, (size_t)n_sorted, sizeof(*sorted), compare);
}

/* Index of the first version of a name, or -1. */
static int first_of(const char *name)
{
    int low = 0, high;

    pthread_once(&once, build);
    high = n_sorted;
    while (low < high) {
        int mid = (low + high) / 2;

        if (strcmp(sorted[mid]->name, name) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < n_sorted && strcmp(sorted[low]->name, name) == 0 ? low : -1;
}

const struct vt_op_def *vt_op_find(const char *name, int opset)
{
    const struct vt_op_def *best = NULL;
    int i = first_of(name);

    for (; i >= 0 && i < n_sorted && strcmp(sorted[i]->name, name) == 0; i++) {
        /* opset 0 is a world of its own: fused operations never answer for a model's opset, nor the reverse.
         */
        if (opset == 0 ? sorted[i]->opset == 0 : sorted[i]->opset > 0 && sorted[i]->opset <= opset) {
            best = sorted[i];
        }
    }
    return best;
}

void vt_op_names(void (*each)(void *ctx, const char *name, int opset), void *ctx)
{
    pthread_once(&once, build);
    for (int i = 0; i < n_sorted; i++) {
        each(ctx, sorted[i]->name, sorted[i]->opset);
    }
}

bool vt_op_known(const char *name)
{
    return first_of(name) >= 0;
}
