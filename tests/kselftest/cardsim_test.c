// SPDX-License-Identifier: GPL-2.0-only
/*
 * Simulated cards through the whole kernel: cardsim on the virtual bench, each kind of card fed
 * into a lane, reset and talked to by /dev/cks/couplerN, and the faulty ones refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/modules.h"

#define KINDS		8
#define LIMIT_MS	30000
#define SW_OK		"\x90\x00"

static unsigned int tests, failed;
static char build[4096];	/* directory that has bin/ */
static const char *const modules[] = { "cks", "cks_uart", "cks_sim", NULL };
static char dir[64] = "/tmp/cardsim-test-XXXXXX";
static char sock_path[96], ready_path[96], trace_path[96];
static int machine = -1, coupler = -1;
static pid_t cardsim;

static void __attribute__((__format__(printf, 2, 3))) check(bool good, const char *fmt, ...)
{
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	failed += !good;
}

static void print_trace(void)
{
	char line[256];
	FILE *f = fopen(trace_path, "re");

	while (f && fgets(line, sizeof(line), f))
		printf("# %s", line);
	if (f)
		fclose(f);
}

static void finish(void)
{
	if (failed)
		print_trace();
	if (cardsim > 0) {
		kill(cardsim, SIGTERM);
		waitpid(cardsim, NULL, 0);
	}
	unlink(sock_path);
	unlink(ready_path);
	unlink(trace_path);
	rmdir(dir);
}

static void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	failed++;
	finish();
	exit(1);
}

static void start_cardsim(void)
{
	/* Under a slow kernel the bench's clocks are slower too (tests/rows). */
	const char *clk_div = getenv("CKS_CLK_DIV");
	char bin[sizeof(build) + 64], event[512];
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd p = { .fd = watch, .events = POLLIN };

	if (watch < 0 || inotify_add_watch(watch, dir, IN_MOVED_TO) < 0)
		bail("inotify");
	snprintf(bin, sizeof(bin), "%s/bin/cardsim", build);
	cardsim = fork();
	if (cardsim < 0)
		bail("fork");
	if (!cardsim) {
		execl(bin, bin, "--slots", "1", "--cards", "12", "--realtime", "--clk-div",
		      clk_div ? clk_div : "1", "--socket", sock_path, "--ready-file", ready_path,
		      "--trace", trace_path,
		      "--defect", "9:bad-atr", "--defect", "10:no-atr", "--defect", "11:mute",
		      "--defect", "12:slow", (char *)NULL);
		_exit(127);
	}
	if (poll(&p, 1, LIMIT_MS) != 1 || read(watch, event, sizeof(event)) < 0)
		bail("cardsim did not become ready");
	close(watch);
}

static unsigned int coupler_of_lane(void)
{
	unsigned int lane, number;
	FILE *f = fopen(ready_path, "re");

	if (!f || fscanf(f, "%u %u", &lane, &number) != 2 || lane)
		bail(ready_path);
	fclose(f);
	return number;
}

static int connect_machine(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sock_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		bail(sock_path);
	return fd;
}

/* One request, its answer without the newline. */
static const char *ask(const char *request)
{
	static char answer[512];
	struct pollfd p = { .fd = machine, .events = POLLIN };
	size_t n = 0;

	if (write(machine, request, strlen(request)) < 0 || write(machine, "\n", 1) < 0)
		bail("machine");
	do {
		if (n == sizeof(answer) - 1 || poll(&p, 1, LIMIT_MS) != 1 ||
		    read(machine, answer + n, 1) != 1)
			bail("no answer from the machine");
	} while (answer[n++] != '\n');
	answer[n - 1] = 0;
	return answer;
}

static bool says(const char *request, const char *want)
{
	const char *answer = ask(request);

	if (!strcmp(answer, want))
		return true;
	printf("# %s: \"%s\" instead of \"%s\"\n", request, answer, want);
	return false;
}

