/* Fourier transforms: DFT, IDFT, RDFT, IRDFT along any axes, STFT and ISTFT. Each axis is one pass over
 * blocks of lines; blocks are cut by sizes alone. */
#include "impl.h"
#include "kernels/fft.h"
#include "plan.h"

#include <math.h>
#include <string.h>

#define LONGEST      ((int64_t)1 << 22) /* elements of a line */
#define WIDE         ((int64_t)1 << 20) /* floats of scratch beyond which a lone line is not padded to a block */
#define BLOCKS_UP_TO 512                /* elements */
#define CHUNK        512                /* samples of overlapping frames that are summed at a time */

/* One transform of outer * inner lines: line (o, i) begins at o * outer_step + i * inner_step floats, its
 * elements are `step` floats apart. */
struct lines {
    int64_t outer_step, inner_step, step;
};

struct pass {
    const struct cpu_fft *kernel;
    const struct cpu_fft_plan *plan;
    const struct cpu_fft_inside *inside; /* contiguous lines, one after another; then there is no plan */
    enum cpu_fft_form form;
    bool inverse, half, grouped; /* half: a real signal as n / 2 complex elements */
    int64_t n, there;            /* elements of the signal, and of the input */
    int64_t outer, inner, width, blocks;
    struct lines src, dst;
    float scale;
    int from, to; /* outputs of the step, or INPUT */
    int64_t pieces;
};

#define INPUT (-1)

struct pass_job {
    const struct pass *p;
    const float *src, *window;
    float *dst;
};

static void set_side(struct cpu_fft_side *side, const struct lines *lines, int64_t count, bool complex,
                     bool half)
{
    side->step = lines->step * (half ? 2 : 1);
    side->im = complex ? 1 : half ? lines->step : 0;
    side->re_count = half ? (count + 1) / 2 : count;
    side->im_count = complex ? count : half ? count / 2 : 0;
}

/* The lines of one block. */
static void place(const struct pass *p, int64_t block, struct cpu_fft_side *src, struct cpu_fft_side *dst,
                  int64_t *from, int64_t *to)
{
    int64_t first, lines;

    if (p->grouped) {
        int64_t each = (p->inner + p->width - 1) / p->width, i = block % each * p->width;

        first = block / each * p->inner + i;
        lines = p->inner - i < p->width ? p->inner - i : p->width;
    } else {
        first = block * p->width;
        lines = p->outer * p->inner - first < p->width ? p->outer * p->inner - first : p->width;
    }
    for (int64_t l = 0; l < lines; l++) {
        int64_t o = (first + l) / p->inner, i = (first + l) % p->inner;

        from[l] = o * p->src.outer_step + i * p->src.inner_step;
        to[l] = o * p->dst.outer_step + i * p->dst.inner_step;
    }
    src->lines = dst->lines = (int)lines;
    src->offsets = from;
    dst->offsets = to;
    src->adjacent = p->grouped ? p->src.inner_step : 0;
    dst->adjacent = p->grouped ? p->dst.inner_step : 0;
}

static void real_in(const struct pass_job *j, const struct cpu_fft_side *src, const struct cpu_fft_side *dst,
                    float *first, float *second)
{
    const struct pass *p = j->p;
    const struct cpu_fft *k = p->kernel;
    int64_t n = p->plan->n;
    float *result;

    k->load(j->src, src, n, false, first);
    if (j->window) {
        k->window(j->window, p->half, n, first);
    }
    result = k->run(p->plan, first);
    if (p->half) {
        float *other = result == first ? second : first;

        k->unpack(p->plan, result, other);
        result = other;
    }
    k->store(result, dst, p->n / 2 + 1, false, p->scale, j->dst);
}

static void real_out(const struct pass_job *j, const struct cpu_fft_side *src, const struct cpu_fft_side *dst,
                     float *first, float *second)
{
    const struct pass *p = j->p;
    const struct cpu_fft *k = p->kernel;
    int64_t bins = p->n / 2 + 1;

    if (p->half) {
        k->load(j->src, src, bins, false, second);
        k->pack(p->plan, second, first);
    } else {
        k->load(j->src, src, bins, false, first);
        k->mirror(first, p->n);
    }
    k->store(k->run(p->plan, first), dst, p->plan->n, true, p->scale, j->dst);
}

