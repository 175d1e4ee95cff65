// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many stations at one casd: all connected at once, many sessions that run at the same time, and
 * what memory they take. The stations are one process over the real protocol; the cards do SCP03.
 *
 *	casd/load_test [--stations=N] [--sessions=N]
 *
 * All sessions are held with their record claimed and their keys in place, until the last one is
 * there; then they go on to their end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "casctl/casctl.h"
#include "gpcard.h"
#include "identity.h"
#include "libframe/frame.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libtoken/token.h"
#include "../libtoken/softhsm_token.h"

#define COUPLERS	8	/* of a station */
#define PATIENCE	60	/* seconds without any progress */
#define BUFFER		4096
#define IDLE_MAX	64	/* KiB for a coupler that does nothing */
#define RUNNING_MAX	256	/* KiB for a session */

static const uint8_t kmc[16] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
				 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };
static const uint8_t transport[16] = { 0x11, 0x22, 0x33 };

/**
 * struct conn - a connection of the CAS
 * @fd: socket
 * @channel: of a session; else of a station
 * @number: of the station, and of its session
 * @have: bytes in @in
 * @in: of a frame that is not complete
 */
struct conn {
	int fd;
	bool channel;
	unsigned int number;
	size_t have;
	uint8_t in[BUFFER];
};

/**
 * struct play - the session of a station
 * @card: in its coupler
 * @channel: its connection, NULL for none
 * @held: a command that is not answered yet, 0 for none
 * @cmd: that one
 * @cmd_len: bytes
 */
struct play {
	struct gp_card card;
	struct conn *channel;
	uint32_t held;
	uint8_t cmd[300];
	size_t cmd_len;
};

static unsigned int stations = 64, sessions = 32;
static char dir[64];
static int epoll, control_listen, channel_listen;
static uint16_t control_port, channel_port;
static struct conn **control;
static struct play *play;
static unsigned int greeted, holding, good, acknowledged;
static bool released;
static pid_t casd;

/* ------------------------------------------------------------------------------ surroundings */

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static FILE *create(const char *name)
{
	char path[128];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "w+");
	assert_non_null(f);
	return f;
}

static void write_row(FILE *f, unsigned int i)
{
	unsigned int sum = 0;
	char iccid[24], hex[64];

	snprintf(iccid, sizeof(iccid), "8949%014u", i);
	for (unsigned int j = 0; j < 18; j++) {
		unsigned int d = (unsigned int)(iccid[17 - j] - '0') * (j % 2 ? 1 : 2);

		sum += d / 10 + d % 10;
	}
	fprintf(f, "%s%u,262011234567890,5907,87654321,31", iccid, (10 - sum % 10) % 10);
	for (unsigned int j = 0; j < 3; j++) {
		uint8_t key[16], wrapped[24];

		memset(key, (int)(0xa0 + j), 16);
		memcpy(key, &i, sizeof(i));
		gp_aes_wrap(transport, key, wrapped);
		fprintf(f, ",%s", hex_encode(wrapped, 24, hex));
	}
	fprintf(f, ",010103AABBCC\n");
}

static void make_order(void)
{
	struct order_import how = { .order = "load", .test = true };
	struct order_report report;
	char path[128], error[192];
	struct orderkey key;
	struct token *t;
	struct ledger *l;
	FILE *f;

	t = softhsm_token();
	assert_non_null(t);
	assert_int_equal(token_import(t, "kmc", TOKEN_MASTER, kmc, 16), 0);
	assert_int_equal(token_import(t, "transport", TOKEN_TRANSPORT, transport, 16), 0);
	assert_int_equal(orderkey_make(&key, t, "none"), 0);
	how.seal = &key.seal;
	f = create("order.csv");
	fprintf(f, "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n");
	for (unsigned int i = 0; i < sessions; i++)
		write_row(f, i);
	rewind(f);
	path_of("db", path);
	l = ledger_open(path, false, error, sizeof(error));
	assert_non_null(l);
	if (ledger_import(l, f, &how, &report) != LEDGER_OK)
		fail_msg("import: %s", report.count ? report.problems[0].text : ledger_error(l));
	ledger_close(l);
	token_close(t);
	fclose(f);
}

