"""powershell.py: what can be seen of target/install.ps1 without a PowerShell.

tree-sitter's grammar parses it; that of Windows PowerShell 5.1 is what it
knows, so `?:`, `??` and `?.` are errors to it.
"""
import re
import sys

import tree_sitter
import tree_sitter_powershell

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))

# The last line.
CALL = b"Install-BinaryBuildout @given"

# What 5.1 and 7 both have.
CMDLETS = {"Add-Type", "ConvertFrom-Json", "ForEach-Object", "Get-Command", "Get-Item", "Join-Path", "New-Object", "Sort-Object", "Test-Path", "Where-Object"}


def parse(text):
    return PARSER.parse(text).root_node


def nodes(node, kind=None):
    if kind in (None, node.type):
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def line(node):
    return node.start_point[0] + 1


def says(node):
    return node.text.decode("ascii", "replace")


def within(node, kind):
    while node and node.type != kind:
        node = node.parent
    return node


def called(node):
    """The name of a command; "" of what is run by an ampersand."""
    name = node.child_by_field_name("command_name")
    return "" if any(c.type == "command_invokation_operator" for c in node.children) else says(name) if name else ""


def findings(text, known=frozenset()):
    """What is wrong with a script, as (line, sentence). known are functions of another."""
    if re.search(rb"[^\n\x20-\x7e]", text):
        yield 0, "it must be ASCII with plain line ends: Windows PowerShell reads it as the code page says"
    tree = parse(text)
    for node in nodes(tree):
        if node.is_error or node.is_missing:
            yield line(node), "no PowerShell 5.1: %r" % says(node)[:60]
    for node in nodes(tree, "pipeline"):
        if any(child.type == "pipeline_chain_tail" for child in node.children):
            yield line(node), "&& and || are of PowerShell 7"
    own = {says(n) for n in nodes(tree, "function_name")}
    for node in nodes(tree, "command"):
        name = called(node)
        if name and name not in CMDLETS | own | known:
            yield line(node), name + " is not known to be in PowerShell 5.1 and 7"
        if not name:
            yield from native(node)


def native(node):
    """A program is run where its standard error ends nothing, and its exit code is looked at."""
    function, statement = within(node, "function_statement"), node
    while statement.parent.type != "statement_list":
        statement = statement.parent
    before = says(function)[:node.start_byte - function.start_byte] if function else ""
    for setting in ("$ErrorActionPreference = 'Continue'", "$PSNativeCommandUseErrorActionPreference = $false"):
        if setting not in before:
            yield line(node), "a program is run without " + setting
    after = statement.next_named_sibling
    if after is None or "$LASTEXITCODE" not in says(after):
        yield line(node), "$LASTEXITCODE is not looked at after a program"


def runs(tree):
    """Whether a tree has anything that does something when it is run."""
    if tree.has_error:
        return False
    for body in tree.children:
        for node in body.children if body.type == "statement_list" else []:
            if node.type not in ("function_statement", "comment", "empty_statement") and not says(node).startswith("$given = @{"):
                return True
    return False


def cut(text):
    """A script that arrives cut off runs nothing: where it is cut, in bytes."""
    for at in range(len(text)):
        near = at > len(text) - 300 or text[at - 1:at] == b"\n"
        if not near and at % 97:
            continue
        part, _, last = text[:at].rstrip().rpartition(b"\n")
        # Half a name is no command; half of @given has no value, and without -Into nothing is done.
        if not any(whole.startswith(last) and whole != last for whole in (b"function", b"$given ", CALL)):
            part = text[:at]
        if at < len(text) - 1 and runs(parse(part)):
            yield "cut off at %d, it runs" % at


SAMPLES = {
    b"$a = $b ? 1 : 2\n": "no PowerShell",
    b"$a = $b ?? 1\n": "no PowerShell",
    b"function A {\n": "no PowerShell",
    b"A-B | Test-Json\n": "Test-Json is not known",
    b"Test-Path a && Test-Path b\n": "&& and ||",
    b"$a = '\xe2\x80\x99'\n": "must be ASCII",
    b"function A { & $x\nTest-Path y }\n": "$LASTEXITCODE",
    b"function A { $ErrorActionPreference = 'Stop'; & $x 2>$null\n$LASTEXITCODE }\n": "without $ErrorActionPreference",
}


def main(script, other):
    with open(script, "rb") as f, open(other, "rb") as g:
        text, second = f.read(), g.read()
    wrong = ["%d: %s" % found for found in findings(text)] + list(cut(text))
    wrong += ["%s: %d: %s" % ((other,) + found) for found in findings(second, {"Copy-BinaryBuildoutAsset", "Get-BinaryBuildoutDigest"})]
    for sample, want in SAMPLES.items():
        if not any(want in found for _, found in findings(sample)):
            wrong.append("%r: not found: %s" % (sample, want))
    if not list(cut(text.replace(b"\n$given", b"\nTest-Path a\n$given"))):
        wrong.append("a command before the last line was not found")
    for w in wrong:
        print("error: %s: %s" % (script, w), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
