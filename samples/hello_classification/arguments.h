/* The command line of hello_classification. */
#ifndef HELLO_CLASSIFICATION_ARGUMENTS_H
#define HELLO_CLASSIFICATION_ARGUMENTS_H

#include "../common/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct arguments {
    bool help, raw, reverse;
    const char *model, *picture, *device; /* device: CPU where not given */
    const char *labels;                   /* NULL: beside the model */
    const char *layout;                   /* letters, "" to guess */
    const char *precision;                /* NULL: the device's own choice */
    int64_t top;
    double mean, scale;
};

/* MODEL PICTURE [DEVICE] and options anywhere. 0, or -1 with a message. */
int arguments_parse(struct arguments *arguments, int argc, char **argv, struct message *message);
void arguments_print_help(FILE *file);

#endif
