/*
 * What a key lookup needs to know of an issuer.  keys/ never sees the
 * configuration; whoever asks fills this in.
 */
#ifndef PJ_KEYS_REQUEST_H
#define PJ_KEYS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/* Address family of the fetch. */
enum pj_ip_resolve {
	PJ_IP_ANY,
	PJ_IP_V4,
	PJ_IP_V6,
};

/* Seconds; the names are those of the configuration keys. */
struct pj_lifetimes {
	int64_t	min_ttl;		/* clamps what the provider says */
	int64_t	max_ttl;
	int64_t	default_ttl;		/* where the provider says nothing */
	int64_t	max_stale;		/* after it keys are not used */
	int64_t	discovery_ttl;
	int64_t	discovery_max_stale;
	int64_t	kid_cooldown;		/* first pause between unknown kids */
};

/* All strings are borrowed and must outlive the request's use. */
struct pj_key_request {
	const char		*section;	/* for words and the helper */
	const char		*issuer;
	const char		*discovery_url;	/* NULL: made from issuer */
	const char		*jwks_uri;	/* NULL: from discovery */
	const char		*jwks_file;	/* set: no network, no cache */
	bool			 any_owner;	/* of jwks_file; for tools */
	const char		*ca_file;	/* NULL: the system's */
	const char		*proxy;		/* NULL: none */
	enum pj_ip_resolve	 ip_resolve;
	const char		*cache_dir;	/* data files */
	const char		*state_dir;	/* state and lock files */
	struct pj_lifetimes	 lifetimes;
};

#endif
