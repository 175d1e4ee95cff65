/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coupler API: for drivers below (a const table of operations) and owners above (a file, the
 * router). All policy is in the core; a driver moves characters and contacts.
 *
 * Contexts. Each coupler has one raw spinlock. It protects the engine, the driver's registers and
 * the driver's state of a transmission. Drivers take it in their hard interrupt handler and timer
 * and call the core's cks_coupler_rx(), _sent(), _presence() with it held; the core calls the
 * operations marked "locked" with it held and hard interrupts off, often from inside those calls.
 * A driver may report from inside an operation as well; the report then takes effect when the
 * operation has returned. Owners are called back in process context with no lock held.
 */
#ifndef CKS_COUPLER_H
#define CKS_COUPLER_H

#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <uapi/linux/cks_netlink.h>

#include "iso7816/iso7816.h"

struct cks_coupler;
struct net;

/**
 * struct cks_settings - how a coupler is wired and what it is to do; set by netlink
 * @clk_hz: card clock, Hz
 * @uart_clk: base clock of the UART, Hz; 0 where the driver knows it
 * @rst_line: enum cks_modem_line, RTS or DTR
 * @rst_invert: RST is high while the line is asserted, else while it is not
 * @power_line: output that switches VCC and CLK: the one of RTS and DTR that does not carry RST, or
 *	none, where they are always on
 * @power_invert: they are on while the line is not asserted
 * @detect_line: CTS, DSR, DCD, or none: then a card is taken to be always present
 * @detect_invert: a card is in while the line is not asserted
 * @echo: own characters come back on RX
 * @policy: for the ATR
 * @protocol: 0, 1 or %ISO7816_T_ANY
 * @no_pps: never negotiate
 * @ifsd: see struct iso7816_config
 */
struct cks_settings {
	u32 clk_hz;
	u32 uart_clk;
	u8 rst_line;
	bool rst_invert;
	u8 power_line;
	bool power_invert;
	u8 detect_line;
	bool detect_invert;
	bool echo;
	u8 policy;
	u8 protocol;
	bool no_pps;
	u8 ifsd;
};

/**
 * struct cks_characters - what is to be sent
 * @data: characters
 * @len: how many, at least 1
 * @at: the first leading edge is not before this
 * @gap_ns: each next one is at least this after the one before
 * @limit_ns: one that would be later than this after the one before must not be sent any more;
 *	cks_coupler_sent() then has ISO7816_TX_ECHO
 */
struct cks_characters {
	const u8 *data;
	u16 len;
	ktime_t at;
	u64 gap_ns;
	u64 limit_ns;
};

/**
 * struct cks_coupler_ops - what a driver can do
 * @owner: the driver's module, held while a coupler is claimed
 * @name: of the driver
 * @configure: process context, card inactive, not locked; check and take new settings, allow the
 *	reachable rates in @cfg (iso7816_config_allow()). -EINVAL, and @extack says what is wrong
 * @activate: locked; RST low, I/O in reception, VCC and CLK on where they can be switched
 * @deactivate: locked; stop sending, then RST, CLK, I/O low and VCC off in this order
 * @rst: locked; level of the contact RST
 * @line: locked; rate, parity and guard time for what is sent and received from now on
 * @send: locked; the characters are valid until cks_coupler_sent(), @activate or @deactivate
 * @present: locked; whether a card is in
 * @claimed: process context, not locked; an owner has come (@on) or gone, and cards are going to be
 *	active meanwhile. May be NULL
 * @poll: locked; report the characters that are there and of which no interrupt has told yet. Asked
 *	when a deadline has passed: a late interrupt is not to pass for a mute card. May be NULL
 */
struct cks_coupler_ops {
	struct module *owner;
	const char *name;
	int (*configure)(struct cks_coupler *c, const struct cks_settings *s,
			 struct iso7816_config *cfg, struct netlink_ext_ack *extack);
	void (*activate)(struct cks_coupler *c);
	void (*deactivate)(struct cks_coupler *c);
	void (*rst)(struct cks_coupler *c, bool high);
	void (*line)(struct cks_coupler *c, const struct iso7816_line *line);
	void (*send)(struct cks_coupler *c, const struct cks_characters *chars);
	bool (*present)(struct cks_coupler *c);
	void (*claimed)(struct cks_coupler *c, bool on);
	void (*poll)(struct cks_coupler *c);
};

/* ------------------------------------------------------------------------- for drivers */

/**
 * cks_coupler_alloc() - allocate a coupler
 * @parent: device that it belongs to
 * @name: stable name, by which settings are kept when the coupler goes and comes back; at most
 *	%CKS_NAME_MAX characters. NULL: that of @parent, and nothing is kept
 * @ops: stays valid until the module is unloaded
 * @settings: initial ones
 * @drvdata: for cks_coupler_drvdata()
 * Context: process, may sleep
 * Return: the coupler, or ERR_PTR()
 */
struct cks_coupler *cks_coupler_alloc(struct device *parent, const char *name,
				      const struct cks_coupler_ops *ops,
				      const struct cks_settings *settings, void *drvdata);

