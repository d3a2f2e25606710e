"""Matrix products inside the block use one thread, and the program's own number comes back."""

import os
import threading

import pytest

from memlayer._blas import _openblas, one_thread

pytestmark = pytest.mark.skipif(_openblas() is None, reason="NumPy uses another library than OpenBLAS here")


@pytest.fixture
def two_threads():
    get, put = _openblas()
    before = get()
    put(2)
    yield get
    put(before)


def test_the_number_is_one_inside_and_restored_after(two_threads):
    with one_thread:
        assert two_threads() == 1
        with one_thread:
            assert two_threads() == 1
        assert two_threads() == 1
    assert two_threads() == 2


def test_the_number_is_restored_after_an_error(two_threads):
    with pytest.raises(KeyError), one_thread:
        raise KeyError
    assert two_threads() == 2


def test_the_last_of_overlapping_threads_restores_the_number(two_threads):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with one_thread:
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with one_thread:
        thread.start()
        assert entered.wait(10)
    assert two_threads() == 1
    leave.set()
    thread.join()
    assert two_threads() == 2


def test_a_forked_child_starts_with_the_programs_number(two_threads):
    with one_thread:
        one_thread.born()
        assert two_threads() == 2
        # What the block's end expects, since this process only played the child.
        one_thread.__enter__()


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no fork on this system")
def test_the_fork_handler_is_in_place(two_threads):
    read, write = os.pipe()
    with one_thread:
        child = os.fork()
        if child == 0:
            os.write(write, bytes([two_threads()]))
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"\x02"
    os.close(read)
    os.close(write)
