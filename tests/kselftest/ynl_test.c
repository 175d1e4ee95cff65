// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running family against docs/netlink/cks.yaml, by the client that the kernel's generator
 * makes of that page (mk/ynl.sh --client). Each operation, dump and event comes up, the last test
 * sees to that. The client refuses an attribute of another type than the page's. It would skip one
 * that the page does not give to this message: so the attributes that come from the kernel are
 * counted, and those that the client has taken.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cks-user.h"
#include "lib/router_bed.h"
#include "ynl.h"
#include "ynl/hooks.h"

#define UART_PORT	0x2f8
#define UART_IRQ	3
#define COMMANDS	64	/* more than there are */

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };

/* What a message is changed to on its way, to see that it is noticed. */
enum spoil { SPOIL_NOTHING, SPOIL_UNKNOWN, SPOIL_NOT_HERE, SPOIL_TYPE };

static struct {
	struct ynl_sock *ask;
	struct ynl_sock *events;
	enum spoil spoil;
	unsigned int came;	/* attributes */
	unsigned int taken;
	bool done[COMMANDS];	/* it came from the kernel, or was done without an answer */
} t;

/* --------------------------------------------------- between kernel, library and client */

static void spoil(struct nlattr *a)
{
	switch (t.spoil) {
	case SPOIL_NOTHING:
		return;
	case SPOIL_UNKNOWN:
		a->nla_type = 1000;
		break;
	case SPOIL_NOT_HERE:	/* index, and so is port a number, but not of this message */
		a->nla_type = CKS_A_COUPLER_PORT;
		break;
	case SPOIL_TYPE:
		a->nla_type = CKS_A_COUPLER_PRESENT;
		break;
	}
	t.spoil = SPOIL_NOTHING;
}

static void look_at(struct nlmsghdr *msg)
{
	const struct genlmsghdr *head = NLMSG_DATA(msg);
	char *p = (char *)head + GENL_HDRLEN, *end = (char *)msg + msg->nlmsg_len;

	assert_in_range(head->cmd, 1, COMMANDS - 1);
	t.done[head->cmd] = true;
	while (p < end) {
		struct nlattr *a = (struct nlattr *)p;

		assert_true(a->nla_len >= NLA_HDRLEN && a->nla_len <= end - p);
		spoil(a);
		t.came++;
		p += NLA_ALIGN(a->nla_len);
	}
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = __real_recv(fd, buf, len, flags);
	struct nlmsghdr *msg = buf;
	int left = (int)n;

	if (n < 0 || ((!t.ask || fd != ynl_socket_get_fd(t.ask)) &&
		      (!t.events || fd != ynl_socket_get_fd(t.events))))
		return n;
	for (; NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left))
		if (msg->nlmsg_type == t.ask->family_id)
			look_at(msg);
	return n;
}

int __wrap_ynl_attr_validate(struct ynl_parse_arg *arg, const struct nlattr *attr)
{
	t.taken++;
	return __real_ynl_attr_validate(arg, attr);
}

/* ------------------------------------------------------------------------------ to call */

/* The last call came back, with nothing that the page does not know. */
static void good(const void *answer)
{
	if (!answer)
		fail_msg("%s", t.ask->err.msg);
	assert_int_equal(t.taken, t.came);
}

/* A command that is answered by success alone. */
static void done(int cmd, int rc)
{
	if (rc)
		fail_msg("%s: %s", cks_op_str(cmd), t.ask->err.msg);
	assert_int_equal(t.taken, t.came);
	t.done[cmd] = true;
}

/* The next event of this kind; others before it are looked at as well. */
static void *event(uint8_t cmd)
{
	struct pollfd p = { .fd = ynl_socket_get_fd(t.events), .events = POLLIN };
	struct ynl_ntf_base_type *ntf;

	for (;;) {
		while ((ntf = ynl_ntf_dequeue(t.events))) {
			if (ntf->cmd == cmd)
				return ntf;
			ynl_ntf_free(ntf);
		}
		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("no %s", cks_op_str(cmd));
		if (ynl_ntf_check(t.events))
			fail_msg("%s", t.events->err.msg);
		assert_int_equal(t.taken, t.came);
	}
}

static void drop(void *ntf)
{
	ynl_ntf_free(ntf);
}

static struct cks_coupler_get_rsp *get(struct bed *b)
{
	struct cks_coupler_get_req req = { ._present.index = 1, .index = b->coupler };

