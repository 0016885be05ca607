/* Runs a command and counts the calls that write below a directory, in all of
 * its processes; at one of them it kills them all.
 *
 *   kill ROOT NUMBER LOG PROGRAM ARGUMENT...
 *
 * NUMBER 0 kills nothing. LOG gets a line for each call. The exit code is the
 * command's, 137 if it was killed. A seccomp filter stops the command at those
 * calls alone, so that it costs little more than without.
 *
 * NUMBER:ERRNO has that call fail, and not be made, instead; NUMBER:ERRNO+ all
 * later ones too, as on a file system that became read-only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

long ptrace(int request, ...); /* sys/ptrace.h and linux/ptrace.h don't go together */

/* Which arguments of a call say where it writes: AT is a descriptor and the
 * path after it, PATH a path, FD an open file. */
enum where { PATH, AT, FD };

static const struct call {
	int number;
	const char *name;
	enum where where;
	int argument;
	int flags; /* the argument with the flags of an open, else 0 */
} calls[] = {
#ifdef __NR_open
	{__NR_open, "open", PATH, 0, 1}, {__NR_creat, "creat", PATH, 0, 0}, {__NR_rename, "rename", PATH, 1, 0},
	{__NR_link, "link", PATH, 1, 0}, {__NR_unlink, "unlink", PATH, 0, 0}, {__NR_mkdir, "mkdir", PATH, 0, 0},
	{__NR_rmdir, "rmdir", PATH, 0, 0}, {__NR_symlink, "symlink", PATH, 1, 0}, {__NR_chmod, "chmod", PATH, 0, 0},
	{__NR_chown, "chown", PATH, 0, 0}, {__NR_lchown, "lchown", PATH, 0, 0}, {__NR_utime, "utime", PATH, 0, 0},
	{__NR_utimes, "utimes", PATH, 0, 0}, {__NR_futimesat, "futimesat", AT, 0, 0}, {__NR_mknod, "mknod", PATH, 0, 0},
#endif
	{__NR_openat, "openat", AT, 0, 2}, {__NR_renameat2, "renameat2", AT, 2, 0}, {__NR_renameat, "renameat", AT, 2, 0},
	{__NR_linkat, "linkat", AT, 2, 0}, {__NR_unlinkat, "unlinkat", AT, 0, 0}, {__NR_mkdirat, "mkdirat", AT, 0, 0},
	{__NR_symlinkat, "symlinkat", AT, 1, 0}, {__NR_fchmodat, "fchmodat", AT, 0, 0}, {__NR_fchownat, "fchownat", AT, 0, 0},
	{__NR_utimensat, "utimensat", AT, 0, 0}, {__NR_mknodat, "mknodat", AT, 0, 0}, {__NR_truncate, "truncate", PATH, 0, 0},
	{__NR_setxattr, "setxattr", PATH, 0, 0}, {__NR_lsetxattr, "lsetxattr", PATH, 0, 0}, {__NR_fsetxattr, "fsetxattr", FD, 0, 0},
	{__NR_write, "write", FD, 0, 0}, {__NR_writev, "writev", FD, 0, 0}, {__NR_pwrite64, "pwrite64", FD, 0, 0},
	{__NR_pwritev, "pwritev", FD, 0, 0}, {__NR_sendfile, "sendfile", FD, 0, 0}, {__NR_copy_file_range, "copy_file_range", FD, 2, 0},
	{__NR_ftruncate, "ftruncate", FD, 0, 0}, {__NR_fallocate, "fallocate", FD, 0, 0}, {__NR_fchmod, "fchmod", FD, 0, 0},
	{__NR_fchown, "fchown", FD, 0, 0}, {__NR_fsync, "fsync", FD, 0, 0}, {__NR_fdatasync, "fdatasync", FD, 0, 0},
};
enum { COUNT = sizeof calls / sizeof *calls };

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

/* start becomes the command, with the filter. */
static void start(char **argv)
{
	struct sock_filter filter[2 * COUNT + 2];
	int n = 0;
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < COUNT; i++) {
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {n, filter};
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		fail("ptrace");
	setpgid(0, 0);
	raise(SIGSTOP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		fail("seccomp");
	execvp(argv[0], argv);
	fail(argv[0]);
}

/* link_of reads what a link in /proc says. */
static void link_of(pid_t pid, const char *name, char *out)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	ssize_t n = readlink(path, out, PATH_MAX - 1);
	out[n < 0 ? 0 : n] = 0;
}

