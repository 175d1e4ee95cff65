// SPDX-License-Identifier: GPL-2.0-only
/* The daemon's two processes: what is in their memory, and their end. */
#include "cases.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scene.h"
#include "libgp/kdf.h"
#include "../libkeyd/memory_scan.h"

/*
 * Master, transport, card and record keys, and what is in records: neither process has one that can
 * be read. Only the session in work has, in casd's locked memory, its own session keys and its own
 * record's PIN and PUK, each once; @working is that record, -1 for none.
 */
static void assert_no_key_in(const struct memory *mem, const struct gp_card *card, int working)
{
	const struct aes_key *const session_keys[] = {
		&card->scp.enc, &card->scp.mac, &card->scp.rmac,
	};
	char pin1[12], puk1[12];
	uint8_t key[16];

	assert_int_equal(memory_has(mem, kmc, 16), 0);
	assert_int_equal(memory_has(mem, transport, 16), 0);
	assert_int_equal(memory_has(mem, data_key, 16), 0);
	for (unsigned int j = 0; j < 3; j++) {
		gp_kdf3(kmc, j + 1, card->id.kdd, key);
		assert_int_equal(memory_has(mem, key, 16), 0);
		assert_int_equal(memory_has(mem, session_keys[j]->bytes, 16), working >= 0);
	}
	/* Each alone would take longer than the CAS waits for its station. */
	assert_int_equal(memory_has(mem, RECORD_KEYS, 8), 0);
	assert_int_equal(memory_has(mem, RECORD_PINS, 5), working >= 0);
	assert_int_equal(memory_has(mem, RECORD_PUKS, 5), working >= 0);
	if (working >= 0) {
		record_pins((unsigned int)working, pin1, puk1);
		assert_int_equal(memory_has(mem, pin1, 8), 1);
		assert_int_equal(memory_has(mem, puk1, 8), 1);
	}
}

static void assert_no_key_in_memory(const struct gp_card *card, int working)
{
	pid_t pids[] = { bed.casd, key_process() };
	struct memory mem;

	for (int i = 0; i < 2 && memory_read(pids[i], &mem); i++) {
		/* What is there is found: the scan is no pretence. */
		assert_true(memory_has(&mem, i ? "transport" : "personalize", 9) > 0);
		assert_no_key_in(&mem, card, i ? -1 : working);
		memory_free(&mem);
	}
}

static void keys_are_not_in_memory(void **state)
{
	struct gp_card card;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		blank(&card, 1000 + i);
		session("personalize", &card);
		assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
		if (i == 99)
			assert_no_key_in_memory(&card, -1);
		dispose(CK_DISP_GOOD);
		gp_card_free(&card);
	}
}

/* A session that meets the end of the key process is rejected; the next one has a new process. */
static void key_process_may_end(void **state)
{
	struct gp_card card;
	pid_t before = key_process();

	(void)state;
	blank(&card, 51);
	assert_int_equal(kill(before, SIGKILL), 0);
	session("personalize", &card);
	assert_reject("key process: it is gone");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
	blank(&card, 52);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	assert_true(key_process() != before);
	gp_card_free(&card);
}

static void killed_cas_rejects_what_was_open(void **state)
{
	struct gp_card card;
	uint64_t epoch;
	char record[16];

	(void)state;
	profile("stop", "local card = ...\n"
		"local scp = card:open_scp03{kmc = 'kmc'}\ncard:claim(scp:kdd())\n"
		"while true do card:send{ins = 0xCA, p1 = 0, p2 = 0x66, le = 0, expect = false} end");
	blank(&card, 50);
	station_request(&station, ++request, "stop", false);
	{
		/* Serve until the claim is made, then the CAS dies. */
		uint8_t rsp[GP_RESPONSE_MAX];
		struct ck_builder b;
		int fd = accept(station.channel_listen, NULL, NULL);

		assert_true(station_read(fd, &message));
		ck_begin(&b, CK_OPENED, 0);
		ck_put_u64(&b, CK_T_REQUEST, request);
		ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
		ck_put_u32(&b, CK_T_POWER_GEN, 1);
		station_write(fd, &b);
		for (int i = 0; i < 2; i++) {
			size_t len;

			assert_true(station_read(fd, &message));
			len = gp_card_command(&card, message.f.field[CK_T_DATA].data,
					      message.f.field[CK_T_DATA].len, rsp);
			ck_begin(&b, CK_RESPONSE, message.f.number);
			ck_put_u16(&b, CK_T_STATUS, 0);
			ck_put_u32(&b, CK_T_POWER_GEN, 1);
			ck_put(&b, CK_T_DATA, rsp, len);
			station_write(fd, &b);
		}
		assert_true(station_read(fd, &message));
		assert_query("SELECT state FROM record WHERE request ="
			     " (SELECT max(id) FROM request)", "INTENT");
		query("SELECT record - 1 FROM request ORDER BY id DESC LIMIT 1", record,
		      sizeof(record));
		assert_no_key_in_memory(&card, atoi(record));
		/* What ends it by accident writes no core file either, however large it may be. */
		end_casd(SIGABRT);
		close(fd);
	}
	start();
	epoch = station_hello(&station);
	/* Of this test's fourth casd: each one counts at its start, and for the lease. */
	assert_int_equal(epoch, 8);
	station_request(&station, request, "stop", true);
	station_result(&station, request, &message);
	assert_reject("the CAS was restarted");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "VOID");
	gp_card_free(&card);
}

const struct CMUnitTest process_cases[] = {
	cmocka_unit_test(keys_are_not_in_memory),
	cmocka_unit_test(key_process_may_end),
	cmocka_unit_test(killed_cas_rejects_what_was_open),
	{}
};
