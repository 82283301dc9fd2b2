/* build_model: a convolutional classifier put together in C, without a model file.
 *
 * The network is that of models/digits, and so are its weights: digits.bin holds them one after the other,
 * each at a multiple of 64 bytes. They are used where they lie, not copied. */
#include "../common/classifier.h"
#include "../common/file.h"
#include "../common/picture_tensor.h"

#include <stdlib.h>
#include <string.h>
#include <vintner.h>

/* The file of weights, and how much of it is used up. */
struct weights {
    unsigned char *data;
    size_t bytes, at;
    bool short_of; /* the file ends too early */
};

/* The next tensor of f32 in the file, as a constant. */
static vt_port_t take(vt_builder_t *b, struct weights *w, const char *name, int64_t rank, const int64_t *dims)
{
    size_t bytes = sizeof(float), at = w->at;
    for (int64_t i = 0; i < rank; i++) {
        bytes *= (size_t)dims[i];
    }
    if (w->bytes < at || bytes > w->bytes - at) {
        w->short_of = true;
        return VT_NO_PORT;
    }
    w->at = (at + bytes + 63) / 64 * 64;
    /* No release function: main() frees the file after everything that reads it. */
    return vt_builder_constant_borrowed(b, name, F32, rank, dims, w->data + at, NULL, NULL);
}

/* 3x3 convolution, batch normalisation, ReLU. */
static vt_port_t layer(vt_builder_t *b, struct weights *w, vt_port_t x, int64_t from, int64_t to)
{
    static const int64_t one[] = {1, 1};
    const vt_attribute_t conv[] = {VT_ATTR_INTS("strides", one, 2), VT_ATTR_INTS("dilations", one, 2),
                                   VT_ATTR_INTS("pads_begin", one, 2), VT_ATTR_INTS("pads_end", one, 2)};
    const vt_attribute_t norm[] = {VT_ATTR_REAL("epsilon", 1e-5)};
    const int64_t kernel[] = {to, from, 3, 3};
    vt_port_t in[5] = {x, take(b, w, NULL, 4, kernel)};
    in[0] = vt_builder_op(b, "Convolution", "opset1", NULL, 2, in, 4, conv);
    for (int i = 1; i < 5; i++) { /* gamma, beta, mean, variance */
        in[i] = take(b, w, NULL, 1, &to);
    }
    x = vt_builder_op(b, "BatchNormInference", "opset5", NULL, 5, in, 1, norm);
    return vt_builder_op(b, "Relu", "opset1", NULL, 1, &x, 0, NULL);
}

static vt_port_t halve(vt_builder_t *b, vt_port_t x)
{
    static const vt_attribute_t pool[] = {VT_ATTR("kernel", "2,2"), VT_ATTR("strides", "2,2"),
                                          VT_ATTR("pads_begin", "0,0"), VT_ATTR("pads_end", "0,0")};
    return vt_builder_op(b, "MaxPool", "opset1", NULL, 1, &x, 4, pool);
}

static vt_port_t binary(vt_builder_t *b, const char *type, vt_port_t x, vt_port_t y)
{
    return vt_builder_op(b, type, "opset1", NULL, 2, (vt_port_t[]){x, y}, 0, NULL);
}

/* Any number of pictures of 8x8 grey pixels -> one score for each digit. No call is checked by itself: after
 * a failure the others do nothing, and the last one answers it. */
static int build(const ov_core_t *core, struct weights *w, ov_model_t **model, struct message *message)
{
    static const int64_t one[] = {1, 1, 1, 1}, dense[] = {10, 128}, bias[] = {1, 10};
    static const vt_attribute_t transposed[] = {VT_ATTR("transpose_b", "true")};
    static const vt_attribute_t keep[] = {VT_ATTR("special_zero", "true")};
    vt_builder_t *b = NULL;
    if (runtime_check(vt_builder_create(core, "digits", &b), message, "a builder") < 0) {
        return -1;
    }
    vt_port_t x = vt_builder_parameter(b, "picture", F32, 4, (int64_t[]){-1, 1, 8, 8});
    x = binary(b, "Multiply", x, take(b, w, "scale", 4, one));
    x = layer(b, w, x, 1, 16);
    x = halve(b, layer(b, w, x, 16, 32));
    x = halve(b, layer(b, w, x, 32, 32));
    /* 0: as many pictures as there are. The file has this list too, between the weights. */
    w->at += 64;
    x = vt_builder_op(b, "Reshape", "opset1", NULL, 2,
                      (vt_port_t[]){x, vt_builder_i64s(b, 2, (int64_t[]){0, 128})}, 1, keep);
    x = vt_builder_op(b, "MatMul", "opset1", "dense", 2,
                      (vt_port_t[]){x, take(b, w, "dense/weights", 2, dense)}, 1, transposed);
    x = binary(b, "Add", x, take(b, w, "bias", 2, bias));
    vt_builder_result(b, "logits", x);
    int rc = w->short_of ? message_fail(message, "the file of weights is too short")
                         : runtime_check(vt_builder_finish(b, model), message, "building the model");
    vt_builder_free(b);
    return rc;
}

