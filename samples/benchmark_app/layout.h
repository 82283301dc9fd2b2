/* Layouts on the command line: [NCHW] or in1[NHWC],in2[NC]. */
#ifndef BENCHMARK_APP_LAYOUT_H
#define BENCHMARK_APP_LAYOUT_H

#include "../common/message.h"
#include "../common/shape.h"

/* Finds the layout given for `name` in `text` (NULL: none given): its letters in upper case, commas dropped,
   "" where none is given. `letters` has SHAPE_MAX_RANK + 1 bytes. 0, or -1 with a message where the text is
   malformed. */
int layout_find(const char *text, const char *name, char *letters, struct message *message);

/* Guesses from a shape: rank 4 NCHW or NHWC by where 1 or 3 channels stand, else N…; rank 5 NCDHW; rank 3 CHW
   where 1 or 3 leads two larger sizes, else N..; rank 2 NC; otherwise "". Letters without meaning are '?'. */
void layout_guess(const struct shape *shape, char *letters);

#endif
