/* The contents of one input tensor. */
#include "../common/element.h"
#include "../common/file.h"
#include "../common/npy.h"
#include "../common/picture_tensor.h"
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* SplitMix64: http://prng.di.unimi.it/splitmix64.c states the constants. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* What a whole-number input means to language models, by its name: any value is legal for tokens, but not for
 * these. */
enum meaning { MEANS_ANYTHING, MEANS_MASK, MEANS_SEGMENT, MEANS_POSITION };

static enum meaning meaning_of(const struct input *input)
{
    if (element_is_real(input->port.type)) {
        return MEANS_ANYTHING;
    }
    const char *name = input->port.name;
    if (strcasestr(name, "position_id")) {
        return MEANS_POSITION;
    }
    if (strcasestr(name, "token_type") || strcasestr(name, "segment")) {
        return MEANS_SEGMENT;
    }
    return strcasestr(name, "mask") ? MEANS_MASK : MEANS_ANYTHING;
}

static double random_value(enum meaning meaning, ov_element_type_e type, size_t index, size_t row,
                           uint64_t *state)
{
    switch (meaning) {
    case MEANS_MASK: return 1;
    case MEANS_SEGMENT: return 0;
    case MEANS_POSITION: return (double)(index % row);
    default: break;
    }
    uint64_t random = next_random(state);
    if (element_is_real(type)) {
        return (double)(random >> 11) * 0x1p-53;
    }
    double low, high;
    element_limits(type, &low, &high);
    return (double)(random % (uint64_t)((high < 255 ? high : 255) + 1));
}

int fill_random(const struct input *input, ov_tensor_t *tensor, uint64_t seed, struct message *message)
{
    void *data = NULL;
    size_t elements = 0;
    struct shape shape = {0};
    if (runtime_check(ov_tensor_get_size(tensor, &elements), message, "size of a tensor") < 0 ||
        runtime_tensor_shape(tensor, &shape, message) < 0) {
        return -1;
    }
    if (!elements) {
        return 0;
    }
    if (runtime_check(ov_tensor_data(tensor, &data), message, "data of a tensor") < 0) {
        return -1;
    }
    ov_element_type_e type = input->port.type;
    enum meaning meaning = meaning_of(input);
    size_t row = shape.rank ? (size_t)shape.dims[shape.rank - 1].min : 1;
    uint64_t state = seed;
    for (size_t i = 0; i < elements; i++) {
        if (!element_store(type, data, i, random_value(meaning, type, i, row, &state))) {
            return message_fail(message,
                                "input '%s': random values of type %s are not supported; give a file with -i",
                                input->port.name, element_name(type));
        }
    }
    return 0;
}

/* A place in a tensor that a file fills: all of it, or one of its frames. */
struct target {
    const struct input *input;
    void *data;
    size_t elements, frames; /* of the whole tensor */
    struct shape shape;      /* of the whole tensor */
    size_t frame;            /* the one to fill, where the file holds one */
};

static int copy_elements(const struct target *target, const struct npy *npy, const char *path, size_t at,
                         struct message *message)
{
    ov_element_type_e from = element_of_npy(npy->kind, npy->item), to = target->input->port.type;
    if (from == DYNAMIC) {
        return message_fail(message, "%s: element type %c%zu is not supported", path, npy->kind, npy->item);
    }
    if (from == to) {
        memcpy((char *)target->data + at * npy->item, npy->data, npy->elements * npy->item);
        return 0;
    }
    for (size_t i = 0; i < npy->elements; i++) {
        double value;
        if (!element_load(from, npy->data, i, &value) || !element_store(to, target->data, at + i, value)) {
            return message_fail(message, "%s: %s cannot become %s of input '%s'", path, element_name(from),
                                element_name(to), target->input->port.name);
        }
    }
    return 0;
}

static int fill_npy(const struct target *target, const char *path, bool *whole, struct message *message)
{
    struct npy npy;
    if (npy_read(path, &npy, message) < 0) {
        return -1;
    }
    *whole = npy.elements == target->elements;
    size_t frame = target->elements / target->frames;
    int rc;
    if (!*whole && npy.elements != frame) {
        rc = message_fail(message, "%s has %zu elements; input '%s' takes %zu, or %zu a frame", path,
                          npy.elements, target->input->port.name, target->elements, frame);
    } else {
        rc = copy_elements(target, &npy, path, *whole ? 0 : target->frame * frame, message);
    }
    npy_finish(&npy);
    return rc;
}

static int fill_bin(const struct target *target, const char *path, bool *whole, struct message *message)
{
    unsigned char *file;
    size_t bytes;
    if (file_read(path, &file, &bytes, message) < 0) {
        return -1;
    }
    unsigned bits = element_bits(target->input->port.type);
    size_t all = (target->elements * bits + 7) / 8, frame = all / target->frames;
    *whole = bytes == all;
    int rc = 0;
    if (!bits || (!*whole && bytes != frame)) {
        rc = message_fail(message, "%s has %zu bytes; input '%s' takes %zu, or %zu a frame", path, bytes,
                          target->input->port.name, all, frame);
    } else {
        memcpy((char *)target->data + (*whole ? 0 : target->frame * frame), file, bytes);
    }
    free(file);
    return rc;
}

static int fill_picture(const struct target *target, const char *path, bool *whole, struct message *message)
{
    *whole = false;
    struct picture_layout layout;
    /* A guessed layout may hold '?', which says nothing about pictures. */
    const char *letters = strchr(target->input->layout, '?') ? "" : target->input->layout;
    if (target->shape.rank == 2) {
        letters = "";
    }
    if (picture_layout_find(&target->shape, letters, &layout, message) < 0) {
        return -1;
    }
    struct image image;
    if (image_read(path, &image, message) < 0) {
        return -1;
    }
    size_t offset = target->frame * (target->elements / target->frames);
    int rc =
        picture_store(&image, &layout, target->input->port.type, target->data, offset, 0, 1, false, message);
    image_finish(&image);
    return rc;
}

static int fill_one(const struct target *target, const char *path, bool *whole, struct message *message)
{
    if (file_has_suffix(path, ".npy")) {
        return fill_npy(target, path, whole, message);
    }
    if (file_has_suffix(path, ".bin")) {
        return fill_bin(target, path, whole, message);
    }
    return fill_picture(target, path, whole, message);
}

int fill_from_files(const struct input *input, ov_tensor_t *tensor, size_t set, struct message *message)
{
    struct target target = {.input = input, .frames = 1};
    if (runtime_check(ov_tensor_get_size(tensor, &target.elements), message, "size of a tensor") < 0 ||
        runtime_check(ov_tensor_data(tensor, &target.data), message, "data of a tensor") < 0 ||
        runtime_tensor_shape(tensor, &target.shape, message) < 0) {
        return -1;
    }
    /* Frames lie one behind the other only where the batch is the first dimension. */
    if (bench_batch_axis(input) == 0 && target.shape.rank && target.shape.dims[0].min > 0) {
        target.frames = (size_t)target.shape.dims[0].min;
    }
    const struct input_files *files = &input->files;
    bool whole;
    if (fill_one(&target, files->paths[set % files->count], &whole, message) < 0) {
        return -1;
    }
    for (size_t frame = 0; !whole && frame < target.frames; frame++) {
        bool again;
        target.frame = frame;
        const char *path = files->paths[(set * target.frames + frame) % files->count];
        if (fill_one(&target, path, &again, message) < 0) {
            return -1;
        }
        whole = again;
    }
    return 0;
}
