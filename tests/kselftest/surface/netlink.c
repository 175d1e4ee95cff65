// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the netlink family, right, nearly right and wrong. What they may say of hardware is
 * kept to places where a guest has none: a wrong port could switch it off.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "libcksnl/cksnl.h"
#include "world.h"

/* The first byte of an operation's data. */
#define FLAG_DUMP	0x01
#define FLAG_ACK	0x02
#define FLAG_ELSEWHERE	0x04	/* from the other namespace */
#define FLAG_RAW	0x08	/* no header of generic netlink is put before it */

#define MESSAGE_MAX	(OP_DATA_MAX + 64)

static const struct cksnl_set *set_of(unsigned int cmd)
{
	switch (cmd) {
	case CKS_CMD_COUPLER_GET:
	case CKS_CMD_COUPLER_SET:
	case CKS_CMD_COUPLER_RESET:
	case CKS_CMD_COUPLER_NEW:
	case CKS_CMD_COUPLER_DEL:
		return &cksnl_coupler_set;
	case CKS_CMD_STATION_GET:
	case CKS_CMD_STATION_SET:
		return &cksnl_station_set;
	default:
		return &cksnl_session_set;
	}
}

/* ------------------------------------------------------------------------------ making */

static size_t put_attr(uint8_t *to, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memset(to, 0, NLA_HDRLEN + NLA_ALIGN(len));
	memcpy(to, &a, sizeof(a));
	memcpy(to + NLA_HDRLEN, data, len);
	return NLA_HDRLEN + NLA_ALIGN(len);
}

/* What is looked up by a number is meant to be found, mostly. */
static const char *mark_of(const struct cksnl_set *set, uint16_t attr)
{
	if (set == &cksnl_coupler_set)
		return attr == CKS_A_COUPLER_INDEX ? "@CPL" : NULL;
	if (set == &cksnl_station_set) {
		switch (attr) {
		case CKS_A_STATION_STOP_LANE:
		case CKS_A_STATION_START_LANE:
		case CKS_A_STATION_GIVE_LANE:
		case CKS_A_STATION_VPCD_LANE:
		case CKS_A_STATION_VPCD_OFF_LANE:
			return "@CPL";
		case CKS_A_STATION_NETNS_FD:
			return "@NET";
		default:
			return NULL;
		}
	}
	switch (attr) {
	case CKS_A_SESSION_COUPLER:
		return "@CPL";
	case CKS_A_SESSION_PRESENCE_GEN:
		return "@GEN";
	case CKS_A_SESSION_REQUEST:
		return "@REQUEST";
	case CKS_A_SESSION_DISPOSITION_NUMBER:
		return "@NUMBER@";
	case CKS_A_SESSION_BOOT_ID:
		return MARK_BOOT_ID;
	default:
		return NULL;
	}
}

static const char *const texts[] = {
	"", "a", "127.0.0.1", "::1", "0.0.0.0", "10.0.0.1", "not an address", "read", "uart",
	"tty", "none", "16550", "ox950", "xr17v35x", "auto", "\xff\xfe", "line\nbreak",
	"\xc3\xa4", "coupler 0",
	"this_one_has_63_characters,_which_is_what_most_of_the_names_may",
};

static size_t value_of(struct dice *d, const struct cksnl_field *f, uint8_t *to)
{
	uint64_t v = dice_odd(d);
	size_t len;

	switch (f->kind) {
	case CKSNL_BOOL:
		v %= 3;
		len = 1;
		break;
	case CKSNL_U8:
		len = 1;
		break;
	case CKSNL_U16:
		len = 2;
		break;
	case CKSNL_U64:
		len = 8;
		break;
	case CKSNL_ENUM:
		v %= f->nnames + 1;
		len = 4;
		break;
	case CKSNL_STRING:
		len = strlen(texts[v % (sizeof(texts) / sizeof(texts[0]))]) + 1;
		memcpy(to, texts[v % (sizeof(texts) / sizeof(texts[0]))], len);
		return len;
	case CKSNL_BINARY:
	case CKSNL_ID:
		len = f->kind == CKSNL_ID && dice_of(d, 8) ? 16 : v % 260;
		dice_bytes(d, to, len);
		return len;
	default:
		len = 4;
		break;
	}
	memcpy(to, &v, sizeof(v));
	return len;
}

void netlink_make(struct dice *d, struct program *p)
{
	uint8_t cmd = (uint8_t)(1 + dice_of(d, CKS_CMD_MAX + 1)), data[OP_DATA_MAX];
	const struct cksnl_set *set = set_of(dice_of(d, 64) ? cmd : CKS_CMD_MAX);
	unsigned int n = 1 + dice_of(d, 1 + dice_of(d, 12));
	size_t len = 1;

	data[0] = FLAG_ACK;
	if (!dice_of(d, 4))
		data[0] |= FLAG_DUMP;
	if (!dice_of(d, 16))
		data[0] = (uint8_t)dice_roll(d);
	while (n-- && len < OP_DATA_MAX - 320) {
		const struct cksnl_field *f = &set->fields[dice_of(d, set->nfields)];
		const char *mark = mark_of(set, f->attr);
		uint8_t value[320];
		size_t vlen;

		if (mark && dice_of(d, 8)) {
			vlen = f->kind == CKSNL_ID ? 16 : f->kind == CKSNL_U64 ? 8 : 4;
			memcpy(value, mark, vlen);
		} else {
			vlen = value_of(d, f, value);
		}
		if (!dice_of(d, 32))
			vlen = dice_of(d, (unsigned int)vlen + 1);
		len += put_attr(data + len, f->attr, value, vlen);
	}
	/* Most are about the one coupler there is. */
	if (set == &cksnl_coupler_set && dice_of(d, 4))
		len += put_attr(data + len, CKS_A_COUPLER_INDEX,
				dice_of(d, 8) ? "@CPL" : "@TTY", 4);
	if (set == &cksnl_session_set && dice_of(d, 4))
		len += put_attr(data + len, CKS_A_SESSION_REQUEST, "@REQUEST", 8);
	program_add(p, OP_NETLINK, cmd, data, len);
}

