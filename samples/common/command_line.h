/* Command lines of the small sample programs: PLACE PLACE [PLACE] --name value --flag, in any order. */
#ifndef SAMPLES_COMMAND_LINE_H
#define SAMPLES_COMMAND_LINE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command_kind {
    COMMAND_FLAG,     /* bool */
    COMMAND_TEXT,     /* const char * into argv, not empty */
    COMMAND_POSITIVE, /* int64_t from 1 */
    COMMAND_REAL,     /* double */
    COMMAND_FACTOR    /* double that is not 0 */
};

struct command_option {
    const char *name; /* with its dashes */
    enum command_kind kind;
    void *field;
};

/* Reads argv: options by their table, everything else into `places` in turn (what is not given is left as it
   is). -h and --help set `*help`, and then nothing is missing. 0, or -1 with a message; `needed` names the
   first `required` places in the message about missing ones: "a model and a picture are needed". */
int command_line_read(int argc, char **argv, const struct command_option *options, size_t option_count,
                      const char **const *places, size_t place_count, size_t required, const char *needed,
                      bool *help, struct message *message);

#endif
