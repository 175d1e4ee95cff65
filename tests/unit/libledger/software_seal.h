/* SPDX-License-Identifier: GPL-2.0-only */
/* Seals the records of a test's orders in software, where no token is needed. */
#ifndef TESTS_SOFTWARE_SEAL_H
#define TESTS_SOFTWARE_SEAL_H

#include "libgp/gcm.h"
#include "libledger/ledger.h"

static const uint8_t software_key[16] = { 0x51, 0xf0, 0x3c };

static inline bool software_seal(void *arg, const char *iccid, const uint8_t *data, size_t len,
				 uint8_t *out)
{
	(void)arg;
	return !gp_seal(software_key, iccid, data, len, out);
}

static inline bool software_unseal(void *arg, const char *with, const uint8_t *sealed, size_t len,
				   uint8_t *out)
{
	(void)arg;
	return !gp_unseal(software_key, with, sealed, len, out);
}

static inline const char *software_error(void *arg)
{
	(void)arg;
	return "it cannot be sealed";
}

static const struct order_seal software_order = {
	.key = "order-key",
	.seal = software_seal,
	.unseal = software_unseal,
	.error = software_error,
};

/* What casd does with the key process. */
static inline bool software_open(struct ledger_record *r)
{
	uint8_t secrets[LEDGER_SECRETS_MAX];

	return !gp_unseal(software_key, r->iccid, r->sealed, r->sealed_len, secrets) &&
	       ledger_record_unpack(r, secrets, r->sealed_len - GP_SEAL);
}

#endif
