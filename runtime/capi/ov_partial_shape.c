#include "openvino/c/ov_partial_shape.h"

#include "capi.h"

#include <stdlib.h>

/* ---- making */

static bool is_interval(ov_dimension_t d)
{
    return d.min >= -1 && d.max >= d.min;
}

/* *dims is a copy for free(). */
static ov_status_e copy_dims(int64_t rank, const ov_dimension_t *src, ov_dimension_t **dims)
{
    for (int64_t i = 0; i < rank; i++) {
        if (!is_interval(src[i])) {
            return INVALID_C_PARAM;
        }
    }
    *dims = calloc((size_t)rank, sizeof(**dims));
    if (!*dims) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    memcpy(*dims, src, (size_t)rank * sizeof(**dims));
    return OK;
}

ov_status_e ov_partial_shape_create(const int64_t rank, const ov_dimension_t *dims,
                                    ov_partial_shape_t *partial_shape_obj)
{
    ov_dimension_t *copy;
    ov_status_e status;

    if (rank <= 0 || !dims || !partial_shape_obj) {
        return INVALID_C_PARAM;
    }
    status = copy_dims(rank, dims, &copy);
    if (status == OK) {
        *partial_shape_obj = (ov_partial_shape_t){.rank = {rank, rank}, .dims = copy};
    }
    return status;
}

ov_status_e ov_partial_shape_create_dynamic(const ov_rank_t rank, const ov_dimension_t *dims,
                                            ov_partial_shape_t *partial_shape_obj)
{
    if (!partial_shape_obj || !is_interval(rank)) {
        return INVALID_C_PARAM;
    }
    if (!ov_rank_is_dynamic(rank)) {
        return ov_partial_shape_create(rank.max, dims, partial_shape_obj);
    }
    *partial_shape_obj = (ov_partial_shape_t){.rank = rank};
    return OK;
}

static ov_status_e fill_static(int64_t rank, const int64_t *dims, ov_partial_shape_t *partial_shape)
{
    ov_dimension_t *copy = rank ? calloc((size_t)rank, sizeof(*copy)) : NULL;

    if (rank && !copy) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    for (int64_t i = 0; i < rank; i++) {
        copy[i] = (ov_dimension_t){dims[i], dims[i]};
    }
    *partial_shape = (ov_partial_shape_t){.rank = {rank, rank}, .dims = copy};
    return OK;
}

ov_status_e ov_partial_shape_create_static(const int64_t rank, const int64_t *dims,
                                           ov_partial_shape_t *partial_shape_obj)
{
    if (rank < 0 || !dims || !partial_shape_obj) {
        return INVALID_C_PARAM;
    }
    for (int64_t i = 0; i < rank; i++) {
        if (dims[i] <= 0) {
            return INVALID_C_PARAM;
        }
    }
    return fill_static(rank, dims, partial_shape_obj);
}

ov_status_e ov_shape_to_partial_shape(const ov_shape_t shape, ov_partial_shape_t *partial_shape)
{
    if (shape.rank <= 0 || !shape.dims || !partial_shape) {
        return INVALID_C_PARAM;
    }
    return fill_static(shape.rank, shape.dims, partial_shape);
}

void ov_partial_shape_free(ov_partial_shape_t *partial_shape)
{
    if (partial_shape) {
        free(partial_shape->dims);
        partial_shape->dims = NULL;
    }
}

/* ---- reading */

bool ov_partial_shape_is_dynamic(const ov_partial_shape_t partial_shape)
{
    if (ov_rank_is_dynamic(partial_shape.rank) || !partial_shape.dims) {
        return true;
    }
    for (int64_t i = 0; i < partial_shape.rank.max; i++) {
        if (ov_dimension_is_dynamic(partial_shape.dims[i])) {
            return true;
        }
    }
    return false;
}

