// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of card in the stock, over a socket pair that plays the bench, against the
 * engine's coupler half: records, line settings, defects, and a personalization.
 *
 * Time is the bench's: it moves to the next character or deadline, and never waits, except for
 * the steps of a slow card.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
/* after the above: */
#include <cmocka.h>

#include "host.h"
#include "slot.h"

#define CARDS	16	/* twice round the ATR profiles */
#define CLK	3579545

struct bench {
	struct event_base *base;
	struct slot slot;
	struct stock stock;
	struct iso7816_coupler coupler;
	int fd;
	bool powered;
	uint64_t now;		/* coupler's ticks */
	uint64_t epoch;		/* when the card's clock started */
	uint64_t last;		/* leading edge of the last character */
	u32 etu;		/* of the card */
	u32 gap;
	bool odd, coupler_odd;
	u32 coupler_etu;
	bool done;
	enum iso7816_err result;
	struct host host;
};

static const struct aes_key master = {
	.bytes = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c,
		   0x4d, 0x4e, 0x4f },
	.len = 16,
};

static bool present(int fd, bool in)
{
	(void)fd;
	(void)in;
	return true;
}

static const struct slot_ops ops = { .present = present };

static void record(struct bench *b, u16 type, uint64_t t, u8 value)
{
	struct cks_sim_event ev = { .time = t - b->epoch, .type = type, .value = value };

	assert_int_equal(write(b->fd, &ev, sizeof(ev)), sizeof(ev));
}

static void run_slot(struct bench *b)
{
	int waiting;

	/* the socket pair is empty when the slot has read all */
	do {
		event_base_loop(b->base, EVLOOP_NONBLOCK);
		assert_int_equal(ioctl(b->slot.fd, FIONREAD, &waiting), 0);
	} while (waiting);
}

static void card_line(struct bench *b, const struct cks_sim_event *ev)
{
	b->etu = ev->etu;
	b->gap = ev->gap ? ev->gap : 12 * ev->etu;
	b->odd = ev->flags & CKS_SIM_ODD;
}

static void coupler_send(struct bench *b, const struct iso7816_action *act)
{
	uint64_t t = act->send.at > b->now ? act->send.at : b->now;
	struct cks_sim_event line;

	/* the card is in reception: it may have set its line, but has nothing to say */
	while (recv(b->fd, &line, sizeof(line), MSG_DONTWAIT) == sizeof(line)) {
		assert_int_equal(line.type, CKS_SIM_LINE);
		card_line(b, &line);
	}
	for (u16 i = 0; i < act->send.len; i++) {
		struct cks_sim_event ev = { .type = CKS_SIM_CHAR, .value = act->send.data[i] };

		if (i)
			t += act->send.gap;
		ev.time = t - b->epoch;
		/* the bench's line: bits that do not fit are an error at the other end */
		if (b->coupler_etu != b->etu)
			ev.flags |= CKS_SIM_FRAMING;
		if (b->coupler_odd != b->odd)
			ev.flags |= CKS_SIM_PARITY;
		assert_int_equal(write(b->fd, &ev, sizeof(ev)), sizeof(ev));
	}
	b->last = t;
	b->now = t + 11ULL * b->coupler_etu;
	iso7816_coupler_sent(&b->coupler, t, 0);
}

static void pump(struct bench *b)
{
	struct iso7816_action act;

	while (iso7816_coupler_next(&b->coupler, &act)) {
		switch (act.op) {
		case ISO7816_DO_ACTIVATE:
			b->epoch = b->now;
			b->powered = true;
			record(b, CKS_SIM_VCC, b->now, 1);
			break;
		case ISO7816_DO_RST_LOW:
		case ISO7816_DO_RST_HIGH:
			record(b, CKS_SIM_RST, b->now, act.op == ISO7816_DO_RST_HIGH);
			break;
		case ISO7816_DO_LINE:
			b->coupler_etu = iso7816_etu(act.line.f, act.line.d);
			b->coupler_odd = act.line.odd;
			break;
		case ISO7816_DO_SEND:
			coupler_send(b, &act);
			break;
		case ISO7816_DO_DEACTIVATE:
			if (b->powered)
				record(b, CKS_SIM_VCC, b->now, 0);
			b->powered = false;
			break;
		case ISO7816_DO_DONE:
			b->done = true;
			b->result = act.err;
			break;
		}
		run_slot(b);
	}
}

