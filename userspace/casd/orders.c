// SPDX-License-Identifier: GPL-2.0-only
/* Orders to the stations, from casctl. */
#include "orders.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_LEN	256
#define CLIENTS_MAX	16
#define WAIT_S		10	/* for the request, and for the station's answer */
#define ITEM		17	/* of an inventory */

/**
 * struct client - one connection
 * @orders: whose
 * @bev: connection
 * @station: that the order went to, NULL before
 * @number: of the order
 * @answered: the connection ends when the answer is out
 */
struct client {
	struct orders *orders;
	struct bufferevent *bev;
	const struct station *station;
	uint32_t number;
	bool answered;

	LIST_ENTRY(client) entry;
};

struct orders {
	struct casd *casd;
	struct evconnlistener *listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint32_t number;
	unsigned int nclients;
	LIST_HEAD(client_list, client) clients;
};

static void client_free(struct client *c)
{
	LIST_REMOVE(c, entry);
	c->orders->nclients--;
	bufferevent_free(c->bev);
	free(c);
}

static void answer(struct client *c, const char *text)
{
	c->answered = true;
	evbuffer_add_printf(bufferevent_get_output(c->bev), "%s\n", text);
}

static struct station *find_station(struct casd *casd, const char *name)
{
	struct station *st = LIST_FIRST(&casd->stations);

	if (!strcmp(name, "-"))
		return st && !LIST_NEXT(st, entry) ? st : NULL;
	for (; st; st = LIST_NEXT(st, entry))
		if (!strcmp(st->name, name))
			return st;
	return NULL;
}

static bool send_order(struct client *c, struct station *st, enum ck_order order, bool has_lane,
		       uint32_t lane, const char *reason)
{
	struct ck_builder b;

	c->station = st;
	/* 0 is that of casd's own. */
	if (!++c->orders->number)
		c->orders->number++;
	c->number = c->orders->number;
	ck_begin(&b, CK_ORDER, c->number);
	ck_put_u8(&b, CK_T_ORDER, order);
	if (has_lane)
		ck_put_u32(&b, CK_T_COUPLER, lane);
	if (*reason)
		ck_put_text(&b, CK_T_REASON, reason);
	return link_send(st->link, &b);
}

/* Return: what is wrong, or NULL when the station was asked. */
static const char *carry_out(struct client *c, char *line)
{
	static const struct {
		const char *word;
		enum ck_order order;
		bool lane;
	} words[] = {
		{ "hold", CK_ORDER_HOLD, false },
		{ "go-on", CK_ORDER_GO_ON, false },
		{ "stop", CK_ORDER_STOP_LANE, true },
		{ "start", CK_ORDER_START_LANE, true },
		{ "inventory", CK_ORDER_INVENTORY, false },
	};
	char *rest = line, *name = strsep(&rest, " "), *word = strsep(&rest, " ");
	struct station *st = find_station(c->orders->casd, name);
	unsigned long lane = 0;
	size_t i;

	if (!st)
		return "no such station";
	for (i = 0; word && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, word))
			break;
	if (!word || i == sizeof(words) / sizeof(words[0]))
		return "orders are hold, go-on, stop, start and inventory";
	if (words[i].lane) {
		char *text = strsep(&rest, " "), *end = text;

		errno = 0;
		lane = text && *text ? strtoul(text, &end, 10) : 0;
		if (!text || !*text || *end || errno || lane > UINT32_MAX)
			return "which lane?";
	}
	if (!rest)
		rest = "";
	if (strlen(rest) > 127 || !ck_text_ok((const uint8_t *)rest, strlen(rest)))
		return "a reason is up to 127 bytes of UTF-8";
	if (!st->link || !st->greeted)
		return "the station is not connected";
	if (!send_order(c, st, words[i].order, words[i].lane, (uint32_t)lane, rest))
		return "the station cannot be reached";
	log_info("order", "station=%s order=%s", st->name, word);
	return NULL;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	const char *wrong;
	char text[160];
	size_t len;
	char *line;

	if (c->station || c->answered)
		return;
	line = evbuffer_readln(bufferevent_get_input(bev), &len, EVBUFFER_EOL_LF);
	if (!line) {
		if (evbuffer_get_length(bufferevent_get_input(bev)) >= LINE_MAX_LEN)
			answer(c, "err the line is too long");
		return;
	}
	wrong = strlen(line) != len ? "a NUL in the line" : carry_out(c, line);
	free(line);
	if (!wrong)
		return;
	snprintf(text, sizeof(text), "err %s", wrong);
	answer(c, text);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (c->answered && !evbuffer_get_length(bufferevent_get_output(bev)))
		client_free(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) && !c->answered) {
		/* It is written within the same time, or the connection ends without. */
		bufferevent_enable(bev, EV_WRITE);
		answer(c, c->station ? "err the station does not answer" : "err no request");
		return;
	}
	client_free(c);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr, int len,
		      void *arg)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct orders *o = arg;
	struct client *c = o->nclients < CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;

	(void)l;
	(void)addr;
	(void)len;
	if (c)
		c->bev = bufferevent_socket_new(o->casd->base, fd, BEV_OPT_CLOSE_ON_FREE |
						BEV_OPT_DEFER_CALLBACKS);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->orders = o;
	o->nclients++;
	LIST_INSERT_HEAD(&o->clients, c, entry);
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, LINE_MAX_LEN);
	bufferevent_set_timeouts(c->bev, &wait, &wait);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static uint64_t number(const uint8_t *p, unsigned int size)
{
	uint64_t v = 0;

	while (size--)
		v = v << 8 | *p++;
	return v;
}

