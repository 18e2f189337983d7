# All tests.  Units are C programs with cmocka; what needs processes is Python
# with pytest; rules about the tree are small shell scripts.  The first two speak
# TAP.
TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(SHELL) $(srcdir)/tests/support/run-unit
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
UNIT_TESTS = \
	tests/unit/test_alg \
	tests/unit/test_answer \
	tests/unit/test_arguments \
	tests/unit/test_authn \
	tests/unit/test_b64url \
	tests/unit/test_buf \
	tests/unit/test_cache \
	tests/unit/test_change \
	tests/unit/test_claims \
	tests/unit/test_config \
	tests/unit/test_configure \
	tests/unit/test_conversation \
	tests/unit/test_discovery \
	tests/unit/test_envelope \
	tests/unit/test_error \
	tests/unit/test_export \
	tests/unit/test_file \
	tests/unit/test_folder \
	tests/unit/test_grant \
	tests/unit/test_harvest \
	tests/unit/test_harvest_fuzz \
	tests/unit/test_helper \
	tests/unit/test_http \
	tests/unit/test_json \
	tests/unit/test_json_show \
	tests/unit/test_jwk \
	tests/unit/test_jwks \
	tests/unit/test_jws \
	tests/unit/test_jwt \
	tests/unit/test_keysource \
	tests/unit/test_lifetime \
	tests/unit/test_map \
	tests/unit/test_near \
	tests/unit/test_objections \
	tests/unit/test_options \
	tests/unit/test_pattern \
	tests/unit/test_pieces \
	tests/unit/test_privilege \
	tests/unit/test_refresh \
	tests/unit/test_report \
	tests/unit/test_rule \
	tests/unit/test_select \
	tests/unit/test_span \
	tests/unit/test_spawn \
	tests/unit/test_status \
	tests/unit/test_url \
	tests/unit/test_usermap \
	tests/unit/test_version \
	tests/unit/test_x5c
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
# What a test program links unless it says otherwise.
LDADD = libpj.la $(CMOCKA_LIBS)
tests_unit_test_answer_SOURCES = tests/unit/test_answer.c \
	pam_jwks/fetch/answer.c pam_jwks/fetch/http.c
tests_unit_test_authn_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getpwnam_r
# Another process in between.
tests_unit_test_cache_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=fcntl,--wrap=pj_now_ms
tests_unit_test_change_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=pj_clock_read_system
tests_unit_test_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync,--wrap=renameat
# Sees what is left of an answer when it is freed.
tests_unit_test_conversation_SOURCES = tests/unit/test_conversation.c \
	pam_jwks/module/conversation.c pam_jwks/module/pieces.c
tests_unit_test_conversation_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=free,--wrap=pj_buf_room
tests_unit_test_harvest_SOURCES = tests/unit/test_harvest.c \
	pam_jwks/fetch/answer.c pam_jwks/fetch/harvest.c pam_jwks/fetch/http.c
tests_unit_test_harvest_LDADD = $(LDADD) $(CRYPTO_LIBS)
tests_unit_test_harvest_fuzz_SOURCES = tests/unit/test_harvest_fuzz.c \
	pam_jwks/fetch/answer.c pam_jwks/fetch/harvest.c pam_jwks/fetch/http.c
tests_unit_test_helper_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pj_spawn_run
tests_unit_test_http_SOURCES = tests/unit/test_http.c pam_jwks/fetch/http.c
# A process that is forked at the worst moment, or cannot be.
tests_unit_test_spawn_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pipe2,--wrap=poll \
	-Wl,--wrap=syscall
tests_unit_test_version_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pj_now_ms
tests_unit_test_pieces_SOURCES = tests/unit/test_pieces.c \
	pam_jwks/module/pieces.c
tests_unit_test_pieces_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pj_buf_room
# A kernel that remembers, refuses, or says yes and does nothing.
tests_unit_test_privilege_SOURCES = tests/unit/test_privilege.c \
	pam_jwks/fetch/privilege.c
