/* The process's environment as settings: see environment.h. */
#include <stddef.h>
#include <stdlib.h>

#include "services/aws/environment.h"

static const char *system_get(void *user, const char *name) {
    (void)user;
    return getenv(name);
}

const struct awsc_environment *awsc_environment_system(void) {
    static const struct awsc_environment environment = {system_get, NULL};
    return &environment;
}

const char *awsc_setting(const struct awsc_environment *environment, const char *name) {
    const char *value = environment->get(environment->user, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}
