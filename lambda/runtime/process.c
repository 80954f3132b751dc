/* Limits of the process, and the handlers of SIGTERM and of its grace period's end. */
#define _GNU_SOURCE
#include "lambda/runtime/process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t idle, stopping;
static timer_t grace_timer;

void lrt_process_harden(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
}

bool lrt_process_may_gain_privileges(void) {
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

/* Only calls that POSIX allows in a signal handler. */
static void on_sigterm(int signal_number) {
    (void)signal_number;
    if (idle) {
        _exit(0);
    }
    stopping = 1;
    const struct itimerspec grace = {
        {0, 0}, {LRT_TERM_GRACE_MS / 1000, LRT_TERM_GRACE_MS % 1000 * 1000000L}};
    (void)timer_settime(grace_timer, 0, &grace, NULL);
}

static void on_grace_over(int signal_number) {
    (void)signal_number;
    static const char line[] = "{\"level\":\"WARN\",\"message\":\"ended by SIGTERM before the work "
                               "was done; Lambda retries "
                               "the event\"}\n";
    const ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)written;
    _exit(0);
}

bool lrt_process_catch_sigterm(void) {
    struct sigevent event = {0};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    if (timer_create(CLOCK_MONOTONIC, &event, &grace_timer) != 0) {
        return false;
    }
    struct sigaction action = {0};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    action.sa_handler = on_grace_over;
    if (sigaction(SIGALRM, &action, NULL) != 0) {
        return false;
    }
    action.sa_handler = on_sigterm;
    return sigaction(SIGTERM, &action, NULL) == 0;
}

void lrt_process_set_idle(bool is_idle) {
    idle = is_idle;
    /* SIGTERM arrived since the last result was posted. */
    if (is_idle && stopping) {
        _exit(0);
    }
}

bool lrt_process_is_stopping(void) {
    return stopping != 0;
}
