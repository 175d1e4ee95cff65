// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, FIFOs, interrupts and shift registers of a PC16550D and of its descendants with other
 * FIFOs: none (16450), 32 (16C650, without its enhanced registers), 64 (TL16C750), 128 and 256 (as
 * the 16C750, but always on). Pure computation.
 *
 * A character written is put on the line at once, with the time at which it will start: 8 to 24
 * clocks of the baud rate generator later, or after the one before it. Only what a FIFO holds
 * beyond AHEAD characters waits. A change of the frame or of the divisor is for characters that are
 * put on the line after it.
 *
 * Left out: DMA, flow control, sleep, and that a receiver sees an edge only at its next clock.
 */
#include <linux/serial_reg.h>

#include "uart16550.h"

#define LSR_ERRORS	(UART_LSR_OE | UART_LSR_PE | UART_LSR_FE | UART_LSR_BI)
#define MSR_DELTAS	0x0f
#define IIR_FIFO_ON	0xc0
#define PS_PER_S	1000000000000ULL
#define AHEAD		(SIM_HISTORY / 2)	/* characters on the line before their time */

/* TL16C750: written only with DLAB, and shown in IIR. */
#define FCR_64		UART_FCR7_64BYTE

static bool fifo_on(const struct sim_uart *u)
{
	return u->fcr & UART_FCR_ENABLE_FIFO;
}

static void rate_16550(const struct sim_uart *u, struct sim_uart_rate *ret_rate)
{
	/* A counter that is loaded with 0 runs through all its values. */
	ret_rate->steps = 16 * (u->div ? u->div : 65536);
	ret_rate->per = 1;
	ret_rate->samples = 16;
}

static void fifo_16550(const struct sim_uart *u, struct sim_uart_fifo *ret_fifo)
{
	static const u8 level_16[] = { 1, 4, 8, 14 }, level_32[] = { 8, 16, 24, 28 };
	unsigned int i = u->fcr >> 6;

	ret_fifo->depth = u->depth;
	ret_fifo->tx = 0;
	if (u->depth == 16 || (u->depth == 64 && !(u->fcr & FCR_64))) {
		ret_fifo->depth = 16;
		ret_fifo->rx = level_16[i];
	} else if (u->depth == 32) {
		ret_fifo->rx = level_32[i];
	} else {
		/* 1, a quarter, half, seven eighths */
		ret_fifo->rx = i ? u->depth * (i == 3 ? 7 : 2 * i) / 8 : 1;
	}
}

const struct sim_uart_family sim_uart_16550 = {
	.depth = 16,
	.rate = rate_16550,
	.fifo = fifo_16550,
};

/* How the FIFOs are set, also when they are off. */
static void get_fifo(const struct sim_uart *u, struct sim_uart_fifo *ret_fifo)
{
	ret_fifo->depth = 1;
	ret_fifo->rx = 1;
	ret_fifo->tx = 0;
	if (fifo_on(u))
		u->family->fifo(u, ret_fifo);
}

/* From the sample of the stop bit to the interrupt: clocks of the receiver. */
static u64 latency(const struct sim_uart *u)
{
	return div_u64(u->bit_ps * (fifo_on(u) ? 3 : 1), u->samples * 1000);
}

static void get_format(const struct sim_uart *u, struct sim_format *ret_format)
{
	ret_format->bits = 5 + (u->lcr & 3);
	ret_format->parity = u->lcr & UART_LCR_PARITY;
	ret_format->even = u->lcr & UART_LCR_EPAR;
	ret_format->stick = u->lcr & UART_LCR_SPAR;
}

/* Stop bits in sixteenths of a bit: with five data bits, two of them are one and a half. */
static unsigned int stop_sixteenths(const struct sim_uart *u)
{
	if (!(u->lcr & UART_LCR_STOP))
		return 16;
	return u->lcr & 3 ? 32 : 24;
}

static unsigned int frame_sixteenths(const struct sim_uart *u)
{
	struct sim_format format;

	get_format(u, &format);
	return 16 * sim_format_bits(&format) + stop_sixteenths(u);
}

static void set_frame(struct sim_uart *u, u64 now)
{
	struct sim_format format;

	get_format(u, &format);
	sim_receiver_set(&u->receiver, u->line, &format, u->bit_ps, now);
}

void sim_uart_rate_changed(struct sim_uart *u, u64 now)
{
	struct sim_uart_rate r;

	u->family->rate(u, &r);
	u->bit_ps = mul_u64_u64_div_u64(r.steps, PS_PER_S, (u64)u->clk * r.per);
	if (u->bit_ps > SIM_BIT_PS_MAX)
		u->bit_ps = SIM_BIT_PS_MAX;
	u->samples = r.samples;
	u->epoch = now;
	set_frame(u, now);
}

