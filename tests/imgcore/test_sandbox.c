/* The sandbox of the command (imgcore/cli/sandbox.h): in it, what it permits works, and everything
 * else is refused, in every thread. Each test enters it in a child of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgcore/cli/sandbox.h"
#include "tests/support/sanitized.h"

/* In a child, which has no cmocka: the line of the first wrong result is its exit status. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, strerror(errno));           \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)
#define REFUSED(call, number) EXPECT((call) == -1 && errno == (number))

static char folder[64];

static const char *inside(const char *name) {
    static char path[4][128];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static void put(const char *path) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0 && write(fd, "text", 4) == 4);
    close(fd);
}

static int make_files(void **state) {
    (void)state;
    strcpy(folder, "/tmp/sandbox-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(inside("out"), 0755), 0);
    assert_int_equal(mkdir(inside("other"), 0755), 0);
    put(inside("in"));
    put(inside("other/secret"));
    put(inside("other/linked"));
    put(inside("out/old"));
    assert_int_equal(symlink(inside("other/linked"), inside("out/link")), 0);
    unsetenv("IMGCORE_SANDBOX");
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static int status_of(void (*work)(void)) {
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka catches it */
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static struct cli_sandbox enter(void) {
    struct cli_sandbox sandbox;
    cli_sandbox_begin(&sandbox);
    cli_sandbox_allow_reading(&sandbox, inside("in"));
    cli_sandbox_allow_reading(&sandbox, inside("missing"));
    cli_sandbox_allow_folder(&sandbox, inside("out"));
    cli_sandbox_enter(&sandbox);
    return sandbox;
}

/* Whether the kernel has both parts, and the build has the sandbox; otherwise the test is skipped.
 */
static void only_in_force(void) {
    int pipes[2];
    struct cli_sandbox sandbox = {0};
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        sandbox = enter();
        _exit(write(pipes[1], &sandbox, sizeof sandbox) != sizeof sandbox);
    }
    close(pipes[1]);
    const ssize_t got = read(pipes[0], &sandbox, sizeof sandbox);
    close(pipes[0]);
    waitpid(child, NULL, 0);
    assert_int_equal(got, sizeof sandbox);
    if (sandbox.landlock_version == 0 || !sandbox.has_call_filter) {
        /* A sandbox that a fault has switched off is neither a sanitizer's build nor a kernel
         * without one. */
        const bool kernel_has_both =
            syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0 && prctl(PR_GET_SECCOMP) >= 0;
        assert_true(IS_SANITIZED || !kernel_has_both);
        assert_int_equal(sandbox.is_off, IS_SANITIZED);
        skip();
    }
}

/* ---------------------------------------------------------------------- files */

