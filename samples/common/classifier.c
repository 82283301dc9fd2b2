#include "classifier.h"

#include "element.h"

#include <stdio.h>
#include <stdlib.h>

int classifier_find_input(const ov_model_t *model, struct port_info *input, struct message *message)
{
    size_t inputs = 0, outputs = 0;
    if (runtime_check(ov_model_inputs_size(model, &inputs), message, "number of inputs") < 0 ||
        runtime_check(ov_model_outputs_size(model, &outputs), message, "number of outputs") < 0) {
        return -1;
    }
    if (inputs != 1 || outputs != 1) {
        return message_fail(message,
                            "a model with one input and one output is needed; this one has %zu and %zu",
                            inputs, outputs);
    }
    ov_output_const_port_t *port = NULL;
    if (runtime_check(ov_model_const_input(model, &port), message, "the input") < 0 ||
        runtime_describe_port(port, "input", 0, input, message) < 0) {
        return -1;
    }
    struct shape *shape = &input->shape;
    if (shape->rank && shape->dims[0].min != shape->dims[0].max && shape->dims[0].min <= 1) {
        shape->dims[0] = (struct dim){1, 1};
    }
    if (!shape_is_static(shape)) {
        char text[SHAPE_MAX_TEXT];
        return message_fail(message, "the input '%s' has the open shape %s", input->name,
                            shape_text(shape, text));
    }
    return 0;
}

/* The scores of the first picture: all elements but the batch. The caller frees. */
static double *read_scores(const ov_tensor_t *output, size_t *count, struct message *message)
{
    struct shape shape = {0};
    ov_element_type_e type = DYNAMIC;
    void *data = NULL;
    size_t elements = 0;
    if (runtime_tensor_shape(output, &shape, message) < 0 ||
        runtime_check(ov_tensor_get_element_type(output, &type), message, "type of the output") < 0 ||
        runtime_check(ov_tensor_data(output, &data), message, "data of the output") < 0 ||
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

int classifier_print(const ov_tensor_t *output, const struct labels *labels, size_t top, bool raw,
                     const char *picture, struct message *message)
{
    size_t count;
    double *scores = read_scores(output, &count, message);
    size_t *order = scores ? calloc(count + 1, sizeof(*order)) : NULL;
    int rc = order ? 0 : -1;
    if (rc == 0) {
        if (!raw) {
            classes_to_probabilities(scores, count);
        }
        rc = classes_sort(scores, count, order);
        top = top < count ? top : count;
        printf("\nTop %zu results:\n\nImage %s\n\nclassid %s%s\n------- -----------\n", top, picture,
               raw ? "output" : "probability", labels->count ? " label" : "");
        for (size_t i = 0; i < top && rc == 0; i++) {
            const char *label = order[i] < labels->count ? labels->names[order[i]] : "";
            printf("%-7zu %-11.7g%s%s\n", order[i], scores[order[i]], *label ? " " : "", label);
        }
    }
    free(order);
    free(scores);
    return rc;
}
