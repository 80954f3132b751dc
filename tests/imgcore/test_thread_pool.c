/* The thread pool and the memory that it shares: every task is run once, with any number of
 * threads, none included; a waiting caller runs tasks; workers block signals; child allocators
 * share the accounting of their parent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/mem.h"
#include "imgcore/base/thread_pool.h"

#define TASKS 200

static struct ic_thread_pool pool;

static int set_up(void **state) {
    (void)state;
    memset(&pool, 0, sizeof(pool));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ic_thread_pool_clear(&pool);
    return 0;
}

struct counted {
    struct ic_task task;
    pthread_t runner;
    int runs;
    unsigned work;
};

static void count_run(void *user) {
    struct counted *counted = user;
    for (unsigned i = 0; i < 2000; i++) {
        counted->work = counted->work * 1664525u + 1013904223u;
    }
    counted->runner = pthread_self();
    counted->runs++;
}

static void run_all(struct counted *counted) {
    memset(counted, 0, TASKS * sizeof(*counted));
    for (int i = 0; i < TASKS; i++) {
        counted[i].task.run = count_run;
        counted[i].task.user = &counted[i];
        ic_thread_pool_submit(&pool, &counted[i].task);
    }
    for (int i = 0; i < TASKS; i++) {
        ic_thread_pool_wait(&pool, &counted[i].task);
        assert_int_equal(counted[i].runs, 1);
    }
}

static void every_task_is_done_once(void **state) {
    (void)state;
    static struct counted counted[TASKS];
    static const unsigned threads[] = {2, 3, 8, 2, IMGCORE_MAX_THREADS, 1, 2};
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        const unsigned made = ic_thread_pool_resize(&pool, threads[i]);
        assert_int_equal(made, threads[i] - 1);
        if (made > 0) {
            run_all(counted);
        }
    }
    assert_true(pool.created <= IMGCORE_MAX_THREADS - 1);
}

/* The state of a pool whose threads could not be created. */
static void without_threads_the_caller_runs_all_tasks(void **state) {
    (void)state;
    static struct counted counted[TASKS];
    ic_thread_pool_resize(&pool, 2); /* initialises the locks */
    ic_thread_pool_clear(&pool);
    memset(&pool, 0, sizeof(pool));
    pthread_mutex_init(&pool.mem_lock, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.ready = true;
    run_all(counted);
    for (int i = 0; i < TASKS; i++) {
        assert_true(pthread_equal(counted[i].runner, pthread_self()));
    }
}

/* A task that waits until it is released. */
struct held {
    struct ic_task task;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool begun, let_go;
};

static void hold(void *user) {
    struct held *held = user;
    pthread_mutex_lock(&held->lock);
    held->begun = true;
    pthread_cond_broadcast(&held->change);
    while (!held->let_go) {
        pthread_cond_wait(&held->change, &held->lock);
    }
    pthread_mutex_unlock(&held->lock);
}

static void wait_until_begun(struct held *held) {
    pthread_mutex_lock(&held->lock);
    while (!held->begun) {
        pthread_cond_wait(&held->change, &held->lock);
    }
    pthread_mutex_unlock(&held->lock);
}

static void let_go(struct held *held) {
    pthread_mutex_lock(&held->lock);
    held->let_go = true;
    pthread_cond_broadcast(&held->change);
    pthread_mutex_unlock(&held->lock);
}

static void a_waiting_caller_runs_tasks_and_a_cancelled_task_never_runs(void **state) {
    (void)state;
    struct held held = {.task = {.run = hold, .user = &held},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .change = PTHREAD_COND_INITIALIZER};
    struct counted counted[5];
    memset(counted, 0, sizeof(counted));
    assert_int_equal(ic_thread_pool_resize(&pool, 2), 1);
    ic_thread_pool_submit(&pool, &held.task);
    wait_until_begun(&held); /* the only thread is busy from here on */
    for (int i = 0; i < 5; i++) {
        counted[i].task.run = count_run;
        counted[i].task.user = &counted[i];
        ic_thread_pool_submit(&pool, &counted[i].task);
    }
    ic_thread_pool_cancel(&pool, &counted[4].task);
    ic_thread_pool_cancel(&pool, &counted[0].task);
    ic_thread_pool_cancel(&pool, &counted[2].task);
    ic_thread_pool_wait(&pool, &counted[3].task);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(counted[i].runs, i == 1 || i == 3);
    }
    ic_thread_pool_wait(&pool, &counted[1].task);
    ic_thread_pool_submit(&pool, &counted[0].task);
    ic_thread_pool_wait(&pool, &counted[0].task);
    assert_int_equal(counted[0].runs, 1);
    assert_true(pthread_equal(counted[0].runner, pthread_self()));
    let_go(&held);
    ic_thread_pool_cancel(&pool, &held.task); /* it runs, so cancel waits for it */
    assert_int_equal(held.task.state, IC_TASK_IDLE);
}

