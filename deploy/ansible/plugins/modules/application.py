#!/usr/bin/python
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
"""Installs, updates and rolls back an application that binary-buildout packed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: application
short_description: Install, update or roll back an application that binary-buildout packed
version_added: 0.1.0
description:
  - Runs the program C(binary-buildout) on the host.
  - An update is applied completely or not at all. If O(start) fails, the program restores the version that was there.
author: the binary-buildout authors (@binary-buildout)
options:
  path:
    description: The directory of the installation.
    type: path
    required: true
  source:
    description:
      - Where the application comes from, as C(OWNER/REPO), C(OWNER/REPO@TAG), the address or folder of a mirror, or an archive or a delta on the host.
      - Without it, what is installed is updated from where it came from.
    type: str
  state:
    description:
      - V(present) installs the application, or updates it if it is there.
      - V(rolled_back) goes back to the version before the last update.
    type: str
    choices: [present, rolled_back]
    default: present
  version:
    description: With O(state=rolled_back), the version to go back to. If it is there already, nothing changes.
    type: str
  python:
    description: The path or version of the interpreter.
    type: str
  owner:
    description: The user to install as, C(USER[:GROUP]). Only for root, and only for a first install.
    type: str
  label:
    description: The label that chooses between archives of one target.
    type: str
  stop:
    description: A shell command that stops the application before it is changed. It isn't run for a first install.
    type: str
  start:
    description: A shell command that starts the application afterwards. After a first install, a failure leaves what was installed.
    type: str
  systemd:
    description:
      - The directory to write systemd units for the application's services to, as V(/etc/systemd/system), in each state.
      - They are written before O(start), which has to run C(systemctl daemon-reload) then. Units that the application no longer has stay there.
      - If nothing but a unit has changed, O(stop) and O(start) are run too; if the units are only new, O(start) alone.
    type: path
  allow_downgrade:
    description: Go to a lower version too.
    type: bool
    default: false
  require_attestation:
    description: Fail if the archive has no attestation.
    type: bool
    default: false
  executable:
    description: The program, if it isn't on the PATH of the host.
    type: path
attributes:
  check_mode:
    description: Can run in check mode, and says whether something would change. A private repository can't be read in check mode; the task is skipped then.
    support: full
"""

EXAMPLES = r"""
- name: Install or update from the latest release
  binary_buildout.binary_buildout.application:
    path: /srv/site
    source: acme/site
    stop: systemctl stop site
    start: systemctl daemon-reload && systemctl start site
    systemd: /etc/systemd/system

- name: Go back to 1.0
  binary_buildout.binary_buildout.application:
    path: /srv/site
    state: rolled_back
    version: "1.0"
"""

RETURN = r"""
name:
  description: The application.
  type: str
  returned: success
version:
  description: The version that is there now.
  type: str
  returned: success
from:
  description: The version that was there before.
  type: str
  returned: when one was there
sha256:
  description: The digest of the archive or delta that was installed last.
  type: str
  returned: success
systemd:
  description: What became of the units, by their names.
  type: dict
  returned: when O(systemd) is given, outside of check mode
  contains:
    dir:
      description: The directory that they are in.
      type: str
      returned: always
    new:
      description: Units that weren't there before.
      type: list
      elements: str
      returned: when there are any
    changed:
      description: Units that were there, and differ now.
      type: list
      elements: str
      returned: when there are any
    unchanged:
      description: Units that are there as they were.
      type: list
      elements: str
      returned: when there are any
    old:
      description: Units for this application that it no longer has.
      type: list
      elements: str
      returned: when there are any
    left:
      description: A part's own units that another user can change. They aren't written.
      type: list
      elements: str
      returned: when there are any
hint:
  description: What the program advises.
  type: str
  returned: failure
"""

import filecmp
import hashlib
import json
import os
import re
import shutil
import tempfile

try:
    from shlex import quote
except ImportError:  # Python 2
    from pipes import quote

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.urls import open_url


def read(path, name):
    """Return a JSON file of an installation, {} if there is none."""
    try:
        with open(os.path.join(path, ".binary-buildout", name), "rb") as f:
            return json.loads(f.read().decode("utf-8"))
    except (IOError, OSError, ValueError):
        return {}


def program(module):
    """Return the path of binary-buildout on the host."""
    return module.params["executable"] or module.get_bin_path("binary-buildout", required=True)


def call(module, command):
    """Run the program, and return what it reports."""
    code, out, err = module.run_command(command)
    if code != 0:
        error = re.search(r"^error: (.*)", err, re.M)
        hint = re.search(r"^hint: (.*)", err, re.M)
        module.fail_json(msg=error.group(1) if error else err.strip(), hint=hint.group(1) if hint else "", rc=code, stderr=err)
    return json.loads(out)


def shell(module, command, failed):
    """Run a command of the user's."""
    code, dummy, err = module.run_command(command, use_unsafe_shell=True)
    if code != 0:
        module.fail_json(msg="%s: %s" % (failed, err.strip()), rc=code, changed=True)


def units(executable, path, directory):
    """Return the command that writes the units of what is installed."""
    return [executable, "install", "--into", path, "--systemd", directory, "--json", "--quiet"]


