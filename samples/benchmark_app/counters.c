/* What each node took, by request: on the console (-pc) and as a report of its own (-report_type). */
#include "bench.h"
#include "console.h"

#include <stdlib.h>
#include <string.h>

/* Times in microseconds, as the runtime counts them; averages are not whole. */
struct counter {
    const ov_profiling_info_t *info;
    double real, cpu;
};

struct counters {
    size_t count;
    struct counter *nodes;
    double real, cpu;
};

static const char *status_name(int status)
{
    static const char *const names[] = {"NOT_RUN", "OPTIMIZED_OUT", "EXECUTED"};
    return status >= 0 && status <= 2 ? names[status] : "UNKNOWN";
}

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

/* The nodes of one request; the average of all where `average`: nodes are matched by position, as all
 * requests run one model. */
static int collect(const ov_profiling_info_list_t *lists, size_t requests, size_t first, bool average,
                   struct counters *counters)
{
    const ov_profiling_info_list_t *list = &lists[first];
    *counters = (struct counters){.count = list->size};
    counters->nodes = calloc(list->size + 1, sizeof(*counters->nodes));
    if (!counters->nodes) {
        return -1;
    }
    for (size_t i = 0; i < list->size; i++) {
        struct counter *node = &counters->nodes[i];
        node->info = &list->profiling_infos[i];
        size_t summed = 0;
        for (size_t r = average ? 0 : first; r < (average ? requests : first + 1); r++) {
            if (i < lists[r].size) {
                node->real += (double)lists[r].profiling_infos[i].real_time;
                node->cpu += (double)lists[r].profiling_infos[i].cpu_time;
                summed++;
            }
        }
        node->real /= (double)summed;
        node->cpu /= (double)summed;
        counters->real += node->real;
        counters->cpu += node->cpu;
    }
    return 0;
}

static int longest_first(const void *a, const void *b)
{
    double x = ((const struct counter *)a)->real, y = ((const struct counter *)b)->real;
    return (x < y) - (x > y);
}

static void print(const struct counters *counters, size_t request, bool executed_only)
{
    console_info("Performance counts for %zu-th infer request", request);
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *node = &counters->nodes[i];
        if (executed_only && (int)node->info->status != 2) {
            continue;
        }
        const char *name = text_or_empty(node->info->node_name), *type = text_or_empty(node->info->node_type);
        printf(
            "%-20.*s%s %-20s layerType: %-20s execType: %-20s realTime (ms): %-10.3f cpuTime (ms): %-10.3f\n",
            strlen(name) > 40 ? 37 : 40, name, strlen(name) > 40 ? "..." : "",
            status_name((int)node->info->status), type, text_or_empty(node->info->exec_type),
            node->real / 1000, node->cpu / 1000);
    }
    printf("Total time:     %.3f milliseconds\nTotal CPU time: %.3f milliseconds\n\n", counters->real / 1000,
           counters->cpu / 1000);
}

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void write_csv(FILE *file, const struct counters *counters, bool sorted)
{
    fprintf(file, "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)%s\n",
            sorted ? ";%" : "");
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *node = &counters->nodes[i];
        report_write_csv_text(file, text_or_empty(node->info->node_name));
        fprintf(file, ";%s;%s;%s;%.3f;%.3f", status_name((int)node->info->status),
                text_or_empty(node->info->node_type), text_or_empty(node->info->exec_type), node->real / 1000,
                node->cpu / 1000);
        if (sorted) {
            fprintf(file, ";%.2f", share(node->real, counters->real));
        }
        fputc('\n', file);
    }
    fprintf(file, "Total;;;;%.3f;%.3f%s\n\n", counters->real / 1000, counters->cpu / 1000,
            sorted ? ";100.00" : "");
}

static void write_json_node(FILE *file, const struct counter *node, double total, bool sorted)
{
    const char *const keys[] = {"name", "node_type", "status", "exec_type"};
    const char *values[] = {node->info->node_name, node->info->node_type,
                            status_name((int)node->info->status), node->info->exec_type};
    fprintf(file, "{");
    for (int i = 0; i < 4; i++) {
        fprintf(file, "\"%s\": ", keys[i]);
        report_write_json_text(file, text_or_empty(values[i]));
        fprintf(file, ", ");
    }
    fprintf(file, "\"real_time\": %.6g, \"cpu_time\": %.6g", node->real / 1000, node->cpu / 1000);
    if (sorted) {
        fprintf(file, ", \"%%\": %.4g", share(node->real, total));
    }
    fprintf(file, "}");
}

