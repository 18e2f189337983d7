# What systemd reads.  configure finds out where it goes; "no" is nowhere.
SUBSTITUTED = units/pam-jwks-refresh.service units/pam-jwks.conf
noinst_DATA = $(SUBSTITUTED)
CLEANFILES += $(SUBSTITUTED)

substitute = $(SED) \
	-e 's|@libexecdir[@]|$(libexecdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@runstatedir[@]|$(runstatedir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g'

units/pam-jwks-refresh.service: conf/systemd/pam-jwks-refresh.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) units && $(substitute) \
	    $(srcdir)/conf/systemd/pam-jwks-refresh.service.in >$@.new && \
	    mv $@.new $@

units/pam-jwks.conf: conf/tmpfiles.d/pam-jwks.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) units && $(substitute) \
	    $(srcdir)/conf/tmpfiles.d/pam-jwks.conf.in >$@.new && mv $@.new $@

if INSTALL_UNITS
systemdsystemunit_DATA = units/pam-jwks-refresh.service \
	conf/systemd/pam-jwks-refresh.timer
endif
if INSTALL_SYSUSERS
sysusers_DATA = conf/sysusers.d/pam-jwks.conf
endif
if INSTALL_TMPFILES
tmpfiles_DATA = units/pam-jwks.conf
endif