/* Units: blocks of lines. */
static void pass_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct pass_job *j = arg;
    const struct pass *p = j->p;
    float *first = scratch, *second = first + (p->plan->n + 1) * 2 * p->kernel->lanes;
    int64_t from[CPU_FFT_LANES], to[CPU_FFT_LANES];
    struct cpu_fft_side src, dst;

    set_side(&src, &p->src, p->there, p->form != CPU_FFT_REAL_IN, p->form == CPU_FFT_REAL_IN && p->half);
    set_side(&dst, &p->dst, p->form == CPU_FFT_REAL_IN ? p->n / 2 + 1 : p->n, p->form != CPU_FFT_REAL_OUT,
             p->form == CPU_FFT_REAL_OUT && p->half);
    for (int64_t block = begin; block < end; block++) {
        place(p, block, &src, &dst, from, to);
        if (p->form == CPU_FFT_REAL_IN) {
            real_in(j, &src, &dst, first, second);
        } else if (p->form == CPU_FFT_REAL_OUT) {
            real_out(j, &src, &dst, first, second);
        } else {
            p->kernel->load(j->src, &src, p->n, p->inverse, first);
            p->kernel->store(p->kernel->run(p->plan, first), &dst, p->n, p->inverse, p->scale, j->dst);
        }
    }
}

/* Units: lines. */
static void inside_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct pass_job *j = arg;
    const struct pass *p = j->p;
    int64_t bins = p->n / 2 + 1;
    int64_t floats = p->form == CPU_FFT_COMPLEX   ? 2 * (p->there < p->n ? p->there : p->n)
                     : p->form == CPU_FFT_REAL_IN ? (p->there < p->n ? p->there : p->n)
                                                  : 2 * (p->there < bins ? p->there : bins);

    for (int64_t line = begin; line < end; line++) {
        p->kernel->inside(p->inside, p->form, p->form == CPU_FFT_COMPLEX && p->inverse,
                          j->src + line * p->src.outer_step, floats, p->scale,
                          j->dst + line * p->dst.outer_step, scratch);
    }
}

/* Contiguous lines of which there are few, or whose blocks would fill the caches; false: not such. */
static bool prepare_inside(struct cpu_build *b, struct pass *p, struct cpu_step *step)
{
    int64_t lines = p->outer * p->inner, n = p->half ? p->n / 2 : p->n;
    size_t bytes, scratch;
    char *memory;

    if (p->inner != 1 || !p->kernel->inside || (p->form != CPU_FFT_COMPLEX && !p->half) ||
        (lines * 2 >= p->kernel->lanes && n < BLOCKS_UP_TO)) {
        return false;
    }
    bytes = cpu_fft_inside_bytes(n, p->half, p->kernel->lanes);
    memory = bytes ? cpu_plan_alloc(b, bytes + 64) : NULL;
    if (!memory) {
        return false;
    }
    memory += -(uintptr_t)memory & 63;
    p->inside = cpu_fft_inside_init(memory, n, p->half, p->kernel->lanes);
    p->blocks = lines;
    scratch = (size_t)cpu_fft_inside_scratch(n, p->kernel->lanes) * sizeof(float);
    step->scratch = scratch > step->scratch ? scratch : step->scratch;
    return true;
}

static double pass_cost(int64_t lines, int64_t n)
{
    return (double)lines * (double)n * (2 + log2((double)n + 1)) * 0.1;
}

/* Plan a pass whose geometry is set, of lines alone where no window goes with them; adds to the step's
 * scratch. */
static int pass_prepare(struct cpu_build *b, const struct cpu_op *op, struct pass *p, bool alone,
                        struct cpu_step *step, struct vt_error *err)
{
    int64_t n, lines = p->outer * p->inner;
    size_t bytes, scratch;
    char *memory;

