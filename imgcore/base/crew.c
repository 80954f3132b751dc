/* Threads of a context: see crew.h. */
#define _POSIX_C_SOURCE 200809L /* sigfillset, pthread_sigmask */
#include "imgcore/base/crew.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>

#include "imgcore/base/limits.h"

/* The first task of the queue, or NULL. The lock is held. */
static struct ic_task *take_first(struct ic_crew *crew) {
    struct ic_task *task = crew->first;
    if (task != NULL) {
        crew->first = task->next;
        crew->last = crew->first != NULL ? crew->last : NULL;
    }
    return task;
}

/* The lock is held before and after. */
static void run(struct ic_crew *crew, struct ic_task *task) {
    task->state = IC_TASK_RUNNING;
    pthread_mutex_unlock(&crew->lock);
    task->run(task->user);
    pthread_mutex_lock(&crew->lock);
    task->state = IC_TASK_IDLE;
}

static void *work(void *user) {
    struct ic_crew *crew = user;
    pthread_mutex_lock(&crew->lock);
    while (!crew->ending) {
        struct ic_task *task = crew->running < crew->limit ? take_first(crew) : NULL;
        if (task == NULL) {
            pthread_cond_wait(&crew->work, &crew->lock);
            continue;
        }
        crew->running++;
        run(crew, task);
        crew->running--;
        pthread_cond_signal(&crew->done); /* one thread waits at the most: the owner */
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static bool make_locks(struct ic_crew *crew) {
    if (crew->ready) {
        return true;
    }
    if (pthread_mutex_init(&crew->mem_lock, NULL) != 0) {
        return false;
    }
    if (pthread_mutex_init(&crew->lock, NULL) != 0) {
        pthread_mutex_destroy(&crew->mem_lock);
        return false;
    }
    if (pthread_cond_init(&crew->work, NULL) != 0) {
        pthread_mutex_destroy(&crew->lock);
        pthread_mutex_destroy(&crew->mem_lock);
        return false;
    }
    if (pthread_cond_init(&crew->done, NULL) != 0) {
        pthread_cond_destroy(&crew->work);
        pthread_mutex_destroy(&crew->lock);
        pthread_mutex_destroy(&crew->mem_lock);
        return false;
    }
    crew->ready = true;
    return true;
}

/* Threads inherit the mask of who makes them: signals are the program's, not a library's. */
static void make_threads(struct ic_crew *crew, unsigned want) {
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) {
        return;
    }
    pthread_attr_setstacksize(&attributes, IC_CREW_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->made < want &&
           pthread_create(&crew->thread[crew->made], &attributes, work, crew) == 0) {
        crew->made++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

unsigned ic_crew_muster(struct ic_crew *crew, unsigned threads) {
    assert(threads >= 1 && threads <= IMGCORE_MAX_THREADS);
    const unsigned want = threads - 1;
    if (want == 0 || !make_locks(crew)) {
        return 0;
    }
    if (crew->made < want) {
        make_threads(crew, want);
    }
    pthread_mutex_lock(&crew->lock);
    assert(crew->first == NULL);
    crew->limit = crew->made < want ? crew->made : want;
    pthread_mutex_unlock(&crew->lock);
    return crew->limit;
}

void ic_crew_clear(struct ic_crew *crew) {
    if (!crew->ready) {
        return;
    }
    pthread_mutex_lock(&crew->lock);
    crew->ending = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->made; i++) {
        pthread_join(crew->thread[i], NULL);
    }
    pthread_cond_destroy(&crew->done);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    pthread_mutex_destroy(&crew->mem_lock);
    crew->ready = false;
}

void ic_crew_submit(struct ic_crew *crew, struct ic_task *task) {
    pthread_mutex_lock(&crew->lock);
    assert(task->state == IC_TASK_IDLE);
    task->state = IC_TASK_QUEUED;
    task->next = NULL;
    if (crew->last != NULL) {
        crew->last->next = task;
    } else {
        crew->first = task;
    }
    crew->last = task;
    const bool wake = crew->running < crew->limit;
    pthread_mutex_unlock(&crew->lock);
    if (wake) { /* else whoever finishes looks into the queue himself */
        pthread_cond_signal(&crew->work);
    }
}

void ic_crew_wait(struct ic_crew *crew, struct ic_task *task) {
    pthread_mutex_lock(&crew->lock);
    while (task->state != IC_TASK_IDLE) {
        struct ic_task *queued = take_first(crew);
        if (queued != NULL) {
            run(crew, queued);
        } else {
            pthread_cond_wait(&crew->done, &crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
}

void ic_crew_cancel(struct ic_crew *crew, struct ic_task *task) {
    pthread_mutex_lock(&crew->lock);
    if (task->state == IC_TASK_QUEUED) {
        struct ic_task *before = NULL;
        for (struct ic_task *at = crew->first; at != task; at = at->next) {
            before = at;
        }
        if (before != NULL) {
            before->next = task->next;
        } else {
            crew->first = task->next;
        }
        crew->last = crew->last == task ? before : crew->last;
        task->state = IC_TASK_IDLE;
    }
    while (task->state == IC_TASK_RUNNING) {
        pthread_cond_wait(&crew->done, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}
