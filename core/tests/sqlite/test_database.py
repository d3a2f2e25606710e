"""The file itself: who may read it, whose it is, how it is moved on and closed."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from behind import execute

from memlayer.backends.sqlite import _db, _use
from memlayer.backends.sqlite._db import MIGRATIONS, Database
from memlayer.backends.sqlite._translated import ours
from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.backends.sqlite.upkeep import Upkeep
from memlayer.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
)
from memlayer.testing.contract import ALICE, added, make_record
from memlayer.types import Change


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestMaking:
    def test_files_are_the_owners_alone(self, ledger: SQLiteLedger, file: Path) -> None:
        old = os.umask(0)
        try:
            ledger.append(added([make_record("a")]), scope=ALICE)
        finally:
            os.umask(old)
        made = sorted(p.name for p in file.parent.iterdir())
        assert made == ["memory.db", "memory.db-shm", "memory.db-wal"]
        assert {mode(p) for p in file.parent.iterdir()} == {0o600}

    def test_a_folder_that_is_missing_is_made_for_the_owner_alone(self, tmp_path: Path) -> None:
        ledger = SQLiteLedger(tmp_path / "some" / "where" / "memory.db")
        ledger.append(added([make_record("a")]), scope=ALICE)
        assert mode(tmp_path / "some" / "where") == 0o700
        ledger.close()

    def test_reading_makes_nothing(self, ledger: SQLiteLedger, file: Path) -> None:
        assert ledger.records(scope=ALICE) == ledger.events() == []
        assert ledger.sequence() == 0
        assert ledger.get(["a"]) == [None]
        assert list(file.parent.iterdir()) == []

    def test_a_failed_first_write_leaves_a_file_that_works(self, ledger: SQLiteLedger) -> None:
        with pytest.raises(ConflictError):
            ledger.append(added([make_record("a"), make_record("a")]), scope=ALICE)
        assert ledger.sequence() == 0
        ledger.append(added([make_record("a")]), scope=ALICE)

    def test_an_empty_file_becomes_a_memory(self, ledger: SQLiteLedger, file: Path) -> None:
        file.touch()
        ledger.append(added([make_record("a")]), scope=ALICE)
        assert execute(file, "PRAGMA journal_mode") == [("wal",)]

    def test_a_private_memory_leaves_nothing(self) -> None:
        ledger = SQLiteLedger(":memory:")
        ledger.append(added([make_record("a")]), scope=ALICE)
        folder = ledger.database.path.parent
        assert folder.exists()
        ledger.close()
        assert not folder.exists()

    def test_a_private_memory_that_is_forgotten_leaves_nothing(self) -> None:
        database = Database(":memory:")
        folder = database.path.parent
        del database
        assert not folder.exists()


class TestPlacesThatCannotBeWritten:
    def test_a_home_that_is_no_folder_is_fine_until_the_first_write(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("not a folder")
        ledger = SQLiteLedger(tmp_path / "home" / "memory.db")
        assert ledger.records(scope=ALICE) == []
        with pytest.raises(BackendUnavailableError, match=r"memory\.db") as caught:
            ledger.append(added([make_record("a")]), scope=ALICE)
        assert isinstance(caught.value.__cause__, OSError)
        ledger.close()

    @pytest.mark.parametrize("error", [
        OSError(errno.EROFS, "Read-only file system", "home/.memory.db.7.8.new"),
        PermissionError(errno.EACCES, "Permission denied", "home"),
        sqlite3.OperationalError("attempt to write a readonly database"),
    ])  # fmt: skip
    def test_an_error_says_where_else_to_write(self, error: Exception) -> None:
        told = str(ours(error, "open", Path("memory.db")))
        assert told.endswith("; give path= a place that can be written, or set MEMLAYER_DIR")
        assert "memory.db:" in told

    @pytest.mark.parametrize("error", [
        OSError(errno.ENOSPC, "No space left on device", "memory.db"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
    ])  # fmt: skip
    def test_a_full_disk_is_named(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        """SQLite calls it a disk I/O error where it finds no room for what stands beside the file."""
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 100, 0))
        told = str(ours(error, "open", Path("memory.db")))
        assert told.endswith("; its disk is full: make room there, and try again")
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1 << 30, 0, 1 << 30))
        assert str(ours(sqlite3.OperationalError("disk I/O error"), "open", Path("memory.db"))).endswith("I/O error")

    def test_an_error_names_no_file_that_nobody_asked_for(self, ledger: SQLiteLedger, tmp_path: Path) -> None:
        """It named the hidden file that would have become the memory or its copy."""
        (tmp_path / "file").write_text("no folder")
        ledger.append(added([make_record("a")]), scope=ALICE)
        with pytest.raises(BackendUnavailableError) as caught:
            ledger.database.backup(tmp_path / "file" / "copy.db")
        copy, mend = tmp_path / "file" / "copy.db", "name a file that can be written"
        assert str(caught.value) == f"could not back up {ledger.database.path}: Not a directory: {copy}; {mend}"

    def test_a_folder_in_the_files_place_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BackendUnavailableError, match=str(tmp_path)):
            SQLiteLedger(tmp_path).records(scope=ALICE)

    def test_a_read_only_file_is_read(self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        monkeypatch.setattr(os, "access", lambda path, how: how != os.W_OK)  # root may write anywhere
        reader = SQLiteLedger(file)
        assert reader.get(["a"]) == [make_record("a")]
        with pytest.raises(BackendUnavailableError, match=r"memory\.db"):
            reader.append(added([make_record("b")]), scope=ALICE)
        writer = SQLiteLedger(file)
        with pytest.raises(BackendUnavailableError, match="cannot be written; give path="):
            writer.append(added([make_record("b")]), scope=ALICE)
        assert reader.records(scope=ALICE) == [make_record("a")]
        reader.close()

    def test_an_old_file_that_is_read_only_says_what_to_do(
        self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        monkeypatch.setattr(os, "access", lambda path, how: how != os.W_OK)
        monkeypatch.setattr(_db, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (a)"))
        with pytest.raises(BackendUnavailableError, match="older memlayer and cannot be brought up to date"):
            SQLiteLedger(file).records(scope=ALICE)


class TestWhoseFile:
    @pytest.mark.parametrize("version", [0, 1, len(MIGRATIONS), 99])
    def test_another_programs_file_is_refused_and_left_alone(self, file: Path, version: int) -> None:
        execute(file, "CREATE TABLE theirs (a)", f"PRAGMA user_version = {version}")
        before = file.read_bytes()
        for use in (SQLiteLedger.sequence, lambda made: made.append(added([make_record("a")]), scope=ALICE)):
            ledger = SQLiteLedger(file)
            with pytest.raises(ConfigurationError, match=r"memory\.db is another program's SQLite file; give path="):
                use(ledger)
            ledger.close()
        assert file.read_bytes() == before

    def test_what_is_no_database_is_refused_and_left_alone(self, file: Path) -> None:
        file.write_text("Dear diary, " * 1000)
        ledger = SQLiteLedger(file)
        with pytest.raises(ConfigurationError, match=r"memory\.db is no SQLite file"):
            ledger.append(added([make_record("a")]), scope=ALICE)
        assert file.read_text() == "Dear diary, " * 1000

    def test_a_newer_file_is_refused(self, ledger: SQLiteLedger, file: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        execute(file, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        for use in (SQLiteLedger.sequence, lambda made: made.append(added([make_record("b")]), scope=ALICE)):
            newer = SQLiteLedger(file)
            with pytest.raises(ConfigurationError, match=r"newer memlayer .*upgrade memlayer-core"):
                use(newer)
            newer.close()

    def test_an_older_file_is_moved_on(self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        step = "ALTER TABLE records ADD COLUMN mood TEXT; UPDATE records SET mood = 'good';"
        monkeypatch.setattr(_db, "MIGRATIONS", (*MIGRATIONS, step, "CREATE TABLE later (a)"))
        moved = SQLiteLedger(file)
        assert moved.records(scope=ALICE) == [make_record("a")]
        assert execute(file, "PRAGMA user_version", "SELECT mood FROM records", "SELECT count(*) FROM later") == [
            (len(MIGRATIONS) + 2,), ("good",), (0,),
        ]  # fmt: skip
        moved.append([Change("UPDATE", make_record("a", "Likes rice"))], scope=ALICE)
        moved.close()

    def test_a_step_that_fails_leaves_the_file_as_it_was(
        self, ledger: SQLiteLedger, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        with monkeypatch.context() as patch:
            patch.setattr(_db, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (a); CREATE TABLE nonsense"))
            with pytest.raises(BackendError):
                SQLiteLedger(file).records(scope=ALICE)
        again = SQLiteLedger(file)
        assert again.records(scope=ALICE) == [make_record("a")]
        assert execute(file, "SELECT count(*) FROM sqlite_master WHERE name = 'later'") == [(0,)]
        again.close()


class TestPlace:
    def test_a_process_that_goes_elsewhere_keeps_its_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "here").mkdir()
        (tmp_path / "there").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        ledger = SQLiteLedger("memory.db")
        ledger.append(added([make_record("a")]), scope=ALICE)
        monkeypatch.chdir(tmp_path / "there")
        thread = threading.Thread(target=lambda: ledger.append(added([make_record("b")]), scope=ALICE))
        with ledger.database.read():  # so that the thread opens a connection of its own
            thread.start()
            thread.join()
        assert {r.id for r in ledger.records(scope=ALICE)} == {"a", "b"}
        ledger.close()
        assert [p.name for p in tmp_path.glob("*/*")] == ["memory.db"]

    def test_a_link_to_a_file_that_is_not_there_yet_makes_it(self, tmp_path: Path) -> None:
        (tmp_path / "link.db").symlink_to("memory.db")
        ledger = SQLiteLedger(tmp_path / "link.db")
        ledger.append(added([make_record("a")]), scope=ALICE)
        assert ledger.records(scope=ALICE) == [make_record("a")]
        with pytest.raises(ConfigurationError, match="is the memory itself"):
            ledger.database.backup(tmp_path / "link.db")
        ledger.close()
        assert (tmp_path / "link.db").is_symlink()
        assert not (tmp_path / "memory.db").is_symlink()

    def test_the_home_of_nobody_is_a_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert Database("~nobody-of-that-name.db").path == tmp_path / "~nobody-of-that-name.db"


class TestWriting:
    def test_a_full_disk_writes_nothing_and_can_be_left(self, ledger: SQLiteLedger) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        with ledger.database.read() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(BackendUnavailableError, match="full"):
            ledger.append(added([make_record(f"b{n}", "rice " * 5000) for n in range(50)]), scope=ALICE)
        with ledger.database.read() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        assert [r.id for r in ledger.records(scope=ALICE)] == ["a"]
        ledger.append(added([make_record("b")]), scope=ALICE)

    def test_a_writer_that_waits_too_long_says_so(self, file: Path) -> None:
        holder, waiter = Database(file), Database(file, timeout=0.01)
        with (
            holder.write(),
            pytest.raises(BackendTimeoutError, match=r"could not write .*memory\.db: database is locked"),
            waiter.write(),
        ):
            pass
        with waiter.write() as connection:
            assert connection.in_transaction
        holder.close()
        waiter.close()

    def test_a_reader_sees_one_state_while_others_write(self, ledger: SQLiteLedger, file: Path) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        other = SQLiteLedger(file)
        with ledger.database.read():
            assert len(ledger.records(scope=ALICE)) == 1
            other.append(added([make_record("b")]), scope=ALICE)
            assert len(ledger.records(scope=ALICE)) == len(ledger.events()) == 1
        assert len(ledger.records(scope=ALICE)) == 2
        other.close()

    def test_a_closed_memory_says_so(self, ledger: SQLiteLedger) -> None:
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        for use in (lambda: ledger.records(scope=ALICE), lambda: ledger.append([], scope=ALICE)):
            with pytest.raises(BackendError, match="is closed; open a new Memory"):
                use()


class Disk:
    """Counts what is brought to the disk, and holds the first sync until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.there, self.go = threading.Event(), threading.Event()
        sync = _use.sync

        def slow(descriptor: int) -> None:
            self.syncs += 1
            self.there.set()
            assert self.go.wait(20)
            sync(descriptor)

        monkeypatch.setattr(_use, "sync", slow)


