/* Checks of a new version of a function, before it gets traffic. Each invokes the version by its
 * number, so that no alias and no trigger matters, and verifies its result. None of them changes
 * what the platform sees: the functions' own README names what each check leaves behind. */
#ifndef DEPLOY_CHECK_H
#define DEPLOY_CHECK_H

#include <stdbool.h>

#include "lambda/handlers/deploy/appspec.h"
#include "lambda/handlers/deploy/function.h"
#include "services/base/json.h"

#define DEPLOY_REASON_BYTES 32
#define DEPLOY_DETAIL_BYTES 512

struct deploy_check {
    const struct deploy_function *function;
    const char *deployment_id;
    struct deploy_target target;
    int64_t deadline_ms; /* of the checks; what follows is kept for the status */
    /* Why it failed; reason "": it has not. */
    char reason[DEPLOY_REASON_BYTES]; /* a code: "FUNCTION_ERROR", ... */
    char detail[DEPLOY_DETAIL_BYTES]; /* a sentence */
};

/* Records the first failure, by printf's rules; returns false. */
bool deploy_fail(struct deploy_check *check, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Invokes the version with an event, once, and has its result verified; clears the event. `verify`
 * returns whether it is as expected, else it calls deploy_fail; `user` is passed on. false: the
 * check has failed: the call (INVOKE), the function (FUNCTION_ERROR), the version that ran is
 * another (WRONG_VERSION), the result is not JSON (RESULT), or not as expected. */
bool deploy_invoke(struct deploy_check *check, struct svc_buf *event,
                   bool (*verify)(struct deploy_check *check, const struct svc_json *result,
                                  const void *user),
                   const void *user);

/* Each returns whether the version passed; else check->reason and detail are set. */
bool deploy_check_image(struct deploy_check *check);
bool deploy_check_email(struct deploy_check *check);
bool deploy_check_settlement(struct deploy_check *check);
bool deploy_check_webhook(struct deploy_check *check);

#endif
