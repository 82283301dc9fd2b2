/* Matrix products of one level (argument) against plain loops in double: every remainder of the tiles, odd
 * strides, guard pages on both sides, special values, weight types, epilogues, batches. */
#include "gemm.h"

#include "support.h"

#define CANARY 12345.5f

static const struct cpu_gemm_f32 *kernel;
static struct guarded mem_x, mem_w, mem_y, mem_packed, mem_scratch, mem_residual;

static float *floats(const struct guarded *g, int64_t count, int at_end)
{
    return guarded_at(g, (size_t)count * sizeof(float), at_end);
}

static void fill(float *p, int64_t rows, int64_t cols, ptrdiff_t ld, float gap)
{
    for (int64_t i = 0; i < rows && cols; i++) {
        for (int64_t j = 0; j < ld && (i < rows - 1 || j < cols); j++) {
            p[i * ld + j] = j < cols ? random_float() : gap;
        }
    }
}

static int64_t span(int64_t rows, int64_t cols, ptrdiff_t ld)
{
    return rows && cols ? (rows - 1) * ld + cols : 0;
}

static void run_all(const struct cpu_gemm_args *args, int backwards)
{
    int64_t tasks = kernel->tasks(args->m, args->n, args->k);
    size_t bytes = (kernel->scratch_bytes(args->m, args->n, args->k) + 63) / 64 * 64;
    void *scratch = guarded_at(&mem_scratch, bytes, 1);

    for (int64_t t = 0; t < tasks; t++) {
        kernel->run(args, backwards ? tasks - 1 - t : t, scratch);
    }
}

struct shape {
    int64_t m, n, k;
    ptrdiff_t ldx, ldy;
    int by_rows; /* W[k,n] rather than W[n,k] */
    int at_end;
    double slack; /* added to the bound's factor where an epilogue magnifies errors */
};

static void check_result(const struct shape *s, const struct cpu_gemm_args *args, const float *w)
{
    static const int64_t no_batch[CPU_BATCH_DIMS];
    static const struct cpu_epilogue nothing;
    const struct cpu_epilogue *post = args->post ? args->post : &nothing;
    ptrdiff_t wn = s->by_rows ? 1 : s->k, wk = s->by_rows ? s->n : 1;
    double largest = 0;

    for (int64_t i = 0; i < s->m; i++) {
        for (int64_t j = 0; j < s->n; j++) {
            double sum = 0, size = 0, want, got = (double)args->y[i * s->ldy + j];

            for (int64_t k = 0; k < s->k; k++) {
                double term = (double)args->x[i * s->ldx + k] * (double)w[j * wn + k * wk];

                sum += term;
                size += fabs(term);
            }
            want = slow_epilogue(post, sum, no_batch, i, j);
            largest = fmax(largest, fabs(got));
            if (!close_to(got, want, (double)(s->k + 4) * 0x1p-24 * (size + 1) * (1 + s->slack))) {
                fprintf(stderr, "m %ld n %ld k %ld ldx %ld ldy %ld: y[%ld,%ld] = %.9g, not %.9g\n",
                        (long)s->m, (long)s->n, (long)s->k, (long)s->ldx, (long)s->ldy, (long)i, (long)j, got,
                        want);
                exit(1);
            }
        }
        for (int64_t j = s->n; j < s->ldy && i < s->m - 1; j++) {
            CHECK(args->y[i * s->ldy + j] == CANARY);
        }
    }
    CHECK(s->k == 0 || largest > 0 || s->m * s->n < 16); /* a few may all be cut off by a relu */
}

static void check_shape(const struct shape *s, const struct cpu_epilogue *post)
{
    float *x = floats(&mem_x, span(s->m, s->k, s->ldx), s->at_end);
    float *w = floats(&mem_w, s->n * s->k, s->at_end);
    float *y = floats(&mem_y, span(s->m, s->n, s->ldy), s->at_end);
    float *packed = guarded_at(&mem_packed, kernel->packed_bytes(s->n, s->k), 1);
    struct cpu_weights_src src = {w, CPU_SRC_F32, s->by_rows ? 1 : s->k, s->by_rows ? s->n : 1, NULL};
    struct cpu_gemm_args args = {s->m, s->n, s->k, x, packed, y, s->ldx, s->ldy, post};

    fill(x, s->m, s->k, s->ldx, NAN);
    fill(w, 1, s->n * s->k, s->n * s->k, 0);
    fill(y, s->m, s->n, s->ldy, CANARY);
    kernel->pack(packed, &src, s->n, s->k, 0, kernel->panels(s->n));
    run_all(&args, (int)(s->m & 1));
    check_result(s, &args, w);
}

