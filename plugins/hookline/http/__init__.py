"""Building, sending and reading one HTTP call; knows no Airflow.

The order of a call: :mod:`target` (the Connection's fields, checked) → :mod:`call` (what is asked for) →
:mod:`flow`, which makes the :mod:`request` (:mod:`url`, :mod:`headers`, :mod:`body`, :mod:`auth`), has a
:mod:`lane` send it by :mod:`transport` or :mod:`async_transport`, understands the :mod:`response`
(:mod:`answer`) and decides about redirects, a fresh token, another attempt (:mod:`retry`) and the next page
(:mod:`pagination`). Everything but the transports, :mod:`dialing` and :mod:`throttle` is pure.
"""

CONN_TYPE = "http_connector"
"""Type of the Connections that are called."""