/* text reads a string of the command's, page by page: the next one may not be there. */
static void text(pid_t pid, unsigned long from, char *out, size_t size)
{
	size_t n = 0;
	while (n < size - 1) {
		size_t part = 4096 - (from + n) % 4096;
		if (part > size - 1 - n)
			part = size - 1 - n;
		struct iovec to = {out + n, part}, of = {(void *)(from + n), part};
		if (process_vm_readv(pid, &to, 1, &of, 1, 0) <= 0)
			break;
		if (memchr(out + n, 0, part))
			return;
		n += part;
	}
	out[n] = 0;
}

/* without_dots resolves the directory of a path that goes up. */
static void without_dots(char *path)
{
	char *name = strrchr(path, '/');
	char real[PATH_MAX];
	if (!strstr(path, "/../") || !name)
		return;
	*name++ = 0;
	if (realpath(path, real) && strlen(real) + strlen(name) + 2 < PATH_MAX) {
		memmove(path + strlen(real) + 1, name, strlen(name) + 1);
		memcpy(path, real, strlen(real));
		path[strlen(real)] = '/';
	} else {
		name[-1] = '/';
	}
}

/* place gives the path that a call writes to. */
static void place(pid_t pid, const struct call *c, const unsigned long long *args, char *out)
{
	char name[32];
	char path[PATH_MAX];
	out[0] = 0;
	if (c->where == FD) {
		snprintf(name, sizeof name, "fd/%d", (int)args[c->argument]);
		link_of(pid, name, out);
		return;
	}
	unsigned long address = args[c->where == AT ? c->argument + 1 : c->argument];
	path[0] = 0;
	if (address)
		text(pid, address, path, sizeof path);
	if (path[0] == '/') {
		strcpy(out, path);
		return;
	}
	if (c->where == AT && (int)args[c->argument] != AT_FDCWD)
		snprintf(name, sizeof name, "fd/%d", (int)args[c->argument]);
	else
		strcpy(name, "cwd");
	link_of(pid, name, out);
	if (path[0] && strlen(out) + strlen(path) + 2 < PATH_MAX)
		strcat(strcat(out, "/"), path);
}

/* written gives the call at which the command stands, if that writes below root. */
static const struct call *written(pid_t pid, const char *root, char *path)
{
	struct ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return NULL;
	for (const struct call *c = calls; c < calls + COUNT; c++) {
		if (c->number != (int)info.seccomp.nr)
			continue;
		if (c->flags && !(info.seccomp.args[c->flags] & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)))
			return NULL;
		place(pid, c, (const unsigned long long *)info.seccomp.args, path);
		without_dots(path);
		size_t n = strlen(root);
		return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == 0) ? c : NULL;
	}
	return NULL;
}

/* refuse has the call at which the command stands not be made, and fail. */
static void refuse(pid_t pid, long error)
{
#ifdef __x86_64__
	if (ptrace(PTRACE_POKEUSR, pid, 8 * 15, -1L) || ptrace(PTRACE_POKEUSR, pid, 8 * 10, -error))
		fail("PTRACE_POKEUSR");
#else
	(void)pid, (void)error;
	fail("calls are refused on x86_64 alone");
#endif
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: kill ROOT NUMBER LOG PROGRAM ARGUMENT...\n");
		return 125;
	}
	const char *root = argv[1];
	long wanted = atol(argv[2]), number = 0, error = 0;
	char *colon = strchr(argv[2], ':'), *later = NULL;
	if (colon)
		error = strtol(colon + 1, &later, 10);
	FILE *log = fopen(argv[3], "we");
	if (!log)
		fail(argv[3]);
	pid_t first = fork();
	if (first == 0)
		start(argv + 4);
	int status, code = 125;
	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
		fail("starting");
	/* With EXITKILL the end of this process is the end of all of them. */
	if (ptrace(PTRACE_SETOPTIONS, first, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
			PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC))
		fail("PTRACE_SETOPTIONS");
	ptrace(PTRACE_CONT, first, 0, 0);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			break;
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		int signal = WSTOPSIG(status), event = status >> 16;
		if (event == PTRACE_EVENT_SECCOMP) {
			char path[PATH_MAX];
			const struct call *c = written(pid, root, path);
			if (c) {
				fprintf(log, "%s %s\n", c->name, path + strlen(root));
				++number;
				if (error && (number == wanted || (number > wanted && *later == '+'))) {
					refuse(pid, error);
				} else if (number == wanted) {
					/* What it held, locks above all, is free when all are gone. */
					kill(-first, SIGKILL);
					while (waitpid(-1, NULL, __WALL) > 0)
						;
					fclose(log);
					return 137;
				}
			}
		}
		/* A new process stops by SIGSTOP, which is ours. */
		ptrace(PTRACE_CONT, pid, 0, event || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal);
	}
	fclose(log);
	return code;
}
