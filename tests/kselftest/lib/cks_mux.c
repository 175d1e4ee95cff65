// SPDX-License-Identifier: GPL-2.0-only
/*
 * One connection for control and channels, taken apart.
 *
 * What comes for a link waits in the socket pair whose other end the test has, and no further
 * credit is given before it is there: a test that does not read stops its link alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cks_client.h"
#include "cks_mux.h"

#define LINKS_MAX	16
#define FIRST_CREDIT	65536
#define CARRIED_MAX	4096

enum { LINK = 0x30, CARRY, CREDIT, UNLINK };
enum { COUPLER = 0x07, CARRIED = 0x70, F_CREDIT };

/**
 * struct link - one of them
 * @number: 0 when there is none
 * @fd: our end of the pair
 * @credit: bytes that we may send
 * @buf: what came and the pair did not take yet
 * @len: of it
 * @ended: UNLINK came
 * @shut: UNLINK was sent
 */
struct link {
	uint32_t number;
	int fd;
	uint32_t credit;
	uint8_t buf[FIRST_CREDIT];
	uint32_t len;
	bool ended;
	bool shut;
};

struct mux {
	int tcp;
	int control[2];
	int wake;
	pthread_t thread;
	pthread_mutex_t lock;	/* @links, @last, @quit, and what is sent */
	struct link links[LINKS_MAX];
	uint32_t last;
	bool quit;
	struct client_frame in;
	struct client_frame out;
};

static int send_about(struct mux *m, uint8_t type, uint32_t number, uint16_t tag, uint64_t v)
{
	client_begin(&m->out, type, number);
	if (tag)
		client_put_int(&m->out, tag, v, 4);
	return client_send(m->tcp, &m->out);
}

static void link_end(struct mux *m, struct link *l)
{
	if (!l->shut)
		send_about(m, UNLINK, l->number, 0, 0);
	l->shut = true;
	if (!l->ended || l->len)
		return;
	close(l->fd);
	l->number = 0;
}

/* What the pair takes; its reader is given credit for as much. */
static void link_deliver(struct mux *m, struct link *l)
{
	ssize_t n = send(l->fd, l->buf, l->len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN) {
		n = l->len;	/* its reader has gone */
		link_end(m, l);
	}
	if (n <= 0)
		return;
	l->len -= (uint32_t)n;
	memmove(l->buf, l->buf + n, l->len);
	if (!l->ended)
		send_about(m, CREDIT, l->number, F_CREDIT, (uint64_t)n);
	else if (!l->len)
		shutdown(l->fd, SHUT_WR);
}

static void link_fetch(struct mux *m, struct link *l)
{
	uint8_t p[CARRIED_MAX];
	size_t most = l->credit < sizeof(p) ? l->credit : sizeof(p);
	ssize_t n = recv(l->fd, p, most ? most : 1, MSG_DONTWAIT | (most ? 0 : MSG_PEEK));

	if (n < 0 || (n && !most))
		return;
	if (!n) {
		link_end(m, l);
		return;
	}
	l->credit -= (uint32_t)n;
	client_begin(&m->out, CARRY, l->number);
	client_put(&m->out, CARRIED, p, (uint32_t)n);
	client_send(m->tcp, &m->out);
}

static struct link *link_of(struct mux *m, uint32_t number)
{
	int i;

	for (i = 0; number && i < LINKS_MAX; i++)
		if (m->links[i].number == number)
			return &m->links[i];
	return NULL;
}

/* Return: false when the connection is of no use any more. */
static bool take_frame(struct mux *m)
{
	const uint8_t *p;
	struct link *l;
	uint32_t n;

	if (client_recv(m->tcp, &m->in, 20000) != 1)
		return false;
	if (m->in.type < LINK || m->in.type > UNLINK)
		return !client_send(m->control[1], &m->in);
	l = link_of(m, m->in.number);
	if (!l)
		return true;
	switch (m->in.type) {
	case CARRY:
		p = client_field(&m->in, CARRIED, &n);
		if (!p || n > sizeof(l->buf) - l->len || l->ended)
			return false;
		memcpy(l->buf + l->len, p, n);
		l->len += n;
		link_deliver(m, l);
		break;
	case CREDIT:
		l->credit += (uint32_t)client_int(&m->in, F_CREDIT);
		break;
	case UNLINK:
		l->ended = true;
		if (!l->len)
			shutdown(l->fd, SHUT_WR);
		if (l->shut)
			link_end(m, l);
		break;
	}
	return true;
}

