// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cks/couplerN: a file that owns a coupler. write() sends a command APDU, read() takes its
 * response; the ioctls are those of cks.h. docs/cks.4 says what each of them returns.
 *
 * Contexts: process, but for cks_file_done() and cks_file_lost(), which the core calls from its
 * work and which only set a state and wake up. cks_file->mutex serialises everything that may
 * start a command or take a response; it is held while waiting for a command to end, which the
 * standard's waiting times bound. Poll, CKS_IOC_STATE and CKS_IOC_POWER_OFF do without it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/cks.h>

#include "core.h"

#define CKS_RSP_MAX	65538	/* data of an extended response, SW1 SW2 */

static_assert(CKS_APDU_MAX == ISO7816_APDU_MAX);
static_assert(CKS_ATR_MAX == ISO7816_ATR_MAX);
static_assert(sizeof(struct cks_reset) == 48);
static_assert(sizeof(struct cks_transmit) == 40);
static_assert(sizeof(struct cks_state) == 24);

/* Of a file's command. */
enum cks_file_state {
	CKS_FILE_IDLE,
	CKS_FILE_RUNNING,
	CKS_FILE_ENDED,		/* its outcome waits for read() */
};

/**
 * struct cks_file - an open file
 * @coupler: claimed for as long as the file is open
 * @owner: the claim
 * @command: the one command
 * @mutex: see above
 * @wait: for the end of the command, and for poll
 * @state: enum cks_file_state
 * @err: negative errno of an ended command
 * @gone: the coupler is being removed
 * @cmd: command APDU, CKS_APDU_MAX bytes
 * @rsp: response APDU, CKS_RSP_MAX bytes
 */
struct cks_file {
	struct cks_coupler *coupler;
	struct cks_owner owner;
	struct cks_command command;
	struct mutex mutex;	/* one command at a time */
	wait_queue_head_t wait;
	int state;
	int err;
	bool gone;
	u8 *cmd;
	u8 *rsp;
};

static void cks_file_lost(struct cks_owner *owner, bool gone)
{
	struct cks_file *f = container_of(owner, struct cks_file, owner);

	if (gone)
		WRITE_ONCE(f->gone, true);
	wake_up(&f->wait);
}

static void cks_file_done(struct cks_command *command)
{
	struct cks_file *f = container_of(command, struct cks_file, command);

	memzero_explicit(f->cmd, command->x.cmd_len);
	f->err = iso7816_errno(command->err);
	/* The reader may be here before cks_file_lost() is; @live was cleared before this ran. */
	if (!READ_ONCE(f->coupler->live))
		WRITE_ONCE(f->gone, true);
	/* Pairs with cks_file_ended(): the outcome is there before the state says so. */
	smp_store_release(&f->state, CKS_FILE_ENDED);
	/* Also a reset that was interrupted, which waits without. */
	wake_up(&f->wait);
}

static bool cks_file_ended(struct cks_file *f)
{
	/* Pairs with cks_file_done(). */
	return smp_load_acquire(&f->state) != CKS_FILE_RUNNING;
}

/* The next command can come: another thread may be in poll() for that. */
static void cks_file_idle(struct cks_file *f)
{
	WRITE_ONCE(f->state, CKS_FILE_IDLE);
	wake_up(&f->wait);
}

/* A response was taken, or nobody will take it. Called with the mutex held. */
static void cks_file_forget(struct cks_file *f)
{
	memzero_explicit(f->rsp, f->command.x.rsp_len);
	f->command.x.rsp_len = 0;
	cks_file_idle(f);
}

static int cks_file_lock(struct cks_file *f, bool nonblock)
{
	if (nonblock)
		return mutex_trylock(&f->mutex) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(&f->mutex) ? -ERESTARTSYS : 0;
}

/* Of an ended command; a card whose coupler is removed was not taken out. */
static int cks_file_error(struct cks_file *f)
{
	if (f->err && READ_ONCE(f->gone))
		return -ENODEV;
	return f->err;
}

/* Begin an exchange with what is in f->cmd. Called with the mutex held, idle. */
static int cks_file_exchange(struct cks_file *f, u32 len, u32 timeout_ms, enum iso7816_mode mode)
{
	int err;

	f->command.x = (struct iso7816_exchange){
		.cmd = f->cmd,
		.cmd_len = len,
		.rsp = f->rsp,
		.rsp_size = CKS_RSP_MAX,
		.mode = mode,
	};
	f->command.timeout_ms = timeout_ms;
	f->err = 0;
	WRITE_ONCE(f->state, CKS_FILE_RUNNING);
	err = cks_coupler_exchange(f->coupler, &f->owner, &f->command);
	if (err) {
		memzero_explicit(f->cmd, len);
		cks_file_idle(f);
	}
	return err;
}

