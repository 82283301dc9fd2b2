#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_summarize(double *samples, size_t count, struct stats *stats)
{
    *stats = (struct stats){.count = count};
    if (!count) {
        return;
    }
    qsort(samples, count, sizeof(*samples), ascending);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += samples[i];
    }
    stats->average = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        squares += (samples[i] - stats->average) * (samples[i] - stats->average);
    }
    stats->deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
    stats->min = samples[0];
    stats->max = samples[count - 1];
}

double stats_percentile(const double *sorted, size_t count, double percent)
{
    if (!count) {
        return 0;
    }
    /* The product is brought back by a hair first: 1000 * 99.9 / 100 is slightly more than 999 in binary. */
    double rank = ceil((double)count * percent / 100 - 1e-9);
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;
    return sorted[index < count ? index : count - 1];
}
