// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the model of a slot: one timer for the next thing that can be observed, register accessors,
 * and the virtual interrupt.
 *
 * Times in the model are on the monotonic clock. Every event has the time at which it is due, and
 * events are carried out in this order, each with the interrupt that it causes, however late the
 * timer is: on a machine that is slow for a moment a driver sees characters late, but none is lost,
 * and their times are right. What a driver writes counts from the time when it is written.
 *
 * Contexts and lock: see slot.h.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/ktime.h>
#include <linux/serial_reg.h>
#include <linux/slab.h>

#include "slot.h"

/* Events carried out at most by one call of the timer. */
#define BUDGET		64

/* With CKS_SIM_PROMPT the timer comes so much earlier: it may be late, and the work takes time. */
#define LEAD_NS		8000

/* What does not depend on what the driver of the UART does. */
static u64 card_due(struct sim_slot *s)
{
	u64 t = sim_card_due(&s->card);

	return sim_fault_timed(&s->faults) ? min(t, sim_fault_due(&s->faults, &s->line)) : t;
}

static u64 due(struct sim_slot *s)
{
	return min(sim_uart_due(&s->uart), card_due(s));
}

static void level(struct sim_slot *s)
{
	bool is = sim_uart_irq(&s->uart);

	if (is && !s->level && !sim_fault_hit(&s->faults, CKS_SIM_FAULT_IRQ_LOST))
		s->raise = sim_fault_hit(&s->faults, CKS_SIM_FAULT_IRQ_DOUBLE) ? 2 : 1;
	s->level = is;
}

u16 sim_slot_levels(const struct sim_slot *s)
{
	return s->rst << CKS_SIM_SIGNAL_RST | s->vcc << CKS_SIM_SIGNAL_VCC |
	       s->faults.contact << CKS_SIM_SIGNAL_PRESENT | s->level << CKS_SIM_SIGNAL_IRQ;
}

/* What was done since @from was the bench's own work. */
static void charge(struct sim_slot *s, u64 from)
{
	s->cost.ns += ktime_get_ns() - from;
}

/* After each change: the interrupt follows, and all is recorded. */
static void settle(struct sim_slot *s, u64 now)
{
	level(s);
	if (sim_tracing(&s->tracer))
		sim_trace_levels(&s->tracer, sim_slot_levels(s), now, s->cost.ns);
}

/* Readers of a trace get the last edge without waiting for an event that may never come. */
static u64 next(struct sim_slot *s)
{
	u64 t = due(s);

	return t == SIM_NEVER && sim_tracing(&s->tracer) ? sim_trace_due(&s->tracer) : t;
}

static u64 lead(const struct sim_slot *s)
{
	return s->flags & CKS_SIM_PROMPT ? LEAD_NS : 0;
}

static void arm(struct sim_slot *s, u64 t)
{
	if (t == SIM_NEVER || s->dead)
		return;
	t -= lead(s);
	if (t == s->armed)
		return;
	s->armed = t;
	hrtimer_start(&s->timer, ns_to_ktime(t), HRTIMER_MODE_ABS_HARD);
}

void sim_slot_changed(struct sim_slot *s, u64 now)
{
	level(s);
	/* The edges before it come first; mostly there is nothing to record, and no need to. */
	if (sim_tracing(&s->tracer) && sim_trace_differs(&s->tracer, sim_slot_levels(s)))
		sim_slot_observe(s, now);
	settle(s, now);
	if (!s->running)
		arm(s, s->raise ? now : next(s));
	if (s->card.wake) {
		s->card.wake = false;
		irq_work_queue(&s->work);
	}
	/* A reader queues itself before it looks for records, with @lock held as it is here. */
	if (s->tracer.news && waitqueue_active(&s->trace_wait)) {
		s->tracer.news = false;
		irq_work_queue(&s->trace_work);
	}
}

static bool output(const struct sim_slot *s, bool dtr)
{
	return !(s->uart.mcr & UART_MCR_LOOP) &&
	       (s->uart.mcr & (dtr ? UART_MCR_DTR : UART_MCR_RTS));
}

