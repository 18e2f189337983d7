/*
 * The names in a folder.
 */
#ifndef PJ_BASE_FOLDER_H
#define PJ_BASE_FOLDER_H

#include "base/error.h"

/* Owned names in the order of their bytes. */
struct pj_names {
	char	*items[PJ_FOLDER_NAMES_MAX];
	size_t	 count;
};

/*
 * Lists what ends in suffix and does not begin with a dot, in a folder that is
 * open (pj_file_open_dir).  PJ_FILE_TOO_LARGE if there is more than a list
 * holds, PJ_NO_MEMORY or PJ_SYSTEM_ERROR; *names is empty then.
 */
enum pj_status	pj_folder_list(int dirfd, const char *suffix,
		    struct pj_names *names, struct pj_error *err)
		    PJ_MUST_CHECK;
void		pj_names_free(struct pj_names *names);

#endif
