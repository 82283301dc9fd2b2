/* vt_convert: any model that can be read becomes OpenVINO IR. */
#include "../common/command_line.h"
#include "../common/element.h"
#include "../common/file.h"
#include "../common/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vintner.h>

struct arguments {
    const char *model, *output, *weights, *shapes;
    bool fp16, quiet, help;
};

static void print_usage(FILE *file)
{
    fprintf(file, "vt_convert MODEL [OUTPUT.xml] [options]\n\n"
                  "Reads a model (ONNX, OpenVINO IR) and writes it as OpenVINO IR: a text and, beside it,\n"
                  "the weights in a .bin file. OUTPUT.xml: MODEL with .xml in place of its ending, in the\n"
                  "current folder, unless given; it has to be given when MODEL is OpenVINO IR.\n\n"
                  "  --fp16             store the weights as f16\n"
                  "  --shape SHAPES     give inputs these shapes: 'name[1,3,224,224],other[1,10]', or\n"
                  "                     '[1,3,224,224]' for every input; ? and 1..8 are open dimensions\n"
                  "  --weights FILE     where the weights of an OpenVINO IR are, if not beside it\n"
                  "  --quiet            print nothing but errors\n\n"
                  "Exit code: 0, or 1 after an error; then no file is written.\n");
}

static int print_ports(const ov_model_t *model, struct message *message)
{
    for (int side = 0; side < 2; side++) {
        const char *kind = side ? "output" : "input";
        size_t count = 0;
        if (runtime_check(side ? ov_model_outputs_size(model, &count) : ov_model_inputs_size(model, &count),
                          message, "number of %ss", kind) < 0) {
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            ov_output_const_port_t *port = NULL;
            struct port_info info = {0};
            char text[SHAPE_MAX_TEXT];
            if (runtime_check(side ? ov_model_const_output_by_index(model, i, &port)
                                   : ov_model_const_input_by_index(model, i, &port),
                              message, "%s %zu", kind, i) < 0) {
                return -1;
            }
            struct message unseen = {""};
            /* An open number of dimensions is no reason not to convert. */
            runtime_describe_port(port, kind, i, &info, &unseen);
            printf("[ INFO ] %s '%s': %s %s\n", kind, info.name ? info.name : "", element_name(info.type),
                   info.has_shape ? shape_text(&info.shape, text) : "[...]");
            port_info_finish(&info);
        }
    }
    return 0;
}

/* Gives the inputs that `list` names their shapes, by name and all at once. */
static int reshape(const ov_model_t *model, const struct shape_list *list, struct message *message)
{
    size_t inputs = 0, used = 0, named = 0;
    int rc = runtime_check(ov_model_inputs_size(model, &inputs), message, "number of inputs");
    struct shape *shapes = calloc(inputs + 1, sizeof(*shapes));
    rc = rc == 0 && !shapes ? message_fail(message, "no memory") : rc;
    for (size_t i = 0; i < inputs && rc == 0; i++) {
        ov_output_const_port_t *port = NULL;
        struct port_info info = {0};
        struct message unseen = {""};
        rc = runtime_check(ov_model_const_input_by_index(model, i, &port), message, "input %zu", i);
        if (rc == 0) {
            runtime_describe_port(port, "input", i, &info, &unseen);
            const struct named_shapes *given = info.name ? shape_list_find(list, info.name) : NULL;
            if (given && given->count != 1) {
                rc = message_fail(message, "input '%s' is given %zu shapes", info.name, given->count);
            } else if (!given && !info.has_shape) {
                rc = message_fail(message, "input '%s' needs a shape, too: its number of dimensions is open",
                                  info.name ? info.name : "");
            } else {
                shapes[i] = given ? given->shapes[0] : info.shape;
                used += given && given->name[0];
            }
        }
        port_info_finish(&info);
    }
    for (size_t i = 0; i < list->count; i++) {
        named += list->entries[i].name[0] != 0;
    }
    if (rc == 0 && used != named) {
        rc = message_fail(message, "--shape names an input that the model does not have, or one twice");
    }
    rc = rc == 0 ? runtime_reshape(model, shapes, inputs, message) : rc;
    free(shapes);
    return rc;
}

/* "model.xml" of "dir/model.onnx"; the caller frees it. */
static char *default_output(const char *model)
{
    const char *slash = strrchr(model, '/'), *name = slash ? slash + 1 : model, *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    char *path = malloc(stem + sizeof(".xml"));
    if (path) {
        memcpy(path, name, stem);
        memcpy(path + stem, ".xml", sizeof(".xml"));
    }
    return path;
}

static int convert(const struct arguments *a, const char *output, const struct shape_list *shapes,
                   struct message *message)
{
    vt_save_options_t options = {.size = sizeof(options), .flags = a->fp16 ? VT_SAVE_FP16 : 0};
    ov_core_t *core = NULL;
    ov_model_t *model = NULL;
    int rc = runtime_check(ov_core_create(&core), message, "loading the runtime");
    rc = rc == 0 ? runtime_check(ov_core_read_model(core, a->model, a->weights, &model), message,
                                 "reading %s", a->model)
                 : rc;
    rc = rc == 0 && shapes->count ? reshape(model, shapes, message) : rc;
    rc = rc == 0 ? runtime_check(vt_model_save(model, output, NULL, &options), message, "writing %s", output)
                 : rc;
    rc = rc == 0 && !a->quiet ? print_ports(model, message) : rc;
    if (rc == 0 && !a->quiet) {
        printf("[ INFO ] %s is written%s\n", output, a->fp16 ? ", weights as f16" : "");
    }
    ov_model_free(model);
    ov_core_free(core);
    return rc;
}

static int run(const struct arguments *a, struct message *message)
{
    struct shape_list shapes = {0};
    char *output = a->output ? strdup(a->output) : default_output(a->model);
    int rc = output ? 0 : message_fail(message, "no memory");
    if (rc == 0 && !a->output && file_has_suffix(a->model, ".xml")) {
        rc = message_fail(message, "%s is OpenVINO IR already: name the output", a->model);
    }
    if (rc == 0 && !file_has_suffix(output, ".xml")) {
        rc = message_fail(message, "the output '%s' has to end in .xml", output);
    }
    rc = rc == 0 && a->shapes ? shape_list_parse(a->shapes, &shapes, message) : rc;
    rc = rc == 0 ? convert(a, output, &shapes, message) : rc;
    shape_list_finish(&shapes);
    free(output);
    return rc;
}

int main(int argc, char **argv)
{
    struct message message = {""};
    struct arguments a = {0};
    const struct command_option options[] = {
        {"--fp16", COMMAND_FLAG, &a.fp16},
        {"--shape", COMMAND_TEXT, &a.shapes},
        {"--weights", COMMAND_TEXT, &a.weights},
        {"--quiet", COMMAND_FLAG, &a.quiet},
    };
    const char **const places[] = {&a.model, &a.output};
    int rc = command_line_read(argc, argv, options, sizeof(options) / sizeof(options[0]), places, 2, 1,
                               "a model is", &a.help, &message);
    if (rc == 0 && a.help) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    rc = rc == 0 ? run(&a, &message) : rc;
    if (rc < 0) {
        fprintf(stderr, "[ ERROR ] %s\n", message.text);
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
