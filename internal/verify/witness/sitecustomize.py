# Runs in every Python that a build starts: see binary_buildout_witness.py.
import sys


def _here():
    import os
    return os.path.dirname(os.path.abspath(__file__))


def _next():
    """Run the sitecustomize that this one stands before: pip's build isolation has one, and Debian."""
    ours = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")
    except ImportError:
        if getattr(sys.exc_info()[1], "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        if ours is not None:
            sys.modules.setdefault("sitecustomize", ours)


def _run():
    import os
    here = _here()
    sys.path.insert(0, here)
    try:
        import binary_buildout_witness
        binary_buildout_witness.activate(here)
    except Exception:
        # A build must not fail because it is watched.
        if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
            raise
    finally:
        sys.path[:] = [p for p in sys.path if p != here and os.path.abspath(p) != here]
    _next()


_run()