	return cks_coupler_get(t.ask, &req);
}

/* ----------------------------------------------------------------------------- couplers */

static void coupler_is_shown(void **state)
{
	struct cks_coupler_get_req none = { ._present.index = 1, .index = 1000 };
	struct cks_coupler_get_list *list;
	struct cks_coupler_get_rsp *c;
	struct bed *b = *state;
	unsigned int n = 0;

	c = get(b);
	good(c);
	assert_int_equal(c->index, b->coupler);
	assert_string_equal(c->driver, "cks_uart");
	assert_true(c->_present.present && c->present);
	assert_string_equal(cks_coupler_state_str(c->state), "inactive");
	cks_coupler_get_rsp_free(c);

	list = cks_coupler_get_dump(t.ask);
	good(list);
	ynl_dump_foreach(list, one) {
		assert_true(one->_present.index && one->_present.name_len);
		n++;
	}
	assert_int_equal(n, 1);
	cks_coupler_get_list_free(list);

	assert_null(cks_coupler_get(t.ask, &none));
	assert_int_equal(t.ask->err.code, ENODEV);
	assert_non_null(strstr(t.ask->err.msg, "no coupler has this index"));
}

static void coupler_is_set(void **state)
{
	struct bed *b = *state;
	struct cks_coupler_get_rsp *was = get(b);
	struct cks_coupler_set_req *req = cks_coupler_set_req_alloc();
	struct cks_coupler_get_ntf *ntf;

	good(was);
	cks_coupler_set_req_set_index(req, b->coupler);
	cks_coupler_set_req_set_clk_hz(req, was->clk_hz);
	cks_coupler_set_req_set_uart_clk(req, was->uart_clk);
	cks_coupler_set_req_set_rst_line(req, was->rst_line);
	cks_coupler_set_req_set_rst_invert(req, was->rst_invert);
	cks_coupler_set_req_set_power_line(req, was->power_line);
	cks_coupler_set_req_set_power_invert(req, was->power_invert);
	cks_coupler_set_req_set_detect_line(req, was->detect_line);
	cks_coupler_set_req_set_detect_invert(req, was->detect_invert);
	cks_coupler_set_req_set_echo(req, was->echo);
	cks_coupler_set_req_set_policy(req, CKS_POLICY_EMV);
	cks_coupler_set_req_set_protocol_wanted(req, 0);
	cks_coupler_set_req_set_no_pps(req, 1);
	cks_coupler_set_req_set_ifsd(req, 200);
	done(CKS_CMD_COUPLER_SET, cks_coupler_set(t.ask, req));
	ntf = event(CKS_CMD_COUPLER_NTF);
	assert_int_equal(ntf->obj.policy, CKS_POLICY_EMV);
	assert_int_equal(ntf->obj.protocol_wanted, 0);
	assert_int_equal(ntf->obj.no_pps, 1);
	assert_int_equal(ntf->obj.ifsd, 200);
	drop(ntf);

	cks_coupler_set_req_set_ifsd(req, 255);
	assert_int_not_equal(cks_coupler_set(t.ask, req), 0);
	assert_int_equal(t.ask->err.code, ERANGE);
	/* The library finds the attribute by its offset, and names it by the page. */
	assert_non_null(strstr(t.ask->err.msg, "ifsd"));
	cks_coupler_set_req_free(req);
	cks_coupler_get_rsp_free(was);
}

static void card_is_reset_and_moved(void **state)
{
	struct bed *b = *state;
	struct cks_coupler_reset_req req = {
		._present = { .index = 1, .reset_kind = 1 },
		.index = b->coupler,
		.reset_kind = CKS_RESET_KIND_WARM,
	};
	struct cks_coupler_reset_rsp *rsp;
	struct cks_coupler_get_rsp *c;
	struct cks_fault_ntf *fault;
	struct cks_card_ntf *card;
	uint32_t gen;

	rsp = cks_coupler_reset(t.ask, &req);
	good(rsp);
	assert_int_equal(rsp->_present.atr_len, sizeof(atr_t0));
	assert_memory_equal(rsp->atr, atr_t0, sizeof(atr_t0));
	assert_int_equal(rsp->f, 372);
	cks_coupler_reset_rsp_free(rsp);

	simcard_silence(b->card, true);
	assert_null(cks_coupler_reset(t.ask, &req));
	assert_int_equal(t.ask->err.code, ETIMEDOUT);
	fault = event(CKS_CMD_FAULT_NTF);
	assert_int_equal(fault->obj.index, b->coupler);
	assert_non_null(strstr(fault->obj.last_error, "no answer to reset"));
	drop(fault);
	c = get(b);
	good(c);
	assert_non_null(strstr(c->last_error, "no answer to reset"));
	gen = c->presence_gen;
	cks_coupler_get_rsp_free(c);

	assert_int_equal(simcard_remove(b->card), 0);
	card = event(CKS_CMD_CARD_NTF);
	assert_true(card->obj._present.present);
	assert_int_equal(card->obj.present, 0);
	assert_int_equal(card->obj.presence_gen, gen + 1);
	drop(card);
}