struct mask {
    struct ic_task task;
    struct held held;
    sigset_t blocked;
};

static void read_mask(void *user) {
    struct mask *mask = user;
    pthread_sigmask(SIG_SETMASK, NULL, &mask->blocked);
    hold(&mask->held);
}

static void threads_block_all_signals(void **state) {
    (void)state;
    struct mask mask = {
        .task = {.run = read_mask, .user = &mask},
        .held = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER}};
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(ic_thread_pool_resize(&pool, 2), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ic_thread_pool_submit(&pool, &mask.task);
    wait_until_begun(&mask.held); /* so that another thread runs it */
    let_go(&mask.held);
    ic_thread_pool_wait(&pool, &mask.task);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        assert_int_equal(sigismember(&mask.blocked, signals[i]), 1);
        assert_int_equal(sigismember(&after, signals[i]), sigismember(&before, signals[i]));
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct user {
    struct ic_task task;
    struct ic_mem child;
    int refused;
    enum imgcore_status status;
};

/* Allocates and frees, sometimes more than the budget. */
static void use_memory(void *state) {
    struct user *user = state;
    void *block[8] = {NULL};
    for (unsigned i = 0; i < 4000; i++) {
        const unsigned k = (i * 5) % 8;
        ic_free(&user->child, block[k]);
        block[k] = ic_alloc(&user->child, (size_t)(i % 7 + 1) * 9000);
        if (block[k] != NULL) {
            memset(block[k], (int)i, 64);
        } else {
            user->refused++;
            user->status = user->child.status;
        }
        if (ic_mem_reserve(&user->child, 1000)) {
            ic_mem_release(&user->child, 1000);
        }
    }
    for (unsigned k = 0; k < 8; k++) {
        ic_free(&user->child, block[k]);
    }
}

static void child_allocators_share_one_budget(void **state) {
    (void)state;
    struct ic_mem mem;
    static struct user users[4];
    memset(users, 0, sizeof(users));
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, 700000);
    assert_int_equal(ic_thread_pool_resize(&pool, 4), 3);
    mem.lock = &pool.mem_lock;
    for (int i = 0; i < 4; i++) {
        ic_mem_init_child(&mem, &users[i].child);
        users[i].task.run = use_memory;
        users[i].task.user = &users[i];
        ic_thread_pool_submit(&pool, &users[i].task);
    }
    for (int i = 0; i < 4; i++) {
        ic_thread_pool_wait(&pool, &users[i].task);
        assert_true(users[i].refused == 0 || users[i].status == IMGCORE_BUDGET);
    }
    assert_true(mem.peak_bytes <= 700000);
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    assert_int_equal(mem.status,
                     IMGCORE_OK); /* the failure of a child does not change the parent's status */
    mem.lock = NULL;
    ic_mem_clear(&mem);
}

static void a_block_may_be_freed_by_another_child(void **state) {
    (void)state;
    struct ic_mem mem, a, b;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, 100000);
    ic_mem_init_child(&mem, &a);
    ic_mem_init_child(&a, &b); /* of the same parent */
    void *block = ic_alloc(&a, 60000);
    assert_non_null(block);
    assert_null(ic_alloc(&b, 60000));
    assert_int_equal(b.status, IMGCORE_BUDGET);
    assert_int_equal(a.status, IMGCORE_OK);
    assert_true(ic_mem_left(&a) <= 40000);
    ic_free(&b, block);
    block = ic_alloc(&b, 60000);
    assert_non_null(block);
    ic_mem_hand_out(&a, block);
    assert_int_equal(mem.used_bytes, 0);
    ic_mem_take_back(&mem, block);
    assert_int_equal(ic_mem_left(&mem), 100000);
    ic_mem_clear(&mem);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_task_is_done_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_threads_the_caller_runs_all_tasks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_waiting_caller_runs_tasks_and_a_cancelled_task_never_runs,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_block_all_signals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(child_allocators_share_one_budget, set_up, tear_down),
        cmocka_unit_test(a_block_may_be_freed_by_another_child),
    };
    return cmocka_run_group_tests_name("thread_pool", tests, NULL, NULL);
}
