/* A crew: threads of one context that help the calling thread with its tasks.
 *
 * A task is queued with ic_crew_submit and waited for with ic_crew_wait. Who waits works: as long
 * as his task is not done he runs what is queued, so that everything gets done with any number of
 * threads, none included. A thread that cannot be had is therefore done without.
 *
 * Threads are made when first needed and stay until ic_crew_clear. They take no signals. A crew is
 * used by the thread that its context is used by; tasks do not submit or wait. */
#ifndef IC_CREW_H
#define IC_CREW_H

#include <pthread.h>
#include <stdbool.h>

#include "imgcore/imgcore.h"

/* Zero-initialise it, set run and user; it lives where its owner keeps it, and must not go away
 * before ic_crew_wait or ic_crew_cancel has returned for it. */
struct ic_task {
    void (*run)(void *user);
    void *user;
    struct ic_task *next; /* in the queue */
    enum { IC_TASK_IDLE, IC_TASK_QUEUED, IC_TASK_RUNNING } state;
};

struct ic_crew {
    bool ready;               /* the locks are made */
    pthread_mutex_t mem_lock; /* of the context's memory while threads share it */
    pthread_mutex_t lock;     /* of all that follows, and of the tasks */
    pthread_cond_t work;      /* a task was queued, or the end has come */
    pthread_cond_t done;      /* a task was done */
    struct ic_task *first, *last;
    unsigned made, limit, running; /* threads: there are, may work at once, work now */
    bool ending;
    pthread_t thread[IMGCORE_MAX_THREADS - 1];
};

/* Makes the crew (zeros at first) have `threads` - 1 threads that work, as far as they can be had,
 * beside the one that calls; answers how many work. No task may be queued. */
unsigned ic_crew_muster(struct ic_crew *crew, unsigned threads);
/* Ends and joins the threads; a crew of zeros is allowed. */
void ic_crew_clear(struct ic_crew *crew);

/* Queues an idle task. Those queued are begun in order. */
void ic_crew_submit(struct ic_crew *crew, struct ic_task *task);
/* Returns when the task is idle, working on what is queued until then. What the task has written
 * may be read afterwards. */
void ic_crew_wait(struct ic_crew *crew, struct ic_task *task);
/* The same, but a task that has not begun is taken out of the queue and never runs. */
void ic_crew_cancel(struct ic_crew *crew, struct ic_task *task);

#endif
