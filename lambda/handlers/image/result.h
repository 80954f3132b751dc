/* What became of one object. */
#ifndef IMAGE_RESULT_H
#define IMAGE_RESULT_H

#include "services/aws/error.h"

enum image_outcome {
    IMAGE_MADE,         /* all outputs are there now, by this event */
    IMAGE_ALREADY_MADE, /* they were there: a duplicate or an older event */
    IMAGE_SKIPPED,      /* not a source: own output, a folder, another prefix, another event */
    IMAGE_GONE,         /* the source does not exist any more */
    IMAGE_REJECTED,     /* no picture of it can be made, now or later: recorded, not tried again */
    IMAGE_FAILED,       /* something failed that may pass: all of it is tried again */
    IMAGE_NO_BUCKET     /* the bucket does not exist: trying again does not help */
};
#define IMAGE_OUTCOMES 7

#define IMAGE_REASON_BYTES 40
#define IMAGE_DETAIL_BYTES 640

struct image_result {
    enum image_outcome outcome;
    char reason[IMAGE_REASON_BYTES]; /* a code: "TRUNCATED", "THROTTLED", "OUTPUT"; "" when made */
    char detail[IMAGE_DETAIL_BYTES]; /* a sentence for people, "" when made */
};

/* "made", "already made", "skipped", ...: for logs and results. Constant. */
const char *image_outcome_name(enum image_outcome outcome);
/* Fills `result` by printf's rules. */
void image_result_set(struct image_result *result, enum image_outcome outcome, const char *reason,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* IMAGE_FAILED with the status as its reason and the error's line as its detail. */
void image_result_fail(struct image_result *result, const struct awsc_error *error);

#endif
