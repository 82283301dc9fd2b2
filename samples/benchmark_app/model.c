/* The model: reading, reshaping, compiling, its inputs and outputs. */
#include "../common/element.h"
#include "../common/file.h"
#include "bench.h"
#include "console.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static double ms_since(int64_t start)
{
    return (double)(console_clock() - start) / 1e6;
}

static void forget_ports(struct bench *b)
{
    for (size_t i = 0; i < b->input_count; i++) {
        port_info_finish(&b->inputs[i].port);
    }
    for (size_t i = 0; i < b->output_count; i++) {
        port_info_finish(&b->outputs[i]);
    }
}

static int count_ports(struct bench *b)
{
    size_t inputs = 0, outputs = 0;
    ov_status_e in = b->model ? ov_model_inputs_size(b->model, &inputs)
                              : ov_compiled_model_inputs_size(b->compiled, &inputs);
    ov_status_e out = b->model ? ov_model_outputs_size(b->model, &outputs)
                               : ov_compiled_model_outputs_size(b->compiled, &outputs);
    if (runtime_check(in, &b->message, "number of inputs") < 0 ||
        runtime_check(out, &b->message, "number of outputs") < 0) {
        return -1;
    }
    if (!b->inputs) {
        b->inputs = calloc(inputs + 1, sizeof(*b->inputs));
        b->outputs = calloc(outputs + 1, sizeof(*b->outputs));
        if (!b->inputs || !b->outputs) {
            return message_fail(&b->message, "no memory");
        }
        b->input_count = inputs;
        b->output_count = outputs;
    }
    return inputs ? 0 : message_fail(&b->message, "the model has no inputs");
}

static int describe(struct bench *b, bool is_input, size_t index, struct port_info *info)
{
    ov_output_const_port_t *port = NULL;
    ov_status_e status;
    if (b->model) {
        status = is_input ? ov_model_const_input_by_index(b->model, index, &port)
                          : ov_model_const_output_by_index(b->model, index, &port);
    } else {
        status = is_input ? ov_compiled_model_input_by_index(b->compiled, index, &port)
                          : ov_compiled_model_output_by_index(b->compiled, index, &port);
    }
    const char *kind = is_input ? "input" : "output";
    if (runtime_check(status, &b->message, "%s %zu", kind, index) < 0) {
        return -1;
    }
    int rc = runtime_describe_port(port, kind, index, info, &b->message);
    /* An output may have any number of dimensions: it is only printed. */
    return rc < 0 && (is_input || !info->name) ? -1 : 0;
}

int bench_describe_model(struct bench *b)
{
    forget_ports(b);
    if (count_ports(b) < 0) {
        return -1;
    }
    b->is_dynamic = false;
    for (size_t i = 0; i < b->input_count; i++) {
        if (describe(b, true, i, &b->inputs[i].port) < 0) {
            return -1;
        }
        b->is_dynamic |= !shape_is_static(&b->inputs[i].port.shape);
    }
    for (size_t i = 0; i < b->output_count; i++) {
        if (describe(b, false, i, &b->outputs[i]) < 0) {
            return -1;
        }
    }
    return bench_check_names(b);
}

static void print_port(const struct port_info *port, const char *layout)
{
    char text[SHAPE_MAX_TEXT], letters[2 * SHAPE_MAX_RANK + 4] = "...";
    for (size_t i = 0; layout[i]; i++) {
        letters[2 * i] = layout[i];
        letters[2 * i + 1] = layout[i + 1] ? ',' : 0;
    }
    console_info("    %s (node: %s) : %s / [%s] / %s", port->name, port->name, element_name(port->type),
                 letters, port->has_shape ? shape_text(&port->shape, text) : "[...]");
}

void bench_print_ports(const struct bench *b)
{
    console_info("Model inputs:");
    for (size_t i = 0; i < b->input_count; i++) {
        print_port(&b->inputs[i].port, b->inputs[i].layout);
    }
    console_info("Model outputs:");
    for (size_t i = 0; i < b->output_count; i++) {
        print_port(&b->outputs[i], "");
    }
}

static bool is_blob(const struct bench *b)
{
    return file_has_suffix(b->options.model, ".blob");
}

