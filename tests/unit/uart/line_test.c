// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line of kernel/uart in virtual time: the error signal of T=0 in both directions, guard times,
 * FIFOs in T=1, and UARTs that lie.
 */
#include "../check.h"
#include "bed.h"

static const u8 atr_t0[] = { 0x3b, 0x00 };
static u8 rsp[512];

static struct iso7816_exchange read_binary(u8 le)
{
	static u8 cmd[5];

	memcpy(cmd, (u8[]){ 0x00, 0xb0, 0x00, 0x00, le }, 5);
	return (struct iso7816_exchange){
		.cmd = cmd, .cmd_len = 5, .rsp = rsp, .rsp_size = sizeof(rsp),
	};
}

static void check_counted(const struct iso7816_exchange *x, unsigned int n)
{
	unsigned int i;

	assert_int_equal(x->rsp_len, n + 2);
	for (i = 0; i < n; i++)
		assert_int_equal(rsp[i], (u8)i);
	assert_int_equal(rsp[n], 0x90);
}

/* The rates at which the signal exists: TA1, base clock of the UART. */
static const struct rate {
	u8 ta1;
	u32 uart_clk;
	u32 card_clk;
} rates[] = {
	{ 0x11, 1843200, 3571200 },
	{ 0x11, 1843200, 3579545 },
	{ 0x11, 14745600, 3571200 },
	{ 0x11, 14745600, 5000000 },
	{ 0x12, 14745600, 3571200 },
	{ 0x12, 14745600, 5000000 },
	{ 0x13, 14745600, 3571200 },
	{ 0x13, 14745600, 3579545 },
	{ 0x13, 14745600, 5000000 },
	{ 0x13, 24000000, 4000000 },
};

static void begin(const struct rate *r, bool stamps)
{
	const u8 atr[] = { 0x3b, 0x10, r->ta1 };
	struct iso7816_config cfg;

	iso7816_config_init(&cfg);
	cfg.policy = ISO7816_STRICT;
	iso7816_config_allow(&cfg, r->ta1);
	bed_init(&(struct bed_config){
		.uart_clk = r->uart_clk, .card_clk = r->card_clk, .atr = atr,
		.atr_len = sizeof(atr), .engine = &cfg, .stamps = stamps,
	});
	assert_true(bed.capabilities & CKS_CAPABILITY_ERROR_SIGNAL);
	assert_int_equal(bed_reset(), ISO7816_OK);
	/* What the receiver has made of the switching on. */
	bed.flagged = 0;
	assert_true(bed.capabilities & CKS_CAPABILITY_ERROR_SIGNAL);
	assert_true(bed.u.armed);
}

#define REPEATS	344

/* Each third character of the card is spoilt until so many were repeated. */
TEST(test_refuse)
{
	struct iso7816_exchange x = read_binary(0);
	unsigned int r, i;

	for (r = 0; r < 2 * ARRAY_SIZE(rates); r++) {
		begin(&rates[r / 2], r % 2);
		bed.card.spoil = 3;
		while (bed.refused < REPEATS) {
			assert_int_equal(bed_exchange(&x), ISO7816_OK);
			check_counted(&x, 256);
		}
		assert_int_equal(bed.flagged, 0);
		assert_int_equal(bed.card.obeyed, bed.refused);
		assert_int_equal(bed.signals, bed.refused);
		/* The card repeats a character 13 etu after its leading edge, or a little later. */
		assert_in_range(bed.cost[CKS_COST_REPEAT], 12900 * bed.refused,
				14000 * bed.refused);
		for (i = 0; i < bed.signals; i++) {
			const struct bed_signal *s = &bed.signal[i];

			/* 10.5 +- 0.2 etu, for 1 to 2. */
			assert_in_range(s->begin, bed_etu(103 * 16 / 10), bed_etu(107 * 16) / 10);
			assert_in_range(s->end - s->begin, bed_etu(16), bed_etu(32));
		}
	}
}

/*
 * What the driver says that signals have cost is what the line has taken beyond 12 etu a character.
 * Return: thousandths of an etu that each character took longer which was not refused
 */
