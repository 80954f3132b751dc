/* mail-render: the mailer's commands that need no AWS, for development and the preview. */
#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/email/cli_render.h"

static const char *read_setting(void *user, const char *name) {
    (void)user;
    return svc_setting(svc_environment_system(), name);
}

int main(int argc, char **argv) {
    const struct email_cli cli = {.program = "mail-render",
                                  .in = stdin,
                                  .out = stdout,
                                  .err = stderr,
                                  .setting = read_setting,
                                  .now_ms = svc_wall_ms(svc_clock_system())};
    if (argc > 1 && strcmp(argv[1], "render") == 0) {
        return email_cli_render(&cli, argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "schema") == 0) {
        return email_cli_schema(&cli, argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "check") == 0) {
        return email_cli_check(&cli, argc - 1, argv + 1);
    }
    bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fputs("usage: mail-render render TEMPLATE DATA.json [options]   (mail-render render --help)\n"
          "       mail-render check [FILE]\n"
          "       mail-render schema\n",
          is_help ? stdout : stderr);
    return is_help ? EMAIL_CLI_OK : EMAIL_CLI_USAGE;
}