/* A UART of the machine's, since the bench's are not made by netlink. */
static void coupler_is_made(void **state)
{
	static const char to[] =
		"cd /sys/bus/pnp/drivers/serial && for d in *:*; do "
		"! grep -q 0x2f8 $d/resources || echo $d >/run/cks_ynl; done; "
		"cat /run/cks_ynl >unbind";
	static const char back[] = "cat /run/cks_ynl >/sys/bus/pnp/drivers/serial/bind";
	struct cks_coupler_new_req *req = cks_coupler_new_req_alloc();
	struct cks_coupler_del_req *del = cks_coupler_del_req_alloc();
	struct cks_coupler_get_ntf *ntf;
	struct cks_coupler_new_rsp *rsp;

	(void)state;
	assert_int_equal(system(to), 0);
	cks_coupler_new_req_set_driver(req, "cks_uart");
	cks_coupler_new_req_set_name(req, "front");
	cks_coupler_new_req_set_port(req, UART_PORT);
	cks_coupler_new_req_set_irq(req, UART_IRQ);
	cks_coupler_new_req_set_uart_clk(req, 1843200);
	cks_coupler_new_req_set_family(req, "16550");
	cks_coupler_new_req_set_reg_shift(req, 0);
	cks_coupler_new_req_set_io_width(req, 1);
	rsp = cks_coupler_new(t.ask, req);
	good(rsp);
	assert_string_equal(rsp->name, "front");
	ntf = event(CKS_CMD_COUPLER_NTF);
	assert_int_equal(ntf->obj.index, rsp->index);
	assert_true(ntf->obj._present.driver_len);
	drop(ntf);

	cks_coupler_del_req_set_index(del, rsp->index);
	done(CKS_CMD_COUPLER_DEL, cks_coupler_del(t.ask, del));
	do {
		ntf = event(CKS_CMD_COUPLER_NTF);
		if (ntf->obj._present.driver_len) {
			drop(ntf);
			ntf = NULL;
		}
	} while (!ntf);
	assert_string_equal(ntf->obj.name, "front");
	assert_string_equal(cks_coupler_state_str(ntf->obj.state), "failed");
	drop(ntf);
	cks_coupler_del_req_free(del);
	cks_coupler_new_req_free(req);
	cks_coupler_new_rsp_free(rsp);
	assert_int_equal(system(back), 0);
}

/* ------------------------------------------------------------------------------ station */

