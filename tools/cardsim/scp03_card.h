/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card's end of Secure Channel Protocol 03 (GlobalPlatform Amendment D), i = 70, S8 mode:
 * pseudo-random card challenge, C-MAC, C-DECRYPTION, R-MAC, R-ENCRYPTION.
 */
#ifndef CARDSIM_SCP03_CARD_H
#define CARDSIM_SCP03_CARD_H

#include "keyset.h"

#define SCP03_I		0x70
#define SCP03_S8	8	/* bytes of a challenge, a cryptogram, a MAC */

#define SCP03_C_MAC	0x01
#define SCP03_C_DEC	0x02
#define SCP03_R_MAC	0x10
#define SCP03_R_ENC	0x20

enum scp03_state {
	SCP03_CLOSED,
	SCP03_STARTED,	/* after INITIALIZE UPDATE */
	SCP03_OPEN,	/* after EXTERNAL AUTHENTICATE */
};

/**
 * struct scp03 - one session; lives in the card's RAM, gone with power, reset and SELECT
 * @state: see enum
 * @level: security level in force
 * @kvn: key version that opened it
 * @enc: S-ENC
 * @mac: S-MAC
 * @rmac: S-RMAC
 * @dek: static DEK of @kvn, kept because PUT KEY may end that set
 * @mcv: MAC chaining value
 * @counter: encryption counter, of the command in work
 * @host: host challenge
 * @challenge: card challenge
 */
struct scp03 {
	enum scp03_state state;
	uint8_t level;
	uint8_t kvn;
	struct aes_key enc;
	struct aes_key mac;
	struct aes_key rmac;
	struct aes_key dek;
	uint8_t mcv[AES_BLOCK];
	uint32_t counter;
	uint8_t host[SCP03_S8];
	uint8_t challenge[SCP03_S8];
};

/* Ends the session and wipes its keys. */
void scp03_close(struct scp03 *s);

/**
 * scp03_start() - INITIALIZE UPDATE: a new session over @set
 * @s: session; an older one ends
 * @set: key set; its sequence counter is counted up and goes into the challenge
 * @host: host challenge
 * @aid: AID of the security domain, context of the pseudo-random challenge
 * @aid_len: its length
 * @cryptogram: receives the card cryptogram
 */
bool scp03_start(struct scp03 *s, struct keyset *set, const uint8_t host[SCP03_S8],
		 const uint8_t *aid, size_t aid_len, uint8_t cryptogram[SCP03_S8]);

enum scp03_result {
	SCP03_OK,
	SCP03_BAD_MAC,		/* also for a missing one, and for padding that is wrong */
	SCP03_BAD_CRYPTOGRAM,
	SCP03_BROKEN,		/* OpenSSL failed */
};

/**
 * scp03_authenticate() - EXTERNAL AUTHENTICATE
 * @s: started session; open afterwards with SCP03_OK, else closed
 * @header: CLA INS P1 P2, P1 is the security level
 * @data: host cryptogram and MAC
 */
enum scp03_result scp03_authenticate(struct scp03 *s, const uint8_t header[4],
				     const uint8_t data[2 * SCP03_S8]);

/**
 * scp03_unwrap() - check and open one command; anything but SCP03_OK has closed the session
 * @s: open session
 * @header: CLA INS P1 P2
 * @data: data field with the MAC
 * @len: 0...255
 * @out: receives the clear data, room for 255 bytes
 * @ret_len: its length
 */
enum scp03_result scp03_unwrap(struct scp03 *s, const uint8_t header[4], const uint8_t *data,
			       size_t len, uint8_t *out, size_t *ret_len);

/* Longest response data that still fits 256 bytes under @level. */
size_t scp03_response_room(uint8_t level);

/**
 * scp03_wrap() - protect one response as the level of the session asks
 * @s: open session
 * @rsp: data, changed in place; room for 256 bytes
 * @len: its length, at most scp03_response_room()
 * @sw: status word
 * @ret_len: new length
 *
 * Only status words 9000, 62xx and 63xx are protected (Amendment D 6.2.5).
 */
bool scp03_wrap(struct scp03 *s, uint8_t *rsp, size_t len, uint16_t sw, size_t *ret_len);

#endif
