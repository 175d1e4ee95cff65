// SPDX-License-Identifier: GPL-2.0-only
/* Command dispatch of the GlobalPlatform card, and the commands that need no file of their own. */
#include <openssl/crypto.h>
#include <string.h>

#include "dataobject.h"
#include "gpcard.h"
#include "status.h"

#define CLA_ISO		0x00
#define CLA_GP		0x80
#define CLA_SM		0x04	/* secure messaging, GlobalPlatform coding */

#define INS_INITIALIZE_UPDATE	0x50
#define INS_EXTERNAL_AUTHENTICATE 0x82
#define INS_SELECT		0xa4
#define INS_GET_DATA		0xca
#define INS_PUT_KEY		0xd8
#define INS_STORE_DATA		0xe2
#define INS_GET_STATUS		0xf2

/**
 * struct command - one command on its way through the card
 * @header: CLA INS P1 P2
 * @data: data field; clear after unwrapping
 * @len: its length
 * @has_le: case 2, 4: Le is there
 * @le: 1...256
 * @secure: came under secure messaging and was found right
 * @rsp: response data
 * @rsp_len: its length
 */
struct command {
	uint8_t header[4];
	uint8_t data[255];
	size_t len;
	bool has_le;
	unsigned int le;
	bool secure;
	uint8_t *rsp;
	size_t rsp_len;
};

static const uint8_t isd_aid[] = { 0xa0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 };

bool gp_card_init(struct gp_card *card, const struct identity *id, const struct aes_key *master,
		  uint8_t kvn)
{
	struct aes_key keys[KEY_COUNT];
	bool ok;

	card->id = *id;
	memcpy(card->aid, isd_aid, sizeof(isd_aid));
	card->aid_len = sizeof(isd_aid);
	ok = identity_keys(id, master, keys) && keyring_init(&card->keys, kvn, keys);
	OPENSSL_cleanse(keys, sizeof(keys));
	return ok;
}

void gp_card_free(struct gp_card *card)
{
	scp03_close(&card->scp);
	keyring_wipe(&card->keys);
	datastore_free(&card->store);
}

static void end_session(struct gp_card *card)
{
	scp03_close(&card->scp);
	datastore_abandon(&card->store);
}

void gp_card_reset(struct gp_card *card)
{
	end_session(card);
}

/* Short APDUs of the four cases; an extended one is refused by its length. */
static bool parse(struct command *cmd, const uint8_t *apdu, size_t len)
{
	memcpy(cmd->header, apdu, 4);
	if (len == 4)
		return true;
	if (len == 5) {
		cmd->has_le = true;
		cmd->le = apdu[4] ? apdu[4] : 256;
		return true;
	}
	cmd->len = apdu[4];
	if (!cmd->len || len < 5 + cmd->len || len > 6 + cmd->len)
		return false;
	memcpy(cmd->data, apdu + 5, cmd->len);
	if (len == 6 + cmd->len) {
		cmd->has_le = true;
		cmd->le = apdu[len - 1] ? apdu[len - 1] : 256;
	}
	return true;
}

static uint16_t do_select(struct gp_card *card, struct command *cmd)
{
	uint8_t *p = cmd->rsp;

	if (cmd->header[2] != 0x04 || (cmd->header[3] & 0xfd))
		return SW_WRONG_P1P2;
	/* a partial AID selects, ISO/IEC 7816-4 8.2.1.2; P2 = 02 asks for the next one: none */
	if (cmd->len > card->aid_len || memcmp(cmd->data, card->aid, cmd->len) || cmd->header[3])
		return SW_NO_FILE;
	end_session(card);
	*p++ = 0x6f;
	*p++ = (uint8_t)(card->aid_len + 8);
	*p++ = 0x84;
	*p++ = card->aid_len;
	memcpy(p, card->aid, card->aid_len);
	p += card->aid_len;
	memcpy(p, (const uint8_t[]){ 0xa5, 0x04, 0x9f, 0x65, 0x01, 0xff }, 6);
	cmd->rsp_len = card->aid_len + 10U;
	return SW_OK;
}

static uint16_t initialize_update(struct gp_card *card, struct command *cmd)
{
	struct keyset *set;
	uint8_t *p = cmd->rsp;

	end_session(card);
	if (cmd->header[3])
		return SW_WRONG_P1P2;
	if (cmd->len != SCP03_S8)
		return SW_LENGTH;
	set = keyring_find(&card->keys, cmd->header[2]);
	if (!set)
		return SW_NOT_FOUND;
	if (set->failed >= KEYSET_ATTEMPTS)
		return SW_BLOCKED;
	if (!scp03_start(&card->scp, set, cmd->data, card->aid, card->aid_len, p + 21))
		return SW_FAILURE;
	if (card->wrong_cryptogram)
		p[21] ^= 0x01;
	memcpy(p, card->id.kdd, KDD_LEN);
	p[10] = set->kvn;
	p[11] = 0x03;
	p[12] = SCP03_I;
	memcpy(p + 13, card->scp.challenge, SCP03_S8);
	p[29] = (uint8_t)(set->sequence >> 16);
	p[30] = (uint8_t)(set->sequence >> 8);
	p[31] = (uint8_t)set->sequence;
	cmd->rsp_len = 32;
	return SW_OK;
}

