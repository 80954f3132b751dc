/* The results of all functions of the services: one enum, grouped by whose fault a failure is, with
 * a sentence for each. Used by every module. */
#ifndef SVC_STATUS_H
#define SVC_STATUS_H

/* X(name, value, group, sentence). Values are stable: a new status takes a new number. */
#define SVC_STATUS_LIST(X)                                                                         \
    X(OK, 0, NONE, "done")                                                                         \
    X(INVALID_ARGUMENT, 10, CALLER, "an argument is outside its range")                            \
    X(CONFIGURATION, 11, CALLER, "a setting is missing or invalid")                                \
    X(MALFORMED, 12, CALLER, "the text does not follow its format")                                \
    X(TOO_LARGE, 13, CALLER, "the content is larger than its limit")                               \
    X(NOT_FOUND, 20, REMOTE, "the requested item does not exist")                                  \
    X(NOT_MODIFIED, 21, REMOTE, "the requested item has not changed")                              \
    X(PRECONDITION_FAILED, 22, REMOTE, "the item is not in the expected state")                    \
    X(ACCESS_DENIED, 23, REMOTE, "the service denies access")                                      \
    X(REJECTED, 24, REMOTE, "the service refuses the request")                                     \
    X(CONFLICT, 25, REMOTE, "the service refuses the request because of another one")              \
    X(NO_RESOURCE, 26, REMOTE, "the bucket, queue or table does not exist")                        \
    X(CONNECT_FAILED, 40, TRANSIENT, "no connection to the peer")                                  \
    X(CONNECTION_LOST, 41, TRANSIENT, "the connection broke before the response was complete")     \
    X(TIMED_OUT, 42, TRANSIENT, "the peer takes too long")                                         \
    X(DEADLINE, 43, TRANSIENT, "the time given for the call is used up")                           \
    X(SERVER_ERROR, 44, TRANSIENT, "the service failed")                                           \
    X(THROTTLED, 45, TRANSIENT, "the service throttles the requests")                              \
    X(BAD_RESPONSE, 46, TRANSIENT, "the response is not valid")                                    \
    X(CHECKSUM_MISMATCH, 47, TRANSIENT, "the content arrived damaged")                             \
    X(NO_MEMORY, 60, ENVIRONMENT, "the system is out of memory")                                   \
    X(NO_CREDENTIALS, 61, ENVIRONMENT, "no credentials are found, or they have expired")           \
    X(TLS_REFUSED, 62, ENVIRONMENT, "the peer's identity cannot be verified")                      \
    X(IO, 63, ENVIRONMENT, "the system failed to read or write")                                   \
    X(INTERNAL, 90, BUG, "a bug in the services; please report it")

enum svc_status {
#define SVC_STATUS_ENUM(name, value, group, sentence) SVC_##name = value,
    SVC_STATUS_LIST(SVC_STATUS_ENUM)
#undef SVC_STATUS_ENUM
};

enum svc_status_group {
    SVC_GROUP_NONE,        /* no failure */
    SVC_GROUP_CALLER,      /* the calling code, its settings or its input are wrong */
    SVC_GROUP_REMOTE,      /* the service refused; the same request gets the same response */
    SVC_GROUP_TRANSIENT,   /* retrying later may help */
    SVC_GROUP_ENVIRONMENT, /* the machine or its set-up failed; retrying elsewhere may help */
    SVC_GROUP_BUG          /* a bug of the services */
};

/* Constant strings, never NULL: "the connection broke ...", "CONNECTION_LOST". */
const char *svc_status_message(enum svc_status status);
const char *svc_status_name(enum svc_status status);
enum svc_status_group svc_status_group(enum svc_status status);

#define SVC_ERROR_DETAIL_BYTES 256

/* Why a function failed, in a sentence, filled where the failure was found. Contains no secret and
 * nothing of a payload. Printable: control characters are replaced. */
struct svc_error {
    enum svc_status status;
    char detail[SVC_ERROR_DETAIL_BYTES];
};

/* Fills `error` (NULL is allowed) like printf and returns `status`. A detail that does not fit is
 * cut. */
enum svc_status svc_fail(struct svc_error *error, enum svc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void svc_error_clear(struct svc_error *error); /* NULL is allowed */

#endif