static void test_remainders(void)
{
    int64_t few_n[] = {1, kernel->nr / 2, kernel->nr / 2 + 1, kernel->nr - 1, kernel->nr, kernel->nr + 1};
    struct cpu_epilogue post = {0};
    float bias[256];

    fill(bias, 1, 256, 256, 0);
    post.bias = bias;
    for (int64_t m = 1; m <= 2 * kernel->mr + 1; m++) {
        for (int64_t n = 1; n <= 2 * kernel->nr + 1; n++) {
            for (int64_t i = 0; i < 4; i++) {
                int64_t k = (m * 7 + n * 3 + i * 11) % 41;
                struct shape s = {m, n, k, k + (m + n) % 5, n + m % 3, (int)(n & 1), (int)(m + i) & 1};

                check_shape(&s, n % 3 ? NULL : &post);
            }
        }
    }
    for (int64_t k = 0; k <= 40; k++) {
        for (int64_t m = 1; m <= kernel->mr; m++) {
            for (int i = 0; i < 6; i++) {
                struct shape s = {m, few_n[i] ? few_n[i] : 1, k, k + 1, few_n[i] + 1, i & 1, (int)k & 1};

                check_shape(&s, NULL);
            }
        }
    }
}

static void test_large(void)
{
    static const struct shape shapes[] = {
        {1, 300, 2100, 2100, 300, 0, 1}, {3, 130, 1700, 1701, 130, 1, 1}, {130, 70, 1600, 1600, 75, 0, 1},
        {50, 40, 3100, 3100, 40, 0, 0},  {37, 96, 1024, 1024, 96, 0, 1},  {300, 33, 64, 64, 33, 1, 0},
        {64, 64, 64, 512, 64, 0, 1},
    };
    struct cpu_epilogue post = {.step_count = 1, .steps = {{.kind = VT_POST_LEAKY, .a = 0.25f}}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        check_shape(&shapes[i], i & 1 ? &post : NULL);
    }
    CHECK(kernel->tasks(512, 512, 512) > 8);
    CHECK(kernel->tasks(0, 5, 5) == 0 && kernel->tasks(5, 0, 5) == 0);
}

/* NaN and infinity in one row or weight reach just what a plain loop lets them reach. */
static void test_special(void)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};

    for (int v = 0; v < 6; v++) {
        struct shape s = {kernel->mr + 2, kernel->nr + 3, 9, 9, kernel->nr + 3, 0, 1};
        float *x = floats(&mem_x, s.m * s.k, 1), *w = floats(&mem_w, s.n * s.k, 1);
        float *y = floats(&mem_y, s.m * s.n, 1);
        float *packed = guarded_at(&mem_packed, kernel->packed_bytes(s.n, s.k), 1);
        struct cpu_weights_src src = {w, CPU_SRC_F32, s.k, 1, NULL};
        struct cpu_epilogue relu = {.step_count = 1, .steps = {{.kind = VT_POST_RELU}}};
        struct cpu_gemm_args args = {s.m, s.n, s.k, x, packed, y, s.ldx, s.ldy, v < 3 ? NULL : &relu};

        fill(x, s.m, s.k, s.k, 0);
        fill(w, s.n, s.k, s.k, 0);
        x[4 * s.k + 8] = values[v % 3];
        w[(s.n - 1) * s.k + 2] = values[(v + 1) % 3];
        x[1 * s.k + 2] = 0;
        kernel->pack(packed, &src, s.n, s.k, 0, kernel->panels(s.n));
        run_all(&args, 0);
        check_result(&s, &args, w);
    }
}