ov_status_e ov_partial_shape_to_shape(const ov_partial_shape_t partial_shape, ov_shape_t *shape)
{
    int64_t rank = partial_shape.rank.max, *dims;

    if (!shape || (!ov_rank_is_dynamic(partial_shape.rank) && !partial_shape.dims)) {
        return INVALID_C_PARAM;
    }
    if (ov_partial_shape_is_dynamic(partial_shape)) {
        return PARAMETER_MISMATCH;
    }
    dims = calloc((size_t)rank, sizeof(*dims));
    if (!dims) {
        return vt_capi_fail(GENERAL_ERROR, "out of memory");
    }
    for (int64_t i = 0; i < rank; i++) {
        dims[i] = partial_shape.dims[i].max;
    }
    *shape = (ov_shape_t){.rank = rank, .dims = dims};
    return OK;
}

/* A model's way to say "no bound" is a maximum of -1, a caller's is one of INT64_MAX. */
static bool to_interval(ov_dimension_t d, struct vt_dim *dim)
{
    if (d.max != -1 && !is_interval(d)) {
        return false;
    }
    dim->min = d.min > 0 ? d.min : 0;
    dim->max = d.max == INT64_MAX ? -1 : d.max;
    return true;
}

static int dim_text(ov_dimension_t d, char *text, size_t size)
{
    struct vt_dim dim;

    if (!to_interval(d, &dim) || (dim.min == 0 && dim.max < 0)) {
        return snprintf(text, size, "?");
    }
    if (dim.min == dim.max) {
        return snprintf(text, size, "%lld", (long long)dim.min);
    }
    if (dim.max < 0) {
        return snprintf(text, size, "%lld..", (long long)dim.min);
    }
    return dim.min ? snprintf(text, size, "%lld..%lld", (long long)dim.min, (long long)dim.max)
                   : snprintf(text, size, "..%lld", (long long)dim.max);
}

/* Two numbers of 19 digits, two dots, a comma. */
#define DIM_TEXT 48

const char *ov_partial_shape_to_string(const ov_partial_shape_t partial_shape)
{
    int64_t rank = partial_shape.rank.max;
    size_t size, at = 0;
    char *text;

    if (ov_rank_is_dynamic(partial_shape.rank) || !partial_shape.dims) {
        return strdup("?");
    }
    if (__builtin_mul_overflow((size_t)rank, (size_t)DIM_TEXT, &size)) {
        return NULL;
    }
    text = malloc(size + 3);
    if (!text) {
        return NULL;
    }
    text[at++] = '{';
    for (int64_t i = 0; i < rank; i++) {
        if (i) {
            text[at++] = ',';
        }
        at += (size_t)dim_text(partial_shape.dims[i], text + at, DIM_TEXT);
    }
    text[at++] = '}';
    text[at] = 0;
    return text;
}

ov_status_e vt_capi_pshape(const ov_partial_shape_t *partial_shape, struct vt_pshape *shape)
{
    *shape = (struct vt_pshape){.rank = -1};
    if (ov_rank_is_dynamic(partial_shape->rank)) {
        return OK;
    }
    if (!partial_shape->dims) {
        return INVALID_C_PARAM;
    }
    if (partial_shape->rank.max > VT_MAX_RANK) {
        return vt_capi_fail(GENERAL_ERROR, "a shape of rank %lld: at most %d are allowed",
                            (long long)partial_shape->rank.max, VT_MAX_RANK);
    }
    shape->rank = (int32_t)partial_shape->rank.max;
    for (int i = 0; i < shape->rank; i++) {
        if (!to_interval(partial_shape->dims[i], &shape->dims[i])) {
            return INVALID_C_PARAM;
        }
    }
    return OK;
}

ov_status_e vt_capi_pshape_fill(const struct vt_pshape *from, ov_partial_shape_t *shape)
{
    ov_dimension_t *dims = NULL;

    if (from->rank > 0) {
        dims = malloc((size_t)from->rank * sizeof(*dims));
        if (!dims) {
            return vt_capi_fail(GENERAL_ERROR, "out of memory");
        }
    }
    for (int i = 0; i < from->rank; i++) {
        dims[i] = (ov_dimension_t){from->dims[i].min, from->dims[i].max};
    }
    shape->rank = from->rank < 0 ? (ov_rank_t){0, -1} : (ov_rank_t){from->rank, from->rank};
    shape->dims = dims;
    return OK;
}