static unsigned int check_costs(void)
{
	u64 said = bed.cost[CKS_COST_SIGNAL] + bed.cost[CKS_COST_REPEAT], sum = 0;
	unsigned int i, n = 0;

	for (i = 1; i < bed.logged; i++) {
		u64 gap = (bed.log[i].edge - bed.log[i - 1].edge) * 1000 / bed.u.etu_ns;

		/* The card was to speak in between: two times 12 etu. */
		if (gap > 23900)
			continue;
		sum += gap;
		n++;
	}
	n -= bed.repeated;
	/* Each length of time is rounded. */
	assert_in_range(sum, 12000 * n + said - 2 * n, 12000 * n + said + 2 * n);
	/* 13 etu or more each; 22 after the last of several, see signal.c. */
	assert_in_range(bed.cost[CKS_COST_REPEAT], 13000 * bed.repeated, 22900 * bed.repeated);
	return bed.cost[CKS_COST_SIGNAL] / n;
}

/* Each seventh character of the coupler is refused by the card. */
TEST(test_refused)
{
	u8 cmd[5 + 250];
	struct iso7816_exchange x = {
		.cmd = cmd, .cmd_len = sizeof(cmd), .rsp = rsp, .rsp_size = sizeof(rsp),
	};
	unsigned int r, i;

	memcpy(cmd, (u8[]){ 0x00, 0xda, 0x00, 0x00, 250 }, 5);
	for (i = 5; i < sizeof(cmd); i++)
		cmd[i] = (u8)(i * 7);
	for (r = 0; r < 2 * ARRAY_SIZE(rates); r++) {
		begin(&rates[r / 2], r % 2);
		bed.card.refuse = 7;
		while (bed.repeated < REPEATS) {
			assert_int_equal(bed_exchange(&x), ISO7816_OK);
			assert_int_equal(x.rsp_len, 2);
			assert_int_equal(bed.card.engine.apdu_len, 255);
			assert_memory_equal(bed.card.apdu, cmd, sizeof(cmd));
		}
		assert_int_equal(bed.flagged, 0);
		assert_int_equal(bed.repeated, bed.card.given);
		assert_in_range(check_costs(), 1, 1200);
	}
}

TEST(test_plain)
{
	struct iso7816_exchange x = read_binary(0);

	bed_init(&(struct bed_config){
		.uart_clk = 1843200, .card_clk = 3571200, .atr = atr_t0, .atr_len = 2,
	});
	assert_int_equal(bed_reset(), ISO7816_OK);
	assert_int_equal(bed_exchange(&x), ISO7816_OK);
	check_counted(&x, 256);
	printf("# T=0: %u interrupts, %u accesses, %u timers for %u characters\n",
	       bed.interrupts, bed.accesses, bed.timers, bed.card.sent + bed.logged);
}

struct t1_card {
	u8 ts;
	u8 n;
	u8 cwi;
	unsigned int gap;	/* etu between characters of a block of the coupler */
};

/* TC1 TD1 TD2 TA3 TB3: N, T=1, IFSC 254, BWI 4 and CWI. */
static u8 build_atr(u8 atr[8], const struct t1_card *card)
{
	unsigned int i;

	memcpy(atr, (u8[]){ card->ts, 0xc0, card->n, 0x81, 0x31, 0xfe, 0x40 | card->cwi, 0 }, 8);
	for (i = 1; i < 7; i++)
		atr[7] ^= atr[i];
	return 8;
}

static void begin_t1(const struct t1_card *card, u16 fifo, bool stamps)
{
	struct iso7816_config cfg;
	u8 atr[8];

	iso7816_config_init(&cfg);
	cfg.policy = ISO7816_STRICT;
	bed_init(&(struct bed_config){
		.uart_clk = 1843200, .card_clk = 3571200, .atr = atr,
		.atr_len = build_atr(atr, card), .engine = &cfg, .stamps = stamps, .fifo = fifo,
	});
	assert_int_equal(bed_reset(), ISO7816_OK);
}

/* A card that refuses all: four times, then the exchange ends; the last character as the first. */
TEST(test_refused_for_good)
{
	struct iso7816_exchange x = read_binary(1);
	unsigned int nth;

	for (nth = 1; nth <= 5; nth++) {
		begin(&rates[6], true);
		bed_run(bed_etu(20 * 16));
		bed.card.heard = 0;
		bed.card.refuse_from = nth;
		assert_int_equal(bed_exchange(&x), ISO7816_E_PARITY);
		assert_int_equal(bed.card.given, 4);
		assert_int_equal(bed.repeated, 4);
		assert_int_equal(bed.card.heard, nth + 3);
	}
}

