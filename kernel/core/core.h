/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the core share: the coupler's layout, and who may touch which part of it.
 *
 * Locks, outermost first; each may be left out, none may be taken in another order:
 *   cks_list_mutex   appearance and disappearance of couplers, and the notifier calls for them
 *   coupler->mutex   settings, claims and removal against each other; process context
 *   coupler->lock    raw, hard interrupts off: engine, driver's registers, and all state below it
 */
#ifndef CKS_CORE_H
#define CKS_CORE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "coupler.h"

#define CKS_COUPLERS_MAX	1024

#define CKS_CLK_HZ_MIN		10000
#define CKS_CLK_HZ_MAX		20000000

#define CKS_RESET_CLKS		40000
#define CKS_OFF_MS		10

/**
 * struct cks_coupler - a coupler
 * @dev: "couplerN" of class cks; its reference count is the coupler's
 * @cdev: /dev/cks/couplerN
 * @ops: the driver's
 * @drvdata: the driver's
 * @index: N
 * @name: stable name: the driver's, or that of the parent, whose bus address stays
 * @keep: its settings are kept by it
 * @driver: name of the driver. Copies both: a look-up may outlive parent and driver
 * @family: of the hardware, a copy too; empty if the driver knows of none
 * @fifo: depth, 0 if it is not known
 * @mutex: see above
 * @told_claim: the driver knows of an owner; under @mutex
 * @lock: see above; protects what follows
 * @live: registered; while false nothing of the driver's is called and its calls are ignored
 * @stepping: actions are being carried out further up the stack
 * @engine: ISO/IEC 7816-3
 * @settings: as applied
 * @epoch: CLOCK_MONOTONIC at the engine's tick 0
 * @tick_hz: ticks in a second
 * @ticks_max: ticks that are CKS_NS_MAX after the epoch
 * @armed: when @timer expires at the latest, or KTIME_MAX
 * @timer: calls for the engine's deadline
 * @present: a card is in
 * @powered: the card has VCC
 * @failed: the last command failed
 * @presence_gen: counts card-out, and goes on where the last coupler of this number ended
 * @power_gen: counts losses of VCC
 * @capabilities: enum cks_capability, of the driver
 * @owner: who has claimed the coupler
 * @releasing: the owner is about to go, and is told nothing any more
 * @owner_gen: @presence_gen that the owner knows of
 * @cmd: command that runs
 * @cmd_reset: it is a reset
 * @cmd_start: when it began
 * @staged: to be begun when @cmd has ended well
 * @following: it is to be begun now
 * @ended: commands that are finished, and not yet told to the owner: two at most
 * @extensions: that the card asked for, as far as the owner is told of
 * @fault: reason that is not yet told to the world
 * @last_error: reason of the last failure
 * @told_gen: @presence_gen that the world knows of
 * @told_present: @present as the world knows it
 * @told_gone: the owner knows that the coupler goes
 * @chars_rx: characters received
 * @chars_tx: characters sent
 * @exchanges: exchanges finished, whatever their end
 * @char_errors: characters received with an error
 * @chars_refused: characters of the card that were refused, so that it repeats them
 * @chars_repeated: characters that the card refused
 * @cost: of both; see cost.c
 * @irq_work: from hard interrupt to @work
 * @settling: held by who waits for @irq_work
 * @work: calls @done, @lost, notifiers and netlink; see event.c
 */
struct cks_coupler {
	struct device dev;
	struct cdev cdev;
	const struct cks_coupler_ops *ops;
	void *drvdata;
	unsigned int index;
	const char *name;
	bool keep;
	const char *driver;
	char family[16];
	u16 fifo;
	struct mutex mutex;	/* settings, claims, removal */
	bool told_claim;

	raw_spinlock_t lock;	/* all that follows */
	bool live;
	bool stepping;
	struct iso7816_coupler engine;
	struct cks_settings settings;
	ktime_t epoch;
	u64 tick_hz;
	u64 ticks_max;
	ktime_t armed;
	struct hrtimer timer;

