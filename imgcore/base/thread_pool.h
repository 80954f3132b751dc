/* A thread pool: worker threads of one context that share its tasks with the calling thread.
 *
 * ic_thread_pool_submit queues a task, ic_thread_pool_wait waits for it. A waiting caller runs
 * queued tasks until its own is done, so every task is run with any number of workers, none
 * included. If a thread cannot be created, the pool therefore works with fewer.
 *
 * Workers are created when first needed and exist until ic_thread_pool_clear. They block all
 * signals. Only the thread that uses the context uses its pool; tasks neither submit nor wait.
 *
 * A child of the process has a copy of the pool without its workers, which are created again. */
#ifndef IC_THREAD_POOL_H
#define IC_THREAD_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "imgcore/imgcore.h"

/* Zero-initialise it, then set run and user. The owner provides its memory, which must stay valid
 * until ic_thread_pool_wait or ic_thread_pool_cancel has returned for it. */
struct ic_task {
    void (*run)(void *user);
    void *user;
    struct ic_task *next; /* in the queue */
    enum { IC_TASK_IDLE, IC_TASK_QUEUED, IC_TASK_RUNNING } state;
};

struct ic_thread_pool {
    bool ready;               /* the locks are initialised */
    pid_t process;            /* in which they are */
    pthread_mutex_t mem_lock; /* protects the context's memory while threads share it */
    pthread_mutex_t lock;     /* protects all fields below, and the tasks */
    pthread_cond_t work;      /* signalled when a task is queued or the pool ends */
    pthread_cond_t done;      /* signalled when a task is done */
    struct ic_task *first, *last;
    unsigned created; /* workers that exist */
    unsigned limit;   /* workers that may run tasks at the same time */
    unsigned running; /* workers that run a task now */
    bool ending;
    pthread_t thread[IMGCORE_MAX_THREADS - 1];
};

/* Sets the number of threads to `threads`, the calling one included: creates the workers that are
 * missing, as far as the system allows, and returns how many workers will run tasks. The pool is
 * zero-initialised before the first call. No task may be queued. */
unsigned ic_thread_pool_resize(struct ic_thread_pool *pool, unsigned threads);
/* Ends and joins the workers. A zero-initialised pool is allowed. */
void ic_thread_pool_clear(struct ic_thread_pool *pool);

/* Queues an idle task. Tasks start in the order in which they were queued. */
void ic_thread_pool_submit(struct ic_thread_pool *pool, struct ic_task *task);
/* Runs queued tasks until `task` is idle. What the task has written may be read afterwards. */
void ic_thread_pool_wait(struct ic_thread_pool *pool, struct ic_task *task);
/* Removes a queued task, which then never runs; waits for one that is running. */
void ic_thread_pool_cancel(struct ic_thread_pool *pool, struct ic_task *task);

#endif