tests_unit_test_privilege_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=chdir,--wrap=clearenv,--wrap=close,--wrap=dup2 \
	-Wl,--wrap=fopen,--wrap=geteuid,--wrap=getgroups,--wrap=getppid \
	-Wl,--wrap=getpwnam,--wrap=getresgid,--wrap=getresuid \
	-Wl,--wrap=getrlimit,--wrap=open,--wrap=prctl,--wrap=setegid \
	-Wl,--wrap=sched_setaffinity,--wrap=sched_setscheduler \
	-Wl,--wrap=seteuid,--wrap=setgid,--wrap=setgroups,--wrap=setpriority \
	-Wl,--wrap=setresgid,--wrap=setresuid,--wrap=setrlimit,--wrap=setsid \
	-Wl,--wrap=setuid,--wrap=signal,--wrap=sigprocmask,--wrap=syscall \
	-Wl,--wrap=umask
# A worker that is its answer.
tests_unit_test_refresh_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getrlimit \
	-Wl,--wrap=pj_cache_mark,--wrap=pj_cache_still_locked \
	-Wl,--wrap=pj_cache_store,--wrap=pj_cache_store_state \
	-Wl,--wrap=pj_worker_run
tests_unit_test_refresh_LDADD = libfetch.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_test_report_SOURCES = tests/unit/test_report.c \
	pam_jwks/module/report.c

# Genuine tokens and keys are made by another implementation.
tests/unit/test_alg.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_authn.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_b64url.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_claims.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_export.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_grant.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_json.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_json_show.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_jwk.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_jwks.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_jws.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_jwt.$(OBJEXT): tests/unit/tokens.h
tests/unit/test_rule.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_select.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_usermap.$(OBJEXT): tests/unit/claims_tokens.h
tests/unit/test_x5c.$(OBJEXT): tests/unit/tokens.h


# Genuine tokens and keys, from another implementation.
tests/unit/tokens.h: $(srcdir)/tests/unit/tokens.py
	$(AM_V_GEN)$(MKDIR_P) tests/unit && \
	    $(PYTHON) $(srcdir)/tests/unit/tokens.py $@
CLEANFILES += tests/unit/tokens.h
EXTRA_DIST += tests/unit/tokens.py

tests/unit/claims_tokens.h: $(srcdir)/tests/unit/claims_tokens.py
	$(AM_V_GEN)$(MKDIR_P) tests/unit && \
	    $(PYTHON) $(srcdir)/tests/unit/claims_tokens.py $@
CLEANFILES += tests/unit/claims_tokens.h
EXTRA_DIST += tests/unit/claims_tokens.py

# ---- the option table, for lints --------------------------------------------
check_PROGRAMS += tests/lint/dump
tests_lint_dump_SOURCES = tests/lint/dump.c
tests_lint_dump_LDADD = libpj.la

# ---- verdicts, for tests that are driven from outside -----------------------
check_PROGRAMS += tests/hostile/verdict
tests_hostile_verdict_SOURCES = tests/hostile/verdict.c
tests_hostile_verdict_LDADD = libpj.la $(CRYPTO_LIBS)
check_PROGRAMS += tests/hostile/reload
tests_hostile_reload_SOURCES = tests/hostile/reload.c
tests_hostile_reload_LDADD = $(PAM_LIBS)

# ---- a worker that misbehaves, for tests/fetch ------------------------------
check_PROGRAMS += tests/fetch/rogue tests/fetch/refuse
tests_fetch_refuse_SOURCES = tests/fetch/refuse.c
tests_fetch_refuse_LDADD =
tests_fetch_rogue_SOURCES = tests/fetch/rogue.c pam_jwks/fetch/main.c
tests_fetch_rogue_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pj_http_get
tests_fetch_rogue_LDADD = libfetch.la

# ---- logins and a helper with a clock that tests move, for tests/supply -----
check_PROGRAMS += tests/supply/fetch tests/supply/foreign tests/supply/login
tests_supply_fetch_SOURCES = tests/supply/hooks.c tests/supply/hooks.h \
	pam_jwks/fetch/main.c
