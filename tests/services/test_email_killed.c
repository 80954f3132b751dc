/* Deliveries that are killed at each step, and several at once: processes of their own against one
 * server. What the record then holds, how many mails are out, and what the next delivery does. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/services/email_deliver_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RACERS       6

/* A process that delivers with a client of its own, once the pipe `start` is closed, and ends with
 * the outcome. */
static pid_t begin_delivery(const char *body, int64_t deadline_ms, bool overrides,
                            const int *start) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        return pid;
    }
    char byte;
    static struct awsc_client *of_parent; /* its connections are not used */
    of_parent = f.client;
    f.client = NULL;
    aws_new_client(&f);
    assert_ptr_not_equal(f.client, of_parent);
    begin_mailer();
    struct email_job job = job_of(body);
    job.deadline_ms = deadline_ms;
    job.overrides_unknown = overrides;
    if (start != NULL) {
        close(start[1]);
        if (read(start[0], &byte, 1) != 0) {
            _exit(99);
        }
    }
    email_deliver(&mailer, &job, &delivery);
    _exit((int)delivery.outcome);
}

/* Waits until the server has had `count` requests; each report starts the count again. */
static void wait_for_requests(size_t count) {
    for (size_t seen = 0; seen < count; usleep(2000)) {
        seen += aws_requests(&f);
    }
}

/* A request that is counted may not have been carried out yet. */
static void wait_for_state(const char *id, const char *state) {
    for (const char *there = NULL; state != NULL && (there == NULL || strcmp(there, state) != 0);) {
        there = attribute(id, "state");
    }
}

/* The requests of a delivery are claim, SENDING, the mail, SENT. "hang": killed before the server
 * carried request n out; "stall": after that, with half of its response read. */
static void test_a_delivery_that_is_killed_at_each_step(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        size_t request;
        const char *state;
        size_t mails;
        enum email_outcome at_once, later;
        size_t mails_later;
        enum email_outcome by_override;
        size_t mails_by_override;
    } cases[] = {
        {"hang", 1, NULL, 0, EMAIL_SENT, EMAIL_SENT_BEFORE, 1, EMAIL_SENT_BEFORE, 1},
        {"stall", 1, "CLAIMED", 0, EMAIL_RETRY, EMAIL_SENT, 1, EMAIL_SENT_BEFORE, 1},
        {"hang", 2, "CLAIMED", 0, EMAIL_RETRY, EMAIL_SENT, 1, EMAIL_SENT_BEFORE, 1},
        /* From here on the outcome is unknown, and only a person sends it again. */
        {"stall", 2, "SENDING", 0, EMAIL_RETRY, EMAIL_UNKNOWN, 0, EMAIL_SENT, 1},
        {"hang", 3, "SENDING", 0, EMAIL_RETRY, EMAIL_UNKNOWN, 0, EMAIL_SENT, 1},
        {"stall", 3, "SENDING", 1, EMAIL_RETRY, EMAIL_UNKNOWN, 1, EMAIL_SENT, 2},
        {"hang", 4, "SENDING", 1, EMAIL_RETRY, EMAIL_UNKNOWN, 1, EMAIL_SENT, 2},
        {"stall", 4, "SENT", 1, EMAIL_SENT_BEFORE, EMAIL_SENT_BEFORE, 1, EMAIL_SENT_BEFORE, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[256];
        int status = 0;
        snprintf(line, sizeof(line), "{\"mails\":[],\"requests\":[],\"faults\":[%.*s\"%s\"]}",
                 3 * ((int)cases[i].request - 1), "\"\",\"\",\"\",", cases[i].fault);
        aws_set(&f, "{\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
        aws_set(&f, line);
        later_ms = 0;
        const pid_t pid = begin_delivery(ORDER(CUSTOMER, "1"),
                                         svc_deadline_in(&record_clock, LEFT_MS), false, NULL);
        wait_for_requests(cases[i].request);
        wait_for_state("m:1", cases[i].state);
        while (mail_count() < cases[i].mails) {
            usleep(2000);
        }
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        expect_state("m:1", cases[i].state);
        assert_int_equal(mail_count(), cases[i].mails);
        assert_int_equal(deliver(ORDER(CUSTOMER, "1")), cases[i].at_once);
        later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
        assert_int_equal(deliver(ORDER(CUSTOMER, "1")), cases[i].later);
        assert_int_equal(mail_count(), cases[i].mails_later);
        struct email_job job = job_of(ORDER(CUSTOMER, "1"));
        job.overrides_unknown = true;
        assert_int_equal(deliver_job(&job), cases[i].by_override);
        assert_int_equal(mail_count(), cases[i].mails_by_override);
        assert_int_equal(deliver_job(&job), EMAIL_SENT_BEFORE);
    }
}

/* Starts them together; counts[outcome] of how they ended. */
static void race(const char *body, bool overrides, int counts[EMAIL_UNAVAILABLE + 1]) {
    int start[2];
    pid_t pids[RACERS];
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < RACERS; i++) {
        pids[i] = begin_delivery(body, svc_deadline_in(&record_clock, LEFT_MS), overrides, start);
    }
    close(start[0]);
    close(start[1]);
    memset(counts, 0, sizeof(int) * (EMAIL_UNAVAILABLE + 1));
    for (int i = 0; i < RACERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= EMAIL_UNAVAILABLE);
        counts[WEXITSTATUS(status)]++;
    }
}

static void test_deliveries_at_once_send_one_mail(void **state) {
    (void)state;
    int counts[EMAIL_UNAVAILABLE + 1];
    char body[512];
    for (size_t n = 1; n <= 5; n++) {
        snprintf(body, sizeof(body),
                 MESSAGE("ORDER_CONFIRMATION", CUSTOMER, "%zu",
                         "{\"customerName\":\"x\",\"orderNumber\":\"y\"}"),
                 n);
        race(body, false, counts);
        assert_int_equal(counts[EMAIL_SENT], 1);
        assert_int_equal(counts[EMAIL_SENT] + counts[EMAIL_SENT_BEFORE] + counts[EMAIL_RETRY],
                         RACERS);
        assert_int_equal(mail_count(), n);
    }
}

/* Several persons, or one twice, decide that an unknown outcome is sent again. */
static void test_overrides_at_once_send_one_mail(void **state) {
    (void)state;
    int counts[EMAIL_UNAVAILABLE + 1];
    aws_set(&f, "{\"faults\":[\"\",\"\",\"reset\"]}");
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_UNKNOWN);
    usleep(2000); /* past its time */
    race(ORDER(CUSTOMER, "1"), true, counts);
    assert_int_equal(counts[EMAIL_SENT], 1);
    assert_int_equal(counts[EMAIL_SENT] + counts[EMAIL_SENT_BEFORE] + counts[EMAIL_RETRY], RACERS);
    assert_int_equal(mail_count(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        MAILER_TEST(test_a_delivery_that_is_killed_at_each_step),
        MAILER_TEST(test_deliveries_at_once_send_one_mail),
        MAILER_TEST(test_overrides_at_once_send_one_mail),
    };
    return AWS_RUN(tests);
}
