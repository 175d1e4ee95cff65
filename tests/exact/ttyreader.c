// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plain reader; see ttyreader.h.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ttyreader.h"

#define PATIENCE_MS	500	/* for a character */
#define OFF_US		12000	/* without power, and with RST low: 400 clock cycles and more */
#define HEADER		5
#define APDU_MAX	TTYREADER_RSP_MAX
#define NULL_BYTE	0x60
#define MORE_MAX	8	/* 61xx and 6Cxx in a row */

static bool line(int fd, int bit, bool on)
{
	return !ioctl(fd, on ? TIOCMBIS : TIOCMBIC, &bit);
}

int ttyreader_open(unsigned int n)
{
	struct termios t = { 0 };
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/ttyS%u", n);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* A character with a wrong parity bit reads as 0. */
	t.c_iflag = INPCK;
	t.c_cflag = CS8 | PARENB | CSTOPB | CREAD | CLOCAL;
	cfsetspeed(&t, B9600);
	if (tcsetattr(fd, TCSANOW, &t) || !line(fd, TIOCM_RTS, true) ||
	    !line(fd, TIOCM_DTR, false)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool get(int fd, uint8_t *buf, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got;

	while (n < len) {
		if (poll(&p, 1, PATIENCE_MS) != 1)
			return false;
		got = read(fd, buf + n, len - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return true;
}

bool ttyreader_reset(int fd, const uint8_t *atr, size_t len)
{
	uint8_t buf[33];

	if (len > sizeof(buf) || !line(fd, TIOCM_RTS, true) || !line(fd, TIOCM_DTR, false))
		return false;
	usleep(OFF_US);
	if (!line(fd, TIOCM_DTR, true))
		return false;
	usleep(OFF_US);
	tcflush(fd, TCIOFLUSH);
	return line(fd, TIOCM_RTS, false) && get(fd, buf, len) && !memcmp(buf, atr, len);
}

/* Sends, and hears itself. */
static bool put(int fd, const uint8_t *data, size_t len)
{
	uint8_t echo[APDU_MAX];

	return write(fd, data, len) == (ssize_t)len && get(fd, echo, len) &&
	       !memcmp(echo, data, len);
}

/**
 * struct tpdu - one command of T=0
 * @header: CLA INS P1 P2 P3
 * @out: data that go to the card, or NULL
 * @in: data that come from it
 * @left: how many are still to go or to come
 */
struct tpdu {
	const uint8_t *header;
	const uint8_t *out;
	uint8_t *in;
	size_t left;
};

static bool move(int fd, struct tpdu *t, size_t n)
{
	if (n > t->left || !(t->out ? put(fd, t->out, n) : get(fd, t->in, n)))
		return false;
	if (t->out)
		t->out += n;
	else
		t->in += n;
	t->left -= n;
	return true;
}

/* As the card's procedure bytes have it; the end is SW1 SW2. */
static bool exchange(int fd, struct tpdu *t, uint8_t sw[2])
{
	const uint8_t ins = t->header[1], one = (uint8_t)~ins;

	if (!put(fd, t->header, HEADER))
		return false;
	for (;;) {
		if (!get(fd, sw, 1))
			return false;
		if (sw[0] == NULL_BYTE)
			continue;
		if (sw[0] != ins && sw[0] != one)
			break;
		if (!move(fd, t, sw[0] == ins ? t->left : 1))
			return false;
	}
	return ((sw[0] & 0xf0) == 0x60 || (sw[0] & 0xf0) == 0x90) && get(fd, sw + 1, 1);
}

/* Data that come, behind those in @rsp already. */
static bool fetch(int fd, const uint8_t header[HEADER], uint8_t *rsp, size_t *len, uint8_t sw[2])
{
	struct tpdu t = {
		.header = header, .in = rsp + *len, .left = header[4] ? header[4] : 256,
	};

	if (*len + t.left + 2 > APDU_MAX || !exchange(fd, &t, sw))
		return false;
	*len = (size_t)(t.in - rsp);
	return true;
}

bool ttyreader_apdu(int fd, const uint8_t *cmd, size_t len, uint8_t rsp[TTYREADER_RSP_MAX],
		    size_t *ret_len)
{
	uint8_t header[HEADER] = { 0 }, sw[2];
	size_t n = 0;

	memcpy(header, cmd, len < HEADER ? len : HEADER);
	if (len > HEADER) {
		struct tpdu t = { .header = header, .out = cmd + HEADER, .left = header[4] };

		if (!exchange(fd, &t, sw))
			return false;
	} else if (!fetch(fd, header, rsp, &n, sw)) {
		return false;
	}
	for (int i = 0; i < MORE_MAX && (sw[0] == 0x61 || sw[0] == 0x6c); i++) {
		if (sw[0] == 0x61)
			memcpy(header, (uint8_t[]){ cmd[0] & 0x03, 0xc0, 0, 0 }, 4);
		header[4] = sw[1];
		if (!fetch(fd, header, rsp, &n, sw))
			return false;
	}
	memcpy(rsp + n, sw, 2);
	*ret_len = n + 2;
	return true;
}
