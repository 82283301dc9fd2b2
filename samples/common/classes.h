/* Classes, their names and the order of their scores. */
#ifndef SAMPLES_CLASSES_H
#define SAMPLES_CLASSES_H

#include "message.h"

#include <stddef.h>

/* Names by class; classes behind the last have none. `text` holds them. */
struct labels {
    size_t count;
    char **names;
    char *text;
};

/* Reads `path`; NULL: MODEL with .labels in place of its ending, where that exists, otherwise there are no
 * names. */
int labels_read(struct labels *labels, const char *path, const char *model, struct message *message);
void labels_finish(struct labels *labels);

/* Turns scores into probabilities by a softmax, unless they are probabilities already: 0 to 1, with a sum
 * of 1. */
void classes_to_probabilities(double *scores, size_t count);

/* Fills `order` with the `count` class numbers by falling score; equal scores keep their order. -1 without
 * memory. */
int classes_sort(const double *scores, size_t count, size_t *order);

#endif
