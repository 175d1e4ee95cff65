// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card for tests: one thread between a bench slot's records and the engine's card half.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks_sim.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "iso7816/iso7816.h"
#include "simcard.h"

#define UART_CLK	1843200
#define RESET_CLKS	1000
#define HOLD_MS		200	/* between two requests for more time */
#define APDU_MAX	SIMCARD_RSP_MAX
#define RECORDS		512

struct simcard {
	int fd;
	int wake;
	unsigned int coupler;
	pthread_t thread;
	atomic_bool quit;
	atomic_bool held;
	atomic_bool let_go;
	atomic_bool silent;
	atomic_uint commands;
	uint8_t last[APDU_MAX];	/* command and response, once @commands counts them */
	uint32_t last_len;

	/* The thread's alone. */
	struct simcard_os os;	/* all NULL without one */
	struct iso7816_card_config cfg;
	struct iso7816_card line;
	bool powered;
	bool mute;
	bool in_atr;		/* what the engine does next is its ATR */
	bool preloaded;		/* ... which the bench sends */
	bool refused;		/* a character of this answer, for good */
	uint8_t t;
	uint64_t ticks_per_s;
	uint64_t ref_ns;	/* CLOCK_MONOTONIC at ... */
	uint64_t ref_ticks;	/* ... this time of the card */
	uint64_t hold_ns;
	uint32_t held_len;
	uint8_t apdu[APDU_MAX];
	uint8_t held_rsp[APDU_MAX];
	uint8_t rsp[APDU_MAX];
};

uint32_t simcard_clk_div(void)
{
	const char *further = getenv("CKS_CLK_DIV");
	unsigned long n = further ? strtoul(further, NULL, 10) : 1;

	return SIMCARD_CLK_DIV * (n >= 1 && n <= 1000 ? (uint32_t)n : 1);
}

uint32_t simcard_clk_hz(void)
{
	return SIMCARD_OSCILLATOR / simcard_clk_div();
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t now_ticks(const struct simcard *c)
{
	unsigned __int128 ns = now_ns() - c->ref_ns;

	return c->ref_ticks + (uint64_t)(ns * c->ticks_per_s / 1000000000);
}

static int put(struct simcard *c, const struct cks_sim_event *ev, size_t n)
{
	const char *at = (const char *)ev;
	size_t left = n * sizeof(*ev);

	while (left) {
		ssize_t done = write(c->fd, at, left);

		if (done < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = c->fd, .events = POLLOUT };

			poll(&p, 1, 100);
			if (atomic_load(&c->quit))
				return -1;
			continue;
		}
		if (done < 0)
			return -1;
		at += done;
		left -= (size_t)done;
	}
	return 0;
}

static void put_line(struct simcard *c, const struct iso7816_line *line)
{
	struct cks_sim_event ev = {
		.type = CKS_SIM_LINE,
		.flags = (line->odd ? CKS_SIM_ODD : 0) |
			 (line->error_signal ? CKS_SIM_ERROR_SIGNAL : 0),
		.etu = iso7816_etu(line->f, line->d),
	};

	if (line->guard11)
		ev.gap = 11 * ev.etu;
	c->t = line->t;
	if (!(c->in_atr && c->preloaded))
		put(c, &ev, 1);
}

static int put_chars(struct simcard *c, const uint8_t *data, uint16_t len, uint64_t at,
		     uint32_t gap, uint8_t flags)
{
	struct cks_sim_event ev[RECORDS];
	uint16_t i, n = 0;
	int rc = 0;

	for (i = 0; i < len; i++) {
		ev[n++] = (struct cks_sim_event){
			.type = CKS_SIM_CHAR,
			.time = at + (uint64_t)i * gap,
			.value = data[i],
			.flags = flags,
		};
		if (n == RECORDS || i + 1 == len) {
			rc |= put(c, ev, n);
			n = 0;
		}
	}
	return rc;
}

/* Le of a case 2 command, short or extended. */
static uint32_t expected(const uint8_t *apdu, uint32_t len)
{
	if (len == 5)
		return apdu[4] ? apdu[4] : 256;
	if (len == 7 && !apdu[4])
		return apdu[5] || apdu[6] ? (uint32_t)apdu[5] << 8 | apdu[6] : 65536;
	return 0;
}

/* Data of a case 3 or 4 command, short or extended. */
static uint32_t data_of(const uint8_t *apdu, uint32_t len, const uint8_t **ret_data)
{
	uint32_t lc = 0;

	if (len > 5 && apdu[4]) {
		lc = apdu[4];
		*ret_data = apdu + 5;
	} else if (len > 7) {
		lc = (uint32_t)apdu[5] << 8 | apdu[6];
		*ret_data = apdu + 7;
	}
	return lc;
}

