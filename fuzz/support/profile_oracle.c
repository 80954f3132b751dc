#include "fuzz/support/profile_oracle.h"

#include <stdlib.h>
#include <string.h>

/* Without blanks at the ends, in place. */
static char *trim(char *text, const char *at_end) {
    text += strspn(text, " \t");
    for (size_t size = strlen(text); size > 0 && strchr(at_end, text[size - 1]); size--)
        text[size - 1] = '\0';
    return text;
}

static bool names_profile(char *line, bool is_config, const char *profile) {
    char *mark = strchr(line, ']');
    if (!mark)
        return false;
    *mark = '\0';
    char *name = trim(line + 1, " \t\r");
    if (is_config && strcmp(profile, "default") != 0) {
        if (strncmp(name, "profile", 7) != 0 || (name[7] != ' ' && name[7] != '\t'))
            return false;
        name = trim(name + 7, " \t\r");
    }
    return !strcmp(name, profile);
}

char *profile_oracle_find(const char *text, bool is_config, const char *profile, const char *key) {
    char *copy = strdup(text), *rest = copy, *found = NULL;
    bool is_inside = false;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const bool is_nested = line[0] == ' ' || line[0] == '\t';
        line = trim(line, " \t\r");
        if (line[0] == '[') {
            is_inside = names_profile(line, is_config, profile);
            continue;
        }
        char *equals = strchr(line, '=');
        if (!is_inside || is_nested || line[0] == '#' || line[0] == ';' || !equals)
            continue;
        *equals = '\0';
        if (!strcmp(trim(line, " \t\r"), key)) {
            free(found);
            found = strdup(trim(equals + 1, " \t\r"));
        }
    }
    free(copy);
    return found;
}
