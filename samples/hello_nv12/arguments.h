/* The command line of hello_nv12. */
#ifndef HELLO_NV12_ARGUMENTS_H
#define HELLO_NV12_ARGUMENTS_H

#include "../common/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct arguments {
    bool help, raw, blue_first, two_planes;
    const char *model, *picture, *device; /* device: CPU where not given */
    const char *labels;                   /* NULL: beside the model */
    const char *layout;                   /* letters, "" to guess */
    const char *precision;                /* NULL: the device's own choice */
    size_t width, height;                 /* even */
    int64_t top;
    double mean, scale; /* scale is not 0 */
};

/* MODEL PICTURE WIDTHxHEIGHT [DEVICE] and options anywhere. 0, or -1 with a message. */
int arguments_parse(struct arguments *arguments, int argc, char **argv, struct message *message);
void arguments_print_help(FILE *file);

#endif
