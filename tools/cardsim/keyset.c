// SPDX-License-Identifier: GPL-2.0-only
/* The key sets of a security domain and PUT KEY. */
#include <openssl/crypto.h>
#include <string.h>

#include "keyset.h"
#include "status.h"

#define KEY_TYPE_AES	0x88
#define KVN_MAX		0x7f

struct keyset *keyring_find(struct keyring *ring, uint8_t kvn)
{
	if (!kvn)
		return ring->sets[ring->latest].kvn ? &ring->sets[ring->latest] : NULL;
	for (unsigned int i = 0; i < KEYSET_MAX; i++)
		if (ring->sets[i].kvn == kvn)
			return &ring->sets[i];
	return NULL;
}

static struct keyset *free_place(struct keyring *ring)
{
	for (unsigned int i = 0; i < KEYSET_MAX; i++)
		if (!ring->sets[i].kvn)
			return &ring->sets[i];
	return NULL;
}

bool keyring_init(struct keyring *ring, uint8_t kvn, const struct aes_key keys[KEY_COUNT])
{
	struct keyset *set = free_place(ring);

	if (!kvn || !set || keyring_find(ring, kvn))
		return false;
	memset(set, 0, sizeof(*set));
	set->kvn = kvn;
	set->initial = true;
	memcpy(set->keys, keys, sizeof(set->keys));
	ring->latest = (unsigned int)(set - ring->sets);
	return true;
}

/* One key field; returns the bytes it takes, or 0 with the reason in @ret_sw. */
static size_t parse_key(const struct aes_key *dek, const uint8_t *p, size_t len,
			struct aes_key *ret_key, uint8_t ret_kcv[3], uint16_t *ret_sw)
{
	static const uint8_t zero_iv[AES_BLOCK];
	uint8_t clear[AES_KEY_MAX];
	size_t key_len, padded;
	bool ok;

	*ret_sw = SW_WRONG_DATA;
	if (len < 3 || p[0] != KEY_TYPE_AES) {
		if (len && p[0] != KEY_TYPE_AES)
			*ret_sw = SW_ALGORITHM;
		return 0;
	}
	key_len = p[2];
	if (key_len != 16 && key_len != 24 && key_len != 32) {
		*ret_sw = SW_ALGORITHM;
		return 0;
	}
	padded = (key_len + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
	if (p[1] != padded + 1 || len < 3 + padded + 4 || p[3 + padded] != 3)
		return 0;
	*ret_sw = SW_FAILURE;
	ok = aes_cbc_decrypt(dek, zero_iv, p + 3, padded, clear);
	if (ok) {
		memcpy(ret_key->bytes, clear, key_len);
		ret_key->len = key_len;
		ok = aes_kcv(ret_key, ret_kcv);
	}
	OPENSSL_cleanse(clear, sizeof(clear));
	if (!ok)
		return 0;
	if (memcmp(ret_kcv, p + 4 + padded, 3)) {
		*ret_sw = SW_WRONG_KCV;
		return 0;
	}
	return 3 + padded + 4;
}

static uint16_t put(struct keyring *ring, uint8_t replace, const struct keyset *fresh)
{
	struct keyset *place, *same = keyring_find(ring, fresh->kvn);

	if (replace) {
		place = keyring_find(ring, replace);
		if (!place)
			return SW_NOT_FOUND;
		if (same && same != place)
			return SW_CONDITIONS;
	} else {
		if (same)
			return SW_CONDITIONS;
		place = NULL;
		for (unsigned int i = 0; i < KEYSET_MAX; i++)
			if (ring->sets[i].kvn && ring->sets[i].initial)
				place = &ring->sets[i];
		if (!place)
			place = free_place(ring);
		if (!place)
			return SW_NO_ROOM;
	}
	*place = *fresh;
	ring->latest = (unsigned int)(place - ring->sets);
	return SW_OK;
}

uint16_t keyring_put(struct keyring *ring, uint8_t replace, const struct aes_key *dek,
		     const uint8_t *data, size_t len, uint8_t rsp[10])
{
	struct keyset fresh = { 0 };
	uint16_t sw = SW_WRONG_DATA;
	size_t at = 1;

	if (!len || !data[0] || data[0] > KVN_MAX)
		return SW_WRONG_DATA;
	fresh.kvn = data[0];
	rsp[0] = data[0];
	for (unsigned int i = 0; i < KEY_COUNT; i++) {
		size_t n = parse_key(dek, data + at, len - at, &fresh.keys[i], rsp + 1 + 3 * i,
				     &sw);

		if (!n)
			goto out;
		at += n;
	}
	if (at != len || fresh.keys[KEY_MAC].len != fresh.keys[KEY_ENC].len ||
	    fresh.keys[KEY_DEK].len != fresh.keys[KEY_ENC].len)
		sw = SW_WRONG_DATA;
	else
		sw = put(ring, replace, &fresh);
out:
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return sw;
}

void keyring_wipe(struct keyring *ring)
{
	OPENSSL_cleanse(ring, sizeof(*ring));
}
