// SPDX-License-Identifier: GPL-2.0-only
/* Makes a cluster in a temporary directory, and starts and stops its server. */
#include "pgserver.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define WAIT_MS 60000	/* a loaded machine, or recovery */

static char dir[32] = "/tmp/pgserver-XXXXXX";
static char bin[256];
static pid_t server;
static bool small;

/* The server refuses to run as root. */
static void become_nobody(void)
{
	if (geteuid())
		return;
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(126);
}

static pid_t spawn(const char *const argv[])
{
	pid_t parent = getpid(), pid = fork();
	char path[384], log[64];
	int fd;

	if (pid)
		return pid;
	become_nobody();
	/* Not before: what changes the user takes it back. */
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent)
		_exit(126);
	snprintf(log, sizeof(log), "%s/log", dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(126);
	snprintf(path, sizeof(path), "%s/%s", bin, argv[0]);
	execv(path, (char *const *)argv);
	_exit(127);
}

static bool run(const char *const argv[])
{
	pid_t pid = spawn(argv);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static void print_log(void)
{
	char command[96];

	snprintf(command, sizeof(command), "tail -n 20 %s/log >&2", dir);
	if (system(command))
		fprintf(stderr, "pgserver: no log\n");
}

const char *pgserver_where(const char *name, char *where, size_t cap)
{
	snprintf(where, cap, "host=%s user=cas dbname=%s", dir, name);
	return where;
}

static bool answers(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	char where[96];

	pgserver_where("postgres", where, sizeof(where));
	for (int ms = 0; ms < WAIT_MS; ms += 20) {
		if (PQping(where) == PQPING_OK)
			return true;
		if (waitpid(server, NULL, WNOHANG) == server) {
			server = 0;
			break;
		}
		nanosleep(&moment, NULL);
	}
	print_log();
	return false;
}

bool pgserver_again(const char *setting)
{
	char data[64];
	const char *const argv[] = {
		"postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=on",
		"-c", "synchronous_commit=on", "-c", "full_page_writes=on", "-c",
		"max_connections=40", "-c", "shared_buffers=32MB", "-c", "log_min_messages=error",
		/* Where space is short, of no use to wait for a checkpoint. */
		"-c", small ? "min_wal_size=2MB" : "min_wal_size=80MB",
		"-c", small ? "max_wal_size=2MB" : "max_wal_size=1GB",
		setting ? "-c" : NULL, setting, NULL,
	};

	snprintf(data, sizeof(data), "%s/data", dir);
	server = spawn(argv);
	return server > 0 && answers();
}

bool pgserver_mend(void)
{
	if (server > 0 && waitpid(server, NULL, WNOHANG) != server)
		return answers();
	return pgserver_again(NULL);
}

bool pgserver_small(const char *size)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%s", size);
	small = true;
	if (!mkdtemp(dir) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("pgserver", dir, "tmpfs", 0, options)) {
		fprintf(stderr, "pgserver: no file system of its own: %s\n", strerror(errno));
		return false;
	}
	return true;
}

bool pgserver_fill(bool full)
{
	static const char zeros[65536];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/fill", dir);
	if (!full)
		return !unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return false;
	for (size_t n = sizeof(zeros); n; n = n == 1 ? 0 : n / 16)
		while (write(fd, zeros, n) == (ssize_t)n)
			;
	close(fd);
	return true;
}

int pgserver_count(const char *text)
{
	char path[64], line[1024];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, text);
	if (f)
		fclose(f);
	return n;
}

bool pgserver_start(void)
{
	char data[64];
	const char *const argv[] = {
		"initdb", "-D", data, "-U", "cas", "-A", "trust", "-E", "UTF8", "--no-locale",
		"--no-sync", "--no-instructions", small ? "--wal-segsize=1" : NULL, NULL,
	};
	glob_t found;

	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) || (!small && !mkdtemp(dir))) {
		fprintf(stderr, "pgserver: no PostgreSQL: mk/deps.sh installs it\n");
		return false;
	}
	snprintf(bin, sizeof(bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	if (!geteuid() && chown(dir, NOBODY, NOBODY))
		return false;
	snprintf(data, sizeof(data), "%s/data", dir);
	if (!run(argv)) {
		print_log();
		return false;
	}
	return pgserver_again(NULL);
}

bool pgserver_hang(bool hang)
{
	int sig = hang ? SIGSTOP : SIGCONT;
	bool ok = !kill(server, sig);
	char path[64];
	pid_t pid;
	FILE *f;

	/* The first of them starts no further one now. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", server, server);
	f = fopen(path, "re");
	ok &= !!f;
	while (f && fscanf(f, "%d", &pid) == 1)
		ok &= !kill(pid, sig);
	if (f)
		fclose(f);
	return ok;
}

void pgserver_kill(void)
{
	if (server <= 0)
		return;
	/* One that a failed test has left hanging would not end. */
	kill(server, SIGCONT);
	/* Its processes end at once and sync nothing; the next start has to recover. */
	kill(server, SIGQUIT);
	waitpid(server, NULL, 0);
	server = 0;
}

void pgserver_stop(void)
{
	char command[64];

	pgserver_kill();
	if (small)
		umount2(dir, MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		fprintf(stderr, "pgserver: %s is left\n", dir);
}

bool pgserver_run(const char *name, const char *sql)
{
	char where[128];
	PGconn *conn = PQconnectdb(pgserver_where(name, where, sizeof(where)));
	PGresult *r = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(r);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!ok)
		fprintf(stderr, "pgserver: %s: %s", sql, PQerrorMessage(conn));
	PQclear(r);
	PQfinish(conn);
	return ok;
}

bool pgserver_make(const char *name, const char *from)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s", name,
		 from ? from : "template0");
	return pgserver_run("postgres", sql);
}

bool pgserver_empty(const char *name)
{
	return pgserver_run(name,
			    "SET session_replication_role = replica;"	/* no trigger fires */
			    "DO $$ DECLARE t TEXT; BEGIN"
			    " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
			    " AND tablename <> 'meta' LOOP EXECUTE 'DELETE FROM ' || t; END LOOP;"
			    " FOR t IN SELECT sequencename FROM pg_sequences LOOP"
			    " PERFORM setval(t::regclass, 1, false); END LOOP;"
			    " DELETE FROM meta WHERE name <> 'schema'; END $$");
}

void pgserver_drop(void)
{
	pgserver_run("postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
		     " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

bool pgserver_environment(void)
{
	return !setenv("PGHOST", dir, 1) && !setenv("PGUSER", "cas", 1);
}

bool pgserver_backup(const char *name)
{
	char file[64], copy[64];
	const char *const argv[] = {
		"pg_dump", "-h", dir, "-U", "cas", "-Fc", "-Z0", "-f", file, name, NULL,
	};

	/* One that fails in the middle leaves the one before. */
	snprintf(file, sizeof(file), "%s/copy.new", dir);
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	return run(argv) && !rename(file, copy);
}

bool pgserver_restore(const char *name)
{
	char file[64];
	const char *const argv[] = {
		"pg_restore", "-h", dir, "-U", "cas", "-d", name, "--clean", "--single-transaction",
		"--exit-on-error", file, NULL,
	};

	snprintf(file, sizeof(file), "%s/copy", dir);
	if (run(argv))
		return true;
	print_log();
	return false;
}
