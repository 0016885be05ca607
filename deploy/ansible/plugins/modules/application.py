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
    start: systemctl start site

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
hint:
  description: What the program advises.
  type: str
  returned: failure
"""

import hashlib
import json
import os
import re

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


def arguments(p, installed):
    """Return the command's arguments for the parameters."""
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
        if p[name]:
            args += ["--" + name, p[name]]
    return args


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
    if p["state"] == "rolled_back" and p["version"] and p["version"] == manifest.get("version"):
        module.exit_json(changed=False, **before)
    if module.check_mode:
        if not there or p["state"] == "rolled_back":
            module.exit_json(changed=True, **before)
        try:
            module.exit_json(changed=would_change(p["source"] or there["source"], there), **before)
        except Exception as e:  # whatever a server answers
            module.exit_json(changed=False, skipped=True, msg="check mode can't read the source: %s" % to_native(e), **before)

    program = p["executable"] or module.get_bin_path("binary-buildout", required=True)
    code, out, err = module.run_command([program] + arguments(p, bool(there)))
    if code != 0:
        error = re.search(r"^error: (.*)", err, re.M)
        hint = re.search(r"^hint: (.*)", err, re.M)
        module.fail_json(msg=error.group(1) if error else err.strip(), hint=hint.group(1) if hint else "", rc=code, stderr=err)
    result = json.loads(out)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if not there and p["start"]:
        code, dummy, err = module.run_command(p["start"], use_unsafe_shell=True)
        if code != 0:
            module.fail_json(msg="installed, but start failed: " + err.strip(), rc=code, changed=True)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
