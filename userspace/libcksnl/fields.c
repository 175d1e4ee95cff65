// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of docs/netlink/cks.yaml as tables, and the one parser and the one writer that
 * work from them.
 */
#include <errno.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *const coupler_states[] = {
	"empty", "inactive", "resetting", "ready", "exchanging", "failed",
};

static const char *const modem_lines[] = { "none", "rts", "dtr", "cts", "dsr", "dcd" };

static const char *const capabilities[] = {
	"error-signal", "exact-guard", "power-switch", "card-detect",
};

static const char *const policies[] = { "strict", "tolerant", "emv" };

static const char *const reset_kinds[] = { "cold", "warm" };

static const char *const station_states[] = { "down", "listening", "connected" };

static const char *const session_states[] = {
	"requested", "offered", "open", "running", "result", "disposed",
};

static const char *const verdicts[] = { "none", "good", "reject", "retry", "hold" };

static const char *const dispositions[] = { "none", "good", "rejected", "removed", "unknown" };

static const char *const prompt_kinds[] = { "none", "display", "confirm", "entry" };

static const char *const prompt_answers[] = { "none", "given", "refused" };

#define FIELD(prefix, type, id, member, k, n)						\
	{ .attr = prefix##id, .kind = k, .offset = offsetof(struct type, member),	\
	  .size = sizeof(((struct type *)0)->member), .name = n }
#define NAMED(prefix, type, id, member, k, n, v)					\
	{ .attr = prefix##id, .kind = k, .offset = offsetof(struct type, member),	\
	  .size = sizeof(((struct type *)0)->member), .name = n,			\
	  .names = v, .nnames = ARRAY_SIZE(v) }

#define BYTES(prefix, type, id, member, n)						\
	{ .attr = prefix##id, .kind = CKSNL_BINARY, .offset = offsetof(struct type, member),\
	  .size = sizeof(((struct type *)0)->member.data), .name = n }

#define C(id, member, k, n)	FIELD(CKS_A_COUPLER_, cksnl_coupler, id, member, CKSNL_##k, n)
#define CN(id, member, k, n, v)	NAMED(CKS_A_COUPLER_, cksnl_coupler, id, member, CKSNL_##k, n, v)

static const struct cksnl_field coupler_fields[] = {
	C(INDEX, index, U32, "index"),
	C(NAME, name, STRING, "name"),
	C(DRIVER, driver, STRING, "driver"),
	CN(STATE, state, ENUM, "state", coupler_states),
	C(PRESENT, present, BOOL, "present"),
	C(PRESENCE_GEN, presence_gen, U32, "presence-gen"),
	C(POWER_GEN, power_gen, U32, "power-gen"),
	C(OWNER, owner, STRING, "owner"),
	CN(CAPABILITIES, capabilities, FLAGS, "capabilities", capabilities),
	BYTES(CKS_A_COUPLER_, cksnl_coupler, ATR, atr, "atr"),
	C(F, f, U32, "f"),
	C(D, d, U32, "d"),
	C(PROTOCOL, protocol, U8, "protocol"),
	C(LAST_ERROR, last_error, STRING, "last-error"),
	C(CLK_HZ, clk_hz, U32, "clk-hz"),
	C(UART_CLK, uart_clk, U32, "uart-clk"),
	CN(RST_LINE, rst_line, ENUM, "rst-line", modem_lines),
	C(RST_INVERT, rst_invert, BOOL, "rst-invert"),
	CN(POWER_LINE, power_line, ENUM, "power-line", modem_lines),
	C(POWER_INVERT, power_invert, BOOL, "power-invert"),
	CN(DETECT_LINE, detect_line, ENUM, "detect-line", modem_lines),
	C(DETECT_INVERT, detect_invert, BOOL, "detect-invert"),
	C(ECHO, echo, BOOL, "echo"),
	CN(POLICY, policy, ENUM, "policy", policies),
	C(PROTOCOL_WANTED, protocol_wanted, U8, "protocol-wanted"),
	C(NO_PPS, no_pps, BOOL, "no-pps"),
	C(IFSD, ifsd, U8, "ifsd"),
	CN(RESET_KIND, reset_kind, ENUM, "reset-kind", reset_kinds),
	C(CHARS_RX, chars_rx, U64, "chars-rx"),
	C(CHARS_TX, chars_tx, U64, "chars-tx"),
	C(EXCHANGES, exchanges, U64, "exchanges"),
	C(CHAR_ERRORS, char_errors, U64, "char-errors"),
	C(CHARS_REFUSED, chars_refused, U64, "chars-refused"),
	C(CHARS_REPEATED, chars_repeated, U64, "chars-repeated"),
	C(SIGNAL_COST, signal_cost, U32, "signal-cost"),
	C(REPEAT_COST, repeat_cost, U32, "repeat-cost"),
	C(PORT, port, U32, "port"),
	C(ADDRESS, address, U64, "address"),
	C(IRQ, irq, U32, "irq"),
	C(FAMILY, family, STRING, "family"),
	C(REG_SHIFT, reg_shift, U8, "reg-shift"),
	C(IO_WIDTH, io_width, U8, "io-width"),
	C(FIFO, fifo, U32, "fifo"),
};

