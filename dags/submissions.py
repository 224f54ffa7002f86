"""Airflow Dags for submissions of the platform's forms: the service desk has them, and people get an answer.

Needs two Connections of type `http_connector`: `service_desk`, where requests are worked on; `mail`, what
sends e-mail.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPostOperator, HttpPutOperator

SUBMISSION = "{{ dag_run.conf['data']['submission']['id'] | urlencode | replace('/', '%2F') }}"
WHO = (
    "{{ dag_run.conf['data']['submission'].get('submittedBy')"
    " or dag_run.conf['data']['submission'].get('createdBy') or '' }}"
)
TITLE = "{{ dag_run.conf['data']['submission'].get('label') or dag_run.conf['data']['form']['slug'] }}"
DRAFT = {
    "form": "{{ dag_run.conf['data']['kapp']['slug'] }}/{{ dag_run.conf['data']['form']['slug'] }}",
    "title": TITLE,
    "requester": WHO,
}
TICKET = """{
    "form": {{ (dag_run.conf['data']['kapp']['slug'] ~ '/'
        ~ dag_run.conf['data']['form']['slug']) | tojson }},
    "title": {{ (dag_run.conf['data']['submission'].get('label')
        or dag_run.conf['data']['form']['slug']) | tojson }},
    "requester": {{ (dag_run.conf['data']['submission'].get('submittedBy')
        or dag_run.conf['data']['submission'].get('createdBy') or '') | tojson }},
    "reference": {{ dag_run.conf['data']['submission']['id'] | tojson }},
    "values": {{ dag_run.conf['data']['submission']['values'] | tojson }}
}"""


@event_dag("Submissions > any > any > Created")
def submission_created() -> None:
    """Keep the draft where the service desk sees what people begin and do not send."""
    HttpPutOperator(
        task_id="keep_draft", http_conn_id="service_desk", path=f"/drafts/{SUBMISSION}", body=DRAFT
    )


@event_dag("Submissions > any > any > Submitted")
def submission_submitted() -> None:
    """Pass the submission on as a ticket, and tell the requester its number."""
    ticket = HttpPostOperator(
        task_id="open_ticket",
        http_conn_id="service_desk",
        path="/tickets",
        body=TICKET,
        idempotency_key=True,
    )
    ticket >> HttpPostOperator(
        task_id="confirm",
        http_conn_id="mail",
        path="/messages",
        body={
            "to": WHO,
            "template": "ticket-opened",
            "ticket": "{{ ti.xcom_pull('open_ticket')['body'].get('id', '') }}",
            "title": TITLE,
        },
    )


submission_created()
submission_submitted()
