// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver whose hardware is a few variables. Its operations are called with the coupler's lock
 * held, and report from within: what a driver may do.
 */
#include <linux/delay.h>
#include <linux/slab.h>

#include "fake_coupler.h"

#define ETU_NS		(372 * (NSEC_PER_SEC / 1000) / (FAKE_CLK / 1000))
#define ATR_DELAY_NS	(500 * (NSEC_PER_SEC / 1000) / (FAKE_CLK / 1000))

const u8 fake_read[5] = { 0x00, 0xb0, 0x00, 0x00, 0x02 };

static struct fake_coupler *fake(struct cks_coupler *c)
{
	return cks_coupler_drvdata(c);
}

/* Each 12 etu after the one before. */
static void say(struct fake_coupler *f, ktime_t at, const u8 *p, u8 len)
{
	u8 i;

	for (i = 0; i < len; i++)
		cks_coupler_rx(f->c, ktime_add_ns(at, 12 * ETU_NS * i), p[i], 0);
}

static int configure(struct cks_coupler *c, const struct cks_settings *s,
		     struct iso7816_config *cfg, struct netlink_ext_ack *extack)
{
	if (fake(c)->refuse) {
		NL_SET_ERR_MSG(extack, "refused for a test");
		return -EINVAL;
	}
	fake(c)->off_clks = cfg->off_clks;
	iso7816_config_allow(cfg, 0x11);
	return 0;
}

static void activate(struct cks_coupler *c)
{
	struct fake_coupler *f = fake(c);

	udelay(f->late_us);
	f->active = true;
	f->rst = false;
	f->activations++;
	f->low_at = ktime_get();
}

static void deactivate(struct cks_coupler *c)
{
	struct fake_coupler *f = fake(c);

	if (f->active)
		f->deactivations++;
	f->active = false;
	f->rst = false;
}

static void rst(struct cks_coupler *c, bool high)
{
	struct fake_coupler *f = fake(c);

	f->rst = high;
	if (!high)
		return;
	f->high_at = ktime_get();
	say(f, ktime_add_ns(f->high_at, ATR_DELAY_NS), f->atr, f->atr_len);
}

static void line(struct cks_coupler *c, const struct iso7816_line *line)
{
}

static void send(struct cks_coupler *c, const struct cks_characters *chars)
{
	struct fake_coupler *f = fake(c);
	ktime_t last = ktime_add_ns(ktime_get(), chars->gap_ns * (chars->len - 1));

	if (f->sent_len + chars->len <= sizeof(f->sent)) {
		memcpy(f->sent + f->sent_len, chars->data, chars->len);
		f->sent_len += chars->len;
	}
	cks_coupler_sent(c, last, 0);
	say(f, ktime_add_ns(last, 20 * ETU_NS), f->answer, f->answer_len);
}

static bool present(struct cks_coupler *c)
{
	return fake(c)->present;
}

static void claimed(struct cks_coupler *c, bool on)
{
	struct fake_coupler *f = fake(c);

	f->claims++;
	if (f->claiming)
		f->claiming(f->priv);
}

static const struct cks_coupler_ops ops = {
	.owner = THIS_MODULE,
	.name = "fake",
	.configure = configure,
	.activate = activate,
	.deactivate = deactivate,
	.rst = rst,
	.line = line,
	.send = send,
	.present = present,
	.claimed = claimed,
};

static const struct cks_settings settings = {
	.clk_hz = FAKE_CLK,
	.rst_line = CKS_MODEM_LINE_RTS,
	.detect_line = CKS_MODEM_LINE_CTS,
	.policy = CKS_POLICY_TOLERANT,
	.protocol = ISO7816_T_ANY,
	.ifsd = 254,
};

struct cks_coupler *fake_coupler_another(struct fake_coupler *f, const char *name)
{
	struct cks_settings s = settings;

	if (f->clk)
		s.clk_hz = f->clk;
	return cks_coupler_alloc(f->parent, name, &ops, &s, f);
}

struct fake_coupler *fake_coupler_new(struct kunit *test)
{
	struct fake_coupler *f = kzalloc(sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->parent = root_device_register("cks_fake");
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->parent));
	f->c = fake_coupler_another(f, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->c));
	KUNIT_ASSERT_EQ(test, cks_coupler_register(f->c, NULL), 0);
	return f;
}

void fake_coupler_unplug(struct fake_coupler *f)
{
	cks_coupler_unregister(f->c);
	cks_coupler_put(f->c);
	f->c = NULL;
}

void fake_coupler_free(struct fake_coupler *f)
{
	if (f->c)
		fake_coupler_unplug(f);
	root_device_unregister(f->parent);
	kfree(f);
}

void fake_coupler_card(struct fake_coupler *f, bool in)
{
	raw_spin_lock_irq(cks_coupler_lock(f->c));
	f->present = in;
	cks_coupler_presence(f->c, in);
	raw_spin_unlock_irq(cks_coupler_lock(f->c));
}

void fake_coupler_says(struct fake_coupler *f, const u8 *p, u8 len)
{
	raw_spin_lock_irq(cks_coupler_lock(f->c));
	/* A header takes 60 etu, and the answer begins 20 behind it. */
	say(f, ktime_add_ns(ktime_get(), 100 * ETU_NS), p, len);
	raw_spin_unlock_irq(cks_coupler_lock(f->c));
}

void fake_coupler_t0(struct fake_coupler *f)
{
	static const u8 atr[] = { 0x3b, 0x00 };
	static const u8 answer[] = { 0xb0, 0x01, 0x02, 0x90, 0x00 };

	f->atr = atr;
	f->atr_len = sizeof(atr);
	f->answer = answer;
	f->answer_len = sizeof(answer);
}
