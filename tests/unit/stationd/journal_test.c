// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control unit's journal: what it says after a restart, after a crash in the middle of a write,
 * after damage, and on a full disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stationd/identity.h"
#include "stationd/journal.h"

static char dir[64], file[80], why[512];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/cks-journal.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/journal", dir);
	return 0;
}

static int teardown(void **state)
{
	char path[80];

	(void)state;
	unlink(file);
	snprintf(path, sizeof(path), "%s/uuid", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/journal.new", dir);
	unlink(path);
	return rmdir(dir);
}

static struct journal *reopen(struct journal *j)
{
	journal_close(j);
	j = NULL;
	if (journal_open(&j, dir, why, sizeof(why)))
		fail_msg("%s", why);
	return j;
}

static struct record make(enum record_type type, uint64_t request)
{
	struct record rec = {
		.type = type, .lane = 2, .coupler = 5, .presence_gen = 3, .request = request,
		.result_id = 1000 + request, .boot_id = { 1, 2, 3 }, .card = "17",
		.text = "drop sensor",
	};

	if (type == RECORD_DISPOSED)
		rec.disposition = CKS_DISPOSITION_GOOD;
	return rec;
}

static void append(struct journal *j, enum record_type type, uint64_t request)
{
	struct record rec = make(type, request);

	assert_int_equal(journal_append(j, &rec), 0);
}

static void ack(struct journal *j, uint64_t number)
{
	struct record rec = { .type = RECORD_ACKED, .number = number };

	assert_int_equal(journal_append(j, &rec), 0);
}

static size_t read_file(uint8_t *buf, size_t size)
{
	FILE *in = fopen(file, "r");
	size_t n;

	assert_non_null(in);
	n = fread(buf, 1, size, in);
	fclose(in);
	return n;
}

static void write_file(const void *data, size_t len)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

/* The checksum is of zlib's crc32(), the columns written by hand. */
#define KNOWN_IDS	"000102030405060708090A0B0C0D0E0F 42 99 1 17"
#define KNOWN_TEXT	"lane%20empty,%20100%25%20%2D%C3%A9"
static const char known_line[] =
	"F436DD88 1234567890123 DISPOSED 7 2 5 3 " KNOWN_IDS " " KNOWN_TEXT;

static void test_known_line(void **state)
{
	struct record rec;
	char line[RECORD_LINE_MAX];

	(void)state;
	assert_true(record_parse(&rec, known_line, strlen(known_line)));
	assert_int_equal(rec.epoch, 1234567890123ULL);
	assert_int_equal(rec.type, RECORD_DISPOSED);
	assert_int_equal(rec.number, 7);
	assert_int_equal(rec.lane, 2);
	assert_int_equal(rec.coupler, 5);
	assert_int_equal(rec.presence_gen, 3);
	assert_int_equal(rec.boot_id[15], 15);
	assert_int_equal(rec.request, 42);
	assert_int_equal(rec.result_id, 99);
	assert_int_equal(rec.disposition, CKS_DISPOSITION_GOOD);
	assert_string_equal(rec.card, "17");
	assert_string_equal(rec.text, "lane empty, 100% -\xc3\xa9");
	assert_int_equal(record_format(&rec, line), strlen(known_line) + 1);
	assert_memory_equal(line, known_line, strlen(known_line));
}

static void test_longest_record(void **state)
{
	struct record rec, back;
	char line[RECORD_LINE_MAX];
	size_t len;

	(void)state;
	memset(&rec, 0xff, sizeof(rec));
	rec.type = RECORD_GOOD_INTENT;
	rec.disposition = CKS_DISPOSITION_UNKNOWN;
	rec.card[RECORD_CARD_MAX] = 0;
	rec.text[RECORD_TEXT_MAX] = 0;
	len = record_format(&rec, line);
	assert_true(len < RECORD_LINE_MAX);
	memset(&back, 0, sizeof(back));
	assert_true(record_parse(&back, line, len - 1));
	assert_string_equal(back.text, rec.text);
	assert_string_equal(back.card, rec.card);
	assert_int_equal(back.request, UINT64_MAX);
}

static void test_new(void **state)
{
	struct journal *j = reopen(NULL);
	uint64_t epoch = j->epoch;

	(void)state;
	assert_int_not_equal(epoch, 0);
	assert_int_equal(j->last, 0);
	assert_true(TAILQ_EMPTY(&j->open));
	j = reopen(j);
	assert_int_equal(j->epoch, epoch);
	journal_close(j);
}

static void test_one_process(void **state)
{
	struct journal *j = reopen(NULL), *second = NULL;

	(void)state;
	assert_int_equal(journal_open(&second, dir, why, sizeof(why)), -EWOULDBLOCK);
	assert_null(second);
	assert_non_null(strstr(why, "another control unit"));
	journal_close(j);
}

static void test_replay(void **state)
{
	struct journal *j = reopen(NULL);
	const struct record *rec;

	(void)state;
	append(j, RECORD_GOOD_INTENT, 1);
	append(j, RECORD_GOOD_INTENT, 2);
	append(j, RECORD_DISPOSED, 1);
	append(j, RECORD_REJECTED, 3);
	append(j, RECORD_GOOD_INTENT, 4);
	append(j, RECORD_REJECTED, 4);
	append(j, RECORD_DISPOSED, 3);
	ack(j, 1);
	j = reopen(j);

	assert_int_equal(j->last, 2);
	assert_int_equal(j->acked, 1);
	assert_int_equal(j->npending, 1);
	rec = &TAILQ_FIRST(&j->pending)->rec;
	assert_int_equal(rec->number, 2);
	assert_int_equal(rec->request, 3);
	assert_int_equal(rec->result_id, 1003);
	rec = &TAILQ_FIRST(&j->open)->rec;
	assert_int_equal(rec->request, 2);
	assert_int_equal(rec->type, RECORD_GOOD_INTENT);
	rec = &TAILQ_LAST(&j->open, journal_list)->rec;
	assert_int_equal(rec->request, 4);
	assert_int_equal(rec->type, RECORD_REJECTED);
	append(j, RECORD_DISPOSED, 2);
	assert_int_equal(j->last, 3);
	journal_close(j);
}

static void test_refused(void **state)
{
	struct journal *j = reopen(NULL);
	struct record rec = { .type = RECORD_ACKED, .number = 1 };

	(void)state;
	assert_int_equal(journal_append(j, &rec), -EINVAL);	/* nothing to acknowledge */
	append(j, RECORD_DISPOSED, 1);
	rec = make(RECORD_DISPOSED, 1);
	assert_int_equal(journal_append(j, &rec), -EINVAL);	/* disposed of twice */
	rec = make(RECORD_GOOD_INTENT, 1);
	assert_int_equal(journal_append(j, &rec), -EINVAL);	/* gate after disposition */
	rec = make(RECORD_REJECTED, 1);
	assert_int_equal(journal_append(j, &rec), -EINVAL);
	rec = make(RECORD_REJECTED, 2);
	assert_int_equal(journal_append(j, &rec), 0);
	rec = make(RECORD_GOOD_INTENT, 2);
	assert_int_equal(journal_append(j, &rec), -EINVAL);	/* rejected stays rejected */
	j = reopen(j);
	assert_int_equal(j->last, 1);
	journal_close(j);
}

/* However much of the last line reached the disk: all before it holds, and work goes on. */
static void test_cut_off(void **state)
{
	struct journal *j = reopen(NULL);
	uint8_t data[4096];
	size_t before, after;

	(void)state;
	append(j, RECORD_GOOD_INTENT, 1);
	append(j, RECORD_DISPOSED, 1);
	before = j->size;
	append(j, RECORD_GOOD_INTENT, 2);
	after = j->size;
	journal_close(j);
	assert_int_equal(read_file(data, sizeof(data)), after);

	for (size_t len = before; len < after; len++) {
		write_file(data, len);
		j = reopen(NULL);
		assert_int_equal(j->last, 1);
		assert_true(TAILQ_EMPTY(&j->open));
		assert_int_equal(j->size, before);
		append(j, RECORD_DISPOSED, 2);
		j = reopen(j);
		assert_int_equal(j->last, 2);
		journal_close(j);
	}
}

/* Blocks that were given to the file but never written are zero. */
static void test_unwritten_blocks(void **state)
{
	struct journal *j = reopen(NULL);
	uint8_t data[4096] = { 0 };
	size_t before, after;

	(void)state;
	append(j, RECORD_DISPOSED, 1);
	before = j->size;
	append(j, RECORD_GOOD_INTENT, 2);
	after = j->size;
	journal_close(j);
	read_file(data, sizeof(data));
	memset(data + before + 10, 0, after - before - 20);
	write_file(data, after);
	j = reopen(NULL);
	assert_int_equal(j->size, before);
	assert_true(TAILQ_EMPTY(&j->open));
	memset(data + before, 0, sizeof(data) - before);
	journal_close(j);
	write_file(data, before + 512);
	j = reopen(NULL);
	assert_int_equal(j->size, before);
	journal_close(j);
}

/* Any single bit that is wrong before the last line is noticed, and nothing is guessed. */
static void test_damage(void **state)
{
	struct journal *j = reopen(NULL), *none = NULL;
	uint8_t data[4096];
	size_t checked, len;

	(void)state;
	append(j, RECORD_GOOD_INTENT, 1);
	append(j, RECORD_DISPOSED, 1);
	checked = j->size;
	append(j, RECORD_REJECTED, 2);
	journal_close(j);
	len = read_file(data, sizeof(data));
	for (size_t bit = 0; bit < checked * 8; bit++) {
		data[bit / 8] ^= 1 << bit % 8;
		write_file(data, len);
		assert_int_equal(journal_open(&none, dir, why, sizeof(why)), -EBADMSG);
		assert_null(none);
		assert_non_null(strstr(why, "damaged"));
		data[bit / 8] ^= 1 << bit % 8;
	}
	write_file(data, len);
	journal_close(reopen(NULL));
}

/* Whole lines that are missing or come twice are noticed too. */
static void test_missing_line(void **state)
{
	struct journal *j = reopen(NULL), *none = NULL;
	uint8_t data[4096];
	size_t at[4], len;

	(void)state;
	for (int i = 0; i < 4; i++) {
		at[i] = j->size;
		append(j, RECORD_DISPOSED, i + 1);
	}
	journal_close(j);
	len = read_file(data, sizeof(data));
	memmove(data + at[1], data + at[2], len - at[2]);
	write_file(data, len - (at[2] - at[1]));
	assert_int_equal(journal_open(&none, dir, why, sizeof(why)), -EBADMSG);
	assert_non_null(strstr(why, "line 3"));
}

static void test_empty_file(void **state)
{
	struct journal *none = NULL;

	(void)state;
	write_file("", 0);
	assert_int_equal(journal_open(&none, dir, why, sizeof(why)), -EBADMSG);
}

static void test_disk_full(void **state)
{
	struct journal *j = reopen(NULL);
	struct record rec = make(RECORD_GOOD_INTENT, 1);
	struct rlimit old, limit;
	struct stat st;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	for (int room = 0; room < 60; room += 20) {
		limit = old;
		limit.rlim_cur = j->size + room;
		setrlimit(RLIMIT_FSIZE, &limit);
		assert_int_equal(journal_append(j, &rec), -EFBIG);
		setrlimit(RLIMIT_FSIZE, &old);
		assert_true(TAILQ_EMPTY(&j->open));
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_size, j->size);
	}
	assert_int_equal(journal_append(j, &rec), 0);
	j = reopen(j);
	assert_int_equal(TAILQ_FIRST(&j->open)->rec.request, 1);
	journal_close(j);
}