/* Weights of every type at odd addresses, both orders, with scales. */
static void test_packing(void)
{
    enum { N = 75, K = 70 };
    static float w[N * K], scale[N];
    unsigned char *raw = malloc(N * K * 4 + 3);

    CHECK(raw);
    fill(scale, 1, N, N, 0);
    for (int variant = 0; variant < 12; variant++) {
        enum cpu_src_type type = (enum cpu_src_type)(variant % 3);
        int by_rows = variant / 3 & 1, scaled = variant >= 6;
        struct shape s = {5, N, K, K, N, by_rows, 1};
        float *x = floats(&mem_x, s.m * K, 1), *y = floats(&mem_y, s.m * N, 1);
        float *packed = guarded_at(&mem_packed, kernel->packed_bytes(N, K), 1);
        struct cpu_weights_src src = {raw + 1, type, by_rows ? 1 : K, by_rows ? N : 1, scaled ? scale : NULL};
        struct cpu_gemm_args args = {s.m, N, K, x, packed, y, K, N, NULL};

        fill(x, s.m, K, K, 0);
        for (int i = 0; i < N * K; i++) {
            /* a few bits, so that every type holds it exactly */
            float value = (float)((int)(random_bits() % 63) - 31) / 16.0f;
            uint32_t bits;
            uint16_t half;

            memcpy(&bits, &value, 4);
            half = (uint16_t)(bits >> 16);
            if (type == CPU_SRC_F16) {
                half = (uint16_t)((bits >> 16 & 0x8000) |
                                  ((bits & 0x7fffffff) ? ((bits & 0x7fffffff) - 0x38000000) >> 13 : 0));
            }
            if (type == CPU_SRC_F32) {
                memcpy(raw + 1 + i * 4, &value, 4);
            } else {
                memcpy(raw + 1 + i * 2, &half, 2);
            }
            w[i] = value * (scaled ? scale[by_rows ? i % N : i / K] : 1.0f);
        }
        kernel->pack(packed, &src, N, K, 0, 1);
        kernel->pack(packed, &src, N, K, 1, kernel->panels(N));
        run_all(&args, 0);
        check_result(&s, &args, w);
    }
    free(raw);
}

/* Every step kind, with every layout of operand, behind a product of small range. */
static void test_epilogue(void)
{
    enum { M = 17, N = 43, K = 6 };
    static float bias[N], residual[M * (N + 5)];

    fill(bias, 1, N, N, 0);
    fill(residual, M, N, N + 5, NAN);
    for (int kind = VT_POST_ADD; kind < VT_POST_COUNT; kind++) {
        for (int layout = 0; layout < (kind < VT_POST_FIRST_UNARY ? 4 : 1); layout++) {
            struct cpu_epilogue post = {.bias = layout & 1 ? NULL : bias, .step_count = 2};
            struct cpu_epilogue_step *step = &post.steps[0];
            struct shape s = {M, N, K, K, N, 0, 1, 50};

            *step = (struct cpu_epilogue_step){
                .kind = (enum vt_post_kind)kind, .a = 0.5f, .b = 0.75f, .src = residual};
            step->row_stride = layout & 1 ? N + 5 : 0;
            step->col_stride = layout >> 1;
            post.steps[1] = (struct cpu_epilogue_step){.kind = VT_POST_AFFINE, .a = 0.5f, .b = 0.125f};
            if (kind == VT_POST_SQRT || kind == VT_POST_LOG || kind == VT_POST_RECIP || kind == VT_POST_POW ||
                kind == VT_POST_RDIV || kind == VT_POST_DIV) {
                post.steps[1] = *step;
                post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_AFFINE, .a = 0.03f, .b = 0.75f};
            }
            if (kind == VT_POST_FLOOR || kind == VT_POST_CEIL || kind == VT_POST_ROUND_EVEN) {
                continue; /* jumps; see the exact test below */
            }
            if (kind == VT_POST_DIV) {
                continue; /* the residual comes near 0; see below */
            }
            check_shape(&s, &post);
        }
    }
}

/* A residual is added before the sums leave the registers: every remainder of the tiles, k in one block and
 * cut up, alone or with the relu or clamp behind it, and a step that comes after those. */
static void test_residual(void)
{
    static const enum vt_post_kind second[] = {VT_POST_AFFINE, VT_POST_RELU, VT_POST_CLAMP};
    struct cpu_epilogue post = {.step_count = 3};
    int64_t largest = 2 * kernel->nr + 1;
    float bias[256];

    fill(bias, 1, 256, 256, 0);
    for (int64_t m = 1; m <= 2 * kernel->mr + 1; m++) {
        for (int64_t n = 1; n <= largest; n++) {
            int64_t k = m == kernel->mr && n % 8 == 1 ? 1700 : (m * 5 + n) % 23;
            struct shape s = {m, n, k, k, n + n % 3, 0, (int)(m & 1), 8};
            ptrdiff_t ld = n + (m + n) % 4;
            float *residual = floats(&mem_residual, span(m, n, ld), (int)(n & 1));

            fill(residual, m, n, ld, NAN);
            residual[(m - 1) * ld] = n % 5 ? residual[(m - 1) * ld] : NAN;
            post.bias = n % 2 ? bias : NULL;
            post.steps[0] = (struct cpu_epilogue_step){
                .kind = VT_POST_ADD, .src = residual, .row_stride = ld, .col_stride = 1};
            post.steps[1] = (struct cpu_epilogue_step){.kind = second[(m + n) % 3], .a = -0.25f, .b = 0.75f};
            post.steps[2] = (struct cpu_epilogue_step){.kind = VT_POST_AFFINE, .a = 0.5f, .b = 0.125f};
            post.step_count = 1 + (int)(m * 3 + n) % 3;
            check_shape(&s, &post);
        }
    }
}

