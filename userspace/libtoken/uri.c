// SPDX-License-Identifier: GPL-2.0-only
/* Which token: by its label, or by a PKCS#11 URI (RFC 7512). */
#include <p11-kit/uri.h>
#include <stdio.h>
#include <string.h>

#include "token_internal.h"

#define SCHEME "pkcs11:"

static bool refuse(struct token *t, const char *why)
{
	snprintf(t->error, sizeof(t->error), "token: %s", why);
	return false;
}

static bool parse(struct token *t, const char *text, const char **module)
{
	CK_TOKEN_INFO *info;
	size_t len;

	t->uri = p11_kit_uri_new();
	if (!t->uri)
		return refuse(t, "out of memory");
	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_MODULE_WITH_VERSION | P11_KIT_URI_FOR_TOKEN |
			      P11_KIT_URI_FOR_SLOT, t->uri) != P11_KIT_URI_OK)
		return refuse(t, "this is no PKCS#11 URI");
	if (p11_kit_uri_get_pin_value(t->uri) || p11_kit_uri_get_pin_source(t->uri))
		return refuse(t, "everybody sees the PIN in a URI: it comes by --pin-file");
	if (p11_kit_uri_any_unrecognized(t->uri) || p11_kit_uri_get_module_name(t->uri))
		return refuse(t, "a URI is to name a token, and its module by module-path");
	if (p11_kit_uri_get_module_path(t->uri))
		*module = p11_kit_uri_get_module_path(t->uri);
	/* Blanks fill the label up; 0 at its beginning: the URI says nothing of it. */
	info = p11_kit_uri_get_token_info(t->uri);
	len = info->label[0] ? sizeof(info->label) : 0;
	while (len && info->label[len - 1] == ' ')
		len--;
	memcpy(t->label, info->label, len);
	t->label[len] = '\0';
	return true;
}

bool token_name(struct token *t, const char *text, const char **module)
{
	size_t len = strlen(text);

	if (!strncmp(text, SCHEME, sizeof(SCHEME) - 1))
		return parse(t, text, module);
	if (!len || len >= sizeof(t->label))
		return refuse(t, "a token's label has 1 to 32 characters");
	memcpy(t->label, text, len + 1);
	return true;
}

void token_name_end(struct token *t)
{
	p11_kit_uri_free(t->uri);
	t->uri = NULL;
}

bool token_is_meant(struct token *t, CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	size_t len = strlen(t->label);
	CK_SLOT_ID wanted;
	CK_SLOT_INFO place;
	CK_INFO module;

	if (!t->uri) {
		for (size_t i = len; i < sizeof(info->label); i++)
			if (info->label[i] != ' ')
				return false;
		return !memcmp(info->label, t->label, len);
	}
	wanted = p11_kit_uri_get_slot_id(t->uri);
	return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
	       p11_kit_uri_match_token_info(t->uri, info) &&
	       t->f->C_GetSlotInfo(slot, &place) == CKR_OK &&
	       p11_kit_uri_match_slot_info(t->uri, &place) &&
	       t->f->C_GetInfo(&module) == CKR_OK &&
	       p11_kit_uri_match_module_info(t->uri, &module);
}
