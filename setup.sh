#!/bin/sh
# pam_jwks: four commands for a fresh Debian or Ubuntu.
#
#	./setup.sh deps		installs what building and testing needs
#	./setup.sh demo		builds, and logs in with a token on this machine
#	./setup.sh check	builds, and runs every test
#	./setup.sh package	builds a release and Debian packages into dist/
#
# They change nothing on the system but installed packages.  What is built goes to
# build/.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/build
PYTHON=${PYTHON-/usr/bin/python3}
export PYTHON

BUILD_PACKAGES='autoconf automake libtool pkg-config make gcc
	libpam0g-dev libssl-dev libcurl4-openssl-dev libjson-c-dev
	libseccomp-dev'
RUN_PACKAGES='pamtester openssh-server openssh-client sudo procps util-linux
	python3 python3-jwcrypto python3-cryptography ca-certificates'
CHECK_PACKAGES='clang libclang-rt-dev libcmocka-dev python3-pytest python3-pexpect
	python3-paramiko python3-jwt mandoc jose shellcheck sshpass binutils
	busybox dash gawk mawk xz-utils postgresql dovecot-imapd nginx-light
	libnginx-mod-http-auth-pam sasl2-bin systemd libssh-4 curl git jq
	login opendoas oidc-agent-cli strace fail2ban
	systemd-journal-remote python3-django-oauth-toolkit
	liblemonldap-ng-portal-perl libgd-securityimage-perl
	libimage-magick-perl libio-string-perl libstring-random-perl
	libcjose-dev libjwt-dev clang-tidy codespell flake8 valgrind'

PACKAGE_PACKAGES='debhelper dpkg-dev fakeroot lintian debootstrap apparmor
	checkpolicy semodule-utils selinux-policy-dev rpm rpmlint'

say() {
	echo "== $*"
}

die() {
	echo "setup.sh: $*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "must be run as root"
		sudo "$@"
	fi
}

missing() {
	for package in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
		    grep -qx installed || echo "$package"
	done
}

# Debian starts a server as soon as it is installed; this file forbids it while
# packages are being installed.
POLICY=/usr/sbin/policy-rc.d
MARK='# pam_jwks setup.sh: removed when the packages are installed'

allow_servers() {
	if [ -e "$POLICY" ] && grep -q "$MARK" "$POLICY"; then
		as_root rm -f "$POLICY"
	fi
}

install_packages() {
	todo=$(missing "$@" | xargs)
	[ -n "$todo" ] || return 0
	command -v apt-get >/dev/null ||
	    die "only Debian and Ubuntu are known here; install: $todo"
	say "installing: $todo"
	as_root apt-get -q update
	if [ ! -e "$POLICY" ] || grep -q "$MARK" "$POLICY"; then
		trap allow_servers EXIT
		trap 'exit 130' HUP INT TERM
		printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" |
		    as_root tee "$POLICY" >/dev/null
		as_root chmod 755 "$POLICY"
	fi
	result=0
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    --no-install-recommends install $todo || result=$?
	allow_servers
	trap - EXIT HUP INT TERM
	[ "$result" = 0 ] || die "the packages could not be installed"
}

deps() {
	# shellcheck disable=SC2086 # lists of words
	install_packages $BUILD_PACKAGES $RUN_PACKAGES $CHECK_PACKAGES
	# Any Node.js with npm will do, the distribution's where there is none.
	command -v npm >/dev/null || install_packages nodejs npm
}

compile() {
	say "building in build/"
	mkdir -p "$build"
	(
		cd "$here"
		autoreconf -i
		cd "$build"
		../configure --enable-werror
		make -j"$(nproc)"
	) >"$build.log" 2>&1 || {
		tail -n 40 "$build.log"
		die "the build failed; everything it printed is in build.log"
	}
}

demo() {
	# shellcheck disable=SC2086 # lists of words
	install_packages $BUILD_PACKAGES $RUN_PACKAGES
	compile
	as_root env PYTHONDONTWRITEBYTECODE=1 PJ_BUILDDIR="$build" \
	    PJ_SRCDIR="$here" "$PYTHON" "$here/tests/support/demo.py"
}

# The totals of Automake's summary as one line.
summary() {
	awk '
	    /^# PASS:/ { pass = $3 }
	    /^# (FAIL|XPASS|ERROR):/ { fail += $3 }
	    /^# SKIP:/ { skip = $3 }
	    /^# XFAIL:/ { skip += $3 }
	    END { printf "%d passed, %d failed, %d skipped\n", pass, fail, skip
	    }' "$1"
}

check() {
	deps
	compile
	say "testing"
	result=0
	as_root make -C "$build" -k -j"$(nproc)" check </dev/null ||
	    result=$?
	log=$build/test-suite.log
	[ -f "$log" ] || die "no test was run"
	skipped=$(cat "$build"/tests/*/*.log | grep -E '# SKIP' | sort -u || :)
	[ -z "$skipped" ] || printf '== skipped:\n%s\n' "$skipped"
	summary "$log"
	exit "$result"
}

# The time that every file of a release gets: the last change's.
release_time() {
	[ -n "${SOURCE_DATE_EPOCH-}" ] || {
		SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct \
		    2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y "$here/NEWS")
		export SOURCE_DATE_EPOCH
	}
}

package() {
	# shellcheck disable=SC2086 # lists of words
	install_packages $BUILD_PACKAGES $CHECK_PACKAGES $PACKAGE_PACKAGES
	compile
	release_time
	"$here/packaging/build" "$build" "$here/dist"
	"$here/packaging/lint" "$here/dist"
}

[ $# = 1 ] || set -- usage
case $1 in
deps|demo|check|package)
	"$1" ;;
*)
	echo "usage: ./setup.sh deps | demo | check | package" >&2
	exit 2 ;;
esac
