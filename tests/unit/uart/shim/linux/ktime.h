/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernel/uart takes from the kernel, for its tests in userspace: time is the test's, and a
 * lock notices who takes it twice. The other headers here lead to this one.
 */
#ifndef SHIM_LINUX_KTIME_H
#define SHIM_LINUX_KTIME_H

#include "iso7816/port.h"

#define NSEC_PER_SEC	1000000000L

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	((t)(a) < (t)(b) ? (t)(a) : (t)(b))

typedef int64_t s64;
typedef int64_t ktime_t;

/* The bench's model has its own, where it is included first. */
#ifndef CKS_SIM_LINE_H
static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}
#endif

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

ktime_t ktime_get(void);

static inline s64 ktime_to_ns(ktime_t t)
{
	return t;
}

static inline ktime_t ktime_add_ns(ktime_t t, u64 ns)
{
	return t + (s64)ns;
}

static inline ktime_t ktime_sub_ns(ktime_t t, u64 ns)
{
	return t - (s64)ns;
}

static inline ktime_t ktime_sub(ktime_t a, ktime_t b)
{
	return a - b;
}

static inline bool ktime_before(ktime_t a, ktime_t b)
{
	return a < b;
}

static inline bool ktime_after(ktime_t a, ktime_t b)
{
	return a > b;
}

enum hrtimer_restart {
	HRTIMER_NORESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_ABS_HARD,
};

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
};

void hrtimer_start(struct hrtimer *timer, ktime_t t, enum hrtimer_mode mode);
int hrtimer_try_to_cancel(struct hrtimer *timer);

typedef struct {
	bool held;
} raw_spinlock_t;

void raw_spin_lock_init(raw_spinlock_t *lock);
void raw_spin_lock(raw_spinlock_t *lock);
void raw_spin_unlock(raw_spinlock_t *lock);

#define raw_spin_lock_irqsave(lock, flags)	((flags) = 0, raw_spin_lock(lock))
#define raw_spin_unlock_irqrestore(lock, flags)	((void)(flags), raw_spin_unlock(lock))

typedef enum {
	IRQ_NONE,
	IRQ_HANDLED,
} irqreturn_t;

struct device {
	char none;
};

#define dev_err_ratelimited(dev, ...)	((void)(dev))

struct pm_qos_request {
	int us;
};

struct module;
struct netlink_ext_ack;
struct notifier_block;

static inline u8 bitrev8(u8 byte)
{
	byte = (u8)((byte & 0x0f) << 4 | byte >> 4);
	byte = (u8)((byte & 0x33) << 2 | (byte & 0xcc) >> 2);
	return (u8)((byte & 0x55) << 1 | (byte & 0xaa) >> 1);
}

#endif
