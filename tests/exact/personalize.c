// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a personalization; see personalize.h.
 */
#include <string.h>

#include "libgp/aes.h"
#include "libgp/dgi.h"
#include "libgp/putkey.h"
#include "libgp/scp03.h"
#include "personalize.h"

#define KEYS		3
#define LEVEL		0x33
#define ICCID		0x9f01
#define IMSI		0x9f02
#define PAYLOAD		0x9f10
#define PAYLOAD_LEN	300
#define LIST_MAX	400

const uint8_t personalize_master[16] = {
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
	0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
};

/**
 * struct perso - one card on its way
 * @io: to the card
 * @kdd: of the card
 * @keys: of the card, ENC, MAC, DEK
 * @fresh: those that it gets
 * @scp: session
 * @rsp: data of the last response, without SW1 SW2
 * @rsp_len: length
 */
struct perso {
	const struct personalize_io *io;
	uint8_t kdd[GP_KDD_LEN];
	uint8_t keys[KEYS][16];
	uint8_t fresh[KEYS][16];
	struct gp_scp03 scp;
	uint8_t rsp[GP_RESPONSE_MAX];
	size_t rsp_len;
};

/* The last response says 9000, which is taken off. */
static bool is_good(struct perso *p)
{
	if (p->rsp_len < 2 || p->rsp[p->rsp_len - 2] != 0x90 || p->rsp[p->rsp_len - 1])
		return false;
	p->rsp_len -= 2;
	return true;
}

static bool plain(struct perso *p, const uint8_t *cmd, size_t len)
{
	return p->io->transmit(p->io->ctx, cmd, len, p->rsp, &p->rsp_len) && is_good(p);
}

static bool secure(struct perso *p, const uint8_t *cmd, size_t len)
{
	uint8_t wrapped[GP_APDU_MAX], clear[GP_RESPONSE_MAX];
	ssize_t n = gp_scp03_wrap(&p->scp, cmd, len, wrapped);
	size_t clear_len;

	if (n < 0 || !p->io->transmit(p->io->ctx, wrapped, (size_t)n, p->rsp, &p->rsp_len) ||
	    gp_scp03_unwrap(&p->scp, p->rsp, p->rsp_len, clear, &clear_len))
		return false;
	memcpy(p->rsp, clear, clear_len);
	p->rsp_len = clear_len;
	return is_good(p);
}

static bool select_domain(struct perso *p)
{
	static const uint8_t cmd[] = { 0x00, 0xa4, 0x04, 0x00, 0x00 };

	return plain(p, cmd, sizeof(cmd));
}

static bool begin(struct perso *p, uint8_t keys[KEYS][16], const uint8_t challenge[8],
		  const struct gp_init_update *iu)
{
	struct gp_session_keys s;
	uint8_t context[16];

	memcpy(context, challenge, 8);
	memcpy(context + 8, iu->challenge, 8);
	return !gp_scp03_derive(keys[0], GP_DERIVE_S_ENC, 128, context, s.enc) &&
	       !gp_scp03_derive(keys[1], GP_DERIVE_S_MAC, 128, context, s.mac) &&
	       !gp_scp03_derive(keys[1], GP_DERIVE_S_RMAC, 128, context, s.rmac) &&
	       !gp_scp03_begin(&p->scp, &s, context, iu, LEVEL);
}

/* Mutual authentication, under the keys that the card came with or those that it got. */
static bool open_channel(struct perso *p, uint8_t kvn, uint8_t keys[KEYS][16], bool derive)
{
	uint8_t cmd[GP_APDU_MAX] = { 0x80, 0x50, kvn, 0, 8, 1, 2, 3, 4, 5, 6, 7, kvn, 0 };
	struct gp_init_update iu;
	ssize_t n;

	if (!plain(p, cmd, 14) || gp_init_update_parse(p->rsp, p->rsp_len, &iu))
		return false;
	memcpy(p->kdd, iu.kdd, sizeof(p->kdd));
	for (unsigned int k = 0; derive && k < KEYS; k++)
		if (gp_kdf3(personalize_master, k + 1, p->kdd, keys[k]))
			return false;
	if (!begin(p, keys, cmd + 5, &iu))
		return false;
	n = gp_scp03_external_authenticate(&p->scp, cmd);
	if (n < 0 || !plain(p, cmd, (size_t)n))
		return false;
	p->scp.open = true;
	return true;
}