/*
 * Interrupts that are late by up to three etu: a character that was not refused in time is reported
 * with its error. No exchange ends well with wrong data.
 */
TEST(test_late)
{
	struct iso7816_exchange x = read_binary(0);
	unsigned int r, i, good = 0, bad = 0;

	for (r = 0; r < ARRAY_SIZE(rates); r++) {
		for (i = 0; i < 40; i++) {
			begin(&rates[r], true);
			bed.card.spoil = 50;
			bed.late_every = 37 + i;
			bed.late_ns = bed_etu(1 + i * 48 / 40);
			if (bed_exchange(&x) != ISO7816_OK) {
				bad++;
				continue;
			}
			check_counted(&x, 256);
			good++;
		}
	}
	printf("# late interrupts: %u exchanges intact, %u reported as failed\n", good, bad);
	assert_true(good && bad);
}

/*
 * Interrupts that are late by up to seven etu: that is where the echo of the last character and the
 * answer of the card seem to be closer than they are. Nothing is taken for a refusal.
 */
TEST(test_late_without_refusal)
{
	u8 cmd[5 + 250];
	struct iso7816_exchange x = {
		.cmd = cmd, .cmd_len = sizeof(cmd), .rsp = rsp, .rsp_size = sizeof(rsp),
	};
	unsigned int r, i;

	memcpy(cmd, (u8[]){ 0x00, 0xda, 0x00, 0x00, 250 }, 5);
	for (i = 5; i < sizeof(cmd); i++)
		cmd[i] = (u8)(i * 7);
	for (r = 0; r < 2 * ARRAY_SIZE(rates); r++) {
		for (i = 0; i < 60; i++) {
			begin(&rates[r / 2], r % 2);
			bed.late_every = 1 + i % 7;
			bed.late_ns = (u64)bed.u.etu_ns * (1 + 2 * i) / 16;
			assert_int_equal(bed_exchange(&x), ISO7816_OK);
			assert_int_equal(bed.repeated, 0);
			assert_int_equal(bed.flagged, 0);
			assert_int_equal(x.rsp_len, 2);
			assert_memory_equal(bed.card.apdu, cmd, sizeof(cmd));
		}
	}
}

/* A UART that lies: always a character and an interrupt, or gone. An error, and not for ever. */
TEST(test_stuck)
{
	struct iso7816_exchange x = read_binary(0);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		begin(&rates[0], i & 1);
		bed.stuck_iir = i & 2 ? 0xff : UART_IIR_RDI;
		bed.stuck_lsr = i & 2 ? 0xff : UART_LSR_DR | UART_LSR_THRE | UART_LSR_TEMT;
		bed.accesses = 0;
		assert_int_not_equal(bed_exchange(&x), ISO7816_OK);
		assert_in_range(bed.accesses, 1, 5000);
		/* It has come to its senses: so has the driver. */
		bed.stuck_iir = 0;
		bed.stuck_lsr = 0;
		bed_run(bed_etu(1000 * 16));
		assert_int_equal(bed_reset(), ISO7816_OK);
		assert_int_equal(bed_exchange(&x), ISO7816_OK);
		check_counted(&x, 256);
	}
}

/* A board that has RST, the power switch and the detect contact elsewhere than on modem lines. */
#define BOARD_RST	1
#define BOARD_POWER	2

static struct {
	struct cks_uart_wiring wiring;
	u8 levels[64];
	unsigned int changes;
	bool in;
} board;

static void board_contacts(const struct cks_uart_wiring *w, bool rst_high, bool power)
{
	u8 is = (rst_high ? BOARD_RST : 0) | (power ? BOARD_POWER : 0);

	assert_true(w == &board.wiring);
	if (board.changes && board.levels[board.changes - 1] == is)
		return;
	assert_in_range(board.changes, 0, ARRAY_SIZE(board.levels) - 1);
	board.levels[board.changes++] = is;
}

static bool board_present(const struct cks_uart_wiring *w)
{
	(void)w;
	return board.in;
}

