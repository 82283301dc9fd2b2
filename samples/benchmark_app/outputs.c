/* The outputs of one inference with the first inputs: written as .npy files, or compared with such. */
#include "../common/element.h"
#include "../common/npy.h"
#include "bench.h"
#include "console.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void file_name(const struct bench *b, const char *folder, size_t index, char *path, size_t size)
{
    int n = snprintf(path, size, "%s/%s.npy", folder, b->outputs[index].name);
    for (size_t i = strlen(folder) + 1; n > 0 && i < (size_t)n && i < size; i++) {
        path[i] = path[i] == '/' ? '_' : path[i];
    }
}

/* Every element as a double. */
static double *values_of(const ov_tensor_t *tensor, size_t *count, struct message *message)
{
    ov_element_type_e type = DYNAMIC;
    void *data = NULL;
    if (ov_tensor_get_size(tensor, count) != OK || ov_tensor_get_element_type(tensor, &type) != OK ||
        ov_tensor_data(tensor, &data) != OK) {
        message_fail(message, "an output cannot be read");
        return NULL;
    }
    double *values = malloc((*count + 1) * sizeof(*values));
    for (size_t i = 0; values && i < *count; i++) {
        if (!element_load(type, data, i, &values[i])) {
            free(values);
            message_fail(message, "not implemented: elements of type %s in .npy files", element_name(type));
            return NULL;
        }
    }
    if (!values) {
        message_fail(message, "no memory");
    }
    return values;
}

static int dump(struct bench *b, const ov_tensor_t *tensor, size_t index)
{
    char path[4096];
    struct shape shape;
    size_t count, dims[NPY_MAX_RANK];
    file_name(b, b->options.dump_output, index, path, sizeof(path));
    if (runtime_tensor_shape(tensor, &shape, &b->message) < 0) {
        return -1;
    }
    double *values = values_of(tensor, &count, &b->message);
    if (!values) {
        return -1;
    }
    for (size_t i = 0; i < shape.rank; i++) {
        dims[i] = (size_t)shape.dims[i].min;
    }
    int rc = npy_write_f64(path, shape.rank, dims, values, count, &b->message);
    free(values);
    if (rc == 0) {
        console_info("Output '%s' is written to %s", b->outputs[index].name, path);
    }
    return rc;
}

static int check_shape(const char *path, const struct npy *npy, const struct shape *shape,
                       struct message *message)
{
    struct shape expected = {.rank = npy->rank};
    for (size_t i = 0; i < npy->rank; i++) {
        expected.dims[i] = (struct dim){(int64_t)npy->dims[i], (int64_t)npy->dims[i]};
    }
    char text[SHAPE_MAX_TEXT], own[SHAPE_MAX_TEXT];
    return shape_fits(shape, &expected) ? 0
                                        : message_fail(message, "%s has the shape %s, the output %s", path,
                                                       shape_text(&expected, text), shape_text(shape, own));
}

/* The largest difference as a share of the largest expected value; NaN meets NaN alone. */
static int compare_values(struct bench *b, const char *path, const double *values, size_t count,
                          const struct shape *shape, double *worst)
{
    struct npy npy;
    if (npy_read(path, &npy, &b->message) < 0) {
        return -1;
    }
    ov_element_type_e type = element_of_npy(npy.kind, npy.item);
    double range = 0, difference = 0;
    int rc = check_shape(path, &npy, shape, &b->message);
    for (size_t i = 0; i < count && rc == 0; i++) {
        double want = 0;
        if (!element_load(type, npy.data, i, &want)) {
            rc = message_fail(&b->message, "%s: not implemented: elements of this type", path);
        } else if (isnan(want) != isnan(values[i])) {
            difference = INFINITY;
        } else if (!isnan(want) && want != values[i]) {
            difference = fmax(difference, fabs(want - values[i]));
        }
        range = isfinite(want) ? fmax(range, fabs(want)) : range;
    }
    npy_finish(&npy);
    *worst = difference == 0 ? 0 : range > 0 ? difference / range : difference;
    return rc;
}

static int compare(struct bench *b, const ov_tensor_t *tensor, size_t index, bool *differs)
{
    double tolerance = b->options.tolerance < 0 ? 1e-3 : b->options.tolerance, worst = 0;
    char path[4096];
    struct shape shape;
    size_t count;
    if (runtime_tensor_shape(tensor, &shape, &b->message) < 0) {
        return -1;
    }
    double *values = values_of(tensor, &count, &b->message);
    if (!values) {
        return -1;
    }
    file_name(b, b->options.compare, index, path, sizeof(path));
    int rc = compare_values(b, path, values, count, &shape, &worst);
    free(values);
    if (rc < 0) {
        return -1;
    }
    console_info("Output '%s' differs by %.3g of the range from %s", b->outputs[index].name, worst, path);
    *differs |= !(worst <= tolerance);
    return 0;
}

int bench_check_outputs(struct bench *b)
{
    const struct options *o = &b->options;
    bool differs = false;
    if (!o->dump_output && !o->compare) {
        return 0;
    }
    if (o->dump_output && mkdir(o->dump_output, 0777) < 0 && errno != EEXIST) {
        return message_fail(&b->message, "cannot make the folder %s: %s", o->dump_output, strerror(errno));
    }
    if (bench_bind_inputs(b, 0, 0) < 0 ||
        runtime_check(ov_infer_request_infer(b->requests[0]), &b->message, "inference") < 0) {
        return -1;
    }
    for (size_t i = 0; i < b->output_count; i++) {
        ov_tensor_t *tensor = NULL;
        int rc = runtime_check(ov_infer_request_get_output_tensor_by_index(b->requests[0], i, &tensor),
                               &b->message, "output %zu", i);
        rc = rc == 0 && o->dump_output ? dump(b, tensor, i) : rc;
        rc = rc == 0 && o->compare ? compare(b, tensor, i, &differs) : rc;
        ov_tensor_free(tensor);
        if (rc < 0) {
            return -1;
        }
    }
    return differs ? message_fail(&b->message, "outputs differ by more than %g of the range from those in %s",
                                  o->tolerance < 0 ? 1e-3 : o->tolerance, o->compare)
                   : 0;
}
