# Stands in front of ahead.py: the processes that make eggs of what was fetched, by
# zc.buildout's own function.
import collections
import json
import os
import sys
import tempfile
import threading

MAKERS = max(1, min(4, os.cpu_count() or 1)) if hasattr(os, 'cpu_count') else 1


class Makers(object):
    """Processes that make eggs, each one at a time."""

    def __init__(self, dest, count):
        self.free, self.all = collections.deque(), []
        self.ready = threading.Semaphore(count)
        for number in range(count):
            self.start(dest)

    def start(self, dest):
        there, ours = os.pipe(), os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            try:
                for maker in self.all:
                    os.close(maker[1].fileno())
                os.close(there[1])
                os.close(ours[0])
                with os.fdopen(there[0], 'rb') as jobs, os.fdopen(ours[1], 'wb') as answers:
                    work(dest, jobs, answers)
            finally:
                os._exit(0)
        os.close(there[0])
        os.close(ours[1])
        maker = child, os.fdopen(there[1], 'wb'), os.fdopen(ours[0], 'rb')
        self.all.append(maker)
        self.free.append(maker)

    def make(self, dist):
        """The egg's path, precedence and folder (see Egg); None if it can't be made so. Waits for a process."""
        with self.ready:
            maker = self.free.popleft()
            try:
                write_line(maker[1], [dist.location, dist.project_name, dist.version, dist.precedence])
                return json.loads(maker[2].readline().decode('utf-8') or 'null')
            except EnvironmentError:
                return None
            finally:
                self.free.append(maker)

    def end(self):
        for child, jobs, answers in self.all:
            try:
                jobs.close()
            except EnvironmentError:
                pass  # it ended before
            answers.close()
            os.waitpid(child, 0)


def write_line(file, value):
    file.write(json.dumps(value).encode('utf-8') + b'\n')
    file.flush()


def work(dest, jobs, answers):
    """Makes eggs until there are no more jobs. Bytecode that names its source is
    made where the egg will be."""
    easy.redo_pyc = lambda egg: None  # noqa: F821
    for line in jobs:
        location, name, version, precedence = json.loads(line.decode('utf-8'))
        dist = easy.pkg_resources.Distribution(location, project_name=name, version=version, precedence=precedence)  # noqa: F821
        sys.path_importer_cache.clear()  # as zc.buildout does
        folder = tempfile.mkdtemp(dir=FOLDER) if is_sdist(location) else None  # noqa: F821

        def make():
            return easy._move_to_eggs_dir_and_compile(dist, dest)  # noqa: F821
        try:
            egg = apart(folder, name + ' ' + version, make) if folder else make()  # noqa: F821
            answer = [egg.location, egg.precedence, folder]
        except (Exception, SystemExit):
            answer = None
        sys.stdout.flush()
        write_line(answers, answer)