/**
 * cks_coupler_register() - make it visible: calls @configure, creates device and events
 * @c: coupler
 * @extack: says what is wrong, may be NULL
 *
 * With the settings kept for its name, if there are any and the driver takes them; else with the
 * initial ones.
 *
 * Context: process, may sleep. Interrupts may come from here on.
 * Return: 0, -EEXIST if there is a coupler of this name, or what @configure has returned
 */
int cks_coupler_register(struct cks_coupler *c, struct netlink_ext_ack *extack);

/**
 * cks_coupler_unregister() - take it away, under load as well
 *
 * Deactivates the card, ends what runs with -ENODEV, wakes everybody. No operation is called
 * afterwards. The driver then stops its interrupts and calls cks_coupler_put().
 * Context: process, may sleep
 */
void cks_coupler_unregister(struct cks_coupler *c);

void cks_coupler_put(struct cks_coupler *c);
void *cks_coupler_drvdata(const struct cks_coupler *c);
unsigned int cks_coupler_index(const struct cks_coupler *c);
raw_spinlock_t *cks_coupler_lock(struct cks_coupler *c);
void cks_coupler_set_capabilities(struct cks_coupler *c, u32 capabilities);

/*
 * What netlink tells of the hardware: its family, at most 15 characters, and the depth of its FIFO,
 * 1 for none. Process context, before the coupler is registered.
 */
void cks_coupler_set_hardware(struct cks_coupler *c, const char *family, u16 fifo);

/* The three below: locked, any context. Times are of the leading edge, CLOCK_MONOTONIC. */
void cks_coupler_rx(struct cks_coupler *c, ktime_t t, u8 byte, u8 flags);
void cks_coupler_sent(struct cks_coupler *c, ktime_t t, u8 flags);
void cks_coupler_presence(struct cks_coupler *c, bool present);

/* A character was refused by the error signal of T=0, by the card or by us. Locked, any context. */
void cks_coupler_refused(struct cks_coupler *c, bool by_card);

/**
 * enum cks_cost - what the error signal of T=0 costs
 * @CKS_COST_SIGNAL: how much longer than its guard time a character takes that the card may refuse
 * @CKS_COST_REPEAT: from the leading edge of a character that was refused to that of its repetition
 * @CKS_COSTS: how many there are
 */
enum cks_cost {
	CKS_COST_SIGNAL,
	CKS_COST_REPEAT,
	CKS_COSTS,
};

void cks_coupler_cost(struct cks_coupler *c, enum cks_cost what, u64 millietu);

/* ------------------------------------------------- for drivers that make couplers */

#define CKS_NAME_MAX	63

/**
 * struct cks_place - where the hardware of a coupler is, that no bus tells of
 * @name: of the coupler; well-formed
 * @family: or NULL
 * @by_port: @port is given, else @address
 * @port: first I/O port
 * @address: memory address
 * @irq: interrupt
 * @uart_clk: Hz, 0: what is usual at such a place
 * @reg_shift: registers are 1 << @reg_shift addresses apart
 * @io_width: bytes of an access
 *
 * All but @name is as a user gave it.
 */
struct cks_place {
	const char *name;
	const char *family;
	bool by_port;
	u32 port;
	u64 address;
	u32 irq;
	u32 uart_clk;
	u8 reg_shift;
	u8 io_width;
};

/**
 * struct cks_maker - a driver that makes couplers on demand
 * @entry: the core's
 * @name: of the driver; its module has the alias "cks-maker-NAME"
 * @create: process context; returns the number of a registered coupler, or a negative errno other
 *	than -ENOENT, and @extack says what is wrong
 * @destroy: process context; -ENOENT if this driver has made no coupler of this name
 */
struct cks_maker {
	struct list_head entry;
	const char *name;
	int (*create)(const struct cks_place *place, struct netlink_ext_ack *extack);
	int (*destroy)(const char *name);
};

/* Context: process. -EBUSY if there is one of this name. */
int cks_maker_register(struct cks_maker *m);
/* When it returns, no call is running; couplers that were made stay for the driver to take away. */
void cks_maker_unregister(struct cks_maker *m);

/* -------------------------------------------------------------------------- for owners */

/**
 * struct cks_command - a reset or an exchange in progress; one at a time for a coupler
 * @x: exchange: command and response buffers stay valid until @done
 * @timeout_ms: of the exchange, 0 for none of its own
 * @accepts: exchange: whether a staged command may follow, by the response in @x; locked, any
 *	context, nothing but a look at it. NULL: none may
 * @select: reset: ask the card for protocol @t, by PPS where it takes one
 * @t: 0 or 1, in place of the coupler's setting
 * @err: reason, valid in @done
 * @atr: reset: copy of the ATR, len 0 when none came
 * @presence_gen: of the coupler at the end of the command
 * @power_gen: same
 * @followed: valid in @done: the staged command has been begun
 * @entry: the core's
 * @done: process context, no lock held; called exactly once for a command that was accepted
 */
