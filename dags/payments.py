"""Airflow Dags for the events of a payment processor.

Needs a source `stripe` with `respond` set to `finished`, and two Connections of type `http_connector`:
`orders`, the shop's API; `mail`, the system that sends e-mail.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpCallOperator, HttpPostOperator
from hookline.operators.webhook import WebhookResponseOperator

SESSION = "{% set session = dag_run.conf['data']['data']['object'] %}"
ORDER = SESSION + "{{ session.get('client_reference_id') or session['id'] }}"
# Some means of payment take days: the session is completed, and not paid yet.
STATUS = SESSION + "{{ 'awaiting_payment' if session['payment_status'] == 'unpaid' else 'paid' }}"


@event_dag(
    "stripe.checkout.session.completed", dag_display_name="Stripe / Checkout completed", tags=["stripe"]
)
def checkout_completed() -> None:
    """Update the order, tell the processor that it is done, and the customer that the payment came."""
    updated = HttpCallOperator(
        task_id="update_order",
        method="PATCH",
        http_conn_id="orders",
        path="/orders/" + SESSION + "{{ (session.get('client_reference_id') or session['id']) | urlencode }}",
        body={
            "status": STATUS,
            "session": SESSION + "{{ session['id'] }}",
            "amount": SESSION + "{{ session.get('amount_total') }}",
            "currency": SESSION + "{{ session.get('currency') }}",
        },
        idempotency_key=True,
    )
    acknowledged = WebhookResponseOperator(
        task_id="acknowledge",
        body={"received": True, "order": ORDER, "status": STATUS},
    )
    confirmed = HttpPostOperator(
        task_id="send_confirmation",
        http_conn_id="mail",
        path="/messages",
        body={
            "to": SESSION + "{{ (session.get('customer_details') or {}).get('email') or '' }}",
            "template": "order_" + STATUS,
            "order": ORDER,
        },
        idempotency_key=True,
    )
    updated >> [acknowledged, confirmed]


checkout_completed()
