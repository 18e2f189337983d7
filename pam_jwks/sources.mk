# libpj: everything that decides, without PAM and without a network.
noinst_LTLIBRARIES += libpj.la
libpj_la_SOURCES = \
	pam_jwks/base/buf.c \
	pam_jwks/base/buf.h \
	pam_jwks/base/cleanup.h \
	pam_jwks/base/clock.c \
	pam_jwks/base/clock.h \
	pam_jwks/base/error.c \
	pam_jwks/base/error.h \
	pam_jwks/base/fd.c \
	pam_jwks/base/fd.h \
	pam_jwks/base/file.c \
	pam_jwks/base/file.h \
	pam_jwks/base/folder.c \
	pam_jwks/base/folder.h \
	pam_jwks/base/json.c \
	pam_jwks/base/json.h \
	pam_jwks/base/json_gate.c \
	pam_jwks/base/json_show.c \
	pam_jwks/base/json_show.h \
	pam_jwks/base/json_text.c \
	pam_jwks/base/json_text.h \
	pam_jwks/base/limits.h \
	pam_jwks/base/near.c \
	pam_jwks/base/near.h \
	pam_jwks/base/span.c \
	pam_jwks/base/span.h \
	pam_jwks/base/spawn.c \
	pam_jwks/base/spawn.h \
	pam_jwks/base/spawn_child.c \
	pam_jwks/base/spawn_private.h \
	pam_jwks/base/status.c \
	pam_jwks/base/status.h \
	pam_jwks/base/url.c \
	pam_jwks/base/url.h \
	pam_jwks/jose/alg.c \
	pam_jwks/jose/alg.h \
	pam_jwks/jose/b64url.c \
	pam_jwks/jose/b64url.h \
	pam_jwks/jose/digest.c \
	pam_jwks/jose/digest.h \
	pam_jwks/jose/edwards.c \
	pam_jwks/jose/edwards.h \
	pam_jwks/jose/jwk.c \
	pam_jwks/jose/jwk.h \
	pam_jwks/jose/jwk_load.c \
	pam_jwks/jose/jwk_private.h \
	pam_jwks/jose/jwks.c \
	pam_jwks/jose/jwks.h \
	pam_jwks/jose/jws.c \
	pam_jwks/jose/jws.h \
	pam_jwks/jose/jws_unverified.h \
	pam_jwks/jose/jwt.c \
	pam_jwks/jose/jwt.h \
	pam_jwks/jose/material.c \
	pam_jwks/jose/material.h \
	pam_jwks/jose/ossl.h \
	pam_jwks/jose/signature.c \
	pam_jwks/jose/signature.h \
	pam_jwks/jose/x5c.c \
	pam_jwks/jose/x5c.h \
	pam_jwks/policy/arguments.c \
	pam_jwks/policy/arguments.h \
	pam_jwks/policy/claims.c \
	pam_jwks/policy/claims.h \
	pam_jwks/policy/config.c \
	pam_jwks/policy/config.h \
	pam_jwks/policy/config_finish.c \
	pam_jwks/policy/config_grants.c \
	pam_jwks/policy/config_private.h \
	pam_jwks/policy/decision.c \
	pam_jwks/policy/decision.h \
	pam_jwks/policy/export.c \
	pam_jwks/policy/export.h \
	pam_jwks/policy/grant.c \
	pam_jwks/policy/grant.h \
	pam_jwks/policy/lines.c \
	pam_jwks/policy/lines.h \
	pam_jwks/policy/list.c \
	pam_jwks/policy/list.h \
	pam_jwks/policy/map.c \
	pam_jwks/policy/map.h \
	pam_jwks/policy/objections.c \
	pam_jwks/policy/objections.h \
	pam_jwks/policy/option_value.c \
	pam_jwks/policy/options.c \
	pam_jwks/policy/options.h \
	pam_jwks/policy/pattern.c \
	pam_jwks/policy/pattern.h \
	pam_jwks/policy/rule.c \
	pam_jwks/policy/rule.h \
	pam_jwks/policy/select.c \
	pam_jwks/policy/select.h \
	pam_jwks/policy/usermap.c \
	pam_jwks/policy/usermap.h \
	pam_jwks/keys/cache.c \
	pam_jwks/keys/cache.h \
	pam_jwks/keys/cache_lock.c \
	pam_jwks/keys/cache_private.h \
	pam_jwks/keys/change.c \
	pam_jwks/keys/change.h \
	pam_jwks/keys/discovery.c \
	pam_jwks/keys/discovery.h \
	pam_jwks/keys/envelope.c \
	pam_jwks/keys/envelope.h \
	pam_jwks/keys/fields.c \
	pam_jwks/keys/fields.h \
	pam_jwks/keys/helper.c \
	pam_jwks/keys/helper.h \
	pam_jwks/keys/keysource.c \
	pam_jwks/keys/keysource.h \
	pam_jwks/keys/lifetime.c \
	pam_jwks/keys/lifetime.h \
	pam_jwks/keys/refresher.c \
	pam_jwks/keys/refresher.h \
	pam_jwks/keys/request.h \
	pam_jwks/keys/version.c \
	pam_jwks/keys/version.h \
	pam_jwks/authn/account.c \
	pam_jwks/authn/account.h \
	pam_jwks/authn/authn.c \
	pam_jwks/authn/authn.h \
	pam_jwks/authn/configure.c \
	pam_jwks/authn/configure.h \
	pam_jwks/authn/explain.c \
	pam_jwks/authn/explain.h \
	pam_jwks/authn/explain_claims.c \
	pam_jwks/authn/explain_keys.c \
	pam_jwks/authn/explain_private.h \
	pam_jwks/authn/lookup.c \
	pam_jwks/authn/lookup.h
