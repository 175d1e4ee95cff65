/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The line discipline that makes a coupler of a tty: ioctl(fd, TIOCSETD, &(int){ CKS_TTY_LDISC }).
 *
 * It needs CAP_NET_ADMIN in the initial user namespace. The coupler lasts until the discipline is
 * changed again or the last descriptor of the tty is closed. Its wiring is set by netlink
 * (docs/netlink/cks.yaml); until that was done once, no card is reported and no line is switched.
 */
#ifndef _UAPI_LINUX_CKS_TTY_H
#define _UAPI_LINUX_CKS_TTY_H

#include <linux/ioctl.h>

/* N_DEVELOPMENT of <linux/tty.h>, which is reserved for what is not in the kernel's own tree. */
#define CKS_TTY_LDISC		29

/* Returns N of /dev/cks/couplerN. */
#define CKS_TTY_IOC_COUPLER	_IO('C', 0x40)

#endif
