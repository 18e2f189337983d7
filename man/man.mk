# The manuals, installed and part of a release.
dist_man_MANS += \
	man/pam_jwks.8 \
	man/pam_jwks.conf.5 \
	man/pam-jwks.8 \
	man/pam-jwks-askpass.1 \
	man/pam-jwks-fetch.8