def start(executable, p):
    """Return the command that starts the application, with the units of its version."""
    if not p["systemd"] or not p["start"]:
        return p["start"]
    # An update that fails starts the old version by the same command.
    return "%s >/dev/null && {\n%s\n}" % (" ".join(quote(word) for word in units(executable, p["path"], p["systemd"])), p["start"])


def arguments(executable, p, installed):
    """Return the command for the parameters."""
    if p["state"] == "rolled_back":
        args = ["rollback", p["path"]]
    elif installed:
        args = ["update", p["path"]] + ([p["source"]] if p["source"] else [])
    else:
        args = ["install", p["source"], "--into", p["path"]]
    args += ["--json", "--quiet"]
    names = ["python"]
    if p["state"] == "present":
        names.append("label")
        if p["require_attestation"]:
            args.append("--require-attestation")
        if installed and p["allow_downgrade"]:
            args.append("--allow-downgrade")
        if not installed:
            names.append("owner")
    if installed:
        names += ["stop", "start"]
    for name in names:
        value = start(executable, p) if name == "start" else p[name]
        if value:
            args += ["--" + name, value]
    return [executable] + args


def index_of(source):
    """Return index.json of a release or a mirror."""
    if os.path.isdir(source):
        with open(os.path.join(source, "index.json"), "rb") as f:
            return json.loads(f.read().decode("utf-8"))
    if "://" not in source:
        repo, dummy, tag = source.partition("@")
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        source = "%s/%s/releases/%s" % (server, repo, "download/" + tag if tag else "latest/download")
    return json.loads(open_url(source.rstrip("/") + "/index.json").read().decode("utf-8"))


def would_change(source, there):
    """Return whether an update from the source would change what is there (install.json)."""
    if os.path.isfile(source):
        digest = hashlib.sha256()
        with open(source, "rb") as f:
            for block in iter(lambda: f.read(1 << 20), b""):
                digest.update(block)
        return digest.hexdigest() != there.get("sha256")
    archives = index_of(source)["archives"]
    deltas = [d for a in archives for d in a.get("deltas", [])]
    return there.get("sha256") not in [a["sha256"] for a in archives + deltas]


def units_differ(module):
    """Return whether the directory of units lacks one that the tree has, or has it otherwise."""
    p, made = module.params, tempfile.mkdtemp(dir=module.tmpdir)
    try:
        call(module, units(program(module), p["path"], made))
        for name in os.listdir(made):
            there = os.path.join(p["systemd"], name)
            if not os.path.isfile(there) or not filecmp.cmp(os.path.join(made, name), there, shallow=False):
                return True
        return False
    finally:
        shutil.rmtree(made, ignore_errors=True)


def expected(module, there, before, settled):
    """Return what check mode says."""
    p = module.params
    if not there or (p["state"] == "rolled_back" and not settled):
        return dict(changed=True, **before)
    try:
        changed = not settled and would_change(p["source"] or there["source"], there)
    except Exception as e:  # whatever a server answers
        return dict(changed=False, skipped=True, msg="check mode can't read the source: %s" % to_native(e), **before)
    return dict(changed=changed or bool(p["systemd"] and units_differ(module)), **before)


def settle_units(module, result, installed):
    """Write the units, and restart the application if they are all that changed."""
    p = module.params
    if not p["systemd"]:
        return
    result["systemd"] = call(module, units(program(module), p["path"], p["systemd"]))
    new, changed = [result["systemd"].get(name) for name in ("new", "changed")]
    if result["changed"] or not new and not changed:
        return
    result["changed"] = True
    if changed and p["stop"]:
        shell(module, p["stop"], "the units are written, but stop failed")
    if p["start"]:
        shell(module, p["start"], "the units are written, but start failed")


def main():
    module = AnsibleModule(
        argument_spec=dict(
            path=dict(type="path", required=True),
            source=dict(type="str"),
            state=dict(type="str", choices=["present", "rolled_back"], default="present"),
            version=dict(type="str"),
            python=dict(type="str"),
            owner=dict(type="str"),
            label=dict(type="str"),
            stop=dict(type="str"),
            start=dict(type="str"),
            systemd=dict(type="path"),
            allow_downgrade=dict(type="bool", default=False),
            require_attestation=dict(type="bool", default=False),
            executable=dict(type="path"),
        ),
        supports_check_mode=True,
    )
    p = module.params
    there, manifest = read(p["path"], "install.json"), read(p["path"], "manifest.json")
    before = dict(name=manifest.get("name"), version=manifest.get("version"), sha256=there.get("sha256"))
    if p["state"] == "rolled_back" and not there:
        module.fail_json(msg="%s isn't an installation of binary-buildout" % p["path"])
    if not there and not p["source"]:
        module.fail_json(msg="nothing is installed in %s: source is needed" % p["path"])
    settled = p["state"] == "rolled_back" and p["version"] and p["version"] == manifest.get("version")
    if module.check_mode:
        module.exit_json(**expected(module, there, before, settled))
    result = dict(changed=False, **before) if settled else call(module, arguments(program(module), p, bool(there)))
    for warning in result.pop("warnings", []):
        module.warn(warning)
    settle_units(module, result, bool(there))
    if not there and p["start"]:
        shell(module, p["start"], "installed, but start failed")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
