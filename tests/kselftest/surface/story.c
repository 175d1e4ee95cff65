// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that make sense: cards are reset and spoken to by the device, by a CAS and by a reader's
 * driver, to the end. Chance alone would hardly come that far; from here it goes astray.
 */
#include <linux/cks.h>
#include <linux/cks_netlink.h>
#include <linux/cks_tty.h>
#include <linux/netlink.h>
#include <string.h>

#include "../lib/router_bed.h"
#include "program.h"

/* As the other files number them. */
enum { CARD_PRESENT, CARD_ATR, CARD_RESPOND = 12 };
enum { FILE_OPEN, FILE_CLOSE, FILE_WRITE, FILE_READ, FILE_RESET, FILE_POLL = 9 };
enum { TTY_OPEN, TTY_CLOSE, TTY_LDISC, TTY_WRITE = 4, TTY_HANGUP = 8, TTY_FILE, TTY_CARD };
enum { TO_CONTROL, TO_CHANNEL, TO_READER, RAW, FRAME, TAKE };

static const uint8_t t0[] = { 0x3b, 0x80, 0x40, 0x01 };
static const uint8_t t1[] = { 0x3b, 0x80, 0x81, 0x21, 0x05, 0x25 };
static const uint8_t read2[] = { 0x00, 0xb0, 0x00, 0x00, 0x02 };
static const uint8_t answer2[] = { 0, 1, 2, 0x90, 0x00 };	/* the first byte says how */

static void card_in(struct dice *d, struct program *p)
{
	static const uint8_t in = 1;
	bool one = !dice_of(d, 4);

	program_add(p, OP_CARD, CARD_PRESENT, &in, 1);
	program_add(p, OP_CARD, CARD_ATR, one ? t1 : t0, one ? sizeof(t1) : sizeof(t0));
}

/* ----------------------------------------------------------------------------- netlink */

struct message {
	uint8_t data[OP_DATA_MAX];
	size_t len;
};

static void attr(struct message *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memset(m->data + m->len, 0, NLA_HDRLEN + NLA_ALIGN(len));
	memcpy(m->data + m->len, &a, sizeof(a));
	memcpy(m->data + m->len + NLA_HDRLEN, data, len);
	m->len += NLA_HDRLEN + NLA_ALIGN(len);
}

static void attr_u32(struct message *m, uint16_t type, uint32_t v)
{
	attr(m, type, &v, sizeof(v));
}

static void message(struct message *m)
{
	m->data[0] = 2;		/* with NLM_F_ACK */
	m->len = 1;
}

static void request(struct program *p)
{
	struct message m;

	message(&m);
	attr(&m, CKS_A_SESSION_COUPLER, "@CPL", 4);
	attr(&m, CKS_A_SESSION_PRESENCE_GEN, "@GEN", 4);
	attr(&m, CKS_A_SESSION_APPLICATION, "read", 5);
	attr(&m, CKS_A_SESSION_CARD_REFERENCE, "card 1", 7);
	attr(&m, CKS_A_SESSION_PARAMETERS, "\1\2\3", 3);
	program_add(p, OP_NETLINK, CKS_CMD_REQUEST_NEW, m.data, m.len);
}

static void disposition(struct program *p)
{
	uint64_t id = 1;
	struct message m;

	message(&m);
	attr(&m, CKS_A_SESSION_REQUEST, "@REQUEST", 8);
	attr(&m, CKS_A_SESSION_BOOT_ID, MARK_BOOT_ID, 16);
	attr(&m, CKS_A_SESSION_COUPLER, "@CPL", 4);
	attr(&m, CKS_A_SESSION_PRESENCE_GEN, "@GEN", 4);
	attr(&m, CKS_A_SESSION_DISPOSITION_NUMBER, "@NUMBER@", 8);
	attr_u32(&m, CKS_A_SESSION_DISPOSITION, CKS_DISPOSITION_GOOD);
	attr(&m, CKS_A_SESSION_RESULT_ID, &id, 8);
	attr(&m, CKS_A_SESSION_EVIDENCE, "sensor", 7);
	program_add(p, OP_NETLINK, CKS_CMD_DISPOSITION_NEW, m.data, m.len);
}

