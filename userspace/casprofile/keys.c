// SPDX-License-Identifier: GPL-2.0-only
/* Stands in for libtoken and the sessions of libgp: all keys are there, nothing is encrypted. */
#include <stdio.h>
#include <string.h>

#include "dry.h"
#include "libgp/scp02.h"
#include "libgp/scp03.h"
#include "libtoken/token.h"

int token_find(struct token *t, const char *label, token_key *key)
{
	(void)t;
	(void)label;
	*key = 1;
	return 0;
}

int token_derive(struct token *t, token_key master, const struct token_derivation *d,
		 token_key *key)
{
	(void)t;
	(void)master;
	(void)d;
	*key = 1;
	return 0;
}

int token_scp02_key(struct token *t, token_key key, uint8_t constant, const uint8_t sequence[2],
		    uint8_t out[16])
{
	(void)t;
	(void)key;
	(void)constant;
	(void)sequence;
	memset(out, 0, 16);
	return 0;
}

int token_scp02_dek(struct token *t, token_key key, const uint8_t sequence[2], token_key *dek)
{
	(void)t;
	(void)key;
	(void)sequence;
	*dek = 1;
	return 0;
}

int token_wrap_des(struct token *t, token_key dek, token_key transport,
		   const uint8_t wrapped[TOKEN_WRAPPED_LEN], uint8_t out[16], uint8_t kcv[3])
{
	(void)t;
	(void)dek;
	(void)transport;
	(void)wrapped;
	memset(out, 0, 16);
	memset(kcv, 0, 3);
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
		 bool des, token_key *key)
{
	(void)t;
	(void)transport;
	(void)wrapped;
	(void)des;
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

static ssize_t external_authenticate(uint8_t level, uint8_t out[GP_APDU_MAX])
{
	memset(out, 0, 21);
	out[0] = 0x84;
	out[1] = 0x82;
	out[2] = level;
	out[4] = 16;
	return 21;
}

ssize_t gp_scp03_external_authenticate(struct gp_scp03 *s, uint8_t out[GP_APDU_MAX])
{
	return external_authenticate(s->level, out);
}

/* The class says that it would be secured. */
static ssize_t wrap(bool open, uint8_t level, const uint8_t *apdu, size_t len,
		    uint8_t out[GP_APDU_MAX])
{
	size_t room = level & GP_LEVEL_C_ENC ? GP_SCP03_DATA_MAX : 255 - GP_MAC_LEN;

	if (!open || len < 4 || (len > 5 && apdu[4] > room))
		return -1;
	memcpy(out, apdu, len);
	out[0] |= 0x04;
	return (ssize_t)len;
}

ssize_t gp_scp03_wrap(struct gp_scp03 *s, const uint8_t *apdu, size_t len, uint8_t out[GP_APDU_MAX])
{
	return wrap(s->open, s->level, apdu, len, out);
}

ssize_t gp_scp02_wrap(struct gp_scp02 *s, const uint8_t *apdu, size_t len, uint8_t out[GP_APDU_MAX])
{
	return wrap(s->open, s->level, apdu, len, out);
}

const char *gp_scp02_begin(struct gp_scp02 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level)
{
	(void)keys;
	(void)context;
	(void)iu;
	memset(s, 0, sizeof(*s));
	s->level = level;
	return level == 0x01 || level == 0x03 ? NULL : "SCP02 has security levels 1 and 3";
}

ssize_t gp_scp02_external_authenticate(struct gp_scp02 *s, uint8_t out[GP_APDU_MAX])
{
	return external_authenticate(s->level, out);
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
