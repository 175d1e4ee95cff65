// SPDX-License-Identifier: GPL-2.0-only
/* The host's side of SCP03: GPC Amendment D, AES-128, S8 mode. */
#include "libgp/scp03.h"

#include <openssl/crypto.h>
#include <string.h>

#include "libgp/aes.h"
#include "libgp/lengths.h"

const char *gp_scp03_begin(struct gp_scp03 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level)
{
	uint8_t want[16];

	memset(s, 0, sizeof(*s));
	if (!level || !gp_level_offered(iu->i, level))
		return "the card does not offer this security level";
	s->keys = *keys;
	s->level = level;
	memcpy(s->context, context, 16);
	if (gp_scp03_derive(keys->mac, GP_DERIVE_CARD_CRYPTOGRAM, 64, context, want))
		return "AES-CMAC failed";
	if (CRYPTO_memcmp(want, iu->cryptogram, 8))
		return "wrong card cryptogram";
	return NULL;
}

/* MAC over the command as it is sent; the full MAC is the next chaining value. */
static int c_mac(struct gp_scp03 *s, const uint8_t *msg, size_t len)
{
	return gp_aes_cmac(s->keys.mac, s->mcv, sizeof(s->mcv), msg, len, s->mcv);
}

ssize_t gp_scp03_external_authenticate(struct gp_scp03 *s, uint8_t out[GP_APDU_MAX])
{
	uint8_t cryptogram[16];

	if (gp_scp03_derive(s->keys.mac, GP_DERIVE_HOST_CRYPTOGRAM, 64, s->context, cryptogram))
		return -1;
	memset(s->mcv, 0, sizeof(s->mcv));
	memset(s->counter, 0, sizeof(s->counter));
	out[0] = 0x84;
	out[1] = 0x82;
	out[2] = s->level;
	out[3] = 0;
	out[4] = 16;
	memcpy(out + 5, cryptogram, 8);
	if (c_mac(s, out, 13))
		return -1;
	memcpy(out + 13, s->mcv, GP_MAC_LEN);
	return 21;
}

static void count(struct gp_scp03 *s)
{
	for (size_t i = sizeof(s->counter); i-- && !++s->counter[i]; )
		;
}

static int icv(struct gp_scp03 *s, uint8_t first, uint8_t out[16])
{
	uint8_t block[16];

	memcpy(block, s->counter, sizeof(block));
	block[0] |= first;
	return gp_aes_ecb(s->keys.enc, block, out);
}

/* Pads with 80 00... in place and encrypts; returns the new length or -1. */
static ssize_t c_enc(struct gp_scp03 *s, uint8_t *data, size_t len)
{
	size_t padded = (len / GP_BLOCK + 1) * GP_BLOCK;
	uint8_t iv[16];

	memset(data + len, 0, padded - len);
	data[len] = 0x80;
	if (icv(s, 0, iv) || gp_aes_cbc(s->keys.enc, iv, 1, data, padded, data))
		return -1;
	return (ssize_t)padded;
}

ssize_t gp_scp03_wrap(struct gp_scp03 *s, const uint8_t *apdu, size_t len,
		      uint8_t out[GP_APDU_MAX])
{
	size_t room = s->level & GP_LEVEL_C_ENC ? GP_SCP03_DATA_MAX : 255 - GP_MAC_LEN;
	size_t lc, le;
	uint8_t buf[256 + GP_BLOCK];

	if (!s->open || !gp_lengths(apdu, len, &lc, &le) || lc > room)
		return -1;
	count(s);
	memcpy(buf, apdu + 5, lc);
	if ((s->level & GP_LEVEL_C_ENC) && lc) {
		ssize_t n = c_enc(s, buf, lc);

		if (n < 0) {
			explicit_bzero(buf, sizeof(buf));
			return -1;
		}
		lc = (size_t)n;
	}
	memcpy(out, apdu, 4);
	out[0] = (uint8_t)(apdu[0] | 0x04);
	out[4] = (uint8_t)(lc + GP_MAC_LEN);
	memcpy(out + 5, buf, lc);
	explicit_bzero(buf, sizeof(buf));
	if (c_mac(s, out, 5 + lc))
		return -1;
	memcpy(out + 5 + lc, s->mcv, GP_MAC_LEN);
	if (le)
		out[5 + lc + GP_MAC_LEN] = apdu[len - 1];
	return (ssize_t)(5 + lc + GP_MAC_LEN + le);
}

static const char *broken(struct gp_scp03 *s, const char *text)
{
	s->open = false;
	return text;
}

/* Removes 80 00...; more than the least padding is accepted, some cards send it. */
static ssize_t unpad(const uint8_t *data, size_t len)
{
	while (len && !data[len - 1])
		len--;
	if (!len || data[len - 1] != 0x80)
		return -1;
	return (ssize_t)(len - 1);
}

const char *gp_scp03_unwrap(struct gp_scp03 *s, const uint8_t *rsp, size_t len,
			    uint8_t out[GP_RESPONSE_MAX], size_t *out_len)
{
	uint8_t msg[GP_RESPONSE_MAX], mac[16], iv[16];
	size_t n;

	if (!s->open)
		return "the secure channel is closed";
	if (len < 2 || len > GP_RESPONSE_MAX)
		return broken(s, "response has a wrong length");
	n = len - 2;
	if (!(s->level & GP_LEVEL_R_MAC)) {
		memcpy(out, rsp, len);
		*out_len = len;
		return NULL;
	}
	if (!(rsp[n] == 0x90 && rsp[n + 1] == 0) && rsp[n] != 0x62 && rsp[n] != 0x63) {
		if (n)
			return broken(s, "data with an error status, without R-MAC");
		memcpy(out, rsp, 2);
		*out_len = 2;
		return NULL;
	}
	if (n < GP_MAC_LEN)
		return broken(s, "R-MAC missing");
	n -= GP_MAC_LEN;
	memcpy(msg, rsp, n);
	memcpy(msg + n, rsp + len - 2, 2);
	if (gp_aes_cmac(s->keys.rmac, s->mcv, sizeof(s->mcv), msg, n + 2, mac))
		return broken(s, "AES-CMAC failed");
	if (CRYPTO_memcmp(mac, rsp + n, GP_MAC_LEN))
		return broken(s, "wrong R-MAC");

	memcpy(out, rsp, n);
	if ((s->level & GP_LEVEL_R_ENC) && n) {
		ssize_t clear;

		if (n % GP_BLOCK)
			return broken(s, "encrypted response is not whole blocks");
		if (icv(s, 0x80, iv) || gp_aes_cbc(s->keys.enc, iv, 0, rsp, n, out))
			return broken(s, "AES failed");
		clear = unpad(out, n);
		if (clear < 0)
			return broken(s, "encrypted response has wrong padding");
		n = (size_t)clear;
	}
	memcpy(out + n, rsp + len - 2, 2);
	*out_len = n + 2;
	return NULL;
}
