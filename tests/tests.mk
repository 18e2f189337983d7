# All tests.  Units are C programs with cmocka; what needs processes is Python
# with pytest; rules about the tree are small shell scripts.  The first two speak
# TAP.
TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = $(srcdir)/tests/support/run-pytest
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	PJ_BUILDDIR='$(abs_top_builddir)'; export PJ_BUILDDIR; \
	PJ_SRCDIR='$(abs_top_srcdir)'; export PJ_SRCDIR; \
	PJ_VECTORS="$${PJ_VECTORS-$(abs_top_srcdir)/../shared/vectors}"; \
	export PJ_VECTORS; \
	PYTHON='$(PYTHON)'; export PYTHON; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE; \
	MANDOC='$(MANDOC)'; export MANDOC; CC='$(CC)'; export CC;

# ---- units ------------------------------------------------------------------
if HAVE_CMOCKA
UNIT_TESTS =
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
UNIT_FLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -Wno-conversion
UNIT_LIBS = libpj.la $(CMOCKA_LIBS)




# Genuine tokens and keys, from another implementation.
tests/unit/tokens.h: $(srcdir)/tests/unit/tokens.py
	$(AM_V_GEN)$(MKDIR_P) tests/unit && \
	    $(PYTHON) $(srcdir)/tests/unit/tokens.py $@
CLEANFILES += tests/unit/tokens.h
EXTRA_DIST += tests/unit/tokens.py

# ---- the option table, for lints --------------------------------------------
check_PROGRAMS += tests/lint/dump
tests_lint_dump_SOURCES = tests/lint/dump.c
tests_lint_dump_LDADD = libpj.la

# ---- make bench --------------------------------------------------------------
EXTRA_PROGRAMS = tests/bench/bench
CLEANFILES += tests/bench/bench
tests_bench_bench_SOURCES = tests/bench/bench.c
tests_bench_bench_CFLAGS = $(AM_CFLAGS) -Wno-conversion
tests_bench_bench_LDADD = libpj.la $(CRYPTO_LIBS) $(PAM_LIBS)

# ---- rules about the tree ---------------------------------------------------
LINTS = \
	tests/lint/exports.sh \
	tests/lint/headers.sh \
	tests/lint/layers.sh \
	tests/lint/manuals.sh \
	tests/lint/needed.sh \
	tests/lint/options.sh \
	tests/lint/style.sh
TESTS += $(LINTS)
EXTRA_DIST += $(LINTS)

# ---- everything that needs processes ----------------------------------------
PYTESTS = \
	tests/pam/test_module.py
TESTS += $(PYTESTS)
EXTRA_DIST += $(PYTESTS) \
	tests/conftest.py \
	tests/support/demo.py \
	tests/support/host \
	tests/support/hosts.py \
	tests/support/oidc-provider/install \
	tests/support/oidc-provider/package-lock.json \
	tests/support/oidc-provider/package.json \
	tests/support/oidc-provider/server.js \
	tests/support/pamclient \
	tests/support/provider.py \
	tests/support/real_provider.py \
	tests/support/run-pytest \
	tests/support/syslog_lines.py \
	tests/support/tokens.py \
	tests/bench/make_tokens.py \
	tests/bench/run
