"""The names of projects."""
import re


def plain_name(name):
    """A project's name as PEP 503 writes it, so that two spellings of one are the same."""
    return re.sub("[-_.]+", "-", name).lower()