/* All of 127/8 at one port: which station is meant is in the address. */
static int listen_all(uint16_t *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct epoll_event ev = { .events = EPOLLIN };

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 4096), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	ev.data.ptr = port;
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev), 0);
	return fd;
}

static void write_stations(void)
{
	FILE *f = create("stations");

	for (unsigned int i = 0; i < stations; i++)
		fprintf(f, "127.1.%u.%u:%u\n", i / 250, i % 250 + 1, control_port);
	fclose(f);
}

static void start_casd(void)
{
	char db[128], pin[128], list[128], log[128];
	FILE *f = create("pin");

	fputs("123456\n", f);
	fclose(f);
	path_of("db", db);
	path_of("pin", pin);
	path_of("stations", list);
	path_of("log", log);
	casd = fork();
	assert_true(casd >= 0);
	if (!casd) {
		dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
		dup2(2, 1);
		execl(CASD, "casd", "--db", db, "--stations", list, "--pin-file", pin,
		      "--profiles", CKS_TOP "/profiles", NULL);
		_exit(127);
	}
}

/* KiB that casd has in memory. */
static long resident(void)
{
	char name[64], line[128];
	long kib = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)casd);
	f = fopen(name, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* ---------------------------------------------------------------------------------- stations */

static void send_frame(struct conn *c, struct ck_builder *b)
{
	assert_true(ck_end(b));
	assert_int_equal(send(c->fd, b->data, b->len, MSG_NOSIGNAL), b->len);
	ck_free(b);
}

static void identify(unsigned int number, uint8_t id[16])
{
	memset(id, 0x5a, 16);
	memcpy(id, &number, sizeof(number));
}

static void send_hello(struct conn *c)
{
	uint8_t couplers[8 * COUPLERS] = { 0 }, id[16];
	struct ck_builder b;

	for (int i = 0; i < COUPLERS; i++)
		couplers[8 * i + 3] = (uint8_t)i;
	identify(c->number, id);
	ck_begin(&b, CK_HELLO, 0);
	ck_put(&b, CK_T_STATION, id, 16);
	ck_put(&b, CK_T_BOOT_ID, id, 16);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, 1);
	ck_put_u64(&b, CK_T_LAST_DISPOSITION, 0);
	ck_put(&b, CK_T_COUPLERS, couplers, sizeof(couplers));
	send_frame(c, &b);
}

static void send_request(unsigned int number)
{
	struct conn *c = control[number];
	struct ck_builder b;
	uint8_t id[16];

	identify(number, id);
	ck_begin(&b, CK_REQUEST, 0);
	ck_put_u64(&b, CK_T_REQUEST, 1);
	ck_put_u32(&b, CK_T_COUPLER, number % COUPLERS);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 1);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put_text(&b, CK_T_APPLICATION, "personalize");
	ck_put(&b, CK_T_ATR, "\x3b\x00", 2);
	ck_put_text(&b, CK_T_PROTOCOL, "cks");
	ck_put_u16(&b, CK_T_PORT, channel_port);
	ck_put(&b, CK_T_TOKEN, id, 16);
	ck_put_u8(&b, CK_T_REPEAT, 0);
	ck_put_u8(&b, CK_T_CARD_PROTOCOL, 0);
	ck_put_text(&b, CK_T_ENCRYPTION, "none");
	send_frame(c, &b);
}

static void respond(struct play *p)
{
	uint8_t rsp[GP_RESPONSE_MAX];
	size_t len = gp_card_command(&p->card, p->cmd, p->cmd_len, rsp);
	struct ck_builder b;

	ck_begin(&b, CK_RESPONSE, p->held);
	ck_put_u16(&b, CK_T_STATUS, 0);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put(&b, CK_T_DATA, rsp, len);
	p->held = 0;
	send_frame(p->channel, &b);
}

