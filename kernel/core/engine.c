// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the engine and the world: what the driver reports goes in, the actions that come out
 * are carried out, and a timer stands for the engine's deadline.
 *
 * Everything here runs with the coupler's raw lock held and hard interrupts off, mostly in hard
 * interrupt: of the driver, or of the timer. Nothing here allocates, sleeps or wakes anybody up.
 * The work of one call is bounded: the engine never asks for more than four actions, and there is
 * one staged command at most.
 */
#include <linux/export.h>
#include <linux/math64.h>

#include "core.h"
#include "trace.h"

/*
 * 18 years. With a card clock of at most CKS_CLK_HZ_MAX, both products of a conversion divided
 * by their divisor stay below 2^64, as mul_u64_u64_div_u64() demands.
 */
#define CKS_NS_MAX	BIT_ULL(59)

/* Rounded down: an event is never taken for later than it was. */
static u64 cks_engine_ticks(struct cks_coupler *c, ktime_t t)
{
	s64 ns = ktime_to_ns(ktime_sub(t, c->epoch));

	if (ns <= 0)
		return 0;
	return mul_u64_u64_div_u64(min_t(u64, ns, CKS_NS_MAX), c->tick_hz, NSEC_PER_SEC);
}

/* Rounded up: nothing is sent too early, and a timer never expires before its deadline. */
static u64 cks_engine_ns(struct cks_coupler *c, u64 ticks)
{
	return mul_u64_u64_div_u64(min(ticks, c->ticks_max), NSEC_PER_SEC, c->tick_hz) + 1;
}

/* The time, in ticks since the engine's epoch. */
u64 cks_engine_now(struct cks_coupler *c)
{
	return cks_engine_ticks(c, ktime_get());
}

/* Milliseconds as ticks. */
static u64 cks_engine_ms(const struct cks_coupler *c, u32 ms)
{
	return mul_u64_u64_div_u64(ms, c->tick_hz, MSEC_PER_SEC);
}

static void cks_engine_arm(struct cks_coupler *c)
{
	u64 deadline = iso7816_coupler_deadline(&c->engine);
	ktime_t at;

	if (deadline == ISO7816_NEVER) {
		/* A callback that is waiting for the lock finds nothing to do. */
		if (c->armed != KTIME_MAX && hrtimer_try_to_cancel(&c->timer) >= 0)
			c->armed = KTIME_MAX;
		return;
	}

	/*
	 * A deadline mostly moves away with each character. The timer is then left where it is,
	 * expires once without effect, and is set anew: cheaper than setting it at each character.
	 */
	at = ktime_add_ns(c->epoch, cks_engine_ns(c, deadline));
	if (at >= c->armed)
		return;
	c->armed = at;
	hrtimer_start(&c->timer, at, HRTIMER_MODE_ABS_HARD);
}

static bool cks_engine_is_fault(enum iso7816_err err)
{
	switch (err) {
	case ISO7816_OK:
	case ISO7816_E_CANCELED:
	case ISO7816_E_STATE:
	case ISO7816_E_APDU:
		return false;
	default:
		return true;
	}
}

/**
 * cks_engine_begin() - take over a command, which is the one that runs from now on
 * @c: coupler, with none
 * @cmd: command
 * @reset: it is a reset
 * Context: coupler's lock held
 */
void cks_engine_begin(struct cks_coupler *c, struct cks_command *cmd, bool reset)
{
	cmd->err = ISO7816_OK;
	memset(&cmd->atr, 0, sizeof(cmd->atr));
	cmd->x.rsp_len = 0;
	cmd->followed = false;
	c->cmd = cmd;
	c->cmd_reset = reset;
	c->cmd_start = ktime_get();
	c->extensions = 0;
}

/**
 * cks_engine_exchange() - take over a command and give it to the engine
 * @c: coupler, with none
 * @cmd: command
 *
 * If it could not be begun, it has been given back.
 *
 * Context: coupler's lock held
 * Return: as iso7816_coupler_exchange()
 */
enum iso7816_err cks_engine_exchange(struct cks_coupler *c, struct cks_command *cmd)
{
	enum iso7816_err err;

	cks_engine_begin(c, cmd, false);
	cmd->x.timeout = cks_engine_ms(c, cmd->timeout_ms);
	err = iso7816_coupler_exchange(&c->engine, cks_engine_now(c), &cmd->x);
	if (err)
		c->cmd = NULL;
	return err;
}

