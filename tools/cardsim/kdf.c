// SPDX-License-Identifier: GPL-2.0-only
/* The two key derivations of an SCP03 card, both NIST SP 800-108 in counter mode with CMAC. */
#include <openssl/crypto.h>
#include <string.h>

#include "kdf.h"

bool kdf_scp03(const struct aes_key *key, enum scp03_constant constant, const uint8_t *context,
	       size_t context_len, const uint8_t *context2, size_t context2_len, uint8_t *out,
	       size_t len)
{
	/* label: 11 zero bytes and the constant; separation 00; L in bits; counter */
	uint8_t head[16] = { 0 }, block[AES_BLOCK];
	struct iovec parts[] = {
		{ head, sizeof(head) },
		{ (void *)context, context_len },
		{ (void *)context2, context2 ? context2_len : 0 },
	};
	bool ok = len && len <= 2 * AES_BLOCK;

	head[11] = constant;
	head[13] = (uint8_t)(len * 8 >> 8);
	head[14] = (uint8_t)(len * 8);
	for (size_t done = 0; ok && done < len; done += AES_BLOCK) {
		head[15]++;
		ok = aes_cmac(key, parts, 3, block);
		if (ok)
			memcpy(out + done, block, len - done < AES_BLOCK ? len - done : AES_BLOCK);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

bool kdf_kdf3(const struct aes_key *master, const uint8_t kdd[KDD_LEN], uint8_t number,
	      struct aes_key *ret)
{
	uint8_t input[16] = { 0 }, blocks[2 * AES_BLOCK];
	struct iovec part = { input, sizeof(input) };
	bool ok;

	input[4] = number;
	memcpy(input + 6, kdd, KDD_LEN);
	input[0] = 1;
	ok = aes_cmac(master, &part, 1, blocks);
	input[0] = 2;
	ok = ok && aes_cmac(master, &part, 1, blocks + AES_BLOCK);
	if (ok) {
		memcpy(ret->bytes, blocks, master->len);
		ret->len = master->len;
	}
	OPENSSL_cleanse(blocks, sizeof(blocks));
	return ok;
}
