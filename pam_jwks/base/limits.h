/*
 * Every maximum of the program in one place, each with its reason.
 */
#ifndef PJ_BASE_LIMITS_H
#define PJ_BASE_LIMITS_H

/* A token: providers stay under 4 KiB, group lists reach 12 KiB. */
#define PJ_TOKEN_MAX		(16 * 1024)

/* A detail must fit a syslog line (1 KiB) beside the other fields. */
#define PJ_DETAIL_MAX		255

/* A kid: 80 characters occur, SHA-512 in hex has 128. */
#define PJ_KID_MAX		256

/* An identity or a user: mail addresses end at 254. */
#define PJ_IDENTITY_MAX		256
#define PJ_USER_MAX		255

/* JSON: real documents stay under a depth of 6. */
#define PJ_JSON_DEPTH_MAX	32

/* JSON values in one text: 256 keys of 16 members, twice. */
#define PJ_JSON_VALUES_MAX	8192

/* Members of one object, so that the search for duplicates stays cheap. */
#define PJ_JSON_MEMBERS_MAX	1024

/* A body from a provider after decompression, and a key file. */
#define PJ_BODY_MAX		(512 * 1024)

/* JSON text of any kind: nothing larger than a body is ever parsed. */
#define PJ_JSON_MAX		PJ_BODY_MAX

/* Keys of a set: large providers publish under 20. */
#define PJ_KEYS_MAX		256

/* Keys tried for one token: with its kid, and without. */
#define PJ_CANDIDATES_KID_MAX	4
#define PJ_CANDIDATES_MAX	8

/* RSA: RFC 7518 section 3.3 asks for 2048; over 8192 a verify gets slow. */
#define PJ_RSA_BITS_MIN		2048
#define PJ_RSA_BITS_MAX		8192
#define PJ_RSA_EXPONENT_MIN	65537
#define PJ_RSA_EXPONENT_BYTES	8

/* The longest signature: RSA with PJ_RSA_BITS_MAX. */
#define PJ_SIGNATURE_MAX	(PJ_RSA_BITS_MAX / 8)

/* A chain of certificates in x5c, and one entry of it. */
#define PJ_X5C_ENTRIES_MAX	8
#define PJ_X5C_ENTRY_MAX	(16 * 1024)

/* URLs: longer ones do not pass proxies reliably. */
#define PJ_URL_MAX		2048

/* The configuration, all files: 64 issuers of 32 lines stay far below. */
#define PJ_CONFIG_MAX		(256 * 1024)
#define PJ_CONFIG_LINE_MAX	4096
#define PJ_ISSUERS_MAX		64
#define PJ_GRANTS_MAX		1024	/* as many as fit into the files */
#define PJ_LIST_MAX		64
#define PJ_FOLDER_NAMES_MAX	(PJ_LIST_MAX - 1)	/* and the first file */
#define PJ_NAME_MAX		64	/* section and service names */

/* Rules of one section, as many as a list has items. */
#define PJ_RULES_MAX		64

/*
 * A map of users: 20,000 people with their mail addresses.  libc compiles a
 * pattern in 6 us, so that nobody notices 200 of them.
 */
#define PJ_MAP_MAX		(2 * 1024 * 1024)
#define PJ_MAP_LINES_MAX	20000
#define PJ_MAP_PATTERNS_MAX	200

/*
 * A pattern: its bytes, its groups, and its steps once repetitions are written
 * out.  At these libc needs milliseconds and under 10 MiB for the worst.
 */
#define PJ_PATTERN_MAX		512
#define PJ_PATTERN_GROUPS_MAX	16
#define PJ_PATTERN_STEPS_MAX	256

/* A value that is matched: URLs of workflows reach 300 bytes. */
#define PJ_PATTERN_VALUE_MAX	512

/* A claim's value in the session's environment. */
#define PJ_EXPORT_MAX		1024

/* A data file: two bodies' worth is never reached, one and its header is. */
#define PJ_CACHE_MAX		(PJ_BODY_MAX + 64 * 1024)

/* A state file: a few short lines. */
#define PJ_STATE_MAX		(16 * 1024)

/* The helper's answer to whoever started it: one line. */
#define PJ_REPLY_MAX		1024

/* HTTP validators kept for the next request. */
#define PJ_VALIDATOR_MAX	512

/* A file of CA certificates: the system's own bundle has 220 KiB. */
#define PJ_CA_FILE_MAX		(1024 * 1024)

/* Lines of a file or answer made of "name value" lines. */
#define PJ_FIELDS_MAX		64

/* The longest value of such a line: a URL, or header fields joined. */
#define PJ_FIELD_MAX		4096

/* One header field of a provider that is kept; longer ones are dropped. */
#define PJ_HEADER_MAX		1024

/* All header fields of one answer. */
#define PJ_HEADERS_BYTES_MAX	(64 * 1024)
#define PJ_HEADERS_MAX		256

/* What the worker may write: two bodies and their heads. */
#define PJ_ANSWER_MAX		(2 * (PJ_BODY_MAX + 16 * 1024))

/* An uuid of the kernel: 36 characters. */
#define PJ_BOOT_ID_MAX		36

/* A PAM stack with all that it includes; distributions' have 20 lines. */
#define PJ_STACK_LINES_MAX	256
#define PJ_STACK_DEPTH_MAX	16
#define PJ_STACK_FILE_MAX	(64 * 1024)

/* What `sshd -T` prints: 150 lines. */
#define PJ_SSHD_OPTIONS_MAX	(128 * 1024)

/* A line of `pam-jwks check`: a detail, a path and words. */
#define PJ_FINDING_MAX		1023

/*
 * Memory that must be there for a decision to begin: a pattern's 10 MiB, and
 * what libcrypto, documents and their trees need.
 */
#define PJ_ROOM_MIN		(16 * 1024 * 1024)

/* Words of ours, configuration keys and reasons; none is longer. */
#define PJ_WORD_MAX		32

/* Path names that the program builds itself. */
#define PJ_PATH_MAX		4096

#endif
