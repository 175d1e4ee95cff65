// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop of events around a driver, a model and a card; see bed.h.
 */
#include <linux/serial_reg.h>

#include "../check.h"
#include "bed.h"

struct bed bed;

/* The coupler, as the driver sees it. */
struct cks_coupler {
	struct cks_uart *u;
};

static struct cks_coupler coupler;

/* ------------------------------------------------------------------------------- kernel */

ktime_t ktime_get(void)
{
	return (ktime_t)bed.now;
}

void hrtimer_start(struct hrtimer *timer, ktime_t t, enum hrtimer_mode mode)
{
	(void)timer;
	(void)mode;
	bed.timer_at = (u64)t;
	bed.timer_set = true;
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	bool was = bed.timer_set;

	(void)timer;
	bed.timer_set = false;
	return was;
}

#ifdef __KERNEL__

static bool is_held(raw_spinlock_t *lock)
{
	return raw_spin_is_locked(lock);
}

#else

void raw_spin_lock_init(raw_spinlock_t *lock)
{
	lock->held = false;
}

void raw_spin_lock(raw_spinlock_t *lock)
{
	assert_false(lock->held);
	lock->held = true;
}

void raw_spin_unlock(raw_spinlock_t *lock)
{
	assert_true(lock->held);
	lock->held = false;
}

static bool is_held(raw_spinlock_t *lock)
{
	return lock->held;
}

#endif

/* ---------------------------------------------------------------------------------- UART */

static u64 ns_of(u64 ticks)
{
	return mul_u64_u64_div_u64(ticks, NSEC_PER_SEC, bed.tick_hz);
}

static u64 ticks_of(u64 ns)
{
	return mul_u64_u64_div_u64(ns, bed.tick_hz, NSEC_PER_SEC);
}

static void advance_uart(u64 t)
{
	while (sim_uart_due(&bed.uart) <= t)
		sim_uart_advance(&bed.uart, sim_uart_due(&bed.uart));
}

/* An edge: it is told once, after the time that an interrupt takes. */
static void look_at_irq(void)
{
	/* What is gone interrupts nobody. */
	bool level = sim_uart_irq(&bed.uart) && bed.stuck_iir != CKS_UART_OPEN_BUS;

	if (!level) {
		bed.raised = false;
	} else if (!bed.raised) {
		bed.raised = true;
		bed.raise_at = bed.now + bed.irq_ns;
		if (bed.late_every && bed.interrupts % bed.late_every == bed.late_every - 1)
			bed.raise_at += bed.late_ns;
	}
}

static u8 serial_in(void *ctx, unsigned int reg)
{
	u8 value;

	(void)ctx;
	bed.now += bed.access_ns;
	bed.accesses++;
	advance_uart(bed.now);
	value = sim_uart_read(&bed.uart, reg, bed.now);
	if (reg == UART_LSR && bed.stuck_lsr)
		return bed.stuck_lsr;
	if (reg == UART_IIR && bed.stuck_iir)
		return bed.stuck_iir;
	return value;
}

static void log_char(void)
{
	struct sim_lane *lane = &bed.line.lane[SIM_UART];
	struct bed_sent *s = &bed.log[bed.logged++ % BED_LOG];

	s->written = bed.now;
	s->edge = lane->wave[(lane->count - 1) % SIM_HISTORY].start;
}

bool bed_high(void)
{
	return sim_line_level(&bed.line, 1 << SIM_UART, bed.now);
}

static void serial_out(void *ctx, unsigned int reg, u8 value)
{
	u8 was = bed.uart.lcr;

	(void)ctx;
	bed.now += bed.access_ns;
	bed.accesses++;
	advance_uart(bed.now);
	sim_uart_write(&bed.uart, reg, value, bed.now);
	if (!(bed.uart.mcr & UART_MCR_DTR) && bed_high())
		bed.exposed++;
	if (reg == UART_TX && !(bed.uart.lcr & UART_LCR_DLAB))
		log_char();
	if (reg == UART_LCR && bed.u.active && bed.card.sending) {
		struct bed_signal *s = &bed.signal[bed.signals % BED_LOG];

		if (value & ~was & UART_LCR_SBC) {
			s->refused = bed.card.start;
			s->begin = bed.now - s->refused;
		}
		if (~value & was & UART_LCR_SBC) {
			s->end = bed.now - s->refused;
			bed.signals++;
		}
	}
}