/* One contact changes at a time, RST is high under power alone, and at the end all is off. */
TEST(test_board)
{
	struct iso7816_exchange x = read_binary(0);
	u32 caps = CKS_CAPABILITY_POWER_SWITCH | CKS_CAPABILITY_CARD_DETECT;
	unsigned int i;

	begin(&rates[0], false);
	memset(&board, 0, sizeof(board));
	board.wiring.contacts = board_contacts;
	board.wiring.present = board_present;
	board.wiring.power = true;
	bed.u.pd.wiring = &board.wiring;
	assert_int_equal(bed_reset(), ISO7816_OK);
	assert_int_equal(bed_exchange(&x), ISO7816_OK);
	assert_false(cks_uart_present(bed.u.coupler));
	board.in = true;
	assert_true(cks_uart_present(bed.u.coupler));
	/* The modem lines are not needed for it. */
	bed.u.set.power_line = CKS_MODEM_LINE_NONE;
	assert_int_equal(cks_uart_capabilities(&bed.u, 372, 1) & caps, caps);
	raw_spin_lock(&bed.lock);
	cks_uart_deactivate(bed.u.coupler);
	raw_spin_unlock(&bed.lock);

	assert_in_range(board.changes, 4, ARRAY_SIZE(board.levels));
	for (i = 1; i < board.changes; i++) {
		u8 change = board.levels[i] ^ board.levels[i - 1];

		assert_true(change == BOARD_RST || change == BOARD_POWER);
		assert_int_not_equal(board.levels[i], BOARD_RST);
	}
	assert_int_equal(board.levels[board.changes - 1], 0);
}

/* Data of a command whose block is longer than any FIFO: 258 characters. */
#define T1_DATA	249

/* An exchange of T=1 with such blocks both ways. Returns the time it took in 1/16 etu. */
static u64 exchange_t1(const struct t1_card *card, u16 fifo, bool stamps)
{
	u8 cmd[5 + T1_DATA];
	struct iso7816_exchange x = {
		.cmd = cmd, .cmd_len = sizeof(cmd), .rsp = rsp, .rsp_size = sizeof(rsp),
	};
	unsigned int i;
	u64 begin;

	memcpy(cmd, (u8[]){ 0x00, 0xda, 0x00, 0x00, T1_DATA }, 5);
	for (i = 5; i < sizeof(cmd); i++)
		cmd[i] = (u8)(i * 7);
	begin_t1(card, fifo, stamps);
	/* With S(IFS). */
	assert_int_equal(bed_exchange(&x), ISO7816_OK);
	bed_run(bed_etu(100 * 16));
	bed.flagged = 0;
	bed.accesses = 0;
	bed.interrupts = 0;
	bed.timers = 0;
	bed.logged = 0;
	begin = bed.now;
	assert_int_equal(bed_exchange(&x), ISO7816_OK);
	assert_int_equal(x.rsp_len, T1_DATA + 2);
	assert_memory_equal(rsp, cmd + 5, T1_DATA);
	assert_int_equal(bed.flagged, 0);
	assert_int_equal(bed.logged, T1_DATA + 9);
	return (bed.now - begin) / bed_etu(1);
}

static void check_t1(const struct t1_card *card, u16 fifo, bool stamps)
{
	u64 t = exchange_t1(card, fifo, stamps);
	unsigned int n;

	printf("# T=1, N %u, CWI %u, FIFO %u: %u interrupts, %u accesses, %u etu\n",
	       card->n, card->cwi, fifo, bed.interrupts, bed.accesses,
	       (unsigned int)t / 16);
	for (n = 1; n < bed.logged; n++) {
		u64 gap = bed.log[n].edge - bed.log[n - 1].edge;

		assert_in_range(gap + 20, bed_etu(card->gap * 16), bed_etu(card->gap * 16 + 17));
	}
}

/* FIFO or not, the bytes and the times are the same; the interrupts are fewer. */
TEST(test_fifo)
{
	static const struct t1_card cards[] = {
		{ 0x3b, 0, 13, 12 },
		{ 0x3f, 0, 13, 12 },
		{ 0x3b, 255, 13, 11 },
		{ 0x3b, 2, 13, 14 },
		{ 0x3b, 254, 13, 266 },
		{ 0x3b, 0, 0, 12 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cards); i++) {
		check_t1(&cards[i], 1, false);
		check_t1(&cards[i], 1, true);
		check_t1(&cards[i], 16, false);
		/* Without a FIFO 505. */
		if (cards[i].gap <= 12 && cards[i].cwi)
			assert_in_range(bed.interrupts, 1, 60);
		check_t1(&cards[i], 16, true);
	}
}

/* The families by the depth of their FIFOs. */
static void of_family(struct bed_config *cfg, u16 fifo)
{
	cfg->fifo = fifo;
	if (fifo == 128) {
		cfg->family = &cks_uart_ox950;
		cfg->model = &sim_uart_ox950;
	} else if (fifo == 256) {
		cfg->family = &cks_uart_xr17v35x;
		cfg->model = &sim_uart_xr17v35x;
	}
}

