/* hello_classification: what is on a picture, by a classifier. */
#include "../common/classes.h"
#include "../common/classifier.h"
#include "../common/picture_tensor.h"
#include "../common/runtime.h"
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

struct session {
    struct arguments arguments;
    struct labels labels;
    struct port_info input;
    ov_core_t *core;
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    ov_tensor_t *tensor, *output;
};

static int load(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    printf("[ INFO ] Loading model files: %s\n", a->model);
    if (runtime_check(ov_core_create(&s->core), message, "loading the runtime") < 0 ||
        runtime_check(ov_core_read_model(s->core, a->model, NULL, &s->model), message, "reading %s",
                      a->model) < 0 ||
        classifier_find_input(s->model, &s->input, message) < 0) {
        return -1;
    }
    ov_property_t precision = {ov_property_key_hint_inference_precision, a->precision};
    if (runtime_check(ov_core_compile_model_props(s->core, s->model, a->device, a->precision ? 1 : 0,
                                                  &precision, &s->compiled),
                      message, "compiling for %s", a->device) < 0) {
        return -1;
    }
    return runtime_check(ov_compiled_model_create_infer_request(s->compiled, &s->request), message,
                         "creating a request");
}

static int fill_input(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    struct picture_layout layout;
    struct image image;
    void *data = NULL;
    if (picture_layout_find(&s->input.shape, a->layout, &layout, message) < 0 ||
        runtime_create_tensor(s->input.type, &s->input.shape, &s->tensor, message) < 0 ||
        runtime_check(ov_tensor_data(s->tensor, &data), message, "data of the input") < 0 ||
        image_read(a->picture, &image, message) < 0) {
        return -1;
    }
    /* Every picture of a batch is the same one. */
    size_t elements = 1, frame = layout.width * layout.height * layout.channels;
    int rc = shape_elements(&s->input.shape, &elements) ? 0 : -1;
    for (size_t at = 0; at + frame <= elements && rc == 0; at += frame) {
        rc = picture_store(&image, &layout, s->input.type, data, at, a->mean, a->scale, a->reverse, message);
    }
    image_finish(&image);
    return rc;
}

static int infer(struct session *s, struct message *message)
{
    if (runtime_check(ov_infer_request_set_input_tensor(s->request, s->tensor), message,
                      "setting the input") < 0 ||
        runtime_check(ov_infer_request_infer(s->request), message, "inference") < 0) {
        return -1;
    }
    return runtime_check(ov_infer_request_get_output_tensor(s->request, &s->output), message, "the output");
}

static int run(struct session *s, struct message *message)
{
    if (labels_read(&s->labels, s->arguments.labels, s->arguments.model, message) < 0 ||
        load(s, message) < 0 || fill_input(s, message) < 0 || infer(s, message) < 0) {
        return -1;
    }
    const struct arguments *a = &s->arguments;
    return classifier_print(s->output, &s->labels, (size_t)a->top, a->raw, a->picture, message);
}

static void finish(struct session *s)
{
    ov_tensor_free(s->output);
    ov_tensor_free(s->tensor);
    ov_infer_request_free(s->request);
    ov_compiled_model_free(s->compiled);
    ov_model_free(s->model);
    ov_core_free(s->core);
    port_info_finish(&s->input);
    labels_finish(&s->labels);
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