static ktime_t rx_time(void *ctx)
{
	(void)ctx;
	return (ktime_t)bed.uart.rx_time;
}

/* Of settings.c, which is for process context. */
const struct cks_uart_rate *cks_uart_rate_of(const struct cks_uart *u, u16 f, u8 d)
{
	static struct cks_uart_rate rate;

	if (u->family->find_rate(&rate, u->set.uart_clk, u->set.clk_hz, f, d))
		return NULL;
	return &rate;
}

/* ---------------------------------------------------------------------------------- core */

void *cks_coupler_drvdata(const struct cks_coupler *c)
{
	return c->u;
}

void cks_coupler_set_capabilities(struct cks_coupler *c, u32 capabilities)
{
	(void)c;
	bed.capabilities = capabilities;
}

void cks_coupler_refused(struct cks_coupler *c, bool by_card)
{
	assert_true(is_held(c->u->lock));
	if (by_card)
		bed.repeated++;
	else
		bed.refused++;
}

void cks_coupler_cost(struct cks_coupler *c, enum cks_cost what, u64 millietu)
{
	assert_true(is_held(c->u->lock));
	bed.cost[what] += millietu;
}

static void act(const struct iso7816_action *a)
{
	struct cks_characters chars = { 0 };

	switch (a->op) {
	case ISO7816_DO_ACTIVATE:
		cks_uart_activate(&coupler);
		break;
	case ISO7816_DO_RST_LOW:
		cks_uart_rst(&coupler, false);
		break;
	case ISO7816_DO_RST_HIGH:
		cks_uart_rst(&coupler, true);
		break;
	case ISO7816_DO_LINE:
		cks_uart_line(&coupler, &a->line);
		break;
	case ISO7816_DO_SEND:
		chars.data = a->send.data;
		chars.len = a->send.len;
		chars.at = (ktime_t)ns_of(a->send.at) + 1;
		chars.gap_ns = ns_of(a->send.gap) + 1;
		chars.limit_ns = a->send.limit == ISO7816_NEVER ? 1ULL << 59 :
				 ns_of(a->send.limit) + 1;
		cks_uart_send(&coupler, &chars);
		break;
	case ISO7816_DO_DEACTIVATE:
		cks_uart_deactivate(&coupler);
		break;
	case ISO7816_DO_DONE:
		bed.done = true;
		bed.err = a->err;
		break;
	}
}

static void step(void)
{
	struct iso7816_action a;

	if (bed.stepping)
		return;
	bed.stepping = true;
	while (iso7816_coupler_next(&bed.engine, &a))
		act(&a);
	bed.stepping = false;
}

void cks_coupler_rx(struct cks_coupler *c, ktime_t t, u8 byte, u8 flags)
{
	assert_true(is_held(c->u->lock));
	if (flags)
		bed.flagged++;
	iso7816_coupler_rx(&bed.engine, ticks_of((u64)t), byte, flags);
	step();
}

void cks_coupler_sent(struct cks_coupler *c, ktime_t t, u8 flags)
{
	assert_true(is_held(c->u->lock));
	iso7816_coupler_sent(&bed.engine, ticks_of((u64)t), flags);
	step();
}

void cks_coupler_presence(struct cks_coupler *c, bool present)
{
	(void)c;
	(void)present;
}

static void engine_timer(void)
{
	raw_spin_lock(&bed.lock);
	if (iso7816_coupler_deadline(&bed.engine) <= ticks_of(bed.now)) {
		cks_uart_poll(&coupler);
		iso7816_coupler_timer(&bed.engine, ticks_of(bed.now));
		step();
	}
	raw_spin_unlock(&bed.lock);
}

/* ---------------------------------------------------------------------------------- card */

u64 bed_etu(unsigned int sixteenths)
{
	return sim_sixteenths(bed.card.etu_ps, sixteenths);
}

