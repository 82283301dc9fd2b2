/* Statistics of latencies. */
#ifndef BENCHMARK_APP_STATS_H
#define BENCHMARK_APP_STATS_H

#include <stddef.h>

/* All in the unit of the samples. */
struct stats {
    size_t count;
    double average, min, max, deviation; /* deviation: of the sample (n - 1), 0 for one value */
};

/* Sorts the samples ascending and sums them up. All zero for no sample. */
void stats_summarize(double *samples, size_t count, struct stats *stats);

/* Nearest rank: the smallest sample that at least `percent` % of all do not exceed, sorted[ceil(count *
   percent / 100) - 1]. percent: 0 to 100. 0 for no sample. */
double stats_percentile(const double *sorted, size_t count, double percent);

#endif
