// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated transport unit: one line each way over a Unix socket, as tools/cardsim/README.md
 * describes it. Each lane has a connection of its own, so that a slow lane delays no other.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "transport.h"

#define ANSWER_S	20
#define LINE_MAX_LEN	(64 * 1024)	/* a list of all cards of a large stock */

enum order {
	ORDER_NONE,
	ORDER_FEED,
	ORDER_EJECT,
	ORDER_SENSE,
	ORDER_DROPPED,
	ORDER_STOCK,
};

/**
 * struct sim_lane - a lane's connection
 * @t: machine
 * @bev: NULL while there is no connection
 * @order: in progress
 * @fn: of the order
 * @arg: for @fn
 * @card: of ORDER_DROPPED
 * @fail: reports an order that could not even be sent, from the loop
 */
struct sim_lane {
	struct transport *t;
	struct bufferevent *bev;
	enum order order;
	transport_fn fn;
	void *arg;
	char card[TRANSPORT_CARD_MAX + 1];
	struct event *fail;
};

struct transport {
	struct event_base *base;
	struct sockaddr_un address;
	unsigned int nlanes;
	struct sim_lane *lanes;
};

static void finish(struct sim_lane *lane, const struct transport_answer *answer)
{
	if (lane->order == ORDER_NONE)
		return;
	lane->order = ORDER_NONE;
	/* An idle lane expects no answer. */
	if (lane->bev)
		bufferevent_set_timeouts(lane->bev, NULL, NULL);
	lane->fn(answer, lane->arg);
}

/* After a lost answer the connection goes too: a late one must not be taken for the next. */
static void lose(struct sim_lane *lane, const char *why)
{
	struct transport_answer answer = { .result = TRANSPORT_LOST };

	snprintf(answer.text, sizeof(answer.text), "%s", why);
	if (lane->bev)
		bufferevent_free(lane->bev);
	lane->bev = NULL;
	finish(lane, &answer);
}

static void on_fail(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	lose(arg, "transport unit: cannot connect");
}

/* Value of "key=" among the words of an answer; false if it is not there or does not fit. */
static bool value(const char *line, const char *key, char *out, size_t size)
{
	size_t key_len = strlen(key);
	const char *at = line;

	while ((at = strchr(at, ' '))) {
		size_t n;

		at++;
		if (strncmp(at, key, key_len) || at[key_len] != '=')
			continue;
		at += key_len + 1;
		n = strcspn(at, " ");
		if (!n || n >= size)
			return false;
		memcpy(out, at, n);
		out[n] = 0;
		return true;
	}
	return false;
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *at = line;

	while ((at = strchr(at, ' '))) {
		at++;
		if (!strncmp(at, word, len) && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

static enum transport_result refusal(const char *line)
{
	if (!strcmp(line, "err feeder empty"))
		return TRANSPORT_FEEDER_EMPTY;
	if (!strcmp(line, "err lane occupied"))
		return TRANSPORT_OCCUPIED;
	if (!strcmp(line, "err lane empty"))
		return TRANSPORT_LANE_EMPTY;
	return TRANSPORT_REFUSED;
}

/* Return: false if this is no answer to the order */
static bool parse(const struct sim_lane *lane, const char *line, struct transport_answer *answer)
{
	char word[24], *end;

	snprintf(answer->text, sizeof(answer->text), "transport unit: %.100s", line);
	if (!strncmp(line, "err ", 4)) {
		answer->result = refusal(line);
		return true;
	}
	if (strncmp(line, "ok", 2) || (line[2] && line[2] != ' '))
		return false;
	switch (lane->order) {
	case ORDER_FEED:
		value(line, "ref", answer->reference, sizeof(answer->reference));
		return value(line, "card", answer->card, sizeof(answer->card));
	case ORDER_EJECT:
		if (!value(line, "card", answer->card, sizeof(answer->card)) ||
		    !value(line, "bin", word, sizeof(word)))
			return false;
		if (!strcmp(word, "good"))
			answer->bin = BIN_GOOD;
		else if (!strcmp(word, "reject"))
			answer->bin = BIN_REJECT;
		return answer->bin != BIN_NONE;
	case ORDER_SENSE:
		answer->present = value(line, "card", answer->card, sizeof(answer->card));
		return answer->present || has_word(line, "empty");
	case ORDER_DROPPED:
		answer->present = has_word(line, lane->card);
		return true;
	case ORDER_STOCK:
		if (!value(line, "feeder", word, sizeof(word)))
			return false;
		answer->count = strtoul(word, &end, 10);
		return !*end;
	default:
		return false;
	}
}

static void on_line(struct bufferevent *bev, void *arg)
{
	struct transport_answer answer = { .result = TRANSPORT_DONE };
	struct evbuffer *in = bufferevent_get_input(bev);
	struct sim_lane *lane = arg;
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	bool good;

	/* It goes on into messages, references and evidence. */
	for (char *p = line; p && *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	if (!line) {
		if (evbuffer_get_length(in) >= LINE_MAX_LEN)
			lose(lane, "transport unit: endless answer");
		return;
	}
	/* One answer for one order: more is a machine that we do not understand. */
	good = lane->order != ORDER_NONE && !evbuffer_get_length(in) && parse(lane, line, &answer);
	free(line);
	if (!good) {
		lose(lane, "transport unit: answer not understood");
		return;
	}
	finish(lane, &answer);
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;
	lose(arg, what & BEV_EVENT_TIMEOUT ? "transport unit: no answer" :
					     "transport unit: connection lost");
}

/* A Unix socket connects at once or not at all. */
static bool connect_lane(struct sim_lane *lane)
{
	const struct transport *t = lane->t;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)&t->address, sizeof(t->address))) {
		close(fd);
		return false;
	}
	lane->bev = bufferevent_socket_new(t->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!lane->bev) {
		close(fd);
		return false;
	}
	bufferevent_setcb(lane->bev, on_line, NULL, on_end, lane);
	bufferevent_setwatermark(lane->bev, EV_READ, 0, LINE_MAX_LEN);
	if (bufferevent_enable(lane->bev, EV_READ | EV_WRITE)) {
		bufferevent_free(lane->bev);
		lane->bev = NULL;
		return false;
	}
	return true;
}

__attribute__((format(printf, 6, 7)))
static void send_order(struct transport *t, unsigned int n, enum order order, transport_fn fn,
		       void *arg, const char *fmt, ...)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	struct sim_lane *lane = &t->lanes[n];
	char line[128];
	va_list ap;
	int len;

	lane->order = order;
	lane->fn = fn;
	lane->arg = arg;
	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if ((!lane->bev && !connect_lane(lane)) ||
	    bufferevent_set_timeouts(lane->bev, &limit, &limit) ||
	    bufferevent_write(lane->bev, line, len))
		event_active(lane->fail, EV_TIMEOUT, 0);
}

