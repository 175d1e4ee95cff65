// SPDX-License-Identifier: GPL-2.0-only
/* The transport unit's socket: clients, lines, limits. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "request.h"

#define CLIENTS_MAX	64
#define BACKLOG_MAX	(256 * 1024)	/* answers that a client has not read */

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	struct machine *m;
	const char *(*ref_of)(void *ctx, unsigned int card);
	struct bufferevent *client[CLIENTS_MAX];
	char *path;
	struct bufferevent *quitting;	/* who said quit: its answer goes out before the end */
};

static void drop(struct control *c, struct bufferevent *bev)
{
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (c->client[i] == bev)
			c->client[i] = NULL;
	if (c->quitting == bev)
		event_base_loopexit(c->base, NULL);
	bufferevent_free(bev);
}

static bool answer(struct control *c, struct bufferevent *bev, const char *line)
{
	bool quit = false;
	char *text = request_answer(c->m, c->ref_of, line, &quit);
	bool ok = text && !bufferevent_write(bev, text, strlen(text)) &&
		  !bufferevent_write(bev, "\n", 1);

	free(text);
	if (quit && ok)
		c->quitting = bev;
	return ok;
}

static void written_cb(struct bufferevent *bev, void *arg)
{
	struct control *c = arg;

	if (c->quitting == bev)
		event_base_loopexit(c->base, NULL);
}

static void read_cb(struct bufferevent *bev, void *arg)
{
	struct control *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer *out = bufferevent_get_output(bev);
	char *line;

	while (!c->quitting && (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF))) {
		bool ok = strlen(line) < REQUEST_MAX && answer(c, bev, line);

		free(line);
		if (!ok || evbuffer_get_length(out) > BACKLOG_MAX) {
			drop(c, bev);
			return;
		}
	}
	if (evbuffer_get_length(in) >= REQUEST_MAX)
		drop(c, bev);
}

static void event_cb(struct bufferevent *bev, short what, void *arg)
{
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		drop(arg, bev);
}

static void accept_cb(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	struct control *c = arg;
	unsigned int i = 0;

	(void)listener;
	(void)addr;
	(void)len;
	while (i < CLIENTS_MAX && c->client[i])
		i++;
	if (i == CLIENTS_MAX) {
		close(fd);
		return;
	}
	c->client[i] = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->client[i]) {
		close(fd);
		return;
	}
	bufferevent_setcb(c->client[i], read_cb, written_cb, event_cb, c);
	bufferevent_setwatermark(c->client[i], EV_READ, 0, 16 * REQUEST_MAX);
	bufferevent_enable(c->client[i], EV_READ | EV_WRITE);
}

static bool remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	return !unlink(path);
}

struct control *control_listen(struct event_base *base, const char *path, struct machine *m,
			       const char *(*ref_of)(void *ctx, unsigned int card))
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct control *c = calloc(1, sizeof(*c));
	mode_t mask;

	if (!c || strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "cardsim: %s: %s\n", path, c ? "path too long" : "no memory");
		free(c);
		return NULL;
	}
	memcpy(addr.sun_path, path, strlen(path));
	c->base = base;
	c->m = m;
	c->ref_of = ref_of;
	c->path = strdup(path);
	mask = umask(0177);	/* owner only */
	if (c->path && remove_stale(path))
		c->listener = evconnlistener_new_bind(base, accept_cb, c,
						      LEV_OPT_CLOSE_ON_FREE |
						      LEV_OPT_CLOSE_ON_EXEC, -1,
						      (struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (!c->listener) {
		fprintf(stderr, "cardsim: cannot listen at %s: %s\n", path, strerror(errno));
		free(c->path);
		free(c);
		return NULL;
	}
	return c;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (c->client[i])
			bufferevent_free(c->client[i]);
	evconnlistener_free(c->listener);
	unlink(c->path);
	free(c->path);
	free(c);
}