tests_supply_fetch_CPPFLAGS = $(AM_CPPFLAGS) -Dpj_clock_system=supply_clock
tests_supply_fetch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fork
tests_supply_fetch_LDADD = libfetch.la
tests_supply_foreign_SOURCES = tests/supply/foreign.c
tests_supply_foreign_LDADD = $(PAM_LIBS)
tests_supply_login_SOURCES = tests/supply/login.c tests/supply/hooks.c \
	tests/supply/hooks.h
tests_supply_login_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fork
tests_supply_login_LDADD = libpj.la

# ---- hosts that live long, for tests/load -------------------------------------
check_PROGRAMS += tests/load/age
tests_load_age_SOURCES = tests/load/age.c
tests_load_age_LDADD = $(PAM_LIBS)

# ---- every call fails once ---------------------------------------------------
if HAVE_CMOCKA
TORTURE_TESTS = tests/torture/test_config tests/torture/test_nth \
	tests/torture/test_refresh
check_PROGRAMS += $(TORTURE_TESTS)
TESTS += $(TORTURE_TESTS)
endif
torture_common = tests/torture/more.c tests/torture/nth.h \
	tests/fuzz/faults.c tests/fuzz/faults.h tests/unit/scratch.h
torture_wrap = $(fuzz_wrap) -Wl,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=reallocarray,--wrap=asprintf,--wrap=__asprintf_chk \
	-Wl,--wrap=vasprintf,--wrap=__vasprintf_chk,--wrap=open,--wrap=fcntl \
	-Wl,--wrap=fstatat,--wrap=faccessat,--wrap=mkdirat,--wrap=fchmod \
	-Wl,--wrap=futimens,--wrap=ftruncate,--wrap=pread,--wrap=pwrite \
	-Wl,--wrap=fdopendir,--wrap=readdir,--wrap=getrandom,--wrap=regcomp \
	-Wl,--wrap=getpwnam_r,--wrap=json_tokener_new_ex,--wrap=EVP_Digest \
	-Wl,--wrap=EVP_PKEY_CTX_new_from_name,--wrap=EVP_PKEY_fromdata_init \
	-Wl,--wrap=EVP_PKEY_CTX_new_from_pkey,--wrap=EVP_PKEY_public_check \
	-Wl,--wrap=EVP_PKEY_new_raw_public_key_ex,--wrap=BN_new \
	-Wl,--wrap=BN_CTX_new,--wrap=BN_bin2bn,--wrap=BN_lebin2bn \
	-Wl,--wrap=BN_mod_sqr,--wrap=BN_mod_mul
tests_torture_test_config_SOURCES = tests/torture/test_config.c \
	$(torture_common)
tests_torture_test_config_LDFLAGS = $(AM_LDFLAGS) $(torture_wrap)
tests_torture_test_config_LDADD = libpj.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_torture_test_nth_SOURCES = tests/torture/test_nth.c $(torture_common) \
	tests/fuzz/common.c tests/fuzz/fuzz.h tests/fuzz/signer.c \
	tests/fuzz/signer.h
tests_torture_test_nth_LDFLAGS = $(AM_LDFLAGS) $(torture_wrap)
tests_torture_test_nth_LDADD = libpj.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_torture_test_refresh_SOURCES = tests/torture/test_refresh.c \
	$(torture_common)
tests_torture_test_refresh_LDFLAGS = $(AM_LDFLAGS) $(torture_wrap) \
	-Wl,--wrap=pj_worker_run
tests_torture_test_refresh_LDADD = libfetch.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += tests/support/valgrind tests/torture/run
# The same under sanitizers and under valgrind.
check-torture: all
	@$(srcdir)/tests/torture/run '$(srcdir)' torture $(TORTURE_TESTS)
.PHONY: check-torture

# ---- fuzzing: the corpus in every check, libFuzzer in make check-fuzz --------
FUZZ_TARGETS = \
	tests/fuzz/fuzz_base64 \
	tests/fuzz/fuzz_cache \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_discovery \
	tests/fuzz/fuzz_envelope \
	tests/fuzz/fuzz_helper \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_jwks \
	tests/fuzz/fuzz_login \
	tests/fuzz/fuzz_map \
	tests/fuzz/fuzz_pieces \
	tests/fuzz/fuzz_refresh \
	tests/fuzz/fuzz_rule \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_x5c
