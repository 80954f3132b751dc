"""Runs cases in interleaved rounds: each case is a process of its own that implements the line
protocol of bench/runner.h, so that a disturbance of the machine affects all of them equally."""
import os
import subprocess
import sys


class Missing(Exception):
    """A case cannot be run here; the text is the reason."""


def pick_core():
    """The core to measure on: the last one allowed, since the first serves most interrupts."""
    try:
        return max(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return None


def pin(core):
    if core is not None:
        try:
            os.sched_setaffinity(0, {core})
        except OSError:
            pass


class Case:
    """name: unique. argv: the runner and its options. group, subject, peer: for the tables.
    megapixels: of the input, for MP/s."""

    def __init__(self, name, argv, megapixels=0.0, env=None, **words):
        self.name, self.argv, self.megapixels, self.env = name, argv, megapixels, env
        self.words = words
        self.samples_ms, self.wall_ms = [], []
        self.made_bytes, self.peak_mib, self.about = 0, None, ''
        self.missing = None
        self.process = None

    def start(self, core):
        try:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                stderr=subprocess.DEVNULL, bufsize=1, env={**os.environ, **(self.env or {})},
                preexec_fn=lambda: pin(core))
        except OSError as error:
            raise Missing(f'{os.path.basename(self.argv[0])}: {error.strerror}') from None
        self.about = self._hear('ready')[0]

    def _hear(self, word):
        line = self.process.stdout.readline().rstrip('\n')
        kind, *rest = line.split('\t')
        if kind == word:
            return rest or ['']
        raise Missing(rest[0] if rest else (line or 'its process ended'))

    def _say(self, line, word):
        try:
            self.process.stdin.write(line + '\n')
            self.process.stdin.flush()
        except OSError:
            raise Missing('its process ended') from None
        return self._hear(word)

    def run(self):
        """One run: (CPU time of the process, time by the clock), both in ms."""
        took, made, cpu = self._say('run', 'done')
        self.made_bytes = int(made)
        return int(cpu) / 1e6, int(took) / 1e6

    def save(self, folder):
        os.makedirs(folder, exist_ok=True)
        self._say('save ' + os.path.abspath(folder), 'saved')

    def read_peak(self):
        """Returns the peak memory of the process in MiB (None if the system does not report it)."""
        try:
            with open(f'/proc/{self.process.pid}/status', encoding='ascii') as status:
                for line in status:
                    if line.startswith('VmHWM'):
                        self.peak_mib = int(line.split()[1]) / 1024
        except OSError:
            pass

    def stop(self):
        if self.process is not None:
            try:
                self.process.stdin.close()
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None


def run_rounds(cases, rounds, core, warmup=2, save=None, on_round=None):
    """Starts all cases, warms them up, then takes one sample of each in turn, `rounds` times; every
    second round is in reverse order, so that no case always follows the same other one. `save(case)`
    returns a folder for the results of a case, or None. A case that fails is marked missing.

    A sample is the CPU time of all threads of the process: with one thread on one core it is the
    elapsed time without that of other programs on the core."""
    def attempt(case, work):
        try:
            return work()
        except Missing as why:
            case.missing = str(why)
            case.stop()
            return None

    try:
        for case in cases:
            attempt(case, lambda case=case: case.start(core))
        for case in cases:
            for _ in range(warmup if case.missing is None else 0):
                if case.missing is None:
                    attempt(case, case.run)
        for number in range(rounds):
            if on_round:
                on_round(number, rounds)
            for case in cases if number % 2 == 0 else reversed(cases):
                if case.missing is None:
                    took = attempt(case, case.run)
                    if took is not None:
                        case.samples_ms.append(took[0])
                        case.wall_ms.append(took[1])
        for case in cases:
            if case.missing is None:
                case.read_peak()
            folder = save(case) if save and case.missing is None else None
            if folder:
                attempt(case, lambda case=case, folder=folder: case.save(folder))
    finally:
        for case in cases:
            case.stop()
    return cases


def progress(what):
    """Returns a `report` function for run_rounds that shows the progress on a terminal."""
    if not sys.stderr.isatty():
        return None

    def on_round(number, rounds):
        end = '\n' if number + 1 == rounds else ''
        print(f'\r{what}: round {number + 1} of {rounds} ', end=end, file=sys.stderr, flush=True)
    return on_round