static bool level_known(uint8_t level)
{
	return level == 0x01 || level == 0x03 || level == 0x11 || level == 0x13 || level == 0x33;
}

static uint16_t external_authenticate(struct gp_card *card, struct command *cmd)
{
	struct keyset *set = keyring_find(&card->keys, card->scp.kvn);
	uint16_t sw = SW_OK;

	if (card->scp.state != SCP03_STARTED || !card->scp.kvn || !set) {
		sw = SW_CONDITIONS;
	} else if (cmd->header[0] != (CLA_GP | CLA_SM)) {
		sw = SW_CLA;
	} else if (cmd->header[3] || !level_known(cmd->header[2])) {
		sw = SW_WRONG_P1P2;
	} else if (cmd->len != 2 * SCP03_S8) {
		sw = SW_LENGTH;
	} else {
		/* counted before it is checked: pulling the card out saves no attempt */
		set->failed++;
		switch (scp03_authenticate(&card->scp, cmd->header, cmd->data)) {
		case SCP03_OK:
			set->failed = 0;
			return SW_OK;
		case SCP03_BAD_MAC:
			card->mac_errors++;
			sw = SW_SECURITY;
			break;
		case SCP03_BAD_CRYPTOGRAM:
			sw = SW_CRYPTOGRAM;
			break;
		case SCP03_BROKEN:
			sw = SW_FAILURE;
			break;
		}
	}
	end_session(card);
	return sw;
}

static uint16_t put_key(struct gp_card *card, struct command *cmd)
{
	uint16_t sw;

	if (!cmd->secure)
		return SW_SECURITY;
	/* key identifier 1, several keys; no further PUT KEY to follow */
	if ((cmd->header[2] & 0x80) || cmd->header[3] != 0x81)
		return SW_WRONG_P1P2;
	sw = keyring_put(&card->keys, cmd->header[2], &card->scp.dek, cmd->data, cmd->len,
			 cmd->rsp);
	if (sw == SW_OK)
		cmd->rsp_len = 10;
	return sw;
}

static uint16_t store_data(struct gp_card *card, struct command *cmd)
{
	if (!cmd->secure)
		return SW_SECURITY;
	return datastore_command(&card->store, cmd->header[2], cmd->header[3], &card->scp.dek,
				 cmd->data, cmd->len);
}

static uint16_t get_status(struct gp_card *card, struct command *cmd)
{
	if (!cmd->secure)
		return SW_SECURITY;
	if (cmd->header[3] & ~0x02)
		return cmd->header[3] == 0x01 || cmd->header[3] == 0x03 ? SW_NOT_FOUND :
									  SW_WRONG_P1P2;
	if (cmd->len < 2 || cmd->data[0] != 0x4f || cmd->data[1] > cmd->len - 2)
		return SW_WRONG_DATA;
	/* only the issuer security domain is there; a search AID must be a prefix of its own */
	if (cmd->header[2] != 0x80 || cmd->data[1] > card->aid_len ||
	    memcmp(cmd->data + 2, card->aid, cmd->data[1]))
		return SW_NOT_FOUND;
	cmd->rsp_len = dataobject_status(card, cmd->header[3] == 0x02, cmd->rsp);
	return SW_OK;
}

static uint16_t get_data(struct gp_card *card, struct command *cmd)
{
	uint16_t tag = (uint16_t)(cmd->header[2] << 8 | cmd->header[3]);
	const struct dgi *d;
	size_t room;

	cmd->rsp_len = dataobject_get(card, tag, cmd->rsp);
	if (cmd->rsp_len)
		return SW_OK;
	d = datastore_find(&card->store, tag);
	/* personal data leave the card encrypted or not at all; whether there are any, too */
	if (!cmd->secure || !(card->scp.level & SCP03_R_ENC))
		return d ? SW_SECURITY : SW_NOT_FOUND;
	if (!d)
		return SW_NOT_FOUND;
	room = scp03_response_room(card->scp.level);
	if (d->len > room)
		return SW_CONDITIONS;
	memcpy(cmd->rsp, d->value, d->len);
	cmd->rsp_len = d->len;
	return SW_OK;
}