/*
 * T=1 at TA1 95 to 97, N of 2: interrupts so late that a block is taken out to its end at once,
 * and the last echo together with the card's answer. Nothing is sent again, and no gap is longer
 * by more than the interrupt was late.
 */
static void begin_fast_t1(u8 ta1, u8 tc1, u16 fifo)
{
	u8 atr[9] = { 0x3b, 0xd0, ta1, tc1, 0x81, 0x31, 0xfe, 0x4d, 0 };
	struct iso7816_exchange x = read_binary(1);
	struct iso7816_config cfg;
	struct bed_config bc = {
		.uart_clk = 14284800, .card_clk = 3571200, .atr = atr, .atr_len = 9,
		.engine = &cfg, .stamps = true,
	};
	unsigned int i;

	for (i = 1; i < 8; i++)
		atr[8] ^= atr[i];
	iso7816_config_init(&cfg);
	iso7816_config_allow(&cfg, ta1);
	of_family(&bc, fifo);
	bed_init(&bc);
	bed.access_ns = 100;
	assert_int_equal(bed_reset(), ISO7816_OK);
	assert_int_equal(bed_exchange(&x), ISO7816_OK);
}

static void late_exchange(struct iso7816_exchange *x, unsigned int late_etu, unsigned int sent)
{
	unsigned int i;

	bed.late_every = 1;
	bed.late_ns = bed_etu(late_etu * 16);
	bed.logged = 0;
	assert_int_equal(bed_exchange(x), ISO7816_OK);
	assert_int_equal(bed.logged, sent);
	for (i = 1; i < bed.logged; i++) {
		u64 gap = bed.log[i].edge - bed.log[i - 1].edge;

		/* The first block, and what answers the card's. */
		if (i != 9 || sent == 9)
			assert_in_range(gap, bed_etu(14 * 16) - 20, bed_etu((late_etu + 16) * 16));
	}
}

TEST(test_late_t1)
{
	struct iso7816_exchange x;
	unsigned int late, len;
	u8 ta1;

	for (ta1 = 0x95; ta1 <= 0x97; ta1++) {
		for (len = 1; len <= 10; len++) {
			for (late = 0; late <= 60; late += 5) {
				begin_fast_t1(ta1, 2, 16);
				x = read_binary(len);
				late_exchange(&x, late, 9);
				check_counted(&x, len);
			}
		}
		/* Two blocks of the card; between them an R-block. */
		for (late = 0; late <= 20; late += 2) {
			begin_fast_t1(ta1, 2, 16);
			x = read_binary(0);
			late_exchange(&x, late, 9 + 4);
			check_counted(&x, 256);
		}
	}
}

/* From now on the @nth gap between characters of the card, or each, has so many etu. */
static void slow(unsigned int nth, unsigned int etu)
{
	/* Until it is done with the last one. */
	bed_run(bed_etu(16 * 16));
	bed.card.done = 0;
	bed.card.slow_nth = nth;
	bed.card.slow_ns = bed_etu((etu - 12) * 16);
}

/* A gap that CWT allows does no harm in a burst, one that it forbids does not hide. */
static void check_cwt(u8 cwi)
{
	static const u8 cmd[] = { 0x00, 0xb0, 0x00, 0x00, 0x80 };
	struct iso7816_exchange x = {
		.cmd = cmd, .cmd_len = sizeof(cmd), .rsp = rsp, .rsp_size = sizeof(rsp),
	};
	const struct t1_card card = { 0x3b, 0, cwi, 12 };
	unsigned int cwt = 11 + (1 << cwi), nth, sent;

	for (nth = 0; nth < 2 * 130; nth++) {
		begin_t1(&card, 16, nth % 2);
		assert_int_equal(bed_exchange(&x), ISO7816_OK);
		/* At one place, or at all of them. */
		slow(nth / 2, cwt);
		sent = bed.logged;
		assert_int_equal(bed_exchange(&x), ISO7816_OK);
		check_counted(&x, 0x80);
		assert_int_equal(bed.logged - sent, 9);

		/* The block is cut there, and asked for again. */
		slow(nth / 2, cwt + 3);
		sent = bed.logged;
		if (bed_exchange(&x) == ISO7816_OK) {
			assert_true(bed.card.slow_nth);
			check_counted(&x, 0x80);
		}
		assert_true(bed.logged - sent > 9);
	}
}

