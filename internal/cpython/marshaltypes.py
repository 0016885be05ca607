"""What this Python's marshal reads. internal/buildout asks an interpreter by it, and bench/next.py makes the table's line."""
import marshal


def marshal_types():
    """The type codes that marshal.loads doesn't call unknown."""
    known = ''
    for code in range(128):
        try:
            marshal.loads(bytes(bytearray([code])))
        except ValueError as e:
            if 'unknown type code' in str(e):
                continue
        except Exception:
            pass
        known += chr(code)
    return known
