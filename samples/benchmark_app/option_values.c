#include "option_values.h"

#include "../common/number.h"
#include "options.h"

#include <string.h>
#include <strings.h>

int option_text(void *field, const char *value, struct message *message)
{
    if (!*value) {
        return message_fail(message, "expected a text");
    }
    *(const char **)field = value;
    return 0;
}

static int flag_value(const char *text)
{
    static const char *const words[] = {"false", "no", "0", "true", "yes", "1"};
    for (int i = 0; i < 6; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return i >= 3;
        }
    }
    return -1;
}

int option_is_flag_value(const char *text)
{
    return flag_value(text) >= 0;
}

int option_flag(void *field, const char *value, struct message *message)
{
    *(int *)field = flag_value(value);
    return *(int *)field < 0 ? message_fail(message, "expected true or false, not '%s'", value) : 0;
}

int option_count(void *field, const char *value, struct message *message)
{
    if (!number_parse_count(value, field) || *(int64_t *)field > INT32_MAX) {
        return message_fail(message, "expected a whole number from 0 to %d, not '%s'", INT32_MAX, value);
    }
    return 0;
}

int option_positive(void *field, const char *value, struct message *message)
{
    if (option_count(field, value, message) < 0 || *(int64_t *)field == 0) {
        return message_fail(message, "expected a whole number from 1 to %d, not '%s'", INT32_MAX, value);
    }
    return 0;
}

int option_real(void *field, const char *value, struct message *message)
{
    if (!number_parse_real(value, field) || !(*(double *)field >= 0)) {
        return message_fail(message, "expected a number, 0 or more, not '%s'", value);
    }
    return 0;
}

struct choice {
    const char *text, *stored;
};

static int choose(void *field, const char *value, const struct choice *choices, size_t count,
                  const char *expected, struct message *message)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(value, choices[i].text) == 0) {
            *(const char **)field = choices[i].stored;
            return 0;
        }
    }
    return message_fail(message, "expected %s, not '%s'", expected, value);
}

int option_yes_no(void *field, const char *value, struct message *message)
{
    int flag = flag_value(value);
    *(const char **)field = flag == 1 ? "YES" : "NO";
    return flag < 0 ? message_fail(message, "expected YES or NO, not '%s'", value) : 0;
}

int option_order(void *field, const char *value, struct message *message)
{
    static const struct choice choices[] = {
        {"sort", "sort"}, {"no_sort", "no_sort"}, {"simple_sort", "simple_sort"}};
    return choose(field, value, choices, 3, "sort, no_sort or simple_sort", message);
}

int option_api(void *field, const char *value, struct message *message)
{
    static const struct choice choices[] = {{"sync", "sync"}, {"async", "async"}};
    return choose(field, value, choices, 2, "sync or async", message);
}

int option_hint(void *field, const char *value, struct message *message)
{
    static const struct choice choices[] = {
        {"latency", "LATENCY"},
        {"throughput", "THROUGHPUT"},
        {"tput", "THROUGHPUT"},
        {"cumulative_throughput", "CUMULATIVE_THROUGHPUT"},
        {"ctput", "CUMULATIVE_THROUGHPUT"},
        {"none", "none"},
    };
    return choose(field, value, choices, 6,
                  "latency, throughput (tput), cumulative_throughput (ctput) or none", message);
}

int option_report_type(void *field, const char *value, struct message *message)
{
    static const struct choice choices[] = {
        {"no_counters", "no_counters"},
        {"average_counters", "average_counters"},
        {"detailed_counters", "detailed_counters"},
        {"sort_detailed_counters", "sort_detailed_counters"},
    };
    return choose(field, value, choices, 4,
                  "no_counters, average_counters, detailed_counters or sort_detailed_counters", message);
}

int option_shapes(void *field, const char *value, struct message *message)
{
    struct shape_list *list = field;
    shape_list_finish(list);
    if (shape_list_parse(value, list, message) < 0) {
        return -1;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].count > 1) {
            return message_fail(message, "expected one shape an input; several go to -data_shape");
        }
    }
    return 0;
}

int option_data_shapes(void *field, const char *value, struct message *message)
{
    struct shape_list *list = field;
    shape_list_finish(list);
    if (shape_list_parse(value, list, message) < 0) {
        return -1;
    }
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < list->entries[i].count; k++) {
            if (!shape_is_static(&list->entries[i].shapes[k])) {
                return message_fail(message, "expected shapes without open dimensions, not '%s'", value);
            }
        }
    }
    return 0;
}

int option_percentiles(void *field, const char *value, struct message *message)
{
    struct percentiles *list = field;
    list->count = 0;
    for (const char *at = value;; at++) {
        char text[32];
        size_t length = strcspn(at, ",");
        if (length >= sizeof(text) || list->count == OPTIONS_MAX_PERCENTILES) {
            return message_fail(message, "expected at most %d numbers, not '%s'", OPTIONS_MAX_PERCENTILES,
                                value);
        }
        memcpy(text, at, length);
        text[length] = 0;
        double percent;
        if (!number_parse_real(text, &percent) || !(percent >= 1 && percent <= 100)) {
            return message_fail(message, "expected numbers from 1 to 100, such as 50,90,99.9, not '%s'",
                                value);
        }
        list->values[list->count++] = percent;
        at += length;
        if (!*at) {
            return 0;
        }
    }
}
