/*
 * What cache.c and cache_lock.c share.
 */
#ifndef PJ_KEYS_CACHE_PRIVATE_H
#define PJ_KEYS_CACHE_PRIVATE_H

#include "keys/cache.h"

#define PJ_DATA_SUFFIX		".jwks"
#define PJ_STATE_SUFFIX		".state"
#define PJ_LOCK_SUFFIX		".lock"

/* An id and the longest suffix. */
#define PJ_CACHE_NAME_MAX	(PJ_SHA256_HEX_LEN + 8)

/* Writes "<id>suffix". */
void	pj_cache_name(const struct pj_cache *cache, const char *suffix,
	    char name[PJ_CACHE_NAME_MAX + 1]);

#endif
