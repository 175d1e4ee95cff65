// SPDX-License-Identifier: GPL-2.0-only
/* Loads a PKCS#11 module, finds the token and logs in. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token_internal.h"

int token_fail(struct token *t, const char *what, CK_RV rv)
{
	static const struct {
		CK_RV rv;
		const char *name;
	} names[] = {
		{ CKR_PIN_INCORRECT, "wrong PIN" },
		{ CKR_PIN_LOCKED, "the PIN is blocked" },
		{ CKR_PIN_LEN_RANGE, "PIN too short or too long" },
		{ CKR_MECHANISM_INVALID, "the token does not have this mechanism" },
		{ CKR_KEY_HANDLE_INVALID, "the key does not exist" },
		{ CKR_OBJECT_HANDLE_INVALID, "the object does not exist" },
		{ CKR_ENCRYPTED_DATA_INVALID, "the encrypted data are damaged" },
		{ CKR_WRAPPED_KEY_INVALID, "the wrapped key is not one of this transport key" },
		{ CKR_DEVICE_ERROR, "device error" },
		{ CKR_DEVICE_MEMORY, "the token is full" },
		{ CKR_HOST_MEMORY, "out of memory" },
		{ CKR_SESSION_HANDLE_INVALID, "the session is gone" },
		{ CKR_TOKEN_NOT_PRESENT, "the token is gone" },
		{ CKR_TEMPLATE_INCONSISTENT, "the token refuses these attributes" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].rv == rv) {
			snprintf(t->error, sizeof(t->error), "token: %s: %s", what, names[i].name);
			return -1;
		}
	}
	snprintf(t->error, sizeof(t->error), "token: %s: error 0x%lx", what, rv);
	return -1;
}

const char *token_error(const struct token *t)
{
	return t->error;
}

bool token_load(struct token *t, const char *module)
{
	CK_C_GetFunctionList get;
	CK_RV rv;

	t->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (!t->library) {
		snprintf(t->error, sizeof(t->error), "token: cannot load the module: %s",
			 dlerror());
		return false;
	}
	/* A function's address through a void pointer, as POSIX says for dlsym(). */
	*(void **)&get = dlsym(t->library, "C_GetFunctionList");
	if (!get) {
		snprintf(t->error, sizeof(t->error), "token: %s is not a PKCS#11 module", module);
		goto fail;
	}
	rv = get(&t->f);
	if (rv != CKR_OK) {
		token_fail(t, "C_GetFunctionList", rv);
		goto fail;
	}
	rv = t->f->C_Initialize(NULL);
	if (rv != CKR_OK) {
		token_fail(t, "C_Initialize", rv);
		goto fail;
	}
	return true;
fail:
	dlclose(t->library);
	t->library = NULL;
	t->f = NULL;
	return false;
}

void token_unload(struct token *t)
{
	if (t->f)
		t->f->C_Finalize(NULL);
	if (t->library)
		dlclose(t->library);
	t->f = NULL;
	t->library = NULL;
}

bool token_slot(struct token *t, CK_SLOT_ID *slot, bool *found)
{
	CK_ULONG n = 0, count = 0;
	CK_SLOT_ID *slots;
	CK_TOKEN_INFO info;
	CK_RV rv;

	*found = false;
	rv = t->f->C_GetSlotList(CK_TRUE, NULL, &n);
	if (rv != CKR_OK)
		return token_fail(t, "C_GetSlotList", rv) == 0;
	slots = calloc(n ? n : 1, sizeof(*slots));
	if (!slots)
		return token_fail(t, "C_GetSlotList", CKR_HOST_MEMORY) == 0;
	rv = t->f->C_GetSlotList(CK_TRUE, slots, &n);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		if (t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK)
			continue;
		if (!(info.flags & CKF_TOKEN_INITIALIZED) || !token_is_meant(t, slots[i], &info))
			continue;
		*slot = slots[i];
		count++;
	}
	free(slots);
	if (rv != CKR_OK)
		return token_fail(t, "C_GetSlotList", rv) == 0;
	*found = count;
	if (count > 1)
		snprintf(t->error, sizeof(t->error), "token: more than one is meant by \"%s\"",
			 t->label);
	return count <= 1;
}

static bool log_in(struct token *t, const struct token_pin *pin)
{
	CK_SLOT_ID slot;
	bool found;
	CK_RV rv;

	if (!token_slot(t, &slot, &found))
		return false;
	if (!found) {
		snprintf(t->error, sizeof(t->error),
			 "token: no token \"%s\": make it with casctl key init",
			 t->label);
		return false;
	}
	rv = t->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				 &t->session);
	if (rv != CKR_OK)
		return token_fail(t, "C_OpenSession", rv) == 0;
	rv = t->f->C_Login(t->session, CKU_USER, (CK_UTF8CHAR_PTR)pin->text, pin->len);
	if (rv != CKR_OK)
		return token_fail(t, "C_Login", rv) == 0;
	return true;
}

struct token *token_open(const char *module, const char *name, const struct token_pin *pin,
			 char *error, size_t len)
{
	struct token *t = calloc(1, sizeof(*t));

	if (!t) {
		snprintf(error, len, "token: out of memory");
		return NULL;
	}
	if (token_name(t, name, &module) && token_load(t, module) && log_in(t, pin) &&
	    token_self_test(t))
		return t;
	snprintf(error, len, "%s", t->error);
	token_close(t);
	return NULL;
}

void token_close(struct token *t)
{
	if (!t)
		return;
	if (t->f && t->session)
		t->f->C_CloseSession(t->session);
	token_unload(t);
	token_name_end(t);
	free(t);
}
