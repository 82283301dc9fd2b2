#include "arguments.h"

#include "../common/image.h"
#include "../common/number.h"

#include <string.h>

static int parse_size(struct arguments *arguments, const char *text, struct message *message)
{
    const char *by = strpbrk(text, "xX");
    int64_t width, height;
    if (!by || !number_parse_count_part(text, (size_t)(by - text), &width) ||
        !number_parse_count(by + 1, &height)) {
        return message_fail(message, "WIDTHxHEIGHT is needed, such as 640x480, not '%s'", text);
    }
    if (width < 2 || height < 2 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE) {
        return message_fail(message, "a picture of %s: sides are from 2 to %d", text, IMAGE_MAX_SIDE);
    }
    if (width % 2 || height % 2) {
        return message_fail(message,
                            "a picture of %s: NV12 has one pair of colour values for 2x2 pixels, so both "
                            "sides must be even",
                            text);
    }
    arguments->width = (size_t)width;
    arguments->height = (size_t)height;
    return 0;
}

static int parse_option(struct arguments *arguments, const char *name, const char *value,
                        struct message *message)
{
    bool ok = value && *value;
    if (ok && strcmp(name, "--top") == 0) {
        ok = number_parse_count(value, &arguments->top) && arguments->top > 0;
    } else if (ok && strcmp(name, "--mean") == 0) {
        ok = number_parse_real(value, &arguments->mean);
    } else if (ok && strcmp(name, "--scale") == 0) {
        ok = number_parse_real(value, &arguments->scale) && arguments->scale != 0;
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
    int rc = 0;
    switch ((*count)++) {
    case 0: arguments->model = text; break;
    case 1: arguments->picture = text; break;
    case 2: rc = parse_size(arguments, text, message); break;
    case 3: arguments->device = text; break;
    default: rc = message_fail(message, "unexpected argument '%s'", text); break;
    }
    return rc;
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
            arguments->blue_first = true;
        } else if (strcmp(text, "--two-planes") == 0) {
            arguments->two_planes = true;
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
    if (!arguments->help && positions < 3) {
        return message_fail(message, "a model, a picture and its WIDTHxHEIGHT are needed (--help)");
    }
    return 0;
}

void arguments_print_help(FILE *file)
{
    fprintf(
        file,
        "hello_nv12 MODEL PICTURE WIDTHxHEIGHT [DEVICE] [option …]\n\n"
        "Classifies a picture as cameras and video decoders give it, and prints the most probable classes. "
        "DEVICE: CPU\n"
        "(default), …\n"
        "PICTURE holds NV12 without a header: WIDTH * HEIGHT bytes of brightness, then half as many of "
        "colour, U and V in\n"
        "turn, one pair for 2x2 pixels. Conversion to the model's channels (its brightness alone where that "
        "has one), resizing\n"
        "and (sample - mean) * scale are put in front of the model and run with it. Outputs that are no "
        "probabilities go\n"
        "through a softmax.\n\n"
        "  --top N           number of classes to print (10)\n"
        "  --labels FILE     a name a line; default: the model's name with .labels in place of its ending\n"
        "  --mean X          (0)\n"
        "  --scale X         (1)\n"
        "  --bgr             channels in the order blue, green, red\n"
        "  --two-planes      pass brightness and colour as two tensors\n"
        "  --layout LETTERS  of the model's input, such as NHWC; guessed by default\n"
        "  --precision TYPE  inference precision: f32, bf16, f16\n"
        "  --raw             print the model's outputs instead of probabilities\n"
        "  -h, --help        this text\n\n"
        "Exit code: 0, or 1 after an error.\n");
}