/* Modem outputs and the card that is there: what they mean by the slot's wiring. */
static void contacts(struct sim_slot *s, bool present, u64 now)
{
	bool rst_on_dtr = s->flags & CKS_SIM_RST_ON_DTR;

	s->rst = output(s, rst_on_dtr) == !!(s->flags & CKS_SIM_RST_INVERT);
	s->vcc = s->flags & CKS_SIM_NO_SWITCH ||
		 output(s, !rst_on_dtr) != !!(s->flags & CKS_SIM_SWITCH_INVERT);
	sim_card_contacts(&s->card, present, s->vcc, s->rst, now);
}

/* The detect contact as the UART sees it. */
static void detect(struct sim_slot *s)
{
	u8 input = UART_MSR_CTS;

	if (s->flags & CKS_SIM_DETECT_DSR)
		input = UART_MSR_DSR;
	else if (s->flags & CKS_SIM_DETECT_DCD)
		input = UART_MSR_DCD;
	if (s->faults.contact == !!(s->flags & CKS_SIM_DETECT_INVERT))
		input = 0;
	sim_uart_inputs(&s->uart, input);
}

static void insert(struct sim_slot *s, bool present, u64 now)
{
	if (present != s->card.present)
		sim_fault_moved(&s->faults, present, now);
	contacts(s, present, now);
	detect(s);
}

static void fault_advance(struct sim_slot *s, u64 t)
{
	if (sim_fault_advance(&s->faults, &s->line, t))
		insert(s, false, t);
	else
		detect(s);
}

static void card_advance(struct sim_slot *s, u64 t)
{
	if (sim_tracing(&s->tracer))
		sim_trace_until(&s->tracer, t);
	if (sim_fault_timed(&s->faults))
		fault_advance(s, t);
	if (sim_card_due(&s->card) <= t)
		sim_card_advance(&s->card, t);
}

/*
 * The next event, if it is due by @now. The card comes first: what it sends next has to be known
 * before the UART looks, which it may do at the same time.
 */
static bool advance(struct sim_slot *s, u64 now)
{
	u64 uart = sim_uart_due(&s->uart), card = card_due(s), t = min(uart, card);

	if (t > now)
		return false;
	if (card <= t)
		card_advance(s, t);
	else if (sim_tracing(&s->tracer))
		sim_trace_until(&s->tracer, t);
	if (uart <= t)
		sim_uart_advance(&s->uart, t);
	settle(s, t);
	return true;
}

/* What the UART has not received yet is half of what the line remembers. */
static bool uart_is_behind(const struct sim_slot *s)
{
	return sim_line_ahead(&s->line, SIM_CARD, s->uart.receiver.from) >= SIM_HISTORY / 2;
}

/*
 * What the card has received before now, and what it sends by now, does not depend on what comes
 * now. No more than the line remembers, however often and however late this is called, so that the
 * UART still finds it there.
 *
 * Return: when there is more to do
 */
static u64 card_until(struct sim_slot *s, u64 now)
{
	unsigned int n;
	u64 t;

	for (n = 0; (t = card_due(s)) <= now && n < SIM_HISTORY / 2 && !uart_is_behind(s); n++) {
		card_advance(s, t);
		settle(s, t);
	}
	return t;
}

void sim_slot_observe(struct sim_slot *s, u64 now)
{
	u64 t = card_until(s, now);

	if (sim_tracing(&s->tracer))
		sim_trace_until(&s->tracer, min(now, t));
}

/*
 * The same, and ahead of its time where the interrupt is to come to the point: with the lock held
 * until then, so that nobody can change what it depends on. That work costs nobody anything:
 * @since, from when on it is charged, is not before the event.
 */
static bool advance_ahead(struct sim_slot *s, u64 *since)
{
	u64 t = due(s);

	if (t == SIM_NEVER || !advance(s, ktime_get_ns() + lead(s)))
		return false;
	if (lead(s)) {
		while (ktime_get_ns() < t)
			cpu_relax();
		*since = max(*since, t);
	}
	return true;
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct sim_slot *s = container_of(timer, struct sim_slot, timer);
	unsigned int n;
	u64 since;

	raw_spin_lock(&s->lock);
	since = ktime_get_ns();
	s->armed = SIM_NEVER;
	s->running = true;
	for (n = 0; n < BUDGET && !s->dead; n++) {
		if (s->raise) {
			s->raise--;
			charge(s, since);
			raw_spin_unlock(&s->lock);
			generic_handle_irq(s->irq);
			raw_spin_lock(&s->lock);
			since = ktime_get_ns();
			continue;
		}
		if (!advance_ahead(s, &since))
			break;
		s->cost.events++;
	}
	s->running = false;
	if (sim_tracing(&s->tracer))
		sim_slot_observe(s, ktime_get_ns());
	sim_slot_changed(s, ktime_get_ns());
	charge(s, since);
	raw_spin_unlock(&s->lock);
	return HRTIMER_NORESTART;
}

