#include "command_line.h"

#include "number.h"

#include <string.h>

static bool store(const struct command_option *option, const char *value)
{
    switch (option->kind) {
    case COMMAND_TEXT: *(const char **)option->field = value; return true;
    case COMMAND_POSITIVE:
        return number_parse_count(value, (int64_t *)option->field) && *(int64_t *)option->field > 0;
    case COMMAND_REAL: return number_parse_real(value, (double *)option->field);
    case COMMAND_FACTOR:
        return number_parse_real(value, (double *)option->field) && *(double *)option->field != 0;
    default: return false;
    }
}

/* Reads the option at argv[*at], and its value. */
static int read_option(int argc, char **argv, int *at, const struct command_option *options,
                       size_t option_count, struct message *message)
{
    const char *name = argv[*at];
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(options[i].name, name) != 0) {
            continue;
        }
        if (options[i].kind == COMMAND_FLAG) {
            *(bool *)options[i].field = true;
            return 0;
        }
        const char *value = *at + 1 < argc ? argv[++*at] : NULL;
        if (!value || !*value || !store(&options[i], value)) {
            return message_fail(message, "%s needs a value%s%s", name, value ? ", not " : "",
                                value ? value : "");
        }
        return 0;
    }
    return message_fail(message, "unknown option %s (--help lists all)", name);
}

int command_line_read(int argc, char **argv, const struct command_option *options, size_t option_count,
                      const char **const *places, size_t place_count, size_t required, const char *needed,
                      bool *help, struct message *message)
{
    size_t given = 0;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0) {
            *help = true;
        } else if (text[0] == '-') {
            if (read_option(argc, argv, &i, options, option_count, message) < 0) {
                return -1;
            }
        } else if (given == place_count) {
            return message_fail(message, "unexpected argument '%s'", text);
        } else {
            *places[given++] = text;
        }
    }
    return *help || given >= required ? 0 : message_fail(message, "%s needed (--help)", needed);
}