check_PROGRAMS += $(FUZZ_TARGETS)
fuzz_common = tests/fuzz/common.c tests/fuzz/driver.c tests/fuzz/fuzz.h
# Calls that fuzz targets can make fail: tests/fuzz/faults.c.
fuzz_wrap = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=openat \
	-Wl,--wrap=read,--wrap=write,--wrap=fsync,--wrap=fstat \
	-Wl,--wrap=renameat,--wrap=EVP_DigestVerifyInit_ex \
	-Wl,--wrap=EVP_DigestVerify,--wrap=EVP_PKEY_fromdata \
	-Wl,--wrap=EVP_MD_CTX_new,--wrap=pipe2,--wrap=poll,--wrap=syscall
FUZZ_LDFLAGS =
tests_fuzz_fuzz_base64_SOURCES = tests/fuzz/fuzz_base64.c $(fuzz_common)
tests_fuzz_fuzz_base64_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_base64_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_cache_SOURCES = tests/fuzz/fuzz_cache.c $(fuzz_common) \
	tests/fuzz/faults.c tests/fuzz/faults.h
tests_fuzz_fuzz_cache_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS) $(fuzz_wrap)
tests_fuzz_fuzz_cache_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_common)
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_config_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_discovery_SOURCES = tests/fuzz/fuzz_discovery.c $(fuzz_common)
tests_fuzz_fuzz_discovery_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_discovery_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_envelope_SOURCES = tests/fuzz/fuzz_envelope.c $(fuzz_common)
tests_fuzz_fuzz_envelope_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_envelope_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_helper_SOURCES = tests/fuzz/fuzz_helper.c $(fuzz_common)
tests_fuzz_fuzz_helper_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS) \
	-Wl,--wrap=pj_spawn_run
tests_fuzz_fuzz_helper_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(fuzz_common) \
	pam_jwks/fetch/http.c
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_http_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_common)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_json_LDADD = libpj.la $(CRYPTO_LIBS) -lm
tests_fuzz_fuzz_jwks_SOURCES = tests/fuzz/fuzz_jwks.c $(fuzz_common)
tests_fuzz_fuzz_jwks_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_jwks_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_login_SOURCES = tests/fuzz/fuzz_login.c $(fuzz_common) \
	tests/fuzz/faults.c tests/fuzz/faults.h \
	tests/fuzz/signer.c tests/fuzz/signer.h \
	pam_jwks/module/pieces.c
tests_fuzz_fuzz_login_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS) $(fuzz_wrap)
tests_fuzz_fuzz_login_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_map_SOURCES = tests/fuzz/fuzz_map.c $(fuzz_common)
tests_fuzz_fuzz_map_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_map_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_pieces_SOURCES = tests/fuzz/fuzz_pieces.c $(fuzz_common) \
	pam_jwks/module/pieces.c
tests_fuzz_fuzz_pieces_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_pieces_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_refresh_SOURCES = tests/fuzz/fuzz_refresh.c $(fuzz_common) \
	tests/fuzz/faults.c tests/fuzz/faults.h
tests_fuzz_fuzz_refresh_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS) \
	$(fuzz_wrap) -Wl,--wrap=pj_worker_run
tests_fuzz_fuzz_refresh_LDADD = libfetch.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_rule_SOURCES = tests/fuzz/fuzz_rule.c $(fuzz_common) \
	tests/fuzz/signer.c tests/fuzz/signer.h
tests_fuzz_fuzz_rule_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rule_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c $(fuzz_common)
tests_fuzz_fuzz_token_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_token_LDADD = libpj.la $(CRYPTO_LIBS)
tests_fuzz_fuzz_x5c_SOURCES = tests/fuzz/fuzz_x5c.c $(fuzz_common)
tests_fuzz_fuzz_x5c_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_x5c_LDADD = libpj.la $(CRYPTO_LIBS)
EXTRA_DIST += tests/fuzz/README tests/fuzz/corpus tests/fuzz/dict \
	tests/fuzz/pack tests/fuzz/run tests/fuzz/seeds.py
