/* Environment variables, from an environment that can be injected: this is the only file that calls
 * getenv. settings.h reads typed values from it. */
#ifndef SVC_ENVIRONMENT_H
#define SVC_ENVIRONMENT_H

struct svc_environment {
    /* NULL if the variable is not set. The string must live until the next call. */
    const char *(*get)(void *user, const char *name);
    void *user;
};

/* The process's own; constant. */
const struct svc_environment *svc_environment_system(void);
/* The variable's value; NULL if it is not set or empty. */
const char *svc_setting(const struct svc_environment *environment, const char *name);

#endif
