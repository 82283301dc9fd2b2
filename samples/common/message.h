/* The one error message of a sample program: set where the error is seen, printed once by main. */
#ifndef SAMPLES_MESSAGE_H
#define SAMPLES_MESSAGE_H

struct message {
    char text[1024];
};

/* Formats the message (cut at the size of the buffer) and returns -1, so that callers write `return
 * message_fail(…)`. */
int message_fail(struct message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
