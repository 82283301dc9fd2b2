/* Shapes as they are written on a command line: in1[1,3,224,224],in2[?,1..10] or in[1,64][8,64]. */
#ifndef SAMPLES_SHAPE_H
#define SAMPLES_SHAPE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 16, SHAPE_MAX_TEXT = 512 };

/* Inclusive limits; max is -1 where there is none. */
struct dim {
    int64_t min, max;
};

struct shape {
    size_t rank;
    struct dim dims[SHAPE_MAX_RANK];
};

/* The shapes given for one input; an empty name stands for every input. */
struct named_shapes {
    char *name;
    size_t count;
    struct shape *shapes;
};

struct shape_list {
    size_t count;
    struct named_shapes *entries;
};

bool shape_is_static(const struct shape *shape);

/* The number of elements of a static shape; false where it does not fit into size_t or a dimension is open.
 */
bool shape_elements(const struct shape *shape, size_t *elements);

/* True when every dimension of the static `shape` lies within the limits of `limits`. */
bool shape_fits(const struct shape *shape, const struct shape *limits);

/* Writes [1,3,?,1..10] (an open end is 2.. or ..8) into `text` of SHAPE_MAX_TEXT bytes, and returns it. */
char *shape_text(const struct shape *shape, char *text);

/* Parses one `[…]`; `*end` is then behind the bracket. Dimensions: 5, ?, -1, 1..10, 2.., ..8. */
int shape_parse(const char *text, struct shape *shape, const char **end, struct message *message);

/* Parses NAME[…][…],NAME[…]; the list starts empty and is freed by shape_list_finish, also after an error. */
int shape_list_parse(const char *text, struct shape_list *list, struct message *message);
void shape_list_finish(struct shape_list *list);

/* The entry of `name`, else the one without a name, else NULL. */
const struct named_shapes *shape_list_find(const struct shape_list *list, const char *name);

#endif