static void answer_prompt(struct program *p)
{
	struct message m;

	message(&m);
	attr(&m, CKS_A_SESSION_REQUEST, "@REQUEST", 8);
	attr_u32(&m, CKS_A_SESSION_PROMPT, 1);
	attr_u32(&m, CKS_A_SESSION_ANSWER, CKS_PROMPT_ANSWER_GIVEN);
	attr(&m, CKS_A_SESSION_ENTRY, "1234", 4);
	program_add(p, OP_NETLINK, CKS_CMD_PROMPT_ANSWER, m.data, m.len);
}

static void station_set(struct program *p, uint16_t type, const void *data, size_t len)
{
	struct message m;

	message(&m);
	attr(&m, type, data, len);
	program_add(p, OP_NETLINK, CKS_CMD_STATION_SET, m.data, m.len);
}

static void reset_by_netlink(struct dice *d, struct program *p)
{
	struct message m;

	message(&m);
	attr(&m, CKS_A_COUPLER_INDEX, "@CPL", 4);
	attr_u32(&m, CKS_A_COUPLER_RESET_KIND, dice_of(d, 2));
	program_add(p, OP_NETLINK, CKS_CMD_COUPLER_RESET, m.data, m.len);
}

/* ---------------------------------------------------------------------------- the wire */

static void frame(struct message *m, uint8_t type, uint8_t number)
{
	m->data[0] = type;
	m->data[1] = number;
	m->len = 2;
}

static void field(struct message *m, uint8_t tag, const void *data, size_t len)
{
	uint8_t *to = m->data + m->len;

	memset(to, 0, 6);
	to[1] = tag;
	to[4] = (uint8_t)(len >> 8);
	to[5] = (uint8_t)len;
	memcpy(to + 6, data, len);
	m->len += 6 + len;
}

