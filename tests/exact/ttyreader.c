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
#define NULL_BYTE	0x60

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

bool ttyreader_read(int fd, const uint8_t header[5], uint8_t *buf, size_t len)
{
	uint8_t echo[HEADER], byte, sw[2];

	if (write(fd, header, HEADER) != HEADER || !get(fd, echo, HEADER) ||
	    memcmp(echo, header, HEADER))
		return false;
	do {
		if (!get(fd, &byte, 1))
			return false;
	} while (byte == NULL_BYTE);
	return byte == header[1] && get(fd, buf, len) && get(fd, sw, 2) && sw[0] == 0x90 &&
	       sw[1] == 0x00;
}
