/* Loops over the threads of a stream. */
#include "impl.h"

#include <stdatomic.h>

struct loop {
    void (*fn)(void *arg, int64_t task, void *scratch);
    void *arg;
    int64_t count;
    const struct cpu_run *run;
    atomic_llong next;
};

/* One of as many as there are threads: whoever comes takes tasks until there are none. A worker that wakes
 * too late finds nothing left, so the caller never waits for a thread that another process keeps from
 * running. */
static void participate(void *arg, int64_t participant)
{
    struct loop *l = arg;
    void *scratch = l->run->scratch + (size_t)participant * l->run->scratch_stride;
    long long i;

    while ((i = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed)) < l->count) {
        l->fn(l->arg, i, scratch);
    }
}

void cpu_parallel(const struct cpu_run *run, int64_t count,
                  void (*fn)(void *arg, int64_t task, void *scratch), void *arg)
{
    if (count <= 1 || run->threads == 1 || run->serial) {
        for (int64_t i = 0; i < count; i++) {
            fn(arg, i, run->scratch);
        }
        return;
    }
    struct loop l = {.fn = fn, .arg = arg, .count = count, .run = run};

    run->host->pool_run(run->pool, participate, &l, run->threads < count ? run->threads : count);
}

struct range {
    void (*fn)(void *arg, int64_t begin, int64_t end, void *scratch);
    void *arg;
    int64_t units, pieces;
};

static void range_task(void *arg, int64_t task, void *scratch)
{
    struct range *r = arg;
    int64_t each = r->units / r->pieces, more = r->units % r->pieces;
    int64_t begin = task * each + (task < more ? task : more);

    r->fn(r->arg, begin, begin + each + (task < more), scratch);
}

void cpu_parallel_range(const struct cpu_run *run, int64_t units, int64_t pieces,
                        void (*fn)(void *arg, int64_t begin, int64_t end, void *scratch), void *arg)
{
    struct range r = {fn, arg, units, pieces < units ? pieces : units};

    if (units <= 0) {
        return;
    }
    if (r.pieces <= 1 || run->threads == 1) {
        fn(arg, 0, units, run->scratch);
        return;
    }
    cpu_parallel(run, r.pieces, range_task, &r);
}
