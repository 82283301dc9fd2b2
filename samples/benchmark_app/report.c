#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void add(struct report *report, enum report_section section, const char *label, const char *key,
                char *text, bool is_number)
{
    struct report_value *grown = realloc(report->values, (report->count + 1) * sizeof(*grown));
    if (!grown) {
        free(text);
        return;
    }
    report->values = grown;
    struct report_value value = {section, strdup(label), strdup(key), text, is_number};
    if (!value.label || !value.key || !text) {
        free(value.label);
        free(value.key);
        free(text);
        return;
    }
    grown[report->count++] = value;
}

void report_add_text(struct report *report, enum report_section section, const char *label, const char *key,
                     const char *text)
{
    add(report, section, label, key, strdup(text), false);
}

void report_add_number(struct report *report, enum report_section section, const char *label, const char *key,
                       double number)
{
    char text[40];
    snprintf(text, sizeof(text), number == floor(number) && fabs(number) < 1e15 ? "%.0f" : "%.9g",
             isfinite(number) ? number : 0);
    add(report, section, label, key, strdup(text), true);
}

void report_add_group(struct report *report, const char *shape, double median, double average, double min,
                      double max)
{
    struct report_group *grown = realloc(report->groups, (report->group_count + 1) * sizeof(*grown));
    char *copy = strdup(shape);
    report->groups = grown ? grown : report->groups;
    if (!grown || !copy) {
        free(copy);
        return;
    }
    report->groups[report->group_count++] = (struct report_group){copy, median, average, min, max};
}

void report_finish(struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->values[i].label);
        free(report->values[i].key);
        free(report->values[i].text);
    }
    free(report->values);
    for (size_t i = 0; i < report->group_count; i++) {
        free(report->groups[i].shape);
    }
    free(report->groups);
    *report = (struct report){0};
}

/* The text behind the colon of the first line of `path` that starts with `name`. */
static void line_of_file(const char *path, const char *name, char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen(path, "r");
    if (!file) {
        return;
    }
    char line[4096];
    while (fgets(line, sizeof(line), file)) {
        const char *colon = strncmp(line, name, strlen(name)) == 0 ? strchr(line, ':') : NULL;
        if (colon) {
            colon += 1 + strspn(colon + 1, " \t");
            snprintf(text, size, "%.*s", (int)strcspn(colon, "\n"), colon);
            break;
        }
    }
    fclose(file);
}

static void first_word(const char *path, char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen(path, "r");
    char word[64];
    if (file && fscanf(file, "%63s", word) == 1) {
        snprintf(text, size, "%s", word);
    }
    if (file) {
        fclose(file);
    }
}

/* Of the processor's flags those that inference cares for. */
static void find_isa(char *text, size_t size)
{
    static const char *const names[] = {
        "avx2",     "fma",         "f16c",        "avx_vnni",    "avx512f",  "avx512bw", "avx512vl",
        "avx512dq", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
        "asimd",    "asimdhp",     "asimddp",     "i8mm",        "bf16",     "sve",      "sve2"};
    char flags[4096], *rest = NULL;
    line_of_file("/proc/cpuinfo", "flags", flags, sizeof(flags));
    if (strcmp(flags, "unknown") == 0) {
        line_of_file("/proc/cpuinfo", "Features", flags, sizeof(flags));
    }
    size_t n = 0;
    text[0] = 0;
    for (char *word = strtok_r(flags, " ", &rest); word && n < size; word = strtok_r(NULL, " ", &rest)) {
        for (size_t i = 0; i < sizeof(names) / sizeof(*names) && n < size; i++) {
            if (strcmp(word, names[i]) == 0) {
                n += (size_t)snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
            }
        }
    }
    if (!n) {
        snprintf(text, size, "unknown");
    }
}

void report_add_system(struct report *report, const char *runtime_build)
{
    char text[256];
    line_of_file("/proc/cpuinfo", "model name", text, sizeof(text));
    report_add_text(report, REPORT_SYSTEM, "processor", "processor", text);
    report_add_number(report, REPORT_SYSTEM, "logical processors", "logical_processors",
                      (double)sysconf(_SC_NPROCESSORS_ONLN));
    find_isa(text, sizeof(text));
    report_add_text(report, REPORT_SYSTEM, "instruction sets", "instruction_sets", text);
    first_word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof(text));
    report_add_text(report, REPORT_SYSTEM, "frequency governor", "frequency_governor", text);
    line_of_file("/proc/self/status", "Cpus_allowed_list", text, sizeof(text));
    report_add_text(report, REPORT_SYSTEM, "allowed processors", "allowed_processors", text);
    struct utsname system;
    if (uname(&system) == 0) {
        snprintf(text, sizeof(text), "%.60s %.100s %.60s", system.sysname, system.release, system.machine);
        report_add_text(report, REPORT_SYSTEM, "system", "system", text);
    }
    report_add_text(report, REPORT_SYSTEM, "runtime", "runtime", runtime_build);
}

