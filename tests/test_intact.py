"""A job reads what a job wrote: what was changed in between is named, kept aside and made again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbreak import intact


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A file that a job wrote."""
    path = tmp_path / "networks.parquet"
    with intact.checked([], [str(path)]):
        path.write_bytes(b"what was computed")
    return path


def read(path: Path) -> bytes:
    """Do what a job does that reads a file."""
    with intact.checked([str(path)], []):
        return path.read_bytes()


def test_what_a_job_wrote_is_read(made: Path) -> None:
    assert read(made) == b"what was computed"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data + b"\0",
        lambda data: b"of another run, wholly",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
    ],
)
def test_a_changed_file_is_named_and_kept_aside(
    made: Path, change: Callable[[bytes], bytes]
) -> None:
    other = change(made.read_bytes())
    made.write_bytes(other)
    with pytest.raises(intact.Damaged, match=rf"{made} is not the file .* makes it again"):
        read(made)
    assert not made.exists()
    assert made.with_name("networks.parquet.damaged").read_bytes() == other
    with pytest.raises(intact.Damaged, match=f"{made} is missing: .*damaged"):
        read(made)


@given(data=st.binary(max_size=50), bit=st.integers(0, 399))
def test_every_bit_counts(tmp_path_factory: pytest.TempPathFactory, data: bytes, bit: int) -> None:
    path = tmp_path_factory.mktemp("bits") / "file"
    path.write_bytes(data)
    before, whole = intact.checksum(path), bytearray(data)
    if bit < 8 * len(data):
        whole[bit // 8] ^= 1 << bit % 8
        path.write_bytes(whole)
        assert intact.checksum(path) != before


def test_a_users_own_file_is_taken_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("a,b\n")
    read(own)
    own.write_text("a,b,c\n")
    assert read(own) == b"a,b,c\n"


def test_a_job_that_fails_leaves_no_checksum(made: Path) -> None:
    missing = made.with_name("missing")
    with pytest.raises(FileNotFoundError), intact.checked([], [str(made)]):
        (made.write_bytes(b"half"), missing.read_bytes())
    assert not intact.record(made).exists()


def test_an_empty_record_is_no_record_of_anything(made: Path) -> None:
    """As a power cut may leave it."""
    intact.record(made).write_text("")
    with pytest.raises(intact.Damaged):
        read(made)


def test_where_nothing_can_be_renamed_the_file_is_named(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    made.write_bytes(b"other")
    monkeypatch.setattr("symbreak.intact.os.replace", refused)
    with pytest.raises(intact.Damaged, match=r"remove it .Read-only file system.; then"):
        read(made)
    assert made.exists()
