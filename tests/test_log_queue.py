import errno
import os
import threading
import time

from bot.log_queue import LogQueue

LIMIT = 60


class Reader:
    """Takes lines, sleeps or fails, as it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_awake = threading.Event()
        self.is_awake.set()
        self.error: OSError | None = None

    def __call__(self, text: str) -> None:
        assert self.is_awake.wait(LIMIT)
        if self.error is not None:
            raise self.error
        self.lines.append(text)

    @property
    def text(self) -> str:
        return "".join(self.lines)


def queue_before(reader: Reader, *, max_lines: int = 10) -> LogQueue:
    return LogQueue(reader, lambda count: f"<{count} missing>\n", max_lines=max_lines, patience_seconds=0.05)


def put_all(queue: LogQueue, *numbers: int) -> None:
    for number in numbers:
        queue.put(f"{number}\n")


def test_line_is_written_before_the_next_statement() -> None:
    reader = Reader()
    queue = LogQueue(reader, str, patience_seconds=LIMIT)

    for number in range(100):
        queue.put(f"{number}\n")
        assert len(reader.lines) == number + 1


def test_sleeping_reader_gets_all_lines_when_it_wakes() -> None:
    reader = Reader()
    queue = queue_before(reader)
    reader.is_awake.clear()
    put_all(queue, *range(5))
    assert reader.lines == []

    reader.is_awake.set()

    assert queue.flush(LIMIT)
    assert reader.text == "0\n1\n2\n3\n4\n"


def test_oldest_lines_are_dropped_and_counted_in_their_place() -> None:
    reader = Reader()
    queue = queue_before(reader, max_lines=3)
    put_all(queue, 0)
    reader.is_awake.clear()
    put_all(queue, *range(1, 8))  # 1 is with the reader already

    reader.is_awake.set()

    assert queue.flush(LIMIT)
    assert reader.text == "0\n1\n<3 missing>\n5\n6\n7\n"


def test_lines_that_cannot_be_written_are_counted_when_it_works_again() -> None:
    reader = Reader()
    queue = queue_before(reader)
    reader.error = OSError(errno.ENOSPC, "full")
    put_all(queue, 0, 1)
    assert queue.flush(LIMIT)
    reader.error = None

    put_all(queue, 2, 3)

    assert queue.flush(LIMIT)
    assert reader.text == "<2 missing>\n2\n3\n"


def test_sleeping_reader_delays_one_line_and_not_each() -> None:
    reader = Reader()
    queue = LogQueue(reader, str, patience_seconds=0.2)
    reader.is_awake.clear()
    put_all(queue, 0)

    started = time.monotonic()
    put_all(queue, *range(1, 1_000))
    took = time.monotonic() - started

    assert not queue.flush(0)
    reader.is_awake.set()
    assert queue.flush(LIMIT)
    assert took < 999 * 0.2 / 2


def test_child_process_writes_lines_of_its_own() -> None:
    read_end, write_end = os.pipe()

    def write(text: str) -> None:
        os.write(write_end, text.encode())

    queue = LogQueue(write, str)
    queue.put("parent\n")

    child = os.fork()
    if child == 0:
        queue.put("child\n")
        os._exit(0 if queue.flush(LIMIT) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(write_end)
    assert os.read(read_end, 1_000) == b"parent\nchild\n"