static void on_channel(struct conn *c, const struct ck_frame *f)
{
	struct play *p = &play[c->number];
	struct ck_builder b;

	switch (f->type) {
	case CK_OPEN:
		memcpy(&c->number, f->field[CK_T_TOKEN].data, sizeof(c->number));
		assert_true(c->number < sessions);
		play[c->number].channel = c;
		ck_begin(&b, CK_OPENED, 0);
		ck_put_u64(&b, CK_T_REQUEST, 1);
		ck_put_u32(&b, CK_T_PRESENCE_GEN, 1);
		ck_put_u32(&b, CK_T_POWER_GEN, 1);
		send_frame(c, &b);
		break;
	case CK_COMMAND:
		p->held = f->number;
		p->cmd_len = f->field[CK_T_DATA].len;
		assert_true(p->cmd_len <= sizeof(p->cmd));
		memcpy(p->cmd, f->field[CK_T_DATA].data, p->cmd_len);
		/* STORE DATA: the record is claimed, the channel secure. */
		if (!released && p->cmd[1] == 0xe2)
			holding++;
		else
			respond(p);
		break;
	case CK_CLOSE:
		ck_begin(&b, CK_CLOSED, 0);
		send_frame(c, &b);
		break;
	default:
		fail_msg("type %u on a channel", f->type);
	}
}

static void dispose(struct conn *c, const struct ck_frame *result)
{
	struct ck_builder b;
	uint8_t id[16];

	identify(c->number, id);
	good += ck_u(result, CK_T_VERDICT) == CK_GOOD;
	ck_begin(&b, CK_DISPOSED, 0);
	ck_put_u64(&b, CK_T_NUMBER, 1);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, 1);
	ck_put(&b, CK_T_BOOT_ID, id, 16);
	ck_put_u64(&b, CK_T_REQUEST, 1);
	ck_put_u32(&b, CK_T_COUPLER, c->number % COUPLERS);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 1);
	ck_put_u64(&b, CK_T_RESULT_ID, ck_u(result, CK_T_RESULT_ID));
	ck_put_u8(&b, CK_T_DISPOSITION, CK_DISP_GOOD);
	ck_put_text(&b, CK_T_EVIDENCE, "sensor");
	send_frame(c, &b);
}

static void on_control(struct conn *c, const struct ck_frame *f)
{
	struct ck_builder b;

	switch (f->type) {
	case CK_ORDER:
		ck_begin(&b, CK_INVENTORY, f->number);
		ck_put_u8(&b, CK_T_MORE, 0);
		ck_put(&b, CK_T_INVENTORY, "", 0);
		send_frame(c, &b);
		greeted++;
		break;
	case CK_PING:
		ck_begin(&b, CK_PONG, f->number);
		send_frame(c, &b);
		break;
	case CK_RESULT:
		dispose(c, f);
		break;
	case CK_DISPOSED_ACK:
		acknowledged++;
		break;
	case CK_HELLO:
		break;
	case CK_ERROR:
		fail_msg("refused: %.*s", (int)f->field[CK_T_REASON].len,
			 (const char *)f->field[CK_T_REASON].data);
		break;
	default:
		fail_msg("type %u on a control connection", f->type);
	}
}

static void on_readable(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);
	struct ck_problem problem = { 0 };
	struct ck_header h;
	struct ck_frame f;

	if (n <= 0) {
		assert_true(c->channel);
		epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
		close(c->fd);
		free(c);
		return;
	}
	c->have += (size_t)n;
	while (c->have >= CK_HEADER) {
		assert_true(ck_header_parse(c->in, sizeof(c->in) - CK_HEADER, &h, &problem));
		if (c->have < CK_HEADER + h.length)
			break;
		if (!ck_body_parse(&h, c->in + CK_HEADER, true, &f, &problem))
			fail_msg("%s: %s", ck_type_name(h.type), problem.text);
		if (c->channel)
			on_channel(c, &f);
		else
			on_control(c, &f);
		c->have -= CK_HEADER + h.length;
		memmove(c->in, c->in + CK_HEADER + h.length, c->have);
	}
}

