/* Walking a range of a broadcast plan row by row; for the typed kernels. */
#ifndef CPU_KERNELS_BCAST_WALK_H
#define CPU_KERNELS_BCAST_WALK_H

#include "eltwise.h"

#define BCAST_WALK_INPUTS 3

/* A piece of one row: result elements [pos, pos + n), input i begins at offset[i] and steps by its inner
 * stride. */
struct bcast_walk {
    const struct cpu_bcast *b;
    int64_t pos, n, end;
    int64_t offset[BCAST_WALK_INPUTS];
    int64_t row[BCAST_WALK_INPUTS]; /* offset of the row's start */
    int64_t at[CPU_BCAST_RANK];
};

static inline void bcast_walk_piece(struct bcast_walk *w, int64_t inner)
{
    int last = w->b->rank - 1;
    int64_t rest = w->b->dims[last] - inner;

    w->n = rest < w->end - w->pos ? rest : w->end - w->pos;
    for (int i = 0; i < w->b->inputs; i++) {
        w->offset[i] = w->row[i] + inner * w->b->stride[i][last];
    }
}

/* False when the range is empty. The plan has at most BCAST_WALK_INPUTS inputs. */
static inline bool bcast_walk_begin(struct bcast_walk *w, const struct cpu_bcast *b, int64_t begin,
                                    int64_t end)
{
    int last = b->rank - 1;
    int64_t row;

    *w = (struct bcast_walk){.b = b, .pos = begin, .end = end};
    if (begin >= end || b->inputs > BCAST_WALK_INPUTS) {
        return false;
    }
    row = begin / b->dims[last];
    for (int d = last - 1; d >= 0; d--) {
        w->at[d] = row % b->dims[d];
        row /= b->dims[d];
        for (int i = 0; i < b->inputs; i++) {
            w->row[i] += w->at[d] * b->stride[i][d];
        }
    }
    bcast_walk_piece(w, begin % b->dims[last]);
    return true;
}

static inline bool bcast_walk_next(struct bcast_walk *w)
{
    const struct cpu_bcast *b = w->b;

    w->pos += w->n;
    if (w->pos >= w->end) {
        return false;
    }
    for (int d = b->rank - 2; d >= 0; d--) {
        bool carry = ++w->at[d] == b->dims[d];

        for (int i = 0; i < b->inputs; i++) {
            w->row[i] += b->stride[i][d] - (carry ? b->dims[d] * b->stride[i][d] : 0);
        }
        if (!carry) {
            break;
        }
        w->at[d] = 0;
    }
    bcast_walk_piece(w, 0);
    return true;
}

#endif
