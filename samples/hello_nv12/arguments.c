#include "arguments.h"

#include "../common/command_line.h"
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

int arguments_parse(struct arguments *arguments, int argc, char **argv, struct message *message)
{
    struct arguments *a = arguments;
    const char *size = NULL;
    *a = (struct arguments){.device = "CPU", .layout = "", .top = 10, .scale = 1};
    const struct command_option options[] = {
        {"--top", COMMAND_POSITIVE, &a->top},
        {"--mean", COMMAND_REAL, &a->mean},
        {"--scale", COMMAND_FACTOR, &a->scale},
        {"--labels", COMMAND_TEXT, &a->labels},
        {"--layout", COMMAND_TEXT, &a->layout},
        {"--precision", COMMAND_TEXT, &a->precision},
        {"--raw", COMMAND_FLAG, &a->raw},
        {"--bgr", COMMAND_FLAG, &a->blue_first},
        {"--two-planes", COMMAND_FLAG, &a->two_planes},
    };
    const char **const places[] = {&a->model, &a->picture, &size, &a->device};
    if (command_line_read(argc, argv, options, sizeof(options) / sizeof(*options), places, 4, 3,
                          "a model, a picture and its WIDTHxHEIGHT are", &a->help, message) < 0) {
        return -1;
    }
    return a->help ? 0 : parse_size(a, size, message);
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
