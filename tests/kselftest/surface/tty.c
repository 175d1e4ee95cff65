// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tty of the kernel's own driver, on the bench's other slot: a program may make a coupler of it,
 * use that one, and take it away in the middle.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/cks_sim.h>
#include <linux/cks_tty.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kcov.h"
#include "world.h"

enum tty_sub { OPEN, CLOSE, LDISC, TERMIOS, WRITE, READ, POLL, IOCTL, HANGUP, FILE_OF_IT,
	CARD_OF_IT, SUBS };

/* What asks for nothing of the tty's hardware but its lines. */
static const unsigned int calls[] = {
	CKS_TTY_IOC_COUPLER, TCFLSH, TCXONC, TIOCMBIC, TIOCMBIS, TIOCMGET, TIOCMSET, TIOCINQ,
	TIOCOUTQ, TIOCSTI, TIOCGETD, TIOCEXCL, TIOCNXCL, TIOCGICOUNT, TCSBRK,
};

/* An operation on its coupler or its card: the number there, and data. */
static size_t of_it(struct dice *d, void (*make)(struct dice *d, struct program *p), uint8_t *to)
{
	struct program p = { .len = 0 };
	uint16_t at = 0;
	struct op op;

	make(d, &p);
	if (!program_next(&p, &at, &op) || op.len >= OP_DATA_MAX)
		return 0;
	to[0] = op.sub;
	memcpy(to + 1, op.data, op.len);
	return 1u + op.len;
}

void tty_make(struct dice *d, struct program *p)
{
	static const int ldiscs[] = { CKS_TTY_LDISC, CKS_TTY_LDISC, CKS_TTY_LDISC, N_TTY, -1 };
	uint8_t sub = (uint8_t)dice_of(d, SUBS), data[OP_DATA_MAX];
	size_t len = 0;

	switch (sub) {
	case LDISC:
		len = sizeof(ldiscs[0]);
		memcpy(data, &ldiscs[dice_of(d, 5)], len);
		break;
	case TERMIOS:
		len = 4;
		dice_bytes(d, data, len);
		break;
	case WRITE:
		len = 1 + dice_of(d, 40);
		dice_bytes(d, data, len);
		break;
	case IOCTL:
		len = 1 + dice_of(d, 12);
		dice_bytes(d, data, len);
		break;
	case FILE_OF_IT:
		len = of_it(d, chardev_make, data);
		break;
	case CARD_OF_IT:
		len = of_it(d, card_make, data);
		break;
	}
	program_add(p, OP_TTY, sub, data, len);
}

/* The line gives back what is sent: nothing on it may be echoed again, nor held up. */
static void termios(int fd, uint32_t flags)
{
	static const tcflag_t rates[] = { B9600, B19200, B115200, B0, BOTHER };
	struct termios2 t = {
		.c_cflag = rates[flags % 5] | CLOCAL | (flags & 0x80 ? 0 : CREAD) |
			   (flags >> 8 & (CSIZE | CSTOPB | PARENB | PARODD)),
		.c_ospeed = flags >> 16, .c_ispeed = flags >> 16,
		.c_cc[VMIN] = 1,
	};

	ioctl(fd, TCSETS2, &t);
}

static void open_tty(struct world *w)
{
	char path[32];

	if (w->tty >= 0)
		return;
	snprintf(path, sizeof(path), "/dev/ttyS%u", w->tty_line);
	w->tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	termios(w->tty, 0);
}

/* What was not sent is not waited for. */
static void close_tty(struct world *w)
{
	int plain = N_TTY;

	if (w->tty < 0)
		return;
	ioctl(w->tty, TIOCSETD, &plain);
	ioctl(w->tty, TCFLSH, TCIOFLUSH);
	close(w->tty);
	w->tty = -1;
}

struct ldisc {
	int tty;
	int number;
};

static void set_ldisc(void *arg)
{
	struct ldisc *l = arg;

	ioctl(l->tty, TIOCSETD, &l->number);
}

static void attach(struct world *w, const uint8_t *data)
{
	struct ldisc l = { .tty = w->tty };

	memcpy(&l.number, data, sizeof(l.number));
	/* Another one might be loaded, and is not what this is about. */
	if (l.number != CKS_TTY_LDISC && l.number != N_TTY)
		l.number = -1;
	/* What the discipline's thread does, and what comes in, counts as well. */
	kcov_in_remote(set_ldisc, &l);
	w->of_tty.coupler = (uint32_t)ioctl(w->tty, CKS_TTY_IOC_COUPLER);
}

static void trade(struct world *w)
{
	struct place here = w->here;

	w->here = w->of_tty;
	w->of_tty = here;
}

/* As if the tty's coupler and its card were those that programs know. */
static void run_there(struct world *w, uint8_t kind, const struct op *op,
		      void (*run)(struct world *w, const struct op *op))
{
	struct op there = { .kind = kind };

	if (!op->len)
		return;
	there.sub = op->data[0];
	there.len = op->len - 1;
	there.data = op->data + 1;
	trade(w);
	run(w, &there);
	trade(w);
}

void tty_run(struct world *w, const struct op *op)
{
	static uint8_t data[OP_DATA_MAX + 64];
	uint32_t flags;

	memset(data, 0, sizeof(data));
	world_fill(w, op, data, false);
	w->calls++;
	switch (op->sub % SUBS) {
	case OPEN:
		open_tty(w);
		break;
	case CLOSE:
		close_tty(w);
		break;
	case LDISC:
		attach(w, data);
		break;
	case TERMIOS:
		memcpy(&flags, data, sizeof(flags));
		termios(w->tty, flags);
		break;
	case WRITE:
		if (write(w->tty, data, op->len) < 0)
			return;
		break;
	case READ:
		if (read(w->tty, data, sizeof(data)) < 0)
			return;
		break;
	case POLL:
		world_wait(w->tty, 0);
		break;
	case IOCTL:
		ioctl(w->tty, calls[data[0] % (sizeof(calls) / sizeof(calls[0]))], data + 1);
		break;
	case HANGUP:
		ioctl(w->tty, TIOCVHANGUP);
		break;
	case FILE_OF_IT:
		run_there(w, OP_CHARDEV, op, chardev_run);
		break;
	case CARD_OF_IT:
		run_there(w, OP_CARD, op, card_run);
		break;
	}
}

void tty_again(struct world *w)
{
	struct cks_sim_fault none = { .type = CKS_SIM_FAULT_NONE };
	struct cks_sim_event e[64];
	uint32_t out = 0;

	if (w->of_tty.file >= 0)
		close(w->of_tty.file);
	w->of_tty.file = -1;
	close_tty(w);
	w->of_tty.coupler = UINT32_MAX;
	w->of_tty.present = false;
	w->of_tty.t1 = false;
	ioctl(w->of_tty.slot, CKS_SIM_FAULT, &none);
	ioctl(w->of_tty.slot, CKS_SIM_PRESENT, &out);
	while (read(w->of_tty.slot, e, sizeof(e)) > 0)
		;
}