static void station_is_set_and_shown(void **state)
{
	struct cks_station_set_req *req = cks_station_set_req_alloc();
	struct bed *b = *state;
	struct cks_station_get_rsp *st;
	struct cks_station_get_ntf *ntf;
	int ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(ns >= 0);
	cks_station_set_req_set_uuid(req, uuid, sizeof(uuid));
	cks_station_set_req_set_lease_epoch(req, 5);
	cks_station_set_req_set_journal_epoch(req, EPOCH);
	cks_station_set_req_set_last_disposition(req, 7);
	cks_station_set_req_set_acked_disposition(req, 6);
	cks_station_set_req_set_plaintext_ok(req, 1);
	cks_station_set_req_set_deadline_reset(req, 30000);
	cks_station_set_req_set_deadline_open(req, 30001);
	cks_station_set_req_set_deadline_idle(req, 30002);
	cks_station_set_req_set_deadline_command(req, 30003);
	cks_station_set_req_set_deadline_reopen(req, 30004);
	cks_station_set_req_set_deadline_result(req, 30005);
	cks_station_set_req_set_deadline_greeting(req, 30006);
	cks_station_set_req_set_ping_interval(req, 30007);
	cks_station_set_req_set_connections_max(req, 100);
	cks_station_set_req_set_backlog(req, 10);
	cks_station_set_req_set_requests_max(req, 20);
	cks_station_set_req_set_dispositions_max(req, 30);
	cks_station_set_req_set_hold(req, 1);
	cks_station_set_req_set_stop_lane(req, b->coupler);
	cks_station_set_req_set_vpcd_port(req, 35000);
	cks_station_set_req_set_vpcd_lane(req, b->coupler);
	done(CKS_CMD_STATION_SET, cks_station_set(t.ask, req));
	cks_station_set_req_free(req);
	ntf = event(CKS_CMD_STATION_NTF);
	assert_int_equal(ntf->obj.hold, 1);
	drop(ntf);

	st = cks_station_get(t.ask);
	good(st);
	assert_int_equal(st->_present.uuid_len, sizeof(uuid));
	assert_memory_equal(st->uuid, uuid, sizeof(uuid));
	assert_string_equal(cks_station_state_str(st->state), "listening");
	assert_int_equal(st->lease_epoch, 5);
	assert_int_equal(st->journal_epoch, EPOCH);
	assert_int_equal(st->last_disposition, 7);
	assert_int_equal(st->acked_disposition, 6);
	assert_int_equal(st->deadline_reset, 30000);
	assert_int_equal(st->deadline_open, 30001);
	assert_int_equal(st->deadline_idle, 30002);
	assert_int_equal(st->deadline_command, 30003);
	assert_int_equal(st->deadline_reopen, 30004);
	assert_int_equal(st->deadline_result, 30005);
	assert_int_equal(st->deadline_greeting, 30006);
	assert_int_equal(st->ping_interval, 30007);
	assert_int_equal(st->connections_max, 100);
	assert_int_equal(st->backlog, 10);
	assert_int_equal(st->requests_max, 20);
	assert_int_equal(st->dispositions_max, 30);
	assert_true(st->_present.hold_reason_len);
	assert_int_equal(st->vpcd_port, 35000);
	assert_int_equal(((uint8_t *)st->vpcd_lanes)[b->coupler / 8], 1 << b->coupler % 8);
	assert_int_equal(((uint8_t *)st->lanes_stopped)[b->coupler / 8], 1 << b->coupler % 8);
	cks_station_get_rsp_free(st);

	req = cks_station_set_req_alloc();
	cks_station_set_req_set_listen(req, 0);
	done(CKS_CMD_STATION_SET, cks_station_set(t.ask, req));
	cks_station_set_req_set_address(req, "::1");
	cks_station_set_req_set_control_port(req, 7000);
	cks_station_set_req_set_channel_port(req, 7100);
	cks_station_set_req_set_hold(req, 0);
	cks_station_set_req_set_start_lane(req, b->coupler);
	cks_station_set_req_set_vpcd_off_lane(req, b->coupler);
	cks_station_set_req_set_give_lane(req, b->coupler);
	cks_station_set_req_set_netns_fd(req, (uint32_t)ns);
	done(CKS_CMD_STATION_SET, cks_station_set(t.ask, req));
	cks_station_set_req_free(req);
	close(ns);
	st = cks_station_get(t.ask);
	good(st);
	assert_string_equal(cks_station_state_str(st->state), "down");
	assert_string_equal(st->address, "::1");
	assert_int_equal(st->control_port, 7000);
	assert_int_equal(st->channel_port, 7100);
	assert_int_equal(((uint8_t *)st->lanes)[b->coupler / 8], 1 << b->coupler % 8);
	cks_station_get_rsp_free(st);
}

/* ----------------------------------------------------------------------------- sessions */

static void request(struct bed *b)
{
	struct cks_request_new_req *req = cks_request_new_req_alloc();
	struct cks_request_new_rsp *rsp;

	b->presence_gen = coupler(b).presence_gen;
	cks_request_new_req_set_coupler(req, b->coupler);
	cks_request_new_req_set_presence_gen(req, b->presence_gen);
	cks_request_new_req_set_application(req, "personalize");
	cks_request_new_req_set_parameters(req, "\1\2\3", 3);
	cks_request_new_req_set_card_reference(req, "TRAY-0001");
	rsp = cks_request_new(t.ask, req);
	good(rsp);
	assert_int_equal(rsp->_present.boot_id_len, sizeof(b->boot_id));
	memcpy(b->boot_id, rsp->boot_id, sizeof(b->boot_id));
	b->request = rsp->request;
	cks_request_new_rsp_free(rsp);
	cks_request_new_req_free(req);
	take_request(b);
	open_channel(b, -1);
}

