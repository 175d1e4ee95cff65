/* SPDX-License-Identifier: GPL-2.0-only */
/* A plain SCP03 host for the tests of the simulated card; levels 01, 03, 11, 13 and 33. */
#ifndef TESTS_CARDSIM_HOST_H
#define TESTS_CARDSIM_HOST_H

#include <string.h>

#include "identity.h"

struct host {
	size_t (*transmit)(void *ctx, const uint8_t *apdu, size_t len, uint8_t rsp[258]);
	void *ctx;
	struct aes_key enc, mac, rmac;
	uint8_t mcv[16];
	uint8_t level;
	uint32_t counter;
};

static unsigned int host_sw(const uint8_t *rsp, size_t len)
{
	return len < 2 ? 0 : rsp[len - 2] << 8U | rsp[len - 1];
}

/* C-MAC over MCV and the first @len bytes of @apdu; moves MCV on and appends 8 bytes. */
static void host_mac(struct host *h, uint8_t *apdu, size_t len)
{
	struct iovec parts[] = { { h->mcv, 16 }, { apdu, len } };

	assert_true(aes_cmac(&h->mac, parts, 2, h->mcv));
	memcpy(apdu + len, h->mcv, 8);
}

static void host_icv(struct host *h, uint8_t first, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = first;
	out[14] = (uint8_t)(h->counter >> 8);
	out[15] = (uint8_t)h->counter;
	assert_true(aes_encrypt_block(&h->enc, out, out));
}

/* One command in the session; response data in @out, status word returned. */
static unsigned int host_command(struct host *h, uint8_t ins, uint8_t p1, uint8_t p2,
				 const uint8_t *data, size_t len, uint8_t *out, size_t *ret_len)
{
	uint8_t apdu[262] = { 0x84, ins, p1, p2 }, rsp[258], iv[16], mac[16];
	unsigned int sw;
	size_t n;

	h->counter++;
	if (len)
		memcpy(apdu + 5, data, len);
	if (len && (h->level & 0x02)) {
		apdu[5 + len++] = 0x80;
		while (len % 16)
			apdu[5 + len++] = 0;
		host_icv(h, 0, iv);
		assert_true(aes_cbc_encrypt(&h->enc, iv, apdu + 5, len, apdu + 5));
	}
	apdu[4] = (uint8_t)(len + 8);
	host_mac(h, apdu, 5 + len);
	apdu[13 + len] = 0;
	n = h->transmit(h->ctx, apdu, 14 + len, rsp);
	sw = host_sw(rsp, n);
	n -= 2;
	if ((h->level & 0x10) && (sw == 0x9000 || sw >> 8 == 0x62 || sw >> 8 == 0x63)) {
		struct iovec parts[] = { { h->mcv, 16 }, { rsp, n - 8 }, { rsp + n, 2 } };

		assert_true(n >= 8);
		assert_true(aes_cmac(&h->rmac, parts, 3, mac));
		assert_memory_equal(mac, rsp + n - 8, 8);
		n -= 8;
		if (n && (h->level & 0x20)) {
			host_icv(h, 0x80, iv);
			assert_true(aes_cbc_decrypt(&h->enc, iv, rsp, n, rsp));
			while (n && !rsp[n - 1])
				n--;
			assert_true(n && rsp[n - 1] == 0x80);
			n--;
		}
	}
	if (out) {
		memcpy(out, rsp, n);
		*ret_len = n;
	}
	return sw;
}

/* INITIALIZE UPDATE; false when the card cryptogram is wrong or the card refuses. */
static int host_initialize(struct host *h, const struct aes_key keys[KEY_COUNT], uint8_t kvn,
			   uint8_t host_cryptogram[8])
{
	uint8_t apdu[14] = { 0x80, 0x50, kvn, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0 };
	uint8_t rsp[258], want[8];
	size_t n = h->transmit(h->ctx, apdu, sizeof(apdu), rsp);

	if (n != 34 || host_sw(rsp, n) != 0x9000)
		return 0;
	h->enc.len = keys[KEY_ENC].len;
	h->mac.len = keys[KEY_ENC].len;
	h->rmac.len = keys[KEY_ENC].len;
	assert_true(kdf_scp03(&keys[KEY_ENC], SCP03_S_ENC, apdu + 5, 8, rsp + 13, 8, h->enc.bytes,
			      h->enc.len));
	assert_true(kdf_scp03(&keys[KEY_MAC], SCP03_S_MAC, apdu + 5, 8, rsp + 13, 8, h->mac.bytes,
			      h->mac.len));
	assert_true(kdf_scp03(&keys[KEY_MAC], SCP03_S_RMAC, apdu + 5, 8, rsp + 13, 8,
			      h->rmac.bytes, h->rmac.len));
	assert_true(kdf_scp03(&h->mac, SCP03_CARD_CRYPTOGRAM, apdu + 5, 8, rsp + 13, 8, want, 8));
	assert_true(kdf_scp03(&h->mac, SCP03_HOST_CRYPTOGRAM, apdu + 5, 8, rsp + 13, 8,
			      host_cryptogram, 8));
	return !memcmp(want, rsp + 21, 8);
}

static unsigned int host_authenticate(struct host *h, uint8_t level, const uint8_t cryptogram[8])
{
	uint8_t apdu[21] = { 0x84, 0x82, level, 0, 0x10 }, rsp[258];

	memset(h->mcv, 0, 16);
	memcpy(apdu + 5, cryptogram, 8);
	host_mac(h, apdu, 13);
	h->level = level;
	h->counter = 0;
	return host_sw(rsp, h->transmit(h->ctx, apdu, sizeof(apdu), rsp));
}

static unsigned int host_open(struct host *h, const struct aes_key keys[KEY_COUNT], uint8_t kvn,
			      uint8_t level)
{
	uint8_t cryptogram[8];

	if (!host_initialize(h, keys, kvn, cryptogram))
		return 0;
	return host_authenticate(h, level, cryptogram);
}

/* Data field of PUT KEY for @keys under @dek. */
static size_t host_put_key_data(const struct aes_key *dek, uint8_t kvn,
				const struct aes_key keys[KEY_COUNT], uint8_t out[120])
{
	static const uint8_t zero[16];
	size_t n = 0;

	out[n++] = kvn;
	for (int i = 0; i < KEY_COUNT; i++) {
		out[n++] = 0x88;
		out[n++] = (uint8_t)(keys[i].len + 1);
		out[n++] = (uint8_t)keys[i].len;
		assert_true(aes_cbc_encrypt(dek, zero, keys[i].bytes, keys[i].len, out + n));
		n += keys[i].len;
		out[n++] = 3;
		assert_true(aes_kcv(&keys[i], out + n));
		n += 3;
	}
	return n;
}

#endif
