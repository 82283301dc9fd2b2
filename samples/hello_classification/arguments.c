#include "arguments.h"

#include "../common/command_line.h"

int arguments_parse(struct arguments *arguments, int argc, char **argv, struct message *message)
{
    struct arguments *a = arguments;
    *a = (struct arguments){.device = "CPU", .layout = "", .top = 10, .scale = 1};
    const struct command_option options[] = {
        {"--top", COMMAND_POSITIVE, &a->top},   {"--mean", COMMAND_REAL, &a->mean},
        {"--scale", COMMAND_REAL, &a->scale},   {"--labels", COMMAND_TEXT, &a->labels},
        {"--layout", COMMAND_TEXT, &a->layout}, {"--precision", COMMAND_TEXT, &a->precision},
        {"--raw", COMMAND_FLAG, &a->raw},       {"--bgr", COMMAND_FLAG, &a->reverse},
    };
    const char **const places[] = {&a->model, &a->picture, &a->device};
    return command_line_read(argc, argv, options, sizeof(options) / sizeof(*options), places, 3, 2,
                             "a model and a picture are", &a->help, message);
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
