#include "arguments.h"

#include "../common/number.h"

#include <string.h>

static int parse_option(struct arguments *arguments, const char *name, const char *value,
                        struct message *message)
{
    bool ok = value && *value;
    if (ok && strcmp(name, "--top") == 0) {
        ok = number_parse_count(value, &arguments->top) && arguments->top > 0;
    } else if (ok && strcmp(name, "--mean") == 0) {
        ok = number_parse_real(value, &arguments->mean);
    } else if (ok && strcmp(name, "--scale") == 0) {
        ok = number_parse_real(value, &arguments->scale);
    } else if (ok && strcmp(name, "--labels") == 0) {
        arguments->labels = value;
    } else if (ok && strcmp(name, "--precision") == 0) {
        arguments->precision = value;
    } else if (ok && strcmp(name, "--layout") == 0) {
        arguments->layout = value;
    } else if (ok) {
        return message_fail(message, "unknown option %s (--help lists all)", name);
    }
    return ok ? 0
              : message_fail(message, "%s needs a value%s%s", name, value ? ", not " : "",
                             value ? value : "");
}

static int parse_position(struct arguments *arguments, size_t *count, const char *text,
                          struct message *message)
{
    const char **places[] = {&arguments->model, &arguments->picture, &arguments->device};
    if (*count == 3) {
        return message_fail(message, "unexpected argument '%s'", text);
    }
    *places[(*count)++] = text;
    return 0;
}

int arguments_parse(struct arguments *arguments, int argc, char **argv, struct message *message)
{
    *arguments = (struct arguments){.device = "CPU", .layout = "", .top = 10, .scale = 1};
    size_t positions = 0;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        int rc = 0;
        if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0) {
            arguments->help = true;
        } else if (strcmp(text, "--raw") == 0) {
            arguments->raw = true;
        } else if (strcmp(text, "--bgr") == 0) {
            arguments->reverse = true;
        } else if (text[0] == '-') {
            rc = parse_option(arguments, text, i + 1 < argc ? argv[i + 1] : NULL, message);
            i++;
        } else {
            rc = parse_position(arguments, &positions, text, message);
        }
        if (rc < 0) {
            return -1;
        }
    }
    if (!arguments->help && positions < 2) {
        return message_fail(message, "a model and a picture are needed (--help)");
    }
    return 0;
}

void arguments_print_help(FILE *file)
{
    fprintf(
        file,
        "hello_classification MODEL PICTURE [DEVICE] [option …]\n\n"
        "Classifies a picture (PNG, JPEG, BMP, PGM, PPM) and prints the most probable classes. DEVICE: CPU "
        "(default), …\n"
        "The picture is resized to the model's input, made grey where that has one channel, and each sample "
        "of 0..255\n"
        "becomes (sample - mean) * scale. Outputs that are no probabilities go through a softmax.\n\n"
        "  --top N           number of classes to print (10)\n"
        "  --labels FILE     a name a line; default: the model's name with .labels in place of its ending\n"
        "  --mean X          (0)\n"
        "  --scale X         (1)\n"
        "  --bgr             channels in the order blue, green, red\n"
        "  --layout LETTERS  of the input, such as NHWC; guessed by default\n"
        "  --precision TYPE  inference precision: f32, bf16, f16\n"
        "  --raw             print the model's outputs instead of probabilities\n"
        "  -h, --help        this text\n\n"
        "Exit code: 0, or 1 after an error.\n");
}
