/* Element-wise programs over blocks that stay in L1: one dispatch per step and block. */
#include "eltwise.h"
#include "post_steps.h"

#define BLOCK  1024 /* elements of a block */
#define CACHED 4    /* operands that repeat every row, kept expanded for the whole range */

#define L SIMD_LANES

/* Forms of VT_POST_POW that need no logarithm; numbered after the public kinds. */
enum { COPY = VT_POST_COUNT, CUBE, RSQRT, RSQUARE };

SIMD_INLINE vf unary(int kind, vf x, float a, float b)
{
    const vf one = vf_set1(1);

    switch (kind) {
    case COPY: return x;
    case CUBE: return vf_mul(vf_mul(x, x), x);
    case RSQRT: return vf_div(one, vf_sqrt(x));
    case RSQUARE: return vf_div(one, vf_mul(x, x));
    default: return post_unary((enum vt_post_kind)kind, x, a, b);
    }
}

SIMD_INLINE void loop_binary(int kind, bool scalar, float *dst, const float *x, const float *y, int64_t n)
{
    vf c = vf_set1(*y);
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, post_binary((enum vt_post_kind)kind, vf_load(x + i), scalar ? c : vf_load(y + i)));
    }
    if (i < n) {
        int rest = (int)(n - i);

        vf_store_n(
            dst + i,
            post_binary((enum vt_post_kind)kind, vf_load_n(x + i, rest), scalar ? c : vf_load_n(y + i, rest)),
            rest);
    }
}

SIMD_INLINE void loop_unary(int kind, float *dst, const float *x, float a, float b, int64_t n)
{
    int64_t i = 0;

    for (; i + L <= n; i += L) {
        vf_store(dst + i, unary(kind, vf_load(x + i), a, b));
    }
    if (i < n) {
        int rest = (int)(n - i);

        vf_store_n(dst + i, unary(kind, vf_load_n(x + i, rest), a, b), rest);
    }
}

/* A block of an input: `step` 0 repeats one value, 1 is contiguous. */
struct view {
    const float *p;
    int step;
};

#define BINARY_CASE(kind)                                                                                    \
    case kind:                                                                                               \
        if (y.step) {                                                                                        \
            loop_binary(kind, false, dst, x, y.p, n);                                                        \
        } else {                                                                                             \
            loop_binary(kind, true, dst, x, y.p, n);                                                         \
        }                                                                                                    \
        break

SIMD_NOINLINE void run_binary(int kind, float *dst, const float *x, struct view y, int64_t n)
{
    switch (kind) {
        BINARY_CASE(VT_POST_ADD);
        BINARY_CASE(VT_POST_SUB);
        BINARY_CASE(VT_POST_RSUB);
        BINARY_CASE(VT_POST_MUL);
        BINARY_CASE(VT_POST_DIV);
        BINARY_CASE(VT_POST_RDIV);
        BINARY_CASE(VT_POST_MAX);
        BINARY_CASE(VT_POST_MIN);
        BINARY_CASE(VT_POST_PRELU);
    default: break;
    }
}

#define UNARY_CASE(kind)                                                                                     \
    case kind: loop_unary(kind, dst, x, a, b, n); break

SIMD_NOINLINE void run_unary(int kind, float *dst, const float *x, float a, float b, int64_t n)
{
    switch (kind) {
        UNARY_CASE(VT_POST_AFFINE);
        UNARY_CASE(VT_POST_RELU);
        UNARY_CASE(VT_POST_LEAKY);
        UNARY_CASE(VT_POST_CLAMP);
        UNARY_CASE(VT_POST_ABS);
        UNARY_CASE(VT_POST_NEG);
        UNARY_CASE(VT_POST_SQRT);
        UNARY_CASE(VT_POST_SQUARE);
        UNARY_CASE(VT_POST_RECIP);
        UNARY_CASE(VT_POST_EXP);
        UNARY_CASE(VT_POST_LOG);
        UNARY_CASE(VT_POST_TANH);
        UNARY_CASE(VT_POST_ERF);
        UNARY_CASE(VT_POST_SIGMOID);
        UNARY_CASE(VT_POST_SWISH);
        UNARY_CASE(VT_POST_HSWISH);
        UNARY_CASE(VT_POST_HSIGMOID);
        UNARY_CASE(VT_POST_GELU_ERF);
        UNARY_CASE(VT_POST_GELU_TANH);
        UNARY_CASE(VT_POST_MISH);
        UNARY_CASE(VT_POST_SOFTPLUS);
        UNARY_CASE(VT_POST_ELU);
        UNARY_CASE(VT_POST_FLOOR);
        UNARY_CASE(VT_POST_CEIL);
        UNARY_CASE(VT_POST_ROUND_EVEN);
        UNARY_CASE(VT_POST_POW);
        UNARY_CASE(COPY);
        UNARY_CASE(CUBE);
        UNARY_CASE(RSQRT);
        UNARY_CASE(RSQUARE);
    default: break;
    }
}

