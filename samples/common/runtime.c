#include "runtime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int runtime_check(ov_status_e status, struct message *message, const char *format, ...)
{
    if (status == OK) {
        return 0;
    }
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    const char *detail = ov_get_last_err_msg();
    message_fail(message, "%s: %s%s%.700s", what, ov_get_error_info(status), detail && *detail ? ": " : "",
                 detail ? detail : "");
    ov_free(detail);
    return -1;
}

static int from_partial_shape(const ov_partial_shape_t *src, struct shape *dst, struct message *message)
{
    if (ov_rank_is_dynamic(src->rank) || src->rank.max > SHAPE_MAX_RANK) {
        return message_fail(message, "the number of dimensions is open or above %d", SHAPE_MAX_RANK);
    }
    dst->rank = (size_t)src->rank.max;
    for (size_t i = 0; i < dst->rank; i++) {
        /* The runtime writes "no limit" as -1 or as the largest number it counts to. */
        int64_t max = src->dims[i].max;
        dst->dims[i] = (struct dim){src->dims[i].min < 0 ? 0 : src->dims[i].min, max >= INT64_MAX ? -1 : max};
    }
    return 0;
}

static int describe(const ov_output_const_port_t *port, const char *kind, size_t index,
                    struct port_info *info, struct message *message)
{
    char *name = NULL;
    if (ov_port_get_any_name(port, &name) == OK && name && *name) {
        info->name = strdup(name);
    } else if (asprintf(&info->name, "%s%zu", kind, index) < 0) {
        info->name = NULL;
    }
    ov_free(name);
    if (!info->name) {
        return message_fail(message, "no memory");
    }
    ov_partial_shape_t partial = {0};
    if (runtime_check(ov_port_get_element_type(port, &info->type), message, "element type of %s",
                      info->name) < 0 ||
        runtime_check(ov_port_get_partial_shape(port, &partial), message, "shape of %s", info->name) < 0) {
        return -1;
    }
    int rc = from_partial_shape(&partial, &info->shape, message);
    ov_partial_shape_free(&partial);
    info->has_shape = rc == 0;
    return rc;
}

int runtime_describe_port(ov_output_const_port_t *port, const char *kind, size_t index,
                          struct port_info *info, struct message *message)
{
    *info = (struct port_info){0};
    int rc = describe(port, kind, index, info, message);
    ov_output_const_port_free(port);
    return rc;
}

void port_info_finish(struct port_info *info)
{
    free(info->name);
    *info = (struct port_info){0};
}

int runtime_create_tensor(ov_element_type_e type, const struct shape *shape, ov_tensor_t **tensor,
                          struct message *message)
{
    /* shape_create refuses rank 0; the struct may be filled by hand. */
    int64_t dims[SHAPE_MAX_RANK];
    for (size_t i = 0; i < shape->rank; i++) {
        dims[i] = shape->dims[i].min;
    }
    ov_shape_t plain = {(int64_t)shape->rank, dims};
    char text[SHAPE_MAX_TEXT];
    return runtime_check(ov_tensor_create(type, plain, tensor), message, "tensor of shape %s",
                         shape_text(shape, text));
}

int runtime_tensor_shape(const ov_tensor_t *tensor, struct shape *shape, struct message *message)
{
    ov_shape_t plain = {0};
    if (runtime_check(ov_tensor_get_shape(tensor, &plain), message, "shape of a tensor") < 0) {
        return -1;
    }
    int rc = 0;
    if (plain.rank > SHAPE_MAX_RANK) {
        rc = message_fail(message, "a tensor has more than %d dimensions", SHAPE_MAX_RANK);
    }
    shape->rank = rc == 0 ? (size_t)plain.rank : 0;
    for (size_t i = 0; i < shape->rank; i++) {
        shape->dims[i] = (struct dim){plain.dims[i], plain.dims[i]};
    }
    ov_shape_free(&plain);
    return rc;
}

static int partial_shape(const struct shape *shape, ov_partial_shape_t *partial, struct message *message)
{
    ov_dimension_t dims[SHAPE_MAX_RANK];
    for (size_t k = 0; k < shape->rank; k++) {
        /* {0, -1} is an open dimension; the runtime takes an upper limit alone, but no lower limit alone. */
        int64_t max = shape->dims[k].max, min = shape->dims[k].min;
        dims[k] = (ov_dimension_t){max < 0 && min == 0 ? -1 : min, max < 0 && min > 0 ? INT64_MAX : max};
    }
    ov_rank_t rank = {(int64_t)shape->rank, (int64_t)shape->rank};
    char text[SHAPE_MAX_TEXT];
    return runtime_check(ov_partial_shape_create_dynamic(rank, dims, partial), message, "shape %s",
                         shape_text(shape, text));
}

int runtime_reshape(const ov_model_t *model, const struct shape *shapes, size_t count,
                    struct message *message)
{
    size_t *indexes = calloc(count + 1, sizeof(*indexes));
    ov_partial_shape_t *partial = calloc(count + 1, sizeof(*partial));
    int rc = indexes && partial ? 0 : message_fail(message, "no memory");
    for (size_t i = 0; i < count && rc == 0; i++) {
        indexes[i] = i;
        rc = partial_shape(&shapes[i], &partial[i], message);
    }
    if (rc == 0) {
        rc = runtime_check(ov_model_reshape_by_port_indexes(model, indexes, partial, count), message,
                           "reshaping the model");
    }
    for (size_t i = 0; i < count && partial; i++) {
        ov_partial_shape_free(&partial[i]);
    }
    free(indexes);
    free(partial);
    return rc;
}