static void card_line(const struct iso7816_line *line)
{
	struct bed_card *c = &bed.card;
	u64 etu = iso7816_etu(line->f, line->d);
	struct sim_format format = { .bits = 8, .parity = true, .even = !line->odd };

	c->etu_ps = mul_u64_u64_div_u64(etu, 1000000000000ULL, bed.tick_hz);
	c->odd = line->odd;
	c->t = line->error_signal ? 0 : 1;
	c->gap_ns = bed_etu(line->guard11 ? 11 * 16 : 12 * 16) + 1;
	sim_receiver_set(&c->receiver, &bed.line, &format, c->etu_ps, bed.now);
}

static bool incoming(void *ctx, const u8 header[5])
{
	(void)ctx;
	return header[1] != 0xb0;
}

/* B0: Le bytes counted from 0; else the data come back. 9000 follows. */
static void card_command(const u8 *apdu, u32 len)
{
	struct bed_card *c = &bed.card;
	u32 n = 0, i;

	if (apdu[1] == 0xb0) {
		n = len == 5 && apdu[4] ? apdu[4] : 256;
		for (i = 0; i < n; i++)
			c->rsp[i] = (u8)i;
	} else if (len > 5) {
		n = apdu[4];
		memcpy(c->rsp, apdu + 5, n);
	}
	c->rsp[n++] = 0x90;
	c->rsp[n++] = 0x00;
	iso7816_card_respond(&c->engine, ticks_of(bed.now), c->rsp, n);
}

static void card_step(void)
{
	struct iso7816_card_action a;
	struct bed_card *c = &bed.card;
	u16 i;

	while (iso7816_card_next(&c->engine, &a)) {
		switch (a.op) {
		case ISO7816_CARD_LINE:
			card_line(&a.line);
			break;
		case ISO7816_CARD_SEND:
			for (i = 0; i < a.send.len; i++) {
				c->queue[(c->head + c->count) % 1024].at = ns_of(a.send.at) + 1;
				c->queue[(c->head + c->count++) % 1024].byte = a.send.data[i];
			}
			break;
		case ISO7816_CARD_CANCEL:
			break;
		case ISO7816_CARD_COMMAND:
			card_command(a.command.data, a.command.len);
			break;
		}
	}
}

/* Put the character at the head on the line, for the first time or again. */
static void card_send(u64 start)
{
	struct bed_card *c = &bed.card;
	struct sim_format format = { .bits = 8, .parity = true, .even = !c->odd };
	bool wrong;

	c->sent++;
	wrong = c->spoil && !(c->sent % c->spoil);
	c->start = start;
	c->sending = true;
	c->tries++;
	sim_line_char(&bed.line, SIM_CARD, start, c->etu_ps,
		      sim_frame(&format, c->queue[c->head].byte, wrong), 10);
}

/* 11 etu after the leading edge: has the coupler refused it? */
static void card_sent(void)
{
	struct bed_card *c = &bed.card;

	if (!c->t && !sim_line_level(&bed.line, 1 << SIM_UART, bed.now)) {
		c->obeyed++;
		if (c->tries < 4) {
			card_send(bed.now + bed_etu(2 * 16));
			return;
		}
		c->lost++;
	}
	c->sending = false;
	c->tries = 0;
	c->done++;
	c->next = c->start + c->gap_ns;
	if (!c->slow_nth || c->slow_nth == c->done)
		c->next += c->slow_ns;
	c->head = (c->head + 1) % 1024;
	if (--c->count == 0) {
		/* The handler may have taken until long after. */
		sim_receiver_reset(&c->receiver, c->start + bed_etu(11 * 16));
		iso7816_card_sent(&c->engine, ticks_of(c->start), 0);
		card_step();
	}
}

/* The parity bit of a character of the coupler is over. */
static void card_decide(u64 start)
{
	struct bed_card *c = &bed.card;
	unsigned int at = c->at_sixteenths ? c->at_sixteenths : 165 + c->given % 7;
	unsigned int low = c->low_sixteenths ? c->low_sixteenths : 16 + c->given % 17;

	c->decided = true;
	c->heard++;
	c->refusing = !c->t && ((c->refuse && !(c->heard % c->refuse)) ||
				(c->refuse_from && c->heard >= c->refuse_from));
	if (!c->refusing)
		return;
	c->given++;
	sim_line_low(&bed.line, SIM_CARD, start + bed_etu(at), true);
	sim_line_low(&bed.line, SIM_CARD, start + bed_etu(at + low), false);
}

