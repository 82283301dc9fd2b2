/* GFLOP/s of the f32 matrix products, one thread: gemm LEVEL [m n k]. */
#include "gemm.h"

#include "measure.h"

struct job {
    const struct cpu_gemm_f32 *kernel;
    struct cpu_gemm_args args;
    struct cpu_batched_gemm_args batched;
    void *scratch;
};

static void run_gemm(void *context)
{
    struct job *job = context;
    int64_t tasks = job->kernel->tasks(job->args.m, job->args.n, job->args.k);

    for (int64_t t = 0; t < tasks; t++) {
        job->kernel->run(&job->args, t, job->scratch);
    }
}

static void run_batched(void *context)
{
    struct job *job = context;
    int64_t tasks = job->kernel->batched_tasks(&job->batched);

    for (int64_t t = 0; t < tasks; t++) {
        job->kernel->batched_run(&job->batched, t, job->scratch);
    }
}

static void bench_gemm(const struct cpu_gemm_f32 *kernel, int64_t m, int64_t n, int64_t k)
{
    float *x = bench_floats((size_t)(m * k)), *w = bench_floats((size_t)(n * k)),
          *y = bench_floats((size_t)(m * n));
    float *packed = bench_floats(kernel->packed_bytes(n, k) / 4);
    struct cpu_weights_src src = {w, CPU_SRC_F32, k, 1, NULL};
    struct job job = {.kernel = kernel, .args = {m, n, k, x, packed, y, k, n, NULL}};
    char what[80];

    job.scratch = bench_floats(kernel->scratch_bytes(m, n, k) / 4);
    kernel->pack(packed, &src, n, k, 0, kernel->panels(n));
    snprintf(what, sizeof(what), "%ldx%ldx%ld", (long)m, (long)n, (long)k);
    report(what, 2.0 * (double)m * (double)n * (double)k, best_time(run_gemm, &job, 0.25),
           fma_peak(kernel->isa));
    free(x);
    free(w);
    free(y);
    free(packed);
    free(job.scratch);
}

/* Attention: scores (B turned) and values, for heads of one sequence. */
static void bench_attention(const struct cpu_gemm_f32 *kernel, int64_t heads, int64_t m, int64_t n, int64_t k,
                            int turned)
{
    float *a = bench_floats((size_t)(heads * m * k)), *b = bench_floats((size_t)(heads * n * k));
    float *y = bench_floats((size_t)(heads * m * n));
    struct job job = {.kernel = kernel};
    char what[80];

    job.batched = (struct cpu_batched_gemm_args){
        .m = m, .n = n, .k = k, .batch = {1, 1, heads}, .a = a, .b = b, .y = y};
    job.batched.a_row = k;
    job.batched.a_col = 1;
    job.batched.b_row = turned ? 1 : n;
    job.batched.b_col = turned ? k : 1;
    job.batched.ldy = n;
    job.batched.a_batch[2] = m * k;
    job.batched.b_batch[2] = n * k;
    job.batched.y_batch[2] = m * n;
    job.scratch = bench_floats(kernel->batched_scratch_bytes(&job.batched) / 4);
    snprintf(what, sizeof(what), "%ld x %ldx%ldx%ld%s", (long)heads, (long)m, (long)n, (long)k,
             turned ? " B^T" : "");
    report(what, 2.0 * (double)(heads * m) * (double)n * (double)k, best_time(run_batched, &job, 0.25),
           fma_peak(kernel->isa));
    free(a);
    free(b);
    free(y);
    free(job.scratch);
}

int main(int argc, char **argv)
{
    static const int64_t shapes[][3] = {
        {64, 64, 64},      {128, 128, 128},   {256, 256, 256},  {512, 512, 512},  {1024, 1024, 1024},
        {128, 1536, 576},  {128, 768, 768},   {128, 3072, 768}, {128, 768, 3072}, {384, 1024, 1024},
        {384, 4096, 1024}, {512, 5632, 2048}, {1, 1000, 2048},  {1, 5632, 2048},  {2, 5632, 2048},
        {4, 5632, 2048},   {8, 5632, 2048},   {1, 256, 256},
    };
    int isa = level_of_arguments(argc, argv);
    const struct cpu_gemm_f32 *kernel = isa < 0 ? NULL : cpu_gemm_f32_get((enum cpu_isa)isa);

    if (!kernel || (argc > 1 && kernel->isa != (enum cpu_isa)isa)) {
        return 77;
    }
    printf("%s, FMA peak %.1f GFLOP/s\n", kernel->name, fma_peak(kernel->isa));
    if (argc > 4) {
        bench_gemm(kernel, atol(argv[2]), atol(argv[3]), atol(argv[4]));
        return 0;
    }
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        bench_gemm(kernel, shapes[i][0], shapes[i][1], shapes[i][2]);
    }
    bench_attention(kernel, 12, 128, 128, 64, 1);
    bench_attention(kernel, 12, 128, 64, 128, 0);
    bench_attention(kernel, 16, 384, 384, 64, 1);
    bench_attention(kernel, 16, 384, 64, 384, 0);
    bench_attention(kernel, 12, 1, 1024, 64, 1);
    bench_attention(kernel, 12, 1, 64, 1024, 0);
    return 0;
}