static size_t record(unsigned int number, uint8_t list[LIST_MAX])
{
	uint8_t iccid[10] = { 0x98, 0x94, (uint8_t)(number >> 8), (uint8_t)number };
	uint8_t imsi[9] = { 0x08, 0x29, (uint8_t)number };
	uint8_t payload[PAYLOAD_LEN];
	size_t n;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 37 + number);
	n = gp_dgi_put(ICCID, iccid, sizeof(iccid), list, LIST_MAX);
	n += gp_dgi_put(IMSI, imsi, sizeof(imsi), list + n, LIST_MAX - n);
	n += gp_dgi_put(PAYLOAD, payload, sizeof(payload), list + n, LIST_MAX - n);
	return n;
}

static bool store(struct perso *p, const uint8_t *list, size_t len)
{
	uint8_t cmd[GP_APDU_MAX] = { 0x80, 0xe2 };
	size_t at = 0, rest = 0, n;
	uint8_t block = 0;

	while (at < len) {
		n = gp_store_data_next(list + at, len - at, GP_SCP03_DATA_MAX, &rest);
		if (!n)
			return false;
		cmd[2] = at + n == len ? 0x88 : 0x08;
		cmd[3] = block++;
		cmd[4] = (uint8_t)n;
		memcpy(cmd + 5, list + at, n);
		cmd[5 + n] = 0;
		at += n;
		if (!secure(p, cmd, n + 6))
			return false;
	}
	return true;
}

static bool put_keys(struct perso *p, unsigned int number)
{
	static const uint8_t iv[GP_BLOCK];
	struct gp_put_key keys[KEYS];
	uint8_t cmd[GP_PUT_KEY_MAX];

	for (unsigned int k = 0; k < KEYS; k++) {
		memset(p->fresh[k], (int)(0x11 * (k + 1) + number), sizeof(p->fresh[k]));
		if (gp_aes_cbc(p->keys[2], iv, 1, p->fresh[k], 16, keys[k].encrypted) ||
		    gp_aes_kcv(p->fresh[k], keys[k].kcv))
			return false;
	}
	gp_put_key(false, 0, PERSONALIZE_NEW_KVN, keys, cmd);
	return secure(p, cmd, sizeof(cmd)) &&
	       !gp_put_key_confirmed(p->rsp, p->rsp_len, PERSONALIZE_NEW_KVN, keys);
}

/* What the list begins with. */
static bool has_iccid(struct perso *p, const uint8_t *list)
{
	static const uint8_t cmd[] = { 0x80, 0xca, ICCID >> 8, ICCID & 0xff, 0 };
	struct gp_dgi want;

	return !gp_dgi_next(list, LIST_MAX, &want) && secure(p, cmd, sizeof(cmd)) &&
	       p->rsp_len == want.len && !memcmp(p->rsp, want.value, want.len);
}

const char *personalize(const struct personalize_io *io, unsigned int number)
{
	uint8_t list[LIST_MAX] = { 0 };
	size_t len = record(number, list);
	struct perso p = { .io = io };

	if (!select_domain(&p))
		return "SELECT";
	if (!open_channel(&p, PERSONALIZE_KVN, p.keys, true))
		return "authentication under the card's first keys";
	if (!store(&p, list, len))
		return "STORE DATA";
	if (!put_keys(&p, number))
		return "PUT KEY";
	if (!select_domain(&p))
		return "SELECT, again";
	if (!open_channel(&p, PERSONALIZE_NEW_KVN, p.fresh, false))
		return "authentication under the new keys";
	return has_iccid(&p, list) ? NULL : "GET DATA";
}
