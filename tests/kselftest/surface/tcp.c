// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections to the station: as a CAS, as a reader's driver, or as nobody in particular.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/router_bed.h"
#include "world.h"

/* The high half of an operation's number is the connection's. */
enum tcp_sub { CONNECT_CONTROL, CONNECT_CHANNEL, TAKE_READER, SEND_RAW, SEND_FRAME, RECEIVE, SHUT,
	RESET_IT, CLOSE_IT, SUBS };

#define HEADER	12

/* ------------------------------------------------------------------------------ making */

static const uint8_t types[] = {
	HELLO, PING, PONG, REQUEST, RESULT, RESULT_ACK, DISPOSED, DISPOSED_ACK, ENDED, RECHANNEL,
	ORDER, ORDER_ACK, INVENTORY, PROMPT, ENTRY, OPEN, OPENED, COMMAND, RESPONSE, RESET, ATR,
	CLOSE, CLOSED, PROGRESS, CANCEL, BATCH, BATCHED, LINK, CARRY, CREDIT, UNLINK, ERROR,
};

static const struct {
	uint8_t tag;
	uint8_t len;		/* 0: of any length */
	const char *mark;
} tags[] = {
	{ NAME, 0, NULL }, { STATION, 16, NULL }, { BOOT_ID, 16, MARK_BOOT_ID },
	{ LEASE_EPOCH, 8, "@LEASE@@" }, { JOURNAL_EPOCH, 8, NULL }, { LAST_DISPOSITION, 8, NULL },
	{ COUPLER, 4, "@CPL" }, { PRESENCE_GEN, 4, "@GEN" }, { POWER_GEN, 4, NULL },
	{ COUPLERS, 0, NULL }, { F_REQUEST, 8, "@REQUEST" }, { APPLICATION, 0, NULL },
	{ PARAMETERS, 0, NULL }, { CARD_REFERENCE, 0, NULL }, { F_ATR, 0, NULL },
	{ PROTOCOL, 1, NULL }, { PORT, 2, NULL }, { TOKEN, 16, MARK_TOKEN }, { REPEAT, 1, NULL },
	{ CARD_PROTOCOL, 1, NULL }, { ENCRYPTION, 1, NULL }, { RESULT_ID, 8, NULL },
	{ VERDICT, 1, NULL }, { BIN, 4, NULL }, { INFORMATION, 0, NULL }, { REASON, 0, NULL },
	{ NUMBER, 8, "@NUMBER@" }, { DISPOSITION, 1, NULL }, { EVIDENCE, 0, NULL },
	{ CODE, 2, NULL }, { DATA, 0, NULL }, { TIMEOUT, 4, NULL }, { MODE, 1, NULL },
	{ F_RESET, 1, NULL }, { STATUS, 1, NULL }, { RESUME_FROM, 4, NULL }, { OUTCOME, 1, NULL },
	{ COMMANDS, 0, NULL }, { F_STREAM, 4, NULL }, { EXECUTED, 4, NULL }, { STOP, 1, NULL },
	{ RESPONSES, 0, NULL }, { EXTENSIONS, 4, NULL }, { F_ORDER, 1, NULL },
	{ F_INVENTORY, 0, NULL }, { MORE, 1, NULL }, { F_PROMPT, 4, NULL }, { KIND, 1, NULL },
	{ TEXT, 0, NULL }, { ANSWER, 1, NULL }, { F_ENTRY, 0, NULL }, { CARRIED, 0, NULL },
	{ F_CREDIT, 4, NULL },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static size_t put_field(uint8_t *to, uint16_t tag, const void *data, size_t len)
{
	to[0] = (uint8_t)(tag >> 8);
	to[1] = (uint8_t)tag;
	to[2] = 0;
	to[3] = 0;
	to[4] = (uint8_t)(len >> 8);
	to[5] = (uint8_t)len;
	memcpy(to + 6, data, len);
	return 6 + len;
}

static size_t random_field(struct dice *d, uint8_t *to)
{
	unsigned int i = dice_of(d, COUNT(tags));
	uint8_t value[256];
	uint16_t tag = tags[i].tag;
	size_t len = tags[i].len, j;
	uint64_t v = dice_odd(d);

	if (tags[i].mark && dice_of(d, 8)) {
		memcpy(value, tags[i].mark, len);
	} else if (len && len <= 8) {
		for (j = 0; j < len; j++)
			value[j] = (uint8_t)(v >> 8 * (len - 1 - j));
	} else {
		if (!len)
			len = v % 200;
		dice_bytes(d, value, len);
		if (dice_of(d, 2))
			for (j = 0; j < len; j++)
				value[j] = (uint8_t)('a' + value[j] % 26);
	}
	if (!dice_of(d, 32))
		len = dice_of(d, 32);
	if (!dice_of(d, 32))
		tag ^= 0x8000;
	return put_field(to, tag, value, len);
}

static void add_raw(struct dice *d, struct program *p, uint8_t conn)
{
	size_t len = dice_of(d, 300);
	uint8_t data[300];

	dice_bytes(d, data, len);
	program_add(p, OP_TCP, conn | SEND_RAW, data, len);
}

static void add_frame(struct dice *d, struct program *p, uint8_t conn)
{
	unsigned int n = dice_of(d, 6);
	uint8_t data[OP_DATA_MAX];
	size_t len = 2;

	data[0] = types[dice_of(d, COUNT(types))];
	data[1] = (uint8_t)dice_of(d, 4);
	while (n--)
		len += random_field(d, data + len);
	program_add(p, OP_TCP, conn | SEND_FRAME, data, len);
}

static void add_greeting(struct program *p, uint8_t conn, bool control)
{
	uint8_t data[64] = { control ? HELLO : OPEN };
	size_t len = 2;

	if (control) {
		len += put_field(data + len, NAME, "a CAS", 5);
		len += put_field(data + len, LEASE_EPOCH, "@LEASE@@", 8);
	} else {
		len += put_field(data + len, TOKEN, MARK_TOKEN, 16);
	}
	program_add(p, OP_TCP, conn | SEND_FRAME, data, len);
}

void tcp_make(struct dice *d, struct program *p)
{
	uint8_t sub = (uint8_t)dice_of(d, SUBS), conn = (uint8_t)(dice_of(d, WORLD_CONNS) << 4);

	if (sub == SEND_RAW)
		add_raw(d, p, conn);
	else if (sub == SEND_FRAME)
		add_frame(d, p, conn);
	else
		program_add(p, OP_TCP, conn | sub, NULL, 0);
}

void tcp_visit_make(struct dice *d, struct program *p)
{
	uint8_t conn = (uint8_t)(dice_of(d, WORLD_CONNS) << 4);
	unsigned int n = dice_of(d, 4);
	bool control = dice_of(d, 2);

	program_add(p, OP_TCP, conn | (control ? CONNECT_CONTROL : CONNECT_CHANNEL), NULL, 0);
	if (dice_of(d, 2))
		add_greeting(p, conn, control);
	while (n--)
		add_frame(d, p, conn);
	if (!dice_of(d, 4))
		add_raw(d, p, conn);
	if (!dice_of(d, 4))
		program_add(p, OP_TCP, conn | RECEIVE, NULL, 0);
	program_add(p, OP_TCP, conn | (dice_of(d, 2) ? RESET_IT : CLOSE_IT), NULL, 0);
}

/* ----------------------------------------------------------------------------- running */

static void end(struct conn *c, bool reset)
{
	struct linger now = { .l_onoff = 1 };

	if (c->fd < 0)
		return;
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	c->fd = -1;
}

void tcp_close_all(struct world *w)
{
	unsigned int i;

	/* A reset, or the ports were used up. */
	for (i = 0; i < WORLD_CONNS; i++)
		end(&w->conn[i], true);
}

static void start(struct world *w, struct conn *c, int fd)
{
	struct timeval patience = { .tv_usec = WAIT_MS * 1000 };

	end(c, w->connections & 1);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	c->fd = fd;
	c->have = 0;
	w->connections++;
}

/* The token and the number of a request that the station tells of. */
static void learn(struct world *w, const uint8_t *body, size_t len)
{
	size_t at = 0;

	while (at + 6 <= len) {
		size_t n = (size_t)(body[at + 4] << 8 | body[at + 5]);
		unsigned int tag = (unsigned int)(body[at] << 8 | body[at + 1]) & 0x7fff, i;

		if (body[at + 2] || body[at + 3] || at + 6 + n > len)
			return;
		if (tag == TOKEN && n == 16)
			memcpy(w->token, body + at + 6, 16);
		if (tag == F_REQUEST && n == 8)
			for (w->request = 0, i = 0; i < 8; i++)
				w->request = w->request << 8 | body[at + 6 + i];
		at += 6 + n;
	}
}

static void receive(struct world *w, struct conn *c)
{
	ssize_t n;
	size_t len;

	if (c->fd < 0 || !world_expect(w, c->fd))
		return;
	n = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);
	if (n <= 0)
		return;
	c->have += (uint32_t)n;
	while (c->have >= HEADER) {
		len = HEADER + ((size_t)c->in[8] << 24 | (size_t)c->in[9] << 16 |
				(size_t)c->in[10] << 8 | c->in[11]);
		if (len > sizeof(c->in)) {
			c->have = 0;
			return;
		}
		if (c->have < len)
			return;
		w->answers += c->in[3] == RESPONSE || c->in[3] == BATCHED || c->in[3] == ATR;
		learn(w, c->in + HEADER, len - HEADER);
		c->have -= (uint32_t)len;
		memmove(c->in, c->in + len, c->have);
	}
}

