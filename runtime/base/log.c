#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

atomic_int vt_log_state = -1;

/* Readers hold it while they are inside the callback, so that a replaced one is not in use any more. */
static pthread_rwlock_t sink_lock = PTHREAD_RWLOCK_INITIALIZER;
static vt_log_fn *sink_fn;
static void *sink_user;
static _Thread_local bool in_callback;

static const struct word {
    const char *name;
    int level;
    unsigned categories;
} words[] = {
    {"none", VT_LOG_NONE, 0},
    {"error", VT_LOG_ERROR, 0},
    {"warning", VT_LOG_WARNING, 0},
    {"info", VT_LOG_INFO, 0},
    {"debug", VT_LOG_DEBUG, VT_LOG_GENERAL},
    {"dispatch", -1, VT_LOG_DISPATCH},
    {"passes", -1, VT_LOG_PASSES},
    {"memory", -1, VT_LOG_MEMORY},
    {"plugin", -1, VT_LOG_PLUGIN},
    {"general", -1, VT_LOG_GENERAL},
    {"all", -1, VT_LOG_ALL},
};

static const struct word *find_word(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].name) == length && !memcmp(words[i].name, text, length)) {
            return &words[i];
        }
    }
    return NULL;
}

/* The state that a text describes; *unknown is its first word that is none of ours, or NULL. */
static int parse(const char *text, const char **unknown, size_t *unknown_length)
{
    int level = VT_LOG_WARNING;
    unsigned categories = 0;

    *unknown = NULL;
    while (*text) {
        size_t length = strcspn(text, ", ");
        const struct word *word = length ? find_word(text, length) : NULL;

        if (word) {
            level = word->level >= 0 ? word->level : level;
            categories |= word->categories;
        } else if (length && !*unknown) {
            *unknown = text;
            *unknown_length = length;
        }
        text += length + (text[length] != 0);
    }
    return level | (int)(categories << 8);
}

static void warn_unknown(const char *word, size_t length)
{
    if (word) {
        vt_log(VT_LOG_WARNING,
               "VT_LOG: unknown word '%.*s'; known are none, error, warning, info, debug, dispatch, passes, "
               "memory, "
               "plugin, general, all",
               (int)(length < 64 ? length : 64), word);
    }
}

int vt_log_init(void)
{
    const char *text = getenv("VT_LOG"), *unknown;
    size_t length = 0;
    int expected = -1, state = parse(text ? text : "", &unknown, &length);

    /* Several threads may get here at once; one of them sets the state, and it alone warns. */
    if (atomic_compare_exchange_strong(&vt_log_state, &expected, state)) {
        warn_unknown(unknown, length);
    }
    return atomic_load(&vt_log_state);
}

void vt_log_configure(const char *text)
{
    const char *unknown;
    size_t length = 0;

    atomic_store(&vt_log_state, parse(text ? text : "", &unknown, &length));
    warn_unknown(unknown, length);
}

void vt_log_set(enum vt_log_level level, unsigned categories)
{
    atomic_store(&vt_log_state, (int)level | (int)((categories & VT_LOG_ALL) << 8));
}

void vt_log_set_callback(vt_log_fn *fn, void *user)
{
    pthread_rwlock_wrlock(&sink_lock);
    sink_fn = fn;
    sink_user = user;
    pthread_rwlock_unlock(&sink_lock);
}

static void write_stderr(enum vt_log_level level, const char *line)
{
    static const char *const names[] = {"", "error: ", "warning: ", "", ""};

    fprintf(stderr, "vintner: %s%s\n", names[level], line);
}

void vt_log_write(enum vt_log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    if (level < VT_LOG_ERROR || level > VT_LOG_DEBUG) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (in_callback) {
        write_stderr(level, line);
        return;
    }
    pthread_rwlock_rdlock(&sink_lock);
    if (sink_fn) {
        in_callback = true;
        sink_fn(sink_user, level, line);
        in_callback = false;
    } else {
        write_stderr(level, line);
    }
    pthread_rwlock_unlock(&sink_lock);
}