static int cks_open(struct inode *inode, struct file *file)
{
	struct cks_coupler *c = container_of(inode->i_cdev, struct cks_coupler, cdev);
	struct cks_file *f;
	int err = -ENOMEM;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	f->cmd = kvzalloc(CKS_APDU_MAX, GFP_KERNEL_ACCOUNT);
	f->rsp = kvzalloc(CKS_RSP_MAX, GFP_KERNEL_ACCOUNT);
	if (!f->cmd || !f->rsp)
		goto err;

	f->coupler = c;
	f->owner.name = "file";
	f->owner.lost = cks_file_lost;
	f->command.done = cks_file_done;
	mutex_init(&f->mutex);
	init_waitqueue_head(&f->wait);

	err = cks_coupler_claim(c, &f->owner);
	if (err)
		goto err;

	file->private_data = f;
	return stream_open(inode, file);

err:
	kvfree(f->rsp);
	kvfree(f->cmd);
	kfree(f);
	return err;
}

static int cks_release(struct inode *inode, struct file *file)
{
	struct cks_file *f = file->private_data;

	cks_coupler_release(f->coupler, &f->owner);
	kvfree_sensitive(f->rsp, CKS_RSP_MAX);
	kvfree_sensitive(f->cmd, CKS_APDU_MAX);
	kfree(f);
	return 0;
}

static ssize_t cks_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct cks_file *f = file->private_data;
	int err;

	if (count < 4)
		return -EINVAL;
	if (count > CKS_APDU_MAX)
		return -EMSGSIZE;

	err = cks_file_lock(f, file->f_flags & O_NONBLOCK);
	if (err)
		return err;
	if (READ_ONCE(f->gone))
		err = -ENODEV;
	else if (READ_ONCE(f->state) != CKS_FILE_IDLE)
		err = -EBUSY;
	else if (copy_from_user(f->cmd, buf, count))
		err = -EFAULT;
	else
		err = cks_file_exchange(f, count, 0, ISO7816_APDU);
	mutex_unlock(&f->mutex);

	return err ?: count;
}

/* Hand out the outcome of an ended command. Called with the mutex held. */
static ssize_t cks_file_take(struct cks_file *f, char __user *buf, size_t count)
{
	u32 len = f->command.x.rsp_len;
	int err = cks_file_error(f);

	if (err) {
		cks_file_forget(f);
		return err;
	}
	if (len > count)
		return -EMSGSIZE;
	if (copy_to_user(buf, f->rsp, len))
		return -EFAULT;
	cks_file_forget(f);
	return len;
}

static ssize_t cks_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct cks_file *f = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	ssize_t ret;

	ret = cks_file_lock(f, nonblock);
	if (ret)
		return ret;

	if (READ_ONCE(f->state) == CKS_FILE_IDLE)
		ret = READ_ONCE(f->gone) ? -ENODEV : -ENODATA;
	else if (nonblock && !cks_file_ended(f))
		ret = -EAGAIN;
	else if (wait_event_interruptible(f->wait, cks_file_ended(f)))
		ret = -ERESTARTSYS;
	else
		ret = cks_file_take(f, buf, count);

	mutex_unlock(&f->mutex);
	return ret;
}

static __poll_t cks_poll(struct file *file, poll_table *table)
{
	struct cks_file *f = file->private_data;
	struct cks_coupler_status status;
	__poll_t mask = 0;

	poll_wait(file, &f->wait, table);

	cks_coupler_status(f->coupler, &status);
	switch (READ_ONCE(f->state)) {
	case CKS_FILE_IDLE:
		if (status.state == CKS_COUPLER_STATE_READY)
			mask |= EPOLLOUT | EPOLLWRNORM;
		break;
	case CKS_FILE_ENDED:
		mask |= EPOLLIN | EPOLLRDNORM;
		break;
	}
	if (!status.present)
		mask |= EPOLLHUP;
	if (READ_ONCE(f->gone))
		mask |= EPOLLHUP | EPOLLERR;
	return mask;
}

/*
 * Structures grow at their end. Each begins with its size as the caller knows it: what a shorter
 * one lacks is 0, what a longer one has more must be 0.
 */
static int cks_ioctl_get(void *arg, size_t size, size_t min, void __user *from, u32 *ret_size)
{
	u32 usize;

	if (get_user(usize, (u32 __user *)from))
		return -EFAULT;
	if (usize < min || usize > PAGE_SIZE)
		return -EINVAL;
	*ret_size = usize;
	return copy_struct_from_user(arg, size, from, usize);
}

static int cks_ioctl_put(void __user *to, u32 usize, const void *arg, size_t size)
{
	return copy_to_user(to, arg, min_t(size_t, usize, size)) ? -EFAULT : 0;
}