/* The data of the response to a command that the card knows by itself. */
static uint32_t own_command(struct simcard *c, const uint8_t *apdu, uint32_t len)
{
	const uint8_t *data = apdu;
	uint32_t n = 0, i;

	switch (apdu[1]) {
	case SIMCARD_INS_MUTE:
		c->mute = true;
		break;
	case SIMCARD_INS_READ:
		n = expected(apdu, len);
		for (i = 0; i < n; i++)
			c->rsp[i] = (uint8_t)i;
		break;
	case SIMCARD_INS_HOLD:
		atomic_store(&c->held, true);
		c->hold_ns = now_ns();
		break;
	default:
		n = data_of(apdu, len, &data);
		memmove(c->rsp, data, n);
		break;
	}
	c->rsp[n++] = 0x90;
	c->rsp[n++] = 0x00;
	return n;
}

static void command(struct simcard *c, uint64_t now, const uint8_t *apdu, uint32_t len)
{
	uint32_t n;

	memcpy(c->last, apdu, len);
	c->last_len = len;
	n = c->os.command ? (uint32_t)c->os.command(c->os.ctx, apdu, len, c->rsp) :
			    own_command(c, apdu, len);
	c->held_len = n;
	atomic_fetch_add(&c->commands, 1);
	if (!atomic_load(&c->held) && !c->mute)
		iso7816_card_respond(&c->line, now, c->rsp, n);
}

static void pump(struct simcard *c, uint64_t now)
{
	struct iso7816_card_action act;

	while (iso7816_card_next(&c->line, &act)) {
		switch (act.op) {
		case ISO7816_CARD_LINE:
			put_line(c, &act.line);
			break;
		case ISO7816_CARD_SEND:
			if (!c->mute && !atomic_load(&c->silent) &&
			    !(c->in_atr && c->preloaded))
				put_chars(c, act.send.data, act.send.len, act.send.at,
					  act.send.gap, 0);
			c->in_atr = false;
			break;
		case ISO7816_CARD_COMMAND:
			command(c, now, act.command.data, act.command.len);
			break;
		case ISO7816_CARD_CANCEL:
			break;
		}
	}
}

static void quiet(struct simcard *c)
{
	if (c->os.reset)
		c->os.reset(c->os.ctx);
	c->mute = false;
	c->refused = false;
	atomic_store(&c->held, false);
}

static void event(struct simcard *c, const struct cks_sim_event *ev)
{
	uint8_t flags = 0;

	switch (ev->type) {
	case CKS_SIM_VCC:
		quiet(c);
		c->powered = ev->value;
		iso7816_card_rst(&c->line, 0, false);
		break;
	case CKS_SIM_RST:
		quiet(c);
		c->in_atr = ev->value;
		iso7816_card_rst(&c->line, ev->time, ev->value);
		break;
	case CKS_SIM_CHAR:
		if (ev->flags & CKS_SIM_REFUSED) {
			c->refused = true;
			break;
		}
		if (ev->flags & CKS_SIM_PARITY)
			flags |= ISO7816_RX_PARITY;
		if (ev->flags & CKS_SIM_FRAMING)
			flags |= ISO7816_RX_FRAMING;
		if (c->powered && !c->mute)
			iso7816_card_rx(&c->line, ev->time, ev->value, flags);
		break;
	case CKS_SIM_SENT:
		if (c->powered && !c->mute)
			iso7816_card_sent(&c->line, ev->time,
					  c->refused ? ISO7816_TX_REFUSED : 0);
		c->refused = false;
		break;
	default:
		c->mute = true;
		break;
	}
	pump(c, ev->time);
}

static bool drain(struct simcard *c)
{
	struct cks_sim_event ev[64];
	ssize_t n = read(c->fd, ev, sizeof(ev));
	size_t i;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	for (i = 0; i < (size_t)n / sizeof(ev[0]); i++) {
		c->ref_ns = now_ns();
		c->ref_ticks = ev[i].time;
		event(c, &ev[i]);
	}
	return true;
}

static void ask_for_time(struct simcard *c)
{
	uint64_t now = now_ticks(c);

	if (atomic_exchange(&c->let_go, false)) {
		atomic_store(&c->held, false);
		iso7816_card_respond(&c->line, now, c->rsp, c->held_len);
	} else if (now_ns() - c->hold_ns >= HOLD_MS * 1000000ULL) {
		c->hold_ns = now_ns();
		iso7816_card_busy(&c->line, now, 1);
	}
}

static int patience(const struct simcard *c)
{
	uint64_t deadline = iso7816_card_deadline(&c->line), now;

	if (!c->powered)
		return -1;
	if (atomic_load(&c->held))
		return 20;
	if (deadline == ISO7816_NEVER)
		return -1;
	now = now_ticks(c);
	if (deadline <= now)
		return 0;
	return (int)((deadline - now) / (c->ticks_per_s / 1000) + 1);
}

