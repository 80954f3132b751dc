/* A walk over a queue: see dead_letters_walk.h. */
#define _GNU_SOURCE /* sigaction's SA_RESETHAND */
#include "lambda/handlers/email/dead_letters_walk.h"

#include <signal.h>
#include <stdlib.h>

#include "lambda/handlers/email/dead_letters_ids.h"
#include "services/base/text.h"

/* A receive that waits asks all of SQS's servers, so one that brings nothing is the end. Receives
 * that only repeat messages are not, unless they follow each other. */
#define WAIT_S          1
#define MAX_REPETITIONS 3

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

void email_walk_catch_signals(void) {
    struct sigaction action = {0};
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool email_walk_is_interrupted(void) {
    return interrupted != 0;
}

struct walk {
    struct awsc_client *client;
    const char *queue_url;
    struct email_ids seen;
    char **handles; /* by the number of the id; NULL: not to be given back */
    size_t capacity;
};

/* Keeps the newest receipt handle of a message: only that one can make it visible. false: out of
 * memory. */
static bool keep_handle(struct walk *walk, size_t number, const char *handle) {
    if (number >= walk->capacity) {
        size_t capacity = walk->seen.capacity;
        char **handles = realloc(walk->handles, capacity * sizeof(*handles));
        if (handles == NULL) {
            return false;
        }
        for (size_t i = walk->capacity; i < capacity; i++) {
            handles[i] = NULL;
        }
        walk->handles = handles;
        walk->capacity = capacity;
    }
    char *copy = svc_duplicate_text(handle);
    if (copy == NULL) {
        return false;
    }
    free(walk->handles[number]);
    walk->handles[number] = copy;
    return true;
}

static void drop_handle(struct walk *walk, size_t number) {
    free(walk->handles[number]);
    walk->handles[number] = NULL;
}

/* One batch. Every message of it is kept before the first is looked at, so that all of them are
 * given back. *goes_on: false once `each` has ended the walk. */
static enum svc_status take(struct walk *walk, const struct awsc_sqs_received *received,
                            email_walk_fn *each, void *user, size_t *new_count, bool *goes_on,
                            struct awsc_error *error) {
    size_t numbers[AWSC_MAX_SQS_BATCH];
    bool was_there[AWSC_MAX_SQS_BATCH];
    for (size_t i = 0; i < received->count; i++) {
        const struct awsc_sqs_received_message *message = &received->messages[i];
        if (!email_ids_add(&walk->seen, message->message_id, &numbers[i], &was_there[i]) ||
            !keep_handle(walk, numbers[i], message->receipt_handle)) {
            return awsc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
        }
    }
    for (size_t i = 0; i < received->count && *goes_on && !interrupted; i++) {
        if (!was_there[i]) {
            bool is_taken = false;
            ++*new_count;
            *goes_on = each(user, &received->messages[i], &is_taken);
            if (is_taken) {
                drop_handle(walk, numbers[i]);
            }
        }
    }
    return SVC_OK;
}

static enum svc_status run(struct walk *walk, email_walk_fn *each, void *user,
                           struct awsc_error *error) {
    bool goes_on = true;
    for (int repetitions = 0; goes_on && !interrupted && repetitions < MAX_REPETITIONS;) {
        struct awsc_sqs_received received;
        size_t new_count = 0;
        enum svc_status status = awsc_sqs_receive(walk->client, walk->queue_url, AWSC_MAX_SQS_BATCH,
                                                  WAIT_S, &received, 0, error);
        if (status != SVC_OK) {
            return status;
        }
        bool is_end = received.count == 0;
        status = take(walk, &received, each, user, &new_count, &goes_on, error);
        awsc_sqs_received_clear(&received);
        if (status != SVC_OK || is_end) {
            return status;
        }
        repetitions = new_count > 0 ? 0 : repetitions + 1;
    }
    return SVC_OK;
}

/* An entry that SQS refuses for its handle is visible already: its timeout has ended. */
static bool is_given_back(const struct awsc_sqs_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (results[i].status != SVC_OK && !results[i].sender_fault) {
            return false;
        }
    }
    return true;
}

static enum svc_status give_back(const struct walk *walk, struct awsc_error *error) {
    struct awsc_sqs_visibility batch[AWSC_MAX_SQS_BATCH];
    struct awsc_sqs_result results[AWSC_MAX_SQS_BATCH];
    enum svc_status status = SVC_OK;
    size_t count = 0;
    for (size_t i = 0; i < walk->seen.count && i < walk->capacity; i++) {
        if (walk->handles[i] != NULL) {
            batch[count++] = (struct awsc_sqs_visibility){.receipt_handle = walk->handles[i]};
        }
        if (count == AWSC_MAX_SQS_BATCH || (count > 0 && i + 1 == walk->seen.count)) {
            struct awsc_error own;
            enum svc_status one = awsc_sqs_change_visibility_batch(walk->client, walk->queue_url,
                                                                   batch, count, results, 0, &own);
            if (one != SVC_OK && !is_given_back(results, count) && status == SVC_OK) {
                status = one;
                *error = own;
            }
            count = 0;
        }
    }
    return status;
}

enum svc_status email_walk(struct awsc_client *client, const char *queue_url, email_walk_fn *each,
                           void *user, struct awsc_error *error) {
    struct walk walk = {.client = client, .queue_url = queue_url};
    struct awsc_error late;
    enum svc_status status = run(&walk, each, user, error);
    enum svc_status back = give_back(&walk, &late);
    if (status == SVC_OK && back != SVC_OK) {
        *error = late;
        status = back;
    }
    for (size_t i = 0; i < walk.capacity; i++) {
        free(walk.handles[i]);
    }
    free(walk.handles);
    email_ids_clear(&walk.seen);
    return status;
}
