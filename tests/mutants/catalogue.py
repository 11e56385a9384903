"""Deliberate breaks of the engine: for each the exact text that is changed, and the tests that must then fail.

A break is named by what a careless hand would do. Its `old` text must stand exactly once in its file, so that the
list stays true: where the code has moved on, the run stops and says so.
"""

from dataclasses import dataclass

FILES = "app/adapters/files"
ORDER = "tests/faults/test_engine_order.py"
GUARDS = "tests/faults/test_engine_guards.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One break: `old` becomes `new` in `file`; at least one of `tests` (pytest's node ids) must fail.

    `also` takes the second guard away where there are two: more pairs of old and new text in the same file.
    """

    name: str
    guarantee: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    also: tuple[tuple[str, str], ...] = ()


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "no fsync of the bytes before they get their name",
        "G5",
        f"{FILES}/platform.py",
        "        platform_macos.sync_file(fd)\n    else:\n        os.fsync(fd)\n",
        "        platform_macos.sync_file(fd)\n    else:\n        os.fstat(fd)\n",
        (ORDER,),
    ),
    Mutant(
        "no flush of the file system for a set of many",
        "G5",
        f"{FILES}/bundle.py",
        "        flush.run()\n",
        "",
        (ORDER,),
    ),
    Mutant(
        "no fsync of the folder",
        "G5",
        f"{FILES}/platform.py",
        "    try:\n        os.fsync(fd)\n    except OSError as error:\n",
        "    try:\n        os.fstat(fd)\n    except OSError as error:\n",
        (ORDER,),
    ),
    Mutant(
        "a rename that replaces what is there",
        "G2",
        f"{FILES}/platform_posix.py",
        "os.fsencode(new), _RENAME_NOREPLACE)",
        "os.fsencode(new), 0)",
        ("tests/adapters/files/test_publish.py", "tests/adapters/files/test_platform.py"),
    ),
    Mutant(
        "what lies under the final name is taken for ours",
        "G2",
        f"{FILES}/publishing.py",
        "        if there != item.name or not _holds(occupant, item):\n",
        "        if there != item.name:\n",
        ("tests/adapters/files/test_publish.py",),
    ),
    Mutant(
        "what a part holds is kept without comparing",
        "G7",
        f"{FILES}/part.py",
        "            return False\n        with memoryview(self._earlier) as found:\n",
        "            return False\n        if self.direct in (True, False):\n            return True\n"
        "        with memoryview(self._earlier) as found:\n",
        (GUARDS,),
    ),
    Mutant(
        "the source's hash stands for the read-back",
        "G3",
        f"{FILES}/carrying.py",
        "sums.destination.hexdigest()",
        "sums.source.hexdigest()",
        ("tests/adapters/files/test_copy.py",),
    ),
    Mutant(
        "a small member of a set of many counts as equal unseen",
        "G3",
        f"{FILES}/small_part.py",
        "        if hashlib.sha256(content).hexdigest() != self._written.sha256:\n",
        "        if not hashlib.sha256(content).hexdigest():\n",
        (GUARDS,),
    ),
    Mutant(
        "small members read at once count as read past the cache unasked",
        "G3",
        f"{FILES}/medium.py",
        "        return self._fd if self._bypasses else None\n",
        "        return self._fd\n",
        ("tests/adapters/files/test_bundle.py",),
    ),
    Mutant(
        "read back from the cache, called read back from the medium",
        "G3",
        f"{FILES}/platform.py",
        "        fd = os.open(path, flags | os.O_DIRECT, 0o666)\n",
        "        fd = os.open(path, flags, 0o666)\n",
        (ORDER, "tests/adapters/files/test_copy.py"),
    ),
    Mutant(
        "the manifest before the final name",
        "G8",
        f"{FILES}/publishing.py",
        "            self._rename(waiting)\n            self._write_down(held)\n\n",
        "            self._write_down(held)\n            self._rename(waiting)\n\n",
        (ORDER,),
    ),
    Mutant(
        "the journal's result before the act",
        "G6",
        "app/pipeline/steps/publish.py",
        "            await case.kit.threads.copy(case.kit.destination.publish, plan, files)\n",
        "            await case.kit.ledger.apply(case.id, Change(files=files, published=True))\n"
        "            await case.kit.threads.copy(case.kit.destination.publish, plan, files)\n",
        (ORDER,),
    ),
    Mutant(
        "the journal is not on the disk when it says so",
        "G6",
        "app/adapters/storage/store.py",
        '"synchronous = FULL"',
        '"synchronous = NORMAL"',
        (ORDER,),
    ),
    Mutant(
        "a set is named member by member",
        "G11",
        f"{FILES}/publishing.py",
        "            self._require_parts(waiting)\n            self._rename(waiting)\n",
        "            for each in waiting:\n                self._require_parts([each])\n"
        "                self._rename([each])\n",
        (ORDER, GUARDS),
    ),
    Mutant(
        "recovery believes the journal, not the part on the disk",
        "G6",
        f"{FILES}/publishing.py",
        "            if not self._trusted(item.part, status) and not _holds(item.part, item):\n",
        "            if not self._trusted(item.part, status) and status.st_size != item.size_bytes:\n",
        (GUARDS,),
    ),
    Mutant(
        "the scanner's copy is removed without reading both ends",
        "G9",
        "app/pipeline/steps/release.py",
        "    return await _remove_verified(case, now)\n",
        "    await case.kit.threads.disk(case.kit.source.remove, case.dossier.scan.files)\n"
        '    return Done("the scanner\'s copy was removed")\n',
        (ORDER,),
    ),
    Mutant(
        "the scanner's file is removed though it is another by now",
        "G9",
        f"{FILES}/source_disk.py",
        " or not as_found:\n",
        ":\n",
        ("tests/adapters/files/test_source_disk.py",),
    ),
    Mutant(
        "a share without its marker is taken for the share",
        "G10",
        f"{FILES}/site.py",
        '        if found is None:\n            message = f"{self.tree.root} has no marker',
        '        if found == "":\n            message = f"{self.tree.root} has no marker',
        (GUARDS,),
    ),
    Mutant(
        "an error at close is swallowed",
        "G5",
        f"{FILES}/part.py",
        "        with at_destination(self._path):\n            os.close(self._fd)\n",
        "        try:\n            os.close(self._fd)\n        except OSError:\n            pass\n",
        (GUARDS,),
    ),
    Mutant(
        "a source that changed is accepted",
        "G4",
        f"{FILES}/source.py",
        "        if self._seen() != self._start:\n",
        "        if self._seen().size_bytes < 0:\n",
        ("tests/adapters/files/test_copy.py",),
        (("identity(status) != before:\n", "identity(status).size_bytes < 0:\n"),),
    ),
    Mutant(
        "two writers of one folder do not wait for each other",
        "G13",
        f"{FILES}/share_lock.py",
        "            self._fd = platform.create_exclusively(self._path)\n",
        "            self._fd = platform.open_lock(self._path)\n",
        ("tests/adapters/files/test_locks.py",),
    ),
    Mutant(
        "the journal does not say that a scan is getting its name",
        "G6",
        "app/pipeline/steps/publish.py",
        "        begun = await case.kit.ledger.apply(case.id, _begin_to_publish)\n        if not begun.publishing:\n",
        "        if case.dossier.scan.cancelled:\n",
        ("tests/pipeline/test_cut_publication.py",),
    ),
    Mutant(
        "a scan has no look for images whose publication was cut",
        "G6",
        "app/pipeline/steps/publish.py",
        "            question = question or await conclude_others(case)\n",
        "",
        ("tests/pipeline/test_cut_publication.py",),
    ),
    Mutant(
        "a publication cut before its end stays as it is",
        "G11",
        f"{FILES}/publishing.py",
        "            for item in named:\n                _take_back(item)\n",
        "",
        ("tests/adapters/files/test_conclude.py",),
    ),
    Mutant(
        "an audit entry's hash does not cover the one before",
        "G16",
        "app/domain/audit_chain.py",
        "    text = previous + json.dumps(",
        "    text = json.dumps(",
        ("tests/adapters/storage/test_store.py", "tests/adapters/storage/test_audit_chain.py"),
    ),
)