void sim_uart_init(struct sim_uart *u, struct sim_line *line, struct sim_faults *faults,
		   const struct sim_uart_config *cfg, u64 now)
{
	memset(u, 0, sizeof(*u));
	u->line = line;
	u->faults = faults;
	u->family = cfg->family ? cfg->family : &sim_uart_16550;
	u->depth = cfg->fifo ? cfg->fifo : u->family->depth;
	u->clk = cfg->clk;
	u->div = 1;
	if (u->family->reset)
		u->family->reset(u);
	u->hears = cfg->echo ? SIM_ALL : SIM_ALL & ~(1 << SIM_UART);
	u->receiver.mask = u->hears;
	sim_receiver_reset(&u->receiver, now);
	sim_uart_rate_changed(u, now);
}

static enum sim_party party(const struct sim_uart *u)
{
	return u->mcr & UART_MCR_LOOP ? SIM_LOOP : SIM_UART;
}

/* Take back what has not reached the shift register. */
static void forget(struct sim_uart *u, u64 now)
{
	u64 end = sim_line_forget(u->line, party(u), now);

	u->shift_end = end + sim_sixteenths(u->bit_ps, stop_sixteenths(u));
}

static void put_on_line(struct sim_uart *u, u8 data, u64 now)
{
	struct sim_format format;
	u64 k, start;

	/* The next begin of a bit that is half a bit away at least. */
	start = now + sim_sixteenths(u->bit_ps, 8) - u->epoch;
	k = mul_u64_u64_div_u64(start, 1000, u->bit_ps) + 1;
	start = u->epoch + mul_u64_u64_div_u64(k, u->bit_ps, 1000);
	if (start < u->shift_end)
		start = u->shift_end;
	if (sim_fault_hit(u->faults, CKS_SIM_FAULT_STALL))
		start += sim_fault_value(u->faults, CKS_SIM_FAULT_STALL);

	get_format(u, &format);
	sim_line_char(u->line, party(u), start, u->bit_ps, sim_frame(&format, data, false),
		      sim_format_bits(&format));
	u->thr_at = start;
	u->shift_end = start + sim_sixteenths(u->bit_ps, frame_sixteenths(u));
}

unsigned int sim_uart_tx_count(const struct sim_uart *u, u64 now)
{
	return u->queue_count + sim_line_ahead(u->line, party(u), now);
}

/* Nothing waits for the shift register any more. */
static bool thr_empty(const struct sim_uart *u, u64 now)
{
	return !u->queue_count && u->thr_at <= now;
}

/* When so few characters are left that the transmitter reports it, of what is on the line. */
static u64 thre_at(const struct sim_uart *u)
{
	struct sim_uart_fifo fifo;

	get_fifo(u, &fifo);
	if (!fifo.tx)
		return u->queue_count ? SIM_NEVER : u->thr_at;
	if (u->queue_count > fifo.tx)
		return SIM_NEVER;
	return sim_line_start(u->line, party(u), fifo.tx - u->queue_count);
}

/* What happened to the transmitter up to @now; also asked by reads, so that they are never old. */
static void transmitter(struct sim_uart *u, u64 now)
{
	while (u->queue_count && sim_line_ahead(u->line, party(u), now) < AHEAD) {
		put_on_line(u, u->queue[u->queue_head], now);
		u->queue_head = (u->queue_head + 1) % SIM_UART_FIFO;
		u->queue_count--;
	}
	if (u->thre_armed && thre_at(u) <= now) {
		u->thre_armed = false;
		u->thre = true;
	}
}

static void transmit(struct sim_uart *u, u8 data, u64 now)
{
	struct sim_uart_fifo fifo;

	u->thre = false;
	get_fifo(u, &fifo);
	if (sim_uart_tx_count(u, now) >= fifo.depth) {
		if (fifo_on(u))
			return;
		/* It is written over. */
		forget(u, now);
	}
	if (u->queue_count || sim_line_ahead(u->line, party(u), now) >= AHEAD)
		u->queue[(u->queue_head + u->queue_count++) % SIM_UART_FIFO] = data;
	else
		put_on_line(u, data, now);
	u->thre_armed = true;
}

static void clear_receiver(struct sim_uart *u)
{
	u->head = 0;
	u->count = 0;
	u->bad = 0;
	u->timeout = false;
}

static void clear_transmitter(struct sim_uart *u, u64 now)
{
	if (thr_empty(u, now))
		return;
	u->queue_count = 0;
	forget(u, now);
	u->thr_at = now;
	transmitter(u, now);
}

/* The oldest character brings its errors into LSR when it becomes the oldest. */
static void reveal(struct sim_uart *u)
{
	if (u->count)
		u->errors |= (u->fifo[u->head] >> 8) & LSR_ERRORS;
}

