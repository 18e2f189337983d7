"""Further configuration files: the module and the helper that it starts read the
same ones, and config=FILE is that file alone.
"""

import re
import subprocess

import pytest

import hosts
from provider import Provider
from services import source_file

SERVICE = "login-test"
FOLDER = hosts.CONFIG + ".d"
CA = "/etc/security/ca.pem"


@pytest.fixture(name="machine")
def fixture_machine(host):
    """A host whose only section stands in the folder."""
    usage = subprocess.run([hosts.find_built("pam-jwks-fetch"), "--nonsense"],
                           capture_output=True, timeout=20).stderr.decode()
    if re.search(r"default: (.*)\)", usage)[1] != hosts.CONFIG:
        pytest.skip("configured with another built-in path")
    with Provider("EdDSA") as provider:
        host.provider = provider
        host.write(CA, provider.authority.ca_text())
        section = provider.section(ca_file=CA)
        # host.config() writes [module] before what it is given.
        host.config(section)
        whole = host.read(hosts.CONFIG).decode()
        host.write(hosts.CONFIG, whole.replace(section, ""))
        host.write(FOLDER + "/10-corp.conf", section)
        host.pam(SERVICE, f"auth required {host.module()}")
        yield host
        host.remove(FOLDER)


def log_in(host):
    report = host.authenticate(SERVICE, "alice", host.provider.token("alice"))
    return report["auth"], host.take_attempt()


def test_module_and_helper_find_a_section_of_the_folder(machine):
    """A cold cache: the helper has to find the section as well."""
    code, attempt = log_in(machine)
    assert code == "PAM_SUCCESS", attempt
    assert machine.provider.count("keys") == 1


def test_config_names_that_file_alone(machine):
    """The folder beside it does not count."""
    machine.pam(SERVICE, "auth required {module}")
    code, attempt = log_in(machine)
    assert (code, attempt["reason"]) == ("PAM_AUTH_ERR", "issuer_unknown")


def test_a_file_of_the_folder_that_others_could_write(machine):
    """It is as bad as such a configuration."""
    machine.write(FOLDER + "/20-more.conf", "# nothing\n", 0o666)
    code, attempt = log_in(machine)
    assert (code, attempt["reason"]) == ("PAM_SERVICE_ERR", "config_unsafe")
    assert "20-more.conf" in attempt["detail"]


def test_a_section_that_stands_twice(machine):
    """Both places are named."""
    text = machine.read(FOLDER + "/10-corp.conf").decode()
    machine.write(FOLDER + "/20-again.conf", text)
    code, attempt = log_in(machine)
    assert (code, attempt["reason"]) == ("PAM_SERVICE_ERR", "config_invalid")
    assert "20-again.conf:1" in attempt["detail"]
    assert "10-corp.conf:1" in attempt["detail"]


def test_completion_knows_its_sections(machine):
    """bash offers the sections of the folder."""
    with open(source_file("conf/bash-completion/pam-jwks"),
              encoding="ascii") as file:
        machine.write("/run/completion", file.read())
    done = machine.run(["bash", "-c", ". /run/completion; COMP_CWORD=2; "
                        "COMP_WORDS=(pam-jwks refresh c); _pam_jwks; "
                        "echo ${COMPREPLY[@]}"])
    assert done.out == "corp\n", done
