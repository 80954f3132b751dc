/* The time of a command from start to end, with its output discarded. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "bench/runner.h"

extern char **environ;

static bool start_open(struct runner *runner) {
    snprintf(runner->about, sizeof(runner->about), "start to end");
    return runner->argc >= 2 || runner_fail(runner, "no command");
}

static bool start_run(struct runner *runner) {
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    const int failed =
        posix_spawn(&child, runner->argv[1], &actions, NULL, runner->argv + 1, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0 || waitpid(child, &status, 0) != child || status != 0) {
        return runner_fail(runner, "%.100s does not run", runner->argv[1]);
    }
    return true;
}

static bool start_save(struct runner *runner, const char *folder) {
    (void)folder;
    return runner_fail(runner, "nothing is made");
}

int main(int argc, char **argv) {
    struct runner runner = {.usage = "usage: bench_start COMMAND [ARGUMENT...]\n"
                                     "Starts the command and waits for its end.\n",
                            .open = start_open,
                            .run = start_run,
                            .save = start_save,
                            .by_clock = true};
    return runner_main(&runner, argc, argv);
}