static void write_json(FILE *file, const struct counters *counters, bool sorted)
{
    fprintf(file, "{\"nodes\": [");
    for (size_t i = 0; i < counters->count; i++) {
        fprintf(file, "%s\n    ", i ? "," : "");
        write_json_node(file, &counters->nodes[i], counters->real, sorted);
    }
    fprintf(file, "\n  ], \"total_real_time\": %.6g, \"total_cpu_time\": %.6g}", counters->real / 1000,
            counters->cpu / 1000);
}

/* Writes the report's file: one table of averages, or one for each request. */
static int write_report(struct bench *b, const ov_profiling_info_list_t *lists)
{
    const char *type = b->options.report_type;
    bool average = strcmp(type, "average_counters") == 0,
         sorted = strcmp(type, "sort_detailed_counters") == 0;
    bool json = b->options.json == 1;
    char name[96];
    snprintf(name, sizeof(name), "benchmark_%s_report", type);
    FILE *file = report_open(&b->options, name, &b->message);
    if (!file) {
        return -1;
    }
    if (json) {
        fprintf(file, "{\n  \"report_type\": \"%s\",\n  \"%s\": %s",
                average  ? "average"
                : sorted ? "sorted"
                         : "detailed",
                average ? "avg_performance" : "detailed_performance", average ? "" : "[");
    }
    int rc = 0;
    for (size_t r = 0; r < (average ? 1 : b->request_count) && rc == 0; r++) {
        struct counters counters;
        if (collect(lists, b->request_count, r, average, &counters) < 0) {
            rc = message_fail(&b->message, "no memory");
            break;
        }
        if (sorted) {
            qsort(counters.nodes, counters.count, sizeof(*counters.nodes), longest_first);
        }
        if (json) {
            fprintf(file, "%s", r ? ", " : "");
            write_json(file, &counters, sorted);
        } else {
            write_csv(file, &counters, sorted);
        }
        free(counters.nodes);
    }
    if (json) {
        fprintf(file, "%s\n}\n", average ? "" : "]");
    }
    if (report_close(file, name, &b->message) < 0 || rc < 0) {
        return -1;
    }
    console_info("Performance counters report is stored to %s/%s.%s", b->options.report_folder, name,
                 json ? "json" : "csv");
    return 0;
}

static int print_all(struct bench *b, const ov_profiling_info_list_t *lists)
{
    for (size_t r = 0; r < b->request_count; r++) {
        struct counters counters;
        if (collect(lists, b->request_count, r, false, &counters) < 0) {
            return message_fail(&b->message, "no memory");
        }
        const char *order = b->options.counters_order ? b->options.counters_order : "no_sort";
        if (strcmp(order, "no_sort") != 0) {
            qsort(counters.nodes, counters.count, sizeof(*counters.nodes), longest_first);
        }
        print(&counters, r, strcmp(order, "simple_sort") == 0);
        free(counters.nodes);
    }
    return 0;
}

int bench_report_counters(struct bench *b)
{
    if (!b->profiling) {
        return 0;
    }
    ov_profiling_info_list_t *lists = calloc(b->request_count, sizeof(*lists));
    if (!lists) {
        return message_fail(&b->message, "no memory");
    }
    int rc = 0;
    for (size_t r = 0; r < b->request_count && rc == 0; r++) {
        rc = runtime_check(ov_infer_request_get_profiling_info(b->requests[r], &lists[r]), &b->message,
                           "counters of request %zu", r);
    }
    if (rc == 0 && (b->options.counters == 1 || b->options.counters_order)) {
        rc = print_all(b, lists);
    }
    if (rc == 0 && b->options.report_type && strcmp(b->options.report_type, "no_counters") != 0) {
        rc = write_report(b, lists);
    }
    for (size_t r = 0; r < b->request_count; r++) {
        if (lists[r].profiling_infos) {
            ov_profiling_info_list_free(&lists[r]);
        }
    }
    free(lists);
    return rc;
}