    p->half = p->form != CPU_FFT_COMPLEX && p->n % 2 == 0;
    p->kernel = cpu_fft_get(op->isa);
    p->pieces = cpu_pieces(op, pass_cost(lines, p->n));
    if (alone && prepare_inside(b, p, step)) {
        return VT_OK;
    }
    n = p->half ? p->n / 2 : p->n;
    bytes = cpu_fft_plan_bytes(n, p->half);
    memory = bytes ? cpu_plan_alloc(b, bytes + 64) : NULL;
    if (!memory) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for a transform of %lld", (long long)p->n);
    }
    memory += -(uintptr_t)memory & 63;
    p->plan = cpu_fft_plan_init(memory, n, p->half);
    if (lines * 4 <= p->kernel->lanes && cpu_fft_scratch(p->plan, p->kernel->lanes) > WIDE) {
        p->kernel = cpu_fft_get(CPU_ISA_ref);
    }
    p->grouped = p->inner * 2 >= p->kernel->lanes && p->inner > 1;
    p->width = p->kernel->lanes;
    if (p->grouped) { /* even blocks */
        int64_t blocks = (p->inner + p->width - 1) / p->width;

        p->width = (p->inner + blocks - 1) / blocks;
        p->blocks = p->outer * ((p->inner + p->width - 1) / p->width);
    } else {
        p->blocks = (lines + p->width - 1) / p->width;
    }
    scratch = (size_t)cpu_fft_scratch(p->plan, p->kernel->lanes) * sizeof(float);
    step->scratch = scratch > step->scratch ? scratch : step->scratch;
    return VT_OK;
}

static void run_pass(struct cpu_run *run, const struct pass *p, const float *src, const float *window,
                     float *dst)
{
    struct pass_job j = {p, src, window, dst};

    cpu_parallel_range(run, p->blocks, p->pieces, p->inside ? inside_piece : pass_piece, &j);
}

/* ---- DFT, IDFT, RDFT, IRDFT */

struct dft {
    int n;
    struct pass passes[VT_MAX_RANK];
};

struct axes {
    int n, rank; /* rank without the axis of two */
    int64_t axis[VT_MAX_RANK], size[VT_MAX_RANK];
    bool real_in, real_out, inverse;
};

static bool read_axes(const struct cpu_op *op, struct axes *a)
{
    int sizes = 0;
    int64_t most = op->in[0].count; /* numbers between passes, as if all axes were as long as they get */
    bool given = op->n_in > 2 && op->in[2].type != VT_DYNAMIC;

    a->real_in = strcmp(op->type, "RDFT") == 0;
    a->real_out = strcmp(op->type, "IRDFT") == 0;
    a->inverse = op->type[0] == 'I';
    a->rank = op->in[0].rank - !a->real_in;
    if (!cpu_constant_i64s(&op->in[1], a->axis, VT_MAX_RANK, &a->n) || a->n < 1 ||
        (given && (!cpu_constant_i64s(&op->in[2], a->size, VT_MAX_RANK, &sizes) || sizes != a->n))) {
        return false;
    }
    for (int i = 0; i < a->n; i++) {
        int64_t now;

        a->axis[i] += a->axis[i] < 0 ? a->rank : 0;
        if (a->axis[i] < 0 || a->axis[i] >= a->rank) {
            return false;
        }
        for (int k = 0; k < i; k++) {
            if (a->axis[i] == a->axis[k]) {
                return false;
            }
        }
        now = op->in[0].dims[a->axis[i]];
        if (!given || a->size[i] < 0) {
            a->size[i] = i == a->n - 1 && a->real_out ? 2 * (now - 1) : now;
        }
        if (a->size[i] < 1 || a->size[i] > LONGEST ||
            __builtin_mul_overflow(most / now, a->size[i] > now ? a->size[i] : now, &most)) {
            return false;
        }
    }
    return !__builtin_mul_overflow(most, 4, &most); /* floats, with room for what real signals gain */
}

static bool dft_supports(const struct cpu_op *op, const char **reason)
{
    struct axes a;

    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[0].rank < 1 || op->out[0].rank < 1 || !op->in[0].count) {
        return false;
    }
    *reason = "axes or sizes are not constant, appear twice or are out of range";
    return read_axes(op, &a);
}

static double dft_cost(const struct cpu_op *op)
{
    struct axes a;
    double cost = 0;

    for (int i = 0; read_axes(op, &a) && i < a.n; i++) {
        cost += pass_cost(op->out[0].count / a.size[i] + 1, a.size[i]);
    }
    return cost;
}