static void disposed(struct bed *b, uint64_t number, uint32_t what)
{
	struct cks_disposition_new_req *req = cks_disposition_new_req_alloc();

	cks_disposition_new_req_set_request(req, b->request);
	cks_disposition_new_req_set_boot_id(req, b->boot_id, sizeof(b->boot_id));
	cks_disposition_new_req_set_coupler(req, b->coupler);
	cks_disposition_new_req_set_presence_gen(req, b->presence_gen);
	cks_disposition_new_req_set_result_id(req, 4711);
	cks_disposition_new_req_set_disposition(req, what);
	cks_disposition_new_req_set_disposition_number(req, number);
	cks_disposition_new_req_set_evidence(req, "drop seen");
	done(CKS_CMD_DISPOSITION_NEW, cks_disposition_new(t.ask, req));
	cks_disposition_new_req_free(req);
	expect_disposed(b, number, what);
	ack_disposed(b, number);
}

static struct cks_session_get_rsp *show(struct bed *b)
{
	struct cks_session_get_req req = { ._present.request = 1, .request = b->request };

	return cks_session_get(t.ask, &req);
}

static void card_holder_is_asked(struct bed *b)
{
	struct cks_prompt_answer_req *req = cks_prompt_answer_req_alloc();
	struct cks_session_get_rsp *s;
	struct cks_prompt_ntf *ntf;

	client_begin(&b->out, PROMPT, 0);
	client_put_int(&b->out, F_REQUEST, b->request, 8);
	client_put_int(&b->out, F_PROMPT, 1, 4);
	client_put_int(&b->out, KIND, 3, 1);
	client_put(&b->out, TEXT, "PIN?", 4);
	put(b, b->control);
	ntf = event(CKS_CMD_PROMPT_NTF);
	assert_string_equal(ntf->obj.prompt_text, "PIN?");
	assert_string_equal(cks_prompt_kind_str(ntf->obj.prompt_kind), "entry");
	drop(ntf);
	s = show(b);
	good(s);
	assert_int_equal(s->prompt, 1);
	assert_string_equal(s->prompt_text, "PIN?");
	cks_session_get_rsp_free(s);
	cks_prompt_answer_req_set_request(req, b->request);
	cks_prompt_answer_req_set_prompt(req, 1);
	cks_prompt_answer_req_set_answer(req, CKS_PROMPT_ANSWER_GIVEN);
	cks_prompt_answer_req_set_entry(req, "1234", 4);
	done(CKS_CMD_PROMPT_ANSWER, cks_prompt_answer(t.ask, req));
	cks_prompt_answer_req_free(req);
	expect(b, b->control, ENTRY);
	drop(event(CKS_CMD_PROMPT_NTF));	/* it is shown no more */
}

