# Added by binary-buildout: this interpreter came into an archive without the
# wheels that an environment gets its pip from.
_create_environment = EnvBuilder.create


def _create(self, env_dir):
    """Create a virtual environment in a directory."""
    from importlib.util import find_spec
    ensurepip = find_spec("ensurepip")
    wheels = ensurepip and os.path.join(os.path.dirname(ensurepip.origin), "_bundled")
    if self.with_pip and not (wheels and os.path.isdir(wheels)):
        raise RuntimeError("this interpreter came in an archive, without the wheels of pip: use --without-pip, "
                           "or pack the archive with --include '**/ensurepip/_bundled'")
    return _create_environment(self, env_dir)


EnvBuilder.create = _create
