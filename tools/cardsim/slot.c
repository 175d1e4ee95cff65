// SPDX-License-Identifier: GPL-2.0-only
/* The card's side of one slot: records in, engine and card operating system, records out. */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "slot.h"
#include "trace.h"

#define RESET_CLKS	1000	/* RST high to TS: between 400 and 40,000 clock cycles */
#define READ_BATCH	64
#define NS_PER_S	1000000000ULL
#define SLOW_STEP_US	60000
#define SLOW_NULLS	3	/* T=0: NULL bytes before each answer */
#define SLOW_WTX	1	/* T=1: S(WTX request) before each answer */
#define SLOW_MULTIPLIER	2

/* ------------------------------------------------------------------------ to the bench */

static void flush(struct slot *s)
{
	size_t size = s->out_len * sizeof(s->out[0]);
	ssize_t n;
	unsigned int done;

	if (!s->out_len)
		return;
	n = write(s->fd, s->out, size);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR) {
			event_add(s->on_write, NULL);
			return;
		}
		trace_card(s->lane, s->card ? s->card->id : 0, "bench refused: %s",
			   strerror(errno));
		s->out_len = 0;
		return;
	}
	done = (unsigned int)((size_t)n / sizeof(s->out[0]));
	s->out_len -= done;
	memmove(s->out, s->out + done, s->out_len * sizeof(s->out[0]));
	if (s->out_len)
		event_add(s->on_write, NULL);
}

static void queue(struct slot *s, const struct cks_sim_event *ev)
{
	if (s->out_len == SLOT_OUT_MAX) {
		/* the protocol never has so much under way: the coupler has gone wrong */
		trace_card(s->lane, s->card->id, "too many characters wait, card stops");
		s->mute = true;
		return;
	}
	s->out[s->out_len++] = *ev;
}

static void send_line(struct slot *s, const struct iso7816_line *line)
{
	struct cks_sim_event ev = {
		.type = CKS_SIM_LINE,
		.flags = (line->odd ? CKS_SIM_ODD : 0) |
			 (line->error_signal ? CKS_SIM_ERROR_SIGNAL : 0),
		.etu = iso7816_etu(line->f, line->d),
	};

	if (line->guard11)
		ev.gap = 11 * ev.etu;
	s->t = line->t;
	if (s->in_atr && s->preloaded)
		return;
	queue(s, &ev);
}

static void send_chars(struct slot *s, const u8 *data, u16 len, u64 at, u32 gap)
{
	struct cks_sim_event ev = { .type = CKS_SIM_CHAR };
	bool atr = s->in_atr;

	s->in_atr = false;
	if (s->mute || (atr && (s->preloaded || s->card->defect == DEFECT_NO_ATR)))
		return;
	for (u16 i = 0; i < len; i++) {
		ev.time = at + (u64)i * gap;
		ev.value = data[i];
		if (atr && !i && s->card->defect == DEFECT_BAD_ATR)
			ev.value ^= 0x10;
		queue(s, &ev);
	}
}

/* -------------------------------------------------------------- the card operating system */

static void respond(struct slot *s, u64 now)
{
	enum iso7816_err err = iso7816_card_respond(&s->line, now, s->rsp, s->rsp_len);

	if (err != ISO7816_OK)
		trace_card(s->lane, s->card->id, "response dropped: %s", iso7816_strerror(err));
}

static void slow_step(struct slot *s, u64 now)
{
	struct timeval wait = { .tv_usec = SLOW_STEP_US };

	if (!s->slow_left) {
		respond(s, now);
		return;
	}
	s->slow_left--;
	if (iso7816_card_busy(&s->line, now, SLOW_MULTIPLIER) != ISO7816_OK)
		s->slow_left = 0;
	event_add(s->on_slow, &wait);
}

static void command(struct slot *s, u64 now, const u8 *apdu, u32 len)
{
	struct sim_card *card = s->card;
	const char *name = gp_card_name(apdu, len);
	u32 mac_errors = card->gp.mac_errors;

	if (card->defect == DEFECT_MUTE && s->commands == DEFECT_MUTE_AFTER) {
		s->mute = true;
		trace_card(s->lane, card->id, "%s unanswered", name);
		return;
	}
	s->commands++;
	s->rsp_len = (u32)gp_card_command(&card->gp, apdu, len, s->rsp);
	trace_card(s->lane, card->id, "%s (%u bytes) %02X%02X%s", name, len,
		   s->rsp[s->rsp_len - 2], s->rsp[s->rsp_len - 1],
		   card->gp.mac_errors != mac_errors ? " wrong MAC" : "");
	if (card->defect == DEFECT_SLOW) {
		s->slow_left = s->t == 1 ? SLOW_WTX : SLOW_NULLS;
		slow_step(s, now);
		return;
	}
	/* The card is as fast as the standard allows: it answers at the time of the event. */
	respond(s, now);
}