/* The programs that tiles run in registers: every remainder of the tiles, odd strides of the residual, which
 * ends at a guard page; one and two blocks of k; NaN and infinities in either operand. */
static void test_fused(void)
{
    enum { RELU = 1, CLAMP = 2, BIAS = 4, VECTOR = 8 };
    static const int64_t ks[] = {5, 16, 2100};
    static float bias[256];

    fill(bias, 1, 256, 256, 0);
    for (int i = 0; i < 256; i++) {
        bias[i] = fabsf(bias[i]); /* a relu leaves something of every column */
    }
    for (int64_t i = 0; i < 3; i++) {
        for (int64_t m = 1; m <= 2 * kernel->mr + 1; m += ks[i] > 100 ? 4 : 1) {
            for (int64_t n = 1; n <= 2 * kernel->nr + 1; n += ks[i] > 100 ? 5 : 1) {
                int form = (int)((m * 5 + n * 3 + i) % 16);
                struct shape s = {m, n, ks[i], ks[i] + n % 3, n + m % 4, 0, (int)(m & 1), 1};
                ptrdiff_t ld = form & VECTOR ? 0 : n + (m + n) % 5;
                float *residual = floats(&mem_residual, span(m, n, ld), 1);
                struct cpu_epilogue post = {.bias = form & BIAS ? bias : NULL, .step_count = 1};

                fill(residual, form & VECTOR ? 1 : m, n, form & VECTOR ? n : ld, NAN);
                for (int64_t j = 0; form & VECTOR && j < n; j++) {
                    residual[j] = fabsf(residual[j]);
                }
                residual[0] = (n & 7) == 3 ? NAN : (n & 7) == 5 ? -INFINITY : residual[0];
                post.steps[0] = (struct cpu_epilogue_step){
                    .kind = VT_POST_ADD, .src = residual, .row_stride = ld, .col_stride = 1};
                if (form & (RELU | CLAMP)) {
                    post.steps[1] = (struct cpu_epilogue_step){
                        .kind = form & RELU ? VT_POST_RELU : VT_POST_CLAMP, .a = -0.25f, .b = 0.5f};
                    post.step_count = 2;
                }
                if (form & CLAMP) { /* and one more, which they leave */
                    post.steps[2] = (struct cpu_epilogue_step){.kind = VT_POST_AFFINE, .a = 0.5f, .b = 1};
                    post.step_count = 3;
                }
                check_shape(&s, &post);
            }
        }
    }
}

/* k = 0: the result is the epilogue of the bias alone, which may then be compared closely. */
static void test_epilogue_exact(void)
{
    enum { N = 79 };
    static float bias[N], other[N], y[N];
    int64_t no_batch[CPU_BATCH_DIMS] = {0};

    for (int kind = VT_POST_ADD; kind < VT_POST_COUNT; kind++) {
        struct cpu_epilogue post = {.bias = bias, .step_count = 1};
        struct cpu_gemm_args args = {1, N, 0, y, y, y, 0, N, &post};

        post.steps[0] = (struct cpu_epilogue_step){
            .kind = (enum vt_post_kind)kind, .a = 0.75f, .b = 1.5f, .src = other, .col_stride = 1};
        for (int round = 0; round < 50; round++) {
            for (int j = 0; j < N; j++) {
                bias[j] = random_float() * (float)(1 << random_bits() % 7);
                other[j] = random_float();
            }
            bias[0] = NAN;
            bias[1] = INFINITY;
            bias[2] = -INFINITY;
            bias[3] = 0;
            args.w = floats(&mem_packed, 0, 1);
            run_all(&args, 0);
            for (int j = 0; j < N; j++) {
                double want = slow_epilogue(&post, 0, no_batch, 0, j);

                if (!close_to((double)y[j], want, 1e-6 * fabs(want) + 2e-7)) {
                    fprintf(stderr, "step %d of %.9g: %.9g, not %.9g\n", kind, (double)bias[j], (double)y[j],
                            want);
                    exit(1);
                }
            }
        }
    }
}

