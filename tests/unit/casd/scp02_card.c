// SPDX-License-Identifier: GPL-2.0-only
/* A card with SCP02, i = 15: GPC, appendix E. */
#include "scp02_card.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t challenge[6] = { 0xca, 0x11, 0xe4, 0x6e, 0x00, 0x02 };

/* Triple DES in CBC, in place; a test has no use for an error of OpenSSL. */
static void des3(const uint8_t key[16], const uint8_t *iv, int encrypt, uint8_t *data, size_t len)
{
	static const uint8_t zero[8];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n, m;

	if (!EVP_CipherInit_ex(ctx, EVP_des_ede_cbc(), NULL, key, iv ? iv : zero, encrypt) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_CipherUpdate(ctx, data, &n, data, (int)len) ||
	    !EVP_CipherFinal_ex(ctx, data + n, &m))
		abort();
	EVP_CIPHER_CTX_free(ctx);
}

static void single_des(const uint8_t key[16], const uint8_t *iv, uint8_t *data, size_t len)
{
	uint8_t same[16];

	memcpy(same, key, 8);
	memcpy(same + 8, key, 8);
	des3(same, iv, 1, data, len);
}

static size_t pad(uint8_t *data, size_t len)
{
	size_t padded = (len / 8 + 1) * 8;

	memset(data + len, 0, padded - len);
	data[len] = 0x80;
	return padded;
}

/* ISO 9797-1, algorithm 3: all but the last block by single DES. */
static void retail_mac(const uint8_t key[16], const uint8_t iv[8], const uint8_t *msg, size_t len,
		       uint8_t mac[8])
{
	uint8_t buf[272], chain[8];

	memcpy(buf, msg, len);
	len = pad(buf, len);
	memcpy(chain, iv, 8);
	if (len > 8) {
		single_des(key, iv, buf, len - 8);
		memcpy(chain, &buf[len - 16], 8);
	}
	des3(key, chain, 1, buf + len - 8, 8);
	memcpy(mac, buf + len - 8, 8);
}

static void cryptogram(const uint8_t key[16], const uint8_t *a, const uint8_t *b, uint8_t out[8])
{
	uint8_t buf[24];

	memcpy(buf, a, 8);
	memcpy(buf + 8, b, 8);
	pad(buf, 16);
	des3(key, NULL, 1, buf, 24);
	memcpy(out, buf + 16, 8);
}

static void kcv(const uint8_t key[16], uint8_t out[3])
{
	uint8_t block[8] = { 0 };

	des3(key, NULL, 1, block, 8);
	memcpy(out, block, 3);
}

void scp02_card_init(struct scp02_card *c, uint8_t serial, const uint8_t master[16])
{
	memset(c, 0, sizeof(*c));
	for (uint8_t i = 0; i < 10; i++)
		c->kdd[i] = (uint8_t)(0x90 + i);
	c->kdd[7] = serial;
	c->kvn = 1;
	for (uint8_t k = 0; k < 3; k++) {
		for (int half = 0; half < 2; half++) {
			uint8_t *p = c->keys[k] + 8 * half;

			memcpy(p, c->kdd, 2);
			memcpy(p + 2, c->kdd + 4, 4);
			p[6] = half ? 0x0f : 0xf0;
			p[7] = (uint8_t)(k + 1);
			des3(master, NULL, 1, p, 8);
		}
	}
}

static size_t status(uint8_t *rsp, size_t len, uint16_t sw)
{
	rsp[len] = (uint8_t)(sw >> 8);
	rsp[len + 1] = (uint8_t)sw;
	return len + 2;
}

/* What stands for the card in the cryptograms. */
static void of_card(const struct scp02_card *c, uint8_t out[8])
{
	out[0] = (uint8_t)(c->counter >> 8);
	out[1] = (uint8_t)c->counter;
	memcpy(out + 2, challenge, 6);
}

