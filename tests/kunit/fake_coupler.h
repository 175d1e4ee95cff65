/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A coupler without hardware, for suites of what is above the driver: its card answers at once, in
 * the driver's own calls, or says nothing. It tells what the driver was asked to do.
 */
#ifndef KUNIT_FAKE_COUPLER_H
#define KUNIT_FAKE_COUPLER_H

#include <kunit/test.h>

#include "core/coupler.h"

#define FAKE_CLK	4000000
#define FAKE_PATIENCE	(30 * HZ)	/* for what must happen */

/**
 * struct fake_coupler - one
 * @c: as the core knows it
 * @parent: device that it belongs to
 * @atr: of the card; len 0: it is mute
 * @atr_len: bytes
 * @answer: to each command, behind its last character
 * @answer_len: bytes; 0: it says nothing
 * @present: a card is in
 * @active: it has VCC and CLK
 * @rst: level of RST
 * @activations, @deactivations: how many there were
 * @claims: how often somebody came, and went
 * @claiming: called with @priv when somebody comes or goes; may sleep
 * @priv: the test's
 * @sent: characters of the coupler
 * @sent_len: how many
 * @refuse: no settings are good
 * @late_us: that the processor is away before the contacts are switched on
 * @low_at: RST is low since then, with CLK
 * @high_at: RST is high since then
 * @off_clks: that the engine was told of, at the last settings
 * @clk: of the card, where it is to be another one; for a card that is mute
 */
struct fake_coupler {
	struct cks_coupler *c;
	struct device *parent;
	const u8 *atr;
	u8 atr_len;
	const u8 *answer;
	u8 answer_len;
	bool present;
	bool active;
	bool rst;
	unsigned int activations;
	unsigned int deactivations;
	unsigned int claims;
	void (*claiming)(void *priv);
	void *priv;
	u8 sent[300];
	u16 sent_len;
	bool refuse;
	unsigned int late_us;
	ktime_t low_at;
	ktime_t high_at;
	u32 off_clks;
	u32 clk;
};

/* A coupler more on the same hardware, not registered; or ERR_PTR(). */
struct cks_coupler *fake_coupler_another(struct fake_coupler *f, const char *name);
/* Registered; or it fails the test. */
struct fake_coupler *fake_coupler_new(struct kunit *test);
/* Taken away from the core; fake_coupler_free() is still to come. */
void fake_coupler_unplug(struct fake_coupler *f);
void fake_coupler_free(struct fake_coupler *f);
/* A card in, or out. */
void fake_coupler_card(struct fake_coupler *f, bool in);
/* Characters of the card, later than what it has answered. */
void fake_coupler_says(struct fake_coupler *f, const u8 *p, u8 len);
/* With T=0: 3B 00, and an answer to READ BINARY of two bytes: fake_read. */
void fake_coupler_t0(struct fake_coupler *f);
extern const u8 fake_read[5];

#endif
