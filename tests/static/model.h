/*
 * For clang-tidy, which looks at one file at a time, and would follow every
 * failure as if it had been none: these return the status that they are given.
 */
#ifndef PJ_TESTS_STATIC_MODEL_H
#define PJ_TESTS_STATIC_MODEL_H

#include "base/error.h"

#define pj_fail(err, status, ...)					\
	((void)pj_fail(err, status, __VA_ARGS__), status)
#define pj_fail_in(err, status, ...)					\
	((void)pj_fail_in(err, status, __VA_ARGS__), status)
#define pj_fail_behind(err, status, words)				\
	((void)pj_fail_behind(err, status, words), status)
#define pj_fail_value(err, status, name, value)				\
	((void)pj_fail_value(err, status, name, value), status)
#define pj_fail_errno(err, status, ...)					\
	((void)pj_fail_errno(err, status, __VA_ARGS__), status)

#endif
