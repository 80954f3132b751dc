/* The thread pool: see thread_pool.h. */
#define _POSIX_C_SOURCE 200809L /* sigfillset, pthread_sigmask */
#include "imgcore/base/thread_pool.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"

/* Removes the first task of the queue; NULL if it is empty. The lock is held. */
static struct ic_task *take_first(struct ic_thread_pool *pool) {
    struct ic_task *task = pool->first;
    if (task != NULL) {
        pool->first = task->next;
        pool->last = pool->first != NULL ? pool->last : NULL;
    }
    return task;
}

/* Runs a task without the lock, which is held before and after. */
static void run(struct ic_thread_pool *pool, struct ic_task *task) {
    task->state = IC_TASK_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    task->run(task->user);
    pthread_mutex_lock(&pool->lock);
    task->state = IC_TASK_IDLE;
}

static void *work(void *user) {
    struct ic_thread_pool *pool = user;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        struct ic_task *task = pool->running < pool->limit ? take_first(pool) : NULL;
        if (task == NULL) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        pool->running++;
        run(pool, task);
        pool->running--;
        pthread_cond_signal(&pool->done); /* at most one thread waits: the owner */
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* After fork only the forking thread exists in the child. The locks are not destroyed: in the copy
 * workers seem to wait at them. */
static void forget_workers_of_parent(struct ic_thread_pool *pool) {
    if (pool->ready && pool->process != getpid()) {
        memset(pool, 0, sizeof(*pool));
    }
}

static bool init_locks(struct ic_thread_pool *pool) {
    if (pool->ready) {
        return true;
    }
    if (pthread_mutex_init(&pool->mem_lock, NULL) != 0) {
        return false;
    }
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        pthread_mutex_destroy(&pool->mem_lock);
        return false;
    }
    if (pthread_cond_init(&pool->work, NULL) != 0) {
        pthread_mutex_destroy(&pool->lock);
        pthread_mutex_destroy(&pool->mem_lock);
        return false;
    }
    if (pthread_cond_init(&pool->done, NULL) != 0) {
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->lock);
        pthread_mutex_destroy(&pool->mem_lock);
        return false;
    }
    pool->ready = true;
    pool->process = getpid();
    return true;
}

/* A new thread inherits the signal mask of its creator. All signals are blocked, so that the
 * program handles its signals in its own threads. */
static void create_threads(struct ic_thread_pool *pool, unsigned want) {
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) {
        return;
    }
    pthread_attr_setstacksize(&attributes, IC_THREAD_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->created < want &&
           pthread_create(&pool->thread[pool->created], &attributes, work, pool) == 0) {
        pool->created++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

unsigned ic_thread_pool_resize(struct ic_thread_pool *pool, unsigned threads) {
    if (!IC_HOLDS(threads >= 1 && threads <= IMGCORE_MAX_THREADS)) {
        return 0;
    }
    const unsigned want = threads - 1;
    forget_workers_of_parent(pool);
    if (want == 0 || !init_locks(pool)) {
        return 0;
    }
    if (pool->created < want) {
        create_threads(pool, want);
    }
    pthread_mutex_lock(&pool->lock);
    (void)IC_HOLDS(pool->first == NULL);
    pool->limit = pool->created < want ? pool->created : want;
    pthread_mutex_unlock(&pool->lock);
    return pool->limit;
}

void ic_thread_pool_clear(struct ic_thread_pool *pool) {
    forget_workers_of_parent(pool);
    if (!pool->ready) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->created; i++) {
        pthread_join(pool->thread[i], NULL);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->mem_lock);
    pool->ready = false;
}

void ic_thread_pool_submit(struct ic_thread_pool *pool, struct ic_task *task) {
    pthread_mutex_lock(&pool->lock);
    if (!IC_HOLDS(task->state == IC_TASK_IDLE)) {
        pthread_mutex_unlock(&pool->lock);
        return; /* it is queued already */
    }
    task->state = IC_TASK_QUEUED;
    task->next = NULL;
    if (pool->last != NULL) {
        pool->last->next = task;
    } else {
        pool->first = task;
    }
    pool->last = task;
    const bool wake = pool->running < pool->limit;
    pthread_mutex_unlock(&pool->lock);
    if (wake) { /* else a running worker takes it when it has finished its task */
        pthread_cond_signal(&pool->work);
    }
}

void ic_thread_pool_wait(struct ic_thread_pool *pool, struct ic_task *task) {
    pthread_mutex_lock(&pool->lock);
    while (task->state != IC_TASK_IDLE) {
        struct ic_task *queued = take_first(pool);
        if (queued != NULL) {
            run(pool, queued);
        } else {
            pthread_cond_wait(&pool->done, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

void ic_thread_pool_cancel(struct ic_thread_pool *pool, struct ic_task *task) {
    pthread_mutex_lock(&pool->lock);
    if (task->state == IC_TASK_QUEUED) {
        struct ic_task *before = NULL;
        for (struct ic_task *at = pool->first; at != task; at = at->next) {
            before = at;
        }
        if (before != NULL) {
            before->next = task->next;
        } else {
            pool->first = task->next;
        }
        pool->last = pool->last == task ? before : pool->last;
        task->state = IC_TASK_IDLE;
    }
    while (task->state == IC_TASK_RUNNING) {
        pthread_cond_wait(&pool->done, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}