static void wake(struct irq_work *work)
{
	struct sim_slot *s = container_of(work, struct sim_slot, work);

	wake_up_interruptible(&s->wait);
}

static void trace_wake(struct irq_work *work)
{
	struct sim_slot *s = container_of(work, struct sim_slot, trace_work);

	wake_up_interruptible(&s->trace_wait);
}

/*
 * A timer that is late on one processor must not hide from a driver, which looks on another one,
 * what has happened: a status that is read is up to date, but for no more than one character.
 */
static void catch_up(struct sim_slot *s, u64 now)
{
	unsigned int n;

	for (n = 0; n < BUDGET && !s->uart.count && !s->level; n++)
		if (!advance(s, now))
			break;
}

u8 sim_slot_in(void *ctx, unsigned int reg)
{
	struct sim_slot *s = ctx;
	unsigned long flags;
	u64 now;
	u8 value;

	raw_spin_lock_irqsave(&s->lock, flags);
	now = ktime_get_ns();
	if (reg == UART_LSR || reg == UART_IIR)
		catch_up(s, now);
	value = sim_uart_read(&s->uart, reg, now);
	if (sim_tracing(&s->tracer) && reg == UART_RX && !(s->uart.lcr & UART_LCR_DLAB)) {
		sim_slot_observe(s, now);
		sim_trace_char(&s->tracer, CKS_SIM_SIGNAL_RBR, value, now, s->cost.ns);
	}
	sim_slot_changed(s, now);
	s->cost.accesses++;
	charge(s, now);
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return value;
}

ktime_t sim_slot_rx_time(void *ctx)
{
	struct sim_slot *s = ctx;
	unsigned long flags;
	u64 t;

	raw_spin_lock_irqsave(&s->lock, flags);
	t = s->uart.rx_time;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return ns_to_ktime(t);
}

/*
 * Whether the write may change the line or the contacts. What the card had received before must
 * then not fall to a reset that comes now, and what lies before is to be recorded.
 */
static bool is_seen(const struct sim_slot *s, unsigned int reg, u8 value)
{
	if (s->uart.family != &sim_uart_16550)
		return true;
	switch (reg) {
	case UART_TX:
		return !(s->uart.lcr & UART_LCR_DLAB);
	case UART_FCR:
	case UART_MCR:
		return true;
	case UART_LCR:
		return (value ^ s->uart.lcr) & UART_LCR_SBC;
	default:
		return false;
	}
}

void sim_slot_out(void *ctx, unsigned int reg, u8 value)
{
	struct sim_slot *s = ctx;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&s->lock, flags);
	now = ktime_get_ns();
	if (is_seen(s, reg, value))
		sim_slot_observe(s, now);
	if (sim_tracing(&s->tracer) && reg == UART_TX && !(s->uart.lcr & UART_LCR_DLAB))
		sim_trace_char(&s->tracer, CKS_SIM_SIGNAL_THR, value, now, s->cost.ns);
	sim_uart_write(&s->uart, reg, value, now);
	if (reg == UART_MCR)
		contacts(s, s->card.present, now);
	sim_slot_changed(s, now);
	s->cost.accesses++;
	charge(s, now);
	raw_spin_unlock_irqrestore(&s->lock, flags);
}

int sim_slot_present(struct sim_slot *s, bool present)
{
	unsigned long flags;
	int err = 0;
	u64 now;

	raw_spin_lock_irqsave(&s->lock, flags);
	if (s->dead) {
		err = -ENODEV;
	} else {
		now = ktime_get_ns();
		sim_slot_observe(s, now);
		insert(s, present, now);
		sim_slot_changed(s, now);
	}
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return err;
}

