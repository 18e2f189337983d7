/*
 * What the worker may reach in files and ports (landlock(7)).  Responsible for:
 * an enforced list of what can be read and of where TCP may go.  It needs no
 * privilege, cannot be taken back, and a kernel without it is no error.
 *
 * Not confined by it: UDP, Unix sockets with a name in the file system, and to
 * which address a permitted port belongs.
 */
#ifndef PJ_FETCH_LANDLOCK_H
#define PJ_FETCH_LANDLOCK_H

#include <stdint.h>

#include "base/error.h"

/* Discovery or the proxy, the key set, and DNS over TCP. */
#define PJ_REACH_PORTS		3

/* Where the CA certificates are: a file and a folder. */
#define PJ_REACH_PATHS		2

/* Beside what name resolution, TLS and libraries always need. */
struct pj_reach {
	const char	*paths[PJ_REACH_PATHS];	/* may be read; NULL: none */
	uint16_t	 ports[PJ_REACH_PORTS];	/* may be connected to */
	size_t		 port_count;
};

/* The kernel's version of Landlock; 0 if it has none, or it is switched off. */
int		pj_landlock_version(void);

/*
 * Confines this process for good.  PJ_OK as well where there is no Landlock;
 * before version 4 ports stay open, before 6 so do signals to processes
 * outside.  The process must have given up new privileges.  PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_landlock_restrict(const struct pj_reach *reach,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
