// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family's commands as typed functions.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

int cksnl_coupler_dump(struct cksnl *nl, cksnl_each_fn each, void *arg)
{
	return cksnl_dump(nl, CKS_CMD_COUPLER_GET, &cksnl_coupler_set, each, arg);
}

int cksnl_session_dump(struct cksnl *nl, cksnl_each_fn each, void *arg)
{
	return cksnl_dump(nl, CKS_CMD_SESSION_GET, &cksnl_session_set, each, arg);
}

int cksnl_coupler_get(struct cksnl *nl, uint32_t index, struct cksnl_coupler *ret_coupler)
{
	struct cksnl_coupler req = { .has = CKSNL_HAS(CKS_A_COUPLER_INDEX), .index = index };

	return cksnl_do(nl, CKS_CMD_COUPLER_GET, &cksnl_coupler_set, &req, &cksnl_coupler_set,
			ret_coupler);
}

int cksnl_coupler_change(struct cksnl *nl, const struct cksnl_coupler *coupler)
{
	return cksnl_do(nl, CKS_CMD_COUPLER_SET, &cksnl_coupler_set, coupler, NULL, NULL);
}

int cksnl_coupler_reset(struct cksnl *nl, uint32_t index, enum cks_reset_kind kind,
			struct cksnl_coupler *ret_coupler)
{
	struct cksnl_coupler req = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_RESET_KIND),
		.index = index,
		.reset_kind = kind,
	};

	return cksnl_do(nl, CKS_CMD_COUPLER_RESET, &cksnl_coupler_set, &req, &cksnl_coupler_set,
			ret_coupler);
}

int cksnl_coupler_new(struct cksnl *nl, const struct cksnl_coupler *place,
		      struct cksnl_coupler *ret_coupler)
{
	const uint64_t both = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_NAME);
	int err;

	err = cksnl_do(nl, CKS_CMD_COUPLER_NEW, &cksnl_coupler_set, place, &cksnl_coupler_set,
		       ret_coupler);
	if (err)
		return err;
	return (ret_coupler->has & both) == both ? 0 : -EBADMSG;
}

int cksnl_coupler_del(struct cksnl *nl, const struct cksnl_coupler *coupler)
{
	return cksnl_do(nl, CKS_CMD_COUPLER_DEL, &cksnl_coupler_set, coupler, NULL, NULL);
}

int cksnl_station_get(struct cksnl *nl, struct cksnl_station *ret_station)
{
	return cksnl_do(nl, CKS_CMD_STATION_GET, NULL, NULL, &cksnl_station_set, ret_station);
}

int cksnl_station_change(struct cksnl *nl, const struct cksnl_station *station)
{
	return cksnl_do(nl, CKS_CMD_STATION_SET, &cksnl_station_set, station, NULL, NULL);
}

int cksnl_session_get(struct cksnl *nl, uint64_t request, struct cksnl_session *ret_session)
{
	struct cksnl_session req = { .has = CKSNL_HAS(CKS_A_SESSION_REQUEST), .request = request };

	return cksnl_do(nl, CKS_CMD_SESSION_GET, &cksnl_session_set, &req, &cksnl_session_set,
			ret_session);
}

int cksnl_request_new(struct cksnl *nl, const struct cksnl_session *request, uint64_t *ret_number,
		      uint8_t ret_boot_id[static CKSNL_ID_LEN])
{
	const uint64_t both = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID);
	struct cksnl_session reply;
	int err;

	err = cksnl_do(nl, CKS_CMD_REQUEST_NEW, &cksnl_session_set, request, &cksnl_session_set,
		       &reply);
	if (err)
		return err;
	if ((reply.has & both) != both)
		return -EBADMSG;
	*ret_number = reply.request;
	memcpy(ret_boot_id, reply.boot_id, CKSNL_ID_LEN);
	return 0;
}

int cksnl_request_cancel(struct cksnl *nl, uint64_t request, const char *reason)
{
	struct cksnl_session req = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_REASON),
		.request = request,
	};

	snprintf(req.reason, sizeof(req.reason), "%s", reason);
	return cksnl_do(nl, CKS_CMD_REQUEST_CANCEL, &cksnl_session_set, &req, NULL, NULL);
}

int cksnl_disposition_new(struct cksnl *nl, const struct cksnl_session *disposition)
{
	return cksnl_do(nl, CKS_CMD_DISPOSITION_NEW, &cksnl_session_set, disposition, NULL, NULL);
}

int cksnl_prompt_answer(struct cksnl *nl, const struct cksnl_session *answer)
{
	return cksnl_do(nl, CKS_CMD_PROMPT_ANSWER, &cksnl_session_set, answer, NULL, NULL);
}
