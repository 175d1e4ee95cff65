// SPDX-License-Identifier: GPL-2.0-only
/* The secrets of a record as one piece, for who seals and unseals it. */
#include <string.h>

#include "libledger/ledger.h"

#define FIXED (LEDGER_SECRETS_MAX - LEDGER_PAYLOAD_MAX)

size_t ledger_record_pack(const struct ledger_record *r, uint8_t out[LEDGER_SECRETS_MAX])
{
	uint8_t *p = out;

	p = mempcpy(p, r->imsi, sizeof(r->imsi));
	p = mempcpy(p, r->pin1, sizeof(r->pin1));
	p = mempcpy(p, r->puk1, sizeof(r->puk1));
	p = mempcpy(p, r->keys, sizeof(r->keys));
	p = mempcpy(p, r->payload, r->payload_len);
	return (size_t)(p - out);
}

static const uint8_t *take_text(char *out, size_t len, const uint8_t *p)
{
	memcpy(out, p, len);
	out[len - 1] = '\0';
	return p + len;
}

bool ledger_record_unpack(struct ledger_record *r, const uint8_t *secrets, size_t len)
{
	const uint8_t *p = secrets;

	if (len < FIXED || len > LEDGER_SECRETS_MAX)
		return false;
	p = take_text(r->imsi, sizeof(r->imsi), p);
	p = take_text(r->pin1, sizeof(r->pin1), p);
	p = take_text(r->puk1, sizeof(r->puk1), p);
	memcpy(r->keys, p, sizeof(r->keys));
	p += sizeof(r->keys);
	r->payload_len = len - FIXED;
	memcpy(r->payload, p, r->payload_len);
	return true;
}
