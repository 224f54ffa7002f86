"""What the tabs of a step and of a run say about their messages."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from hookline import database
from hookline.outbox.models import Delivery
from tests.unit.console.conftest import Open
from tests.unit.delivery.running import add
from tests.unit.outbox.messages import message


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"state": "delivered", "attempts": 1}, "delivered"),
        ({"state": "pending", "attempts": 3}, "retrying</span> (3, next"),
        ({"state": "dead", "attempts": 8}, "failed"),
        ({"state": "held", "attempts": 1}, "disabled"),
        ({"state": "pending", "attempts": 0}, "pending"),
    ],
)
@pytest.mark.parametrize("place", ["tasks/shop.order.paid/pay/r/{MAP_INDEX}", "runs/shop.order.paid/r"])
def test_the_page_says_what_became_of_it(look: Open, place: str, columns: dict[str, Any], says: str) -> None:
    add(message(dag_id="shop.order.paid", run_id="r"))
    with database.engine().begin() as connection:
        connection.execute(update(Delivery).values(columns))
    page = look(f"/{place}")

    assert says in page.text
    assert page.text.count('<th scope="row">') == 1