static int dft_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = dft_cost(op)};
    return 1;
}

/* Along one axis of `dims`, which become those of the result. */
static void lay_out(struct pass *p, const struct axes *a, int64_t *dims, int axis, int64_t size)
{
    int64_t src = p->form == CPU_FFT_REAL_IN ? 1 : 2, dst = p->form == CPU_FFT_REAL_OUT ? 1 : 2, after;

    p->outer = p->inner = 1;
    for (int i = 0; i < a->rank; i++) {
        *(i < axis ? &p->outer : &p->inner) *= i == axis ? 1 : dims[i];
    }
    p->inverse = a->inverse;
    p->n = size;
    p->there = dims[axis];
    after = p->form == CPU_FFT_REAL_IN ? size / 2 + 1 : size;
    p->src = (struct lines){p->inner * p->there * src, src, p->inner * src};
    p->dst = (struct lines){p->inner * after * dst, dst, p->inner * dst};
    p->scale = a->inverse ? 1 / (float)size : 1;
    dims[axis] = after;
}

/* Where each pass leaves its result: in the output as soon as no axis is resized any more. */
static int find_places(struct cpu_build *b, struct dft *d, const int64_t *floats, struct cpu_step *step,
                       struct vt_error *err)
{
    int64_t most[2] = {0, 0};
    int memory[2] = {0, 0}, last = d->n - 1;

    while (last > 0 && d->passes[last].form == CPU_FFT_COMPLEX &&
           d->passes[last].there == d->passes[last].n) {
        last--; /* may work in place */
    }
    for (int i = 0; i < last; i++) {
        most[i % 2] = floats[i] > most[i % 2] ? floats[i] : most[i % 2];
    }
    for (int i = 0; i < 2; i++) {
        memory[i] = most[i] ? cpu_step_memory(b, step, most[i], err) : 0;
        if (memory[i] < 0) {
            return VT_E_NOMEM;
        }
    }
    for (int i = 0; i < d->n; i++) {
        d->passes[i].from = i ? d->passes[i - 1].to : INPUT;
        d->passes[i].to = i < last ? memory[i % 2] : 0;
    }
    return VT_OK;
}

static int dft_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct dft *d = step->data;

    for (int i = 0; i < d->n; i++) {
        const struct pass *p = &d->passes[i];

        run_pass(run, p, p->from == INPUT ? cpu_in(step, run, 0) : cpu_out(step, run, p->from), NULL,
                 cpu_out(step, run, p->to));
    }
    return VT_OK;
}

static int dft_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                       struct cpu_step *step, struct vt_error *err)
{
    struct dft *d = cpu_plan_alloc(b, sizeof(*d));
    int64_t dims[VT_MAX_RANK], floats[VT_MAX_RANK];
    struct axes a;
    int status = VT_OK;

    (void)option;
    if (!d || !read_axes(op, &a)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    memcpy(dims, op->in[0].dims, (size_t)a.rank * sizeof(*dims));
    d->n = a.n;
    for (int i = 0; i < a.n && status == VT_OK; i++) {
        /* Half of the spectrum is enough for the axes behind the real one, so it comes first, or last. */
        int at = !a.real_in ? i : i == 0 ? a.n - 1 : i - 1;
        struct pass *p = &d->passes[i];

        p->form = a.real_in && i == 0          ? CPU_FFT_REAL_IN
                  : a.real_out && i == a.n - 1 ? CPU_FFT_REAL_OUT
                                               : CPU_FFT_COMPLEX;
        lay_out(p, &a, dims, (int)a.axis[at], a.size[at]);
        floats[i] = p->form == CPU_FFT_REAL_OUT ? 1 : 2;
        for (int k = 0; k < a.rank; k++) {
            floats[i] *= dims[k];
        }
        status = pass_prepare(b, op, p, true, step, err);
    }
    status = status ? status : find_places(b, d, floats, step, err);
    step->run = op->out[0].count ? dft_run : NULL;
    step->data = d;
    step->kernel = d->passes[0].kernel ? d->passes[0].kernel->name : "fft";
    return status;
}

const struct cpu_impl cpu_impl_dft = {
    .name = "dft",
    .supports = dft_supports,
    .options = dft_options,
    .prepare = dft_prepare,
};

/* ---- STFT, ISTFT */

struct frames {
    struct pass pass;
    int64_t size, step, batch, n, window, length; /* length: of the signal that comes in or goes out */
    int64_t margin, pieces;
    float scale;
    int memory; /* the window, as long as a frame, then the frames */
};

static bool read_frames(const struct cpu_op *op, int64_t *size, int64_t *step)
{
    int n, m;

    return cpu_constant_i64s(&op->in[2], size, 1, &n) && n == 1 &&
           cpu_constant_i64s(&op->in[3], step, 1, &m) && m == 1 && *size >= 1 && *size <= LONGEST &&
           *step >= 1 && op->in[1].rank == 1 && op->in[1].count <= *size;
}

static bool frames_known(const struct cpu_op *op, int64_t *size, int64_t *step, const char **reason)
{
    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[1].type != VT_F32 || op->in[0].rank < 1 || op->out[0].rank < 1 ||
        !op->in[0].count) {
        return false;
    }
    *reason = "size and step of frames are not constant, or do not fit";
    return read_frames(op, size, step);
}