struct cks_command {
	struct iso7816_exchange x;
	u32 timeout_ms;
	bool (*accepts)(const struct cks_command *cmd);
	bool select;
	u8 t;
	enum iso7816_err err;
	struct iso7816_atr atr;
	u32 presence_gen;
	u32 power_gen;
	bool followed;
	struct list_head entry;
	void (*done)(struct cks_command *cmd);
};

/**
 * struct cks_owner - who has a coupler
 * @name: shown by netlink
 * @lost: the card was taken out (@gone false) or the coupler is being removed (@gone true: release
 *	it soon); process context, no lock held, may be NULL
 * @progress: the card asked for more time, by NULL or S(WTX request), @extensions times since the
 *	exchange began; some may be told together. As @lost
 */
struct cks_owner {
	const char *name;
	void (*lost)(struct cks_owner *owner, bool gone);
	void (*progress)(struct cks_owner *owner, u32 extensions);
};

/* Look a coupler up by its number, or NULL; drop the reference by cks_coupler_put(). */
struct cks_coupler *cks_coupler_get(unsigned int index);

/**
 * cks_coupler_claim() - become the one owner
 * Context: process. Return: 0, -EBUSY or -ENODEV
 */
int cks_coupler_claim(struct cks_coupler *c, struct cks_owner *owner);

/**
 * cks_coupler_release() - end what runs, deactivate the card, give the coupler back
 *
 * When it returns, @done of a running command and @lost have returned and will not be called again.
 * Context: process, may sleep; not from @done, @lost or a notifier, nor with a lock held that one
 * of these takes
 */
void cks_coupler_release(struct cks_coupler *c, struct cks_owner *owner);

/**
 * cks_coupler_pass() - give the coupler to another owner, with nobody in between
 *
 * To @from it is as cks_coupler_release(), to @to as cks_coupler_claim().
 * Context: as cks_coupler_release()
 * Return: 0; -EPERM @from does not have it; -ENODEV it goes: @from has to release it, and may not
 * have been told
 */
int cks_coupler_pass(struct cks_coupler *c, struct cks_owner *from, struct cks_owner *to);

/*
 * Start a command; @done follows. Return: 0, -EBUSY one is running, -ENODEV gone, -ENOMEDIUM no
 * card, -EINVAL malformed, -EPERM not the owner, -EHOSTDOWN the card is not active (exchange).
 * Context: process; also from @done
 */
int cks_coupler_reset(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *cmd,
		      enum iso7816_reset how);
int cks_coupler_exchange(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *cmd);

/**
 * cks_coupler_stage() - have a command follow the exchange that runs
 * @c: coupler
 * @owner: who has it
 * @next: begun when the exchange ends with ISO7816_OK and its @accepts says so, there and then: as
 *	soon after the response as the guard time allows, which an owner that waits for @done cannot
 *	keep at the higher rates. Its @done then follows, with an error if it could not be begun
 *
 * If it is not begun, the exchange's @done has @followed false, and nothing more is heard of it.
 *
 * Context: process; also from @done
 * Return: 0, -EALREADY no exchange runs (any more), -EBUSY one is staged already, -ENODEV, -EINVAL,
 * -EPERM
 */
int cks_coupler_stage(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *next);

/* The staged command is not to be begun, if it has not been yet. Context: process */
void cks_coupler_unstage(struct cks_coupler *c, struct cks_owner *owner);

/* End a running command with ISO7816_E_CANCELED and deactivate the card; its @done follows. */
void cks_coupler_power_off(struct cks_coupler *c, struct cks_owner *owner);

/**
 * struct cks_coupler_status - a consistent picture of a coupler
 */
struct cks_coupler_status {
	enum cks_coupler_state state;
	bool present;
	u32 presence_gen;
	u32 power_gen;
	u32 capabilities;
	struct iso7816_atr atr;
	struct iso7816_line line;
	enum iso7816_err last_error;
	u64 chars_rx;
	u64 chars_tx;
	u64 exchanges;
	u64 char_errors;
	u64 chars_refused;
	u64 chars_repeated;
};

void cks_coupler_status(struct cks_coupler *c, struct cks_coupler_status *ret_status);

/* ---------------------------------------------------- network namespaces, for the router */

bool cks_net_has(const struct net *net, unsigned int index);
int cks_net_give(unsigned int index, struct net *net);
void cks_net_forget(const struct net *net);

/* ---------------------------------------------------------------- events, for the router */

enum cks_event {
	CKS_EVENT_ADDED,
	CKS_EVENT_REMOVED,	/* before the driver is gone */
	CKS_EVENT_CARD_IN,
	CKS_EVENT_CARD_OUT,
};

/*
 * Blocking notifiers, process context; data is the struct cks_coupler. A new notifier is told of
 * the couplers that exist already by %CKS_EVENT_ADDED, before its registration returns; of a card
 * that is in one of these it learns by cks_coupler_status().
 */
int cks_register_notifier(struct notifier_block *nb);
void cks_unregister_notifier(struct notifier_block *nb);

#endif
