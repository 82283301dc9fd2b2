/* Shared by the tests of the kernels that work on ranges: buffers between faulting pages, special values, and
 * running a kernel over one range and over odd pieces of it, which must give the same bytes. */
#ifndef TESTS_KERNELS_LIGHT_H
#define TESTS_KERNELS_LIGHT_H

#include "support.h"

#define LIGHT_BYTES (1u << 22)

/* A fresh buffer of `count` elements that ends, or begins, at a faulting page; kept until the process ends.
 * Buffers take turns in four slots, so at most four are alive at a time. */
static inline void *light_buffer(int slot, int64_t count, size_t size, int at_end)
{
    static struct guarded slots[8];

    CHECK(slot < 8 && count >= 0 && (size_t)count * size <= LIGHT_BYTES);
    if (!slots[slot].data) {
        slots[slot] = guarded_create(LIGHT_BYTES);
    }
    return guarded_at(&slots[slot], (size_t)count * size, at_end);
}

static inline float *light_floats(int slot, int64_t count, int at_end)
{
    float *p = light_buffer(slot, count, sizeof(float), at_end);

    for (int64_t i = 0; i < count; i++) {
        p[i] = random_float();
    }
    return p;
}

/* [lo, hi] without the end. */
static inline int64_t random_in(int64_t lo, int64_t hi)
{
    return lo + (int64_t)(random_bits() % (uint32_t)(hi - lo));
}

/* Runs call(context, begin, end) over [0, units) at once, then in pieces, and compares dst's bytes. */
static inline void light_run(void (*call)(const void *context, int64_t begin, int64_t end),
                             const void *context, int64_t units, void *dst, size_t bytes)
{
    char *whole = malloc(bytes + 1);

    CHECK(whole);
    memset(dst, 0x7f, bytes);
    call(context, 0, units);
    memcpy(whole, dst, bytes);
    memset(dst, 0x7f, bytes);
    for (int64_t at = units; at > 0;) {
        int64_t take = random_in(1, units / 3 + 2);

        take = take < at ? take : at;
        call(context, at - take, at);
        at -= take;
    }
    CHECK(memcmp(whole, dst, bytes) == 0);
    free(whole);
}

/* |got - want| within `relative` of |want|, or `absolute`; equal specials. */
static inline int light_close(double got, double want, double relative, double absolute)
{
    return close_to(got, want, relative * fabs(want) + absolute);
}

#define CHECK_CLOSE(got, want, relative, absolute)                                                           \
    do {                                                                                                     \
        double got_ = (double)(got), want_ = (double)(want);                                                 \
        if (!light_close(got_, want_, relative, absolute)) {                                                 \
            fprintf(stderr, "got %.9g, want %.9g\n", got_, want_);                                           \
            check_fail(#got, __FILE__, __LINE__);                                                            \
        }                                                                                                    \
    } while (0)

#endif
