"""What the receiver of notifications did not take is told, where there is one."""

from __future__ import annotations

from tests.metrics.scraping import Watched, value

from runbook_gate.metrics import StoreCollector


def test_what_the_receiver_did_not_take_is_told_where_there_is_one(watched: Watched) -> None:
    watched.receives = False
    for number in (1, 2):
        watched.world.submit(f"task-{number}", f"target-{number}")
        watched.run(f"task-{number}")
        watched.world.clock.sleep(40)
    scrape = watched.scrape()
    assert value(scrape, "undelivered_notifications") == 2
    assert 80 <= (value(scrape, "undelivered_notification_oldest_age_seconds") or 0) < 120
    oldest = watched.store.outbox.list()[0]
    watched.store.outbox.reserve(oldest)
    watched.store.outbox.settle(oldest.id, "http_422")
    assert value(watched.scrape(), "undelivered_notifications") == 2, "an attempt is no delivery"
    watched.world.clock.sleep(60)
    watched.receives = True
    scrape = watched.scrape()
    assert value(scrape, "undelivered_notifications") == 0
    assert value(scrape, "undelivered_notification_oldest_age_seconds") == 0


def test_without_a_receiver_nobody_waits_for_notifications(watched: Watched) -> None:
    watched.receives = False
    watched.world.submit("task-1", "one")
    watched.run("task-1")
    told = {family.name for family in StoreCollector(watched.store).collect()}
    assert "runbook_gate_store_up" in told
    assert not {name for name in told if "notification" in name}
