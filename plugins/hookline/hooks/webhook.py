"""The Connection type ``webhook``: a system that sends events. Nothing is called; it is read by ingress."""

from __future__ import annotations

from airflow.sdk import BaseHook

from hookline.exceptions import ConfigurationError


class WebhookHook(BaseHook):
    """Checks the Connection of a source for the Test button.

    :param webhook_conn_id: the Connection's id.
    """

    conn_name_attr = "webhook_conn_id"
    default_conn_name = "webhook_default"
    conn_type = "webhook"
    hook_name = "Webhook source (Hookline)"

    def __init__(self, webhook_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.webhook_conn_id = webhook_conn_id

    def test_connection(self) -> tuple[bool, str]:
        """Tell whether requests to this source would be verified, and how.

        The test runs under a throw-away id, so the id itself is not checked.
        """
        # Every form of the web UI imports this module: the schemes are loaded for the test only.
        from hookline.protocol.source import parse

        connection = self.get_connection(self.webhook_conn_id)
        try:
            source = parse("source", connection.login, connection.password, connection.extra_dejson)
        except ConfigurationError as error:
            return False, str(error)
        return True, f"The source is open for senders with {source.scheme.name} authentication."