#undef BINARY_CASE
#undef UNARY_CASE

/* The cheapest kind that computes the step. */
static int simplified(const struct cpu_eltwise_step *s)
{
    static const struct {
        float exponent;
        int kind;
    } powers[] = {{2, VT_POST_SQUARE}, {1, COPY}, {-1, VT_POST_RECIP}, {0.5f, VT_POST_SQRT},
                  {-0.5f, RSQRT},      {3, CUBE}, {-2, RSQUARE}};

    for (size_t i = 0; s->kind == VT_POST_POW && i < sizeof(powers) / sizeof(powers[0]); i++) {
        if (s->a == powers[i].exponent) {
            return powers[i].kind;
        }
    }
    return s->kind;
}

enum form { DENSE, SCALAR, PERIODIC, GENERAL };

struct walk {
    const struct cpu_bcast *shape;
    int64_t row; /* elements of the innermost dimension */
    enum form form[CPU_BCAST_INPUTS];
    int slot[CPU_BCAST_INPUTS]; /* of a periodic input in `cache`, or -1 */
    int64_t phase[CACHED];      /* where in the row the cached block begins, or -1 */
    float cache[CACHED][BLOCK];
    float expanded[BLOCK];
};

static enum form classify(const struct cpu_bcast *b, int input)
{
    int64_t dense = 1;
    bool is_dense = true, is_scalar = true, is_periodic = true;

    for (int d = b->rank - 1; d >= 0; d--) {
        is_dense = is_dense && b->stride[input][d] == dense;
        is_scalar = is_scalar && b->stride[input][d] == 0;
        is_periodic = is_periodic && (d == b->rank - 1 || b->stride[input][d] == 0);
        dense *= b->dims[d];
    }
    return is_dense ? DENSE : is_scalar ? SCALAR : is_periodic ? PERIODIC : GENERAL;
}

static void walk_init(struct walk *w, const struct cpu_bcast *b)
{
    int slots = 0;

    w->shape = b;
    w->row = b->dims[b->rank - 1];
    for (int i = 0; i < b->inputs; i++) {
        w->form[i] = classify(b, i);
        w->slot[i] = -1;
        if (w->form[i] == PERIODIC && slots < CACHED) {
            w->phase[slots] = -1;
            w->slot[i] = slots++;
        }
    }
}

/* Where row number `row` of an input begins, and the position along every outer dimension. */
static int64_t row_offset(const struct cpu_bcast *b, int input, int64_t row, int64_t *at)
{
    int64_t offset = 0;

    for (int d = b->rank - 2; d >= 0; d--) {
        at[d] = row % b->dims[d];
        row /= b->dims[d];
        offset += at[d] * b->stride[input][d];
    }
    return offset;
}

static int64_t next_row(const struct cpu_bcast *b, int input, int64_t offset, int64_t *at)
{
    for (int d = b->rank - 2; d >= 0; d--) {
        offset += b->stride[input][d];
        if (++at[d] < b->dims[d]) {
            break;
        }
        offset -= b->dims[d] * b->stride[input][d];
        at[d] = 0;
    }
    return offset;
}

