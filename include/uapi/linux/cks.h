/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/cks/couplerN: talking to the card in a coupler.
 *
 * The open is exclusive. write() sends one command APDU, read() returns its response with SW1 SW2;
 * what does not fit is -EMSGSIZE and stays readable. A removed card is -ENOMEDIUM and POLLHUP.
 * Configuration of the hardware is netlink's (docs/netlink/cks.yaml).
 */
#ifndef _UAPI_LINUX_CKS_H
#define _UAPI_LINUX_CKS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CKS_ATR_MAX	33
#define CKS_APDU_MAX	65544

#define CKS_COLD	0
#define CKS_WARM	1

/**
 * struct cks_reset - reset the card
 * @size: sizeof(struct cks_reset) as the caller knows it
 * @kind: CKS_COLD or CKS_WARM
 * @atr_len: returned
 * @atr: returned
 * @protocol: returned: T in use
 * @presence_gen: returned
 * @power_gen: returned
 */
struct cks_reset {
	__u32 size;
	__u8 kind;
	__u8 protocol;
	__u8 atr_len;
	__u8 atr[CKS_ATR_MAX];
	__u32 presence_gen;
	__u32 power_gen;
};

#define CKS_MODE_APDU	0
#define CKS_MODE_TPDU	1

/**
 * struct cks_transmit - send a command with a timeout of its own
 * @size: sizeof(struct cks_transmit) as the caller knows it
 * @mode: CKS_MODE_APDU or CKS_MODE_TPDU
 * @timeout_ms: whole exchange, 0 for the standard's waiting times alone
 * @cmd_len: 4...CKS_APDU_MAX
 * @rsp_len: room at @rsp; returned: bytes there
 * @cmd: user address of the command
 * @rsp: user address for the response
 */
struct cks_transmit {
	__u32 size;
	__u32 mode;
	__u32 timeout_ms;
	__u32 cmd_len;
	__u32 rsp_len;
	__u32 reserved;
	__u64 cmd;
	__u64 rsp;
};

/**
 * struct cks_state - what is known of the coupler
 * @size: sizeof(struct cks_state) as the caller knows it
 * @state: as enum cks_coupler_state of cks_netlink.h
 * @presence_gen: counts card-out; a coupler that comes back goes on
 * @power_gen: counts losses of VCC
 * @present: a card is in
 * @protocol: T in use
 * @reserved: 0
 */
struct cks_state {
	__u32 size;
	__u32 state;
	__u32 presence_gen;
	__u32 power_gen;
	__u8 present;
	__u8 protocol;
	__u8 reserved[6];
};

#define CKS_IOC_RESET		_IOWR('C', 0x01, struct cks_reset)
#define CKS_IOC_TRANSMIT	_IOWR('C', 0x02, struct cks_transmit)
#define CKS_IOC_STATE		_IOWR('C', 0x03, struct cks_state)
#define CKS_IOC_POWER_OFF	_IO('C', 0x04)

#endif