static bool stft_supports(const struct cpu_op *op, const char **reason)
{
    int64_t size, step;

    return frames_known(op, &size, &step, reason) && op->in[0].rank <= 2 &&
           op->in[0].dims[op->in[0].rank - 1] >= size;
}

static int frames_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)(op->in[0].count + op->out[0].count) * 2};
    return 1;
}

static const float *padded_window(const struct cpu_step *step, struct cpu_run *run, float *memory)
{
    const struct frames *f = step->data;
    int64_t shift = (f->size - f->window) / 2;

    memset(memory, 0, (size_t)f->size * sizeof(*memory));
    if (f->window) {
        memcpy(memory + shift, cpu_in(step, run, 1), (size_t)f->window * sizeof(*memory));
    }
    return memory;
}

static int stft_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct frames *f = step->data;

    run_pass(run, &f->pass, cpu_in(step, run, 0), padded_window(step, run, cpu_out(step, run, f->memory)),
             cpu_out(step, run, 0));
    return VT_OK;
}

static struct frames *frames_create(struct cpu_build *b, const struct cpu_op *op, struct vt_error *err)
{
    struct frames *f = cpu_plan_alloc(b, sizeof(*f));

    if (!f) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    read_frames(op, &f->size, &f->step);
    f->window = op->in[1].count;
    f->pass.n = f->size;
    f->pass.scale = 1;
    return f;
}

static int stft_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct frames *f = frames_create(b, op, err);
    bool transposed = op->host->attr_i64(op->node, "transpose_frames") != 0;
    int64_t bins;
    int status;

    (void)option;
    if (!f) {
        return VT_E_NOMEM;
    }
    bins = f->size / 2 + 1;
    f->batch = op->in[0].rank == 2 ? op->in[0].dims[0] : 1;
    f->length = op->in[0].dims[op->in[0].rank - 1];
    f->n = (f->length - f->size) / f->step + 1;
    f->pass.form = CPU_FFT_REAL_IN;
    f->pass.there = f->size;
    f->pass.outer = f->batch;
    f->pass.inner = f->n;
    f->pass.src = (struct lines){f->length, f->step, 1};
    f->pass.dst = transposed ? (struct lines){bins * f->n * 2, 2, f->n * 2}
                             : (struct lines){bins * f->n * 2, bins * 2, 2};
    status = pass_prepare(b, op, &f->pass, false, step, err);
    f->memory = cpu_step_memory(b, step, f->size, err);
    step->run = op->out[0].count ? stft_run : NULL;
    step->data = f;
    step->kernel = status ? "fft" : f->pass.kernel->name;
    return status ? status : f->memory < 0 ? VT_E_NOMEM : VT_OK;
}

const struct cpu_impl cpu_impl_stft = {
    .name = "stft",
    .supports = stft_supports,
    .options = frames_options,
    .prepare = stft_prepare,
};

static bool istft_supports(const struct cpu_op *op, const char **reason)
{
    int64_t size, step;
    int rank = op->in[0].rank;

    if (!frames_known(op, &size, &step, reason)) {
        return false;
    }
    return rank >= 3 && rank <= 4 && op->in[0].dims[rank - 3] == size / 2 + 1 &&
           op->in[0].dims[rank - 1] == 2;
}