static void welcome(int listening, bool channel)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	struct conn *c;

	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	assert_non_null(c);
	c->fd = fd;
	c->channel = channel;
	ev.data.ptr = c;
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev), 0);
	if (channel)
		return;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	c->number = (ntohl(addr.sin_addr.s_addr) >> 8 & 0xff) * 250 +
		    (ntohl(addr.sin_addr.s_addr) & 0xff) - 1;
	assert_true(c->number < stations);
	control[c->number] = c;
	send_hello(c);
}

/* Serves until @count is @want. */
static void serve(const unsigned int *count, unsigned int want, const char *what)
{
	struct epoll_event ev[64];

	while (*count < want) {
		int n = epoll_wait(epoll, ev, 64, PATIENCE * 1000);

		if (n <= 0)
			fail_msg("%s: %u of %u, and nothing comes; see %s/log", what, *count, want,
				 dir);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == &control_port)
				welcome(control_listen, false);
			else if (ev[i].data.ptr == &channel_port)
				welcome(channel_listen, true);
			else
				on_readable(ev[i].data.ptr);
		}
	}
}

/* --------------------------------------------------------------------------------------- test */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_cards(void)
{
	struct aes_key master = { .len = 16 };
	struct identity id;

	memcpy(master.bytes, kmc, 16);
	play = calloc(sessions, sizeof(*play));
	assert_non_null(play);
	for (unsigned int i = 0; i < sessions; i++) {
		identity_make(&id, i + 1);
		assert_true(gp_card_init(&play[i].card, &id, &master, 1));
	}
}

static void many_stations(void **state)
{
	long idle, running;
	double began, connected, ran;
	int status;

	(void)state;
	start_casd();
	began = seconds();
	serve(&greeted, stations, "stations");
	connected = seconds() - began;
	idle = resident();
	for (unsigned int i = 0; i < sessions; i++)
		send_request(i);
	serve(&holding, sessions, "sessions");
	running = resident();
	released = true;
	began = seconds();
	for (unsigned int i = 0; i < sessions; i++)
		respond(&play[i]);
	serve(&acknowledged, sessions, "dispositions");
	ran = seconds() - began;
	assert_int_equal(good, sessions);
	/* The program itself is in it: it is not much. */
	print_message("%u stations of %d couplers connected in %.1f s: %.1f KiB a coupler\n",
		      stations, COUPLERS, connected, (double)idle / (stations * COUPLERS));
	print_message("%u sessions at once: %.1f KiB each; then %.0f cards/s; casd %ld MiB\n",
		      sessions, (double)(running - idle) / sessions, sessions / ran,
		      running / 1024);
#ifndef __SANITIZE_ADDRESS__	/* which keeps what is freed */
	assert_true(idle <= (long)IDLE_MAX * stations * COUPLERS);
	assert_true(running - idle <= (long)RUNNING_MAX * sessions);
#endif
	kill(casd, SIGTERM);
	assert_int_equal(waitpid(casd, &status, 0), casd);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int setup(void **state)
{
	struct rlimit files;

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &files))
		return -1;
	files.rlim_cur = files.rlim_max;
	strcpy(dir, "/tmp/casd-load-XXXXXX");
	if (setrlimit(RLIMIT_NOFILE, &files) || !mkdtemp(dir))
		return -1;
	control = calloc(stations, sizeof(*control));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!control || epoll < 0)
		return -1;
	control_listen = listen_all(&control_port);
	channel_listen = listen_all(&channel_port);
	make_order();
	make_cards();
	write_stations();
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	softhsm_remove();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(many_stations) };

	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "--stations=%u", &stations) != 1 &&
		    sscanf(argv[i], "--sessions=%u", &sessions) != 1) {
			fprintf(stderr, "usage: casd/load_test [--stations=N] [--sessions=N]\n");
			return 2;
		}
	}
	if (!sessions || sessions > stations || stations > 60000)
		return 2;
	return cmocka_run_group_tests(tests, setup, teardown);
}