static void pump(struct slot *s, u64 now)
{
	struct iso7816_card_action act;
	struct iso7816_line line;
	bool atr;

	while (iso7816_card_next(&s->line, &act)) {
		switch (act.op) {
		case ISO7816_CARD_LINE:
			send_line(s, &act.line);
			break;
		case ISO7816_CARD_SEND:
			atr = s->in_atr;
			send_chars(s, act.send.data, act.send.len, act.send.at, act.send.gap);
			/* queued behind them, so that our notice is never too late */
			if (!(atr && s->preloaded) && iso7816_card_next_line(&s->line, &line))
				send_line(s, &line);
			break;
		case ISO7816_CARD_COMMAND:
			command(s, now, act.command.data, act.command.len);
			break;
		case ISO7816_CARD_CANCEL:
			s->slow_left = 0;
			event_del(s->on_slow);
			break;
		}
	}
}

/* ------------------------------------------------------------------------ from the bench */

/* Reset or loss of power: everything volatile goes, and what was still to be sent. */
static void quiet(struct slot *s)
{
	s->out_len = 0;
	s->in_atr = false;
	s->mute = false;
	s->refused = false;
	s->commands = 0;
	s->slow_left = 0;
	event_del(s->on_slow);
	event_del(s->on_write);
	gp_card_reset(&s->card->gp);
}

static void vcc(struct slot *s, bool on)
{
	quiet(s);
	s->powered = on;
	trace_card(s->lane, s->card->id, "VCC %s", on ? "on" : "off");
	if (on)
		card_clock_start(&s->clock, s->clk_hz, s->clk_div);
	iso7816_card_rst(&s->line, 0, false);
}

static void rst(struct slot *s, u64 t, bool high)
{
	if (!s->powered)
		return;
	quiet(s);
	s->in_atr = high;
	trace_card(s->lane, s->card->id, "RST %s", high ? "high" : "low");
	iso7816_card_rst(&s->line, t, high);
}

static void character(struct slot *s, const struct cks_sim_event *ev)
{
	u8 flags = 0;

	if (!s->powered || s->mute)
		return;
	if (ev->flags & CKS_SIM_REFUSED) {
		s->refused = true;
		return;
	}
	if (ev->flags & CKS_SIM_PARITY)
		flags |= ISO7816_RX_PARITY;
	if (ev->flags & CKS_SIM_FRAMING)
		flags |= ISO7816_RX_FRAMING;
	iso7816_card_rx(&s->line, ev->time, ev->value, flags);
}

static void handle(struct slot *s, const struct cks_sim_event *ev)
{
	if (!s->card)
		return;
	switch (ev->type) {
	case CKS_SIM_VCC:
		vcc(s, ev->value);
		break;
	case CKS_SIM_RST:
		rst(s, ev->time, ev->value);
		break;
	case CKS_SIM_CHAR:
		character(s, ev);
		break;
	case CKS_SIM_SENT:
		if (s->powered && !s->mute)
			iso7816_card_sent(&s->line, ev->time,
					  s->refused ? ISO7816_TX_REFUSED : 0);
		s->refused = false;
		break;
	case CKS_SIM_LOST:
		/* what was on the line is not known: as a chip that lost its clock, stay silent */
		trace_card(s->lane, s->card->id, "records lost, silent until reset");
		s->mute = true;
		break;
	default:
		break;
	}
	pump(s, ev->time);
}

/* Reads at most @rounds batches; false when nothing was there. */
static void drain(struct slot *s, unsigned int rounds)
{
	struct cks_sim_event ev[READ_BATCH];

	while (rounds--) {
		ssize_t n = read(s->fd, ev, sizeof(ev));
		unsigned int count;
		u64 now;

		if (n <= 0) {
			if (!n || (errno != EAGAIN && errno != EINTR))
				event_del(s->on_read);	/* the bench is gone */
			break;
		}
		count = (unsigned int)((size_t)n / sizeof(ev[0]));
		for (unsigned int i = 0; i < count; i++)
			handle(s, &ev[i]);
		now = clock_now();
		if (s->powered && count)
			card_clock_seen(&s->clock, ev[count - 1].time, now);
		flush(s);
		if (count < READ_BATCH)
			break;
	}
}

