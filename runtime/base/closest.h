/* "Did you mean": the name that somebody probably wanted. */
#ifndef VT_CLOSEST_H
#define VT_CLOSEST_H

#include <stddef.h>

struct vt_closest {
    const char *word;
    const char *best; /* NULL until a name is near enough */
    int distance;
};

/* Offer a name; the nearest one offered is kept. Near enough is an edit distance (one letter put in, left
 * out, changed, or two neighbours swapped; upper and lower case are the same) of a third of the word at most.
 */
void vt_closest_offer(struct vt_closest *c, const char *name);

/* "; did you mean 'NAME'?" or "" into `text`, which it returns. */
const char *vt_closest_hint(const struct vt_closest *c, char *text, size_t size);

#endif