static void take_strided(float *dst, const float *src, int64_t stride, int64_t n)
{
    if (stride == 1) {
        loop_unary(COPY, dst, src, 0, 0, n);
        return;
    }
    if (stride == 0) {
        vf x = vf_set1(*src);
        int64_t i = 0;

        for (; i + L <= n; i += L) {
            vf_store(dst + i, x);
        }
        vf_store_n(dst + i, x, (int)(n - i));
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        dst[i] = src[i * stride];
    }
}

/* Elements [pos, pos + n) of the result's shape, out of any input. */
static void expand(const struct cpu_bcast *b, int input, const float *data, float *dst, int64_t pos,
                   int64_t n)
{
    int64_t row = b->dims[b->rank - 1], stride = b->stride[input][b->rank - 1], at[CPU_BCAST_RANK];
    int64_t offset = row_offset(b, input, pos / row, at), off = pos % row;

    while (n > 0) {
        int64_t take = row - off < n ? row - off : n;

        take_strided(dst, data + offset + off * stride, stride, take);
        dst += take;
        n -= take;
        off = 0;
        offset = next_row(b, input, offset, at);
    }
}

static struct view view_block(struct walk *w, int input, const float *data, int64_t pos, int64_t n)
{
    const struct cpu_bcast *b = w->shape;
    int64_t at[CPU_BCAST_RANK], stride = b->stride[input][b->rank - 1], off = pos % w->row;
    int slot = w->slot[input];

    if (w->form[input] == DENSE) {
        return (struct view){data + pos, 1};
    }
    if (w->form[input] == SCALAR) {
        return (struct view){data, 0};
    }
    if (off + n <= w->row && (stride == 0 || stride == 1)) {
        return (struct view){data + row_offset(b, input, pos / w->row, at) + off * stride, (int)stride};
    }
    if (slot >= 0 && w->row <= BLOCK) {
        if (w->phase[slot] != off) {
            expand(b, input, data, w->cache[slot], off, BLOCK);
            w->phase[slot] = off;
        }
        return (struct view){w->cache[slot], 1};
    }
    expand(b, input, data, w->expanded, pos, n);
    return (struct view){w->expanded, 1};
}

static void run_block(const struct cpu_eltwise *p, struct walk *w, const float *const *data, float *dst,
                      int64_t pos, int64_t n, const int *kinds)
{
    float acc[BLOCK];
    struct view v = view_block(w, 0, data[0], pos, n);
    const float *x = v.p;

    if (!v.step) {
        for (int64_t i = 0; i < n; i++) {
            acc[i] = *v.p;
        }
        x = acc;
    } else if (v.p == w->expanded) {
        loop_unary(COPY, acc, v.p, 0, 0, n);
        x = acc;
    }
    for (int s = 0; s < p->count; s++) {
        const struct cpu_eltwise_step *step = &p->steps[s];
        float *out = s + 1 == p->count ? dst + pos : acc;

        if (step->kind < VT_POST_FIRST_UNARY) {
            run_binary(step->kind, out, x, view_block(w, step->input, data[step->input], pos, n), n);
        } else {
            run_unary(kinds[s], out, x, step->a, step->b, n);
        }
        x = out;
    }
    if (p->count == 0) {
        loop_unary(COPY, dst + pos, x, 0, 0, n);
    }
}

static void eltwise(const struct cpu_eltwise *p, const float *const *data, float *dst, int64_t begin,
                    int64_t end)
{
    struct walk w;
    int kinds[VT_POST_MAX_STEPS];

    walk_init(&w, &p->shape);
    for (int s = 0; s < p->count; s++) {
        kinds[s] = simplified(&p->steps[s]);
    }
    for (int64_t pos = begin; pos < end;) {
        int64_t off = pos % w.row, n;

        /* Long rows are cut, short ones taken together. */
        n = w.row > BLOCK / 2 ? w.row - off : BLOCK / w.row * w.row - off;
        n = n < BLOCK ? n : BLOCK;
        n = n < end - pos ? n : end - pos;
        run_block(p, &w, data, dst, pos, n, kinds);
        pos += n;
    }
}

const struct cpu_eltwise_f32 CPU_NAME(eltwise_f32) = {
    .name = "eltwise_f32",
    .isa = CPU_ISA_ID,
    .run = eltwise,
};