static void field_int(struct message *m, uint8_t tag, uint64_t v, unsigned int size)
{
	uint8_t b[8];
	unsigned int i;

	for (i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	field(m, tag, b, size);
}

static void send(struct program *p, uint8_t conn, const struct message *m)
{
	program_add(p, OP_TCP, (uint8_t)(conn << 4 | FRAME), m->data, m->len);
}

static void take(struct program *p, uint8_t conn)
{
	program_add(p, OP_TCP, (uint8_t)(conn << 4 | TAKE), NULL, 0);
}

static void cas(struct program *p)
{
	struct message m;

	program_add(p, OP_TCP, TO_CONTROL, NULL, 0);
	take(p, 0);
	frame(&m, HELLO, 0);
	field(&m, NAME, "a CAS", 5);
	field(&m, LEASE_EPOCH, "@LEASE@@", 8);
	send(p, 0, &m);
}

static void channel(struct program *p)
{
	struct message m;

	take(p, 0);
	program_add(p, OP_TCP, 1 << 4 | TO_CHANNEL, NULL, 0);
	frame(&m, OPEN, 0);
	field(&m, TOKEN, MARK_TOKEN, 16);
	send(p, 1, &m);
	take(p, 1);
}

static void command(struct program *p, uint8_t number)
{
	struct message m;

	frame(&m, COMMAND, number);
	field(&m, DATA, read2, sizeof(read2));
	field_int(&m, TIMEOUT, 0, 4);
	send(p, 1, &m);
	program_add(p, OP_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	take(p, 1);
}

static void batch(struct program *p, uint8_t number)
{
	/* Two commands: timeout, mode, accepted status words, length, and the command. */
	static const uint8_t list[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0xb0, 0, 0, 2,
		0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0x90, 0, 0xff, 0xff, 0, 0xb0, 0, 0, 2,
	};
	struct message m;

	frame(&m, BATCH, number);
	field(&m, COMMANDS, list, sizeof(list));
	send(p, 1, &m);
	program_add(p, OP_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	program_add(p, OP_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	take(p, 1);
}

static void reset_by_cas(struct dice *d, struct program *p, uint8_t number)
{
	struct message m;

	frame(&m, RESET, number);
	field_int(&m, F_RESET, dice_of(d, 3), 1);
	send(p, 1, &m);
	take(p, 1);
}

static void prompt(struct program *p)
{
	struct message m;

	frame(&m, PROMPT, 0);
	field(&m, F_REQUEST, "@REQUEST", 8);
	field_int(&m, F_PROMPT, 1, 4);
	field_int(&m, KIND, CKS_PROMPT_KIND_ENTRY, 1);
	field(&m, TEXT, "PIN?", 4);
	send(p, 0, &m);
	take(p, 0);
	answer_prompt(p);
	take(p, 0);
}

static void order(struct dice *d, struct program *p)
{
	struct message m;

	frame(&m, ORDER, 1);
	field_int(&m, F_ORDER, 1 + dice_of(d, 5), 1);
	field(&m, COUPLER, "@CPL", 4);
	field(&m, REASON, "because", 7);
	send(p, 0, &m);
	take(p, 0);
}

static void result(struct dice *d, struct program *p)
{
	struct message m;

	frame(&m, RESULT, 0);
	field(&m, F_REQUEST, "@REQUEST", 8);
	field_int(&m, RESULT_ID, 1, 8);
	field(&m, PRESENCE_GEN, "@GEN", 4);
	field_int(&m, VERDICT, 1 + dice_of(d, 4), 1);
	field_int(&m, BIN, 7, 4);
	field(&m, INFORMATION, "\1\2", 2);
	send(p, 0, &m);
	take(p, 0);
}

static void acknowledge(struct program *p)
{
	struct message m;

	take(p, 0);
	frame(&m, DISPOSED_ACK, 0);
	field(&m, NUMBER, "@NUMBER@", 8);
	send(p, 0, &m);
}

/* A connection within the control connection. */
static void carried(struct program *p)
{
	static const uint8_t inner[] = {
		0x43, 0x4b, 1, OPEN, 0, 0, 0, 0, 0, 0, 0, 22, 0, TOKEN, 0, 0, 0, 16,
		'@', 'T', 'O', 'K', 'E', 'N', '@', '@', '@', '@', '@', '@', '@', '@', '@', '@',
	};
	struct message m;

	take(p, 0);
	frame(&m, LINK, 1);
	field(&m, COUPLER, "@CPL", 4);
	field_int(&m, F_CREDIT, 65536, 4);
	send(p, 0, &m);
	frame(&m, CARRY, 1);
	field(&m, CARRIED, inner, sizeof(inner));
	send(p, 0, &m);
	take(p, 0);
	frame(&m, CREDIT, 1);
	field_int(&m, F_CREDIT, 1000, 4);
	send(p, 0, &m);
	frame(&m, UNLINK, 1);
	send(p, 0, &m);
	take(p, 0);
}

/* ---------------------------------------------------------------------------- the stories */

static void card_session(struct dice *d, struct program *p)
{
	bool early = dice_of(d, 2);
	uint8_t number = 1;

	card_in(d, p);
	if (early)
		cas(p);
	request(p);
	if (!early)
		cas(p);
	if (dice_of(d, 4))
		channel(p);
	else
		carried(p);
	if (!dice_of(d, 3))
		prompt(p);
	if (!dice_of(d, 4))
		order(d, p);
	if (dice_of(d, 3))
		command(p, number++);
	if (!dice_of(d, 3)) {
		batch(p, number);
		number += 2;	/* commands */
	}
	if (!dice_of(d, 3))
		reset_by_cas(d, p, number++);
	result(d, p);
	disposition(p);
	acknowledge(p);
}

static void device(struct dice *d, struct program *p)
{
	struct cks_reset r = { .size = sizeof(r), .kind = CKS_COLD };
	uint8_t nonblock = !!dice_of(d, 4), len[2] = { 0, 1 };

	card_in(d, p);
	program_add(p, OP_CHARDEV, FILE_OPEN, &nonblock, 1);
	program_add(p, OP_CHARDEV, FILE_RESET, &r, sizeof(r));
	program_add(p, OP_CHARDEV, FILE_WRITE, read2, sizeof(read2));
	program_add(p, OP_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	program_add(p, OP_CHARDEV, FILE_POLL, NULL, 0);
	program_add(p, OP_CHARDEV, FILE_READ, len, sizeof(len));
	if (dice_of(d, 2)) {
		r.kind = CKS_WARM;
		program_add(p, OP_CHARDEV, FILE_RESET, &r, sizeof(r));
	}
}

/* The wiring that the bench's UART has. */
static void wire(struct program *p)
{
	struct message m;
	uint8_t echo = 1;

	message(&m);
	attr(&m, CKS_A_COUPLER_INDEX, "@TTY", 4);
	attr(&m, CKS_A_COUPLER_CLK_HZ, "@CLK", 4);
	attr_u32(&m, CKS_A_COUPLER_RST_LINE, CKS_MODEM_LINE_RTS);
	attr_u32(&m, CKS_A_COUPLER_POWER_LINE, CKS_MODEM_LINE_DTR);
	attr_u32(&m, CKS_A_COUPLER_DETECT_LINE, CKS_MODEM_LINE_CTS);
	attr(&m, CKS_A_COUPLER_ECHO, &echo, 1);
	program_add(p, OP_NETLINK, CKS_CMD_COUPLER_SET, m.data, m.len);
}

/* One operation at the tty's coupler or its card. */
static void there(struct program *p, uint8_t what, uint8_t sub, const void *data, size_t len)
{
	uint8_t all[64] = { sub };

	if (len)
		memcpy(all + 1, data, len);
	program_add(p, OP_TTY, what, all, 1 + len);
}

static void adapter(struct dice *d, struct program *p)
{
	static const int coupler = CKS_TTY_LDISC, plain;
	struct cks_reset r = { .size = sizeof(r), .kind = CKS_COLD };
	static const uint8_t in = 1, nonblock = 1, len[2] = { 0, 1 };

	program_add(p, OP_TTY, TTY_OPEN, NULL, 0);
	program_add(p, OP_TTY, TTY_LDISC, &coupler, sizeof(coupler));
	if (dice_of(d, 8))
		wire(p);
	there(p, TTY_CARD, CARD_PRESENT, &in, 1);
	there(p, TTY_CARD, CARD_ATR, t0, sizeof(t0));
	there(p, TTY_FILE, FILE_OPEN, &nonblock, 1);
	there(p, TTY_FILE, FILE_RESET, &r, sizeof(r));
	there(p, TTY_FILE, FILE_WRITE, read2, sizeof(read2));
	if (dice_of(d, 2))
		there(p, TTY_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	switch (dice_of(d, 6)) {
	case 0:
		program_add(p, OP_TTY, TTY_HANGUP, NULL, 0);
		break;
	case 1:
		program_add(p, OP_TTY, TTY_LDISC, &plain, sizeof(plain));
		break;
	case 2:
		program_add(p, OP_TTY, TTY_CLOSE, NULL, 0);
		break;
	case 3:
		program_add(p, OP_TTY, TTY_WRITE, read2, sizeof(read2));
		break;
	}
	there(p, TTY_FILE, FILE_POLL, NULL, 0);
	there(p, TTY_FILE, FILE_READ, len, sizeof(len));
}

static void reader(struct dice *d, struct program *p)
{
	static const uint8_t messages[] = { 0, 1, 1, 0, 1, 4 };
	static const uint8_t apdu[] = { 0, 5, 0, 0xb0, 0, 0, 2 };
	uint8_t one[3] = { 0, 1, (uint8_t)dice_of(d, 6) };

	/* The other way round it would be some time until the station looks for a card again. */
	card_in(d, p);
	station_set(p, CKS_A_STATION_VPCD_LANE, "@CPL", 4);
	program_add(p, OP_TCP, 2 << 4 | TO_READER, NULL, 0);
	program_add(p, OP_TCP, 2 << 4 | RAW, messages, sizeof(messages));
	take(p, 2);
	program_add(p, OP_TCP, 2 << 4 | RAW, apdu, sizeof(apdu));
	program_add(p, OP_CARD, CARD_RESPOND, answer2, sizeof(answer2));
	take(p, 2);
	program_add(p, OP_TCP, 2 << 4 | RAW, one, sizeof(one));
	station_set(p, CKS_A_STATION_VPCD_OFF_LANE, "@CPL", 4);
}

static void elsewhere(struct dice *d, struct program *p)
{
	static const uint8_t get = 2 | 4;
	struct message m;

	card_in(d, p);
	message(&m);
	attr(&m, CKS_A_STATION_GIVE_LANE, "@CPL", 4);
	attr(&m, CKS_A_STATION_NETNS_FD, "@NET", 4);
	program_add(p, OP_NETLINK, CKS_CMD_STATION_SET, m.data, m.len);
	program_add(p, OP_NETLINK, CKS_CMD_STATION_GET, &get, 1);
	reset_by_netlink(d, p);
}

void story_make(struct dice *d, struct program *p)
{
	switch (dice_of(d, 9)) {
	case 0:
	case 1:
		device(d, p);
		break;
	case 8:
		adapter(d, p);
		break;
	case 2:
		reader(d, p);
		break;
	case 3:
		elsewhere(d, p);
		break;
	default:
		card_session(d, p);
		break;
	}
}
