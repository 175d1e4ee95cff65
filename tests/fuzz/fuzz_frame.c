// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the frames of the protocol: what is accepted is the same when it is built anew. */
#include "cas.h"
#include "libframe/frame.h"

static void same(const struct ck_frame *a, bool from_cas)
{
	struct ck_header header;
	struct ck_problem problem;
	struct ck_builder b;
	struct ck_frame again;

	ck_begin(&b, (enum ck_type)a->type, a->number);
	for (int tag = 0; tag < CK_T_LIMIT; tag++)
		if (a->field[tag].data)
			ck_put(&b, (enum ck_tag)tag, a->field[tag].data, a->field[tag].len);
	MUST(ck_end(&b));
	MUST(ck_header_parse(b.data, UINT32_MAX, &header, &problem));
	MUST(header.length == b.len - CK_HEADER);
	MUST(ck_body_parse(&header, b.data + CK_HEADER, from_cas, &again, &problem));
	for (int tag = 0; tag < CK_T_LIMIT; tag++) {
		const struct ck_field *x = &a->field[tag], *y = &again.field[tag];

		MUST(!x->data == !y->data && x->len == y->len);
		MUST(!x->len || !memcmp(x->data, y->data, x->len));
		MUST(!x->data == !ck_has(a, (enum ck_tag)tag));
	}
	ck_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool from_cas = size && data[0] & 1;
	struct ck_header header;
	struct ck_problem problem;
	struct ck_frame frame;
	uint8_t *body;

	if (size < 1 + CK_HEADER)
		return 0;
	data++;
	size--;
	if (!ck_header_parse(data, CK_BATCH_MAX, &header, &problem)) {
		MUST(problem.code && problem.text);
		return 0;
	}
	MUST(header.length <= CK_BATCH_MAX);
	if (header.length > size - CK_HEADER)
		return 0;
	/* Exactly as long as it is, so that a byte too many is noticed. */
	body = malloc(header.length + !header.length);
	MUST(body);
	memcpy(body, data + CK_HEADER, header.length);
	if (ck_body_parse(&header, body, from_cas, &frame, &problem))
		same(&frame, from_cas);
	else
		MUST(problem.code && problem.text && *ck_type_name(header.type));
	free(body);
	return 0;
}
