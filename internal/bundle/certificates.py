# Added by binary-buildout, since this interpreter may run on another
# distribution than the one that it was built on: where the places that OpenSSL
# was compiled with have no certificates, and no variable names others, those of
# the distributions are looked at, once. -S and -I change nothing about it.
_CERTIFICATES = [
    "/etc/ssl/certs/ca-certificates.crt",                 # Debian, Ubuntu, Alpine, Arch, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL, SUSE
    "/etc/pki/tls/certs/ca-bundle.crt",                   # RHEL 7 and older
    "/etc/ssl/ca-bundle.pem",                             # SUSE
    "/etc/ssl/cert.pem",                                  # Alpine, BSD, macOS
    "/usr/local/etc/ssl/cert.pem",                        # FreeBSD
]


def _server_certificates():
    """The file of certificates that this system has, or None."""
    import os
    import re
    file_variable, cafile, directory_variable, capath = _ssl.get_default_verify_paths()
    if os.environ.get(file_variable) or os.environ.get(directory_variable) or os.path.isfile(cafile):
        return None
    try:
        if any(re.match(r"[0-9a-f]{8}\.[0-9]+$", name) for name in os.listdir(capath)):
            return None
    except OSError:
        pass
    for name in _CERTIFICATES:
        if os.path.isfile(name):
            return name
    return None


_found_certificates = []


def _place_of_certificates():
    if not _found_certificates:
        _found_certificates.append(_server_certificates())
    return _found_certificates[0]


def _set_default_verify_paths(self):
    """Load the certificates that this system trusts."""
    super(SSLContext, self).set_default_verify_paths()
    found = _place_of_certificates()
    if found:
        self.load_verify_locations(found)


SSLContext.set_default_verify_paths = _set_default_verify_paths
_compiled_verify_paths = get_default_verify_paths


def get_default_verify_paths():
    """Return the paths to the default cafile and capath."""
    paths = _compiled_verify_paths()
    found = _place_of_certificates()
    return paths._replace(cafile=found) if found else paths