static void send_frame(const struct conn *c, const uint8_t *data, size_t len)
{
	uint8_t f[HEADER + OP_DATA_MAX] = { 0x43, 0x4b, 1 };

	if (len < 2)
		return;
	len -= 2;
	f[3] = data[0];
	f[7] = data[1];
	f[10] = (uint8_t)(len >> 8);
	f[11] = (uint8_t)len;
	memcpy(f + HEADER, data + 2, len);
	send(c->fd, f, HEADER + len, MSG_NOSIGNAL);
}

void tcp_run(struct world *w, const struct op *op)
{
	struct conn *c = &w->conn[op->sub >> 4 & (WORLD_CONNS - 1)];
	uint8_t data[OP_DATA_MAX] = { 0 };

	world_fill(w, op, data, true);
	switch ((op->sub & 15) % SUBS) {
	case CONNECT_CONTROL:
		start(w, c, client_connect(CONTROL_PORT));
		break;
	case CONNECT_CHANNEL:
		start(w, c, client_connect((uint16_t)(CHANNEL_PORT + w->here.coupler)));
		break;
	case TAKE_READER:
		if (world_expect(w, w->vpcd))
			start(w, c, accept(w->vpcd, NULL, NULL));
		break;
	case SEND_RAW:
		if (c->fd >= 0)
			send(c->fd, data, op->len, MSG_NOSIGNAL);
		break;
	case SEND_FRAME:
		if (c->fd >= 0)
			send_frame(c, data, op->len);
		break;
	case RECEIVE:
		receive(w, c);
		break;
	case SHUT:
		if (c->fd >= 0)
			shutdown(c->fd, SHUT_WR);
		break;
	default:
		end(c, (op->sub & 15) % SUBS == RESET_IT);
		break;
	}
}
