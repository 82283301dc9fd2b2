#include "classes.h"

#include "file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int split_lines(struct labels *labels, size_t bytes, struct message *message)
{
    size_t lines = 1;
    for (size_t i = 0; i < bytes; i++) {
        lines += labels->text[i] == '\n';
    }
    labels->names = calloc(lines, sizeof(*labels->names));
    if (!labels->names) {
        return message_fail(message, "no memory");
    }
    char *rest = labels->text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = 0;
        if (rest || *line) {
            labels->names[labels->count++] = line;
        }
    }
    return 0;
}

int labels_read(struct labels *labels, const char *path, const char *model, struct message *message)
{
    *labels = (struct labels){0};
    char *beside = NULL;
    if (!path) {
        const char *name = strrchr(model, '/'), *dot = strrchr(name ? name : model, '.');
        int length = dot ? (int)(dot - model) : (int)strlen(model);
        if (asprintf(&beside, "%.*s.labels", length, model) < 0) {
            return message_fail(message, "no memory");
        }
        if (access(beside, R_OK) != 0) {
            free(beside);
            return 0;
        }
        path = beside;
    }
    unsigned char *text = NULL;
    size_t bytes;
    int rc = file_read(path, &text, &bytes, message);
    free(beside);
    if (rc == 0) {
        labels->text = (char *)text;
        rc = split_lines(labels, bytes, message);
    }
    return rc;
}

void labels_finish(struct labels *labels)
{
    free(labels->names);
    free(labels->text);
    *labels = (struct labels){0};
}

void classes_to_probabilities(double *scores, size_t count)
{
    double sum = 0, most = -INFINITY, least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        sum += scores[i];
        most = fmax(most, scores[i]);
        least = fmin(least, scores[i]);
    }
    /* Half precision leaves the sum of a thousand probabilities a percent off. */
    if (least >= 0 && most <= 1 && fabs(sum - 1) < 0.02) {
        return;
    }
    sum = 0;
    for (size_t i = 0; i < count; i++) {
        scores[i] = exp(scores[i] - most);
        sum += scores[i];
    }
    for (size_t i = 0; i < count; i++) {
        scores[i] /= sum;
    }
}

struct ranked {
    double score;
    size_t index;
};

static int falling(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? 1 : -1;
    }
    return x->index < y->index ? -1 : 1;
}

int classes_sort(const double *scores, size_t count, size_t *order)
{
    struct ranked *ranked = calloc(count + 1, sizeof(*ranked));
    if (!ranked) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        /* A NaN would break the order of the sort. */
        ranked[i] = (struct ranked){isnan(scores[i]) ? -INFINITY : scores[i], i};
    }
    qsort(ranked, count, sizeof(*ranked), falling);
    for (size_t i = 0; i < count; i++) {
        order[i] = ranked[i].index;
    }
    free(ranked);
    return 0;
}
