// SPDX-License-Identifier: GPL-2.0-only
/* Stands in for libtoken and the SCP03 of libgp: all keys are there, and nothing is encrypted. */
#include <stdio.h>
#include <string.h>

#include "dry.h"
#include "libgp/scp03.h"
#include "libtoken/token.h"

int token_find(struct token *t, const char *label, token_key *key)
{
	(void)t;
	(void)label;
	*key = 1;
	return 0;
}

int token_derive_kdf3(struct token *t, token_key master, unsigned int k,
		      const uint8_t kdd[TOKEN_KDD_LEN], token_key *key)
{
	(void)t;
	(void)master;
	(void)k;
	(void)kdd;
	*key = 1;
	return 0;
}

int token_cmac(struct token *t, token_key key, const uint8_t *data, size_t len, uint8_t mac[16])
{
	(void)t;
	(void)key;
	(void)data;
	(void)len;
	memset(mac, 0, 16);
	return 0;
}

int token_unwrap(struct token *t, token_key transport, const uint8_t wrapped[TOKEN_WRAPPED_LEN],
		 token_key *key)
{
	(void)t;
	(void)transport;
	(void)wrapped;
	*key = 1;
	return 0;
}

int token_wrap_cbc(struct token *t, token_key dek, token_key key, uint8_t out[16])
{
	(void)t;
	(void)dek;
	(void)key;
	memset(out, 0, 16);
	return 0;
}

int token_kcv(struct token *t, token_key key, uint8_t kcv[3])
{
	(void)t;
	(void)key;
	memset(kcv, 0, 3);
	return 0;
}

void token_destroy(struct token *t, token_key key)
{
	(void)t;
	(void)key;
}

const char *token_error(const struct token *t)
{
	(void)t;
	return "";
}

const char *gp_scp03_begin(struct gp_scp03 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level)
{
	(void)keys;
	(void)context;
	memset(s, 0, sizeof(*s));
	if (!level || !gp_level_offered(iu->i, level))
		return "the card does not offer this security level";
	s->level = level;
	return NULL;
}

ssize_t gp_scp03_external_authenticate(struct gp_scp03 *s, uint8_t out[GP_APDU_MAX])
{
	memset(out, 0, 21);
	out[0] = 0x84;
	out[1] = 0x82;
	out[2] = s->level;
	out[4] = 16;
	return 21;
}

/* The class says that it would be secured. */
ssize_t gp_scp03_wrap(struct gp_scp03 *s, const uint8_t *apdu, size_t len, uint8_t out[GP_APDU_MAX])
{
	size_t room = s->level & GP_LEVEL_C_ENC ? GP_SCP03_DATA_MAX : 255 - GP_MAC_LEN;

	if (!s->open || len < 4 || (len > 5 && apdu[4] > room))
		return -1;
	memcpy(out, apdu, len);
	out[0] |= 0x04;
	return (ssize_t)len;
}

const char *gp_scp03_unwrap(struct gp_scp03 *s, const uint8_t *rsp, size_t len,
			    uint8_t out[GP_RESPONSE_MAX], size_t *out_len)
{
	if (!s->open)
		return "the secure channel is closed";
	memcpy(out, rsp, len);
	*out_len = len;
	return NULL;
}