/* Card in or out: the coupler's state follows the card detect contact. */
static bool present(bool want)
{
	struct cks_state st = { .size = sizeof(st) };

	for (int ms = 0; ms < LIMIT_MS; ms += 10) {
		if (!ioctl(coupler, CKS_IOC_STATE, &st) && st.present == want)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static bool reset(struct cks_reset *r)
{
	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->kind = CKS_COLD;
	if (!ioctl(coupler, CKS_IOC_RESET, r))
		return true;
	printf("# reset: %s\n", strerror(errno));
	return false;
}

static ssize_t exchange(const void *cmd, size_t len, uint8_t rsp[258])
{
	ssize_t n = write(coupler, cmd, len);

	if (n == (ssize_t)len)
		n = read(coupler, rsp, 258);
	if (n < 0)
		printf("# exchange: %s\n", strerror(errno));
	return n;
}

/* SELECT is case 4 with a response, GET DATA case 2 with Le unknown, the last one an error. */
static bool talk(void)
{
	static const uint8_t select_isd[] = "\x00\xa4\x04\x00\x08"
					    "\xa0\x00\x00\x01\x51\x00\x00\x00\x00";
	static const uint8_t get_cplc[] = "\x80\xca\x9f\x7f\x00";
	static const uint8_t unknown[] = "\x80\xfe\x00\x00";
	uint8_t rsp[258];

	return exchange(select_isd, 14, rsp) == 20 && !memcmp(rsp + 18, SW_OK, 2) &&
	       !memcmp(rsp + 4, select_isd + 5, 8) &&
	       exchange(get_cplc, 5, rsp) == 47 && !memcmp(rsp, "\x9f\x7f\x2a", 3) &&
	       exchange(unknown, 4, rsp) == 2 && !memcmp(rsp, "\x6d\x00", 2);
}

/* A line without an end costs a client its connection, and the others nothing. */
static void hostile_client(void)
{
	int fd = connect_machine();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[300];

	memset(line, 'x', sizeof(line));
	check(write(fd, line, sizeof(line)) == sizeof(line) && poll(&p, 1, LIMIT_MS) == 1 &&
	      read(fd, line, sizeof(line)) <= 0, "a line that is too long ends the connection");
	close(fd);
	check(says("sense 1", "err no such lane") &&
	      says("feed", "err usage: feed LANE [good CARD]") &&
	      says("status", "ok feeder=12 good=0 reject=0 lanes=1"),
	      "the machine goes on, and says what is wrong with a request");
}

static void feed(unsigned int card)
{
	char want[64];

	snprintf(want, sizeof(want), "ok card=%u ref=TRAY-%04u", card, card);
	check(says("feed 0", want) && present(true), "card %u is fed and detected", card);
}

static void eject(unsigned int card, const char *bin)
{
	char request[64], want[64];

	snprintf(request, sizeof(request), "eject 0 %s", bin);
	snprintf(want, sizeof(want), "ok card=%u bin=%s", card, bin);
	check(says(request, want) && present(false), "card %u is ejected to %s", card, bin);
}

static void good_cards(void)
{
	static const unsigned int protocol[KINDS] = { 0, 1, 0, 0, 1, 0, 1, 0 };
	struct cks_reset r;

	for (unsigned int card = 1; card <= KINDS; card++) {
		feed(card);
		check(reset(&r) && (r.atr[0] == 0x3b || r.atr[0] == 0x3f) && r.atr_len >= 6 &&
		      r.protocol == protocol[card - 1], "card %u answers to reset, T=%u", card,
		      protocol[card - 1]);
		check(talk(), "card %u answers commands", card);
		check(talk(), "card %u answers them again", card);
		eject(card, "good");
	}
}

static void faulty_cards(void)
{
	static const uint8_t get_kdd[] = "\x80\xca\x00\xcf\x0c";
	struct cks_reset r;
	uint8_t rsp[258];
	bool good;

	feed(9);
	check(!reset(&r), "card 9: a bad ATR is refused");
	eject(9, "reject");
	feed(10);
	check(!reset(&r), "card 10: no ATR is an error");
	eject(10, "reject");
	feed(11);
	good = reset(&r);
	for (int i = 0; i < 4; i++)
		good = good && exchange(get_kdd, 5, rsp) == 14;
	check(good, "card 11 answers four commands");
	check(exchange(get_kdd, 5, rsp) < 0, "card 11: then it is mute, which is an error");
	eject(11, "reject");
	feed(12);
	check(reset(&r) && exchange(get_kdd, 5, rsp) == 14 && exchange(get_kdd, 5, rsp) == 14,
	      "card 12 is slow, and is waited for");
	eject(12, "good");
}

static void read_back(void)
{
	struct cks_reset r;

	check(says("feed 0", "err feeder empty"), "the feeder is empty");
	check(says("list good", "ok 1 2 3 4 5 6 7 8 12") && says("list reject", "ok 9 10 11"),
	      "every card is where it was put");
	check(says("feed 0 good 5", "ok card=5 ref=TRAY-0005") && present(true) && reset(&r) &&
	      talk(), "a card from the good bin is read again");
	eject(5, "good");
	check(says("status", "ok feeder=0 good=9 reject=3 lanes=1"), "all cards are counted");
}

static void end(void)
{
	int status = -1;

	close(coupler);
	check(says("quit", "ok"), "cardsim takes leave");
	check(waitpid(cardsim, &status, 0) == cardsim && status == 0, "cardsim ends with status 0");
	cardsim = 0;
	check(!modules_unload(modules), "nothing holds the modules any more");
}

int main(void)
{
	char device[64];
	ssize_t n = readlink("/proc/self/exe", build, sizeof(build) - 1);

	if (n <= 0 || !mkdtemp(dir))
		bail("start");
	/* build/tests/kselftest/NAME, three levels up */
	for (int i = 0; i < 3; i++)
		*strrchr(build, '/') = 0;
	snprintf(sock_path, sizeof(sock_path), "%s/socket", dir);
	snprintf(ready_path, sizeof(ready_path), "%s/ready", dir);
	snprintf(trace_path, sizeof(trace_path), "%s/trace", dir);
	if (modules_load(modules))
		bail("modules");
	start_cardsim();
	snprintf(device, sizeof(device), "/dev/cks/coupler%u", coupler_of_lane());
	coupler = open(device, O_RDWR | O_CLOEXEC);
	if (coupler < 0)
		bail(device);
	machine = connect_machine();
	hostile_client();
	good_cards();
	faulty_cards();
	read_back();
	end();
	printf("1..%u\n", tests);
	finish();
	return failed ? 1 : 0;
}
