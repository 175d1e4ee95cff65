// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coupler's device: calls in any order, with structures that are right or not.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "world.h"

enum chardev_sub { OPEN, CLOSE, WRITE, READ, RESET, TRANSMIT, STATE, POWER_OFF, IOCTL, POLL, AGAIN,
	SUBS };

/* Where a structure is to point; anything else stays as it is, and leads nowhere. */
#define HERE	"@BUFFER@"

static uint8_t buffer[CKS_APDU_MAX + 64];

static size_t apdu(struct dice *d, uint8_t *to)
{
	static const uint8_t ins[] = { 0xb0, 0xd0, 0x20, 0xa4, 0x60, 0x90, 0x00, 0xff };
	size_t len = 4 + dice_of(d, dice_of(d, 8) ? 12 : 300);

	dice_bytes(d, to, len);
	to[0] = 0;
	to[1] = ins[dice_of(d, sizeof(ins))];
	if (len > 5 && dice_of(d, 4))
		to[4] = (uint8_t)(len - 5);
	return len;
}

void chardev_make(struct dice *d, struct program *p)
{
	struct cks_transmit t = {
		.size = sizeof(t), .mode = dice_of(d, 2), .cmd_len = 4 + dice_of(d, 8),
		.rsp_len = dice_of(d, 300), .timeout_ms = dice_of(d, 2) ? 0 : dice_of(d, 30),
	};
	struct cks_reset r = { .size = sizeof(r), .kind = (uint8_t)dice_of(d, 3) };
	struct cks_state s = { .size = sizeof(s) };
	uint8_t sub = (uint8_t)dice_of(d, SUBS), data[512];
	size_t len = 0;

	switch (sub) {
	case OPEN:
		data[0] = (uint8_t)dice_of(d, 2);
		len = 1;
		break;
	case WRITE:
		len = apdu(d, data);
		break;
	case READ:
		data[0] = (uint8_t)dice_roll(d);
		data[1] = (uint8_t)dice_of(d, 2);
		len = 2;
		break;
	case RESET:
		if (!dice_of(d, 4))
			r.size = (uint32_t)dice_odd(d);
		memcpy(data, &r, sizeof(r));
		len = sizeof(r);
		break;
	case TRANSMIT:
		memcpy(&t.cmd, HERE, 8);
		memcpy(&t.rsp, HERE, 8);
		if (!dice_of(d, 6))
			t.rsp = dice_odd(d);
		if (!dice_of(d, 6))
			t.cmd = dice_odd(d);
		if (!dice_of(d, 6))
			t.cmd_len = (uint32_t)dice_odd(d);
		if (!dice_of(d, 6))
			t.size = (uint32_t)dice_odd(d);
		memcpy(data, &t, sizeof(t));
		len = sizeof(t) + apdu(d, data + sizeof(t));
		break;
	case STATE:
		if (!dice_of(d, 4))
			s.size = (uint32_t)dice_odd(d);
		memcpy(data, &s, sizeof(s));
		len = sizeof(s);
		break;
	case IOCTL:
		len = 4 + dice_of(d, 64);
		dice_bytes(d, data, len);
		if (dice_of(d, 4)) {
			data[0] = (uint8_t)dice_of(d, 8);
			data[1] = 'C';
		}
		break;
	}
	program_add(p, OP_CHARDEV, sub, data, len);
}

static void open_file(struct world *w, bool nonblock)
{
	char path[64];

	if (w->here.file >= 0)
		return;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", w->here.coupler);
	w->here.file = open(path, O_RDWR | O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
}

/* A second open must be refused. */
static void open_again(const struct world *w)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", w->here.coupler);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

static void transmit(const struct world *w, uint8_t *data, size_t len)
{
	struct cks_transmit t;

	if (len < sizeof(t)) {
		ioctl(w->here.file, CKS_IOC_TRANSMIT, data);
		return;
	}
	memcpy(&t, data, sizeof(t));
	memcpy(buffer, data + sizeof(t), len - sizeof(t));
	if (!memcmp(&t.cmd, HERE, 8))
		t.cmd = (uintptr_t)buffer;
	if (!memcmp(&t.rsp, HERE, 8))
		t.rsp = (uintptr_t)buffer;
	/* What is written there must not be this program's. */
	else if (t.rsp < 0x8000000000000000)
		t.rsp = 0;
	ioctl(w->here.file, CKS_IOC_TRANSMIT, &t);
}

void chardev_run(struct world *w, const struct op *op)
{
	static uint8_t data[OP_DATA_MAX + 4096];
	struct pollfd p = { .fd = w->here.file, .events = POLLIN | POLLOUT };
	uint32_t nr;

	memset(data, 0, sizeof(data));
	world_fill(w, op, data, false);
	w->calls++;
	switch (op->sub % SUBS) {
	case OPEN:
		open_file(w, data[0] & 1);
		break;
	case CLOSE:
		if (w->here.file >= 0)
			close(w->here.file);
		w->here.file = -1;
		break;
	case WRITE:
		if (write(w->here.file, data, op->len) < 0)
			return;
		break;
	case READ:
		if (read(w->here.file, buffer, (size_t)(data[0] | data[1] << 8)) < 0)
			return;
		break;
	case RESET:
		ioctl(w->here.file, CKS_IOC_RESET, data);
		break;
	case TRANSMIT:
		transmit(w, data, op->len);
		break;
	case STATE:
		ioctl(w->here.file, CKS_IOC_STATE, data);
		break;
	case POWER_OFF:
		ioctl(w->here.file, CKS_IOC_POWER_OFF);
		break;
	case IOCTL:
		memcpy(&nr, data, 4);
		ioctl(w->here.file, nr, op->len & 1 ? NULL : data + 4);
		break;
	case POLL:
		poll(&p, 1, 0);
		world_expect(w, w->here.file);
		break;
	case AGAIN:
		open_again(w);
		break;
	}
}
