// SPDX-License-Identifier: GPL-2.0-only
/* The host's side of SCP02: GPC, appendix E, "i" = 15 or 55. */
#include "libgp/scp02.h"

#include <openssl/crypto.h>
#include <string.h>

#include "libgp/des.h"
#include "libgp/lengths.h"

/* A MAC by triple DES throughout, over both challenges, padded: E.4.2. */
static int cryptogram(const uint8_t key[16], const uint8_t a[8], const uint8_t b[8],
		      uint8_t out[8])
{
	static const uint8_t zero[8];
	uint8_t data[24] = { 0 };

	memcpy(data, a, 8);
	memcpy(data + 8, b, 8);
	data[16] = 0x80;
	if (gp_des3_cbc(key, zero, data, sizeof(data), data))
		return -1;
	memcpy(out, data + 16, 8);
	return 0;
}

const char *gp_scp02_begin(struct gp_scp02 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level)
{
	uint8_t want[8];

	memset(s, 0, sizeof(*s));
	if (level != GP_LEVEL_C_MAC && level != (GP_LEVEL_C_MAC | GP_LEVEL_C_ENC))
		return "SCP02 has security levels 1 and 3";
	memcpy(s->enc, keys->enc, sizeof(s->enc));
	memcpy(s->mac, keys->mac, sizeof(s->mac));
	memcpy(s->host, context, 8);
	memcpy(s->card, context + 8, 8);
	s->level = level;
	if (cryptogram(s->enc, s->host, s->card, want))
		return "triple DES failed";
	return CRYPTO_memcmp(want, iu->cryptogram, 8) ? "wrong card cryptogram" : NULL;
}

/* E.4.4: the ICV is the MAC of the command before, encrypted, but for the first command. */
static int c_mac(struct gp_scp02 *s, const uint8_t *msg, size_t len, bool first)
{
	if (!first && gp_des_ecb(s->mac, s->icv, s->icv))
		return -1;
	return gp_des_retail_mac(s->mac, s->icv, msg, len, s->icv);
}

ssize_t gp_scp02_external_authenticate(struct gp_scp02 *s, uint8_t out[GP_APDU_MAX])
{
	out[0] = 0x84;
	out[1] = 0x82;
	out[2] = s->level;
	out[3] = 0;
	out[4] = 16;
	if (cryptogram(s->enc, s->card, s->host, out + 5) || c_mac(s, out, 13, true))
		return -1;
	memcpy(out + 13, s->icv, sizeof(s->icv));
	return 21;
}

/* The MAC is over the clear data; these are then padded with 80 00... and encrypted. */
static ssize_t c_enc(struct gp_scp02 *s, uint8_t *data, size_t len)
{
	static const uint8_t zero[8];
	size_t padded = (len / GP_DES_BLOCK + 1) * GP_DES_BLOCK;

	memset(data + len, 0, padded - len);
	data[len] = 0x80;
	return gp_des3_cbc(s->enc, zero, data, padded, data) ? -1 : (ssize_t)padded;
}

ssize_t gp_scp02_wrap(struct gp_scp02 *s, const uint8_t *apdu, size_t len,
		      uint8_t out[GP_APDU_MAX])
{
	size_t room = s->level & GP_LEVEL_C_ENC ? GP_SCP03_DATA_MAX : 255 - GP_MAC_LEN;
	size_t lc, le;
	ssize_t n;

	if (!s->open || !gp_lengths(apdu, len, &lc, &le) || lc > room)
		return -1;
	memcpy(out, apdu, 4);
	out[0] = (uint8_t)(apdu[0] | 0x04);
	out[4] = (uint8_t)(lc + GP_MAC_LEN);
	memcpy(out + 5, apdu + 5, lc);
	if (c_mac(s, out, 5 + lc, false))
		return -1;
	if ((s->level & GP_LEVEL_C_ENC) && lc) {
		n = c_enc(s, out + 5, lc);
		if (n < 0)
			return -1;
		lc = (size_t)n;
	}
	out[4] = (uint8_t)(lc + GP_MAC_LEN);
	memcpy(out + 5 + lc, s->icv, GP_MAC_LEN);
	if (le)
		out[5 + lc + GP_MAC_LEN] = apdu[len - 1];
	return (ssize_t)(5 + lc + GP_MAC_LEN + le);
}
