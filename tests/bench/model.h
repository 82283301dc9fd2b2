/* For programs that measure whole models through the C API, and end with a message when it fails. */
#ifndef TESTS_BENCH_MODEL_H
#define TESTS_BENCH_MODEL_H

#include <openvino/c/openvino.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANK 8

static inline void check(ov_status_e status, const char *what)
{
    if (status != OK) {
        const char *text = ov_get_last_err_msg();

        fprintf(stderr, "%s: %s\n", what, text ? text : "no message");
        exit(2);
    }
}

/* A line "NAME   123 kB" of a /proc file; `after` skips ahead to each mapping of that file first. Bytes. */
static inline size_t proc_bytes(const char *file, const char *name, const char *after)
{
    FILE *f = fopen(file, "r");
    char line[4096];
    size_t total = 0;
    bool here = !after;

    while (f && fgets(line, sizeof(line), f)) {
        unsigned long long kb;

        if (after && strstr(line, "-") && strchr(line, '/')) {
            here = strstr(line, after) != NULL;
        } else if (after && strchr(line, '-') && strchr(line, '-') < strchr(line, ' ')) {
            here = false;
        } else if (here && strncmp(line, name, strlen(name)) == 0 &&
                   sscanf(line + strlen(name), "%llu", &kb) == 1) {
            total += (size_t)kb * 1024;
        }
    }
    if (f) {
        fclose(f);
    }
    return total;
}

typedef void fill_fn(ov_element_type_e type, void *data, size_t bytes, uint32_t seed);

/* Input i of the request gets a tensor that fill() makes; `dims` "D,D,..." are those of the input, NULL: as
 * the model has them, 1 where they are dynamic. */
static inline void set_input(ov_compiled_model_t *compiled, ov_infer_request_t *request, size_t i,
                             const char *dims, fill_fn *fill)
{
    ov_output_const_port_t *port;
    ov_partial_shape_t partial;
    ov_element_type_e type;
    ov_shape_t shape = {0, NULL};
    ov_tensor_t *tensor;
    int64_t d[MAX_RANK];
    void *data;
    size_t bytes;

    check(ov_compiled_model_input_by_index(compiled, i, &port), "input");
    check(ov_port_get_partial_shape(port, &partial), "input shape");
    check(ov_port_get_element_type(port, &type), "input type");
    for (int64_t k = 0; k < partial.rank.max && k < MAX_RANK; k++) {
        char *end;

        d[k] = partial.dims[k].min == partial.dims[k].max ? partial.dims[k].min : 1;
        if (dims) {
            d[k] = strtoll(dims, &end, 10);
            dims = *end == ',' ? end + 1 : NULL;
        }
    }
    check(ov_shape_create(partial.rank.max, d, &shape), "shape");
    check(ov_tensor_create(type, shape, &tensor), "tensor");
    check(ov_tensor_data(tensor, &data), "data");
    check(ov_tensor_get_byte_size(tensor, &bytes), "size");
    fill(type, data, bytes, (uint32_t)i + 1);
    check(ov_infer_request_set_input_tensor_by_index(request, i, tensor), "set input");
    ov_tensor_free(tensor);
    ov_shape_free(&shape);
    ov_partial_shape_free(&partial);
    ov_output_const_port_free(port);
}

#endif
