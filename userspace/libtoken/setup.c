// SPDX-License-Identifier: GPL-2.0-only
/* Makes a token: label, security officer's PIN, user's PIN. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token_internal.h"

static int free_slot(struct token *t, CK_SLOT_ID *slot)
{
	CK_ULONG n = 0;
	CK_SLOT_ID *slots;
	CK_TOKEN_INFO info;
	int rc = -1;
	CK_RV rv;

	rv = t->f->C_GetSlotList(CK_TRUE, NULL, &n);
	slots = rv == CKR_OK ? calloc(n ? n : 1, sizeof(*slots)) : NULL;
	if (!slots)
		return token_fail(t, "C_GetSlotList", rv == CKR_OK ? CKR_HOST_MEMORY : rv);
	rv = t->f->C_GetSlotList(CK_TRUE, slots, &n);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n && rc; i++) {
		if (t->f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    !(info.flags & CKF_TOKEN_INITIALIZED)) {
			*slot = slots[i];
			rc = 0;
		}
	}
	free(slots);
	if (rc)
		snprintf(t->error, sizeof(t->error), "token: no slot for a new token");
	return rc;
}

static int set_pins(struct token *t, CK_SLOT_ID slot, const struct token_pin *so_pin,
		    const struct token_pin *pin)
{
	CK_RV rv = t->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				       &t->session);

	if (rv != CKR_OK)
		return token_fail(t, "C_OpenSession", rv);
	rv = t->f->C_Login(t->session, CKU_SO, (CK_UTF8CHAR_PTR)so_pin->text, so_pin->len);
	if (rv == CKR_OK)
		rv = t->f->C_InitPIN(t->session, (CK_UTF8CHAR_PTR)pin->text, pin->len);
	t->f->C_CloseSession(t->session);
	return rv == CKR_OK ? 0 : token_fail(t, "C_InitPIN", rv);
}

static int make_token(struct token *t, const struct token_pin *so_pin,
		      const struct token_pin *pin)
{
	CK_UTF8CHAR padded[32];
	CK_SLOT_ID slot;
	bool found;
	CK_RV rv;

	if (!token_slot(t, &slot, &found))
		return -1;
	if (found || !*t->label) {
		snprintf(t->error, sizeof(t->error), "token: \"%s\" %s", t->label,
			 found ? "exists already" : "is no label");
		return -1;
	}
	if (free_slot(t, &slot))
		return -1;
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, t->label, strlen(t->label));
	rv = t->f->C_InitToken(slot, (CK_UTF8CHAR_PTR)so_pin->text, so_pin->len, padded);
	if (rv != CKR_OK)
		return token_fail(t, "C_InitToken", rv);
	/* SoftHSM gives a token another slot once it is initialized. */
	if (!token_slot(t, &slot, &found) || !found)
		return token_fail(t, "C_InitToken", CKR_TOKEN_NOT_PRESENT);
	return set_pins(t, slot, so_pin, pin);
}

const char *token_init(const char *module, const char *name, const struct token_pin *so_pin,
		       const struct token_pin *pin, char *error, size_t len)
{
	struct token t = { .library = NULL };
	int rc = -1;

	if (token_name(&t, name, &module) && token_load(&t, module))
		rc = make_token(&t, so_pin, pin);
	token_unload(&t);
	token_name_end(&t);
	if (!rc)
		return NULL;
	snprintf(error, len, "%s", t.error);
	return error;
}
