"""Mailbox: the newest value wins, keys take turns, and nobody waits for ever."""

from __future__ import annotations

import threading

from engine.mailbox import Mailbox

SOON = 20.0  # seconds a thread may need on a busy machine; reached only when a test fails


def test_a_newer_value_replaces_one_that_waits() -> None:
    box = Mailbox()
    assert box.put("a", 1) is True
    assert box.put("a", 2) is False
    assert box.take() == ("a", 2)
    assert box.take_now() is None


def test_keys_come_out_in_the_order_in_which_they_began_to_wait() -> None:
    box = Mailbox()
    for key, value in (("busy", 1), ("quiet", 2), ("busy", 3)):
        box.put(key, value)
    assert [box.take_now(), box.take_now()] == [("busy", 3), ("quiet", 2)]
    box.put("busy", 4)
    assert box.take_now() == ("busy", 4)


def test_put_tells_when_nothing_waited() -> None:
    box = Mailbox()
    assert [box.put("a", 1), box.put("b", 1)] == [True, False]
    box.take_now()
    assert box.put("a", 2) is False
    box.take_now(), box.take_now()
    assert box.put("a", 3) is True


def test_peek_leaves_the_value() -> None:
    box = Mailbox()
    box.put("a", 1)
    assert box.peek("a") == 1 and box.peek("b") is None and box.take_now() == ("a", 1)


def test_none_is_a_value() -> None:
    box = Mailbox()
    box.put("a", None)
    assert box.take() == ("a", None)


def test_take_gives_up_after_its_timeout() -> None:
    assert Mailbox().take(timeout=0.001) is None


def test_close_wakes_everybody_and_drops_what_waits() -> None:
    box = Mailbox()
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(box.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    box.close()
    for thread in threads:
        thread.join(SOON)
    assert answers == [None, None, None] and box.closed
    assert box.put("a", 1) is False and box.take() is None and box.peek("a") is None


def test_every_last_value_arrives_whatever_the_speed_of_the_threads() -> None:
    """Two producers and a consumer: values of a key never go back, and the last is not lost."""
    box = Mailbox()
    seen: dict[str, list[int]] = {"a": [], "b": []}
    done = threading.Event()

    def consume() -> None:
        while (item := box.take()) is not None:
            seen[item[0]].append(item[1])
            if all(values and values[-1] == 4999 for values in seen.values()):
                done.set()

    def produce(key: str) -> None:
        for value in range(5000):
            box.put(key, value)

    threads = [threading.Thread(target=consume)]
    threads += [threading.Thread(target=produce, args=(key,)) for key in seen]
    for thread in threads:
        thread.start()
    assert done.wait(SOON)
    box.close()
    for thread in threads:
        thread.join(SOON)
    for values in seen.values():
        assert values == sorted(set(values)) and values[-1] == 4999
