/* hello_classification: what is on a picture, by a classifier. */
#include "../common/element.h"
#include "../common/picture_tensor.h"
#include "../common/runtime.h"
#include "arguments.h"
#include "classes.h"

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

/* Finds the one input; open dimensions become 1 where that makes sense: the batch. */
static int find_input(struct session *s, struct message *message)
{
    size_t inputs = 0, outputs = 0;
    if (runtime_check(ov_model_inputs_size(s->model, &inputs), message, "number of inputs") < 0 ||
        runtime_check(ov_model_outputs_size(s->model, &outputs), message, "number of outputs") < 0) {
        return -1;
    }
    if (inputs != 1 || outputs != 1) {
        return message_fail(message,
                            "a model with one input and one output is needed; this one has %zu and %zu",
                            inputs, outputs);
    }
    ov_output_const_port_t *port = NULL;
    if (runtime_check(ov_model_const_input(s->model, &port), message, "the input") < 0 ||
        runtime_describe_port(port, "input", 0, &s->input, message) < 0) {
        return -1;
    }
    struct shape *shape = &s->input.shape;
    if (shape->rank && shape->dims[0].min != shape->dims[0].max && shape->dims[0].min <= 1) {
        shape->dims[0] = (struct dim){1, 1};
    }
    if (!shape_is_static(shape)) {
        char text[SHAPE_MAX_TEXT];
        return message_fail(message, "the input '%s' has the open shape %s", s->input.name,
                            shape_text(shape, text));
    }
    return 0;
}

static int load(struct session *s, struct message *message)
{
    const struct arguments *a = &s->arguments;
    printf("[ INFO ] Loading model files: %s\n", a->model);
    if (runtime_check(ov_core_create(&s->core), message, "loading the runtime") < 0 ||
        runtime_check(ov_core_read_model(s->core, a->model, NULL, &s->model), message, "reading %s",
                      a->model) < 0 ||
        find_input(s, message) < 0) {
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

/* The scores of the first picture: all elements but the batch. The caller frees. */
static double *read_scores(struct session *s, size_t *count, struct message *message)
{
    struct shape shape = {0};
    ov_element_type_e type = DYNAMIC;
    void *data = NULL;
    size_t elements = 0;
    if (runtime_tensor_shape(s->output, &shape, message) < 0 ||
        runtime_check(ov_tensor_get_element_type(s->output, &type), message, "type of the output") < 0 ||
        runtime_check(ov_tensor_data(s->output, &data), message, "data of the output") < 0 ||
        !shape_elements(&shape, &elements)) {
        return NULL;
    }
    *count = shape.rank > 1 && shape.dims[0].min > 0 ? elements / (size_t)shape.dims[0].min : elements;
    double *scores = calloc(*count + 1, sizeof(*scores));
    if (!scores) {
        message_fail(message, "no memory");
        return NULL;
    }
    for (size_t i = 0; i < *count; i++) {
        if (!element_load(type, data, i, &scores[i])) {
            message_fail(message, "outputs of type %s are not supported", element_name(type));
            free(scores);
            return NULL;
        }
    }
    return scores;
}

static int print_classes(struct session *s, struct message *message)
{
    size_t count;
    double *scores = read_scores(s, &count, message);
    size_t *order = scores ? calloc(count + 1, sizeof(*order)) : NULL;
    int rc = order ? 0 : -1;
    if (rc == 0) {
        if (!s->arguments.raw) {
            classes_to_probabilities(scores, count);
        }
        rc = classes_sort(scores, count, order);
        size_t top = (size_t)s->arguments.top < count ? (size_t)s->arguments.top : count;
        printf("\nTop %zu results:\n\nImage %s\n\nclassid %s%s\n------- -----------\n", top,
               s->arguments.picture, s->arguments.raw ? "output" : "probability",
               s->labels.count ? " label" : "");
        for (size_t i = 0; i < top && rc == 0; i++) {
            const char *label = order[i] < s->labels.count ? s->labels.names[order[i]] : "";
            printf("%-7zu %-11.7g%s%s\n", order[i], scores[order[i]], *label ? " " : "", label);
        }
    }
    free(order);
    free(scores);
    return rc;
}

static int run(struct session *s, struct message *message)
{
    if (labels_read(&s->labels, s->arguments.labels, s->arguments.model, message) < 0 ||
        load(s, message) < 0 || fill_input(s, message) < 0 || infer(s, message) < 0) {
        return -1;
    }
    return print_classes(s, message);
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
