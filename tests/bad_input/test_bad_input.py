"""Every bad input of the table is said in one sentence, and nothing good is lost beside it."""

import signal
import warnings

import bad_config  # noqa: F401
import bad_helium  # noqa: F401
import bad_sdss  # noqa: F401
import bad_semantic  # noqa: F401
import bad_stellar  # noqa: F401
import bad_tng  # noqa: F401
import bad_tng_sets  # noqa: F401
import bad_xmm  # noqa: F401
import pytest
from cases import ARMS, TABLE, check_sentence, printed

from skyloom.errors import InputError


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_is_told_in_one_sentence_and_nothing_good_is_lost(case, tmp_path, monkeypatch, request):
    # What a hostile name would make is made here.
    monkeypatch.chdir(tmp_path)
    warnings.simplefilter("ignore")
    # A pipe that nobody writes to would be waited for for ever.
    signal.alarm(120)
    request.addfinalizer(lambda: signal.alarm(0))
    if case.outcome == "refused":
        with pytest.raises(InputError) as told:
            case.run(tmp_path)
        check_sentence(str(told.value), case.words)
    elif case.outcome == "rejected":
        good, kept, reason = case.run(tmp_path)
        assert sorted(kept) == sorted(good)
        check_sentence(reason, case.words)
    else:
        found, expected = case.run(tmp_path)
        assert found == expected
    assert not list(tmp_path.rglob("pwned"))


def test_the_table_has_120_cases_and_15_of_every_arm():
    print(f"\n{printed(TABLE)}")
    names = [str(case) for case in TABLE]
    assert len(set(names)) == len(names) >= 120
    assert min(sum(case.arm == arm for case in TABLE) for arm in ARMS) >= 15