fuzz-programs: $(FUZZ_TARGETS)
# libFuzzer, with clang and sanitizers, in build/fuzz; SECONDS for each target.
SECONDS = 10
check-fuzz:
	$(srcdir)/tests/fuzz/run '$(srcdir)' fuzz $(SECONDS) $(FUZZ_TARGETS)
.PHONY: fuzz-programs check-fuzz

# ---- make coverage: lines that tests reach, in build/coverage ------------------
COVERAGE_TESTS = $(UNIT_TESTS) $(TORTURE_TESTS) $(COVERED_PYTESTS) \
	$(SUPPLY_TESTS)
EXTRA_DIST += tests/coverage/flush.h tests/coverage/run
coverage:
	$(PYTHON) $(srcdir)/tests/coverage/run '$(srcdir)' coverage \
	    $(FUZZ_TARGETS) -- $(COVERAGE_TESTS)
.PHONY: coverage

# ---- make bench --------------------------------------------------------------
# cjose and libjwt are compared with; nothing else links them.
bench_programs = tests/bench/bench tests/bench/floor tests/bench/login \
	tests/bench/warm
bench_module = tests/bench/least.la
EXTRA_PROGRAMS = $(bench_programs)
EXTRA_LTLIBRARIES = $(bench_module)
CLEANFILES += $(bench_programs) $(bench_module) bench.json
tests_bench_bench_SOURCES = tests/bench/bench.h tests/bench/fresh.c \
	tests/bench/growth.c tests/bench/main.c tests/bench/measure.c \
	tests/bench/ours.c tests/bench/parts.c tests/bench/peers.c \
	tests/bench/raw.c
tests_bench_bench_LDADD = libpj.la $(CRYPTO_LIBS) -lcjose -ljwt
tests_bench_floor_SOURCES = tests/bench/floor.c tests/bench/transaction.c \
	tests/bench/transaction.h
tests_bench_floor_LDADD = $(CRYPTO_LIBS) $(JSONC_LIBS) $(PAM_LIBS)
tests_bench_least_la_SOURCES = tests/bench/least.c
# As the module itself is linked.
tests_bench_least_la_LDFLAGS = -module -avoid-version -shared \
	-rpath /nowhere -Wl,-z,nodelete
tests_bench_least_la_LIBADD = libpj.la $(CRYPTO_LIBS) $(JSONC_LIBS) $(PAM_LIBS)
tests_bench_login_SOURCES = tests/bench/login.c tests/bench/transaction.c \
	tests/bench/transaction.h
tests_bench_login_LDADD = $(PAM_LIBS)
tests_bench_warm_SOURCES = tests/bench/bench.h tests/bench/measure.c \
	tests/bench/transaction.c tests/bench/transaction.h tests/bench/warm.c
tests_bench_warm_LDADD = $(PAM_LIBS)

# ---- packages: make check-package -------------------------------------------
PACKAGE_PYTESTS = \
	tests/packaging/test_debian.py \
	tests/packaging/test_release.py
EXTRA_DIST += $(PACKAGE_PYTESTS) \
	tests/support/debian_root.py \
	tests/support/packages.py

# ---- rules about the tree ---------------------------------------------------
LINTS = \
	tests/lint/exports.sh \
	tests/lint/headers.sh \
	tests/lint/interface.sh \
	tests/lint/layers.sh \
	tests/lint/manuals.sh \
	tests/lint/needed.sh \
	tests/lint/options.sh \
	tests/lint/promises.sh \
	tests/lint/release.sh \
	tests/lint/scenarios.sh \
	tests/lint/shell.sh \
	tests/lint/spawn.sh \
	tests/lint/style.sh
TESTS += $(LINTS)
EXTRA_DIST += $(LINTS)

# ---- the same tests, watched --------------------------------------------------
# Under valgrind.
VALGRIND_TESTS = $(UNIT_TESTS) $(TORTURE_TESTS)
check-valgrind: tests/hostile/verdict $(VALGRIND_TESTS)
	@PYTHON='$(PYTHON)' $(srcdir)/tests/hostile/under-valgrind '$(srcdir)' \
	    $(VALGRIND_TESTS)
