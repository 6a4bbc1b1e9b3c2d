/*
 * SoftHSM with troubles on demand: a PKCS#11 module that passes every call on, except those that an environment
 * variable makes fail. TROUBLE_LOGIN and TROUBLE_DECRYPT hold a return value, TROUBLE_PSS refuses RSA-PSS,
 * TROUBLE_ZEROS drops the leading zeros of what C_Decrypt gives.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "pkcs11/pkcs11.h"

static CK_FUNCTION_LIST real;
static CK_FUNCTION_LIST troubled;

static CK_RV trouble(const char *name)
{
	const char *value = getenv(name);
	return value == NULL ? CKR_OK : strtoul(value, NULL, 0);
}

static CK_RV troubled_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length)
{
	CK_RV rv = trouble("TROUBLE_LOGIN");
	return rv == CKR_OK ? real.C_Login(session, user, pin, length) : rv;
}

static CK_RV troubled_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	if (mechanism->mechanism == CKM_RSA_PKCS_PSS && getenv("TROUBLE_PSS") != NULL)
		return CKR_MECHANISM_INVALID;
	return real.C_SignInit(session, mechanism, key);
}

static CK_RV troubled_decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_length, CK_BYTE_PTR out,
	CK_ULONG_PTR out_length)
{
	CK_ULONG zeros = 0;
	CK_RV rv = real.C_Decrypt(session, in, in_length, out, out_length);
	if (rv != CKR_OK || trouble("TROUBLE_DECRYPT") != CKR_OK)
		return rv == CKR_OK ? trouble("TROUBLE_DECRYPT") : rv;
	while (getenv("TROUBLE_ZEROS") != NULL && zeros < *out_length && out[zeros] == 0)
		zeros++;
	memmove(out, out + zeros, *out_length - zeros);
	*out_length -= zeros;
	return CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	void *module = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = module == NULL ? NULL : (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
	CK_FUNCTION_LIST_PTR found;
	if (get == NULL || get(&found) != CKR_OK)
		return CKR_GENERAL_ERROR;
	real = *found;
	troubled = real;
	troubled.C_Login = troubled_login;
	troubled.C_SignInit = troubled_sign_init;
	troubled.C_Decrypt = troubled_decrypt;
	*list = &troubled;
	return CKR_OK;
}
