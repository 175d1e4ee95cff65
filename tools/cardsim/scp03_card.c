// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's end of Secure Channel Protocol 03. A second implementation on purpose: it shares
 * nothing with the server's, so that one mistake cannot hide in both.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "kdf.h"
#include "scp03_card.h"

#define SEQUENCE_MASK	0xffffffU

void scp03_close(struct scp03 *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

static bool session_key(struct scp03 *s, const struct aes_key *base, enum scp03_constant constant,
			struct aes_key *ret)
{
	ret->len = base->len;
	return kdf_scp03(base, constant, s->host, SCP03_S8, s->challenge, SCP03_S8, ret->bytes,
			 ret->len);
}

bool scp03_start(struct scp03 *s, struct keyset *set, const uint8_t host[SCP03_S8],
		 const uint8_t *aid, size_t aid_len, uint8_t cryptogram[SCP03_S8])
{
	uint8_t seq[3];

	scp03_close(s);
	set->sequence = (set->sequence + 1) & SEQUENCE_MASK;
	seq[0] = (uint8_t)(set->sequence >> 16);
	seq[1] = (uint8_t)(set->sequence >> 8);
	seq[2] = (uint8_t)set->sequence;
	memcpy(s->host, host, SCP03_S8);
	s->kvn = set->kvn;
	s->dek = set->keys[KEY_DEK];
	if (!kdf_scp03(&set->keys[KEY_ENC], SCP03_CARD_CHALLENGE, seq, sizeof(seq), aid, aid_len,
		       s->challenge, SCP03_S8) ||
	    !session_key(s, &set->keys[KEY_ENC], SCP03_S_ENC, &s->enc) ||
	    !session_key(s, &set->keys[KEY_MAC], SCP03_S_MAC, &s->mac) ||
	    !session_key(s, &set->keys[KEY_MAC], SCP03_S_RMAC, &s->rmac) ||
	    !kdf_scp03(&s->mac, SCP03_CARD_CRYPTOGRAM, s->host, SCP03_S8, s->challenge, SCP03_S8,
		       cryptogram, SCP03_S8)) {
		scp03_close(s);
		return false;
	}
	s->state = SCP03_STARTED;
	return true;
}

/* C-MAC over MCV, header with the length as sent, and data as sent; moves MCV on. */
static enum scp03_result check_mac(struct scp03 *s, const uint8_t header[4], const uint8_t *data,
				   size_t len)
{
	uint8_t head[5], mac[AES_BLOCK];
	struct iovec parts[] = {
		{ s->mcv, sizeof(s->mcv) },
		{ head, sizeof(head) },
		{ (void *)data, 0 },
	};

	if (len < SCP03_S8)
		return SCP03_BAD_MAC;
	memcpy(head, header, 4);
	head[4] = (uint8_t)len;
	parts[2].iov_len = len - SCP03_S8;
	if (!aes_cmac(&s->mac, parts, 3, mac))
		return SCP03_BROKEN;
	if (CRYPTO_memcmp(mac, data + len - SCP03_S8, SCP03_S8))
		return SCP03_BAD_MAC;
	memcpy(s->mcv, mac, sizeof(mac));
	return SCP03_OK;
}

enum scp03_result scp03_authenticate(struct scp03 *s, const uint8_t header[4],
				     const uint8_t data[2 * SCP03_S8])
{
	uint8_t expected[SCP03_S8];
	enum scp03_result res;

	memset(s->mcv, 0, sizeof(s->mcv));
	res = check_mac(s, header, data, 2 * SCP03_S8);
	if (res == SCP03_OK &&
	    !kdf_scp03(&s->mac, SCP03_HOST_CRYPTOGRAM, s->host, SCP03_S8, s->challenge, SCP03_S8,
		       expected, SCP03_S8))
		res = SCP03_BROKEN;
	if (res == SCP03_OK && CRYPTO_memcmp(expected, data, SCP03_S8))
		res = SCP03_BAD_CRYPTOGRAM;
	if (res != SCP03_OK) {
		scp03_close(s);
		return res;
	}
	s->level = header[2];
	s->counter = 0;
	s->state = SCP03_OPEN;
	return SCP03_OK;
}

static bool icv(struct scp03 *s, bool response, uint8_t out[AES_BLOCK])
{
	uint8_t block[AES_BLOCK] = { 0 };

	if (response)
		block[0] = 0x80;
	block[12] = (uint8_t)(s->counter >> 24);
	block[13] = (uint8_t)(s->counter >> 16);
	block[14] = (uint8_t)(s->counter >> 8);
	block[15] = (uint8_t)s->counter;
	return aes_encrypt_block(&s->enc, block, out);
}

static bool unpad(const uint8_t *data, size_t *len)
{
	size_t n = *len;

	while (n && !data[n - 1])
		n--;
	if (!n || data[n - 1] != 0x80)
		return false;
	*len = n - 1;
	return true;
}

static enum scp03_result decrypt(struct scp03 *s, const uint8_t *data, size_t len, uint8_t *out,
				 size_t *ret_len)
{
	uint8_t iv[AES_BLOCK];
	size_t clear = len;

	if (len % AES_BLOCK)
		return SCP03_BAD_MAC;
	if (!icv(s, false, iv) || !aes_cbc_decrypt(&s->enc, iv, data, len, out))
		return SCP03_BROKEN;
	if (!unpad(out, &clear))
		return SCP03_BAD_MAC;
	*ret_len = clear;
	return SCP03_OK;
}

enum scp03_result scp03_unwrap(struct scp03 *s, const uint8_t header[4], const uint8_t *data,
			       size_t len, uint8_t *out, size_t *ret_len)
{
	enum scp03_result res = check_mac(s, header, data, len);
	size_t n;

	if (res == SCP03_OK) {
		n = len - SCP03_S8;
		/* counted for every command, also without data (Amendment D 6.2.6) */
		s->counter++;
		if (n && (s->level & SCP03_C_DEC)) {
			res = decrypt(s, data, n, out, ret_len);
		} else {
			memcpy(out, data, n);
			*ret_len = n;
		}
	}
	if (res != SCP03_OK)
		scp03_close(s);
	return res;
}

size_t scp03_response_room(uint8_t level)
{
	if (level & SCP03_R_ENC)
		return 239;	/* 240 with its padding, and the MAC */
	return level & SCP03_R_MAC ? 256 - SCP03_S8 : 256;
}

bool scp03_wrap(struct scp03 *s, uint8_t *rsp, size_t len, uint16_t sw, size_t *ret_len)
{
	uint8_t status[2] = { (uint8_t)(sw >> 8), (uint8_t)sw }, iv[AES_BLOCK], mac[AES_BLOCK];
	struct iovec parts[] = {
		{ s->mcv, sizeof(s->mcv) },
		{ rsp, 0 },
		{ status, sizeof(status) },
	};

	if (!(s->level & SCP03_R_MAC)) {
		*ret_len = len;
		return true;
	}
	if (sw != 0x9000 && status[0] != 0x62 && status[0] != 0x63) {
		*ret_len = 0;
		return true;
	}
	if (len > scp03_response_room(s->level))
		return false;
	if (len && (s->level & SCP03_R_ENC)) {
		rsp[len++] = 0x80;
		while (len % AES_BLOCK)
			rsp[len++] = 0;
		if (!icv(s, true, iv) || !aes_cbc_encrypt(&s->enc, iv, rsp, len, rsp))
			return false;
	}
	parts[1].iov_len = len;
	if (!aes_cmac(&s->rmac, parts, 3, mac))
		return false;
	memcpy(rsp + len, mac, SCP03_S8);
	*ret_len = len + SCP03_S8;
	return true;
}