/* What the card wrote goes over the line to the coupler; false when it was nothing. */
static bool from_card(struct bench *b)
{
	struct cks_sim_event ev[SLOT_OUT_MAX];
	ssize_t n = recv(b->fd, ev, sizeof(ev), MSG_DONTWAIT);
	unsigned int count = n > 0 ? (unsigned int)((size_t)n / sizeof(ev[0])) : 0, chars = 0;
	uint64_t least = 0, t;

	for (unsigned int i = 0; i < count; i++)
		chars += ev[i].type == CKS_SIM_CHAR;
	for (unsigned int i = 0, at = 0; i < count; i++) {
		u8 flags = 0;

		if (ev[i].type == CKS_SIM_LINE) {
			card_line(b, &ev[i]);
			continue;
		}
		assert_int_equal(ev[i].type, CKS_SIM_CHAR);
		t = b->epoch + ev[i].time;
		/* the card keeps its guard time by itself */
		assert_true(!at || t >= least);
		least = t + b->gap;
		if (b->coupler_etu != b->etu)
			flags |= ISO7816_RX_FRAMING;
		if (b->coupler_odd != b->odd)
			flags |= ISO7816_RX_PARITY;
		if (b->now < t + 11ULL * b->etu)
			b->now = t + 11ULL * b->etu;
		if (++at == chars) {
			record(b, CKS_SIM_SENT, t, 0);
			run_slot(b);
		}
		iso7816_coupler_rx(&b->coupler, t, ev[i].value, flags);
		pump(b);
	}
	return chars;
}

static enum iso7816_err finish(struct bench *b)
{
	pump(b);
	while (!b->done) {
		uint64_t deadline = iso7816_coupler_deadline(&b->coupler);

		run_slot(b);
		if (from_card(b))
			continue;
		/* a slow card is at work: its own clock brings the next step */
		if (event_pending(b->slot.on_slow, EV_TIMEOUT, NULL)) {
			event_base_loop(b->base, EVLOOP_ONCE);
			continue;
		}
		assert_true(deadline != ISO7816_NEVER);
		if (b->now < deadline)
			b->now = deadline;
		iso7816_coupler_timer(&b->coupler, b->now);
		pump(b);
	}
	run_slot(b);
	b->done = false;
	return b->result;
}

static enum iso7816_err reset(struct bench *b, enum iso7816_reset how)
{
	assert_int_equal(iso7816_coupler_reset(&b->coupler, b->now, how), ISO7816_OK);
	return finish(b);
}

static enum iso7816_err exchange(struct bench *b, const uint8_t *apdu, size_t len,
				 uint8_t rsp[258], size_t *ret_len)
{
	struct iso7816_exchange x = {
		.cmd = apdu,
		.cmd_len = (u32)len,
		.rsp = rsp,
		.rsp_size = 258,
	};
	enum iso7816_err err = iso7816_coupler_exchange(&b->coupler, b->now, &x);

	if (err == ISO7816_OK)
		err = finish(b);
	*ret_len = x.rsp_len;
	return err;
}

static size_t transmit(void *ctx, const uint8_t *apdu, size_t len, uint8_t rsp[258])
{
	size_t n = 0;

	assert_int_equal(exchange(ctx, apdu, len, rsp, &n), ISO7816_OK);
	return n;
}

static void policy(struct bench *b, enum iso7816_policy p)
{
	static const u8 rates[] = { 0x12, 0x13, 0x18, 0x94, 0x95 };
	struct iso7816_config cfg;

	iso7816_config_init(&cfg);
	cfg.policy = p;
	for (size_t i = 0; i < sizeof(rates); i++)
		iso7816_config_allow(&cfg, rates[i]);
	iso7816_coupler_init(&b->coupler, &cfg);
}

static void put_in(struct bench *b, unsigned int card, enum defect defect)
{
	assert_true(stock_set_defect(&b->stock, card, defect));
	assert_true(slot_insert(&b->slot, stock_card(&b->stock, card)));
}

static void take_out(struct bench *b)
{
	struct cks_sim_event ev;

	iso7816_coupler_deactivate(&b->coupler, b->now, ISO7816_E_REMOVED);
	pump(b);
	b->done = false;
	slot_remove(&b->slot);
	while (recv(b->fd, &ev, sizeof(ev), MSG_DONTWAIT) > 0)
		;
}

static int setup(void **state)
{
	struct stock_order order = { .cards = CARDS, .master = master, .kvn = 1, .serial = 1 };
	struct bench *b = calloc(1, sizeof(*b));
	int fds[2];

	if (!b || !stock_make(&b->stock, &order) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		return -1;
	b->base = event_base_new();
	b->fd = fds[1];
	b->slot.clk_hz = CLK;
	b->slot.clk_div = 1;
	if (!slot_init(&b->slot, b->base, &ops, fds[0]))
		return -1;
	policy(b, ISO7816_STRICT);
	b->host.transmit = transmit;
	b->host.ctx = b;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	slot_free(&b->slot);
	close(b->fd);
	event_base_free(b->base);
	stock_free(&b->stock);
	free(b);
	return 0;
}

static void personalize(struct bench *b, struct gp_card *card)
{
	struct aes_key initial[KEY_COUNT], fresh[KEY_COUNT];
	uint8_t data[120], out[256], dgi[203] = { 0x01, 0x01, 200 };
	size_t n;

	assert_true(identity_keys(&card->id, &master, initial));
	for (int i = 0; i < KEY_COUNT; i++) {
		fresh[i].len = 16;
		memset(fresh[i].bytes, 0x21 * (i + 1), 16);
	}
	for (int i = 0; i < 200; i++)
		dgi[3 + i] = (uint8_t)(i * 7);
	assert_int_equal(host_open(&b->host, initial, 0, 0x33), 0x9000);
	n = host_put_key_data(&initial[KEY_DEK], 0x30, fresh, data);
	assert_int_equal(host_command(&b->host, 0xd8, 0, 0x81, data, n, out, &n), 0x9000);
	assert_int_equal(n, 10);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 0, dgi, 203, out, &n), 0x9000);
	/* a warm reset in between; the memory stays */
	assert_int_equal(reset(b, ISO7816_WARM), ISO7816_OK);
	assert_int_equal(host_open(&b->host, fresh, 0x30, 0x33), 0x9000);
	assert_int_equal(host_command(&b->host, 0xca, 0x01, 0x01, NULL, 0, out, &n), 0x9000);
	assert_int_equal(n, 200);
	assert_memory_equal(out, dgi + 3, 200);
	assert_int_equal(card->mac_errors, 0);
}