static int cks_ioctl_reset(struct cks_file *f, void __user *user)
{
	struct cks_coupler_status status;
	struct cks_reset arg;
	u32 usize;
	int err;

	err = cks_ioctl_get(&arg, sizeof(arg), 48, user, &usize);
	if (err)
		return err;
	if (arg.kind != CKS_COLD && arg.kind != CKS_WARM)
		return -EINVAL;
	if (READ_ONCE(f->gone))
		return -ENODEV;
	if (!cks_file_ended(f))
		return -EBUSY;

	/* A response that nobody read belongs to before the reset. */
	cks_file_forget(f);
	memset(&f->command.x, 0, sizeof(f->command.x));
	WRITE_ONCE(f->state, CKS_FILE_RUNNING);
	err = cks_coupler_reset(f->coupler, &f->owner, &f->command,
				arg.kind == CKS_WARM ? ISO7816_WARM : ISO7816_COLD);
	if (err) {
		cks_file_idle(f);
		return err;
	}

	if (wait_event_interruptible(f->wait, cks_file_ended(f))) {
		/* Ends at once, with the card off; the ATR would have nobody to go to. */
		cks_coupler_power_off(f->coupler, &f->owner);
		wait_event(f->wait, cks_file_ended(f));
		cks_file_forget(f);
		return -EINTR;
	}

	err = cks_file_error(f);
	cks_file_forget(f);

	cks_coupler_status(f->coupler, &status);
	arg.size = sizeof(arg);
	arg.protocol = status.line.t;
	arg.atr_len = f->command.atr.len;
	memset(arg.atr, 0, sizeof(arg.atr));
	memcpy(arg.atr, f->command.atr.raw, f->command.atr.len);
	arg.presence_gen = f->command.presence_gen;
	arg.power_gen = f->command.power_gen;
	/* An ATR is worth having even when the card was refused because of it. */
	return cks_ioctl_put(user, usize, &arg, sizeof(arg)) ?: err;
}

static int cks_ioctl_transmit(struct cks_file *f, void __user *user)
{
	struct cks_transmit arg;
	ssize_t len;
	u32 usize;
	int err;

	err = cks_ioctl_get(&arg, sizeof(arg), 40, user, &usize);
	if (err)
		return err;
	if (arg.reserved || (arg.mode != CKS_MODE_APDU && arg.mode != CKS_MODE_TPDU) ||
	    arg.cmd_len < 4)
		return -EINVAL;
	if (arg.cmd_len > CKS_APDU_MAX || arg.rsp_len < 2)
		return -EMSGSIZE;
	if (READ_ONCE(f->gone))
		return -ENODEV;
	if (READ_ONCE(f->state) != CKS_FILE_IDLE)
		return -EBUSY;
	if (copy_from_user(f->cmd, u64_to_user_ptr(arg.cmd), arg.cmd_len))
		return -EFAULT;

	err = cks_file_exchange(f, arg.cmd_len, arg.timeout_ms,
				arg.mode == CKS_MODE_TPDU ? ISO7816_TPDU : ISO7816_APDU);
	if (err)
		return err;

	/* Interrupted, the command goes on, and its response is for read(). */
	if (wait_event_interruptible(f->wait, cks_file_ended(f)))
		return -EINTR;

	len = cks_file_take(f, u64_to_user_ptr(arg.rsp), arg.rsp_len);
	if (len < 0)
		return len;
	arg.size = sizeof(arg);
	arg.rsp_len = len;
	return cks_ioctl_put(user, usize, &arg, sizeof(arg));
}

static int cks_ioctl_state(struct cks_file *f, void __user *user)
{
	struct cks_coupler_status status;
	struct cks_state arg;
	u32 usize;
	int err;

	err = cks_ioctl_get(&arg, sizeof(arg), 24, user, &usize);
	if (err)
		return err;

	cks_coupler_status(f->coupler, &status);
	arg = (struct cks_state){
		.size = sizeof(arg),
		.state = status.state,
		.presence_gen = status.presence_gen,
		.power_gen = status.power_gen,
		.present = status.present,
		.protocol = status.line.t,
	};
	return cks_ioctl_put(user, usize, &arg, sizeof(arg));
}

static long cks_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct cks_file *f = file->private_data;
	void __user *user = (void __user *)arg;
	long err;

	/* By number: the size in it is that of the caller's version. */
	if (_IOC_TYPE(cmd) != _IOC_TYPE(CKS_IOC_RESET))
		return -ENOTTY;

	switch (_IOC_NR(cmd)) {
	case _IOC_NR(CKS_IOC_STATE):
		return cks_ioctl_state(f, user);
	case _IOC_NR(CKS_IOC_POWER_OFF):
		if (READ_ONCE(f->gone))
			return -ENODEV;
		cks_coupler_power_off(f->coupler, &f->owner);
		return 0;
	case _IOC_NR(CKS_IOC_RESET):
		err = cks_file_lock(f, file->f_flags & O_NONBLOCK);
		if (err)
			return err;
		err = cks_ioctl_reset(f, user);
		mutex_unlock(&f->mutex);
		return err;
	case _IOC_NR(CKS_IOC_TRANSMIT):
		err = cks_file_lock(f, file->f_flags & O_NONBLOCK);
		if (err)
			return err;
		err = cks_ioctl_transmit(f, user);
		mutex_unlock(&f->mutex);
		return err;
	default:
		return -ENOTTY;
	}
}

const struct file_operations cks_chardev_fops = {
	.owner = THIS_MODULE,
	.open = cks_open,
	.release = cks_release,
	.write = cks_write,
	.read = cks_read,
	.poll = cks_poll,
	.unlocked_ioctl = cks_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
