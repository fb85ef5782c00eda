"""Which service a judge asks, with whose key, and in which folder."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from qwave_batch.api.judge_setup import make_judge
from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.client.connection import AnyConnection, Connection, ConnectionFromEnviron, Simulated
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import FolderError, UnknownName, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging.judge_scorer import JudgeScorer
from qwave_batch.ledger.folder_identity import SIMULATOR, FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.scoring.scorer import Need, Score
from qwave_batch.simulator.embedded_api import account_of_key
from tests.judged_items import a_service, judge_all, judge_folder, judged_item

ACCOUNT, OTHER = "key-of-the-account", "key-of-another-service"
ELSEWHERE = "https://judges.example/v1"


def made(
    root: Path,
    written: Mapping[str, str] | None = None,
    *,
    connection: AnyConnection | None = None,
    environ: dict[str, str] | None = None,
    made_with: str | None = None,
    **params: str,
) -> JudgeScorer:
    """Return the judge of a folder that was made with a backend."""
    layout = judge_folder(root)
    if made_with is not None:
        claim = FolderClaim(spec_name="s", backend=made_with, path=str(root), host="h", key="k")
        with Ledger.open(layout.workspace.ledger) as ledger:
            ledger.claim(claim)
    return make_judge(
        {"model": "m", **(written or {}), **params},
        layout=layout,
        connection=connection or ConnectionFromEnviron(),
        clock=SystemClock(),
        retry_failed=False,
        environ={"QWAVE_API_KEY": ACCOUNT, **(environ or {})},
    )


def test_without_a_base_url_the_accounts_own_service_is_asked(tmp_path: Path) -> None:
    newest = read_base_url(open_catalog(catalog_dates()[-1]).base_url).host
    assert made(tmp_path / "run").params["service"] == newest


def test_a_folder_says_where_its_account_is(tmp_path: Path) -> None:
    oldest = read_base_url(open_catalog(catalog_dates()[0]).base_url).host
    assert made(tmp_path / "run", made_with=oldest).params["service"] == oldest


@pytest.mark.parametrize("date", catalog_dates())
def test_the_accounts_key_goes_to_all_its_own_hosts(tmp_path: Path, date: str) -> None:
    base_url = open_catalog(date).base_url
    assert made(tmp_path / "run", base_url=base_url).params["service"] == read_base_url(base_url).host


def test_it_goes_where_the_environment_says_that_the_api_is(tmp_path: Path) -> None:
    judge = made(tmp_path / "run", environ={"QWAVE_BASE_URL": ELSEWHERE}, base_url=ELSEWHERE)
    assert judge.params["service"] == "judges.example"


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "judges.example is not the account's own"),
        ({"key_env": "MISSING"}, "is not set, or empty"),
        ({"key_env": "EMPTY"}, "is not set, or empty"),
        ({"key_env": "QWAVE_API_KEY"}, "the account's own key, which is not sent to judges.example"),
        ({"key_env": "COPY"}, "the account's own key, which is not sent to judges.example"),
    ],
)
def test_it_goes_to_no_other_host(tmp_path: Path, params: dict[str, str], says: str) -> None:
    environ = {"COPY": f" {ACCOUNT} ", "EMPTY": " "}
    with pytest.raises(UsageError, match=says) as raised:
        made(tmp_path / "run", environ=environ, base_url=ELSEWHERE, written=params)
    assert ACCOUNT not in str(raised.value)


@pytest.mark.parametrize(
    "base_url", ["http://judges.example/v1", "judges.example", "https://user:pw@judges.example/v1"]
)
def test_an_address_that_is_not_right_is_refused(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(UsageError, match="base URL"):
        made(tmp_path / "run", base_url=base_url, key_env="COPY", environ={"COPY": OTHER})


def test_another_service_is_asked_with_its_own_key_and_needs_none_of_the_account(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service() as (simulator, base_url):
            judge = make_judge(
                {"model": "embedded-judge", "base_url": base_url, "key_env": "OTHER_KEY"},
                layout=judge_folder(tmp_path / "run"),
                connection=ConnectionFromEnviron(),
                clock=SystemClock(),
                retry_failed=False,
                environ={"OTHER_KEY": OTHER},
            )
            await judge_all(judge, [judged_item(1)])
            assert {charge.account for charge in simulator.chats.charges} == {account_of_key(OTHER)}

    asyncio.run(scenario())


def test_a_simulated_folder_is_judged_by_the_simulator(tmp_path: Path) -> None:
    judge = made(tmp_path / "run", connection=Simulated(latency="0"), made_with=SIMULATOR, model="embedded-judge")
    emitted = asyncio.run(judge_all(judge, [judged_item(number) for number in range(3)]))
    assert all(isinstance(scored.outcome, Score) for scored in emitted.outcomes)
    assert judge.params["service"] == SIMULATOR


@pytest.mark.parametrize(
    ("connection", "made_with"), [(Simulated(), "api.example"), (Connection(key=ACCOUNT), SIMULATOR)]
)
def test_invented_scores_do_not_get_into_a_real_folder_nor_money_into_an_invented_one(
    tmp_path: Path, connection: AnyConnection, made_with: str
) -> None:
    with pytest.raises(FolderError, match=f"was made with {made_with}"):
        made(tmp_path / "run", connection=connection, made_with=made_with)


def test_a_simulated_folder_may_be_judged_by_a_service_that_is_named(tmp_path: Path) -> None:
    judge = made(tmp_path / "run", made_with=SIMULATOR, base_url=ELSEWHERE, key_env="K", environ={"K": OTHER})
    assert judge.params["service"] == "judges.example"


def test_the_simulator_takes_no_base_url(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave one of them out"):
        made(tmp_path / "run", connection=Simulated(), base_url=ELSEWHERE)


def test_a_model_has_to_be_named_for_a_real_service(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="model=NAME"):
        make_judge(
            {},
            layout=judge_folder(tmp_path / "run"),
            connection=ConnectionFromEnviron(),
            clock=SystemClock(),
            retry_failed=False,
            environ={},
        )


def test_a_store_has_no_place_for_the_journal(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path, is_view=True)
    with pytest.raises(FolderError, match="journal"):
        make_judge(
            {"model": "m"},
            layout=layout,
            connection=ConnectionFromEnviron(),
            clock=SystemClock(),
            retry_failed=False,
            environ={},
        )


def test_numbers_of_questions_and_of_pairs_have_names_of_their_own(tmp_path: Path) -> None:
    assert made(tmp_path / "1").name == "judge"
    assert made(tmp_path / "2", mode="pairs").name == "judge_pairs"
    assert made(tmp_path / "3", {"name": "looks"}).name == "looks"


# Files of the user.


def test_questions_of_a_file_need_none_of_the_prompt(tmp_path: Path) -> None:
    file = tmp_path / "q.yaml"
    file.write_text("- {question: Sharp?, answer: yes}\n", encoding="utf-8")
    judge = made(tmp_path / "run", questions=str(file))
    assert judge.needs == frozenset()
    file.write_text('- {question: "Is it {{ prompt }}?", answer: yes}\n', encoding="utf-8")
    asking = made(tmp_path / "2", questions=str(file))
    assert asking.needs == {Need.PROMPT}
    assert judge.params["questions"] != asking.params["questions"]


def test_a_template_of_the_user_is_another_score(tmp_path: Path) -> None:
    file = tmp_path / "ask.txt"
    file.write_text("{{ question }} {{ choices }} Answer as JSON.", encoding="utf-8")
    own, usual = made(tmp_path / "run", template=str(file)), made(tmp_path / "2")
    assert own.params["template"] != usual.params["template"]
    assert usual.needs == {Need.QUESTIONS}


def test_what_does_not_change_an_answer_does_not_change_a_score(tmp_path: Path) -> None:
    usual = made(tmp_path / "run").params
    assert made(tmp_path / "2", price_in="1", price_out="2", concurrency="3", tries="2", timeout="9").params == usual
    for number, changed in enumerate(({"temperature": "1"}, {"seed": "none"}, {"detail": "low"}, {"ask": "together"})):
        assert made(tmp_path / f"other{number}", changed).params != usual


@pytest.mark.parametrize("name", ["questions", "template"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"missing\.yaml can't be read"):
        made(tmp_path / "run", {name: str(tmp_path / "missing.yaml")})


def test_a_file_that_is_not_text_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        made(tmp_path / "run", questions=str(tmp_path / "q.yaml"))
    with pytest.raises(UsageError, match="is a folder"):
        made(tmp_path / "2", questions=str(tmp_path))


def test_an_unknown_parameter_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        made(tmp_path / "run", colour="red")
    assert not (tmp_path / "run" / ".qwave" / "judge.sqlite").exists()
