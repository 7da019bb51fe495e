"""Campaigns of tests that go on over several runs."""

from campaigns import Campaign


def test_a_campaign_goes_on_where_the_last_run_ended(tmp_path):
    path = tmp_path / "results" / "campaign.jsonl"
    Campaign(path, seed=8).add(0, outcome="survived")
    Campaign(path, seed=8).add(1, outcome="lost")
    Campaign(path, seed=9).add(2, outcome="survived")
    found = Campaign(path, seed=8).tried()
    assert {number: row["outcome"] for number, row in found.items()} == {0: "survived", 1: "lost"}
    # Tried again: what came of it last counts.
    Campaign(path, seed=8).add(1, outcome="survived")
    assert Campaign(path, seed=8).tried()[1]["outcome"] == "survived"
    assert Campaign(path, seed=8).commits()


def test_a_line_that_was_cut_short_costs_that_piece_alone(tmp_path):
    path = tmp_path / "campaign.jsonl"
    campaign = Campaign(path, seed=8)
    campaign.add(0, outcome="survived")
    campaign.add(1, outcome="survived")
    path.write_bytes(path.read_bytes()[:-7])
    assert set(campaign.tried()) == {0}
    campaign.add(1, outcome="survived")
    campaign.add(2, outcome="survived")
    assert set(campaign.tried()) == {0, 1, 2}