static u64 card_rx_due(void)
{
	return bed.card.sending ? SIM_NEVER : sim_receiver_due(&bed.card.receiver, &bed.line);
}

static void card_received(void)
{
	struct bed_card *c = &bed.card;
	struct sim_char ch;

	c->decided = false;
	if (!sim_receiver_take(&c->receiver, &bed.line, &ch) || c->refusing)
		return;
	iso7816_card_rx(&c->engine, ticks_of(ch.start), ch.data,
			(ch.parity ? ISO7816_RX_PARITY : 0) |
			(ch.framing ? ISO7816_RX_FRAMING : 0));
	card_step();
}

static u64 card_tx_due(void)
{
	struct bed_card *c = &bed.card;

	if (c->sending)
		return c->start + bed_etu(11 * 16);
	if (!c->count)
		return SIM_NEVER;
	return max(max(c->queue[c->head].at, c->next), bed.now);
}

static void card_contacts(void)
{
	u8 mcr = bed.uart.mcr;
	bool was = bed.mcr & UART_MCR_DTR && !(bed.mcr & UART_MCR_RTS);
	bool is = mcr & UART_MCR_DTR && !(mcr & UART_MCR_RTS);

	bed.mcr = mcr;
	if (was == is)
		return;
	sim_line_cut(&bed.line, SIM_CARD, bed.now);
	bed.card.count = 0;
	bed.card.sending = false;
	bed.card.tries = 0;
	bed.card.next = 0;
	sim_receiver_reset(&bed.card.receiver, bed.now);
	iso7816_card_rst(&bed.card.engine, ticks_of(bed.now), is);
	card_step();
}

/* ------------------------------------------------------------------------------- the loop */

static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* 0.4 etu before the stop bit is sampled. */
static u64 decision_due(void)
{
	u64 due = card_rx_due();

	if (due == SIM_NEVER || bed.card.decided)
		return SIM_NEVER;
	return due - bed_etu(6);
}

static u64 next_event(void)
{
	u64 t = sim_uart_due(&bed.uart);
	u64 deadline = iso7816_coupler_deadline(&bed.engine);

	t = earlier(t, card_rx_due());
	t = earlier(t, decision_due());
	t = earlier(t, card_tx_due());
	if (iso7816_card_deadline(&bed.card.engine) != ISO7816_NEVER)
		t = earlier(t, ns_of(iso7816_card_deadline(&bed.card.engine)) + 1);
	if (deadline != ISO7816_NEVER)
		t = earlier(t, ns_of(deadline) + 1 + bed.irq_ns);
	if (bed.timer_set)
		t = earlier(t, bed.timer_at + bed.irq_ns);
	if (bed.raised)
		t = earlier(t, bed.raise_at);
	return t;
}

/* A line with one UART. */
static void interrupt(ktime_t now)
{
	raw_spin_lock(&bed.lock);
	cks_uart_urgent(&bed.u, now);
	cks_uart_service(&bed.u, now);
	raw_spin_unlock(&bed.lock);
}

static void run_uart_timer(void)
{
	bed.timers++;
	bed.timer_set = false;
	cks_uart_timer(&bed.u.timer);
}

static void one_event(void)
{
	u64 t = next_event();

	if (t > bed.now)
		bed.now = t;
	advance_uart(bed.now);
	if (decision_due() <= bed.now)
		card_decide(card_rx_due() - bed_etu(10 * 16 + 8));
	if (card_rx_due() <= bed.now)
		card_received();
	if (card_tx_due() <= bed.now) {
		if (bed.card.sending)
			card_sent();
		else
			card_send(bed.now);
	}
	if (iso7816_card_deadline(&bed.card.engine) <= ticks_of(bed.now)) {
		iso7816_card_timer(&bed.card.engine, ticks_of(bed.now));
		card_step();
	}
	look_at_irq();
	if (bed.raised && bed.raise_at <= bed.now) {
		bed.raised = false;
		bed.interrupts++;
		interrupt(ktime_get());
	}
	if (bed.timer_set && bed.timer_at + bed.irq_ns <= bed.now)
		run_uart_timer();
	if (iso7816_coupler_deadline(&bed.engine) <= ticks_of(bed.now))
		engine_timer();
	card_contacts();
	look_at_irq();
}