static void sim_feed(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	send_order(t, lane, ORDER_FEED, fn, arg, "feed %u\n", lane);
}

static void sim_eject(struct transport *t, unsigned int lane, enum bin bin, transport_fn fn,
		      void *arg)
{
	send_order(t, lane, ORDER_EJECT, fn, arg, "eject %u %s\n", lane,
		   bin == BIN_GOOD ? "good" : "reject");
}

static void sim_sense(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	send_order(t, lane, ORDER_SENSE, fn, arg, "sense %u\n", lane);
}

static void sim_dropped(struct transport *t, unsigned int lane, const char *card, transport_fn fn,
			void *arg)
{
	snprintf(t->lanes[lane].card, sizeof(t->lanes[lane].card), "%s", card);
	send_order(t, lane, ORDER_DROPPED, fn, arg, "list good\n");
}

static void sim_stock(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	send_order(t, lane, ORDER_STOCK, fn, arg, "status\n");
}

static void sim_close(struct transport *t)
{
	for (unsigned int i = 0; t->lanes && i < t->nlanes; i++) {
		if (t->lanes[i].bev)
			bufferevent_free(t->lanes[i].bev);
		if (t->lanes[i].fail)
			event_free(t->lanes[i].fail);
	}
	free(t->lanes);
	free(t);
}

static int sim_open(struct transport **ret, struct event_base *base, const char *address,
		    unsigned int lanes)
{
	struct transport *t;

	if (!*address || strlen(address) >= sizeof(t->address.sun_path))
		return -ENAMETOOLONG;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->base = base;
	t->address.sun_family = AF_UNIX;
	strcpy(t->address.sun_path, address);
	t->lanes = calloc(lanes, sizeof(*t->lanes));
	t->nlanes = lanes;
	for (unsigned int i = 0; t->lanes && i < lanes; i++) {
		t->lanes[i].t = t;
		t->lanes[i].fail = event_new(base, -1, 0, on_fail, &t->lanes[i]);
		if (!t->lanes[i].fail) {
			sim_close(t);
			return -ENOMEM;
		}
	}
	if (!t->lanes) {
		sim_close(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

const struct transport_ops transport_sim = {
	.kind = "sim",
	.open = sim_open,
	.close = sim_close,
	.feed = sim_feed,
	.eject = sim_eject,
	.sense = sim_sense,
	.dropped = sim_dropped,
	.stock = sim_stock,
};
