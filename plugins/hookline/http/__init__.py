"""Building, sending and reading one HTTP call; knows no Airflow.

The order of a call: :mod:`target` (the Connection's fields, checked) → :mod:`request` (method, :mod:`url`,
:mod:`headers`, :mod:`body`, then :mod:`auth`) → :mod:`transport` → :mod:`response`. Everything but the
transport is pure, so that a synchronous and an asynchronous transport can share it.
"""