static void put_inventory(struct client *c, const struct ck_field *f)
{
	static const char *const states[] = { "requested", "offered", "open", "running", "result" };

	for (uint32_t at = 0; at + ITEM <= f->len; at += ITEM) {
		const uint8_t *p = f->data + at;

		evbuffer_add_printf(bufferevent_get_output(c->bev),
				    "request=%llu coupler=%llu presence_gen=%llu state=%s\n",
				    (unsigned long long)number(p, 8),
				    (unsigned long long)number(p + 8, 4),
				    (unsigned long long)number(p + 12, 4),
				    p[16] < 5 ? states[p[16]] : "?");
	}
}

void orders_answer(struct orders *o, struct station *st, const struct ck_frame *f)
{
	struct client *c;

	if (!o)
		return;
	/* One whose client has gone is no matter. */
	LIST_FOREACH(c, &o->clients, entry)
		if (!c->answered && c->station == st && c->number == f->number)
			break;
	if (!c)
		return;
	if (f->type == CK_INVENTORY)
		put_inventory(c, &f->field[CK_T_INVENTORY]);
	if (f->type == CK_INVENTORY && ck_u(f, CK_T_MORE))
		return;
	answer(c, f->type == CK_ORDER_ACK && ck_u(f, CK_T_STATUS) ?
		  "err the station has no such lane" : "ok");
}

struct orders *orders_open(struct casd *casd, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct orders *o = calloc(1, sizeof(*o));
	mode_t before;

	if (!o || strlen(path) >= sizeof(sun.sun_path)) {
		log_error("start", "reason=\"the path of the control socket is too long\"");
		free(o);
		return NULL;
	}
	o->casd = casd;
	LIST_INIT(&o->clients);
	strcpy(o->path, path);
	strcpy(sun.sun_path, path);
	unlink(path);
	before = umask(0177);
	o->listener = evconnlistener_new_bind(casd->base, on_accept, o, LEV_OPT_CLOSE_ON_FREE |
					      LEV_OPT_CLOSE_ON_EXEC, 8, (struct sockaddr *)&sun,
					      sizeof(sun));
	umask(before);
	if (o->listener)
		return o;
	log_error("start", "reason=\"%s: %s\"", path, strerror(errno));
	free(o);
	return NULL;
}

void orders_close(struct orders *o)
{
	struct client *c;

	if (!o)
		return;
	while ((c = LIST_FIRST(&o->clients)))
		client_free(c);
	evconnlistener_free(o->listener);
	unlink(o->path);
	free(o);
}
