/*
 * The one list of results.  Responsible for: every result's number, its stable
 * reason name (it appears in logs, tools and manuals), its outcome class and
 * one sentence for people.  Must not: know PAM codes or exit codes; module/ and
 * cli/ map the outcome class to those.
 *
 * To add a reason: add one line here and to the table in pam_jwks(8).
 */
#ifndef PJ_BASE_STATUS_H
#define PJ_BASE_STATUS_H

#include "base/span.h"

/* What a result means to whoever asked for a decision. */
enum pj_outcome {
	PJ_OUTCOME_ACCEPTED,
	PJ_OUTCOME_REFUSED,		/* the token, or what it may do */
	PJ_OUTCOME_USER_UNKNOWN,	/* verified, but no such account */
	PJ_OUTCOME_NO_KEYS,		/* nothing to verify with */
	PJ_OUTCOME_CONFIG,		/* the administrator has to act */
	PJ_OUTCOME_CONVERSATION,	/* no answer was to be had */
	PJ_OUTCOME_MEMORY,
	PJ_OUTCOME_SYSTEM,
};

/* X(enumerator, reason name, outcome, sentence) */
#define PJ_STATUS_LIST(X)						      \
	X(OK, "ok", ACCEPTED, "the token is accepted")			      \
	/* the token's form */						      \
	X(TOKEN_EMPTY, "token_empty", REFUSED, "the answer is empty")	      \
	X(NOT_A_JWT, "not_a_jwt", REFUSED,				      \
	    "the answer is no token in compact form")			      \
	X(MASKED_ANSWER, "masked_answer", REFUSED,			      \
	    "the SSH server replaced the answer: it bars this account")	      \
	X(TOKEN_TOO_LONG, "token_too_long", REFUSED,			      \
	    "the token is longer than 16 KiB")				      \
	X(TOKEN_TRUNCATED, "token_truncated", REFUSED,			      \
	    "the host cut the token off")				      \
	X(TOKEN_ENCRYPTED, "token_encrypted", REFUSED,			      \
	    "the token is encrypted (JWE), not signed")			      \
	X(TOKEN_JSON_FORM, "token_json_form", REFUSED,			      \
	    "the token is in JSON serialisation, not in compact form")	      \
	X(PAYLOAD_DETACHED, "payload_detached", REFUSED,		      \
	    "the token has no payload")					      \
	X(PAYLOAD_UNENCODED, "payload_unencoded", REFUSED,		      \
	    "the token's payload is not encoded (b64)")			      \
	X(BASE64_INVALID, "base64_invalid", REFUSED,			      \
	    "a part of the token is not strict base64url")		      \
	X(HEADER_INVALID, "header_invalid", REFUSED,			      \
	    "the token's header is malformed")				      \
	X(PAYLOAD_INVALID, "payload_invalid", REFUSED,			      \
	    "the token's payload is no claims set")			      \
	/* the token's header */					      \
	X(ALG_UNSUPPORTED, "alg_unsupported", REFUSED,			      \
	    "the token's algorithm is not supported")			      \
	X(ALG_NOT_ALLOWED, "alg_not_allowed", REFUSED,			      \
	    "the token's algorithm is not allowed for this issuer")	      \
	X(CRIT_PRESENT, "crit_present", REFUSED,			      \
	    "the token demands an extension (crit)")			      \
	X(TYP_NOT_ALLOWED, "typ_not_allowed", REFUSED,			      \
	    "the token's type is not allowed for this issuer")		      \
	X(KID_INVALID, "kid_invalid", REFUSED,				      \
	    "the token's key id is malformed")				      \
	X(KID_MISSING, "kid_missing", REFUSED,				      \
	    "the token names no key, and this issuer's tokens must")	      \
	/* the issuer section */					      \
	X(ISSUER_UNKNOWN, "issuer_unknown", REFUSED,			      \
	    "no section of the configuration names the token's issuer")	      \
	X(SERVICE_NOT_SERVED, "service_not_served", REFUSED,		      \
	    "the issuer's tokens are not meant for this service")	      \
	X(AUDIENCE_MISMATCH, "audience_mismatch", REFUSED,		      \
	    "the token is meant for somebody else")			      \
	/* the key and the signature */					      \
	X(KEY_UNKNOWN, "key_unknown", REFUSED,				      \
	    "the issuer publishes no key with the token's key id")	      \
	X(KEY_UNFIT, "key_unfit", REFUSED,				      \
	    "the key that the token names does not fit its algorithm")	      \
	X(SIGNATURE_INVALID, "signature_invalid", REFUSED,		      \
	    "the token's signature is wrong")				      \
	X(KEYS_UNAVAILABLE, "keys_unavailable", NO_KEYS,		      \
	    "no usable key of the issuer can be had")			      \
	/* the claims */						      \
	X(CLAIM_MISSING, "claim_missing", REFUSED,			      \
	    "the token lacks a claim")					      \
	X(CLAIM_OVERAGE, "claim_overage", REFUSED,			      \
	    "the provider left a claim out because it is too long")	      \
	X(CLAIM_TYPE, "claim_type", REFUSED,				      \
	    "a claim of the token has the wrong type")			      \
	X(EXPIRED, "expired", REFUSED, "the token has expired")		      \
	X(NOT_YET_VALID, "not_yet_valid", REFUSED,			      \
	    "the token is not valid yet")				      \
	X(ISSUED_IN_FUTURE, "issued_in_future", REFUSED,		      \
	    "the token was issued in the future; are the clocks right?")      \
	X(TOKEN_TOO_OLD, "token_too_old", REFUSED,			      \
	    "the token was issued too long ago")			      \
	X(AUTH_TOO_OLD, "auth_too_old", REFUSED,			      \
	    "the last login at the provider is too long ago")		      \
	X(PARTY_NOT_AUTHORIZED, "party_not_authorized", REFUSED,	      \
	    "the token was issued to a client that is not listed")	      \
	X(TOKEN_BOUND, "token_bound", REFUSED,				      \
	    "the token is bound to a key that nobody proves here (cnf)")      \
	X(TOKEN_IS_EVENT, "token_is_event", REFUSED,			      \
	    "the token reports an event, a logout for example")		      \
	X(REQUIRE_UNMET, "require_unmet", REFUSED,			      \
	    "a claim does not say what the section requires")		      \
	X(EMAIL_UNVERIFIED, "email_unverified", REFUSED,		      \
	    "the provider did not verify the mail address")		      \
	/* the local user */						      \
	X(IDENTITY_INVALID, "identity_invalid", REFUSED,		      \
	    "the token's identity is no usable name")			      \
	X(IDENTITY_FOREIGN, "identity_foreign", REFUSED,		      \
	    "the token's identity belongs to none of the domains")	      \
	X(IDENTITY_IS_CLIENT, "identity_is_client", REFUSED,		      \
	    "the token's identity is that of a client program")		      \
	X(USER_MISMATCH, "user_mismatch", REFUSED,			      \
	    "the token belongs to somebody else")			      \
	X(USER_NOT_GRANTED, "user_not_granted", REFUSED,		      \
	    "no line of the map and no grant lets this identity in")	      \
	X(USER_INVALID, "user_invalid", REFUSED,			      \
	    "the user asked for has no acceptable name")		      \
	X(USER_IS_ROOT, "user_is_root", REFUSED,			      \
	    "nobody becomes root by what a token says")		      \
	X(UID_REFUSED, "uid_refused", REFUSED,				      \
	    "the account's uid is not one that may log in by token")	      \
	X(USER_UNKNOWN, "user_unknown", USER_UNKNOWN,			      \
	    "there is no such local account")				      \
	/* the administrator's side */					      \
	X(CONFIG_MISSING, "config_missing", CONFIG,			      \
	    "the configuration file is missing")			      \
	X(CONFIG_UNSAFE, "config_unsafe", CONFIG,			      \
	    "the configuration file could be changed by others")	      \
	X(CONFIG_UNREADABLE, "config_unreadable", CONFIG,		      \
	    "the configuration file cannot be read")			      \
	X(CONFIG_INVALID, "config_invalid", CONFIG,			      \
	    "the configuration has a mistake")				      \
	X(ARGUMENT_INVALID, "argument_invalid", CONFIG,			      \
	    "the module's PAM line has a wrong argument")	      \
	X(CONVERSATION_FAILED, "conversation_failed", CONVERSATION,	      \
	    "the host could not ask for the token")			      \
	X(NO_MEMORY, "no_memory", MEMORY, "memory is exhausted")	      \
	X(SYSTEM_ERROR, "system_error", SYSTEM, "a system call failed")	      \
	X(INTERNAL_ERROR, "internal_error", SYSTEM,			      \
	    "a rule of the program itself was broken; please report it")      \
	/* why a key of a key set is not used */			      \
	X(KEY_MALFORMED, "key_malformed", REFUSED,			      \
	    "the key lacks a member or has a malformed one")		      \
	X(KEY_TYPE_UNSUPPORTED, "key_type_unsupported", REFUSED,	      \
	    "the key's type or curve is not supported")			      \
	X(KEY_SIZE_REFUSED, "key_size_refused", REFUSED,		      \
	    "the key is too small, too large, or has a weak exponent")	      \
	X(KEY_POINT_INVALID, "key_point_invalid", REFUSED,		      \
	    "the key is no point of its curve, or one of small order")	      \
	X(KEY_PRIVATE, "key_private", REFUSED,				      \
	    "the key set gives away a private or symmetric key")	      \
	X(KEY_NOT_FOR_SIGNING, "key_not_for_signing", REFUSED,		      \
	    "the key is not meant for signatures")			      \
	X(KEY_ALG_UNFIT, "key_alg_unfit", REFUSED,			      \
	    "the key's algorithm is unsupported or does not fit its type")   \
	X(KEY_X5C_INVALID, "key_x5c_invalid", REFUSED,			      \
	    "the key's certificate is malformed")			      \
	X(KEY_X5C_DIFFERS, "key_x5c_differs", REFUSED,			      \
	    "the key's certificate holds another key")			      \
	/* documents and files */					      \
	X(JSON_INVALID, "json_invalid", REFUSED, "malformed JSON")	      \
	X(JSON_DUPLICATE, "json_duplicate", REFUSED,			      \
	    "an object has the same member twice")			      \
	X(JSON_TOO_LARGE, "json_too_large", REFUSED,			      \
	    "the JSON text is too deep, too long, or has too many values")   \
	X(KEYSET_INVALID, "keyset_invalid", NO_KEYS,			      \
	    "the document is no key set")				      \
	X(DISCOVERY_INVALID, "discovery_invalid", NO_KEYS,		      \
	    "the discovery document is malformed")			      \
	X(DISCOVERY_ISSUER_DIFFERS, "discovery_issuer_differs", NO_KEYS,      \
	    "the discovery document names another issuer")		      \
	X(FILE_MISSING, "file_missing", NO_KEYS, "the file does not exist")   \
	X(FILE_UNSAFE, "file_unsafe", NO_KEYS,				      \
	    "others could have changed the file")			      \
	X(FILE_TOO_LARGE, "file_too_large", NO_KEYS,			      \
	    "the file is larger than anything of its kind")		      \
	X(CACHE_INVALID, "cache_invalid", NO_KEYS,			      \
	    "the cache file is damaged or of another kind")		      \
	/* fetching */							      \
	X(FETCH_FAILED, "fetch_failed", NO_KEYS,			      \
	    "the provider gave no usable answer")			      \
	X(FETCH_TIMEOUT, "fetch_timeout", NO_KEYS,			      \
	    "the provider did not answer in time")			      \
	X(FETCH_HELD_BACK, "fetch_held_back", NO_KEYS,			      \
	    "the provider was asked a moment ago; not asking again yet")      \
	X(FETCH_OFFLINE, "fetch_offline", NO_KEYS,			      \
	    "asking the provider was ruled out")			      \
	X(FETCH_USER_MISSING, "fetch_user_missing", NO_KEYS,		      \
	    "the user that fetches keys does not exist")		      \
	X(HELPER_NOT_STARTED, "helper_not_started", NO_KEYS,		      \
	    "pam-jwks-fetch could not be started")			      \
	X(HELPER_FAILED, "helper_failed", NO_KEYS,			      \
	    "pam-jwks-fetch failed")

#define PJ_STATUS_ENUM(sym, name, outcome, sentence) PJ_##sym,
enum pj_status { PJ_STATUS_LIST(PJ_STATUS_ENUM) PJ_STATUS_COUNT };
#undef PJ_STATUS_ENUM

#define PJ_MUST_CHECK	__attribute__((warn_unused_result))

/* The stable name, for example "expired".  Never NULL. */
const char	*pj_status_name(enum pj_status status);

/* One sentence for people, without a full stop.  Never NULL. */
const char	*pj_status_sentence(enum pj_status status);

/* What the status means for a login.  An unknown number is a system error. */
enum pj_outcome	 pj_status_outcome(enum pj_status status);

/* Finds a status by its name.  Returns false if there is none. */
bool		 pj_status_find(struct pj_span name, enum pj_status *status);

#endif
