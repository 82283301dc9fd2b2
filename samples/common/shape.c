#include "shape.h"

#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool shape_is_static(const struct shape *shape)
{
    for (size_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i].min != shape->dims[i].max) {
            return false;
        }
    }
    return true;
}

bool shape_elements(const struct shape *shape, size_t *elements)
{
    *elements = 1;
    for (size_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i].min != shape->dims[i].max ||
            __builtin_mul_overflow(*elements, (size_t)shape->dims[i].min, elements)) {
            return false;
        }
    }
    return true;
}

bool shape_fits(const struct shape *shape, const struct shape *limits)
{
    if (shape->rank != limits->rank) {
        return false;
    }
    for (size_t i = 0; i < shape->rank; i++) {
        const struct dim *dim = &shape->dims[i], *limit = &limits->dims[i];
        if (dim->min < limit->min || (limit->max >= 0 && (dim->max < 0 || dim->max > limit->max))) {
            return false;
        }
    }
    return true;
}

static void dim_text(const struct dim *dim, char *text, size_t size)
{
    if (dim->min == dim->max) {
        snprintf(text, size, "%lld", (long long)dim->min);
    } else if (dim->min == 0 && dim->max < 0) {
        snprintf(text, size, "?");
    } else if (dim->max < 0) {
        snprintf(text, size, "%lld..", (long long)dim->min);
    } else if (dim->min == 0) {
        snprintf(text, size, "..%lld", (long long)dim->max);
    } else {
        snprintf(text, size, "%lld..%lld", (long long)dim->min, (long long)dim->max);
    }
}

char *shape_text(const struct shape *shape, char *text)
{
    size_t used = 0;
    text[used++] = '[';
    for (size_t i = 0; i < shape->rank; i++) {
        char dim[48];
        dim_text(&shape->dims[i], dim, sizeof(dim));
        int n = snprintf(text + used, SHAPE_MAX_TEXT - used - 1, "%s%s", i ? "," : "", dim);
        used += (size_t)n < SHAPE_MAX_TEXT - used - 1 ? (size_t)n : SHAPE_MAX_TEXT - used - 2;
    }
    text[used++] = ']';
    text[used] = 0;
    return text;
}

static bool dim_parse(const char *text, size_t length, struct dim *dim)
{
    if ((length == 1 && text[0] == '?') || (length == 2 && memcmp(text, "-1", 2) == 0)) {
        *dim = (struct dim){0, -1};
        return true;
    }
    const char *dots = memmem(text, length, "..", 2);
    if (!dots) {
        bool ok = number_parse_count_part(text, length, &dim->min);
        dim->max = dim->min;
        return ok;
    }
    *dim = (struct dim){0, -1};
    size_t left = (size_t)(dots - text), right = length - left - 2;
    return (left || right) && (!left || number_parse_count_part(text, left, &dim->min)) &&
           (!right || number_parse_count_part(dots + 2, right, &dim->max)) &&
           (!right || dim->min <= dim->max);
}

int shape_parse(const char *text, struct shape *shape, const char **end, struct message *message)
{
    const char *close = *text == '[' ? strchr(text, ']') : NULL;
    if (!close) {
        return message_fail(message, "expected a shape such as [1,3,224,224] at '%.80s'", text);
    }
    shape->rank = 0;
    *end = close + 1;
    const char *at = text + 1;
    while (at < close) {
        const char *comma = memchr(at, ',', (size_t)(close - at));
        const char *stop = comma ? comma : close;
        const char *from = at, *to = stop;
        while (from < to && *from == ' ') {
            from++;
        }
        while (to > from && to[-1] == ' ') {
            to--;
        }
        if (shape->rank == SHAPE_MAX_RANK) {
            return message_fail(message, "'%.80s': more than %d dimensions", text, SHAPE_MAX_RANK);
        }
        if (!dim_parse(from, (size_t)(to - from), &shape->dims[shape->rank])) {
            return message_fail(message, "'%.*s' in '%.80s' is no dimension (number, ?, -1 or low..up)",
                                (int)(to - from), from, text);
        }
        shape->rank++;
        at = stop + 1;
        if (comma && at == close) {
            return message_fail(message, "'%.80s' ends in a comma", text);
        }
    }
    return 0;
}

/* The brackets that follow a name. */
static int groups_parse(const char **text, struct named_shapes *entry, struct message *message)
{
    do {
        struct shape *grown = realloc(entry->shapes, (entry->count + 1) * sizeof(*grown));
        if (!grown) {
            return message_fail(message, "no memory");
        }
        entry->shapes = grown;
        if (shape_parse(*text, &grown[entry->count], text, message) < 0) {
            return -1;
        }
        entry->count++;
    } while (**text == '[');
    return 0;
}

int shape_list_parse(const char *text, struct shape_list *list, struct message *message)
{
    const char *at = text;
    do {
        at += *at == ',';
        size_t length = strcspn(at, "[");
        struct named_shapes *grown = realloc(list->entries, (list->count + 1) * sizeof(*grown));
        char *name = strndup(at, length);
        list->entries = grown ? grown : list->entries;
        if (!grown || !name) {
            free(name);
            return message_fail(message, "no memory");
        }
        grown[list->count++] = (struct named_shapes){name, 0, NULL};
        at += length;
        if (groups_parse(&at, &grown[list->count - 1], message) < 0) {
            return -1;
        }
    } while (*at == ',');
    return *at ? message_fail(message, "unexpected '%.80s' in '%.80s'", at, text) : 0;
}

void shape_list_finish(struct shape_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].name);
        free(list->entries[i].shapes);
    }
    free(list->entries);
    *list = (struct shape_list){0};
}

const struct named_shapes *shape_list_find(const struct shape_list *list, const char *name)
{
    const struct named_shapes *any = NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, name) == 0) {
            return &list->entries[i];
        }
        any = list->entries[i].name[0] ? any : &list->entries[i];
    }
    return any;
}