FILE *report_open(const struct options *options, const char *name, struct message *message)
{
    char *path;
    if (asprintf(&path, "%s/%s.%s", options->report_folder, name, options->json == 1 ? "json" : "csv") < 0) {
        message_fail(message, "no memory");
        return NULL;
    }
    FILE *file = fopen(path, "w");
    if (!file) {
        message_fail(message, "cannot write %s: %s", path, strerror(errno));
    }
    free(path);
    return file;
}

int report_close(FILE *file, const char *name, struct message *message)
{
    bool failed = ferror(file);
    failed |= fclose(file) != 0;
    return failed ? message_fail(message, "cannot write %s: %s", name, strerror(errno)) : 0;
}

void report_write_json_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\') {
            fprintf(file, "\\%c", *at);
        } else if (*at < 0x20) {
            fprintf(file, "\\u%04x", *at);
        } else {
            fputc(*at, file);
        }
    }
    fputc('"', file);
}

void report_write_csv_text(FILE *file, const char *text)
{
    if (!text[strcspn(text, ";\"\n")]) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        fputs(*text == '"' ? "\"\"" : (char[]){*text, 0}, file);
    }
    fputc('"', file);
}

static void write_csv(const struct report *report, const struct options *options, FILE *file)
{
    static const char *const titles[] = {"Configuration setup", "Execution results", "System"};
    fprintf(file, "Command line parameters\n");
    for (size_t i = 0; i < options->given_count; i++) {
        fprintf(file, "%s;", options->given[i].name);
        report_write_csv_text(file, options->given[i].value);
        fputc('\n', file);
    }
    for (int section = 0; section < REPORT_SECTIONS; section++) {
        fprintf(file, "\n%s\n", titles[section]);
        for (size_t i = 0; i < report->count; i++) {
            const struct report_value *value = &report->values[i];
            if ((int)value->section == section) {
                report_write_csv_text(file, value->label);
                fputc(';', file);
                report_write_csv_text(file, value->text);
                fputc('\n', file);
            }
        }
    }
    if (report->group_count) {
        fprintf(file, "\nGroup Latencies\nData shape;Median;Average;Min;Max\n");
    }
    for (size_t i = 0; i < report->group_count; i++) {
        const struct report_group *g = &report->groups[i];
        report_write_csv_text(file, g->shape);
        fprintf(file, ";%.6g;%.6g;%.6g;%.6g\n", g->median, g->average, g->min, g->max);
    }
}

static void write_json_groups(const struct report *report, FILE *file, const char *comma)
{
    fprintf(file, "%s\n    \"group_latencies\": [", comma);
    for (size_t i = 0; i < report->group_count; i++) {
        const struct report_group *g = &report->groups[i];
        fprintf(file, "%s{\"data_shape\": ", i ? ", " : "");
        report_write_json_text(file, g->shape);
        fprintf(file,
                ", \"latency_median\": %.6g, \"latency_average\": %.6g, \"latency_min\": %.6g, "
                "\"latency_max\": %.6g}",
                g->median, g->average, g->min, g->max);
    }
    fprintf(file, "]");
}

static void write_json(const struct report *report, const struct options *options, FILE *file)
{
    static const char *const titles[] = {"configuration_setup", "execution_results", "system"};
    fprintf(file, "{\n  \"cmd_options\": {");
    for (size_t i = 0; i < options->given_count; i++) {
        fprintf(file, "%s\n    ", i ? "," : "");
        report_write_json_text(file, options->given[i].name);
        fprintf(file, ": ");
        report_write_json_text(file, options->given[i].value);
    }
    fprintf(file, "\n  }");
    for (int section = 0; section < REPORT_SECTIONS; section++) {
        fprintf(file, ",\n  \"%s\": {", titles[section]);
        const char *comma = "";
        for (size_t i = 0; i < report->count; i++) {
            const struct report_value *value = &report->values[i];
            if ((int)value->section != section) {
                continue;
            }
            fprintf(file, "%s\n    ", comma);
            report_write_json_text(file, value->key);
            fprintf(file, ": ");
            if (value->is_number) {
                fputs(value->text, file);
            } else {
                report_write_json_text(file, value->text);
            }
            comma = ",";
        }
        if (section == REPORT_RESULTS && report->group_count) {
            write_json_groups(report, file, comma);
        }
        fprintf(file, "\n  }");
    }
    fprintf(file, "\n}\n");
}

int report_write(const struct report *report, const struct options *options, struct message *message)
{
    FILE *file = report_open(options, "benchmark_report", message);
    if (!file) {
        return -1;
    }
    if (options->json == 1) {
        write_json(report, options, file);
    } else {
        write_csv(report, options, file);
    }
    return report_close(file, "benchmark_report", message);
}
