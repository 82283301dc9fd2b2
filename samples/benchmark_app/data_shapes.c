/* What shapes the inputs are fed with, and how many frames an inference counts for. */
#include "../common/file.h"
#include "../common/npy.h"
#include "bench.h"
#include "console.h"
#include "layout.h"

#include <stdlib.h>
#include <string.h>

int bench_batch_axis(const struct input *input)
{
    const char *at = strchr(input->layout, 'N');
    return at ? (int)(at - input->layout) : -1;
}

int bench_find_layouts(struct bench *b)
{
    bool any = false;
    for (size_t i = 0; i < b->input_count; i++) {
        struct input *input = &b->inputs[i];
        if (layout_find(b->options.layout, input->port.name, input->layout, &b->message) < 0) {
            return -1;
        }
        if (!input->layout[0]) {
            layout_guess(&input->port.shape, input->layout);
        } else if (strlen(input->layout) != input->port.shape.rank) {
            return message_fail(&b->message, "-layout: %s has %zu letters, input '%s' has %zu dimensions",
                                input->layout, strlen(input->layout), input->port.name,
                                input->port.shape.rank);
        }
        any |= bench_batch_axis(input) >= 0;
    }
    if (b->options.batch > 0 && !any) {
        return message_fail(&b->message,
                            "-b: no input has a batch dimension N in its layout; name one with -layout");
    }
    return 0;
}

/* The shapes of an input's .npy files, for a model of open shape that was given no -data_shape. */
static int shapes_of_files(struct input *input, size_t *count, struct message *message)
{
    struct shape *shapes = calloc(input->files.count, sizeof(*shapes));
    if (!shapes) {
        return message_fail(message, "no memory");
    }
    free(input->data);
    input->data = shapes;
    *count = input->files.count;
    for (size_t i = 0; i < input->files.count; i++) {
        struct npy npy;
        if (npy_read(input->files.paths[i], &npy, message) < 0) {
            return -1;
        }
        shapes[i].rank = npy.rank;
        for (size_t k = 0; k < npy.rank; k++) {
            shapes[i].dims[k] = (struct dim){(int64_t)npy.dims[k], (int64_t)npy.dims[k]};
        }
        npy_finish(&npy);
    }
    return 0;
}

/* The data shapes of one input; `*count` is how many. */
static int own_shapes(struct bench *b, struct input *input, size_t *count)
{
    const struct named_shapes *given = shape_list_find(&b->options.data_shapes, input->port.name);
    char text[SHAPE_MAX_TEXT];
    *count = 1;
    if (!given && !shape_is_static(&input->port.shape)) {
        if (input->files.count && file_has_suffix(input->files.paths[0], ".npy")) {
            return shapes_of_files(input, count, &b->message);
        }
        return message_fail(&b->message, "input '%s' has the open shape %s: give -data_shape or -shape",
                            input->port.name, shape_text(&input->port.shape, text));
    }
    *count = given ? given->count : 1;
    input->data = calloc(*count, sizeof(*input->data));
    if (!input->data) {
        return message_fail(&b->message, "no memory");
    }
    memcpy(input->data, given ? given->shapes : &input->port.shape, *count * sizeof(*input->data));
    return 0;
}

static int check_shapes(struct bench *b, const struct input *input, size_t count)
{
    char data[SHAPE_MAX_TEXT], limits[SHAPE_MAX_TEXT];
    for (size_t i = 0; i < count; i++) {
        size_t elements;
        if (!shape_fits(&input->data[i], &input->port.shape) || !shape_elements(&input->data[i], &elements)) {
            return message_fail(&b->message, "data shape %s does not fit input '%s' of shape %s",
                                shape_text(&input->data[i], data), input->port.name,
                                shape_text(&input->port.shape, limits));
        }
    }
    return 0;
}

/* Repeats the one shape of an input for every group. */
static int spread_shape(struct bench *b, struct input *input, size_t count)
{
    if (count == b->group_count) {
        return 0;
    }
    if (count != 1) {
        return message_fail(&b->message, "input '%s' has %zu data shapes, another one has %zu",
                            input->port.name, count, b->group_count);
    }
    struct shape *spread = realloc(input->data, b->group_count * sizeof(*spread));
    if (!spread) {
        return message_fail(&b->message, "no memory");
    }
    input->data = spread;
    for (size_t i = 1; i < b->group_count; i++) {
        spread[i] = spread[0];
    }
    return 0;
}

static size_t batch_of_group(const struct bench *b, size_t group, bool *agreed)
{
    size_t batch = 0;
    for (size_t i = 0; i < b->input_count; i++) {
        int axis = bench_batch_axis(&b->inputs[i]);
        if (axis < 0 || (size_t)axis >= b->inputs[i].data[group].rank) {
            continue;
        }
        size_t own = (size_t)b->inputs[i].data[group].dims[axis].min;
        if (batch && own != batch) {
            *agreed = false;
            return 1;
        }
        batch = own;
    }
    return batch ? batch : 1;
}

static int find_batches(struct bench *b)
{
    b->batches = calloc(b->group_count, sizeof(*b->batches));
    if (!b->batches) {
        return message_fail(&b->message, "no memory");
    }
    bool agreed = true;
    for (size_t g = 0; g < b->group_count; g++) {
        b->batches[g] = batch_of_group(b, g, &agreed);
    }
    if (!agreed) {
        console_warn(
            "The inputs do not agree on a batch; it is taken as 1. -layout can name the batch dimension.");
    }
    console_info("Model batch size: %zu", b->batches[0]);
    return 0;
}

int bench_find_data_shapes(struct bench *b)
{
    size_t *counts = calloc(b->input_count, sizeof(*counts));
    if (!counts) {
        return message_fail(&b->message, "no memory");
    }
    int rc = 0;
    b->group_count = 1;
    for (size_t i = 0; i < b->input_count && rc == 0; i++) {
        rc = own_shapes(b, &b->inputs[i], &counts[i]);
        rc = rc == 0 ? check_shapes(b, &b->inputs[i], counts[i]) : rc;
        b->group_count = counts[i] > b->group_count ? counts[i] : b->group_count;
    }
    for (size_t i = 0; i < b->input_count && rc == 0; i++) {
        rc = spread_shape(b, &b->inputs[i], counts[i]);
    }
    free(counts);
    return rc == 0 ? find_batches(b) : rc;
}
