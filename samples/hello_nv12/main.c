/* hello_nv12: what is on a picture of a camera or a video decoder, by a classifier. */
#include "../common/classes.h"
#include "../common/classifier.h"
#include "../common/file.h"
#include "../common/picture_tensor.h"
#include "../common/runtime.h"
#include "arguments.h"
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

struct session {
    struct arguments arguments;
    struct labels labels;
    struct port_info input;
    unsigned char *picture;
    ov_core_t *core;
    ov_model_t *model, *whole;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    ov_tensor_t *tensors[2], *output;
};

static int read_picture(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    size_t bytes, wanted = a->width * a->height / 2 * 3;
    if (file_read(a->picture, &s->picture, &bytes, message) < 0) {
        return -1;
    }
    if (bytes != wanted) {
        return message_fail(message, "%s has %zu bytes; an NV12 picture of %zux%zu has %zu", a->picture,
                            bytes, a->width, a->height, wanted);
    }
    return 0;
}

static int load(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    struct picture_layout layout;
    printf("[ INFO ] Loading model files: %s\n", a->model);
    if (runtime_check(ov_core_create(&s->core), message, "loading the runtime") < 0 ||
        runtime_check(ov_core_read_model(s->core, a->model, NULL, &s->model), message, "reading %s",
                      a->model) < 0 ||
        classifier_find_input(s->model, &s->input, message) < 0 ||
        picture_layout_find(&s->input.shape, a->layout, &layout, message) < 0) {
        return -1;
    }
    /* An open batch becomes 1 in the model too: what comes in front of it must know the shape. */
    if (runtime_reshape(s->model, &s->input.shape, 1, message) < 0 ||
        pipeline_build(s->model, &layout, a, &s->whole, message) < 0) {
        return -1;
    }
    ov_property_t precision = {ov_property_key_hint_inference_precision, a->precision};
    if (runtime_check(ov_core_compile_model_props(s->core, s->whole, a->device, a->precision ? 1 : 0,
                                                  &precision, &s->compiled),
                      message, "compiling for %s", a->device) < 0) {
        return -1;
    }
    return runtime_check(ov_compiled_model_create_infer_request(s->compiled, &s->request), message,
                         "creating a request");
}

/* Fills input `index` with the `bytes` bytes of a plane, for each picture of the batch the same. */
static int fill_plane(struct session *s, size_t index, const unsigned char *plane, size_t bytes,
                      struct message *message)
{
    void *data = NULL;
    size_t total = 0;
    if (runtime_check(ov_infer_request_get_input_tensor_by_index(s->request, index, &s->tensors[index]),
                      message, "input %zu", index) < 0 ||
        runtime_check(ov_tensor_get_byte_size(s->tensors[index], &total), message, "size of input %zu",
                      index) < 0 ||
        runtime_check(ov_tensor_data(s->tensors[index], &data), message, "data of input %zu", index) < 0) {
        return -1;
    }
    for (size_t at = 0; at + bytes <= total; at += bytes) {
        memcpy((unsigned char *)data + at, plane, bytes);
    }
    return 0;
}

static int fill_inputs(struct session *s, struct message *message)
{
    size_t pixels = s->arguments.width * s->arguments.height;
    if (!s->arguments.two_planes) {
        return fill_plane(s, 0, s->picture, pixels / 2 * 3, message);
    }
    int rc = fill_plane(s, 0, s->picture, pixels, message);
    return rc ? rc : fill_plane(s, 1, s->picture + pixels, pixels / 2, message);
}

static int run(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    if (labels_read(&s->labels, a->labels, a->model, message) < 0 || read_picture(s, message) < 0 ||
        load(s, message) < 0 || fill_inputs(s, message) < 0 ||
        runtime_check(ov_infer_request_infer(s->request), message, "inference") < 0 ||
        runtime_check(ov_infer_request_get_output_tensor(s->request, &s->output), message, "the output") <
            0) {
        return -1;
    }
    return classifier_print(s->output, &s->labels, (size_t)a->top, a->raw, a->picture, message);
}

static void finish(struct session *s)
{
    ov_tensor_free(s->output);
    ov_tensor_free(s->tensors[0]);
    ov_tensor_free(s->tensors[1]);
    ov_infer_request_free(s->request);
    ov_compiled_model_free(s->compiled);
    ov_model_free(s->whole);
    ov_model_free(s->model);
    ov_core_free(s->core);
    port_info_finish(&s->input);
    labels_finish(&s->labels);
    free(s->picture);
}

int main(int argc, char **argv)
{
    struct session session = {0};
    struct message message = {"no memory"};
    int rc = arguments_parse(&session.arguments, argc, argv, &message);
    if (rc == 0 && session.arguments.help) {
        arguments_print_help(stdout);
    } else if (rc == 0) {
        rc = run(&session, &message);
    }
    finish(&session);
    if (rc < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