static void session_goes_its_way(void **state)
{
	struct cks_session_get_list *list;
	struct cks_disposition_ntf *dispo;
	struct cks_request_ntf *request_ntf;
	struct cks_result_ntf *result;
	struct cks_session_get_rsp *s;
	struct cks_station_get_rsp *st;
	struct bed *b = *state;
	unsigned int n = 0;

	cas_connect(b);
	request(b);
	request_ntf = event(CKS_CMD_REQUEST_NTF);
	assert_int_equal(request_ntf->obj.request, b->request);
	assert_int_equal(request_ntf->obj._present.atr_len, sizeof(atr_t0));
	assert_string_equal(cks_session_state_str(request_ntf->obj.state), "offered");
	drop(request_ntf);
	st = cks_station_get(t.ask);
	good(st);
	assert_string_equal(st->cas, "test CAS");
	cks_station_get_rsp_free(st);
	card_holder_is_asked(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_response(b, 1, 0);

	send_result(b, 4711, CKS_VERDICT_GOOD);
	result = event(CKS_CMD_RESULT_NTF);
	assert_int_equal(result->obj.result_id, 4711);
	assert_string_equal(cks_verdict_str(result->obj.verdict), "good");
	assert_int_equal(result->obj.bin, 7);
	assert_int_equal(result->obj._present.information_len, 8);
	assert_memory_equal(result->obj.information, "print me", 8);
	drop(result);
	s = show(b);
	good(s);
	assert_string_equal(s->application, "personalize");
	assert_string_equal(s->card_reference, "TRAY-0001");
	assert_string_equal(cks_session_state_str(s->state), "result");
	assert_int_equal(s->bin, 7);
	assert_memory_equal(s->information, "print me", 8);
	assert_int_equal(s->commands, 1);
	cks_session_get_rsp_free(s);
	list = cks_session_get_dump(t.ask);
	good(list);
	ynl_dump_foreach(list, one)
		n += one->request == b->request;
	assert_int_equal(n, 1);
	cks_session_get_list_free(list);

	disposed(b, 1, CKS_DISPOSITION_GOOD);
	dispo = event(CKS_CMD_DISPOSITION_NTF);
	assert_int_equal(dispo->obj.disposition_number, 1);
	drop(dispo);
	list = cks_session_get_dump(t.ask);
	assert_true(ynl_dump_empty(list));
	cks_session_get_list_free(list);
	assert_null(show(b));
	assert_int_equal(t.ask->err.code, ENOENT);
}

static void session_is_cancelled(void **state)
{
	struct cks_request_cancel_req *req = cks_request_cancel_req_alloc();
	struct cks_session_get_rsp *s;
	struct cks_result_ntf *result;
	struct bed *b = *state;

	cas_connect(b);
	request(b);
	cks_request_cancel_req_set_request(req, b->request);
	cks_request_cancel_req_set_reason(req, "no more blanks");
	done(CKS_CMD_REQUEST_CANCEL, cks_request_cancel(t.ask, req));
	cks_request_cancel_req_free(req);
	result = event(CKS_CMD_RESULT_NTF);
	assert_string_equal(cks_verdict_str(result->obj.verdict), "reject");
	assert_string_equal(result->obj.reason, "no more blanks");
	drop(result);
	s = show(b);
	good(s);
	assert_string_equal(s->reason, "no more blanks");
	cks_session_get_rsp_free(s);
}

/* ------------------------------------------------------------------------- of the test */

static void what_the_page_does_not_say_is_noticed(void **state)
{
	struct cks_coupler_get_rsp *c;
	struct bed *b = *state;

	t.spoil = SPOIL_UNKNOWN;
	c = get(b);
	assert_non_null(c);
	assert_int_equal(t.taken, t.came - 1);
	cks_coupler_get_rsp_free(c);
	t.taken = t.came;

	t.spoil = SPOIL_NOT_HERE;
	c = get(b);
	assert_non_null(c);
	assert_int_equal(t.taken, t.came - 1);
	cks_coupler_get_rsp_free(c);
	t.taken = t.came;

	t.spoil = SPOIL_TYPE;
	assert_null(get(b));
	assert_int_equal(t.ask->err.code, YNL_ERROR_ATTR_INVALID);
}

static void nothing_is_left_out(void **state)
{
	unsigned int missing = 0;

	(void)state;
	assert_null(cks_op_str(COMMANDS));
	for (int i = 0; i < COMMANDS; i++) {
		if (!cks_op_str(i) || t.done[i])
			continue;
		printf("# %s did not come up\n", cks_op_str(i));
		missing++;
	}
	assert_int_equal(missing, 0);
}

static int setup(void **state)
{
	static const char *const groups[] = { "card", "request", "result", "fault" };
	struct ynl_error err = { .msg = "" };
	int rc = bed_make(state, atr_t0, sizeof(atr_t0));

	if (rc)
		return rc;
	t.came = 0;
	t.taken = 0;
	t.ask = ynl_sock_create(&ynl_cks_family, &err);
	t.events = ynl_sock_create(&ynl_cks_family, &err);
	if (!t.ask || !t.events)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		assert_int_equal(ynl_subscribe(t.events, groups[i]), 0);
	return 0;
}

static int down(void **state)
{
	ynl_sock_destroy(t.ask);
	ynl_sock_destroy(t.events);
	t.ask = NULL;
	t.events = NULL;
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(coupler_is_shown, setup, down),
		cmocka_unit_test_setup_teardown(coupler_is_set, setup, down),
		cmocka_unit_test_setup_teardown(card_is_reset_and_moved, setup, down),
		cmocka_unit_test_setup_teardown(coupler_is_made, setup, down),
		cmocka_unit_test_setup_teardown(station_is_set_and_shown, setup, down),
		cmocka_unit_test_setup_teardown(session_goes_its_way, setup, down),
		cmocka_unit_test_setup_teardown(session_is_cancelled, setup, down),
		cmocka_unit_test_setup_teardown(what_the_page_does_not_say_is_noticed, setup, down),
		cmocka_unit_test(nothing_is_left_out),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ynl", tests, NULL, NULL) ? 1 : 0;
}