static int fill(ov_tensor_t *tensor, const char *path, struct message *message)
{
    struct shape shape = {.rank = 4, .dims = {{1, 1}, {1, 1}, {8, 8}, {8, 8}}};
    struct picture_layout layout;
    struct image image;
    void *data = NULL;
    if (runtime_check(ov_tensor_data(tensor, &data), message, "data of the input") < 0 ||
        picture_layout_find(&shape, "NCHW", &layout, message) < 0 || image_read(path, &image, message) < 0) {
        return -1;
    }
    int rc = picture_store(&image, &layout, F32, data, 0, 0, 1, false, message);
    image_finish(&image);
    return rc;
}

static int classify(const ov_core_t *core, const ov_model_t *model, const char *device, const char *picture,
                    struct message *message)
{
    static const struct labels none = {0};
    int64_t dims[] = {1, 1, 8, 8};
    ov_shape_t shape = {.rank = 4, .dims = dims};
    ov_compiled_model_t *compiled = NULL;
    ov_infer_request_t *request = NULL;
    ov_tensor_t *input = NULL, *output = NULL;
    int rc = runtime_check(ov_core_compile_model(core, model, device, 0, &compiled), message,
                           "compiling for %s", device);
    rc = rc == 0
             ? runtime_check(ov_compiled_model_create_infer_request(compiled, &request), message, "request")
             : rc;
    rc = rc == 0 ? runtime_check(ov_tensor_create(F32, shape, &input), message, "the input") : rc;
    rc = rc == 0 ? fill(input, picture, message) : rc;
    rc = rc == 0 ? runtime_check(ov_infer_request_set_tensor(request, "picture", input), message, "the input")
                 : rc;
    rc = rc == 0 ? runtime_check(ov_infer_request_infer(request), message, "inference") : rc;
    rc = rc == 0
             ? runtime_check(ov_infer_request_get_tensor(request, "logits", &output), message, "the output")
             : rc;
    rc = rc == 0 ? classifier_print(output, &none, 3, false, picture, message) : rc;
    ov_tensor_free(input);
    ov_tensor_free(output);
    ov_infer_request_free(request);
    ov_compiled_model_free(compiled);
    return rc;
}

static int run(char **argv, struct weights *w, struct message *message)
{
    const char *device = argv[3] ? argv[3] : "CPU", *saved = argv[3] ? argv[4] : NULL;
    ov_core_t *core = NULL;
    ov_model_t *model = NULL;
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    rc = rc == 0 ? build(core, w, &model, message) : rc;
    rc = rc == 0 ? classify(core, model, device, argv[2], message) : rc;
    if (rc == 0 && saved) {
        rc = runtime_check(vt_model_save(model, saved, NULL, NULL), message, "saving %s", saved);
        if (rc == 0) {
            printf("\n[ INFO ] Saved as %s\n", saved);
        }
    }
    ov_model_free(model);
    ov_core_free(core);
    return rc;
}

static void print_usage(FILE *file)
{
    fprintf(file, "build_model WEIGHTS PICTURE [DEVICE [SAVED]]\n\n"
                  "Builds the classifier of models/digits in C, over its weights (models/digits/digits.bin), "
                  "says which\n"
                  "digit a picture shows, and saves the model as an IR file SAVED (with a .bin beside it).\n"
                  "DEVICE: CPU unless given. Exit code: 0, or 1 after an error.\n");
}

int main(int argc, char **argv)
{
    struct message message = {""};
    struct weights w = {0};
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc < 3 || argc > 5) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    int rc = file_read(argv[1], &w.data, &w.bytes, &message);
    rc = rc == 0 ? run(argv, &w, &message) : rc;
    free(w.data);
    if (rc < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