# Under the address and the undefined behaviour sanitizer, in build/sanitized.
SANITIZED_TESTS = $(UNIT_TESTS) $(TORTURE_TESTS) \
	tests/fuzz/test_corpus.py tests/hostile/test_hostile.py \
	tests/hostile/test_openssl.py tests/scenarios/test_scenarios.py \
	tests/vectors/test_wycheproof.py
check-sanitizers: all
	@$(srcdir)/tests/support/sanitized '$(srcdir)' '$(builddir)' \
	    $(SANITIZED_TESTS)
.PHONY: check-sanitizers check-valgrind
EXTRA_DIST += tests/hostile/under-valgrind tests/support/sanitized

# ---- what can be said of the tree without running it -------------------------
STATIC_FLAGS = $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) \
	$(JSONC_CFLAGS) $(CURL_CFLAGS) $(SECCOMP_CFLAGS) $(CMOCKA_CFLAGS) \
	-std=gnu11 -fvisibility=hidden
STATIC_MADE = pam_jwks/cli/reasons.h tests/unit/claims_tokens.h \
	tests/unit/tokens.h
# Analysers of C, of scripts, of Python and of spelling.
check-static: $(STATIC_MADE)
	@$(srcdir)/tests/static/run '$(srcdir)' $(STATIC_FLAGS)
# What gcc and clang have against any file, were they asked for more than usual.
warnings: $(STATIC_MADE)
	@$(srcdir)/tests/static/warnings '$(srcdir)' $(STATIC_FLAGS)
.PHONY: check-static warnings
EXTRA_DIST += .clang-tidy tests/.clang-tidy tests/static/flake8 \
	tests/static/model.h tests/static/run tests/static/tidy \
	tests/static/warnings tests/static/words

# ---- calls that fail, for scenarios ------------------------------------------
check_LTLIBRARIES += tests/support/failing.la
tests_support_failing_la_SOURCES = tests/support/failing.c
tests_support_failing_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_support_failing_la_LDFLAGS = -module -avoid-version -shared \
	-rpath /nowhere

# ---- the key supply: also make check-long ------------------------------------
SUPPLY_TESTS = \
	tests/supply/test_by_hand.py \
	tests/supply/test_clock.py \
	tests/supply/test_concurrency.py \
	tests/supply/test_content.py \
	tests/supply/test_failures.py \
	tests/supply/test_files.py \
	tests/supply/test_foreign_host.py \
	tests/supply/test_freeze.py \
	tests/supply/test_rotation.py \
	tests/supply/test_tool.py
EXTRA_DIST += $(SUPPLY_TESTS) tests/supply/conftest.py \
	tests/support/freezer tests/support/supply.py

# ---- load and ageing: also make check-long ------------------------------------
LOAD_TESTS = \
	tests/load/test_ageing.py \
	tests/load/test_fleet.py \
	tests/load/test_key_cache.py \
	tests/load/test_ssh_storm.py \
	tests/load/test_threads.py
EXTRA_DIST += $(LOAD_TESTS) tests/load/fleet.py tests/load/tsan \
	tests/load/tsan.supp \
	tests/support/ageing.py tests/support/storm.py
# A hundred threads under ThreadSanitizer, in build/tsan.
check-tsan: all
	$(srcdir)/tests/load/tsan '$(srcdir)' '$(builddir)'
.PHONY: check-tsan

# ---- make check-long ---------------------------------------------------------
LONG_TESTS = \
	tests/e2e/test_dovecot.py \
	tests/e2e/test_long_ssh.py \
	tests/e2e/test_long_sudo.py \
	tests/e2e/test_nginx.py \
	tests/e2e/test_postgresql.py \
	tests/hostile/test_long.py \
	tests/hostile/test_reload.py \
	$(LOAD_TESTS)

