"""The file's place: a file that is another one by now, the log of one that crashed, and copies."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from behind import crash, execute

from memlayer.backends.sqlite import _db
from memlayer.backends.sqlite import _files as files
from memlayer.backends.sqlite import _place as place
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.errors import BackendTimeoutError, BackendUnavailableError, ConfigurationError
from memlayer.testing.contract import ALICE, BOB, added, make_record


class TestAnotherFile:
    @pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
    def test_a_file_that_is_another_one_by_now_takes_no_writes(
        self, ledger: SQLiteLedger, file: Path, how: str
    ) -> None:
        """SQLite went on with a file that nobody will ever open again: what was acknowledged was lost."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        backup = ledger.database.backup(file.with_name("backup.db"))
        if how == "replaced":
            os.replace(backup, file)
        else:
            os.replace(file, file.with_name("elsewhere.db"))
        with pytest.raises(BackendUnavailableError, match=r"moved, removed or replaced .*; open a new Memory"):
            ledger.append(added([make_record("b")]), scope=ALICE)
        seen: list[object] = []

        def read() -> None:
            try:
                seen.append(ledger.records(scope=ALICE))
            except BackendUnavailableError as error:
                seen.append(error)

        with ledger.database.read():  # another thread needs a connection of its own
            reader = threading.Thread(target=read)
            reader.start()
            reader.join()
        assert [type(one) for one in seen] == [list if how != "replaced" else BackendUnavailableError]
        ledger.close()
        again = SQLiteLedger(file)
        again.append(added([make_record("c")]), scope=ALICE)
        assert {r.id for r in again.records(scope=ALICE)} == ({"a", "c"} if how == "replaced" else {"c"})
        again.close()

    @pytest.mark.parametrize("how", ["removed", "copied over", "replaced"])
    def test_the_log_of_a_file_that_crashed_is_not_read_into_its_successor(
        self, ledger: SQLiteLedger, file: Path, how: str
    ) -> None:
        """A backup that was put in the place of a crashed memory brought nothing back; a new one was damaged."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        backup = ledger.database.backup(file.with_name("backup.db"))
        ledger.append(added([make_record("b")]), scope=ALICE)
        crash(ledger)
        if how == "removed":
            file.unlink()
        elif how == "copied over":
            shutil.copy(backup, file)
        else:
            os.replace(backup, file)
        again = SQLiteLedger(file)
        again.append(added([make_record("c")]), scope=ALICE)
        assert {r.id for r in again.records(scope=ALICE)} == ({"c"} if how == "removed" else {"a", "c"})
        assert execute(file, "PRAGMA integrity_check") == [("ok",)]
        again.close()

    def test_who_opens_the_file_waits_while_another_thread_takes_such_a_log_away(
        self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The other one read it into the file, and lost its log then."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        backup = ledger.database.backup(file.with_name("backup.db"))
        ledger.append(added([make_record("b")]), scope=ALICE)
        crash(ledger)
        shutil.copy(backup, file)
        one, two, seen = SQLiteLedger(file), SQLiteLedger(file), []
        other = threading.Thread(target=lambda: seen.extend(r.id for r in two.records(scope=ALICE)))
        drop = place.drop_foreign_log

        def dropping(path: Path, descriptor: Callable[[], int]) -> None:
            other.start()
            other.join(0.5)  # it must not end before
            drop(path, descriptor)

        monkeypatch.setattr(place, "drop_foreign_log", dropping)
        one.append(added([make_record("c")]), scope=ALICE)
        other.join()
        assert "b" not in seen
        assert {r.id for r in one.records(scope=ALICE)} == {r.id for r in two.records(scope=ALICE)} == {"a", "c"}
        one.close()
        two.close()

    def test_the_log_itself_is_taken_away_last(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who opened the file between the two had its shared memory taken away, and nobody else knew of its locks."""
        file.write_bytes(b"SQLite format 3\0\x20\0\x01\x01")
        beside = [file.with_name(file.name + suffix) for suffix in ("-wal", "-shm")]
        for one in beside:
            one.write_bytes(b"of another file")
        gone, unlink = [], Path.unlink

        def watched(path: Path, missing_ok: bool = False) -> None:
            gone.append(path.name)
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", watched)
        descriptor = os.open(file, os.O_RDWR)
        try:
            place.drop_foreign_log(file, lambda: descriptor)
        finally:
            os.close(descriptor)
        assert gone == ["memory.db-shm", "memory.db-wal"]

    def test_the_log_of_a_crash_is_read(self, ledger: SQLiteLedger, file: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        whole, log = file.read_bytes(), file.with_name(file.name + "-wal")
        left = log.read_bytes()
        ledger.close()
        file.write_bytes(whole)
        log.write_bytes(left)
        again = SQLiteLedger(file)
        assert [r.id for r in again.records(scope=ALICE)] == ["a"]
        again.close()


SOMEBODY = """
import sys
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.testing.contract import ALICE, added, make_record
ledger = SQLiteLedger(sys.argv[1])
ledger.append(added([make_record(sys.argv[2])]), scope=ALICE)
print(*sorted(r.id for r in ledger.records(scope=ALICE)))
ledger.close()
"""


def somebody(file: Path, id_: str) -> list[str]:
    """Another process opens the memory, writes a record, says what is there, and closes it."""
    command = [sys.executable, "-c", SOMEBODY, str(file), id_]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout.split()


class TestLocks:
    @pytest.mark.parametrize("what", ["a thread", "a second memory", "an erasure"])
    def test_nothing_that_is_opened_or_closed_drops_the_locks_on_the_file(
        self, ledger: SQLiteLedger, file: Path, what: str
    ) -> None:
        """A process that closes any descriptor of a file drops its locks: another one's close took the log away."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        if what == "a thread":
            with ledger.database.read():  # so that it needs a connection of its own
                reader = threading.Thread(target=lambda: ledger.records(scope=ALICE))
                reader.start()
                reader.join()
        else:
            second = SQLiteLedger(file)
            second.append(added([make_record("gone", scope=BOB)]), scope=BOB)
            if what == "an erasure":
                second.erase(scope=BOB)
            second.close()
        assert somebody(file, "b") == ["a", "b"]
        ledger.append(added([make_record("c")]), scope=ALICE)
        assert somebody(file, "d") == ["a", "b", "c", "d"]
        assert {r.id for r in ledger.records(scope=ALICE)} == {"a", "b", "c", "d"}

    def test_a_descriptor_goes_with_the_last_memory_that_has_the_file(self, file: Path) -> None:
        one, two = SQLiteLedger(file), SQLiteLedger(file)
        for ledger in (one, two):
            ledger.append(added([make_record("gone")]), scope=ALICE)
            ledger.erase(scope=ALICE)
        identity = files.identity(file)
        assert identity in files._descriptors
        one.close()
        assert identity in files._descriptors
        two.close()
        assert identity not in files._descriptors

    def test_a_memory_that_nobody_closed_lets_its_connections_go_before_the_descriptor(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The descriptor went first, and with it the locks of connections that were still open."""
        ledger = SQLiteLedger(file)
        ledger.append(added([make_record("gone")]), scope=ALICE)
        ledger.erase(scope=ALICE)
        identity = files.identity(file)
        assert identity is not None
        descriptor, open_at_the_end, close = files._descriptors[identity], [], os.close
        with ledger.database.look() as connection:
            pass

        def watched(number: int) -> None:
            if number == descriptor:
                try:
                    open_at_the_end.append(connection.execute("SELECT 1"))
                except sqlite3.ProgrammingError:
                    open_at_the_end.append(None)
            close(number)

        monkeypatch.setattr(os, "close", watched)
        del ledger
        gc.collect()
        assert open_at_the_end == [None]
        assert identity not in files._descriptors

    def test_a_fork_does_not_wait_for_who_opens_the_file_while_that_one_waits_for_the_fork(
        self, ledger: SQLiteLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each had what the other one wanted: the fork stood for ten seconds, and then went on without the lock."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        again = SQLiteLedger(ledger.database.path)
        opening, resting = threading.Event(), threading.Event()
        enter, rest = files.enter, Database.rest

        def entering(path: Path) -> files.Identity:
            opening.set()
            assert resting.wait(60)
            return enter(path)

        def rested(database: Database) -> list[threading.RLock]:
            resting.set()
            return rest(database)

        lock = files.lock
        monkeypatch.setattr(_db, "FORK_WAIT", 5.0)
        monkeypatch.setattr(_db.files, "enter", entering)
        monkeypatch.setattr(_db.Database, "rest", rested)
        reader = threading.Thread(target=lambda: again.records(scope=ALICE))
        reader.start()
        assert opening.wait(60)
        _db._before_fork()
        try:
            assert again.database._opening in _db._forking.locks
            assert lock in _db._forking.locks
        finally:
            _db._after_fork()
            reader.join()
            again.close()


class TestWithoutLocks:
    """Where a folder cannot be written SQLite has no place for locks: the file is read as if nobody wrote to it."""

    @pytest.fixture
    def reader(self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteLedger]:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        monkeypatch.setattr(os, "access", lambda path, how: how != os.W_OK)  # root may write anywhere
        made = SQLiteLedger(file)
        yield made
        made.close()

    def test_what_somebody_writes_later_is_seen(self, reader: SQLiteLedger, file: Path) -> None:
        """It saw the old state for ever, or said that the file is damaged."""
        seen = [r.id for r in reader.records(scope=ALICE)]
        for id_ in ("b", "c"):
            assert id_ in somebody(file, id_)
            seen.append(max(r.id for r in reader.records(scope=ALICE)))
        assert seen == ["a", "b", "c"]

    def test_what_changes_while_it_is_read_is_to_be_read_again(self, reader: SQLiteLedger, file: Path) -> None:
        with pytest.raises(BackendTimeoutError, match="while it was read: "), reader.database.read():
            somebody(file, "b")
        assert {r.id for r in reader.records(scope=ALICE)} == {"a", "b"}


class TestBackup:
    @pytest.mark.parametrize("name", ["", "/", ".", "folder"])
    def test_a_folder_is_no_place_for_a_copy(
        self, ledger: SQLiteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (tmp_path / "folder").mkdir()
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigurationError, match="is a folder; name a file in it"):
            ledger.database.backup(name)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["folder"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_what_is_no_file_is_left_in_its_place(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        """A copy took the place of /dev/null."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(ConfigurationError, match="is a device or a pipe; name a file"):
            ledger.database.backup(pipe)
        assert pipe.is_fifo()

    def test_a_copy_is_whole_and_the_owners_alone(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        (tmp_path / "copies").mkdir()
        copy = ledger.database.backup(tmp_path / "copies" / "copy.db")
        assert [p.name for p in copy.parent.iterdir()] == ["copy.db"]
        assert copy.stat().st_mode & 0o777 == 0o600
        assert execute(copy, "PRAGMA integrity_check", "SELECT count(*) FROM records") == [("ok",), (1,)]

    def test_a_copy_of_nothing_is_an_empty_memory(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        (tmp_path / "copy.db").write_text("something else")
        copy = SQLiteLedger(ledger.database.backup(tmp_path / "copy.db"))
        assert copy.records(scope=ALICE) == []
        copy.close()

    def test_a_copy_takes_the_place_of_an_older_one(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        older = SQLiteLedger(ledger.database.backup(tmp_path / "copy.db"))
        older.append(added([make_record("old")]), scope=ALICE)
        crash(older)
        copy = SQLiteLedger(ledger.database.backup(tmp_path / "copy.db"))
        assert copy.records(scope=ALICE) == [make_record("a")]
        copy.close()

    def test_the_memory_itself_is_no_place_for_its_copy(self, ledger: SQLiteLedger, file: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        with pytest.raises(ConfigurationError, match="is the memory itself; name another file"):
            ledger.database.backup(file)
        assert ledger.records(scope=ALICE) == [make_record("a")]

    def test_a_folder_that_is_missing_is_an_error_that_names_it(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        with pytest.raises(BackendUnavailableError, match="nowhere"):
            ledger.database.backup(tmp_path / "nowhere" / "copy.db")