#define T(id, member, k, n)	FIELD(CKS_A_STATION_, cksnl_station, id, member, CKSNL_##k, n)
#define TN(id, member, k, n, v)	NAMED(CKS_A_STATION_, cksnl_station, id, member, CKSNL_##k, n, v)

static const struct cksnl_field station_fields[] = {
	T(UUID, uuid, ID, "uuid"),
	T(BOOT_ID, boot_id, ID, "boot-id"),
	TN(STATE, state, ENUM, "state", station_states),
	T(ADDRESS, address, STRING, "address"),
	T(CONTROL_PORT, control_port, U16, "control-port"),
	T(CHANNEL_PORT, channel_port, U16, "channel-port"),
	T(LISTEN, listen, BOOL, "listen"),
	T(CAS, cas, STRING, "cas"),
	T(LEASE_EPOCH, lease_epoch, U64, "lease-epoch"),
	T(JOURNAL_EPOCH, journal_epoch, U64, "journal-epoch"),
	T(LAST_DISPOSITION, last_disposition, U64, "last-disposition"),
	T(ACKED_DISPOSITION, acked_disposition, U64, "acked-disposition"),
	T(PLAINTEXT_OK, plaintext_ok, BOOL, "plaintext-ok"),
	T(REQUESTS_TOTAL, requests_total, U64, "requests-total"),
	T(FRAMES_REFUSED, frames_refused, U64, "frames-refused"),
	T(CHANNELS_REFUSED, channels_refused, U64, "channels-refused"),
	T(DEADLINE_RESET, deadline_reset, U32, "deadline-reset"),
	T(DEADLINE_OPEN, deadline_open, U32, "deadline-open"),
	T(DEADLINE_IDLE, deadline_idle, U32, "deadline-idle"),
	T(DEADLINE_COMMAND, deadline_command, U32, "deadline-command"),
	T(DEADLINE_REOPEN, deadline_reopen, U32, "deadline-reopen"),
	T(DEADLINE_RESULT, deadline_result, U32, "deadline-result"),
	T(DEADLINE_GREETING, deadline_greeting, U32, "deadline-greeting"),
	T(PING_INTERVAL, ping_interval, U32, "ping-interval"),
	T(CONNECTIONS_MAX, connections_max, U32, "connections-max"),
	T(BACKLOG, backlog, U32, "backlog"),
	T(REQUESTS_MAX, requests_max, U32, "requests-max"),
	T(DISPOSITIONS_MAX, dispositions_max, U32, "dispositions-max"),
	T(REQUESTS_REFUSED, requests_refused, U64, "requests-refused"),
	T(LEASES_REFUSED, leases_refused, U64, "leases-refused"),
	T(RESULTS_IGNORED, results_ignored, U64, "results-ignored"),
	T(DEADLINES_PASSED, deadlines_passed, U64, "deadlines-passed"),
	T(CONNECTIONS_REFUSED, connections_refused, U64, "connections-refused"),
	T(CONNECTIONS, connections, U32, "connections"),
	T(HOLD, hold, BOOL, "hold"),
	T(HOLD_REASON, hold_reason, STRING, "hold-reason"),
	BYTES(CKS_A_STATION_, cksnl_station, LANES_STOPPED, lanes_stopped, "lanes-stopped"),
	T(STOP_LANE, stop_lane, U32, "stop-lane"),
	T(START_LANE, start_lane, U32, "start-lane"),
	BYTES(CKS_A_STATION_, cksnl_station, LANES, lanes, "lanes"),
	T(GIVE_LANE, give_lane, U32, "give-lane"),
	T(NETNS_FD, netns_fd, U32, "netns-fd"),
	T(VPCD_PORT, vpcd_port, U16, "vpcd-port"),
	BYTES(CKS_A_STATION_, cksnl_station, VPCD_LANES, vpcd_lanes, "vpcd-lanes"),
	T(VPCD_LANE, vpcd_lane, U32, "vpcd-lane"),
	T(VPCD_OFF_LANE, vpcd_off_lane, U32, "vpcd-off-lane"),
};

