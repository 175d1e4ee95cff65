// SPDX-License-Identifier: GPL-2.0-only
/*
 * A station of its own, with one coupler without hardware.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "fixture.h"

int fixture_init(struct kunit *test)
{
	static const u8 uuid[CKS_ID_LEN] = "of a KUnit suite";
	const struct cks_station_change ch = {
		.uuid = uuid,
		.has_journal = true, .journal_epoch = 1,
		.has_control_port = true, .control_port = PORTS,
		.has_channel_port = true, .channel_port = PORTS + 1,
		.has_listen = true, .listen = true,
	};
	struct fixture *x = kzalloc(sizeof(*x), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, x);
	test->priv = x;
	x->f = fake_coupler_new(test);
	fake_coupler_t0(x->f);
	x->st = cks_station_new(&init_net);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->st));
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	return 0;
}

void fixture_exit(struct kunit *test)
{
	struct fixture *x = test->priv;

	if (x->st)
		cks_station_free(x->st);
	fake_coupler_free(x->f);
	kfree(x);
}

int fixture_listen(struct fixture *x, bool on)
{
	const struct cks_station_change ch = { .has_listen = true, .listen = on };

	return cks_station_change(x->st, &ch, &x->extack);
}

int fixture_request(struct fixture *x, u64 *ret_request)
{
	const struct cks_session_new n = {
		.index = cks_coupler_index(x->f->c),
		.application = "read",
	};

	return cks_session_new(x->st, &n, ret_request, &x->extack);
}

static enum cks_phase phase_of(struct fixture *x, u64 request)
{
	enum cks_phase phase;
	struct cks_session *s;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	phase = s ? s->phase : CKS_P_DISPOSED;
	mutex_unlock(&x->st->lock);
	return phase;
}

bool fixture_comes_to(struct fixture *x, u64 request, enum cks_phase phase)
{
	unsigned long end = jiffies + FAKE_PATIENCE;

	do {
		if (phase_of(x, request) == phase)
			return true;
		usleep_range(500, 1000);
	} while (time_before(jiffies, end));
	return false;
}

enum cks_phase fixture_leaves(struct fixture *x, u64 request, enum cks_phase phase)
{
	unsigned long end = jiffies + FAKE_PATIENCE;
	enum cks_phase is;

	while ((is = phase_of(x, request)) == phase && time_before(jiffies, end))
		usleep_range(500, 1000);
	return is;
}

int fixture_dispose(struct fixture *x, u64 request, u64 number)
{
	struct cks_dispo *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->number = number;
	d->request = request;
	d->coupler = cks_coupler_index(x->f->c);
	d->disposition = CKS_DISPOSITION_REJECTED;
	memcpy(d->boot_id, x->st->boot_id, CKS_ID_LEN);
	return cks_station_dispose(x->st, d, &x->extack);
}

void fixture_cancel(struct fixture *x, u64 request, const char *reason)
{
	struct cks_session *s;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	if (s)
		cks_session_fail(s, CKS_CODE_OPERATOR, reason);
	mutex_unlock(&x->st->lock);
}

bool fixture_holds_reply(struct fixture *x, u64 request)
{
	struct cks_session *s;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	if (s)
		x->held = cks_txbuf_get(s->run->reply);
	mutex_unlock(&x->st->lock);
	return s;
}

void fixture_lets_reply_go(struct fixture *x)
{
	cks_txbuf_put(x->held);
	x->held = NULL;
}
