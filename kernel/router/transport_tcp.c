// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP sockets of the kernel as transports, and the listeners they come from.
 *
 * Contexts: the socket callbacks run in softirq (or in process context with bottom halves off)
 * under sk_callback_lock for reading, and only wake; everything else is process context.
 * sk_user_data is set and cleared under sk_callback_lock for writing: once it is NULL no callback
 * of ours is running or will run. The timer (softirq) only wakes, too, and ends before its
 * transport does.
 *
 * The sockets do not hold their network namespace, else it could never go: the router closes
 * them before it does. Only then do they hold it, until TCP is done with them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "transport.h"

#define ACCEPT_BUDGET		16
#define AGAIN_MS		100	/* behind what failed for want of memory */
#define KEEPALIVE_IDLE_S	10
#define KEEPALIVE_INTERVAL_S	5
#define KEEPALIVE_COUNT		4

struct tcp_transport {
	struct cks_transport tp;
	struct socket *sock;
	struct timer_list again;
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*write_space)(struct sock *sk);
};

struct cks_listener {
	struct socket *sock;
	struct delayed_work work;
	struct workqueue_struct *wq;
	void (*accept)(void *ctx, struct cks_transport *tp);
	void *ctx;
	void (*data_ready)(struct sock *sk);
};

static struct tcp_transport *to_tcp(struct cks_transport *tp)
{
	return container_of(tp, struct tcp_transport, tp);
}

static void tcp_wake(struct sock *sk)
{
	struct tcp_transport *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t)
		t->tp.wake(t->tp.ctx);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void tcp_write_space(struct sock *sk)
{
	struct tcp_transport *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		t->tp.wake(t->tp.ctx);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static int tcp_start(struct cks_transport *tp)
{
	struct tcp_transport *t = to_tcp(tp);
	struct sock *sk = t->sock->sk;

	/* The wake-up below may end the stream, and the socket, before this function does. */
	sock_hold(sk);
	write_lock_bh(&sk->sk_callback_lock);
	t->data_ready = sk->sk_data_ready;
	t->state_change = sk->sk_state_change;
	t->write_space = sk->sk_write_space;
	sk->sk_user_data = t;
	sk->sk_data_ready = tcp_wake;
	sk->sk_state_change = tcp_wake;
	sk->sk_write_space = tcp_write_space;
	tp->wake(tp->ctx);
	write_unlock_bh(&sk->sk_callback_lock);
	sock_put(sk);
	return 0;
}

static int tcp_recv(struct cks_transport *tp, void *buf, size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};

	return kernel_recvmsg(to_tcp(tp)->sock, &msg, &vec, 1, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tcp_again(struct timer_list *timer)
{
	struct tcp_transport *t = from_timer(t, timer, again);

	t->tp.wake(t->tp.ctx);
}

static int tcp_send(struct cks_transport *tp, const void *buf, size_t len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct tcp_transport *t = to_tcp(tp);
	int n = kernel_sendmsg(t->sock, &msg, &vec, 1, len);

	/* There is room, but no memory: nobody will call when there is. */
	if (n == -EAGAIN && sk_stream_is_writeable(t->sock->sk))
		mod_timer(&t->again, jiffies + msecs_to_jiffies(AGAIN_MS));
	return n;
}

static void tcp_shutdown_send(struct cks_transport *tp)
{
	kernel_sock_shutdown(to_tcp(tp)->sock, SHUT_WR);
}

/*
 * TCP ends a connection after its socket is closed, with timers that a socket has only if it holds
 * its namespace; without them, what the peer does not acknowledge would stay for ever. In a
 * namespace that is ending there is no time for it.
 */
static void tcp_end(struct sock *sk)
{
	struct net *net = sock_net(sk);

	if (sk->sk_state == TCP_CLOSE)
		return;
	if (!maybe_get_net(net)) {
		sock_no_linger(sk);
		return;
	}
	sk_net_refcnt_upgrade(sk);
	put_net(net);
}

static void tcp_release(struct cks_transport *tp)
{
	struct tcp_transport *t = to_tcp(tp);
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data == t) {
		sk->sk_data_ready = t->data_ready;
		sk->sk_state_change = t->state_change;
		sk->sk_write_space = t->write_space;
		sk->sk_user_data = NULL;
	}
	write_unlock_bh(&sk->sk_callback_lock);
	timer_shutdown_sync(&t->again);
	tcp_end(sk);
	sock_release(t->sock);
	kfree(t);
}

static const struct cks_transport_ops tcp_ops = {
	.start = tcp_start,
	.recv = tcp_recv,
	.send = tcp_send,
	.shutdown = tcp_shutdown_send,
	.release = tcp_release,
};

static struct cks_transport *tcp_transport_alloc(struct socket *sock)
{
	struct tcp_transport *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct sock *sk = sock->sk;

	if (!t)
		return NULL;
	t->tp.ops = &tcp_ops;
	t->sock = sock;
	timer_setup(&t->again, tcp_again, 0);

	/* A child of the listener has inherited its callback and user data. */
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);

	tcp_sock_set_nodelay(sk);
	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, KEEPALIVE_IDLE_S);
	tcp_sock_set_keepintvl(sk, KEEPALIVE_INTERVAL_S);
	tcp_sock_set_keepcnt(sk, KEEPALIVE_COUNT);
	return &t->tp;
}