class TestTheDisk:
    @pytest.mark.parametrize("linked", [False, True])
    def test_a_commit_waits_for_the_disk_and_a_claim_for_none(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
    ) -> None:
        disk = Disk(monkeypatch)
        disk.go.set()
        link = file.with_name("link.db")
        link.symlink_to(file.name)
        database = Database(link if linked else file)
        for number, durable in enumerate((True, True, False), 1):
            with database.write(durable=durable) as connection:
                connection.execute("INSERT INTO meta VALUES (?, 'x')", (str(number),))
        assert disk.syncs == 2
        with pytest.raises(ZeroDivisionError), database.write():
            raise ZeroDivisionError
        assert disk.syncs == 2
        database.close()

    def test_what_many_threads_commit_meanwhile_goes_to_the_disk_together(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        disk, database = Disk(monkeypatch), Database(file)
        done: list[int] = []

        def write(number: int) -> None:
            with database.write() as connection:
                connection.execute("INSERT INTO meta VALUES (?, 'x')", (str(number),))
            done.append(number)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(12)]
        threads[0].start()
        assert disk.there.wait(20)
        for thread in threads[1:]:
            thread.start()
        for _ in range(2000):
            if database.log._committed == 12:
                break
            threads[-1].join(0.01)
        # All have committed: nobody holds the write lock while the disk is waited for.
        assert (database.log._committed, done) == (12, [])
        disk.go.set()
        for thread in threads:
            thread.join()
        assert sorted(done) == list(range(12))
        assert disk.syncs == 2
        database.close()

    def test_a_disk_that_fails_is_told(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(descriptor: int) -> None:
            raise OSError(5, "Input/output error")

        database = Database(file)
        with database.write():
            pass
        monkeypatch.setattr(_use, "sync", broken)
        with pytest.raises(BackendUnavailableError, match=r"could not write .*Input/output error"), database.write():
            pass
        monkeypatch.undo()
        with database.write():
            pass
        database.close()

    def test_threads_that_come_and_go_share_connections(self, file: Path) -> None:
        database = Database(file)

        def work() -> None:
            with database.write() as outer, database.look() as inner:
                assert inner is outer

        for _ in range(20):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert len(database._held) == 1
        with database.read() as one:
            other = []
            thread = threading.Thread(target=lambda: other.append(database.held(create=False).connection))
            thread.start()
            thread.join()
            assert other[0] is not one
        database.close()


class TestDamage:
    @pytest.mark.parametrize(
        ("column", "value"),
        [("text", "CAST(x'ff61' AS TEXT)"), ("created_at", "1 << 62"), ("metadata", "'{'"), ("sources", "'[\\'")],
    )
    def test_a_value_that_cannot_be_read_says_what_to_do_and_tells_no_text(
        self, ledger: SQLiteLedger, file: Path, column: str, value: str
    ) -> None:
        ledger.append(added([make_record("a", "a secret")]), scope=ALICE)
        execute(file, f"UPDATE records SET {column} = {value}")
        told = pytest.raises(BackendError, match=r"could not read .*the file is damaged: put a backup in its place")
        with told as found:
            ledger.records(scope=ALICE)
        assert "secret" not in str(found.value)
        assert "\ufffd" not in str(found.value)
        with pytest.raises(BackendError, match="the file is damaged"):
            Upkeep(ledger).verify()


def test_a_call_that_a_close_overtakes_says_so(ledger: SQLiteLedger) -> None:
    ledger.append(added([make_record("a")]), scope=ALICE)

    def overtaken() -> None:
        with ledger.database.look() as connection:
            ledger.database.close()
            connection.execute("SELECT 1")

    with pytest.raises(BackendError, match="closed meanwhile: open a new Memory"):
        overtaken()