#define S(id, member, k, n)	FIELD(CKS_A_SESSION_, cksnl_session, id, member, CKSNL_##k, n)
#define SN(id, member, k, n, v)	NAMED(CKS_A_SESSION_, cksnl_session, id, member, CKSNL_##k, n, v)

static const struct cksnl_field session_fields[] = {
	S(REQUEST, request, U64, "request"),
	S(COUPLER, coupler, U32, "coupler"),
	S(PRESENCE_GEN, presence_gen, U32, "presence-gen"),
	S(APPLICATION, application, STRING, "application"),
	BYTES(CKS_A_SESSION_, cksnl_session, PARAMETERS, parameters, "parameters"),
	S(CARD_REFERENCE, card_reference, STRING, "card-reference"),
	SN(STATE, state, ENUM, "state", session_states),
	BYTES(CKS_A_SESSION_, cksnl_session, ATR, atr, "atr"),
	S(RESULT_ID, result_id, U64, "result-id"),
	SN(VERDICT, verdict, ENUM, "verdict", verdicts),
	S(BIN, bin, U32, "bin"),
	BYTES(CKS_A_SESSION_, cksnl_session, INFORMATION, information, "information"),
	S(REASON, reason, STRING, "reason"),
	SN(DISPOSITION, disposition, ENUM, "disposition", dispositions),
	S(DISPOSITION_NUMBER, disposition_number, U64, "disposition-number"),
	S(EVIDENCE, evidence, STRING, "evidence"),
	S(BOOT_ID, boot_id, ID, "boot-id"),
	S(COMMANDS, commands, U32, "commands"),
	S(PROMPT, prompt, U32, "prompt"),
	SN(PROMPT_KIND, prompt_kind, ENUM, "prompt-kind", prompt_kinds),
	S(PROMPT_TEXT, prompt_text, STRING, "prompt-text"),
	SN(ANSWER, answer, ENUM, "answer", prompt_answers),
	BYTES(CKS_A_SESSION_, cksnl_session, ENTRY, entry, "entry"),
};

const struct cksnl_set cksnl_coupler_set = {
	.fields = coupler_fields, .nfields = ARRAY_SIZE(coupler_fields),
	.max_attr = CKS_A_COUPLER_MAX, .size = sizeof(struct cksnl_coupler),
};

const struct cksnl_set cksnl_station_set = {
	.fields = station_fields, .nfields = ARRAY_SIZE(station_fields),
	.max_attr = CKS_A_STATION_MAX, .size = sizeof(struct cksnl_station),
};

const struct cksnl_set cksnl_session_set = {
	.fields = session_fields, .nfields = ARRAY_SIZE(session_fields),
	.max_attr = CKS_A_SESSION_MAX, .size = sizeof(struct cksnl_session),
};