static size_t initialize_update(struct scp02_card *c, const uint8_t *apdu, uint8_t *rsp)
{
	static const uint8_t constants[3] = { 0x82, 0x01, 0x81 };

	if (apdu[2] && apdu[2] != c->kvn)
		return status(rsp, 0, 0x6a88);
	c->level = 0;
	for (int k = 0; k < 3; k++) {
		memset(c->session[k], 0, 16);
		c->session[k][0] = 1;
		c->session[k][1] = constants[k];
		c->session[k][2] = (uint8_t)(c->counter >> 8);
		c->session[k][3] = (uint8_t)c->counter;
		des3(c->keys[k], NULL, 1, c->session[k], 16);
	}
	memcpy(c->host, apdu + 5, 8);
	memcpy(rsp, c->kdd, 10);
	rsp[10] = c->kvn;
	rsp[11] = 2;
	of_card(c, rsp + 12);
	cryptogram(c->session[0], c->host, rsp + 12, rsp + 20);
	return status(rsp, 28, 0x9000);
}

static size_t external_authenticate(struct scp02_card *c, const uint8_t *apdu, uint8_t *rsp)
{
	static const uint8_t zero[8];
	uint8_t card[8], want[8];

	of_card(c, card);
	cryptogram(c->session[0], card, c->host, want);
	retail_mac(c->session[1], zero, apdu, 13, c->icv);
	if (memcmp(want, apdu + 5, 8) || memcmp(c->icv, apdu + 13, 8)) {
		c->mac_errors++;
		return status(rsp, 0, 0x6300);
	}
	c->counter++;
	c->level = apdu[2];
	return status(rsp, 0, 0x9000);
}

/* Takes the protection off; false: the MAC is wrong. */
static bool unwrap(struct scp02_card *c, const uint8_t *apdu, size_t len, uint8_t *clear,
		   size_t *clear_len)
{
	size_t n = len > 5 ? apdu[4] : 0;
	uint8_t iv[8];

	if (!c->level || n < 8 || len < 5 + n)
		return false;
	n -= 8;
	memcpy(clear, apdu, 5 + n);
	if ((c->level & 2) && n) {
		des3(c->session[0], NULL, 0, clear + 5, n);
		while (n && !clear[5 + n - 1])
			n--;
		if (!n || clear[5 + n - 1] != 0x80)
			return false;
		n--;
	}
	clear[4] = (uint8_t)(n + 8);
	memcpy(iv, c->icv, 8);
	single_des(c->session[1], NULL, iv, 8);
	retail_mac(c->session[1], iv, clear, 5 + n, c->icv);
	*clear_len = n;
	return !memcmp(c->icv, apdu + 5 + apdu[4] - 8, 8);
}

static size_t take_keys(struct scp02_card *c, const uint8_t *data, size_t len, uint8_t *rsp)
{
	uint8_t fresh[3][16], check[3];

	if (len != 1 + 3 * 22)
		return status(rsp, 0, 0x6a80);
	rsp[0] = data[0];
	for (int k = 0; k < 3; k++) {
		const uint8_t *p = data + 1 + 22 * k;

		if (p[0] != 0x80 || p[1] != 16 || p[18] != 3)
			return status(rsp, 0, 0x6a80);
		memcpy(fresh[k], p + 2, 16);
		des3(c->session[2], NULL, 0, fresh[k], 8);
		des3(c->session[2], NULL, 0, fresh[k] + 8, 8);
		kcv(fresh[k], check);
		if (memcmp(check, p + 19, 3))
			return status(rsp, 0, 0x6982);
		memcpy(rsp + 1 + 3 * k, check, 3);
	}
	memcpy(c->keys, fresh, sizeof(fresh));
	c->kvn = data[0];
	return status(rsp, 10, 0x9000);
}

size_t scp02_card_command(void *card, const uint8_t *apdu, size_t len, uint8_t *rsp)
{
	struct scp02_card *c = card;
	uint8_t clear[264];
	size_t n;

	if (apdu[0] == 0x80 && apdu[1] == 0x50 && len >= 13)
		return initialize_update(c, apdu, rsp);
	if (apdu[0] == 0x84 && apdu[1] == 0x82 && len == 21)
		return external_authenticate(c, apdu, rsp);
	if (!unwrap(c, apdu, len, clear, &n)) {
		c->mac_errors++;
		return status(rsp, 0, 0x6982);
	}
	if (apdu[1] == 0xd8)
		return take_keys(c, clear + 5, n, rsp);
	if (apdu[1] == 0xe2 && c->store_len + n <= sizeof(c->store)) {
		memcpy(c->store + c->store_len, clear + 5, n);
		c->store_len += n;
		return status(rsp, 0, 0x9000);
	}
	return status(rsp, 0, 0x6d00);
}