/* The owner is to be told of its end. */
static void cks_engine_give_back(struct cks_coupler *c, struct cks_command *cmd,
				 enum iso7816_err err)
{
	cmd->err = err;
	cmd->presence_gen = c->presence_gen;
	cmd->power_gen = c->power_gen;
	list_add_tail(&cmd->entry, &c->ended);
	cks_event_kick(c);
}

/*
 * Begin the command that was staged, if the one before has ended well; true if there is one that
 * runs. Not before the last action was taken: the engine would refuse it.
 */
static bool cks_engine_follow(struct cks_coupler *c)
{
	struct cks_command *next = c->following;
	enum iso7816_err err;

	c->following = NULL;
	if (!next)
		return false;
	err = cks_engine_exchange(c, next);
	if (err)
		cks_engine_give_back(c, next, err);
	return !err;
}

static void cks_engine_done(struct cks_coupler *c, enum iso7816_err err)
{
	struct cks_command *cmd = c->cmd;

	if (WARN_ON_ONCE(!cmd))
		return;

	if (c->cmd_reset) {
		const struct iso7816_atr *atr = iso7816_coupler_atr(&c->engine);

		if (atr)
			cmd->atr = *atr;
		trace_cks_atr(c->index, &cmd->atr, err, ktime_sub(ktime_get(), c->cmd_start));
	} else {
		c->exchanges++;
		trace_cks_exchange(c->index, cmd->x.cmd_len, err ? 0 : cmd->x.rsp_len, err,
				   ktime_sub(ktime_get(), c->cmd_start));
	}

	c->failed = cks_engine_is_fault(err) && err != ISO7816_E_REMOVED;
	if (cks_engine_is_fault(err)) {
		c->last_error = err;
		c->fault = err;
	}
	if (c->staged && !err && cmd->accepts && cmd->accepts(cmd)) {
		cmd->followed = true;
		c->following = c->staged;
	}
	c->staged = NULL;
	c->cmd = NULL;
	cks_engine_give_back(c, cmd, err);
}

static void cks_engine_send(struct cks_coupler *c, const struct iso7816_action *act)
{
	const struct cks_characters chars = {
		.data = act->send.data,
		.len = act->send.len,
		.at = ktime_add_ns(c->epoch, cks_engine_ns(c, act->send.at)),
		.gap_ns = cks_engine_ns(c, act->send.gap),
		.limit_ns = cks_engine_ns(c, act->send.limit),
	};

	c->chars_tx += chars.len;
	c->ops->send(c, &chars);
}

/* The processor may have been away since the engine was told a time: no period shrinks by that. */
static void cks_engine_switched(struct cks_coupler *c)
{
	iso7816_coupler_switched(&c->engine, cks_engine_now(c));
}

static void cks_engine_act(struct cks_coupler *c, const struct iso7816_action *act)
{
	switch (act->op) {
	case ISO7816_DO_ACTIVATE:
		trace_cks_activate(c->index, true, c->presence_gen, c->power_gen);
		c->powered = true;
		c->ops->activate(c);
		cks_engine_switched(c);
		break;
	case ISO7816_DO_RST_LOW:
		c->ops->rst(c, false);
		cks_engine_switched(c);
		break;
	case ISO7816_DO_RST_HIGH:
		c->ops->rst(c, true);
		break;
	case ISO7816_DO_LINE:
		c->ops->line(c, &act->line);
		break;
	case ISO7816_DO_SEND:
		cks_engine_send(c, act);
		break;
	case ISO7816_DO_DEACTIVATE:
		c->ops->deactivate(c);
		cks_engine_switched(c);
		if (c->powered) {
			c->powered = false;
			c->power_gen++;
			trace_cks_activate(c->index, false, c->presence_gen, c->power_gen);
		}
		break;
	case ISO7816_DO_DONE:
		cks_engine_done(c, act->err);
		break;
	}
}

/**
 * cks_engine_step() - carry out what the engine wants, and set its timer
 * @c: coupler, after the engine was given an event
 *
 * A driver may report from within an operation; the report is then dealt with by the call that
 * is further up the stack.
 *
 * Context: coupler's lock held
 */
void cks_engine_step(struct cks_coupler *c)
{
	struct iso7816_action act;

	lockdep_assert_held(&c->lock);
	if (c->stepping)
		return;

	c->stepping = true;
	do {
		while (iso7816_coupler_next(&c->engine, &act))
			cks_engine_act(c, &act);
	} while (cks_engine_follow(c));
	c->stepping = false;

	cks_engine_arm(c);
}

