/* The filter of system calls: see sandbox.h. A program of classic BPF, which the kernel runs for
 * each call: calls of another architecture's table end the process, listed ones are permitted, and
 * all others fail with EPERM. clone3, whose flags a filter cannot read, is reported as missing, and
 * the C library then creates threads with clone. */
#define _GNU_SOURCE /* syscall, CLONE_THREAD */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "imgcore/cli/sandbox.h"

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined __powerpc64__
#define ARCHITECTURE AUDIT_ARCH_PPC64
#elif defined __s390x__
#define ARCHITECTURE AUDIT_ARCH_S390X
#endif

#ifdef ARCHITECTURE

/* Permitted with any arguments; which files may be opened is up to Landlock. The most frequent
 * first. Each architecture has its own subset: older ones have two names for one thing. */
static const int permitted[] = {
    SYS_read,
    SYS_futex,
    SYS_write,
    SYS_close,
    SYS_lseek,
    SYS_pread64,
    SYS_openat,
    SYS_munmap,
    SYS_madvise,
    SYS_brk,
    SYS_mremap,
    SYS_writev,
    SYS_fstat,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getrandom,
    /* files: links, new folders, temporary files and their final names */
    SYS_readlinkat,
    SYS_getcwd,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_fchmod,
    SYS_umask,
    SYS_faccessat,
    SYS_ftruncate,
    /* threads, signals, the end */
    SYS_set_robust_list,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_getpid,
    SYS_gettid,
    SYS_ppoll,
    SYS_exit,
    SYS_exit_group,
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
    SYS_fstatat64,
    SYS_fstat64,
#endif
#ifdef SYS_statx
    SYS_statx,
#endif
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_open
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_mkdir,
    SYS_unlink,
    SYS_rename,
    SYS_access,
    SYS_pause,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS__llseek
    SYS__llseek,
    SYS_stat64,
    SYS_lstat64,
    SYS_ftruncate64,
#endif
#ifdef SYS_sigreturn
    SYS_sigreturn,
#endif
#ifdef SYS_clock_gettime64
    SYS_clock_gettime64,
    SYS_clock_nanosleep_time64,
    SYS_futex_time64,
    SYS_rt_sigtimedwait_time64,
    SYS_ppoll_time64,
#endif
};

/* Permitted if an argument, an unsigned number of 32 bits here, is as wanted. */
enum condition { EQUAL, ALL_BITS, NO_BIT };
struct conditional {
    int call;
    unsigned argument;
    enum condition condition;
    uint32_t value;
};

#ifdef __s390x__
enum { CLONE_FLAGS_ARGUMENT = 1 };
#else
enum { CLONE_FLAGS_ARGUMENT = 0 };
#endif

static const struct conditional conditionals[] = {
    {SYS_mprotect, 2, NO_BIT, PROT_EXEC},
#ifdef SYS_mmap
    {SYS_mmap, 2, NO_BIT, PROT_EXEC},
#endif
#ifdef SYS_mmap2
    {SYS_mmap2, 2, NO_BIT, PROT_EXEC},
#endif
    /* threads, no processes */
    {SYS_clone, CLONE_FLAGS_ARGUMENT, ALL_BITS, CLONE_VM | CLONE_THREAD},
    /* whether it is a terminal, and how wide */
    {SYS_ioctl, 1, EQUAL, TCGETS},
    {SYS_ioctl, 1, EQUAL, TIOCGWINSZ},
};

enum { MAX_INSTRUCTIONS = 16 + 2 * 96 + 6 * 12 };
_Static_assert(sizeof permitted / sizeof *permitted <= 96, "the filter is too small");
_Static_assert(sizeof conditionals / sizeof *conditionals <= 10, "the filter is too small");

struct filter {
    struct sock_filter instructions[MAX_INSTRUCTIONS];
    unsigned short count;
};

static void add(struct filter *filter, int code, uint32_t value, int if_true, int if_false) {
    filter->instructions[filter->count++] =
        (struct sock_filter){(uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, value};
}

static void load(struct filter *filter, size_t offset) {
    add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void finish(struct filter *filter, uint32_t action) {
    add(filter, BPF_RET | BPF_K, action, 0, 0);
}

static void load_call(struct filter *filter) {
    load(filter, offsetof(struct seccomp_data, nr));
}

/* Of the 64 bits of an argument the lower half. */
static void load_argument(struct filter *filter, unsigned argument) {
    const size_t lower = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
    load(filter, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + lower);
}

/* The jumps of classic BPF count instructions from the next one. */
static void add_conditional(struct filter *filter, const struct conditional *rule) {
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0,
        rule->condition == ALL_BITS ? 5 : 4);
    load_argument(filter, rule->argument);
    if (rule->condition == ALL_BITS) {
        add(filter, BPF_ALU | BPF_AND | BPF_K, rule->value, 0, 0);
    }
    if (rule->condition == NO_BIT) {
        add(filter, BPF_JMP | BPF_JSET | BPF_K, rule->value, 1, 0);
    } else {
        add(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1);
    }
    finish(filter, SECCOMP_RET_ALLOW);
    load_call(filter);
}

static void write_filter(struct filter *filter, pid_t self) {
    const struct conditional own_signals = {SYS_tgkill, 0, EQUAL, (uint32_t)self};
    load(filter, offsetof(struct seccomp_data, arch));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    finish(filter, SECCOMP_RET_KILL_PROCESS);
    load_call(filter);
#ifdef __x86_64__
    /* The table of x32 begins at this bit. */
    add(filter, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    finish(filter, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < sizeof permitted / sizeof *permitted; i++) {
        add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)permitted[i], 0, 1);
        finish(filter, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < sizeof conditionals / sizeof *conditionals; i++) {
        add_conditional(filter, &conditionals[i]);
    }
    add_conditional(filter, &own_signals);
#ifdef SYS_clone3
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
    finish(filter, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    finish(filter, SECCOMP_RET_ERRNO | EPERM);
}

bool cli_sandbox_filter_calls(void) {
    struct filter filter = {.count = 0};
    write_filter(&filter, getpid());
    const struct sock_fprog program = {filter.count, filter.instructions};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

#else

bool cli_sandbox_filter_calls(void) {
    return false;
}

#endif