libpj_la_CFLAGS = $(AM_CFLAGS) $(STRICT_CFLAGS) $(CRYPTO_CFLAGS) $(JSONC_CFLAGS)
libpj_la_LIBADD = $(CRYPTO_LIBS) $(JSONC_LIBS)

# The module.
pam_LTLIBRARIES += pam_jwks.la
pam_jwks_la_SOURCES = \
	pam_jwks/module/conversation.c \
	pam_jwks/module/conversation.h \
	pam_jwks/module/pam_jwks.c \
	pam_jwks/module/pieces.c \
	pam_jwks/module/pieces.h \
	pam_jwks/module/report.c \
	pam_jwks/module/report.h
pam_jwks_la_CFLAGS = $(AM_CFLAGS) $(STRICT_CFLAGS)
pam_jwks_la_LDFLAGS = $(AM_LDFLAGS) $(SECTION_LDFLAGS) $(STAY_LDFLAGS) \
	-module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/pam_jwks/module/exports.map -Wl,-z,defs
pam_jwks_la_LIBADD = libpj.la $(PAM_LIBS)
pam_jwks_la_DEPENDENCIES = libpj.la pam_jwks/module/exports.map
EXTRA_DIST += pam_jwks/module/exports.map

# The helper: the only program that links libcurl and libseccomp.  All of it but
# main is a library for the sake of tests/fetch/rogue.
noinst_LTLIBRARIES += libfetch.la
libfetch_la_SOURCES = \
	pam_jwks/fetch/answer.c \
	pam_jwks/fetch/answer.h \
	pam_jwks/fetch/filter.c \
	pam_jwks/fetch/filter.h \
	pam_jwks/fetch/harvest.c \
	pam_jwks/fetch/harvest.h \
	pam_jwks/fetch/http.c \
	pam_jwks/fetch/http.h \
	pam_jwks/fetch/http_curl.c \
	pam_jwks/fetch/http_curl.h \
	pam_jwks/fetch/landlock.c \
	pam_jwks/fetch/landlock.h \
	pam_jwks/fetch/privilege.c \
	pam_jwks/fetch/privilege.h \
	pam_jwks/fetch/refresh.c \
	pam_jwks/fetch/refresh.h \
	pam_jwks/fetch/store.c \
	pam_jwks/fetch/task.h \
	pam_jwks/fetch/worker.c \
	pam_jwks/fetch/worker.h
libfetch_la_CFLAGS = $(AM_CFLAGS) $(STRICT_CFLAGS) $(PROGRAM_CFLAGS) \
	$(CURL_CFLAGS) $(SECCOMP_CFLAGS)
libfetch_la_LIBADD = libpj.la $(CURL_LIBS) $(SECCOMP_LIBS)

libexec_PROGRAMS += pam-jwks-fetch
pam_jwks_fetch_SOURCES = pam_jwks/fetch/main.c
pam_jwks_fetch_CFLAGS = $(AM_CFLAGS) $(STRICT_CFLAGS) $(PROGRAM_CFLAGS)
pam_jwks_fetch_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
pam_jwks_fetch_LDADD = libfetch.la

# The tool.
sbin_PROGRAMS += pam-jwks
pam_jwks_SOURCES = \
	pam_jwks/cli/check.h \
	pam_jwks/cli/check_fetch.c \
	pam_jwks/cli/check_keys.c \
	pam_jwks/cli/check_lines.c \
	pam_jwks/cli/check_sshd.c \
	pam_jwks/cli/check_stacks.c \
	pam_jwks/cli/cli.c \
	pam_jwks/cli/cli.h \
	pam_jwks/cli/cmd_cache.c \
	pam_jwks/cli/cmd_check.c \
	pam_jwks/cli/cmd_keys.c \
	pam_jwks/cli/cmd_reason.c \
	pam_jwks/cli/cmd_refresh.c \
	pam_jwks/cli/cmd_verify.c \
	pam_jwks/cli/finding.c \
	pam_jwks/cli/finding.h \
	pam_jwks/cli/json_out.c \
	pam_jwks/cli/json_out.h \
	pam_jwks/cli/main.c \
	pam_jwks/cli/pam_stack.c \
	pam_jwks/cli/pam_stack.h \
	pam_jwks/cli/token_input.c \
	pam_jwks/cli/token_input.h \
	pam_jwks/cli/verdict.c \
	pam_jwks/cli/verdict.h
pam_jwks_CFLAGS = $(AM_CFLAGS) $(STRICT_CFLAGS) $(PROGRAM_CFLAGS)
pam_jwks_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
pam_jwks_LDADD = libpj.la

# What the manual says of a reason is what the tool says.
pam_jwks/cli/pam_jwks-cmd_reason.$(OBJEXT): pam_jwks/cli/reasons.h
pam_jwks/cli/reasons.h: $(srcdir)/man/pam_jwks.8 $(srcdir)/man/reasons.awk
	$(AM_V_GEN)$(MKDIR_P) pam_jwks/cli && $(AWK) \
	    -f $(srcdir)/man/reasons.awk $(srcdir)/man/pam_jwks.8 >$@.new && \
	    mv $@.new $@
CLEANFILES += pam_jwks/cli/reasons.h
EXTRA_DIST += man/reasons.awk

# For people's own machines: a script, as it is.
dist_bin_SCRIPTS += pam_jwks/client/pam-jwks-askpass