static enum hrtimer_restart cks_engine_timeout(struct hrtimer *timer)
{
	struct cks_coupler *c = container_of(timer, struct cks_coupler, timer);
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	c->armed = KTIME_MAX;
	if (c->live) {
		if (c->ops->poll && iso7816_coupler_deadline(&c->engine) <= cks_engine_now(c))
			c->ops->poll(c);
		iso7816_coupler_timer(&c->engine, cks_engine_now(c));
		cks_engine_step(c);
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);

	return HRTIMER_NORESTART;	/* or set anew by cks_engine_arm() */
}

/* Once, when the coupler is allocated. */
void cks_engine_init(struct cks_coupler *c)
{
	hrtimer_init(&c->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	c->timer.function = cks_engine_timeout;
	c->armed = KTIME_MAX;
}

/**
 * cks_engine_start() - begin anew with other settings, card inactive since now
 * @c: coupler
 * @s: become its settings
 * @cfg: what follows from them for the engine
 * Context: coupler's lock held
 */
void cks_engine_start(struct cks_coupler *c, const struct cks_settings *s,
		      const struct iso7816_config *cfg)
{
	lockdep_assert_held(&c->lock);
	c->settings = *s;
	c->tick_hz = (u64)s->clk_hz * ISO7816_TICKS_PER_CLK;
	c->ticks_max = mul_u64_u64_div_u64(CKS_NS_MAX, c->tick_hz, NSEC_PER_SEC);
	c->epoch = ktime_get();
	iso7816_coupler_init(&c->engine, cfg);
	/* It may have had VCC until now: of the last owner, or by what the settings were. */
	cks_engine_switched(c);
}

/**
 * cks_coupler_rx() - a character came from the card
 * @c: coupler
 * @t: leading edge of its start bit
 * @byte: as the UART read it
 * @flags: ISO7816_RX_*
 * Context: coupler's lock held
 */
void cks_coupler_rx(struct cks_coupler *c, ktime_t t, u8 byte, u8 flags)
{
	lockdep_assert_held(&c->lock);
	if (!c->live)
		return;
	c->chars_rx++;
	if (flags)
		c->char_errors++;
	iso7816_coupler_rx(&c->engine, cks_engine_ticks(c, t), byte, flags);
	cks_engine_step(c);
	if (c->cmd && !c->cmd_reset &&
	    iso7816_coupler_extensions(&c->engine) != c->extensions)
		cks_event_kick(c);
}
EXPORT_SYMBOL_GPL(cks_coupler_rx);

/**
 * cks_coupler_refused() - the error signal of T=0 was on the line, ISO/IEC 7816-3 7.3
 * @c: coupler
 * @by_card: the card has refused a character that the driver repeats; else the driver one of the
 *	card's, which it does not report
 * Context: coupler's lock held
 */
void cks_coupler_refused(struct cks_coupler *c, bool by_card)
{
	lockdep_assert_held(&c->lock);
	if (by_card)
		c->chars_repeated++;
	else
		c->chars_refused++;
}
EXPORT_SYMBOL_GPL(cks_coupler_refused);

/**
 * cks_coupler_sent() - the characters of the last @send are out
 * @c: coupler
 * @t: leading edge of the last one
 * @flags: 0, ISO7816_TX_REFUSED or ISO7816_TX_ECHO
 * Context: coupler's lock held
 */
void cks_coupler_sent(struct cks_coupler *c, ktime_t t, u8 flags)
{
	lockdep_assert_held(&c->lock);
	if (!c->live)
		return;
	iso7816_coupler_sent(&c->engine, cks_engine_ticks(c, t), flags);
	cks_engine_step(c);
}
EXPORT_SYMBOL_GPL(cks_coupler_sent);

/**
 * cks_coupler_presence() - a card was put in or taken out
 * @c: coupler
 * @present: one is in now
 *
 * A card that is taken out is switched off at once, before its contacts are gone (6.4).
 *
 * Context: coupler's lock held
 */
void cks_coupler_presence(struct cks_coupler *c, bool present)
{
	lockdep_assert_held(&c->lock);
	if (!c->live || c->present == present)
		return;
	c->present = present;
	c->failed = false;
	if (!present) {
		c->presence_gen++;
		iso7816_coupler_deactivate(&c->engine, cks_engine_now(c), ISO7816_E_REMOVED);
		cks_engine_step(c);
	}
	cks_event_kick(c);
}
EXPORT_SYMBOL_GPL(cks_coupler_presence);