static void receive(struct sim_uart *u, const struct sim_char *c, u64 t)
{
	struct sim_uart_fifo fifo;
	u16 entry = c->data;

	get_fifo(u, &fifo);
	if (c->brk)
		entry |= UART_LSR_BI << 8;
	if (c->framing)
		entry |= UART_LSR_FE << 8;
	if (c->parity)
		entry |= UART_LSR_PE << 8;

	u->rx_time = t;
	u->rx_last = t;
	u->timeout = false;
	if (sim_fault_hit(u->faults, CKS_SIM_FAULT_OVERRUN)) {
		u->errors |= UART_LSR_OE;
		return;
	}
	if (u->count >= fifo.depth) {
		u->errors |= UART_LSR_OE;
		/* The FIFO keeps what it has; the single register is written over. */
		if (fifo_on(u))
			return;
		u->count = 0;
		u->bad = 0;
	}
	if (entry >> 8)
		u->bad++;
	u->fifo[(u->head + u->count) % SIM_UART_FIFO] = entry;
	if (!u->count++)
		reveal(u);
}

static u8 read_rbr(struct sim_uart *u, u64 now)
{
	u8 data = u->fifo[u->head];

	if (!u->count)
		return fifo_on(u) ? 0 : data;
	u->count--;
	if (u->fifo[u->head] >> 8)
		u->bad--;
	u->timeout = false;
	u->rx_last = now;
	if (fifo_on(u)) {
		u->head = (u->head + 1) % SIM_UART_FIFO;
		reveal(u);
	}
	return data;
}

static u8 read_lsr(struct sim_uart *u, u64 now)
{
	u8 lsr = u->errors;

	if (u->count)
		lsr |= UART_LSR_DR;
	if (thr_empty(u, now)) {
		lsr |= UART_LSR_THRE;
		if (u->shift_end <= now)
			lsr |= UART_LSR_TEMT;
	}
	if (fifo_on(u) && u->bad)
		lsr |= UART_LSR_FIFOE;
	u->errors = 0;
	return lsr;
}