# ---- everything that needs processes ----------------------------------------
CLEANFILES += tests/e2e/walk.log
# Those that make coverage runs, too.
COVERED_PYTESTS = \
	tests/e2e/test_check.py \
	tests/e2e/test_config_folder.py \
	tests/e2e/test_explain.py \
	tests/e2e/test_key_supply.py \
	tests/e2e/test_limits.py \
	tests/e2e/test_tool.py \
	tests/fetch/test_environment.py \
	tests/fetch/test_http.py \
	tests/fetch/test_surroundings.py \
	tests/fetch/test_ways.py \
	tests/fetch/test_worker.py \
	tests/hostile/test_hostile.py \
	tests/hostile/test_openssl.py \
	tests/hostile/test_reload.py \
	tests/pam/test_every_key.py \
	tests/pam/test_examples.py \
	tests/pam/test_module.py \
	tests/pam/test_pieces.py \
	tests/scenarios/test_explained.py \
	tests/scenarios/test_logs.py \
	tests/scenarios/test_scenarios.py \
	tests/vectors/test_implementations.py \
	tests/vectors/test_rfc.py \
	tests/vectors/test_wycheproof.py
PYTESTS = $(COVERED_PYTESTS) \
	tests/e2e/test_askpass.py \
	tests/e2e/test_askpass_hostile.py \
	tests/e2e/test_askpass_people.py \
	tests/e2e/test_askpass_waiting.py \
	tests/e2e/test_dovecot.py \
	tests/e2e/test_documents.py \
	tests/e2e/test_long_ssh.py \
	tests/e2e/test_long_sudo.py \
	tests/e2e/test_nginx.py \
	tests/e2e/test_oidc_agent.py \
	tests/e2e/test_oidc_provider.py \
	tests/e2e/test_postgresql.py \
	tests/e2e/test_recipes.py \
	tests/e2e/test_saslauthd.py \
	tests/e2e/test_setcred.py \
	tests/e2e/test_ssh.py \
	tests/e2e/test_stacks.py \
	tests/e2e/test_strangers.py \
	tests/e2e/test_sudo_su.py \
	tests/e2e/test_systemd.py \
	tests/e2e/test_walk.py \
	tests/fuzz/test_corpus.py \
	tests/hostile/test_differential.py
TESTS += $(PYTESTS) $(SUPPLY_TESTS) $(LOAD_TESTS)
EXTRA_DIST += $(PYTESTS) \
	tests/conftest.py \
	tests/hostile/cases_claims.py \
	tests/hostile/cases_der.py \
	tests/hostile/cases_form.py \
	tests/hostile/cases_header.py \
	tests/hostile/cases_json.py \
	tests/hostile/cases_keys.py \
	tests/hostile/cases_signature.py \
	tests/hostile/corpus.py \
	tests/hostile/forge.py \
	tests/hostile/kill \
	tests/hostile/kills-keys.txt \
	tests/hostile/kills-fetch.txt \
	tests/hostile/kills-policy.txt \
	tests/hostile/kills.txt \
	tests/hostile/test_long.py \
	tests/support/askpass.py \
	tests/support/code_flow.py \
	tests/support/connect_proxy.py \
	tests/support/corp.py \
	tests/support/demo.py \
	tests/support/django-provider \
	tests/support/fetching.py \
	tests/support/host \
	tests/support/hosts.py \
	tests/support/lemonldap-provider \
	tests/support/libssh_client.py \
	tests/support/limits.py \
	tests/support/long_tokens.py \
	tests/support/npm-install \
	tests/support/npm-jose/package-lock.json \
	tests/support/npm-jose/package.json \
	tests/support/npm-jose/sign.js \
	tests/support/oidc-provider/package-lock.json \
	tests/support/oidc-provider/package.json \
	tests/support/oidc-provider/server.js \
	tests/support/pages.py \
	tests/support/pam_clients.py \
	tests/support/pamclient \
	tests/support/provider.py \
	tests/support/real_provider.py \
	tests/support/rogue_ssh.py \
	tests/support/run-pytest \
	tests/support/confined \
	tests/support/run-unit \
	tests/support/services.py \
	tests/support/ssh_client.py \
	tests/support/syslog_lines.py \
	tests/support/tables.py \
	tests/support/recipes.py \
	tests/support/token_shapes.py \
	tests/support/tokens.py \
	tests/support/watch.py \
	tests/support/verdict.py \
	tests/bench/material.py \
	tests/bench/run \
	tests/scenarios \
	tests/unit/claims_fixture.h \
	tests/unit/jose_util.h \
	tests/unit/scratch.h