static void use_files(void) {
    char text[8];
    enter();
    const int in = open(inside("in"), O_RDONLY | O_CLOEXEC);
    EXPECT(in >= 0 && read(in, text, sizeof text) == 4 && lseek(in, 0, SEEK_SET) == 0);
    EXPECT(close(in) == 0);
    EXPECT(mkdir(inside("out/new"), 0755) == 0);
    const int out = open(inside("out/new/aside"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(out >= 0 && write(out, "text", 4) == 4 && fchmod(out, 0644) == 0 && close(out) == 0);
    EXPECT(rename(inside("out/new/aside"), inside("out/new/final")) == 0);
    EXPECT(unlink(inside("out/new/final")) == 0);
    EXPECT(unlink(inside("out/old")) == 0);
    EXPECT(open(inside("missing"), O_RDONLY) == -1 && errno == ENOENT);
}

static void use_other_files(void) {
    enter();
    REFUSED(open(inside("other/secret"), O_RDONLY), EACCES);
    REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
    REFUSED(open("/proc/self/maps", O_RDONLY), EACCES);
    REFUSED(open("/etc", O_RDONLY | O_DIRECTORY), EACCES);
    REFUSED(open("/dev/null", O_WRONLY), EACCES);
    REFUSED(open(inside("other/new"), O_WRONLY | O_CREAT, 0600), EACCES);
    REFUSED(open(inside("in"), O_WRONLY), EACCES);
    REFUSED(open(inside("in"), O_RDONLY | O_TRUNC), EACCES);
    REFUSED(open(inside("out/old"), O_RDONLY), EACCES);
    REFUSED(open(inside("out/link"), O_WRONLY), EACCES);
    REFUSED(mkdir(inside("other/folder"), 0755), EACCES);
    REFUSED(unlink(inside("other/secret")), EACCES);
    /* EXDEV: files stay in their folder. */
    EXPECT(rename(inside("out/old"), inside("other/moved")) == -1);
    EXPECT(rename(inside("other/secret"), inside("out/moved")) == -1);
    EXPECT(link(inside("other/secret"), inside("out/secret")) == -1);
    EXPECT(symlink("/etc/passwd", inside("out/passwd")) == -1);
    EXPECT(truncate(inside("other/secret"), 0) == -1);
    EXPECT(chmod(inside("out/old"), 0777) == -1);
}

static void use_output_behind_link(void) {
    struct cli_sandbox sandbox;
    cli_sandbox_begin(&sandbox);
    cli_sandbox_allow_output(&sandbox, inside("out/link"));
    cli_sandbox_allow_output(&sandbox, "/dev/null");
    cli_sandbox_allow_output(&sandbox, inside("nowhere/new"));
    cli_sandbox_enter(&sandbox);
    EXPECT(open(inside("other/linked"), O_WRONLY) >= 0);
    EXPECT(open("/dev/null", O_WRONLY) >= 0);
    REFUSED(open(inside("out/new"), O_WRONLY | O_CREAT, 0600), EACCES);
    REFUSED(open(inside("new"), O_WRONLY | O_CREAT, 0600), EACCES);
    REFUSED(open(inside("nowhere/new"), O_WRONLY | O_CREAT, 0600), ENOENT);
}

static void test_files(void **state) {
    (void)state;
    only_in_force();
    assert_int_equal(status_of(use_other_files), 0);
    assert_int_equal(status_of(use_output_behind_link), 0);
    assert_int_equal(status_of(use_files), 0);
}

/* ---------------------------------------------------------------------- system calls */

static void make_calls(void) {
    static char name[] = "/bin/true";
    static char *arguments[] = {name, NULL};
    const long page = sysconf(_SC_PAGESIZE);
    const pid_t parent = getppid();
    enter();
    const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        REFUSED(socket(families[i], SOCK_STREAM, 0), EPERM);
    }
    int pair[2];
    REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), EPERM);
    REFUSED(pipe(pair), EPERM);
    REFUSED(execv(name, arguments), EPERM);
    REFUSED(fork(), EPERM);
    REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
    REFUSED(kill(parent, 0), EPERM);
    REFUSED(syscall(SYS_tgkill, parent, parent, 0), EPERM);
    REFUSED(ioctl(STDIN_FILENO, TIOCSTI, name), EPERM);
    REFUSED(prctl(PR_GET_DUMPABLE), EPERM);
    REFUSED(syscall(SYS_memfd_create, "x", 0), EPERM);
    REFUSED(syscall(SYS_bpf, 0, NULL, 0), EPERM);
    REFUSED(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0), EPERM);
    REFUSED(syscall(SYS_userfaultfd, 0), EPERM);
    REFUSED(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
    REFUSED(syscall(SYS_unshare, 0), EPERM);
    REFUSED(syscall(SYS_setuid, 0), EPERM);
    char *memory =
        mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(memory != MAP_FAILED);
    REFUSED(mprotect(memory, (size_t)page, PROT_READ | PROT_EXEC), EPERM);
    EXPECT(mprotect(memory, (size_t)page, PROT_READ) == 0);
    /* musl takes EPERM for a lack of memory. */
    EXPECT(mmap(NULL, (size_t)page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
               MAP_FAILED &&
           (errno == EPERM || errno == ENOMEM));
    /* What the command goes on with. */
    struct stat st;
    void *large = malloc((size_t)64 << 20);
    EXPECT(large != NULL && stat("/", &st) == 0);
    free(large);
}

static void test_calls(void **state) {
    (void)state;
    only_in_force();
    assert_int_equal(status_of(make_calls), 0);
}

#ifdef __x86_64__
/* The table of 32-bit calls, in which 1 is exit. */
static void call_by_other_table(void) {
    enter();
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
}

static void call_x32(void) {
    enter();
    (void)syscall(0x40000000 | SYS_getpid);
}

static void test_other_tables(void **state) {
    (void)state;
    only_in_force();
    const int status = status_of(call_by_other_table);
    assert_true(WIFSIGNALED(status));
    /* Kernels without 32-bit calls send SIGSEGV. */
    assert_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
    const int x32 = status_of(call_x32);
    assert_true(WIFSIGNALED(x32) && WTERMSIG(x32) == SIGSYS);
}
#endif

/* ---------------------------------------------------------------------- threads */

static pthread_barrier_t entered;

static void *try_all(void *is_earlier) {
    if (is_earlier) {
        pthread_barrier_wait(&entered);
    } else {
        REFUSED(open(inside("other/secret"), O_RDONLY), EACCES);
    }
    REFUSED(socket(AF_INET, SOCK_STREAM, 0), EPERM);
    REFUSED(syscall(SYS_unshare, 0), EPERM);
    return NULL;
}

static void use_threads(void) {
    pthread_t earlier;
    pthread_t later[4];
    EXPECT(pthread_barrier_init(&entered, NULL, 2) == 0);
    EXPECT(pthread_create(&earlier, NULL, try_all, &entered) == 0);
    enter();
    pthread_barrier_wait(&entered);
    for (int i = 0; i < 4; i++) {
        EXPECT(pthread_create(&later[i], NULL, try_all, NULL) == 0);
    }
    for (int i = 0; i < 4; i++) {
        EXPECT(pthread_join(later[i], NULL) == 0);
    }
    EXPECT(pthread_join(earlier, NULL) == 0);
}

static void test_threads(void **state) {
    (void)state;
    only_in_force();
    assert_int_equal(status_of(use_threads), 0);
}

/* ---------------------------------------------------------------------- without it */

static void switched_off(void) {
    setenv("IMGCORE_SANDBOX", "off", 1);
    const struct cli_sandbox sandbox = enter();
    EXPECT(sandbox.is_off && sandbox.landlock_version == 0 && !sandbox.has_call_filter);
    EXPECT(open(inside("other/secret"), O_RDONLY) >= 0);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static void test_switched_off(void **state) {
    (void)state;
    assert_int_equal(status_of(switched_off), 0);
}

/* As on a kernel without a part: its system call, or its first argument, is missing. */
static void without(int call, int number) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

static void without_landlock(void) {
    without(444, ENOSYS);
    const struct cli_sandbox sandbox = enter();
    EXPECT(sandbox.landlock_version == 0 && sandbox.has_call_filter);
    EXPECT(open(inside("other/secret"), O_RDONLY) >= 0);
    REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
}

static void with_disabled_landlock(void) {
    without(446, EOPNOTSUPP);
    const struct cli_sandbox sandbox = enter();
    EXPECT(sandbox.landlock_version == 0 && sandbox.has_call_filter);
    EXPECT(open(inside("other/secret"), O_RDONLY) >= 0);
}

static void without_seccomp(void) {
    without(SYS_seccomp, EINVAL);
    const struct cli_sandbox sandbox = enter();
    EXPECT(sandbox.landlock_version > 0 && !sandbox.has_call_filter);
    REFUSED(open(inside("other/secret"), O_RDONLY), EACCES);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static void without_new_privileges(void) {
    without(SYS_prctl, EPERM);
    const struct cli_sandbox sandbox = enter();
    EXPECT(sandbox.landlock_version == 0);
    EXPECT(open(inside("other/secret"), O_RDONLY) >= 0);
}

static void test_kernels_without_a_part(void **state) {
    (void)state;
    only_in_force();
    assert_int_equal(status_of(without_landlock), 0);
    assert_int_equal(status_of(with_disabled_landlock), 0);
    assert_int_equal(status_of(without_seccomp), 0);
    assert_int_equal(status_of(without_new_privileges), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files, make_files, remove_files),
        cmocka_unit_test_setup_teardown(test_calls, make_files, remove_files),
#ifdef __x86_64__
        cmocka_unit_test_setup_teardown(test_other_tables, make_files, remove_files),
#endif
        cmocka_unit_test_setup_teardown(test_threads, make_files, remove_files),
        cmocka_unit_test_setup_teardown(test_switched_off, make_files, remove_files),
        cmocka_unit_test_setup_teardown(test_kernels_without_a_part, make_files, remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
