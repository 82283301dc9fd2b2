#include "closest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORD 64

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Optimal string alignment, three rows of the table at a time. */
static int distance(const char *a, int na, const char *b, int nb)
{
    int rows[3][MAX_WORD + 1];

    for (int j = 0; j <= nb; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= na; i++) {
        int *now = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        now[0] = i;
        for (int j = 1; j <= nb; j++) {
            now[j] = smaller(smaller(above[j], now[j - 1]) + 1,
                             above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
                now[j] = smaller(now[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[na % 3][nb];
}

void vt_closest_offer(struct vt_closest *c, const char *name)
{
    size_t na = strlen(c->word), nb = strlen(name);
    int d;

    if (!na || na > MAX_WORD || nb > MAX_WORD) {
        return;
    }
    d = distance(c->word, (int)na, name, (int)nb);
    if (3 * d <= (int)na && (!c->best || d < c->distance)) {
        c->best = name;
        c->distance = d;
    }
}

const char *vt_closest_hint(const struct vt_closest *c, char *text, size_t size)
{
    if (c->best) {
        snprintf(text, size, "; did you mean '%s'?", c->best);
    } else {
        *text = 0;
    }
    return text;
}