void bed_run(u64 ns)
{
	u64 end = bed.now + ns;

	while (next_event() <= end)
		one_event();
	bed.now = max(bed.now, end);
}

static enum iso7816_err until_done(void)
{
	bed.done = false;
	raw_spin_lock(&bed.lock);
	step();
	raw_spin_unlock(&bed.lock);
	card_contacts();
	while (!bed.done) {
		assert_true(next_event() != SIM_NEVER);
		one_event();
	}
	return bed.err;
}

enum iso7816_err bed_reset(void)
{
	iso7816_coupler_reset(&bed.engine, ticks_of(bed.now), ISO7816_COLD);
	return until_done();
}

enum iso7816_err bed_exchange(struct iso7816_exchange *x)
{
	enum iso7816_err err = iso7816_coupler_exchange(&bed.engine, ticks_of(bed.now), x);

	return err ? err : until_done();
}

void bed_init(const struct bed_config *cfg)
{
	const struct sim_uart_config uart = {
		.family = cfg->model, .clk = cfg->uart_clk, .echo = !cfg->no_echo,
	};
	struct bed_card *c = &bed.card;
	struct iso7816_config econf;

	memset(&bed, 0, sizeof(bed));
	raw_spin_lock_init(&bed.lock);
	bed.now = 1000000;
	bed.access_ns = 500;
	bed.irq_ns = 1000;
	bed.tick_hz = (u64)cfg->card_clk * ISO7816_TICKS_PER_CLK;

	sim_line_init(&bed.line);
	sim_uart_init(&bed.uart, &bed.line, &bed.faults, &uart, bed.now);

	c->cfg.atr_len = cfg->atr_len;
	memcpy(c->cfg.atr, cfg->atr, cfg->atr_len);
	c->cfg.reset_clks = 1000;
	c->cfg.incoming = incoming;
	c->cfg.get_response = true;
	assert_true(!iso7816_card_init(&c->engine, &c->cfg, c->apdu, sizeof(c->apdu), c->held,
				       sizeof(c->held)));
	c->receiver.mask = 1 << SIM_UART;

	if (cfg->engine)
		econf = *cfg->engine;
	else
		iso7816_config_init(&econf);
	econf.reset_clks = 40000;	/* as the core has it */
	iso7816_coupler_init(&bed.engine, &econf);

	coupler.u = &bed.u;
	bed.u.coupler = &coupler;
	bed.u.dev = &bed.dev;
	bed.u.lock = &bed.lock;
	bed.u.timer.function = cks_uart_timer;
	bed.u.fifo = cfg->fifo ? cfg->fifo : 16;
	bed.u.io.in = serial_in;
	bed.u.io.out = serial_out;
	bed.u.family = cfg->family ? cfg->family : &cks_uart_16550;
	bed.u.pd.rx_time = cfg->stamps ? rx_time : NULL;
	bed.u.set.clk_hz = cfg->card_clk;
	bed.u.set.uart_clk = cfg->uart_clk;
	bed.u.set.rst_line = CKS_MODEM_LINE_RTS;
	bed.u.set.power_line = CKS_MODEM_LINE_DTR;
	bed.u.set.echo = !cfg->no_echo;

	assert_true(!bed.u.family->start(&bed.u.io));
	raw_spin_lock(&bed.lock);
	cks_uart_off(&bed.u);
	cks_uart_rest(&bed.u);
	bed.u.idle_caps = cks_uart_capabilities(&bed.u, 372, 1);
	bed.capabilities = bed.u.idle_caps;
	raw_spin_unlock(&bed.lock);
	bed.mcr = bed.uart.mcr;
}