static void set_fault(struct sim_slot *s, const struct cks_sim_fault *fault, u64 now)
{
	sim_fault_set(&s->faults, fault, now);
	if (fault->type == CKS_SIM_FAULT_STUCK)
		sim_line_pulse(&s->line, SIM_SHORT, now,
			       fault->value ? now + fault->value : SIM_NEVER);
	else if (fault->type == CKS_SIM_FAULT_NONE)
		sim_line_cut(&s->line, SIM_SHORT, now);
	if (fault->type == CKS_SIM_FAULT_PPM || fault->type == CKS_SIM_FAULT_NONE)
		sim_card_ppm(&s->card, now);
}

int sim_slot_fault(struct sim_slot *s, const struct cks_sim_fault *fault)
{
	unsigned long flags;
	int err = 0;
	u64 now;

	raw_spin_lock_irqsave(&s->lock, flags);
	if (s->dead) {
		err = -ENODEV;
	} else {
		now = ktime_get_ns();
		sim_slot_observe(s, now);
		set_fault(s, fault, now);
		sim_slot_changed(s, now);
	}
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return err;
}

struct sim_slot *sim_slot_create(const struct cks_sim_slot *arg)
{
	static const struct sim_uart_family *const families[] = {
		[CKS_SIM_16550] = &sim_uart_16550,
		[CKS_SIM_OX950] = &sim_uart_ox950,
		[CKS_SIM_XR17V35X] = &sim_uart_xr17v35x,
	};
	const struct sim_uart_config uart = {
		.family = families[arg->family],
		.fifo = arg->fifo,
		.clk = arg->uart_clk / arg->clk_div,
		.echo = !(arg->flags & CKS_SIM_NO_ECHO),
	};
	struct cks_sim_event *out, *in;
	struct sim_slot *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	out = kvcalloc(SIM_RING, sizeof(*out), GFP_KERNEL);
	in = kvcalloc(SIM_RING, sizeof(*in), GFP_KERNEL);
	if (!s || !out || !in)
		goto free;

	s->irq = irq_alloc_desc(NUMA_NO_NODE);
	if (s->irq < 0)
		goto free;
	irq_set_chip_and_handler(s->irq, &dummy_irq_chip, handle_simple_irq);
	irq_modify_status(s->irq, IRQ_NOREQUEST | IRQ_NOAUTOEN, IRQ_NOPROBE);

	kref_init(&s->ref);
	INIT_LIST_HEAD(&s->entry);
	INIT_LIST_HEAD(&s->known);
	hrtimer_init(&s->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	s->timer.function = tick;
	init_irq_work(&s->work, wake);
	init_waitqueue_head(&s->wait);
	init_irq_work(&s->trace_work, trace_wake);
	init_waitqueue_head(&s->trace_wait);
	mutex_init(&s->reading);
	raw_spin_lock_init(&s->lock);
	s->armed = SIM_NEVER;
	sim_line_init(&s->line);
	sim_uart_init(&s->uart, &s->line, &s->faults, &uart, ktime_get_ns());
	sim_card_init(&s->card, &s->line, &s->faults, arg->card_clk / arg->clk_div, out, in);
	sim_tracer_init(&s->tracer, &s->line);
	s->flags = arg->flags;
	insert(s, false, ktime_get_ns());
	return s;

free:
	kvfree(in);
	kvfree(out);
	kfree(s);
	return NULL;
}

void sim_slot_kill(struct sim_slot *s)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	if (sim_tracing(&s->tracer))
		sim_slot_observe(s, ktime_get_ns());
	s->dead = true;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	hrtimer_cancel(&s->timer);
	irq_work_sync(&s->work);
	irq_work_sync(&s->trace_work);
	irq_free_desc(s->irq);
	wake_up_interruptible_all(&s->wait);
	wake_up_interruptible_all(&s->trace_wait);
}

static void release(struct kref *ref)
{
	struct sim_slot *s = container_of(ref, struct sim_slot, ref);

	mutex_destroy(&s->reading);
	kvfree(s->card.out.rec);
	kvfree(s->card.in.rec);
	kfree(s);
}

void sim_slot_put(struct sim_slot *s)
{
	kref_put(&s->ref, release);
}