	bool present;
	bool powered;
	bool failed;
	u32 presence_gen;
	u32 power_gen;
	u32 capabilities;

	struct cks_owner *owner;
	bool releasing;
	u32 owner_gen;
	struct cks_command *cmd;
	bool cmd_reset;
	ktime_t cmd_start;
	struct cks_command *staged;
	struct cks_command *following;
	struct list_head ended;
	u32 extensions;

	enum iso7816_err fault;
	enum iso7816_err last_error;
	u32 told_gen;
	bool told_present;
	bool told_gone;

	u64 chars_rx;
	u64 chars_tx;
	u64 exchanges;
	u64 char_errors;
	u64 chars_refused;
	u64 chars_repeated;
	struct {
		u64 sum;
		u64 count;
	} cost[CKS_COSTS];

	struct irq_work irq_work;
	struct mutex settling;	/* irq_work_sync() has one waiter at a time */
	struct work_struct work;
};

/* main.c */
extern const struct class cks_class;
extern dev_t cks_devt;
extern struct workqueue_struct *cks_wq;

/* coupler.c */
struct cks_coupler *cks_coupler_next(unsigned long *index);
unsigned int cks_couplers_seq(void);
int cks_coupler_configure(struct cks_coupler *c, const struct cks_settings *s,
			  struct netlink_ext_ack *extack);
void cks_coupler_get_settings(struct cks_coupler *c, struct cks_settings *ret_settings);
void cks_couplers_changed(void);
void cks_coupler_settle(struct cks_coupler *c);
void cks_list_lock(void);
void cks_list_unlock(void);

/* kept.c */
void cks_kept_put(const char *name, const struct cks_settings *s);
bool cks_kept_get(const char *name, struct cks_settings *ret_s);
void cks_kept_exit(void);

/* maker.c */
int cks_coupler_make(const char *driver, const struct cks_place *place,
		     struct netlink_ext_ack *extack);
int cks_coupler_unmake(const char *name, struct netlink_ext_ack *extack);

/* engine.c */
void cks_engine_init(struct cks_coupler *c);
void cks_engine_start(struct cks_coupler *c, const struct cks_settings *s,
		      const struct iso7816_config *cfg);
void cks_engine_begin(struct cks_coupler *c, struct cks_command *cmd, bool reset);
enum iso7816_err cks_engine_exchange(struct cks_coupler *c, struct cks_command *cmd);
void cks_engine_step(struct cks_coupler *c);
u64 cks_engine_now(struct cks_coupler *c);

/* owner.c */
void cks_coupler_tell_claim(struct cks_coupler *c, bool on);
enum cks_coupler_state cks_coupler_state(const struct cks_coupler *c);

/* cost.c */
bool cks_coupler_mean_cost(struct cks_coupler *c, enum cks_cost what, u32 *ret_millietu);

/* event.c */
void cks_event_init(struct cks_coupler *c);
void cks_event_kick(struct cks_coupler *c);
void cks_event_call(struct cks_coupler *c, enum cks_event event);

/* chardev.c */
extern const struct file_operations cks_chardev_fops;

/* netns.c */
bool cks_net_sees(const struct net *net, unsigned int index);
struct net *cks_net_other(unsigned int index);
void cks_net_home(unsigned int index);

/* netlink_event.c */
void cks_nl_coupler_event(struct cks_coupler *c, bool gone);
void cks_nl_card_event(struct cks_coupler *c, bool present, u32 presence_gen, u32 power_gen);
void cks_nl_fault_event(struct cks_coupler *c, enum iso7816_err err, u32 presence_gen);
void cks_nl_coupler_moved(struct cks_coupler *c, struct net *net, bool away);

/* netlink.c */
int cks_nl_put_coupler(struct sk_buff *skb, struct cks_coupler *c, bool gone);

#endif
