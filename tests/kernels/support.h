/* Shared by the kernel tests: memory that ends at a page nobody may touch, numbers, and a slow epilogue. */
#ifndef TESTS_KERNELS_SUPPORT_H
#define TESTS_KERNELS_SUPPORT_H

#include "epilogue.h"
#include "isa.h"
#include "machine.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXIT_SKIP 77

static inline void check_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    exit(1);
}

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            check_fail(#condition, __FILE__, __LINE__);                                                      \
        }                                                                                                    \
    } while (0)

/* The level named on the command line; ends the process with "skipped" where this machine lacks it. */
static inline enum cpu_isa isa_of_arguments(int argc, char **argv)
{
    int isa = argc > 1 ? cpu_isa_by_name(argv[1]) : CPU_ISA_ref;

    CHECK(isa >= 0);
    cpu_isa_allow(machine_isas());
    if (!cpu_isa_supported((enum cpu_isa)isa)) {
        exit(EXIT_SKIP);
    }
    return (enum cpu_isa)isa;
}

/* Pages between two that fault; with VT_TEST_GUARDS=off they do not: qemu's masked AVX loads touch masked-off
 * lanes. */
struct guarded {
    char *data;
    size_t size;
};

static inline struct guarded guarded_create(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guarded g = {.size = (bytes + page - 1) / page * page};
    const char *guards = getenv("VT_TEST_GUARDS");
    int outside = guards && !strcmp(guards, "off") ? PROT_READ | PROT_WRITE : PROT_NONE;
    char *base = mmap(NULL, g.size + 2 * page, outside, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(base != MAP_FAILED);
    CHECK(mprotect(base + page, g.size, PROT_READ | PROT_WRITE) == 0);
    g.data = base + page;
    return g;
}

static inline void guarded_destroy(struct guarded *g)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    munmap(g->data - page, g->size + 2 * page);
    g->data = NULL;
}

/* `bytes` that end (at_end) or begin at the faulting page. */
static inline void *guarded_at(const struct guarded *g, size_t bytes, int at_end)
{
    CHECK(bytes <= g->size);
    return at_end ? g->data + g->size - bytes : g->data;
}

static inline uint32_t random_bits(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* In [-1, 1), with 12 bits, never 0. */
static inline float random_float(void)
{
    return ((float)(random_bits() & 4095) - 2047.5f) / 2048.0f;
}

static inline double slow_unary(enum vt_post_kind kind, double x, double a, double b)
{
    switch (kind) {
    case VT_POST_AFFINE: return a * x + b;
    case VT_POST_RELU: return x < 0 ? 0 : x;
    case VT_POST_LEAKY: return x < 0 ? a * x : x;
    case VT_POST_CLAMP: return x < a ? a : x > b ? b : x;
    case VT_POST_ABS: return fabs(x);
    case VT_POST_NEG: return -x;
    case VT_POST_SQRT: return sqrt(x);
    case VT_POST_SQUARE: return x * x;
    case VT_POST_RECIP: return 1 / x;
    case VT_POST_EXP: return exp(x);
    case VT_POST_LOG: return log(x);
    case VT_POST_TANH: return tanh(x);
    case VT_POST_ERF: return erf(x);
    case VT_POST_SIGMOID: return 1 / (1 + exp(-x));
    case VT_POST_SWISH: return isinf(x) && a * x < 0 ? 0 : x / (1 + exp(-a * x));
    case VT_POST_HSWISH: return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
    case VT_POST_HSIGMOID: return fmin(fmax(a * x + b, isnan(x) ? NAN : 0), isnan(x) ? NAN : 1);
    case VT_POST_GELU_ERF: return x == -INFINITY ? 0 : x / 2 * erfc(-x / sqrt(2));
    case VT_POST_GELU_TANH: {
        double u = 2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);

        return x == -INFINITY ? 0 : x / (1 + exp(-u));
    }
    case VT_POST_MISH: return x == -INFINITY ? 0 : x > 40 ? x : x * tanh(log1p(exp(x)));
    case VT_POST_SOFTPLUS: return x > 40 ? x : log1p(exp(x));
    case VT_POST_ELU: return x > 0 ? x : a * expm1(x);
    case VT_POST_FLOOR: return floor(x);
    case VT_POST_CEIL: return ceil(x);
    case VT_POST_ROUND_EVEN: return rint(x);
    case VT_POST_POW: return pow(x, a);
    default: CHECK(!"known unary kind"); return 0;
    }
}

static inline double slow_binary(enum vt_post_kind kind, double acc, double x)
{
    switch (kind) {
    case VT_POST_ADD: return acc + x;
    case VT_POST_SUB: return acc - x;
    case VT_POST_RSUB: return x - acc;
    case VT_POST_MUL: return acc * x;
    case VT_POST_DIV: return acc / x;
    case VT_POST_RDIV: return x / acc;
    case VT_POST_MAX: return isnan(x) || x > acc ? x : acc;
    case VT_POST_MIN: return isnan(x) || x < acc ? x : acc;
    case VT_POST_PRELU: return acc < 0 ? acc * x : acc;
    default: CHECK(!"known binary kind"); return 0;
    }
}

/* The steps on one element, bias included. */
static inline double slow_epilogue(const struct cpu_epilogue *post, double acc,
                                   const int64_t batch[CPU_BATCH_DIMS], int64_t row, int64_t col)
{
    acc += post->bias ? (double)post->bias[col] : 0;
    for (int i = 0; i < post->step_count; i++) {
        const struct cpu_epilogue_step *s = &post->steps[i];

        if (s->kind >= VT_POST_FIRST_UNARY) {
            acc = slow_unary(s->kind, acc, (double)s->a, (double)s->b);
        } else {
            ptrdiff_t at = row * s->row_stride + col * s->col_stride;

            for (int d = 0; d < CPU_BATCH_DIMS; d++) {
                at += batch[d] * s->batch[d];
            }
            acc = slow_binary(s->kind, acc, (double)s->src[at]);
        }
    }
    return acc;
}

/* Same class of number, and finite ones within the bound. */
static inline int close_to(double got, double want, double bound)
{
    if (isnan(want) || isinf(want)) {
        return isnan(want) ? isnan(got) : got == want;
    }
    return fabs(got - want) <= bound;
}

#endif