static void check_batched(int64_t m, int64_t n, int64_t k, int turn_a, int turn_b, int shared)
{
    int64_t batch[CPU_BATCH_DIMS] = {2, 2, shared ? 3 : 1}, items = batch[0] * batch[1] * batch[2];
    int64_t a_size = m * k, b_size = n * k, b_items = shared ? 4 : items;
    float *a = floats(&mem_x, a_size * items, 1), *b = floats(&mem_w, b_size * b_items, 1);
    float *y = floats(&mem_y, m * n * items, 1), *mask = malloc((size_t)(m * n * 2) * sizeof(float));
    struct cpu_epilogue post = {.step_count = 2};
    struct cpu_batched_gemm_args args = {
        .m = m, .n = n, .k = k, .a = a, .b = b, .y = y, .ldy = n, .post = &post};
    void *scratch;
    int64_t tasks;

    CHECK(mask);
    fill(a, 1, a_size * items, 0, 0);
    fill(a, 1, a_size * items, a_size * items, 0);
    fill(b, 1, b_size * b_items, b_size * b_items, 0);
    fill(mask, 1, m * n * 2, m * n * 2, 0);
    memcpy(args.batch, batch, sizeof(batch));
    args.a_row = turn_a ? 1 : k;
    args.a_col = turn_a ? m : 1;
    args.b_row = turn_b ? 1 : n;
    args.b_col = turn_b ? k : 1;
    for (int d = 0; d < CPU_BATCH_DIMS; d++) {
        int64_t inner = (d < 1 ? batch[1] : 1) * (d < 2 ? batch[2] : 1);

        args.a_batch[d] = a_size * inner;
        args.y_batch[d] = m * n * inner;
        args.b_batch[d] = shared ? (d == 0 ? 2 * b_size : d == 1 ? b_size : 0) : b_size * inner;
    }
    post.steps[0] = (struct cpu_epilogue_step){.kind = VT_POST_AFFINE, .a = 0.5f};
    post.steps[1] = (struct cpu_epilogue_step){
        .kind = VT_POST_ADD, .src = mask, .row_stride = n, .col_stride = 1, .batch = {m * n, 0, 0}};
    scratch = guarded_at(&mem_scratch, (kernel->batched_scratch_bytes(&args) + 63) / 64 * 64, 1);
    tasks = kernel->batched_tasks(&args);
    for (int64_t t = tasks - 1; t >= 0; t--) {
        kernel->batched_run(&args, t, scratch);
    }
    for (int64_t item = 0; item < items; item++) {
        int64_t at[CPU_BATCH_DIMS] = {item / batch[2] / batch[1], item / batch[2] % batch[1],
                                      item % batch[2]};
        const float *ai = a + item * a_size, *bi = b + (shared ? item / batch[2] : item) * b_size;

        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < n; j++) {
                double sum = 0, size = 1, want;

                for (int64_t l = 0; l < k; l++) {
                    double term = (double)ai[i * args.a_row + l * args.a_col] *
                                  (double)bi[l * args.b_row + j * args.b_col];

                    sum += term;
                    size += fabs(term);
                }
                want = slow_epilogue(&post, sum, at, i, j);
                CHECK(close_to((double)y[(item * m + i) * n + j], want, (double)(k + 4) * 0x1p-24 * size));
            }
        }
    }
    free(mask);
}

static void test_batched(void)
{
    static const int64_t sizes[][3] = {{1, 1, 1},    {1, 50, 33},  {5, 7, 3},    {15, 33, 40},
                                       {29, 70, 17}, {40, 64, 65}, {3, 40, 200}, {17, 9, 1700},
                                       {1, 131, 64}, {2, 7, 33},   {4, 65, 5},   {1, 64, 0}};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int flags = 0; flags < 8; flags++) {
            check_batched(sizes[i][0], sizes[i][1], sizes[i][2], flags & 1, flags >> 1 & 1, flags >> 2);
        }
    }
}

int main(int argc, char **argv)
{
    enum cpu_isa isa = isa_of_arguments(argc, argv);

    kernel = cpu_kernel_exact("gemm_f32", isa);
    if (!kernel) {
        return EXIT_SKIP;
    }
    CHECK(cpu_gemm_f32_get(isa) == kernel);
    mem_x = guarded_create(4 << 20);
    mem_w = guarded_create(4 << 20);
    mem_y = guarded_create(4 << 20);
    mem_packed = guarded_create(8 << 20);
    mem_scratch = guarded_create(8 << 20);
    mem_residual = guarded_create(1 << 20);
    test_remainders();
    test_large();
    test_special();
    test_packing();
    test_epilogue();
    test_residual();
    test_fused();
    test_epilogue_exact();
    test_batched();
    guarded_destroy(&mem_x);
    guarded_destroy(&mem_w);
    guarded_destroy(&mem_y);
    guarded_destroy(&mem_packed);
    guarded_destroy(&mem_scratch);
    guarded_destroy(&mem_residual);
    return 0;
}
