/* The settings, as the AWS SDKs read them, from an environment that can be injected. */
#ifndef AWSC_ENVIRONMENT_H
#define AWSC_ENVIRONMENT_H

struct awsc_environment {
    /* NULL if the variable is not set. The string must live until the next call. */
    const char *(*get)(void *user, const char *name);
    void *user;
};

/* The process's own (getenv); constant. */
const struct awsc_environment *awsc_environment_system(void);
/* The variable's value; NULL if it is not set or empty. */
const char *awsc_setting(const struct awsc_environment *environment, const char *name);

#endif
