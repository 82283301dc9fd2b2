#include "dft.h"

#include "doubles.h"
#include "element.h"
#include "fft.h"
#include "heap.h"

/* Complex numbers in a shape that holds the input and the output of every axis. */
struct field {
    int rank;
    int64_t dims[VT_MAX_RANK];
    double *data;
};

static int64_t count(const struct field *f)
{
    int64_t n = 1;

    for (int i = 0; i < f->rank; i++) {
        n *= f->dims[i];
    }
    return n;
}

/* Cut an axis to n elements or fill it up with zeros. */
static int resize(struct field *f, int axis, int64_t n, struct vt_error *err)
{
    int64_t outer = 1, inner = 1, old = f->dims[axis], keep = old < n ? old : n, total;
    double *data;

    for (int i = 0; i < f->rank; i++) {
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : f->dims[i];
    }
    if (__builtin_mul_overflow(2 * outer * inner, n, &total)) {
        return vt_fail(err, VT_E_NOMEM, "out of memory for a signal of %lld", (long long)n);
    }
    data = vt_doubles_zero(total, err);
    if (!data) {
        return VT_E_NOMEM;
    }
    for (int64_t o = 0; o < outer; o++) {
        memcpy(data + 2 * o * n * inner, f->data + 2 * o * old * inner,
               (size_t)(2 * keep * inner) * sizeof(double));
    }
    vt_temp_free(f->data);
    f->data = data;
    f->dims[axis] = n;
    return VT_OK;
}

/* The second half of a real signal's spectrum mirrors the first. */
static void mirror(double *line, int64_t n, int64_t stride)
{
    line[1] = 0;
    for (int64_t k = 1; k < n; k++) {
        double *a = line + 2 * k * stride, *b = line + 2 * (n - k) * stride;

        if (k > n - k) {
            a[0] = b[0];
            a[1] = -b[1];
        } else if (k == n - k) {
            a[1] = 0;
        }
    }
}

static int transform(struct field *f, int axis, bool inverse, bool hermitian, struct vt_error *err)
{
    int64_t inner = 1, n = f->dims[axis], lines = count(f) / (n ? n : 1);
    int status = VT_OK;

    for (int i = axis + 1; i < f->rank; i++) {
        inner *= f->dims[i];
    }
    for (int64_t l = 0; n && l < lines && status == VT_OK; l++) {
        double *line = f->data + 2 * (l / inner * n * inner + l % inner);

        if (hermitian) {
            mirror(line, n, inner);
        }
        status = vt_fft(line, n, inner, inverse, err);
    }
    return status;
}

static int load(const struct vt_eval *e, struct field *f)
{
    const struct vt_tensor *src = &e->in[0];
    bool real = vt_dft_real_input(e->node);
    int64_t n;

    f->rank = src->rank - !real;
    memcpy(f->dims, src->dims, sizeof(f->dims));
    n = count(f);
    f->data = vt_doubles_zero(2 * n, e->err);
    for (int64_t i = 0; f->data && i < (real ? n : 2 * n); i++) {
        f->data[real ? 2 * i : i] = vt_get_f64(src, i);
    }
    return f->data ? VT_OK : VT_E_NOMEM;
}

static int transform_axes(const struct vt_eval *e, struct field *f)
{
    bool inverse = e->node->op->name[0] == 'I', real_out = vt_dft_real_output(e->node);
    bool given = e->n_in > 2 && e->in[2].type != VT_DYNAMIC;
    int64_t n = vt_tensor_count(&e->in[1]);
    int status = VT_OK;

    for (int64_t i = 0; i < n && status == VT_OK; i++) {
        int64_t axis = vt_get_i64(&e->in[1], i), size = given ? vt_get_i64(&e->in[2], i) : -1;
        bool last = i == n - 1;

        axis += axis < 0 ? f->rank : 0;
        if (size < 0) {
            size = last && real_out ? 2 * (f->dims[axis] - 1) : f->dims[axis];
            size = size < 0 ? 0 : size;
        }
        if (size != f->dims[axis]) {
            status = resize(f, (int)axis, size, e->err);
        }
        if (status == VT_OK) {
            status = transform(f, (int)axis, inverse, last && real_out, e->err);
        }
        if (status == VT_OK && last && vt_dft_real_input(e->node)) {
            status = resize(f, (int)axis, size / 2 + 1, e->err);
        }
    }
    return status;
}

int vt_dft_ref(struct vt_eval *e)
{
    struct field f = {0};
    bool real = vt_dft_real_output(e->node);
    int status = load(e, &f);

    status = status ? status : transform_axes(e, &f);
    for (int64_t i = 0; status == VT_OK && i < vt_tensor_count(&e->out[0]); i++) {
        vt_set_f64(&e->out[0], i, f.data[real ? 2 * i : i]);
    }
    vt_temp_free(f.data);
    return status;
}
