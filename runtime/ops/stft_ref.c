#include "stft.h"

#include "doubles.h"
#include "element.h"
#include "fft.h"
#include "heap.h"

#include <math.h>

/* What both directions need: the window padded to a frame, and room for one frame's spectrum. */
struct frames {
    int64_t size, step, bins, n, batch;
    double *window, *spectrum;
};

static int frames_init(struct frames *f, const struct vt_eval *e)
{
    const struct vt_tensor *window = &e->in[1];
    int64_t length = vt_tensor_count(window), shift;

    if (vt_tensor_count(&e->in[2]) < 1 || vt_tensor_count(&e->in[3]) < 1) {
        return vt_fail(e->err, VT_E_SHAPE, "frame_size and frame_step must have one element");
    }
    f->size = vt_get_i64(&e->in[2], 0);
    f->step = vt_get_i64(&e->in[3], 0);
    if (f->size < 1 || f->step < 1 || length > f->size) {
        return vt_fail(e->err, VT_E_RANGE, "a window of %lld, frames of %lld with step %lld",
                       (long long)length, (long long)f->size, (long long)f->step);
    }
    f->bins = f->size / 2 + 1;
    f->window = vt_doubles_zero(f->size, e->err);
    f->spectrum = vt_doubles_zero(2 * f->size, e->err);
    if (!f->window || !f->spectrum) {
        return VT_E_NOMEM;
    }
    shift = (f->size - length) / 2;
    for (int64_t i = 0; i < length; i++) {
        f->window[shift + i] = vt_get_f64(window, i);
    }
    return VT_OK;
}

static void frames_finish(struct frames *f)
{
    vt_temp_free(f->window);
    vt_temp_free(f->spectrum);
}

static int64_t spectrum_place(const struct frames *f, bool frames_last, int64_t image, int64_t frame,
                              int64_t bin)
{
    return 2 *
           (frames_last ? (image * f->bins + bin) * f->n + frame : (image * f->n + frame) * f->bins + bin);
}

static int stft_run(struct vt_eval *e, struct frames *f)
{
    const struct vt_tensor *src = &e->in[0];
    bool transposed = vt_attr_bool(e->node, "transpose_frames");
    int64_t length = src->dims[src->rank - 1];
    int status = VT_OK;

    f->batch = src->rank == 2 ? src->dims[0] : 1;
    f->n = (length - f->size) / f->step + 1;
    for (int64_t i = 0; i < f->batch * f->n && status == VT_OK; i++) {
        int64_t image = i / f->n, frame = i % f->n;

        for (int64_t k = 0; k < f->size; k++) {
            f->spectrum[2 * k] = vt_get_f64(src, image * length + frame * f->step + k) * f->window[k];
            f->spectrum[2 * k + 1] = 0;
        }
        status = vt_fft(f->spectrum, f->size, 1, false, e->err);
        for (int64_t bin = 0; bin < f->bins; bin++) {
            vt_store_doubles(&e->out[0], spectrum_place(f, transposed, image, frame, bin),
                             f->spectrum + 2 * bin, 2);
        }
    }
    return status;
}

int vt_stft_ref(struct vt_eval *e)
{
    struct frames f = {0};
    int status = frames_init(&f, e);

    status = status ? status : stft_run(e, &f);
    frames_finish(&f);
    return status;
}

/* Add up all frames of one image, windowed once more, and the squares of the windows to divide by. */
static int overlap(const struct vt_eval *e, struct frames *f, int64_t image, double *signal, double *weight)
{
    int status = VT_OK;

    for (int64_t frame = 0; frame < f->n && status == VT_OK; frame++) {
        for (int64_t k = 0; k < f->size; k++) {
            int64_t bin = k < f->bins ? k : f->size - k;
            int64_t at = spectrum_place(f, true, image, frame, bin);
            bool real = bin == 0 || 2 * bin == f->size;

            f->spectrum[2 * k] = vt_get_f64(&e->in[0], at);
            f->spectrum[2 * k + 1] = real ? 0 : (k < f->bins ? 1 : -1) * vt_get_f64(&e->in[0], at + 1);
        }
        status = vt_fft(f->spectrum, f->size, 1, true, e->err);
        for (int64_t k = 0; k < f->size; k++) {
            signal[frame * f->step + k] += f->spectrum[2 * k] * f->window[k];
            weight[frame * f->step + k] += f->window[k] * f->window[k];
        }
    }
    return status;
}

static int istft_run(struct vt_eval *e, struct frames *f, double *signal, double *weight, int64_t length)
{
    struct vt_tensor *dst = &e->out[0];
    int64_t margin = vt_attr_bool(e->node, "center") ? f->size / 2 : 0, wanted = dst->dims[dst->rank - 1];
    double scale = vt_attr_bool(e->node, "normalized") ? sqrt((double)f->size) : 1;
    int status = VT_OK;

    for (int64_t image = 0; image < f->batch && status == VT_OK; image++) {
        memset(signal, 0, (size_t)length * sizeof(*signal));
        memset(weight, 0, (size_t)length * sizeof(*weight));
        status = overlap(e, f, image, signal, weight);
        for (int64_t i = 0; i < wanted; i++) {
            int64_t at = i + margin;
            bool inside = at < length && weight[at] != 0;

            vt_set_f64(dst, image * wanted + i, inside ? signal[at] * scale / weight[at] : 0);
        }
    }
    return status;
}

int vt_istft_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    struct frames f = {0};
    double *signal = NULL, *weight = NULL;
    int64_t length = 0;
    int status = frames_init(&f, e);

    if (status == VT_OK && src->dims[src->rank - 3] != f.bins) {
        status = vt_fail(e->err, VT_E_SHAPE, "input 0 has %lld values a frame, frames of %lld have %lld",
                         (long long)src->dims[src->rank - 3], (long long)f.size, (long long)f.bins);
    }
    if (status == VT_OK) {
        f.batch = src->rank == 4 ? src->dims[0] : 1;
        f.n = src->dims[src->rank - 2];
    }
    if (status == VT_OK && f.n &&
        (__builtin_mul_overflow(f.n - 1, f.step, &length) ||
         __builtin_add_overflow(length, f.size, &length))) {
        status = vt_fail(e->err, VT_E_RANGE, "%lld frames with a step of %lld are too long", (long long)f.n,
                         (long long)f.step);
    }
    if (status == VT_OK) {
        signal = vt_doubles_zero(length, e->err);
        weight = vt_doubles_zero(length, e->err);
        status = signal && weight ? istft_run(e, &f, signal, weight, length) : VT_E_NOMEM;
    }
    vt_temp_free(signal);
    vt_temp_free(weight);
    frames_finish(&f);
    return status;
}