_Static_assert(CKS_A_COUPLER_MAX < 64 && CKS_A_STATION_MAX < 64 && CKS_A_SESSION_MAX < 64,
	       "has is a 64-bit set");

/* Every object begins with its has. */
static uint64_t *obj_has(void *obj)
{
	return obj;
}

const char *cksnl_name(const struct cksnl_field *field, uint32_t value)
{
	return value < field->nnames ? field->names[value] : "?";
}

const char *cksnl_verdict_name(uint32_t verdict)
{
	return verdict < ARRAY_SIZE(verdicts) ? verdicts[verdict] : "?";
}

const char *cksnl_disposition_name(uint32_t disposition)
{
	return disposition < ARRAY_SIZE(dispositions) ? dispositions[disposition] : "?";
}

const struct cksnl_field *cksnl_field(const struct cksnl_set *set, const char *name)
{
	for (unsigned int i = 0; i < set->nfields; i++)
		if (!strcmp(set->fields[i].name, name))
			return &set->fields[i];
	return NULL;
}

/* ---------------------------------------------------------------------------- from text */

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (*end)
		return -EINVAL;
	if (errno || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(const char *text, uint8_t *buf, size_t size, size_t *ret_len)
{
	size_t len = strlen(text);

	if (len % 2)
		return -EINVAL;
	if (len / 2 > size)
		return -ERANGE;
	for (size_t i = 0; i < len; i++)
		if (nibble(text[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < len / 2; i++)
		buf[i] = (unsigned int)nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]);
	*ret_len = len / 2;
	return 0;
}

static int parse_bool(const char *text, uint8_t *ret)
{
	if (!strcmp(text, "1") || !strcmp(text, "on") || !strcmp(text, "yes"))
		*ret = 1;
	else if (!strcmp(text, "0") || !strcmp(text, "off") || !strcmp(text, "no"))
		*ret = 0;
	else
		return -EINVAL;
	return 0;
}

static int parse_enum(const struct cksnl_field *field, const char *text, uint32_t *ret)
{
	for (unsigned int i = 0; i < field->nnames; i++) {
		if (!strcmp(field->names[i], text)) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Copies @text if the whole of it fits in @size with its NUL. */
static int parse_string(const char *text, char *buf, size_t size)
{
	size_t len = strlen(text);

	if (len >= size)
		return -ERANGE;
	memcpy(buf, text, len + 1);
	return 0;
}

static int parse_bytes(const char *text, uint8_t *at, size_t size)
{
	uint8_t data[CKSNL_INFO_MAX];
	uint16_t len16;
	size_t len;
	int err;

	err = parse_hex(text, data, size < sizeof(data) ? size : sizeof(data), &len);
	if (err)
		return err;
	len16 = len;
	memcpy(at, &len16, sizeof(len16));
	memcpy(at + sizeof(len16), data, len);
	return 0;
}

int cksnl_field_parse(const struct cksnl_field *field, void *obj, const char *text)
{
	static const uint64_t max[] = {
		[CKSNL_U8] = UINT8_MAX, [CKSNL_U16] = UINT16_MAX,
		[CKSNL_U32] = UINT32_MAX, [CKSNL_U64] = UINT64_MAX,
	};
	uint8_t *at = (uint8_t *)obj + field->offset;
	uint8_t id[CKSNL_ID_LEN];
	uint64_t value;
	size_t len;
	int err;

	switch (field->kind) {
	case CKSNL_BOOL:
		err = parse_bool(text, at);
		break;
	case CKSNL_U8:
	case CKSNL_U16:
	case CKSNL_U32:
	case CKSNL_U64:
		err = parse_number(text, max[field->kind], &value);
		if (err)
			break;
		if (field->kind == CKSNL_U8)
			*at = value;
		else if (field->kind == CKSNL_U16)
			*(uint16_t *)at = value;
		else if (field->kind == CKSNL_U32)
			*(uint32_t *)at = value;
		else
			*(uint64_t *)at = value;
		break;
	case CKSNL_ENUM:
		err = parse_enum(field, text, (uint32_t *)at);
		break;
	case CKSNL_STRING:
		err = parse_string(text, (char *)at, field->size);
		break;
	case CKSNL_BINARY:
		err = parse_bytes(text, at, field->size);
		break;
	case CKSNL_ID:
		err = parse_hex(text, id, sizeof(id), &len);
		if (!err && len != sizeof(id))
			err = -EINVAL;
		if (!err)
			memcpy(at, id, sizeof(id));
		break;
	default:
		err = -EINVAL;
	}
	if (!err)
		*obj_has(obj) |= CKSNL_HAS(field->attr);
	return err;
}

/* ---------------------------------------------------------------------------- the wire */

static int put_field(struct nl_msg *msg, const struct cksnl_field *field, const uint8_t *at)
{
	uint16_t len;

	switch (field->kind) {
	case CKSNL_BOOL:
	case CKSNL_U8:
		return nla_put_u8(msg, field->attr, *at);
	case CKSNL_U16:
		return nla_put_u16(msg, field->attr, *(const uint16_t *)at);
	case CKSNL_U32:
	case CKSNL_ENUM:
	case CKSNL_FLAGS:
		return nla_put_u32(msg, field->attr, *(const uint32_t *)at);
	case CKSNL_U64:
		return nla_put_u64(msg, field->attr, *(const uint64_t *)at);
	case CKSNL_STRING:
		return nla_put_string(msg, field->attr, (const char *)at);
	case CKSNL_BINARY:
		memcpy(&len, at, sizeof(len));
		return nla_put(msg, field->attr, len, at + sizeof(len));
	case CKSNL_ID:
		return nla_put(msg, field->attr, CKSNL_ID_LEN, at);
	}
	return -NLE_INVAL;
}

int cksnl_put(struct nl_msg *msg, const struct cksnl_set *set, const void *obj)
{
	uint64_t has;

	memcpy(&has, obj, sizeof(has));
	for (unsigned int i = 0; i < set->nfields; i++) {
		const struct cksnl_field *f = &set->fields[i];

		if ((has & CKSNL_HAS(f->attr)) &&
		    put_field(msg, f, (const uint8_t *)obj + f->offset))
			return -ENOBUFS;
	}
	return 0;
}

/* An attribute of another size than agreed is a broken kernel, or a newer one: not taken. */
static bool get_field(const struct cksnl_field *field, const struct nlattr *attr, uint8_t *at)
{
	const uint8_t *data = nla_data(attr);
	size_t len = nla_len(attr);
	uint16_t len16 = len;

	switch (field->kind) {
	case CKSNL_BOOL:
	case CKSNL_U8:
	case CKSNL_U16:
	case CKSNL_U32:
	case CKSNL_ENUM:
	case CKSNL_FLAGS:
	case CKSNL_U64:
	case CKSNL_ID:
		if (len != field->size)
			return false;
		memcpy(at, data, len);
		return true;
	case CKSNL_STRING:
		len = strnlen((const char *)data, len);
		if (len >= field->size)
			len = field->size - 1;
		memcpy(at, data, len);
		at[len] = 0;
		return true;
	case CKSNL_BINARY:
		if (len > field->size)
			return false;
		memcpy(at, &len16, sizeof(len16));
		memcpy(at + sizeof(len16), data, len);
		return true;
	}
	return false;
}

int cksnl_parse(const struct nlmsghdr *nlh, const struct cksnl_set *set, void *obj)
{
	struct nlattr *attrs[64];

	memset(obj, 0, set->size);
	if (genlmsg_parse((struct nlmsghdr *)nlh, 0, attrs, set->max_attr, NULL))
		return -EBADMSG;
	for (unsigned int i = 0; i < set->nfields; i++) {
		const struct cksnl_field *f = &set->fields[i];

		if (attrs[f->attr] && get_field(f, attrs[f->attr], (uint8_t *)obj + f->offset))
			*obj_has(obj) |= CKSNL_HAS(f->attr);
	}
	return 0;
}