/* A long file is made short again, and still says the same. */
static void test_compact(void **state)
{
	struct journal *j = reopen(NULL);
	struct record rec = make(RECORD_DISPOSED, 1);
	char line[RECORD_LINE_MAX];
	struct stat st;
	FILE *out;

	(void)state;
	append(j, RECORD_GOOD_INTENT, 999999);
	out = fopen(file, "a");
	assert_non_null(out);
	rec.epoch = j->epoch;
	for (uint64_t n = 1; n <= 20000; n++) {
		rec.type = RECORD_DISPOSED;
		rec.number = n;
		rec.request = n;
		rec.disposition = CKS_DISPOSITION_GOOD;
		fwrite(line, 1, record_format(&rec, line), out);
		if (n == 20000)
			break;
		rec.type = RECORD_ACKED;
		fwrite(line, 1, record_format(&rec, line), out);
	}
	fclose(out);
	j = reopen(j);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size < 1000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(j->last, 20000);
		assert_int_equal(j->acked, 19999);
		assert_int_equal(j->npending, 1);
		assert_int_equal(TAILQ_FIRST(&j->open)->rec.request, 999999);
		j = reopen(j);
	}
	append(j, RECORD_DISPOSED, 999999);
	assert_int_equal(j->last, 20001);
	journal_close(j);
}