static int addr_len(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					     sizeof(struct sockaddr_in);
}

struct cks_transport *cks_tcp_connect(struct net *net, const struct sockaddr_storage *addr)
{
	struct cks_transport *tp;
	struct socket *sock;
	int err;

	err = sock_create_kern(net, addr->ss_family, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err)
		return ERR_PTR(err);
	tp = tcp_transport_alloc(sock);
	err = tp ? kernel_connect(sock, (struct sockaddr *)addr, addr_len(addr), O_NONBLOCK) :
		   -ENOMEM;
	if (!err || err == -EINPROGRESS)
		return tp;
	sock_release(sock);
	kfree(tp ? to_tcp(tp) : NULL);
	return ERR_PTR(err);
}

/*
 * Between accept() and tcp_start() the child runs the listener's callback with the listener's
 * user data; it does nothing in any state but LISTEN.
 */
static void listener_data_ready(struct sock *sk)
{
	struct cks_listener *l;

	if (sk->sk_state != TCP_LISTEN)
		return;
	read_lock_bh(&sk->sk_callback_lock);
	l = sk->sk_user_data;
	if (l)
		mod_delayed_work(l->wq, &l->work, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void listener_work(struct work_struct *work)
{
	struct cks_listener *l = container_of(work, struct cks_listener, work.work);
	unsigned int budget;

	for (budget = ACCEPT_BUDGET; budget; budget--) {
		struct cks_transport *tp;
		struct socket *sock;
		int err;

		err = kernel_accept(l->sock, &sock, O_NONBLOCK);
		if (err == -EAGAIN)
			return;
		if (err) {
			pr_warn_ratelimited("accept failed: %d\n", err);
			/* What is in the backlog will not call once more. */
			queue_delayed_work(l->wq, &l->work, msecs_to_jiffies(AGAIN_MS));
			return;
		}
		/* The default callback of a socket, not the listener's. */
		write_lock_bh(&sock->sk->sk_callback_lock);
		sock->sk->sk_data_ready = l->data_ready;
		write_unlock_bh(&sock->sk->sk_callback_lock);

		tp = tcp_transport_alloc(sock);
		if (!tp) {
			tcp_end(sock->sk);
			sock_release(sock);
			continue;
		}
		l->accept(l->ctx, tp);
	}
	mod_delayed_work(l->wq, &l->work, 0);
}

struct cks_listener *cks_tcp_listen(struct net *net, struct workqueue_struct *wq,
				    const struct sockaddr_storage *addr, int backlog,
				    void (*accept)(void *ctx, struct cks_transport *tp), void *ctx)
{
	struct cks_listener *l;
	struct sock *sk;
	int err;

	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return ERR_PTR(-ENOMEM);
	INIT_DELAYED_WORK(&l->work, listener_work);
	l->wq = wq;
	l->accept = accept;
	l->ctx = ctx;

	err = sock_create_kern(net, addr->ss_family, SOCK_STREAM, IPPROTO_TCP, &l->sock);
	if (err)
		goto err_free;
	sk = l->sock->sk;
	sock_set_reuseaddr(sk);
	err = kernel_bind(l->sock, (struct sockaddr *)addr, addr_len(addr));
	if (err)
		goto err_sock;

	write_lock_bh(&sk->sk_callback_lock);
	l->data_ready = sk->sk_data_ready;
	sk->sk_user_data = l;
	sk->sk_data_ready = listener_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);

	err = kernel_listen(l->sock, backlog);
	if (err)
		goto err_sock;
	return l;

err_sock:
	sock_release(l->sock);
err_free:
	kfree(l);
	return ERR_PTR(err);
}

void cks_tcp_unlisten(struct cks_listener *l)
{
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = l->data_ready;
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);
	cancel_delayed_work_sync(&l->work);
	sock_release(l->sock);
	kfree(l);
}
