/* The process's environment: see environment.h. */
#include "services/base/environment.h"

#include <stddef.h>
#include <stdlib.h>

static const char *system_get(void *user, const char *name) {
    (void)user;
    return getenv(name);
}

const struct svc_environment *svc_environment_system(void) {
    static const struct svc_environment environment = {system_get, NULL};
    return &environment;
}

const char *svc_setting(const struct svc_environment *environment, const char *name) {
    const char *value = environment->get(environment->user, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}