static const struct {
	uint8_t ins;
	bool iso;	/* CLA 00 is allowed */
	const char *name;
	uint16_t (*run)(struct gp_card *card, struct command *cmd);
} commands[] = {
	{ INS_SELECT, true, "SELECT", do_select },
	{ INS_INITIALIZE_UPDATE, false, "INITIALIZE UPDATE", initialize_update },
	{ INS_EXTERNAL_AUTHENTICATE, false, "EXTERNAL AUTHENTICATE", external_authenticate },
	{ INS_PUT_KEY, false, "PUT KEY", put_key },
	{ INS_STORE_DATA, false, "STORE DATA", store_data },
	{ INS_GET_DATA, true, "GET DATA", get_data },
	{ INS_GET_STATUS, false, "GET STATUS", get_status },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Secure messaging first: what is wrong there is found before the instruction is looked at. */
static uint16_t open_message(struct gp_card *card, struct command *cmd)
{
	enum scp03_result res;
	size_t len;

	if (card->scp.state != SCP03_OPEN) {
		if (cmd->header[0] & CLA_SM)
			return SW_SECURITY;
		return SW_OK;
	}
	/* SELECT and INITIALIZE UPDATE in the clear end a session; all else must have its MAC */
	if (!(cmd->header[0] & CLA_SM)) {
		if (cmd->header[1] == INS_SELECT || cmd->header[1] == INS_INITIALIZE_UPDATE)
			return SW_OK;
		res = SCP03_BAD_MAC;
	} else {
		uint8_t clear[255];

		res = scp03_unwrap(&card->scp, cmd->header, cmd->data, cmd->len, clear, &len);
		if (res == SCP03_OK) {
			memcpy(cmd->data, clear, len);
			cmd->len = len;
			cmd->secure = true;
		}
		OPENSSL_cleanse(clear, sizeof(clear));
	}
	if (res == SCP03_OK)
		return SW_OK;
	if (res == SCP03_BAD_MAC)
		card->mac_errors++;
	end_session(card);
	return res == SCP03_BAD_MAC ? SW_SECURITY : SW_FAILURE;
}

static uint16_t dispatch(struct gp_card *card, struct command *cmd)
{
	uint8_t cla = cmd->header[0];
	uint16_t sw;

	if ((cla & ~(CLA_GP | CLA_SM)) != 0)
		return (cla & 0x60) == 0 && (cla & 0x03) ? SW_CHANNEL : SW_CLA;
	if (cmd->header[1] != INS_EXTERNAL_AUTHENTICATE || card->scp.state == SCP03_OPEN) {
		sw = open_message(card, cmd);
		if (sw != SW_OK)
			return sw;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].ins != cmd->header[1])
			continue;
		if (!(cla & CLA_GP) && !commands[i].iso)
			return SW_CLA;
		return commands[i].run(card, cmd);
	}
	return SW_INS;
}

size_t gp_card_command(struct gp_card *card, const uint8_t *apdu, size_t len,
		       uint8_t rsp[GP_RESPONSE_MAX])
{
	struct command cmd = { .rsp = rsp };
	uint16_t sw;

	if (len < 4 || !parse(&cmd, apdu, len)) {
		sw = SW_LENGTH;
	} else {
		sw = dispatch(card, &cmd);
		if (sw != SW_OK)
			cmd.rsp_len = 0;
		/* T=1 with a wrong Le in the clear; under T=0 the transport has done this */
		if (!cmd.secure && cmd.has_le && !cmd.len && cmd.rsp_len > cmd.le) {
			sw = (uint16_t)(0x6c00 | (cmd.rsp_len & 0xff));
			cmd.rsp_len = 0;
		}
	}
	if (cmd.secure && card->scp.state == SCP03_OPEN) {
		size_t data_len = cmd.rsp_len;

		if (!scp03_wrap(&card->scp, rsp, data_len, sw, &cmd.rsp_len)) {
			end_session(card);
			sw = SW_FAILURE;
			cmd.rsp_len = 0;
		} else if (card->wrong_rmac && (card->scp.level & SCP03_R_MAC) && cmd.rsp_len) {
			rsp[cmd.rsp_len - 1] ^= 0x01;
		}
	}
	OPENSSL_cleanse(cmd.data, sizeof(cmd.data));
	rsp[cmd.rsp_len] = (uint8_t)(sw >> 8);
	rsp[cmd.rsp_len + 1] = (uint8_t)sw;
	return cmd.rsp_len + 2;
}

bool gp_card_incoming(const uint8_t header[5])
{
	return header[1] != INS_GET_DATA || (header[0] & CLA_SM);
}

const char *gp_card_name(const uint8_t *apdu, size_t len)
{
	for (size_t i = 0; len >= 2 && i < COMMANDS; i++)
		if (commands[i].ins == apdu[1])
			return commands[i].name;
	return "unknown command";
}
