#include "layout.h"

#include <ctype.h>
#include <string.h>

/* The letters between the brackets at `at`. */
static int read_letters(const char *at, const char *end, char *letters, struct message *message)
{
    size_t count = 0;
    for (; at < end; at++) {
        if (*at == ',' || *at == ' ') {
            continue;
        }
        if ((!isalpha((unsigned char)*at) && *at != '?') || count == SHAPE_MAX_RANK) {
            return message_fail(message, "-layout: expected letters such as [NCHW] at '%.80s'", at);
        }
        letters[count++] = (char)toupper((unsigned char)*at);
    }
    letters[count] = 0;
    return 0;
}

int layout_find(const char *text, const char *name, char *letters, struct message *message)
{
    letters[0] = 0;
    bool found = false;
    for (const char *at = text; at && *at;) {
        at += *at == ',';
        const char *open = strchr(at, '['), *close = open ? strchr(open, ']') : NULL;
        if (!close || (close[1] && close[1] != ',')) {
            return message_fail(message, "-layout: expected [NCHW] or NAME[NCHW],NAME[NC], not '%.80s'",
                                text);
        }
        size_t length = (size_t)(open - at);
        bool own = strlen(name) == length && strncmp(name, at, length) == 0;
        if (own || (length == 0 && !found)) {
            if (read_letters(open + 1, close, letters, message) < 0) {
                return -1;
            }
            found = own;
        }
        at = close + 1;
    }
    return 0;
}

static bool is_channels(const struct dim *dim)
{
    return dim->min == dim->max && (dim->min == 1 || dim->min == 3);
}

static bool is_side(const struct dim *dim)
{
    return dim->max < 0 || dim->max >= 8;
}

void layout_guess(const struct shape *shape, char *letters)
{
    const struct dim *dims = shape->dims;
    const char *guess = "";
    if (shape->rank == 2) {
        guess = "NC";
    } else if (shape->rank == 3) {
        guess = is_channels(&dims[0]) && dims[0].min == 3 && is_side(&dims[1]) && is_side(&dims[2]) ? "CHW"
                                                                                                    : "N??";
    } else if (shape->rank == 4) {
        guess = is_channels(&dims[1]) ? "NCHW" : is_channels(&dims[3]) ? "NHWC" : "N???";
    } else if (shape->rank == 5) {
        guess = "NCDHW";
    }
    strcpy(letters, guess);
}
