/* Names of inputs and outputs on the command line: one that the model does not have would have no effect,
 * which must not pass unseen. */
#include "bench.h"

#include <string.h>

static bool is_name(const struct port_info *port, const char *name, size_t length)
{
    return strlen(port->name) == length && strncmp(port->name, name, length) == 0;
}

/* An empty name stands for every input. */
static int check_name(struct bench *b, const char *option, const char *name, size_t length, bool outputs_too)
{
    bool known = length == 0;
    for (size_t i = 0; i < b->input_count && !known; i++) {
        known = is_name(&b->inputs[i].port, name, length);
    }
    for (size_t i = 0; outputs_too && i < b->output_count && !known; i++) {
        known = is_name(&b->outputs[i], name, length);
    }
    if (known) {
        return 0;
    }
    char names[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < b->input_count && n < sizeof(names); i++) {
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", b->inputs[i].port.name);
    }
    return message_fail(&b->message, "-%s: the model has no input%s '%.*s'; its inputs: %s", option,
                        outputs_too ? " or output" : "", (int)length, name, names);
}

static int check_shapes(struct bench *b, const char *option, const struct shape_list *list)
{
    int rc = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = check_name(b, option, list->entries[i].name, strlen(list->entries[i].name), false);
    }
    return rc;
}

/* NAME[…],NAME[…]; the parsers of the values answer for other forms. */
static int check_brackets(struct bench *b, const char *option, const char *text)
{
    int rc = 0;
    for (const char *at = text; at && *at && rc == 0;) {
        size_t length = strcspn(at, "[");
        const char *close = strchr(at + length, ']');
        if (!close) {
            return 0;
        }
        rc = check_name(b, option, at, length, false);
        at = close + 1 + (close[1] == ',');
    }
    return rc;
}

/* NAME:TYPE,NAME:TYPE */
static int check_types(struct bench *b)
{
    int rc = 0;
    for (const char *at = b->options.types; at && *at && rc == 0;) {
        size_t length = strcspn(at, ",");
        const char *colon = memrchr(at, ':', length);
        rc = colon ? check_name(b, "iop", at, (size_t)(colon - at), true) : 0;
        at += length + (at[length] == ',');
    }
    return rc;
}

int bench_check_names(struct bench *b)
{
    const struct options *o = &b->options;
    if (check_shapes(b, "shape", &o->shapes) < 0 || check_shapes(b, "data_shape", &o->data_shapes) < 0 ||
        check_brackets(b, "layout", o->layout) < 0 || check_brackets(b, "mean_values", o->mean) < 0 ||
        check_brackets(b, "scale_values", o->scale) < 0) {
        return -1;
    }
    return check_types(b);
}