/* The highest lease epoch stays known, also through a rewrite of the file. */
static void test_lease(void **state)
{
	struct journal *j = reopen(NULL);
	struct record rec = { .type = RECORD_LEASE, .number = 7 };
	char line[RECORD_LINE_MAX];
	struct stat st;
	FILE *out;

	(void)state;
	assert_int_equal(journal_append(j, &rec), 0);
	assert_int_equal(journal_append(j, &rec), -EINVAL);
	rec.number = 6;
	assert_int_equal(journal_append(j, &rec), -EINVAL);
	j = reopen(j);
	assert_int_equal(j->lease, 7);
	out = fopen(file, "a");
	assert_non_null(out);
	for (rec.number = 8; rec.number <= 80000; rec.number++)
		fwrite(line, 1, record_format(&rec, line), out);
	fclose(out);
	for (int i = 0; i < 2; i++) {
		j = reopen(j);
		assert_int_equal(j->lease, 80000);
	}
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size < 1000);
	journal_close(j);
}

static void test_identity(void **state)
{
	uint8_t first[IDENTITY_LEN] = { 0 }, second[IDENTITY_LEN] = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	char path[80];
	FILE *out;

	(void)state;
	assert_int_equal(identity_load(fd, first, why, sizeof(why)), 0);
	assert_int_equal(first[6] & 0xf0, 0x40);
	assert_int_equal(first[8] & 0xc0, 0x80);
	assert_int_equal(identity_load(fd, second, why, sizeof(why)), 0);
	assert_memory_equal(first, second, sizeof(first));
	snprintf(path, sizeof(path), "%s/uuid", dir);
	out = fopen(path, "w");
	fputs("123e4567-e89b-42d3-a456-42661417400", out);
	fclose(out);
	assert_int_equal(identity_load(fd, second, why, sizeof(why)), -EBADMSG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_line),
		cmocka_unit_test(test_longest_record),
		cmocka_unit_test_setup_teardown(test_new, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwritten_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lease, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
