/* Parsers of option values. Each stores into its field of struct options and returns 0, or -1 with a message
   that starts with what was expected; the caller puts the option's name in front. */
#ifndef BENCHMARK_APP_OPTION_VALUES_H
#define BENCHMARK_APP_OPTION_VALUES_H

#include "../common/message.h"

typedef int option_parser(void *field, const char *value, struct message *message);

option_parser option_text;        /* const char *: anything but nothing */
option_parser option_flag;        /* int: true/false, yes/no, 1/0 */
option_parser option_count;       /* int64_t, 0 or more */
option_parser option_positive;    /* int64_t, 1 or more */
option_parser option_real;        /* double, 0 or more */
option_parser option_yes_no;      /* const char *: YES, NO */
option_parser option_order;       /* const char *: sort, no_sort, simple_sort */
option_parser option_api;         /* const char *: sync, async */
option_parser option_hint;        /* const char *: LATENCY, THROUGHPUT, CUMULATIVE_THROUGHPUT, none */
option_parser option_report_type; /* const char * */
option_parser option_shapes;      /* struct shape_list: one shape an input */
option_parser option_data_shapes; /* struct shape_list: several static shapes an input */
option_parser option_percentiles; /* struct percentiles: 50,90,99.9 */

/* True for the words that option_flag knows. */
int option_is_flag_value(const char *text);

#endif