struct overlap_job {
    const struct frames *f;
    const float *frames, *window;
    float *dst;
};

/* Units: chunks of samples of all images. Frames are added in their order. */
static void overlap_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct overlap_job *j = arg;
    const struct frames *f = j->f;
    int64_t chunks = (f->length + CHUNK - 1) / CHUNK;

    (void)scratch;
    for (int64_t u = begin; u < end; u++) {
        int64_t image = u / chunks, first = u % chunks * CHUNK + f->margin;
        int64_t n = f->length - u % chunks * CHUNK < CHUNK ? f->length - u % chunks * CHUNK : CHUNK;
        int64_t frame = first >= f->size ? (first - f->size) / f->step + 1 : 0;
        double sum[CHUNK] = {0}, weight[CHUNK] = {0};
        float *dst = j->dst + image * f->length + u % chunks * CHUNK;

        for (; frame < f->n && frame * f->step < first + n; frame++) {
            int64_t at = frame * f->step - first, from = at < 0 ? -at : 0;
            int64_t to = at + f->size > n ? n - at : f->size;
            const float *src = j->frames + (image * f->n + frame) * f->size;

            for (int64_t k = from; k < to; k++) {
                double w = (double)j->window[k];

                sum[at + k] += (double)src[k] * w;
                weight[at + k] += w * w;
            }
        }
        for (int64_t i = 0; i < n; i++) {
            dst[i] = weight[i] != 0 ? (float)(sum[i] * (double)f->scale / weight[i]) : 0;
        }
    }
}

static int istft_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct frames *f = step->data;
    float *window = cpu_out(step, run, f->memory), *frames = window + ((f->size + 15) & ~(int64_t)15);
    struct overlap_job j = {f, frames, padded_window(step, run, window), cpu_out(step, run, 0)};

    run_pass(run, &f->pass, cpu_in(step, run, 0), NULL, frames);
    cpu_parallel_range(run, f->batch * ((f->length + CHUNK - 1) / CHUNK), f->pieces, overlap_piece, &j);
    return VT_OK;
}

static int istft_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                         struct cpu_step *step, struct vt_error *err)
{
    struct frames *f = frames_create(b, op, err);
    const struct cpu_arg *src = &op->in[0];
    int64_t bins, floats;
    int status;

    (void)option;
    if (!f) {
        return VT_E_NOMEM;
    }
    bins = f->size / 2 + 1;
    f->batch = src->rank == 4 ? src->dims[0] : 1;
    f->n = src->dims[src->rank - 2];
    f->length = op->out[0].dims[op->out[0].rank - 1];
    f->margin = op->host->attr_i64(op->node, "center") ? f->size / 2 : 0;
    f->scale = op->host->attr_i64(op->node, "normalized") ? sqrtf((float)f->size) : 1;
    f->pass.form = CPU_FFT_REAL_OUT;
    f->pass.inverse = true;
    f->pass.there = bins;
    f->pass.outer = f->batch;
    f->pass.inner = f->n;
    f->pass.src = (struct lines){bins * f->n * 2, 2, f->n * 2};
    f->pass.dst = (struct lines){f->n * f->size, f->size, 1};
    f->pass.scale = 1 / (float)f->size;
    f->pieces = cpu_pieces(op, (double)(f->batch * f->n) * (double)f->size);
    status = pass_prepare(b, op, &f->pass, false, step, err);
    if (status == VT_OK && (__builtin_mul_overflow(f->batch * f->n, f->size, &floats) ||
                            __builtin_add_overflow(floats, f->size + 16, &floats))) {
        status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (status == VT_OK) {
        f->memory = cpu_step_memory(b, step, floats, err);
        status = f->memory < 0 ? VT_E_NOMEM : VT_OK;
    }
    step->run = op->out[0].count ? istft_run : NULL;
    step->data = f;
    step->kernel = f->pass.kernel ? f->pass.kernel->name : "fft";
    return status;
}

const struct cpu_impl cpu_impl_istft = {
    .name = "istft",
    .supports = istft_supports,
    .options = frames_options,
    .prepare = istft_prepare,
};
