/* SPDX-License-Identifier: GPL-2.0-only */
/* A card behind the character device of its coupler, with and without a secure channel. */
#ifndef READBACK_CARD_H
#define READBACK_CARD_H

#include "libgp/scp03.h"

/**
 * struct card - a card that is being read
 * @fd: of /dev/cks/couplerN
 * @scp: secure channel
 * @rsp: data of the last response, without SW1 SW2
 * @rsp_len: bytes there
 * @error: what went wrong last
 */
struct card {
	int fd;
	struct gp_scp03 scp;
	uint8_t rsp[GP_RESPONSE_MAX];
	size_t rsp_len;
	char error[128];
};

/* All return 0, or -1 with the reason in @error. */
int card_open(struct card *card, const char *path);
void card_close(struct card *card);

/* card_send() - a command; anything but SW 9000 is a failure */
int card_send(struct card *card, const uint8_t *apdu, size_t len);

/* card_send_secure() - the same through the secure channel */
int card_send_secure(struct card *card, const uint8_t *apdu, size_t len);

#endif
