/* The report files: benchmark_report.csv or .json. */
#ifndef BENCHMARK_APP_REPORT_H
#define BENCHMARK_APP_REPORT_H

#include "../common/message.h"
#include "options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum report_section { REPORT_SETUP, REPORT_RESULTS, REPORT_SYSTEM, REPORT_SECTIONS };

struct report_value {
    enum report_section section;
    char *label; /* first column of the CSV */
    char *key;   /* of the JSON */
    char *text;  /* as it is written */
    bool is_number;
};

/* Latencies of one group of data shapes. */
struct report_group {
    char *shape;
    double median, average, min, max;
};

/* Starts zeroed. Values that find no memory are left out. */
struct report {
    size_t count;
    struct report_value *values;
    size_t group_count;
    struct report_group *groups;
};

void report_add_text(struct report *report, enum report_section section, const char *label, const char *key,
                     const char *text);
void report_add_number(struct report *report, enum report_section section, const char *label, const char *key,
                       double number);
void report_add_group(struct report *report, const char *shape, double median, double average, double min,
                      double max);
void report_finish(struct report *report);

/* Adds what the figures depend on besides the program: processor, kernel, runtime. */
void report_add_system(struct report *report, const char *runtime_build);

/* Writes the report into the folder of the options. */
int report_write(const struct report *report, const struct options *options, struct message *message);

/* Opens FOLDER/NAME.csv or .json for writing. NULL with a message. */
FILE *report_open(const struct options *options, const char *name, struct message *message);
/* Closes what report_open gave; -1 with a message where not all could be written. */
int report_close(FILE *file, const char *name, struct message *message);

/* Writes a field of a CSV file: in quotes where it holds a separator, a quote or a new line. */
void report_write_csv_text(FILE *file, const char *text);

/* Writes a JSON string with its quotes. */
void report_write_json_text(FILE *file, const char *text);

#endif