static void arm(struct slot *s)
{
	struct itimerspec spec = { 0 };
	u64 deadline = s->card && s->powered && !s->mute ? iso7816_card_deadline(&s->line) :
							   ISO7816_NEVER;
	u64 ns;

	if (deadline == ISO7816_NEVER)
		return;	/* a timer still running finds nothing to do */
	ns = card_clock_ns(&s->clock, deadline);
	/* Each character moves a deadline on: an early alarm costs less than a system call. */
	if (s->armed && s->armed <= ns)
		return;
	s->armed = ns;
	spec.it_value.tv_sec = (time_t)(ns / NS_PER_S);
	spec.it_value.tv_nsec = (long)(ns % NS_PER_S);
	timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;

	(void)fd;
	(void)what;
	drain(s, 1);	/* one batch, then the other slots have their turn */
	arm(s);
}

static void write_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

static void timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;
	uint64_t runs;
	u64 now;

	(void)what;
	if (read(fd, &runs, sizeof(runs)) < 0 && errno != EAGAIN)
		return;
	s->armed = 0;
	/* A character that is already waiting came before the deadline did. */
	drain(s, SLOT_OUT_MAX);
	if (s->card && s->powered && !s->mute) {
		now = card_clock_ticks(&s->clock, clock_now());
		if (iso7816_card_deadline(&s->line) <= now) {
			iso7816_card_timer(&s->line, now);
			pump(s, now);
			flush(s);
		}
	}
	arm(s);
}

static void slow_cb(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;
	u64 now;

	(void)fd;
	(void)what;
	drain(s, SLOT_OUT_MAX);
	if (!s->card || !s->powered || s->mute)
		return;
	now = card_clock_ticks(&s->clock, clock_now());
	slow_step(s, now);
	pump(s, now);
	flush(s);
	arm(s);
}

/* ------------------------------------------------------------------------------- cards */

static bool incoming(void *ctx, const u8 header[5])
{
	(void)ctx;
	return gp_card_incoming(header);
}

/*
 * The ATR is the one answer with a deadline that a busy machine misses, 40,000 clock cycles: what
 * the engine would send at a reset is left to the bench.
 */
static void preload(struct slot *s)
{
	s->preloaded = false;
	if (!s->ops->on_reset)
		return;
	quiet(s);
	s->in_atr = true;
	iso7816_card_rst(&s->line, 0, true);
	pump(s, 0);
	s->preloaded = s->ops->on_reset(s->fd, s->out, s->out_len);
	iso7816_card_rst(&s->line, 0, false);
	quiet(s);
}

bool slot_insert(struct slot *s, struct sim_card *card)
{
	struct iso7816_card_config cfg = {
		.atr_len = card->atr_len,
		.reset_clks = RESET_CLKS,
		.incoming = incoming,
		.ack_each = card->id % 5 == 0,
		.get_response = true,
	};
	enum iso7816_err err;

	if (s->card)
		return false;
	memcpy(cfg.atr, card->atr, card->atr_len);
	err = iso7816_card_init(&s->line, &cfg, s->apdu, sizeof(s->apdu), s->held,
				sizeof(s->held));
	if (err != ISO7816_OK) {
		trace_card(s->lane, card->id, "not usable: %s", iso7816_strerror(err));
		return false;
	}
	drain(s, SLOT_OUT_MAX);	/* what the card before left behind; no card, so it is dropped */
	s->card = card;
	s->powered = false;
	preload(s);
	trace_card(s->lane, card->id, "in");
	if (s->ops->present(s->fd, true))
		return true;
	s->card = NULL;
	return false;
}

void slot_remove(struct slot *s)
{
	if (!s->card)
		return;
	s->ops->present(s->fd, false);
	trace_card(s->lane, s->card->id, "out");
	quiet(s);
	s->powered = false;
	s->card = NULL;
}

bool slot_init(struct slot *s, struct event_base *base, const struct slot_ops *ops, int fd)
{
	s->base = base;
	s->ops = ops;
	s->fd = fd;
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	s->on_read = event_new(base, fd, EV_READ | EV_PERSIST, read_cb, s);
	s->on_write = event_new(base, fd, EV_WRITE, write_cb, s);
	s->on_timer = event_new(base, s->timer_fd, EV_READ | EV_PERSIST, timer_cb, s);
	s->on_slow = evtimer_new(base, slow_cb, s);
	return s->timer_fd >= 0 && evutil_make_socket_nonblocking(fd) == 0 && s->on_read &&
	       s->on_write && s->on_timer && s->on_slow && !event_add(s->on_read, NULL) &&
	       !event_add(s->on_timer, NULL);
}

void slot_free(struct slot *s)
{
	struct event *events[] = { s->on_read, s->on_write, s->on_timer, s->on_slow };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	if (s->fd >= 0)
		close(s->fd);
}