/* All ATRs, under the letter of the standard, with PPS where they ask for it. */
static void test_all_cards(void **state)
{
	static const uint8_t get_cplc[] = { 0x80, 0xca, 0x9f, 0x7f, 0x00 };
	static const uint8_t select_isd[] = { 0x00, 0xa4, 0x04, 0x00, 0x00 };
	struct bench *b = *state;
	unsigned int t1 = 0, inverse = 0, fast = 0;

	for (unsigned int card = 1; card <= CARDS; card++) {
		struct sim_card *c = stock_card(&b->stock, card);
		const struct iso7816_line *line;
		uint8_t rsp[258];

		put_in(b, card, DEFECT_NONE);
		assert_int_equal(reset(b, ISO7816_COLD), ISO7816_OK);
		assert_int_equal(iso7816_coupler_atr(&b->coupler)->len, c->atr_len);
		assert_memory_equal(iso7816_coupler_atr(&b->coupler)->raw, c->atr, c->atr_len);
		line = iso7816_coupler_line(&b->coupler);
		t1 += line->t == 1;
		inverse += line->odd;
		fast += line->d > 4;
		assert_int_equal(transmit(b, get_cplc, 5, rsp), 47);
		assert_memory_equal(rsp + 3, c->gp.id.cplc, CPLC_LEN);
		assert_int_equal(transmit(b, select_isd, 5, rsp), 20);
		personalize(b, &c->gp);
		take_out(b);
	}
	/* the mixture is what it says */
	assert_int_equal(t1, CARDS * 3 / 8);
	assert_int_equal(inverse, CARDS * 2 / 8);
	assert_int_equal(fast, CARDS * 3 / 8);
}

static void test_slow(void **state)
{
	struct bench *b = *state;

	/* T=0 and T=1 */
	for (unsigned int card = 1; card <= 2; card++) {
		static const uint8_t get_kdd[] = { 0x80, 0xca, 0x00, 0xcf, 0x0c };
		uint8_t rsp[258];

		put_in(b, card, DEFECT_SLOW);
		assert_int_equal(reset(b, ISO7816_COLD), ISO7816_OK);
		for (int i = 0; i < 2; i++)
			assert_int_equal(transmit(b, get_kdd, 5, rsp), 14);
		take_out(b);
	}
}

static void test_bad_atrs(void **state)
{
	struct bench *b = *state;

	for (unsigned int card = 1; card <= CARDS / 2; card++) {
		enum iso7816_err err;

		put_in(b, card, DEFECT_BAD_ATR);
		err = reset(b, ISO7816_COLD);
		assert_true(err == ISO7816_E_ATR_TS || err == ISO7816_E_ATR_PARITY);
		take_out(b);
		put_in(b, card, DEFECT_NO_ATR);
		assert_int_equal(reset(b, ISO7816_COLD), ISO7816_E_NO_ATR);
		take_out(b);
		put_in(b, card, DEFECT_BAD_TCK);
		assert_int_equal(reset(b, ISO7816_COLD), ISO7816_E_ATR_TCK);
		take_out(b);
	}
	/* what a tolerant coupler makes of a wrong TCK is a card like any other */
	policy(b, ISO7816_TOLERANT);
	put_in(b, 2, DEFECT_BAD_TCK);
	assert_int_equal(reset(b, ISO7816_COLD), ISO7816_OK);
	take_out(b);
}

static void test_mute(void **state)
{
	static const uint8_t get_kdd[] = { 0x80, 0xca, 0x00, 0xcf, 0x0c };
	struct bench *b = *state;

	for (unsigned int card = 1; card <= 2; card++) {
		enum iso7816_err err;
		uint8_t rsp[258];
		size_t n;

		put_in(b, card, DEFECT_MUTE);
		assert_int_equal(reset(b, ISO7816_COLD), ISO7816_OK);
		for (int i = 0; i < DEFECT_MUTE_AFTER; i++)
			assert_int_equal(transmit(b, get_kdd, 5, rsp), 14);
		err = exchange(b, get_kdd, 5, rsp, &n);
		assert_int_equal(err, card == 1 ? ISO7816_E_WT : ISO7816_E_BWT);
		take_out(b);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_all_cards),
		T(test_slow),
		T(test_bad_atrs),
		T(test_mute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