static bool forward_control(struct mux *m)
{
	uint8_t p[CARRIED_MAX];
	ssize_t n = recv(m->control[1], p, sizeof(p), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	return n && !client_send_raw(m->tcp, p, (size_t)n);
}

static void *carry(void *arg)
{
	struct mux *m = arg;
	bool going = true;
	int i;

	while (going) {
		struct pollfd p[3 + LINKS_MAX] = {
			{ .fd = m->tcp, .events = POLLIN },
			{ .fd = m->control[1], .events = POLLIN },
			{ .fd = m->wake, .events = POLLIN },
		};
		uint64_t n;

		pthread_mutex_lock(&m->lock);
		for (i = 0; i < LINKS_MAX; i++) {
			struct link *l = &m->links[i];

			p[3 + i].fd = l->number ? l->fd : -1;
			if (l->number && l->credit && !l->shut)
				p[3 + i].events |= POLLIN;
			if (l->number && l->len)
				p[3 + i].events |= POLLOUT;
			/* Its end is known; only what waits is of interest. */
			if (l->shut && !l->len)
				p[3 + i].fd = -1;
		}
		pthread_mutex_unlock(&m->lock);
		poll(p, 3 + LINKS_MAX, -1);

		pthread_mutex_lock(&m->lock);
		if (p[2].revents && read(m->wake, &n, sizeof(n)) < 0)
			going = false;
		going = going && !m->quit;
		if (going && p[1].revents)
			going = forward_control(m);
		for (i = 0; going && i < LINKS_MAX; i++) {
			struct link *l = &m->links[i];

			if (p[3 + i].revents & POLLOUT && l->number && l->len)
				link_deliver(m, l);
			if (p[3 + i].revents & (POLLIN | POLLHUP) && l->number && !l->shut)
				link_fetch(m, l);
		}
		if (going && p[0].revents)
			going = take_frame(m);
		pthread_mutex_unlock(&m->lock);
	}
	/* As a lost connection loses all that came over it. */
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < LINKS_MAX; i++)
		if (m->links[i].number)
			shutdown(m->links[i].fd, SHUT_RDWR);
	shutdown(m->control[1], SHUT_RDWR);
	shutdown(m->tcp, SHUT_RDWR);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static void wake(struct mux *m)
{
	uint64_t one = 1;

	if (write(m->wake, &one, sizeof(one)) < 0)
		abort();
}

struct mux *mux_new(int tcp)
{
	struct mux *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->tcp = tcp;
	pthread_mutex_init(&m->lock, NULL);
	m->wake = eventfd(0, EFD_CLOEXEC);
	if (m->wake < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, m->control) ||
	    pthread_create(&m->thread, NULL, carry, m)) {
		free(m);
		return NULL;
	}
	return m;
}

int mux_control(struct mux *m)
{
	return m->control[0];
}

int mux_link(struct mux *m, uint32_t coupler)
{
	struct link *l = NULL;
	int pair[2], i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	pthread_mutex_lock(&m->lock);
	for (i = 0; !l && i < LINKS_MAX; i++)
		if (!m->links[i].number)
			l = &m->links[i];
	if (l) {
		memset(l, 0, sizeof(*l));
		l->fd = pair[1];
		l->credit = FIRST_CREDIT;
		l->number = ++m->last;
		send_about(m, LINK, l->number, COUPLER, coupler);
	}
	pthread_mutex_unlock(&m->lock);
	wake(m);
	if (l)
		return pair[0];
	close(pair[0]);
	close(pair[1]);
	errno = ENOSPC;
	return -1;
}

void mux_free(struct mux *m)
{
	int i;

	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->quit = true;
	pthread_mutex_unlock(&m->lock);
	wake(m);
	pthread_join(m->thread, NULL);
	for (i = 0; i < LINKS_MAX; i++)
		if (m->links[i].number)
			close(m->links[i].fd);
	close(m->control[1]);
	close(m->wake);
	close(m->tcp);
	free(m);
}
