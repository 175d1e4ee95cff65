// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tty that is taken for a coupler, and given back as it was.
 */
#include "port.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cks_tty.h>
#include <linux/serial.h>
#include <linux/tty_flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * The has_ members say what the driver could tell, and is to be given back.
 */
struct port {
	int fd;
	int ldisc;
	struct termios2 termios;
	bool has_modem;
	int modem;
	bool has_serial;
	struct serial_struct serial;
	bool has_iso7816;
	struct serial_iso7816 iso7816;
	bool attached;
};

struct port *port_open(const char *path, char *why, size_t size)
{
	struct port *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	/* O_NONBLOCK: not to wait for a carrier. */
	p->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->fd < 0) {
		snprintf(why, size, "%s", strerror(errno));
		goto free;
	}
	if (ioctl(p->fd, TIOCGETD, &p->ldisc)) {
		snprintf(why, size, "not a tty");
		goto close;
	}
	if (p->ldisc == CKS_TTY_LDISC) {
		snprintf(why, size, "it is a coupler already");
		goto close;
	}
	if (ioctl(p->fd, TCGETS2, &p->termios)) {
		snprintf(why, size, "another program uses it (line discipline %d)", p->ldisc);
		goto close;
	}
	if (ioctl(p->fd, TIOCEXCL)) {
		snprintf(why, size, "cannot have it alone: %s", strerror(errno));
		goto close;
	}
	p->has_modem = !ioctl(p->fd, TIOCMGET, &p->modem);
	return p;
close:
	close(p->fd);
free:
	free(p);
	return NULL;
}

void port_hurry(struct port *p)
{
	struct serial_struct s;

	if (ioctl(p->fd, TIOCGSERIAL, &p->serial))
		return;
	s = p->serial;
	s.flags |= ASYNC_LOW_LATENCY;
	p->has_serial = !ioctl(p->fd, TIOCSSERIAL, &s);
}

bool port_iso7816(struct port *p, uint32_t clk)
{
	struct serial_iso7816 mode = {
		.flags = SER_ISO7816_ENABLED | SER_ISO7816_T(0),
		.sc_fi = 372,
		.sc_di = 1,
		.clk = clk,
	};

	if (ioctl(p->fd, TIOCGISO7816, &p->iso7816) || ioctl(p->fd, TIOCSISO7816, &mode))
		return false;
	p->has_iso7816 = true;
	return true;
}

bool port_attach(struct port *p, uint32_t *ret_coupler, char *why, size_t size)
{
	const int ldisc = CKS_TTY_LDISC;
	int n;

	if (ioctl(p->fd, TIOCSETD, &ldisc)) {
		switch (errno) {
		case EINVAL:
			snprintf(why, size, "the module cks_tty is not loaded: modprobe cks_tty");
			break;
		case EPERM:
			snprintf(why, size, "this needs CAP_NET_ADMIN and the module cks_tty");
			break;
		case EOPNOTSUPP:
			snprintf(why, size, "it has no modem lines to reset a card by");
			break;
		case EBUSY:
			snprintf(why, size, "it is in use, or the kernel's console");
			break;
		default:
			snprintf(why, size, "%s", strerror(errno));
		}
		return false;
	}
	p->attached = true;
	n = ioctl(p->fd, CKS_TTY_IOC_COUPLER);
	if (n < 0) {
		snprintf(why, size, "another module has line discipline %d", ldisc);
		return false;
	}
	*ret_coupler = n;
	return true;
}

bool port_attached(const struct port *p)
{
	int ldisc;

	return !ioctl(p->fd, TIOCGETD, &ldisc) && ldisc == CKS_TTY_LDISC;
}

int port_fd(const struct port *p)
{
	return p->fd;
}

/* Of a tty that is gone, nothing can be given back; that is not an error. */
void port_close(struct port *p)
{
	if (p->attached)
		ioctl(p->fd, TIOCSETD, &p->ldisc);
	if (p->has_iso7816)
		ioctl(p->fd, TIOCSISO7816, &p->iso7816);
	if (p->has_serial)
		ioctl(p->fd, TIOCSSERIAL, &p->serial);
	if (p->attached)
		ioctl(p->fd, TCSETS2, &p->termios);
	if (p->attached && p->has_modem)
		ioctl(p->fd, TIOCMSET, &p->modem);
	ioctl(p->fd, TIOCNXCL);
	close(p->fd);
	free(p);
}