static void *play(void *arg)
{
	struct simcard *c = arg;
	struct pollfd p[2] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->wake, .events = POLLIN },
	};
	uint64_t n;

	while (!atomic_load(&c->quit)) {
		poll(p, 2, patience(c));
		if (p[1].revents && read(c->wake, &n, sizeof(n)) < 0)
			break;
		if (p[0].revents && !drain(c))
			break;
		if (c->powered && !c->mute && !p[0].revents) {
			iso7816_card_timer(&c->line, now_ticks(c));
			if (atomic_load(&c->held))
				ask_for_time(c);
			pump(c, now_ticks(c));
		}
	}
	return NULL;
}

static bool incoming(void *ctx, const u8 header[5])
{
	const struct simcard *c = ctx;

	return c->os.incoming ? c->os.incoming(header) : header[1] != SIMCARD_INS_READ;
}

int simbench_open(void)
{
	return open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
}

void simcard_slot_default(struct cks_sim_slot *slot)
{
	*slot = (struct cks_sim_slot){
		.size = sizeof(*slot),
		.card_clk = SIMCARD_OSCILLATOR,
		.uart_clk = UART_CLK,
		.clk_div = simcard_clk_div(),
	};
}

struct simcard *simcard_new(int bench, const uint8_t *atr, size_t len)
{
	struct cks_sim_slot slot;

	simcard_slot_default(&slot);
	return simcard_new_in(bench, &slot, atr, len);
}

struct simcard *simcard_new_in(int bench, struct cks_sim_slot *slot, const uint8_t *atr,
			       size_t len)
{
	struct simcard *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->cfg = (struct iso7816_card_config){
		.atr_len = (uint8_t)len,
		.reset_clks = RESET_CLKS,
		.incoming = incoming,
		.ctx = c,
		.get_response = true,
	};
	c->ticks_per_s = (uint64_t)slot->card_clk * CKS_SIM_TICKS_PER_CLK / slot->clk_div;
	memcpy(c->cfg.atr, atr, len);
	if (iso7816_card_init(&c->line, &c->cfg, c->apdu, sizeof(c->apdu), c->held_rsp,
			      sizeof(c->held_rsp)) != ISO7816_OK) {
		errno = EINVAL;
		goto err;
	}
	c->fd = ioctl(bench, CKS_SIM_ADD_SLOT, slot);
	if (c->fd < 0)
		goto err;
	c->coupler = slot->coupler;
	c->wake = eventfd(0, EFD_CLOEXEC);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) || c->wake < 0 ||
	    pthread_create(&c->thread, NULL, play, c)) {
		close(c->fd);
		goto err;
	}
	return c;
err:
	free(c);
	return NULL;
}

void simcard_free(struct simcard *c)
{
	uint64_t one = 1;

	if (!c)
		return;
	atomic_store(&c->quit, true);
	if (write(c->wake, &one, sizeof(one)) < 0)
		abort();
	pthread_join(c->thread, NULL);
	close(c->wake);
	close(c->fd);
	free(c);
}

unsigned int simcard_coupler(const struct simcard *c)
{
	return c->coupler;
}

int simcard_fd(const struct simcard *c)
{
	return c->fd;
}

/* What the engine would do at a reset, written down for the bench while no card is in. */
int simcard_preload(struct simcard *c)
{
	struct cks_sim_event ev = { .type = CKS_SIM_LINE, .flags = CKS_SIM_ON_RESET };
	struct iso7816_card_action act;
	int rc = 0;

	iso7816_card_rst(&c->line, 0, true);
	while (iso7816_card_next(&c->line, &act)) {
		if (act.op == ISO7816_CARD_LINE) {
			ev.etu = iso7816_etu(act.line.f, act.line.d);
			rc |= put(c, &ev, 1);
		}
		if (act.op == ISO7816_CARD_SEND)
			rc |= put_chars(c, act.send.data, act.send.len, act.send.at,
					act.send.gap, CKS_SIM_ON_RESET);
	}
	iso7816_card_rst(&c->line, 0, false);
	c->preloaded = !rc;
	return rc;
}

void simcard_set_os(struct simcard *c, const struct simcard_os *os)
{
	c->os = *os;
}

static int present(struct simcard *c, __u32 value)
{
	return ioctl(c->fd, CKS_SIM_PRESENT, &value);
}

int simcard_insert(struct simcard *c)
{
	return present(c, 1);
}

int simcard_remove(struct simcard *c)
{
	return present(c, 0);
}

void simcard_silence(struct simcard *c, bool silent)
{
	atomic_store(&c->silent, silent);
}

unsigned int simcard_commands(struct simcard *c)
{
	return atomic_load(&c->commands);
}

void simcard_last(struct simcard *c, const uint8_t **ret_cmd, uint32_t *ret_cmd_len,
		  const uint8_t **ret_rsp, uint32_t *ret_rsp_len)
{
	(void)simcard_commands(c);	/* it was counted after it was written */
	*ret_cmd = c->last;
	*ret_cmd_len = c->last_len;
	*ret_rsp = c->rsp;
	*ret_rsp_len = c->held_len;
}

void simcard_let_go(struct simcard *c)
{
	atomic_store(&c->let_go, true);
}