/* The pending cause of the highest priority, as IIR shows it. */
static u8 cause(const struct sim_uart *u)
{
	struct sim_uart_fifo fifo;

	if ((u->ier & UART_IER_RLSI) && u->errors)
		return UART_IIR_RLSI;
	if ((u->ier & UART_IER_RDI) && u->count) {
		get_fifo(u, &fifo);
		if (u->count >= fifo.rx)
			return UART_IIR_RDI;
		if (u->timeout)
			return UART_IIR_RX_TIMEOUT;
	}
	if ((u->ier & UART_IER_THRI) && u->thre)
		return UART_IIR_THRI;
	if ((u->ier & UART_IER_MSI) && (u->msr & MSR_DELTAS))
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

bool sim_uart_irq(const struct sim_uart *u)
{
	return (u->mcr & UART_MCR_OUT2) && !(u->mcr & UART_MCR_LOOP) &&
	       cause(u) != UART_IIR_NO_INT;
}

static u8 read_iir(struct sim_uart *u)
{
	u8 iir = cause(u);

	if (iir == UART_IIR_THRI)
		u->thre = false;
	if (fifo_on(u))
		iir |= IIR_FIFO_ON;
	return u->family == &sim_uart_16550 ? iir | (u->fcr & FCR_64) : iir;
}

static void modem(struct sim_uart *u)
{
	u8 now = u->inputs, was = u->msr & 0xf0;

	if (u->mcr & UART_MCR_LOOP) {
		now = (u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
		      (u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
		      (u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
		      (u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
	}
	u->msr &= MSR_DELTAS;
	u->msr |= now;
	/* RI reports its trailing edge only. */
	u->msr |= ((now ^ was) & ~UART_MSR_RI) >> 4;
	if ((was & ~now) & UART_MSR_RI)
		u->msr |= UART_MSR_TERI;
}

void sim_uart_inputs(struct sim_uart *u, u8 inputs)
{
	u->inputs = inputs & 0xf0;
	modem(u);
}

u8 sim_uart_read(struct sim_uart *u, unsigned int reg, u64 now)
{
	u8 value;

	transmitter(u, now);
	if (u->family->read && u->family->read(u, reg, now, &value))
		return value;
	switch (reg & 7) {
	case UART_RX:
		return u->lcr & UART_LCR_DLAB ? u->div & 0xff : read_rbr(u, now);
	case UART_IER:
		return u->lcr & UART_LCR_DLAB ? u->div >> 8 : u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return read_lsr(u, now);
	case UART_MSR:
		value = u->msr;
		u->msr &= ~MSR_DELTAS;
		return value;
	default:
		return u->scr;
	}
}

static void write_fcr(struct sim_uart *u, u8 value, u64 now)
{
	u8 keep = UART_FCR_ENABLE_FIFO | UART_FCR_DMA_SELECT | UART_FCR_TRIGGER_MASK;
	bool change = (value ^ u->fcr) & UART_FCR_ENABLE_FIFO;

	if (u->depth == 1)
		return;
	/* Only with bit 0 set are the others written. */
	if (!(value & UART_FCR_ENABLE_FIFO))
		value = 0;
	/* Two bits of the transmitter's trigger, where there is one; see the families. */
	if (u->family != &sim_uart_16550)
		keep |= 0x30;
	else if (u->depth == 64)
		keep |= FCR_64;
	if (u->depth == 64 && !(u->lcr & UART_LCR_DLAB))
		value = (value & ~FCR_64) | (u->fcr & FCR_64);
	if (change || (value & UART_FCR_CLEAR_RCVR))
		clear_receiver(u);
	if (change || (value & UART_FCR_CLEAR_XMIT))
		clear_transmitter(u, now);
	u->fcr = value & keep;
}

static void write_lcr(struct sim_uart *u, u8 value, u64 now)
{
	u8 change = value ^ u->lcr;

	u->lcr = value;
	if (change & UART_LCR_SBC)
		sim_line_low(u->line, SIM_UART, now, value & UART_LCR_SBC);
	if (change & ~(UART_LCR_SBC | UART_LCR_DLAB))
		set_frame(u, now);
}

void sim_uart_write_mcr(struct sim_uart *u, u8 value, u64 now)
{
	u8 change = value ^ u->mcr;

	u->mcr = value;
	if (change & UART_MCR_LOOP) {
		u->receiver.mask = value & UART_MCR_LOOP ? 1 << SIM_LOOP : u->hears;
		sim_receiver_reset(&u->receiver, now);
	}
	modem(u);
}

void sim_uart_reset(struct sim_uart *u, u64 now)
{
	sim_uart_write_mcr(u, 0, now);
	write_lcr(u, 0, now);
	u->ier = 0;
	u->fcr = 0;
	u->scr = 0;
	u->errors = 0;
	u->thre = false;
	clear_receiver(u);
	clear_transmitter(u, now);
	sim_receiver_reset(&u->receiver, now);
	if (u->family->reset)
		u->family->reset(u);
	sim_uart_rate_changed(u, now);
}

void sim_uart_write(struct sim_uart *u, unsigned int reg, u8 value, u64 now)
{
	transmitter(u, now);
	if (u->family->write && u->family->write(u, reg, value, now))
		return;
	switch (reg & 7) {
	case UART_TX:
		if (u->lcr & UART_LCR_DLAB) {
			u->div = (u->div & 0xff00) | value;
			sim_uart_rate_changed(u, now);
		} else {
			transmit(u, value, now);
		}
		break;
	case UART_IER:
		if (u->lcr & UART_LCR_DLAB) {
			u->div = (u->div & 0xff) | value << 8;
			sim_uart_rate_changed(u, now);
			break;
		}
		/* Enabling it while THR is empty is reported at once. */
		if ((value & ~u->ier & UART_IER_THRI) && thre_at(u) <= now)
			u->thre = true;
		u->ier = value & 0x0f;
		break;
	case UART_FCR:
		write_fcr(u, value, now);
		break;
	case UART_LCR:
		write_lcr(u, value, now);
		break;
	case UART_MCR:
		sim_uart_write_mcr(u, value & 0x1f, now);
		break;
	case UART_SCR:
		u->scr = value;
		break;
	default:
		/* LSR and MSR are for factory tests. */
		break;
	}
}

static u64 receiver_due(struct sim_uart *u)
{
	u64 due = sim_receiver_due(&u->receiver, u->line);

	return due == SIM_NEVER ? due : due + latency(u);
}

static u64 timeout_due(const struct sim_uart *u)
{
	if (!fifo_on(u) || !u->count || u->timeout)
		return SIM_NEVER;
	return u->rx_last + 4 * sim_sixteenths(u->bit_ps, frame_sixteenths(u));
}

u64 sim_uart_due(struct sim_uart *u)
{
	u64 due = receiver_due(u), t = timeout_due(u);

	if (t < due)
		due = t;
	if (u->thre_armed && (u->ier & UART_IER_THRI)) {
		t = thre_at(u);
		if (t < due)
			due = t;
	}
	/* The line must not run dry. */
	if (u->queue_count && u->thr_at < due)
		due = u->thr_at;
	return due;
}

void sim_uart_advance(struct sim_uart *u, u64 t)
{
	struct sim_char c;

	transmitter(u, t);
	if (receiver_due(u) <= t && sim_receiver_take(&u->receiver, u->line, &c))
		receive(u, &c, t);
	if (timeout_due(u) <= t)
		u->timeout = true;
}