/* ----------------------------------------------------------------------------- running */

/*
 * Ports and addresses are taken from here: one with the guest's own UART, one with nothing, and
 * some that cannot be. Interrupts likewise.
 */
static void tame(uint8_t *attrs, size_t len)
{
	static const uint32_t ports[] = { 0x2f8, 0x300, 0, 0xfffe, 0x10000, UINT32_MAX };
	static const uint64_t addresses[] = { 0, 0xfeb00000, 1, UINT64_MAX - 7, 1ULL << 52 };
	static const uint32_t irqs[] = { 3, 5, 0, 1000000, UINT32_MAX };
	struct nlattr a;
	size_t at = 0;

	for (; at + NLA_HDRLEN <= len; at += NLA_ALIGN(a.nla_len)) {
		uint8_t *v = attrs + at + NLA_HDRLEN;

		memcpy(&a, attrs + at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > len)
			break;
		switch (a.nla_type & NLA_TYPE_MASK) {
		case CKS_A_COUPLER_PORT:
			if (a.nla_len >= NLA_HDRLEN + 4)
				memcpy(v, &ports[v[0] % 6], 4);
			break;
		case CKS_A_COUPLER_ADDRESS:
			if (a.nla_len >= NLA_HDRLEN + 8)
				memcpy(v, &addresses[v[0] % 5], 8);
			break;
		case CKS_A_COUPLER_IRQ:
			if (a.nla_len >= NLA_HDRLEN + 4)
				memcpy(v, &irqs[v[0] % 5], 4);
			break;
		}
	}
}

/* A request's number, and the station's boot_id, for what comes later. */
static void learn(struct world *w, const struct nlmsghdr *h)
{
	const uint8_t *msg = NLMSG_DATA(h);
	size_t left = NLMSG_PAYLOAD(h, 0), at = GENL_HDRLEN;
	struct nlattr a;

	if (h->nlmsg_type != w->family || left < GENL_HDRLEN)
		return;
	for (; at + NLA_HDRLEN <= left; at += NLA_ALIGN(a.nla_len)) {
		const uint8_t *v = msg + at + NLA_HDRLEN;

		memcpy(&a, msg + at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > left)
			break;
		if (msg[0] == CKS_CMD_REQUEST_NEW && a.nla_type == CKS_A_SESSION_REQUEST &&
		    a.nla_len == NLA_HDRLEN + 8)
			memcpy(&w->request, v, 8);
		if (msg[0] == CKS_CMD_REQUEST_NEW && a.nla_type == CKS_A_SESSION_BOOT_ID &&
		    a.nla_len == NLA_HDRLEN + 16)
			memcpy(w->boot_id, v, 16);
	}
}

static bool acknowledged(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	return h->nlmsg_type == NLMSG_ERROR && NLMSG_PAYLOAD(h, 0) >= sizeof(*e) && !e->error;
}

static void take_answers(struct world *w, int fd)
{
	static _Alignas(NLMSG_ALIGNTO) uint8_t buf[32768];
	unsigned int rounds;

	/* A dump goes on as it is read. */
	for (rounds = 0; rounds < 64; rounds++) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
		size_t left = (size_t)n;

		if (n <= 0)
			return;
		while (left >= sizeof(*h) && h->nlmsg_len >= sizeof(*h) && h->nlmsg_len <= left) {
			size_t step = NLMSG_ALIGN(h->nlmsg_len);

			learn(w, h);
			w->done += acknowledged(h);
			if (step >= left)
				break;
			left -= step;
			h = (const struct nlmsghdr *)((const uint8_t *)h + step);
		}
	}
}

void netlink_run(struct world *w, const struct op *op)
{
	static _Alignas(NLMSG_ALIGNTO) uint8_t msg[MESSAGE_MAX];
	struct nlmsghdr *h = (struct nlmsghdr *)msg;
	struct genlmsghdr genl = { .cmd = op->sub, .version = CKS_FAMILY_VERSION };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint8_t data[OP_DATA_MAX] = { 0 }, flags;
	size_t len = op->len ? op->len - 1u : 0, at = NLMSG_HDRLEN;
	int fd;

	world_fill(w, op, data, false);
	flags = data[0];
	fd = w->netlink[!!(flags & FLAG_ELSEWHERE)];
	if (flags & FLAG_RAW) {
		/* It may be any command by that. */
		if (len && data[1] == CKS_CMD_COUPLER_NEW)
			return;
	} else {
		memcpy(msg + at, &genl, sizeof(genl));
		at += GENL_HDRLEN;
		if (op->sub == CKS_CMD_COUPLER_NEW)
			tame(data + 1, len);
	}
	w->made |= (flags & FLAG_RAW && len ? data[1] : op->sub) == CKS_CMD_COUPLER_NEW;
	memcpy(msg + at, data + 1, len);
	*h = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(at + len),
		.nlmsg_type = (uint16_t)w->family,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (flags & FLAG_DUMP ? NLM_F_DUMP : 0) |
					  (flags & FLAG_ACK ? NLM_F_ACK : 0)),
		.nlmsg_seq = (uint32_t)w->messages,
	};
	if (sendto(fd, msg, at + len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) <= 0)
		return;
	w->messages++;
	take_answers(w, fd);
}
