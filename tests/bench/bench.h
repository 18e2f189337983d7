/*
 * What the files of the benchmark share: the material, the measuring, and the
 * stages, each of which is a function that does one thing once.
 */
#ifndef PJ_TESTS_BENCH_H
#define PJ_TESTS_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "jose/alg.h"
#include "policy/config.h"

#define ISSUER		"https://bench.test/realms/corp"
#define SERVICE		"bench"
#define USER		"alice"
#define CONFIG		"/etc/security/pam_jwks.conf"

struct stage {
	const char	*name;
	void		(*run)(void);
	unsigned	 repeat;	/* calls a sample */
	void		(*before)(unsigned);	/* not measured; or NULL */
	unsigned	 size;		/* before's argument */
};

#define STAGE(what, function, calls) \
	{ .name = (what), .run = (function), .repeat = (calls) }

/* The folder of keys, tokens and texts that `run` has made. */
extern const char *folder;
/* What is measured at the moment. */
extern struct pj_buf keys;
extern struct pj_buf token;
extern const struct pj_alg *alg;

void	 must(bool good, const char *what);

/*
 * Takes rounds samples of each stage, one after the other in each round: what
 * else the machine does, it does to all.  What is measured is the processor's
 * time of this thread and of its children, kernel included, which a busy
 * machine spoils least.  Prints for each a line, separated by tabs: group,
 * name, median, quartiles (microseconds a call), the median of the ratios to
 * the first stage of the same round, and the median of the wall clock's time.
 */
void	 measure(const char *group, const struct stage *stages, size_t count,
	    unsigned rounds);

/* Reads folder/name. */
void	 read_file(const char *name, struct pj_buf *buf);
/* Writes a file with mode 0644; makes no folder. */
void	 write_file(const char *path, struct pj_span text);
/* Puts a key set into the cache, as fetched now. */
void	 store_keys(struct pj_span body);
/* Loads NAME.token. */
void	 load_token(const char *name);

/*
 * raw.c: one EVP_DigestVerify with a key that is prepared, and one with a key
 * that is made of its numbers for this one signature.
 */
void	 raw_prepare(const char *name);
void	 raw_verify(void);
void	 raw_verify_anew(void);
void	 raw_release(void);

/* ours.c */
void	 memory_verify(void);
void	 file_verify(void);

/* parts.c: what the stages consist of. */
void	 measure_parts(void);

/* peers.c: NULL if the library does not know the algorithm. */
void	 peers_prepare(const char *name);
void	 (*peer_cjose(void))(void);
void	 (*peer_libjwt(void))(void);
void	 peers_release(void);

/* growth.c */
void	 measure_growth(void);

/* fresh.c: processes that log in once and end. */
void	 measure_fresh(char *floor, char *login);

#endif