int bench_read_model(struct bench *b)
{
    const struct options *o = &b->options;
    if (is_blob(b) || o->from_file == 1) {
        b->imported = true;
        if (o->shapes.count || o->batch > 0 || o->input_type || o->output_type || o->types || o->mean ||
            o->scale) {
            return message_fail(&b->message,
                                "-shape, -b, -ip, -op, -iop, -mean_values and -scale_values cannot change %s",
                                is_blob(b) ? "a compiled model" : "a model that is compiled from its file");
        }
        console_info(is_blob(b) ? "Skipping the step for compiled model"
                                : "Skipping the step for loading model from file");
        return 0;
    }
    console_info("Loading model files");
    int64_t start = console_clock();
    if (runtime_check(ov_core_read_model(b->core, b->options.model, NULL, &b->model), &b->message,
                      "reading %s", b->options.model) < 0) {
        return -1;
    }
    double took = ms_since(start);
    console_info("Read model took %.2f ms", took);
    report_add_number(&b->report, REPORT_RESULTS, "read model time (ms)", "read_model_time", took);
    char *name = NULL;
    if (ov_model_get_friendly_name(b->model, &name) == OK && name) {
        report_add_text(&b->report, REPORT_SETUP, "topology", "topology", name);
    }
    ov_free(name);
    if (bench_describe_model(b) < 0) {
        return -1;
    }
    console_info("Original model I/O parameters:");
    bench_print_ports(b);
    return 0;
}

/* The new shapes by -shape and -b; `*changed` tells whether there are any. */
static int wanted_shapes(struct bench *b, struct shape *shapes, bool *changed)
{
    *changed = false;
    for (size_t i = 0; i < b->input_count; i++) {
        struct input *input = &b->inputs[i];
        const struct named_shapes *given = shape_list_find(&b->options.shapes, input->port.name);
        shapes[i] = given ? given->shapes[0] : input->port.shape;
        int axis = bench_batch_axis(input);
        if (b->options.batch > 0 && axis >= 0 && (size_t)axis < shapes[i].rank) {
            shapes[i].dims[axis] = (struct dim){b->options.batch, b->options.batch};
        }
        *changed |= shapes[i].rank != input->port.shape.rank || !shape_fits(&shapes[i], &input->port.shape) ||
                    !shape_fits(&input->port.shape, &shapes[i]);
    }
    return 0;
}

static int reshape_and_time(struct bench *b, const struct shape *shapes)
{
    int64_t start = console_clock();
    if (runtime_reshape(b->model, shapes, b->input_count, &b->message) < 0) {
        return -1;
    }
    double took = ms_since(start);
    console_info("Reshape model took %.2f ms", took);
    report_add_number(&b->report, REPORT_RESULTS, "reshape model time (ms)", "reshape_model_time", took);
    return 0;
}

int bench_reshape_model(struct bench *b)
{
    if (b->imported) {
        console_info(is_blob(b) ? "Skipping the step for compiled model"
                                : "Skipping the step for loading model from file");
        return 0;
    }
    if (bench_find_layouts(b) < 0) {
        return -1;
    }
    struct shape *shapes = calloc(b->input_count, sizeof(*shapes));
    if (!shapes) {
        return message_fail(&b->message, "no memory");
    }
    bool changed;
    int rc = wanted_shapes(b, shapes, &changed);
    if (rc == 0 && changed) {
        for (size_t i = 0; i < b->input_count; i++) {
            char text[SHAPE_MAX_TEXT];
            console_info("Reshaping model: '%s': %s", b->inputs[i].port.name, shape_text(&shapes[i], text));
        }
        rc = reshape_and_time(b, shapes);
    }
    free(shapes);
    return rc == 0 && changed ? bench_describe_model(b) : rc;
}

static int import_model(struct bench *b)
{
    unsigned char *blob;
    size_t bytes;
    if (file_read(b->options.model, &blob, &bytes, &b->message) < 0) {
        return -1;
    }
    int rc = runtime_check(
        ov_core_import_model(b->core, (const char *)blob, bytes, b->options.device, &b->compiled),
        &b->message, "importing %s", b->options.model);
    free(blob);
    return rc;
}

int bench_compile_model(struct bench *b)
{
    struct memory_use before = memory_use();
    int64_t start = console_clock();
    int rc = b->imported && is_blob(b) ? import_model(b)
             : b->imported
                 ? runtime_check(ov_core_compile_model_from_file(b->core, b->options.model, b->options.device,
                                                                 0, &b->compiled),
                                 &b->message, "compiling %s for %s", b->options.model, b->options.device)
                 : runtime_check(ov_core_compile_model(b->core, b->model, b->options.device, 0, &b->compiled),
                                 &b->message, "compiling the model for %s", b->options.device);
    if (rc < 0) {
        return -1;
    }
    double took = ms_since(start);
    struct memory_use after = memory_use();
    console_info("%s model took %.2f ms", is_blob(b) ? "Import" : "Compile", took);
    console_info("Start of compilation memory usage: Peak %ld KB", before.peak);
    console_info("End of compilation memory usage: Peak %ld KB", after.peak);
    console_info("Compile model ram used %ld KB", after.anonymous - before.anonymous);
    report_add_number(&b->report, REPORT_RESULTS,
                      is_blob(b) ? "import model time (ms)" : "compile model time (ms)",
                      is_blob(b) ? "import_model_time" : "load_model_time", took);
    if (!b->imported) {
        return 0;
    }
    if (bench_describe_model(b) < 0 || bench_find_layouts(b) < 0) {
        return -1;
    }
    bench_print_ports(b);
    return 0;
}
