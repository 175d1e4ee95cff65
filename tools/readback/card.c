// SPDX-License-Identifier: GPL-2.0-only
/* Talks to the card through /dev/cks/couplerN: an ioctl to reset, one APDU a write. */
#include "card.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/cks.h>
#include <openssl/crypto.h>

int card_open(struct card *card, const char *path)
{
	struct cks_reset reset = { .size = sizeof(reset), .kind = CKS_COLD };

	memset(card, 0, sizeof(*card));
	card->fd = open(path, O_RDWR | O_CLOEXEC);
	if (card->fd < 0) {
		snprintf(card->error, sizeof(card->error), "%s: %s", path, strerror(errno));
		return -1;
	}
	if (ioctl(card->fd, CKS_IOC_RESET, &reset)) {
		snprintf(card->error, sizeof(card->error), "reset: %s", strerror(errno));
		card_close(card);
		return -1;
	}
	return 0;
}

void card_close(struct card *card)
{
	if (card->fd >= 0)
		close(card->fd);
	card->fd = -1;
	OPENSSL_cleanse(&card->scp, sizeof(card->scp));
	OPENSSL_cleanse(card->rsp, sizeof(card->rsp));
}

/* The response as it came, SW1 SW2 included. */
static int exchange(struct card *card, const uint8_t *apdu, size_t len)
{
	ssize_t n;

	card->rsp_len = 0;
	if (write(card->fd, apdu, len) != (ssize_t)len) {
		snprintf(card->error, sizeof(card->error), "command %02X%02X: %s", apdu[0], apdu[1],
			 strerror(errno));
		return -1;
	}
	n = read(card->fd, card->rsp, sizeof(card->rsp));
	if (n < 2) {
		snprintf(card->error, sizeof(card->error), "response to %02X%02X: %s", apdu[0],
			 apdu[1], n < 0 ? strerror(errno) : "too short");
		return -1;
	}
	card->rsp_len = (size_t)n;
	return 0;
}

static int check_status(struct card *card, const uint8_t *apdu)
{
	const uint8_t *sw = card->rsp + card->rsp_len - 2;

	if (sw[0] != 0x90 || sw[1]) {
		snprintf(card->error, sizeof(card->error), "command %02X%02X%02X%02X: SW %02X%02X",
			 apdu[0], apdu[1], apdu[2], apdu[3], sw[0], sw[1]);
		return -1;
	}
	card->rsp_len -= 2;
	return 0;
}

int card_send(struct card *card, const uint8_t *apdu, size_t len)
{
	return exchange(card, apdu, len) ? -1 : check_status(card, apdu);
}

int card_send_secure(struct card *card, const uint8_t *apdu, size_t len)
{
	uint8_t wrapped[GP_APDU_MAX], clear[GP_RESPONSE_MAX];
	const char *why;
	size_t clear_len;
	ssize_t n = gp_scp03_wrap(&card->scp, apdu, len, wrapped);

	if (n < 0) {
		snprintf(card->error, sizeof(card->error), "command cannot be wrapped");
		return -1;
	}
	if (exchange(card, wrapped, (size_t)n))
		return -1;
	why = gp_scp03_unwrap(&card->scp, card->rsp, card->rsp_len, clear, &clear_len);
	if (why) {
		snprintf(card->error, sizeof(card->error), "secure channel: %s", why);
		return -1;
	}
	memcpy(card->rsp, clear, clear_len);
	card->rsp_len = clear_len;
	OPENSSL_cleanse(clear, sizeof(clear));
	return check_status(card, apdu);
}