TEST(test_cwt)
{
	check_cwt(6);
	check_cwt(8);
}

/* What a character costs when it may be refused. */
TEST(test_cost)
{
	struct iso7816_exchange x = read_binary(1);
	unsigned int r, i, n, cost;
	u64 sum;

	for (r = 0; r < ARRAY_SIZE(rates); r++) {
		begin(&rates[r], false);
		sum = 0;
		n = 0;
		while (n < 400) {
			bed.logged = 0;
			assert_int_equal(bed_exchange(&x), ISO7816_OK);
			for (i = 1; i < bed.logged; i++) {
				u64 gap = bed.log[i].edge - bed.log[i - 1].edge;

				assert_true(gap >= bed_etu(12 * 16) - 1);
				assert_true(gap <= bed_etu(13 * 16 + 8));
				sum += gap;
				n++;
			}
		}
		cost = (unsigned int)(sum * 100 / n / bed_etu(16));
		printf("# TA1 %02x, UART %u Hz, card %u Hz: %u.%02u etu a character\n",
		       rates[r].ta1, rates[r].uart_clk, rates[r].card_clk, cost / 100, cost % 100);
	}
}

/*
 * T=1 on deep FIFOs, blocks shorter and longer than they are, at rates at which characters come
 * while others are taken out.
 */
TEST(test_deep_fifo)
{
	static const u16 fifos[] = { 16, 128, 256 };
	static const u8 lengths[] = { 10, 60, 110, 118, 119, 120, 200, 245, T1_DATA };
	static const u8 ta1s[] = { 0x95, 0x96, 0x97 };
	u8 cmd[5 + T1_DATA];
	unsigned int i, k, n;

	for (i = 0; i < sizeof(cmd); i++)
		cmd[i] = (u8)(i * 7);
	for (i = 0; i < ARRAY_SIZE(fifos) * ARRAY_SIZE(ta1s); i++) {
		u16 fifo = fifos[i / ARRAY_SIZE(ta1s)];

		begin_fast_t1(ta1s[i % ARRAY_SIZE(ta1s)], 0, fifo);
		for (k = 0; k < ARRAY_SIZE(lengths); k++) {
			struct iso7816_exchange x = {
				.cmd = cmd, .rsp = rsp, .rsp_size = sizeof(rsp),
			};

			n = lengths[k];
			x.cmd_len = 5 + n;
			memcpy(cmd, (u8[]){ 0x00, 0xda, 0x00, 0x00, (u8)n }, 5);
			bed.interrupts = 0;
			assert_int_equal(bed_exchange(&x), ISO7816_OK);
			assert_int_equal(x.rsp_len, n + 2);
			assert_memory_equal(rsp, cmd + 5, n);
			assert_in_range(bed.interrupts, 1, 12 + 4 * n / fifo);
		}
	}
}

/* 6.4: a card without power has I/O low, also while the UART is set to another rate. */
TEST(test_low_without_power)
{
	begin(&rates[0], false);
	assert_true(bed_high());
	bed.exposed = 0;
	raw_spin_lock(&bed.lock);
	cks_uart_deactivate(bed.u.coupler);
	cks_uart_rest(&bed.u);
	raw_spin_unlock(&bed.lock);
	assert_false(bed_high());
	assert_int_equal(bed.exposed, 0);
	assert_int_equal(bed_reset(), ISO7816_OK);
	assert_int_equal(bed.exposed, 0);
	assert_true(bed_high());

	/* A card that always has power hears the idle line. */
	raw_spin_lock(&bed.lock);
	bed.u.set.power_line = CKS_MODEM_LINE_NONE;
	cks_uart_rest(&bed.u);
	raw_spin_unlock(&bed.lock);
	assert_true(bed_high());
}

static TEST_CASE cases[] = {
	RUN(test_plain),
	RUN(test_refuse),
	RUN(test_refused),
	RUN(test_refused_for_good),
	RUN(test_late),
	RUN(test_late_without_refusal),
	RUN(test_stuck),
	RUN(test_board),
	RUN(test_fifo),
	RUN(test_cwt),
	RUN(test_late_t1),
	RUN(test_deep_fifo),
	RUN(test_cost),
	RUN(test_low_without_power),
	{}
};

TEST_SUITE("uart_line");
