/* Log lines: a level for messages to the user, and categories for traces that are off unless asked for.
 *
 * The environment's VT_LOG is a comma list of one level (none, error, warning, info, debug) and any number of
 * categories (dispatch, passes, memory, plugin, general, all); "debug" turns on "general" as well. Without it
 * the level is warning and no category is on. It is read once, at the first use. All functions may be called
 * from any thread. */
#ifndef VT_LOG_H
#define VT_LOG_H

#include "vt/levels.h"

#include <stdatomic.h>
#include <stdbool.h>

/* `line` has no newline and is valid during the call only. May be called by several threads at once. Lines
 * that the callback itself logs go to stderr. */
typedef void vt_log_fn(void *user, int level, const char *line);

/* NULL restores stderr. When it returns, no thread is inside the callback that was set before. Not to be
 * called from inside a callback. */
void vt_log_set_callback(vt_log_fn *fn, void *user);

/* Overrides VT_LOG. */
void vt_log_set(enum vt_log_level level, unsigned categories);

/* Overrides VT_LOG by a text of the same form; unknown words are named in one warning and otherwise ignored.
 */
void vt_log_configure(const char *text);

/* Level in the low byte, categories above; negative until the environment has been read. */
extern atomic_int vt_log_state;
int vt_log_init(void);

static inline int vt_log_get(void)
{
    int state = atomic_load_explicit(&vt_log_state, memory_order_relaxed);

    return __builtin_expect(state < 0, 0) ? vt_log_init() : state;
}

/* Whether any of these categories is on: ask before building an expensive text. */
static inline bool vt_log_enabled(unsigned categories)
{
    return ((unsigned)vt_log_get() >> 8 & categories) != 0;
}

static inline bool vt_log_level_enabled(enum vt_log_level level)
{
    return (int)level <= (vt_log_get() & 0xff);
}

/* Write unconditionally; lines longer than 4 KiB are cut. */
__attribute__((format(printf, 2, 3))) void vt_log_write(enum vt_log_level level, const char *fmt, ...);

/* Arguments are evaluated only when the line is wanted. */
#define vt_log(level, ...)                                                                                   \
    do {                                                                                                     \
        if (vt_log_level_enabled(level)) {                                                                   \
            vt_log_write(level, __VA_ARGS__);                                                                \
        }                                                                                                    \
    } while (0)

/* A line of a category, whatever the level. */
#define vt_trace(category, ...)                                                                              \
    do {                                                                                                     \
        if (vt_log_enabled(category)) {                                                                      \
            vt_log_write(VT_LOG_DEBUG, __VA_ARGS__);                                                         \
        }                                                                                                    \
    } while (0)

#endif
